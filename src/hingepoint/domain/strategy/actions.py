"""Every change to strategies, their result metrics and their playbooks, and to what deals need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.strategy.models import (
    MOST_REQUIRED,
    PivotalAgreement,
    Playbook,
    ResultMetric,
    Strategy,
)
from hingepoint.domain.strategy.queries.still_holds import runs_behind
from hingepoint.domain.strategy.requirements import Requirement
from hingepoint.domain.strategy.rules import books_in_force, usual_days_to_stage, wanted_of
from hingepoint.domain.turns.actions import action, read_anew, take_turn
from hingepoint.records.agreements import AgreementState
from hingepoint.records.strategy import Status


class StrategyNotYours(Exception):
    """Only sponsors and analysts write strategies and playbooks."""


class NameTaken(ValueError):
    """Two strategies of one name could not be told apart."""


class FullPlaybook(ValueError):
    """A playbook holds at most eight pivotal agreements."""


class Published(ValueError):
    """A published playbook is never changed: draft the next version."""


class WhyMissing(ValueError):
    """A pivotal agreement stands on a signed finding, or says whose judgement it is and why."""


class NothingToPublish(ValueError):
    """An empty playbook asks nothing of anybody."""


def _require_keeper(by: User | None) -> None:
    if by is not None and not (works_here(by) and by.sees_everything):
        raise StrategyNotYours("Only the sponsor or an analyst changes strategies and playbooks.")


def _require_draft(playbook: Playbook) -> None:
    """Read ``playbook`` anew, in this action's turn. Raises Published if it is no draft any more."""
    if read_anew(playbook).published_at is not None:
        raise Published(f"Version {playbook.number} is published. Draft the next version to change it.")


@action
def write_strategy(
    *,
    by: User | None,
    at: dt.datetime,
    name: str,
    statement: str,
    metric: str,
    sponsor: User | None = None,
    segment: str = "",
) -> Strategy:
    """Write a new strategy as a draft, with an empty first playbook. Raises ValueError for a metric
    that discovery would not understand, NameTaken."""
    _require_keeper(by)
    metrics.parse_target(metric)
    _require_free_name(name)
    last = Strategy.objects.aggregate(last=Max("rank"))["last"] or 0
    told = {"statement": statement, "metric": metric, "sponsor": sponsor, "segment": segment}
    with _name_taken():
        strategy = Strategy.objects.create(name=name, rank=last + 1, **told)
    Playbook.objects.create(strategy=strategy, number=1)
    changes = {"name": [None, name], "metric": [None, metric]}
    record(by=by, at=at, action="write", subject="strategy", subject_id=strategy.pk, changes=changes)
    return strategy


def _require_free_name(name: str, *, but: Strategy | None = None) -> None:
    if Strategy.objects.filter(name=name).exclude(pk=but and but.pk).exists():
        raise NameTaken("There is a strategy of this name.")


@contextmanager
def _name_taken() -> Iterator[None]:
    """Say in words that somebody took the name since we looked."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise NameTaken("There is a strategy of this name.") from None


@action
def change_strategy(
    *, by: User | None, at: dt.datetime, strategy: Strategy, expected_version: int | None = None, **facts: Any
) -> Strategy:
    """Change a strategy's own words, metric, segment, rank or sponsor. Raises Stale, NameTaken."""
    _require_keeper(by)
    if "metric" in facts:
        metrics.parse_target(facts["metric"])
    if "name" in facts:
        _require_free_name(facts["name"], but=strategy)
    read_anew(strategy)
    changes = {name: [getattr(strategy, name), value] for name, value in facts.items()}
    take_turn(strategy, expected_version=expected_version)
    for name, value in facts.items():
        setattr(strategy, name, value)
    with _name_taken():
        strategy.save(update_fields=list(facts))
    record(by=by, at=at, action="change", subject="strategy", subject_id=strategy.pk, changes=_plain(changes))
    return strategy


def _plain(changes: Mapping[str, list]) -> dict[str, list]:
    return {
        name: [
            value if isinstance(value, int) else value and str(getattr(value, "pk", value)) for value in pair
        ]
        for name, pair in changes.items()
    }


@action
def put_in_force(*, by: User | None, at: dt.datetime, strategy: Strategy, starts_on: dt.date) -> None:
    """Let the strategy hold; its published playbook is asked of deals from the next refresh on."""
    change_strategy(by=by, at=at, strategy=strategy, status=Status.IN_FORCE, starts_on=starts_on)


@action
def retire(*, by: User | None, at: dt.datetime, strategy: Strategy, today: dt.date) -> Refreshed:
    """Ask nothing more for this strategy; what was gained stays. Return what deals are no longer asked for."""
    change_strategy(by=by, at=at, strategy=strategy, status=Status.RETIRED)
    return refresh_requirements(at=at, today=today)


