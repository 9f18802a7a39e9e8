"""Imports of files: what was read, what it did, and what is needed to take it back."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import User, Viewer, sees_all
from hingepoint.records.imports import ImportState

#: States in which a background task works on the import.
AT_WORK = (ImportState.CHECKING, ImportState.IMPORTING)


M = TypeVar("M", bound=models.Model)


class ImportQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Analysts and sponsors look after the data; nobody else sees imports."""
        return self.all() if sees_all(viewer) else self.none()


class ImportBatch(models.Model):
    """One import of one or two files, keyed by their contents; the rows it made carry its id as ``batch``.

    The row reaches DONE in the same transaction as the rows it made, so that after a crash it says
    whether the import happened. ``report`` is what ``queries.Report`` shows.
    """

    key = models.CharField(max_length=64, db_index=True)  # SHA-256 of the files and how they were read
    files = models.JSONField(default=list)  # [{table, name, stored, sha256, bytes}]
    mapping = models.JSONField(default=dict, blank=True)
    skip_bad_rows = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField()
    touched_at = models.DateTimeField()  # when the work last moved: a dead worker stops moving it
    finished_at = models.DateTimeField(null=True)
    phase = models.CharField(max_length=20, blank=True)
    rows_done = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    message = models.TextField(blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False), name="done_imports_have_a_date"
            )
        ]


class ImportChange(models.Model):
    """A row that an import changed (``before``: its columns as they were) or, in tables whose rows carry
    no ``batch``, made (``before`` is null)."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="changes")
    table = models.CharField(max_length=20)
    row_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    version = models.PositiveIntegerField(null=True)  # of the row after this import

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "table", "row_id"], name="import_change_once")
        ]
        indexes = [models.Index(fields=["table", "row_id"], name="import_change_by_row")]


class SavedMapping(models.Model):
    """How one kind of file is read, kept under a name for the next one of its kind."""

    name = models.CharField(max_length=100, unique=True)
    mapping = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField()

    objects = ImportQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
