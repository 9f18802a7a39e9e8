"""Writing agreements onto the records of a CRM: only what changed, never stage or amount, never against a no."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from hingepoint.connectors.source import Source
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import cards
from hingepoint.domain.sync.models import Connection, Landed, WrittenBack
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.crm import CrmObject, Fate, WriteResult, Written
from hingepoint.records.deals import DealStatus
from hingepoint.records.sync import WriteBackPart

#: Among the values that were written: that the deal was closed then, so that closing or opening it writes anew.
CLOSED = "closed"
#: Deals that are written in one run; the next goes on.
MOST = 500
#: After a refusal a record is left alone until it changes in the CRM, at most so many days, twice as long each time.
LEFT_ALONE = 1
LONGEST = 30


@dataclass(frozen=True, slots=True)
class Said:
    """What is told of a deal: values by part, and the next agreement with its day for a task; nothing is next on a deal
    that is not open. ``standing`` of the ``wanted`` agreements stand."""

    values: Mapping[str, str]
    next: str
    due_on: dt.date | None
    standing: int
    wanted: int


def write_back(connection: Connection, source: Source, *, at: dt.datetime) -> dict[str, int]:
    """Write what changed of agreements since the last time; return how many records, by what became of them."""
    if not connection.write_back:
        return {}
    done: Counter[str] = Counter()
    changed = _changed(connection)
    deals = _to_write(connection, changed.values(), at)
    known = {
        row.external_id: row
        for row in WrittenBack.objects.filter(connection=connection, external_id__in=deals)
    }
    told = _said(deals)
    for external_id, deal in deals.items():
        row = known.get(external_id) or WrittenBack(connection=connection, external_id=external_id)
        for result in _write(connection, source, row, deal, told[deal.pk], at=at):
            done[result.written.value] += 1
    _go_on(connection, changed, at)
    return dict(done)


def _changed(connection: Connection) -> dict[int, str]:
    """Return the next deals whose agreements changed since the last writing: number and key."""
    rows = Agreement.objects.filter(
        deal__key__startswith=connection.prefix, deal_id__gt=connection.writing.get("after", 0)
    )
    if connection.wrote_at:
        rows = rows.filter(changed_at__gte=connection.wrote_at)
    return dict(rows.order_by("deal_id").values_list("deal_id", "deal__key").distinct()[:MOST])


def _go_on(connection: Connection, changed: Mapping[int, str], at: dt.datetime) -> None:
    """Keep how far the writing is. What changes while it goes on is looked at again from when it began."""
    began = connection.writing.get("began") or at.isoformat()
    if len(changed) < MOST:
        connection.wrote_at, connection.writing = dt.datetime.fromisoformat(began), {}
    else:
        connection.writing = {"after": max(changed), "began": began}
    connection.save(update_fields=["wrote_at", "writing"])


def _to_write(connection: Connection, changed: Collection[str], at: dt.datetime) -> dict[str, Deal]:
    """Return, by their ids in the CRM, live deals there: those that changed, that were closed or opened, that refused and
    may take it now, and whose card ends soon."""
    mine = _written(connection)
    left_alone = Q(held_until__gt=at, moved=False)
    live = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, fate=Fate.LIVE)
    ends = Q(card_until__lte=timezone.localdate(at) + cards.AHEAD) if _has_card(connection) else Q(pk=None)
    again = mine.filter(
        Q(held_until__isnull=False) | ends | _turned(connection), external_id__in=live.values("external_id")
    )
    again = again.exclude(left_alone).order_by("pk")
    ids = {key.removeprefix(connection.prefix) for key in changed}
    ids |= set(again.values_list("external_id", flat=True)[:MOST])
    ids -= set(mine.filter(left_alone, external_id__in=ids).values_list("external_id", flat=True))
    live_ids = live.filter(external_id__in=ids).values_list("external_id", flat=True)
    rows = Deal.every.filter(key__in=[connection.prefix + each for each in live_ids]).order_by("pk")
    return {row.key.removeprefix(connection.prefix): row for row in rows}


def _written(connection: Connection) -> QuerySet[WrittenBack]:
    """Return what was written, with whether the record was ``moved`` since it refused: unlocked, opened again, filled in."""
    record = Landed.objects.filter(
        connection=connection, object=CrmObject.DEALS, external_id=OuterRef("external_id")
    )
    moved = Exists(record.filter(modified_at__gt=OuterRef("record_at")))
    return WrittenBack.objects.filter(connection=connection).alias(moved=moved)


def _turned(connection: Connection) -> Q:
    """Return the condition of rows whose deal was closed, or opened, since they were written."""
    key = Concat(Value(connection.prefix), OuterRef("external_id"), output_field=TextField())
    is_open = Exists(Deal.every.filter(key=key, status=DealStatus.OPEN))
    was_closed = Q(values__has_key=CLOSED)
    return (was_closed & Q(is_open)) | (~was_closed & ~Q(is_open))


def _said(deals: Mapping[str, Deal]) -> dict[int, Said]:
    found: dict[int, list[Agreement]] = defaultdict(list)
    rows = Agreement.objects.filter(deal__in=deals.values()).select_related("type").order_by("pk")
    for row in rows:
        found[row.deal_id].append(row)
    return {deal.pk: said_of(deal, found[deal.pk]) for deal in deals.values()}


def said_of(deal: Deal, agreements: Sequence[Agreement]) -> Said:
    """Return what is told of a deal: it does not change by itself with the calendar."""
    wanted = [row for row in agreements if row.required and row.state != AgreementState.NOT_NEEDED]
    standing = sum(row.state in STANDING for row in wanted)
    open_ones = [row for row in wanted if row.state not in STANDING]
    ahead = open_ones if deal.status == DealStatus.OPEN else []
    following = min(ahead, key=lambda row: (row.late_after or dt.date.max, str(row.type)), default=None)
    name = str(following.type) if following else ""
    due_on = following.late_after if following else None
    values = {
        WriteBackPart.STATUS.value: f"{standing} of {len(wanted)} agreements stand" if wanted else "",
        WriteBackPart.NEXT.value: f"{name}, by {due_on.isoformat()}" if due_on else name,
        WriteBackPart.COVERAGE.value: f"{round(100 * standing / len(wanted))}%" if wanted else "",
        WriteBackPart.LINK.value: address_of(f"deals/{deal.pk}/"),
    }
    return Said(values, name, due_on, standing, len(wanted))


def address_of(page: str) -> str:
    """Return the whole address of one of our pages, for other systems."""
    return f"{settings.ENVIRONMENT.address or _by_our_hosts()}/{page}"


def _by_our_hosts() -> str:
    """Return where this installation is as far as it knows itself, for those that were not told their address."""
    hosts = [each for each in settings.ALLOWED_HOSTS if each not in ("*", "127.0.0.1", "[::1]", "localhost")]
    host = hosts[0].lstrip(".") if hosts else "localhost"
    return f"{'https' if settings.ENVIRONMENT.https else 'http'}://{host}"


def _has_card(connection: Connection) -> bool:
    return WriteBackPart.CARD.value in connection.write_back


def _card(connection: Connection, row: WrittenBack, deal: Deal, today: dt.date) -> dict[str, str]:
    """Return the address of a deal's card: the one that was written, while it holds for long enough."""
    if not _has_card(connection):
        return {}
    field = connection.write_fields[WriteBackPart.CARD.value]
    if row.card_until and row.card_until > today + cards.AHEAD and field in row.values:
        return {WriteBackPart.CARD.value: row.values[field]}
    token = cards.sign(connection, deal.pk, until=today + cards.LASTS)
    return {WriteBackPart.CARD.value: address_of(f"card/{token}/")}