@action
def set_target(
    *,
    by: User | None,
    at: dt.datetime,
    strategy: Strategy,
    metric: str,
    baseline: float,
    target: float,
    target_on: dt.date,
    segment: str = "",
) -> ResultMetric:
    """State a result metric with baseline, target and date; stating it again replaces the numbers."""
    _require_keeper(by)
    metrics.parse_target(metric)
    facts = {"baseline": baseline, "target": target, "target_on": target_on}
    row, _ = ResultMetric.objects.update_or_create(
        strategy=strategy, metric=metric, segment=segment, defaults=facts
    )
    changes = {"metric": metric, **{name: str(value) for name, value in facts.items()}}
    record(by=by, at=at, action="set target", subject="strategy", subject_id=strategy.pk, changes=changes)
    return row


@action
def draft_playbook(*, by: User | None, at: dt.datetime, strategy: Strategy) -> Playbook:
    """Return the strategy's draft; make it from the last published version when there is none."""
    _require_keeper(by)
    read_anew(strategy)  # two who begin a draft at once get the same one
    if draft := strategy.playbooks.filter(published_at__isnull=True).first():
        return draft
    last = strategy.playbooks.order_by("-number").first()
    draft = Playbook.objects.create(strategy=strategy, number=last.number + 1 if last else 1)
    for pivotal in last.pivotal.all() if last else ():
        pivotal.pk, pivotal.playbook, pivotal._state.adding = None, draft, True
        pivotal.save(force_insert=True)
    record(by=by, at=at, action="draft", subject="playbook", subject_id=draft.pk)
    return draft


@action
def choose(
    *,
    by: User | None,
    at: dt.datetime,
    playbook: Playbook,
    type: AgreementType,
    finding: Finding | None = None,
    judgement: str = "",
    **standard: Any,
) -> PivotalAgreement:
    """Add a pivotal agreement to a draft, from a signed finding or by a stated judgement.

    ``standard`` are further columns of ``PivotalAgreement``. Raises Published, FullPlaybook, WhyMissing.
    """
    _require_keeper(by)
    _require_draft(playbook)
    if finding is None and not judgement.strip():
        raise WhyMissing("Say why it was chosen: there is no signed finding behind it.")
    taken = list(playbook.pivotal.values_list("position", flat=True))
    if len(taken) >= MOST_REQUIRED:
        raise FullPlaybook(f"A playbook holds at most {MOST_REQUIRED}. Drop one before you add another.")
    standard.setdefault("checks", type.good)
    standard.setdefault("counterpart", type.counterpart)
    pivotal = PivotalAgreement.objects.create(
        playbook=playbook,
        type=type,
        position=_first_free(taken),
        finding=finding,
        judgement=judgement,
        **standard,
    )
    record(
        by=by, at=at, action="choose", subject="playbook", subject_id=playbook.pk, changes={"type": type.key}
    )
    return pivotal


def _first_free(taken: Collection[int]) -> int:
    return min(set(range(1, MOST_REQUIRED + 1)) - set(taken))


@action
def set_standard(
    *,
    by: User | None,
    at: dt.datetime,
    pivotal: PivotalAgreement,
    expected_version: int | None = None,
    **standard: Any,
) -> None:
    """Say anew what good looks like, by when it is needed, what to ask and what to trade.

    ``expected_version`` is the playbook's. Raises Published, Stale.
    """
    _require_keeper(by)
    _require_draft(pivotal.playbook)
    take_turn(pivotal.playbook, expected_version=expected_version)
    read_anew(pivotal)
    changes = {name: [_said(getattr(pivotal, name)), _said(value)] for name, value in standard.items()}
    for name, value in standard.items():
        setattr(pivotal, name, value)
    pivotal.save(update_fields=list(standard))
    record(
        by=by,
        at=at,
        action="set standard",
        subject="playbook",
        subject_id=pivotal.playbook_id,
        changes=changes,
        reason=pivotal.type.key,
    )


