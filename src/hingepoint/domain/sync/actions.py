"""Every change to connections with CRMs, and every run of one.

What is asked of a CRM is asked outside transactions; a page is kept in one short transaction with its mark, so
that pages of people never wait for a CRM.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from hingepoint import connectors
from hingepoint.connectors.exchange import Busy, CrmProblem
from hingepoint.connectors.source import Source
from hingepoint.connectors.values import chunks
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deals_in_turn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports.actions import CannotImport, follow_up
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.sync import (
    cards,
    gone,
    merges,
    payload,
    reading,
    register,
    runs,
    secrets,
    vanished,
    wording,
    writing,
)
from hingepoint.domain.sync.models import Connection, Cursor, Landed, SyncRun, WrittenBack
from hingepoint.domain.sync.opening import Opened, opened
from hingepoint.domain.sync.rules import answered, may_be_forgotten, open_questions, stages_of
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.crm import CapabilityFound, CrmObject
from hingepoint.records.deals import BuyingRole, DealStatus
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason, words_of
from hingepoint.records.sync import ConnectionState, WriteBackPart, count

log = logging.getLogger(__name__)

#: Everything is compared with the CRM once in this time.
SWEEP_EVERY = dt.timedelta(hours=20)
#: Pages of each kind of record that a dry run looks at.
LOOKED_AT = 1


class NotAllowed(Hidden):
    """Only analysts and sponsors look after connections."""


class CannotConnect(Refused):
    """The address, the sign-in or the moment does not allow it; the words say what to do."""


class NotReady(Refused):
    """Something must be said before it can be switched on; ``by_field`` says what."""


class UnderWay(Refused):
    """The connection is being read at this moment."""


def _require(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise NotAllowed("Only an analyst or a sponsor looks after connections.")


def _of(connection_id: int) -> Connection:
    """Return a connection in this action's turn. Raises Hidden."""
    if (found := turn(Connection.objects.all(), pk=connection_id)) is None:
        raise Hidden("There is no such connection.")
    return found


# ---- making one ----


@action
def connect(
    *,
    by: User | None,
    at: dt.datetime,
    crm: str,
    url: str,
    given: Mapping[str, str],
    name: str = "",
    sign_in: str = "",
    options: Mapping[str, str] | None = None,
    allowed: Sequence[str] = (),
    since: dt.date | None = None,
) -> Connection:
    """Keep the address of a CRM and how to sign in (``given``, sealed), switched off. Raises CannotConnect.

    ``allowed`` are addresses inside our network that it may ask, which only a command says.
    """
    _require(by)
    connector, chosen = _sign_in(crm, sign_in)
    name = (name or connector.label).strip()[:100]
    _require_complete(url, chosen, given)
    _require_unread(url, allowed)
    if Connection.objects.filter(name=name).exists():
        raise CannotConnect(
            f"There is a connection called {name} already. Give this one another name.", field="name"
        )
    first = not Connection.objects.filter(prefix="").exists()
    made = Connection.objects.create(
        crm=crm,
        name=name,
        url=url.strip().rstrip("/"),
        sign_in=chosen.key,
        secrets=_sealed(given),
        options=_said(options or {}),
        allowed=sorted(allowed),
        prefix="" if first else _free_prefix(crm),
        since=since,
        made_at=at,
    )
    changes = {"crm": [None, connector.label], "address": [None, made.url]}
    record(by=by, at=at, action="connect", subject="connection", subject_id=made.pk, changes=changes)
    safety.tell(by, reason("A CRM was connected: {name}.", name=made.name), by=by, at=at)
    return made


def _sign_in(crm: str, key: str) -> Any:
    try:
        connector = connectors.crm(crm)
    except KeyError:
        raise CannotConnect("Choose one of the CRMs listed.", field="crm") from None
    for one in connector.sign_ins:
        if key in ("", one.key):
            return connector, one
    raise CannotConnect("Choose one of the ways to sign in.", field="sign_in")


def _require_complete(url: str, sign_in: Any, given: Mapping[str, str]) -> None:
    if not url.strip().startswith(("https://", "http://")):
        raise CannotConnect("Give the whole address, beginning with https://.", field="url")
    for key, words in sign_in.secrets.items():
        if not given.get(key, "").strip():
            raise CannotConnect(f"Give this: {words}.", field=key)


