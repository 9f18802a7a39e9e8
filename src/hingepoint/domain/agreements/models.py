"""The catalogue of agreement types, and the register: one type on one deal, with its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from markupsafe import Markup, escape

from hingepoint.domain.agreements.catalogue import SHIPPED
from hingepoint.domain.deals.models import Contact, Deal, Trace, TraceQuerySet, recorded_by_hand, that_count
from hingepoint.domain.people.models import User, Viewer, choices, sees_all, works_here
from hingepoint.records import languages
from hingepoint.records.agreements import STANDING, AgreementState, Evidence, Origin, Side
from hingepoint.records.deals import DealStatus, Stage
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: States in which something is still to be got.
WAITING = (AgreementState.NEEDED, AgreementState.PLANNED, AgreementState.ASKED, AgreementState.SOFT)
#: States in which somebody is at work on it; such an agreement has its day whether required or not.
IN_MOTION = (AgreementState.PLANNED, AgreementState.ASKED, AgreementState.SOFT)

#: Steps that a detection rule wrote carry this and the rule's key as their origin.
RULE_ORIGIN = "rule:"
#: Steps that the passing of time took, overnight.
NIGHT_ORIGIN = "night"


class Shown(TypedDict):
    """What ``effective`` annotates."""

    shown_name: str
    shown_stage: str


class NameOfType(models.CharField):
    """A name that is said in the reader's language as long as it is the shipped one (decision 1055)."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return value and languages.in_context(value, SHIPPED)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", list(args), kwargs


class AgreementTypeQuerySet(models.QuerySet["AgreementType"]):
    def effective(self) -> models.QuerySet[WithAnnotations[AgreementType, Shown]]:
        """Annotate what is shown: the company's own words where it has any, else the shipped ones."""
        shown = self.annotate(
            shown_name=Coalesce(F("own_name"), F("name")), shown_stage=Coalesce(F("own_stage"), F("stage"))
        )
        return cast("models.QuerySet[WithAnnotations[AgreementType, Shown]]", shown)

    def shown_names(self, keys: Collection[str]) -> dict[str, str]:
        """Return the company's names of types by key. One SQL query, none for no key."""
        if not keys:
            return {}
        return dict(self.effective().filter(key__in=keys).values_list("key", "shown_name"))

    def in_use(self) -> AgreementTypeQuerySet:
        """Those that are offered: a tied word is spoken of by the type that it is tied to."""
        return self.filter(hidden=False, tied_to__isnull=True)

    def unsettled(self) -> AgreementTypeQuerySet:
        """Words found in files of which nobody has said yet what they mean here."""
        return self.in_use().filter(origin=Origin.IMPORTED, settled_at__isnull=True, own_name__isnull=True)

    def meant(self, **which: Any) -> AgreementType:
        """Return the type that a key or a number means: of a tied word, what it is tied to. Raises DoesNotExist."""
        row = self.select_related("tied_to").get(**which)
        return row.tied_to or row

    def meanings(self) -> dict[str, str]:
        """Return the key that each tied word means, by the word's own key. One SQL query."""
        return dict(self.filter(tied_to__isnull=False).values_list("key", "tied_to__key"))


