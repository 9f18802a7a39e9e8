"""Every answer about agreements: on a list of deals, in the matrix, on one deal, alone, in the catalogue."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from hingepoint.domain.agreements.models import (
    IN_MOTION,
    RULE_ORIGIN,
    WAITING,
    Agreement,
    AgreementEvent,
    AgreementType,
)
from hingepoint.domain.agreements.rules import missing_to_gain
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.deals import queries as deals
from hingepoint.domain.deals.models import Contact, Deal, DealContact, DealQuerySet
from hingepoint.domain.deals.queries import (
    AsOf,
    DealFacts,
    DealFilter,
    DealLine,
    Happening,
    Paging,
    Participant,
)
from hingepoint.domain.people.models import User, works_here
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import EventKind, Stage
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

STAGE_ORDER = {stage.value: place for place, stage in enumerate(Stage)}
#: At most so many agreements in a row of the matrix: a set people can keep in mind.
MOST_COLUMNS = 12
USUAL_COLUMNS = 8
#: Cells on a page of the matrix, at most: 26 deals x 8 agreements keep it under 100 kB.
CELLS = 208
#: Counting the columns over more deals than these takes long enough to be asked for apart.
COUNTED_AT_ONCE = 2_000
HISTORY_PAGE = 20
MOST_NEXT = 4
#: People a form offers by name; others are typed.
MOST_CONTACTS = 300


# ---- the list of deals ----


@dataclass(frozen=True, slots=True)
class Tally:
    """How a deal's agreements stand: ``standing`` of ``recorded``, how many are late or must be checked
    again, and the next one due. Where the strategy asks for agreements, ``recorded`` are those (the ones
    not needed left out), else all on record."""

    recorded: int = 0
    standing: int = 0
    late: int = 0
    recheck: int = 0
    next_name: str = ""
    next_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class ListedDeal:
    deal: DealLine
    tally: Tally


@dataclass(frozen=True, slots=True)
class DealListing:
    """One page of the deals list."""

    rows: tuple[ListedDeal, ...]
    paging: Paging
    totals: tuple[deals.Total, ...]


def selection(viewer: Any, wanted: DealFilter, today: dt.date) -> DealQuerySet:
    """Return the deals that ``viewer`` may see and asked for, with agreements late or not.

    History does not keep by when agreements were needed: a look back is not narrowed to late ones.
    """
    found = deals.selection(viewer, wanted)
    if wanted.overdue and not wanted.as_of:
        found = found.filter(Exists(Agreement.objects.overdue(today).filter(deal=OuterRef("pk"))))
    return found


def deal_list(
    viewer: Any, wanted: DealFilter, *, today: dt.date, sort: str = deals.DEFAULT_SORT, page: int = 1
) -> DealListing:
    """Return one page of deals with how their agreements stand. Three SQL queries."""
    found = deals.page_of(selection(viewer, wanted, today), sort=sort, page=page, as_of=wanted.as_of)
    ids = [line.id for line in found.lines]
    tallies = _past_tallies(ids, wanted.as_of) if wanted.as_of else _tallies(ids, today)
    rows = tuple(ListedDeal(line, tallies.get(line.id, Tally())) for line in found.lines)
    return DealListing(rows, found.paging, found.totals)


def _tallies(deal_ids: Sequence[int], today: dt.date) -> dict[int, Tally]:
    rows = Agreement.objects.filter(deal_id__in=deal_ids).exclude(state=AgreementState.NOT_NEEDED)
    found: dict[int, list[tuple]] = defaultdict(list)
    columns = ("deal_id", "required", "state", "late_after", "expires_on", "type__own_name", "type__name")
    for deal_id, *rest in rows.values_list(*columns):
        found[deal_id].append(rest)
    return {deal_id: _tally(rest, today) for deal_id, rest in found.items()}


def _past_tallies(deal_ids: Sequence[int], as_of: AsOf) -> dict[int, Tally]:
    found: dict[int, list[tuple]] = defaultdict(list)
    for line in _past_lines(deal_ids, as_of):
        if line.state != AgreementState.NOT_NEEDED:
            told = (line.required, line.state, line.late_after, line.expires_on, "", line.name)
            found[line.deal_id].append(told)
    return {deal_id: _tally(rows, as_of.day) for deal_id, rows in found.items()}


def _tally(rows: list[tuple], today: dt.date) -> Tally:
    dated = [(late_after, own or name) for _, _, late_after, _, own, name in rows if late_after]
    ahead = min((one for one in dated if one[0] >= today), default=(None, ""))
    counted = [row for row in rows if row[0]] or rows
    return Tally(
        recorded=len(counted),
        standing=sum(state in STANDING for _, state, *_ in counted),
        late=sum(late_after < today for late_after, _ in dated),
        recheck=sum(_must_be_checked(state, expires_on, today) for _, state, _, expires_on, *_ in counted),
        next_name=ahead[1],
        next_on=ahead[0],
    )


def _must_be_checked(state: str, expires_on: dt.date | None, today: dt.date) -> bool:
    return state in STANDING and expires_on is not None and expires_on < today


# ---- the matrix ----


@dataclass(frozen=True, slots=True)
class Column:
    """One agreement type over the matrix; ``standing`` of ``of`` deals of the whole selection have it
    (deals that do not need it are left out of ``of``)."""

    type_id: int
    key: str
    name: str
    side: str
    stage: str
    standing: int = 0
    of: int = 0

    @property
    def share(self) -> float | None:
        return self.standing / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One agreement of one deal; a deal without it has none."""

    state: str
    evidence: int
    late_after: dt.date | None
    late: bool
    recheck: bool
    found: bool  # a rule says so, and nobody confirmed it


