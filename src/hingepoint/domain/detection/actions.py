"""Every change by detection: rules are written, tested, switched and run; what they find is judged."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Rule, Say
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import NIGHT_ORIGIN, RULE_ORIGIN, AgreementEvent, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import frames as deal_frames
from hingepoint.domain.deals.actions import deal_of, deals_in_turn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import frames
from hingepoint.domain.detection.models import SETTLED, Detection, DetectionRule, RuleVersion, words_after
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.turns.actions import action, fingerprint, read_anew, take_turn, turns
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.detection import Outcome
from hingepoint.records.errors import Hidden, Refused

#: They committed to act by so many days after the trace; then we ask whether it was done.
DAYS_TO_ACT = 14


class RulesNotYours(Hidden):
    """Only analysts and sponsors keep detection rules."""


class WrongRule(Refused):
    """The rule cannot be used; ``problems`` says why, by field."""

    def __init__(self, problems: Mapping[str, str]):
        self.problems = dict(problems)
        said = "; ".join(f"{field}: {words}" for field, words in problems.items())
        super().__init__(said, by_field=problems)


class RuleExists(Refused):
    """Two rules of one name could not be told apart."""

    field = "name"


class NotTested(Refused):
    """A rule is tested on history before it is switched on."""


class AlreadyJudged(Refused):
    """Somebody said something about it already."""


def _require_keeper(by: User | None) -> None:
    if by is not None and not (works_here(by) and by.sees_everything):
        raise RulesNotYours("Only an analyst or a sponsor keeps detection rules.")


# ---- rules ----


def key_for(name: str) -> str:
    """Return the key a rule of this name gets."""
    return slugify(name)[:34].strip("-") or f"rule-{abs(fingerprint(name)) % 10**6}"


@action
def write_rule(*, by: User | None, at: dt.datetime, rule: Rule) -> DetectionRule:
    """Write a new rule; it is off. Raises WrongRule, RuleExists."""
    _require_keeper(by)
    kind = _usable_type(rule)
    if DetectionRule.objects.filter(key=rule.key).exists():
        raise RuleExists("There is a rule of this name.")
    try:
        with transaction.atomic():
            row = DetectionRule.objects.create(key=rule.key, type=kind)
    except IntegrityError:  # somebody wrote it since we looked
        raise RuleExists("There is a rule of this name.") from None
    _add_version(row, rule, number=1, by=by, at=at)
    return row


def _usable_type(rule: Rule) -> AgreementType:
    """Return the agreement type that a rule finds. Raises WrongRule unless the rule can be used as it is."""
    problems = detection.problems(rule)
    kind = AgreementType.objects.filter(key=rule.agreement).select_related("tied_to").first()
    if kind is None:
        problems["agreement"] = "No such agreement type in the catalogue."
    if kind is None or problems:
        raise WrongRule(problems)
    return kind.tied_to or kind


def _add_version(
    row: DetectionRule, rule: Rule, *, number: int, by: User | None, at: dt.datetime
) -> RuleVersion:
    version = RuleVersion.objects.create(
        rule=row, number=number, definition=detection.plain(rule), written_at=at, written_by=by
    )
    changes = {"version": number, "definition": version.definition}
    record(by=by, at=at, action="write", subject="detection rule", subject_id=row.key, changes=changes)
    return version


def last_version(row: DetectionRule) -> RuleVersion:
    """Return what a rule says now; every rule has at least the version it was written with."""
    return row.versions.all()[0]


@action
def change_rule(
    *, by: User | None, at: dt.datetime, row: DetectionRule, rule: Rule, expected_version: int | None = None
) -> RuleVersion:
    """Write a rule anew as its next version, which must be tested again: a rule that was on is off until
    then. What earlier versions found stays theirs. Saying the same changes nothing. Raises WrongRule, Stale.
    """
    _require_keeper(by)
    kind = _usable_type(rule)
    last = read_anew(row).versions.first()
    if last and last.definition == detection.plain(rule):
        return last
    take_turn(row, expected_version=expected_version)
    row.type, row.on = kind, False
    row.save(update_fields=["type", "on"])
    return _add_version(row, rule, number=last.number + 1 if last else 1, by=by, at=at)


@action
def test_rule(*, by: User | None, at: dt.datetime, row: DetectionRule) -> RuleVersion:
    """Try the rule's last version on all of history, keep what came out, and change nothing else.

    Reads every trace of its kind: about a second per 100,000.
    """
    _require_keeper(by)
    version = last_version(read_anew(row))
    rule = detection.rule_of(version.definition)
    deals = deal_frames.deals_frame(None)
    everywhere = replace(
        rule, only_open=False
    )  # closed deals tell whether it is right, even if it leaves them
    hits = detection.find(everywhere, traces=frames.traces(None, [rule.trace]), deals=deals)
    told = detection.tested(hits=hits, deals=deals, recorded=frames.recorded(None, row.type))
    version.test = asdict(told) | {"examples": _examples(rule, hits)}
    version.tested_at = at
    version.save(update_fields=["test", "tested_at"])
    return version


EXAMPLES = 10


def _examples(rule: Rule, hits: Any) -> list[dict[str, Any]]:
    """Return the deals of ten hits spread evenly over the history, the newest first, with the trace."""
    found = hits.sort("at", "deal_id", descending=True)
    if found.height > EXAMPLES:
        found = found[[round(n * (found.height - 1) / (EXAMPLES - 1)) for n in range(EXAMPLES)]]
    return [
        {"deal": hit["deal_id"], "on": hit["at"].date().isoformat(), "words": detection.in_words(rule, hit)}
        for hit in found.iter_rows(named=True)
    ]


@action
def switch_on(*, by: User | None, at: dt.datetime, row: DetectionRule) -> int:
    """Let a tested rule fill the register from now on, beginning with what is there already; return how
    many agreements it found. Raises NotTested."""
    _require_keeper(by)
    if last_version(read_anew(row)).tested_at is None:
        raise NotTested("Test it on history first: then you know what it would do.")
    _switch(row, on=True, by=by, at=at)
    return run_rules(at=at, keys=[row.key]).found


@action
def switch_off(*, by: User | None, at: dt.datetime, row: DetectionRule) -> None:
    """Let a rule find nothing more; what it found stays."""
    _require_keeper(by)
    _switch(row, on=False, by=by, at=at)


def _switch(row: DetectionRule, *, on: bool, by: User | None, at: dt.datetime) -> None:
    take_turn(row, expected_version=None)
    row.on, row.switched_at = on, at
    row.save(update_fields=["on", "switched_at"])
    action = "switch on" if on else "switch off"
    record(by=by, at=at, action=action, subject="detection rule", subject_id=row.key)


@action
def take_back(*, by: User | None, at: dt.datetime, row: DetectionRule) -> int:
    """Take back, as one, everything a rule found that nobody has judged, and switch it off; return how much.

    What people confirmed or corrected stays.
    """
    _require_keeper(by)
    read_anew(row)
    waiting = row.detections.open()
    deals_in_turn([*waiting.values_list("deal_id", flat=True), *_moved().values_list("deal_id", flat=True)])
    settle(at=at)
    found = list(waiting.all().select_related("step__agreement__type"))
    agreements.take_back_found(by=by, at=at, steps=[one.step for one in found if one.step])
    Detection.objects.filter(pk__in=[one.pk for one in found]).update(
        outcome=Outcome.TAKEN_BACK, judged_at=at, judged_by=by
    )
    _switch(row, on=False, by=by, at=at)
    changes = {"agreements": len(found)}
    record(by=by, at=at, action="take back", subject="detection rule", subject_id=row.key, changes=changes)
    return len(found)


# ---- running ----


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: agreements written into the register, and those only proposed."""

    written: int
    proposed: int

    @property
    def found(self) -> int:
        return self.written + self.proposed


