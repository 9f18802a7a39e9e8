"""People, roles and teams: the pages."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.people import actions, queries
from hingepoint.domain.second_factors import queries as second_factors
from hingepoint.domain.sessions import actions as sessions
from hingepoint.domain.sessions import queries as sessions_queries
from hingepoint.records import conventions
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import say, say_many
from hingepoint.records.people import Role
from hingepoint.web import drafts, sign_in
from hingepoint.web.requests import whole_number
from hingepoint.web.tongues import choosing

ROLES = Role.choices


class PersonForm(forms.Form):
    name = forms.CharField(max_length=200)
    role = forms.ChoiceField(choices=ROLES, initial=Role.SELLER)
    title = forms.CharField(max_length=200, required=False, help_text="As on the business card.")
    email = forms.EmailField(
        required=False,
        help_text="They sign in with it. Invite them on the next page, or give a password here.",
    )
    password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters, if you hand one over in person. Better: invite them, and they choose.",
    )

    def clean(self) -> dict:
        if self.cleaned_data.get("password") and not self.cleaned_data.get("email"):
            self.add_error("email", "A password needs an e-mail address to go with it.")
        return self.cleaned_data


class TeamForm(forms.Form):
    name = forms.CharField(max_length=200)
    parent = forms.ChoiceField(required=False, label="Belongs to")

    def __init__(self, *args, teams, **kwargs):
        super().__init__(*args, **kwargs)
        drafts.offer(self, "parent", team_choices(teams, blank=say("No team: it stands at the top")))


#: Where a team moves that will belong to no other.
TOP = "top"


class MoveForm(forms.Form):
    """Which team moves below which other; the top is a choice, not what happens without one."""

    team = forms.ChoiceField(label="Team")
    below = forms.ChoiceField(label="Will belong to")

    def __init__(self, *args, teams, **kwargs):
        super().__init__(*args, **kwargs)
        drafts.offer(self, "team", team_choices(teams, blank=say("Choose one")))
        top = (TOP, say("No team: it stands at the top"))
        drafts.offer(self, "below", [("", say("Choose one")), top, *team_choices(teams)])

    def teams(self, viewer) -> tuple:
        """Return the team and the one it moves below, None for the top."""
        team, below = self.cleaned_data["team"], self.cleaned_data["below"]
        under = None if below == TOP else queries.team_to_change(viewer, int(below))
        return queries.team_to_change(viewer, int(team)), under


class MembershipForm(forms.Form):
    team = forms.ChoiceField()
    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), label="From")
    manages = forms.BooleanField(required=False, label="Manages this team and all below it")

    def __init__(self, *args, teams, **kwargs):
        super().__init__(*args, **kwargs)
        drafts.offer(self, "team", team_choices(teams))


def team_choices(teams, blank: str = "") -> list[tuple[str, str]]:
    """Return the tree as choices, each level indented."""
    choices = [(str(team.id), "\u2003" * team.depth + team.name) for team in teams]
    return [("", blank), *choices] if blank else choices


def people(request):
    """Everybody who works here, by role and team."""
    wanted = {name: request.GET.get(name, "") for name in ("search", "role", "team", "sign_in")}
    team_id = whole_number(wanted["team"])
    page = whole_number(request.GET.get("page")) or 1
    narrowed = {name: wanted[name] for name in ("search", "role", "sign_in")}
    found = queries.people(request.user, at=timezone.now(), team_id=team_id, page=page, **narrowed)
    context = {
        "found": found,
        "teams": queries.teams(request.user),
        "roles": ROLES,
        "wanted": wanted,
        "keeps": queries.keeps_people(request.user),
    }
    return render(request, "people/people.html", context)


def person(request, user_id: int):
    """One person: role, teams, and what changed."""
    teams = queries.teams(request.user)
    context = {
        "page": queries.person_page(request.user, user_id, at=timezone.now()),
        "keeps": queries.keeps_people(request.user),
        "roles": ROLES,
        "mails": sign_in.may_mail(),
        "second_factor": queries.keeps_people(request.user)
        and second_factors.has_one_seen_by(request.user, user_id),
        "membership_form": MembershipForm(
            drafts.of(request, reverse("join-team", args=[user_id])).typed or None,
            teams=teams,
            initial={"since": timezone.localdate()},
        ),
    }
    return render(request, "people/person.html", context)


def _require_keeper(request) -> None:
    if not queries.keeps_people(request.user):
        raise Hidden


@drafts.kept()
def new_person(request):
    """Add a person."""
    _require_keeper(request)
    if request.method != "POST":
        draft = drafts.of(request)
        context = {"form": PersonForm(draft.typed or None), "draft": draft}
        return render(request, "people/new_person.html", context)
    facts = drafts.read(PersonForm(request.POST))
    user = _add_from(facts, by=request.user, somebody_else=request.POST.get("somebody_else") == "on")
    messages.info(
        request,
        say("{user} is here. Put them in a team so that their manager sees their deals.", user=user.name),
    )
    return redirect("person", user.pk)


def _add_from(facts: dict, *, by, somebody_else: bool):
    facts |= {"email": facts["email"] or None}
    try:
        return merging.add_person(by=by, at=timezone.now(), somebody_else=somebody_else, **facts)
    except IntegrityError:
        field = "email" if facts["email"] else "name"
        raise Refused("Somebody is here under this already.", field=field) from None
    except ValidationError as error:
        raise Refused(" ".join(error.messages), field="password") from None


@drafts.flashed("person", "user_id")
@require_POST
def change_role(request, user_id: int):
    """Give a person another role, from their next request on."""
    user = queries.user_to_change(request.user, user_id)
    role = request.POST.get("role")
    if role not in list(Role):
        raise Hidden
    actions.change_role(by=request.user, at=timezone.now(), user=user, role=Role(role))
    messages.info(
        request,
        say("{user} is now {role}, from their next click.", user=user.name, role=Role(role).label.lower()),
    )
    return redirect("person", user.pk)


@drafts.flashed("person", "user_id")
@require_POST
def set_active(request, user_id: int):
    """Let a person sign in, or no longer."""
    user = queries.user_to_change(request.user, user_id)
    said = request.POST.get("active")
    if said not in ("yes", "no"):
        raise Hidden
    active = said == "yes"
    if user.pk == request.user.pk:
        messages.error(request, "You cannot disable yourself: ask another analyst or the sponsor.")
    else:
        who = {"by": request.user, "at": timezone.now(), "user": user}
        passed = 0 if active else escalations.let_go(**who)
        if active:
            actions.set_active(**who, active=True)
        messages.info(request, _in_or_out(user.name, active, passed))
    return redirect("person", user.pk)


def _in_or_out(name: str, active: bool, passed: int) -> str:
    if active:
        return say("{name} can sign in again.", name=name)
    out = say("{name} is out from now on. Their deals and history stay.", name=name)
    waited = say_many(
        "{n} request that waited for them went on to somebody else.",
        "{n} requests that waited for them went on to somebody else.",
        passed,
        n=conventions.number(passed),
    )
    return f"{out} {waited}" if passed else out


@drafts.kept("person", "user_id")
@require_POST
def join_team(request, user_id: int):
    """Make a person a member or the manager of a team."""
    user = queries.user_to_change(request.user, user_id)
    entered = drafts.read(MembershipForm(request.POST, teams=queries.teams(request.user)))
    team = queries.team_to_change(request.user, int(entered["team"]))
    facts = {name: entered[name] for name in ("since", "manages")}
    actions.join_team(by=request.user, at=timezone.now(), user=user, team=team, **facts)
    return redirect("person", user.pk)


@drafts.flashed("person", "user_id")
@require_POST
def leave_team(request, user_id: int, membership_id: int):
    """End a person's time in a team."""
    membership = queries.membership_to_end(request.user, membership_id)
    until = max(timezone.localdate(), membership.since + dt.timedelta(days=1))
    actions.leave_team(by=request.user, at=timezone.now(), membership=membership, until=until)
    return redirect("person", user_id)


