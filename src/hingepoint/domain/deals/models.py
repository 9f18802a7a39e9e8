"""Accounts, contacts with buying roles, deals, and the dated history of deals."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from hingepoint.domain.people.models import (
    Team,
    User,
    Viewer,
    choices,
    managed_team_ids,
    sees_all,
    works_here,
)
from hingepoint.records.deals import BuyingRole, DealStatus, EventKind, Gone
from hingepoint.records.people import Role


def money(**options: Any) -> models.DecimalField:
    """A column of money in the deal's currency; four digits carry every ISO 4217 currency."""
    return models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True, **options)


def share(**options: Any) -> models.FloatField:
    """A column holding a share; a database constraint keeps it in [-1, 1]."""
    return models.FloatField(null=True, blank=True, **options)


def that_count(way: str = "") -> Q:
    """Choose the deals that count: lists, numbers and signals leave out those that are gone in the CRM.

    ``way`` leads to the deal from another table. The one place that says it; ``Deal.objects`` holds these only, and
    ``Deal.every`` all, for what belongs to one deal and for whoever writes deals.
    """
    return Q(**{f"{way}__gone_at__isnull" if way else "gone_at__isnull": True})


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, viewer: Viewer) -> AccountQuerySet:
        """Accounts of the deals that the viewer sees: of all deals by looking each up, of a few by their list."""
        deals = Deal.every.visible_to(viewer).order_by()
        if sees_all(viewer):
            return self.filter(Exists(deals.filter(account=OuterRef("pk"))))
        return self.filter(pk__in=deals.values("account_id"))


class Account(models.Model):
    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=300)
    region = models.CharField(max_length=100, blank=True)
    segment = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)

    objects = AccountQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, viewer: Viewer) -> ContactQuerySet:
        """People with a part in a deal that the viewer sees, looked up as accounts are."""
        deals = Deal.every.visible_to(viewer).order_by()
        if sees_all(viewer):
            return self.filter(Exists(deals.filter(people__contact=OuterRef("pk"))))
        return self.filter(pk__in=deals.values("people__contact"))


class Contact(models.Model):
    """A person at an account."""

    key = models.CharField(max_length=200, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    left_on = models.DateField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class DealQuerySet(models.QuerySet["Deal"]):
    def visible_to(self, viewer: Viewer) -> DealQuerySet:
        """A seller's own deals, a manager's subtree, everything for sponsor and analyst, else nothing."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        if viewer.role == Role.MANAGER:
            return self.filter(Q(team_id__in=managed_team_ids(viewer)) | Q(owner=viewer))
        if viewer.role == Role.SELLER:
            return self.filter(owner=viewer)
        return self.none()

    def open(self) -> DealQuerySet:
        """Open deals that count."""
        return self.filter(that_count(), status=DealStatus.OPEN)


class CountedDeals(models.Manager.from_queryset(DealQuerySet)):  # type: ignore[misc]
    """The deals that count: see ``that_count``."""

    def get_queryset(self) -> DealQuerySet:
        return super().get_queryset().filter(that_count())


class Deal(models.Model):
    """One sale. The row is the current state, derived from ``DealEvent`` and the CRM; ``key`` is the
    CRM's own id. Money is in ``currency``; discount and margin are shares."""

    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="deals")
    # indexes below begin with these two
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="deals", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="deals", db_index=False)
    status = models.CharField(max_length=4, choices=choices(DealStatus), default=DealStatus.OPEN)
    stage = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    expected_close_on = models.DateField(null=True, blank=True)
    amount = money()
    currency = models.CharField(max_length=3, blank=True)
    initial_amount = money()
    list_price = money()
    net_price = money()
    discount = share()
    cost = money()
    margin = share()
    projected_amount = money()
    projected_margin = share()
    region = models.CharField(max_length=100, blank=True)
    segment = models.CharField(max_length=100, blank=True)
    product = models.CharField(max_length=100, blank=True)
    source = models.CharField(max_length=100, blank=True)
    extra = models.JSONField(default=dict, blank=True)  # columns kept from the file, by their name
    link = models.URLField(max_length=500, blank=True)  # the record in the CRM
    #: Since when it is gone in the CRM, and what became of it there. Its status and its agreements stay.
    gone_at = models.DateTimeField(null=True, blank=True)
    gone = models.CharField(max_length=8, choices=choices(Gone), blank=True)
    batch = models.BigIntegerField(null=True, db_index=True)  # the import that made the row
    version = models.PositiveIntegerField(default=1)

    every = DealQuerySet.as_manager()
    objects = CountedDeals()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=DealStatus.OPEN) | Q(closed_at__isnull=False),
                name="closed_deals_have_a_date",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("created_at")),
                name="deals_close_after_creation",
            ),
            models.CheckConstraint(
                condition=Q(gone="", gone_at__isnull=True) | (~Q(gone="") & Q(gone_at__isnull=False)),
                name="gone_deals_have_a_date",
            ),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__range": (-1, 1)}),
                    name=f"{column}_is_a_share",
                )
                for column in ("discount", "margin", "projected_margin")
            ],
        ]
        indexes = [
            # currency last: the totals above a list are then read from the index alone
            models.Index(fields=["status", "-amount", "id", "currency", "gone_at"], name="deal_by_amount"),
            models.Index(fields=["team", "status", "-amount", "currency", "gone_at"], name="deal_by_team"),
            models.Index(fields=["owner", "status", "-amount", "currency", "gone_at"], name="deal_by_owner"),
            models.Index(fields=["status", "expected_close_on", "id", "gone_at"], name="deal_by_close"),
            models.Index(fields=["gone_at"], name="deal_gone", condition=Q(gone_at__isnull=False)),
            *[
                models.Index(fields=[column], name=f"deal_by_{column}")  # the words a filter offers
                for column in ("segment", "region", "product", "stage")
            ],
        ]

    def __str__(self) -> str:
        return self.name or self.key


