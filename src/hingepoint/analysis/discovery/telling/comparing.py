"""Two runs side by side: what moved and why, and whether what was confirmed still holds."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from hingepoint.analysis.discovery import engine, result
from hingepoint.analysis.discovery.reading import gathering
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings
from hingepoint.records.agreements import AgreementType
from hingepoint.records.findings import Grade


class Move(enum.StrEnum):
    """What became of a finding."""

    HOLDS = "still holds"
    WEAKER = "weaker"
    GONE = "gone"
    NEW = "new"
    UNCONFIRMED = "still not confirmed"


@dataclass(frozen=True)
class Change:
    """One agreement type in two runs; effects are NaN where a run had none. ``in_words`` says why it moved."""

    agreement: str
    move: Move
    before: Grade | None
    after: Grade | None
    effect_before: float
    effect_after: float
    in_words: str


@dataclass(frozen=True)
class Comparison:
    """What moved between two runs, confirmed ones first; and how the pivotal set changed."""

    changes: tuple[Change, ...]
    joined: tuple[str, ...]
    left: tuple[str, ...]
    notes: tuple[str, ...]

    def change(self, agreement: str) -> Change:
        """Return the change of one agreement type; KeyError if neither run had it."""
        for one in self.changes:
            if one.agreement == agreement:
                return one
        raise KeyError(agreement)


def compare(before: result.Discovery, after: result.Discovery) -> Comparison:
    """Return what moved from one run to the other.

    A confirmed finding *still holds* if it is confirmed again with the same sign and at least half the
    effect, is *gone* if it has the other sign, cannot be judged any more, or has neither half the effect nor
    any evidence left, and *weaker* otherwise.
    Raises DiscoveryError if the runs measure different metrics.
    """
    if before.metric.name != after.metric.name:
        raise DiscoveryError(
            f"the runs measure {before.metric.name} and {after.metric.name}: nothing to compare"
        )
    first = {one.agreement: one for one in before.findings}
    second = {one.agreement: one for one in after.findings}
    changes = [_change(key, first.get(key), second.get(key)) for key in sorted(first | second)]
    old, new = ([one.agreement for one in run.pivotal] for run in (before, after))
    return Comparison(
        changes=tuple(sorted(changes, key=lambda one: (list(Move).index(one.move), one.agreement))),
        joined=tuple(key for key in new if key not in old),
        left=tuple(key for key in old if key not in new),
        notes=_notes(before, after),
    )


def _change(key: str, before: result.Finding | None, after: result.Finding | None) -> Change:
    move = _move(before, after)
    return Change(
        agreement=key,
        move=move,
        before=before.grade if before else None,
        after=after.grade if after else None,
        effect_before=before.effect if before else math.nan,
        effect_after=after.effect if after else math.nan,
        in_words=_words(move, before, after),
    )


def _move(before: result.Finding | None, after: result.Finding | None) -> Move:
    was, now = before is not None and before.confirmed, after is not None and after.confirmed
    if not was:
        return Move.NEW if now else Move.UNCONFIRMED
    assert before is not None
    if after is None or not math.isfinite(after.effect) or after.effect * before.effect <= 0:
        return Move.GONE
    halved = abs(after.effect) < abs(before.effect) / 2
    if now and not halved:
        return Move.HOLDS
    return Move.GONE if halved and after.grade == Grade.NONE else Move.WEAKER


def _words(move: Move, before: result.Finding | None, after: result.Finding | None) -> str:
    if after is None:
        return "It is not in the later data."
    if before is None:
        return "It was not in the earlier data."
    if move in (Move.WEAKER, Move.GONE) and after.grade == Grade.EXCLUDED:
        return after.in_words
    if move in (Move.WEAKER, Move.GONE, Move.NEW):
        low, high = after.ci
        inside = math.isfinite(low) and low <= before.effect <= high
        cause = "chance alone can explain it" if inside else "more than chance moved it"
        return f"Its effect went from {before.effect:+.3g} to {after.effect:+.3g}; {cause}."
    return f"Its effect is {after.effect:+.3g} after {before.effect:+.3g}." if move == Move.HOLDS else ""


def _notes(before: result.Discovery, after: result.Discovery) -> tuple[str, ...]:
    notes = [
        f"{before.data.deals:,} deals to {before.data.until}, then {after.data.deals:,} to {after.data.until}."
    ]
    old, new = before.settings.to_dict(), after.settings.to_dict()
    moved = [
        name for name in new if new[name] != old[name] and name not in ("previous", "data_end", "replay")
    ]
    if moved:
        notes.append("The settings differ: " + ", ".join(moved) + ".")
    return tuple(notes)


def out_of_time(
    deals: Any,
    events: Any,
    *,
    settings: Settings,
    catalogue: tuple[AgreementType, ...] = (),
    share: float = 0.6,
) -> Comparison:
    """Return whether what the earlier deals teach holds among the later ones.

    The first run sees the data as they stood when ``share`` of the deals had been created; the second
    sees only deals created after that moment. Raises DiscoveryError if either is unusable.
    """
    table = gathering.to_polars(deals)
    created = table["created"].cast(pl.Datetime("us"), strict=False).drop_nulls().sort()
    moment = created[int(share * (created.len() - 1))] if created.len() else None
    first = engine.discover(table, events, settings=replace(settings, data_end=moment), catalogue=catalogue)
    rest = table.filter(pl.col("created").cast(pl.Datetime("us"), strict=False) > pl.lit(moment))
    kept = gathering.to_polars(events)
    kept = kept.join(rest.select("deal_id"), on="deal_id", how="semi")
    second = engine.discover(rest, kept, settings=settings, catalogue=catalogue)
    return compare(first, second)
