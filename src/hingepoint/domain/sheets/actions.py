"""Bringing a sheet of people: kept and checked first, stored as a whole when somebody has seen what it does."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from functools import partial

from django.conf import settings
from django.db import transaction

from hingepoint.connectors import files
from hingepoint.domain.audit.actions import record
from hingepoint.domain.imports import engine
from hingepoint.domain.imports.actions import CannotImport, Uploaded, store_upload
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Membership, Team, User, sees_all
from hingepoint.domain.sheets.reading import PEOPLE, path_of, plan_of
from hingepoint.domain.sheets.rules import Plan, Time, Wanted
from hingepoint.domain.turns.actions import action, turn, turns
from hingepoint.records.errors import Stale
from hingepoint.records.imports import ImportState
from hingepoint.records.people import Role

#: A sheet of people is read while somebody waits.
MOST_BYTES = 10_000_000


def bring_sheet(*, by: User, at: dt.datetime, sent: Uploaded, date_format: str = "") -> ImportBatch:
    """Keep a sheet of people and say whether it can be read; nothing of it is stored yet. Raises CannotImport;
    no file is kept then."""
    _require_keeper(by)
    if (sent.size or 0) > MOST_BYTES:
        raise CannotImport(f"A sheet of people holds up to {MOST_BYTES // 1_000_000} MB. Split it.")
    folder = settings.MEDIA_ROOT / "imports" / uuid.uuid4().hex
    try:
        kept = store_upload(PEOPLE, sent, folder) | {"folder": folder.name}
        return _keep(by=by, at=at, kept=kept, date_format=date_format)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _require_keeper(by: User) -> None:
    if not sees_all(by):
        raise people.NotAllowed("Only an analyst or a sponsor brings people.")


@action
def _keep(*, by: User, at: dt.datetime, kept: dict, date_format: str) -> ImportBatch:
    mapping = {"date_format": date_format} if date_format else {}
    batch = ImportBatch(
        files=[kept], mapping=mapping, by=by, begun_at=at, touched_at=at, state=ImportState.CHECKED
    )
    batch.key = engine.sha256(path_of(batch))
    try:
        found = plan_of(batch, by_id=by.pk, at=at)
    except files.FileProblem as problem:
        raise CannotImport(str(problem)) from None
    _count(batch, found)
    batch.save()
    return batch


def _count(batch: ImportBatch, found: Plan) -> None:
    batch.created, batch.updated = len(found.of_kind("new")), len(found.of_kind("changed"))
    batch.unchanged, batch.rejected = len(found.of_kind("unchanged")), found.rejected


@action
def store_sheet(
    *, by: User, at: dt.datetime, batch_id: int, shown: str, leave_out: bool = False
) -> dict[str, int]:
    """Store what the sheet says, all of it or nothing; return how many people are new and changed.

    ``shown`` is the fingerprint of the plan that somebody saw: where people changed since, raises Stale.
    ``leave_out`` stores it without the rows that cannot be used. Raises CannotImport.
    """
    _require_keeper(by)
    batch = _waiting(batch_id)
    turns(User.objects.all())
    found = _plan(batch, by=by, at=at)
    if found.fingerprint() != shown:
        raise Stale(words="People were changed since you looked. See what the sheet does now.")
    if found.rejected and not leave_out:
        rows = "1 row" if found.rejected == 1 else f"{found.rejected:,} rows"
        raise CannotImport(f"{rows} cannot be used. Mend the sheet, or say that they are left out.")
    _apply(found, by=by, at=at)
    _count(batch, found)
    batch.state, batch.finished_at, batch.touched_at = ImportState.DONE, at, at
    batch.save()
    transaction.on_commit(partial(shutil.rmtree, path_of(batch).parent.parent, ignore_errors=True))
    counts = {"new": batch.created, "changed": batch.updated, "left out": batch.rejected}
    record(by=by, at=at, action="bring sheet", subject="people", subject_id=batch.pk, changes=counts)
    return counts


def _waiting(batch_id: int) -> ImportBatch:
    batch = turn(ImportBatch.objects.all(), pk=batch_id)
    if batch is None or batch.files[0]["table"] != PEOPLE:
        raise CannotImport("This sheet was forgotten. Upload it again.")
    if batch.state != ImportState.CHECKED:
        raise CannotImport("This sheet was stored already. Upload it again to bring it anew.")
    return batch


def _plan(batch: ImportBatch, *, by: User, at: dt.datetime) -> Plan:
    try:
        return plan_of(batch, by_id=by.pk, at=at)
    except files.FileProblem as problem:
        raise CannotImport(str(problem)) from None


def _apply(found: Plan, *, by: User, at: dt.datetime) -> None:
    """Do what the plan says: people first, then the teams that are new, then who is in which."""
    known = {one.id: one for one in found.people if one.id}
    users = User.objects.in_bulk(list(known))
    who = [(_person(one, users, by=by, at=at), one) for one in found.people]
    teams = {team.name: team for team in Team.objects.all()}
    for user, wanted in who:
        for time in wanted.moved:
            _move(time, by=by, at=at)
        for time in wanted.joins:
            if time.team not in teams:
                teams[time.team] = people.add_team(by=by, at=at, name=time.team)
            people.join_team(
                by=by,
                at=at,
                user=user,
                team=teams[time.team],
                since=time.since,
                until=time.until,
                manages=time.manages,
            )


def _person(wanted: Wanted, users: dict[int, User], *, by: User, at: dt.datetime) -> User:
    if wanted.id is None:
        return people.add_user(
            by=by,
            at=at,
            key=wanted.key,
            email=wanted.email or None,
            name=wanted.name,
            role=Role(wanted.role),
            title=wanted.title,
        )
    user = users[wanted.id]
    if (wanted.name, wanted.title) != (user.name, user.title):
        people.rename(by=by, at=at, user=user, name=wanted.name, title=wanted.title)
    if wanted.email != (user.email or ""):
        people.set_address(by=by, at=at, user=user, email=wanted.email)
    if wanted.role != user.role:
        people.change_role(by=by, at=at, user=user, role=Role(wanted.role))
    return user


def _move(time: Time, *, by: User, at: dt.datetime) -> None:
    membership = Membership.objects.select_related("user", "team").get(pk=time.id or 0)
    people.change_time(by=by, at=at, membership=membership, since=time.since, until=time.until)


@action
def discard_sheet(*, by: User, at: dt.datetime, batch_id: int) -> None:
    """Forget a sheet that was not stored. Raises CannotImport."""
    _require_keeper(by)
    batch = _waiting(batch_id)
    transaction.on_commit(partial(shutil.rmtree, path_of(batch).parent.parent, ignore_errors=True))
    batch.delete()
