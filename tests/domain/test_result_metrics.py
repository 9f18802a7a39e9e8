"""Result metrics from the register: price realisation, contract size, escalations, ends without a decision, slippage."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cast import NOW, TODAY, deal
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy import results, seen
from hingepoint.records.deals import EventKind
from playbooks import in_force, written

KEY = "cust.data_access"
DAY = dt.timedelta(days=1)
LATER = TODAY + dt.timedelta(days=60)


def happened(on, kind: EventKind, name: str, *, at: dt.datetime, note: str = "", undoes=None) -> DealEvent:
    number = DealEvent.objects.count()
    facts = {"occurred_at": at, "recorded_at": at, "fingerprint": number, "note": note, "undoes": undoes}
    return DealEvent.objects.create(deal=on, kind=kind, name=name, **facts)


@pytest.fixture
def judged(cast):
    """A strategy in force since NOW with a target on each of the five; three deals won and two lost ten days later."""
    book = in_force(cast, KEY, strategy=written(cast, metric="won"))
    for metric in ("price_realisation", "contract_size", "escalation_rate", "no_decision", "slippage"):
        facts = {"baseline": 0.5, "target": 0.4, "target_on": TODAY + 300 * DAY}
        strategy.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, metric=metric, **facts)
    at = NOW + 10 * DAY
    facts = {"owner": cast.seller, "team": cast.north, "created_at": NOW - 30 * DAY, "closed_at": at}
    won = [
        deal(f"W-{n}", status="won", list_price=listed, net_price=net, **facts)
        for n, (listed, net) in enumerate(((100, 90), (300, 210), (100, 80)))
    ]
    lost = [
        deal(f"L-{n}", status="lost", extra={"loss_reason": reason}, **facts)
        for n, reason in enumerate(("price", "no decision"))
    ]
    happened(won[0], EventKind.ESCALATION, "price", at=NOW)
    undone = happened(won[1], EventKind.ESCALATION, "price", at=NOW)
    happened(won[1], EventKind.ESCALATION, "price", at=NOW, undoes=undone)
    happened(lost[0], EventKind.ESCALATION, "terms", at=NOW)
    closes = at.date()
    for on, days in ((won[0], 8), (won[1], -2)):
        happened(on, EventKind.FIELD, "expected_close", at=NOW, note=(closes - days * DAY).isoformat())
        happened(on, EventKind.FIELD, "expected_close", at=NOW + DAY, note=closes.isoformat())
    happened(won[2], EventKind.FIELD, "expected_close", at=at + DAY, note=(closes - 90 * DAY).isoformat())
    return cast, book.strategy


def test_each_is_counted_from_what_the_register_holds(judged):
    cast, one = judged
    found = {row.metric: row.since for row in results.progress(cast.sponsor, one, today=LATER)}
    told = {name: (since.value, since.n) for name, since in found.items()}
    assert told == {
        "price_realisation": (pytest.approx(380 / 500), 3),
        "contract_size": (pytest.approx(500 / 3), 3),
        "escalation_rate": (2 / 5, 5),  # what was taken back was not asked
        "no_decision": (1 / 5, 5),
        "slippage": (pytest.approx((8 - 2) / 2), 2),  # what was first said while the deal was open
    }


def test_they_are_read_with_the_deals_in_one_statement(judged):
    _, one = judged
    names = [row.metric for row in one.result_metrics.all()]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        results.counted_deals(None, names, since=TODAY)
    assert len(asked) == 1


def test_month_by_month_they_are_those_of_the_page(judged):
    cast, one = judged
    page = results.progress(cast.sponsor, one, today=LATER)
    courses = seen.results_seen(cast.sponsor, one, today=LATER)
    assert [each.course is not None for each in courses] == [not each.problem for each in page] == [True] * 5


def test_nothing_on_record_is_said_with_what_to_do(cast):
    book = in_force(cast, KEY, strategy=written(cast, metric="won"))
    facts = {"baseline": 3, "target": 1, "target_on": TODAY}
    strategy.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, metric="slippage", **facts)
    deal("W", status="won", owner=cast.seller, created_at=NOW, closed_at=NOW + DAY)
    (found,) = results.progress(cast.sponsor, book.strategy, today=LATER)
    assert found.since.value is None
    assert found.problem.startswith("Import deals every week")


def test_a_strategy_as_a_whole_is_judged_by_what_can_be_discovered(cast):
    with pytest.raises(ValueError, match="cannot be judged by escalation_rate"):
        written(cast, metric="escalation_rate")
