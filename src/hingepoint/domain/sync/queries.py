"""What pages and commands show of connections, and what became of a deal in its CRM."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.utils import timezone

from hingepoint import connectors
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.queries.deal_page import rows_of
from hingepoint.domain.agreements.queries.lines import AgreementLine, in_order_of_the_sale, line_of
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, sees_all
from hingepoint.domain.sync import cards, payload, vanished, wording, writing
from hingepoint.domain.sync.models import Connection, Landed, SyncRun, WrittenBack
from hingepoint.domain.sync.rules import (
    may_be_forgotten,
    open_questions,
    own_fields,
    sign_in_of,
    stages_of,
    with_words,
)
from hingepoint.records.agreements import AgreementState
from hingepoint.records.crm import Capability, CapabilityFound, CrmObject, CrmUser, Fate, Found, Written
from hingepoint.records.deals import DealStatus, Gone
from hingepoint.records.errors import Hidden
from hingepoint.records.sync import BY_KEY, ConnectionState, WriteBackPart

#: What a capability that is missing costs the findings, in words.
COSTS: dict[Capability, str] = {
    Capability.DEALS: "Nothing can be read without deals.",
    Capability.USERS: "Deals have owners without names; nothing is told by person or team.",
    Capability.STAGE_HISTORY: "Effects by stage begin with the first reading; older deals show their last stage only.",
    Capability.AMOUNT_HISTORY: "The value at the start is unknown for older deals; effects on size are less sure.",
    Capability.CLOSE_DATE_HISTORY: "Slips of the close date are seen from the first reading on, between two readings.",
    Capability.OWNER_HISTORY: "Older work stands with the owner of today.",
    Capability.CONTACT_ROLES: "People of the customer come without their part in the sale.",
    Capability.QUOTE_LINES: "There is no list price: price realisation and discounts are told from amounts only.",
    Capability.LINE_HISTORY: "Concessions are seen from the first reading on, between two readings.",
    Capability.APPROVALS: "Exceptions are counted from our own pages only; signal 2 begins today.",
    Capability.ACTIVITIES: "Agreements are not found in calls and mails.",
    Capability.DELETIONS: "What was deleted is found by comparing all records once a night.",
    Capability.WRITE_BACK: "Sellers see agreements here, not in the CRM.",
}
#: What it costs where a history is there from a day on, which stands beside it; and where something else is there in part.
IN_PART: dict[Capability, str] = {
    Capability.STAGE_HISTORY: "Of what came before that day only the last stage is known.",
    Capability.AMOUNT_HISTORY: "The value at the start is unknown where it lies before that day.",
    Capability.CLOSE_DATE_HISTORY: "Slips from before that day are unknown.",
    Capability.OWNER_HISTORY: "Work from before that day stands with the owner of today.",
}
SOME_OF_IT = "Some of it comes over, some does not."
#: The last two days are told in parts of so many hours.
HOURS = 3
#: Records that refused what we wrote, as many as the page of a connection shows.
MOST_REFUSALS = 20
_ORDER = [Found.NO_RIGHT, Found.NOT_THERE, Found.NOT_TRACKED, Found.TRACKED_SINCE, Found.TRACKED]


@dataclass(frozen=True, slots=True)
class CapabilityLine:
    """One line of the self-test; ``costs`` is what is lost without it, empty where nothing is. ``at_least``: the CRM counts
    no further than ``count``."""

    key: str
    what: str
    found: str
    complete: bool
    count: int | None
    at_least: bool
    since: dt.date | None
    ask_for: str
    detail: str
    costs: str

    @property
    def in_part(self) -> bool:
        return self.found == Found.TRACKED_SINCE.label


@dataclass(frozen=True, slots=True)
class RunLine:
    began_at: dt.datetime
    ended_at: dt.datetime | None
    read: int
    requests: int
    waited: float
    swept: bool
    problem: str


@dataclass(frozen=True, slots=True)
class HoursLine:
    """What runs read in ``HOURS`` hours from ``since`` on, and how many seconds they waited for a limit of the CRM."""

    since: dt.datetime
    read: int
    waited: float


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """How far the first load is: deals that are here of those that the CRM counts, and how many minutes the rest takes at the
    pace so far, rounded up; None where nothing was timed."""

    here: int
    of: int
    minutes_left: int | None


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage and what it means; ``meaning`` is empty while nobody has said it."""

    id: str
    name: str
    pipeline: str
    meaning: str
    by_crm: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A user of the CRM and whom they are here, by address or as somebody said; ``here`` is None where nobody is, ``as_`` is
    the address or key of who it is."""

    id: str
    name: str
    email: str
    here: int | None
    here_name: str
    said: bool
    as_: str = ""


@dataclass(frozen=True, slots=True)
class RuleLine:
    sentence: str
    does: str
    count: int


@dataclass(frozen=True, slots=True)
class WriteLine:
    key: str
    label: str
    on: bool
    field: str
    in_field: bool


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """A deal whose record did not take what we wrote: why, in our words and in those of the CRM, since when, and the last day
    on which it is tried again though nothing changed there."""

    deal_id: int
    deal: str
    why: str
    said: str
    since: dt.datetime
    until: dt.date


@dataclass(frozen=True, slots=True)
class CardSetup:
    """Whether cards are on, whose pages may show them, from where pages of this CRM usually come, and where the card
    goes there: in words and, where there is one, as a template."""

    on: bool
    hosts: tuple[str, ...]
    usual: tuple[str, ...]
    how: str
    template: str


@dataclass(frozen=True, slots=True)
class OptionLine:
    """A name that goes with the address, such as that of a database, and how it is asked for."""

    key: str
    words: str
    value: str


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    id: int
    name: str
    crm: str
    state: str
    on: bool
    synced_at: dt.datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """All that a page shows of a connection; no secret is in it."""

    id: int
    name: str
    crm: str
    address: str
    state: str
    state_key: str
    sign_in: str
    secret_names: tuple[tuple[str, str], ...]  # what is asked to sign in, with its words
    options: tuple[OptionLine, ...]
    may_be_forgotten: bool
    ends_on: dt.date | None
    tested_at: dt.datetime | None
    capabilities: tuple[CapabilityLine, ...]
    in_full: int
    in_part: int
    not_at_all: tuple[str, ...]
    ask_for: tuple[str, ...]
    stages: tuple[StageLine, ...]
    open_stages: tuple[str, ...]
    people: tuple[PersonLine, ...]
    unknown_people: int
    own_fields: tuple[tuple[str, str], ...]
    taken: int  # fields of the company's own that come over
    requests: int
    allowance: int | None
    share: float
    every_minutes: int
    synced_at: dt.datetime | None
    next_at: dt.datetime | None
    problem: str
    deals: int
    waiting: int
    runs: tuple[RunLine, ...]
    hours: tuple[HoursLine, ...]  # of the last two days, the newest last; empty where nothing ran
    first_load: FirstLoad | None  # while it is not done
    rules: tuple[RuleLine, ...]
    doubts: tuple[vanished.Doubt, ...]  # what vanished at once, and is not believed
    writing: tuple[WriteLine, ...]
    refusals: tuple[RefusalLine, ...]  # the newest
    refused: int
    card: CardSetup

    @property
    def is_on(self) -> bool:
        return self.state_key == ConnectionState.ON

    @property
    def all_read(self) -> bool:
        """Whether the last run that has ended read everything, whatever came after."""
        began = next((run.began_at for run in self.runs if run.ended_at), None)
        return began is not None and began == self.synced_at

    @property
    def tested(self) -> bool:
        return bool(self.capabilities)


def may_connect(viewer: Viewer) -> bool:
    """Return whether the viewer looks after connections."""
    return sees_all(viewer)


def connections(viewer: Viewer) -> tuple[ConnectionLine, ...]:
    """Return every connection. One SQL query."""
    return tuple(_line(row) for row in Connection.objects.visible_to(viewer).order_by("name"))


def _line(row: Connection) -> ConnectionLine:
    state = ConnectionState(row.state)
    on = state == ConnectionState.ON
    return ConnectionLine(row.pk, row.name, _label(row), state.label, on, row.synced_at, row.problem)


def _label(row: Connection) -> str:
    try:
        return connectors.crm(row.crm).label
    except KeyError:
        return row.crm


def _options(row: Connection) -> tuple[OptionLine, ...]:
    try:
        asked = connectors.crm(row.crm).options
    except KeyError:
        return ()
    return tuple(OptionLine(key, words, row.options.get(key, "")) for key, words in asked.items())


def number_and_pace(called: str) -> tuple[int, int]:
    """Return the number of a connection by its name or number, and every how many minutes it is read. Raises Hidden."""
    rows = Connection.objects.all()
    found = rows.filter(name=called).first() or (
        rows.filter(pk=int(called)).first() if called.isdigit() else None
    )
    if found is None:
        known = ", ".join(rows.order_by("name").values_list("name", flat=True)) or "none yet"
        raise Hidden(f"There is no connection {called!r}. Known: {known}.")
    return found.pk, found.every_minutes


def for_command(connection_id: int, *, at: dt.datetime) -> ConnectionPage:
    """Return a connection for whoever runs the installation."""
    return _page(Connection.objects.get(pk=connection_id), at)


def connection_page(viewer: Viewer, connection_id: int, *, at: dt.datetime) -> ConnectionPage:
    """Return what the page of a connection shows. Raises Hidden."""
    row = Connection.objects.visible_to(viewer).filter(pk=connection_id).first()
    if row is None:
        raise Hidden("There is no such connection.")
    return _page(row, at)


def _page(row: Connection, at: dt.datetime) -> ConnectionPage:
    found = _capabilities(row)
    sign_in, people = sign_in_of(row), _people(row)
    runs = list(SyncRun.objects.filter(connection=row).order_by("-began_at", "-pk")[:10])
    deals = Landed.objects.filter(connection=row, object=CrmObject.DEALS)
    here = deals.count()
    return ConnectionPage(
        id=row.pk,
        name=row.name,
        crm=_label(row),
        address=row.url,
        state=ConnectionState(row.state).label,
        state_key=row.state,
        sign_in=sign_in.label if sign_in else "",
        secret_names=tuple(sign_in.secrets.items()) if sign_in else (),
        options=_options(row),
        may_be_forgotten=may_be_forgotten(row),
        ends_on=sign_in.ends_on(row.url) if sign_in else None,
        tested_at=row.tested_at,
        capabilities=found,
        in_full=sum(line.complete for line in found),
        in_part=sum(line.in_part for line in found),
        not_at_all=tuple(line.what for line in found if not line.complete and not line.in_part),
        ask_for=tuple(dict.fromkeys(line.ask_for for line in found if line.ask_for)),
        stages=_stages(row),
        open_stages=tuple(open_questions(row)),
        people=people,
        unknown_people=sum(line.here is None for line in people),
        own_fields=_own_fields(row),
        taken=len(row.fields),
        requests=row.requests if row.requests_on == timezone.localdate(at) else 0,
        allowance=row.allowance,
        share=row.budget_share,
        every_minutes=row.every_minutes,
        synced_at=row.synced_at,
        next_at=row.next_at,
        problem=row.problem,
        deals=here,
        waiting=deals.filter(due=True).count(),
        runs=tuple(_run(each) for each in runs),
        hours=_hours(row, at),
        first_load=_first_load(row, found, here),
        rules=_rules(runs),
        doubts=vanished.doubts(row),
        writing=tuple(_writing(row, part) for part in WriteBackPart),
        refusals=_refusals(row),
        refused=_refused(row).count(),
        card=_card_setup(row),
    )


@dataclass(frozen=True, slots=True)
class WordsPage:
    """What words of a CRM are asked about. ``fields_found`` is how many there are, of which ``fields`` show some;
    ``known`` are the people of this installation, as a field offers them."""

    id: int
    name: str
    stages: tuple[StageLine, ...]
    people: tuple[PersonLine, ...]
    people_found: int
    known: tuple[str, ...]
    fields: tuple[wording.FieldLine, ...]
    fields_found: int
    roles: tuple[wording.RoleLine, ...]


def words_page(viewer: Viewer, connection_id: int, *, wanted: str = "") -> WordsPage:
    """Return what the page of words shows. Raises Hidden. At most eleven SQL queries."""
    row = Connection.objects.visible_to(viewer).filter(pk=connection_id).first()
    if row is None:
        raise Hidden("There is no such connection.")
    people = _people(row)
    fields, found = wording.field_lines(row, wanted)
    users = User.objects.filter(is_active=True).order_by("name").values_list("email", "key")
    return WordsPage(
        id=row.pk,
        name=row.name,
        stages=_stages(row),
        people=people[: wording.MOST_PEOPLE],
        people_found=len(people),
        known=tuple(email or key for email, key in users[: wording.MOST_PEOPLE]),
        fields=tuple(fields),
        fields_found=found,
        roles=tuple(wording.role_lines(row)),
    )


def _capabilities(row: Connection) -> tuple[CapabilityLine, ...]:
    """Return the self-test, what is missing first."""
    found = [payload.read(CapabilityFound, each) for each in row.capabilities]
    return tuple(_capability(each) for each in sorted(found, key=lambda each: _ORDER.index(each.found)))


def _capability(each: CapabilityFound) -> CapabilityLine:
    return CapabilityLine(
        key=each.capability.value,
        what=each.capability.label,
        found=each.found.label,
        complete=each.found == Found.TRACKED,
        count=each.count,
        at_least=each.at_least,
        since=each.since,
        ask_for=each.ask_for,
        detail=f"{each.detail.rstrip('.')}." if each.detail else "",
        costs=_costs(each),
    )


def _costs(each: CapabilityFound) -> str:
    if each.found == Found.TRACKED:
        return ""
    if each.found == Found.TRACKED_SINCE:
        return IN_PART.get(each.capability, SOME_OF_IT) if each.since else SOME_OF_IT
    return COSTS[each.capability]


def _stages(row: Connection) -> tuple[StageLine, ...]:
    lines = []
    for stage in sorted(stages_of(row), key=lambda each: (each.pipeline, each.order, each.name)):
        by_crm = stage.status is not None and stage.id not in row.stages
        meaning = row.stages.get(stage.id) or (stage.status.value if stage.status else "")
        lines.append(StageLine(stage.id, stage.name, stage.pipeline, meaning, by_crm))
    return tuple(lines)


def _people(row: Connection) -> tuple[PersonLine, ...]:
    """Return the users of the CRM, those first who are nobody here."""
    landed = Landed.objects.filter(connection=row, object=CrmObject.USERS).order_by("pk")
    users = [payload.load(CrmUser, each.payload) for each in landed]
    said = {key: int(value) for key, value in row.people.items()}
    addresses = {user.email.lower() for user in users if user.email}
    by_address = dict(User.objects.filter(email__in=addresses).values_list("email", "pk"))
    by_name = dict(User.objects.filter(name__in={user.name for user in users}).values_list("name", "pk"))
    rows = User.objects.filter(pk__in=[*said.values(), *by_address.values(), *by_name.values()])
    names = {
        pk: (name, email or key) for pk, name, email, key in rows.values_list("pk", "name", "email", "key")
    }
    lines = []
    for user in users:
        here = said.get(user.id) or by_address.get(user.email.lower()) or by_name.get(user.name)
        name, called = names.get(here, (user.name, "")) if here else ("", "")
        lines.append(PersonLine(user.id, user.name, user.email, here, name, user.id in said, called))
    return tuple(sorted(lines, key=lambda line: (line.here is not None, line.name)))


def _own_fields(row: Connection) -> tuple[tuple[str, str], ...]:
    """Return the company's own fields of deals into which a text can be written: name and label."""
    return tuple((each["name"], each["label"]) for each in own_fields(row) if each.get("text", True))


