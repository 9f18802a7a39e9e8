"""The ten signals kept day by day: readings, raises that begin and end, who may see and answer them."""

import dataclasses
import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

import locks
import raising
from cast import NOW, TODAY, deal, person
from examples import examples
from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.engine.facts import from_log
from hingepoint.analysis.signals.shape import (
    COMPANY,
    Driver,
    Earlier,
    Lacked,
    Place,
    Rules,
    State,
    Unjudged,
    WouldHaveShown,
)
from hingepoint.demo import calm
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.domain.signals import actions, frames, queries, record
from hingepoint.domain.signals.models import Raise, RaiseStep, SignalLimits, SignalReading
from hingepoint.domain.signals.rules import owner_of
from hingepoint.domain.trail import queries as trail
from hingepoint.jobs import nightly
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.people import Role
from hingepoint.records.signals import StepKind
from raising import DAY, NORTH, SINCE, SOUTH, a_raise, nothing, read, read_all, reading, report, with_told
from same import same


def again(told):
    """Return a report after it was kept as JSON."""
    return record.opened(json.loads(json.dumps(record.stored(told), allow_nan=False)))


@pytest.fixture(scope="module")
def whole():
    """A report of a company whose Team 3 asks for more exceptions since July 2025."""
    drift = calm.Drift(2, "Team 3", dt.date(2025, 7, 1), 0.35)
    made = calm.company(np.random.default_rng(1), sellers=60, years=4, drift=drift)
    facts = from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    return engine.read(facts, rng=np.random.default_rng(1))


class TestRecord:
    def test_a_report_comes_back_as_it_was_told(self, whole):
        kept = again(whole)
        assert [told.state for told in kept.signals] == [told.state for told in whole.signals]
        for told, was in zip(kept.signals, whole.signals, strict=True):
            for one, before in zip(told.places, was.places, strict=True):
                if one.series is not None or before.place.level in ("company", "team", "manager"):
                    assert same(one, before), (told.signal.key, one.place)

    def test_a_report_of_the_first_schema_says_nothing_of_what_its_places_would_have_shown(self, whole):
        old = json.loads(json.dumps(record.stored(whole))) | {"schema": 1}
        for told in old["signals"]:
            del told["rules"]
            for one in told["places"]:
                one.pop("certificate", None)
        kept = record.opened(old)
        assert {one.earlier for told in kept.signals for one in told.places} == {()}
        assert {one.certificate for told in kept.signals for one in told.places} == {()}
        assert [told.would_have_shown for told in kept.signals] == [
            told.would_have_shown for told in whole.signals
        ]

    def test_what_nobody_looks_at_is_not_drawn_again(self):
        calm_one, watched = Place("account", "ACME"), Place("account", "BELL")
        rows = {"account_margins": (reading(calm_one), reading(watched, State.WATCH))}
        _, calm_again, watched_again = again(report(DAY, rows)).signals[0].places
        assert (calm_again.reading, calm_again.series, calm_again.chart) == (0.3, None, None)
        assert same(watched_again, reading(watched, State.WATCH))

    def test_nothing_and_nought_are_kept_apart(self):
        nought = reading(NORTH, reading=0.0, baseline=0.0, size=0.0, ci=(0.0, 0.0))
        unknown = reading(SOUTH, reading=None, baseline=None, ci=None, series=None, chart=None)
        _, north, south = again(report(DAY, {"exceptions": (nought, unknown)})).signals[1].places
        assert same(north, nought)
        assert same(south, unknown)

    def test_why_limits_were_set_anew_is_kept_and_older_reports_know_of_none(self):
        whole = report(DAY)
        anew = Rules(dt.date(2025, 1, 1), reason="Two teams became one.")
        kept = record.stored(replace(whole, signals=(replace(whole.signals[0], rules=(anew,)),)))
        assert record.opened(kept).signals[0].rules == (anew,)
        del kept["signals"][0]["rules"][0]["reason"]
        assert record.opened(kept).signals[0].rules == (Rules(dt.date(2025, 1, 1)),)

    def test_places_too_small_to_be_judged_are_kept_and_older_reports_know_of_none(self):
        whole = report(DAY)
        small = (Unjudged(NORTH, 6, 30), Unjudged(SOUTH, 2, 3))
        kept = record.stored(replace(whole, signals=(replace(whole.signals[0], unjudged=small),)))
        assert record.opened(kept).signals[0].unjudged == small
        del kept["signals"][0]["unjudged"]
        assert record.opened(kept).signals[0].unjudged == ()

    def test_the_time_under_earlier_rules_is_kept(self):
        now = reading(COMPANY)
        era = Earlier(now.series, now.chart)
        whole = report(DAY, {"exceptions": (replace(now, earlier=(era, era)),)})
        told = replace(whole.signals[1], rules=(Rules(dt.date(2025, 1, 10), "2"),))
        (kept,) = (one for one in again(replace(whole, signals=(told,))).signals)
        assert same(kept, told)

    @pytest.mark.slow
    @examples(60)
    @given(data=st.data())
    def test_any_report_comes_back(self, data):
        told = data.draw(reports())
        assert same(again(told), told)

    def test_a_report_of_a_later_version_is_refused_in_words(self):
        kept = record.stored(report(DAY)) | {"schema": record.SCHEMA + 1}
        with pytest.raises(record.NewerReport, match="by a later version of Hingepoint"):
            record.opened(kept)

    def test_a_signal_that_is_no_more_is_left_out(self):
        kept = record.stored(report(DAY))
        kept["signals"][0]["key"] = "gut_feeling"
        assert [one.signal.number for one in record.opened(kept).signals] == list(range(2, 11))

    def test_the_second_way_to_read_a_signal_is_kept(self):
        tenth = SIGNALS["shrinking_contracts"].second
        (told,) = (one for one in report(DAY).signals if one.signal.number == 10)
        whole = report(DAY)
        second = (*whole.signals[:9], type(told)(tenth, told.state, told.places))
        kept = again(type(whole)(whole.as_of, whole.period, whole.charts, whole.limit, second))
        assert kept.signals[9].signal.unit == tenth.unit != SIGNALS["shrinking_contracts"].unit