def _said(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


@action
def drop(*, by: User | None, at: dt.datetime, pivotal: PivotalAgreement) -> None:
    """Take a pivotal agreement out of a draft."""
    _require_keeper(by)
    _require_draft(pivotal.playbook)
    read_anew(pivotal)
    changes = {"type": pivotal.type.key}
    record(by=by, at=at, action="drop", subject="playbook", subject_id=pivotal.playbook_id, changes=changes)
    pivotal.delete()


@action
def publish(*, by: User | None, at: dt.datetime, playbook: Playbook, today: dt.date, note: str = "") -> None:
    """Publish a draft; from now on open deals of the strategy are asked for these agreements."""
    _require_keeper(by)
    _require_draft(playbook)
    if not playbook.pivotal.exists():
        raise NothingToPublish("Choose at least one pivotal agreement first.")
    playbook.published_at, playbook.published_by, playbook.note = at, by, note
    playbook.save(update_fields=["published_at", "published_by", "note"])
    record(by=by, at=at, action="publish", subject="playbook", subject_id=playbook.pk, reason=note)
    refresh_requirements(at=at, today=today)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh changed: agreements newly asked for, asked for with another day, asked no more."""

    added: int
    changed: int
    released: int


@action
def refresh_requirements(
    *,
    at: dt.datetime,
    today: dt.date,
    deal_ids: Collection[int] | None = None,
    days_to_stage: Mapping[str, int] | None = None,
) -> Refreshed:
    """Write what each open deal needs today, by the playbooks in force; running it twice changes nothing.

    ``days_to_stage``: see ``requirements.required``; computed from won deals when not given.
    """
    books = books_in_force()
    if not books and not Agreement.objects.filter(required=True).exists():
        return Refreshed(0, 0, 0)
    days = usual_days_to_stage() if days_to_stage is None else days_to_stage
    deals = Deal.objects.open() if deal_ids is None else Deal.objects.open().filter(pk__in=deal_ids)
    wanted, batches = {}, {}
    for deal in deals.iterator(chunk_size=2_000):
        wanted[deal.pk], batches[deal.pk] = wanted_of(deal, books, days), deal.batch
    changes = _write_requirements(wanted, batches, at=at)
    if any((changes.added, changes.changed, changes.released)):
        counts = {"added": changes.added, "changed": changes.changed, "released": changes.released}
        record(by=None, at=at, action="refresh", subject="requirements", subject_id=today, changes=counts)
    return changes


def _write_requirements(
    wanted: Mapping[int, list[Requirement]], batches: Mapping[int, int | None], *, at: dt.datetime
) -> Refreshed:
    """Make, change and release the register's rows so that they say what is ``wanted`` of each deal.

    A new row belongs to the import that made its deal (``batches``) and is taken back with it.
    """
    register = Agreement.objects.filter(deal__in=Deal.objects.open(), deal_id__in=list(wanted))
    if len(wanted) > 10_000:  # too many for one IN list: every open deal is wanted then
        register = Agreement.objects.filter(deal__in=Deal.objects.open())
    rows = register.select_related("type").iterator(chunk_size=5_000)
    known = {(row.deal_id, row.type_id): row for row in rows}
    needs = {(deal, need.type_id): need for deal, found in wanted.items() for need in found}
    new = [
        _new_row(deal, need, batches[deal], at=at)
        for (deal, type_), need in needs.items()
        if (deal, type_) not in known
    ]
    changed = [row for key, row in known.items() if key in needs and _say(row, needs[key])]
    released = [row for key, row in known.items() if row.required and key not in needs and key[0] in wanted]
    for row in released:
        _set(row, (False, None, "", None))
    columns = [*_SAYS, "expires_on"]
    Agreement.objects.bulk_create(new, batch_size=1_000)
    Agreement.objects.bulk_update([*changed, *released], columns, batch_size=300)
    return Refreshed(len(new), len(changed), len(released))


def _new_row(deal_id: int, need: Requirement, batch: int | None, *, at: dt.datetime) -> Agreement:
    known = {"deal_id": deal_id, "type_id": need.type_id, "batch": batch}
    row = Agreement(state=AgreementState.NEEDED, changed_at=at, **known)
    _say(row, need)
    return row


def _say(row: Agreement, need: Requirement) -> bool:
    """Let ``row`` say what is needed; return whether that changed it."""
    said = (True, need.needed_by, need.why, need.recheck_days)
    if said == tuple(getattr(row, name) for name in _SAYS):
        return False
    _set(row, said)
    return True


#: What a playbook says on an agreement of the register.
_SAYS = ("required", "needed_by", "needed_because", "recheck_days")


def _set(row: Agreement, said: tuple) -> None:
    """Let ``row`` say it; what holds until a day holds longer or shorter, as the playbook now asks."""
    before = row.holds_days if row.expires_on else 0
    for name, value in zip(_SAYS, said, strict=True):
        setattr(row, name, value)
    if row.expires_on:
        row.expires_on += dt.timedelta(days=row.holds_days - before)


def refresh_findings(*, at: dt.datetime, since: dt.datetime) -> int:
    """Ask discovery again, on the deals as they are now, for the findings behind each strategy in force,
    unless that was done ``since``; return how many runs were asked for. Running it twice changes nothing."""
    runs = [
        discovery.refresh_run(at=at, run_id=one.run_id, previous=tuple(one.names), since=since)
        for one in runs_behind(Strategy.objects.in_force())
    ]
    return sum(run is not None for run in runs)
