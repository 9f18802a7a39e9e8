"""The ten signals: all on one page, a page each, and what people say of a raise."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis.signals.shape import Place, Reading, State, Told
from hingepoint.connectors import files
from hingepoint.domain.notices import vain
from hingepoint.domain.people import actions as people
from hingepoint.domain.signals import actions, queries, recorded, rules
from hingepoint.records.languages import say, words_of
from hingepoint.records.signals import ANSWERS, DECISIONS, StepKind
from hingepoint.web import drafts, exports, signal_pictures, signal_words
from hingepoint.web.requests import Request, whole_number
from hingepoint.web.sent import once

#: What asks most stands first.
ORDER = ("new", "in_hand", State.WATCH, State.CALM, State.STALE, State.NO_DATA)
#: How somebody can answer; none is louder than another.
FOUND = words_of(
    [
        (StepKind.CONFIRMED.value, "It is so", "The deals behind it show it"),
        (StepKind.FALSE.value, "False alarm", "Something else explains it"),
        (StepKind.ANSWERED.value, "Not known yet", "Say who finds out, and until when"),
    ]
)
DECIDED = words_of([(StepKind.LED, "Yes, note it"), (StepKind.NOT_LED, "No"), (StepKind.NOT_YET, "Not yet")])
#: More places than this are a list that nobody reads.
MOST_PLACES = 30
#: What is raised is told at home in so many tiles at most; the others are on the signals' own page.
MOST_AT_HOME = 4
#: Of calm ones the first are enough: nothing is asked of them.
MOST_CALM = 12
#: Beyond so many rows a picture is a list again.
MOST_DRAWN = 10


class DayForm(forms.Form):
    as_of = forms.DateField(required=False)
    place = forms.CharField(required=False, max_length=330)


def asked(request: Request) -> tuple[dt.date | None, str, list[str]]:
    """Return the day and the place an address asks for, and which of the two cannot be read."""
    form = DayForm(request.GET)
    form.is_valid()
    told = form.cleaned_data
    return told.get("as_of"), told.get("place") or "", list(form.errors)


def shown(**more: Any) -> dict[str, Any]:
    """Return what templates of signals need besides their data."""
    return {
        "say": signal_words,
        "marks": signal_words.MARKS,
        "step_words": dict(StepKind.choices),
        "found": FOUND,
        "decided": DECIDED,
        **more,
    }


# ---- all ten ----


def signals(request: Request) -> HttpResponse:
    """The ten signals on one page: what rose, what is in hand, what is watched. First pages fetch the sentence with what is
    raised."""
    as_of, _, unread = asked(request)
    found = queries.overview(request.user, as_of)
    tiles = sorted(found.tiles, key=lambda one: ORDER.index(mark_of(one)))
    times = signal_pictures.Times(found.period, found.day or timezone.localdate())
    context = shown(
        overview=found,
        tiles=[(one, mark_of(one), signal_pictures.tile(one.told, times)) for one in tiles],
        new=[one for one in tiles if mark_of(one) == "new"],
        noticed=signal_words.would_notice([one.told for one in tiles]),
        as_of=as_of,
        unread=unread,
    )
    if request.htmx.target != "what-rose":
        return render(request, "signals/signals.html", context)
    visited = None if as_of else people.note_visit(by=request.user, at=timezone.now())
    names = {tile.told.signal.key: tile.told.signal.name for tile in tiles}
    since = [one for tile in tiles for one in tile.raises if visited and one.first_day >= visited]
    context |= {"visited": visited, "risen": since, "signal_names": names, "most_at_home": MOST_AT_HOME}
    return render(request, "signals/_lede.html", context)


def mark_of(tile: queries.Tile) -> str:
    """Return the key of the mark of a tile."""
    return signal_words.standing(tile.told.state, in_hand=tile.in_hand)


# ---- one signal ----


def signal(request: Request, key: str) -> HttpResponse:
    """One signal: its sentence, its chart beside the question, where it is, the deals behind and what was done."""
    as_of, wanted, unread = asked(request)
    page = queries.signal(request.user, key, as_of)
    reading = chosen(page.told, wanted)
    day = page.day or timezone.localdate()
    times = signal_pictures.Times(page.period, day)
    places, calm = places_of(page.told)
    on_day = {"as_of": as_of.isoformat()} if as_of else {}
    context = shown(
        page=page,
        told=page.told,
        reading=reading,
        mark=signal_words.standing(page.told.state, in_hand=page.in_hand),
        picture=signal_pictures.picture(page.told, reading, times, names=page.names),
        recorded=on_record(request, page),
        where=signal_pictures.where(
            page.told,
            [*places, *calm][:MOST_DRAWN],
            names=page.names,
            address=lambda place: f"?{urlencode(on_day | {'place': code(place)})}#chart",
        ),
        places=places,
        calm_places=calm,
        others=len(page.told.places) - len(places) - len(calm),
        leaders=queries.leaders(request.user) if page.may_answer else [],
        months=[(one.isoformat(), signal_words.when(one, "month")) for one in page.months],
        code=code,
        as_of=as_of,
        unread=unread,
    )
    return render(request, "signals/signal.html", context)


def on_record(request: Request, page: queries.SignalPage) -> list[tuple[recorded.Recorded, Any]]:
    """Return what is on record for a signal without a reading, with its pictures; nothing for others."""
    if page.told.state is not State.NO_DATA:
        return []
    found = recorded.recorded(request.user, page.told.signal.key, today=timezone.localdate())
    return [(one, signal_pictures.on_record(one)) for one in found]


def code(place: Place) -> str:
    """Return a place as an address names it: ``team:North``."""
    return f"{place.level}:{place.name}"


def chosen(told: Told, wanted: str) -> Reading | None:
    """Return the place an address names; the leading one where it names none that is known."""
    return next((one for one in told.places if code(one.place) == wanted), told.leading)


def places_of(told: Told) -> tuple[list[Reading], list[Reading]]:
    """Return the places to list, what asks most first, and those that are calm; the company stands among the first."""
    order = list(State)
    ranked = sorted(told.places, key=lambda one: -order.index(one.state))
    first = [one for one in ranked if one.state is not State.CALM or one.place.level == signal_words.COMPANY]
    return first[:MOST_PLACES], [one for one in ranked if one not in first][:MOST_CALM]


def signal_deals(request: Request, key: str) -> FileResponse:
    """Hand out the deals behind a signal as CSV, those of one place where the address names it."""
    as_of, wanted, _ = asked(request)
    level, _, name = wanted.partition(":")
    deals = queries.deals_behind(request.user, key, Place(level, name) if wanted else None, as_of)
    rows = ((one.key, one.name, one.owner, one.amount, one.currency) for one in deals)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    files.write_table((["deal_id", "name", "owner", "amount", "currency"], rows), file, "csv")
    file.seek(0)
    day = as_of or timezone.localdate()
    return FileResponse(
        file, as_attachment=True, filename=f"{key}-{day.isoformat()}.csv", content_type=exports.TYPES["csv"]
    )


# ---- what people say of a raise ----


class AnswerForm(forms.Form):
    found = forms.ChoiceField(
        choices=[(one.value, one.value) for one in ANSWERS],
        error_messages={"required": "Choose whether it is so, or a false alarm."},
    )
    words = forms.CharField(required=False, max_length=5000)


@drafts.kept("signal", "key")
@require_POST
@once()
def answer_raise(request: Request, key: str, raise_id: int) -> HttpResponse:
    """Say what one makes of a raise."""
    queries.require_answerable(request.user, key, raise_id)
    entered = drafts.read(AnswerForm(request.POST))
    actions.answer(
        by=request.user,
        at=timezone.now(),
        raise_id=raise_id,
        words=entered["words"],
        found=StepKind(entered["found"]),
    )
    messages.info(request, "Your answer stands here. The mark stays until the reading is back.")
    return redirect("signal", key)


class DecideForm(forms.Form):
    led = forms.ChoiceField(
        choices=[(one.value, one.value) for one in DECISIONS],
        error_messages={"required": "Choose yes, no or not yet."},
    )
    words = forms.CharField(required=False, max_length=5000)


@drafts.kept("signal", "key")
@require_POST
@once()
def decide_raise(request: Request, key: str, raise_id: int) -> HttpResponse:
    """Say whether a raise led to a decision."""
    queries.require_answerable(request.user, key, raise_id)
    entered = drafts.read(DecideForm(request.POST))
    led = StepKind(entered["led"])
    actions.decide(by=request.user, at=timezone.now(), raise_id=raise_id, led=led, words=entered["words"])
    messages.info(request, say("Noted: {what}.", what=led.label.lower()))
    if led == StepKind.NOT_LED and key in {one for one, _ in vain.offered(request.user)}:
        words = say(
            "It led to nothing three times in a row. Under your account, Mail, chat and calendar, you can leave it out of mails."
        )
        messages.info(request, words)
    return redirect("signal", key)


@drafts.kept("signal", "key")
@require_POST
def give_raise(request: Request, key: str, raise_id: int) -> HttpResponse:
    """Make a raise the task of somebody else."""
    queries.require_answerable(request.user, key, raise_id)
    to = whole_number(request.POST.get("to", "")) or 0
    actions.give(by=request.user, at=timezone.now(), raise_id=raise_id, to=to)
    messages.info(request, "Given. It stands among their signals now.")
    return redirect("signal", key)


class MuteForm(forms.Form):
    until = forms.DateField(error_messages={"required": "Choose the last day of the mute."})
    reason = forms.CharField(required=False, max_length=500)


@drafts.kept("signal", "key")
@require_POST
@once()
def mute_raise(request: Request, key: str, raise_id: int) -> HttpResponse:
    """Ask no more about a raise until a day, with a reason."""
    queries.require_answerable(request.user, key, raise_id)
    entered = drafts.read(MuteForm(request.POST))
    actions.mute(by=request.user, at=timezone.now(), raise_id=raise_id, **entered)
    messages.info(request, "Muted. It is asked about again after that day.")
    return redirect("signal", key)


@drafts.flashed("signal", "key")
@require_POST
def unmute_raise(request: Request, key: str, raise_id: int) -> HttpResponse:
    """Ask about a raise again."""
    queries.require_answerable(request.user, key, raise_id)
    actions.unmute(by=request.user, at=timezone.now(), raise_id=raise_id)
    return redirect("signal", key)


# ---- limits are set anew ----


class WhyForm(forms.Form):
    reason = forms.CharField(required=False, max_length=2000)


class LimitsForm(WhyForm):
    since = forms.DateField(error_messages={"required": "Choose the month."})


@drafts.kept("signal", "key")
@require_POST
@once()
def set_limits(request: Request, key: str) -> HttpResponse:
    """Set the limits of a signal anew from a month on, with a reason."""
    rules.require_setting(request.user, key)
    entered = drafts.read(LimitsForm(request.POST))
    actions.set_limits(by=request.user, at=timezone.now(), signal=key, **entered)
    messages.info(request, "Set. The next reading, tonight, begins the chart anew from that month.")
    return redirect("signal", key)


@drafts.kept("signal", "key")
@require_POST
@once()
def undo_limits(request: Request, key: str, limits_id: int) -> HttpResponse:
    """Take back that limits were set anew, with a reason."""
    rules.require_setting(request.user, key)
    entered = drafts.read(WhyForm(request.POST))
    actions.undo_limits(by=request.user, at=timezone.now(), signal=key, limits_id=limits_id, **entered)
    messages.info(request, "Taken back. The next reading, tonight, has the limits of before.")
    return redirect("signal", key)
