"""Every change to exceptions: asking, answering, changing, the partner's pulse, and the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from hingepoint.analysis.talks import approvals
from hingepoint.analysis.talks.approvals import Ask, Path, Request, Rules
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.actions import HAND, deal_for, deal_of, deals_in_turn, first_unless_second
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.approvers import NobodyToAsk, stand_in, whom_to_ask
from hingepoint.domain.escalations.models import Approval, DiaryEntry, Escalation, Policy, PolicyRule, Pulse
from hingepoint.domain.escalations.rules import (
    Wish,
    _rule,
    demands_of,
    nothing_asked,
    request_of,
    rules_in_force,
    wish_of,
)
from hingepoint.domain.people.actions import set_active
from hingepoint.domain.people.models import User, sees_all, works_here
from hingepoint.domain.turns.actions import action, form, take_turn, turn
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.escalations import (
    NO_LONGER_ASKED,
    UNDECIDED,
    Answer,
    Approver,
    ArguesFor,
    CameBack,
    Kind,
    Lane,
    State,
)
from hingepoint.records.languages import reason
from hingepoint.records.people import Role


class NothingAsked(Refused):
    """A request says what is wanted: a discount, or terms in words."""


class NotAsked(Hidden):
    """Nothing waits for this person's answer here, or it was answered already."""


class WordsMissing(Refused):
    """A no, a yes to less and asking for something back say why, how much or what."""

    field = "words"


class Settled(Refused):
    """The request was decided or withdrawn; ask anew."""


class RulesNotYours(Hidden):
    """Only sponsors and analysts write the rules."""


class NoRule(Refused):
    """The rule or limit cannot be used; the message says why."""


# ---- asking ----


@action
def ask(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    wish: Wish,
    origin: str = HAND,
    token: str = "",
    second: bool | None = None,
) -> Escalation:
    """Ask for an exception: within a seller's own limit it is approved at once, else whoever the rules name
    is asked. ``token``: of the form it came with; ``second``: whether it is another one beside an open request
    that says the same. Raises Hidden, NothingAsked, NobodyToAsk and AlreadyNoted."""
    deal = deal_for(by, deal_id)
    _require_a_wish(wish)
    sent = form(by, token, "exception", deal_id, wish)
    if known := sent.made(Escalation.objects.all()):
        return known
    columns = _columns(deal, wish)
    same = Escalation.objects.filter(deal=deal, state__in=UNDECIDED, **columns).order_by("-pk").first()
    if known := first_unless_second(same, second):
        return known
    rules = rules_in_force()
    way = approvals.path(request_of(deal, wish), rules)
    event = deals.note_event(
        by=by,
        at=at,
        deal_id=deal_id,
        kind=EventKind.ESCALATION,
        name=wish.kind.value,
        occurred_at=at,
        origin=origin,
        second=True,
        actor=by.name if by else "",
        note=wish.reason.strip(),
    )
    escalation = Escalation.objects.create(
        deal=deal,
        event=event,
        value=deal.amount,
        policy=rules.version,
        lane=way.lane,
        lane_why=way.why,
        state=State.APPROVED if way.lane == Lane.OWN else State.OPEN,
        decided_at=at if way.lane == Lane.OWN else None,
        asked_by=by,
        asked_at=at,
        **columns,
    )
    _ask_people(escalation, way.asks, at=at)
    sent.keep(escalation, at=at)
    return escalation


def _require_a_wish(wish: Wish) -> None:
    if words := nothing_asked(wish):
        raise NothingAsked(words, field="discount" if wish.kind == Kind.PRICE else "wanted")


def _columns(deal: Deal, wish: Wish) -> dict:
    told = {name: value.strip() if isinstance(value, str) else value for name, value in asdict(wish).items()}
    if wish.demand_id and not demands_of(deal).filter(pk=wish.demand_id).exists():
        raise Hidden("There is no such demand on this deal.")
    return told


def _ask_people(escalation: Escalation, asks: tuple[Ask, ...], *, at: dt.datetime) -> None:
    people = whom_to_ask(asks, escalation.deal, asker=escalation.asked_by)
    for user, each in people.items():
        Approval.objects.create(
            escalation=escalation,
            approver=user,
            whom=each.approver,
            because=each.because[:300],
            asked_at=at,
        )


