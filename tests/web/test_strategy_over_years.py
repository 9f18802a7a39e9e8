"""The strategy over the years: its results month by month, its agreements on every deal, the promises of its sponsor."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse

import duties
from cast import NOW, TODAY, deal
from hingepoint.analysis.prediction import Predicted
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import actions as home
from hingepoint.domain.people.models import User
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.queries import kept as kept_routines
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.seen import AgreementSeen
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.strategy import Predicts
from hingepoint.web import strategy_words
from playbooks import in_force, written
from snapshot import made_once

DAY = dt.timedelta(days=1)
LATER = NOW + dt.timedelta(days=270)  # 27 November 2026, with eight whole months since the start
KEY = "cust.data_access"


def closed(cast, key: str, at: dt.datetime, *, won: bool, gained: bool = False, **facts):
    """A deal created sixty days before its close, which gained the data on its tenth day or never."""
    facts = {"list_price": 100_000, "net_price": 80_000, "cost": 60_000, "discount": 0.2} | facts
    made = deal(
        key,
        owner=cast.seller,
        team=cast.north,
        segment="Large",
        product="Pumps",
        status="won" if won else "lost",
        created_at=at - 60 * DAY,
        closed_at=at,
        **facts,
    )
    if gained:
        step = agreements.Step(
            state=AgreementState.GAINED,
            occurred_at=at - 50 * DAY,
            act="open the logs",
            person_name="Bo",
            due_on=TODAY,
            evidence=Evidence.TOLD,
        )
        agreements.take_step(by=None, at=at, deal_id=made.pk, type_key=KEY, step=step)
    return made


@made_once
def eight_a_month(cast) -> None:
    """A strategy in force since 2 March 2026: of eight deals a month three were won in the year before and five since;
    the margin of each went from 20 to 30 of 80 thousand. Those won had gained the data in time."""
    book = in_force(cast, KEY, strategy=written(cast, metric="won"), needed_days=20)
    for metric, baseline, target in (("won", 0.4, 0.5), ("margin", 0.25, 0.35)):
        facts = {"metric": metric, "baseline": baseline, "target": target, "target_on": dt.date(2027, 6, 30)}
        strategy.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, **facts)
    for month in range(-12, 9):
        at = NOW.replace(year=2026 + (2 + month) // 12, month=(2 + month) % 12 + 1, day=15)
        since = month >= 0
        for n in range(8):
            wins = n < (5 if since else 3)
            closed(cast, f"M{month}-{n}", at, won=wins, gained=wins, cost=50_000 if since else 60_000)


@pytest.fixture
def years(cast):
    """The strategy and the deals of ``eight_a_month``, looked at in November 2026."""
    eight_a_month(cast)
    with time_machine.travel(LATER, tick=False):
        yield cast


def seen(client, user, name: str, **more):
    client.force_login(user)
    return client.get(reverse(name, args=[Strategy.objects.get().pk]), **more)


def test_the_results_are_those_of_the_page_each_month_as_a_point(client, years):
    found = seen(client, years.sponsor, "strategy-results").context["panels"]
    page = seen(client, years.sponsor, "strategy").context["page"]
    assert [one.progress for one in found] == list(page.results)
    won = found[0].seen.course
    assert won.usual == page.results[0].before.value == 3 / 8
    assert won.months[-1].begins == dt.date(2026, 10, 1)
    assert (won.months[-1].n, won.months[-1].value) == (8, 5 / 8)


def test_the_same_result_stands_on_the_strategys_page_at_home_and_month_by_month(client, years):
    client.force_login(years.sponsor)
    home_page = client.get(reverse("home"))
    pages = [seen(client, years.sponsor, name) for name in ("strategy", "strategy-results")]
    results = [home_page.context["day"].results, pages[0].context["page"].results]
    results.append(tuple(panel.progress for panel in pages[1].context["panels"]))
    assert results[0] == results[1] == results[2]
    for page in (home_page, *pages):
        assert "62.5%" in page.text
        assert "Better" in page.text


def test_each_result_says_whether_it_changed_and_whether_it_reaches_its_target(client, years):
    text = seen(client, years.sponsor, "strategy-results").text
    assert "Better since" in text
    assert "Reaches 50.0% as it runs" in text
    assert "Reaches 35.0% as it runs" in text
    assert "Going on as in the 8 months since the start, it is at 62.5% to 62.5% in June 2027." in text


def test_the_change_of_a_margin_is_split_exactly(client, years):
    """Three deals a month brought 20,000 each, five bring 30,000 each: two more of the old kind, and 10,000 less cost on
    each of the five."""
    split = seen(client, years.sponsor, "strategy-results").context["panels"][1].seen.split
    assert (split.before, split.since) == pytest.approx((60_000, 150_000))
    parts = (split.volume, split.mix, split.price, split.cost)
    assert parts == pytest.approx((40_000, 0, 0, 50_000), abs=1e-6)
    assert sum(parts) == pytest.approx(split.since - split.before)
    told = seen(client, years.sponsor, "strategy-results").text
    assert "€60,000 before, €150,000 since" in told
    assert "volume +€40,000, mix €0, price €0, cost +€50,000." in told


def test_money_of_several_currencies_says_so(client, years):
    Deal.objects.filter(key="M3-0").update(currency="USD")
    told = seen(client, years.sponsor, "strategy-results").text
    assert "volume +40,000, mix 0, price 0, cost +50,000. The deals have several currencies" in told


def test_every_result_is_drawn_up_to_eight_and_six_beside_the_strategys_own_pictures(client, years):
    names = (
        "discount",
        "revenue",
        "cycle_days",
        "contract_size",
        "price_realisation",
        "net",
        "supportive:discount<=0.3",
    )
    book = Strategy.objects.get()
    for name in names:
        facts = {"baseline": 0.1, "target": 0.2, "target_on": dt.date(2027, 6, 30)}
        strategy.set_target(by=years.sponsor, at=LATER, strategy=book, metric=name, **facts)
    page = seen(client, years.sponsor, "strategy-results")
    piece = seen(
        client, years.sponsor, "strategy-results", headers={"HX-Request": "true", "HX-Target": "results-seen"}
    )
    drawn, beside = ([bool(one.chart) for one in each.context["panels"]] for each in (page, piece))
    assert drawn == [True] * 8 + [False]
    assert beside == [True] * 6 + [False] * 3
    assert len(piece.content) < 140_000
    assert "All results drawn" in piece.text
    assert "All results drawn" not in page.text


def test_each_agreement_says_how_far_it_is_gained_on_every_deal_and_whether_it_still_predicts(client, years):
    page = seen(client, years.sponsor, "strategy-agreements")
    [one] = page.context["found"].told.agreements
    assert one.key == KEY
    assert one.executed.lately.value == 5 / 8
    # of the deals closed since it was chosen all with it were won and none without; of the 18 without in any half-year
    # nothing is said
    assert (one.predicted.verdict, one.predicted.lately, one.predicted.n) == ("unknown", None, 72)
    assert one.predicted.later.value == pytest.approx(1.0)
    assert "Cannot tell yet" in page.text
    assert "On every deal, asked or not" in page.text


def test_whether_agreements_still_predict_is_one_answer_at_home_and_on_the_strategys_page(client, years):
    """Home counts the verdicts that the strategy's page gives each agreement; together they are all of them."""
    client.force_login(years.sponsor)
    home = client.get(reverse("home")).text
    address = reverse("strategy-agreements", args=[Strategy.objects.get().pk])
    assert f'id="still-predicts" hx-get="{address}"' in home
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "still-predicts"}
    counted = seen(client, years.sponsor, "strategy-agreements", **piece)
    page = seen(client, years.sponsor, "strategy-agreements").context["found"].told.agreements
    [(mark, names)] = counted.context["verdicts"]
    assert mark.words == "Cannot tell yet: 1 of 1"
    assert names == [page[0].name]
    assert page[0].predicted.verdict == "unknown"
    assert mark.words in counted.text
    assert names[0] in counted.text
    assert "<html" not in counted.text