@dataclass(frozen=True, slots=True)
class MatrixRow:
    deal: DealLine
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: tuple[Column, ...]
    rows: tuple[MatrixRow, ...]
    paging: Paging
    totals: tuple[deals.Total, ...]
    chosen: bool  # the viewer picked the columns; else they are the starter types
    counted: bool  # the columns hold their counts; of a large selection they come by ``summary``


def matrix(
    viewer: Any,
    wanted: DealFilter,
    *,
    today: dt.date,
    columns: Sequence[str] = (),
    sort: str = deals.DEFAULT_SORT,
    page: int = 1,
) -> Matrix:
    """Return deals against the agreement types named by key in ``columns`` (none: the first starter
    types of the catalogue). Five SQL queries whatever the number of rows.

    The columns of more than ``COUNTED_AT_ONCE`` deals are left to ``summary``, so that the page need not
    wait for it."""
    heads = _columns(columns)
    narrowed = selection(viewer, wanted, today)
    size = CELLS // max(1, len(heads))
    found = deals.page_of(narrowed, sort=sort, page=page, size=size, as_of=wanted.as_of)
    ids = [line.id for line in found.lines]
    cells = (
        _past_cells(ids, wanted.as_of)
        if wanted.as_of
        else _cells(ids, [head.type_id for head in heads], today)
    )
    rows = tuple(
        MatrixRow(line, tuple(cells.get((line.id, head.type_id)) for head in heads)) for line in found.lines
    )
    at_once = found.paging.total <= COUNTED_AT_ONCE
    heads = _counted(narrowed, heads, found.paging.total, wanted.as_of) if at_once else heads
    return Matrix(tuple(heads), rows, found.paging, found.totals, chosen=bool(columns), counted=at_once)


def summary(
    viewer: Any, wanted: DealFilter, *, today: dt.date, columns: Sequence[str] = ()
) -> tuple[tuple[Column, ...], int]:
    """Return the columns of the matrix with their counts over the whole selection, and its deals."""
    narrowed = selection(viewer, wanted, today)
    total = narrowed.count()
    return tuple(_counted(narrowed, _columns(columns), total, wanted.as_of)), total


def _columns(keys: Sequence[str]) -> list[Column]:
    types = AgreementType.objects.in_use().effective()
    types = types.filter(key__in=keys[:MOST_COLUMNS]) if keys else types.filter(starter=True)
    rows = types.values_list("pk", "key", "shown_name", "side", "shown_stage")
    found = sorted((Column(*row) for row in rows), key=lambda c: (STAGE_ORDER.get(c.stage, 99), c.type_id))
    return found if keys else found[:USUAL_COLUMNS]


