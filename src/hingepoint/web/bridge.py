"""The company's own words and the catalogue's: say what they mean, see what that does, do it, take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.agreements.queries.catalogue import TypeChoice, keeps_catalogue, type_choices
from hingepoint.domain.bridge import actions, queries
from hingepoint.domain.bridge.rules import Choice, Joined
from hingepoint.records.agreements import Side
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason, say, say_many
from hingepoint.records.names import normal
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import drafts
from hingepoint.web.requests import Request

#: What is said of a word: left for later, one of the types, another type by its name, the company's own.
LATER, TYPE, OTHER, OWN = "", "type:", "other", "own"
_WORD = "word-"


def words(request: Request) -> HttpResponse:
    """The words of the company's files in question, with what they may mean; and those that are settled. What was
    chosen before looking at its effect is shown again."""
    again = request.GET.get("with", "")
    page = queries.words_page(request.user, also=again)
    sent = next((d for d in map(_sent_to(request), ("look-at-words", "settle-words")) if d), drafts.NOTHING)
    typed = request.POST if request.method == "POST" and not sent else sent.typed
    said = {word.id: _said(typed, word) for word in page.words}
    if not typed:
        said |= _meant(page, said, again, request.GET.get("means", ""))
    context = {
        "page": page,
        "draft": sent,
        "problems": sent.problems,
        "said": said,
        "sides": Side.choices,
    }
    return render(request, "bridge/words.html", context)


def _meant(
    page: queries.WordsPage, said: Mapping[int, dict[str, str]], word: str, means: str
) -> dict[int, dict[str, str]]:
    """Return what the form says where an address asks to make a word one with a type, both by key; nothing is done by it."""
    kind = next((one for one in page.choices if one.key == means), None)
    asked = next((one for one in page.words if one.key == word), None)
    if kind is None or asked is None:
        return {}
    same = normal(kind.name) == normal(asked.name)
    return {asked.id: said[asked.id] | {"word": OTHER, "other": kind.key if same else kind.name}}


def _sent_to(request: Request) -> Any:
    return lambda route: drafts.of(request, reverse(route))


def _said(typed: Mapping[str, str], word: queries.Word) -> dict[str, str]:
    """Return what the fields of a word say: what was chosen, else what is sure."""
    sure = TYPE + word.sure.key if word.sure else LATER
    usual = {"word": LATER if typed else sure, "other": "", "side": word.likely_side}
    return {name: typed.get(f"{name}-{word.id}", value) for name, value in usual.items()}


@drafts.kept("words")
@require_POST
def look_at_words(request: Request) -> HttpResponse:
    """What the choices would do, before anything is done."""
    if not keeps_catalogue(request.user):
        raise Hidden("not theirs to say")
    choices = _choices(request.POST, type_choices(request.user))
    if not choices:
        raise Refused("Say of one word at least what it means.")
    effects = queries.effects(request.user, choices)
    kept = [effect for effect in effects if effect.moved is None]
    context = {"tied": [effect for effect in effects if effect.moved], "kept": kept, "effects": effects}
    return render(request, "bridge/look.html", context)


@drafts.kept("words")
@require_POST
def settle_words(request: Request) -> HttpResponse:
    """Tie words to the catalogue, or keep them."""
    if not keeps_catalogue(request.user):
        raise Hidden("not theirs to say")
    choices = _choices(request.POST, type_choices(request.user))
    moved = actions.settle(by=request.user, at=timezone.now(), choices=choices)
    left = queries.unsettled(request.user)
    messages.info(request, _told(moved, kept=len(choices) - len(moved), left=left))
    return redirect("words" if left else "home")


def _told(moved: Sequence[Joined], *, kept: int, left: int) -> str:
    """Return what was done, in a sentence or three."""
    tied, agreements = len(moved), sum(one.agreements for one in moved)
    told = []
    if tied:
        told.append(
            say_many(
                "{n} word is tied to the catalogue, with {agreements}.",
                "{n} words are tied to the catalogue, with {agreements}.",
                tied,
                n=tied,
                agreements=plural(agreements, "agreement"),
            )
        )
    if kept:
        told.append(
            say_many("{n} kept as a type of your own.", "{n} kept as types of your own.", kept, n=kept)
        )
    told.append(
        say("{n} still in question.", n=left)
        if left
        else say("No word of your files is in question any more.")
    )
    return " ".join(told)


def _choices(sent: Mapping[str, str], known: Sequence[TypeChoice]) -> list[Choice]:
    """Return what a form says of words; those left for later are not named. Raises Refused."""
    by_name = {normal(name): one.key for one in known for name in (one.key, one.name)}
    numbers = [field.removeprefix(_WORD) for field in sent if field.startswith(_WORD)]
    found: list[Choice | None] = []
    wrong: dict[str, str] = {}
    for number in filter(str.isdecimal, numbers):
        try:
            found.append(_choice(number, sent, by_name))
        except Refused as error:
            wrong |= error.by_field
    if wrong:
        raise Refused(next(iter(wrong.values())), by_field=wrong)
    return [one for one in found if one is not None]


def _choice(number: str, sent: Mapping[str, str], by_name: Mapping[str, str]) -> Choice | None:
    """Return what is said of one word, None for later. Raises Refused and OutOfDate."""
    said, other, side = (sent.get(f"{name}-{number}", "").strip() for name in ("word", "other", "side"))
    if said == LATER and not other:
        return None
    seen = drafts.version_of(sent, f"version-{number}")
    if said in (OTHER, LATER):
        return Choice(int(number), seen, means=_named(other, by_name, field=f"other-{number}"))
    if said.startswith(TYPE) and said != TYPE:
        return Choice(int(number), seen, means=said.removeprefix(TYPE))
    if said == OWN:
        return Choice(int(number), seen, side=side if side in dict(Side.choices) else "")
    raise Refused("Choose one of the answers.", field=f"{_WORD}{number}")


def _named(other: str, by_name: Mapping[str, str], *, field: str) -> str:
    """Return the key of the type that somebody named. Raises Refused."""
    if not other:
        raise Refused("Say which type it means.", field=field)
    if normal(other) not in by_name:
        raise Refused(
            reason("The catalogue has no type “{name}”. Choose one from the list.", name=other), field=field
        )
    return by_name[normal(other)]


@drafts.kept()
def untie_word(request: Request, key: str) -> HttpResponse:
    """See what untying a word does, and do it."""
    page = queries.untie_page(request.user, key)
    if request.method != "POST":
        return render(request, "bridge/untie.html", {"page": page, "draft": drafts.of(request)})
    back = actions.untie(
        by=request.user,
        at=timezone.now(),
        key=key,
        expected_version=drafts.version_of(request.POST),
    )
    messages.info(
        request,
        say(
            "“{name}” is in question again. {agreements} went back to it.",
            name=page.name,
            agreements=plural(back, "agreement"),
        ),
    )
    return redirect("words")
