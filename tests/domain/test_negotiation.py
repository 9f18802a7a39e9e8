"""Demands, reasons and concessions: one list, whether a file brought them or somebody noted them."""

import datetime as dt
from decimal import Decimal

import pytest

import cast as people_of_the_tests
import importing
from cast import NOW
from hingepoint.analysis.talks import concessions
from hingepoint.analysis.talks.concessions import Kind
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.frames import deal_events_frame
from hingepoint.domain.negotiation import actions
from hingepoint.domain.negotiation.queries import library
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import AlreadyNoted, Hidden
from hingepoint.records.talks import ReasonState, Topic

HOUR = dt.timedelta(hours=1)


def demand(cast, **facts):
    told = {"topic": Topic.PRICE, "words": "10 percent off", "asked_by": "Bo Lind"} | facts
    return actions.log_demand(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **told)


def concession(cast, at=NOW + HOUR, **facts):
    told = {"topic": Topic.PRICE, "value": Decimal(5_000), "in_return": "three-year term"} | facts
    return actions.concede(by=cast.seller, at=at, deal_id=cast.deal.pk, **told)


def log(cast, **known):
    return log_page.log(cast.seller, cast.deal.pk, **known)


def test_a_demand_keeps_its_words_who_asked_and_its_reason(cast):
    why = actions.Why("Budget is fixed until January", ReasonState.STATED, said_by="Bo Lind")
    demand(cast, why=why, value=Decimal(10_000))
    (found,) = log(cast).demands
    assert (found.title, found.who, found.value, found.currency) == (
        "10 percent off", "Bo Lind", 10_000, "EUR",
    )  # fmt: skip
    assert (found.why.state, found.reason_known) == ("stated", True)


def test_a_file_and_a_hand_make_one_list(cast):
    for kind, name in ((EventKind.DEMAND, "Discount of 12 %"), (EventKind.CONCESSION, "price")):
        deals.note_event(
            by=None, at=NOW, deal_id=cast.deal.pk, kind=kind, name=name, occurred_at=NOW, origin="import",
            value=Decimal(2_000), note="reference visit" if kind == EventKind.CONCESSION else "",
        )  # fmt: skip
    demand(cast, topic=Topic.EXTRAS, words="training for both shifts")
    found = log(cast)
    assert [(one.topic, one.title) for one in found.demands] == [
        (Topic.PRICE, "Discount of 12 %"), (Topic.EXTRAS, "training for both shifts"),
    ]  # fmt: skip
    (given,) = found.concessions
    assert (given.in_return, given.demand_id) == ("reference visit", found.demands[0].id)
    assert [one.answered for one in found.demands] == [True, False]


def test_the_newest_reason_counts_and_earlier_ones_stay(cast):
    asked = demand(cast, why=actions.Why("They want a lower price"))
    assert not log(cast).demands[0].reason_known
    assert log(cast).unexplained
    better = actions.Why(
        "The second line came after the budget", ReasonState.CONFIRMED, "Bo Lind", "Ida Falk"
    )
    actions.give_reason(by=cast.manager, at=NOW + HOUR, demand_id=asked.pk, why=better)
    (found,) = log(cast).demands
    assert found.reason_known
    assert [why.by for why in found.whys] == ["Sanna", "Maud"]


@pytest.mark.parametrize(
    "why",
    [
        actions.Why("Budget", ReasonState.STATED),
        actions.Why("Budget", ReasonState.CONFIRMED, "Bo Lind"),
        actions.Why("Budget", ReasonState.CONFIRMED, "Bo Lind", "bo lind"),
    ],
)
def test_confirmed_needs_two_people_and_stated_one(cast, why):
    with pytest.raises(actions.NotConfirmed):
        demand(cast, why=why)
    assert log(cast).demands == ()


def test_a_concession_adds_up_and_is_checked(cast):
    actions.set_corridor(
        by=cast.seller, at=NOW - HOUR, deal_id=cast.deal.pk,
        opening=Decimal(100_000), target=Decimal(95_000), walk_away=Decimal(92_000),
    )  # fmt: skip
    asked = demand(cast)
    concession(cast, demand_id=asked.pk)
    concession(cast, NOW + 2 * HOUR, value=Decimal(6_000), in_return="", final=True)
    found = log(cast)
    assert found.conceded == 11_000
    first, second = found.concessions
    assert (first.round, first.checks, second.round) == (1, (), 2)
    assert {check.kind for check in second.checks} == {
        Kind.NOTHING_IN_RETURN, Kind.NOT_SHRINKING, Kind.OUTSIDE_CORRIDOR,
    }  # fmt: skip


def test_a_corridor_moved_afterwards_leaves_the_earlier_one_in_the_checks(cast):
    figures = {
        "by": cast.seller,
        "deal_id": cast.deal.pk,
        "opening": Decimal(100_000),
        "target": Decimal(98_000),
    }
    actions.set_corridor(at=NOW - HOUR, walk_away=Decimal(97_000), **figures)
    demand(cast)
    concession(cast)
    actions.set_corridor(at=NOW + 2 * HOUR, walk_away=Decimal(90_000), **figures)
    assert [check.kind for check in log(cast).concessions[0].checks] == [Kind.OUTSIDE_CORRIDOR]


def test_what_was_noted_in_error_is_taken_back_and_both_lines_stay(cast):
    asked = demand(cast)
    actions.take_back(by=cast.seller, at=NOW, event_id=asked.pk)
    assert log(cast).demands == ()
    assert cast.deal.events.count() == 2
    assert deal_events_frame(None).is_empty()
    with pytest.raises(deals.NothingToTakeBack):
        actions.take_back(by=cast.seller, at=NOW, event_id=asked.pk)