days = st.none() | st.dates()
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
pairs = st.none() | st.tuples(st.floats(-1, 1), st.floats(-1, 1))
places = st.builds(Place, st.sampled_from(["company", "team", "manager"]), st.text(max_size=8))


@st.composite
def readings(draw):
    """Any place: with days and numbers or without, and a chart in which some points are not known."""
    base = reading(draw(places))
    scores = np.array(draw(st.lists(st.floats(-9, 9) | st.just(np.nan), min_size=18, max_size=18)))
    series = type(base.series)(
        base.place,
        draw(st.integers(0, 700)),
        np.ceil(np.abs(np.nan_to_num(scores))),
        scores,
        scores / 3,
        scores,
        12,
    )
    chart = engine.charting.charts.follow(
        scores[12:], baseline=base.chart.baseline, limit=2.5, weight=0.2, side=1
    )
    return reading(
        base.place, draw(st.sampled_from(State)), reading=draw(numbers), baseline=draw(numbers), ci=draw(pairs),
        since=draw(days), earliest=draw(days), latest=draw(days), seen=draw(days), size=draw(numbers), size_ci=draw(pairs),
        deals=tuple(draw(st.lists(st.text(max_size=5), max_size=3))), trial_until=draw(days), apart=draw(st.booleans()),
        because_of=draw(st.none() | places), series=series, chart=draw(st.sampled_from([chart, None])),
    )  # fmt: skip


@st.composite
def reports(draw):
    whole = report(DAY, {"exceptions": tuple(draw(st.lists(readings(), max_size=3)))})
    second = whole.signals[1]
    drivers = draw(
        st.lists(st.builds(Driver, st.text(max_size=5), st.just("share"), numbers, numbers), max_size=2)
    )
    count, share = st.tuples(st.integers(0, 9), st.integers(1, 99)), st.floats(-1, 1)
    lacked = st.builds(
        Lacked, st.text(max_size=5), count, count, share, st.tuples(share, share), st.booleans()
    )
    shown = st.none() | st.builds(WouldHaveShown, st.floats(-1, 1), st.dates(), st.floats(0, 1))
    second = type(second)(
        second.signal,
        second.state,
        second.places,
        "Why?",
        "More.",
        tuple(drivers),
        tuple(draw(st.lists(lacked, max_size=2))),
        draw(shown),
        draw(days),
    )
    return type(whole)(whole.as_of, "week", 3, 2.5, (whole.signals[0], second, *whole.signals[2:]))


# ---- readings and raises ----


def raises():
    """Return the raises on record: signal, place, first day and when they ended."""
    rows = Raise.objects.order_by("id")
    return [(row.signal, row.place, row.first_day, row.ended_on) for row in rows]


def kinds(row):
    return [step.kind for step in row.steps.all()]


def later(days):
    return DAY + dt.timedelta(days=days)