@drafts.kept()
def teams(request):
    """The tree of teams."""
    if request.method == "POST":
        _require_keeper(request)
    found = queries.teams(request.user)
    if request.method == "POST":
        _add_team(drafts.read(TeamForm(request.POST, teams=found)), by=request.user)
        return redirect("teams")
    adding, moving = drafts.of(request), drafts.of(request, reverse("move-team"))
    context = {
        "teams": found,
        "keeps": queries.keeps_people(request.user),
        "adding": adding,
        "form": TeamForm(adding.typed or None, teams=found),
        "draft": moving,
        "moving": MoveForm(moving.typed or None, teams=found),
    }
    return render(request, "people/teams.html", context)


@drafts.kept("teams")
@require_POST
def move_team(request):
    """Let a team stand below another, with all teams below it."""
    _require_keeper(request)
    form = MoveForm(request.POST, teams=queries.teams(request.user))
    drafts.read(form)
    team, below = form.teams(request.user)
    actions.move_team(by=request.user, at=timezone.now(), team=team, below=below)
    messages.info(request, _moved(request.user, team, below))
    return redirect("teams")


def _moved(viewer, team, below) -> str:
    """Say where the team stands now and who sees its deals from their next click."""
    seen_by = queries.managers_over(viewer, team.pk)
    where = (
        say("{team} now belongs to {other}.", team=team.name, other=below.name)
        if below
        else say("{team} now stands at the top.", team=team.name)
    )
    seen = say_many(
        "{who} sees its deals from the next click on.",
        "{who} see its deals from the next click on.",
        len(seen_by),
        who=", ".join(seen_by),
    )
    return f"{where} {seen if seen_by else say('No manager sees its deals from the next click on.')}"