@action
def revise(
    *, by: User | None, at: dt.datetime, escalation_id: int, wish: Wish, expected_version: int | None = None
) -> Escalation:
    """Change a request: only those are asked again whom the change concerns; every other yes stands.

    Raises Hidden, Stale, Settled, NothingAsked and NobodyToAsk.
    """
    escalation = _own(by, escalation_id)
    if escalation.state in (State.DECLINED, State.WITHDRAWN):
        raise Settled("This request is closed. Ask anew, with what you have learned.")
    _require_a_wish(wish)
    deal, rules = escalation.deal, rules_in_force()
    before, after = request_of(deal, wish_of(escalation)), request_of(deal, wish)
    before = replace(before, value=float(escalation.value) if escalation.value is not None else None)
    way = approvals.path(after, rules)
    take_turn(escalation, expected_version=expected_version)
    for name, value in _columns(deal, wish).items():
        setattr(escalation, name, value)
    escalation.value, escalation.policy = deal.amount, rules.version
    escalation.lane, escalation.lane_why = way.lane, way.why
    _ask_again(escalation, way, before=before, after=after, rules=rules, at=at)
    settle(escalation, at=at)
    record(
        by=by,
        at=at,
        action="change exception",
        subject="deal",
        subject_id=deal.pk,
        changes={"exception": escalation.pk},
        reason=escalation.reason,
    )
    return escalation


def _ask_again(
    escalation: Escalation, way: Path, *, before: Request, after: Request, rules: Rules, at: dt.datetime
) -> None:
    people = whom_to_ask(way.asks, escalation.deal, asker=escalation.asked_by)
    last = {each.approver_id: each for each in escalation.approvals.all()}
    for user, each in people.items():
        known = last.pop(user.pk, None)
        if known and (known.answer == Answer.WAITING or _still_asks_back(known)):
            continue
        granted = replace(before, discount=known.granted) if known and known.granted is not None else before
        if known and _said_yes(known) and not approvals.affected(granted, after, rules, each):
            continue
        Approval.objects.create(
            escalation=escalation, approver=user, whom=each.approver, because=each.because[:300], asked_at=at
        )
    no_longer = [each.pk for each in last.values() if each.answer == Answer.WAITING]
    Approval.objects.filter(pk__in=no_longer).update(answer=Answer.DROPPED, answered_at=at)


def _still_asks_back(approval: Approval) -> bool:
    return approval.answer == Answer.BACK and not approval.came


def _said_yes(approval: Approval) -> bool:
    return approval.answer in (Answer.YES, Answer.IN_PART)


def _own(by: User | None, escalation_id: int) -> Escalation:
    """Return a request on a deal that ``by`` may change, in the deal's turn. Raises Hidden."""
    rows = Escalation.objects.filter(pk=escalation_id)
    deal_of(by, rows)
    return rows.select_related("deal__team", "asked_by").get()


@action
def withdraw(*, by: User | None, at: dt.datetime, escalation_id: int) -> Escalation:
    """Take a request back that is not needed any more. Raises Hidden and Settled."""
    escalation = _own(by, escalation_id)
    if escalation.state not in UNDECIDED:
        raise Settled("It was decided a moment ago.")
    _close(escalation, State.WITHDRAWN, at=at)
    changes = {"exception": escalation.pk}
    record(
        by=by,
        at=at,
        action="withdraw exception",
        subject="deal",
        subject_id=escalation.deal_id,
        changes=changes,
    )
    return escalation


# ---- answering ----


@action
def answer(
    *,
    by: User,
    at: dt.datetime,
    escalation_id: int,
    answer: Answer,
    granted: float | None = None,
    words: str = "",
    chance: float | None = None,
    expected_version: int | None = None,
) -> Escalation:
    """Answer a request as one of those asked: yes, yes to less (``granted``, a share), no with words, or something
    asked back first (``words`` say what): then it rests with the seller until ``bring_back``. With ``chance``, how likely they think the deal is to be won, which only they read.

    Raises NotAsked, WordsMissing, NoChance, and Stale when it was changed since the version that was read.
    """
    deals_in_turn(Escalation.objects.filter(pk=escalation_id).values_list("deal_id", flat=True))
    waiting = Approval.objects.waiting_for(by).filter(escalation_id=escalation_id)
    if not works_here(by) or not waiting.exists():
        raise NotAsked("Nothing waits for your answer here, or it was answered a moment ago.")
    escalation = Escalation.objects.select_related("deal").get(pk=escalation_id)
    if expected_version not in (None, escalation.version):
        raise Stale(escalation, "The request was changed a moment ago. Read it again, then answer.")
    _require_words(escalation, answer, granted, words)
    in_part = granted if answer == Answer.IN_PART else None
    _note_chance(waiting.get(), chance, at=at)
    waiting.update(answer=answer, granted=in_part, words=words.strip(), answered_at=at)
    settle(escalation, at=at)
    record(
        by=by,
        at=at,
        action="answer exception",
        subject="deal",
        subject_id=escalation.deal_id,
        changes={"exception": escalation.pk, "answer": [None, answer]},
        reason=words.strip(),
    )
    return escalation