class TestReading:
    def test_a_reading_is_kept_with_its_day_and_what_rose(self, cast):
        assert read(DAY, exceptions=(NORTH,)) == [DAY]
        row = SignalReading.objects.get()
        assert (row.day, row.facts_until) == (DAY, None)
        assert record.opened(row.report).signals[1].state is State.RAISED
        (rise,) = Raise.objects.all()
        assert raises() == [("exceptions", "North", DAY, None)]
        assert (rise.since, rise.seen, rise.owner) == (SINCE, dt.date(2026, 1, 31), cast.manager)
        assert kinds(rise) == [StepKind.RAISED, StepKind.GIVEN]

    def test_a_day_read_twice_is_kept_once_and_changes_nothing_else(self, cast):
        read(DAY, exceptions=(NORTH,))
        before = (raises(), RaiseStep.objects.count(), AuditEvent.objects.count())
        read(DAY, exceptions=(NORTH,))
        assert (raises(), RaiseStep.objects.count(), AuditEvent.objects.count()) == before
        assert SignalReading.objects.count() == 1

    def test_of_the_days_missed_the_ends_of_months_are_read(self, db):
        read(dt.date(2025, 12, 20))
        assert read(DAY) == [dt.date(2025, 12, 31), dt.date(2026, 1, 31), dt.date(2026, 2, 28), DAY]
        assert SignalReading.objects.count() == 5

    def test_a_month_end_that_is_read_itself_is_read_once(self, db):
        read(dt.date(2026, 1, 31))
        assert read(dt.date(2026, 2, 28)) == [dt.date(2026, 2, 28)]

    def test_what_rose_and_ended_while_nobody_read_is_told(self, cast):
        read(dt.date(2025, 10, 31))
        read_all({dt.date(2025, 11, 30): {"exceptions": (NORTH,)}}, as_of=dt.date(2026, 1, 31))
        assert raises() == [("exceptions", "North", dt.date(2025, 11, 30), dt.date(2026, 1, 31))]

    def test_an_earlier_day_read_afterwards_moves_no_raise(self, cast):
        read(DAY)
        read(DAY - dt.timedelta(days=3), exceptions=(NORTH,))
        assert raises() == []

    def test_by_itself_yesterday_is_read(self, db, monkeypatch):
        monkeypatch.setattr(frames, "facts", lambda day, shelf: nothing(day))
        nightly.read_signals(at=NOW)
        assert [row.day for row in SignalReading.objects.all()] == [DAY]

    def test_the_night_reads_signals_after_traces(self):
        names = [job.__name__ for job in nightly.JOBS]
        assert names.index("read_signals") > names.index("read_traces")

    def test_of_old_readings_the_last_of_each_month_stays(self, db):
        days = [dt.date(2025, 10, 30), dt.date(2025, 10, 31), dt.date(2025, 11, 29), DAY]
        for day in days:
            SignalReading.objects.create(day=day, report=record.stored(report(day)), made_at=NOW)
        read(DAY)
        assert list(SignalReading.objects.order_by("day").values_list("day", flat=True)) == days[1:]


class TestRaise:
    def test_it_ends_with_the_second_calm_reading_in_a_row(self, cast):
        read(DAY, exceptions=(NORTH,))
        read(later(1))
        assert raises() == [("exceptions", "North", DAY, None)]
        read(later(2))
        assert raises() == [("exceptions", "North", DAY, later(2))]
        assert kinds(Raise.objects.get())[-1] == StepKind.ENDED

    def test_one_calm_reading_between_two_raised_ones_is_one_raise(self, cast):
        for number, places in enumerate([(NORTH,), (), (NORTH,), ()]):
            read(later(number), exceptions=places)
        assert raises() == [("exceptions", "North", DAY, None)]

    def test_what_rises_again_after_its_end_is_another_raise(self, cast):
        for number, places in enumerate([(NORTH,), (), (), (NORTH,)]):
            read(later(number), exceptions=places)
        assert raises() == [("exceptions", "North", DAY, later(2)), ("exceptions", "North", later(3), None)]

    def test_a_calm_day_read_twice_does_not_end_it(self, cast):
        read(DAY, exceptions=(NORTH,))
        read(later(1))
        read(later(1))
        assert raises() == [("exceptions", "North", DAY, None)]

    @pytest.mark.parametrize(
        "there", [reading(NORTH, State.STALE), reading(NORTH, State.WATCH, because_of=SOUTH)], ids=["stale", "told by South"]
    )  # fmt: skip
    def test_silence_and_another_place_that_tells_it_do_not_end_it(self, cast, there):
        read(DAY, exceptions=(NORTH,))
        read(later(1), exceptions=(there,))
        read(later(2), exceptions=(there,))
        assert raises() == [("exceptions", "North", DAY, None)]

    def test_a_place_that_is_watched_is_back(self, cast):
        read(DAY, exceptions=(NORTH,))
        for number in (1, 2):
            read(later(number), exceptions=(reading(NORTH, State.WATCH),))
        assert raises() == [("exceptions", "North", DAY, later(2))]

    def test_a_raise_whose_owner_left_goes_to_who_leads_now(self, cast):
        rise = a_raise()
        people.set_active(by=None, at=NOW, user=cast.manager, active=False)
        read(later(1), exceptions=(NORTH,))
        rise.refresh_from_db()
        assert rise.owner == cast.sponsor

    @pytest.mark.parametrize(
        ("place", "owner"),
        [
            (COMPANY, "sponsor"), (NORTH, "manager"), (SOUTH, "other_manager"), (Place("team", "Moon"), "sponsor"),
            (Place("account", "ACME"), "manager"), (Place("segment", "Mid"), "sponsor"), (Place("manager", "maud@hinge.example"), "sponsor"),
        ],
        ids=str,
    )  # fmt: skip
    def test_it_is_the_task_of_who_leads_the_place(self, cast, place, owner):
        assert owner_of(place) == getattr(cast, owner)