def _cells(deal_ids: Sequence[int], type_ids: Sequence[int], today: dt.date) -> dict[tuple[int, int], Cell]:
    rows = Agreement.objects.filter(deal_id__in=deal_ids, type_id__in=type_ids).with_last_origin()
    told = ("deal_id", "type_id", "state", "evidence", "late_after", "expires_on", "last_origin")
    return {
        (deal_id, type_id): Cell(
            state,
            evidence,
            late_after,
            late=late_after is not None and late_after < today,
            recheck=_must_be_checked(state, expires_on, today),
            found=_by_rule(origin),
        )
        for deal_id, type_id, state, evidence, late_after, expires_on, origin in rows.values_list(*told)
    }


def _past_cells(deal_ids: Sequence[int], as_of: AsOf) -> dict[tuple[int, int], Cell]:
    return {
        (line.deal_id, line.type_id): Cell(
            line.state, line.evidence, line.late_after, line.late, line.recheck, line.found
        )
        for line in _past_lines(deal_ids, as_of)
    }


def _by_rule(last_origin: str | None) -> bool:
    return (last_origin or "").startswith(RULE_ORIGIN)


def _counted(narrowed: DealQuerySet, heads: Sequence[Column], total: int, as_of: AsOf | None) -> list[Column]:
    """Count each column over the whole selection, not only the page that is shown."""
    rows = Agreement.objects.filter(
        deal__in=narrowed.order_by(), type_id__in=[head.type_id for head in heads]
    )
    if as_of:
        state, rows = "was", rows.annotate(was=Subquery(last_steps(as_of).values("state")[:1]))
    else:
        state, rows = "state", rows.filter(state__in=[*STANDING, AgreementState.NOT_NEEDED])
    counts = (
        rows.order_by()
        .values("type_id")
        .annotate(  # counting deals, not ids, leaves the answer to the index agreement_by_type
            standing=Count("deal", filter=Q(**{f"{state}__in": sorted(STANDING)})),
            not_needed=Count("deal", filter=Q(**{state: AgreementState.NOT_NEEDED})),
        )
    )
    by_type = {row["type_id"]: (row["standing"], total - row["not_needed"]) for row in counts}
    return [
        replace(head, standing=standing, of=of)
        for head in heads
        for standing, of in [by_type.get(head.type_id, (0, total))]
    ]


def last_steps(as_of: AsOf) -> QuerySet:
    """Return the steps that stood at ``as_of``, last first, for a subquery of one agreement."""
    steps = as_of.standing(AgreementEvent.objects.filter(agreement=OuterRef("pk")))
    return steps.order_by("-occurred_at", "-id")


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type as a form offers it."""

    id: int
    key: str
    name: str
    side: str
    stage: str
    starter: bool


def type_choices(viewer: Any) -> list[TypeChoice]:
    """Return the types in use, in the order of the sale."""
    if not works_here(viewer):
        return []
    types = AgreementType.objects.in_use().effective()
    rows = types.values_list("pk", "key", "shown_name", "side", "shown_stage", "starter")
    return sorted((TypeChoice(*row) for row in rows), key=lambda t: (STAGE_ORDER.get(t.stage, 99), t.id))


def usual_columns(choices: Sequence[TypeChoice]) -> list[str]:
    """Return the keys of the columns shown when nobody chose any."""
    return [choice.key for choice in choices if choice.starter][:USUAL_COLUMNS]


# ---- one deal ----


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement on a deal, ready to show. ``gaps``: what it lacks to count as gained. ``found``: a
    rule says so, and nobody confirmed it."""

    id: int
    deal_id: int
    type_id: int
    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    state: str
    evidence: int
    quality: int | None
    act: str
    person: str
    due_on: dt.date | None
    required: bool
    needed_by: dt.date | None
    needed_because: str
    late_after: dt.date | None
    late: bool
    recheck: bool
    gained_at: dt.datetime | None
    changed_at: dt.datetime
    expires_on: dt.date | None
    reason: str
    owed_in_return: str
    gaps: tuple[str, ...]
    version: int
    found: bool = False

    @property
    def standing(self) -> bool:
        return self.state in STANDING

    @property
    def from_whom(self) -> str:
        """The person if known, else the role to ask."""
        return self.person or self.counterpart


