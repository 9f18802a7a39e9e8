"""What is in force for signing in, and who would have what by their groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from hingepoint.domain.people.models import Team, User, sees_all
from hingepoint.domain.second_factors import queries as second_factors
from hingepoint.domain.sign_on import rules
from hingepoint.domain.sign_on.models import CompanyAccount, GroupLine
from hingepoint.domain.sign_on.rules import InForce
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.sign_on import GroupGives, Wanted, wanted

PREVIEWED = 200


@dataclass(frozen=True, slots=True)
class Line:
    """What one group gives, in words. ``people`` had it at their last sign-in."""

    id: int
    group: str
    role: str
    place: str
    people: int


@dataclass(frozen=True, slots=True)
class WouldHave:
    """What somebody has now and would have after their next sign-in, in words."""

    user_id: int
    name: str
    groups: tuple[str, ...]
    came_at: dt.datetime
    now: str
    then: str

    @property
    def changes(self) -> bool:
        return self.now != self.then


@dataclass(frozen=True, slots=True)
class Page:
    """The settings as their page shows them; the secret never."""

    issuer: str
    client_id: str
    has_secret: bool
    by_environment: bool
    groups_claim: str
    proven_by: str
    second_factors: tuple[str, ...]
    makes_people: bool
    otherwise: str
    only: bool
    way_out: str
    way_out_id: int | None
    way_out_ready: bool
    version: int
    lines: tuple[Line, ...]
    people: tuple[WouldHave, ...]
    accounts: int


def in_force() -> InForce | None:
    """Return where the company's sign-in is, for signing in itself. Raises WrongKey."""
    return rules.in_force()


def offered() -> tuple[bool, bool]:
    """Return whether the company has a sign-in here, and whether it alone counts; for the page of signing in."""
    row = rules.kept()
    there = rules.is_set(row)
    return there, rules.only(row)


def page(viewer: User, *, tried: GroupGives | None = None) -> Page:
    """Return the settings, what groups give, and who would have what; with a line that is ``tried`` besides. Raises Hidden."""
    if not sees_all(viewer):
        raise Hidden("not theirs to see")
    row = rules.kept()
    said = settings.ENVIRONMENT
    told = bool(said.sign_on_issuer)
    accounts = list(CompanyAccount.objects.visible_to(viewer).select_related("user").order_by("user__name"))
    return Page(
        issuer=rules.issuer_of(row),
        client_id=said.sign_on_client_id if told else row.client_id,
        has_secret=bool(row.secret),
        by_environment=told,
        groups_claim=row.groups_claim,
        proven_by=row.proven_by,
        second_factors=tuple(row.second_factors),
        makes_people=row.makes_people,
        otherwise=row.otherwise,
        only=rules.only(row),
        way_out=row.way_out.name if row.way_out else "",
        way_out_id=row.way_out_id,
        way_out_ready=row.way_out is not None and second_factors.has_one(row.way_out),
        version=row.version,
        lines=_lines(viewer, accounts),
        people=_would_have(accounts[:PREVIEWED], tried, rules.otherwise(row)),
        accounts=len(accounts),
    )


def _lines(viewer: User, accounts: Iterable[CompanyAccount]) -> tuple[Line, ...]:
    had = [group for account in accounts for group in account.groups]
    rows = GroupLine.objects.visible_to(viewer).select_related("team")
    return tuple(
        Line(
            row.pk,
            row.group,
            Role(row.role).label if row.role else "",
            _place(row.team.name, row.manages) if row.team else "",
            had.count(row.group),
        )
        for row in rows
    )


def _place(team: str, manages: bool) -> str:
    return f"{team} (manages)" if manages else team


def _would_have(
    accounts: list[CompanyAccount], tried: GroupGives | None, otherwise: Role | None
) -> tuple[WouldHave, ...]:
    table = [*rules.table(), *([tried] if tried else [])]
    teams = dict(Team.objects.values_list("pk", "name"))
    places = rules.places_of(account.user_id for account in accounts)
    lines = []
    for account in accounts:
        now = places.get(account.user_id, set())
        gives = wanted(account.groups, table, otherwise)
        then = (now - gives.ruled) | gives.places
        before = _words(Role(account.user.role), now, teams)
        after = _after(account.user, gives, then, teams)
        lines.append(
            WouldHave(
                account.user_id, account.user.name, tuple(account.groups), account.came_at, before, after
            )
        )
    return tuple(sorted(lines, key=lambda line: not line.changes))


def _after(user: User, gives: Wanted, then: set[tuple[int, bool]], teams: dict[int, str]) -> str:
    role = gives.role or Role(user.role)
    narrower = not gives.let_in or role not in rules.KEEPERS
    if narrower and (why := rules.why_kept(user)):
        return f"{_words(Role(user.role), then, teams)}; stays, as {why}"
    return _words(role, then, teams) if gives.let_in else "not let in"


def _words(role: Role, places: Iterable[tuple[int, bool]], teams: dict[int, str]) -> str:
    named = sorted(_place(teams[team], manages) for team, manages in places)
    return f"{role.label}; {', '.join(named) or 'no team'}"


def ways_out(viewer: User) -> list[tuple[int, str]]:
    """Return who could be the one who still signs in by password: number and name. Raises Hidden."""
    if not sees_all(viewer):
        raise Hidden("not theirs to see")
    rows = User.objects.active().filter(role__in=rules.KEEPERS, email__isnull=False).order_by("name")
    return [(user.pk, user.name) for user in rows if user.has_password]


def keepers_to_tell(by_id: int) -> tuple[str, list[tuple[str, str]]]:
    """Return the name of who used the way out, and name and mail of all who keep people; for the mail about it."""
    who = User.objects.filter(pk=by_id).values_list("name", flat=True).first() or "Somebody"
    rows = User.objects.active().filter(role__in=rules.KEEPERS, email__isnull=False).order_by("pk")
    return who, [(name, mail) for name, mail in rows.values_list("name", "email") if mail]
