"""Writing agreements onto the records of a CRM: only what changed, never stage or amount, never against a no."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone

from hingepoint.connectors.exchange import AddressRefused, Busy, CrmProblem, NotSignedIn
from hingepoint.connectors.source import Source
from hingepoint.connectors.values import means
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import cards
from hingepoint.domain.sync.models import Connection, Landed, OwnTask, WrittenBack
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.crm import CrmObject, Fate, WriteResult, Written
from hingepoint.records.deals import DealStatus
from hingepoint.records.sync import WriteBackPart

#: Among the values that were written: that the deal was closed then, so that closing or opening it writes anew.
CLOSED = "closed"
#: Among them: the task that stands there, and the subject of one that was sent and not answered yet.
TASK, SENT = "task", "task_sent"
#: Among them, before the name of a field: what was written once more, after somebody had overwritten it.
AGAIN = "again "
#: Records that are compared with the CRM in one request.
COMPARED = 100
#: Records that are written in one run; the next goes on.
MOST = 500
#: Deals that are looked at at a time, whether they differ from what was written.
LOOKED_AT = 500
#: After so many records that fail one after the other it is the CRM that fails, not they.
MOST_FAILING = 3
#: A record that refused is left alone until it changes in the CRM, at most so long, twice as long each time; one on which the
#: CRM failed, a while.
LEFT_ALONE, FAILED_FOR, LONGEST = dt.timedelta(days=1), dt.timedelta(minutes=15), dt.timedelta(days=30)
TAKEN = (Written.DONE, Written.SAME)


@dataclass(frozen=True, slots=True)
class Said:
    """What is told of a deal: values by part, and the next agreement with its day for a task; nothing is next on a deal
    that is not open. ``standing`` of the ``wanted`` agreements stand."""

    values: Mapping[str, str]
    next: str
    due_on: dt.date | None
    standing: int
    wanted: int


@dataclass(slots=True)
class Outcome:
    """What a writing did: how many values by what became of them, on how many ``records``.

    ``problem`` says why it stopped before its end, ``wait`` for how many seconds the CRM asked then. ``failing`` are the
    records that failed one after the other.
    """

    written: Counter[str] = field(default_factory=Counter)
    overwritten: int = 0  # fields
    records: int = 0
    failing: int = 0
    problem: str = ""
    wait: float | None = None

    @property
    def is_over(self) -> bool:
        return bool(self.problem) or self.records >= MOST

    def add(self, results: Sequence[WriteResult]) -> None:
        failed = [each.detail for each in results if each.written is Written.FAILED]
        if results:
            self.records += 1
            self.failing = self.failing + 1 if failed else 0
        self.written.update(each.written.value for each in results)
        if self.failing >= MOST_FAILING:
            self.problem = f"{self.failing} records failed one after the other. {failed[0]}"


def write_back(
    connection: Connection,
    source: Source,
    *,
    at: dt.datetime,
    also: Collection[int] = (),
    anew: bool = False,
) -> Outcome:
    """Write what changed of agreements since the last time, and what is said of the deals ``also``, by their numbers.

    ``anew`` looks at every deal: what is asked may have changed, or been taken back, and no agreement says so; and what was
    written may have been overwritten in the CRM.

    Never raises a CrmProblem: whatever was read is here, whether it can be written or not.
    """
    told = Outcome()
    if connection.write_back:
        try:
            if anew:
                _begin_anew(connection)
                _find_overwritten(connection, source, told)
            _write_all(connection, source, told, also, at)
        except CrmProblem as problem:
            told.problem, told.wait = str(problem), problem.seconds if isinstance(problem, Busy) else None
    return told


def _begin_anew(connection: Connection) -> None:
    connection.wrote_at, connection.writing = None, {}
    connection.save(update_fields=["wrote_at", "writing"])


def _find_overwritten(connection: Connection, source: Source, told: Outcome) -> None:
    """Let what was overwritten in the CRM be written once more; what is overwritten again is meant so."""
    names = [name for part, name in connection.write_fields.items() if part in connection.write_back]
    rows = WrittenBack.objects.filter(
        connection=connection, external_id__in=_live(connection).values("external_id")
    )
    last = 0
    while names and (some := list(rows.filter(pk__gt=last).order_by("pk")[:COMPARED])):
        last = some[-1].pk
        there = source.held([row.external_id for row in some], names)
        for row in some:
            lost = [*_overwritten(row, there.get(row.external_id, {}), names)]
            if lost:
                told.overwritten += len(lost)
                again = {AGAIN + name: row.values[name] for name in lost}
                row.values = _without(row, *lost) | again
                row.save(update_fields=["values"])


def _overwritten(row: WrittenBack, there: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        written = row.values.get(name)
        if written is None or name not in there or means(there[name], written):
            continue
        if row.values.get(AGAIN + name) != written:
            yield name


def _write_all(
    connection: Connection, source: Source, told: Outcome, also: Collection[int], at: dt.datetime
) -> None:
    _end_tasks_of_merged(connection, source, told)
    moved = Deal.every.filter(pk__in=also).values_list("key", flat=True)
    _write_some(connection, source, {*_ids(connection, moved), *_again(connection, at)}, told, at)
    while not told.is_over:
        changed = _changed(connection)
        _write_some(connection, source, _ids(connection, changed.values()), told, at)
        if told.problem:
            return
        _go_on(connection, changed, at)
        if len(changed) < LOOKED_AT:
            return


def _write_some(
    connection: Connection, source: Source, ids: Collection[str], told: Outcome, at: dt.datetime
) -> None:
    deals = _to_write(connection, ids, at)
    rows = WrittenBack.objects.filter(connection=connection, external_id__in=deals)
    known = {row.external_id: row for row in rows}
    said = _said(deals)
    for external_id, deal in deals.items():
        row = known.get(external_id) or WrittenBack(connection=connection, external_id=external_id)
        told.add(_write(connection, source, row, deal, said[deal.pk], at=at))
        if told.problem:
            return


def _ids(connection: Connection, keys: Iterable[str]) -> set[str]:
    return {key.removeprefix(connection.prefix) for key in keys}


def _changed(connection: Connection) -> dict[int, str]:
    """Return the next deals whose agreements changed since the last writing: number and key. When it begins anew, all that
    have agreements, or had some when they were written last."""
    after = connection.writing.get("after", 0)
    if connection.wrote_at is None:
        written = WrittenBack.objects.filter(
            connection=connection, external_id=Substr(OuterRef("key"), len(connection.prefix) + 1)
        )
        agreed = Agreement.objects.filter(deal=OuterRef("pk"))
        deals = Deal.every.filter(
            Exists(agreed) | Exists(written), key__startswith=connection.prefix, pk__gt=after
        )
        return dict(deals.order_by("pk").values_list("pk", "key")[:LOOKED_AT])
    rows = Agreement.objects.filter(
        deal__key__startswith=connection.prefix, deal_id__gt=after, changed_at__gte=connection.wrote_at
    )
    return dict(rows.order_by("deal_id").values_list("deal_id", "deal__key").distinct()[:LOOKED_AT])


def _go_on(connection: Connection, changed: Mapping[int, str], at: dt.datetime) -> None:
    """Keep how far the writing is. What changes while it goes on is looked at again from when it began."""
    began = connection.writing.get("began") or at.isoformat()
    if len(changed) < LOOKED_AT:
        connection.wrote_at, connection.writing = dt.datetime.fromisoformat(began), {}
    else:
        connection.writing = {"after": max(changed), "began": began}
    connection.save(update_fields=["wrote_at", "writing"])


def _again(connection: Connection, at: dt.datetime) -> set[str]:
    """Return the ids of live records that were closed or opened since, that refused and may take it now, and whose card
    ends soon."""
    ends = Q(card_until__lte=timezone.localdate(at) + cards.AHEAD) if _has_card(connection) else Q(pk=None)
    again = _written(connection).filter(
        Q(held_until__isnull=False) | ends | _turned(connection),
        external_id__in=_live(connection).values("external_id"),
    )
    again = again.exclude(_left_alone(at)).order_by("pk")
    return set(again.values_list("external_id", flat=True)[:MOST])


def _to_write(connection: Connection, ids: Collection[str], at: dt.datetime) -> dict[str, Deal]:
    """Return, by their ids in the CRM, the live deals among ``ids`` that are not left alone."""
    alone = _written(connection).filter(_left_alone(at), external_id__in=ids)
    ids = set(ids) - set(alone.values_list("external_id", flat=True))
    live = _live(connection).filter(external_id__in=ids).values_list("external_id", flat=True)
    rows = Deal.every.filter(key__in=[connection.prefix + each for each in live]).order_by("pk")
    return {row.key.removeprefix(connection.prefix): row for row in rows}


def _live(connection: Connection) -> QuerySet[Landed]:
    return Landed.objects.filter(connection=connection, object=CrmObject.DEALS, fate=Fate.LIVE)


def _left_alone(at: dt.datetime) -> Q:
    return Q(held_until__gt=at, moved=False)


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
) -> list[WriteResult]:
    """Write what differs from what was written last, and keep what became of it."""
    today, row.at = timezone.localdate(at), at
    card = _card(connection, row, deal, today)
    new_card = not set(card.values()) <= set(row.values.values())
    results = _write_fields(connection, source, row, {**said.values, **card})
    if not any(each.written is Written.FAILED for each in results):
        results += _write_task(connection, source, row, said)
    turned = _keep_whether_closed(row, deal)
    if not results:
        if turned or row.held_until:  # what was refused is not wanted any more
            _leave_alone(row, None, at)
            row.save()
        return results
    refused = [each for each in results if each.written not in TAKEN]
    if new_card and not refused:  # that of a closed deal ends, until something changes on it
        row.card_until = today + cards.LASTS if deal.status == DealStatus.OPEN else None
    _leave_alone(row, refused[0] if refused else None, at)
    row.save()
    return results


def _tried(write: Callable[[], WriteResult]) -> WriteResult:
    """Return what became of a writing; where the CRM fails on this record, that. Raises what concerns the whole CRM."""
    try:
        return write()
    except (AddressRefused, Busy, NotSignedIn):
        raise
    except CrmProblem as problem:
        return WriteResult(Written.FAILED, str(problem))


def _keep_whether_closed(row: WrittenBack, deal: Deal) -> bool:
    """Keep whether a deal is closed; return whether it was otherwise when it was written last."""
    before, closed = CLOSED in row.values, deal.status != DealStatus.OPEN
    row.values = _without(row, CLOSED) | ({CLOSED: deal.status} if closed else {})
    return before != closed


def _leave_alone(row: WrittenBack, refused: WriteResult | None, at: dt.datetime) -> None:
    """Keep why a record refused, and how it stood then: it is never asked again with nothing changed, but after a while."""
    why = refused.written.value if refused else ""
    row.failures = (row.failures + 1 if row.refusal == why else 1) if refused else 0
    row.held_until = at + _wait(refused.written, row.failures) if refused else None
    row.refusal, row.said = why, refused.detail[:300] if refused else ""
    row.record_at = _record_at(row) if refused else None


def _wait(why: Written, failures: int) -> dt.timedelta:
    first = FAILED_FOR if why is Written.FAILED else LEFT_ALONE
    return min(first * 2 ** min(failures - 1, 12), LONGEST)


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
    result = _tried(lambda: source.write(row.external_id, changed))
    if result.written in TAKEN:
        row.values = row.values | changed
        row.modified_at = result.modified_at or row.modified_at
    return [result]


# ---- the task of the next agreement ----


def _write_task(connection: Connection, source: Source, row: WrittenBack, said: Said) -> list[WriteResult]:
    if WriteBackPart.TASK.value not in connection.write_back:
        return []
    task = f"{said.next}|{said.due_on or ''}" if said.next else ""
    written = row.values.get(TASK, "") == task and (task or not row.task_id)
    if written and SENT not in row.values:
        return []
    return [_tried(lambda: _bring_task(source, row, said, task))]


def _bring_task(source: Source, row: WrittenBack, said: Said, task: str) -> WriteResult:
    """Make the task, change it, or end it. One that was sent and never answered is looked for before, not made twice."""
    if sent := row.values.get(SENT):
        row.task_id = source.find_task(row.external_id, sent) or row.task_id
    if not task:
        return _finish_task(source, row)
    row.values |= {SENT: said.next}
    row.save()
    result = source.write_task(row.external_id, row.task_id, said.next, said.due_on)
    row.values = _without(row, SENT)
    if result.written in TAKEN:
        row.values, row.task_id = row.values | {TASK: task}, result.task_id or row.task_id
        _keep_as_ours(row)
    return result


def _keep_as_ours(row: WrittenBack) -> None:
    if row.task_id:
        OwnTask.objects.get_or_create(connection=row.connection, external_id=row.task_id)


def _finish_task(source: Source, row: WrittenBack) -> WriteResult:
    """Close the task of before, where there is one; one that somebody took away needs no closing."""
    result = source.finish_task(row.task_id) if row.task_id else WriteResult(Written.SAME)
    if result.written is Written.GONE:
        result = WriteResult(Written.SAME)
    if result.written in TAKEN:
        _keep_as_ours(row)
        row.values, row.task_id = _without(row, TASK, SENT), ""
    return result


def _without(row: WrittenBack, *names: str) -> dict[str, str]:
    return {name: value for name, value in row.values.items() if name not in names}


def _end_tasks_of_merged(connection: Connection, source: Source, told: Outcome) -> None:
    """End the tasks of deals that are others now: what is next stands on the deal that is left. What was written onto a record
    that is no more is of no use."""
    merged = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, fate=Fate.MERGED)
    rows = WrittenBack.objects.filter(
        connection=connection, external_id__in=merged.values("external_id")
    ).order_by("pk")
    for row in rows:
        results = [_tried(lambda row=row: _finish_task(source, row))] if row.task_id else []  # type: ignore[misc]
        told.add(results)
        if not any(each.written is Written.FAILED for each in results):
            row.delete()