@dataclass(frozen=True, slots=True)
class NextStep:
    """One agreement to work on next, and why now."""

    line: AgreementLine
    why: str


@dataclass(frozen=True, slots=True)
class DealPicture:
    """Everything on a deal's page, as it is or as it was."""

    facts: DealFacts
    agreements: tuple[AgreementLine, ...]
    next_steps: tuple[NextStep, ...]
    people: tuple[Participant, ...]
    history: tuple[Happening, ...]
    older: bool  # there is more history than shown
    as_of: AsOf | None
    existed: bool  # at as_of
    left_out: int  # facts that were recorded only later


def deal_picture(
    viewer: Any,
    deal_id: int,
    *,
    today: dt.date,
    as_of: AsOf | None = None,
    kind: str = "",
    page: int = 1,
) -> DealPicture:
    """Return one deal's page. Raises Hidden for a foreign deal as for an absent one.

    ``kind`` narrows the history to one kind of event; its pages hold ``HISTORY_PAGE`` lines.
    """
    facts = deals.deal_facts(viewer, deal_id, as_of=as_of)
    day = as_of.day if as_of else today
    lines = _past_lines([deal_id], as_of) if as_of else _lines(deal_id, today)
    history = _history(deal_id, kind, page, as_of)
    return DealPicture(
        facts=facts,
        agreements=tuple(lines),
        next_steps=tuple(_next_steps(lines, day)) if facts.status == "open" else (),
        people=tuple(deals.participants(deal_id, on=as_of and as_of.day)),
        history=tuple(history[:HISTORY_PAGE]),
        older=len(history) > HISTORY_PAGE,
        as_of=as_of,
        existed=as_of is None or facts.created_at <= as_of.moment,
        left_out=_left_out(deal_id, as_of) if as_of else 0,
    )


def _lines(deal_id: int, today: dt.date) -> list[AgreementLine]:
    rows = Agreement.objects.filter(deal_id=deal_id).with_last_origin()
    rows = rows.select_related("type", "person", "asked_of")
    return _in_order(line_of(row, today) for row in rows)


def _in_order(lines: Iterable[AgreementLine]) -> list[AgreementLine]:
    """Order as the sale goes: by stage, then by when it is due."""
    latest = dt.date.max
    return sorted(
        lines, key=lambda line: (STAGE_ORDER.get(line.stage, 99), line.late_after or latest, line.name)
    )


def line_of(row: Agreement, today: dt.date) -> AgreementLine:
    """Return an agreement (fetched with type, person and asked_of) as it is shown on ``today``."""
    late_after = row.late_after
    return AgreementLine(
        **_named(row.type),
        id=row.pk,
        deal_id=row.deal_id,
        state=row.state,
        evidence=row.evidence,
        quality=row.quality,
        act=row.act,
        person=_person(row),
        due_on=row.due_on,
        required=row.required,
        needed_by=row.needed_by,
        needed_because=row.needed_because,
        late_after=late_after,
        late=late_after is not None and late_after < today,
        recheck=_must_be_checked(row.state, row.expires_on, today),
        gained_at=row.gained_at,
        changed_at=row.changed_at,
        expires_on=row.expires_on,
        reason=row.reason,
        owed_in_return=row.owed_in_return,
        gaps=missing_to_gain(row) if row.state in WAITING else (),
        version=row.version,
        found=_by_rule(getattr(row, "last_origin", "")),
    )


def _named(kind: AgreementType) -> dict[str, Any]:
    return {
        "type_id": kind.pk,
        "key": kind.key,
        "name": kind.own_name or kind.name,
        "side": kind.side,
        "stage": kind.own_stage or kind.stage,
        "counterpart": kind.counterpart,
    }


def _person(row: Agreement) -> str:
    person = row.person or row.asked_of
    return person.name if person else row.person_name


def _past_lines(deal_ids: Sequence[int], as_of: AsOf) -> list[AgreementLine]:
    """Rebuild each agreement of some deals from the steps that ``as_of`` shows. One SQL query."""
    steps = AgreementEvent.objects.filter(agreement__deal_id__in=deal_ids).select_related("agreement__type")
    told = list(as_of.of(steps).order_by("occurred_at", "id"))
    undone = {step.undoes_id for step in told}
    by_agreement: dict[int, list[AgreementEvent]] = defaultdict(list)
    for step in told:
        if step.undoes_id is None and step.pk not in undone:
            by_agreement[step.agreement_id].append(step)
    return _in_order(_past_line(steps, as_of.day) for steps in by_agreement.values())


