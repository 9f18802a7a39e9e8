"""Which way a request would go is told before it is sent, by what decides it when it is."""

from itertools import product

import pytest

import talks
from cast import NOW
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.queries.way import Way, way
from hingepoint.domain.people.models import Team
from hingepoint.records.errors import Hidden
from hingepoint.records.escalations import Answer, Kind, Lane

REASON = "The budget was set before the second line was added"
WISHES = [
    actions.Wish(kind, discount=discount, wanted=wanted, reason=reason, alternatives=tried, return_asked=back)
    for (kind, discount, wanted), reason, tried, back in product(
        [
            (Kind.PRICE, 0.08, ""),
            (Kind.PRICE, 0.15, ""),
            (Kind.PRICE, 0.35, ""),
            (Kind.TERMS, None, "60 days"),
        ],
        ["", "they want a lower price", REASON],
        ["", "training in place of price"],
        ["", "three-year term"],
    )
]


@pytest.fixture
def corridor(cast):
    """A list of 100,000 and a walk-away of 80,000."""
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000)
    talks.negotiation.set_corridor(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, opening=100_000, target=95_000, walk_away=80_000
    )


@pytest.mark.slow
def test_what_is_told_before_is_what_is_decided_then(cast, corridor):
    lanes = set()
    for wish in WISHES:
        told = way(cast.seller, cast.deal.pk, wish)
        made = actions.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=wish, second=True)
        waiting = made.approvals.filter(answer=Answer.WAITING).order_by("pk")
        assert told == Way(
            made.lane, made.lane_why, tuple(waiting.values_list("approver__name", "because"))
        ), wish  # fmt: skip
        lanes.add(told.lane)
    assert lanes == {Lane.OWN, Lane.FAST, Lane.FULL}


def test_a_changed_request_is_told_as_it_is_decided(cast, corridor):
    made = actions.ask(by=cast.manager, at=NOW, deal_id=cast.deal.pk, wish=WISHES[-1])
    after = actions.Wish(Kind.PRICE, discount=0.35, reason=REASON)
    told = way(cast.seller, cast.deal.pk, after, escalation_id=made.pk)
    changed = actions.revise(by=cast.seller, at=NOW, escalation_id=made.pk, wish=after)
    waiting = changed.approvals.filter(answer=Answer.WAITING).order_by("pk")
    assert (told.lane, told.why) == (changed.lane, changed.lane_why)
    assert (
        {name for name, _ in told.asked} == set(waiting.values_list("approver__name", flat=True)) == {"Otto"}
    )


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (actions.Wish(Kind.PRICE, reason=REASON), "Say which discount you ask for."),
        (actions.Wish(Kind.TERMS, reason=REASON), "Say in a few words which terms you ask for."),
    ],
)
def test_before_anything_is_asked_it_says_what_to_say(cast, wish, words):
    assert way(cast.seller, cast.deal.pk, wish) == Way("", words)


def test_where_nobody_can_decide_it_says_so_before(cast):
    Deal.objects.filter(pk=cast.deal.pk).update(team=Team.objects.create(name="Alone", path="/0/"))
    cast.sponsor.is_active = False
    cast.sponsor.save()
    told = way(cast.seller, cast.deal.pk, WISHES[-1])
    assert (told.asked, "Nobody is there to decide" in told.why) == ((), True)


def test_a_stranger_learns_nothing_of_it(cast):
    with pytest.raises(Hidden):
        way(cast.stranger, cast.deal.pk, WISHES[0])
