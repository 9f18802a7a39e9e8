"""Every answer about people, teams and saved views."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from django.core.paginator import Paginator
from django.db.models import Count, Model, Prefetch, Q, QuerySet

from hingepoint.domain.audit import queries as audit
from hingepoint.domain.people.models import (
    Invitation,
    Membership,
    OtherName,
    SavedView,
    Team,
    User,
    UserQuerySet,
    comes_in,
    sees_all,
    works_here,
)
from hingepoint.domain.people.rules import alike, digest_of, known_people, sign_in_of
from hingepoint.domain.wording import in_any
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.people import Role, SignIn

Row = TypeVar("Row", bound=Model)

PEOPLE_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list of people."""

    id: int
    name: str
    role: str
    title: str
    email: str
    teams: tuple[str, ...]
    manages: tuple[str, ...]
    active: bool
    sign_in: SignIn
    link_until: dt.datetime | None  # of the invitation that is open, if one is

    @property
    def can_sign_in(self) -> bool:
        return self.sign_in == SignIn.CAN


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the colleagues that match; ``total`` counts all of them, ``last`` the pages."""

    people: tuple[Person, ...]
    page: int
    last: int
    total: int


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One team in the tree; ``depth`` 0 is a root."""

    id: int
    name: str
    depth: int
    managers: tuple[str, ...]
    members: int


@dataclass(frozen=True, slots=True)
class MembershipLine:
    id: int
    team: str
    manages: bool
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One colleague. ``also`` is what they are called elsewhere: names of people merged into them."""

    person: Person
    version: int
    also: tuple[str, ...]
    memberships: tuple[MembershipLine, ...]
    history: tuple[audit.Change, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as its page offers it."""

    id: int
    name: str
    query: str
    mine: bool
    shared: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class Persona:
    """One of the people a visitor of the demo can be."""

    role: Role
    name: str
    title: str


def _of_sign_in(filtered: str) -> Q:
    """Return the filter of the list of people by whether they can sign in (``in``, ``out``)."""
    return {"in": comes_in(), "out": ~comes_in()}.get(filtered, Q())


def people(
    viewer: User,
    *,
    at: dt.datetime,
    search: str = "",
    role: str = "",
    team_id: int | None = None,
    sign_in: str = "",
    page: int = 1,
) -> PeoplePage:
    """Return a page of the colleagues that match, by name. Five SQL queries.

    ``sign_in``: ``in`` or ``out``. A page that does not exist is the nearest one.
    """
    found = _matching(viewer, search, role, team_id).filter(_of_sign_in(sign_in))
    cut = Paginator(_with_ways_in(found), PEOPLE_ON_A_PAGE).get_page(max(1, page))
    lines = tuple(_person(user, at=at) for user in cut)
    return PeoplePage(lines, cut.number, cut.paginator.num_pages, cut.paginator.count)


def people_after(
    viewer: User,
    *,
    at: dt.datetime,
    after: int,
    size: int,
    search: str = "",
    role: str = "",
    team_id: int | None = None,
) -> list[Person]:
    """Return the next ``size`` colleagues that match, by name, after the one of a number (0: from the first): who comes or goes
    meanwhile moves nobody else. Raises Hidden where nobody has or had that number. Five SQL queries."""
    found = _matching(viewer, search, role, team_id)
    if after:
        name = _name_of(after)
        found = found.filter(Q(name__gt=name) | Q(name=name, pk__gt=after))
    return [_person(user, at=at) for user in _with_ways_in(found)[:size]]


def _name_of(number: int) -> str:
    """Return by what name somebody stands in a list, also who was merged into somebody else since. Raises Hidden."""
    now = User.objects.filter(pk=number).values_list("name", flat=True)
    then = OtherName.objects.filter(was=number).values_list("name", flat=True)
    name = now.first() or then.first()
    if name is None:
        raise Hidden("nobody had this number")
    return name


def _matching(viewer: User, search: str, role: str, team_id: int | None) -> UserQuerySet:
    found = User.objects.visible_to(viewer).order_by("name", "id")
    for word in search.split():
        found = found.filter(in_any(("name", "email", "title"), word))
    found = found.filter(role=role) if role else found
    return found.filter(pk__in=_members_of(team_id)) if team_id else found


def _members_of(team_id: int) -> QuerySet:
    """Return the ids of who is in a team, manages it, or is in one below it."""
    inside = Membership.objects.filter(team__path__contains=f"/{team_id}/", until__isnull=True)
    return inside.values("user_id")