@action
def run_rules(*, at: dt.datetime, keys: Collection[str] | None = None) -> Ran:
    """Let the rules that are on (``keys``: these of them) fill the register from the traces there are.

    Running it twice changes nothing, and what people said is never changed: see ``detection.say``.
    """
    on = DetectionRule.objects.filter(on=True).select_related("type")
    rows = turns(on if keys is None else on.filter(key__in=keys))
    if not rows:
        return Ran(0, 0)
    versions = {row.pk: last_version(row) for row in rows}
    rules = {row.pk: detection.rule_of(versions[row.pk].definition) for row in rows}
    deals = deal_frames.deals_frame(None)
    traces = frames.traces(None, {rule.trace for rule in rules.values()})
    ids = dict(Deal.objects.values_list("key", "pk"))
    found = {}
    for row in rows:
        hits = detection.find(rules[row.pk], traces=traces, deals=deals)
        every = [
            _detection(versions[row.pk], rules[row.pk], hit, deal_id=ids[hit["deal_id"]], at=at)
            for hit in hits.iter_rows(named=True)
        ]
        found[row] = _not_found_before(row, every)
    _in_turn(found.values())
    settle(at=at)
    done = [_write(row, rules[row.pk], _not_denied(row, new), at=at) for row, new in found.items()]
    return Ran(sum(one.written for one in done), sum(one.proposed for one in done))


