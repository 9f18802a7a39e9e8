"""Settings of the company's sign-in, what groups give, and somebody coming back from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import Team, User, outside, sees_all
from hingepoint.domain.second_factors import queries as second_factors
from hingepoint.domain.secrets.rules import seal
from hingepoint.domain.sessions import actions as sessions
from hingepoint.domain.sign_on import rules
from hingepoint.domain.sign_on.models import CompanyAccount, GroupLine, SignOn
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.turns.actions import action, read_anew, take_turn, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.people import Role
from hingepoint.records.sign_on import Arrival, Wanted, wanted

#: Why a role or a team changed, in the trail.
BY_GROUPS = "groups of the company's directory"


class NotLetIn(Refused):
    """Who came back from the company's sign-in is not let in here; the words say why and whom to ask."""


class NoWayOut(Refused):
    """Passwords are not switched off before somebody can still get in without the company's sign-in."""

    field = "way_out"


class NotTried(Refused):
    """Nobody who keeps people has signed in with the company's account yet."""


class GroupThere(Refused):
    """The group has its line already."""

    field = "group"


class GivesNothing(Refused):
    """A group gives a role, a team or both."""

    field = "role"


class SecretMissing(Refused):
    """A provider knows us by a secret."""

    field = "secret"


def _require_keeper(by: User) -> None:
    if not sees_all(by):
        raise Hidden("Only an analyst or a sponsor says how people sign in.")


@action
def save(
    *,
    by: User,
    at: dt.datetime,
    version: int | None,
    issuer: str,
    client_id: str,
    secret: str,
    groups_claim: str,
    proven_by: str,
    second_factors: list[str],
    makes_people: bool,
    otherwise: Role | None,
) -> None:
    """Say where the company's sign-in is and what counts there. An empty ``secret`` keeps the one that is there; no issuer
    switches it off, and passwords count again. Raises Hidden, Stale and SecretMissing."""
    _require_keeper(by)
    row = _row(version)
    if issuer and not secret and (not row.secret or row.issuer != issuer):
        raise SecretMissing("Give the secret that the provider made for Hingepoint.")
    if secret:
        row.secret = seal(secret, purpose=SignOn._meta.get_field("secret").purpose)
    told: dict[str, Any] = {
        "issuer": issuer,
        "client_id": client_id,
        "groups_claim": groups_claim,
        "proven_by": proven_by,
        "second_factors": second_factors,
        "makes_people": makes_people,
        "otherwise": otherwise or "",
    }
    changes = {name: [getattr(row, name), value] for name, value in told.items()}
    for name, value in told.items():
        setattr(row, name, value)
    row.only = row.only and rules.is_set(row)
    row.save()
    changed = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    changed |= {"secret": [None, "another"]} if secret else {}
    record(by=by, at=at, action="set up", subject="sign-on", subject_id=1, changes=changed)
    safety.tell(by, reason("The settings of your company's sign-in were changed."), by=by, at=at)


def _row(version: int | None) -> SignOn:
    """Return the one row in its turn, made with its first change. Raises Stale."""
    row, _ = SignOn.objects.get_or_create(
        pk=1, defaults={"second_factors": list(rules.USUAL_SECOND_FACTORS), "version": 0}
    )
    take_turn(read_anew(row), expected_version=version)
    return row


@action
def let_only(*, by: User, at: dt.datetime, way_out: User | None) -> None:
    """Let nobody sign in by password any more but ``way_out``, whose use is told to all who keep people; None: let passwords
    count again. Raises Hidden, NoWayOut and NotTried."""
    _require_keeper(by)
    row = _row(None)
    if way_out is not None:
        _require_way_out(way_out)
        _require_tried(row)
    row.only, row.way_out = way_out is not None, way_out or row.way_out
    row.save(update_fields=["only", "way_out"])
    changes = {"still signs in by password": [None, way_out.name if way_out else "everybody"]}
    record(by=by, at=at, action="let only", subject="sign-on", subject_id=1, changes=changes)
    safety.tell(
        by, reason("Who signs in by password beside your company's account was changed."), by=by, at=at
    )


