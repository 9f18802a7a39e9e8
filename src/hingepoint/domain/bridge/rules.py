"""What the pages and actions of the bridge decide by: what stands in the way of a tie, and what an agreement says
that is made of two."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.rules import SILENT
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook
from hingepoint.domain.trials.models import Trial
from hingepoint.records.agreements import AgreementState
from hingepoint.records.imports import ImportState
from hingepoint.records.strategy import Status


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody says of a word, seen at ``version``: it means the type ``means`` (a key), or, where that is
    empty, it is kept as the company's own, made with ``side``."""

    word_id: int
    version: int
    means: str = ""
    side: str = ""


# ---- what would move ----


@dataclass(frozen=True, slots=True)
class Joined:
    """How many rows change hands: ``agreements`` in all, of them ``both`` on deals that had the type too."""

    agreements: int = 0
    both: int = 0
    steps: int = 0
    rules: int = 0
    playbooks: int = 0


def moving(word: AgreementType, kind: AgreementType) -> Joined:
    """Return what joining a word to a type would move. Five SQL queries."""
    mine = Agreement.objects.filter(type=word)
    return Joined(
        agreements=mine.count(),
        both=mine.filter(deal__in=Agreement.objects.filter(type=kind).values("deal")).count(),
        steps=AgreementEvent.objects.filter(agreement__type=word).count(),
        rules=DetectionRule.objects.filter(type=word).count(),
        playbooks=slots(word, kind).count(),
    )


def slots(word: AgreementType, kind: AgreementType) -> QuerySet[PivotalAgreement]:
    """Return the places of a word in playbooks; one that holds both, long replaced, stays as it was."""
    with_kind = PivotalAgreement.objects.filter(type=kind).values("playbook")
    return PivotalAgreement.objects.filter(type=word).exclude(playbook__in=with_kind)


# ---- what stands in the way ----


def in_the_way(word: AgreementType, kind: AgreementType) -> str:
    """Return why a word cannot be tied to a type now, and what to do; empty where nothing does. Three SQL queries."""
    if kind.pk == word.pk or kind.tied_to_id or kind.hidden:
        return f"“{kind}” is not offered in the catalogue. Choose another type."
    if trial := Trial.objects.running().filter(agreement__in=(word.key, kind.key)).first():
        of = word if trial.agreement == word.key else kind
        return f"A trial of “{of}” is under way: a tie would change what it counts. Tie the word when it has ended."
    if book := _book_with_both(word, kind):
        where = f"The playbook of “{book.strategy}” asks for “{word}” and for “{kind}”."
        return f"{where} Drop one of them and publish, then tie the word."
    return ""


def _book_with_both(word: AgreementType, kind: AgreementType) -> Playbook | None:
    """Return a playbook that counts today and holds both: the draft, or the last one published."""
    both = Playbook.objects.filter(pivotal__type=word).filter(pivotal__type=kind).select_related("strategy")
    counts = both.exclude(strategy__status=Status.RETIRED)
    return next((book for book in counts if _counts_today(book)), None)


def _counts_today(book: Playbook) -> bool:
    later = Playbook.objects.published().filter(strategy=book.strategy_id, number__gt=book.number)
    return not later.exists()


def import_at_work(at: dt.datetime) -> bool:
    """Return whether an import is being written: what it brings would still say the word."""
    return ImportBatch.objects.filter(state=ImportState.IMPORTING, touched_at__gt=at - SILENT).exists()


def asked_for(kind: AgreementType) -> bool:
    """Return whether a playbook in force holds a type: open deals are then asked anew."""
    return PivotalAgreement.objects.filter(
        type=kind, playbook__published_at__isnull=False, playbook__strategy__status=Status.IN_FORCE
    ).exists()


def may_go_back(word: AgreementType) -> Q:
    """Return the condition on agreements that go back to a tied word when it is untied: they came by it alone, and
    nobody has done anything about them since."""
    since = word.settled_at
    touched = Q(events__pk__gt=word.tied_after) | Q(plans__written_at__gte=since)
    touched |= Q(proofs__added_at__gte=since) | Q(debriefs__written_at__gte=since)
    touched |= Q(confirmations__asked_at__gte=since)
    return Q(said_as=word) & ~Q(pk__in=Agreement.objects.filter(touched, said_as=word).values("pk"))


# ---- one agreement of two ----

#: What steps say; the person is named in three columns, which belong together.
_SAID = ("state", "evidence", "quality", "points_met", "checks_met", "act", "due_on", "reason",
         "owed_in_return", "expires_on")  # fmt: skip
_WHO = ("person_id", "asked_of_id", "person_name")
#: What the playbook says.
_ASKED = ("required", "needed_by", "needed_because", "asked_on", "was_due_on", "sorted_at", "recheck_days")
#: All that is written of an agreement made of two.
COLUMNS = (*_SAID, *_WHO, *_ASKED, "gained_at")


@dataclass(frozen=True, slots=True)
class Told:
    """An agreement with its steps that stand, in their order."""

    row: Agreement
    steps: Sequence[AgreementEvent]

    @property
    def said_at(self) -> tuple[bool, dt.datetime]:
        """Return when its state was said; what is merely needed says nothing."""
        if self.steps:
            return True, self.steps[-1].occurred_at
        return self.row.state != AgreementState.NEEDED, self.row.changed_at


def as_one(kept: Told, gone: Told) -> Agreement:
    """Return ``kept`` as it stands with what ``gone`` says, unsaved: the later word counts, and what it leaves
    empty the other fills. It is gained since the first of both was; the playbook's day is that of what it asks."""
    last, first = (gone.row, kept.row) if gone.said_at > kept.said_at else (kept.row, gone.row)
    one = copy.copy(kept.row)
    for name in _SAID:
        setattr(one, name, getattr(last, name) or getattr(first, name))
    who = last if any(getattr(last, name) for name in _WHO) else first
    asks = gone.row if gone.row.required and not kept.row.required else kept.row
    for names, row in ((_WHO, who), (_ASKED, asks)):
        for name in names:
            setattr(one, name, getattr(row, name))
    gains = [row.gained_at for row in (last, first) if row.gained_at]
    one.gained_at = min(gains, default=None)
    one.needed_by = asks.needed_by or last.needed_by or first.needed_by
    return one
