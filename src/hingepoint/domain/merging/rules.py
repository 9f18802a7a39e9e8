"""What merging two people comes to: who looks like one person, what moves, and what they may do then."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.db.models.fields.reverse_related import ForeignObjectRel

from hingepoint.domain.coaching.models import CoachingNote, CoachingSession
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Approval
from hingepoint.domain.people.models import Team, User, why_needed
from hingepoint.domain.people.rules import pointing_at
from hingepoint.records.escalations import UNDECIDED, Answer
from hingepoint.records.people import Role

# ---- who looks like one person ----


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody is known by: number, key in the company's files, name, address."""

    id: int
    key: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Two who look like one person, the lower number first, and why."""

    one: int
    other: int
    because: tuple[str, ...]


#: Kinds of two marks that are the same -> why the two look like one person.
_BECAUSE = {
    ("address", "address"): "the same address",
    ("id", "id"): "the same id in the CRM",
    ("id", "name"): "the id in the CRM of one is the name of the other",
    ("local", "local"): "addresses that read alike",
    ("local", "name"): "the address of one reads like the name of the other",
    ("id", "local"): "the address of one reads like the id in the CRM of the other",
    ("name", "name"): "the same name",
}
#: Ids of Salesforce: 15 characters, or the same with 3 that only check them.
_SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
#: A name that so many have says nothing: a queue, a team.
MOST_OF_ONE_NAME = 6


def look_alike(people: Iterable[Known]) -> list[Alike]:
    """Return the pairs that look like one person: by address, by name and by id in the CRM."""
    marked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for person in people:
        for mark, kind in set(_marks(person)):
            marked[mark].append((person.id, kind))
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for bearers in marked.values():
        if len({number for number, _ in bearers}) <= MOST_OF_ONE_NAME:
            for (one, a), (other, b) in combinations(sorted(bearers), 2):
                if one != other:
                    found[one, other].add(_BECAUSE[min(a, b), max(a, b)])
    return [Alike(*pair, tuple(sorted(because))) for pair, because in sorted(found.items())]


def _marks(person: Known) -> Iterator[tuple[str, str]]:
    """Yield what marks a person, and which kind of mark it is: the same mark is the same person."""
    yield _words(person.name), "name"
    for address in filter(None, (person.email, person.key if "@" in person.key else "")):
        yield address.casefold(), "address"
        local = _words(re.sub(r"[\d+].*", "", address.partition("@")[0]))
        if " " in local:
            yield local, "local"
    if "@" not in person.key and _words(person.key) != _words(person.name):
        yield _id(person.key), "id"


def _words(text: str) -> str:
    """Return the words of a name in one order, without accents and signs: Berg, Anna is Anna Berg."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(sorted(re.findall(r"\w+", plain.replace("_", " "))))


def _id(key: str) -> str:
    return f"id {key[:15]}" if _SALESFORCE_ID.fullmatch(key) and not key.isalpha() else _words(key)


# ---- what moves ----

#: Table -> what its rows are called, one and many. Coaching notes and pulses, which nobody else hears of, are
#: among the rest.
WORDS = {
    "deal": ("deal", "deals"),
    "dealevent": ("line of history", "lines of history"),
    "agreement": ("request to answer", "requests to answer"),
    "agreementevent": ("step", "steps"),
    "approval": ("answer to an exception", "answers to exceptions"),
    "corridor": ("corridor", "corridors"),
    "corridorwriting": ("writing of a corridor", "writings of corridors"),
    "confirmation": ("link to a customer", "links to customers"),
    "debrief": ("debrief", "debriefs"),
    "escalation": ("request for an exception", "requests for exceptions"),
    "findingdecision": ("decision on a finding", "decisions on findings"),
    "importbatch": ("import", "imports"),
    "involvement": ("executive's role", "executives' roles"),
    "membership": ("time in a team", "times in teams"),
    "plan": ("plan", "plans"),
    "planreview": ("review of a plan", "reviews of plans"),
    "proof": ("piece of evidence", "pieces of evidence"),
    "raise": ("raise of a signal", "raises of signals"),
    "raisestep": ("step of a raise", "steps of raises"),
    "reason": ("reason", "reasons"),
    "run": ("discovery", "discoveries"),
    "savedview": ("saved view", "saved views"),
    "signallimits": ("change of limits", "changes of limits"),
    "strategy": ("strategy", "strategies"),
}
_REST = ("other entry", "other entries")


