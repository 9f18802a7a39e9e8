"""How actions take turns, so that two people at once lose nothing (decision 0250).

An action is one transaction (``action``). It locks what it decides on *before* it reads it (``turn``,
``turns``, ``read_anew``), or moves the version it has read (``take_turn``). Locks are taken in this order,
so that no two actions wait for each other: rules, policies and playbooks; then deals, by number; then what
belongs to a deal; the audit trail last, when all else is written.

On SQLite an action has the database for itself from its first statement; there the locks do nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from hingepoint.domain.audit.actions import written_last
from hingepoint.domain.turns.models import SentForm
from hingepoint.records import languages
from hingepoint.records.errors import Hidden, Stale

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
R = TypeVar("R")

#: What a form made is known so long: nobody sends one again after a month.
FORMS_KEPT = dt.timedelta(days=30)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Let ``function`` be one transaction, whose lines of the audit trail are written last. What it writes is English,
    whoever acts: it is said anew at reading (decision 1051)."""

    @wraps(function)
    def acted(*args: P.args, **kwargs: P.kwargs) -> R:
        with languages.speaking(languages.ENGLISH), transaction.atomic(), written_last():
            return function(*args, **kwargs)

    return acted


def fingerprint(*facts: object) -> int:
    """Return the signed 64-bit identity of a fact within its parent (BLAKE2b)."""
    text = "\x1f".join("" if fact is None else str(fact) for fact in facts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


# ---- turns ----


def _locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Lock rows against other deciders until the transaction ends; rows that refer to them may still be added."""
    return rows.select_for_update(of=("self",), no_key=True)


def turn(rows: QuerySet[M], **which: Any) -> M | None:
    """Return the row that ``which`` names, as it is in this action's turn: whoever decides on it next waits
    until this transaction ends. None when ``rows`` has none."""
    return _locked(rows).filter(**which).first()


def turns(rows: QuerySet[M]) -> list[M]:
    """Return many rows in this action's turn, locked in the order of their numbers."""
    return list(_locked(rows).order_by("pk"))


def read_anew(row: M) -> M:
    """Read a row that was read before its turn once more, in its turn. Raises Hidden when it is gone."""
    try:
        row.refresh_from_db(from_queryset=_locked(type(row)._base_manager.all()))
    except ObjectDoesNotExist:
        raise Hidden("It is not there any more.") from None
    return row


def take_turn(row: Any, *, expected_version: int | None) -> None:
    """Move ``row`` to its next version, or raise Stale if it is not at ``expected_version`` any more."""
    queryset = type(row).objects.filter(pk=row.pk, version=row.version)
    if expected_version not in (None, row.version) or not queryset.update(version=row.version + 1):
        raise Stale(type(row).objects.get(pk=row.pk))
    row.version += 1


# ---- forms that are sent twice ----


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was sent. Without a token nothing is known of it."""

    by_id_number: int
    key: int | None

    @property
    def _which(self) -> dict[str, Any]:
        return {"by_id_number": self.by_id_number, "key": self.key}

    def made(self, rows: QuerySet[M]) -> M | None:
        """Return which of ``rows`` it made when it was sent before. Ask it in the turn of what it changes."""
        if self.key is None:
            return None
        known = SentForm.objects.filter(
            by_id_number=self.by_id_number, key=self.key, made=rows.model._meta.model_name
        )
        return rows.filter(pk__in=known.values("made_id")).first()

    def sent_before(self, *, at: dt.datetime) -> SentForm | None:
        """Return this form as it was answered before; None when it comes for the first time, which holds up whoever sends it again
        until the transaction ends. Belongs inside the transaction of what it changes."""
        try:
            with transaction.atomic():
                SentForm.objects.create(**self._which, made="", made_id=0, at=at)
        except IntegrityError:
            return SentForm.objects.get(**self._which)
        return None

    def answered(self, led_to: str) -> None:
        """Remember where it led; nowhere: it may come again."""
        row = SentForm.objects.filter(**self._which)
        if led_to:
            row.update(led_to=led_to[:1000])
        else:
            row.delete()

    def keep(self, made: Model, *, at: dt.datetime) -> None:
        """Remember what it made."""
        if self.key is not None:
            SentForm.objects.create(
                by_id_number=self.by_id_number,
                key=self.key,
                made=str(made._meta.model_name),
                made_id=made.pk,
                at=at,
            )


def form(by: Any, token: str, *said: object) -> Form:
    """Return the form of a person with the one-time ``token`` that was made with it, and what it ``said``."""
    known = by is not None and token
    return Form(by.pk if by else 0, fingerprint("form", token, *said) if known else None)


@action
def forget_forms(*, at: dt.datetime) -> int:
    """Forget forms that nobody will send again; return how many."""
    return SentForm.objects.filter(at__lt=at - FORMS_KEPT).delete()[0]


def plain_facts(facts: Iterable[tuple[str, Any]]) -> list[str]:
    """Return named facts as text in the order of their names, for ``form`` and ``fingerprint``."""
    return [f"{name}={value}" for name, value in sorted(facts)]
