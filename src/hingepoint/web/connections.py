"""Connections with CRMs: address and token, self-test, words and people, dry run, on; and how they run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint import connectors
from hingepoint.domain.sync import actions, queries
from hingepoint.records.deals import BuyingRole, DealStatus
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import say
from hingepoint.reports.charts import columns, tables
from hingepoint.web import drafts, formats
from hingepoint.web.requests import Request, WholeNumber

STEPS = ("Address and token", "Self-test", "Words and people", "Dry run", "On")


def _for_keepers(request: Request) -> None:
    """Who does not look after the data sees no such page."""
    if not queries.may_connect(request.user):
        raise Hidden("no such page")


def connections(request: Request) -> HttpResponse:
    """Every connection, and the CRMs that can be connected."""
    _for_keepers(request)
    known = [(key, connectors.crm(key).label) for key in connectors.CRMS]
    context = {"connections": queries.connections(request.user), "crms": known}
    return render(request, "connections/connections.html", context)


class AddressForm(forms.Form):
    name = forms.CharField(required=False, max_length=100, label="The name")
    url = forms.CharField(max_length=500, label="The address")
    sign_in = forms.CharField(required=False, max_length=30)
    since = forms.DateField(required=False, label="The first day")


@drafts.kept()
def new_connection(request: Request, crm: str) -> HttpResponse:
    """The address of a CRM and how to sign in."""
    _for_keepers(request)
    if crm not in connectors.CRMS:
        raise Hidden("no such page")
    connector = connectors.crm(crm)
    if request.method != "POST":
        way = _way(connector, request.GET.get("sign_in", ""))
        context = {"crm": connector, "way": way, "steps": STEPS, "draft": drafts.of(request)}
        return render(request, "connections/new.html", context)
    said = drafts.read(AddressForm(request.POST))
    way = _way(connector, said["sign_in"])
    made = actions.connect(
        by=request.user,
        at=timezone.now(),
        crm=crm,
        given={name: request.POST.get(name, "") for name in way.secrets},
        options={name: request.POST.get(f"option-{name}", "") for name in connector.options},
        **said,
    )
    return _tried(request, made.pk)


def _way(connector: Any, key: str) -> Any:
    return next((one for one in connector.sign_ins if one.key == key), connector.sign_ins[0])


def _tried(request: Request, connection_id: int) -> HttpResponse:
    """Run the self-test; what goes wrong is said on the page of the connection, whose address is kept."""
    try:
        actions.test(by=request.user, at=timezone.now(), connection_id=connection_id)
    except Refused as problem:
        messages.error(request, f"{problem} Correct the address or the token, and test again.")
    return redirect("connection", connection_id)


def connection(request: Request, connection_id: int) -> HttpResponse:
    """One connection: what it may see, what its words mean, how it runs, what is written back."""
    page = queries.connection_page(request.user, connection_id, at=timezone.now())
    context = {
        "page": page,
        "steps": STEPS,
        "step": _step(page),
        "drafts": _drafts(request, connection_id),
        "pace": _pace(page.hours),
    }
    return render(request, "connections/connection.html", context)


@dataclass(frozen=True, slots=True)
class Pace:
    """The last two days of a connection, drawn for desk and phone, with their table, and the seconds it waited."""

    desk: str
    phone: str
    table: tables.Table
    waited: float


def _pace(hours: Sequence[queries.HoursLine]) -> Pace | None:
    """Return how the runs went, on a phone in half as many columns; None where nothing ran."""
    if not hours:
        return None
    title = say("Records read in the last two days")
    halves = zip(hours[::2], hours[1::2], strict=True)
    drawn = [_column(one.since, one.read) for one in hours]
    fewer = [_column(one.since, one.read + other.read) for one, other in halves]
    return Pace(
        desk=columns.draw(drawn, title=title, framed=False),
        phone=columns.draw(fewer, title=title, width=330, framed=False),
        table=columns.table(drawn, counted=say("Records")),
        waited=sum(one.waited for one in hours),
    )


def _column(since: dt.datetime, read: int) -> columns.Column:
    return columns.Column(formats.moment(since), read, f"{timezone.localtime(since):%H:%M}")


#: Forms of the page of a connection, each sent to an address of its own.
_FORMS = ("set-pace", "set-writing-back", "set-card-hosts", "renew-token")


def _drafts(request: Request, connection_id: int) -> dict[str, drafts.Draft]:
    """Return what could not be kept of each form of the page."""
    return {name: drafts.of(request, reverse(name, args=[connection_id])) for name in _FORMS}


def _step(page: queries.ConnectionPage) -> int:
    if not page.tested:
        return 2
    return 3 if page.open_stages else 5 if page.is_on else 4


@drafts.flashed("connection", "connection_id")
@require_POST
def test_connection(request: Request, connection_id: int) -> HttpResponse:
    """Try again what the token may see."""
    queries.connection_page(request.user, connection_id, at=timezone.now())
    return _tried(request, connection_id)


@drafts.kept()
def say_words(request: Request, connection_id: int) -> HttpResponse:
    """What stages and roles mean, whom users are, and which fields come over; what stays empty is asked again."""
    _for_keepers(request)
    if request.method == "POST":
        said = {part: _all_of(request, f"{part}-") for part in ("stage", "person", "field", "role")}
        actions.say_words(
            by=request.user,
            at=timezone.now(),
            connection_id=connection_id,
            stages=said["stage"],
            people=said["person"],
            fields=said["field"],
            roles=said["role"],
        )
        messages.info(request, "Kept. A dry run shows what it does; the next run brings the deals up to it.")
        return redirect("connection", connection_id)
    wanted = request.GET.get("find", "")
    page = queries.words_page(request.user, connection_id, wanted=wanted)
    context = {
        "page": page,
        "steps": STEPS,
        "meanings": DealStatus.choices,
        "parts": BuyingRole.choices,
        "draft": drafts.of(request),
        "wanted": wanted,
    }
    return render(request, "connections/words.html", context)


def _all_of(request: Request, beginning: str) -> dict[str, str]:
    """Return the fields of a form whose names begin so, by the rest of their names."""
    sent = request.POST
    return {name.removeprefix(beginning): sent[name].strip() for name in sent if name.startswith(beginning)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A deal of the dry run, as it would be here."""

    id: str
    name: str
    status: str
    stage: str
    amount: float | None
    currency: str
    owner: str
    own: tuple[str, ...] = ()


