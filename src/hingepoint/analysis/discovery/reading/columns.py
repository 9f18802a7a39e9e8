"""What was known about a deal when it was looked at: the covariates of the joint regression.

Size and other numbers enter as restricted cubic splines (Harrell 2015), words as levels of which the
rare are pooled, and the few strong ones with each other. All of it is known at creation or at the
start of the window that ends at the landmark, so that no covariate can be a consequence of the
agreements that are judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.discovery.reading import leaks
from hingepoint.analysis.discovery.reading.choices import Choices, Once, fresh
from hingepoint.analysis.discovery.reading.design import Grid, Rows, landmark_weeks, start_weeks
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings

#: Columns that tell the outcome of the sale or change until it closes.
OUTCOMES = frozenset(
    [
        "deal_id",
        "status",
        "closed",
        "amount",
        "list_price",
        "net_price",
        "discount",
        "cost",
        "margin",
        "revenue",
        "cycle_days",
        "stage",
        "expected_close",
        "projected_amount",
        "projected_margin",
        "currency",
        "created",
    ]
)
#: Columns of the design, not facts about a deal: nothing unmeasured is like them.
OF_THE_DESIGN = frozenset(["landmark", "age", "period end", "not yet recorded"])
MAX_LEVELS = 12
#: Products of covariates may have a column for so many deals (decision 0121).
DEALS_A_PRODUCT = 100
MIN_LEVEL = 30
QUARTER = 91.3125 / 7


@dataclass(frozen=True)
class Columns:
    """Covariates ready to be laid out for any rows.

    ``fixed`` holds one row a deal; ``groups`` names the covariate each column belongs to, in the order
    in which ``layout`` returns them; ``size`` is the standardised log size, 0 where it is not known;
    ``traced`` says which traces of deals are counted.
    """

    fixed: np.ndarray
    fixed_groups: tuple[str, ...]
    size: np.ndarray
    groups: tuple[str, ...]
    warnings: tuple[str, ...]
    traced: tuple[str, ...] = ()

    def part(self, deals: slice) -> Columns:
        """Return the covariates of some deals, counted from the first of them."""
        return replace(self, fixed=self.fixed[deals], size=self.size[deals])

    def layout(self, history: History, rows: Rows, grid: Grid) -> np.ndarray:
        """Return rows x columns."""
        moving, _ = _moving(history, rows, grid, self.size, self.traced)
        return np.hstack([self.fixed[rows.deal], *moving])


def choose(history: History, grid: Grid, settings: Settings, choices: Choices | None = None) -> Columns:
    """Return the covariates of a history; raises DiscoveryError for one that leaks the outcome.

    Where splines bend and which levels are common is taken from ``choices`` that were made before.
    """
    choices = choices or Choices()
    warnings: list[str] = []
    numbers, words = _sources(history, settings, warnings)
    parts: list[np.ndarray] = []
    groups: list[str] = []

    def add(name: str, block: np.ndarray) -> None:
        parts.append(block)
        groups.extend([name] * block.shape[1])

    for name, values in numbers.items():
        add(name, number_columns(values, once=choices.about(name)))
    levels = {name: level_columns(values, choices.about(name)) for name, values in words.items()}
    for name, block in levels.items():
        add(name, block)
    size = _standard_size(numbers, choices.about("size"))
    products = _interactions(levels, size, choices.about("interactions"))
    number = sum(block.shape[1] for *_, block in products)
    if choices.once("products", lambda: number * DEALS_A_PRODUCT <= history.size):
        for first, second, block in products:
            add(f"{first} x {second}", block)
    for since in np.unique(history.recorded[np.isfinite(history.recorded)]):
        add("not yet recorded", (history.created < since).astype(float)[:, None])
    fixed = np.hstack(parts) if parts else np.zeros((history.size, 0))
    probe = Rows(np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.zeros(1), np.zeros(1))
    traced = tuple(name for name, traces in history.traces.items() if traces.index.size)
    _, moving_groups = _moving(history, probe, grid, size, traced)
    return Columns(fixed, tuple(groups), size, (*groups, *moving_groups), tuple(warnings), traced)


def _sources(
    history: History, settings: Settings, warnings: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, pl.Series]]:
    deals = history.deals
    numbers = {"size": _logarithm(deals["initial_amount"])} if _present(deals, "initial_amount") else {}
    numbers["calendar"] = history.created
    words: dict[str, pl.Series] = {}
    for name in _asked(deals, settings, warnings):
        if deals.schema[name].is_numeric():
            numbers[name] = deals[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        else:
            words[name] = deals[name].cast(pl.String)
    if _present(deals, "account") and np.unique(history.account).size < 0.9 * history.size:
        numbers["account history"], numbers["account wins"] = account_history(history)
    return numbers, words


def _asked(deals: pl.DataFrame, settings: Settings, warnings: list[str]) -> list[str]:
    """Return the covariates to use: the usual ones that are present, then those the analyst listed."""
    for name in settings.covariates:
        if name not in deals.columns:
            raise DiscoveryError(f"the covariate {name!r} is not a column of the deals")
        if name in OUTCOMES:
            raise DiscoveryError(
                f"the covariate {name!r} is an outcome of the sale; adjusting for it would hide effects"
            )
        leaks.require_known(deals, name, settings.insist)
    usual = [*frames.KNOWN_AT_CREATION, *(() if _present(deals, "owner") else ("team", "manager"))]
    chosen = []
    for name in usual:
        reason = leaks.refused(deals, name, settings.insist) if _present(deals, name) else ""
        if reason:
            warnings.append(f"The column {name} was left out because it leaks the outcome: {reason}.")
        elif _present(deals, name) and name not in settings.covariates:
            chosen.append(name)
    grouping = {"owner", "account"}
    chosen += [name for name in settings.covariates if name != "initial_amount" and name not in grouping]
    warnings.extend(said for name in chosen if (said := leaks.doubted(deals, name, settings.insist)))
    return chosen


def _present(deals: pl.DataFrame, name: str) -> bool:
    return name in deals.columns and deals[name].null_count() < deals.height


def account_history(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return, per deal, the log numbers of its account's deals and wins closed before its creation."""
    account, created = history.account, history.created
    span = 1.0 + created.max() - created.min() + float(np.max(history.closed[history.decided], initial=0.0))
    origin = created.min()

    def closed_before(which: np.ndarray) -> np.ndarray:
        keys = np.sort(account[which] * (2 * span) + (created[which] - origin) + history.closed[which])
        start = np.searchsorted(keys, account * (2 * span) - 0.5)
        return np.log1p(
            np.searchsorted(keys, account * (2 * span) + (created - origin), side="right") - start
        )

    return closed_before(history.decided), closed_before(history.won)