def _write(
    connection: Connection, source: Source, row: WrittenBack, deal: Deal, said: Said, *, at: dt.datetime
) -> Iterable[WriteResult]:
    """Write what differs from what was written last, and keep what became of it."""
    today = timezone.localdate(at)
    card = _card(connection, row, deal, today)
    new_card = not set(card.values()) <= set(row.values.values())
    values = {**said.values, **card}
    results = [*_write_fields(connection, source, row, values), *_write_task(connection, source, row, said)]
    turned = _keep_whether_closed(row, deal)
    row.at = at
    if not results:
        if turned or row.held_until:  # what was refused is not wanted any more
            _leave_alone(row, None, at)
            row.save()
        return results
    refused = [each for each in results if each.written not in (Written.DONE, Written.SAME)]
    if new_card and not refused:  # that of a closed deal ends, until something changes on it
        row.card_until = today + cards.LASTS if deal.status == DealStatus.OPEN else None
    _leave_alone(row, refused[0] if refused else None, at)
    row.save()
    return results


def _keep_whether_closed(row: WrittenBack, deal: Deal) -> bool:
    """Keep whether a deal is closed; return whether it was otherwise when it was written last."""
    before, closed = CLOSED in row.values, deal.status != DealStatus.OPEN
    row.values = {name: value for name, value in row.values.items() if name != CLOSED}
    row.values |= {CLOSED: deal.status} if closed else {}
    return before != closed