def _with_ways_in(users: UserQuerySet) -> QuerySet[User]:
    """Fetch teams, open invitations and other ways in along."""
    invited = Prefetch("invitations", Invitation.objects.open(), to_attr="open_invitations")
    return users.knowing_ways_in().prefetch_related("memberships__team", invited)


def _person(user: User, *, at: dt.datetime) -> Person:
    invitation = next(iter(user.open_invitations), None)  # type: ignore[attr-defined]
    current = [m for m in user.memberships.all() if m.until is None]
    return Person(
        id=user.pk,
        name=user.name,
        role=Role(user.role).label,
        title=user.title,
        email=user.email or "",
        teams=tuple(m.team.name for m in current if not m.manages),
        manages=tuple(m.team.name for m in current if m.manages),
        active=user.is_active,
        sign_in=sign_in_of(user, invitation, at=at),
        link_until=invitation.expires_at if invitation and invitation.expires_at > at else None,
    )


def person_page(viewer: User, user_id: int, *, at: dt.datetime) -> PersonPage:
    """Return one colleague; keepers of people see the changes too, also those of people who were merged into
    them. Raises Hidden."""
    user = _one(_with_ways_in(User.objects.visible_to(viewer)), pk=user_id)
    rows = sorted(user.memberships.all(), key=lambda m: m.since, reverse=True)
    lines = tuple(MembershipLine(m.pk, m.team.name, m.manages, m.since, m.until) for m in rows)
    others = list(user.other_names.order_by("name"))
    merged = [other.was for other in others]
    told = keeps_people(viewer)
    changes = audit.history(subject="user", subject_id=user.pk, also=merged) if told else []
    also = tuple(dict.fromkeys(other.name for other in others))
    return PersonPage(_person(user, at=at), user.version, also, lines, tuple(changes))


@dataclass(frozen=True, slots=True)
class ToLetIn:
    """Somebody who cannot sign in yet. ``deals`` are the open ones they own; ``problem`` is why their mail
    could not be sent."""

    person: Person
    deals: int
    problem: str


def to_let_in(viewer: User, *, at: dt.datetime) -> list[ToLetIn]:
    """Return who works here and cannot sign in, those with most deals first. Raises Hidden. Five SQL queries."""
    if not keeps_people(viewer):
        raise Hidden
    owned = Count("deals", filter=Q(deals__status="open"), distinct=True)
    out = User.objects.active().exclude(comes_in())
    deals = dict(out.annotate(open_deals=owned).values_list("pk", "open_deals"))
    lines = [
        ToLetIn(_person(user, at=at), deals.get(user.pk, 0), _problem(user))
        for user in _with_ways_in(out.order_by("name", "id"))
    ]
    return sorted(lines, key=lambda line: -line.deals)


def _problem(user: User) -> str:
    return next((row.problem for row in user.open_invitations), "")  # type: ignore[attr-defined]


def users_to_change(viewer: User, user_ids: Collection[int]) -> list[User]:
    """Return the people that a keeper wants to change. Raises Hidden for anybody else, and if one is missing."""
    found = list(User.objects.filter(pk__in=user_ids)) if keeps_people(viewer) else None
    if found is None or len(found) != len(set(user_ids)):
        raise Hidden
    return found


@dataclass(frozen=True, slots=True)
class Invited:
    """Whoever opens a link: who they are here, until they have chosen a password."""

    name: str
    email: str
    role: str
    until: dt.datetime


def person_in_files(name: str) -> User | None:
    """Return whom files mean by a name, an id or an address; None for nobody, and where it is not one person.
    For the command line, which acts as the system."""
    number = known_people().get(alike(name))
    return None if number is None else User.objects.get(pk=number)


def invited_by(token: str, *, at: dt.datetime) -> Invited | None:
    """Return whom the link of ``token`` lets in; None for one that was used, revoked, is over or never was."""
    links = Invitation.objects.working(at).filter(digest=digest_of(token), user__is_active=True)
    row = links.select_related("user").first()
    if row is None:
        return None
    return Invited(row.user.name, row.user.email or "", Role(row.user.role).label, row.expires_at)


def _one(rows: QuerySet[Row], **wanted: object) -> Row:
    """Return the one row that is wanted. Raises Hidden."""
    row = rows.filter(**wanted).first()
    if row is None:
        raise Hidden
    return row