class NoChance(Refused):
    """A chance lies between nothing and certain."""

    field = "chance"


def _note_chance(approval: Approval, chance: float | None, *, at: dt.datetime) -> None:
    """Keep in the diary of the one who answers how likely they think the deal is. The trail does not say it."""
    if chance is None:
        return
    if not 0 < chance < 1:
        raise NoChance("Say a number from 1 to 99: nobody is certain.")
    DiaryEntry.objects.create(approval=approval, by_id=approval.approver_id, chance=chance, at=at)


@action
def add_chances(*, by: User | None, at: dt.datetime, chances: Mapping[int, float]) -> int:
    """Add to the diaries, from a file, what people stated by the number of their answer; what stands there stays. Return how many."""
    given = Approval.objects.filter(pk__in=chances, answered_at__isnull=False, diary_entry__isnull=True)
    rows = [
        DiaryEntry(approval=one, by_id=one.approver_id, chance=chances[one.pk], at=one.answered_at or at)
        for one in given.order_by("pk")
    ]
    DiaryEntry.objects.bulk_create(rows)
    record(
        by=by,
        at=at,
        action="add chances",
        subject="exceptions",
        subject_id="",
        changes={"chances": len(rows)},
    )
    return len(rows)


#: What somebody who is asked can say.
ANSWERS = (Answer.BACK, Answer.IN_PART, Answer.YES, Answer.NO)


def _require_words(escalation: Escalation, answer: Answer, granted: float | None, words: str) -> None:
    if answer not in ANSWERS:
        raise NotAsked("There is no such answer.")
    if answer == Answer.BACK and not words.strip():
        raise WordsMissing("Say what you want for it: the seller asks the customer for that.")
    if answer == Answer.NO and not words.strip():
        raise WordsMissing("Say why not in a few words: the seller takes it to the customer.")
    if answer != Answer.IN_PART:
        return
    if escalation.discount is None and not words.strip():
        raise WordsMissing("Say which part of the terms you agree to.")
    if escalation.discount is not None and not (granted and 0 < granted < escalation.discount):
        raise WordsMissing(
            reason(
                "Say how much: more than nothing and less than {discount}.",
                discount=f"{escalation.discount:.1%}",
            ),
            field="granted",
        )


def settle(escalation: Escalation, *, at: dt.datetime) -> None:
    """Decide a request from its answers: one no declines it; while something is asked back it rests with the seller;
    when all have answered, the least counts."""
    last = {each.approver_id: each for each in escalation.approvals.exclude(answer__in=NO_LONGER_ASKED)}
    answers = [each.answer for each in last.values()]
    if Answer.NO in answers:
        _close(escalation, State.DECLINED, at=at)
    elif any(_still_asks_back(each) for each in last.values()):
        _leave_open(escalation, State.RETURNED)
    elif Answer.WAITING in answers:
        _leave_open(escalation, State.OPEN)
    else:
        partial = [each for each in last.values() if _is_less(each, escalation.discount)]
        granted = [each.granted for each in partial if each.granted is not None]
        escalation.granted = min(granted, default=escalation.discount)
        _close(escalation, State.IN_PART if partial else State.APPROVED, at=at)


def _leave_open(escalation: Escalation, state: State) -> None:
    escalation.state, escalation.decided_at, escalation.granted = state, None, None
    escalation.save()


def _is_less(approval: Approval, discount: float | None) -> bool:
    """Return whether somebody agreed to less than is asked now: a request may have shrunk to what they gave."""
    if approval.answer != Answer.IN_PART:
        return False
    return discount is None or approval.granted is None or approval.granted < discount


@action
def bring_back(
    *, by: User | None, at: dt.datetime, escalation_id: int, came: CameBack, words: str = ""
) -> Escalation:
    """Say what the customer gave for what was asked back: the request waits again for whoever asked for it, or for who
    answers in their place. Raises Hidden, Settled, WordsMissing and NobodyToAsk."""
    escalation = _own(by, escalation_id)
    asked = escalation.approvals.asked_back().filter(came="").select_related("approver").last()
    if asked is None or escalation.state != State.RETURNED:
        raise Settled("Nothing is asked back here any more, or it was told a moment ago.")
    if came == CameBack.PART and not words.strip():
        raise WordsMissing("Say what they gave: it is weighed against what was asked for.")
    asked.came, asked.came_words, asked.came_at, asked.came_by = came, words.strip(), at, by
    asked.save(update_fields=["came", "came_words", "came_at", "came_by"])
    take_turn(escalation, expected_version=None)  # who reads it without what came answers something else
    _ask_once_more(asked, at=at)
    settle(escalation, at=at)
    record(
        by=by,
        at=at,
        action="bring exception back",
        subject="deal",
        subject_id=escalation.deal_id,
        changes={"exception": escalation.pk, "came back": [None, came]},
        reason=words.strip(),
    )
    return escalation


