"""The pages of the ten signals: what stands on them, who sees what, and what people say of a raise."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace

import pytest
import time_machine
from django.utils import timezone

import raising
from cast import NOW, TODAY
from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import Driver, Lacked, Place, State, Unjudged, WouldHaveShown
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.signals import recorded
from hingepoint.domain.signals.models import Raise, RaiseStep, SignalLimits
from hingepoint.records.agreements import Origin, Side
from hingepoint.records.deals import EventKind
from hingepoint.web import signal_words

#: As the first pages ask for what rose.
HOME = {"HX-Request": "true", "HX-Target": "what-rose"}


def page_of(client, user, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def read(**states) -> None:
    """Read signals in which the team North stands as given."""
    raising.read(
        raising.DAY, **{key: (raising.reading(raising.NORTH, state),) for key, state in states.items()}
    )


class TestOverview:
    def test_what_rose_stands_first_then_what_is_watched_then_the_calm_ones(self, client, cast):
        read(unknown_reasons=State.RAISED, exceptions=State.WATCH)
        client.force_login(cast.sponsor)
        tiles = client.get("/signals/").context["tiles"]
        assert [(one.told.signal.number, mark) for one, mark, _ in tiles[:3]] == [
            (8, "new"), (2, State.WATCH), (1, State.CALM),
        ]  # fmt: skip
        assert len(tiles) == 10

    def test_one_sentence_says_what_is_new(self, client, cast):
        read(unknown_reasons=State.RAISED, exceptions=State.WATCH)
        said = " ".join(page_of(client, cast.sponsor, "/signals/").split())
        assert '1 is new: <a href="/signals/unknown_reasons/">Demands known, reasons unknown</a>' in said
        assert "1 is watched and may still be chance." in said

    def test_home_lists_what_rose_since_ones_last_visit(self, client, cast):
        def seen_on(day: dt.datetime) -> str:
            with time_machine.travel(day, tick=False):
                client.force_login(cast.sponsor)
                return " ".join(html.unescape(client.get("/signals/", headers=HOME).text).split())

        assert "last visit" not in seen_on(NOW - dt.timedelta(days=9))
        read(unknown_reasons=State.RAISED)
        told = seen_on(NOW)
        assert "Rose since your last visit on 21 Feb 2026:" in told
        assert '<a href="/signals/unknown_reasons/">Demands known, reasons unknown</a>, North' in told
        assert told == seen_on(NOW)
        assert "Nothing rose since your last visit on 2 Mar 2026." in seen_on(NOW + dt.timedelta(days=1))

    def test_an_answered_raise_is_in_hand(self, client, cast):
        row = raising.a_raise()
        client.force_login(cast.manager)
        client.post(
            f"/signals/exceptions/raises/{row.pk}/answer", {"found": "confirmed", "words": "It is so."}
        )
        said = page_of(client, cast.sponsor, "/signals/")
        assert "Nothing new rose." in said
        assert "1 older one is in hand." in said
        assert "raised 1, confirmed 1, false 0" in said

    def test_before_the_first_reading_nothing_is_called_calm(self, client, cast):
        client.force_login(cast.sponsor)
        answer = client.get("/signals/")
        assert {mark for _, mark, _ in answer.context["tiles"]} == {State.NO_DATA}
        assert "Nothing was read yet." in answer.content.decode()

    def test_home_fetches_the_sentence_alone(self, client, cast):
        read(exceptions=State.RAISED)
        client.force_login(cast.sponsor)
        assert 'hx-get="/signals/"' in client.get("/").content.decode()
        piece = client.get("/signals/", headers=HOME)
        said = piece.content.decode()
        assert said.strip().startswith('<div id="what-rose">')
        assert "<html" not in said

    def test_home_tells_of_a_raise_where_since_when_how_much_how_sure_and_asks_one_question(
        self, client, cast
    ):
        raised = raising.reading(raising.NORTH, State.RAISED, deals=("D-1", "D-2", "D-3"))
        south = raising.reading(raising.SOUTH, State.RAISED)
        raising.read(raising.DAY, exceptions=(raised, south))
        client.force_login(cast.sponsor)
        piece = client.get("/signals/", headers=HOME)
        for page in (piece, client.get("/signals/")):
            [tile] = re.findall(r'<li class="tile raised">.*?</li>', page.text, re.DOTALL)
            said = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", tile)).split())
            for words in (
                "Raised, new",
                "North 30.0%, usual 25.0%, since November 2025 (October to December 2025).",
                "Like for like +10.0 points (+5.0 to +15.0 points). Raised too: South.",
                page.context["new"][0].told.question,
                "3 deals",
            ):
                assert words in said
            assert "North, South" in page.context["new"][0].told.question
        assert "Demands known, reasons unknown" not in piece.text  # what is calm is on the signals' own page

    def test_a_manager_is_called_by_name_on_every_page(self, client, cast):
        place = Place("manager", cast.manager.key)
        assert cast.manager.name != cast.manager.key
        raising.read(raising.DAY, tolerant_managers=(place,))
        for address in ("/signals/", "/signals/tolerant_managers/"):
            said = page_of(client, cast.sponsor, address).partition("<main")[2]
            said = re.sub(r"<[^>]+>", " ", said)
            assert f"{cast.manager.name} " in said
            assert cast.manager.key not in said

    def test_home_tells_of_four_raises_and_how_many_there_are(self, client, cast):
        keys = list(SIGNALS)[:5]
        read(**dict.fromkeys(keys, State.RAISED))
        client.force_login(cast.sponsor)
        piece = client.get("/signals/", headers=HOME)
        assert piece.text.count('<li class="tile raised">') == 4
        assert '<a href="/signals/">All 5 that are raised</a>' in piece.text

    def test_a_calm_company_reads_what_would_have_been_noticed(self, client, cast):
        would = dict(zip(list(SIGNALS)[:3], (0.62, 0.97, 0.8), strict=True))
        calm = raising.report(raising.DAY)
        told = [
            replace(one, would_have_shown=WouldHaveShown(0.1, raising.SINCE, would[one.signal.key]))
            if one.signal.key in would
            else one
            for one in calm.signals
        ]
        assert signal_words.would_notice(told) == (
            "Each of the 3 calm ones would have noticed the change that its page states: with a chance of 62 to 97%."
        )
        raising.keep({raising.DAY: replace(calm, signals=tuple(told))}, as_of=raising.DAY)
        client.force_login(cast.sponsor)
        said = " ".join(client.get("/signals/", headers=HOME).text.split())
        assert "Nothing new rose. Each of the 3 calm ones would have noticed" in re.sub(r"</?b>", "", said)
        assert "tile" not in said


class TestSignal:
    def test_a_raise_tells_where_and_two_days(self, client, cast):
        raising.a_raise()
        said = page_of(client, cast.sponsor, "/signals/exceptions/")
        assert "North: 30.0% now, 25.0% is usual." in said
        assert "November 2025 (October to December 2025)" in said
        assert "31 Jan 2026" in said

    @pytest.mark.parametrize(
        ("state", "when"), [(State.RAISED, "Since"), (State.CALM, "Of late"), (State.WATCH, "Of late")]
    )
    def test_what_stands_behind_a_reading_is_told_in_every_state(
        self, client, cast, monkeypatch, state, when
    ):
        drivers = (
            Driver("nothing came back", "share", 0.41, 0.58),
            Driver("given a month without a plan, of deals in SEK", "money", 2_000.0, 41_700.0, "SEK"),
        )
        plain = raising.told
        monkeypatch.setattr(raising, "told", lambda *said: replace(plain(*said), drivers=drivers))
        read(unplanned_concessions=state)
        said = page_of(client, cast.sponsor, "/signals/unplanned_concessions/")
        card = said.partition("What stands behind it")[2].partition("</table>")[0]
        cells = [part.partition("<")[0] for part in card.split(">") if part.partition("<")[0].strip()]
        name = "North" if state is State.RAISED else "The company"
        assert [name, "Usual", when, "nothing came back", "41.0%", "58.0%"] == cells[:6]
        assert cells[6:] == ["given a month without a plan, of deals in SEK", "SEK 2,000", "SEK 41.7k"]
        assert ("What it is not" in said) == (state is State.RAISED)

    @pytest.mark.parametrize(
        ("state", "when"), [(State.RAISED, "since it changed"), (State.CALM, "in the last twelve months")]
    )
    def test_agreements_that_were_missing_are_told_by_the_companys_name_and_how_sure(
        self, client, cast, monkeypatch, state, when
    ):
        AgreementType.objects.create(
            key="own.budget", name="Budget released", side=Side.CUSTOMER, origin=Origin.ADDED
        )
        lacked = (
            Lacked("own.budget", (12, 20), (8, 40), 0.4, (0.141, 0.606), True),
            Lacked("their word", (6, 20), (8, 40), 0.1, (-0.11, 0.34), False),
        )
        plain = raising.told
        monkeypatch.setattr(raising, "told", lambda *said: replace(plain(*said), lacked=lacked))
        read(shrinking_contracts=state)
        said = page_of(client, cast.sponsor, "/signals/shrinking_contracts/")
        card = said[said.index("Missing when it was quoted") :]
        text = " ".join(re.sub(r"<[^>]+>", " ", card[: card.index("ask.") + 4]).split())
        assert "Budget released 60.0% (12 of 20) 20.0% (8 of 40) +40.0 points (+14.1 to +60.6 points)" in text
        assert "their word 30.0% (6 of 20) 20.0% (8 of 40) +10.0 points (−11.0 to +34.0 points)" in text
        assert f"Deals won {when}" in text
        assert "The first difference is not luck." in text

    def test_whom_the_place_is_hidden_from_is_told_of_no_agreement(self, client, cast, monkeypatch):
        plain = raising.told
        one = Lacked("cust.budget", (12, 20), (8, 40), 0.4, (0.141, 0.606), True)
        monkeypatch.setattr(raising, "told", lambda *said: replace(plain(*said), lacked=(one,)))
        read(shrinking_contracts=State.RAISED)  # the numbers of North
        assert "Missing when it was quoted" not in page_of(
            client, cast.seller, "/signals/shrinking_contracts/"
        )

    @pytest.mark.parametrize("key", list(SIGNALS))
    def test_each_page_says_whether_customers_have_charts_and_why_not(self, client, cast, key):
        read(**{key: State.CALM})
        said = page_of(client, cast.sponsor, f"/signals/{key}/")
        followed = "account" in SIGNALS[key].levels
        assert ("A customer has a chart of its own after 13 months" in said) == followed
        assert ("No customer has a chart here: " in said) != followed

    def test_the_address_names_the_place_that_is_drawn(self, client, cast):
        raising.a_raise()
        client.force_login(cast.sponsor)
        assert client.get("/signals/exceptions/").context["reading"].place == raising.NORTH
        chosen = client.get("/signals/exceptions/?place=company:company").context["reading"]
        assert chosen.place.level == "company"

    def test_a_seller_reads_and_is_asked_nothing(self, client, cast):
        raising.a_raise()
        said = page_of(client, cast.seller, "/signals/exceptions/")
        assert "North" not in said.partition("<main")[2]
        assert "/answer" not in said

    def test_no_data_says_what_to_record_and_draws_nothing(self, client, cast):
        client.force_login(cast.sponsor)
        answer = client.get("/signals/low_advocacy/")
        said = html.unescape(answer.content.decode())
        assert "says neither calm nor raised" in said
        assert SIGNALS["low_advocacy"].needs in said
        assert "chart-control" not in said

    def test_a_source_that_is_silent_is_told_and_hatched(self, client, cast):
        from unittest import mock

        from hingepoint.analysis.signals import engine
        from hingepoint.domain.signals import actions

        whole = raising.report(raising.DAY)
        second = replace(whole.signals[1], state=State.STALE, silent_since=dt.date(2025, 5, 3))
        stale = replace(whole, signals=(whole.signals[0], second, *whole.signals[2:]))
        with mock.patch.object(engine, "read", return_value=stale):
            at = dt.datetime.combine(raising.DAY, dt.time(23), dt.UTC)
            actions.read_signals(at=at, as_of=raising.DAY, facts=raising.nothing)
        said = page_of(client, cast.sponsor, "/signals/exceptions/")
        assert "No news since 3 May 2025, so this page does not say calm." in said
        assert "No news since the hatched part begins." in said

    def test_a_day_that_is_none_is_said_so(self, client, cast):
        read(exceptions=State.WATCH)
        assert "This is no day." in page_of(client, cast.sponsor, "/signals/exceptions/?as_of=soon")

    def test_a_day_before_the_first_reading_knows_nothing(self, client, cast):
        raising.a_raise()
        said = page_of(client, cast.sponsor, "/signals/exceptions/?as_of=2020-01-01")
        assert "There is no reading yet" in said

    def test_the_deals_behind_are_handed_out_as_far_as_one_sees_them(self, client, cast):
        deals = (cast.deal.key, cast.foreign_deal.key)
        raising.read(raising.DAY, exceptions=(raising.reading(raising.NORTH, State.RAISED, deals=deals),))
        handed = {}
        for who in (cast.sponsor, cast.manager):
            client.force_login(who)
            answer = client.get("/signals/exceptions/deals.csv")
            handed[who.pk] = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in handed[cast.sponsor.pk]] == ["deal_id", *deals]
        assert [line.split(",")[0] for line in handed[cast.manager.pk]] == ["deal_id", cast.deal.key]

    def test_more_deals_than_are_listed_are_said_to_whom_sees_them_all(self, client, cast):
        deals = (cast.deal.key, cast.foreign_deal.key)
        there = raising.reading(raising.NORTH, State.RAISED, deals=deals, unlisted=98)
        raising.read(raising.DAY, exceptions=(there,))
        assert "more than 2 deals" in page_of(client, cast.sponsor, "/signals/")
        assert "2 of more than 2, of which the file holds these 2." in page_of(
            client, cast.sponsor, "/signals/exceptions/"
        )
        assert "more than" not in page_of(client, cast.manager, "/signals/")
        assert "1 of 1." in page_of(client, cast.manager, "/signals/exceptions/")


class TestAnswers:
    @pytest.fixture
    def raised(self, cast):
        return raising.a_raise()

    def post(self, client, user, row: Raise, doing: str, **typed):
        client.force_login(user)
        return client.post(f"/signals/exceptions/raises/{row.pk}/{doing}", typed)

    def test_a_yes_names_the_decision(self, client, cast, raised):
        refused = self.post(client, cast.manager, raised, "decide", led="led")
        assert refused.status_code == 422
        assert "Say in a sentence what was decided." in refused.content.decode()
        done = self.post(client, cast.manager, raised, "decide", led="led", words="The desk asks first.")
        assert done.url == "/signals/exceptions/"
        assert "So far: led to a decision." in page_of(client, cast.manager, done.url)

    def test_one_that_ended_is_asked_until_somebody_said_so(self, client, cast, raised):
        for number in (1, 2):
            raising.read(raising.DAY + dt.timedelta(days=number))
        asks, page = "Did this lead to a decision?", "/signals/exceptions/"
        assert Raise.objects.get(pk=raised.pk).ended_on
        assert page_of(client, cast.manager, page).count(asks) == 1
        self.post(client, cast.manager, raised, "decide", led="not_yet")
        assert "So far: no decision yet." in page_of(client, cast.manager, page)
        self.post(client, cast.manager, raised, "decide", led="led", words="The desk asks first.")
        said = page_of(client, cast.manager, page)
        assert asks not in said
        assert "The desk asks first." in said
        assert "Led to a decision: 1 yes, 0 no." in page_of(client, cast.sponsor, "/signals/")

    def test_an_answer_without_a_finding_keeps_its_words(self, client, cast, raised):
        refused = self.post(client, cast.manager, raised, "answer", words="We look into it.")
        assert refused.status_code == 422
        assert "We look into it." in refused.content.decode()
        assert "Choose whether it is so, or a false alarm." in refused.content.decode()

    def test_it_is_given_to_somebody_who_leads(self, client, cast, raised):
        self.post(client, cast.manager, raised, "give", to=cast.sponsor.pk)
        assert Raise.objects.get().owner == cast.sponsor
        refused = self.post(client, cast.sponsor, raised, "give", to=cast.other_manager.pk)
        assert refused.status_code == 422
        assert "may not see this place" in refused.content.decode()

    def test_a_mute_has_an_end_and_a_reason_and_can_be_taken_back(self, client, cast, raised):
        end = timezone.localdate() + dt.timedelta(days=30)
        refused = self.post(client, cast.manager, raised, "mute", until=end.isoformat())
        assert refused.status_code == 422
        self.post(client, cast.manager, raised, "mute", until=end.isoformat(), reason="New limits in May.")
        assert Raise.objects.get().muted_until == end
        self.post(client, cast.manager, raised, "unmute")
        assert Raise.objects.get().muted_until is None

    def test_a_raise_is_answered_on_the_page_of_its_signal_only(self, client, cast, raised):
        client.force_login(cast.manager)
        wrong = client.post(f"/signals/low_advocacy/raises/{raised.pk}/unmute")
        assert wrong.status_code == 404
        assert set(RaiseStep.objects.values_list("kind", flat=True)) == {"raised", "given"}

    def test_the_first_place_is_asked_openly_and_another_once_something_was_typed_for_it(self, client, cast):
        north, south = (raising.reading(one, State.RAISED) for one in (raising.NORTH, raising.SOUTH))
        raising.read(raising.DAY, exceptions=(south, north))
        page = page_of(client, cast.sponsor, "/signals/exceptions/")
        assert page.index("The question, South") < page.index("The question, North")
        assert '<details class="fold"><summary><h2>North</h2>' in page
        refused = self.post(
            client, cast.sponsor, Raise.objects.get(place="North"), "answer", words="Looking."
        )
        assert '<details class="fold" open><summary><h2>North</h2>' in refused.content.decode()


def demand(cast, at: dt.datetime) -> None:
    facts = {"occurred_at": at, "recorded_at": at, "fingerprint": DealEvent.objects.count()}
    DealEvent.objects.create(deal=cast.deal, kind=EventKind.DEMAND, name="price", **facts)


class TestNoData:
    def test_it_draws_what_is_on_record_and_says_who_records_it(self, client, cast):
        now = timezone.localtime()
        for at in (now, now, now.replace(day=1) - dt.timedelta(days=1)):
            demand(cast, at)
        said = page_of(client, cast.sponsor, "/signals/unknown_reasons/")
        assert "3 demands in 2 months of the last 12" in " ".join(said.split())
        assert "chart-columns" in said
        assert "Sellers note each with its reason on its deal" in said

    def test_a_seller_sees_the_counts_of_their_own_deals(self, cast):
        demand(cast, NOW)
        counts = [
            recorded.recorded(who, "unknown_reasons", today=TODAY)[0].total
            for who in (cast.seller, cast.stranger, cast.sponsor)
        ]
        assert counts == [1, 0, 1]

    def test_every_source_of_every_signal_is_counted_and_has_words(self, cast):
        for key, one in SIGNALS.items():
            found = recorded.recorded(cast.analyst, key, today=timezone.localdate())
            assert [each.source for each in found] == list(one.news)
            assert all(each.source in signal_words.SOURCES and len(each.months) == 12 for each in found)

    def test_a_signal_with_a_reading_counts_nothing(self, client, cast):
        read(unknown_reasons=State.CALM)
        client.force_login(cast.sponsor)
        assert client.get("/signals/unknown_reasons/").context["recorded"] == []


class TestTooSmall:
    def test_places_without_a_chart_are_told_by_name_and_size_to_whom_sees_them(self, client, cast):
        whole = raising.report(raising.DAY)
        told = replace(whole.signals[1], unjudged=(Unjudged(Place("segment", "Mines"), 6, 30),))
        signals = (whole.signals[0], told, *whole.signals[2:])
        raising.keep({raising.DAY: replace(whole, signals=signals)}, as_of=raising.DAY)
        said = page_of(client, cast.analyst, "/signals/exceptions/")
        table = said[said.index("Too small or too new") :]
        row = re.sub(r"<[^>]+>|\s+", " ", table[table.index("Mines") : table.index("30 months") + 9])
        assert row.split() == ["Mines", "segment", "6", "30", "months"]
        assert "Too small or too new" not in page_of(client, cast.seller, "/signals/exceptions/")


class TestLimits:
    def post(self, client, user, address: str, **typed):
        client.force_login(user)
        return client.post(f"/signals/exceptions/limits{address}", typed, follow=True)

    def test_an_analyst_sets_them_anew_with_a_reason_and_takes_them_back(self, client, cast):
        read()
        month = timezone.localdate().replace(day=1).isoformat()
        refused = self.post(client, cast.analyst, "", since=month)
        assert refused.status_code == 422
        assert "Say what changed" in refused.content.decode()
        done = self.post(client, cast.analyst, "", since=month, reason="Two teams became one.")
        assert "The next reading, tonight, begins the chart anew" in done.content.decode()
        for who in (cast.seller, cast.sponsor):
            said = page_of(client, who, "/signals/exceptions/")
            assert "Two teams became one." in said
            assert "The next reading brings them into the chart." in said
        row = SignalLimits.objects.get()
        self.post(client, cast.sponsor, f"/{row.pk}/undo", reason="They part again.")
        said = page_of(client, cast.seller, "/signals/exceptions/")
        assert "They part again." in said
        assert "next reading" not in said  # no reading ever had them

    def test_who_does_not_set_them_is_not_offered_to(self, client, cast):
        read()
        assert "Set the limits anew" in page_of(client, cast.sponsor, "/signals/exceptions/")
        assert "Set the limits anew" not in page_of(client, cast.manager, "/signals/exceptions/")
        assert self.post(client, cast.manager, "", since="2026-01-01", reason="No.").status_code == 404