def _past_line(steps: Sequence[AgreementEvent], day: dt.date) -> AgreementLine:
    """Return an agreement after ``steps``, oldest first: each says what changed and leaves the rest."""
    last, agreement = steps[-1], steps[-1].agreement
    kept = {name: _last_said(steps, name) for name in ("act", "counterpart", "due_on", "evidence", "quality")}
    gained = [step.occurred_at for step in steps if step.state in STANDING]
    expires_on = gained[-1].date() + dt.timedelta(days=agreement.holds_days) if gained else None
    late_after = _late_after(agreement, last.state, kept["due_on"])
    return AgreementLine(
        **_named(agreement.type),
        id=agreement.pk,
        deal_id=agreement.deal_id,
        state=last.state,
        evidence=kept["evidence"] or 0,
        quality=kept["quality"],
        act=kept["act"] or "",
        person=kept["counterpart"] or "",
        due_on=kept["due_on"],
        required=agreement.required,
        needed_by=None,
        needed_because="",
        late_after=late_after,
        late=late_after is not None and late_after < day,
        recheck=_must_be_checked(last.state, expires_on, day),
        gained_at=gained[0] if gained else None,
        changed_at=last.occurred_at,
        expires_on=expires_on,
        reason="",
        owed_in_return="",
        gaps=(),
        version=agreement.version,
        found=_by_rule(last.origin),
    )


def _late_after(agreement: Agreement, state: str, due_on: dt.date | None) -> dt.date | None:
    """Return what the column of that name would have held: optional agreements are late only in motion."""
    dated = (*WAITING, AgreementState.GAINED) if agreement.required else IN_MOTION
    return due_on if state in dated else None


def _last_said(steps: Sequence[AgreementEvent], name: str) -> Any:
    said = [value for step in steps if (value := getattr(step, name)) not in (None, "")]
    return said[-1] if said else None


def _next_steps(lines: Sequence[AgreementLine], day: dt.date) -> list[NextStep]:
    """Choose what to do next: what is late, then soft words, then what is due, then what grows old."""
    ranked = [
        (place, line.late_after or dt.date.max, why, line) for line in lines for place, why in _why(line, day)
    ]
    ranked.sort(key=lambda one: (one[0], one[1], STAGE_ORDER.get(one[3].stage, 99)))
    return [NextStep(line, why) for _, _, why, line in ranked[:MOST_NEXT]]


def _why(line: AgreementLine, day: dt.date) -> list[tuple[int, str]]:
    """Return why an agreement asks for attention and how urgently (0 first), or nothing."""
    if line.late and line.standing:
        return [(0, "They promised to act by then. Ask whether it was done.")]
    if line.late:
        return [(0, f"It was due by then and the deal goes on without it.{_needed_words(line)}")]
    if line.state == AgreementState.BROKEN:
        return [(1, "They agreed and did not do it. Settle it before you build on it.")]
    if line.state == AgreementState.SOFT:
        return [(2, f"Kind words so far. Still open: {', '.join(line.gaps) or 'their act'}.")]
    if line.recheck:
        return [(3, "Old enough to ask again: people and priorities change.")]
    if line.state == AgreementState.LAPSED:
        return [(3, "It lapsed. Ask for it again or mark it as not needed.")]
    if line.state in IN_MOTION or (line.required and line.state in WAITING):
        return [(2 if line.late_after else 4, f"{_waiting_words(line)}{_needed_words(line)}")]
    return []


def _needed_words(line: AgreementLine) -> str:
    return f" Needed {line.needed_because}." if line.needed_because else ""


def _waiting_words(line: AgreementLine) -> str:
    words = {
        AgreementState.ASKED: "Asked, no answer yet.",
        AgreementState.PLANNED: "Planned: have the conversation.",
        AgreementState.NEEDED: "Needed and not started: plan how to ask.",
    }
    return words[AgreementState(line.state)]