def keeps_people(viewer: User) -> bool:
    """Return whether ``viewer`` may change people and teams."""
    return sees_all(viewer)


def user_to_change(viewer: User, user_id: int) -> User:
    """Return the person that a keeper wants to change. Raises Hidden for anybody else."""
    return _one(User.objects.visible_to(viewer if keeps_people(viewer) else None), pk=user_id)


def colleague(viewer: User, user_id: int) -> User:
    """Return somebody who works here, to be named in an action. Raises Hidden."""
    return _one(User.objects.visible_to(viewer).active(), pk=user_id)


def team_to_change(viewer: User, team_id: int) -> Team:
    return _one(Team.objects.all() if keeps_people(viewer) else Team.objects.none(), pk=team_id)


def membership_to_end(viewer: User, membership_id: int) -> Membership:
    found = (
        Membership.objects.filter(until__isnull=True) if keeps_people(viewer) else Membership.objects.none()
    )
    return _one(found.select_related("team"), pk=membership_id)


def teams(viewer: User) -> list[TeamLine]:
    """Return the tree of teams, each below its parent, in alphabetical order."""
    if not works_here(viewer):
        return []
    now = Q(memberships__until__isnull=True, memberships__manages=False)
    rows = list(Team.objects.annotate(members=Count("memberships", filter=now)).order_by("name"))
    names = {row.pk: row.name for row in rows}
    managers = _managers_of_teams()
    rows.sort(key=lambda row: [names[int(pk)] for pk in row.path.strip("/").split("/")])
    return [
        TeamLine(row.pk, row.name, row.path.count("/") - 2, tuple(managers.get(row.pk, ())), row.members)
        for row in rows
    ]


def _managers_of_teams() -> dict[int, list[str]]:
    current = Membership.objects.filter(manages=True, until__isnull=True)
    managers: dict[int, list[str]] = {}
    for team_id, name in current.order_by("user__name").values_list("team_id", "user__name"):
        managers.setdefault(team_id, []).append(name)
    return managers


def managers_over(viewer: User, team_id: int) -> list[str]:
    """Return who sees the deals of a team as a manager of it or of one above, by name."""
    if not works_here(viewer):
        return []
    path = Team.objects.filter(pk=team_id).values_list("path", flat=True).first() or ""
    above = [int(pk) for pk in path.strip("/").split("/") if pk]
    current = Membership.objects.filter(
        team__in=above, manages=True, until__isnull=True, user__is_active=True
    )
    return sorted(set(current.values_list("user__name", flat=True)))


def saved_views(viewer: User, *, page: str) -> list[View]:
    """Return the views of a page that ``viewer`` kept or others share, pinned ones first."""
    if not works_here(viewer):
        return []
    rows = SavedView.objects.filter(Q(owner=viewer) | Q(shared=True), page=page, owner__is_active=True)
    rows = rows.order_by("-pinned", "name")
    return [View(r.pk, r.name, r.query, r.owner_id == viewer.pk, r.shared, r.pinned) for r in rows]


def persona_key(role: Role) -> str:
    """Return the key of the person that shows the demo as ``role``."""
    return f"demo-{role}"


def personas() -> list[Persona]:
    """Return the people a visitor of the demo can be, sponsor first; empty outside the demo company."""
    found = {user.key: user for user in User.objects.active().filter(key__startswith="demo-")}
    users = [(role, found[persona_key(role)]) for role in Role if persona_key(role) in found]
    return [Persona(role, user.name, user.title) for role, user in users]


def persona(role: str) -> User:
    """Return the demo's person of a role. Raises Hidden."""
    return _one(User.objects.active(), key=f"demo-{role}")


class NobodyThere(Refused):
    """Nobody signs in with that address."""

    field = "email"


def user_who_signs_in_with(email: str) -> User:
    """Return the person with that address, for the command line, which acts as the system.

    Raises NobodyThere.
    """
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        raise NobodyThere(reason("Nobody signs in with {email}.", email=email))
    return user


def by_number(number: int) -> User | None:
    """Return the person of a number who gave their password a moment ago; there is no viewer yet."""
    return User.objects.active().filter(pk=number).first()


def the_system() -> User:
    """Return a viewer who sees everything and is in no table: for checks that a command makes."""
    return User(name="system", role=Role.ANALYST)
