"""Every change to people, teams, membership and saved views."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import Membership, SavedView, SignInFailure, Team, User, works_here
from hingepoint.domain.turns.actions import action, read_anew, turn, turns
from hingepoint.records.errors import Hidden, Refused, TooOften
from hingepoint.records.people import Role


class NotAllowed(Hidden):
    """Only analysts and sponsors may look after people and teams."""


class AlreadyMember(Refused):
    """The person is in that team already."""

    field = "team"


class LeftAlready(Refused):
    """The membership was ended already."""


class NoSuchPlace(Refused):
    """A team cannot stand below itself or below one of its own teams, nor deeper than paths can say."""

    field = "below"


class TooManySignIns(TooOften):
    """Too many failed sign-ins of this account or from this address; wait a quarter of an hour."""


def _require_keeper(by: User | None) -> None:
    """People are looked after by analysts and sponsors; None is the system (seed, import, command)."""
    if by is not None and not (works_here(by) and by.sees_everything):
        raise NotAllowed("Only an analyst or a sponsor can change people and teams.")


@action
def add_user(
    *,
    by: User | None,
    at: dt.datetime,
    name: str,
    role: Role,
    key: str = "",
    email: str | None = None,
    password: str | None = None,
    title: str = "",
) -> User:
    """Add a person; with ``email`` and ``password`` they can sign in at once.

    Raises ValidationError for a password that is too easy and IntegrityError for a taken key or e-mail.
    """
    _require_keeper(by)
    user = User(key=key or email or name, name=name, role=role, email=email and email.lower(), title=title)
    if password:
        validate_password(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save(force_insert=True)
    record(by=by, at=at, action="add", subject="user", subject_id=user.pk, changes={"role": [None, role]})
    return user


@action
def change_role(*, by: User | None, at: dt.datetime, user: User, role: Role, reason: str = "") -> None:
    """Give ``user`` another role; it holds from their next request."""
    _require_keeper(by)
    before, user.role = read_anew(user).role, role
    user.version += 1
    user.save(update_fields=["role", "version"])
    record(
        by=by,
        at=at,
        action="change role",
        subject="user",
        subject_id=user.pk,
        changes={"role": [before, role]},
        reason=reason,
    )


@action
def set_active(*, by: User | None, at: dt.datetime, user: User, active: bool, reason: str = "") -> None:
    """Disable or enable sign-in; a disabled person is out from their next request."""
    _require_keeper(by)
    before, user.is_active = read_anew(user).is_active, active
    user.version += 1
    user.save(update_fields=["is_active", "version"])
    record(
        by=by,
        at=at,
        action="enable" if active else "disable",
        subject="user",
        subject_id=user.pk,
        changes={"active": [before, active]},
        reason=reason,
    )


@action
def set_password(*, by: User | None, at: dt.datetime, user: User, password: str) -> None:
    """Set a new password; every other session of ``user`` ends. Raises ValidationError when too easy."""
    if by is None or by.pk != user.pk:
        _require_keeper(by)
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(by=by, at=at, action="set password", subject="user", subject_id=user.pk)


@action
def add_team(*, by: User | None, at: dt.datetime, name: str, parent: Team | None = None) -> Team:
    """Add a team below ``parent`` (None: a root)."""
    _require_keeper(by)
    if parent:
        read_anew(parent)  # it may have moved: the path says below what the new team stands
    team = Team.objects.create(name=name, parent=parent)
    team.path = f"{parent.path if parent else '/'}{team.pk}/"
    team.save(update_fields=["path"])
    record(by=by, at=at, action="add", subject="team", subject_id=team.pk, changes={"name": [None, name]})
    return team


@action
def move_team(*, by: User | None, at: dt.datetime, team: Team, below: Team | None) -> None:
    """Let ``team`` and all teams below it stand below another (None: at the top). Where it stands already
    nothing changes. Raises NoSuchPlace.

    Who manages the new teams above sees its deals from their next request, who managed the old ones no
    more; history stays.
    """
    _require_keeper(by)
    kept = {row.pk: row for row in turns(Team.objects.all())}  # one move at a time
    team, below = kept[team.pk], kept[below.pk] if below else None
    if below and below.path.startswith(team.path):
        itself = "itself" if below == team else f"{below.name}, which is one of its own teams"
        raise NoSuchPlace(f"{team.name} cannot belong to {itself}.")
    if team.parent_id == (below.pk if below else None):
        return
    before = kept[team.parent_id] if team.parent_id is not None else None
    team.parent = below
    team.save(update_fields=["parent"])
    _write_paths(kept.values(), old=team.path, new=f"{below.path if below else '/'}{team.pk}/")
    changes = {"parent": [before.name if before else None, below.name if below else None]}
    record(by=by, at=at, action="move", subject="team", subject_id=team.pk, changes=changes)


def _write_paths(teams: Iterable[Team], *, old: str, new: str) -> None:
    moved = [team for team in teams if team.path.startswith(old)]
    for team in moved:
        team.path = new + team.path[len(old) :]
    longest = Team._meta.get_field("path").max_length
    if longest is not None and max(len(team.path) for team in moved) > longest:
        raise NoSuchPlace("That is deeper than teams can be nested.")
    Team.objects.bulk_update(moved, ["path"])


@action
def join_team(
    *, by: User | None, at: dt.datetime, user: User, team: Team, since: dt.date, manages: bool = False
) -> Membership:
    """Make ``user`` a member (or the manager) of ``team`` from a day on. Raises AlreadyMember."""
    _require_keeper(by)
    read_anew(user)
    if user.memberships.filter(team=team, manages=manages, until__isnull=True).exists():
        raise AlreadyMember(f"{user.name} is in {team.name} already.")
    membership = Membership.objects.create(user=user, team=team, since=since, manages=manages)
    record(
        by=by,
        at=at,
        action="join team",
        subject="user",
        subject_id=user.pk,
        changes={"team": [None, team.name], "manages": [None, manages]},
    )
    return membership


@action
def leave_team(*, by: User | None, at: dt.datetime, membership: Membership, until: dt.date) -> None:
    """End a membership before ``until``; what was, stays in history. Raises LeftAlready."""
    _require_keeper(by)
    if read_anew(membership).until is not None:
        raise LeftAlready(f"{membership.user.name} left {membership.team.name} already.")
    membership.until = until
    membership.save(update_fields=["until"])
    record(
        by=by,
        at=at,
        action="leave team",
        subject="user",
        subject_id=membership.user_id,
        changes={"team": [membership.team.name, None]},
    )


@action
def save_view(
    *, by: User, at: dt.datetime, page: str, name: str, query: str, shared: bool = False, pinned: bool = False
) -> SavedView:
    """Keep a list's address under a name; the same name again replaces it."""
    view, _ = SavedView.objects.update_or_create(
        owner=by, page=page, name=name, defaults={"query": query, "shared": shared, "pinned": pinned}
    )
    record(by=by, at=at, action="save view", subject="saved view", subject_id=view.pk)
    return view


