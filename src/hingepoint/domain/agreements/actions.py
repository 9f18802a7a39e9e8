"""Every change to the catalogue's overlay and to the register of agreements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import F, Field, Q
from django.utils import timezone
from django.utils.text import slugify

from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.agreements.models import (
    NIGHT_ORIGIN,
    RULE_ORIGIN,
    WAITING,
    Agreement,
    AgreementEvent,
    AgreementQuerySet,
    AgreementType,
)
from hingepoint.domain.agreements.rules import missing_to_gain, points_of, quality
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import HAND, deal_for, deal_of, deals_in_turn
from hingepoint.domain.deals.models import Contact, Deal, that_count
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.people.rules import who_is_now
from hingepoint.domain.turns.actions import action, fingerprint, form, plain_facts, take_turn, turn, turns
from hingepoint.records.agreements import SPOKEN, STANDING, AgreementState, Evidence, Origin
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason

#: What is missing to gain -> the part of a step that says it.
_ASKED_IN = {
    "what they will do": "act",
    "who": "person",
    "by when": "due_on",
    "evidence that they said, wrote or did it": "evidence",
}


class NotYetGained(Refused):
    """Gained needs act, person, date and evidence of 2 or more; ``missing`` names what is not there."""

    def __init__(self, missing: tuple[str, ...]):
        self.missing = missing
        words = {_ASKED_IN[one]: reason("To count as gained: {one}.", one=one) for one in missing}
        super().__init__(
            reason("Not gained yet: {missing} is missing.", missing=", ".join(missing)), by_field=words
        )


class ReasonMissing(Refused):
    """'Not needed' and 'declined' say why."""

    field = "reason"


class NotAsked(Hidden):
    """Nothing of the kind was asked of this person, or it was answered already."""


class DoesNotStand(Refused):
    """Only an agreement that stands can be checked again."""


class NothingToUndo(Refused):
    """Only the last step can be taken back, and only one that was made by hand."""


class TypeExists(Refused):
    """The catalogue has a type of that name or key."""

    field = "name"


class CatalogueNotYours(Hidden):
    """Only analysts and sponsors keep the catalogue."""


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody says about an agreement. None leaves what is known as it is."""

    state: AgreementState
    occurred_at: dt.datetime
    act: str | None = None
    person: Contact | None = None
    person_name: str | None = None
    asked_of: User | None = None
    due_on: dt.date | None = None
    evidence: Evidence | None = None
    quality: int | None = None
    reason: str | None = None
    owed_in_return: str | None = None
    needed_by: dt.date | None = None
    points_met: Sequence[str] | None = None  # of records.QUALITY_POINTS, beyond what is on record
    checks_met: Sequence[int] | None = None  # of the type's checks, as 0 to 3
    note: str = ""


#: What a step may leave on the agreement itself.
_KEPT = tuple(f.name for f in fields(Step) if f.name not in ("state", "occurred_at", "note"))
#: What taking a step back restores.
_RESTORED = ("state", *_KEPT, "gained_at", "expires_on")


@action
def take_step(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    step: Step,
    expected_version: int | None = None,
    origin: str = HAND,
    token: str = "",
) -> Agreement:
    """Record what happened to one agreement of a deal, making the agreement on its first step. ``token``: of
    the form it came with.

    Raises Hidden, Stale, AgreementType.DoesNotExist, NotYetGained or ReasonMissing; nothing is
    changed then.
    """
    deal = deal_for(by, deal_id)
    sent = form(by, token, "step", deal_id, type_key, expected_version, *_told(step))
    if known := sent.made(Agreement.objects.all()):
        return known
    taken = _step_on(
        deal, by=by, at=at, type_key=type_key, step=step, expected_version=expected_version, origin=origin
    )
    sent.keep(taken, at=at)
    return taken


def _told(step: Step) -> list[str]:
    """Return what a step says, for telling two apart; of its moment the day, as a form says it."""
    said = {f.name: _plain(getattr(step, f.name)) for f in fields(Step) if f.name != "occurred_at"}
    return plain_facts((said | {"on": step.occurred_at.date()}).items())


