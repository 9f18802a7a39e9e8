"""Signing in with the company's account: there and back, its settings, and what its groups give."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from hingepoint.connectors import oidc
from hingepoint.domain.people import queries as people
from hingepoint.domain.second_factors import queries as second_factors
from hingepoint.domain.sign_on import actions, queries
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason, say
from hingepoint.records.people import Role
from hingepoint.records.sign_on import GroupGives, arrival_of
from hingepoint.web import cookies, drafts, sign_in
from hingepoint.web.requests import Request, WholeNumber

#: A signed cookie of the way there and back alone: what this browser took along, and where it wanted to go.
JOURNEY, LASTS = "sign_on", dt.timedelta(minutes=10)


# ---- there and back ----


@require_safe
@login_not_required
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the company's sign-in."""
    found = queries.in_force()
    if found is None:
        return redirect("sign-in")
    client, journey = _client(found), oidc.new_journey()
    try:
        provider, anew = oidc.discover(client), "again" in request.GET
        address = oidc.address_to_go_to(provider, client, journey, back=_back(request), anew=anew)
    except oidc.ProviderProblem as problem:
        return _not_let_in(request, str(problem))
    response = redirect(address)
    to = drafts.ours(request, request.GET.get("next", ""))
    kept = signing.dumps([journey.state, journey.nonce, journey.verifier, to], salt=JOURNEY)
    cookies.keep(response, JOURNEY, kept, path=reverse("begin-sign-on"), days=LASTS / dt.timedelta(days=1))
    return response


def _client(found: queries.InForce) -> oidc.Client:
    allowed = settings.ENVIRONMENT.allow_outbound
    return oidc.Client(found.issuer, found.client_id, found.secret, allowed=allowed)


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("sign-on-back"))


def _not_let_in(request: HttpRequest, words: str) -> HttpResponse:
    messages.error(request, words)
    return _without_journey(redirect("sign-in"))


def _without_journey(response: HttpResponse) -> HttpResponse:
    """A browser comes back once: the same answer again is of no journey."""
    response.delete_cookie(cookies.named(JOURNEY), path=reverse("begin-sign-on"), samesite="Lax")
    return response


@require_safe
@login_not_required
def back(request: HttpRequest) -> HttpResponse:
    """Let in who comes back from the company's sign-in. It signs in on a GET, as the protocol has it: only the browser that was
    sent there can."""
    found = queries.in_force()
    if found is None:
        return redirect("sign-in")
    try:
        return _without_journey(_let_in(request, found))
    except (oidc.ProviderProblem, Refused) as problem:
        return _not_let_in(request, str(problem))


def _let_in(request: HttpRequest, found: queries.InForce) -> HttpResponse:
    """Return the page to go on to. Raises ProviderProblem and NotLetIn."""
    journey, to = _journey(request)
    client = _client(found)
    provider = oidc.discover(client)
    code = oidc.code_of(request.GET.dict(), provider, journey)
    claims = oidc.redeem(provider, client, journey, code=code, back=_back(request))
    arrival = arrival_of(
        claims, issuer=found.issuer, groups_claim=found.groups_claim, proven_claim=found.proven_by
    )
    user = actions.arrive(at=timezone.now(), arrival=arrival)
    if user is None:
        raise actions.NotLetIn(
            "None of your groups lets you in here any more. Ask who looks after your company's accounts."
        )
    ending = oidc.address_to_end(provider, client, back=request.build_absolute_uri(reverse("sign-in")))
    done = bool(arrival.proofs & found.second_factors)
    if not done and second_factors.has_one(user):
        return sign_in.ask_for_code(request, user, to or "home", ending=ending)
    return sign_in.let_in(request, user, to or "home", by_code=done, ending=ending)


def _journey(request: HttpRequest) -> tuple[oidc.Journey, str]:
    """Return what this browser took along, and where it wanted to go. Raises ProviderProblem."""
    try:
        state, nonce, verifier, to = signing.loads(
            request.COOKIES.get(cookies.named(JOURNEY), ""), salt=JOURNEY, max_age=LASTS
        )
    except signing.BadSignature:
        words = reason("This sign-in was begun elsewhere or is over. Begin again.")
        raise oidc.ProviderProblem(words) from None
    return oidc.Journey(state, nonce, verifier), to


# ---- settings ----


class SignOnForm(forms.Form):
    """Where the company's sign-in is, and what counts there."""

    issuer = forms.URLField(max_length=500, required=False, assume_scheme="https", label="Issuer")
    client_id = forms.CharField(max_length=300, required=False, label="Client ID")
    secret = forms.CharField(max_length=1000, required=False)
    groups_claim = forms.CharField(max_length=100, label="Claim with the groups")
    proven_by = forms.CharField(max_length=100, label="Claim that proves the address")
    second_factors = forms.CharField(max_length=300, required=False)
    makes_people = forms.BooleanField(required=False)
    otherwise = forms.ChoiceField(choices=[("", ""), *Role.choices], required=False)


