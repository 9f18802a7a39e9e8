"""A benchmark pack: what one company found, type by type, in a form that another may use as a prior for the order.

A pack holds effects and coverages of types of the shipped catalogue with their intervals, and nothing else: no names, no
amounts, no totals, no segments. What leaves is decided on **blocks**. The decided deals of a type, in the order in which
they closed, are cut at ends of quarters into blocks that each hold ``LEAST_DEALS`` deals of ``LEAST_SELLERS`` sellers with
the type, and as many without it. A cell tells of whole blocks only, as on the end of the last one. So two packs of the same
company differ by whole blocks, and what lies between them is no smaller than a cell may be.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from hingepoint.analysis import intervals, metrics
from hingepoint.analysis.discovery import engine, replay, result
from hingepoint.analysis.discovery.plain_json import simple
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings
from hingepoint.records.agreements import STANDING, AgreementType

FORMAT, VERSION = "hingepoint benchmark pack", 1
#: The fewest deals, and sellers, of a block on either side.
LEAST_DEALS, LEAST_SELLERS = 30, 5
#: How many deals a cell rests on is told in these steps, so that no difference can be taken.
STEPS = (30, 100, 300, 1_000, 3_000, 10_000)
#: Columns whose bounds in a metric are no amounts.
NO_AMOUNTS = {"discount", "margin", "cycle_days"}
#: Effects and coverages are rounded to so many digits: a tenth of a point.
DIGITS = 3


class PackError(DiscoveryError):
    """The pack cannot be made, or is none; the message says why in one sentence."""


@dataclass(frozen=True)
class Cell:
    """One type: its effect and its coverage, each with the 95 % interval, on at least so many deals on either side.

    as_of   the end of the last whole block, as text
    """

    agreement: str
    effect: float
    ci: tuple[float, float]
    coverage: float
    coverage_ci: tuple[float, float]
    deals_at_least: int
    as_of: str

    @property
    def ends(self) -> datetime.date:
        return datetime.date.fromisoformat(self.as_of)

    @property
    def error(self) -> float:
        return (self.ci[1] - self.ci[0]) / (2 * intervals.Z)


@dataclass(frozen=True)
class Pack:
    """The cells of one metric; ``left_out`` counts the types that are too small to leave, and is not written."""

    metric: str
    horizon: str
    cells: tuple[Cell, ...]
    left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "metric": self.metric,
            "horizon": self.horizon,
            "least": {"deals": LEAST_DEALS, "sellers": LEAST_SELLERS},
            "cells": simple(self.cells),
        }

    def text(self) -> str:
        """Return the text of the file."""
        return json.dumps(self.to_dict(), indent=1) + "\n"


# ---- making one ----


@dataclass(frozen=True)
class Blocks:
    """The whole blocks of a type: the day on which the last one ends, and its deals on either side until then."""

    ends: datetime.date
    gained: int
    not_gained: int


def make(
    deals: Any,
    events: Any,
    *,
    settings: Settings,
    shared: Collection[str],
    catalogue: Sequence[AgreementType] = (),
    progress: engine.Progress | None = None,
) -> Pack:
    """Return the pack of deals and events for the metric of ``settings``; of the types in ``shared``, which are those that
    every company knows by the same key. Raises PackError for a metric of amounts or of won deals only."""
    asked = may_be_told(settings)
    tables = replay.read(deals, events)
    known = sorted(set(tables.events["agreement"].drop_nulls().unique()) & set(shared))
    found = {key: blocks(tables, key) for key in known}
    ends = sorted({one.ends for one in found.values() if one})
    tell = progress or (lambda share, text: None)
    cells, horizon = [], ""
    for number, day in enumerate(ends):
        tell(number / len(ends), f"the record as of {day.isoformat()}")
        then = _as_of(tables, day, asked, catalogue)
        horizon = then.data.horizon
        mine = {key: one for key, one in found.items() if one and one.ends == day}
        cells += [cell for key, one in mine.items() if (cell := _cell(then, key, one))]
    return Pack(asked.metric or "", horizon, tuple(cells), len(known) - len(cells))


def may_be_told(settings: Settings) -> Settings:
    """Return the settings with their metric by name. Raises PackError for one that would tell an amount, and for agreements
    without dates."""
    if settings.agreement_columns:
        raise PackError("agreements without dates have no effect that a pack could tell of")
    metric = metrics.parse_outcome(settings.metric or "won")
    if metric.kind != "share" or metric.among_won or metric.own:
        raise PackError("a pack tells of shares of all deals: of won, or of sales that serve the strategy")
    amounts = [one.column for one in metric.conditions if one.column not in NO_AMOUNTS]
    if amounts:
        raise PackError(f"a bound of {amounts[0]} is an amount of yours, which no pack tells")
    return replace(settings, metric=metric.name, previous=(), certificate=None, replay=False, since=None)


def blocks(tables: replay.Tables, agreement: str) -> Blocks | None:
    """Return the whole blocks of a type; None where there is none."""
    rows = _decided(tables, agreement)
    last, done = None, rows.clear()
    waiting = rows
    for end in rows["quarter_ends"].unique().sort():
        block = waiting.filter(pl.col("quarter_ends") <= end)
        if _large_enough(block):
            last, done = end, rows.filter(pl.col("quarter_ends") <= end)
            waiting = waiting.filter(pl.col("quarter_ends") > end)
    if last is None:
        return None
    gained = int(done["has"].sum())
    return Blocks(last, gained, done.height - gained)


def _decided(tables: replay.Tables, agreement: str) -> pl.DataFrame:
    """Return the decided deals with their seller, the end of the quarter in which they closed, and whether each gained the
    type before it closed, on record by that end."""
    mine = tables.events.filter(pl.col("agreement") == agreement)
    if "state" in mine.columns:
        standing = [str(state) for state in STANDING]
        mine = mine.filter(pl.col("state").fill_null("gained").str.to_lowercase().is_in(standing))
    first = mine.group_by("deal_id").agg(pl.col("at").min(), pl.col("known").min())
    seller = pl.col("owner") if "owner" in tables.deals.columns else pl.lit(None, dtype=pl.String)
    decided = tables.deals.filter(pl.col("closed").is_not_null()).select(
        "deal_id",
        "closed",
        seller=seller,
        quarter_ends=pl.col("closed").dt.date().dt.truncate("1q").dt.offset_by("1q"),
    )
    has = (pl.col("at") <= pl.col("closed")) & (pl.col("known").dt.date() < pl.col("quarter_ends"))
    return decided.join(first, on="deal_id", how="left").with_columns(has=has.fill_null(False))


def _large_enough(block: pl.DataFrame) -> bool:
    sides = (block.filter(pl.col("has") == gained) for gained in (True, False))
    return all(
        side.height >= LEAST_DEALS and side["seller"].drop_nulls().n_unique() >= LEAST_SELLERS
        for side in sides
    )


def _as_of(
    tables: replay.Tables, day: datetime.date, settings: Settings, catalogue: Sequence[AgreementType]
) -> result.Discovery:
    deals, events = replay.as_known(tables, day, settings.covariates)
    end = replay.start_of(day) - datetime.timedelta(microseconds=1)
    return engine.discover(deals, events, settings=replace(settings, data_end=end), catalogue=catalogue)


def _cell(then: result.Discovery, agreement: str, whole: Blocks) -> Cell | None:
    """Return the cell of a type as of the end of its last block; None where discovery has no estimate on enough deals."""
    one = next((each for each in then.findings if each.agreement == agreement), None)
    if one is None or not math.isfinite(one.effect) or min(one.gained, one.not_gained) < LEAST_DEALS:
        return None
    coverage = intervals.share(whole.gained, whole.gained + whole.not_gained)
    fewest = min(whole.gained, whole.not_gained, one.gained, one.not_gained)
    return Cell(
        agreement=agreement,
        effect=round(one.effect, DIGITS),
        ci=(round(one.ci[0], DIGITS), round(one.ci[1], DIGITS)),
        coverage=round(coverage.value or 0.0, DIGITS),
        coverage_ci=(round(coverage.low or 0.0, DIGITS), round(coverage.high or 0.0, DIGITS)),
        deals_at_least=max(step for step in STEPS if step <= fewest),
        as_of=whole.ends.isoformat(),
    )


# ---- reading one ----


def read(text: str) -> Pack:
    """Return the pack of a file's text. Raises PackError."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise PackError("the file is no benchmark pack: it is not JSON") from error
    return opened(told)


