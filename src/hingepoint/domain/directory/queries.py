"""Whom the directory looks after, and its groups; for its own program, which has the rights of those who keep people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from hingepoint.domain.people.models import User
from hingepoint.domain.sign_on.models import DirectoryGroup, DirectoryPerson
from hingepoint.records.directory import GroupThere, PersonThere
from hingepoint.records.errors import Hidden

T = TypeVar("T")

#: What is asked most is found by the database; everything else is compared one by one.
PEOPLE_BY = {"username": "user_name__iexact", "externalid": "external_id", "id": "pk"}
GROUPS_BY = {"displayname": "name__iexact", "externalid": "external_id", "id": "pk"}


def people(viewer: User, **which: object) -> list[PersonThere]:
    """Return those of the directory, in the order in which they came. Two SQL queries."""
    rows = DirectoryPerson.objects.visible_to(viewer).filter(**which).order_by("pk")
    return [_person(row) for row in rows.select_related("user").prefetch_related("groups")]


def person(viewer: User, number: int) -> PersonThere:
    """Return one of the directory. Raises Hidden."""
    return _one(iter(people(viewer, pk=number)))


def groups(viewer: User, **which: object) -> list[GroupThere]:
    """Return the groups of the directory, in the order in which they came. Two SQL queries."""
    rows = DirectoryGroup.objects.visible_to(viewer).filter(**which).order_by("pk")
    return [_group(row) for row in rows.prefetch_related("members")]


def group(viewer: User, number: int) -> GroupThere:
    """Return one group. Raises Hidden."""
    return _one(iter(groups(viewer, pk=number)))


def _one(found: Iterator[T]) -> T:
    one = next(found, None)
    if one is None:
        raise Hidden("not in the directory")
    return one


def _person(row: DirectoryPerson) -> PersonThere:
    return PersonThere(
        row.pk,
        row.told.get("userName", row.user_name),
        row.external_id,
        row.user.is_active,
        row.told,
        tuple(sorted((group.pk, group.name) for group in row.groups.all())),  # type: ignore[attr-defined]
        row.made_at,
        row.changed_at,
        row.version,
    )


def _group(row: DirectoryGroup) -> GroupThere:
    members = tuple(sorted(one.pk for one in row.members.all()))
    return GroupThere(row.pk, row.name, row.external_id, members, row.made_at, row.changed_at, row.version)
