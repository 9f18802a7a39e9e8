"""Keeping a page of a CRM: its records, their changes and what became of others, with the mark they stand for."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from django.db.models import JSONField, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from hingepoint.domain.sync import differences, payload
from hingepoint.domain.sync.models import Connection, Cursor, Landed, LandedChange, OwnTask, WrittenBack
from hingepoint.records.crm import (
    CrmChange,
    CrmDeal,
    CrmFate,
    CrmObject,
    CrmPage,
    CrmRecord,
    DealField,
    Fate,
)
from hingepoint.records.sync import count

#: Fates of a deal that nobody can work on any more in the CRM.
GONE = (Fate.DELETED, Fate.MERGED, Fate.VANISHED)


@dataclass(frozen=True, slots=True)
class NewChanges:
    """Changes that are not here yet: their deals, and their rows as the database takes them."""

    deals: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(slots=True)
class Landing:
    """What a run keeps and counts. ``labels`` are the words of now for stages and people, by field and id."""

    connection: Connection
    at: dt.datetime
    labels: Mapping[DealField, Mapping[str, str]]
    unkept: frozenset[DealField]
    kept_own: frozenset[str] = frozenset()  # fields of the company's own whose changes the CRM tells
    read: Counter[str] = field(default_factory=Counter)
    rules: dict[str, int] = field(default_factory=dict)
    unseen: set[CrmObject] = field(default_factory=set)  # kinds that this sign-in may not see now

    def keep(self, page: CrmPage, *, with_mark: bool = True) -> None:
        """Store a page and its mark in one transaction. What can be made ready before it is: while it lasts, others wait."""
        self.read[page.object.value] += len(page.records)
        new = self._new_changes([each for each in page.records if isinstance(each, CrmChange)])
        records = [each for each in page.records if not isinstance(each, CrmChange)]
        with transaction.atomic():
            self._add(new)
            self._keep_page(page, records, with_mark=with_mark)

    def _keep_page(self, page: CrmPage, records: Sequence[CrmRecord], *, with_mark: bool) -> None:
        self._keep_records(page.object, records)
        for fate in page.fates:
            self.keep_fate(fate)
        if with_mark:
            Cursor.objects.update_or_create(
                connection=self.connection,
                object=page.object,
                defaults={"mark": page.mark, "server_time": page.server_time, "complete": not page.more},
            )

    # ---- records ----

    def _keep_records(self, kind: CrmObject, records: Sequence[CrmRecord]) -> None:
        """Bring rows up to the page. Of a record that stands twice on it the last counts."""
        if kind == CrmObject.ACTIVITIES:
            records = self._of_others(records)
        newest = {payload.id_of(each): each for each in records}
        there = {row.external_id: row for row in self._rows(kind, newest)}
        new, changed, seen = [], [], []
        for identity, record in newest.items():
            text, row = payload.dump(record), there.get(identity)
            if row is None:
                new.append(self._row(kind, identity, record, text))
            elif row.payload != text or row.fate != self._fate(record):
                self._bring(row, record, text)
                changed.append(row)
            else:
                seen.append(row.pk)
        Landed.objects.bulk_create(new, batch_size=500)
        Landed.objects.bulk_update(changed, _BROUGHT, batch_size=200)
        Landed.objects.filter(pk__in=seen).update(seen_at=self.at)
        if kind == CrmObject.DEALS:
            self._follow_merges(record for record in newest.values() if isinstance(record, CrmDeal))
        else:
            self._deals_are_due(row.deal for row in (*new, *changed) if row.deal)
        if kind in (CrmObject.USERS, CrmObject.ACCOUNTS) and changed:
            self._deals_that_name(kind, [row.external_id for row in changed])

    def _of_others(self, activities: Sequence[CrmRecord]) -> list[CrmRecord]:
        """Return activities without the tasks that we made, whoever closed them: our writing is nothing that a seller did."""
        ids = {_bare(each): each for each in activities if getattr(each, "kind", "") == "task"}
        ours = OwnTask.objects.filter(connection=self.connection, external_id__in=list(ids))
        echo = {payload.id_of(ids[each]) for each in ours.values_list("external_id", flat=True)}
        count(self.rules, "own_echo", len(echo))
        return [each for each in activities if payload.id_of(each) not in echo]

    def _rows(self, kind: CrmObject, ids: Iterable[str]) -> list[Landed]:
        mine = Landed.objects.filter(connection=self.connection, object=kind)
        return list(mine.filter(external_id__in=list(ids)))

    def _row(self, kind: CrmObject, identity: str, record: CrmRecord, text: str) -> Landed:
        return Landed(
            connection=self.connection,
            object=kind,
            external_id=identity,
            deal=_deal_of(record),
            payload=text,
            modified_at=_modified(record),
            fate=self._fate(record),
            first_seen_at=self.at,
            seen_at=self.at,
        )

    def _bring(self, row: Landed, record: CrmRecord, text: str) -> None:
        if isinstance(record, CrmDeal):
            old = payload.load(CrmDeal, row.payload)
            if self._is_our_echo(old, record):
                count(self.rules, "own_echo")
            self._see_changes(old, record, row.first_seen_at)
            if row.fate in GONE:
                count(self.rules, "come_back")
        row.due = row.due or row.payload != text or row.fate != self._fate(record)
        row.payload, row.modified_at, row.seen_at = text, _modified(record), self.at
        row.fate, row.into, row.deal = self._fate(record), "", _deal_of(record)

    def _is_our_echo(self, old: CrmDeal, new: CrmDeal) -> bool:
        """Return whether nothing moved but the time of the record, and to the time that our writing gave it."""
        if replace(new, modified_at=old.modified_at, extra=old.extra) != old:
            return False
        written = WrittenBack.objects.filter(connection=self.connection, external_id=new.id)
        return written.filter(modified_at=new.modified_at).exists()

    def _fate(self, record: CrmRecord) -> str:
        return Fate.ARCHIVED.value if isinstance(record, CrmDeal) and record.archived else Fate.LIVE.value

    # ---- changes ----

    def _see_changes(self, old: CrmDeal, new: CrmDeal, first_seen_at: dt.datetime) -> None:
        """Keep what differs between two readings of a deal in fields whose history the CRM does not keep."""
        mine = LandedChange.objects.filter(connection=self.connection, deal=new.id)
        known = set(mine.values_list("field", flat=True).distinct())
        found = [
            change
            for name in self.unkept
            for change in differences.between(
                old, new, [name], first_seen_at=first_seen_at, known=name.value in known
            )
        ]
        own = mine.filter(field=DealField.EXTRA).values_list("payload", flat=True)
        names = {payload.load(CrmChange, text).name for text in own}
        found += differences.of_own_fields(
            old, new, kept=self.kept_own, first_seen_at=first_seen_at, known=names
        )
        self._add(self._new_changes(found))

    def _new_changes(self, changes: Sequence[CrmChange]) -> NewChanges:
        """Make changes ready that are not here yet; those that are keep the words that they came with. No other run of this
        connection adds any meanwhile."""
        told = {payload.identity(each): each for each in changes}
        mine = LandedChange.objects.filter(connection=self.connection, identity__in=list(told))
        there = set(mine.values_list("identity", flat=True))
        new = [
            LandedChange(
                connection=self.connection,
                deal=each.deal_id,
                identity=identity,
                field=each.field,
                origin=each.origin,
                at=each.at,
                payload=payload.dump(self._in_words(each)),
                seen_at=self.at,
            )
            for identity, each in told.items()
            if identity not in there
        ]
        return NewChanges([row.deal for row in new], [_as_columns(row) for row in new])

    def _add(self, new: NewChanges) -> None:
        """Insert rows without Django's compiler, which takes most of the time that so many short rows need."""
        if new.rows:
            with connection.cursor() as cursor:
                cursor.executemany(_INSERT_CHANGE, new.rows)
            self._deals_are_due(new.deals)

    def _in_words(self, change: CrmChange) -> CrmChange:
        """Return a change with the words of now, where the CRM does not say those of then."""
        words = self.labels.get(change.field, {})
        return replace(
            change,
            old_label=change.old_label or words.get(change.old or "", ""),
            new_label=change.new_label or words.get(change.new, ""),
        )

    # ---- what became of others ----

    def keep_fate(self, fate: CrmFate) -> None:
        """Keep what became of a record. What is said of records that we never had is of no use."""
        for row in self._called(fate):
            self._become(row, fate)

    def _called(self, fate: CrmFate) -> Sequence[Landed]:
        """Return the rows of a record: of a quote every form that it had."""
        mine = Landed.objects.filter(connection=self.connection, object=fate.object)
        if fate.object == CrmObject.QUOTES:
            return list(mine.filter(external_id__startswith=f"{fate.id}@").order_by("pk"))
        return list(mine.filter(external_id=fate.id))

    def _become(self, row: Landed, fate: CrmFate) -> None:
        if row.fate == fate.fate and row.into == fate.into:
            return
        if row.fate == Fate.MERGED and fate.fate in GONE and not fate.into:
            return  # who is merged is gone too
        row.fate, row.into, row.seen_at, row.due = fate.fate, fate.into, self.at, True
        row.save(update_fields=["fate", "into", "seen_at", "due"])
        if fate.object == CrmObject.DEALS and fate.fate.value in _COUNTED:
            count(self.rules, fate.fate.value)
        if row.deal:
            self._deals_are_due([row.deal])

    def _follow_merges(self, deals: Iterable[CrmDeal]) -> None:
        for deal in deals:
            for gone in deal.merged_from:
                self.keep_fate(CrmFate(CrmObject.DEALS, gone, Fate.MERGED, into=deal.id))

    # ---- what the register must hear of ----

    def _deals_are_due(self, deals: Iterable[str]) -> None:
        mine = Landed.objects.filter(connection=self.connection, object=CrmObject.DEALS)
        ids = sorted(set(deals))
        for start in range(0, len(ids), 500):
            mine.filter(external_id__in=ids[start : start + 500], due=False).update(due=True)

    def _deals_that_name(self, kind: CrmObject, ids: Sequence[str]) -> None:
        """Let deals be told again whose owner or account is called otherwise now: deals are gone through once for all."""
        place = "owner_id" if kind == CrmObject.USERS else "account_id"
        named = Cast(KeyTextTransform(place, Cast("payload", JSONField())), TextField())
        mine = Landed.objects.filter(connection=self.connection, object=CrmObject.DEALS, due=False)
        mine.alias(named=named).filter(named__in=ids).update(due=True)


_COLUMNS = [each for each in LandedChange._meta.concrete_fields if not each.primary_key]
_INSERT_CHANGE = (  # of our own names only; values are parameters
    f"INSERT INTO {LandedChange._meta.db_table} ({', '.join(str(each.column) for each in _COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('%s' for _ in _COLUMNS)})"
)


def _as_columns(row: LandedChange) -> list[Any]:
    return [each.get_db_prep_save(getattr(row, each.attname), connection) for each in _COLUMNS]


_BROUGHT = ["payload", "modified_at", "seen_at", "fate", "into", "deal", "due"]
_COUNTED = {Fate.DELETED, Fate.VANISHED, Fate.ARCHIVED, Fate.MERGED}


def _bare(task: CrmRecord) -> str:
    """Return the id of a task as the CRM gives it, without the word that a source puts before it (tasks/7, task-7)."""
    return payload.id_of(task).rpartition("/")[2].removeprefix("task-")


def _deal_of(record: CrmRecord) -> str:
    return getattr(record, "deal_id", "")


def _modified(record: CrmRecord) -> dt.datetime | None:
    return getattr(record, "modified_at", None) or getattr(record, "at", None)
