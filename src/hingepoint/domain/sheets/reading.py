"""From the tables to what a sheet is compared with, and from a kept sheet to its plan."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from hingepoint.connectors import files
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.people.rules import alike, known_people
from hingepoint.domain.sheets.rules import Directory, Here, Plan, Time, plan

#: What a batch of imports holds that is a sheet of people.
PEOPLE = "people"


def path_of(batch: ImportBatch) -> Path:
    """Return where the sheet is kept until it is stored or discarded."""
    kept = batch.files[0]
    return settings.MEDIA_ROOT / "imports" / kept["folder"] / kept["table"] / kept["name"]


def directory() -> Directory:
    """Return everybody who is here. Six SQL queries."""
    rows = list(User.objects.prefetch_related("memberships__team"))
    names = Counter(alike(row.name) for row in rows)
    doubled = frozenset(name for name, number in names.items() if number > 1)
    teams = {alike(name): name for name in Team.objects.values_list("name", flat=True)}
    return Directory({row.pk: _here(row) for row in rows}, known_people(), doubled, teams)


def _here(row: User) -> Here:
    times = tuple(
        Time(one.team.name, one.manages, one.since, one.until, one.pk) for one in row.memberships.all()
    )
    return Here(row.pk, row.name, row.email or "", row.role, row.title, times)


def plan_of(batch: ImportBatch, *, by_id: int, at: dt.datetime) -> Plan:
    """Return what the kept sheet changes as things are now. Raises files.FileProblem."""
    sheet = files.read_people(path_of(batch), date_format=batch.mapping.get("date_format", ""))
    return plan(
        sheet.lines,
        directory(),
        today=timezone.localdate(at),
        by_id=by_id,
        file=sheet.name,
        headings=sheet.headings,
        problems=sheet.problems,
        bad_rows=sheet.bad_rows,
    )
