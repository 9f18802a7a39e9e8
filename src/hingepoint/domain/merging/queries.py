"""Who is here twice, and what merging two would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from hingepoint.domain.merging import rules
from hingepoint.domain.people.models import DifferentPeople, User, UserQuerySet
from hingepoint.domain.people.queries import keeps_people
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role


@dataclass(frozen=True, slots=True)
class Side:
    """One of two who may be one person. ``deals`` counts all they own, ``open_deals`` the open ones."""

    id: int
    name: str
    role: str
    key: str
    email: str
    teams: tuple[str, ...]
    deals: int
    open_deals: int
    can_sign_in: bool
    active: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who look like one person, and why. ``kept`` is whom we would keep."""

    kept: Side
    gone: Side
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergePage:
    """What merging does: ``moves`` counts rows, with what one and many are called; ``gains`` is what somebody may
    do then that they may not now; ``in_the_way`` why it cannot be done, empty when it can. ``address`` is what
    they sign in with then."""

    kept: Side
    gone: Side
    moves: tuple[tuple[int, str, str], ...]
    gains: tuple[str, ...]
    in_the_way: str
    address: str
    version: int


def same_people(viewer: Any) -> list[Pair]:
    """Return pairs of people who look like one person, by address, name and id in the CRM, those with most open
    deals first; without those of whom somebody said that they are two. Raises Hidden. Four SQL queries."""
    if not keeps_people(viewer):
        raise Hidden
    apart = set(DifferentPeople.objects.values_list("one_id", "other_id"))
    known = User.objects.values_list("pk", "key", "name", "email")
    alike = rules.look_alike(rules.Known(pk, key, name, email or "") for pk, key, name, email in known)
    alike = [one for one in alike if (one.one, one.other) not in apart]
    sides = _sides({number for one in alike for number in (one.one, one.other)})
    pairs = [_pair(sides[one.one], sides[one.other], one.because) for one in alike]
    return sorted(pairs, key=lambda pair: (-pair.kept.open_deals - pair.gone.open_deals, pair.kept.name))


def _sides(numbers: set[int]) -> dict[int, Side]:
    return {row.pk: _side(row) for row in _with_deals(User.objects.filter(pk__in=numbers))}


def _with_deals(people: UserQuerySet) -> QuerySet[User]:
    return (
        people.knowing_ways_in()
        .prefetch_related("memberships__team")
        .annotate(
            owned=Count("deals", distinct=True),
            open_owned=Count("deals", filter=Q(deals__status=DealStatus.OPEN), distinct=True),
        )
    )


def _side(user: Any) -> Side:
    current = [one for one in user.memberships.all() if one.until is None]
    return Side(
        id=user.pk,
        name=user.name,
        role=Role(user.role).label,
        key=user.key,
        email=user.email or "",
        teams=tuple(f"{one.team.name}{' (manages)' if one.manages else ''}" for one in current),
        deals=user.owned,
        open_deals=user.open_owned,
        can_sign_in=user.can_sign_in,
        active=user.is_active,
    )


def _pair(one: Side, other: Side, because: tuple[str, ...]) -> Pair:
    """Return whom to keep: who is not disabled, signs in, owns more, was here first."""
    kept = max(one, other, key=lambda side: (side.active, side.can_sign_in, side.deals, -side.id))
    return Pair(kept, other if kept is one else one, because)


def merge_page(viewer: Any, kept_id: int, gone_id: int) -> MergePage:
    """Return what merging the two would do. Raises Hidden."""
    people = User.objects.visible_to(viewer if keeps_people(viewer) else None)
    two = {row.pk: row for row in _with_deals(people.filter(pk__in=(kept_id, gone_id)))}
    if len(two) < 2:
        raise Hidden
    kept, gone = two[kept_id], two[gone_id]
    signs_in = rules.signs_in_as(kept, gone)
    return MergePage(
        kept=_side(kept),
        gone=_side(gone),
        moves=tuple((number, one, many) for (one, many), number in rules.moves(gone).items()),
        gains=tuple(rules.gains(kept, gone)),
        in_the_way=rules.in_the_way(kept, gone),
        address=(signs_in.email or "") if signs_in else "",
        version=kept.version,
    )


def people_like(name: str, email: str) -> list[Side]:
    """Return who is here and may be the person of this name and address, without who has this very address: those
    who own most deals first. For adding people, where a keeper or the command line asks. Three SQL queries."""
    wanted = rules.Known(0, name, name, email.lower())
    known = User.objects.active().values_list("pk", "key", "name", "email")
    others = [rules.Known(pk, key, called, address or "") for pk, key, called, address in known]
    alike = {one.other for one in rules.look_alike([wanted, *others]) if one.one == 0}
    found = [side for side in _sides(alike).values() if not email or side.email != email.lower()]
    return sorted(found, key=lambda side: (-side.deals, side.name))