def _step_on(
    deal: Deal,
    *,
    by: User | None,
    at: dt.datetime,
    type_key: str,
    step: Step,
    expected_version: int | None = None,
    origin: str = HAND,
) -> Agreement:
    """Take a step on a deal whose turn was taken."""
    agreement, new = Agreement.objects.select_for_update(no_key=True).get_or_create(
        deal=deal, type=AgreementType.objects.meant(key=type_key), defaults={"changed_at": at}
    )
    before = {} if new else _picture(agreement)
    replaced = said_now(agreement)
    if not new:
        take_turn(agreement, expected_version=expected_version)
    _put_on(agreement, step, at=at)
    agreement.save()
    _keep_history(agreement, step, replaced=replaced, by=by, at=at, origin=origin)
    after = _picture(agreement)
    record(
        by=by,
        at=at,
        action=step.state,
        subject="agreement",
        subject_id=agreement.pk,
        changes={k: [before.get(k), v] for k, v in after.items() if before.get(k) != v},
        reason=step.note,
    )
    return agreement


def said_now(agreement: Agreement) -> dict[str, Any]:
    """Return what an agreement says, as a step keeps it to be put back."""
    return {name: _plain(getattr(agreement, name)) for name in _RESTORED}


def _put_on(agreement: Agreement, step: Step, *, at: dt.datetime) -> None:
    """Let the agreement say what ``step`` says. Raises NotYetGained or ReasonMissing."""
    told = step.quality if step.quality is not None else _told_beyond_what_is_known(agreement, step)
    for name in _KEPT:
        if (value := getattr(step, name)) is not None:
            setattr(agreement, name, value)
    agreement.quality = quality(step.state, points_of(agreement), told)
    agreement.state, agreement.changed_at = step.state, at
    _require_what_the_state_needs(agreement)
    _date_the_state(agreement, step.occurred_at)


def _told_beyond_what_is_known(agreement: Agreement, step: Step) -> int | None:
    """Return the quality that a file told of an agreement, where it is more than what is known one by one and
    nobody judges it now; what was counted before, in a state in which nothing more is counted."""
    before = agreement.quality or 0
    judged = step.points_met is not None
    if step.state in SPOKEN:
        return before if before > len(points_of(agreement)) and not judged else None
    return agreement.quality


def _picture(agreement: Agreement) -> dict[str, Any]:
    return {name: _plain(getattr(agreement, name)) for name in ("state", *_KEPT)}


def _plain(value: Any) -> Any:
    return value.pk if hasattr(value, "pk") else value


def _require_what_the_state_needs(agreement: Agreement) -> None:
    if agreement.state == AgreementState.GAINED and (missing := missing_to_gain(agreement)):
        raise NotYetGained(missing)
    if agreement.state in (AgreementState.NOT_NEEDED, AgreementState.DECLINED) and not agreement.reason:
        raise ReasonMissing("Say why in a few words: the next person asks the same.")


def _date_the_state(agreement: Agreement, occurred_at: dt.datetime) -> None:
    """Gained at its first standing state, and to be re-checked when its type says so."""
    if agreement.state not in STANDING:
        return
    agreement.gained_at = agreement.gained_at or occurred_at
    agreement.expires_on = occurred_at.date() + dt.timedelta(days=agreement.holds_days)


def _keep_history(
    agreement: Agreement, step: Step, *, replaced: dict, by: User | None, at: dt.datetime, origin: str
) -> None:
    row = _history_row(agreement, step, replaced=replaced, by=by, at=at, origin=origin)
    row.save(force_insert=True)


def _history_row(
    agreement: Agreement, step: Step, *, replaced: dict, by: User | None, at: dt.datetime, origin: str
) -> AgreementEvent:
    return AgreementEvent(
        agreement=agreement,
        fingerprint=fingerprint(origin, at, agreement.version, step.occurred_at.isoformat(), *_told(step)),
        state=step.state,
        occurred_at=step.occurred_at,
        recorded_at=at,
        recorded_by=by,
        origin=origin,
        actor=_actor(by, origin),
        counterpart=step.person.name if step.person else step.person_name or "",
        evidence=step.evidence,
        quality=agreement.quality if step.state in SPOKEN else step.quality,
        act=step.act or "",
        due_on=step.due_on,
        note=step.note,
        replaced=replaced,
    )


