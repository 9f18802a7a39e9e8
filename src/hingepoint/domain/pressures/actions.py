"""Every change by pressures: deals are tagged by hand and by rules, tags are taken back, and the five are read at night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from hingepoint.analysis import detection
from hingepoint.analysis.pressures import rules as analysis_rules
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.domain.agreements import touched
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for, deal_of, deals_in_turn
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.actions import EXAMPLES, RuleExists, WrongRule
from hingepoint.domain.detection.reading import BATCH
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.pressures import frames, reading
from hingepoint.domain.pressures.models import PressureReading, PressureRule, PressureTag
from hingepoint.domain.pressures.reading import Reader
from hingepoint.domain.pressures.record import opened, stored
from hingepoint.domain.pressures.rules import may_keep, rule_of
from hingepoint.domain.turns.actions import action, form, read_anew, take_turn, turns
from hingepoint.domain.upkeep.rules import EVERY_DAY_FOR
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.people import Role
from hingepoint.records.pressures import Pressure

#: A reading is made anew after so long even where nothing was told that it reads: its twelve months end on another day.
STANDS_FOR = dt.timedelta(days=7)
#: What the trail tells of and no pressure is read from.
_UNREAD = touched.APART | {
    *("routine", "routines", "days off", "review", "coaching", "question", "escalation", "trial"),
    *("hindsight", "run", "finding", "self-assessment"),
}


class NoEvidence(Refused):
    """A tag says what shows the pressure: a sentence, or something that happened on the deal."""

    field = "words"


class TaggedAlready(Refused):
    """Somebody tagged the deal with this pressure before."""

    field = "pressure"


class TakenBackAlready(Refused):
    """Somebody took the tag back a moment ago."""


class RulesNotYours(Hidden):
    """Only analysts and sponsors keep the rules that tag deals."""


class NotPreviewed(Refused):
    """A rule is previewed on the record before it is switched on."""


class OnlyAtTheEnd(Refused):
    """A rule that matches only closed deals reads what is written when all is over."""


# ---- by hand ----


@action
def tag(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    pressure: Pressure,
    words: str = "",
    event_id: int | None = None,
    token: str = "",
) -> PressureTag:
    """Say that a deal is under a pressure, with what shows it: ``words``, or an event of the deal.

    It was seen when the event happened, else now. What rules said of the deal stays beside it. Raises Hidden, NoEvidence and
    TaggedAlready.
    """
    if by is not None and works_here(by) and by.role == Role.INSIDE_PARTNER:
        raise Hidden("The pressures are for those who sell and lead.")
    deal = deal_for(by, deal_id)
    event = _event(deal, event_id)
    evidence = words.strip() or (_said(event) if event else "")
    if not evidence:
        raise NoEvidence("Say in a sentence what shows it, or choose something that happened.")
    sent = form(by, token, "pressure", deal_id, pressure, evidence, event_id)
    if known := sent.made(PressureTag.objects.all()):
        return known
    standing = PressureTag.objects.standing().filter(deal=deal, pressure=pressure, rule__isnull=True)
    if standing.exists():
        raise TaggedAlready(
            reason(
                "The deal is tagged with {pressure} already. Take that back to say it anew.",
                pressure=pressure.label,
            )
        )
    made = PressureTag.objects.create(
        deal=deal,
        pressure=pressure,
        seen_at=event.occurred_at if event else at,
        words=evidence,
        event=event,
        noted_at=at,
        noted_by=by,
    )
    changes = {"pressure": [None, pressure.label], "evidence": [None, evidence]}
    record(by=by, at=at, action="tag pressure", subject="deal", subject_id=deal.pk, changes=changes)
    sent.keep(made, at=at)
    return made


def _event(deal: Deal, event_id: int | None) -> DealEvent | None:
    """Return the standing event of a deal that is the evidence. Raises Hidden."""
    if event_id is None:
        return None
    event = DealEvent.objects.standing().filter(deal=deal, pk=event_id).first()
    if event is None:
        raise Hidden("There is no such event on this deal.")
    return event


def _said(event: DealEvent) -> str:
    return " ".join(f"{event.name}: {event.note}".split()).strip(": ") or event.kind


@action
def take_back(*, by: User | None, at: dt.datetime, tag_id: int) -> PressureTag:
    """Take a tag back; it stays on record. Of a rule's tag that is a no to every rule about this pressure on the deal.
    Raises Hidden and TakenBackAlready."""
    rows = PressureTag.objects.filter(pk=tag_id)
    deal_of(by, rows if by is None else rows.visible_to(by))
    row = rows.get()
    if row.taken_back_at:
        raise TakenBackAlready("Somebody took it back already.")
    row.taken_back_at, row.taken_back_by = at, by
    row.save(update_fields=["taken_back_at", "taken_back_by"])
    changes = {"pressure": [None, Pressure(row.pressure).label]}
    record(by=by, at=at, action="take back pressure", subject="deal", subject_id=row.deal_id, changes=changes)
    return row


# ---- rules ----


def _require_keeper(by: User | None) -> None:
    if by is not None and not may_keep(by):
        raise RulesNotYours("Only an analyst or a sponsor keeps the rules that tag deals.")


def _require_usable(rule: Rule) -> None:
    if problems := analysis_rules.problems(rule):
        raise WrongRule(problems)


@action
def write_rule(*, by: User | None, at: dt.datetime, rule: Rule) -> PressureRule:
    """Write a new rule; it is off. Raises WrongRule and RuleExists."""
    _require_keeper(by)
    _require_usable(rule)
    said = _said_of(rule, by=by, at=at)
    try:
        with transaction.atomic():
            row = PressureRule.objects.create(key=rule.key, **said)
    except IntegrityError:
        raise RuleExists("There is a rule of this name.") from None
    _record_version(row, by=by, at=at)
    return row


def _said_of(rule: Rule, *, by: User | None, at: dt.datetime) -> dict[str, Any]:
    return {
        "pressure": rule.pressure,
        "definition": detection.plain(rule),
        "written_at": at,
        "written_by": by,
    }


def _record_version(row: PressureRule, *, by: User | None, at: dt.datetime) -> None:
    changes = {"version": row.number, "definition": row.definition}
    record(by=by, at=at, action="write", subject="pressure rule", subject_id=row.key, changes=changes)


@action
def change_rule(
    *, by: User | None, at: dt.datetime, row: PressureRule, rule: Rule, expected_version: int | None = None
) -> PressureRule:
    """Write a rule anew as its next version, which is off until it was previewed. What earlier versions tagged stays.
    Saying the same changes nothing. Raises WrongRule and Stale."""
    _require_keeper(by)
    _require_usable(rule)
    if read_anew(row).definition == detection.plain(rule):
        return row
    take_turn(row, expected_version=expected_version)
    said = _said_of(rule, by=by, at=at) | {"on": False, "tested_at": None, "test": None}
    said["number"] = row.number + 1
    for name, value in said.items():
        setattr(row, name, value)
    row.save(update_fields=list(said))
    _record_version(row, by=by, at=at)
    return row


@action
def preview_rule(*, by: User | None, at: dt.datetime, row: PressureRule) -> PressureRule:
    """Try a rule on the whole record, keep what came out, and tag nothing. Reads every trace of its kind: about a second
    per 100,000."""
    _require_keeper(by)
    rule = rule_of(read_anew(row))
    deals = deals_frame(None)
    hits = detection.find(rule, traces=reading.traces([rule]), deals=deals)
    told = detection.tested(hits=hits, deals=deals, recorded=frames.by_hand(rule.pressure))
    row.test = asdict(told) | {
        "examples": _examples(rule, hits),
        "only_at_the_end": analysis_rules.only_at_the_end(hits, deals),
    }
    row.tested_at = at
    row.save(update_fields=["test", "tested_at"])
    return row


def _examples(rule: Rule, hits: Any) -> list[dict[str, Any]]:
    """Return the newest hits, with what matched."""
    newest = hits.sort("at", "deal_id", descending=True).head(EXAMPLES)
    return [
        {"deal": hit["deal_id"], "on": hit["at"].date().isoformat(), "words": detection.in_words(rule, hit)}
        for hit in newest.iter_rows(named=True)
    ]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did. ``left``: further deals are read in the background."""

    tagged: int
    left: bool = False


