"""Executives on deals: a role agreed before, what they did, and what moved after."""

import datetime as dt
from decimal import Decimal

import pytest

from cast import NOW
from hingepoint.domain.involvement import actions, queries
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.records.errors import Hidden
from hingepoint.records.involvement import Purpose
from hingepoint.records.talks import Topic

DAY = dt.timedelta(days=1)


def agree(cast, *, at=NOW, **facts):
    told = {"executive": cast.sponsor, "purpose": Purpose.VALUE, "aim": "Say why the outcome matters"} | facts
    return actions.agree_role(by=cast.seller, at=at, deal_id=cast.deal.pk, **told)


def visit(cast, on, **facts):
    told = {"executive": cast.sponsor, "what": "Visit at the plant"} | facts
    return actions.note_activity(
        by=cast.seller, at=NOW + 30 * DAY, deal_id=cast.deal.pk, occurred_at=on, **told
    )


def part(cast):
    return queries.of_deal(cast.seller, cast.deal.pk, now=NOW + 30 * DAY)


def test_a_role_agreed_before_covers_the_visit(cast):
    agree(cast)
    visit(cast, NOW + DAY)
    (seen,) = part(cast).activities
    assert (seen.first_without, seen.role.aim) == (False, "Say why the outcome matters")


def test_a_role_agreed_afterwards_does_not_count(cast):
    agree(cast, at=NOW + 2 * DAY)
    visit(cast, NOW + DAY)
    (seen,) = part(cast).activities
    assert (seen.first_without, seen.role_afterwards, seen.role) == (True, True, None)


def test_only_the_first_visit_without_a_role_is_noticed(cast):
    visit(cast, NOW + DAY)
    visit(cast, NOW + 2 * DAY)
    assert [seen.first_without for seen in part(cast).activities] == [False, True]


def test_price_beyond_the_limits_is_noticed(cast):
    agree(cast)
    visit(cast, NOW + DAY, price_came_up=True)
    assert part(cast).activities[0].beyond_limits


def test_what_moved_after_a_visit_is_told(cast):
    visit(cast, NOW + DAY)
    negotiation.concede(
        by=cast.seller, at=NOW + 4 * DAY, deal_id=cast.deal.pk, topic=Topic.PRICE, value=Decimal(3_000)
    )
    (seen,) = part(cast).activities
    assert seen.after.price_moved
    assert "the price moved by 3,000 EUR in 1 step" in seen.after.words


def test_an_executive_has_one_role_on_a_deal_at_a_time(cast):
    first = agree(cast)
    with pytest.raises(actions.HasARole):
        agree(cast)
    actions.end_role(by=cast.seller, at=NOW, involvement_id=first.pk)
    agree(cast)
    assert len(part(cast).holding) == 1


def test_what_has_not_happened_is_no_activity(cast):
    with pytest.raises(actions.NotYet):
        visit(cast, NOW + 31 * DAY)


def test_a_role_needs_an_aim_and_a_deal_of_ones_own(cast):
    with pytest.raises(actions.NoAim):
        agree(cast, aim=" ")
    with pytest.raises(Hidden):
        actions.agree_role(
            by=cast.stranger, at=NOW, deal_id=cast.deal.pk,
            executive=cast.sponsor, purpose=Purpose.VALUE, aim="Join",
        )  # fmt: skip


def test_the_executive_reads_their_brief_even_without_the_deal(cast):
    role = agree(cast, executive=cast.other_manager)
    negotiation.log_demand(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE, words="10 percent off"
    )
    found = queries.brief(cast.other_manager, role.pk)
    assert found.demands[0].title == "10 percent off"
    assert not Involvement.objects.visible_to(cast.stranger).exists()
