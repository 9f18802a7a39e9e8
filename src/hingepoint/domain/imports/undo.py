"""Taking an import back: what it made goes, what it changed is put back as it was, or nothing at all."""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection
from django.db.models import F, Model

from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.deals.models import Account, Deal, DealEvent
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.imports.models import ImportBatch, ImportChange
from hingepoint.domain.imports.staging import differs, one, run
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.domain.people.rules import pointing_at, who_is_now

#: Tables whose rows carry the import that made them, what hangs on a row before the row itself.
_MADE: tuple[type[Model], ...] = (AgreementEvent, DealEvent, Agreement, Deal)

#: Tables whose changed rows are kept as they were.
_CHANGED: dict[str, type[Model]] = {"deal": Deal, "agreement": Agreement}

#: Tables that others share: a row goes when nothing needs it any more, in this order.
_SHARED: dict[str, type[Model]] = {
    "membership": Membership,
    "team": Team,
    "account": Account,
    "type": AgreementType,
    "user": User,
}


def later_changes(batch: ImportBatch) -> list[str]:
    """Return, in words, what was done since to rows of this import: undo would take that along."""
    found = []
    for table, model in _CHANGED.items():
        if number := _changed_since(table, model._meta.db_table, batch):
            found.append(f"{_count(number, table)} changed since")
    return found + [told for model in _MADE for told in _standing_on(model, batch)]


def _changed_since(table: str, name: str, batch: ImportBatch) -> int:
    """Return how many rows have moved on. Another import that was taken back moved a row by two versions."""
    undone = (
        "2 * (SELECT COUNT(*) FROM domain_importchange u JOIN domain_importbatch b ON b.id = u.batch_id"
        f" WHERE u.\"table\" = '{table}' AND u.row_id = t.id AND b.state = 'undone' {{after}})"
    )
    made = one(
        f"SELECT COUNT(*) FROM {name} t WHERE t.batch = %s AND t.version > 1"
        f" AND t.version <> 1 + {undone.format(after='')}",
        [batch.pk],
    )
    moved = one(
        f"SELECT COUNT(*) FROM domain_importchange c JOIN {name} t ON t.id = c.row_id"
        f" WHERE c.batch_id = %s AND c.\"table\" = '{table}'"
        f" AND t.version <> c.version + {undone.format(after='AND u.id > c.id')}",
        [batch.pk],
    )
    return made + moved


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _standing_on(model: type[Model], batch: ImportBatch) -> Iterator[str]:
    """Yield what refers to rows of ``model`` that this import made, and did not come with it."""
    for relation in pointing_at(model):
        other, column = relation.related_model, relation.field.column
        own = f" AND {differs('o.batch', '%s')}" if _has(other, "batch") else ""
        number = one(
            f"SELECT COUNT(*) FROM {other._meta.db_table} o JOIN {model._meta.db_table} t ON t.id = o.{column}"
            f" WHERE t.batch = %s{own}",
            [batch.pk, *([batch.pk] if own else [])],
        )
        if number:
            words = other._meta.verbose_name_plural if number > 1 else other._meta.verbose_name
            yield f"{number:,} {words} added since"


def _has(model: type[Model], column: str) -> bool:
    return any(each.column == column for each in model._meta.concrete_fields)


def take_back(batch: ImportBatch) -> dict[str, int]:
    """Remove what the import made and put back what it changed; return how many rows of each.

    Runs inside the caller's transaction, after ``later_changes`` found nothing.
    """
    _remove(Detection, batch)
    events = sum(_remove(model, batch) for model in (AgreementEvent, DealEvent))
    put_back = sum(_put_back(table, model, batch) for table, model in _CHANGED.items())
    put_back += _take_addresses_back(batch)
    agreements, deals = _remove(Agreement, batch), _remove(Deal, batch)
    shared = sum(_remove_unused(table, model, batch) for table, model in _SHARED.items())
    return {
        "deals": deals,
        "agreements": agreements,
        "events": events,
        "put_back": put_back,
        "shared": shared,
    }


def _remove(model: type[Model], batch: ImportBatch) -> int:
    return run(f"DELETE FROM {model._meta.db_table} WHERE batch = %s", [batch.pk])


def _put_back(table: str, model: type[Model], batch: ImportBatch) -> int:
    """Write the kept columns into their rows; each moves to its next version like any change."""
    changes = ImportChange.objects.filter(batch=batch, table=table, before__isnull=False)
    number = 0
    with connection.cursor() as cursor:
        for row_id, before in changes.values_list("row_id", "before").iterator(chunk_size=2000):
            assert before is not None  # the filter above
            if before.get("owner_id"):
                before["owner_id"] = who_is_now(before["owner_id"])
            sets = ", ".join(f'"{name}" = %s' for name in before)
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET {sets}, version = version + 1 WHERE id = %s",
                [*map(_as_kept, before.values()), row_id],
            )
            number += 1
    return number


def _take_addresses_back(batch: ImportBatch) -> int:
    """Take back the addresses that the import gave, but of people who were changed or let in since."""
    number = 0
    changes = ImportChange.objects.filter(batch=batch, table="user", before__isnull=False)
    for row_id, version in changes.values_list("row_id", "version"):
        same = User.objects.filter(pk=row_id, version=version or 0, invitations__isnull=True)
        same = same.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        number += same.update(email=None, version=F("version") + 1)
    return number


def _as_kept(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _remove_unused(table: str, model: type[Model], batch: ImportBatch) -> int:
    """Remove what the import made in a shared table, but what something else needs or somebody took up."""
    name = model._meta.db_table
    free = [_unneeded(relation) for relation in pointing_at(model)]
    if model is AgreementType:
        # what somebody said of a word outlives the import that brought it
        free.append("t.tied_to_id IS NULL")
    if model is User:
        free.append(f"t.version = 1 AND t.password LIKE '{UNUSABLE_PASSWORD_PREFIX}%%'")
    conditions = "".join(f" AND {each}" for each in free)
    return run(
        f"DELETE FROM {name} WHERE id IN (SELECT t.id FROM {name} t JOIN domain_importchange c"
        f" ON c.row_id = t.id WHERE c.batch_id = %s AND c.\"table\" = '{table}' AND c.before IS NULL{conditions})",
        [batch.pk],
    )


def _unneeded(relation: Any) -> str:
    table, column = relation.related_model._meta.db_table, relation.field.column
    return f"NOT EXISTS (SELECT 1 FROM {table} o WHERE o.{column} = t.id)"
