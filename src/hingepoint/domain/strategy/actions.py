"""Every change to strategies, their result metrics and their playbooks, and to what deals need."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from hingepoint.analysis import metrics, own_metrics
from hingepoint.analysis.own_metrics import Definition
from hingepoint.domain.agreements import touched
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.people.models import Team, User, sees_all
from hingepoint.domain.strategy import asking
from hingepoint.domain.strategy.models import (
    MOST_REQUIRED,
    AskingRound,
    OwnMetric,
    PivotalAgreement,
    Playbook,
    ResultMetric,
    Strategy,
)
from hingepoint.domain.strategy.queries.still_holds import runs_behind
from hingepoint.domain.strategy.requirements import USUAL_GRACE
from hingepoint.domain.strategy.rules import require_countable
from hingepoint.domain.turns.actions import action, read_anew, take_turn, turns
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.languages import reason
from hingepoint.records.strategy import Status


class StrategyNotYours(Hidden):
    """Only sponsors and analysts write strategies and playbooks."""


class NameTaken(Refused):
    """Two strategies of one name could not be told apart."""

    field = "name"


class FullPlaybook(Refused):
    """A playbook holds at most eight pivotal agreements."""

    field = "key"


class Published(Refused):
    """A published playbook is never changed: draft the next version."""


class WhyMissing(Refused):
    """A pivotal agreement stands on a signed finding, or says whose judgement it is and why."""

    field = "judgement"


class NothingToPublish(Refused):
    """An empty playbook asks nothing of anybody."""


def _require_keeper(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise StrategyNotYours("Only the sponsor or an analyst changes strategies and playbooks.")


def _require_draft(playbook: Playbook) -> None:
    """Read ``playbook`` anew, in this action's turn. Raises Published if it is no draft any more."""
    if read_anew(playbook).published_at is not None:
        raise Published(
            reason(
                "Version {playbook} is published. Draft the next version to change it.",
                playbook=playbook.number,
            )
        )


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
    grace_days: int = USUAL_GRACE,
) -> Strategy:
    """Write a new strategy as a draft, with an empty first playbook. Raises ValueError for a metric
    that discovery would not understand, NameTaken."""
    _require_keeper(by)
    metrics.parse_judge(metric)
    _require_free_name(name)
    last = Strategy.objects.aggregate(last=Max("rank"))["last"] or 0
    with _name_taken():
        strategy = Strategy.objects.create(
            name=name,
            rank=last + 1,
            statement=statement,
            metric=metric,
            sponsor=sponsor,
            segment=segment,
            grace_days=grace_days,
        )
    Playbook.objects.create(strategy=strategy, number=1)
    changes = {"name": [None, name], "metric": [None, metric]}
    record(by=by, at=at, action="write", subject="strategy", subject_id=strategy.pk, changes=changes)
    return strategy


def _require_free_name(name: str, *, but: Strategy | None = None) -> None:
    rows = Strategy.objects.filter(name=name)
    if (rows.exclude(pk=but.pk) if but else rows).exists():
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
    """Change a strategy's own words, metric, segment, rank or sponsor; where that decides what deals are
    asked for, they are asked anew in the background. Raises Stale, NameTaken."""
    _require_keeper(by)
    if "metric" in facts:
        metrics.parse_judge(facts["metric"])
    if "name" in facts:
        _require_free_name(facts["name"], but=strategy)
    read_anew(strategy)
    changes = {name: [getattr(strategy, name), value] for name, value in facts.items()}
    held = strategy.status == Status.IN_FORCE
    take_turn(strategy, expected_version=expected_version)
    for name, value in facts.items():
        setattr(strategy, name, value)
    with _name_taken():
        strategy.save(update_fields=list(facts))
    record(by=by, at=at, action="change", subject="strategy", subject_id=strategy.pk, changes=_plain(changes))
    if _DECIDES & facts.keys() and (held or strategy.status == Status.IN_FORCE):
        _begin_round(at=at)
    return strategy


def _plain(changes: Mapping[str, list]) -> dict[str, list]:
    return {
        name: [
            value if isinstance(value, int) else value and str(getattr(value, "pk", value)) for value in pair
        ]
        for name, pair in changes.items()
    }


@action
def put_in_force(
    *, by: User | None, at: dt.datetime, strategy: Strategy, starts_on: dt.date, grace_days: int | None = None
) -> None:
    """Let the strategy hold; open deals are asked for its published playbook in the background. What was due
    before is due ``grace_days`` after the start; None leaves the days that the strategy has."""
    grace = {} if grace_days is None else {"grace_days": grace_days}
    change_strategy(by=by, at=at, strategy=strategy, status=Status.IN_FORCE, starts_on=starts_on, **grace)


