"""Who sees which deals and agreements: the narrow gate that every read goes through."""

import pytest
from django.contrib.auth.models import AnonymousUser

from cast import NOW, TODAY, team
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.records.agreements import AgreementState

SEES = {
    "anonymous": set(),
    "seller": {"N-1"},
    "manager": {"N-1"},
    "sponsor": {"N-1", "S-1"},
    "stranger": {"S-1"},
    "other_manager": {"S-1"},
    "analyst": {"N-1", "S-1"},
    "inside_partner": set(),
    "disabled": set(),
}


@pytest.mark.parametrize("who", SEES)
def test_everybody_sees_just_their_deals(cast, who):
    viewer = cast.everybody()[who] or AnonymousUser()
    assert set(Deal.objects.visible_to(viewer).values_list("key", flat=True)) == SEES[who]


def test_a_manager_sees_the_teams_below_theirs(cast):
    below = team("North-East", parent=cast.north)
    Deal.objects.filter(key="S-1").update(team=below)
    assert Deal.objects.visible_to(cast.manager).count() == 2


def test_a_manager_who_left_sees_the_team_no_more(cast):
    membership = cast.manager.memberships.get(team=cast.north)
    membership.since = TODAY.replace(day=1)
    membership.save()
    people.leave_team(by=cast.analyst, at=NOW, membership=membership, until=TODAY)
    viewer = User.objects.get(pk=cast.manager.pk)
    assert not Deal.objects.visible_to(viewer).exists()


def test_an_inside_partner_sees_only_what_was_asked_of_them(cast):
    for deal, asked in ((cast.deal, cast.inside_partner), (cast.foreign_deal, None)):
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=asked)
        agreements.take_step(by=None, at=NOW, deal_id=deal.pk, type_key="int.price_approval", step=step)
    seen = Agreement.objects.visible_to(cast.inside_partner)
    assert [agreement.deal_id for agreement in seen] == [cast.deal.pk]


@pytest.mark.parametrize("who", [who for who in SEES if who != "inside_partner"])
def test_everybody_else_sees_the_agreements_of_their_deals(cast, who):
    for deal in (cast.deal, cast.foreign_deal):
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
        agreements.take_step(by=None, at=NOW, deal_id=deal.pk, type_key="int.price_approval", step=step)
    viewer = cast.everybody()[who] or AnonymousUser()
    seen = Agreement.objects.visible_to(viewer).values_list("deal__key", flat=True)
    assert sorted(seen) == sorted(SEES[who])
