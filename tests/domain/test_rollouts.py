"""Rollouts: the seed is on record before the lot is drawn, the card before data are there, and what it was worth follows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import rollouts
from cast import NOW, person
from hingepoint.analysis.trials import lots, redraws
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.impact import actions, queries, rules
from hingepoint.domain.impact.models import Rollout
from hingepoint.records.errors import Hidden
from hingepoint.records.impact import CostKind, Stage
from hingepoint.records.people import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fewer_orders(monkeypatch):
    """A tenth of the orders is enough here."""
    monkeypatch.setattr(redraws, "DRAWN", 499)


@pytest.fixture
def analyst(db):
    return person("Ada", Role.ANALYST)


def read(*, at=rollouts.AFTER):
    return actions.read_rollouts(at=at)


def page(viewer, row):
    return queries.rollout(viewer, row.pk, today=rollouts.AFTER.date())


# ---- planned and sealed ----


def test_the_seed_is_in_the_trail_before_anything_is_drawn(analyst):
    starts = rollouts.live(before=36)
    row = rollouts.planned(starts, by=analyst, seed=7)
    event = AuditEvent.objects.get(subject="rollout", action="plan")
    assert event.changes["seed"] == [None, 7]
    assert (row.plan, row.starts, row.sha256) == (None, {}, "")


def test_the_order_is_the_one_that_the_seed_draws(analyst):
    starts = rollouts.live(before=36, waves=1)
    row = rollouts.planned(starts, by=analyst, seed=7, at=rollouts.AFTER)
    read()
    row = actions.seal(by=analyst, at=rollouts.AFTER, rollout_id=row.pk)
    by_day = sorted(row.starts, key=lambda team: row.starts[team])
    drawn = lots.order(sorted(starts), seed=7)
    assert [set(by_day[n : n + 2]) for n in range(0, 8, 2)] == [set(drawn[n : n + 2]) for n in range(0, 8, 2)]
    assert page(analyst, row).stage is Stage.AHEAD


def test_what_it_can_prove_falls_to_the_smallest_provable_effect(analyst):
    rollouts.planned(rollouts.live(before=36), by=analyst, at=rollouts.AFTER)
    read()
    told = page(analyst, Rollout.objects.get()).planned
    known = [one.smallest for one in told.by_day if one.smallest is not None]
    assert known == sorted(known, reverse=True)
    assert known[-1] == pytest.approx(told.smallest_provable, rel=1e-6)
    assert told.by_day[-1].on == told.order[-1].starts


def test_nothing_is_sealed_before_it_is_weighed(analyst):
    row = rollouts.planned(rollouts.live(), by=analyst)
    with pytest.raises(actions.NotWeighed):
        actions.seal(by=analyst, at=NOW, rollout_id=row.pk)


def test_a_plan_whose_first_day_has_come_is_weighed_again_with_later_days_and_the_same_order(analyst):
    row = rollouts.planned(rollouts.live(before=36, waves=1), by=analyst, at=rollouts.AFTER)
    read()
    first = page(analyst, row).planned.order
    late = rollouts.AFTER + dt.timedelta(days=35)
    with pytest.raises(actions.NotPossible, match="Tonight it is weighed again"):
        actions.seal(by=analyst, at=late, rollout_id=row.pk)
    read(at=late)
    again = page(analyst, row).planned.order
    assert (first[0].starts, again[0].starts) == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert [one.team for one in first] == [one.team for one in again]


def test_what_is_sealed_is_only_withdrawn_with_a_reason(analyst):
    row = rollouts.entered(rollouts.live(), by=analyst)
    with pytest.raises(actions.SealedAlready):
        actions.seal(by=analyst, at=NOW, rollout_id=row.pk)
    with pytest.raises(actions.ReasonMissing):
        actions.withdraw(by=analyst, at=NOW, rollout_id=row.pk, because=" ")
    actions.withdraw(by=analyst, at=NOW, rollout_id=row.pk, because="The teams were merged.")
    shown = page(analyst, row)
    assert (shown.stage, shown.withdrawn[2]) == (Stage.WITHDRAWN, "The teams were merged.")
    assert shown.sealed.sha256 == row.sha256
    assert read() == 0


def test_the_page_says_whether_data_existed_when_it_was_sealed(analyst):
    starts = rollouts.live()
    first = min(day for day in starts.values() if day)
    before = rollouts.entered(starts, by=analyst)
    late = dt.datetime.combine(first + dt.timedelta(days=1), dt.time(12), dt.UTC)
    after = rollouts.entered(starts, by=analyst, at=late, name="Sealed late")
    assert [page(analyst, row).sealed.had_data for row in (before, after)] == [False, True]


def test_plans_that_were_never_sealed_stay_in_sight(analyst):
    starts = rollouts.live()
    first = rollouts.planned(starts, by=analyst)
    second = rollouts.planned(
        starts, by=analyst, seed=8, asked=actions.Asked(name="Again", what="The same.", metric="won")
    )
    assert page(analyst, second).earlier == (first.name,)
    assert page(analyst, first).earlier == ()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"steps": 9}, "8 teams can start in 2 to 8 waves, not in 9."),
        ({"periods": 2}, "4 waves need at least 3 months."),
        ({"teams": ["Team A"]}, "A rollout that can be measured needs two teams or more."),
        ({"teams": ["Team A", "Nowhere"]}, "There is no team Nowhere."),
    ],
)
def test_a_plan_that_cannot_be_is_refused(analyst, facts, words):
    facts = {"teams": list(rollouts.live(a_month=1))} | facts
    with pytest.raises(actions.NotPossible, match=words):
        rollouts.planned(facts.pop("teams"), by=analyst, **facts)


def test_only_sponsor_and_analyst_plan_and_others_see_what_is_sealed(cast):
    starts = {"North": NOW.date(), "South": None}
    for somebody in (cast.seller, cast.manager, cast.inside_partner):
        with pytest.raises(Hidden):
            rollouts.entered(starts, by=somebody)
    sealed = rollouts.on_record(cast)
    plan = rollouts.planned(["North", "South"], by=cast.analyst, steps=2)
    for somebody in (cast.seller, cast.manager, cast.inside_partner):
        assert [one.id for one in queries.rollouts(somebody, today=NOW.date())] == [sealed.pk]
        with pytest.raises(Hidden):
            page(somebody, plan)
    assert len(queries.rollouts(cast.sponsor, today=NOW.date())) == 2


# ---- what it was worth ----


def test_the_effect_is_found_with_its_size(analyst):
    row = rollouts.entered(rollouts.live(effect=0.25, waiting=2), by=analyst)
    assert read() == 1
    told = page(analyst, row).told
    assert told.conclusion == "shown"
    assert told.ci[0] < 0.25 < told.ci[1]
    assert (told.card.kept, told.card.decided) == (True, "it worked")
    assert told.inference == "lottery"


def test_without_an_effect_nothing_is_shown(analyst):
    row = rollouts.entered(rollouts.live(effect=0.0, waiting=2), by=analyst, worth=0.2)
    actions.note_cost(by=analyst, at=NOW, rollout_id=row.pk, spent=INVESTED)
    read()
    shown = page(analyst, row)
    assert shown.told.conclusion == "not shown"
    assert shown.returns is None


def test_before_the_first_wave_nothing_can_be_concluded_and_it_says_when(analyst):
    row = rollouts.entered(rollouts.live(waiting=2), by=analyst, worth=0.2)
    first = rules.days_of(row)[0]
    read(at=dt.datetime.combine(first, dt.time(3), dt.UTC))
    told = page(analyst, row).told
    assert (told.conclusion, told.effect) == ("cannot be shown yet", None)
    assert told.cannot_be_shown_before > first


def test_where_nobody_waits_it_stops(analyst):
    starts = rollouts.live(waiting=0)
    row = rollouts.entered(starts, by=analyst)
    read()
    assert page(analyst, row).told.nobody_waits_from == max(starts.values())


def test_a_chosen_order_is_told_as_if_random(analyst):
    row = rollouts.entered(rollouts.live(), by=analyst, drawn=False)
    read()
    assert page(analyst, row).told.inference == "as if random"


def test_an_outcome_of_fewer_than_five_people_is_not_told(analyst):
    row = rollouts.entered(rollouts.live(teams=3, waves=3, waiting=3, a_month=4), by=analyst)
    read()
    shown = page(analyst, row)
    assert (shown.few, shown.told) == (True, None)
    assert queries.rollouts(analyst, today=rollouts.AFTER.date())[0].says == ""


def test_what_cannot_be_read_says_why(cast):
    row = rollouts.on_record(cast)
    read()
    assert (
        page(cast.seller, row).problem == "No team of the rollout closed a deal on which the metric is known."
    )


# ---- what it costs ----

INVESTED = actions.Spent(CostKind.INVESTMENT, "Training", Decimal(20_000), "EUR")


def test_the_return_counts_time_and_money_once(analyst):
    row = rollouts.entered(rollouts.live(effect=0.25, waiting=2), by=analyst)
    stated = actions.Spent(CostKind.STATED, "Planning talks", Decimal(60), "eur", minutes=30)
    wrong = actions.Spent(CostKind.INVESTMENT, "Licences", Decimal(5_000), "EUR")
    foreign = actions.Spent(CostKind.INVESTMENT, "A coach", Decimal(900), "GBP")
    for spent in (INVESTED, stated, wrong, foreign):
        actions.note_cost(by=analyst, at=NOW, rollout_id=row.pk, spent=spent)
    dropped = row.costs.get(what="Licences")
    actions.take_back_cost(by=analyst, at=NOW, rollout_id=row.pk, cost_id=dropped.pk)
    read()
    found = page(analyst, row).returns
    assert (found.invested, found.time, found.elsewhere) == (20_000.0, 8 * 30 * 52.0, 1)
    assert found.left(found.value) == pytest.approx(found.value - 32_480.0)
    assert found.times(found.value) == pytest.approx((found.value - 32_480.0) / 32_480.0)
    assert [one.what for one in page(analyst, row).costs] == ["Training", "Planning talks", "A coach"]


def test_time_is_told_in_minutes(analyst):
    row = rollouts.entered(rollouts.live(a_month=1), by=analyst)
    spent = actions.Spent(CostKind.ROUTINES, "Reviews", Decimal(60), "EUR")
    with pytest.raises(actions.NotPossible, match="how many minutes"):
        actions.note_cost(by=analyst, at=NOW, rollout_id=row.pk, spent=spent)