# ---- limits set anew ----

JANUARY = dt.date(2026, 1, 1)


def set_anew(by, **changes):
    said = {"signal": "exceptions", "since": JANUARY, "reason": " Two teams became one. "}
    return actions.set_limits(by=by, at=NOW, **(said | changes))


class TestLimits:
    def test_they_stand_with_who_set_them_and_why_on_the_page_and_in_the_trail(self, cast):
        read(DAY)
        row = set_anew(cast.analyst)
        (shown,) = queries.signal(cast.seller, "exceptions").limits
        assert (shown.since, shown.reason, shown.set_by) == (
            JANUARY,
            "Two teams became one.",
            cast.analyst.name,
        )
        assert (shown.set_on, shown.undone_on, shown.read) == (TODAY, None, False)
        assert queries.signal(cast.seller, "account_margins").limits == ()
        entry = AuditEvent.objects.get(subject="limits", subject_id=row.signal)
        assert (entry.action, entry.reason) == ("set anew", "Two teams became one.")
        assert entry.changes["from"] == [None, "2026-01-01"]

    def test_a_reading_that_has_them_is_told_from_one_that_has_not_yet(self, cast):
        set_anew(cast.sponsor)
        raising.keep({DAY: with_told(rules=(Rules(JANUARY, reason="Two teams became one."),))}, as_of=DAY)
        assert [one.read for one in queries.signal(cast.sponsor, "exceptions").limits] == [True]

    def test_they_are_taken_back_with_a_reason_and_once_and_can_be_set_again(self, cast):
        read(DAY)
        row = set_anew(cast.analyst)
        back = {"by": cast.sponsor, "at": NOW, "signal": "exceptions", "limits_id": row.pk}
        with pytest.raises(actions.WordsMissing):
            actions.undo_limits(reason=" ", **back)
        actions.undo_limits(reason="They part again.", **back)
        with pytest.raises(actions.TakenBack):
            actions.undo_limits(reason="They part again.", **back)
        set_anew(cast.analyst)
        standing, undone = queries.signal(cast.sponsor, "exceptions").limits
        assert (standing.undone_on, undone.undone_on) == (None, TODAY)
        assert (undone.undone_by, undone.undone_reason) == (cast.sponsor.name, "They part again.")
        assert queries.signal(cast.sponsor, "exceptions", DAY).limits == ()  # set a day later

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            ({"reason": "  "}, actions.WordsMissing),
            ({"since": None}, actions.NoSuchMonth),
            ({"since": dt.date(2026, 1, 2)}, actions.NoSuchMonth),
            ({"since": dt.date(2030, 1, 1)}, actions.NoSuchMonth),
            ({"since": dt.date(2020, 1, 1)}, actions.NoSuchMonth),
            ({"signal": "gut_feeling"}, Hidden),
        ],
        ids=["no_reason", "no_month", "within_a_month", "ahead", "long_ago", "no_signal"],
    )
    def test_they_begin_with_a_month_that_charts_draw_and_have_a_reason(self, cast, changes, refused):
        with pytest.raises(refused):
            set_anew(cast.analyst, **changes)
        assert not SignalLimits.objects.exists()

    def test_a_month_is_taken_once(self, cast):
        set_anew(cast.analyst)
        with pytest.raises(actions.NoSuchMonth, match="already"):
            set_anew(cast.sponsor, reason="Again.")
        set_anew(cast.sponsor, signal="account_margins")

    @pytest.mark.parametrize("who", ["seller", "manager", "inside_partner", "stranger"])
    def test_managers_and_sellers_do_not_set_them(self, cast, who):
        row = set_anew(cast.analyst)
        with pytest.raises(Hidden):
            set_anew(getattr(cast, who), since=dt.date(2026, 2, 1))
        with pytest.raises(Hidden):
            actions.undo_limits(
                by=getattr(cast, who), at=NOW, signal="exceptions", limits_id=row.pk, reason="No."
            )

    def test_they_are_taken_back_on_the_page_of_their_signal_only(self, cast):
        row = set_anew(cast.analyst)
        with pytest.raises(Hidden):
            actions.undo_limits(
                by=cast.analyst, at=NOW, signal="account_margins", limits_id=row.pk, reason="No."
            )

    def test_only_who_sets_them_is_offered_months(self, cast):
        offered = queries.signal(cast.analyst, "exceptions").months
        first = timezone.localdate().replace(day=1)
        assert len(offered) == 36
        assert (offered[0], offered[12]) == (first, first.replace(year=first.year - 1))
        assert queries.signal(cast.manager, "exceptions").months == ()