def _leave_alone(row: WrittenBack, refused: WriteResult | None, at: dt.datetime) -> None:
    """Keep why a record refused, and how it stood then: it is never asked again with nothing changed, but after days."""
    row.failures = row.failures + 1 if refused else 0
    days = min(LEFT_ALONE * 2 ** max(row.failures - 1, 0), LONGEST)
    row.held_until = at + dt.timedelta(days=days) if refused else None
    row.refusal = refused.written.value if refused else ""
    row.said = refused.detail[:300] if refused else ""
    row.record_at = _record_at(row) if refused else None


def _record_at(row: WrittenBack) -> dt.datetime | None:
    """Return when the record was changed last as far as we know, by others or by what we wrote ourselves."""
    record = Landed.objects.filter(
        connection=row.connection, object=CrmObject.DEALS, external_id=row.external_id
    )
    read = record.values_list("modified_at", flat=True).first()
    return max(filter(None, (read, row.modified_at)), default=None)


def _write_fields(
    connection: Connection, source: Source, row: WrittenBack, values: Mapping[str, str]
) -> list[WriteResult]:
    fields = {part: name for part, name in connection.write_fields.items() if part in connection.write_back}
    wanted = {name: values[part] for part, name in fields.items()}
    changed = {name: value for name, value in wanted.items() if row.values.get(name, "") != value}
    if not changed:
        return []
    result = source.write(row.external_id, changed)
    if result.written in (Written.DONE, Written.SAME):
        row.values = row.values | changed
        row.modified_at = result.modified_at or row.modified_at
    return [result]


def _write_task(connection: Connection, source: Source, row: WrittenBack, said: Said) -> list[WriteResult]:
    if WriteBackPart.TASK.value not in connection.write_back:
        return []
    task = f"{said.next}|{said.due_on or ''}" if said.next else ""
    if not task:
        return _finish_task(source, row)
    if row.values.get("task") == task:
        return []
    result = source.write_task(row.external_id, row.task_id, said.next, said.due_on)
    if result.written in (Written.DONE, Written.SAME):
        row.values, row.task_id = row.values | {"task": task}, result.task_id or row.task_id
    return [result]


def _finish_task(source: Source, row: WrittenBack) -> list[WriteResult]:
    """Close the task of before, where there is one; one that somebody took away needs no closing."""
    if not row.task_id:
        return []
    result = source.finish_task(row.task_id)
    if result.written is Written.GONE:
        result = WriteResult(Written.SAME)
    if result.written in (Written.DONE, Written.SAME):
        row.values, row.task_id = {name: each for name, each in row.values.items() if name != "task"}, ""
    return [result]
