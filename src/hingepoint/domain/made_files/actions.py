"""Asking for a table as a file, making it in the background, and forgetting it after a day.

Nothing here leaves an audit entry: that a file was taken away is on record when it is (``domain/trail``).
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hingepoint.connectors import files
from hingepoint.domain.agreements.queries import lists
from hingepoint.domain.deals.queries.lists import DealFilter
from hingepoint.domain.imports import tables
from hingepoint.domain.made_files.models import MadeFile
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action
from hingepoint.domain.upkeep.shapes import Shape
from hingepoint.records.made_files import GIVEN_UP, KEPT, MadeState

#: What is said of one that a newer version cannot read, or that ended in a fault of ours.
ASK_AGAIN = "It could not be made. Ask for it again; if that does not help, whoever runs Hingepoint finds the reason in its log."

_WANTED: Shape[DealFilter] = Shape(DealFilter)


@action
def ask(*, by: User, at: dt.datetime, table: str, format: str, wanted: DealFilter) -> MadeFile:
    """Have a table made as a file in the background, with the rights that ``by`` has by then. One that is asked for again while
    it is made is made once."""
    from hingepoint.domain.made_files.tasks import make_in_background  # it calls back

    facts = {"by": by, "table": table, "format": format, "wanted": _WANTED.stored(wanted)}
    waits = MadeFile.objects.filter(**facts, state=MadeState.WAITING, asked_at__gt=at - GIVEN_UP).first()
    if waits is not None:
        return waits
    row = MadeFile.objects.create(**facts, asked_at=at)
    transaction.on_commit(lambda: make_in_background.enqueue(row.pk))
    return row


def make(*, at: dt.datetime, number: int) -> None:
    """Make a file that waits, or say why not. One that is made already, or gone, stays as it is."""
    row = MadeFile.objects.select_related("by").filter(pk=number, state=MadeState.WAITING).first()
    if row is None:
        return
    try:
        words = _write(row, today=timezone.localdate(at))
    except Exception:
        _note(row, at=at, words=ASK_AGAIN)
        raise
    _note(row, at=at, words=words)


def _write(row: MadeFile, *, today: dt.date) -> str:
    """Write the whole file beside its place, then put it there; return why it cannot be, empty when it is there."""
    wanted = _WANTED.opened(row.wanted)
    if wanted is None:
        return ASK_AGAIN
    Path(settings.MADE_FILES).mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = row.path.with_suffix(".part")
    parts = tables.table(row.table, lists.selection(row.by, wanted, today), as_of=wanted.as_of)
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b") as file:
            files.write_table(parts, file, row.format)
    except OverflowError as too_large:
        unfinished.unlink()
        return f"Excel: {too_large}."
    unfinished.replace(row.path)
    return ""


@action
def _note(row: MadeFile, *, at: dt.datetime, words: str) -> None:
    row.state, row.words, row.made_at = MadeState.REFUSED if words else MadeState.READY, words, at
    row.save(update_fields=["state", "words", "made_at"])


@action
def forget_made_files(*, at: dt.datetime) -> None:
    """Remove files and their rows after a day, and files whose row is gone."""
    MadeFile.objects.filter(asked_at__lt=at - KEPT).delete()
    left = {str(number) for number in MadeFile.objects.values_list("pk", flat=True)}
    folder = Path(settings.MADE_FILES)
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.stem not in left:
            file.unlink(missing_ok=True)
