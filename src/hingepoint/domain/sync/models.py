"""Connections to CRMs, what was read from them, how far, and what was written back."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import Viewer, choices, sees_all
from hingepoint.domain.secrets.rules import SealedField
from hingepoint.records.crm import CrmObject, Fate, Origin, Written
from hingepoint.records.sync import ConnectionState

M = TypeVar("M", bound=models.Model)


class SyncQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Analysts and sponsors look after the data; nobody else sees connections."""
        return self.all() if sees_all(viewer) else self.none()


class Connection(models.Model):
    """One CRM, signed in to. ``secrets`` are sealed with a key that is not in the database.

    A deal of the CRM has here the key ``prefix`` + its id: the first connection has none, so that deals that
    came in files before are the same. ``stages`` say what each stage means, ``people`` whom a user is here;
    what they do not say is held back or shown, never taken as something.
    """

    crm = models.CharField(max_length=20)
    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(max_length=500)
    sign_in = models.CharField(max_length=30, blank=True)
    secrets = SealedField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    allowed = models.JSONField(default=list, blank=True)  # HOST:PORT that may be asked inside our network
    prefix = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=6, choices=choices(ConnectionState), default=ConnectionState.DRAFT)
    stages = models.JSONField(default=dict, blank=True)  # id of the stage -> open, won, lost
    fields = models.JSONField(default=dict, blank=True)  # our column -> field of the CRM
    people = models.JSONField(default=dict, blank=True)  # id of the user -> number of the person here
    roles = models.JSONField(default=dict, blank=True)  # word of the CRM -> buying role
    since = models.DateField(null=True, blank=True)
    described = models.JSONField(default=dict, blank=True)  # what was found there last
    capabilities = models.JSONField(default=list, blank=True)  # the lines of the last self-test
    tested_at = models.DateTimeField(null=True, blank=True)
    write_back = models.JSONField(default=list, blank=True)  # the parts that are switched on
    write_fields = models.JSONField(default=dict, blank=True)  # part -> field of the CRM
    writing = models.JSONField(
        default=dict, blank=True
    )  # of a long writing: after which deal, and when it began
    card_hosts = models.JSONField(default=list, blank=True)  # whose pages may show cards of deals
    card_keys = SealedField(blank=True)
    vanished = models.JSONField(default=dict, blank=True)  # kind -> what vanished at once: how many, believed
    every_minutes = models.PositiveIntegerField(default=15)
    budget_share = models.FloatField(default=0.5)
    requests_on = models.DateField(null=True, blank=True)
    requests = models.PositiveIntegerField(default=0)  # of that day
    allowance = models.PositiveIntegerField(null=True, blank=True)  # requests a day, as the CRM said last
    synced_at = models.DateTimeField(null=True, blank=True)  # up to when everything is here
    swept_at = models.DateTimeField(null=True, blank=True)
    wrote_at = models.DateTimeField(
        null=True, blank=True
    )  # up to when changes of agreements were written back
    next_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # runs that failed since the last that did not
    problem = models.TextField(blank=True)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = SyncQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefix"], name="one_connection_a_prefix"),
            models.CheckConstraint(
                condition=Q(budget_share__gt=0, budget_share__lte=1), name="budget_is_a_share"
            ),
            models.CheckConstraint(condition=Q(every_minutes__gte=1), name="synced_now_and_then"),
        ]

    def __str__(self) -> str:
        return self.name


class Cursor(models.Model):
    """How far one kind of records was read. ``mark`` stands for exactly the rows that are stored."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="cursors")
    object = models.CharField(max_length=12, choices=choices(CrmObject))
    mark = models.TextField(blank=True)
    server_time = models.DateTimeField(null=True, blank=True)
    complete = models.BooleanField(default=False)  # the last page was read: the next begins a new reading

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "object"], name="one_cursor_an_object")]


class Landed(models.Model):
    """One record of a CRM as it was last read: ``payload`` is the record of ``records.crm`` as canonical JSON.

    ``deal`` is the deal that it belongs to, in the CRM's words. ``due``: not in the register yet.
    ``sweep`` is the last run that found its id in a list of all.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="landed", db_index=False
    )
    object = models.CharField(max_length=12, choices=choices(CrmObject))
    external_id = models.CharField(max_length=250)
    deal = models.CharField(max_length=200, blank=True)
    payload = models.TextField()
    modified_at = models.DateTimeField(null=True, blank=True)
    fate = models.CharField(max_length=8, choices=choices(Fate), default=Fate.LIVE)
    into = models.CharField(max_length=200, blank=True)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    due = models.BooleanField(default=True)
    sweep = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "object", "external_id"], name="landed_once")
        ]
        indexes = [
            models.Index(fields=["connection", "deal", "object"], name="landed_by_deal"),
            models.Index(fields=["connection", "object", "id"], name="landed_due", condition=Q(due=True)),
            models.Index(fields=["connection", "object", "fate", "into"], name="landed_by_fate"),
        ]


class LandedChange(models.Model):
    """One field of a deal took a value; never changed once it is here, so that words of then stay."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    deal = models.CharField(max_length=200)
    identity = models.BigIntegerField()
    field = models.CharField(max_length=20)
    origin = models.CharField(max_length=8, choices=choices(Origin))
    at = models.DateTimeField()
    payload = models.TextField()
    seen_at = models.DateTimeField()
    due = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "identity"], name="change_landed_once")]
        indexes = [models.Index(fields=["connection", "deal", "at"], name="change_by_deal")]


class SyncRun(models.Model):
    """One run of a connection: what it read and wrote, what it waited for and how it ended.

    ``holder`` is the process that does it, to know whether it lives.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    began_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    swept = models.BooleanField(default=False)
    read = models.JSONField(default=dict, blank=True)  # object -> records
    brought = models.JSONField(default=dict, blank=True)  # created, updated, events
    rules = models.JSONField(default=dict, blank=True)
    requests = models.PositiveIntegerField(default=0)
    waited = models.FloatField(default=0)  # seconds
    written = models.JSONField(default=dict, blank=True)  # what became of values written back
    problem = models.TextField(blank=True)

    objects = SyncQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["connection", "-began_at"], name="run_of_connection")]


class WrittenBack(models.Model):
    """What was last written onto one deal of a CRM; ``refusal`` and ``held_until`` where it was refused.

    ``record_at`` is when the record had been changed last when it refused: it is tried again when that moves.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="written", db_index=False
    )
    external_id = models.CharField(max_length=200)
    values = models.JSONField(default=dict, blank=True)
    task_id = models.CharField(max_length=200, blank=True)
    card_until = models.DateField(null=True, blank=True)  # until when the address of its card holds
    modified_at = models.DateTimeField(null=True, blank=True)  # of the record after it: our own echo
    at = models.DateTimeField()
    refusal = models.CharField(max_length=8, choices=choices(Written), blank=True)
    said = models.CharField(max_length=300, blank=True)
    record_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="written_back_once")
        ]


class OwnTask(models.Model):
    """A task that we made in a CRM, kept when it has ended: what is read of it is nothing that a seller did."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="own_tasks", db_index=False
    )
    external_id = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_own_task_an_id")
        ]
