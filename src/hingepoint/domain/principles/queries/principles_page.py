"""The principles in force, who agreed, what the register says of each; the draft and what it would change; past versions."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.principles.shape import Report, Told
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.people.models import Membership, Team, User, managed_teams, sees_all, works_here
from hingepoint.domain.principles import rules
from hingepoint.domain.principles.models import PrinciplesAgreed, PrinciplesReading, PrinciplesVersion
from hingepoint.domain.principles.record import opened
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.principles import Principle

_LEADERS = (Role.SPONSOR, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Line:
    """A principle as it stands on the page: ``only_for`` names agreement types, empty for any; ``told``: what the register
    says, None where it was not read yet or cannot see it."""

    principle: Principle
    only_for: tuple[str, ...]
    told: Told | None


@dataclass(frozen=True, slots=True)
class TeamAgreed:
    """How many of a team's people of today agreed."""

    team: str
    agreed: int
    of: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """Who agreed: the viewer on a day (None: not yet), how many of all, the leaders by name, and the teams that the viewer may
    count."""

    mine: dt.datetime | None
    count: int
    of: int
    leaders: tuple[str, ...]
    teams: tuple[TeamAgreed, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    published_at: dt.datetime | None
    by: str
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class PrinciplesPage:
    """The version in force (``number`` 0: none), its principles, who agreed, all published versions, and the number of the
    draft for who writes it. ``read_on``: at the end of which day the register was read."""

    number: int
    lines: tuple[Line, ...]
    agreed: Agreed | None
    versions: tuple[VersionLine, ...]
    draft: int
    may_keep: bool
    read_on: dt.date | None
    since: dt.date | None
    until: dt.date | None


def principles_page(viewer: Any) -> PrinciplesPage:
    """Return the principles. At most eight SQL queries."""
    rows = list(PrinciplesVersion.objects.visible_to(viewer).select_related("published_by"))
    now = next((one for one in rows if one.published_at and one.ended_at is None), None)
    day, report = _reading() if now else (None, None)
    return PrinciplesPage(
        number=now.number if now else 0,
        lines=_lines(rules.read_all(now.texts), report) if now else (),
        agreed=_agreed(viewer, now) if now else None,
        versions=tuple(_version(one) for one in rows if one.published_at),
        draft=next((one.number for one in rows if one.published_at is None), 0),
        may_keep=rules.may_keep(viewer),
        read_on=day,
        since=report.since if report else None,
        until=report.until if report else None,
    )


def _reading() -> tuple[dt.date | None, Report | None]:
    row = PrinciplesReading.objects.first()
    report = opened(row.report) if row else None
    return (row.day, report) if row and report else (None, None)


def _lines(every: tuple[Principle, ...], report: Report | None) -> tuple[Line, ...]:
    told = report.by_check if report else {}
    names = AgreementType.objects.shown_names({key for one in every for key in one.agreements})
    return tuple(
        Line(one, tuple(names.get(key, key) for key in one.agreements), told.get(one.check)) for one in every
    )


def _version(row: PrinciplesVersion) -> VersionLine:
    by = row.published_by.name if row.published_by else say("the program")
    return VersionLine(row.number, row.published_at, by, row.ended_at)


# ---- who agreed ----


def _agreed(viewer: Any, row: PrinciplesVersion) -> Agreed:
    rows = PrinciplesAgreed.objects.filter(version=row, person__is_active=True)
    when = dict(rows.values_list("person_id", "agreed_at"))
    leaders = (
        rows.filter(person__role__in=_LEADERS).order_by("agreed_at").values_list("person__name", flat=True)
    )
    return Agreed(
        mine=when.get(viewer.pk),
        count=len(when),
        of=User.objects.active().count(),
        leaders=tuple(leaders),
        teams=_by_team(viewer, when),
    )


def _by_team(viewer: Any, when: Mapping[int, dt.datetime]) -> tuple[TeamAgreed, ...]:
    """Return the count of each team that ``viewer`` leads, of all of them to who sees everybody; nobody is named."""
    if not works_here(viewer) or not (sees_all(viewer) or viewer.role == Role.MANAGER):
        return ()
    rows = Membership.objects.filter(until__isnull=True, user__is_active=True)
    if not sees_all(viewer):
        rows = rows.filter(team__in=managed_teams(viewer))
    people = set(rows.order_by().values_list("team_id", "user_id"))
    of, there = Counter(team for team, _ in people), Counter(team for team, one in people if one in when)
    names = Team.objects.filter(pk__in=of).order_by("name").values_list("pk", "name")
    return tuple(TeamAgreed(name, there[pk], of[pk]) for pk, name in names)


@dataclass(frozen=True, slots=True)
class ToAgree:
    """The version in force that a person has not agreed to, with how many principles it holds."""

    number: int
    count: int


def to_agree(viewer: Any) -> ToAgree | None:
    """Return the version that ``viewer`` is asked to agree to; None where they did, or none is in force. One SQL query."""
    rows = PrinciplesVersion.objects.visible_to(viewer).in_force()
    row = (
        rows.exclude(agreed__person=viewer).values_list("number", "texts").first()
        if works_here(viewer)
        else None
    )
    return ToAgree(row[0], len(row[1])) if row else None


# ---- the draft, and versions that were ----


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The next version (``number`` 0: none is begun): its principles, what it changes of what is in force (``changes``: name,
    field, before, after), and how many people would be asked to agree."""

    number: int
    version: int
    principles: tuple[Principle, ...]
    in_force: int
    changes: tuple[tuple[str, str, str, str], ...]
    people: int
    types: tuple[tuple[str, str], ...]

    def principle(self, key: str) -> Principle:
        """Return one of them. Raises Hidden."""
        found = next((one for one in self.principles if one.key == key), None)
        if found is None:
            raise Hidden("There is no such principle.")
        return found


def draft_page(viewer: Any) -> DraftPage:
    """Return the draft. Raises Hidden where it is not ``viewer``'s to write. Four SQL queries."""
    if not rules.may_keep(viewer):
        raise Hidden("not theirs to write")
    rows = PrinciplesVersion.objects.visible_to(viewer)
    row, now = rows.filter(published_at__isnull=True).first(), rows.in_force().first()
    before, after = (rules.read_all(one.texts if one else ()) for one in (now, row))
    return DraftPage(
        number=row.number if row else 0,
        version=row.version if row else 0,
        principles=after,
        in_force=now.number if now else 0,
        changes=tuple(rules.changes(before, after)) if row else (),
        people=User.objects.active().count(),
        types=tuple(
            AgreementType.objects.effective().order_by("shown_name").values_list("key", "shown_name")
        ),
    )


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version as it was published, and what it changed of the one before."""

    line: VersionLine
    principles: tuple[Principle, ...]
    before: int
    changes: tuple[tuple[str, str, str, str], ...]


def version_page(viewer: Any, number: int) -> VersionPage:
    """Return a version that was published. Raises Hidden."""
    rows = PrinciplesVersion.objects.visible_to(viewer).published().select_related("published_by")
    row = rows.filter(number=number).first()
    if row is None:
        raise Hidden("There is no such version.")
    before = rows.filter(number__lt=number).first()
    texts = rules.read_all(row.texts)
    changes = rules.changes(rules.read_all(before.texts), texts) if before else []
    return VersionPage(_version(row), texts, before.number if before else 0, tuple(changes))
