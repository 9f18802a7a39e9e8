"""What the company's directory says of its people and groups, taken over at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.sign_on import actions as sign_on
from hingepoint.domain.sign_on import rules
from hingepoint.domain.sign_on.models import DirectoryGroup, DirectoryPerson
from hingepoint.domain.turns.actions import action, read_anew, take_turn, turn
from hingepoint.records.directory import Said
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.people import Role
from hingepoint.records.sign_on import wanted

Row = TypeVar("Row", DirectoryPerson, DirectoryGroup)


class ThereAlready(Refused):
    """The directory looks after one of that name already."""


class Needed(Refused):
    """Somebody is not disabled without whom nobody could look after people any more."""


class Unreadable(Refused):
    """The directory names a member whom it never told of, or an address that is none."""


def _require_keeper(by: User) -> None:
    if not sees_all(by):
        raise Hidden("not theirs to say")


@action
def add_person(*, by: User, at: dt.datetime, said: Said) -> int:
    """Let the directory look after somebody: who has the address already, else somebody new, who sees nothing before a group gives
    it; return their number there. Raises Hidden, ThereAlready and Unreadable."""
    _require_keeper(by)
    name = said.user_name.lower()
    if DirectoryPerson.objects.filter(user_name=name).exists():
        raise ThereAlready(f"{said.user_name} is there already.")
    known = rules.known_by(said.mail) if said.mail else None
    user = known or _new_user(said, at=at)
    row = DirectoryPerson.objects.create(
        user=user, user_name=name, external_id=said.external_id, told=said.told, made_at=at, changed_at=at
    )
    _take_over(user, said, at=at)
    _apply([user], at=at)
    changes = {"person": [None, user.name], "was here": [None, known is not None]}
    record(by=by, at=at, action="add", subject="directory person", subject_id=row.pk, changes=changes)
    return row.pk


def _new_user(said: Said, *, at: dt.datetime) -> User:
    role = rules.otherwise(rules.kept()) or Role.INSIDE_PARTNER
    key = f"directory:{said.user_name.lower()}"
    known = User.objects.filter(key=key).first()  # who was let go and comes back
    return known or people.add_user(by=None, at=at, name=said.name, role=role, key=key)


@action
def change_person(*, by: User, at: dt.datetime, number: int, version: int | None, said: Said) -> None:
    """Take over what the directory says of somebody now. Raises Hidden, Stale, ThereAlready, Needed and Unreadable."""
    row = _in_turn(DirectoryPerson, by, number, version)
    name = said.user_name.lower()
    if DirectoryPerson.objects.filter(user_name=name).exclude(pk=row.pk).exists():
        raise ThereAlready(f"{said.user_name} is there already.")
    row.user_name, row.external_id, row.told, row.changed_at = name, said.external_id, said.told, at
    row.save()
    _take_over(row.user, said, at=at)
    changes = {"person": row.user.name, "active": said.active}
    record(by=by, at=at, action="change", subject="directory person", subject_id=row.pk, changes=changes)


@action
def drop_person(*, by: User, at: dt.datetime, number: int, version: int | None) -> None:
    """Let the directory look after somebody no more: they are disabled, and all that they noted stays. Raises Hidden, Stale and
    Needed."""
    row = _in_turn(DirectoryPerson, by, number, version)
    user = read_anew(row.user)
    _set_active(user, False, at=at)
    row.delete()
    changes = {"person": [user.name, None]}
    record(by=by, at=at, action="drop", subject="directory person", subject_id=number, changes=changes)


def _in_turn(model: type[Row], by: User, number: int, version: int | None) -> Row:
    _require_keeper(by)
    row = turn(model.objects.all(), pk=number)
    if row is None:
        raise Hidden("not in the directory")
    take_turn(row, expected_version=version)
    return row


def _take_over(user: User, said: Said, *, at: dt.datetime) -> None:
    read_anew(user)
    if (user.name, user.title) != (said.name, said.title):
        people.rename(by=None, at=at, user=user, name=said.name, title=said.title)
    if said.mail and said.mail != user.email:
        try:
            people.set_address(by=None, at=at, user=user, email=said.mail)
        except people.AddressTaken as taken:
            raise ThereAlready(taken.words) from None
        except people.NoAddress as wrong:
            raise Unreadable(wrong.words) from None
    if said.active != user.is_active:
        _set_active(user, said.active, at=at)


def _set_active(user: User, active: bool, *, at: dt.datetime) -> None:
    """Enable somebody, or disable them and end every door of theirs for good: they begin anew if they come back."""
    if not active and user.is_active and rules.why_kept(user):
        raise Needed(f"{user.name} is needed here: without them nobody could look after people.")
    if active != user.is_active:
        people.set_active(by=None, at=at, user=user, active=active, reason=sign_on.BY_GROUPS)
    if not active:
        sign_on.end_doors(at=at, user=user)


# ---- groups ----


@action
def add_group(*, by: User, at: dt.datetime, name: str, external_id: str, members: Collection[int]) -> int:
    """Take over a group and who is in it; return its number there. Raises Hidden, ThereAlready and Unreadable."""
    _require_keeper(by)
    _require_free(name)
    row = DirectoryGroup.objects.create(name=name, external_id=external_id, made_at=at, changed_at=at)
    _set_members(row, members, at=at)
    changes = {"group": [None, name], "members": [None, len(members)]}
    record(by=by, at=at, action="add", subject="directory group", subject_id=row.pk, changes=changes)
    return row.pk


@action
def change_group(
    *,
    by: User,
    at: dt.datetime,
    number: int,
    version: int | None,
    name: str,
    external_id: str,
    members: Collection[int],
) -> None:
    """Take over what a group is called and who is in it now; who left it loses what it gave. Raises Hidden, Stale, ThereAlready
    and Unreadable."""
    row = _in_turn(DirectoryGroup, by, number, version)
    _require_free(name, but=number)
    before = row.members.count()
    renamed = (row.name, row.external_id) != (name, external_id)
    row.name, row.external_id, row.changed_at = name, external_id, at
    row.save()
    _set_members(row, members, at=at, all_of_them=renamed)
    changes = {"group": name, "members": [before, len(members)]}
    record(by=by, at=at, action="change", subject="directory group", subject_id=row.pk, changes=changes)


@action
def drop_group(*, by: User, at: dt.datetime, number: int, version: int | None) -> None:
    """Let a group be gone: its people lose what it gave. Raises Hidden and Stale."""
    row = _in_turn(DirectoryGroup, by, number, version)
    touched = _users(row.members.all())
    row.delete()
    _apply(touched, at=at)
    changes = {"group": [row.name, None]}
    record(by=by, at=at, action="drop", subject="directory group", subject_id=number, changes=changes)


def _require_free(name: str, *, but: int = 0) -> None:
    if DirectoryGroup.objects.filter(name__iexact=name).exclude(pk=but).exists():
        raise ThereAlready(f"{name} is there already.")


def _set_members(
    row: DirectoryGroup, members: Collection[int], *, at: dt.datetime, all_of_them: bool = False
) -> None:
    """Let ``members`` be in a group, and give and take what follows for who came or left."""
    before, now = set(row.members.values_list("pk", flat=True)), set(members)
    known = DirectoryPerson.objects.filter(pk__in=before | now)
    if now - set(known.values_list("pk", flat=True)):
        raise Unreadable("A member of the group is nobody whom the directory told of.")
    row.members.set(now)
    touched = before | now if all_of_them else before ^ now
    _apply(_users(known.filter(pk__in=touched)), at=at)


def _users(rows: Iterable[Any]) -> list[User]:
    return list(User.objects.filter(pk__in=[row.user_id for row in rows]).order_by("pk"))


def _apply(users: Iterable[User], *, at: dt.datetime) -> None:
    """Give people what their groups give from now on, and take what these gave before."""
    row, table = rules.kept(), rules.table()
    for user in users:
        gives = wanted(rules.groups_of(user, ()), table, rules.otherwise(row))
        sign_on.apply(at=at, user=user, gives=gives)