def _history(deal_id: int, kind: str, page: int, as_of: AsOf | None) -> list[Happening]:
    """Return one page of history and one line more if there is an older page."""
    start = (page - 1) * HISTORY_PAGE
    most = start + HISTORY_PAGE + 1
    others = () if kind == EventKind.AGREEMENT else deals.happenings(
        deal_id, kinds=(kind,) if kind else (), as_of=as_of, most=most
    )  # fmt: skip
    steps = _steps(deal_id, as_of, most) if kind in ("", EventKind.AGREEMENT) else ()
    return sorted((*others, *steps), key=lambda one: one.at, reverse=True)[start:most]


def _steps(deal_id: int, as_of: AsOf | None, most: int) -> list[Happening]:
    steps = AgreementEvent.objects.standing().filter(agreement__deal_id=deal_id)
    steps = as_of.of(steps) if as_of else steps
    rows = steps.select_related("agreement__type").order_by("-occurred_at", "-id")[:most]
    return [
        Happening(
            at=row.occurred_at,
            recorded_at=row.recorded_at,
            kind=EventKind.AGREEMENT.value,
            name=str(row.agreement.type),
            state=row.state,
            actor=_who(row),
            counterpart=row.counterpart,
            value=row.value,
            currency=row.currency,
            evidence=row.evidence,
            note=row.note or row.act,
            origin=row.origin,
        )
        for row in rows
    ]


def _who(step: AgreementEvent) -> str:
    """Return who took a step, in words. A rule is named by its key in files only."""
    return "by a rule" if step.actor.startswith(RULE_ORIGIN) else step.actor


def _left_out(deal_id: int, as_of: AsOf) -> int:
    late = AgreementEvent.objects.filter(agreement__deal_id=deal_id, occurred_at__lte=as_of.moment)
    return deals.left_out(deal_id, as_of) + late.filter(recorded_at__gt=as_of.moment).count()


# ---- one agreement ----


@dataclass(frozen=True, slots=True)
class Standard:
    """What an agreement type asks for: the words beside every agreement of it."""

    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    description: str
    checks: tuple[str, ...]
    crm_trace: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in an agreement's life, newest first; ``undone`` was taken back."""

    at: dt.datetime
    recorded_at: dt.datetime
    state: str
    by: str
    counterpart: str
    act: str
    due_on: dt.date | None
    evidence: int | None
    quality: int | None
    note: str
    origin: str
    undone: bool
    takes_back: bool


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """One agreement of one deal. ``line`` is None while nothing was said about it; ``version`` 0 then."""

    deal_id: int
    type_id: int
    deal_title: str
    account: str
    standard: Standard
    line: AgreementLine | None
    points_met: tuple[str, ...]
    checks_met: tuple[int, ...]
    person_id: int | None
    steps: tuple[StepLine, ...]
    version: int
    contacts: tuple[tuple[int, str], ...]
    colleagues: tuple[tuple[int, str], ...]
    asked_of_id: int | None
    person_name: str
    may_step: bool
    may_answer: bool
    may_undo: bool


def agreement_page(
    viewer: Any, deal_id: int, type_id: int, *, today: dt.date, as_of: AsOf | None = None
) -> AgreementPage:
    """Return one agreement of one deal, as it is or as it was. Raises Hidden when either is foreign or absent.

    An inside partner sees what was asked of them, without the deal around it. The past is not changed: a
    page ``as_of`` a day takes no step.
    """
    row = Agreement.objects.visible_to(viewer).filter(deal_id=deal_id, type_id=type_id)
    row = row.select_related("type", "person", "asked_of", "deal__account").first()
    deal = (
        row.deal
        if row
        else Deal.objects.visible_to(viewer).select_related("account").filter(pk=deal_id).first()
    )
    kind = row.type if row else AgreementType.objects.filter(pk=type_id).first()
    if deal is None or kind is None:
        raise Hidden("no such agreement")
    may_step = viewer.role != Role.INSIDE_PARTNER
    steps = _step_lines(row.events) if row else []
    page = AgreementPage(
        deal_id=deal.pk,
        type_id=kind.pk,
        deal_title=str(deal),
        account=deal.account.name if deal.account else "",
        standard=standard(kind),
        line=line_of(row, today) if row else None,
        points_met=tuple(row.points_met) if row else (),
        checks_met=tuple(row.checks_met) if row else (),
        person_id=row.person_id if row else None,
        steps=tuple(steps),
        version=row.version if row else 0,
        contacts=_contacts(deal) if may_step and kind.side != "internal" else (),
        colleagues=_colleagues(viewer) if may_step and kind.side == "internal" else (),
        asked_of_id=row.asked_of_id if row else None,
        person_name=row.person_name if row else "",
        may_step=may_step,
        may_answer=row is not None and row.asked_of_id == viewer.pk and row.state in WAITING,
        may_undo=may_step and _last_is_by_hand(row),
    )
    return _as_it_was(page, row, as_of) if as_of and row else page


