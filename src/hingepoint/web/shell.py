"""What every page has around its content: the navigation of the viewer's role, company, theme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from hingepoint import __version__
from hingepoint.domain.home.queries.rooms import Rooms, rooms
from hingepoint.domain.people import queries as people
from hingepoint.domain.sync.rules import is_old
from hingepoint.records.languages import words_of
from hingepoint.records.people import Role
from hingepoint.web import cookies

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; ``count`` of something waits there."""

    label: str
    url: str
    icon: str
    current: bool
    group: str = ""
    count: int = 0
    page: str = ""


EVERYBODY = frozenset(Role)
SELLING = frozenset({Role.SPONSOR, Role.MANAGER, Role.SELLER, Role.ANALYST})
SEEING_ALL = frozenset({Role.SPONSOR, Role.ANALYST})

EVERY_DAY, STEER, KNOW, DATA = words_of(("Every day", "Steer", "Know", "Data"))


def always(there: Rooms, role: Role) -> bool:
    return True


def with_deals(there: Rooms, role: Role) -> bool:
    return there.deals


def with_signals(there: Rooms, role: Role) -> bool:
    """Signals are read of deals, from the first night on; before that the room holds nothing."""
    return there.deals and (there.signals or there.strategy)


def with_strategy(there: Rooms, role: Role) -> bool:
    """Who writes strategies finds the room as soon as there is something to write one about; others when one stands."""
    return there.strategy or (role in SEEING_ALL and (there.deals or there.draft))


def with_pressures(there: Rooms, role: Role) -> bool:
    """Sellers tag deals on the page of the deal; who writes rules finds the room as soon as there are deals to read."""
    return there.pressures or (role in SEEING_ALL and there.deals)


def with_routines(there: Rooms, role: Role) -> bool:
    """Who says what is required finds the room as soon as there is somebody's deal to require it for."""
    return there.routines or (role in SEEING_ALL and there.deals)


def with_coaching(there: Rooms, role: Role) -> bool:
    """Managers find their queue as soon as there are deals; others when sessions are held."""
    return there.coaching or (role == Role.MANAGER and there.deals)


def with_reviews(there: Rooms, role: Role) -> bool:
    """Who leads a team finds the room as soon as there are deals to review; others when a review is planned."""
    return there.reviews or (role in (Role.MANAGER, Role.SPONSOR) and there.deals)


def with_rollouts(there: Rooms, role: Role) -> bool:
    """Who plans rollouts finds the room as soon as a strategy stands that one may be of."""
    return there.rollouts or (role in SEEING_ALL and there.strategy)


def with_findings(there: Rooms, role: Role) -> bool:
    return there.runs or (role in SEEING_ALL and there.deals)


def with_proposals(there: Rooms, role: Role) -> bool:
    """Who has no assistant, or answered it, needs no room for it; its page stands in their account all the same."""
    return there.proposals > 0


class Room(NamedTuple):
    """A place as the list has it: what it is called, its page, its icon, for whom, in which group, and when there is something in it.
    One that is empty is not named; its address opens all the same and says what to do."""

    label: str
    page: str
    icon: str
    roles: frozenset[Role]
    group: str = ""
    filled: Callable[[Rooms, Role], bool] = always


#: The order of the navigation; the rooms of a group stand together.
PLACES = (
    Room(words_of("Home"), "home", "home", EVERYBODY),
    Room(words_of("Proposals"), "proposals", "bulb", SELLING, EVERY_DAY, with_proposals),
    Room(words_of("Talks"), "talks", "message-2", SELLING, EVERY_DAY, with_deals),
    Room(words_of("Deals"), "deals", "briefcase", SELLING, EVERY_DAY, with_deals),
    Room(words_of("Matrix"), "matrix", "layout-grid", SELLING, EVERY_DAY, with_deals),
    Room(words_of("Exceptions"), "exceptions", "arrow-up-right", EVERYBODY, EVERY_DAY, with_deals),
    Room(words_of("Strategy"), "strategies", "route", SELLING, STEER, with_strategy),
    Room(words_of("Signals"), "signals", "radar", SELLING, STEER, with_signals),
    Room(words_of("Coaching"), "coaching", "message-2", SELLING, STEER, with_coaching),
    Room(words_of("Routines"), "routines", "clipboard-check", SELLING, STEER, with_routines),
    Room(words_of("Reviews"), "reviews", "clipboard-list", SELLING, STEER, with_reviews),
    Room(words_of("Pressures"), "pressures", "gauge", SELLING, STEER, with_pressures),
    Room(words_of("Impact"), "rollouts", "scale", EVERYBODY, STEER, with_rollouts),
    Room(words_of("Discovery"), "discovery", "target-arrow", SELLING, KNOW, with_findings),
    Room(words_of("Catalogue"), "catalogue", "book-2", EVERYBODY, KNOW),
    Room(words_of("Questions we ask"), "questions", "list-check", SEEING_ALL, KNOW, with_deals),
    Room(words_of("Imports"), "imports", "file-import", SEEING_ALL, DATA),
    Room(words_of("Connections"), "connections", "link", SEEING_ALL, DATA),
    Room(words_of("Detection rules"), "rules", "database-import", SEEING_ALL, DATA, with_deals),
    Room(words_of("Data health"), "data-health", "stethoscope", SEEING_ALL, DATA, with_deals),
    Room(words_of("People"), "people", "users", SELLING, DATA),
    Room(words_of("Manual"), "manual", "help-circle", EVERYBODY, DATA),
)