def _actor(by: User | None, origin: str) -> str:
    """Return who is named in files for a step: a person, or the rule that found it."""
    if by:
        return by.name
    return origin if origin.startswith(RULE_ORIGIN) else ""


@dataclass(frozen=True, slots=True)
class Found:
    """A step that a rule found in the traces of a deal. ``batch``: the import that brought the trace."""

    deal_id: int
    type: AgreementType
    step: Step
    origin: str
    batch: int | None


@action
def record_found(*, at: dt.datetime, found: Sequence[Found]) -> list[AgreementEvent]:
    """Write many steps of the system, at most one an agreement; return their rows in the same order.

    The caller has decided in the turn of their deals (``deals.deals_in_turn``), and leaves the audit entry, which speaks of all of them. Raises NotYetGained: nothing is
    changed then.
    """
    deals, types = {one.deal_id for one in found}, {one.type.pk for one in found}
    rows = Agreement.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    known = rows.filter(type__in=types, deal__in=deals).in_bulk()
    on_record = {(row.deal_id, row.type_id): row for row in known.values()}
    steps = [_found_on(on_record.get((one.deal_id, one.type.pk)), one, at=at) for one in found]
    agreements = [step.agreement for step in steps]
    Agreement.objects.bulk_create([row for row in agreements if row.pk is None], batch_size=1_000)
    _move_on([row for row in agreements if row.pk in known])
    for step in steps:
        step.agreement_id = step.agreement.pk
    return AgreementEvent.objects.bulk_create(steps, batch_size=1_000)


def _found_on(row: Agreement | None, found: Found, *, at: dt.datetime) -> AgreementEvent:
    """Put what was found on an agreement, known or new; return the line of its history, unsaved."""
    row = row or Agreement(deal_id=found.deal_id, type=found.type, batch=found.batch)
    row.type, replaced = found.type, said_now(row)
    _put_on(row, found.step, at=at)
    step = _history_row(row, found.step, replaced=replaced, by=None, at=at, origin=found.origin)
    step.batch = found.batch
    return step


