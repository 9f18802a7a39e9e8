"""Letting people in: their addresses, links to print or to mail, and the page that a link opens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from hingepoint.domain.people import actions, queries
from hingepoint.domain.people.rules import LINK_DAYS, expiry
from hingepoint.records.errors import Refused
from hingepoint.records.languages import say, say_many
from hingepoint.records.people import SignIn
from hingepoint.web import clients, drafts, sign_in
from hingepoint.web.requests import Request, whole_number

#: A field of the form of addresses: this and the person's number.
ADDRESS = "address-"


def let_in(request: Request) -> HttpResponse:
    """Who works here and cannot sign in yet: what is missing, and a way in for all of them at once."""
    found = queries.to_let_in(request.user, at=timezone.now())
    context = {
        "without": [one for one in found if one.person.sign_in == SignIn.NO_ADDRESS],
        "ready": [one for one in found if one.person.sign_in != SignIn.NO_ADDRESS],
        "typing": drafts.of(request, reverse("set-addresses")),
        "address": ADDRESS,
        "mails": sign_in.may_mail(),
        "days": LINK_DAYS,
    }
    return render(request, "people/let_in.html", context)


@drafts.kept("let-in")
@require_POST
def set_addresses(request: Request) -> HttpResponse:
    """Take the addresses that were typed, all of them or none."""
    typed = {
        number: str(text)
        for name, text in request.POST.items()
        if name.startswith(ADDRESS)
        and (number := whole_number(name.removeprefix(ADDRESS))) is not None
        and str(text).strip()
    }
    people = queries.users_to_change(request.user, typed)
    try:
        addresses = {user: typed[user.pk] for user in people}
        actions.set_addresses(by=request.user, at=timezone.now(), addresses=addresses)
    except actions.WrongAddresses as wrong:
        by_field = {f"{ADDRESS}{number}": words for number, words in wrong.by_person.items()}
        raise Refused(wrong.words, by_field=by_field) from None
    messages.info(
        request,
        say_many(
            "{n} address noted. Now invite them.",
            "{n} addresses noted. Now invite them.",
            len(typed),
            n=len(typed),
        ),
    )
    return redirect("let-in")


@drafts.kept("person", "user_id")
@require_POST
def set_address(request: Request, user_id: int) -> HttpResponse:
    """Say with which address a person signs in."""
    user = queries.user_to_change(request.user, user_id)
    actions.set_address(by=request.user, at=timezone.now(), user=user, email=request.POST.get("email", ""))
    said = (
        say("{user} signs in with {email}.", user=user.name, email=user.email)
        if user.email
        else say("{user} has no address now.", user=user.name)
    )
    messages.info(request, f"{said} {say('Links made before do not work any more.')}")
    return redirect("person", user_id)


@drafts.kept("let-in")
@require_POST
def invite_people(request: Request) -> HttpResponse:
    """Make links: mailed in the background, or shown this once on a page to print."""
    told = map(whole_number, request.POST.getlist("who"))
    chosen = {one for one in told if one is not None}
    people = queries.users_to_change(request.user, chosen)
    if not people:
        raise Refused("Choose at least one person.")
    who: dict[str, Any] = {"by": request.user, "at": timezone.now(), "users": people}
    if request.POST.get("way") != "mail" or not sign_in.may_mail():
        return _shown_once(request, actions.invite(**who), people)
    number = actions.invite_by_mail(**who, page=_links_begin(request))
    messages.info(
        request,
        say_many(
            "{n} mail on the way. Reload in a minute to see which went out.",
            "{n} mails on the way. Reload in a minute to see which went out.",
            number,
            n=number,
        ),
    )
    return redirect("let-in")


def _links_begin(request: Request) -> str:
    """Return what every link begins with, before what it carries."""
    return request.build_absolute_uri(reverse("welcome", args=["x"]))[:-1]


def _shown_once(request: Request, tokens: dict[int, str], people: list[Any]) -> HttpResponse:
    """Show links that nobody can show again: what is kept of them opens nothing."""
    begin = _links_begin(request)
    lines = [
        (one.name, one.email, begin + tokens[one.pk]) for one in sorted(people, key=lambda one: one.name)
    ]
    context = {"lines": lines, "until": timezone.localtime(expiry(timezone.now()))}
    return private(render(request, "people/links.html", context))


def private(response: HttpResponse) -> HttpResponse:
    """Let no search engine keep a page, and tell its address to no other site. Not to ourselves
    either would be too much: browsers then send forms without saying where from, which are refused."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@drafts.flashed("person", "user_id")
@require_POST
def revoke_invitation(request: Request, user_id: int) -> HttpResponse:
    """Let the link of a person not work any more."""
    user = queries.user_to_change(request.user, user_id)
    actions.revoke_invitation(by=request.user, at=timezone.now(), user=user)
    messages.info(request, say("The link of {user} does not work any more.", user=user.name))
    return redirect("person", user_id)


class PasswordForm(forms.Form):
    """A password, typed twice."""

    password = forms.CharField(max_length=1000, strip=False)
    again = forms.CharField(max_length=1000, strip=False, label="The password again")

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if {"password", "again"} <= entered.keys() and entered["password"] != entered["again"]:
            self.add_error("again", "The two are not the same. Type both again.")
        return entered


class ForgottenForm(forms.Form):
    email = forms.EmailField(max_length=254, label="E-mail address")


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: Request) -> HttpResponse:
    """Have a link mailed by which somebody chooses a new password. The answer is the same whoever is meant."""
    if not sign_in.may_mail():
        return redirect("sign-in")  # which says whom to ask
    if request.method != "POST":
        return private(
            render(
                request,
                "people/forgotten.html",
                {"draft": drafts.of(request), "blank": drafts.blank(ForgottenForm)},
            )
        )
    at, email = timezone.now(), drafts.read(ForgottenForm(request.POST))["email"]
    address = clients.counted_address(request)
    who: dict[str, Any] = {"account": f"forgotten from {address}", "address": address, "at": at}
    actions.require_sign_in_allowed(**who)
    actions.note_failed_sign_in(**who)
    actions.forget_password(at=at, email=email, page=_links_begin(request))
    messages.info(
        request, say("If {email} signs in here, a link is on its way. It works for one hour.", email=email)
    )
    return redirect("sign-in")


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: Request, token: str) -> HttpResponse:
    """What a link opens: who one is here, and choosing a password. A link that does not work says no more than
    that, whatever the reason."""
    invited = queries.invited_by(token, at=timezone.now())
    if invited is None:
        return private(render(request, "people/welcome.html", {"invited": None}, status=404))
    if request.method != "POST":
        context = {"invited": invited, "draft": drafts.of(request)}
        return private(render(request, "people/welcome.html", context))
    entered = drafts.read(PasswordForm(request.POST))
    user = actions.choose_password(at=timezone.now(), token=token, password=entered["password"])
    response = sign_in.let_in_or_ask_for_code(request, user, "home")
    messages.info(
        request,
        say(
            "Welcome, {user}. Next time sign in with {email} and your password.",
            user=user.name,
            email=user.email,
        ),
    )
    return response
