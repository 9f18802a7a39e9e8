"""Search: deals, accounts, people, agreements and pages by a few letters, as a page and under the field of every page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from hingepoint.domain.agreements.queries import catalogue
from hingepoint.domain.search import queries
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.reports.charts import numbers
from hingepoint.web import formats, manual, shell
from hingepoint.web.requests import Request

#: Lines of each group under the field, and on the page.
FEW, MANY = 4, 20


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was found; ``beside`` tells it from others of its name."""

    title: str
    url: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; ``more`` is where all of them are listed, if there may be more."""

    label: str
    icon: str
    lines: tuple[Line, ...]
    more: str = ""


def search(request: Request) -> HttpResponse:
    """What the words in the field name, the nearest first: deals, accounts, people, agreements, pages. Under the
    field it is a piece; by itself it is a page."""
    text = request.GET.get("q", "").strip()[: queries.LONGEST]
    piece = request.htmx.target == "search-found"
    words = queries.words_of(text)
    groups = _found(request, words, FEW if piece else MANY)
    context = {
        "text": text,
        "searched": text,
        "enough": bool(words),
        "groups": groups,
        "least": queries.LEAST_LETTERS,
        "found": sum(len(group.lines) for group in groups),
        "sells": request.user.role != Role.INSIDE_PARTNER,
    }
    return render(request, "search/_found.html" if piece else "search/search.html", context)


def _found(request: Request, words: tuple[str, ...], most: int) -> list[Group]:
    if not words:
        return []
    found = queries.find(request.user, " ".join(words), most=most)
    groups = [
        Group(
            say("Deals"),
            "briefcase",
            tuple(_deal(one) for one in found.deals),
            _all_deals(words, found, most),
        ),
        Group(say("Accounts"), "building", tuple(_account(one) for one in found.accounts)),
        Group(say("People"), "users", (*map(_colleague, found.colleagues), *map(_contact, found.contacts))),
        Group(
            say("Agreements"),
            "heart-handshake",
            (*map(_type, found.types), *map(_agreement, found.agreements)),
        ),
        Group(say("Pages"), "route", tuple(_pages(request, words))[:most]),
    ]
    return [group for group in groups if group.lines]


def _all_deals(words: tuple[str, ...], found: queries.Found, most: int) -> str:
    """Return the list of all deals that hold the words, where more than the shown ones may: the list takes them as
    one, so only of one word."""
    many = len(found.deals) == most and len(words) == 1
    return f"{reverse('deals')}?{urlencode({'q': words[0], 'status': 'all'})}" if many else ""


def _told(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _deal(one: queries.FoundDeal) -> Line:
    stands = one.stage if one.status == "open" else formats.words(one.status)
    amount = formats.money(one.amount, one.currency) if one.amount is not None else ""
    account = one.account if one.account not in one.title else ""
    return Line(one.title, reverse("deal", args=[one.id]), _told(account, stands, amount, one.owner))


def _account(one: queries.FoundAccount) -> Line:
    address = f"{reverse('deals')}?{urlencode({'q': one.name, 'status': 'all'})}"
    return Line(
        one.name, address, say("{deals}, {open} open", deals=numbers.plural(one.deals, "deal"), open=one.open)
    )


def _colleague(one: queries.FoundColleague) -> Line:
    gone = "" if one.is_active else say("cannot sign in any more")
    return Line(
        one.name, reverse("person", args=[one.id]), _told(one.title or say(Role(one.role).label), gone)
    )


def _contact(one: queries.FoundContact) -> Line:
    gone = say("left {day}", day=formats.day(one.left_on)) if one.left_on else ""
    return Line(one.name, reverse("deal", args=[one.deal_id]), _told(one.title, one.account, gone))


def _type(one: catalogue.TypeChoice) -> Line:
    stage = say("by stage {stage}", stage=formats.words(one.stage)) if one.stage else ""
    return Line(one.name, reverse("agreement-type", args=[one.key]), _told(say("In the catalogue"), stage))


def _agreement(one: queries.FoundAgreement) -> Line:
    where = one.deal if one.account in one.deal else f"{one.deal}, {one.account}"
    by = say("by {day}", day=formats.day(one.late_after)) if one.late_after else ""
    address = reverse("agreement", args=[one.deal_id, one.type_id])
    return Line(one.name, address, _told(where, say(formats.STATES[one.state].label), by))


#: Pages that the navigation does not name: label, name of the page, for whom. A test holds them to the rights.
FURTHER: tuple[tuple[str, str, frozenset[Role]], ...] = words_of(
    (
        ("Your account", "account", shell.EVERYBODY),
        ("Teams", "teams", shell.EVERYBODY),
        ("Your part in deals", "my-roles", shell.EVERYBODY),
        ("Rules for exceptions", "exception-rules", shell.SELLING),
        ("Found in the CRM, to confirm", "to-confirm", shell.SELLING),
        ("Sort out what is old", "sort-out", shell.SELLING),
        ("Which agreements the matrix shows", "matrix-columns", shell.SELLING),
        ("A new strategy", "new-strategy", shell.SEEING_ALL),
        ("A new rule", "new-rule", shell.SEEING_ALL),
        ("Add a type to the catalogue", "add-agreement-type", shell.SEEING_ALL),
        ("Add a person", "new-person", shell.SEEING_ALL),
        ("Let people in", "let-in", shell.SEEING_ALL),
        ("Bring a sheet of people", "people-sheet", shell.SEEING_ALL),
        ("Who is here twice", "same-people", shell.SEEING_ALL),
        ("Who changed what", "trail", shell.SEEING_ALL),
        ("Definitions", "definitions", shell.SEEING_ALL),
        ("Self-assessment", "self-assessments", shell.SEEING_ALL),
        ("What discovery needs", "discovery-readiness", shell.SEEING_ALL),
        ("Run discovery", "new-run", frozenset({Role.ANALYST})),
    )
)


def _pages(request: Request, words: tuple[str, ...]) -> Iterator[Line]:
    """Return pages of the product, then of the manual without its decisions, whose titles hold every word."""
    named = [(say(room.label), reverse(room.page), "") for room in shell.all_rooms(request.user.role)]
    named += [(say(label), reverse(page), "") for label, page, roles in FURTHER if request.user.role in roles]
    for folder in (folder for folder, _ in manual.SECTIONS if folder != "decisions"):
        pages = [(manual.pages()[name], reverse("manual", args=[name])) for name in manual.in_section(folder)]
        named += [(title, url, say("Manual")) for title, url in pages]
    if settings.ENVIRONMENT.demo:
        named.append((say("What the demo was built with"), reverse("demo-story"), ""))
    for title, url, beside in named:
        if all(word.casefold() in title.casefold() for word in words):
            yield Line(title, url, beside)