def _move_on(agreements: Sequence[Agreement]) -> None:
    """Save agreements that moved, each to its next version: one statement, prepared once.

    Not by ``bulk_update``, which takes ten times as long for so many columns.
    """
    moved = {*_RESTORED, "changed_at", "version"}
    columns = [one for one in Agreement._meta.concrete_fields if one.name in moved]
    sets = ", ".join(f"{column.column} = %s" for column in columns)
    for row in agreements:
        row.version += 1
    rows = [
        [*(one.get_db_prep_save(getattr(row, one.attname), connection) for one in columns), row.pk]
        for row in agreements
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {Agreement._meta.db_table} SET {sets} WHERE id = %s", rows)  # noqa: S608


@dataclass(frozen=True, slots=True)
class ManySteps:
    """What a step on several deals did: ``taken`` on how many, and the deals it left alone, with why."""

    taken: int
    left: tuple[tuple[str, str], ...]


@action
def take_steps(
    *, by: User | None, at: dt.datetime, deal_ids: Sequence[int], type_key: str, step: Step
) -> ManySteps:
    """Take the same step on several deals. What stands already, or was declined, is left as it is.

    Raises Hidden if one of the deals is not to be seen, and ReasonMissing; nothing is changed then.
    """
    deals = [deal_for(by, deal_id) for deal_id in sorted(set(deal_ids))]
    kind = AgreementType.objects.meant(key=type_key)
    known = Agreement.objects.filter(deal__in=deals, type=kind).values_list("deal_id", "state")
    settled = {deal_id: state for deal_id, state in known if state not in _MAY_BE_SET_TOGETHER}
    open_ = [deal for deal in deals if deal.pk not in settled]
    for deal in open_:
        _step_on(deal, by=by, at=at, type_key=type_key, step=step)
    return ManySteps(len(open_), tuple((str(d), settled[d.pk]) for d in deals if d.pk in settled))


class NothingToSort(Refused):
    """It was sorted out already, or the deal closed meanwhile."""


class NotSorted(Refused):
    """Some answers cannot be taken; ``by_agreement`` has the words by field, by the number of the agreement."""

    def __init__(self, by_agreement: dict[int, Mapping[str, str]]):
        self.by_agreement = by_agreement
        super().__init__(next(words for one in by_agreement.values() for words in one.values()))


@action
def sort_out(*, by: User, at: dt.datetime, answers: Mapping[int, Step | None]) -> int:
    """Say of old agreements, by number, what becomes of each: None keeps it, a step says that it is not needed or
    gained already. All or none; returns how many. Raises Hidden, NothingToSort, NotSorted."""
    rows = {row.pk: row for row in Agreement.objects.filter(pk__in=answers).select_related("type")}
    for number in sorted({row.deal_id for row in rows.values()}):
        deal_for(by, number)
    open_ = {row.pk for row in turns(Agreement.objects.to_sort_out().filter(pk__in=answers))}
    if not open_ or open_ != answers.keys():
        raise NothingToSort("Some of these were sorted out meanwhile. Here is what is left.")
    wrong: dict[int, Mapping[str, str]] = {}
    for pk, step in sorted(answers.items()):
        try:
            _sort_one(rows[pk], step, by=by, at=at)
        except (NotYetGained, ReasonMissing) as error:
            wrong[pk] = error.by_field
    if wrong:
        raise NotSorted(wrong)
    return len(answers)


def _sort_one(row: Agreement, step: Step | None, *, by: User, at: dt.datetime) -> None:
    if step is not None:
        _step_on(deal_for(by, row.deal_id), by=by, at=at, type_key=row.type.key, step=step)
        return
    Agreement.objects.filter(pk=row.pk).update(sorted_at=at, version=F("version") + 1)
    changes = {"due": [row.was_due_on, row.needed_by]}
    record(by=by, at=at, action="keep", subject="agreement", subject_id=row.pk, changes=changes)


#: States that a step on many deals at once may replace: nothing in them is lost by it.
_MAY_BE_SET_TOGETHER = (*WAITING, AgreementState.NOT_NEEDED, AgreementState.LAPSED)


@action
def check_again(
    *, by: User | None, at: dt.datetime, agreement_id: int, expected_version: int | None = None
) -> Agreement:
    """Say that an agreement was checked and still stands: its interval begins anew.

    Raises Hidden, Stale or DoesNotStand.
    """
    rows = Agreement.objects.filter(pk=agreement_id)
    deal = deal_of(by, rows)
    agreement = rows.select_related("type").get()
    if agreement.state not in STANDING:
        raise DoesNotStand("It does not stand any more. Say what happened instead.")
    step = Step(state=AgreementState(agreement.state), occurred_at=at, note="Checked again: it holds.")
    return _step_on(
        deal, by=by, at=at, type_key=agreement.type.key, step=step, expected_version=expected_version
    )


@action
def answer_request(
    *, by: User, at: dt.datetime, agreement_id: int, accept: bool, words: str = ""
) -> Agreement:
    """Let an inside partner answer what was asked of them: yes is gained in writing, no needs its reason.

    Raises NotAsked or ReasonMissing.
    """
    mine = Agreement.objects.visible_to(by).filter(asked_of=by, pk=agreement_id)
    deals_in_turn(mine.values_list("deal_id", flat=True))
    agreement = mine.filter(state__in=WAITING).select_related("type", "deal").first()
    if agreement is None:
        raise NotAsked("There is nothing to answer here, or it was answered a moment ago.")
    return _step_on(
        agreement.deal,
        by=by,
        at=at,
        type_key=agreement.type.key,
        step=_yes(agreement, at, words) if accept else _no(at, words),
    )


def _yes(agreement: Agreement, at: dt.datetime, words: str) -> Step:
    return Step(
        state=AgreementState.GAINED,
        occurred_at=at,
        act=agreement.act or f"stand by it: {agreement.type}"[:500],
        due_on=agreement.due_on or timezone.localdate(at),
        evidence=Evidence.WRITTEN,
        note=words,
    )


def _no(at: dt.datetime, words: str) -> Step:
    return Step(
        state=AgreementState.DECLINED,
        occurred_at=at,
        evidence=Evidence.WRITTEN,
        reason=words.strip(),
        note=words,
    )


@action
def undo_step(
    *, by: User | None, at: dt.datetime, agreement_id: int, expected_version: int | None = None
) -> Agreement:
    """Take back the last step of an agreement: it stands as before, and both lines stay in its history.

    Raises Hidden, Stale or NothingToUndo.
    """
    deal_of(by, Agreement.objects.filter(pk=agreement_id))
    agreement = turn(Agreement.objects.all(), pk=agreement_id)
    if agreement is None:
        raise Hidden("There is no such agreement any more.")
    last = agreement.events.standing().order_by("-id").first()
    if last is None or last.replaced is None:
        raise NothingToUndo("There is no step to take back: what came from a file is corrected there.")
    take_turn(agreement, expected_version=expected_version)
    before = _picture(agreement)
    line = _take_off(agreement, last, by=by, at=at)
    agreement.save()
    line.save(force_insert=True)
    record(
        by=by,
        at=at,
        action="take back",
        subject="agreement",
        subject_id=agreement.pk,
        changes={k: [before[k], v] for k, v in _picture(agreement).items() if before[k] != v},
    )
    return agreement


def _take_off(
    agreement: Agreement, step: AgreementEvent, *, by: User | None, at: dt.datetime
) -> AgreementEvent:
    """Let the agreement say again what it said before ``step``; return the line that says so, unsaved."""
    put_back(agreement, step)
    agreement.changed_at = at
    return AgreementEvent(
        agreement=agreement,
        undoes=step,
        state=agreement.state,
        occurred_at=at,
        recorded_at=at,
        recorded_by=by,
        actor=by.name if by else "",
        fingerprint=fingerprint("undo", step.pk),
    )


def put_back(agreement: Agreement, step: AgreementEvent) -> None:
    """Let the agreement say again what it said before ``step``, which replaced something; the caller saves it.
    The day that a playbook asks for stays: it may have been asked for since the step."""
    assert step.replaced is not None
    for name, value in step.replaced.items():
        if name == "needed_by" and agreement.required:
            continue
        column = Agreement._meta.get_field(name)
        assert isinstance(column, Field)
        value = who_is_now(value) if value and column.related_model is User else value
        setattr(agreement, column.attname, column.to_python(value))


@action
def take_back_found(*, by: User | None, at: dt.datetime, steps: Sequence[AgreementEvent]) -> None:
    """Take back steps that a rule wrote, each the last of its agreement; the caller leaves the audit entry."""
    lines = [_take_off(step.agreement, step, by=by, at=at) for step in steps]
    _move_on([step.agreement for step in steps])
    AgreementEvent.objects.bulk_create(lines, batch_size=1_000)


#: An agreement whose re-check is so long overdue is not relied on any more.
GRACE = dt.timedelta(days=30)


#: Agreements that lapse in one transaction: few enough that no other writer waits for long.
LAPSED_AT_ONCE = 200


def lapse_expired(*, at: dt.datetime, today: dt.date) -> int:
    """Let promises of open deals lapse that nobody checked again in time, or whose person has left; return
    how many. What was kept was done, and does not lapse. Running it twice changes nothing."""
    lapsed, after = 0, 0
    while ids := list(
        _over(today).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:LAPSED_AT_ONCE]
    ):
        lapsed += _lapse(ids, at=at, today=today)
        after = ids[-1]
    return lapsed


