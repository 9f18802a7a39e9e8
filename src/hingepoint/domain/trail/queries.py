"""Reading who changed what, across all subjects: for one deal, and for the whole company.

A pulse is given by nobody: the company's trail leaves out even that it was given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from hingepoint.analysis.signals import SIGNALS
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit import words
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.days import after, midnight
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.people import queries as people
from hingepoint.domain.people.models import OtherName, Team, User
from hingepoint.domain.self_assessment.models import AssessmentRound
from hingepoint.domain.signals.models import Raise
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.domain.wording import holds, in_any
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, told_again, words_of

LINES_ON_A_PAGE = 50
#: A word that names more deals than this is too short to search changes by.
MOST_DEALS = 50
SYSTEM = "system"

#: No change of anything, and many: only who asks for this kind reads them.
DOORS = "doors"
#: What the trail can be narrowed to: key -> its name, and the subjects it holds.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "deals": (words_of("Deals"), ("deal", "deals", "account", "accounts", "contact", "contacts")),
    "agreements": (
        words_of("Agreements and plans"),
        ("agreement", "agreements", "requirements", "plans", "debriefs"),
    ),
    "exceptions": (words_of("Exceptions and concessions"), ("policy", "exceptions", "concessions")),
    "people": (words_of("People and teams"), ("user", "team", "saved view")),
    "strategy": (
        words_of("Strategy and playbook"),
        ("strategy", "playbook", "rollout", "principles", "message"),
    ),
    "catalogue": (words_of("Catalogue and rules"), ("agreement type", "catalogue", "detection rule")),
    "signals": (words_of("Signals"), ("signal", "limits", "self-assessment")),
    "reviews": (words_of("Reviews"), ("review",)),
    "discovery": (words_of("Discovery"), ("run", "finding", "trial")),
    "imports": (words_of("Imports"), ("import", "mapping")),
    DOORS: (words_of("Sign-ins and files taken away"), ("session", "token", "file")),
}
_OF_NOBODY = ("escalation",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the trail is narrowed to; an empty value narrows nothing. Days are included at both ends."""

    person: str = ""
    deal: str = ""
    kind: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One change in words: ``by`` did ``what`` to ``about``. ``place`` are the arguments of the page of
    ``subject``, empty where it has none or is gone."""

    at: dt.datetime
    by: str
    what: str
    subject: str
    about: str
    place: tuple[Any, ...]
    changes: tuple[words.Moved, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Trail:
    """One page of changes, the newest first; ``total`` counts all that match."""

    lines: tuple[Line, ...]
    page: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class DealTrail:
    """Who changed what on a deal and its agreements; ``people`` and ``agreements`` can be asked for alone."""

    facts: deal_page.DealFacts
    trail: Trail
    people: tuple[str, ...]
    agreements: tuple[tuple[str, str], ...]


def trail(viewer: Any, wanted: Wanted, *, page: int = 1) -> Trail:
    """Return who changed what in the whole company. Raises Hidden for all but sponsors and analysts.
    At most twelve SQL queries."""
    if not people.keeps_people(viewer):
        raise Hidden("not theirs to read")
    return _page_of(_narrowed(AuditEvent.objects.exclude(subject__in=_OF_NOBODY), wanted), page)


def deal_trail(viewer: Any, deal_id: int, *, person: str = "", about: str = "", page: int = 1) -> DealTrail:
    """Return who changed what on a deal; ``about`` is the id of one of its agreements, or "deal".
    Raises Hidden."""
    facts = deal_page.deal_facts(viewer, deal_id)
    kinds = Agreement.objects.filter(deal_id=deal_id).select_related("type").order_by("type_id")
    agreements = {str(row.pk): str(row.type) for row in kinds}
    events = _of_deals([deal_id], list(agreements))
    who = sorted(set(events.order_by().values_list("by_name", flat=True)))
    events = events.filter(by_name=person) if person else events
    if about:
        events = events.filter(subject="deal") if about == "deal" else events.filter(subject_id=about)
        events = events if about == "deal" else events.filter(subject="agreement")
    return DealTrail(facts, _page_of(events, page), tuple(who), tuple(agreements.items()))


def _narrowed(events: QuerySet[AuditEvent], wanted: Wanted) -> QuerySet[AuditEvent]:
    if wanted.kind in KINDS:
        events = events.filter(subject__in=KINDS[wanted.kind][1])
    else:
        events = events.exclude(subject__in=KINDS[DOORS][1])
    if wanted.person.strip():
        events = events.filter(_by(wanted.person.strip()))
    if wanted.deal.strip():
        events = events & _of_named_deals(wanted.deal.strip())
    events = events.filter(at__gte=midnight(wanted.since)) if wanted.since else events
    return events.filter(at__lt=after(wanted.until)) if wanted.until else events


def _by(text: str) -> Q:
    """Return whose changes a name means: as recorded then, or of who is called so now."""
    if text.casefold() == SYSTEM:
        return Q(by_id_number__isnull=True)
    called = User.objects.filter(holds("name", text))
    merged = OtherName.objects.filter(user__in=called)
    numbers = Q(by_id_number__in=called.values("pk")) | Q(by_id_number__in=merged.values("was"))
    return holds("by_name", text) | numbers


def _of_named_deals(text: str) -> QuerySet[AuditEvent]:
    named = Deal.every.filter(Q(key__iexact=text) | in_any(("name", "account__name"), text))
    ids = list(named.order_by("-id").values_list("pk", flat=True)[:MOST_DEALS])
    agreements = Agreement.objects.filter(deal__in=ids).values_list("pk", flat=True)
    return _of_deals(ids, [str(pk) for pk in agreements])


def _of_deals(deal_ids: Sequence[int], agreements: Sequence[str]) -> QuerySet[AuditEvent]:
    own = Q(subject="deal", subject_id__in=[str(pk) for pk in deal_ids])
    return AuditEvent.objects.filter(own | Q(subject="agreement", subject_id__in=agreements))


# ---- in words ----


def _page_of(events: QuerySet[AuditEvent], page: int) -> Trail:
    cut = Paginator(events.order_by("-at", "-id"), LINES_ON_A_PAGE).get_page(max(1, page))
    return Trail(_lines(list(cut)), cut.number, cut.paginator.num_pages, cut.paginator.count)


#: Per subject: id or key of what was changed -> its name, and the arguments of its page.
Names = dict[str, dict[str, tuple[str, tuple[Any, ...]]]]


def _lines(events: Sequence[AuditEvent]) -> tuple[Line, ...]:
    types = _type_names(events)
    names = {
        "deal": _titles(Deal, events, "deal", "name", "key"),
        "agreement": _agreements(events),
        "user": _people(events),
        "team": _titles(Team, events, "team", "name"),
        "strategy": _titles(Strategy, events, "strategy", "name"),
        "playbook": _playbooks(events),
        "detection rule": _rules(events),
        "signal": _raises(events),
        "limits": {key: (one.name, (key,)) for key, one in SIGNALS.items()},
        "self-assessment": _titles(AssessmentRound, events, "self-assessment", "name"),
        "agreement type": {key: (name, (key,)) for key, name in types.items()},
    }
    return tuple(_line(event, names, types) for event in events)


def _line(event: AuditEvent, names: Names, types: dict[str, str]) -> Line:
    about, place = _about(event, names, types)
    changes = words.moved(event.action, event.changes)
    return Line(
        at=event.at,
        by=event.by_name,
        what=words.sentence(event.subject, event.action),
        subject=event.subject,
        about=about,
        place=place,
        changes=tuple(replace(one, after=types.get(one.after, one.after)) for one in changes),
        reason=event.reason,
    )


def _about(event: AuditEvent, names: Names, types: dict[str, str]) -> tuple[str, tuple[Any, ...]]:
    """Return the name and the place of what was changed; its kind where it is gone or has no name."""
    subject, key = event.subject, event.subject_id
    if subject == "finding":
        run_id, _, agreement = key.partition("/")
        return say("{finding}, run {number}", finding=types.get(agreement, agreement), number=run_id), (
            int(run_id),
            agreement,
        )
    if subject in ("run", "import", "review"):
        return f"{told_again(subject.capitalize())} {key}", (int(key),)
    if subject == "policy":
        return say("Rules for exceptions, version {number}", number=key), ()
    return names.get(subject, {}).get(key, (told_again(subject.capitalize()), ()))


def _ids(events: Iterable[AuditEvent], subject: str) -> list[int]:
    return [int(one.subject_id) for one in events if one.subject == subject and one.subject_id.isdecimal()]


def _titles(
    model: Any, events: Sequence[AuditEvent], subject: str, *columns: str
) -> dict[str, tuple[str, tuple]]:
    """Return per id the first of ``columns`` that says something. One SQL query, none without such changes."""
    ids = _ids(events, subject)
    rows = model._default_manager.filter(pk__in=ids).values_list("pk", *columns) if ids else ()
    return {str(pk): (next(filter(None, told), ""), (pk,)) for pk, *told in rows}


def _people(events: Sequence[AuditEvent]) -> dict[str, tuple[str, tuple]]:
    """Return people by name; who was merged into somebody, by what they were called, with the page of whom they
    are now."""
    found = _titles(User, events, "user", "name")
    gone = [number for number in _ids(events, "user") if str(number) not in found]
    rows = OtherName.objects.filter(was__in=gone).values_list("was", "name", "user_id") if gone else ()
    return found | {str(was): (name, (now,)) for was, name, now in rows}


def _agreements(events: Sequence[AuditEvent]) -> dict[str, tuple[str, tuple]]:
    ids = _ids(events, "agreement")
    rows = Agreement.objects.filter(pk__in=ids).select_related("type", "deal") if ids else ()
    return {str(row.pk): (f"{row.type}, {row.deal}", (row.deal_id, row.type_id)) for row in rows}


def _playbooks(events: Sequence[AuditEvent]) -> dict[str, tuple[str, tuple]]:
    ids = _ids(events, "playbook")
    rows = Playbook.objects.filter(pk__in=ids).select_related("strategy") if ids else ()
    return {
        str(row.pk): (
            say("{name}, version {number}", name=row.strategy.name, number=row.number),
            (row.strategy_id,),
        )
        for row in rows
    }


def _rules(events: Sequence[AuditEvent]) -> dict[str, tuple[str, tuple]]:
    keys = [one.subject_id for one in events if one.subject == "detection rule"]
    rows = DetectionRule.objects.filter(key__in=keys) if keys else ()
    return {row.key: (say("Rule {key}", key=row.key), (row.pk,)) for row in rows}


def _raises(events: Sequence[AuditEvent]) -> dict[str, tuple[str, tuple]]:
    """Return raises by their signal and place. A manager's is not named: it is between them and who leads them."""
    ids = _ids(events, "signal")
    rows = Raise.objects.filter(pk__in=ids) if ids else ()
    return {
        str(row.pk): (
            f"{SIGNALS[row.signal].name}, {say('a manager') if row.level == 'manager' else row.place}",
            (row.signal,),
        )
        for row in rows
        if row.signal in SIGNALS
    }


def _type_names(events: Sequence[AuditEvent]) -> dict[str, str]:
    """Return the names of the agreement types that changes are about or mention, by key."""
    about = ("agreement type", "finding")
    keys = {one.subject_id.split("/", 1)[-1] for one in events if one.subject in about}
    keys |= {one.changes["type"] for one in events if isinstance(one.changes.get("type"), str)}
    rows = AgreementType.objects.filter(key__in=keys) if keys else ()
    return {row.key: str(row) for row in rows}