def _require_tried(row: SignOn) -> None:
    """Raise NotTried unless somebody who keeps people came by the company's sign-in as it is set up now."""
    keepers = User.objects.active().filter(role__in=rules.KEEPERS)
    if not CompanyAccount.objects.filter(user__in=keepers, issuer=rules.issuer_of(row)).exists():
        raise NotTried(
            "First let an analyst or a sponsor sign in with the company's account: so you see that it works."
        )


def _require_way_out(user: User) -> None:
    ready = sees_all(user) and user.has_password and second_factors.has_one(user)
    if not ready:
        raise NoWayOut(
            "Whoever still signs in by password must be an analyst or a sponsor with a password and a second factor of their own."
        )


@action
def add_group(
    *, by: User, at: dt.datetime, group: str, role: Role | None, team: Team | None, manages: bool
) -> None:
    """Say what a group gives, from the next sign-in of each of its people on. Raises Hidden, GivesNothing and GroupThere."""
    _require_keeper(by)
    if role is None and team is None:
        raise GivesNothing("Choose a role, a team or both: else the group gives nothing.")
    if GroupLine.objects.filter(group=group).exists():
        raise GroupThere(f"{group} has its line already. Take that away first.")
    row = GroupLine.objects.create(
        group=group, role=role or "", team=team, manages=manages and team is not None
    )
    changes = {"group": [None, group], "role": [None, role], "team": [None, team.name if team else None]}
    record(by=by, at=at, action="add group", subject="sign-on", subject_id=row.pk, changes=changes)
    safety.tell(
        by, reason("What the group {group} of your directory gives was changed.", group=group), by=by, at=at
    )


@action
def drop_group(*, by: User, at: dt.datetime, line_id: int) -> None:
    """Let a group give nothing any more. Raises Hidden."""
    row = turn(GroupLine.objects.visible_to(by), pk=line_id)
    if row is None:
        raise Hidden("no such line")
    row.delete()
    changes = {"group": [row.group, None]}
    record(by=by, at=at, action="drop group", subject="sign-on", subject_id=line_id, changes=changes)
    safety.tell(
        by,
        reason("The group {group} of your directory gives nothing any more.", group=row.group),
        by=by,
        at=at,
    )


# ---- somebody comes back from it ----


@action
def arrive(*, at: dt.datetime, arrival: Arrival) -> User | None:
    """Return who came, with what their groups give them; made now where they come for the first time. An account there belongs
    to one person here for good: by what the provider calls it, never by a mail that changed. None for somebody who lost the last
    group that let them in: what their groups gave is taken, and browsers, tokens, calendar and chat end. Raises NotLetIn."""
    if arrival.groups is None:
        raise NotLetIn(
            "Your company's directory has too many groups to tell. Ask who looks after it to send only those given to Hingepoint."
        )
    row, table = rules.kept(), rules.table()
    account = turn(CompanyAccount.objects.all(), issuer=arrival.issuer, subject=arrival.subject)
    user = account.user if account else _known_by_mail(arrival)
    if user is None:
        told = wanted(arrival.groups, table, rules.otherwise(row))
        user = _made(arrival, row, told, at=at)
    if not read_anew(user).is_active:
        raise NotLetIn("Your account here is disabled. Ask your analyst.")
    if user.email is None:
        people.set_address(by=None, at=at, user=user, email=arrival.mail)
    _keep_account(user, arrival, account, at=at)
    gives = wanted(rules.groups_of(user, arrival.groups), table, rules.otherwise(row))
    return user if apply(at=at, user=user, gives=gives) else None


def _known_by_mail(arrival: Arrival) -> User | None:
    """Return whom a first arrival means: who has the same proven mail, None for somebody new."""
    if not arrival.mail:
        raise NotLetIn(
            "Your company's sign-in does not say that your e-mail address is proven to be yours, so nobody is let in by it. Ask who looks "
            "after it."
        )
    mail = arrival.mail
    known = rules.known_by(mail)
    if known and known.company_accounts.filter(issuer=arrival.issuer).exists():
        raise NotLetIn(
            f"Another account of your company signs in here with {mail} already. Ask your analyst which is right."
        )
    return known


