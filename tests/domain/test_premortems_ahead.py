"""A pre-mortem begins by itself before the landmark of a large deal, and asks the three who can answer it."""

import datetime as dt
from decimal import Decimal

import pytest

import playbooks
from cast import NOW, TODAY, deal, person, team
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.hindsight import actions as hindsight
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.premortems import actions, landmarks
from hingepoint.domain.premortems.models import PreMortem
from hingepoint.domain.premortems.queries import asked, page
from hingepoint.domain.questions import actions as questions
from hingepoint.records.involvement import Purpose
from hingepoint.records.people import Role
from hingepoint.records.premortems import Place

DAY = dt.timedelta(days=1)


@pytest.fixture
def large(cast):
    """A deal of Sanna's created 15 days ago, whose first landmark is in five days; deals from 200,000 on are large."""
    hindsight.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(200_000))
    row = deal("N-7", owner=cast.seller, team=cast.north, amount=300_000, created_at=NOW - 15 * DAY)
    playbooks.in_force(cast, needed_days=20)
    return row


def begun() -> list[int]:
    return list(PreMortem.objects.order_by("pk").values_list("deal_id", flat=True))


def who_is_asked(cast, *, today=TODAY) -> dict[str, Place]:
    people = {name: user for name, user in cast.everybody().items() if user}
    lines = {name: asked.asked_of(user, today=today) for name, user in people.items()}
    return {name: found[0].place for name, found in lines.items() if found}


def test_it_begins_for_large_deals_when_the_landmark_is_near_and_only_once(cast, large):
    assert actions.begin_ahead(at=NOW) == 1
    assert begun() == [large.pk]  # not N-1, whose value is below
    row = PreMortem.objects.get()
    assert (row.begun_by, row.until) == (None, TODAY + 5 * DAY)
    assert page.premortem_page(cast.seller, large.pk, now=NOW).running.by_itself
    assert actions.begin_ahead(at=NOW + DAY) == 0
    assert AuditEvent.objects.filter(action="begin premortem", by_id_number__isnull=True).count() == 1


def test_it_waits_until_the_landmark_is_near_and_does_not_ask_after_it(cast, large):
    early, late = (landmarks.ahead(today=TODAY + n * DAY, now=NOW + n * DAY) for n in (-6, 6))
    assert early == late == []
    (found,) = landmarks.ahead(today=TODAY - 5 * DAY, now=NOW - 5 * DAY)
    assert (found.deal_id, found.until) == (large.pk, TODAY + 5 * DAY)


def test_a_seller_is_asked_about_the_most_valuable_and_the_next_a_week_later(cast):
    hindsight.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(200_000))
    first = deal("N-7", owner=cast.seller, team=cast.north, amount=300_000, created_at=NOW - 15 * DAY)
    second = deal("N-8", owner=cast.seller, team=cast.north, amount=250_000, created_at=NOW - 10 * DAY)
    foreign = deal("S-8", owner=cast.stranger, team=cast.south, amount=900_000, created_at=NOW - 12 * DAY)
    playbooks.in_force(cast, needed_days=20)
    assert actions.begin_ahead(at=NOW) == 2
    assert set(begun()) == {first.pk, foreign.pk}
    assert actions.begin_ahead(at=NOW + 6 * DAY) == 0
    assert actions.begin_ahead(at=NOW + 8 * DAY) == 1
    assert begun()[-1] == second.pk


def test_the_three_are_asked_and_each_until_they_answered(cast, large):
    actions.begin_ahead(at=NOW)
    assert who_is_asked(cast) == {"seller": Place.SELLER, "manager": Place.MANAGER, "sponsor": Place.OTHER}
    row = PreMortem.objects.get()
    actions.answer(by=cast.seller, at=NOW, premortem_id=row.pk, words="The money went elsewhere.")
    assert set(who_is_asked(cast)) == {"manager", "sponsor"}
    assert who_is_asked(cast, today=TODAY + 6 * DAY) == {}  # the day has passed


def test_who_has_a_part_in_the_deal_is_asked_before_other_sponsors(cast, large):
    other = person("Olga", Role.SPONSOR)
    involvement.agree_role(
        by=cast.seller,
        at=NOW,
        deal_id=large.pk,
        executive=other,
        purpose=Purpose.DOOR,
        aim="Meet their board.",
    )
    actions.begin_ahead(at=NOW)
    assert asked.asked_of(cast.sponsor, today=TODAY) == []
    assert [one.deal_id for one in asked.asked_of(other, today=TODAY)] == [large.pk]


def test_of_several_who_lead_the_nearest_is_asked(cast, large):
    above = person("Rut", Role.MANAGER)
    team("Region", manager=above)
    cast.north.parent.memberships.create(user=above, manages=True, since=TODAY)
    actions.begin_ahead(at=NOW)
    assert asked.asked_of(above, today=TODAY) == []
    assert len(asked.asked_of(cast.manager, today=TODAY)) == 1


def test_a_company_that_retired_the_question_is_asked_nothing(cast, large):
    questions.retire(by=cast.sponsor, at=NOW, key="premortem.answer")
    assert actions.begin_ahead(at=NOW) == 0
    questions.ask_again(by=cast.sponsor, at=NOW, key="premortem.answer")
    assert actions.begin_ahead(at=NOW) == 1


def test_without_deals_of_known_value_nothing_is_large(cast):
    playbooks.in_force(cast, needed_days=30)
    assert actions.begin_ahead(at=NOW) == 0