def _run(run: SyncRun) -> RunLine:
    read = sum(run.read.values())
    return RunLine(run.began_at, run.ended_at, read, run.requests, run.waited, run.swept, run.problem)


def _hours(row: Connection, at: dt.datetime) -> tuple[HoursLine, ...]:
    """Return the last two days in parts of ``HOURS`` hours, to the end of this hour. One SQL query."""
    part = dt.timedelta(hours=HOURS)
    since = at.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1) - 48 // HOURS * part
    runs = SyncRun.objects.filter(connection=row, began_at__gte=since, began_at__lt=at)
    ran: defaultdict[int, list[SyncRun]] = defaultdict(list)
    for run in runs.only("began_at", "read", "waited"):
        ran[(run.began_at - since) // part].append(run)
    return tuple(_part(since + n * part, ran[n]) for n in range(48 // HOURS)) if ran else ()


def _part(since: dt.datetime, runs: Sequence[SyncRun]) -> HoursLine:
    read = sum(sum(run.read.values()) for run in runs)
    return HoursLine(since, read, sum(run.waited for run in runs))


def _first_load(row: Connection, capabilities: Sequence[CapabilityLine], here: int) -> FirstLoad | None:
    """Return how far the first load is; None once it is done, or where the CRM counts no deals. One SQL query."""
    of = next((one.count for one in capabilities if one.key == Capability.DEALS), None)
    if row.synced_at is not None or not of:
        return None
    times = SyncRun.objects.filter(connection=row).values_list("began_at", "touched_at")
    took = sum((touched - began for began, touched in times), dt.timedelta())
    left = math.ceil(took / here * max(of - here, 0) / dt.timedelta(minutes=1)) if here and took else None
    return FirstLoad(here, of, left)


def _rules(runs: list[SyncRun]) -> tuple[RuleLine, ...]:
    counts: dict[str, int] = {}
    for run in runs:
        for key, number in run.rules.items():
            counts[key] = counts.get(key, 0) + number
    return rule_lines(counts)


def rule_lines(counts: Mapping[str, int]) -> tuple[RuleLine, ...]:
    """Return counts by rule in words."""
    return tuple(
        RuleLine(BY_KEY[key].sentence, BY_KEY[key].does, number)
        for key, number in counts.items()
        if key in BY_KEY
    )


def _refused(row: Connection) -> QuerySet[WrittenBack]:
    return WrittenBack.objects.filter(connection=row, held_until__isnull=False)


def _refusals(row: Connection) -> tuple[RefusalLine, ...]:
    held = list(_refused(row).order_by("-at", "-pk")[:MOST_REFUSALS])
    deals = {deal.key: deal for deal in Deal.every.filter(key__in=[_key(row, each) for each in held])}
    return tuple(_refusal(deals[_key(row, each)], each) for each in held if _key(row, each) in deals)


def _key(row: Connection, written: WrittenBack) -> str:
    return f"{row.prefix}{written.external_id}"


def _refusal(deal: Deal, written: WrittenBack) -> RefusalLine:
    assert written.held_until is not None
    why = Written(written.refusal).label if written.refusal else ""
    until = timezone.localdate(written.held_until)
    return RefusalLine(deal.pk, str(deal), why, written.said, written.at, until)


def _writing(row: Connection, part: WriteBackPart) -> WriteLine:
    field = row.write_fields.get(part.value, "")
    return WriteLine(part.value, part.label, part.value in row.write_back, field, part != WriteBackPart.TASK)


def _card_setup(row: Connection) -> CardSetup:
    part = WriteBackPart.CARD.value
    place = cards.place_of(row, row.write_fields.get(part, ""))
    on = part in row.write_back
    return CardSetup(on, tuple(row.card_hosts), cards.usual_hosts(row), place.how, place.template)


# ---- the card of a deal on the CRM's own page ----


@dataclass(frozen=True, slots=True)
class CardLine:
    """One agreement on a card: never who said it, what was noted, or what it is worth."""

    name: str
    state: str
    standing: bool
    due_on: dt.date | None
    late: bool


@dataclass(frozen=True, slots=True)
class Card:
    """What whoever reads the CRM's record is shown of a deal. ``over``: the address has ended, and nothing is told.
    ``gone`` says what became of the deal in the CRM."""

    hosts: tuple[str, ...]
    over: bool
    deal: str = ""
    address: str = ""
    gone: str = ""
    standing: int = 0
    wanted: int = 0
    following: CardLine | None = None
    lines: tuple[CardLine, ...] = ()


def card(token: str, *, today: dt.date) -> Card:
    """Return the card that an address opens. Raises Hidden where it opens none. At most three SQL queries."""
    ticket = cards.read(token, today=today)
    made = ticket.connection
    if WriteBackPart.CARD.value not in made.write_back:
        raise Hidden("no such card")
    hosts = tuple(made.card_hosts)
    if ticket.until < today:
        return Card(hosts, over=True)
    deal = Deal.every.filter(pk=ticket.deal_id).first()
    if deal is None:
        raise Hidden("no such card")
    return _card(deal, hosts, today)


def _card(deal: Deal, hosts: tuple[str, ...], today: dt.date) -> Card:
    rows = rows_of(deal.pk)
    said = writing.said_of(deal, rows)
    wanted = in_order_of_the_sale(
        line_of(row, today) for row in rows if row.required and row.state != AgreementState.NOT_NEEDED
    )
    is_open = deal.status == DealStatus.OPEN and not deal.gone
    lines = tuple(_card_line(line, may_be_late=is_open) for line in wanted)
    return Card(
        hosts,
        over=False,
        deal=str(deal),
        address=writing.address_of(f"deals/{deal.pk}/"),
        gone=Gone(deal.gone).label if deal.gone else "",
        standing=said.standing,
        wanted=said.wanted,
        following=next((line for line in lines if is_open and line.name == said.next), None),
        lines=lines,
    )


def _card_line(line: AgreementLine, *, may_be_late: bool) -> CardLine:
    state = AgreementState(line.state).label
    return CardLine(line.name, state, line.standing, line.late_after, line.late and may_be_late)


# ---- what other pages say ----


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A deal that the CRM merged into this one; ``left`` are the agreements that both had, which stayed there."""

    id: int
    name: str
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InTheCrm:
    """What became of a deal in its CRM, where there is something to say of it. ``fate`` is empty where it is there as
    ever; ``since`` is when we saw it, ``into_id`` the deal that it is now, ``absorbed`` what went into it."""

    crm: str
    fate: str = ""
    since: dt.datetime | None = None
    into_id: int | None = None
    into_name: str = ""
    absorbed: tuple[Absorbed, ...] = ()


def in_the_crm(viewer: Viewer, deal_id: int) -> InTheCrm | None:
    """Say what a reader of a deal must know of its CRM; None where all is well, or it came from elsewhere.
    One SQL query without connections, else at most six."""
    prefixes = list(Connection.objects.values_list("pk", "prefix"))
    deal = Deal.every.visible_to(viewer).filter(pk=deal_id).first() if prefixes else None
    row = _landed(deal.key, prefixes) if deal else None
    if row is None:
        return None
    found = InTheCrm(row.connection.name, absorbed=_absorbed(viewer, row))
    if row.fate == Fate.LIVE:
        return found if found.absorbed else None
    found = replace(found, fate=row.fate, since=row.seen_at)
    into = _deals(viewer, row.connection, [row.into]).first() if row.into else None
    return replace(found, into_id=into.pk, into_name=str(into)) if into else found


def _absorbed(viewer: Viewer, row: Landed) -> tuple[Absorbed, ...]:
    """Return the deals that were merged into one, with the agreements that stayed with them."""
    merged = Landed.objects.filter(
        connection=row.connection, object=CrmObject.DEALS, fate=Fate.MERGED, into=row.external_id
    )
    gone = _deals(viewer, row.connection, merged.values_list("external_id", flat=True))
    left: dict[int, list[str]] = {deal.pk: [] for deal in gone}
    rows = with_words(Agreement.objects.filter(deal__in=left)).select_related("type").order_by("pk")
    for one in rows if left else ():
        left[one.deal_id].append(str(one.type))
    return tuple(Absorbed(deal.pk, str(deal), tuple(left[deal.pk])) for deal in gone)


def _deals(viewer: Viewer, connection: Connection, ids: Iterable[str]) -> QuerySet[Deal]:
    keys = [connection.prefix + each for each in ids]
    return Deal.every.visible_to(viewer).filter(key__in=keys).order_by("pk")


def _landed(key: str, prefixes: list[tuple[int, str]]) -> Landed | None:
    """Return the record that a deal with this key came from: of the connection with the longest prefix."""
    ours = sorted((each for each in prefixes if key.startswith(each[1])), key=lambda each: -len(each[1]))
    for connection, prefix in ours:
        ids = {"connection": connection, "external_id": key.removeprefix(prefix)}
        if row := Landed.objects.filter(object=CrmObject.DEALS, **ids).select_related("connection").first():
            return row
    return None