def _as_it_was(page: AgreementPage, row: Agreement, as_of: AsOf) -> AgreementPage:
    lines = {line.type_id: line for line in _past_lines([row.deal_id], as_of)}
    nobody = {"points_met": (), "checks_met": (), "contacts": (), "colleagues": ()}
    return replace(
        page,
        line=lines.get(row.type_id),
        steps=tuple(_step_lines(as_of.of(row.events))),
        may_step=False,
        may_undo=False,
        **nobody,
    )


def standard(kind: AgreementType) -> Standard:
    return Standard(
        key=kind.key,
        name=kind.own_name or kind.name,
        side=kind.side,
        stage=kind.own_stage or kind.stage,
        counterpart=kind.counterpart,
        description=kind.own_description or kind.description,
        checks=tuple(kind.good),
        crm_trace=kind.crm_trace,
    )


def _contacts(deal: Deal) -> tuple[tuple[int, str], ...]:
    """Return whom to choose from: those with a part on the deal first, and which part."""
    parts = DealContact.objects.filter(deal=deal, until__isnull=True)
    roles = {part.contact_id: part.get_role_display().lower() for part in parts}
    rows = Contact.objects.filter(account_id=deal.account_id, left_on__isnull=True).order_by("name")
    offered = [
        (key, f"{words} ({roles[key]})" if key in roles else words)
        for key, words in _as_choices(rows[:MOST_CONTACTS])
    ]
    return tuple(sorted(offered, key=lambda choice: choice[0] not in roles))


def _as_choices(rows: Iterable[Contact | User]) -> tuple[tuple[int, str], ...]:
    return tuple((row.pk, f"{row.name}, {row.title}" if row.title else row.name) for row in rows)


def _colleagues(viewer: Any) -> tuple[tuple[int, str], ...]:
    """Return whom one asks inside: everybody who is not a seller."""
    rows = User.objects.visible_to(viewer).active().exclude(role=Role.SELLER).order_by("name")
    return _as_choices(rows[:MOST_CONTACTS])


@dataclass(frozen=True, slots=True)
class Whom:
    """The person an agreement is made with: one of the customer's, or a colleague."""

    contact: Contact | None = None
    colleague: User | None = None


def whom(viewer: Any, page: AgreementPage, person_id: int | None) -> Whom:
    """Return the person chosen on an agreement's page; nobody when it was none of those offered."""
    if person_id in dict(page.contacts):
        return Whom(contact=Contact.objects.get(pk=person_id))
    if person_id in dict(page.colleagues):
        return Whom(colleague=User.objects.visible_to(viewer).get(pk=person_id))
    return Whom()


def _step_lines(events: Any) -> list[StepLine]:
    steps = list(events.select_related("recorded_by").order_by("-id"))
    undone = {step.undoes_id for step in steps}
    return [
        StepLine(
            at=step.occurred_at,
            recorded_at=step.recorded_at,
            state=step.state,
            by=step.recorded_by.name if step.recorded_by else _who(step),
            counterpart=step.counterpart,
            act=step.act,
            due_on=step.due_on,
            evidence=step.evidence,
            quality=step.quality,
            note=step.note,
            origin=step.origin,
            undone=step.pk in undone,
            takes_back=step.undoes_id is not None,
        )
        for step in steps
    ]


def _last_is_by_hand(row: Agreement | None) -> bool:
    last = row.events.standing().order_by("-id").first() if row else None
    return last is not None and last.replaced is not None


