"""Every change by detection: rules are written, tested, switched and run; what they find is judged."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, Min, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Rule, Say
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements import touched
from hingepoint.domain.agreements.models import NIGHT_ORIGIN, RULE_ORIGIN, AgreementEvent, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import frames as deal_frames
from hingepoint.domain.deals.actions import deal_of, deals_in_turn
from hingepoint.domain.detection import frames, reading
from hingepoint.domain.detection.models import SETTLED, Detection, DetectionRule, RuleVersion, words_after
from hingepoint.domain.detection.reading import Reader
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.turns.actions import action, fingerprint, read_anew, take_turn, turns
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.detection import Outcome
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason

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
    if by is not None and not sees_all(by):
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
        problems["agreement"] = reason("No such agreement type in the catalogue.")
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


def switch_on(*, by: User | None, at: dt.datetime, row: DetectionRule) -> Ran:
    """Let a tested rule fill the register from now on, beginning with what is there already: the first deals
    at once, which is all of a small company, the others in the background. Raises NotTested."""
    from hingepoint.domain.detection.tasks import read_in_background  # it calls back

    _turn_on(by=by, at=at, row=row)
    ran = read_on(at=at, batches=1)
    if ran.left:
        read_in_background.enqueue()
    return ran


@action
def _turn_on(*, by: User | None, at: dt.datetime, row: DetectionRule) -> None:
    _require_keeper(by)
    if last_version(read_anew(row)).tested_at is None:
        raise NotTested("Test it on history first: then you know what it would do.")
    _switch(row, on=True, by=by, at=at)
    _begin_reading(DetectionRule.objects.filter(pk=row.pk))


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
    """What a run did: agreements written into the register, and those only proposed. ``left``: further deals
    are read in the background."""

    written: int
    proposed: int
    left: bool = False

    @property
    def found(self) -> int:
        return self.written + self.proposed

    def __add__(self, other: Ran) -> Ran:
        return Ran(self.written + other.written, self.proposed + other.proposed, other.left)


def run_rules(*, at: dt.datetime) -> Ran:
    """Let the rules that are on fill the register from the traces of every deal.

    Running it twice changes nothing, and what people said is never changed: see ``detection.say``.
    """
    _begin_reading(DetectionRule.objects.filter(on=True))
    return read_on(at=at)


def _begin_reading(rules: QuerySet[DetectionRule]) -> None:
    """Let rules read every deal, from the first on."""
    rules.update(after=0, trail=touched.end_of_trail())


def read_on(
    *, at: dt.datetime, batches: int | None = None, pause: Callable[[float], object] = time.sleep
) -> Ran:
    """Let rules that have not read every deal yet go on where they stand, to the end or for so many
    ``batches``. Bears being run twice, at once, and being killed.

    What was found is written in short transactions. After each, others have as much time to write as it took.
    """
    total, unfinished = Ran(0, 0), DetectionRule.objects.filter(on=True, after__isnull=False)
    while (after := unfinished.aggregate(least=Min("after"))["least"]) is not None:
        rows = unfinished.filter(after=after)
        deals = reading.next_deals(after=after)
        if not deals:
            rows.update(after=None)
        elif batches == 0:
            return total + Ran(0, 0, left=True)
        else:
            batches = None if batches is None else batches - 1
            by = reading.readers(rows.prefetch_related("versions"))
            total += _read(deals, by, at=at, pause=pause)
            rows.update(after=deals[-1])
    return total


def read_touched(
    *,
    at: dt.datetime,
    deals_of_import: touched.DealsOfImport,
    pause: Callable[[float], object] = time.sleep,
) -> Ran:
    """Let the rules that are on read the deals on which something happened since they last read, as the trail
    tells, and settle what people answered there.

    ``deals_of_import`` returns the deals that an import brought something to. Where an import or all that a
    rule found was taken back, every deal is read. Reads nothing else where the trail has nothing.
    """
    rows = DetectionRule.objects.filter(on=True)
    line = DetectionRule.objects.aggregate(least=Min("trail"))["least"]
    if line is None:
        return Ran(0, 0)
    news = touched.with_news_since(line, deals_of_import)
    if news is None:
        settle(at=at)
        return run_rules(at=at)
    total, by = Ran(0, 0), reading.readers(rows.prefetch_related("versions")) if news.deals else []
    for first in range(0, len(news.deals), reading.BATCH):
        total += _read(news.deals[first : first + reading.BATCH], by, at=at, pause=pause)
    DetectionRule.objects.filter(trail__lt=news.until).update(trail=news.until)
    return total


def _read(
    deal_ids: Sequence[int], by: Sequence[Reader], *, at: dt.datetime, pause: Callable[[float], object]
) -> Ran:
    """Settle what people answered on a batch of deals, and write what the rules find there."""
    if _moved(deal_ids).exists():
        settle(at=at, among=deal_ids)
    total = Ran(0, 0)
    for part in reading.deal_by_deal(reading.found_on(deal_ids, by, at=at)) if by else ():
        began = time.monotonic()
        total += _write_found(part, by, at=at)
        pause(time.monotonic() - began)
    return total


@action
def _write_found(found: Sequence[Detection], by: Sequence[Reader], *, at: dt.datetime) -> Ran:
    """Write what rules found on a few deals, unless a rule was changed or switched off since it was read."""
    rows = turns(DetectionRule.objects.filter(pk__in={one.rule_id for one in found}, on=True))
    still = {row.pk for row in rows}
    deals = deals_in_turn(one.deal_id for one in found)
    settle(at=at, among=deals)
    found = reading.not_found_before([one for one in found if one.deal_id in deals])
    total = Ran(0, 0)
    for one in by:
        news = [each for each in found if each.rule_id == one.row.pk]
        if news and one.row.pk in still and last_version(one.row) == one.version:
            total += _write(one.row, one.rule, _not_denied(one.row, news), at=at)
    return total


def _not_denied(row: DetectionRule, found: Sequence[Detection]) -> list[Detection]:
    """Leave out what people said is wrong of a like trace, as they have said by now."""
    deals = {one.deal_id for one in found}
    wrong = Detection.objects.filter(rule__type_id=row.type_id, outcome=Outcome.WRONG, deal__in=deals)
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
    last = touched.last_step() if proposed else 0
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


def _said_last(row: DetectionRule, deal_ids: list[int]) -> dict[int, tuple[str, dt.datetime, bool]]:
    """Return per deal what was said last of the rule's agreement: state, when, and whether by people or files."""
    steps = AgreementEvent.objects.standing().filter(
        agreement__type_id=row.type_id, agreement__deal_id__in=deal_ids
    )
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
def settle(*, at: dt.datetime, among: Collection[int] | None = None) -> int:
    """Judge what people answered without pressing a button, on every deal or on those ``among``: by the next
    thing they said of the agreement."""
    locked = deals_in_turn(_moved(among).values_list("deal_id", flat=True))
    settled = 0
    for found in _moved(among).select_related("rule"):
        if found.deal_id not in locked or (said := _answer(found)) is None:
            continue
        right = said.undoes_id is None and detection.was_right(found.state, said.state)
        _judge(found, Outcome.CONFIRMED if right else Outcome.WRONG, by=said.recorded_by, at=said.recorded_at)
        settled += 1
    return settled


def _moved(among: Collection[int] | None = None) -> QuerySet[Detection]:
    """Return what nobody judged and people have said something about since."""
    rows = Detection.objects.filter(Exists(words_after()), outcome=Outcome.OPEN)
    return rows if among is None else rows.filter(deal__in=among)


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