def _require_unread(url: str, allowed: Sequence[str]) -> None:
    """Refuse to send a token over http, but to a host that was allowed by name."""
    place = urlsplit(url.strip())
    named = {*allowed, *settings.ENVIRONMENT.allow_outbound}
    if place.scheme == "http" and f"{place.hostname}:{place.port or 80}" not in named:
        raise CannotConnect(
            "Give an address that begins with https://. Over http:// others could read the token on its way.",
            field="url",
        )


def _free_prefix(crm: str) -> str:
    taken = set(Connection.objects.values_list("prefix", flat=True))
    names = (f"{crm}-", *(f"{crm}{number}-" for number in range(2, 1000)))
    return next(each for each in names if each not in taken)


def _sealed(given: Mapping[str, str]) -> str:
    return secrets.seal({key: value.strip() for key, value in given.items()})


@action
def sign_in_anew(
    *,
    by: User | None,
    at: dt.datetime,
    connection_id: int,
    given: Mapping[str, str],
    sign_in: str = "",
    url: str = "",
    options: Mapping[str, str] | None = None,
    allowed: Sequence[str] = (),
) -> Connection:
    """Replace the token of a connection, and where they are given its address and the names that go with it; what was read
    stays. So a token that is kept never goes to an address for which nobody gave it. Raises CannotConnect.

    ``allowed`` are further addresses inside our network that it may ask, which only a command says.
    """
    _require(by)
    row = _of(connection_id)
    _, chosen = _sign_in(row.crm, sign_in or row.sign_in)
    _require_complete(url or row.url, chosen, given)
    row.allowed = sorted({*row.allowed, *allowed})
    _require_unread(url or row.url, row.allowed)
    changes = _move(
        row, url.strip().rstrip("/") or row.url, row.options if options is None else _said(options)
    )
    row.sign_in, row.secrets = chosen.key, _sealed(given)
    row.problem, row.failures, row.next_at = "", 0, None
    row.save(update_fields=["sign_in", "secrets", "allowed", "problem", "failures", "next_at", *_MOVED])
    record(by=by, at=at, action="sign in anew", subject="connection", subject_id=row.pk, changes=changes)
    words = _ANOTHER_ADDRESS if changes else _ANOTHER_TOKEN
    safety.tell(by, reason(words, name=row.name), by=by, at=at)
    return row


#: What another address changes.
_ANOTHER_TOKEN = words_of("The connection {name} has another token.")
_ANOTHER_ADDRESS = words_of("The connection {name} has another address and another token.")
_MOVED = ("url", "options", "described", "capabilities", "tested_at")


