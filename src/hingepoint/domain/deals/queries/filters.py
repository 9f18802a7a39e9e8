"""What the filters of a list of deals offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Team, User, managed_team_ids, works_here
from hingepoint.records.deals import place_of
from hingepoint.records.people import Role

#: More owners than this are not offered as a list of names.
MOST_OWNERS = 400


@dataclass(frozen=True, slots=True)
class Offered:
    """What the filters of a list offer to one viewer, as (value, words)."""

    teams: tuple[tuple[int, str], ...]
    owners: tuple[tuple[int, str], ...]
    stages: tuple[str, ...]
    segments: tuple[str, ...]
    regions: tuple[str, ...]
    products: tuple[str, ...]


def offered(viewer: Any) -> Offered:
    """Return what the filters offer: the viewer's teams and people, and the company's own words, stages in the
    order of the sale.

    Causes at most three SQL queries whatever the number of deals.
    """
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        return Offered((), (), (), (), (), ())
    words = words_in_use(("stage", "segment", "region", "product"))
    words["stage"] = tuple(sorted(words["stage"], key=place_of))
    teams, owners = _teams_and_owners(viewer)
    return Offered(tuple(teams), tuple(owners), **{f"{name}s": words[name] for name in words})


def _teams_and_owners(viewer: User) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    if viewer.role == Role.SELLER:
        return [], []
    if viewer.sees_everything:
        sellers = User.objects.filter(role__in=(Role.SELLER, Role.MANAGER)).order_by("name")
        named = list(sellers.values_list("pk", "name")[: MOST_OWNERS + 1])
        return list(Team.objects.order_by("name").values_list("pk", "name")), _if_few(named)
    rows = Team.objects.filter(pk__in=managed_team_ids(viewer))
    members = rows.values_list("pk", "name", "memberships__user_id", "memberships__user__name")
    teams = {pk: name for pk, name, _, _ in members}
    owners = {pk: name for _, _, pk, name in members if pk}
    return _sorted_by_name(teams), _if_few(_sorted_by_name(owners))


def _sorted_by_name(named: dict[int, str]) -> list[tuple[int, str]]:
    return sorted(named.items(), key=lambda one: one[1])


def _if_few(named: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the names, or none when they are too many to choose from."""
    return named if len(named) <= MOST_OWNERS else []


def words_in_use(columns: Sequence[str], most: int = 200) -> dict[str, tuple[str, ...]]:
    """Return the distinct values of indexed text columns of all deals, by jumping through each index:
    a millisecond where ``SELECT DISTINCT`` would read every deal. They are the company's vocabulary,
    not facts of a deal."""
    walk = """
        SELECT * FROM (WITH RECURSIVE word(w) AS (
            SELECT min({c}) FROM {t} WHERE {c} > ''
            UNION ALL SELECT (SELECT min({c}) FROM {t} WHERE {c} > word.w) FROM word WHERE word.w IS NOT NULL
        ) SELECT '{c}', w FROM word WHERE w IS NOT NULL LIMIT {most}) AS {c}_words"""
    table = Deal._meta.db_table
    parts = [walk.format(c=column, t=table, most=most) for column in columns]  # our own names only
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        rows = cursor.fetchall()
    return {column: tuple(word for name, word in rows if name == column) for column in columns}