def moves(gone: User) -> dict[tuple[str, str], int]:
    """Return how many rows of each kind refer to ``gone``, by what one and many are called. One SQL query."""
    first, *others = (_counted(relation, gone) for relation in pointing_at(User))
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for table, number in first.union(*others, all=True):
        counts[WORDS.get(table, _REST)] += number
    return {words: number for words, number in counts.items() if number}


def _counted(relation: ForeignObjectRel, user: User) -> QuerySet:
    """Return a statement of (table, rows of it that refer to ``user`` by this relation)."""
    model = relation.related_model
    rows = model._base_manager.filter(**{relation.field.name: user}).order_by()
    table = Value(model._meta.model_name or "", output_field=CharField())
    return (
        rows.annotate(of_table=table)
        .values("of_table")
        .annotate(number=Count("*"))
        .values_list("of_table", "number")
    )


# ---- what is in the way, and who may do more ----


def in_the_way(kept: User, gone: User) -> str:
    """Return why the two cannot become one, empty when they can."""
    if not kept.is_active and gone.is_active:
        return f"{kept.name} is disabled and {gone.name} is not. Keep {gone.name} instead."
    if why := why_needed(gone):
        return why
    either = Q(written_by=kept, written_for=gone) | Q(written_by=gone, written_for=kept)
    sessions = Q(coach=kept, coached=gone) | Q(coach=gone, coached=kept)
    if CoachingNote.objects.filter(either).exists() or CoachingSession.objects.filter(sessions).exists():
        return "One of them coached the other: these are two people."
    waiting = Approval.objects.filter(answer=Answer.WAITING, escalation__state__in=UNDECIDED)
    if waiting.filter(
        Q(approver=kept, escalation__asked_by=gone) | Q(approver=gone, escalation__asked_by=kept)
    ).exists():
        return (
            "A request for an exception of one waits for the answer of the other, and nobody answers their own. "
            "Withdraw it first, or have it answered."
        )
    return ""


def signs_in_as(kept: User, gone: User) -> User | None:
    """Return whose address and password the two sign in with as one: those that work, else the kept one's."""
    if gone.has_password and not kept.has_password:
        return gone
    return kept if kept.email else gone if gone.email else None


def gains(kept: User, gone: User) -> list[str]:
    """Return what somebody may do after merging who may not now, as the rest of a sentence after their name."""
    found = [f"manages {team}" for team in sorted(_managed(gone) - _managed(kept))]
    if kept.is_active and not gone.is_active:
        found.append(f"does again what {gone.name} did, who is disabled")
    if not kept.sees_everything and (more := _deals_seen_newly(kept, gone)):
        found.append(f"sees {more:,} {'deal' if more == 1 else 'deals'} of {gone.name}'s")
    if signs_in_as(kept, gone) == gone and gone.has_password:
        if kept.role != gone.role:
            was, now = (Role(user.role).label.lower() for user in (gone, kept))
            found.append(f"is {now} when signing in with {gone.email}, which was a {was}'s until now")
        found += [f"manages {team} when signing in so" for team in sorted(_managed(kept) - _managed(gone))]
    return found


def _managed(user: User) -> set[str]:
    current = user.memberships.filter(manages=True, until__isnull=True)
    return set(Team.objects.filter(memberships__in=current).values_list("name", flat=True))


def _deals_seen_newly(kept: User, gone: User) -> int:
    own = Deal.every.filter(owner=gone)
    return own.exclude(pk__in=Deal.every.visible_to(kept).values("pk")).count()