def switch_on(*, by: User | None, at: dt.datetime, row: PressureRule) -> Ran:
    """Let a previewed rule tag deals from now on, beginning with what is there: the first deals at once, the others in the
    background. Raises NotPreviewed and OnlyAtTheEnd."""
    from hingepoint.domain.pressures.tasks import read_in_background  # it calls back

    _turn_on(by=by, at=at, row=row)
    ran = read_on(at=at, batches=1)
    if ran.left:
        read_in_background.enqueue()
    return ran


@action
def _turn_on(*, by: User | None, at: dt.datetime, row: PressureRule) -> None:
    _require_keeper(by)
    test = read_anew(row).test
    if test is None:
        raise NotPreviewed("Preview it first: then you know which deals it would tag.")
    if test["only_at_the_end"]:
        raise OnlyAtTheEnd(
            "It matches only deals that are over: what it reads is written at the end, and would tell who lost, not who "
            "was under pressure. Read something that is known while the deal is open."
        )
    _switch(row, on=True, by=by, at=at)
    _begin_reading(PressureRule.objects.filter(pk=row.pk))


@action
def switch_off(*, by: User | None, at: dt.datetime, row: PressureRule) -> None:
    """Let a rule tag nothing more; what it tagged stays."""
    _require_keeper(by)
    _switch(row, on=False, by=by, at=at)


