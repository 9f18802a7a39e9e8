"""Detection rules with their versions, and what each found: agreements read from the CRM's traces.

Who reads and writes: rules are kept by analysts and sponsors; what a rule found is seen, confirmed and
corrected by whoever sees the deal.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from hingepoint.domain.agreements.models import RULE_ORIGIN, AgreementEvent, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, choices, works_here
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.detection import Outcome
from hingepoint.records.people import Role


class DetectionRule(models.Model):
    """A rule for one agreement type. Its words are those of its last version; ``key`` names it in files.

    A rule that is on reads every deal once, by its number, and from then on those that the trail names:
    ``after`` is the deal it read last (None: it has read them all), ``trail`` the line up to which it has
    read what was touched.
    """

    key = models.SlugField(max_length=34, unique=True)
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, related_name="rules")
    on = models.BooleanField(default=False)
    switched_at = models.DateTimeField(null=True)
    after = models.BigIntegerField(null=True)
    trail = models.BigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["key"]

    @property
    def origin(self) -> str:
        return f"{RULE_ORIGIN}{self.key}"


class RuleVersion(models.Model):
    """What a rule said from a day on: ``definition`` is ``analysis.detection.plain``. Never changed, but for
    the result of its test on history."""

    rule = models.ForeignKey(DetectionRule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    definition = models.JSONField()
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    tested_at = models.DateTimeField(null=True)
    test = models.JSONField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="one_version_of_a_number")]


class DetectionQuerySet(models.QuerySet["Detection"]):
    def visible_to(self, viewer: Viewer) -> DetectionQuerySet:
        """Whoever sees the deal sees what was found on it; inside partners see none."""
        if works_here(viewer) and viewer.role == Role.INSIDE_PARTNER:
            return self.none()
        return self.filter(deal__in=Deal.every.visible_to(viewer))

    def open(self) -> DetectionQuerySet:
        """Those that nobody has judged, and after which nothing was said that answers them."""
        written, proposed = Q(step__isnull=False), Q(step__isnull=True)
        settled = Exists(words_after().filter(state__in=SETTLED))
        return self.filter(proposed | ~Exists(words_after()), written | ~settled, outcome=Outcome.OPEN)


#: What people say of an agreement that answers a mere proposal.
SETTLED = (*sorted(STANDING), AgreementState.BROKEN, AgreementState.NOT_NEEDED, AgreementState.DECLINED)


def words_after() -> models.QuerySet:
    """Return what people and files said of its agreement after a detection, for a subquery of one."""
    said = AgreementEvent.objects.said().filter(pk__gt=OuterRef("after"))
    return said.filter(agreement__deal=OuterRef("deal"), agreement__type=OuterRef("rule__type"))


class Detection(models.Model):
    """One agreement that a rule found on one deal, with the trace in words.

    ``step`` is the line it wrote into the register. Without one it is only proposed, because a person had
    said something else before, or because it is not known who committed.
    """

    rule = models.ForeignKey(DetectionRule, on_delete=models.CASCADE, related_name="detections")
    by_version = models.ForeignKey(RuleVersion, on_delete=models.CASCADE, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="detections")
    step = models.OneToOneField(AgreementEvent, on_delete=models.CASCADE, null=True, related_name="detection")
    state = models.CharField(max_length=12, choices=choices(AgreementState))
    evidence = models.PositiveSmallIntegerField()
    traced_at = models.DateTimeField()
    words = models.TextField()
    who = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField()
    after = (
        models.BigIntegerField()
    )  # the last step of the register when it was found: its own, if it wrote one
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    judged_at = models.DateTimeField(null=True)
    judged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    batch = models.BigIntegerField(null=True, db_index=True)

    objects = DetectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "deal"], condition=~Q(outcome=Outcome.TAKEN_BACK), name="found_once_a_deal"
            )
        ]
        indexes = [
            models.Index(fields=["deal", "outcome"], name="detection_by_deal"),
            models.Index(
                models.F("rule"),
                models.F("traced_at").desc(),
                models.F("id").desc(),
                condition=Q(outcome=Outcome.OPEN),
                name="detection_latest",
            ),
        ]
