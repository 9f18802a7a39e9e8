"""Who belongs into the room of a review."""

from __future__ import annotations

from django.db.models import Q

from hingepoint.domain.people.models import Membership, User
from hingepoint.domain.reviews.models import Review
from hingepoint.records.reviews import ReviewKind


def room_of(review: Review) -> list[User]:
    """Return who belongs to a review: the team and who manages it or a team above; of a pipeline review also who manages a
    team directly below. Those who lead come first. One SQL query."""
    above = [int(pk) for pk in review.team.path.strip("/").split("/")]
    now = Q(until__isnull=True, user__is_active=True)
    there = Q(team=review.team_id) | Q(team__in=above, manages=True)
    if review.kind == ReviewKind.PIPELINE:
        there |= Q(team__parent=review.team_id, manages=True)
    rows = (
        Membership.objects.filter(now & there).select_related("user").order_by("-manages", "user__name", "pk")
    )
    return list({row.user_id: row.user for row in rows}.values())


def may_commit(review: Review) -> dict[int, str]:
    """Return who can be named for a commitment, by number: the room, and whoever took part. Two SQL queries."""
    room = {one.pk: one.name for one in room_of(review)}
    guests = review.seats.exclude(person__in=room).values_list("person_id", "person__name")
    return room | dict(guests)