class AgreementType(models.Model):
    """A row of the catalogue. Columns beginning ``own_`` and ``hidden`` are the company's overlay;
    an upgrade writes the others of shipped rows and never those.

    A word of the company's own files is a row too, until and after it is tied: what files say by it, and who
    asks for it by an old address, then means ``tied_to``.
    """

    key = models.CharField(max_length=200, unique=True)
    origin = models.CharField(max_length=10, choices=Origin.choices)
    name = NameOfType(max_length=200)
    side = models.CharField(max_length=10, choices=choices(Side))
    counterpart = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=20, choices=choices(Stage), blank=True)
    commits = models.CharField(max_length=4, default="them")
    description = models.TextField(blank=True)
    good = models.JSONField(default=list)
    metrics = models.JSONField(default=list)
    crm_trace = models.TextField(blank=True)
    starter = models.BooleanField(default=False)
    pressure = models.CharField(max_length=40, blank=True)
    proximity = models.CharField(max_length=5, default="mid")
    lever = models.CharField(max_length=10, default="influenced")
    recheck_days = models.PositiveSmallIntegerField(default=90)
    own_name = NameOfType(max_length=200, null=True, blank=True)
    own_stage = models.CharField(max_length=20, choices=choices(Stage), null=True, blank=True)
    own_description = models.TextField(null=True, blank=True)
    own_recheck_days = models.PositiveSmallIntegerField(null=True, blank=True)
    hidden = models.BooleanField(default=False)
    tied_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="tied_words"
    )
    settled_at = models.DateTimeField(null=True, blank=True)  # when it was tied, or kept as the company's own
    tied_after = models.BigIntegerField(null=True, blank=True)  # the last step of the register by then
    side_guessed = models.BooleanField(default=False)  # no file said with whom
    version = models.PositiveIntegerField(default=1)

    objects = AgreementTypeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tied_to__isnull=True) | Q(settled_at__isnull=False, tied_after__isnull=False),
                name="tied_words_are_settled",
            ),
            models.CheckConstraint(
                condition=Q(tied_to__isnull=True) | ~Q(tied_to=F("id")), name="no_word_is_tied_to_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.own_name or self.name

    def __format__(self, how: str) -> str:
        return format(str(self), how)

    def __html__(self) -> Markup:
        return escape(str(self))


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, viewer: Viewer) -> AgreementQuerySet:
        """Agreements of visible deals; an inside partner sees only what was asked of them."""
        if works_here(viewer) and viewer.role == Role.INSIDE_PARTNER:
            return self.filter(asked_of=viewer)
        if sees_all(viewer):
            return self.all()
        return self.filter(deal__in=Deal.every.visible_to(viewer))

    def on_open_deals(self, viewer: Viewer) -> AgreementQuerySet:
        """Those of ``visible_to`` on open deals. The open deals, few among all, are looked up first."""
        if works_here(viewer) and viewer.role == Role.INSIDE_PARTNER:
            return self.filter(that_count("deal"), asked_of=viewer, deal__status=DealStatus.OPEN)
        return self.filter(deal__in=Deal.objects.visible_to(viewer).open())

    def with_last_origin(self) -> AgreementQuerySet:
        """Annotate where the last word about each came from, as ``last_origin``."""
        steps = AgreementEvent.objects.filter(agreement=OuterRef("pk")).order_by("-pk")
        return self.annotate(last_origin=Subquery(steps.values("origin")[:1]))

    def overdue(self, today: dt.date) -> AgreementQuerySet:
        """Those that are late on ``today``: what ``rules.is_late`` says of one."""
        return self.filter(late_after__lt=today)

    def needed(self) -> AgreementQuerySet:
        """Those that the playbook asks of their deals, without what a deal does without."""
        return self.filter(required=True).exclude(state=AgreementState.NOT_NEEDED)

    def to_sort_out(self) -> AgreementQuerySet:
        """Those of open deals that were due before they were first asked for, of which nobody has said yet whether
        they are kept."""
        unsorted = Q(sorted_at__isnull=True) | Q(sorted_at__date__lt=F("asked_on"))
        old = {"required": True, "state": AgreementState.NEEDED, "was_due_on__isnull": False}
        return self.filter(that_count("deal"), unsorted, **old, deal__status=DealStatus.OPEN)

    def due(self, today: dt.date) -> AgreementQuerySet:
        """Those that were needed by ``today``: their day came while the deal was open."""
        still_open = Q(deal__closed_at__isnull=True) | Q(deal__closed_at__date__gte=F("needed_by"))
        return self.needed().filter(that_count("deal"), still_open, needed_by__lte=today)


