"""What moved between two runs, and what became of findings at a refresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from django.db.models import F

from hingepoint.analysis.discovery import Finding as Facts
from hingepoint.analysis.discovery import record as records_of_runs
from hingepoint.analysis.discovery.record import Record
from hingepoint.domain.discovery.models import Finding, Run
from hingepoint.domain.discovery.queries.runs import BLOBS, RunLine, RunPage, line_of, seen
from hingepoint.domain.people.models import User
from hingepoint.records.errors import Hidden
from hingepoint.records.findings import Source, Status


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one agreement type between two runs."""

    key: str
    name: str
    what: str
    before: str
    after: str
    effect_before: float | None
    effect_after: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What moved between two runs, the changes of the set first, and what the runs were made with that
    differs."""

    moves: tuple[Move, ...]
    differences: tuple[str, ...]


def comparison(now: RunPage, then: RunPage) -> Comparison:
    """Return what moved between a run and an earlier one, as far as their reader sees both. Raises Hidden."""
    now, then = seen(now), seen(then)
    if now.record is None or then.record is None:
        raise Hidden("One of the runs has no findings.")
    return Comparison(tuple(compare(then.record, now.record)), differences(then.record, now.record))


def differences(then: Record, now: Record) -> tuple[str, ...]:
    """Return in sentences what two records were made with that differs: deals, settings, version."""
    said = []
    if then.data.to_dict() != now.data.to_dict():
        said.append(
            f"Deals: {then.data.deals:,} to {then.data.until}, now {now.data.deals:,} to {now.data.until}."
        )
    asked = [
        name.replace("_", " ")
        for name, value in now.settings.items()
        if value != then.settings.get(name) and name not in ("previous", "replay")
    ]
    grids = (
        ("landmarks", then.data.landmarks, now.data.landmarks),
        ("horizon", then.data.horizon, now.data.horizon),
    )
    asked += [part for part, old, new in grids if old != new and part not in asked]
    if asked:
        said.append(f"Other settings: {', '.join(asked)}.")
    if then.version != now.version:
        said.append(f"Version {then.version}, now {now.version}: the method may have changed.")
    return tuple(said)


def compare(then: Record, now: Record) -> list[Move]:
    """Return what moved between two records, sorted by importance."""
    before, after = ({facts.agreement: facts for facts in side.findings} for side in (then, now))
    was_in, is_in = ({one.agreement for one in side.pivotal} for side in (then, now))
    found = []
    for key in after.keys() | before.keys():
        move = _move(before.get(key), after.get(key), key in was_in, key in is_in)
        if move:
            what, why = move
            old, new = before.get(key), after.get(key)
            name = next(one.name for one in (new, old) if one)
            found.append(Move(key, name, what, _grade(old), _grade(new), _effect(old), _effect(new), why))
    return sorted(found, key=lambda move: (MOVES.index(move.what), move.name))


#: What can become of a finding, in the order in which it is told.
MOVES = ("joined the set", "left the set", "gone", "weaker", "new", "still holds", "not confirmed")


_CONFIRMED = ("strong", "moderate")


def _grade(facts: Facts | None) -> str:
    return str(facts.grade) if facts else ""


def _effect(facts: Facts | None) -> float | None:
    return facts.effect if facts and isfinite(facts.effect) else None


def _move(old: Facts | None, new: Facts | None, was_in: bool, is_in: bool) -> tuple[str, str] | None:
    """Return what became of a type and why; None where it was not confirmed in either run."""
    was = old is not None and old.grade in _CONFIRMED
    now = new is not None and new.grade in _CONFIRMED
    if not (was or now):
        return None
    if old is None or new is None:
        return ("new", "not in the data of the earlier run") if old is None else ("gone", "not in these data")
    if was_in != is_in:
        return ("joined the set" if is_in else "left the set"), _why(old, new)
    if not was:
        return "new", _why(old, new)
    if not new.effect * old.effect > 0:
        return "gone", _why(old, new)
    halved = abs(new.effect) < abs(old.effect) / 2
    if now and not halved:
        return "still holds", _why(old, new)
    return ("gone" if halved and new.grade == "none" else "weaker"), _why(old, new)


def _why(old: Facts, new: Facts) -> str:
    if new.grade == "excluded" != old.grade:
        return f"now left out: {(new.excluded_because or '').replace('_', ' ')}"
    if old.grade == "excluded" != new.grade:
        return "no longer left out"
    if not (isfinite(old.effect) and isfinite(new.effect)):
        return "it could be estimated only in one of the runs"
    if old.effect == new.effect and old.ci == new.ci:
        return "unchanged"
    if not old.ci[0] <= new.effect <= old.ci[1]:
        return "the effect moved outside its earlier interval: ask what changed in how you sell"
    width = (new.ci[1] - new.ci[0]) / max(old.ci[1] - old.ci[0], 1e-12)
    if width < 0.9:
        return "about the same effect, known more exactly"
    if width > 1.1:
        return "about the same effect, known less exactly"
    return "the difference is within what chance does"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The last refresh of a run on later deals, and what became of some of its findings, moved first."""

    base: int
    run: RunLine
    moves: tuple[Move, ...]

    def number(self, what: str) -> int:
        return sum(move.what == what for move in self.moves)


def refreshed(
    viewer: User, asked: Mapping[int, Mapping[str, str]], *, at: dt.datetime
) -> dict[int, Refreshed]:
    """Return, by run of our deals, what its newest refresh says of the findings ``asked`` for (their
    names by key). A run not refreshed yet is absent; nothing for those who do not see all findings.
    Two SQL queries."""
    if not viewer.sees_everything or not asked:
        return {}
    rows = Run.objects.visible_to(viewer).filter(
        repeats__in=asked, source=Source.DATABASE, status=Status.DONE
    )
    rows = rows.exclude(snapshot=F("repeats__snapshot")).select_related("asked_by", "snapshot")
    newest = {
        row.repeats_id: row
        for row in rows.defer("record", *BLOBS).order_by("pk")
        if row.repeats_id is not None
    }
    facts: dict[int, dict[str, Facts]] = {run: {} for base, row in newest.items() for run in (base, row.pk)}
    keys = {key for names in asked.values() for key in names}
    findings = Finding.objects.on(keys).filter(run_id__in=facts)
    for found in sorted(findings, key=lambda one: one.key == one.meant):  # a type's own finding counts last
        facts[found.run_id][found.meant] = records_of_runs.finding(found.facts)
    return {
        base: Refreshed(base, line_of(row, at), _moved(asked[base], facts[base], facts[row.pk]))
        for base, row in newest.items()
    }


def _moved(names: Mapping[str, str], old: dict[str, Facts], new: dict[str, Facts]) -> tuple[Move, ...]:
    moves = [
        Move(key, name, *_become(old.get(key), new.get(key)))
        for key, name in names.items()
        if key in old or key in new
    ]
    return tuple(sorted(moves, key=lambda move: (MOVES.index(move.what), move.name)))


def _become(old: Facts | None, new: Facts | None) -> tuple[str, str, str, float | None, float | None, str]:
    """Return what became of a finding, its grades and effects before and after, and why."""
    what, why = _move(old, new, False, False) or ("not confirmed", "there was too little evidence both times")
    return what, _grade(old), _grade(new), _effect(old), _effect(new), why