@action
def retire(*, by: User | None, at: dt.datetime, strategy: Strategy) -> None:
    """Ask nothing more for this strategy; what was gained stays."""
    change_strategy(by=by, at=at, strategy=strategy, status=Status.RETIRED)


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
    region: str = "",
    product: str = "",
    team: Team | None = None,
) -> ResultMetric:
    """State a result metric with baseline, target and date, of all the strategy's deals or of some; stating it of
    the same deals again replaces the numbers."""
    _require_keeper(by)
    metrics.parse_target(metric)
    facts = {"baseline": baseline, "target": target, "target_on": target_on}
    deals: dict[str, Any] = {"segment": segment, "region": region, "product": product, "team": team}
    row, _ = ResultMetric.objects.update_or_create(strategy=strategy, metric=metric, **deals, defaults=facts)
    _end_series_of_other_versions(row, deals)
    changes = {
        "metric": metric,
        **{name: str(value) for name, value in deals.items() if value},
        **{name: str(value) for name, value in facts.items()},
    }
    record(by=by, at=at, action="set target", subject="strategy", subject_id=strategy.pk, changes=changes)
    return row


def _end_series_of_other_versions(row: ResultMetric, deals: Mapping[str, Any]) -> None:
    """Let a target on a metric of the company's own stand in place of those set by other versions of its definition."""
    if not own_metrics.is_own(row.metric):
        return
    key = own_metrics.read(row.metric).key
    same_deals = ResultMetric.objects.filter(strategy=row.strategy_id, **deals).exclude(pk=row.pk)
    for other in same_deals.filter(metric__startswith=own_metrics.PREFIX):
        if own_metrics.read(other.metric).key == key:
            other.delete()


# ---- metrics of one's own ----


@action
def define_metric(
    *,
    by: User | None,
    at: dt.datetime,
    definition: Definition,
    expected_version: int | None = None,
    is_new: bool = False,
) -> OwnMetric:
    """Define a metric of the company's own, or the next version of one unless it ``is_new``; what was set by an earlier
    version stays counted by it. Returns the newest version unchanged where it counts the same. Raises WrongMetric,
    NameTaken and Stale."""
    _require_keeper(by)
    newest = list(turns(OwnMetric.objects.newest()))
    before = next((row for row in newest if row.key == definition.key), None)
    if is_new and before:
        raise NameTaken("There is a metric of this name.")
    if expected_version is not None and before and before.version != expected_version:
        raise Stale(before, "Somebody else defined it anew a moment ago.")
    _require_usable(definition, newest)
    if before and own_metrics.same(own_metrics.read(before.told), definition):
        return before
    version = before.version + 1 if before else 1
    whole = replace(definition, version=version, since=timezone.localdate(at))
    row = OwnMetric.objects.create(
        key=whole.key, version=version, told=own_metrics.named(whole), made_at=at, made_by=by
    )
    changes = {
        "counts": [
            before and own_metrics.in_words(own_metrics.read(before.told)),
            own_metrics.in_words(whole),
        ]
    }
    record(
        by=by,
        at=at,
        action="define",
        subject="own metric",
        subject_id=row.pk,
        changes=changes,
        reason=whole.name,
    )
    return row


def _require_usable(definition: Definition, newest: Collection[OwnMetric]) -> None:
    require_countable(definition)
    names = {own_metrics.read(row.told).name.casefold() for row in newest if row.key != definition.key}
    if definition.name.strip().casefold() in names:
        raise NameTaken("There is a metric of this name.")


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
        raise FullPlaybook(
            reason(
                "A playbook holds at most {most_required}. Drop one before you add another.",
                most_required=MOST_REQUIRED,
            )
        )
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
def publish(*, by: User | None, at: dt.datetime, playbook: Playbook, note: str = "") -> None:
    """Publish a draft; open deals of a strategy in force are asked for these agreements in the background."""
    _require_keeper(by)
    _require_draft(playbook)
    if not playbook.pivotal.exists():
        raise NothingToPublish("Choose at least one pivotal agreement first.")
    playbook.published_at, playbook.published_by, playbook.note = at, by, note
    playbook.save(update_fields=["published_at", "published_by", "note"])
    record(by=by, at=at, action="publish", subject="playbook", subject_id=playbook.pk, reason=note)
    _begin_round(at=at)


# ---- asking open deals ----

#: Facts of a strategy that decide which deals are asked for what.
_DECIDES = {"status", "segment", "rank", "grace_days"}


def _begin_round(*, at: dt.datetime) -> None:
    """Let every open deal be asked anew, from the first on, once the caller's transaction is over.

    Called last in it: who locks the head of the trail and the round does it in this order. What a round
    that is overtaken has changed is counted with the new one.
    """
    from hingepoint.domain.strategy.tasks import ask_in_background  # it calls back

    row, _ = AskingRound.objects.get_or_create(id=1, defaults={"begun_at": at, "finished_at": at})
    counts = {} if row.finished_at is None else {"added": 0, "changed": 0, "released": 0}
    AskingRound.objects.update(
        number=F("number") + 1,
        begun_at=at,
        finished_at=None,
        after=0,
        done=0,
        total=Deal.objects.open().count(),
        days_to_stage=None,
        trail=touched.end_of_trail(),
        **counts,
    )
    transaction.on_commit(ask_in_background.enqueue)