# ---- who sees what ----


@pytest.fixture
def known_to(cast):
    """North, South and Maud's own deals are raised; behind North stand a deal of North and one of South."""
    deals = (cast.deal.key, cast.foreign_deal.key)
    maud = Place("manager", cast.manager.key)
    read(
        DAY,
        exceptions=(
            reading(COMPANY, State.RAISED, deals=deals),
            reading(NORTH, State.RAISED, deals=deals),
            SOUTH,
        ),
        tolerant_managers=(maud,),
    )
    return maud


def seen(viewer):
    """Return which raised places a viewer is told of, by signal."""
    tiles = queries.overview(viewer).tiles
    return {
        one.told.signal.key: [place.place.name for place in one.told.places if place.state is State.RAISED]
        for one in tiles
        if one.told.state is State.RAISED
    }


class TestRights:
    def test_the_sponsor_sees_every_place(self, cast, known_to):
        assert seen(cast.sponsor) == {
            "exceptions": ["company", "North", "South"],
            "tolerant_managers": [cast.manager.key],
        }

    def test_the_analyst_sees_every_place_but_managers(self, cast, known_to):
        assert seen(cast.analyst) == {"exceptions": ["company", "North", "South"]}

    def test_places_too_small_to_be_judged_are_told_to_whom_sees_them(self, cast):
        maud = Place("manager", cast.manager.key)
        small = tuple(Unjudged(one, 6, 30) for one in (NORTH, SOUTH, maud))
        raising.keep({DAY: with_told(unjudged=small)}, as_of=DAY)
        told = {
            who: [one.place for one in queries.signal(getattr(cast, who), "exceptions").told.unjudged]
            for who in ("sponsor", "analyst", "manager", "seller")
        }
        assert told == {
            "sponsor": [NORTH, SOUTH, maud], "analyst": [NORTH, SOUTH], "manager": [NORTH, maud], "seller": [],
        }  # fmt: skip
        assert queries.signal(cast.sponsor, "exceptions").names[maud] == cast.manager.name

    def test_a_manager_sees_the_company_their_teams_and_themself(self, cast, known_to):
        assert seen(cast.manager) == {
            "exceptions": ["company", "North"],
            "tolerant_managers": [cast.manager.key],
        }
        assert seen(cast.other_manager) == {"exceptions": ["company", "South"]}

    def test_a_leader_above_sees_the_managers_below(self, cast, known_to):
        lead = person("Lena", Role.MANAGER)
        people.join_team(by=None, at=NOW, user=lead, team=cast.north.parent, since=DAY, manages=True)
        assert seen(lead)["tolerant_managers"] == [cast.manager.key]
        assert owner_of(known_to) == lead

    def test_a_seller_sees_the_company_without_the_deals_of_others(self, cast, known_to):
        assert seen(cast.seller) == {"exceptions": ["company"]}
        for viewer, own in ((cast.seller, cast.deal), (cast.stranger, cast.foreign_deal)):
            page = queries.signal(viewer, "exceptions")
            assert [one.key for one in page.deals] == [own.key]
            assert page.told.deals == (own.key,)
            assert [one.where for one in page.raises] == ["company"]

    def test_the_question_names_no_place_that_is_hidden(self, cast, known_to):
        assert "North" not in queries.signal(cast.other_manager, "exceptions").told.question
        assert "South" in queries.signal(cast.other_manager, "exceptions").told.question

    def test_a_place_that_is_hidden_explains_nothing(self, cast):
        read(DAY, exceptions=(SOUTH, reading(NORTH, State.WATCH, because_of=SOUTH)))
        told = queries.signal(cast.manager, "exceptions").told
        assert [(one.place, one.because_of) for one in told.places] == [(COMPANY, None), (NORTH, None)]
        assert queries.signal(cast.sponsor, "exceptions").told.places[2].because_of == SOUTH

    @pytest.mark.parametrize("who", ["anonymous", "inside_partner", "disabled"])
    def test_strangers_and_inside_partners_see_no_signals(self, cast, known_to, who):
        viewer = cast.everybody()[who]
        for ask in (
            queries.overview,
            lambda one: queries.signal(one, "exceptions"),
            lambda one: queries.deals_behind(one, "exceptions"),
        ):
            with pytest.raises(Hidden):
                ask(viewer)

    def test_an_account_is_shown_to_managers_who_have_all_its_deals(self, cast):
        acme = Place("account", "ACME")
        read(DAY, account_margins=(acme,))
        assert seen(cast.manager) == {"account_margins": ["ACME"]}
        assert seen(cast.other_manager) == {}
        deal("S-9", owner=cast.stranger, team=cast.south, account=cast.account)
        assert seen(cast.manager) == {}
        assert queries.overview(cast.sponsor).names == {acme: "Acme Mills"}

    def test_managers_are_called_by_their_names(self, cast):
        maud = Place("manager", cast.manager.key)
        read(DAY, tolerant_managers=(maud,))
        assert queries.overview(cast.sponsor).names == {maud: cast.manager.name}
        assert cast.manager.name != cast.manager.key

    def test_deals_behind_a_hidden_place_are_hidden(self, cast, known_to):
        assert [one.key for one in queries.deals_behind(cast.manager, "exceptions", NORTH)] == [cast.deal.key]
        with pytest.raises(Hidden):
            queries.deals_behind(cast.other_manager, "exceptions", NORTH)
        with pytest.raises(Hidden):
            queries.signal(cast.sponsor, "gut_feeling")

    def test_months_of_fewer_than_five_answers_are_not_drawn(self, cast):
        series = reading(COMPANY).series
        few = dataclasses.replace(series, counts=np.array([4.0, *series.counts[1:-1], 3.0]))
        read(DAY, low_advocacy=(reading(COMPANY, State.CALM, series=few),))
        told = queries.signal(cast.sponsor, "low_advocacy").told.places[0]
        assert list(np.flatnonzero(np.isnan(told.series.totals))) == [0, 17]
        assert list(told.series.counts[[0, 1, 17]]) == [0.0, 20.0, 0.0]
        assert list(np.flatnonzero(np.isnan(told.chart.values))) == [5]