class GroupForm(forms.Form):
    """What one group gives."""

    group = forms.CharField(max_length=200, label="Group")
    role = forms.ChoiceField(choices=[("", ""), *Role.choices], required=False)
    team = WholeNumber(required=False)
    manages = forms.BooleanField(required=False)


def _require_keeper(request: Request) -> None:
    if not people.keeps_people(request.user):
        raise Hidden("not theirs to see")


@drafts.kept()
def settings_page(request: Request) -> HttpResponse:
    """How people sign in with the company's account, what its groups give, and who would have what."""
    tried, words = _tried(request)
    context = {
        "page": queries.page(request.user, tried=tried),
        "tried": tried,
        "tried_words": words,
        "saving": drafts.of(request, reverse("save-sign-on")),
        "letting": drafts.of(request, reverse("let-only-sign-on")),
        "adding": drafts.of(request, reverse("add-sign-on-group")),
        "roles": Role.choices,
        "teams": [(team.id, "\u2003" * team.depth + team.name) for team in people.teams(request.user)],
        "ways_out": queries.ways_out(request.user),
        "back": _back(request),
        "typed": request.GET,
    }
    return render(request, "sign_on/settings.html", context)


def _tried(request: Request) -> tuple[GroupGives | None, str]:
    """Return the line that is only tried, and what is wrong with it."""
    if "group" not in request.GET:
        return None, ""
    form = GroupForm(request.GET)
    if not form.is_valid():
        return None, next(iter(drafts.problems_of(form).values()))
    said = form.cleaned_data
    return GroupGives(
        said["group"], Role(said["role"]) if said["role"] else None, said["team"], said["manages"]
    ), ""


@drafts.kept("sign-on")
@require_POST
def save(request: Request) -> HttpResponse:
    """Keep the settings. The provider is asked what it says of itself first: an address that is wrong is found now, not by the
    first person who signs in."""
    _require_keeper(request)
    said = drafts.read(SignOnForm(request.POST))
    said["second_factors"] = said["second_factors"].split()
    said["otherwise"] = Role(said["otherwise"]) if said["otherwise"] else None
    if said["issuer"] and not settings.ENVIRONMENT.sign_on_issuer:
        _require_there(said)
    actions.save(by=request.user, at=timezone.now(), version=drafts.version_of(request.POST), **said)
    messages.info(
        request, "Kept. Now sign in with your company's account in another browser to see that it works."
    )
    return redirect("sign-on")


def _require_there(said: dict[str, Any]) -> None:
    """Raise Refused where nothing answers at an issuer."""
    client = oidc.Client(said["issuer"], said["client_id"], "", allowed=settings.ENVIRONMENT.allow_outbound)
    try:
        oidc.discover(client)
    except oidc.ProviderProblem as problem:
        raise Refused(str(problem), field="issuer") from None


@drafts.kept("sign-on")
@require_POST
def let_only(request: Request) -> HttpResponse:
    """Let the company's account alone count, but for one way out; or passwords again."""
    _require_keeper(request)
    if request.POST.get("what") == "passwords":
        actions.let_only(by=request.user, at=timezone.now(), way_out=None)
        messages.info(request, "Passwords count again, beside the company's account.")
        return redirect("sign-on")
    wanted = dict(queries.ways_out(request.user))
    chosen = drafts.read(WayOutForm(request.POST))["way_out"]
    if chosen not in wanted:
        raise Refused("Choose who still signs in by password.", field="way_out")
    way_out = people.colleague(request.user, chosen)
    actions.let_only(by=request.user, at=timezone.now(), way_out=way_out)
    messages.info(
        request,
        say("From now on everybody but {name} signs in with the company's account.", name=way_out.name),
    )
    return redirect("sign-on")


class WayOutForm(forms.Form):
    way_out = WholeNumber(label="Who still signs in by password")


@drafts.kept("sign-on")
@require_POST
def add_group(request: Request) -> HttpResponse:
    """Say what a group gives, or see first who would have what."""
    _require_keeper(request)
    said = drafts.read(GroupForm(request.POST))
    if request.POST.get("what") == "try":
        return _try(request)
    team = people.team_to_change(request.user, said["team"]) if said["team"] else None
    role = Role(said["role"]) if said["role"] else None
    told = {"group": said["group"], "role": role, "team": team, "manages": said["manages"]}
    actions.add_group(by=request.user, at=timezone.now(), **told)
    messages.info(
        request, say("{group} gives it from the next sign-in of each of its people on.", group=said["group"])
    )
    return redirect("sign-on")


def _try(request: Request) -> HttpResponse:
    """Show who would have what with a line that nobody keeps."""
    told = {name: request.POST[name] for name in GroupForm.base_fields if request.POST.get(name)}
    return redirect(f"{reverse('sign-on')}?{urlencode(told)}#would-have")


@drafts.flashed("sign-on")
@require_POST
def drop_group(request: Request, line_id: int) -> HttpResponse:
    """Let a group give nothing any more."""
    _require_keeper(request)
    actions.drop_group(by=request.user, at=timezone.now(), line_id=line_id)
    messages.info(
        request, "The group gives nothing any more, from the next sign-in of each of its people on."
    )
    return redirect("sign-on")
