"""Saying what the company's own words mean, and taking that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError

from hingepoint.domain.agreements import touched
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.agreements.queries.catalogue import keeps_catalogue
from hingepoint.domain.audit.actions import record
from hingepoint.domain.bridge import joining, rules
from hingepoint.domain.bridge.rules import Choice, Joined
from hingepoint.domain.deals.actions import deals_in_turn
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.imports import staging
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.models import Playbook
from hingepoint.domain.turns.actions import action, take_turn, turn, turns
from hingepoint.records.agreements import Origin, Side
from hingepoint.records.errors import Hidden, Refused


class WordsNotYours(Hidden):
    """Only analysts and sponsors say what words mean."""


class NothingSaid(Refused):
    """No word was given a meaning."""


class CannotTie(Refused):
    """Some words cannot be tied so; ``by_word`` has the reason by the word's number."""

    def __init__(self, by_word: dict[int, str]):
        self.by_word = by_word
        super().__init__(next(iter(by_word.values())), by_field={f"word-{n}": w for n, w in by_word.items()})


class Busy(Refused):
    """Somebody or an import is adding to these words at this moment."""


class NotTied(Refused):
    """The word is tied to nothing."""


def _require_keeper(by: User | None) -> None:
    if by is not None and not keeps_catalogue(by):
        raise WordsNotYours("Only an analyst or a sponsor says what words mean.")


def settle(*, by: User | None, at: dt.datetime, choices: Sequence[Choice]) -> list[Joined]:
    """Say what words found in files mean: each is tied to a type of the catalogue, with all that says it, or kept
    as the company's own. All or none; return what each tie moved.

    Raises WordsNotYours, NothingSaid, Stale, CannotTie, Busy; nothing is changed then.
    """
    _require_keeper(by)
    if not choices:
        raise NothingSaid("Say of one word at least what it means.")
    try:
        return _settle(by=by, at=at, choices=choices)
    except IntegrityError:  # an agreement of the type came to a deal since we looked
        raise Busy("Somebody is adding to these agreements at this moment. Try again.") from None


@action
def _settle(*, by: User | None, at: dt.datetime, choices: Sequence[Choice]) -> list[Joined]:
    _require_no_import(at)
    staging.take_turn()
    words, kinds = _in_turn(choices)
    for one in choices:
        if one.word_id in words:
            take_turn(words[one.word_id], expected_version=one.version)
    _require_possible(choices, words, kinds)
    _take_turns([words[one.word_id] for one in choices if one.means], kinds.values())
    moved = []
    for one in choices:
        if one.means:
            moved.append(_tie(words[one.word_id], kinds[one.means], by=by, at=at))
        else:
            _keep(words[one.word_id], one.side, by=by, at=at)
    if any(rules.asked_for(kinds[one.means]) for one in choices if one.means):
        strategy.ask_anew(by=None, at=at)
    return moved


def _require_no_import(at: dt.datetime) -> None:
    if rules.import_at_work(at):
        raise Busy("An import is being written, and may bring these words. Try again when it is done.")


def _in_turn(choices: Sequence[Choice]) -> tuple[dict[int, AgreementType], dict[str, AgreementType]]:
    """Return the words by number and the types they shall mean by key, in this action's turn."""
    wanted = AgreementType.objects.filter(pk__in=[one.word_id for one in choices])
    wanted |= AgreementType.objects.filter(key__in=[one.means for one in choices])
    rows = turns(wanted)
    return {row.pk: row for row in rows}, {row.key: row for row in rows}


def _require_possible(
    choices: Sequence[Choice], words: dict[int, AgreementType], kinds: dict[str, AgreementType]
) -> None:
    wrong: dict[int, str] = {}
    tied = {one.word_id for one in choices if one.means}
    for one in choices:
        word, kind = words.get(one.word_id), kinds.get(one.means)
        if word is None or word.origin != Origin.IMPORTED or word.tied_to_id:
            wrong[one.word_id] = "This word is not in question any more."
        elif one.means and (kind is None or kind.pk in tied):
            wrong[one.word_id] = f"Choose for “{word}” a type that stays in the catalogue."
        elif kind and (words_why := rules.in_the_way(word, kind)):
            wrong[one.word_id] = words_why
    if wrong:
        raise CannotTie(wrong)


