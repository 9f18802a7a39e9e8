"""Requests for exceptional price or terms, who has to say yes, and the rules that say who.

| field | who reads | who writes |
|---|---|---|
| the request (discount, reason, alternatives, return) | whoever sees the deal, and whoever was asked | whoever sees the deal |
| answers | the same | the person asked, once |
| what came back for what was asked back | the same | whoever sees the deal |
| pulse (defended, argues_for) | nobody, not even by id: only counts over at least five answers about two or more sellers, for sponsor, analyst and the managers of the team | the inside partner who was asked, once a request |
| chance (decision diary) | who stated it; nobody else, whatever their role | the person asked, with their answer |
| rules | everybody who sells | sponsor and analyst |
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hingepoint.domain.deals.models import Deal, DealEvent, money, share
from hingepoint.domain.people.models import User, Viewer, choices, works_here
from hingepoint.records.escalations import (
    UNDECIDED,
    Answer,
    Approver,
    ArguesFor,
    CameBack,
    Kind,
    Lane,
    State,
)


class Policy(models.Model):
    """One version of the rules. The newest published one holds; one without ``published_at`` is a draft."""

    version = models.CharField(max_length=40, unique=True)
    own_discount = models.FloatField()
    fast_discount = models.FloatField()
    fast_value = money()
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(own_discount__range=(0, 1)) & Q(fast_discount__range=(0, 1)),
                name="policy_shares",
            ),
            models.UniqueConstraint(
                models.Value(1), condition=Q(published_at__isnull=True), name="one_draft_of_the_policy"
            ),
        ]


class PolicyRule(models.Model):
    """Whom to ask for which requests; all its conditions must hold."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="rules")
    approver = models.CharField(max_length=10, choices=choices(Approver))
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, blank=True)
    discount_from = share()
    value_from = money()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(approver=Approver.PERSON) | Q(person__isnull=False), name="a_person_is_named"
            )
        ]


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def visible_to(self, viewer: Viewer) -> EscalationQuerySet:
        """Requests on visible deals, and those that the viewer was asked about."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        asked = Approval.objects.filter(approver=viewer).values("escalation_id")
        return self.filter(Q(deal__in=Deal.every.visible_to(viewer)) | Q(pk__in=asked))


class Escalation(models.Model):
    """One request. ``event`` is its line in the deal's history; ``value`` the deal's amount when it was
    asked; ``policy`` the version of the rules it was asked under."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="escalations")
    event = models.OneToOneField(DealEvent, on_delete=models.CASCADE, related_name="escalation")
    demand = models.ForeignKey(DealEvent, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    wanted = models.CharField(max_length=500, blank=True)
    discount = share()
    value = money()
    reason = models.TextField(blank=True)
    alternatives = models.TextField(blank=True)
    return_asked = models.TextField(blank=True)
    policy = models.CharField(max_length=40)
    lane = models.CharField(max_length=4, choices=choices(Lane))
    lane_why = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    granted = share()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-asked_at"], name="escalation_by_time"),
            models.Index(fields=["deal", "asked_at"], name="escalation_of_deal"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UNDECIDED) | Q(decided_at__isnull=False),
                name="decided_requests_have_a_date",
            )
        ]


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting_for(self, user: Viewer) -> ApprovalQuerySet:
        return self.filter(answer=Answer.WAITING, escalation__state=State.OPEN, approver=user)

    def waits_on(self, user: Viewer) -> ApprovalQuerySet:
        """Those that nobody but ``user`` answers, now or when something that was asked back has come."""
        return self.filter(answer=Answer.WAITING, escalation__state__in=UNDECIDED, approver=user)

    def waiting_for_who_left(self) -> ApprovalQuerySet:
        return self.filter(answer=Answer.WAITING, escalation__state__in=UNDECIDED, approver__is_active=False)

    def asked_back(self) -> ApprovalQuerySet:
        """Answers that asked for something back first; ``came`` says what the customer gave, empty until then."""
        return self.filter(answer=Answer.BACK)


class Approval(models.Model):
    """One person asked about one request. Asked again after a change, they get a new row; the old stays.

    Who asks for something back (``words`` say what) is asked again when the seller says what came (``came``).
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="approvals")
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="approvals")
    whom = models.CharField(max_length=10, choices=choices(Approver))
    because = models.CharField(max_length=300)
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.WAITING)
    granted = share()
    words = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    came = models.CharField(max_length=10, choices=choices(CameBack), blank=True)
    came_words = models.TextField(blank=True)
    came_at = models.DateTimeField(null=True)
    came_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "approver"],
                condition=Q(answer=Answer.WAITING),
                name="asked_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(came="") | Q(answer=Answer.BACK, came_at__isnull=False),
                name="what_came_was_asked_back",
            ),
        ]
        indexes = [models.Index(fields=["approver", "answer"], name="approval_waiting")]


class Pulse(models.Model):
    """What an inside partner thinks of a request, in two taps. Never shown by itself."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="pulses")
    partner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    defended = models.BooleanField()
    argues_for = models.CharField(max_length=8, choices=ArguesFor.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["escalation", "partner"], name="one_pulse_a_request"),
        ]


class DiaryEntryQuerySet(models.QuerySet["DiaryEntry"]):
    def visible_to(self, viewer: Viewer) -> DiaryEntryQuerySet:
        return self.filter(by=viewer) if works_here(viewer) else self.none()


class DiaryEntry(models.Model):
    """How likely somebody thought the deal was to be won when they answered a request about it. Theirs alone."""

    approval = models.OneToOneField(Approval, on_delete=models.CASCADE, related_name="diary_entry")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    chance = models.FloatField()
    at = models.DateTimeField()

    objects = DiaryEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chance__gt=0) & Q(chance__lt=1), name="a_chance_is_never_certain"
            )
        ]