class TestPicture:
    def test_before_the_first_reading_every_signal_says_what_it_needs(self, cast):
        page = queries.overview(cast.sponsor)
        assert (page.day, page.counts.no_data, len(page.tiles)) == (None, 10, 10)
        assert page.tiles[1].told.needs == SIGNALS["exceptions"].needs
        assert queries.signal(cast.sponsor, "exceptions").days == ()

    def test_a_past_day_shows_what_stood_then(self, cast):
        rise = a_raise()
        actions.answer(
            by=cast.manager,
            at=NOW + dt.timedelta(days=9),
            raise_id=rise.pk,
            words="True",
            found=StepKind.CONFIRMED,
        )
        for number in (1, 2):
            read(later(number))
        then, now = (
            queries.signal(cast.sponsor, "exceptions", DAY),
            queries.signal(cast.sponsor, "exceptions"),
        )
        assert [(one.ended_on, one.answered, len(one.steps)) for one in then.raises] == [(None, None, 2)]
        assert (now.raises, [one.ended_on for one in now.ended]) == ((), [later(2)])
        assert now.days == (later(2), later(1), DAY)
        assert queries.overview(cast.sponsor, DAY - dt.timedelta(days=1)).day is None

    def test_the_year_counts_what_was_said_of_its_raises(self, cast):
        real, false = a_raise(), a_raise(SOUTH, "unplanned_concessions", later(1))
        said = {"by": cast.sponsor, "at": NOW}
        actions.answer(**said, raise_id=real.pk, words="It is so.", found=StepKind.CONFIRMED)
        actions.decide(**said, raise_id=real.pk, led=StepKind.LED, words="Plans are asked for.")
        actions.answer(**said, raise_id=false.pk, words="A late entry.", found=StepKind.FALSE)
        actions.decide(**said, raise_id=false.pk, led=StepKind.NOT_LED)
        assert queries.overview(cast.sponsor).year == queries.YearCount(2, 1, 1, 1, 1)
        assert queries.overview(cast.manager).year == queries.YearCount(1, 1, 0, 1, 0)
        read(DAY + dt.timedelta(days=400))
        assert queries.overview(cast.sponsor).year.raised == 0

    def test_the_year_leaves_out_what_a_first_reading_found_that_its_chart_had_seen_long_before(self, cast):
        long_ago = dataclasses.replace(reading(NORTH, State.RAISED), seen=DAY - dt.timedelta(days=400))
        read(DAY, exceptions=(long_ago,), unplanned_concessions=(SOUTH,))
        assert queries.overview(cast.sponsor).counts.raised == 2
        assert queries.overview(cast.sponsor).year.raised == 1

    def test_the_ten_are_counted_by_where_they_are(self, cast):
        rise = a_raise()
        assert queries.overview(cast.sponsor).counts == queries.Counts(1, 0, 0, 9, 0, 0)
        actions.answer(by=cast.sponsor, at=NOW, raise_id=rise.pk, words="We look into it.")
        assert queries.overview(cast.sponsor).counts == queries.Counts(1, 1, 0, 9, 0, 0)


