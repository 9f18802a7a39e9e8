"""Every change to runs of discovery and to what was decided about their findings."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import get_valid_filename
from django_tasks import task

from hingepoint.analysis.discovery import Settings
from hingepoint.domain.audit.actions import record
from hingepoint.domain.discovery import packs, work
from hingepoint.domain.discovery.models import DataSnapshot, Finding, FindingDecision, Run
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.turns.actions import action, turns
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.files import RowProblem
from hingepoint.records.findings import Source, Status, Verdict
from hingepoint.records.people import Role

#: Uploaded files of runs that failed are kept so long, for another try.
UPLOADS_KEPT = dt.timedelta(days=7)

LOST = "The background worker stopped before the run was done. Nothing is lost: continue it."
OUR_FAULT = "Something in Hingepoint broke. The log of the worker says more; the data is unchanged."


class NotAllowed(Hidden):
    """Only an analyst runs discovery and decides on findings."""


class NotPossible(Refused):
    """The run is not in a state for that; the message says in which it is."""


class NoteMissing(Refused):
    """A decision says why."""

    field = "note"


class TurnOver(Exception):
    """This attempt of a run is over: cancelled, or given up because its worker was not heard of."""


class Upload(Protocol):
    """An uploaded file, as Django hands it over."""

    name: str

    def chunks(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Input:
    """What a run is made from: ``files`` by table (deals, events, mapping), or the database when empty;
    ``segment`` limits the deals; ``skip_bad_rows`` leaves out rows that cannot be read."""

    files: Mapping[str, Upload]
    segment: str = ""
    skip_bad_rows: bool = False


def _require_analyst(by: User | None) -> None:
    if by is not None and not (works_here(by) and by.role == Role.ANALYST):
        raise NotAllowed("Only an analyst runs discovery and decides on findings.")


def _run_for(by: User | None, run_id: int) -> Run:
    _require_analyst(by)
    run = Run.objects.select_for_update().filter(pk=run_id).defer("record").first()
    if run is None:
        raise Hidden("There is no such run.")
    return run


def ask_for_run(*, by: User | None, at: dt.datetime, settings: Settings, made_from: Input) -> Run:
    """Queue a run on the deals of this installation, or on uploaded files. Raises NotAllowed."""
    _require_analyst(by)
    inputs: list[dict[str, str]] = []
    try:
        for table, upload in made_from.files.items():
            inputs.append(_kept(table, upload))
        return _queue(by=by, at=at, settings=settings, made_from=made_from, inputs=inputs)
    except BaseException:  # no run: nobody will ever read the files
        for kept in inputs:
            shutil.rmtree(Path(kept["path"]).parent, ignore_errors=True)
        raise


@action
def _queue(
    *, by: User | None, at: dt.datetime, settings: Settings, made_from: Input, inputs: list[dict[str, str]]
) -> Run:
    source = Source.FILES if inputs else Source.DATABASE
    run = Run.objects.create(
        asked_by=by,
        asked_at=at,
        source=source,
        inputs=inputs,
        options={"segment": made_from.segment, "skip_bad_rows": made_from.skip_bad_rows},
        settings=settings.to_dict(),
    )
    _say(run, by=by, at=at, action="ask for run", changes={"source": [None, source]})
    _enqueue(run)
    return run


def _kept(table: str, upload: Upload) -> dict[str, str]:
    """Write an uploaded file where the worker finds it; its folder has a name nobody can guess."""
    name = get_valid_filename(Path(upload.name).name) or table
    path = Path(django_settings.MEDIA_ROOT) / "discovery" / uuid.uuid4().hex / name
    path.parent.mkdir(parents=True, mode=0o700)
    digest = hashlib.sha256()
    try:
        with path.open("wb") as file:
            for chunk in upload.chunks():
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return {"table": table, "name": name, "sha256": digest.hexdigest(), "path": str(path)}


@action
def repeat_run(
    *,
    by: User | None,
    at: dt.datetime,
    run_id: int,
    refresh: bool = False,
    chosen: str = "",
    closing: str = "",
    pack: bool = False,
) -> Run:
    """Queue a run with the settings of an earlier one: on the same data, or with ``refresh`` on the
    database as it is now.

    ``chosen`` is an agreement that people choose freely, so it is judged whatever the checks say;
    ``closing`` one that is part of closing. With ``pack`` the benchmark pack is worked out too. Raises NotPossible when the
    earlier one has no data to repeat, or can have no pack.
    """
    old = _run_for(by, run_id)
    if refresh and old.source != Source.DATABASE:
        raise NotPossible("That run was made from files: upload the new ones instead.")
    if not refresh and old.snapshot_id is None:
        raise NotPossible("That run has read no data yet. Continue it instead.")
    if pack and (why := packs.refusal(old)):
        raise NotPossible(why)
    run = Run.objects.create(
        asked_by=by,
        asked_at=at,
        source=old.source,
        inputs=old.inputs,
        options=_options(old, but=(packs.PACK,)) | ({packs.PACK: True} if pack else {}),
        settings=_with_word(old.settings, chosen=chosen, closing=closing),
        repeats=old,
        snapshot_id=None if refresh else old.snapshot_id,
    )
    changes = {"repeats": [None, old.pk]} | ({packs.PACK: [None, True]} if pack else {})
    changes |= {
        name: [old.settings.get(name), value]
        for name, value in run.settings.items()
        if value != old.settings.get(name)
    }
    _say(run, by=by, at=at, action="repeat run", changes=changes)
    _enqueue(run)
    return run


def _options(old: Run, *, but: Sequence[str]) -> dict[str, Any]:
    """Return the options of an earlier run for one that is made like it."""
    return {name: value for name, value in old.options.items() if name not in but}


def _with_word(settings: dict[str, Any], *, chosen: str, closing: str) -> dict[str, Any]:
    """Return settings with the analyst's word on an agreement, which wins over every check."""
    word = {"not_mechanical": chosen, "mechanical": closing}
    if not (chosen or closing):
        return settings
    named = {
        name: [one for one in settings.get(name, []) if one not in (chosen, closing)] + [key] * bool(key)
        for name, key in word.items()
    }
    return settings | named