def _logarithm(amount: pl.Series) -> np.ndarray:
    values = amount.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.log(np.where(values > 0, values, np.nan))


def number_columns(values: np.ndarray, knots: int = 5, once: Once = fresh) -> np.ndarray:
    """Return a restricted cubic spline of a number, and whether it is missing."""
    missing = ~np.isfinite(values)
    if once("all missing", missing.all):
        return np.zeros((values.size, 0))
    filled = np.where(missing, once("median", lambda: np.median(values[~missing])), values)
    spline = restricted_cubic(filled, knots, once)
    if once("some missing", missing.any):
        return np.column_stack([spline, missing.astype(float)])
    return spline


def restricted_cubic(values: np.ndarray, knots: int, once: Once = fresh) -> np.ndarray:
    """Return the basis of a restricted cubic spline with knots at Harrell's quantiles (linear in the tails)."""
    middle, spread = once("mean and spread", lambda: (values.mean(), values.std()))
    scaled = (values - middle) / spread if spread > 0 else values * 0.0
    quantiles = np.linspace(0.05, 0.95, knots)
    places = np.asarray(once("knots", lambda: np.unique(np.quantile(scaled, quantiles))))
    if places.size < 3:
        return scaled[:, None]

    def cube(knot: float) -> np.ndarray:
        return np.clip(scaled - knot, 0, None) ** 3

    last, before = places[-1], places[-2]
    width = (last - places[0]) ** 2
    bent = [
        (
            cube(knot)
            - cube(before) * (last - knot) / (last - before)
            + cube(last) * (before - knot) / (last - before)
        )
        / width
        for knot in places[:-2]
    ]
    return np.column_stack([scaled, *bent])