def _in_turn(found: Iterable[list[Detection]]) -> None:
    """Take the turn on every deal of which something will be decided: what people say of it waits so long."""
    new = [one.deal_id for each in found for one in each]
    deals_in_turn([*new, *_moved().values_list("deal_id", flat=True)])


def _detection(
    version: RuleVersion, rule: Rule, hit: Mapping[str, Any], *, deal_id: int, at: dt.datetime
) -> Detection:
    return Detection(
        rule_id=version.rule_id,
        by_version=version,
        deal_id=deal_id,
        state=rule.state,
        evidence=rule.evidence,
        traced_at=timezone.make_aware(hit["at"]),
        words=detection.in_words(rule, hit),
        who=(hit["who"] or "")[:200],
        found_at=at,
        batch=hit["batch"],
    )


def _not_found_before(row: DetectionRule, found: Iterable[Detection]) -> list[Detection]:
    known = row.detections.exclude(outcome=Outcome.TAKEN_BACK).values_list("deal_id", flat=True)
    before = set(known)
    return [one for one in found if one.deal_id not in before]


def _not_denied(row: DetectionRule, found: Iterable[Detection]) -> list[Detection]:
    """Leave out what people said is wrong of a like trace, as they have said by now."""
    wrong = Detection.objects.filter(rule__type_id=row.type_id, outcome=Outcome.WRONG)
    denied = dict(wrong.values("deal_id").annotate(at=Max("judged_at")).values_list("deal_id", "at"))
    return [one for one in found if not (one.deal_id in denied and one.traced_at <= denied[one.deal_id])]


def _write(row: DetectionRule, rule: Rule, news: list[Detection], *, at: dt.datetime) -> Ran:
    """Write what is new into the register, or propose it."""
    verdicts = _verdicts(row, rule, news)
    written = [one for one, verdict in zip(news, verdicts, strict=True) if verdict == Say.WRITE]
    proposed = [one for one, verdict in zip(news, verdicts, strict=True) if verdict == Say.PROPOSE]
    found = [
        agreements.Found(one.deal_id, row.type, _step(rule, one), row.origin, one.batch) for one in written
    ]
    for one, step in zip(written, agreements.record_found(at=at, found=found), strict=True):
        one.step, one.after = step, step.pk
    last = _last_step() if proposed else 0
    for one in proposed:
        one.after = last
    Detection.objects.bulk_create([*written, *proposed], batch_size=1_000)
    if written or proposed:
        changes = {"written": len(written), "proposed": len(proposed)}
        record(by=None, at=at, action="detect", subject="detection rule", subject_id=row.key, changes=changes)
    return Ran(len(written), len(proposed))


def _verdicts(row: DetectionRule, rule: Rule, news: list[Detection]) -> list[Say]:
    """Return what each may do, by what was said last of the agreement on its deal."""
    said = _said_last(row, [one.deal_id for one in news])
    verdicts = []
    for one in news:
        now, since, by_people = said.get(one.deal_id, (None, None, False))
        complete = rule.state not in STANDING or bool(one.who)
        verdicts.append(
            detection.say(
                state=rule.state,
                at=one.traced_at,
                now=now,
                since=since,
                by_people=by_people,
                complete=complete,
            )
        )
    return verdicts


def _last_step() -> int:
    return AgreementEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def _said_last(row: DetectionRule, deal_ids: list[int]) -> dict[int, tuple[str, dt.datetime, bool]]:
    """Return per deal what was said last of the rule's agreement: state, when, and whether by people or files."""
    steps = AgreementEvent.objects.standing().filter(agreement__type_id=row.type_id)
    if len(deal_ids) < 500:
        steps = steps.filter(agreement__deal_id__in=deal_ids)
    told = steps.order_by("id").values_list("agreement__deal_id", "state", "occurred_at", "origin")
    last: dict[int, tuple[str, dt.datetime, bool]] = {}
    for deal_id, state, at, origin in told:
        by_people = not origin.startswith((RULE_ORIGIN, NIGHT_ORIGIN)) or (
            deal_id in last and last[deal_id][2]
        )
        last[deal_id] = (state, at, by_people)
    return last


