"""People, roles and teams: the pages."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.people import actions, queries
from hingepoint.records.people import Role
from hingepoint.reports.charts.numbers import plural

ROLES = Role.choices


class PersonForm(forms.Form):
    name = forms.CharField(max_length=200)
    role = forms.ChoiceField(choices=ROLES, initial=Role.SELLER)
    title = forms.CharField(max_length=200, required=False, help_text="As on the business card.")
    email = forms.EmailField(
        required=False, help_text="Needed to sign in. Without one the person is known but cannot sign in."
    )
    password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Hand it over in person; they change it under Your account.",
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
        self.fields["parent"].choices = team_choices(teams, blank="No team: it stands at the top")


#: Where a team moves that will belong to no other.
TOP = "top"


class MoveForm(forms.Form):
    """Which team moves below which other; the top is a choice, not what happens without one."""

    team = forms.ChoiceField(label="Team")
    below = forms.ChoiceField(label="Will belong to")

    def __init__(self, *args, teams, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = team_choices(teams, blank="Choose one")
        top = (TOP, "No team: it stands at the top")
        self.fields["below"].choices = [("", "Choose one"), top, *team_choices(teams)]

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
        self.fields["team"].choices = team_choices(teams)


def team_choices(teams, blank: str = "") -> list[tuple[str, str]]:
    """Return the tree as choices, each level indented."""
    choices = [(str(team.id), "\u2003" * team.depth + team.name) for team in teams]
    return [("", blank), *choices] if blank else choices


def people(request):
    """Everybody who works here, by role and team."""
    wanted = {name: request.GET.get(name, "") for name in ("search", "role", "team")}
    team_id = int(wanted["team"]) if wanted["team"].isdigit() else None
    page = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 1
    found = queries.people(
        request.user, search=wanted["search"], role=wanted["role"], team_id=team_id, page=page
    )
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
        "page": queries.person_page(request.user, user_id),
        "keeps": queries.keeps_people(request.user),
        "roles": ROLES,
        "membership_form": MembershipForm(teams=teams, initial={"since": timezone.localdate()}),
    }
    return render(request, "people/person.html", context)


def _require_keeper(request) -> None:
    if not queries.keeps_people(request.user):
        raise Http404


def new_person(request):
    """Add a person."""
    _require_keeper(request)
    form = PersonForm(request.POST or None)
    if form.is_valid() and (user := _add_from(form, by=request.user)):
        messages.info(
            request, f"{user.name} is here. Put them in a team so that their manager sees their deals."
        )
        return redirect("person", user.pk)
    return render(request, "people/new_person.html", {"form": form})


def _add_from(form: PersonForm, *, by):
    facts = form.cleaned_data | {"email": form.cleaned_data["email"] or None}
    try:
        return actions.add_user(by=by, at=timezone.now(), **facts)
    except IntegrityError:
        form.add_error("email" if facts["email"] else "name", "Somebody is here under this already.")
    except ValidationError as error:
        form.add_error("password", error)
    return None


@require_POST
def change_role(request, user_id: int):
    """Give a person another role, from their next request on."""
    user = queries.user_to_change(request.user, user_id)
    role = request.POST.get("role")
    if role not in list(Role):
        raise Http404
    actions.change_role(by=request.user, at=timezone.now(), user=user, role=Role(role))
    messages.info(request, f"{user.name} is now {Role(role).label.lower()}, from their next click.")
    return redirect("person", user.pk)


@require_POST
def set_active(request, user_id: int):
    """Let a person sign in, or no longer."""
    user = queries.user_to_change(request.user, user_id)
    active = request.POST.get("active") == "yes"
    if user.pk == request.user.pk:
        messages.error(request, "You cannot disable yourself: ask another analyst or the sponsor.")
    else:
        who = {"by": request.user, "at": timezone.now(), "user": user}
        passed = 0 if active else escalations.let_go(**who)
        if active:
            actions.set_active(**who, active=True)
        messages.info(request, f"{user.name} {_in_or_out(active, passed)}")
    return redirect("person", user.pk)


def _in_or_out(active: bool, passed: int) -> str:
    if active:
        return "can sign in again."
    waited = f" {plural(passed, 'request')} that waited for them went on to somebody else." if passed else ""
    return f"is out from now on. Their deals and history stay.{waited}"


@require_POST
def join_team(request, user_id: int):
    """Make a person a member or the manager of a team."""
    user = queries.user_to_change(request.user, user_id)
    form = MembershipForm(request.POST, teams=queries.teams(request.user))
    if not form.is_valid():
        messages.error(request, "Choose a team and the day from which it holds.")
        return redirect("person", user.pk)
    team = queries.team_to_change(request.user, int(form.cleaned_data["team"]))
    facts = {name: form.cleaned_data[name] for name in ("since", "manages")}
    try:
        actions.join_team(by=request.user, at=timezone.now(), user=user, team=team, **facts)
    except actions.AlreadyMember as error:
        messages.error(request, str(error))
    return redirect("person", user.pk)


@require_POST
def leave_team(request, user_id: int, membership_id: int):
    """End a person's time in a team."""
    membership = queries.membership_to_end(request.user, membership_id)
    until = max(timezone.localdate(), membership.since + dt.timedelta(days=1))
    try:
        actions.leave_team(by=request.user, at=timezone.now(), membership=membership, until=until)
    except actions.LeftAlready as error:
        messages.error(request, str(error))
    return redirect("person", user_id)