def _move(row: Connection, url: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Give a connection another address; what was found at the one before says nothing of it. Return what changed."""
    changes = {"address": [row.url, url], "options": [row.options, dict(options)]}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        row.url, row.options = url, dict(options)
        row.described, row.capabilities, row.tested_at = {}, [], None
    return changes


def connect_or_renew(*, by: User | None, at: dt.datetime, crm: str, name: str, url: str, **facts: Any) -> int:
    """Connect a CRM, or where a connection of that name is there give it the new token; return its number.

    Raises what ``connect`` and ``sign_in_anew`` raise, and CannotConnect where the one that is there is another.
    """
    _require(by)
    called = name or _sign_in(crm, "")[0].label
    if known := Connection.objects.filter(name=called, crm=crm).first():
        _require_same(known, url, facts)
        anew = {key: facts[key] for key in ("given", "sign_in", "allowed") if key in facts}
        return sign_in_anew(by=by, at=at, connection_id=known.pk, **anew).pk
    return connect(by=by, at=at, crm=crm, name=name, url=url, **facts).pk


def _require_same(known: Connection, url: str, facts: Mapping[str, Any]) -> None:
    """Refuse to give the token of one CRM to the address of another, or to drop in silence what was said."""
    options = {**known.options, **_said(facts.get("options") or {})}
    since = facts.get("since") or known.since
    if (url.strip().rstrip("/"), options, since) != (known.url, known.options, known.since):
        at = ", ".join([known.url, *(f"{key} {value}" for key, value in known.options.items())])
        leaving_out = f", without deals made before {known.since}" if known.since else ""
        raise CannotConnect(
            f"The connection {known.name} is there already, at {at}{leaving_out}. Give this one another name, or "
            "correct the address on the page of that one.",
            field="name",
        )


@action
def forget(*, by: User | None, at: dt.datetime, connection_id: int) -> str:
    """Delete a connection that has brought no deal in, with its token; return how it was called. Raises Refused."""
    _require(by)
    row = _of(connection_id)
    if not may_be_forgotten(row):
        raise Refused(
            f"{row.name} has brought deals in, whose history names it. Pause it, and it reads no more."
        )
    if any(runs.lives(run, at) for run in SyncRun.objects.filter(connection=row, ended_at=None)):
        raise UnderWay(f"{row.name} is being read at this moment.")
    changes = {"name": [row.name, None], "address": [row.url, None]}
    record(by=by, at=at, action="forget", subject="connection", subject_id=row.pk, changes=changes)
    row.delete()
    safety.tell(by, reason("The connection {name} was deleted.", name=row.name), by=by, at=at)
    return row.name


def test(*, by: User | None, at: dt.datetime, connection_id: int) -> tuple[CapabilityFound, ...]:
    """Try what the sign-in may see and what history there is, and keep what was found, with the users of the CRM: whom they
    are here can be said before the first deal comes. Raises CannotConnect."""
    _require(by)
    row = Connection.objects.filter(pk=connection_id).first()
    if row is None:
        raise Hidden("There is no such connection.")
    try:
        with opened(row, at=at) as crm:
            found = _test(row, crm.source, at)
            reading.read_users(row, crm.source, at=at)
            return found
    except CrmProblem as problem:
        raise CannotConnect(str(problem)) from None


def _test(row: Connection, source: Source, at: dt.datetime) -> tuple[CapabilityFound, ...]:
    reading.look(row, source)
    found = tuple(source.test())
    row.capabilities, row.tested_at = [payload.plain(each) for each in found], at
    row.save(update_fields=["capabilities", "tested_at"])
    return found


@action
def say(
    *,
    by: User | None,
    at: dt.datetime,
    connection_id: int,
    stages: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
    people: Mapping[str, int] | None = None,
    roles: Mapping[str, str] | None = None,
) -> Connection:
    """Say what stages, fields, users and roles of the CRM mean here; what is not given stays.

    The deals that this is about are brought up to it by the next run. Raises Refused.
    """
    _require(by)
    row = _of(connection_id)
    _require_known("stages", (stages or {}).values(), DealStatus.values)
    _require_known("roles", (roles or {}).values(), BuyingRole.values)
    changes = {}
    for name, said in {"stages": stages, "fields": fields, "people": people, "roles": roles}.items():
        before = getattr(row, name)
        if said is not None and (now := dict(said)) != before:
            changes[name] = [before, now]
            setattr(row, name, now)
    if changes:
        row.version += 1
        row.save(update_fields=[*changes, "version"])
        Landed.objects.filter(connection=row, object=CrmObject.DEALS).update(due=True)
        if "fields" in changes:  # what is here was read without them: from the beginning again
            again = (CrmObject.DEALS, CrmObject.CHANGES)
            Cursor.objects.filter(connection=row, object__in=again).delete()
        record(by=by, at=at, action="say words", subject="connection", subject_id=row.pk, changes=changes)
    return row


def say_words(
    *,
    by: User | None,
    at: dt.datetime,
    connection_id: int,
    stages: Mapping[str, str],
    people: Mapping[str, str],
    fields: Mapping[str, str],
    roles: Mapping[str, str],
) -> Connection:
    """Say what words of the CRM mean, as a page asks: people by address or name, fields by what they are called here. What
    is empty is not said. Raises Refused with what is wrong by field: ``person-ID``, ``field-NAME``."""
    _require(by)
    row = Connection.objects.filter(pk=connection_id).first()
    if row is None:
        raise Hidden("There is no such connection.")
    whom, strangers = wording.whom(people)
    columns, unfit = wording.columns(fields, wording.fields_of(row))
    wrong = {f"person-{key}": said for key, said in strangers.items()}
    wrong |= {f"field-{key}": said for key, said in unfit.items()}
    if wrong:
        raise Refused(next(iter(wrong.values())), by_field=wrong)
    elsewhere = {key: number for key, number in row.people.items() if key not in people}
    said = {"stages": _said(stages), "people": elsewhere | whom, "fields": columns, "roles": _said(roles)}
    return say(by=by, at=at, connection_id=connection_id, **said)  # type: ignore[arg-type]


def _said(words: Mapping[str, str]) -> dict[str, str]:
    return {key: meaning for key, meaning in words.items() if meaning}


def say_stages(
    *, by: User | None, at: dt.datetime, connection_id: int, named: Mapping[str, str]
) -> Connection:
    """Say what stages mean, by their names or ids, beside what was said before. Raises Refused."""
    row = Connection.objects.get(pk=connection_id)
    known = {key: stage.id for stage in stages_of(row) for key in (stage.name, stage.id)}
    if unknown := [each for each in named if each not in known]:
        raise Refused(f"The CRM has no stage {unknown[0]!r}: {', '.join(sorted(known))}.", field="stages")
    said = {known[name]: meaning for name, meaning in named.items()}
    return say(by=by, at=at, connection_id=connection_id, stages={**row.stages, **said})


def _require_known(name: str, given: Any, known: Sequence[str]) -> None:
    if unknown := set(given) - set(known):
        raise Refused(f"“{min(unknown)}” is none of {', '.join(known)}.", field=name)


# ---- before it is switched on ----


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the first pages would do: ``created`` and ``updated`` deals, ``events``, and how often each rule."""

    deals: int
    created: int
    updated: int
    events: int
    rejected: int
    rules: Mapping[str, int]
    read: Mapping[str, int]
    problems: tuple[str, ...] = ()
    shown: tuple[Mapping[str, Any], ...] = ()
    own: tuple[str, ...] = ()  # columns of the company's own among what is shown


def rehearse(*, by: User | None, at: dt.datetime, connection_id: int) -> Rehearsal:
    """Read the first page of everything and say what it would do; nothing is kept. Raises CannotConnect."""
    _require(by)
    row = Connection.objects.filter(pk=connection_id).first()
    if row is None:
        raise Hidden("There is no such connection.")
    try:
        with opened(row, at=at) as crm:
            found = reading.look(row, crm.source)
            pages = [crm.source.page(kind, "") for kind in crm.source.objects]
    except CrmProblem as problem:
        raise CannotConnect(str(problem)) from None
    with transaction.atomic():
        landing = reading.begin(row, found, at=at)
        for page in pages:
            landing.keep(page)
        try:
            report, made = register.rehearse(row, at=at)
        except CannotImport as problem:
            raise CannotConnect(str(problem)) from None
        finally:
            transaction.set_rollback(True)
    deals = report.tables.get("deals", {}) if report else {}
    return Rehearsal(
        deals=len(made.deals),
        created=deals.get("created", 0),
        updated=deals.get("updated", 0),
        events=len(made.events),
        rejected=report.bad_rows if report else 0,
        rules={**landing.rules, **made.rules},
        read=dict(landing.read),
        problems=tuple(str(each) for each in report.problems[:20]) if report else (),
        shown=tuple(made.deals[:10]),
        own=made.own,
    )


@action
def switch_on(*, by: User | None, at: dt.datetime, connection_id: int) -> Connection:
    """Let the worker read this CRM on its own. Raises NotReady while a question is open."""
    _require(by)
    row = _of(connection_id)
    if not row.capabilities:
        raise NotReady("Run the self-test first: it says what this sign-in may see.")
    if lacking := open_questions(row):
        raise NotReady(f"Say first what these stages mean: {', '.join(lacking)}.", field="stages")
    return _set_state(row, ConnectionState.ON, by=by, at=at)


@action
def pause(*, by: User | None, at: dt.datetime, connection_id: int) -> Connection:
    """Read this CRM no more until it is switched on again; what was read stays."""
    _require(by)
    return _set_state(_of(connection_id), ConnectionState.PAUSED, by=by, at=at)


def _set_state(row: Connection, state: ConnectionState, *, by: User | None, at: dt.datetime) -> Connection:
    before, row.state, row.next_at, row.failures = row.state, state, at, 0
    row.save(update_fields=["state", "next_at", "failures"])
    if before != state:
        changes = {"state": [before, state.value]}
        record(by=by, at=at, action="switch", subject="connection", subject_id=row.pk, changes=changes)
    return row


@action
def set_writing_back(
    *, by: User | None, at: dt.datetime, connection_id: int, parts: Sequence[str], fields: Mapping[str, str]
) -> Connection:
    """Say which parts are written onto records of the CRM, and into which of its fields. Raises Refused."""
    _require(by)
    _require_known("parts", parts, WriteBackPart.values)
    row = _of(connection_id)
    if refused := answered(row, parts, fields):
        raise Refused(refused, field="fields")
    changes = {
        "parts": [sorted(row.write_back), sorted(parts)],
        "fields": [row.write_fields, dict(fields)],
    }
    if (row.write_back, row.write_fields) != (sorted(parts), dict(fields)):
        row.wrote_at, row.writing = None, {}  # what is switched on now is written onto every deal
    row.write_back, row.write_fields = sorted(parts), dict(fields)
    if WriteBackPart.CARD.value in parts and not row.card_keys:
        row.card_keys = cards.sealed(cards.with_new_key(row, today=timezone.localdate(at), at_once=True))
    row.save(update_fields=["write_back", "write_fields", "wrote_at", "writing", "card_keys"])
    record(by=by, at=at, action="set writing back", subject="connection", subject_id=row.pk, changes=changes)
    return row


@action
def believe(*, by: User | None, at: dt.datetime, connection_id: int) -> Connection:
    """Take it that what vanished at once is gone: the next run compares again and lets it go. Raises Refused."""
    _require(by)
    row = _of(connection_id)
    doubts = vanished.doubts(row)
    if not doubts:
        raise Refused("Nothing that vanished waits for an answer.")
    row.vanished, row.next_at = vanished.answered(row), at
    row.save(update_fields=["vanished", "next_at"])
    changes = {each.what: [each.there, each.there - each.gone] for each in doubts}
    record(by=by, at=at, action="believe", subject="connection", subject_id=row.pk, changes=changes)
    return row


@action
def set_card_hosts(
    *, by: User | None, at: dt.datetime, connection_id: int, hosts: Sequence[str]
) -> Connection:
    """Say whose pages may show cards of deals; nobody's where none is named. Raises Refused."""
    _require(by)
    row = _of(connection_id)
    named = [each for host in hosts if (each := host.strip())]
    if len(named) > cards.MOST_HOSTS:
        raise Refused(f"Name at most {cards.MOST_HOSTS} hosts.", field="hosts")
    before, row.card_hosts = row.card_hosts, [_origin(each) for each in dict.fromkeys(named)]
    row.save(update_fields=["card_hosts"])
    changes = {"hosts": [before, row.card_hosts]}
    record(by=by, at=at, action="set card hosts", subject="connection", subject_id=row.pk, changes=changes)
    return row


def _origin(host: str) -> str:
    try:
        return cards.origin(host)
    except ValueError:
        raise Refused(
            f"“{host}” is no host. Write it like https://crm.example.com, without a path; *. stands for any name before it.",
            field="hosts",
        ) from None


@action
def renew_card_key(
    *, by: User | None, at: dt.datetime, connection_id: int, at_once: bool = False
) -> Connection:
    """Sign addresses of cards with a new key. Those of before go on for a week, in which the records get new ones;
    ``at_once`` ends them now."""
    _require(by)
    row = _of(connection_id)
    today = timezone.localdate(at)
    row.card_keys = cards.sealed(cards.with_new_key(row, today=today, at_once=at_once))
    row.save(update_fields=["card_keys"])
    WrittenBack.objects.filter(connection=row, card_until__gt=today).update(card_until=today)
    changes = {"ended at once": at_once}
    record(by=by, at=at, action="renew card key", subject="connection", subject_id=row.pk, changes=changes)
    safety.tell(
        by, reason("The cards of the connection {name} have another key.", name=row.name), by=by, at=at
    )
    return row


@action
def set_pace(
    *, by: User | None, at: dt.datetime, connection_id: int, every_minutes: int, budget_share: float
) -> Connection:
    """Say how often the CRM is read, and how much of its daily requests may be taken. Raises Refused."""
    _require(by)
    if not 1 <= every_minutes <= 1440:
        raise Refused("Give between 1 and 1,440 minutes.", field="every_minutes")
    if not 0 < budget_share <= 1:
        raise Refused("Give more than 0 and at most 100 per cent.", field="budget_share")
    row = _of(connection_id)
    changes = {
        "every minutes": [row.every_minutes, every_minutes],
        "share of requests": [row.budget_share, budget_share],
    }
    row.every_minutes, row.budget_share = every_minutes, budget_share
    row.save(update_fields=["every_minutes", "budget_share"])
    record(by=by, at=at, action="set pace", subject="connection", subject_id=row.pk, changes=changes)
    return row


# ---- a run ----


@dataclass(slots=True)
class Told:
    """What one run did. ``problem`` is empty when it read everything there is for now, and wrote what was to be written."""

    connection: str
    run: int
    read: dict[str, int] = field(default_factory=dict)
    brought: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    waited: float = 0.0
    swept: bool = False
    all_read: bool = False  # whatever came after, such as writing back
    wait: float | None = None  # seconds that the CRM asked for
    problem: str = ""
    problems: list[str] = field(default_factory=list)


def sync(*, at: dt.datetime, connection_id: int, sweep: bool | None = None) -> Told:
    """Read what is new in a CRM and bring it into the register; write back what is switched on.

    Stopped anywhere, even in the middle of a page, the next run goes on. ``sweep`` compares all ids with those
    of the CRM: by default when that was not done for a night. A CRM that fails is told in ``problem``, and the
    next run waits longer. Raises UnderWay, Hidden.
    """
    row, run = _begin_run(at=at, connection_id=connection_id)
    told = Told(row.name, run.pk, swept=_is_due(row, at) if sweep is None else sweep)
    try:
        with opened(row, at=at) as crm:
            try:
                _work(row, run, crm, told, at)
            finally:
                told.requests, told.waited = crm.requests, sum(crm.waited)
    except CrmProblem as problem:
        told.problem = str(problem)
        told.wait = problem.seconds if isinstance(problem, Busy) else None
    except Refused as problem:
        told.problem = str(problem)
    except BaseException:
        told.problem = "Something here failed. The log says what."
        raise
    finally:
        _end_run(row, run, told, at=at)
    return told


def _is_due(row: Connection, at: dt.datetime) -> bool:
    if row.synced_at is None:
        return False
    return row.swept_at is None or at - row.swept_at >= SWEEP_EVERY or vanished.is_answered(row)


def _work(row: Connection, run: SyncRun, crm: Opened, told: Told, at: dt.datetime) -> None:
    def tell() -> None:
        SyncRun.objects.filter(pk=run.pk).update(touched_at=timezone.now())

    found = reading.look(row, crm.source)
    if told.swept or not row.capabilities:
        _test(row, crm.source, at)
    landing = reading.begin(row, found, at=at)
    try:
        reading.read_new(landing, crm.source, tell=tell)
        if told.swept:
            reading.sweep(landing, crm.source, run=run.pk, tell=tell)
            reading.read_formulas_again(landing, crm.source, found, tell=tell)
    finally:
        told.read, told.rules = dict(landing.read), landing.rules
        count(told.rules, "value_of_another_kind", len(crm.source.unread))
    merged_into = _bring(row, told, at)
    told.all_read = True
    _write_back(row, crm.source, told, merged_into, at)


def _write_back(
    row: Connection, source: Source, told: Told, merged_into: Sequence[int], at: dt.datetime
) -> None:
    """Write what changed; after a sweep, whatever differs. What goes wrong here takes nothing back of what was read."""
    outcome = writing.write_back(row, source, at=at, also=merged_into, anew=told.swept)
    told.written, told.wait = dict(outcome.written), outcome.wait
    count(told.rules, "overwritten_there", outcome.overwritten)
    if outcome.problem:
        told.problem = f"Everything was read. Writing back stopped: {outcome.problem}"


def _bring(row: Connection, told: Told, at: dt.datetime) -> list[int]:
    """Bring what landed into the register, follow merges, and let the rest of the house read on; return the numbers of the
    deals that others were merged into."""
    merged, merged_into = merges.due(row), []
    brought = register.bring(row, at=at)
    for loser, into in merges.pairs(row, merged):
        merged_into.append(into)
        staying = take_over_agreements(at=at, gone_id=loser, kept_id=into)
        count(told.rules, "agreement_stays", staying)
    wrong = gone.to_say(row)
    for some in chunks(wrong, gone.AT_ONCE):
        say_gone(at=at, deals=some)
    told.brought, told.problems = dict(brought.counts), brought.problems[:20]
    for key, number in brought.rules.items():
        count(told.rules, key, number)
    if news := sum(brought.counts.values()) + len(wrong):
        follow_up(at, rows=news)
    return merged_into


@action
def _begin_run(*, at: dt.datetime, connection_id: int) -> tuple[Connection, SyncRun]:
    row = _of(connection_id)
    for before in SyncRun.objects.filter(connection=row, ended_at=None):
        if runs.lives(before, at):
            raise UnderWay(f"{row.name} is being read at this moment.")
        before.ended_at, before.problem = at, runs.KILLED
        before.save(update_fields=["ended_at", "problem"])
    return row, SyncRun.objects.create(connection=row, began_at=at, touched_at=at, holder=runs.holder())


@transaction.atomic
def _end_run(row: Connection, run: SyncRun, told: Told, *, at: dt.datetime) -> None:
    run.ended_at = run.touched_at = max(timezone.now(), at)
    for name in ("read", "brought", "rules", "written", "requests", "waited", "swept", "problem"):
        setattr(run, name, getattr(told, name))
    run.save()
    failed_before, row.problem = bool(row.failures), told.problem
    asked = dt.timedelta(seconds=told.wait or 0)
    if told.problem and not told.all_read:
        row.failures += 0 if told.wait else 1
        row.next_at = at + (asked or runs.wait_after(row.failures))
    else:
        row.failures, row.synced_at = 0, at
        row.next_at = at + max(asked, dt.timedelta(minutes=row.every_minutes))
        row.swept_at = at if told.swept or row.swept_at is None else row.swept_at
    row.save(update_fields=["problem", "failures", "next_at", "synced_at", "swept_at"])
    if failed_before != bool(row.failures):  # not when it only asks to wait
        doing = "recover" if failed_before else "fail"
        record(by=None, at=at, action=doing, subject="connection", subject_id=row.pk, reason=told.problem)


def sync_what_is_due(*, at: dt.datetime) -> None:
    """Run every connection that is on and due; one that fails stops no other."""
    due = Connection.objects.filter(state=ConnectionState.ON).exclude(next_at__gt=at).order_by("pk")
    for connection in due.values_list("pk", flat=True):
        try:
            sync(at=at, connection_id=connection)
        except UnderWay:
            continue
        except Exception:
            log.exception("Connection %s failed.", connection)


# ---- deals that are gone, and merged ones ----


@action
def say_gone(*, at: dt.datetime, deals: Sequence[gone.Standing], by: User | None = None) -> None:
    """Leave deals that are gone in the CRM out of every list and number, or count those again that are back."""
    there = deals_in_turn({each.deal_id for each in deals})
    for each in deals:
        if each.deal_id in there:
            row = Deal.every.filter(pk=each.deal_id)
            row.update(gone=each.gone, gone_at=each.at, version=F("version") + 1)
            _record_fate(each, by=by, at=at)


def _record_fate(each: gone.Standing, *, by: User | None, at: dt.datetime) -> None:
    if each.gone:
        changes = {"in the CRM": each.gone}
        record(by=by, at=at, action="gone", subject="deal", subject_id=each.deal_id, changes=changes)
    else:
        record(by=by, at=at, action="come back", subject="deal", subject_id=each.deal_id)


@action
def take_over_agreements(*, at: dt.datetime, gone_id: int, kept_id: int, by: User | None = None) -> int:
    """Give the agreements of a deal that the CRM merged to the deal it is now; return how many stay behind.

    An agreement that both deals have stays on both: what people wrote is not merged in silence. The audit trail
    of both deals says which went over.
    """
    moved, stay = merges.move(gone_id=gone_id, kept_id=kept_id)
    if moved:
        changes = {"agreements": moved, "stay": stay, "from": gone_id, "to": kept_id}
        record(
            by=by, at=at, action="take over agreements", subject="deal", subject_id=kept_id, changes=changes
        )
        record(
            by=by, at=at, action="hand over agreements", subject="deal", subject_id=gone_id, changes=changes
        )
    return len(stay)