def _step(rule: Rule, found: Detection) -> agreements.Step:
    day = timezone.localdate(found.traced_at)
    return agreements.Step(
        state=AgreementState(rule.state),
        occurred_at=found.traced_at,
        act=rule.act or None,
        person_name=found.who or None,
        due_on=day + dt.timedelta(days=DAYS_TO_ACT) if rule.state == AgreementState.GAINED else None,
        evidence=Evidence(rule.evidence),
        note=found.words,
    )


# ---- judging ----


@action
def confirm(*, by: User, at: dt.datetime, detection_id: int) -> Detection:
    """Say that a rule is right: the agreement is then a person's word, on the trace's evidence and day.

    Raises Hidden, AlreadyJudged, or NotYetGained when it is not known who committed.
    """
    found = _open(by, detection_id)
    rule = detection.rule_of(found.by_version.definition)
    step = _step(rule, found)
    agreements.take_step(by=by, at=at, deal_id=found.deal_id, type_key=found.rule.type.key, step=step)
    return _judge(found, Outcome.CONFIRMED, by=by, at=at)


@action
def confirm_all(*, by: User, at: dt.datetime, detection_ids: Collection[int]) -> tuple[int, int]:
    """Confirm several at once; return how many, and how many are left because it is not known who
    committed, or somebody judged them meanwhile. Raises Hidden."""
    deals_in_turn(Detection.objects.filter(pk__in=detection_ids).values_list("deal_id", flat=True))
    confirmed = 0
    for detection_id in detection_ids:
        with contextlib.suppress(AlreadyJudged, agreements.NotYetGained), transaction.atomic():
            confirm(by=by, at=at, detection_id=detection_id)
            confirmed += 1
    return confirmed, len(detection_ids) - confirmed


@action
def reject(*, by: User, at: dt.datetime, detection_id: int, note: str = "") -> Detection:
    """Say that a rule is wrong: its step is taken back, and it does not come again for this trace.

    Raises Hidden or AlreadyJudged.
    """
    found = _open(by, detection_id)
    if found.step:
        agreements.undo_step(by=by, at=at, agreement_id=found.step.agreement_id)
    return _judge(found, Outcome.WRONG, by=by, at=at, note=note.strip())


def _open(by: User, detection_id: int) -> Detection:
    rows = Detection.objects.filter(pk=detection_id).visible_to(by)
    deal_of(by, rows)
    found = rows.select_related("rule__type", "by_version", "step").get()
    if not Detection.objects.open().filter(pk=found.pk).exists():
        raise AlreadyJudged("Somebody said something about it already.")
    return found


def _judge(
    found: Detection, outcome: Outcome, *, by: User | None, at: dt.datetime, note: str = ""
) -> Detection:
    found.outcome, found.judged_by, found.judged_at, found.note = outcome, by, at, note
    found.save(update_fields=["outcome", "judged_by", "judged_at", "note"])
    return found


@action
def settle(*, at: dt.datetime) -> int:
    """Judge what people answered without pressing a button: by the next thing they said of the agreement."""
    locked = deals_in_turn(_moved().values_list("deal_id", flat=True))
    settled = 0
    for found in _moved().select_related("rule"):
        if found.deal_id not in locked or (said := _answer(found)) is None:
            continue
        right = said.undoes_id is None and detection.was_right(found.state, said.state)
        _judge(found, Outcome.CONFIRMED if right else Outcome.WRONG, by=said.recorded_by, at=said.recorded_at)
        settled += 1
    return settled


def _moved() -> QuerySet[Detection]:
    """Return what nobody judged and people have said something about since."""
    return Detection.objects.filter(Exists(words_after()), outcome=Outcome.OPEN)


def _answer(found: Detection) -> AgreementEvent | None:
    """Return what a person or a file said next of the agreement; of a mere proposal, what settles it."""
    later = AgreementEvent.objects.said().filter(
        agreement__deal_id=found.deal_id, agreement__type_id=found.rule.type_id, pk__gt=found.after
    )
    return (later if found.step_id else later.filter(state__in=SETTLED)).order_by("pk").first()


# ---- undo of an import ----


def forget_import(batch_id: int) -> None:
    """Erase what rules made of an import's traces and nobody touched, as if it had never been there.

    For the undo of that import, inside its transaction.
    """
    found = Detection.objects.filter(batch=batch_id).open().select_related("step__agreement")
    for one in found:
        step = one.step
        one.delete()
        if step is None:
            continue
        agreement = step.agreement
        agreements.put_back(agreement, step)
        step.delete()
        agreement.version -= 1
        if agreement.events.exists() or agreement.batch != batch_id:
            agreement.save()
        else:
            agreement.delete()