def _over(today: dt.date) -> AgreementQuerySet:
    """Return the promises that lapse by ``today``."""
    promised = Agreement.objects.filter(
        that_count("deal"),
        deal__status=DealStatus.OPEN,
        state__in=(AgreementState.GAINED, AgreementState.RENEGOTIATED),
    )
    return promised.filter(Q(expires_on__lt=today - GRACE) | Q(person__left_on__lte=today))


@action
def _lapse(ids: Sequence[int], *, at: dt.datetime, today: dt.date) -> int:
    """Let those of the agreements ``ids`` lapse that are still over in the turn of their deals."""
    over = _over(today).filter(pk__in=ids)
    locked = deals_in_turn(over.values_list("deal_id", flat=True))
    found = [
        Found(row.deal_id, row.type, _lapsed(row, at=at, today=today), NIGHT_ORIGIN, None)
        for row in over.select_related("type", "person")
        if row.deal_id in locked
    ]
    if found:
        record_found(at=at, found=found)
        counts = {"agreements": len(found)}
        record(by=None, at=at, action="lapse", subject="agreements", subject_id=today, changes=counts)
    return len(found)


def _lapsed(row: Agreement, *, at: dt.datetime, today: dt.date) -> Step:
    left_on = row.person.left_on if row.person else None
    why = (
        f"{row.person} has left since {left_on}."
        if left_on is not None and left_on <= today
        else f"Nobody checked it again since {row.expires_on}."
    )
    return Step(state=AgreementState.LAPSED, occurred_at=at, note=why)


