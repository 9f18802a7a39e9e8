"""Reviews of teams: what was reviewed, what was written down, and what became of it.

| field | who reads | who writes |
|---|---|---|
| a review, its deals, notes and people | the team, its managers, sponsor and analyst; of a pipeline review also who manages a team below | who leads it opens, turns and ends it; everybody in it writes |
| what became of a commitment | the same | whoever of them says it, or the register |

Coaching notes and ratings of persons have no place here. After its end a review changes no more: what comes later is a
note of its own.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal, money
from hingepoint.domain.people.models import (
    Membership,
    Team,
    User,
    Viewer,
    managed_team_ids,
    sees_all,
    works_here,
)
from hingepoint.records.people import Role
from hingepoint.records.reviews import Became, NoteKind, Part, ReviewKind


def teams_of(viewer: User) -> models.QuerySet[Membership]:
    """Return the current memberships of a person."""
    return Membership.objects.filter(user=viewer, until__isnull=True)


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, viewer: Viewer) -> ReviewQuerySet:
        """Reviews of one's own team and of those one manages; a pipeline review also of the team above one's own teams."""
        if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
            return self.none()
        if sees_all(viewer):
            return self.all()
        own = teams_of(viewer)
        led = Team.objects.filter(pk__in=own.filter(manages=True).values("team"))
        mine = Q(team__in=own.values("team")) | Q(team__in=managed_team_ids(viewer))
        above = Q(kind=ReviewKind.PIPELINE, team__in=led.values("parent"))
        return self.filter(mine | above)

    def led_by(self, viewer: Viewer) -> ReviewQuerySet:
        """Reviews that a person may open, turn and end: of the teams they manage; a sponsor's are all."""
        if works_here(viewer) and viewer.role == Role.SPONSOR:
            return self.all()
        if works_here(viewer) and viewer.role == Role.MANAGER:
            return self.filter(team__in=managed_team_ids(viewer))
        return self.none()

    def held(self) -> ReviewQuerySet:
        return self.filter(ended_at__isnull=False)

    def ahead(self) -> ReviewQuerySet:
        """Those that are not over."""
        return self.filter(ended_at__isnull=True)


class Review(models.Model):
    """A review of a team on a day: planned, prepared the day before, opened, ended.

    ``since``: from when on it tells what changed. ``place``: which part is on, 0 the commitments, then the deals in
    order, then the close. ``place_since`` is empty while the clock stands; ``used`` seconds were spent before
    ``place_since``, ``place_used`` of them in this part. ``told``: the numbers of a pipeline review as they stood.
    """

    kind = models.CharField(max_length=10, choices=ReviewKind.choices)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    planned_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    prepared_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    place = models.PositiveSmallIntegerField(default=0)
    place_since = models.DateTimeField(null=True)
    place_used = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    told = models.JSONField(default=dict)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "kind"],
                condition=Q(ended_at__isnull=True),
                name="one_review_ahead_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("opened_at")),
                name="a_review_ends_after_it_opened",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(prepared_at__isnull=False),
                name="what_opens_is_prepared",
            ),
        ]
        indexes = [models.Index(fields=["team", "kind", "-on"], name="review_by_team")]

    def __str__(self) -> str:
        return f"{ReviewKind(self.kind).label}, {self.team}"


class ReviewedDeal(models.Model):
    """A deal that a weekly review looks at, in its place (from 1). ``why`` in words; ``told`` and ``asked`` are the plain
    forms of ``rules.Told`` and the facts that its owner was asked for, as they stood when the review was prepared."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="deals", db_index=False)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    why = models.TextField()
    question = models.TextField()
    told = models.JSONField()
    asked = models.JSONField(default=list)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["review", "place"], name="one_deal_a_place"),
            models.UniqueConstraint(fields=["review", "deal"], name="a_deal_is_reviewed_once"),
        ]


class ReviewSeat(models.Model):
    """Somebody who was there, and what they did."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="seats", db_index=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=10, choices=Part.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["review", "person"], name="one_seat_a_review")]


class ReviewNote(models.Model):
    """Something written down, about a reviewed deal or about the whole. Never changed.

    A commitment has its owner and day; ``type``: the agreement of the deal by which the register tells what became of it.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="notes")
    about = models.ForeignKey(ReviewedDeal, on_delete=models.CASCADE, null=True, related_name="notes")
    kind = models.CharField(max_length=12, choices=NoteKind.choices)
    words = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, null=True, related_name="+")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="a_note_says_something"),
            models.CheckConstraint(
                condition=~Q(kind=NoteKind.COMMITMENT) | Q(owner__isnull=False, due_on__isnull=False),
                name="commitments_have_owner_and_day",
            ),
            models.CheckConstraint(
                condition=Q(type__isnull=True) | Q(about__isnull=False), name="the_register_tells_of_a_deal"
            ),
        ]


class CommitmentEnd(models.Model):
    """What became of a commitment; said by nobody where the register told it."""

    note = models.OneToOneField(ReviewNote, on_delete=models.CASCADE, related_name="end")
    became = models.CharField(max_length=10, choices=Became.choices)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class PipelineDeal(models.Model):
    """An open deal as it stood at a pipeline review."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="pipeline", db_index=False)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+")
    stage = models.CharField(max_length=100, blank=True)
    amount = money()
    currency = models.CharField(max_length=3, blank=True)
    expected_close_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "deal"], name="a_deal_stood_once")]