@drafts.flashed("connection", "connection_id")
@require_POST
def rehearse_connection(request: Request, connection_id: int) -> HttpResponse:
    """What the first page of everything would bring; nothing is kept."""
    page = queries.connection_page(request.user, connection_id, at=timezone.now())
    told = actions.rehearse(by=request.user, at=timezone.now(), connection_id=connection_id)
    shown = [
        Shown(
            id=row["deal_id"],
            own=tuple(f"{name}: {row[name]}" for name in told.own if row.get(name)),
            **{name: row[name] for name in ("name", "status", "stage", "amount", "currency", "owner")},
        )
        for row in told.shown
    ]
    context = {
        "page": page,
        "told": told,
        "shown": shown,
        "steps": STEPS,
        "rules": queries.rule_lines(told.rules),
    }
    return render(request, "connections/dry_run.html", context)


@drafts.flashed("connection", "connection_id")
@require_POST
def switch_connection(request: Request, connection_id: int) -> HttpResponse:
    """Let the worker read it, or not any more."""
    on = request.POST.get("state") == "on"
    change = actions.switch_on if on else actions.pause
    change(by=request.user, at=timezone.now(), connection_id=connection_id)
    said = "The worker reads it now, and goes on by itself." if on else "It is not read any more."
    messages.info(request, said)
    return redirect("connection", connection_id)