def _made(arrival: Arrival, row: SignOn, gives: Wanted, *, at: dt.datetime) -> User:
    role = gives.role or rules.otherwise(row)
    if not row.makes_people:
        raise NotLetIn("You have no account here yet. Ask your analyst to add you with your e-mail address.")
    if role is None:
        raise NotLetIn("None of your groups lets you in here. Ask who looks after your company's accounts.")
    return people.add_user(by=None, at=at, name=arrival.name or arrival.mail, role=role, email=arrival.mail)


def _keep_account(
    user: User, arrival: Arrival, account: CompanyAccount | None, *, at: dt.datetime
) -> CompanyAccount:
    groups = sorted(arrival.groups or ())
    if account is None:
        told = {"issuer": arrival.issuer, "subject": arrival.subject, "groups": groups}
        account = CompanyAccount.objects.create(user=user, linked_at=at, came_at=at, **told)
        changes = {"account": [None, arrival.subject]}
        record(by=None, at=at, action="link account", subject="user", subject_id=user.pk, changes=changes)
    account.groups, account.came_at = groups, at
    account.save(update_fields=["groups", "came_at"])
    return account


def apply(*, at: dt.datetime, user: User, gives: Wanted) -> bool:
    """Give somebody what their groups give, and take what these gave before; return whether they are let in. A part of the
    transaction that learned of the groups. Who is the last to keep people stays so, and so does the way out."""
    if gives.role and gives.role != user.role:
        _change_role(user, gives.role, at=at)
    now = rules.places_of([user.pk]).get(user.pk, set())
    _leave(user, (now & gives.ruled) - gives.places, at=at)
    for team_id, manages in sorted(gives.places - now):
        team = Team.objects.get(pk=team_id)
        people.join_team(by=None, at=at, user=user, team=team, since=at.date(), manages=manages)
    if gives.let_in or rules.why_kept(user):
        return True
    end_doors(at=at, user=user)
    return False


def end_doors(*, at: dt.datetime, user: User) -> None:
    """Let nothing of somebody open or tell anything any more: neither browsers nor tokens, nor the address of their calendar,
    nor their chat. They begin anew if they come back. A part of the transaction that lets them go."""
    sessions.end_all(at=at, user=user)
    tokens.revoke_all(at=at, user=user)
    ended = [model for model in outside() if model._default_manager.filter(user=user).delete()[0]]
    if ended:
        record(by=None, at=at, action="end outside", subject="user", subject_id=user.pk)


def _leave(user: User, places: set[tuple[int, bool]], *, at: dt.datetime) -> None:
    for team_id, manages in sorted(places):
        membership = user.memberships.get(team=team_id, manages=manages, until=None)
        until = max(at.date(), membership.since + dt.timedelta(days=1))  # a membership lasts a day at least
        people.leave_team(by=None, at=at, membership=membership, until=until)


def _change_role(user: User, role: Role, *, at: dt.datetime) -> None:
    if role not in rules.KEEPERS and rules.why_kept(user):
        changes = {"role": [user.role, user.role], "groups would give": [None, role]}
        record(by=None, at=at, action="keep last", subject="user", subject_id=user.pk, changes=changes)
        return
    people.change_role(by=None, at=at, user=user, role=role, reason=BY_GROUPS)


# ---- the way out ----


@action
def note_way_out(*, by: User, at: dt.datetime) -> None:
    """Put on record that the one account was used that still signs in by password, and tell all who keep people by mail."""
    record(by=by, at=at, action="use way out", subject="sign-on", subject_id=1)
    from hingepoint.domain.sign_on.tasks import tell_keepers  # it calls back

    transaction.on_commit(lambda: tell_keepers.enqueue(by.pk, at.isoformat()))
