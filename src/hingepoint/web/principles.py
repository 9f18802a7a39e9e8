"""Principles: those in force, agreeing to them, the draft of the next version, and where they are cited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hingepoint.domain.detection.actions import key_for
from hingepoint.domain.principles import actions, rules, tasks
from hingepoint.domain.principles.queries import cited, principles_page
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.principles import Check, Place, Principle
from hingepoint.web import drafts
from hingepoint.web.requests import Request, wants_piece


def cited_at(request: Request, place: Place, *types: str) -> dict[str, Any]:
    """Return what ``principles/_cited.html`` shows on a page of another subject. One SQL query."""
    return {"cited": cited.cited(request.user, place, types=types)}


@require_GET
def principles(request: Request) -> HttpResponse:
    """The principles in force, who agreed, and what the register says of each."""
    return render(
        request, "principles/principles.html", {"page": principles_page.principles_page(request.user)}
    )


@require_GET
def asked(request: Request) -> HttpResponse:
    """What the reader has not agreed to yet. Home fetches it as a piece; by itself it is a page."""
    piece = wants_piece(request, "principles-asked")
    context = {"to_agree": principles_page.to_agree(request.user)}
    return render(request, f"principles/{'_asked' if piece else 'asked'}.html", context)


@drafts.flashed("principles")
@require_POST
def agree(request: Request, number: int) -> HttpResponse:
    """Agree to the version in force."""
    actions.agree(by=request.user, at=timezone.now(), number=number)
    messages.info(
        request, say("You agreed to version {number}. The next version will ask you again.", number=number)
    )
    return redirect("principles")


@require_GET
def version(request: Request, number: int) -> HttpResponse:
    """A version as it was published, and what it changed."""
    page = principles_page.version_page(request.user, number)
    return render(request, "principles/version.html", {"page": page})


@require_POST
def test(request: Request) -> HttpResponse:
    """Read anew, in the background, whether deals end better where principles are kept."""
    _keeper(request)
    tasks.read_in_background.enqueue()
    messages.info(request, "The register is being read. Come back in a minute.")
    return redirect("principles")


# ---- the draft ----


def _keeper(request: Request) -> None:
    if not rules.may_keep(request.user):
        raise Hidden("not theirs to keep")


@require_GET
def draft(request: Request) -> HttpResponse:
    """The draft of the next version: what it says, what it changes, whom it asks."""
    page = principles_page.draft_page(request.user)
    return render(request, "principles/draft.html", {"page": page, "draft": drafts.of(request)})


@require_POST
def begin_draft(request: Request) -> HttpResponse:
    """Begin the next version, or go on with the one there is."""
    actions.draft(by=request.user, at=timezone.now())
    return redirect("principles-draft")


@require_POST
def drop_draft(request: Request) -> HttpResponse:
    """Throw the draft away."""
    actions.drop_draft(by=request.user, at=timezone.now())
    messages.info(request, "The draft is gone. What is in force stays.")
    return redirect("principles")


class PrincipleForm(forms.Form):
    """A principle as a person writes it."""

    name = forms.CharField(max_length=80)
    text = forms.CharField(max_length=600, label="What it says")
    seen = forms.CharField(required=False, max_length=300, label="How one sees it")
    places = forms.MultipleChoiceField(choices=Place.choices, label="Where it applies")
    agreements = forms.MultipleChoiceField(required=False, label="Only for")
    check = forms.ChoiceField(required=False, choices=Check.choices, label="What the register sees")

    def principle(self, key: str) -> Principle:
        told = self.cleaned_data
        return Principle(
            key=key or key_for(told["name"]),
            name=told["name"],
            text=told["text"],
            seen=told["seen"],
            places=tuple(map(Place, told["places"])),
            agreements=tuple(told["agreements"]),
            check=Check(told["check"]),
        )


@drafts.kept()
def new_principle(request: Request) -> HttpResponse:
    """Write a principle into the draft."""
    return _write(request, Principle("", "", ""))


@drafts.kept()
def edit_principle(request: Request, key: str) -> HttpResponse:
    """Change a principle of the draft."""
    return _write(request, principles_page.draft_page(request.user).principle(key))


def _write(request: Request, one: Principle) -> HttpResponse:
    page = principles_page.draft_page(request.user)
    if request.method != "POST":
        return _form(request, page, one)
    form = PrincipleForm(request.POST)
    drafts.offer(form, "agreements", page.types)
    drafts.read(form)
    written = form.principle(one.key)
    if not one.key and any(known.key == written.key for known in page.principles):
        raise actions.PrincipleKnown("There is a principle of this name already.")
    actions.put(
        by=request.user,
        at=timezone.now(),
        principles=[written],
        expected_version=drafts.version_of(request.POST),
    )
    return redirect("principles-draft")


def _form(request: Request, page: principles_page.DraftPage, one: Principle) -> HttpResponse:
    kept = drafts.of(request)
    known = rules.plain(one) | {"check": one.check.value, "version": page.version}
    context = {
        "page": page,
        "one": one,
        "draft": kept,
        "said": kept.over(known),
        "problems": kept.problems,
        "places": Place.choices,
        "checks": [pair for pair in Check.choices if pair[0]],
    }
    return render(request, "principles/form.html", context)


@drafts.flashed("principles-draft")
@require_POST
def leave_out(request: Request, key: str) -> HttpResponse:
    """Leave a principle out of the next version."""
    actions.leave_out(by=request.user, at=timezone.now(), key=key)
    return redirect("principles-draft")


@drafts.flashed("principles-draft")
@require_POST
def move_up(request: Request, key: str) -> HttpResponse:
    """Let a principle stand one place earlier."""
    actions.move_up(by=request.user, at=timezone.now(), key=key)
    return redirect("principles-draft")


@drafts.kept("principles-draft")
@require_POST
def publish(request: Request) -> HttpResponse:
    """Put the draft in force; everybody is asked to agree."""
    row = actions.publish(
        by=request.user, at=timezone.now(), expected_version=drafts.version_of(request.POST)
    )
    messages.info(
        request, say("Version {row} is in force. Everybody is asked to agree; go first.", row=row.number)
    )
    return redirect("principles")


@require_POST
def archive(request: Request) -> HttpResponse:
    """Put the version in force out of use."""
    row = actions.archive(by=request.user, at=timezone.now())
    messages.info(request, say("Version {row} is archived. Nothing is cited any more.", row=row.number))
    return redirect("principles")