@action
def load_catalogue(*, by: User | None, at: dt.datetime) -> int:
    """Write the shipped catalogue; the company's overlay stays. Returns how many rows changed."""
    shipped = {key: facts | {"origin": Origin.SHIPPED} for key, facts in shipped_types().items()}
    known = AgreementType.objects.in_bulk(list(shipped), field_name="key")
    new = [AgreementType(key=key, **facts) for key, facts in shipped.items() if key not in known]
    AgreementType.objects.bulk_create(new)
    differing = [key for key, row in known.items() if _differs(row, shipped[key])]
    for key in differing:
        AgreementType.objects.filter(key=key).update(**shipped[key])
    changed = len(new) + len(differing)
    if changed:
        record(
            by=by, at=at, action="load", subject="catalogue", subject_id="shipped", changes={"types": changed}
        )
    return changed


def _differs(row: AgreementType, facts: dict) -> bool:
    return any(getattr(row, name) != value for name, value in facts.items())


def _require_catalogue_keeper(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise CatalogueNotYours("Only an analyst or a sponsor changes the catalogue.")


@action
def add_type(
    *, by: User | None, at: dt.datetime, key: str, name: str, side: str, **facts: Any
) -> AgreementType:
    """Add a type of the company's own."""
    _require_catalogue_keeper(by)
    row = AgreementType.objects.create(key=key, name=name, side=side, origin=Origin.ADDED, **facts)
    record(
        by=by, at=at, action="add", subject="agreement type", subject_id=key, changes={"name": [None, name]}
    )
    return row


@action
def add_own_type(*, by: User | None, at: dt.datetime, name: str, side: str, **facts: Any) -> AgreementType:
    """Add a type of the company's own under a key made from its name. Raises TypeExists."""
    key = f"own.{slugify(name).replace('-', '_')[:150] or fingerprint(name) % 10**9}"
    named = Q(key=key) | Q(name__iexact=name) | Q(own_name__iexact=name)
    if known := AgreementType.objects.filter(named).first():
        raise TypeExists(reason("The catalogue has “{known}” already.", known=known))
    try:
        return add_type(by=by, at=at, key=key, name=name, side=side, **facts)
    except IntegrityError:  # somebody added it since we looked
        raise TypeExists(reason("The catalogue has “{name}” already.", name=name)) from None


@action
def overlay_type(
    *, by: User | None, at: dt.datetime, key: str, expected_version: int | None = None, **overlay: Any
) -> AgreementType:
    """Hide, rename, re-stage or re-describe a type (columns ``own_…`` and ``hidden``). Raises Stale."""
    _require_catalogue_keeper(by)
    row = turn(AgreementType.objects.all(), key=key)
    if row is None:
        raise AgreementType.DoesNotExist(key)
    if unknown := [name for name in overlay if name != "hidden" and not name.startswith("own_")]:
        raise TypeError(f"not part of the overlay: {', '.join(unknown)}")
    changes = {name: [getattr(row, name), value] for name, value in overlay.items()}
    take_turn(row, expected_version=expected_version)
    for name, value in overlay.items():
        setattr(row, name, value)
    row.save(update_fields=list(overlay))
    record(by=by, at=at, action="overlay", subject="agreement type", subject_id=key, changes=changes)
    return row