def _switch(row: PressureRule, *, on: bool, by: User | None, at: dt.datetime) -> None:
    take_turn(row, expected_version=None)
    row.on = on
    row.save(update_fields=["on"])
    action = "switch on" if on else "switch off"
    record(by=by, at=at, action=action, subject="pressure rule", subject_id=row.key)


@action
def take_back_rule(*, by: User | None, at: dt.datetime, row: PressureRule) -> int:
    """Take back, as one, every tag of a rule, and switch it off; return how many. What people tagged stays."""
    _require_keeper(by)
    read_anew(row)
    deals_in_turn(row.tags.standing().values_list("deal_id", flat=True))
    facts = {"taken_back_at": at, "taken_back_by": by, "with_rule": True}
    number = row.tags.standing().update(**facts)
    _switch(row, on=False, by=by, at=at)
    changes = {"tags": number}
    record(by=by, at=at, action="take back", subject="pressure rule", subject_id=row.key, changes=changes)
    return number


# ---- rules read ----


def _begin_reading(rules: QuerySet[PressureRule]) -> None:
    """Let rules read every deal, from the first on."""
    rules.update(after=0, trail=touched.end_of_trail())


def read_on(*, at: dt.datetime, batches: int | None = None) -> Ran:
    """Let rules that have not read every deal yet go on where they stand, to the end or for so many ``batches``. Bears being
    run twice, at once, and being killed: a batch is one transaction."""
    tagged, unfinished = 0, PressureRule.objects.filter(on=True, after__isnull=False)
    while (after := unfinished.aggregate(least=Min("after"))["least"]) is not None:
        rows = unfinished.filter(after=after)
        deals = _next_deals(after)
        if not deals:
            rows.update(after=None, known=after)
        elif batches == 0:
            return Ran(tagged, left=True)
        else:
            batches = None if batches is None else batches - 1
            tagged += _read(deals, reading.readers(rows), at=at)
            rows.update(after=deals[-1])
    return Ran(tagged)


def _next_deals(after: int) -> list[int]:
    return list(Deal.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH])