def test_each_agreement_is_counted_under_one_verdict():
    def agreement(name: str, verdict: Predicts | None) -> AgreementSeen:
        told = Predicted(1, verdict, None, None, None, 90) if verdict else None
        return AgreementSeen(name, name, None, told, None)

    known = {"A": Predicts.STILL, "B": Predicts.STOPPED, "C": Predicts.STILL, "D": None}
    told = strategy_words.verdicts([agreement(name, verdict) for name, verdict in known.items()])
    assert [(mark.words, mark.glyph, names) for mark, names in told] == [
        ("Still predicts: 2 of 4", "reaches", ["A", "C"]),
        ("Predicts no more: 1 of 4", "short", ["B"]),
        ("Cannot tell yet: 1 of 4", "cannot-tell", ["D"]),
    ]


def test_a_metric_that_the_deals_do_not_tell_is_told_in_words(client, cast):
    book = in_force(cast, KEY, strategy=written(cast, metric="won"))
    facts = {"metric": "margin", "baseline": 0.2, "target": 0.3, "target_on": TODAY}
    strategy.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, **facts)
    page = seen(client, cast.sponsor, "strategy-results")
    assert page.context["panels"][0].table is None
    assert "the metric margin needs margin" in page.text


@pytest.mark.parametrize("who", ["manager", "seller"])
def test_who_does_not_see_every_deal_has_the_numbers_of_their_own_and_no_years(client, years, who):
    user = getattr(years, who)
    assert seen(client, user, "strategy-results").status_code == 404
    assert seen(client, user, "strategy-agreements").status_code == 404
    assert seen(client, user, "strategy-forecast").status_code == 404
    text = seen(client, user, "strategy").text
    assert "62.5%" in text
    assert reverse("strategy-results", args=[Strategy.objects.get().pk]) not in text
    assert "Your promises" not in text


