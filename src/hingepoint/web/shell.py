"""What every page has around its content: the navigation of the viewer's role, company, theme."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from hingepoint import __version__
from hingepoint.domain.people import queries as people
from hingepoint.records.people import Role

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    label: str
    url: str
    icon: str
    current: bool


EVERYBODY = frozenset(Role)
SELLING = frozenset({Role.SPONSOR, Role.MANAGER, Role.SELLER, Role.ANALYST})
SEEING_ALL = frozenset({Role.SPONSOR, Role.ANALYST})

#: label, name of the page, icon, for whom. The order of the navigation.
PLACES = (
    ("Home", "home", "home", EVERYBODY),
    ("Talks", "talks", "message-2", SELLING),
    ("Deals", "deals", "briefcase", SELLING),
    ("Matrix", "matrix", "layout-grid", SELLING),
    ("Exceptions", "exceptions", "arrow-up-right", EVERYBODY),
    ("Signals", "signals", "radar", SELLING),
    ("Pressures", "pressures", "gauge", SELLING),
    ("Strategy", "strategies", "route", SELLING),
    ("Catalogue", "catalogue", "book-2", EVERYBODY),
    ("Discovery", "discovery", "target-arrow", SELLING),
    ("Detection rules", "rules", "database-import", SEEING_ALL),
    ("Imports", "imports", "file-import", SEEING_ALL),
    ("Data health", "data-health", "stethoscope", SEEING_ALL),
    ("People", "people", "users", SELLING),
    ("Manual", "manual", "help-circle", EVERYBODY),
)

#: Pages that belong to a place and have an address of their own.
_PART_OF = {"teams": "people", "trail": "people", "words": "catalogue"}


def navigation(request) -> list[Place]:
    """Return the places of the viewer's role; the one that holds the current page is marked."""
    role = getattr(request.user, "role", None)
    found = [(label, reverse(page), icon) for label, page, icon, roles in PLACES if role in roles]
    current = _holding(request.path, [url for _, url, _ in found])
    return [Place(label, url, icon, url == current) for label, url, icon in found]


def _holding(path: str, places: list[str]) -> str:
    """Return the place that a page belongs to. Only the first page itself belongs to home."""
    path = next((reverse(place) for page, place in _PART_OF.items() if path == reverse(page)), path)
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
    theme = request.COOKIES.get("theme", "auto")
    return {
        "company": settings.ENVIRONMENT.company,
        "demo": settings.ENVIRONMENT.demo,
        "nav": navigation(request) if hasattr(request, "user") else [],
        "personas": persona_choices(request) if hasattr(request, "user") else [],
        "theme": theme if theme in THEMES else "auto",
        "version": __version__,
        "viewer": getattr(request, "user", None),
    }