def _ask_once_more(asked: Approval, *, at: dt.datetime) -> None:
    """Ask who asked for something back, or who stands in for them, unless they are asked already."""
    here = asked.approver.is_active
    person = asked.approver if here else stand_in(asked)
    because = asked.because if here else f"{asked.because}, in place of {asked.approver.name}"[:300]
    if not asked.escalation.approvals.filter(approver=person, answer=Answer.WAITING).exists():
        Approval.objects.create(
            escalation=asked.escalation, approver=person, whom=asked.whom, because=because, asked_at=at
        )


@action
def let_go(*, by: User | None, at: dt.datetime, user: User, reason: str = "") -> int:
    """Disable sign-in for somebody who leaves, and pass on what waits for their answer; return how many requests
    went to somebody else. Raises NotAllowed."""
    _in_turn_for(Approval.objects.waiting_for_who_left() | Approval.objects.waits_on(user))
    set_active(by=by, at=at, user=user, active=False, reason=reason)
    return pass_on(by=by, at=at)


def _in_turn_for(approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Return those of ``approvals`` that still are what they were found for, in their deals' turn."""
    locked = deals_in_turn(approvals.values_list("escalation__deal_id", flat=True))
    return approvals.filter(escalation__deal__in=locked)


@action
def pass_on(*, by: User | None, at: dt.datetime) -> int:
    """Pass requests on that wait for somebody who is disabled, to who answers in their place; return how many.

    What nobody else can answer goes on waiting. Doing it twice changes nothing.
    """
    left = _in_turn_for(Approval.objects.waiting_for_who_left())
    rows = left.select_related("approver", "escalation__deal__team", "escalation__asked_by")
    return sum(_pass_on(row, by=by, at=at) for row in rows)


def _pass_on(left: Approval, *, by: User | None, at: dt.datetime) -> bool:
    """Return whether somebody else is asked now. Who was asked already is not asked twice."""
    try:
        person = stand_in(left)
    except NobodyToAsk:
        return False
    escalation, name = left.escalation, left.approver.name
    left.answer, left.answered_at, left.words = (
        Answer.PASSED_ON,
        at,
        f"{name} is not here any more. {person} is asked.",
    )
    left.save()
    known = escalation.approvals.filter(approver=person).exclude(answer__in=NO_LONGER_ASKED)
    if not known.exists():
        because = f"{left.because}, in place of {name}"[:300]
        Approval.objects.create(
            escalation=escalation, approver=person, whom=left.whom, because=because, asked_at=at
        )
    settle(escalation, at=at)
    changes = {"exception": escalation.pk, "asked": [name, person.name]}
    record(
        by=by,
        at=at,
        action="pass on exception",
        subject="deal",
        subject_id=escalation.deal_id,
        changes=changes,
    )
    return True


def _close(escalation: Escalation, state: State, *, at: dt.datetime) -> None:
    escalation.approvals.filter(answer=Answer.WAITING).update(answer=Answer.DROPPED, answered_at=at)
    escalation.state, escalation.decided_at = state, at
    escalation.save()
    Escalation.objects.filter(pk=escalation.pk).update(version=F("version") + 1)
    escalation.refresh_from_db(fields=["version"])


@action
def pulse(*, by: User, at: dt.datetime, escalation_id: int, defended: bool, argues_for: ArguesFor) -> None:
    """Keep an inside partner's two taps about a request they were asked about. Raises NotAsked.

    The audit trail says that a pulse was given, not what it says.
    """
    asked = Approval.objects.filter(escalation_id=escalation_id, approver=by).exists()
    if not (works_here(by) and by.role == Role.INSIDE_PARTNER and asked):
        raise NotAsked("Only an inside partner who was asked gives a pulse.")
    _, new = Pulse.objects.get_or_create(
        escalation_id=escalation_id,
        partner=by,
        defaults={"defended": defended, "argues_for": argues_for, "at": at},
    )
    if not new:
        raise NotAsked("You gave your pulse on this request already. Thank you.")
    record(by=by, at=at, action="give pulse", subject="escalation", subject_id=escalation_id)


# ---- the rules ----


def _require_keeper(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise RulesNotYours("Only a sponsor or an analyst writes the rules.")


@action
def draft_policy(*, by: User | None, at: dt.datetime) -> Policy:
    """Begin a new version as a copy of the rules in force; an open draft is given back. Raises RulesNotYours."""
    _require_keeper(by)
    if draft := Policy.objects.filter(published_at__isnull=True).first():
        return draft
    try:
        with transaction.atomic():
            return _new_draft(by, at)
    except IntegrityError:  # somebody began one since we looked: there is one draft
        return _draft(by)


def _new_draft(by: User | None, at: dt.datetime) -> Policy:
    rules = rules_in_force()
    number = Policy.objects.count() + 1
    while Policy.objects.filter(version=str(number)).exists():
        number += 1
    draft = Policy.objects.create(
        version=str(number),
        own_discount=rules.own_discount,
        fast_discount=rules.fast_discount,
        fast_value=rules.fast_value,
        drafted_by=by,
    )
    for rule in rules.rules:
        PolicyRule.objects.create(
            policy=draft,
            approver=rule.approver,
            person_id=rule.person,
            kind=rule.kind,
            discount_from=rule.discount_from,
            value_from=rule.value_from,
        )
    record(by=by, at=at, action="draft", subject="policy", subject_id=draft.version)
    return draft


def _draft(by: User | None) -> Policy:
    """Return the draft in this action's turn: what is published meanwhile is none any more. Raises NoRule."""
    _require_keeper(by)
    draft = turn(Policy.objects.all(), published_at__isnull=True)
    if draft is None:
        raise NoRule("There is no draft. Begin one: the rules in force do not change.")
    return draft


@action
def set_limits(
    *,
    by: User | None,
    at: dt.datetime,
    version: str,
    own_discount: float,
    fast_discount: float,
    fast_value: Decimal | None,
) -> Policy:
    """Name the draft and set its limits. Raises RulesNotYours and NoRule."""
    draft = _draft(by)
    if not 0 <= own_discount <= fast_discount <= 1:
        raise NoRule(
            "A seller's own limit lies between nothing and the limit of the fast lane.", field="own_discount"
        )
    name = version.strip()[:40] or draft.version
    if Policy.objects.exclude(pk=draft.pk).filter(version=name).exists():
        raise NoRule(
            reason("Version {name} is there already. Give this one another name.", name=name), field="version"
        )
    told = {"version": name, "own_discount": own_discount, "fast_discount": fast_discount, "fast_value": fast_value}  # fmt: skip
    changes = {
        key: [getattr(draft, key), value] for key, value in told.items() if getattr(draft, key) != value
    }
    for key, value in told.items():
        setattr(draft, key, value)
    draft.save()
    record(by=by, at=at, action="set limits", subject="policy", subject_id=name, changes=changes)
    return draft


@action
def add_rule(
    *,
    by: User | None,
    at: dt.datetime,
    approver: Approver,
    kind: str = "",
    discount_from: float | None = None,
    value_from: Decimal | None = None,
    person: User | None = None,
) -> PolicyRule:
    """Add a rule to the draft. Raises RulesNotYours and NoRule."""
    draft = _draft(by)
    if approver == Approver.PERSON and person is None:
        raise NoRule("Name the colleague who is to be asked.", field="person")
    rule = PolicyRule.objects.create(
        policy=draft,
        approver=approver,
        person=person if approver == Approver.PERSON else None,
        kind=kind,
        discount_from=discount_from,
        value_from=value_from,
    )
    said = {"rule": [None, f"{approver}: {_rule(rule).because}"]}
    record(by=by, at=at, action="add rule", subject="policy", subject_id=draft.version, changes=said)
    return rule


@action
def drop_rule(*, by: User | None, at: dt.datetime, rule_id: int) -> None:
    """Take a rule out of the draft. Raises RulesNotYours and NoRule."""
    draft = _draft(by)
    rule = draft.rules.filter(pk=rule_id).first()
    if rule is None:
        raise NoRule("That rule is not part of the draft any more.")
    said = {"rule": [f"{rule.approver}: {_rule(rule).because}", None]}
    rule.delete()
    record(by=by, at=at, action="drop rule", subject="policy", subject_id=draft.version, changes=said)


@action
def publish_policy(*, by: User | None, at: dt.datetime) -> Policy:
    """Let the draft hold from now on; requests on their way keep theirs. Raises RulesNotYours and NoRule."""
    draft = _draft(by)
    draft.published_at = at
    draft.save(update_fields=["published_at"])
    record(by=by, at=at, action="publish", subject="policy", subject_id=draft.version)
    return draft
