"""One run over a CRM: what is new, kept page by page with its mark, and now and then what is not there any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from hingepoint.connectors.exchange import NoRight, NotThere, NotUnderstood
from hingepoint.connectors.values import chunks
from hingepoint.domain.sync import payload, vanished
from hingepoint.domain.sync.differences import fields_without_history
from hingepoint.domain.sync.landing import Landing
from hingepoint.domain.sync.models import Connection, Cursor, Landed
from hingepoint.records.crm import CrmFate, CrmObject, CrmPage, CrmUser, DealField, Fate
from hingepoint.records.sync import count

if TYPE_CHECKING:
    from hingepoint.connectors.source import Described, Source

#: Records whose ids are compared with those of the CRM in a sweep. Changes and forms of quotes are facts and stay; a quote that
#: is gone counts no more.
SWEPT = (CrmObject.DEALS, CrmObject.ACCOUNTS, CrmObject.CONTACTS, CrmObject.QUOTES)
#: How a quote is called in the CRM, by the name of one of its forms (``payload.id_of``).
_QUOTE = Substr("external_id", 1, StrIndex("external_id", Value("@")) - 1)
#: Fates of records that are there.
THERE = (Fate.LIVE, Fate.ARCHIVED)
#: What is read of a deal that only the sweep found.
WITH_HISTORY = (CrmObject.DEALS, CrmObject.CHANGES)
#: Ids that are asked about at a time.
SOME = 100
#: Records that are kept in one transaction: whoever writes meanwhile waits a tenth of a second, not for a whole page.
AT_ONCE = 500
#: A page that leads back to the same mark again and again would never end.
MOST_EMPTY_PAGES = 50

Tell = Callable[[], None]


def look(connection: Connection, source: Source) -> Described:
    """Keep what the CRM is today: its stages, fields and currency, never assumed from the last time."""
    found = source.describe()
    connection.described = payload.plain(found)
    connection.save(update_fields=["described"])
    return found


def begin(connection: Connection, found: Described, *, at: dt.datetime) -> Landing:
    rows = Landed.objects.filter(connection=connection, object=CrmObject.USERS).order_by("pk")
    users = {row.external_id: payload.load(CrmUser, row.payload).name for row in rows}
    labels = {
        DealField.STAGE: {stage.id: stage.name for stage in found.stages},
        DealField.OWNER: users,
    }
    tested = [(line["capability"], line["found"]) for line in connection.capabilities]
    return Landing(connection, at, labels, fields_without_history(tested), frozenset(found.kept))


def read_new(landing: Landing, source: Source, *, tell: Tell) -> None:
    """Read what is new of every kind of record, each from its own mark."""
    for kind in source.objects:
        with _passed_over(landing, kind):
            _read_kind(landing, source, kind, tell)
        if kind == CrmObject.USERS:
            rows = Landed.objects.filter(connection=landing.connection, object=kind)
            names = {row.external_id: payload.load(CrmUser, row.payload).name for row in rows.order_by("pk")}
            landing.labels = {**landing.labels, DealField.OWNER: names}


@contextmanager
def _passed_over(landing: Landing, kind: CrmObject) -> Iterator[None]:
    """Leave a kind out that this sign-in may not see or that is not there, and tell it. Deals are needed; so is their history,
    unless the self-test has found none, and changes are seen between two readings."""
    try:
        yield
    except (NoRight, NotThere):
        without_history = DealField.STAGE in landing.unkept
        if kind == CrmObject.DEALS or (kind == CrmObject.CHANGES and not without_history):
            raise
        landing.unseen.add(kind)
        count(landing.rules, "kind_without_right")


def read_users(connection: Connection, source: Source, *, at: dt.datetime) -> None:
    """Read the users alone where no run has, as far as the sign-in may see them: so whom they are here can be said before the
    first deal comes."""
    kind = CrmObject.USERS
    if kind in source.objects and not Cursor.objects.filter(connection=connection, object=kind).exists():
        with suppress(NoRight, NotThere):
            _read_kind(Landing(connection, at, {}, frozenset()), source, kind, lambda: None)


def _read_kind(landing: Landing, source: Source, kind: CrmObject, tell: Tell) -> None:
    """Read to the end. A reading that was stopped goes on first, and is followed by another: what changed since in
    lists that the stopped one had behind it, it does not see."""
    cursor = Cursor.objects.filter(connection=landing.connection, object=kind).first()
    mark = cursor.mark if cursor else ""
    if cursor and not cursor.complete:
        mark = _read_to_its_end(landing, source, kind, mark, tell)
    _read_to_its_end(landing, source, kind, mark, tell)


def _read_to_its_end(landing: Landing, source: Source, kind: CrmObject, mark: str, tell: Tell) -> str:
    """Keep page after page; return the mark at which the next reading begins."""
    still = 0
    while True:
        page = source.page(kind, mark)
        _keep(landing, page)
        tell()
        if not page.more:
            return page.mark
        still = still + 1 if page.mark == mark else 0
        if still > MOST_EMPTY_PAGES:
            raise NotUnderstood(f"The CRM gives the same page of {kind.label.lower()} again and again.")
        mark = page.mark


def _keep(landing: Landing, page: CrmPage, *, with_mark: bool = True) -> None:
    """Keep a page piece by piece. Its mark comes with the last: stopped before, the page is read again, and what is here
    already is taken once."""
    *before, last = [*chunks(page.records, AT_ONCE)] or [()]
    for some in before:
        landing.keep(replace(page, records=tuple(some), fates=()), with_mark=False)
    landing.keep(replace(page, records=tuple(last)), with_mark=with_mark)


# ---- what is not there any more ----


def sweep(landing: Landing, source: Source, *, run: int, tell: Tell) -> None:
    """Compare the ids of all records with those of the CRM: read what was missed, and ask what became of the rest. Many that
    vanish at once are kept until somebody says that it is so."""
    for kind in SWEPT:
        if kind not in source.objects or kind in landing.unseen:
            continue
        if kind != CrmObject.DEALS and not _of(landing, kind).exists():
            continue
        _mark_those_there(landing, source, kind, run, tell)
        gone: dict[str, CrmFate] = {}
        for ids in _not_there(landing, kind, run):
            gone |= {each.id: each for each in _ask_what_became(landing, source, kind, ids)}
            tell()
        _let_go(landing, kind, [*gone.values()])


def _mark_those_there(landing: Landing, source: Source, kind: CrmObject, run: int, tell: Tell) -> None:
    mark = ""
    while True:
        ids, mark = source.ids(kind, mark)
        known = _mark(landing, kind, ids, run)
        if kind == CrmObject.DEALS:
            for each in (each for each in WITH_HISTORY if each not in landing.unseen):
                _read_again(landing, source, each, sorted(ids - known))
        tell()
        if not mark:
            return


def _mark(landing: Landing, kind: CrmObject, ids: frozenset[str], run: int) -> set[str]:
    """Mark the rows of these ids as found by this run; return which ids are known."""
    listed = sorted(ids)
    known: set[str] = set()
    for start in range(0, len(listed), 500):
        rows = _of(landing, kind).filter(called__in=listed[start : start + 500])
        known |= set(rows.values_list("called", flat=True))
        rows.update(sweep=run)
    return known


def _read_again(landing: Landing, source: Source, kind: CrmObject, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), SOME):
        _keep(landing, source.again(kind, ids[start : start + SOME]), with_mark=False)


def _not_there(landing: Landing, kind: CrmObject, run: int) -> Iterator[list[str]]:
    """Yield the ids of rows that this run has not found and that were there before, some at a time."""
    there = _of(landing, kind).filter(fate__in=THERE).exclude(sweep=run)
    rows, last = there.filter(seen_at__lt=landing.at).order_by("pk").values_list("pk", "called"), 0
    while some := list(rows.filter(pk__gt=last)[:SOME]):
        last = some[-1][0]
        yield [*dict.fromkeys(called for _, called in some)]


def _ask_what_became(landing: Landing, source: Source, kind: CrmObject, ids: Sequence[str]) -> list[CrmFate]:
    """Keep what the CRM says of records that are not listed; return those of which it says nothing."""
    told = source.fates(kind, ids)
    _keep_fates(landing, [each for each in told if each.fate != Fate.VANISHED])
    return [each for each in told if each.fate == Fate.VANISHED]


def _let_go(landing: Landing, kind: CrmObject, gone: Sequence[CrmFate]) -> None:
    """Let records vanish, unless they are so many at once that the sign-in may have lost a right."""
    there = _of(landing, kind).filter(fate__in=THERE).values("called").distinct().count()
    if vanished.judged(landing.connection, kind, gone=len(gone), there=there):
        for some in chunks(gone, SOME):
            _keep_fates(landing, some)
    else:
        count(landing.rules, "not_believed", len(gone))


def _keep_fates(landing: Landing, fates: Sequence[CrmFate]) -> None:
    with transaction.atomic():
        for fate in fates:
            landing.keep_fate(fate)


def read_formulas_again(landing: Landing, source: Source, found: Described, *, tell: Tell) -> None:
    """Read open deals anew where a field that we want is computed: such fields move no mark."""
    wanted = set(landing.connection.fields.values())
    if not any(each.formula and each.name in wanted for each in found.fields):
        return
    last = 0
    while rows := list(
        _of(landing, CrmObject.DEALS).filter(fate=Fate.LIVE, pk__gt=last).order_by("pk")[:SOME]
    ):
        last = rows[-1].pk
        _read_again(landing, source, CrmObject.DEALS, [row.external_id for row in rows])
        tell()


def _of(landing: Landing, kind: CrmObject) -> QuerySet[Any]:
    """Return the rows of a kind with how each is ``called`` in the CRM."""
    rows = Landed.objects.filter(connection=landing.connection, object=kind)
    return rows.annotate(called=_QUOTE if kind == CrmObject.QUOTES else F("external_id"))