@action
def refresh_run(*, at: dt.datetime, run_id: int, previous: Sequence[str], since: dt.datetime) -> Run | None:
    """Queue the settings of a run of our deals again on the deals as they are now, unless that was done
    ``since`` or the run itself is as young; None then. ``previous`` is the set in force, which leaves
    it only when clearly beaten. The refresh also replays past days: the track record of our advice."""
    old = _run_for(None, run_id)
    same = Run.objects.filter(Q(pk=old.pk) | Q(repeats=old), asked_at__gte=since)
    if old.source != Source.DATABASE or same.exists():
        return None
    run = Run.objects.create(
        asked_by=None,
        asked_at=at,
        source=old.source,
        options=_options(old, but=("read", packs.PACK)),
        settings=old.settings | {"previous": list(previous), "replay": True},
        repeats=old,
    )
    _say(run, by=None, at=at, action="refresh run", changes={"repeats": [None, old.pk]})
    _enqueue(run)
    return run


@action
def cancel_run(*, by: User | None, at: dt.datetime, run_id: int) -> Run:
    """Stop a run: a waiting one at once, a running one at its next step. Raises NotPossible."""
    run = _run_for(by, run_id)
    if run.status not in (Status.QUEUED, Status.RUNNING):
        raise NotPossible(f"The run is not running: it is {run.get_status_display().lower()}.")
    if run.status == Status.QUEUED or run.is_silent(at):
        run.status, run.ended_at = Status.CANCELLED, at
    run.cancel_asked = True
    run.save(update_fields=["status", "ended_at", "cancel_asked"])
    _say(run, by=by, at=at, action="cancel run")
    return run


@action
def continue_run(*, by: User | None, at: dt.datetime, run_id: int, skip_bad_rows: bool = False) -> Run:
    """Queue a failed, cancelled or lost run again; data that was read already is not read again.

    ``skip_bad_rows`` says that rows which could not be read may be left out. Raises NotPossible.
    """
    run = _run_for(by, run_id)
    if not (run.status in (Status.FAILED, Status.CANCELLED) or run.is_silent(at)):
        raise NotPossible(f"The run cannot be continued: it is {run.get_status_display().lower()}.")
    if run.snapshot_id is None and not all(_is_kept(kept) for kept in run.inputs):
        raise NotPossible("The uploaded files are no longer kept. Upload them again.")
    run.options = run.options | {"skip_bad_rows": run.options.get("skip_bad_rows") or skip_bad_rows}
    run.status, run.cancel_asked, run.ended_at, run.progress, run.doing = Status.QUEUED, False, None, 0.0, ""
    run.problem, run.problem_rows = "", []
    run.save()
    _say(run, by=by, at=at, action="continue run", changes={"skip_bad_rows": [None, skip_bad_rows]})
    _enqueue(run)
    return run