def opened(told: Any, *, left_out: int = 0) -> Pack:
    """Return the pack of what a file holds. Raises PackError."""
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise PackError("the file is no benchmark pack")
    if told.get("version") != VERSION:
        raise PackError(f"the pack is of version {told.get('version')}, and only {VERSION} is known here")
    cells = told.get("cells")
    if not isinstance(told.get("metric"), str) or not isinstance(cells, list):
        raise PackError("the pack names no metric, or has no cells")
    read_cells = tuple(_read_cell(one) for one in cells)
    if len({one.agreement for one in read_cells}) < len(read_cells):
        raise PackError("the pack tells a type twice")
    return Pack(told["metric"], str(told.get("horizon", "")), read_cells, left_out)


def _read_cell(told: Any) -> Cell:
    try:
        cell = Cell(
            agreement=str(told["agreement"]),
            effect=float(told["effect"]),
            ci=_pair(told["ci"]),
            coverage=float(told["coverage"]),
            coverage_ci=_pair(told["coverage_ci"]),
            deals_at_least=int(told["deals_at_least"]),
            as_of=datetime.date.fromisoformat(told["as_of"]).isoformat(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PackError("a cell of the pack cannot be read") from error
    if not (-1 <= cell.ci[0] <= cell.effect <= cell.ci[1] <= 1 and cell.ci[0] < cell.ci[1]):
        raise PackError(f"the effect of {cell.agreement} in the pack is no share with an interval around it")
    return cell


def _pair(told: Any) -> tuple[float, float]:
    low, high = (float(one) for one in told)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("an end that is not finite")
    return low, high


def leaning_on(settings: Settings, pack: Pack, name: str) -> Settings:
    """Return settings whose order of types leans on a pack that is called ``name``."""
    return replace(settings, lean_on=prior(pack), lean_on_metric=pack.metric, lean_on_name=name)


def prior(pack: Pack) -> tuple[tuple[str, float, float], ...]:
    """Return what the order of types may lean on: key, effect and error of each cell."""
    return tuple((cell.agreement, cell.effect, cell.error) for cell in pack.cells)