class Agreement(models.Model):
    """One agreement type on one deal: the current state, derived from ``AgreementEvent``."""

    # No key here has an index of its own: another begins with it, or a partial one below leaves out what is empty.
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="agreements", db_index=False)
    type = models.ForeignKey(
        AgreementType, on_delete=models.PROTECT, related_name="agreements", db_index=False
    )
    #: The tied word under which it came, while it can still go back to it.
    said_as = models.ForeignKey(
        AgreementType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=12, choices=choices(AgreementState), default=AgreementState.NEEDED)
    evidence = models.PositiveSmallIntegerField(default=Evidence.NONE)
    #: 0 to 7, as a step counted it or a file told it; what is shown is ``rules.quality_of``.
    quality = models.PositiveSmallIntegerField(null=True, blank=True)
    points_met = models.JSONField(default=list, blank=True)  # which of records.QUALITY_POINTS people ticked
    checks_met = models.JSONField(default=list, blank=True)  # which of the type's checks, as 0 to 3
    act = models.CharField(max_length=500, blank=True)  # "will …"
    person = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, related_name="agreements", db_index=False
    )
    asked_of = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="asked", db_index=False
    )
    person_name = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True, blank=True)  # the date they committed to
    required = models.BooleanField(default=False)  # one of the few that the strategy asks of this deal
    needed_by = models.DateField(null=True, blank=True)
    needed_because = models.CharField(max_length=300, blank=True)  # how the day was computed
    asked_on = models.DateField(null=True, blank=True)  # since when the playbook asks for it
    was_due_on = models.DateField(
        null=True, blank=True
    )  # by the rule alone, where that was before it was asked
    sorted_at = models.DateTimeField(null=True, blank=True)  # when the seller said to keep such an old one
    recheck_days = models.PositiveSmallIntegerField(
        null=True, blank=True
    )  # as the playbook asks; None: the type
    reason = models.TextField(blank=True)
    owed_in_return = models.TextField(blank=True)
    gained_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    expires_on = models.DateField(null=True, blank=True)
    #: The day after which it is late, kept by the database: what is still to be got, by when we need it;
    #: what was gained, by when they promised to act. None: nothing to be late with. What is neither
    #: required nor in motion is optional, and never late.
    late_after = models.GeneratedField(
        expression=Case(
            When(
                Q(state__in=IN_MOTION) | Q(state=AgreementState.NEEDED, required=True),
                then=Coalesce("needed_by", "due_on"),
            ),
            When(state=AgreementState.GAINED, required=True, then=F("due_on")),
            default=None,
        ),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    batch = models.BigIntegerField(null=True, db_index=True)
    version = models.PositiveIntegerField(default=1)

    objects = AgreementQuerySet.as_manager()

    @property
    def holds_days(self) -> int:
        """For how many days it is relied on without being checked: the playbook says, else the type."""
        return self.recheck_days or self.type.own_recheck_days or self.type.recheck_days

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "type"], name="one_agreement_of_a_type"),
            models.CheckConstraint(condition=Q(evidence__range=(0, 4)), name="evidence_0_to_4"),
            models.CheckConstraint(
                condition=Q(quality__isnull=True) | Q(quality__range=(0, 7)), name="quality_0_to_7"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(STANDING)) | Q(gained_at__isnull=False),
                name="standing_agreements_have_a_date",
            ),
        ]
        indexes = [
            # read alone by the matrix's counts on PostgreSQL; SQLite leaves out what is included
            models.Index(fields=["type", "state"], include=["deal"], name="agreement_by_type"),
            # read alone by the matrix's counts on SQLite and by the filter on late agreements
            models.Index(fields=["deal", "type", "state", "late_after"], name="agreement_states"),
            models.Index(
                fields=["late_after", "deal"], name="agreement_dates", condition=Q(late_after__isnull=False)
            ),
            models.Index(fields=["said_as"], name="agreement_by_word", condition=Q(said_as__isnull=False)),
            models.Index(fields=["person"], name="agreement_by_person", condition=Q(person__isnull=False)),
            models.Index(
                fields=["asked_of"], name="agreement_by_asked_of", condition=Q(asked_of__isnull=False)
            ),
        ]


class AgreementEventQuerySet(TraceQuerySet["AgreementEvent"]):
    def said(self) -> AgreementEventQuerySet:
        """What people and files said, not what rules found or time did."""
        return self.exclude(Q(origin__startswith=RULE_ORIGIN) | Q(origin=NIGHT_ORIGIN))

    def standing(self) -> AgreementEventQuerySet:
        """Leave out steps that were taken back, and the takings back."""
        undone = AgreementEvent.objects.filter(undoes__isnull=False).values("undoes_id")
        return self.filter(undoes__isnull=True).exclude(pk__in=undone)


class AgreementEvent(Trace):
    """One step in an agreement's life: the state it reached and what was known then.

    A step said in error is taken back by a later row that ``undoes`` it: both stay. ``replaced`` holds
    what the step changed on the agreement, as it was before; steps made by hand or by a rule have it.
    """

    agreement = models.ForeignKey(
        Agreement, on_delete=models.CASCADE, related_name="events", db_index=False
    )  # begins the unique index below
    state = models.CharField(max_length=12, choices=choices(AgreementState))
    act = models.CharField(max_length=500, blank=True)
    due_on = models.DateField(null=True, blank=True)
    replaced = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    undoes = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="undone_by"
    )

    objects = AgreementEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "fingerprint"], name="agreement_event_once")
        ]
        indexes = [recorded_by_hand("agreement_event_by_hand")]