@action
def decide(
    *,
    by: User,
    at: dt.datetime,
    run_id: int,
    key: str,
    verdict: str,
    note: str,
    expected_version: int | None = None,
) -> Finding:
    """Sign or reject a finding, and say why. Earlier decisions stay on record.

    Raises NotAllowed, Hidden, NoteMissing, NotPossible (an excluded finding cannot be signed) or Stale.
    """
    _require_analyst(by)
    finding = Finding.objects.select_for_update().filter(run_id=run_id, key=key).first()
    if finding is None:
        raise Hidden("There is no such finding.")
    if not note.strip():
        raise NoteMissing("Say in a sentence why: the sponsor and the next analyst will read it.")
    if verdict == Verdict.SIGNED and finding.grade in ("none", "excluded"):
        raise NotPossible("There is no evidence to sign: this type was excluded or could not be told.")
    if expected_version not in (None, finding.version):
        raise Stale(
            words="Somebody else decided on this finding a moment ago. Read their note, then decide again."
        )
    before, finding.verdict = finding.verdict, Verdict(verdict)
    finding.version += 1
    finding.save(update_fields=["verdict", "version"])
    FindingDecision.objects.create(finding=finding, verdict=verdict, note=note.strip(), by=by, at=at)
    changes = {"verdict": [before, verdict]}
    subject_id = f"{run_id}/{key}"
    record(
        by=by, at=at, action=verdict, subject="finding", subject_id=subject_id, changes=changes, reason=note
    )
    return finding


@action
def give_up_silent_runs(*, at: dt.datetime) -> int:
    """Mark runs whose worker was not heard of as failed, so that they can be continued; return how many."""
    silent = turns(Run.objects.silent(at).defer("record"))
    for run in silent:
        _end(run, at=at, status=Status.CANCELLED if run.cancel_asked else Status.FAILED, problem=LOST)
    return len(silent)


@action
def forget_uploads(*, at: dt.datetime) -> int:
    """Remove uploaded files that no run will read any more; return how many runs had some."""
    old = Run.objects.filter(source=Source.FILES, asked_at__lt=at - UPLOADS_KEPT)
    runs = [run for run in turns(old.defer("record")) if any("path" in kept for kept in run.inputs)]
    for run in runs:
        _forget_files(run)
        _say(run, by=None, at=at, action="forget uploads")
    return len(runs)


@task()
def carry_out(run_id: int) -> None:
    """Work off a queued run: the background task. A run that is not queued any more is left alone."""
    run = begin(at=timezone.now(), run_id=run_id)
    if run is None:
        return
    try:
        with work.beating(lambda: hear(at=timezone.now(), run=run)):
            _compute(run)
    except TurnOver:
        stop(at=timezone.now(), run=run)
    except work.Unusable as error:
        fail(at=timezone.now(), run=run, problem=str(error), rows=error.rows)
    except Exception:
        fail(at=timezone.now(), run=run, problem=OUR_FAULT)
        raise
    except BaseException:  # the worker was told to stop at once
        fail(at=timezone.now(), run=run, problem=LOST)
        raise


def _compute(run: Run) -> None:
    def progress(done: float, doing: str) -> None:
        hear(at=timezone.now(), run=run, progress=done, doing=doing)

    progress(0.0, "Reading the deals")
    data = work.read(run)
    keep_snapshot(at=timezone.now(), run=run, data=data)
    tell = work.throttled(work.with_time_left(progress))
    found = work.find(data, settings=run.settings, progress=tell)
    if run.options.get(packs.PACK):
        found = replace(found, pack=packs.worked_out(data, run, found.record, tell))
    finish(at=timezone.now(), run=run, found=found)


@action
def begin(*, at: dt.datetime, run_id: int) -> Run | None:
    """Give a queued run to the calling worker; None when it is not queued (any more)."""
    run = Run.objects.select_for_update().filter(pk=run_id, status=Status.QUEUED).defer("record").first()
    if run is None:
        return None
    run.status, run.started_at, run.heartbeat_at = Status.RUNNING, at, at
    run.attempt += 1
    run.save(update_fields=["status", "started_at", "heartbeat_at", "attempt"])
    return run


