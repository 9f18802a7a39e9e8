"""Who you are here, colleagues and teams."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Query, Schema

from hingepoint.api import shapes
from hingepoint.api.callers import Request
from hingepoint.api.routing import Subject
from hingepoint.domain.people import queries
from hingepoint.records.people import Role
from hingepoint.records.tokens import Topic

you = Subject(None, "You")
subject = Subject(Topic.PEOPLE, "People")

Person = shapes.shape("Person", queries.Person, "id name role title email teams manages active")
People = shapes.several(Person)
Membership = shapes.shape("Membership", queries.MembershipLine, "id team manages since until")
PersonPage = shapes.shape(
    "PersonWithTeams",
    queries.PersonPage,
    "person also memberships",
    person=Person,
    memberships=shapes.each(Membership),
)
Team = shapes.shape("Team", queries.TeamLine, "id name depth managers members")


class Me(Schema):
    """Whose rights the token has, and what it may be used for."""

    id: int
    name: str
    role: Role
    token: str
    service: bool
    scopes: list[str]
    expires_at: shapes.dt.datetime


class PeopleAsked(shapes.Part):
    """Which colleagues are asked for."""

    search: shapes.Words = ""
    role: Role | None = None
    team: shapes.Id | None = None


@you.read("/me", Me)
def get_me(request: Request) -> Any:
    """Read who you are here, and what this token may be used for"""
    user, token = request.auth.user, request.auth.token
    return {
        "id": user.pk,
        "name": user.name,
        "role": user.role,
        "token": token.name,
        "service": token.service,
        "scopes": sorted(request.auth.scopes),
        "expires_at": token.expires_at,
    }


@subject.read("/people", People)
def list_people(request: Request, asked: Query[PeopleAsked]) -> Any:
    """List colleagues by name"""
    found = queries.people_after(
        request.auth.user,
        at=timezone.now(),
        after=shapes.after(asked.cursor),
        size=asked.size + 1,
        search=asked.search,
        role=asked.role or "",
        team_id=asked.team,
    )
    return shapes.part(found, asked.size, lambda one: one.id)


@subject.read("/people/{person_id}", PersonPage)
def get_person(request: Request, person_id: shapes.Id) -> Any:
    """Read one colleague"""
    return queries.person_page(request.auth.user, person_id, at=timezone.now())


@subject.read("/teams", shapes.each(Team))
def list_teams(request: Request) -> Any:
    """List the teams, each below its parent"""
    return queries.teams(request.auth.user)