# ---- people answer ----


class TestAnswers:
    def test_its_manager_answers_and_the_trail_knows(self, cast):
        rise = a_raise()
        actions.answer(
            by=cast.manager, at=NOW, raise_id=rise.pk, words=" Two new sellers. ", found=StepKind.CONFIRMED
        )
        rise.refresh_from_db()
        assert rise.answered_at == NOW
        step = rise.steps.last()
        assert (step.kind, step.by, step.words) == (StepKind.CONFIRMED, cast.manager, "Two new sellers.")
        line = trail.trail(cast.sponsor, trail.Wanted(kind="signals")).lines[0]
        assert (line.by, line.what, line.about) == (
            "Maud",
            "answered the raise",
            "More deals escalated, North",
        )

    @pytest.mark.parametrize(
        "who", ["seller", "other_manager", "stranger", "analyst", "inside_partner", "disabled", "anonymous"]
    )
    def test_nobody_else_answers(self, cast, who):
        rise = a_raise()
        with pytest.raises(Hidden):
            actions.answer(by=cast.everybody()[who], at=NOW, raise_id=rise.pk, words="Mine.")
        assert kinds(rise) == [StepKind.RAISED, StepKind.GIVEN]

    def test_a_raise_is_given_to_somebody_who_sees_its_place(self, cast):
        rise = a_raise()
        told = {"by": cast.manager, "at": NOW, "raise_id": rise.pk}
        for user, words in (
            (cast.other_manager, "may not see"),
            (cast.manager, "has it already"),
            (cast.disabled, "works here"),
        ):
            with pytest.raises(actions.NotTheirs, match=words) as refused:
                actions.give(**told, to=user.pk)
            assert refused.value.field == "to"
        actions.give(**told, to=cast.analyst.pk)
        (shown,) = queries.signal(cast.analyst, "exceptions").raises
        assert (shown.owner, shown.may_answer) == ("Ada", True)

    def test_an_answer_and_a_yes_say_what(self, cast):
        told = {"by": cast.manager, "at": NOW, "raise_id": a_raise().pk}
        with pytest.raises(actions.WordsMissing, match="what you found"):
            actions.answer(**told, words=" ")
        with pytest.raises(actions.WordsMissing, match="what was decided"):
            actions.decide(**told, led=StepKind.LED)
        with pytest.raises(actions.NoSuchAnswer):
            actions.decide(**told, led=StepKind.MUTED)
        with pytest.raises(actions.NoSuchAnswer):
            actions.answer(**told, words="Yes", found=StepKind.LED)

    def test_whether_it_led_to_a_decision_is_asked_after_its_end_too(self, cast):
        rise = a_raise()
        for number in (1, 2):
            read(later(number))
        told = {"by": cast.manager, "at": NOW, "raise_id": rise.pk}
        with pytest.raises(actions.OverAlready):
            actions.give(**told, to=cast.sponsor.pk)
        with pytest.raises(actions.OverAlready):
            actions.mute(**told, until=later(30), reason="Known.")
        actions.decide(**told, led=StepKind.NOT_YET)
        actions.decide(**told, led=StepKind.NOT_LED)
        (shown,) = queries.signal(cast.manager, "exceptions").ended
        assert shown.decision == StepKind.NOT_LED

    @pytest.mark.parametrize(
        ("until", "reason", "field"),
        [(later(30), " ", "reason"), (None, "Known.", "until"), (NOW.date(), "Known.", "until"), (later(400), "Known.", "until")],
    )  # fmt: skip
    def test_a_mute_has_a_reason_and_an_end(self, cast, until, reason, field):
        rise = a_raise()
        with pytest.raises(Refused) as refused:
            actions.mute(by=cast.manager, at=NOW, raise_id=rise.pk, until=until, reason=reason)
        assert refused.value.field == field

    def test_a_muted_raise_is_in_hand_until_its_day(self, cast):
        rise = a_raise()
        actions.mute(by=cast.manager, at=NOW, raise_id=rise.pk, until=later(5), reason="A new price list.")
        (shown,) = queries.signal(cast.manager, "exceptions").raises
        assert (shown.in_hand, shown.muted_until, shown.mute_reason) == (True, later(5), "A new price list.")
        read(later(5), exceptions=(NORTH,))
        (shown,) = queries.signal(cast.manager, "exceptions").raises
        assert (shown.in_hand, shown.muted_until) == (False, None)

    def test_a_mute_is_taken_back(self, cast):
        told = {"by": cast.manager, "at": NOW, "raise_id": a_raise().pk}
        with pytest.raises(actions.NoMute, match="not muted"):
            actions.unmute(**told)
        actions.mute(**told, until=later(5), reason="Known.")
        assert actions.unmute(**told).muted_until is None
        assert not queries.signal(cast.manager, "exceptions").raises[0].in_hand

    def test_the_trail_says_nothing_of_a_manager(self, cast):
        rise = a_raise(Place("manager", cast.manager.key), "tolerant_managers")
        actions.answer(by=cast.sponsor, at=NOW, raise_id=rise.pk, words="Maud passes all on.")
        line = trail.trail(cast.analyst, trail.Wanted(kind="signals")).lines[0]
        assert (line.about, line.reason) == ("Managers tolerate mediocre execution, a manager", "")
        assert "Maud" not in str(
            list(AuditEvent.objects.filter(subject="signal").values("changes", "reason"))
        )