def hear(*, at: dt.datetime, run: Run, progress: float | None = None, doing: str | None = None) -> None:
    """Note that the worker of ``run`` lives and how far it is. Raises TurnOver when it should stop."""
    changes: dict[str, Any] = {"heartbeat_at": at}
    if progress is not None:
        changes |= {"progress": min(max(progress, 0.0), 1.0), "doing": (doing or "")[:200]}
    mine = Run.objects.filter(pk=run.pk, attempt=run.attempt, status=Status.RUNNING, cancel_asked=False)
    if not mine.update(**changes):
        raise TurnOver


@action
def keep_snapshot(*, at: dt.datetime, run: Run, data: work.Data) -> None:
    """Keep the deals and events that ``run`` reads; the same data is kept once."""
    deals, events = work.parquet(data.deals), work.parquet(data.events)
    digest = hashlib.sha256(deals + events).hexdigest()
    counts = {"deal_count": data.deals.height, "event_count": data.events.height}
    made = {"deals": deals, "events": events, "made_at": at, **counts}
    run.snapshot, _ = DataSnapshot.objects.get_or_create(digest=digest, defaults=made)
    run.options = run.options | {"read": data.facts}
    run.save(update_fields=["snapshot", "options"])


@action
def finish(*, at: dt.datetime, run: Run, found: work.Found) -> None:
    """Keep what ``run`` found. Raises TurnOver when somebody cancelled it meanwhile."""
    hear(at=at, run=run, progress=1.0, doing="")
    run.refresh_from_db(fields=["cancel_asked", "status", "progress"])
    run.status, run.ended_at, run.record = Status.DONE, at, _stored(found)
    run.metric, run.code_version = found.record.metric.name, found.code_version
    run.save(update_fields=["status", "ended_at", "record", "metric", "code_version"])
    in_set = {choice.agreement for choice in found.record.pivotal}
    Finding.objects.filter(run=run).delete()
    Finding.objects.bulk_create(
        Finding(
            run=run,
            key=facts["agreement"],
            rank=rank,
            grade=facts["grade"],
            effect=facts["effect"],
            low=facts["ci"][0] if facts["ci"] else None,
            high=facts["ci"][1] if facts["ci"] else None,
            in_set=facts["agreement"] in in_set,
            facts=facts,
        )
        for rank, facts in enumerate(found.record.facts(), start=1)
    )
    _forget_files(run)
    changes = {"findings": [0, len(found.record.findings)], "version": [None, found.code_version]}
    _say(run, by=None, at=at, action="finish run", changes=changes)


def _stored(found: work.Found) -> dict[str, Any]:
    """Return the record as it is kept, with the pack where one was worked out."""
    return found.record.stored() | ({packs.PACK: found.pack} if found.pack else {})


def fail(*, at: dt.datetime, run: Run, problem: str, rows: Sequence[RowProblem] = ()) -> None:
    """End this attempt of ``run`` with a problem said in words; a later attempt is left alone."""
    _end_attempt(at=at, run=run, status=Status.FAILED, problem=problem, rows=rows)


def stop(*, at: dt.datetime, run: Run) -> None:
    """End this attempt of ``run`` because somebody cancelled it; a later attempt is left alone."""
    _end_attempt(at=at, run=run, status=Status.CANCELLED, problem="")


@action
def _end_attempt(
    *, at: dt.datetime, run: Run, status: Status, problem: str, rows: Sequence[RowProblem] = ()
) -> None:
    mine = Run.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, status=Status.RUNNING)
    if current := mine.defer("record").first():
        current.problem_rows = [asdict(row) for row in rows]
        _end(current, at=at, status=status, problem=problem)


def _end(run: Run, *, at: dt.datetime, status: Status, problem: str) -> None:
    run.status, run.ended_at, run.problem = status, at, problem
    run.save(update_fields=["status", "ended_at", "problem", "problem_rows"])
    _say(run, by=None, at=at, action="end run", changes={"status": [Status.RUNNING, status]}, reason=problem)


def _is_kept(kept: dict[str, str]) -> bool:
    return "path" in kept and Path(kept["path"]).exists()


def _forget_files(run: Run) -> None:
    for kept in run.inputs:
        if path := kept.pop("path", None):
            transaction.on_commit(partial(shutil.rmtree, Path(path).parent, ignore_errors=True))
    run.save(update_fields=["inputs"])


def _say(
    run: Run, *, by: User | None, at: dt.datetime, action: str, changes: dict | None = None, reason: str = ""
) -> None:
    record(by=by, at=at, action=action, subject="run", subject_id=run.pk, changes=changes, reason=reason)


def _enqueue(run: Run) -> None:
    transaction.on_commit(lambda: carry_out.enqueue(run.pk))
