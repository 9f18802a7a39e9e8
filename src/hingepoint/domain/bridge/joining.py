"""What said a word says the type it is tied to: agreements, rules, playbooks, plans and views.

Runs inside the caller's transaction, in the turn of the deals. The agreements of a word change hands in one
statement; only on deals that have both do two become one, with all that was ever said of either.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import connection
from django.db.models import Case, F, Model, Q, Value, When
from django.db.models.functions import Coalesce

from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.bridge import rules
from hingepoint.domain.bridge.rules import COLUMNS, Joined, Told, as_one
from hingepoint.domain.detection.models import DetectionRule, RuleVersion
from hingepoint.domain.imports.models import ImportBatch, ImportChange
from hingepoint.domain.people.models import SavedView, User
from hingepoint.domain.people.rules import pointing_at
from hingepoint.domain.plans.models import Debrief, Plan
from hingepoint.domain.plans.parts import MOST_LINES, ON, STEP, WHO, about
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook
from hingepoint.domain.turns.actions import fingerprint
from hingepoint.domain.turns.models import SentForm

#: Deals with both that are made one at a time: a statement names so many rows.
_AT_ONCE = 200


def join(word: AgreementType, kind: AgreementType, *, by: User | None, at: dt.datetime) -> Joined:
    """Let all that says ``word`` say ``kind``; return how much it was. Joining again finds only what came since."""
    counts = rules.moving(word, kind)
    for pairs in _in_parts(_on_both(word, kind)):
        _become_one(pairs, by=by, at=at)
    came_as = Coalesce(F("said_as"), Value(word.pk))
    Agreement.objects.filter(type=word).update(type=kind, said_as=came_as)
    _rules_find(word, kind, by=by, at=at)
    _playbooks_ask(word, kind)
    _plans_speak_of(word.key, kind.key)
    _views_show(word.key, kind.key)
    AgreementType.objects.filter(tied_to=word).update(tied_to=kind)
    return counts


# ---- two agreements of one deal ----


def _on_both(word: AgreementType, kind: AgreementType) -> dict[int, int]:
    """Return, by the word's agreement, the type's agreement of the same deal."""
    held = Agreement.objects.filter(type=kind, deal__in=Agreement.objects.filter(type=word).values("deal"))
    by_deal = dict(held.values_list("deal_id", "pk"))
    rows = Agreement.objects.filter(type=word, deal__in=by_deal).order_by("deal_id")
    return {pk: by_deal[deal] for pk, deal in rows.values_list("pk", "deal_id")}


def _in_parts(pairs: Mapping[int, int]) -> Iterator[dict[int, int]]:
    rest = iter(pairs.items())
    while part := dict(islice(rest, _AT_ONCE)):
        yield part


def _become_one(pairs: Mapping[int, int], *, by: User | None, at: dt.datetime) -> None:
    """Make one agreement of each two: ``pairs`` has the one that stays by the one that goes into it."""
    told = _told([*pairs, *pairs.values()])
    undoable: list[AgreementEvent] = []
    for gone, kept in pairs.items():
        undoable += _say_what_undoing_restores(told[kept], told[gone])
        _keep_one(told[kept], told[gone], by=by, at=at)
    lost = AgreementEvent.objects.filter(agreement__in=told, replaced__isnull=False, detection__isnull=True)
    lost.exclude(pk__in=[step.pk for step in undoable]).update(replaced=None)
    AgreementEvent.objects.bulk_update(undoable, ["replaced"], batch_size=_AT_ONCE)
    _hold_imports(pairs)
    _tell_apart(AgreementEvent, pairs)
    _tell_apart(Debrief, pairs)
    _number_plans_anew(pairs)
    for relation in pointing_at(Agreement):
        _point(relation.related_model, relation.field.attname, pairs)
    _point(SentForm, "made_id", pairs, Q(made="agreement"))
    Agreement.objects.filter(pk__in=pairs)._raw_delete(connection.alias)


def _told(numbers: Collection[int]) -> dict[int, Told]:
    steps: dict[int, list[AgreementEvent]] = {number: [] for number in numbers}
    for step in AgreementEvent.objects.standing().filter(agreement__in=numbers).order_by("pk"):
        steps[step.agreement_id].append(step)
    return {row.pk: Told(row, steps[row.pk]) for row in Agreement.objects.filter(pk__in=numbers)}


def _keep_one(kept: Told, gone: Told, *, by: User | None, at: dt.datetime) -> None:
    one = as_one(kept, gone)
    one.version, one.changed_at, one.said_as = one.version + 1, at, None
    one.save(update_fields=[*(_field(name) for name in COLUMNS), "version", "changed_at", "said_as"])
    changes = {"was": gone.row.pk, "state": [kept.row.state, one.state]}
    record(by=by, at=at, action="join", subject="agreement", subject_id=one.pk, changes=changes)


def _field(column: str) -> str:
    return column.removesuffix("_id")


def _say_what_undoing_restores(kept: Told, gone: Told) -> list[AgreementEvent]:
    """Let the last step of each say what the two say as one without it, the later one first; return these steps.
    Earlier steps say what one of the two said alone, and can be taken back no more."""
    sides, found = {kept.row.pk: kept, gone.row.pk: gone}, []
    last = [side.steps[-1] for side in (kept, gone) if side.steps and side.steps[-1].replaced is not None]
    for step in sorted(last, key=lambda one: -one.pk):
        side = sides[step.agreement_id]
        before = copy.copy(side.row)
        agreements.put_back(before, step)
        sides[step.agreement_id] = Told(before, side.steps[:-1])
        step.replaced = agreements.said_now(as_one(sides[kept.row.pk], sides[gone.row.pk]))
        found.append(step)
    return found


def _hold_imports(pairs: Mapping[int, int]) -> None:
    """Let the imports that brought what goes into another not be taken back: the state of both would go along."""
    told = AgreementEvent.objects.filter(agreement__in=pairs, batch__isnull=False)
    brought = set(told.values_list("batch", "agreement_id"))
    made = Agreement.objects.filter(pk__in=pairs, batch__isnull=False)
    brought |= set(made.values_list("batch", "pk"))
    changed = ImportChange.objects.filter(table="agreement", row_id__in=pairs)
    brought |= set(changed.values_list("batch_id", "row_id"))
    changed.delete()
    here = set(
        ImportBatch.objects.filter(pk__in={batch for batch, _ in brought}).values_list("pk", flat=True)
    )
    for batch, row in sorted((batch, pairs[gone]) for batch, gone in brought if batch in here):
        ImportChange.objects.update_or_create(
            batch_id=batch, table="agreement", row_id=row, defaults={"version": 0}
        )


def _tell_apart(model: type[Any], pairs: Mapping[int, int]) -> None:
    """Let facts that both say alike stand beside each other."""
    known = model._base_manager.filter(agreement__in=pairs.values())
    taken = set(known.values_list("agreement_id", "fingerprint"))
    for row in model._base_manager.filter(agreement__in=pairs).only("agreement_id", "fingerprint"):
        if (pairs[row.agreement_id], row.fingerprint) in taken:
            row.fingerprint = fingerprint("tied", row.pk)
            row.save(update_fields=["fingerprint"])


def _number_plans_anew(pairs: Mapping[int, int]) -> None:
    """Number the writings of both plans by when they were written: the last one is the plan."""
    written: dict[int, list[Plan]] = {}
    for plan in Plan.objects.filter(agreement__in=[*pairs, *pairs.values()]).order_by("written_at", "pk"):
        assert plan.agreement_id is not None  # the filter above
        written.setdefault(pairs.get(plan.agreement_id, plan.agreement_id), []).append(plan)
    mixed = {kept: plans for kept, plans in written.items() if {one.agreement_id for one in plans} != {kept}}
    numbers = [plan.pk for plans in mixed.values() for plan in plans]
    Plan.objects.filter(pk__in=numbers).update(number=F("number") + 1_000_000)
    for plans in mixed.values():
        for number, plan in enumerate(plans, 1):
            Plan.objects.filter(pk=plan.pk).update(number=number)


def _point(model: type[Model], column: str, pairs: Mapping[int, int], which: Q | None = None) -> None:
    """Let every row that refers to what goes refer to what stays."""
    rows = model._base_manager.filter(which or Q(), **{f"{column}__in": list(pairs)})
    stays = Case(*(When(**{column: gone}, then=Value(kept)) for gone, kept in pairs.items()))
    rows.update(**{column: stays})


# ---- all else that names a word ----


def _rules_find(word: AgreementType, kind: AgreementType, *, by: User | None, at: dt.datetime) -> None:
    """Let rules find the type, by a version of their own that says the same of the traces."""
    for rule in DetectionRule.objects.filter(type=word).prefetch_related("versions"):
        last = rule.versions.all()[0]
        RuleVersion.objects.create(
            rule=rule,
            number=last.number + 1,
            definition=last.definition | {"agreement": kind.key},
            written_at=at,
            written_by=by,
            tested_at=last.tested_at,
            test=last.test,
        )
        rule.type, rule.version = kind, rule.version + 1
        rule.save(update_fields=["type", "version"])


def _playbooks_ask(word: AgreementType, kind: AgreementType) -> None:
    slots = dict(rules.slots(word, kind).values_list("pk", "playbook_id"))
    Playbook.objects.filter(pk__in=slots.values()).update(version=F("version") + 1)
    PivotalAgreement.objects.filter(pk__in=slots).update(type=kind)


def _plans_speak_of(word: str, kind: str) -> None:
    """Let plans of deals speak of the type; lines about both stand one after the other."""
    named = {about(what, word): about(what, kind) for what in (STEP, WHO, ON)}
    for plan in Plan.objects.of_deals().filter(parts__has_any_keys=list(named)):
        for old, new in named.items():
            if lines := plan.parts.pop(old, None):
                plan.parts[new] = _both([*plan.parts.get(new, ()), *lines])
        plan.save(update_fields=["parts"])


def _both(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({line["text"]: line for line in lines}.values())[:MOST_LINES]


def _views_show(word: str, kind: str) -> None:
    """Let saved views show the type where they showed the word."""
    for view in SavedView.objects.filter(query__contains="show="):
        parts = parse_qsl(view.query)
        told = [(name, kind if (name, value) == ("show", word) else value) for name, value in parts]
        if told != parts:
            view.query = urlencode(list(dict.fromkeys(told)))
            view.save(update_fields=["query"])