@drafts.flashed("connection", "connection_id")
@require_POST
def believe_gone(request: Request, connection_id: int) -> HttpResponse:
    """What vanished at once is gone indeed."""
    actions.believe(by=request.user, at=timezone.now(), connection_id=connection_id)
    messages.info(request, "Kept. The next run compares all records again and lets them go.")
    return redirect("connection", connection_id)


class PaceForm(forms.Form):
    every_minutes = WholeNumber(label="The minutes")
    budget_share = WholeNumber(label="The share of requests")


@drafts.kept("connection", "connection_id")
@require_POST
def set_pace(request: Request, connection_id: int) -> HttpResponse:
    """How often it is read, and how much of a day's requests it may take."""
    _for_keepers(request)
    said = drafts.read(PaceForm(request.POST))
    actions.set_pace(
        by=request.user,
        at=timezone.now(),
        connection_id=connection_id,
        every_minutes=said["every_minutes"],
        budget_share=said["budget_share"] / 100,
    )
    return redirect("connection", connection_id)


@drafts.kept("connection", "connection_id")
@require_POST
def set_writing_back(request: Request, connection_id: int) -> HttpResponse:
    """Which parts are written onto the records of the CRM, and into which fields."""
    fields = {
        name.removeprefix("field-"): request.POST[name]
        for name in request.POST
        if name.startswith("field-") and request.POST[name]
    }
    actions.set_writing_back(
        by=request.user,
        at=timezone.now(),
        connection_id=connection_id,
        parts=request.POST.getlist("part"),
        fields=fields,
    )
    messages.info(request, "Kept. Stage and amount are never written.")
    return redirect("connection", connection_id)


@drafts.kept("connection", "connection_id")
@require_POST
def set_card_hosts(request: Request, connection_id: int) -> HttpResponse:
    """Whose pages may show cards of deals."""
    hosts = request.POST.get("hosts", "").split()
    actions.set_card_hosts(by=request.user, at=timezone.now(), connection_id=connection_id, hosts=hosts)
    messages.info(request, "Kept. Nobody else's pages can show a card.")
    return redirect("connection", connection_id)


@drafts.flashed("connection", "connection_id")
@require_POST
def renew_card_key(request: Request, connection_id: int) -> HttpResponse:
    """Another key that signs addresses of cards."""
    at_once = request.POST.get("at_once") == "yes"
    actions.renew_card_key(by=request.user, at=timezone.now(), connection_id=connection_id, at_once=at_once)
    said = "All cards have ended." if at_once else "The addresses of before hold for seven days more."
    messages.info(request, f"{said} The next runs write new ones onto the records of open deals.")
    return redirect("connection", connection_id)


class MoveForm(forms.Form):
    """The address of a connection, and the names that go with it (``queries.OptionLine``)."""

    url = forms.CharField(max_length=500, label="The address")

    def __init__(self, data: Any, options: Iterable[queries.OptionLine]) -> None:
        super().__init__(data)
        for one in options:
            self.fields[f"option-{one.key}"] = forms.CharField(
                required=False, max_length=200, label=one.words
            )


@drafts.kept("connection", "connection_id")
@require_POST
def renew_token(request: Request, connection_id: int) -> HttpResponse:
    """Another token in place of the one before, and the address that it is for."""
    page = queries.connection_page(request.user, connection_id, at=timezone.now())
    said = drafts.read(MoveForm(request.POST, page.options))
    actions.sign_in_anew(
        by=request.user,
        at=timezone.now(),
        connection_id=connection_id,
        given={name: request.POST.get(name, "") for name, _ in page.secret_names},
        url=said["url"],
        options={one.key: said[f"option-{one.key}"] for one in page.options},
    )
    return _tried(request, connection_id)


@drafts.flashed("connection", "connection_id")
@require_POST
def forget_connection(request: Request, connection_id: int) -> HttpResponse:
    """Delete a connection that has brought nothing in."""
    name = actions.forget(by=request.user, at=timezone.now(), connection_id=connection_id)
    messages.info(request, f"{name} is deleted, and its token with it.")
    return redirect("connections")