def _add_team(entered: dict, *, by) -> None:
    parent = queries.team_to_change(by, int(entered["parent"])) if entered["parent"] else None
    try:
        actions.add_team(by=by, at=timezone.now(), name=entered["name"], parent=parent)
    except IntegrityError:
        raise Refused("There is a team of this name already.", field="name") from None


@drafts.kept()
def account(request):
    """One's own account: who one is here, and a new password."""
    if request.method == "POST":
        entered = drafts.read(PasswordChangeForm(request.user, request.POST))
        password = entered["new_password1"]
        actions.set_password(by=request.user, at=timezone.now(), user=request.user, password=password)
        update_session_auth_hash(request, request.user)
        messages.info(request, "Your new password holds from now on. Other devices must sign in again.")
        return redirect("account")
    at = timezone.now()
    context = {
        "draft": drafts.of(request),
        "page": queries.person_page(request.user, request.user.pk, at=at),
        "factor": second_factors.own(request.user),
        "places": sessions_queries.places(request.user, key=request.session.session_key, at=at),
        "languages": choosing.offered(),
        "chosen_language": request.user.language,
    }
    return render(request, "people/account.html", context)


@drafts.flashed("account")
@require_POST
def choose_language(request):
    """Say in which language one is spoken to, here and by mail."""
    actions.choose_language(by=request.user, at=timezone.now(), language=request.POST.get("language", ""))
    return redirect("account")


@drafts.flashed("account")
@require_POST
def sign_out_elsewhere(request):
    """Sign oneself out in one other browser, or in all of them."""
    by, at = request.user, timezone.now()
    if handle := request.POST.get("place"):
        sessions.end(by=by, at=at, handle=handle)
        messages.info(request, "That browser is signed out.")
    else:
        ended = sessions.end_others(by=by, at=at, key=request.session.session_key)
        messages.info(
            request,
            say_many(
                "{n} browser signed out.", "{n} browsers signed out.", ended, n=conventions.number(ended)
            )
            if ended
            else "You are signed in nowhere else.",
        )
    return redirect("account")