def _take_turns(words: Sequence[AgreementType], kinds: Any) -> None:
    """Wait for whoever decides on rules, playbooks and deals of these words."""
    types = [*words, *kinds]
    turns(DetectionRule.objects.filter(type__in=words))
    turns(Playbook.objects.filter(pk__in=Playbook.objects.filter(pivotal__type__in=types).values("pk")))
    deals_in_turn(Agreement.objects.filter(type__in=words).values_list("deal_id", flat=True))


def _tie(word: AgreementType, kind: AgreementType, *, by: User | None, at: dt.datetime) -> Joined:
    word.tied_to, word.settled_at = kind, at
    word.tied_after = touched.last_step()
    word.save(update_fields=["tied_to", "settled_at", "tied_after"])
    moved = joining.join(word, kind, by=by, at=at)
    changes = {"tied to": [None, str(kind)], **asdict(moved)}
    record(by=by, at=at, action="tie", subject="agreement type", subject_id=word.key, changes=changes)
    changes = {"word": [None, str(word)], **asdict(moved)}
    record(by=by, at=at, action="take in", subject="agreement type", subject_id=kind.key, changes=changes)
    return moved


def _keep(word: AgreementType, side: str, *, by: User | None, at: dt.datetime) -> None:
    changes = {"side": [word.side, side or word.side]}
    word.side, word.side_guessed, word.settled_at = Side(side or word.side), False, at
    word.save(update_fields=["side", "side_guessed", "settled_at"])
    record(by=by, at=at, action="keep", subject="agreement type", subject_id=word.key, changes=changes)


@action
def untie(*, by: User | None, at: dt.datetime, key: str, expected_version: int | None = None) -> int:
    """Let a tied word mean itself again, for files to come; what came by it alone and was not touched since goes
    back to it. Return how many agreements that are. What it is to mean is asked anew.

    Raises WordsNotYours, NotTied, Stale, Busy.
    """
    _require_keeper(by)
    _require_no_import(at)
    staging.take_turn()
    word = turn(AgreementType.objects.select_related("tied_to"), key=key)
    if word is None or word.tied_to is None:
        raise NotTied("This word is tied to nothing.")
    take_turn(word, expected_version=expected_version)
    kind = word.tied_to
    deals_in_turn(Agreement.objects.filter(said_as=word).values_list("deal_id", flat=True))
    back = _give_back(word)
    word.tied_to = word.settled_at = word.tied_after = None
    word.save(update_fields=["tied_to", "settled_at", "tied_after"])
    changes = {"tied to": [str(kind), None], "agreements": back}
    record(by=by, at=at, action="untie", subject="agreement type", subject_id=word.key, changes=changes)
    if rules.asked_for(kind):
        strategy.ask_anew(by=None, at=at)
    return back


def _give_back(word: AgreementType) -> int:
    """Let agreements say the word again, and no more what a playbook asked of the type; the others stay for good."""
    numbers = list(Agreement.objects.filter(rules.may_go_back(word)).values_list("pk", flat=True))
    rows = Agreement.objects.filter(pk__in=numbers)
    asked = dict.fromkeys(("needed_by", "asked_on", "was_due_on", "sorted_at", "recheck_days"))
    rows.filter(asked_on__isnull=False).update(required=False, needed_because="", **asked)
    rows.update(type=word, said_as=None)
    Agreement.objects.filter(said_as=word).update(said_as=None)
    return len(numbers)


@action
def gather(*, at: dt.datetime) -> int:
    """Bring to their types the agreements that came to tied words since, in the moment in which a word was tied;
    return how many. Nearly always none."""
    words = AgreementType.objects.filter(tied_to__isnull=False, agreements__isnull=False)
    found = 0
    for word in words.select_related("tied_to").distinct():
        assert word.tied_to is not None  # the filter above
        deals_in_turn(Agreement.objects.filter(type=word).values_list("deal_id", flat=True))
        moved = joining.join(word, word.tied_to, by=None, at=at)
        changes = {"tied to": str(word.tied_to), "agreements": moved.agreements}
        record(
            by=None, at=at, action="gather", subject="agreement type", subject_id=word.key, changes=changes
        )
        found += moved.agreements
    return found
