"""From landed records to the register, a page of deals at a time, through the engine that files use."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Count, Q

from hingepoint.connectors import files, passing
from hingepoint.domain.imports.actions import import_page
from hingepoint.domain.imports.engine import Files, Report
from hingepoint.domain.people.models import User
from hingepoint.domain.sync import parties, payload
from hingepoint.domain.sync.differences import KEPT_BY
from hingepoint.domain.sync.landing import GONE
from hingepoint.domain.sync.models import Connection, Landed, LandedChange
from hingepoint.domain.sync.translate import Seen, Tables, Words, tables
from hingepoint.records.crm import (
    CapabilityFound,
    CrmActivity,
    CrmApproval,
    CrmChange,
    CrmDeal,
    CrmObject,
    CrmQuote,
    CrmStage,
    CrmUser,
    Fate,
)
from hingepoint.records.deals import DealStatus
from hingepoint.records.sync import count

#: Deals of one page: what is held in memory, and what is imported or not imported together, while others wait to write.
PAGE = 200
#: Changes that make a page of fewer deals: a deal of a busy company has a hundred.
MOST_CHANGES = 4_000

#: Shares are shares, and days have no zone: nothing about these tables is to be guessed.
MAPPING = files.Mapping.model_validate({"deals": {"share": ["discount", "margin"]}})

R = TypeVar("R")


@dataclass(slots=True)
class Brought:
    """What a run brought into the register. ``problems`` are the first rows that could not be read."""

    counts: Counter[str] = field(default_factory=Counter)
    rules: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    held: int = 0

    def add(self, report: Report) -> None:
        self.counts.update(
            deals_created=report.tables.get("deals", {}).get("created", 0),
            deals_updated=report.tables.get("deals", {}).get("updated", 0),
            events=report.tables.get("events", {}).get("created", 0),
        )
        count(self.rules, "row_refused", report.bad_rows)
        self.problems.extend(str(each) for each in report.problems[:5])


def bring(connection: Connection, *, at: dt.datetime) -> Brought:
    """Bring every deal that is due into the register. Restarted in the middle, it goes on with what is left."""
    brought, words, last = Brought(), words_of(connection), 0
    _tell_what_took_place(connection, at)
    while page := _due(connection, after=last):
        last = page[-1].pk
        known = replace(words, accounts=parties.know_accounts(connection, _accounts(page)))
        made = tables(_seen(connection, page, at), known)
        for key, number in made.rules.items():
            count(brought.rules, key, number)
        brought.held += len(made.held)
        if made.deals:
            brought.add(_import(connection, made, at=at))
        done = [row for row in page if row.external_id not in set(made.held)]
        parties.know_people(connection, [payload.load(CrmDeal, row.payload) for row in done], at=at)
        _told(connection, done, at)
    return brought


def rehearse(connection: Connection, *, at: dt.datetime, most: int = PAGE) -> tuple[Report | None, Tables]:
    """Say what the first page of due deals would do, and change nothing."""
    page = _due(connection, after=0)[:most]
    known = replace(words_of(connection), accounts=parties.accounts_as_named(connection, _accounts(page)))
    made = tables(_seen(connection, page, at), known)
    return (_import(connection, made, at=at, dry_run=True) if made.deals else None), made


def words_of(connection: Connection) -> Words:
    """Return what ids of the CRM mean, as of the last look there."""
    rows = Landed.objects.filter(connection=connection, object=CrmObject.USERS).order_by("pk")
    users = {row.external_id: payload.load(CrmUser, row.payload) for row in rows}
    stages = [payload.read(CrmStage, each) for each in connection.described.get("stages", ())]
    said = {stage.id: stage.status for stage in stages if stage.status is not None}
    said |= {stage: DealStatus(meaning) for stage, meaning in connection.stages.items()}
    return Words(
        prefix=connection.prefix,
        address=connection.url,
        currency=connection.described.get("currency") or settings.ENVIRONMENT.currency,
        stages={stage.id: stage for stage in stages},
        meanings=said,
        users=users,
        people=_people(connection, users),
        accounts={},
        history_since=_history_since(connection),
        own=tuple(sorted(connection.fields)),
    )


def _people(connection: Connection, users: dict[str, CrmUser]) -> dict[str, tuple[str, str]]:
    """Return how each user is called here: as who was said, else by name; of two with one name, with the id."""
    here = {str(user.pk): user.key for user in User.objects.filter(pk__in=connection.people.values())}
    names = Counter(user.name for user in users.values())
    found = {}
    for each in users.values():
        said = here.get(str(connection.people.get(each.id, "")))
        alone = names[each.name] == 1 or bool(each.email)
        name = each.name if alone else f"{each.name} ({each.id})"
        found[each.id] = (said, "") if said else (name, each.email)
    return found


def _history_since(connection: Connection) -> dict:
    found = [payload.read(CapabilityFound, each) for each in connection.capabilities]
    since = {each.capability: each.since for each in found if each.since}
    return {name: since[kept] for name, kept in KEPT_BY.items() if kept in since}


# ---- a page ----


def _due(connection: Connection, *, after: int) -> list[Landed]:
    rows = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, due=True, pk__gt=after)
    page = list(rows.order_by("pk")[:PAGE])
    return page[: _that_fit(connection, [row.external_id for row in page])]


def _that_fit(connection: Connection, ids: Sequence[str]) -> int:
    """Return how many of these deals go into one page by their new changes, at least one."""
    new = LandedChange.objects.filter(connection=connection, deal__in=ids, due=True).order_by()
    many = dict(new.values_list("deal").annotate(n=Count("pk")))
    sums = accumulate(many.get(each, 0) for each in ids)
    return max(sum(so_far <= MOST_CHANGES for so_far in sums), 1)


def _tell_what_took_place(connection: Connection, at: dt.datetime) -> None:
    """Let deals be told again of which a meeting lay ahead that has taken place since: nothing in the CRM moves then."""
    due = Landed.objects.filter(connection=connection, due=True)
    took_place = due.filter(object=CrmObject.ACTIVITIES, **_took_place(at)).values("deal")
    deals = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, due=False)
    deals.filter(external_id__in=took_place).update(due=True)


def _took_place(at: dt.datetime) -> dict[str, Any]:
    """Return the condition of activities that had taken place at a moment, and were not called off before."""
    return {"modified_at__lte": at, "fate": Fate.LIVE}


def _accounts(page: Sequence[Landed]) -> set[str]:
    return {account for row in page if (account := payload.load(CrmDeal, row.payload).account_id)}


def _seen(connection: Connection, page: Sequence[Landed], at: dt.datetime) -> list[Seen]:
    """Return the deals of a page with all that landed of them; of activities, what took place until ``at``."""
    ids = [row.external_id for row in page]
    changes = defaultdict(list)
    for row in LandedChange.objects.filter(connection=connection, deal__in=ids).order_by("at", "pk"):
        changes[row.deal].append((payload.load(CrmChange, row.payload), row))
    quotes = _children(connection, ids, CrmObject.QUOTES, CrmQuote)
    approvals = _children(connection, ids, CrmObject.APPROVALS, CrmApproval, due=True)
    activities = _children(connection, ids, CrmObject.ACTIVITIES, CrmActivity, due=True, **_took_place(at))
    return [
        Seen(
            deal=payload.load(CrmDeal, row.payload),
            changes=[change for change, _ in changes[row.external_id]],
            quotes=[quote for quote, _ in quotes[row.external_id]],
            taken_back=frozenset(quote.id for quote, kept in quotes[row.external_id] if kept.fate in GONE),
            new_changes=[(change, kept.seen_at) for change, kept in changes[row.external_id] if kept.due],
            new_quotes=[
                (quote, kept.first_seen_at)
                for quote, kept in quotes[row.external_id]
                if kept.due and kept.fate not in GONE
            ],
            new_approvals=[each for each, _ in approvals[row.external_id]],
            new_activities=[each for each, _ in activities[row.external_id]],
        )
        for row in page
    ]


def _children(
    connection: Connection, ids: list[str], kind: CrmObject, record: type[R], **only: Any
) -> dict[str, list[tuple[R, Landed]]]:
    rows = Landed.objects.filter(connection=connection, object=kind, deal__in=ids, **only)
    found: dict[str, list[tuple[R, Landed]]] = defaultdict(list)
    for row in rows.order_by("pk"):
        found[row.deal].append((payload.load(record, row.payload), row))
    return found


def _import(connection: Connection, made: Tables, *, at: dt.datetime, dry_run: bool = False) -> Report:
    deals, events = made.frames()
    with passing.folder() as folder:
        given = {"deals": folder / f"deals of {_file_name(connection)}.parquet"}
        deals.write_parquet(given["deals"])
        if events.height:
            given["events"] = folder / f"events of {_file_name(connection)}.parquet"
            events.write_parquet(given["events"])
        return import_page(at=at, given=Files(**given), mapping=MAPPING, dry_run=dry_run)


def _file_name(connection: Connection) -> str:
    return "".join(sign if sign.isalnum() or sign in " -" else "_" for sign in connection.name)


def _told(connection: Connection, page: Sequence[Landed], at: dt.datetime) -> None:
    """Remember that the register has heard of these deals and all that landed of them, but of what lies ahead."""
    ahead = Q(object=CrmObject.ACTIVITIES, modified_at__gt=at, fate=Fate.LIVE)
    ids = [row.external_id for row in page]
    LandedChange.objects.filter(connection=connection, deal__in=ids, due=True).update(due=False)
    Landed.objects.filter(~ahead, connection=connection, deal__in=ids, due=True).update(due=False)
    Landed.objects.filter(pk__in=[row.pk for row in page]).update(due=False)