def level_columns(values: pl.Series, once: Once = fresh) -> np.ndarray:
    """Return a column per level but the commonest; rare levels share one, and unknown is a level of its own."""
    filled = values.fill_null("(unknown)")
    common = once("common levels", lambda: _common_levels(filled))
    columns = [(filled == level).cast(pl.Float64).to_numpy() for level in common[1:]]
    rest = (~filled.is_in(common)).cast(pl.Float64).to_numpy()
    if once("pooled rest", lambda: rest.sum() >= MIN_LEVEL and bool(common)):
        columns.append(rest)
    return np.column_stack(columns) if columns else np.zeros((values.len(), 0))


def _common_levels(filled: pl.Series) -> list[str]:
    counts = filled.value_counts(name="deals").sort(["deals", filled.name], descending=[True, False])
    return counts.filter(pl.col("deals") >= MIN_LEVEL)[filled.name].to_list()[:MAX_LEVELS]


def _standard_size(numbers: dict[str, np.ndarray], once: Once) -> np.ndarray:
    values = numbers.get("size")
    if values is None:
        return np.zeros(next(iter(numbers.values())).size)
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(values.size)
    middle, spread = once("standard", lambda: (values[known].mean(), values[known].std()))
    return np.where(known, (values - middle) / spread, 0.0) if spread > 0 else np.zeros(values.size)


def _interactions(
    levels: dict[str, np.ndarray], size: np.ndarray, once: Once
) -> list[tuple[str, str, np.ndarray]]:
    """Return the products of size with each word and of words of few levels with each other."""
    products = []
    names = [name for name, block in levels.items() if block.shape[1]]
    for name in names:
        if size.any():
            products.append(("size", name, levels[name] * size[:, None]))
    small = [name for name in names if levels[name].shape[1] <= 5]
    for place, first in enumerate(small):
        for second in small[place + 1 :]:
            block = np.einsum("ni,nj->nij", levels[first], levels[second]).reshape(size.size, -1)
            often = once(f"{first} x {second}", partial(_often, block))
            block = block[:, np.asarray(often, dtype=bool)]
            if block.shape[1]:
                products.append((first, second, block))
    return products


def _often(block: np.ndarray) -> np.ndarray:
    return block.sum(axis=0) >= MIN_LEVEL


def _moving(
    history: History, rows: Rows, grid: Grid, size: np.ndarray, traced: tuple[str, ...]
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Return the columns that depend on the landmark, with the covariate each belongs to."""
    at_landmark = (rows.landmark[:, None] == np.arange(1, len(grid.landmarks))).astype(float)
    blocks = {"landmark": at_landmark, "landmark x size": at_landmark * size[rows.deal][:, None]}
    week = np.nan_to_num(landmark_weeks(history, rows, grid), posinf=0.0)
    if grid.stages:
        blocks["age"] = np.log1p(week)[:, None]
    to_end = period_end(history.created[rows.deal] + week)
    blocks["period end"] = np.column_stack([to_end, to_end**2, (to_end < 2 / QUARTER).astype(float)])
    start = np.maximum(start_weeks(history, rows, grid), 0.0)
    for name in traced:
        traces = history.traces[name]
        total = traces.count_by(rows.deal, start)
        blocks[name] = np.log1p(total)[:, None]
        if name == "activity":
            recent = total - traces.count_by(rows.deal, np.maximum(start - grid.landmarks[0], -0.25))
            blocks["recent activity"] = np.log1p(recent)[:, None]
    groups = tuple(name for name, block in blocks.items() for _ in range(block.shape[1]))
    return list(blocks.values()), groups


def period_end(week: np.ndarray) -> np.ndarray:
    """Return the share of a calendar quarter that is left at a moment given in weeks since 1970."""
    days = np.floor(week * 7).astype("int64").astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(int)
    first = (months // 3 * 3).astype("datetime64[M]").astype("datetime64[D]")
    following = (months // 3 * 3 + 3).astype("datetime64[M]").astype("datetime64[D]")
    return (following - days).astype(float) / (following - first).astype(float)