@action
def drop_view(*, by: User, at: dt.datetime, view_id: int) -> None:
    """Forget one of one's own saved views. Raises SavedView.DoesNotExist for anybody else's."""
    view = turn(SavedView.objects.all(), pk=view_id, owner=by)
    if view is None:
        raise SavedView.DoesNotExist(view_id)
    record(by=by, at=at, action="drop view", subject="saved view", subject_id=view.pk)
    view.delete()


#: Failed sign-ins within the window before the next one is refused unheard.
SIGN_IN_WINDOW = dt.timedelta(minutes=15)
FAILURES_OF_ACCOUNT_AT_ADDRESS, FAILURES_OF_ACCOUNT, FAILURES_OF_ADDRESS = 10, 50, 100


def require_sign_in_allowed(*, account: str, address: str, at: dt.datetime) -> None:
    """Raise TooManySignIns before a password is looked at, so that guessing costs us no hashing."""
    recent = SignInFailure.objects.filter(at__gt=at - SIGN_IN_WINDOW)
    limits = (
        (recent.filter(account=account, address=address), FAILURES_OF_ACCOUNT_AT_ADDRESS),
        (recent.filter(account=account), FAILURES_OF_ACCOUNT),
        (recent.filter(address=address), FAILURES_OF_ADDRESS),
    )
    if any(failures.count() >= limit for failures, limit in limits):
        raise TooManySignIns("Too many tries. Wait a quarter of an hour, then try again.")


@action
def note_failed_sign_in(*, account: str, address: str, at: dt.datetime) -> None:
    """Count a failed sign-in and forget those outside the window."""
    SignInFailure.objects.filter(at__lte=at - SIGN_IN_WINDOW).delete()
    SignInFailure.objects.create(account=account[:254], address=address[:45], at=at)