def teams(request):
    """The tree of teams."""
    if request.method == "POST":
        _require_keeper(request)
    found = queries.teams(request.user)
    form = TeamForm(request.POST or None, teams=found)
    if request.method == "POST" and form.is_valid() and _add_team_from(form, by=request.user):
        return redirect("teams")
    return _show_teams(request, found, form=form)


def _show_teams(request, found, *, form=None, moving=None):
    context = {
        "teams": found,
        "keeps": queries.keeps_people(request.user),
        "form": form or TeamForm(teams=found),
        "moving": moving or MoveForm(teams=found),
    }
    wrong = any(one.is_bound and one.errors for one in (context["form"], context["moving"]))
    return render(request, "people/teams.html", context, status=422 if wrong else 200)


@require_POST
def move_team(request):
    """Let a team stand below another, with all teams below it."""
    _require_keeper(request)
    found = queries.teams(request.user)
    form = MoveForm(request.POST, teams=found)
    if not form.is_valid():
        return _show_teams(request, found, moving=form)
    team, below = form.teams(request.user)
    try:
        actions.move_team(by=request.user, at=timezone.now(), team=team, below=below)
    except actions.NoSuchPlace as refused:
        form.add_error("below", str(refused))
        return _show_teams(request, found, moving=form)
    messages.info(request, _moved(request.user, team, below))
    return redirect("teams")


def _moved(viewer, team, below) -> str:
    """Say where the team stands now and who sees its deals from their next click."""
    seen_by = queries.managers_over(viewer, team.pk)
    where = f"belongs to {below.name}" if below else "stands at the top"
    deals = (
        f"{', '.join(seen_by)} see{'s' if len(seen_by) == 1 else ''} its deals"
        if seen_by
        else "No manager sees its deals"
    )
    return f"{team.name} now {where}. {deals} from the next click on."


def _add_team_from(form: TeamForm, *, by):
    parent = (
        queries.team_to_change(by, int(form.cleaned_data["parent"])) if form.cleaned_data["parent"] else None
    )
    try:
        return actions.add_team(by=by, at=timezone.now(), name=form.cleaned_data["name"], parent=parent)
    except IntegrityError:
        form.add_error("name", "There is a team of this name already.")
    return None


def account(request):
    """One's own account: who one is here, and a new password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_valid():
        password = form.cleaned_data["new_password1"]
        actions.set_password(by=request.user, at=timezone.now(), user=request.user, password=password)
        update_session_auth_hash(request, request.user)
        messages.info(request, "Your new password holds from now on. Other devices must sign in again.")
        return redirect("account")
    context = {"form": form, "page": queries.person_page(request.user, request.user.pk)}
    return render(request, "people/account.html", context)