def test_the_strategys_page_fetches_both_as_pieces_without_a_frame(client, years):
    for name, target in (("strategy-results", "results-seen"), ("strategy-agreements", "agreements-seen")):
        piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": target}
        text = seen(client, years.sponsor, name, **piece).text
        assert "<html" not in text
        assert f'id="{target}"' in seen(client, years.sponsor, "strategy").text


def test_a_large_company_reads_what_was_kept(client, years, monkeypatch):
    monkeypatch.setattr(home, "LARGE", 2)
    before = [
        seen(client, years.sponsor, name).context for name in ("strategy-results", "strategy-agreements")
    ]
    home.renew_answers(at=LATER)
    assert {"results seen", "agreements seen", "forecast", "routines kept"} <= set(
        KeptAnswer.objects.values_list("name", flat=True)
    )
    after = [
        seen(client, years.sponsor, name).context for name in ("strategy-results", "strategy-agreements")
    ]
    assert before[0]["found"] == after[0]["found"]
    assert before[1]["found"] == after[1]["found"]


def test_the_page_and_its_pieces_stay_light(client, years):
    for name in ("strategy", "strategy-results", "strategy-agreements"):
        assert len(seen(client, years.sponsor, name).content) < 100_000


def due(user: User, at: dt.datetime, **done) -> None:
    told = routines.Due(person=user.key, team="", due_at=at, **done)
    routines.fall_due(by=None, at=NOW, routine=duties.a_routine(name="Pipeline review"), dues=[told])


def test_ones_own_promises_of_the_month_stand_first(client, cast):
    in_force(cast)
    done = {"done_at": NOW - DAY, "recorded_at": NOW - DAY}
    due(cast.sponsor, NOW - DAY, **done)
    due(cast.sponsor, NOW + 9 * DAY)
    due(cast.sponsor, NOW - 40 * DAY)  # never done: still owed
    due(cast.sponsor, NOW - 41 * DAY, done_at=NOW - 41 * DAY, recorded_at=NOW - 41 * DAY)
    due(cast.sponsor, NOW + 40 * DAY)
    due(cast.manager, NOW - DAY)
    with time_machine.travel(NOW, tick=False):
        page = seen(client, cast.sponsor, "strategy")
        found = page.context["promises"]
    assert [(one.due_on.isoformat(), bool(one.done_on), one.late) for one in found.own] == [
        ("2026-01-21", False, True),
        ("2026-03-01", True, False),
        ("2026-03-11", False, False),
    ]
    assert (found.leaders_done, found.leaders_due) == (1, 2)
    said = re.sub(r"\s+", " ", page.text)
    assert said.index("Your promises this month") < said.index("1. Results")
    for words in ("done 1 Mar", "by 11 Mar", "was due 21 Jan", "All leaders: 1 of 2 kept so far."):
        assert words in said


def test_how_routines_are_kept_is_told_against_the_year_before(client, cast):
    book = in_force(cast)
    for n in range(8):
        at = NOW - (7 + n) * DAY
        on_time = {"done_at": at, "recorded_at": at} if n < 6 else {}
        duties.falls_due(cast.seller, due_at=at, **on_time)
    for n in range(8):
        at = NOW - (120 + n) * DAY
        duties.falls_due(cast.seller, due_at=at, **({"done_at": at, "recorded_at": at} if n < 2 else {}))
    with time_machine.travel(NOW, tick=False):
        [one] = kept_routines.kept(cast.sponsor, today=TODAY)
        text = seen(client, cast.sponsor, "strategy-routines").text
        assert kept_routines.kept(cast.manager, today=TODAY) == []
    assert (one.lately.value, one.lately.n, one.before.value, one.before.n) == (0.75, 8, 0.25, 8)
    assert (one.left_out, one.moved) == (2, True)
    assert "2 left out altogether in the last 13 weeks" in text
    assert book.strategy.name in text