def test_what_a_file_brought_is_not_taken_back_by_hand(cast):
    told = demand(cast, origin="import")
    with pytest.raises(deals.NothingToTakeBack):
        actions.take_back(by=cast.seller, at=NOW, event_id=told.pk)


def test_a_foreign_demand_is_hidden(cast):
    told = demand(cast)
    why = actions.Why("Budget")
    for change in (
        lambda: actions.give_reason(by=cast.stranger, at=NOW, demand_id=told.pk, why=why),
        lambda: actions.take_back(by=cast.stranger, at=NOW, event_id=told.pk),
        lambda: actions.concede(
            by=cast.stranger, at=NOW, deal_id=cast.foreign_deal.pk, topic=Topic.PRICE, demand_id=told.pk
        ),
    ):
        with pytest.raises(Hidden):
            change()


def test_what_would_be_noticed_is_said_before_it_is_given(cast):
    candidate = concessions.Given(0, NOW, Topic.PRICE, 3_000.0)
    found = log_page.noticed(cast.seller, cast.deal.pk, candidate, plans_at=[NOW - HOUR])
    assert {check.kind for check in found} == {Kind.NOTHING_IN_RETURN, Kind.BEFORE_ANY_DEMAND}


def test_the_library_tells_what_other_deals_gave_and_never_who(cast):
    """Each deal was asked for a price and for extras; only the extras were given."""
    for number in range(6):
        other = people_of_the_tests.deal(
            f"L-{number}", owner=cast.stranger, team=cast.south, list_price=100_000
        )
        told = {"by": cast.stranger, "at": NOW, "deal_id": other.pk}
        actions.log_demand(
            **told, topic=Topic.PRICE, words="8 percent off", why=actions.Why("Budget is fixed")
        )
        extras = actions.log_demand(**told, topic=Topic.EXTRAS, words="training")
        told |= {
            "at": NOW + HOUR,
            "value": Decimal(2_000),
            "in_return": "a reference",
            "demand_id": extras.pk,
        }
        actions.concede(**told, topic=Topic.EXTRAS, worth=3)
        deals.change_deal(by=None, at=NOW, deal_id=other.pk, status="won", closed_at=NOW + 2 * HOUR)
    (nothing,) = library.library(
        cast.seller, cast.deal.pk, topic=Topic.PRICE, reason="the budget was fixed"
    ).answers
    assert (nothing.topic, nothing.n) == (None, 6)
    (given,) = library.library(cast.seller, cast.deal.pk, topic=Topic.EXTRAS).answers
    assert (given.n, given.cost, given.worth, given.returns) == (6, 0.02, 3, (("a reference", 6),))


def test_the_library_opens_only_from_a_deal_of_ones_own(cast):
    with pytest.raises(Hidden):
        library.library(cast.stranger, cast.deal.pk, topic=Topic.PRICE)


# ---- noted by hand, brought by a file ----

NOON = dt.datetime(2026, 2, 20, 12, tzinfo=dt.UTC)


def bring(tmp_path, line: str):
    header = "deal_id,agreement,at,kind,value,note"
    return importing.import_events(tmp_path, f"{header}\n{line}\n")


def by_hand(cast, **facts):
    told = {"topic": Topic.EXTRAS, "what": "Training", "value": Decimal(1_000), "in_return": "a reference"}
    return concession(cast, occurred_at=NOON, **told | facts)


@pytest.mark.parametrize(
    "line",
    [
        "N-1,Training,2026-02-20T12:00:00Z,concession,5000,a reference",
        "N-1,Training,2026-02-20T12:00:00Z,concession,1000,a longer term",
        "N-1,Training,2026-02-20T12:00:00Z,concession,,",
    ],
)
def test_a_file_that_says_anything_else_is_a_fact_beside_the_one_noted_by_hand(cast, tmp_path, line):
    noted = by_hand(cast)
    assert bring(tmp_path, line).created == 1
    noted.refresh_from_db()
    assert (noted.value, noted.note, noted.origin) == (1_000, "a reference", "hand")
    assert cast.deal.events.count() == 2
    assert bring(tmp_path, line).created == 0  # the same file again changes nothing


def test_a_file_that_says_all_that_was_noted_adds_nothing_and_counts_it_as_known(cast, tmp_path):
    by_hand(cast)
    report = bring(tmp_path, "N-1,Training,2026-02-20T12:00:00Z,concession,1000,a reference")
    assert (report.created, report.unchanged) == (0, 1)
    assert cast.deal.events.get().origin == "hand"


def test_what_a_file_brought_is_asked_about_when_it_is_noted_by_hand(cast, tmp_path):
    bring(tmp_path, "N-1,Training,2026-02-20T08:30:00Z,concession,1000,a reference")
    with pytest.raises(AlreadyNoted):
        by_hand(cast)
    by_hand(cast, second=True)
    assert cast.deal.events.count() == 2


def test_facts_that_differ_in_anything_but_who_noted_them_are_two(cast):
    by_hand(cast)
    for other in ({"value": Decimal(5_000)}, {"what": "Manuals"}, {"in_return": ""}):
        by_hand(cast, **other)
    with pytest.raises(AlreadyNoted) as asked:
        actions.concede(
            by=cast.manager, at=NOW, deal_id=cast.deal.pk, topic=Topic.EXTRAS, what="Training",
            value=Decimal(1_000), in_return="a reference", occurred_at=NOON + HOUR,
        )  # fmt: skip
    assert asked.value.known.recorded_by == cast.seller
    assert cast.deal.events.count() == 4