#: What each role opens most, for the bar of a phone; where one of them is empty, the next of the list takes its place.
MOST_USED: dict[Role, tuple[str, ...]] = {
    Role.SELLER: ("home", "talks", "deals", "exceptions"),
    Role.MANAGER: ("home", "talks", "exceptions", "signals"),
    Role.SPONSOR: ("home", "signals", "strategies", "exceptions"),
    Role.ANALYST: ("home", "discovery", "imports", "signals"),
    Role.INSIDE_PARTNER: ("home", "exceptions", "catalogue", "manual"),
}
IN_THE_BAR = 4

#: Pages that belong to a place and have an address of their own.
_PART_OF = {
    "teams": "people",
    "trail": "people",
    "words": "catalogue",
    "self-assessments": "signals",
    "principles": "strategies",
    "sponsorship": "strategies",
    "webhooks": "connections",
}


def navigation(request: HttpRequest, there: Rooms) -> list[Place]:
    """Return the places of the viewer's role in which there is something; the one that holds the current page is marked."""
    role = getattr(request.user, "role", "")
    return _places(request, [one for one in all_rooms(role) if one.filled(there, Role(role))], there)


def all_rooms(role: str) -> list[Room]:
    """Return every room of a role, whether or not there is something in it."""
    return [one for one in PLACES if role in one.roles]


def _places(request: HttpRequest, found: list[Room], there: Rooms) -> list[Place]:
    urls = {one.page: reverse(one.page) for one in found}
    current = _holding(request.path, list(urls.values()))
    waiting = {"signals": there.raises, "proposals": there.proposals}
    return [
        Place(
            one.label,
            urls[one.page],
            one.icon,
            urls[one.page] == current,
            one.group,
            waiting.get(one.page, 0),
            one.page,
        )
        for one in found
    ]


def bar(places: list[Place], role: str) -> tuple[list[Place], list[Place]]:
    """Return what stands in the bar of a phone, and what is behind *More*: most used first, then by the order of the list."""
    wanted = MOST_USED.get(Role(role), ()) if role else ()
    ranked = sorted(places, key=lambda one: wanted.index(one.page) if one.page in wanted else len(wanted))
    shown = ranked[:IN_THE_BAR]
    return shown, [one for one in places if one not in shown]


def _holding(path: str, places: list[str]) -> str:
    """Return the place that a page belongs to. Only the first page itself belongs to home."""
    path = next((reverse(place) for page, place in _PART_OF.items() if path.startswith(reverse(page))), path)
    within = [url for url in places if url != reverse("home") and path.startswith(url)]
    return max(within, key=len, default=path)


@dataclass(frozen=True, slots=True)
class PersonaChoice:
    """One of the people a visitor of the demo can be, for the switcher."""

    label: str
    about: str
    url: str
    current: bool


def persona_choices(request) -> list[PersonaChoice]:
    """Return the demo's personas; nothing for any other company."""
    if not (settings.ENVIRONMENT.demo and request.user.is_authenticated):
        return []
    return [
        PersonaChoice(
            label=Role(persona.role).label,
            about=persona.name,
            url=reverse("become", args=[persona.role]),
            current=request.user.key == people.persona_key(persona.role),
        )
        for persona in people.personas()
    ]


def context(request) -> dict:
    """Return the template context of the layout (a Django context processor)."""
    theme = request.COOKIES.get(cookies.named("theme"), "auto")
    there = rooms(request.user, today=timezone.localdate()) if hasattr(request, "user") else Rooms()
    nav = navigation(request, there) if hasattr(request, "user") else []
    return {
        "company": settings.ENVIRONMENT.company,
        "demo": settings.ENVIRONMENT.demo,
        "nav": nav,
        "data_until": there.crm_read if is_old(there.crm_read, at=timezone.now()) else None,
        "proposals_wait": there.proposals,
        "bar": bar(nav, getattr(getattr(request, "user", None), "role", "")),
        "personas": persona_choices(request) if hasattr(request, "user") else [],
        "theme": theme if theme in THEMES else "auto",
        "version": __version__,
        "viewer": getattr(request, "user", None),
    }