def test_a_report_is_opened_once_for_all_pages_and_anew_when_it_was_read_anew(cast, monkeypatch):
    read(DAY)
    opened, really = [], record.opened
    monkeypatch.setattr(record, "opened", lambda kept: opened.append(kept) or really(kept))
    record._opened_text.cache_clear()
    for _ in range(2):
        queries.overview(cast.sponsor)
        assert queries.signal(cast.sponsor, "exceptions").told.signal.key == "exceptions"
    assert len(opened) == 1
    read(DAY, exceptions=(NORTH,))
    assert queries.overview(cast.sponsor).counts.raised == 1
    assert len(opened) == 2


def test_what_is_held_opened_is_what_was_kept_and_nobody_changes_it(cast):
    read(DAY, exceptions=(NORTH,))
    (row,) = SignalReading.objects.as_text()
    held = record.opened_text(row.text)
    assert same(held, record.opened(SignalReading.objects.get().report))
    series = [one.series for told in held.signals for one in told.places if one.series is not None]
    for each in series:
        with pytest.raises(ValueError, match="read-only"):
            each.counts[0] = 1.0
    assert series
    assert record.opened_text(row.text, only="exceptions").signals == (held.signals[1],)


def test_a_night_holds_the_database_for_few_rows(cast):
    with locks.measured() as meter:
        read(DAY, exceptions=(NORTH, SOUTH))
    assert len(meter.transactions) == 1
    assert meter.transactions[0].trail_last
    assert meter.most_rows <= 15


def test_a_night_of_many_calm_accounts_writes_little_of_each(cast):
    """What holds the database is the length of what is written: a calm account says that, and its three numbers."""
    many = [reading(Place("account", f"A-{number}")) for number in range(1_000)]
    for places in ([], many):
        with locks.measured() as meter:
            read(DAY, account_margins=places)
        (kept,) = meter.transactions
        if not places:
            few = kept.characters
    assert len(queries.signal(cast.sponsor, "account_margins").told.places) == 1_001
    assert (kept.characters - few) / len(many) < 130


def test_old_readings_are_forgotten_in_a_turn_of_their_own(cast):
    read(DAY - dt.timedelta(days=90))
    read(DAY - dt.timedelta(days=80))
    with locks.measured() as meter:
        read(DAY)
    said = [{sql.split()[0] for sql in one.wrote if "signalreading" in sql} for one in meter.transactions]
    assert said.count({"DELETE"}) == 1
    assert [one for one in said if len(one) > 1] == []
    assert sorted(SignalReading.objects.values_list("day", flat=True))[0] == dt.date(
        2025, 12, 11
    )  # the last old one of its month


@pytest.mark.parametrize("who", ["sponsor", "manager", "seller"])
def test_pages_ask_the_database_a_few_times(cast, known_to, django_assert_max_num_queries, who):
    account = Place("account", "ACME")
    read(later(1), account_margins=(account,), tolerant_managers=(known_to,), exceptions=(NORTH, SOUTH))
    viewer = User.objects.get(pk=getattr(cast, who).pk)
    with django_assert_max_num_queries(12):
        queries.overview(viewer)
    viewer = User.objects.get(pk=viewer.pk)
    with django_assert_max_num_queries(14):
        queries.signal(viewer, "exceptions")
    viewer = User.objects.get(pk=viewer.pk)
    with django_assert_max_num_queries(8):
        queries.deals_behind(viewer, "exceptions")