class DealContact(models.Model):
    """A contact's role on one deal, from ``since`` until before ``until``."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="people")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="deals")
    role = models.CharField(max_length=30, choices=BuyingRole.choices, default=BuyingRole.OTHER)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "contact", "role"], name="deal_contact_role_once")
        ]


T = TypeVar("T", bound="Trace")


class TraceQuerySet(models.QuerySet[T]):
    """What deal events and agreement events share: dates, sources and identity."""

    def as_of(self, moment: dt.datetime) -> Self:
        """What had happened and was known at ``moment``."""
        return self.filter(occurred_at__lte=moment, recorded_at__lte=moment)


class Trace(models.Model):
    """A fact with the time it happened and the time it was recorded. Never changed.

    ``fingerprint`` identifies the fact within its parent, so that the same file read twice adds nothing.
    """

    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )  # nobody on what files bring: each table has ``recorded_by_hand``
    origin = models.CharField(max_length=40, default="hand")  # hand, import, rule:…, link, seed
    batch = models.BigIntegerField(null=True, db_index=True)
    fingerprint = models.BigIntegerField()
    counterpart = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=200, blank=True)
    value = money()
    currency = models.CharField(max_length=3, blank=True)
    evidence = models.PositiveSmallIntegerField(null=True, blank=True)
    quality = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        abstract = True


def recorded_by_hand(name: str) -> models.Index:
    """Return the index by who recorded a fact, without those of files, which are nearly all."""
    return models.Index(fields=["recorded_by"], name=name, condition=Q(recorded_by__isnull=False))


class DealEventQuerySet(TraceQuerySet["DealEvent"]):
    def standing(self) -> DealEventQuerySet:
        """Leave out what was noted in error and taken back, and the takings back."""
        undone = DealEvent.objects.filter(undoes__isnull=False).values("undoes_id")
        return self.filter(undoes__isnull=True).exclude(pk__in=undone)


class DealEvent(Trace):
    """Something that happened on a deal and is not an agreement: a stage reached, a field changed, an
    activity, a concession, a demand, an escalation, an executive's part, a quote.

    What was noted in error is taken back by a later row that ``undoes`` it: both stay.
    """

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=12, choices=choices(EventKind))
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=10, blank=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="undone_by"
    )

    objects = DealEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deal", "fingerprint"], name="deal_event_once"),
            models.CheckConstraint(condition=~Q(kind=EventKind.AGREEMENT), name="deal_event_is_no_agreement"),
        ]
        indexes = [
            models.Index(fields=["deal", "occurred_at"], name="deal_event_by_time"),
            models.Index(fields=["kind", "-occurred_at"], name="deal_event_by_kind"),
            recorded_by_hand("deal_event_by_hand"),
        ]
