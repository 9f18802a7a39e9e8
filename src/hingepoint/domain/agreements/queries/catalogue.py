"""The catalogue of agreement types, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Q

from hingepoint.domain.agreements.models import WAITING, Agreement, AgreementQuerySet, AgreementType
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.people.models import sees_all, works_here
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import place_of
from hingepoint.records.errors import Hidden
from hingepoint.records.pressures import Pressure


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type as a form offers it."""

    id: int
    key: str
    name: str
    side: str
    stage: str
    starter: bool


def type_choices(viewer: Any) -> list[TypeChoice]:
    """Return the types in use, in the order of the sale."""
    if not works_here(viewer):
        return []
    types = AgreementType.objects.in_use().effective()
    rows = types.values_list("pk", "key", "shown_name", "side", "shown_stage", "starter")
    return sorted((TypeChoice(*row) for row in rows), key=lambda t: (place_of(t.stage), t.id))


@dataclass(frozen=True, slots=True)
class Standard:
    """What an agreement type asks for: the words beside every agreement of it."""

    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    description: str
    checks: tuple[str, ...]
    crm_trace: str


def standard(kind: AgreementType) -> Standard:
    return Standard(
        key=kind.key,
        name=kind.own_name or kind.name,
        side=kind.side,
        stage=kind.own_stage or kind.stage,
        counterpart=kind.counterpart,
        description=kind.own_description or kind.description,
        checks=tuple(kind.good),
        crm_trace=kind.crm_trace,
    )


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One type in the catalogue: what is shown, and whether the company changed it."""

    id: int
    key: str
    name: str
    side: str
    stage: str
    counterpart: str
    description: str
    starter: bool
    origin: str
    hidden: bool
    changed: bool
    words: tuple[str, ...]  # of the company's files, tied to it


@dataclass(frozen=True, slots=True)
class Usage:
    """What became of a type on the deals the viewer sees. ``asked`` counts deals on which it was at
    least asked for; ``standing`` those on which it stands."""

    deals: int = 0
    standing: int = 0
    declined: int = 0
    not_needed: int = 0
    waiting: int = 0
    closed_with: int = 0
    won_with: int = 0


@dataclass(frozen=True, slots=True)
class TypePage:
    """One type: shipped words, the company's own beside them, and how it was used."""

    line: TypeLine
    standard: Standard
    shipped_name: str
    shipped_stage: str
    shipped_description: str
    own_name: str
    own_stage: str
    own_description: str
    own_recheck_days: int | None
    recheck_days: int
    metrics: tuple[str, ...]
    proximity: str
    lever: str
    pressure: str
    commits: str
    usage: Usage
    version: int
    may_change: bool
    means: tuple[str, str]  # key and name of what a tied word means, else empty
    history: tuple[audit.Change, ...]


def catalogue(
    viewer: Any,
    *,
    text: str = "",
    side: str = "",
    stage: str = "",
    starter: bool = False,
    hidden: bool = False,
) -> list[TypeLine]:
    """Return the types that match, in the order of the sale; hidden ones only when asked for. A tied word is found
    as the type that it means."""
    if not works_here(viewer):
        return []
    rows = AgreementType.objects.effective().filter(hidden=hidden, tied_to__isnull=True)
    rows = rows.filter(side=side) if side else rows
    rows = rows.filter(shown_stage=stage) if stage else rows
    rows = rows.filter(starter=True) if starter else rows
    tied = _tied_words()
    lines = [(row, _type_line(row, tied.get(row.pk, ()))) for row in rows]
    found = [line for row, line in lines if _matches(row, line.words, text)]
    return sorted(found, key=lambda line: (place_of(line.stage), line.id))


def _tied_words() -> dict[int, tuple[str, ...]]:
    """Return the names of the words that are tied to each type, by its number."""
    found: dict[int, tuple[str, ...]] = {}
    rows = AgreementType.objects.filter(tied_to__isnull=False).order_by("name")
    for number, name in rows.values_list("tied_to_id", "name"):
        found[number] = (*found.get(number, ()), name)
    return found


def _matches(row: AgreementType, words: Sequence[str], text: str) -> bool:
    says = (str(row), row.key, row.name, row.own_description or row.description, row.counterpart, *words)
    told = " ".join(says).lower()
    return all(word in told for word in text.lower().split())


def _type_line(row: AgreementType, words: tuple[str, ...]) -> TypeLine:
    return TypeLine(
        id=row.pk,
        key=row.key,
        name=row.own_name or row.name,
        side=row.side,
        stage=row.own_stage or row.stage,
        counterpart=row.counterpart,
        description=row.own_description or row.description,
        starter=row.starter,
        origin=row.origin,
        hidden=row.hidden,
        changed=any((row.own_name, row.own_stage, row.own_description, row.own_recheck_days)),
        words=words,
    )


def keeps_catalogue(viewer: Any) -> bool:
    return sees_all(viewer)


def type_page(viewer: Any, key: str) -> TypePage:
    """Return one type of the catalogue with its use on the deals ``viewer`` sees. Raises Hidden."""
    rows = AgreementType.objects.filter(key=key).select_related("tied_to")
    row = rows.first() if works_here(viewer) else None
    if row is None:
        raise Hidden("no such agreement type")
    return TypePage(
        line=_type_line(row, _tied_words().get(row.pk, ())),
        standard=standard(row),
        shipped_name=row.name,
        shipped_stage=row.stage,
        shipped_description=row.description,
        own_name=row.own_name or "",
        own_stage=row.own_stage or "",
        own_description=row.own_description or "",
        own_recheck_days=row.own_recheck_days,
        recheck_days=row.own_recheck_days or row.recheck_days,
        metrics=tuple(row.metrics),
        proximity=row.proximity,
        lever=row.lever,
        pressure=Pressure(row.pressure).label if row.pressure in Pressure.values else row.pressure,
        commits=row.commits,
        usage=_usage(viewer, row),
        version=row.version,
        may_change=keeps_catalogue(viewer) and row.tied_to is None,
        means=(row.tied_to.key, str(row.tied_to)) if row.tied_to else ("", ""),
        history=tuple(audit.history(subject="agreement type", subject_id=row.key))
        if keeps_catalogue(viewer)
        else (),
    )


#: What became of each type on all deals, by its number: kept in a large company.
USED = Question[dict[int, Usage]]("use of types", dict[int, Usage])


def _usage(viewer: Any, row: AgreementType) -> Usage:
    if not sees_all(viewer):
        return usages(Agreement.objects.visible_to(viewer).filter(type=row)).get(row.pk, Usage())
    return USED.told(lambda: usages(Agreement.objects.filter(type=row))).get(row.pk, Usage())


def usages(used: AgreementQuerySet) -> dict[int, Usage]:
    """Return what became of the types of some agreements, by type. One SQL query."""
    stands = Q(state__in=sorted(STANDING))
    counted = (
        used.filter(that_count("deal"))
        .order_by()
        .values("type_id")
        .annotate(
            deals=Count("id"),
            standing=Count("id", filter=stands),
            declined=Count("id", filter=Q(state=AgreementState.DECLINED)),
            not_needed=Count("id", filter=Q(state=AgreementState.NOT_NEEDED)),
            waiting=Count("id", filter=Q(state__in=WAITING)),
            closed_with=Count("id", filter=stands & ~Q(deal__status="open")),
            won_with=Count("id", filter=stands & Q(deal__status="won")),
        )
    )
    names = [one.name for one in fields(Usage)]
    return {kind: Usage(*counts) for kind, *counts in counted.values_list("type_id", *names)}