# ---- the catalogue ----


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One type in the catalogue: what is shown, and whether the company changed it."""

    id: int
    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    description: str
    starter: bool
    origin: str
    hidden: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What became of a type on the deals the viewer sees. ``asked`` counts deals on which it was at
    least asked for; ``standing`` those on which it stands."""

    deals: int = 0
    standing: int = 0
    declined: int = 0
    not_needed: int = 0
    waiting: int = 0
    closed_with: int = 0
    won_with: int = 0


@dataclass(frozen=True, slots=True)
class TypePage:
    """One type: shipped words, the company's own beside them, and how it was used."""

    line: TypeLine
    standard: Standard
    shipped_name: str
    shipped_stage: str
    shipped_description: str
    own_name: str
    own_stage: str
    own_description: str
    own_recheck_days: int | None
    recheck_days: int
    metrics: tuple[str, ...]
    proximity: str
    lever: str
    pressure: str
    commits: str
    usage: Usage
    version: int
    may_change: bool
    history: tuple[audit.Change, ...]


def catalogue(
    viewer: Any,
    *,
    text: str = "",
    side: str = "",
    stage: str = "",
    starter: bool = False,
    hidden: bool = False,
) -> list[TypeLine]:
    """Return the types that match, in the order of the sale; hidden ones only when asked for."""
    if not works_here(viewer):
        return []
    rows = AgreementType.objects.effective().filter(hidden=hidden)
    rows = rows.filter(side=side) if side else rows
    rows = rows.filter(shown_stage=stage) if stage else rows
    rows = rows.filter(starter=True) if starter else rows
    found = [_type_line(row) for row in rows if _matches(row, text)]
    return sorted(found, key=lambda line: (STAGE_ORDER.get(line.stage, 99), line.id))


def _matches(row: AgreementType, text: str) -> bool:
    told = f"{row} {row.key} {row.name} {row.own_description or row.description} {row.counterpart}".lower()
    return all(word in told for word in text.lower().split())


def _type_line(row: AgreementType) -> TypeLine:
    return TypeLine(
        id=row.pk,
        key=row.key,
        name=row.own_name or row.name,
        side=row.side,
        stage=row.own_stage or row.stage,
        counterpart=row.counterpart,
        description=row.own_description or row.description,
        starter=row.starter,
        origin=row.origin,
        hidden=row.hidden,
        changed=any((row.own_name, row.own_stage, row.own_description, row.own_recheck_days)),
    )


def keeps_catalogue(viewer: Any) -> bool:
    return works_here(viewer) and viewer.sees_everything


def type_page(viewer: Any, key: str) -> TypePage:
    """Return one type of the catalogue with its use on the deals ``viewer`` sees. Raises Hidden."""
    row = AgreementType.objects.filter(key=key).first() if works_here(viewer) else None
    if row is None:
        raise Hidden("no such agreement type")
    return TypePage(
        line=_type_line(row),
        standard=standard(row),
        shipped_name=row.name,
        shipped_stage=row.stage,
        shipped_description=row.description,
        own_name=row.own_name or "",
        own_stage=row.own_stage or "",
        own_description=row.own_description or "",
        own_recheck_days=row.own_recheck_days,
        recheck_days=row.own_recheck_days or row.recheck_days,
        metrics=tuple(row.metrics),
        proximity=row.proximity,
        lever=row.lever,
        pressure=row.pressure,
        commits=row.commits,
        usage=_usage(viewer, row),
        version=row.version,
        may_change=keeps_catalogue(viewer),
        history=tuple(audit.history(subject="agreement type", subject_id=row.key))
        if keeps_catalogue(viewer)
        else (),
    )


def _usage(viewer: Any, row: AgreementType) -> Usage:
    used = Agreement.objects.visible_to(viewer).filter(type=row)
    stands = Q(state__in=sorted(STANDING))
    return Usage(
        **used.aggregate(
            deals=Count("id"),
            standing=Count("id", filter=stands),
            declined=Count("id", filter=Q(state=AgreementState.DECLINED)),
            not_needed=Count("id", filter=Q(state=AgreementState.NOT_NEEDED)),
            waiting=Count("id", filter=Q(state__in=WAITING)),
            closed_with=Count("id", filter=stands & ~Q(deal__status="open")),
            won_with=Count("id", filter=stands & Q(deal__status="won")),
        )
    )