def read_touched(*, at: dt.datetime, deals_of_import: touched.DealsOfImport) -> Ran:
    """Let the rules that are on read the deals on which something happened since, as the trail tells; every deal where it
    cannot say. Reads nothing else where the trail has nothing."""
    rows = PressureRule.objects.filter(on=True)
    line = rows.aggregate(least=Min("trail"))["least"]
    if line is None:
        return Ran(0)
    news = touched.with_news_since(line, deals_of_import)
    if news is None:
        _begin_reading(rows)
        return read_on(at=at)
    by, tagged = reading.readers(rows), 0
    for first in range(0, len(news.deals), BATCH):
        tagged += _read(news.deals[first : first + BATCH], by, at=at)
    last = Deal.objects.aggregate(last=Max("pk"))["last"] or 0
    PressureRule.objects.filter(on=True, trail__lt=news.until).update(trail=news.until)
    PressureRule.objects.filter(on=True, after__isnull=True, known__lt=last).update(known=last)
    return Ran(tagged)


def _read(deals: Sequence[int], by: Sequence[Reader], *, at: dt.datetime) -> int:
    """Tag what the rules find on a batch of deals; return how much."""
    found = reading.found_on(deals, by, at=at)
    return _write_found(found, by, at=at) if found else 0


@action
def _write_found(found: Collection[PressureTag], by: Sequence[Reader], *, at: dt.datetime) -> int:
    """Write what rules found, unless a rule was changed or switched off since it was read."""
    read = {one.row.pk: one for one in by}
    rows = turns(PressureRule.objects.filter(pk__in=read, on=True))
    still = {row.pk: row for row in rows if row.number == read[row.pk].row.number}
    there = deals_in_turn(one.deal_id for one in found)
    news = reading.not_denied([one for one in found if one.rule_id in still and one.deal_id in there])
    PressureTag.objects.bulk_create(news, batch_size=1_000)
    for pk, row in still.items():
        if number := sum(one.rule_id == pk for one in news):
            changes = {"tags": number}
            record(by=None, at=at, action="tag", subject="pressure rule", subject_id=row.key, changes=changes)
    return len(news)


def forget_import(batch_id: int) -> None:
    """Erase what rules made of an import's traces, as if it had never been there; for the undo of that import, inside its
    transaction."""
    PressureTag.objects.filter(batch=batch_id, rule__isnull=False).delete()


# ---- the five are read ----


def read_pressures(*, at: dt.datetime, as_of: dt.date | None = None) -> PressureReading:
    """Keep how the five stand at the end of ``as_of`` (yesterday, where it is not said). A day read twice is kept once.

    Where nothing was told since the last reading that it could depend on, that one stands, for a week at most. Else everything
    is read, outside any transaction: about a second per 10,000 deals.
    """
    from hingepoint.analysis import pressures  # with its statistics, which no page needs

    day = as_of or timezone.localdate(at) - dt.timedelta(days=1)
    if as_of is None and (last := _standing(day)):
        return last
    return _keep(day, stored(pressures.read(frames.facts(day))), at=at)


def _standing(day: dt.date) -> PressureReading | None:
    """Return the reading of a day or of one shortly before it, where it would tell the same but for the day."""
    last = PressureReading.objects.filter(day__gt=day - STANDS_FOR, day__lte=day).order_by("-day").first()
    if last is None or opened(last.report) is None or touched.told_since(last.made_at, but=_UNREAD):
        return None
    return last


@action
def _keep(day: dt.date, report: Any, *, at: dt.datetime) -> PressureReading:
    """Keep a reading in place of the one of that day, and of old days only the last of each month."""
    row, _ = PressureReading.objects.update_or_create(day=day, defaults={"report": report, "made_at": at})
    old = PressureReading.objects.filter(day__lt=day - EVERY_DAY_FOR).values_list("pk", "day")
    PressureReading.objects.filter(
        pk__in=[pk for pk, one in old if (one + dt.timedelta(days=1)).day != 1]
    ).delete()
    return row