@action
def ask_anew(*, by: User | None, at: dt.datetime) -> None:
    """Let every open deal be asked anew for what the playbooks in force want of it."""
    _require_keeper(by)
    _begin_round(at=at)


def ask_open_deals(
    *, at: dt.datetime, batches: int | None = None, pause: Callable[[float], object] = time.sleep
) -> asking.Progress | None:
    """Go on asking open deals where the round stands, to its end or for so many ``batches``; return how far
    it is then. Bears being run twice, and at once.

    Each batch is one short transaction. After it others have as much time to write as it took: on SQLite a
    writer that waits looks only now and then whether it is its turn.
    """
    number = 0
    while row := AskingRound.objects.filter(finished_at=None).first():
        if row.number != number:
            number, terms = row.number, asking.terms(row.days_to_stage)
        deals = asking.open_deals(after=row.after)
        if not deals:
            _finish_round(row, at=at)
        elif batches == 0:
            break
        else:
            batches = None if batches is None else batches - 1
            pause(_ask_batch(row, deals, terms, at=at))
    return asking.progress()


def _ask_batch(row: AskingRound, deals: Sequence[Deal], terms: asking.Terms, *, at: dt.datetime) -> float:
    """Write what a batch is asked for and move the round on; return the seconds for which others had to
    wait. Where somebody else moved it meanwhile, nothing is written."""
    wanted = asking.decide(deals, terms)
    began = time.monotonic()
    with transaction.atomic():
        changes = asking.write(wanted, terms, at=at)
        moved = _unmoved(row).update(
            after=deals[-1].pk,
            done=F("done") + len(deals),
            days_to_stage=dict(terms.days_to_stage),
            added=F("added") + changes.added,
            changed=F("changed") + changes.changed,
            released=F("released") + changes.released,
        )
        transaction.set_rollback(not moved)
    return time.monotonic() - began


@action
def _finish_round(row: AskingRound, *, at: dt.datetime) -> None:
    changes = asking.progress_of(row).changes
    if changes:
        _say_asked(changes, at=at)
    moved = _unmoved(row).update(finished_at=at)
    transaction.set_rollback(not moved)


def _unmoved(row: AskingRound) -> QuerySet[AskingRound]:
    return AskingRound.objects.filter(number=row.number, after=row.after, finished_at=None)


def _say_asked(changes: asking.Refreshed, *, at: dt.datetime) -> None:
    day = timezone.localdate(at)
    record(by=None, at=at, action="refresh", subject="requirements", subject_id=day, changes=asdict(changes))


def ask_touched_deals(*, at: dt.datetime, deals_of_import: touched.DealsOfImport) -> asking.Refreshed:
    """Ask the deals that were added or changed since the last time, as the trail tells; return what changed.

    ``deals_of_import`` returns the deals that an import made or changed. Where an import was taken back, or
    nobody was ever asked, all open deals are asked anew. Reads nothing else where the trail has nothing.
    """
    row = AskingRound.objects.first()
    if row is None and not Strategy.objects.in_force().exists():
        return asking.Refreshed()
    news = touched.added_or_changed_since(row.trail, deals_of_import) if row else None
    if row is None or news is None:
        ask_anew(by=None, at=at)
        done = ask_open_deals(at=at)
        return done.changes if done else asking.Refreshed()
    return _ask_touched(news, row, at=at)


def _ask_touched(news: touched.Touched, row: AskingRound, *, at: dt.datetime) -> asking.Refreshed:
    """Ask these deals batch by batch; the trail counts as read once all of them were asked."""
    total = asking.Refreshed()
    if news.deals:
        terms = asking.terms(row.days_to_stage)
        for first in range(0, len(news.deals), asking.BATCH):
            total += _ask_these(news.deals[first : first + asking.BATCH], terms, at=at)
    AskingRound.objects.filter(trail=row.trail).update(trail=news.until)
    return total


def _ask_these(deal_ids: Sequence[int], terms: asking.Terms, *, at: dt.datetime) -> asking.Refreshed:
    wanted = asking.decide(asking.open_deals(among=deal_ids), terms)
    with transaction.atomic():
        changes = asking.write(wanted, terms, at=at)
        if changes:
            _say_asked(changes, at=at)
    return changes


def ask_by_new_usual_days(*, at: dt.datetime, since: dt.datetime) -> bool:
    """Ask open deals anew where stages last longer or shorter than the last round, before ``since``,
    reckoned with; return whether it was so."""
    row = AskingRound.objects.filter(finished_at__lt=since).first()
    if row is None or asking.terms().days_to_stage == row.days_to_stage:
        return False
    ask_anew(by=None, at=at)
    return True


def refresh_findings(*, at: dt.datetime, since: dt.datetime) -> int:
    """Ask discovery again, on the deals as they are now, for the findings behind each strategy in force,
    unless that was done ``since``; return how many runs were asked for. Running it twice changes nothing."""
    runs = [
        discovery.refresh_run(at=at, run_id=one.run_id, previous=tuple(one.names), since=since)
        for one in runs_behind(Strategy.objects.in_force())
    ]
    return sum(run is not None for run in runs)
