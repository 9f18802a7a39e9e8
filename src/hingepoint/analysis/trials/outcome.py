"""The outcome of a trial: who counts, what the lots made of it, and how sure that is.

Everything that decides is said before the first deal: the metric, the horizon, how many deals count, and who
is asked. Deals count as their lots say, whatever was done on them (intention to treat). The effect of the
agreement itself is told among those whom the lot moved (Imbens & Angrist 1994).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.settings import DiscoveryError
from hingepoint.analysis.trials import lots, redraws
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import DealStatus

PROMPT, WEDGE = "prompt", "wedge"
#: Fewer deals on either side of a comparison are never told.
LEAST = 5
#: Draws begin here, so that the same data give the same interval.
_STREAM = 2


@dataclass(frozen=True)
class Stated:
    """What is said of a trial before the first deal.

    design      ``prompt``: every second deal is asked; ``wedge``: teams start one after another
    agreement   the key of the type that is asked for; metric: what it may move, as in ``analysis.metrics``
    horizon     the outcome of a deal is what happened so long after its creation
    since       the first day; drawn_at: the moment of the draw, before which no deal had a lot
    deals       how many count, the first that are created (a prompt)
    step, steps how long a step is, and the teams that start at each, in order (a wedge)
    teams       those that take part, all if empty; segment: limits the deals, if not empty
    """

    design: str
    agreement: str
    metric: str
    seed: int
    since: dt.datetime
    drawn_at: dt.datetime
    horizon: dt.timedelta
    deals: int = 0
    step: dt.timedelta = dt.timedelta(0)
    steps: tuple[tuple[str, ...], ...] = ()
    teams: tuple[str, ...] = ()
    segment: str = ""

    @property
    def begins(self) -> dt.datetime:
        """The first moment at which a deal counts: in a wedge one step before the first team starts."""
        return self.since - self.step

    @property
    def taking_part(self) -> tuple[str, ...]:
        """The teams that take part; all if empty."""
        return tuple(team for step in self.steps for team in step) or self.teams

    @property
    def ends(self) -> dt.datetime | None:
        """The moment from which deals count no more; None where their number says it."""
        return self.since + len(self.steps) * self.step if self.design == WEDGE else None


@dataclass(frozen=True)
class Measure:
    """A number with its 95% range, infinite where it is unbounded, and the chance that lots alone explain it."""

    value: float
    low: float
    high: float
    chance: float = math.nan

    @property
    def seen(self) -> bool:
        return self.chance < redraws.LEVEL

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True)
class Side:
    """The deals on one side of a comparison: how many, which share gained the agreement, the mean outcome and
    its standard error."""

    deals: int
    gained: float = math.nan
    outcome: float = math.nan
    error: float = math.nan


@dataclass(frozen=True)
class TeamLine:
    """One team of a stepped start: its deals before it began and since."""

    team: str
    step: int
    before: Side
    since: Side


@dataclass(frozen=True)
class Outcome:
    """What a trial showed.

    asked, usual  the deals that were asked (of teams that had begun), and the others
    difference    of the outcome, by the lots as they were drawn
    take_up       by how much the lot raised the share that gained the agreement
    effect        of gaining it, among deals that gained it because of the lot
    lots          with how many ways to draw the lots it was compared; ``every`` if these are all
    """

    asked: Side
    usual: Side
    difference: Measure
    take_up: Measure
    effect: Measure
    lots: int
    every: bool


@dataclass(frozen=True)
class Progress:
    """How far a trial is: deals that entered, those of them whose outcome is known, and when all are.

    wanted    how many shall count; None where the days say it, not a number
    without   won deals that lack the figures of the metric; they cannot count
    known_on  the moment when the last outcome is known, at today's pace where deals are still missing;
              None where no deal has entered yet
    complete  whether nothing is missing any more
    """

    wanted: int | None
    entered: int
    known: int
    without: int
    known_on: dt.datetime | None
    complete: bool


def entered(deals: pl.DataFrame, events: pl.DataFrame, *, stated: Stated, as_of: dt.datetime) -> pl.DataFrame:
    """Return the deals that count, by creation, with their lot and what became of them.

    Adds to the columns of ``deals``: ``asked`` (its lot, or whether its team had begun), ``period`` (steps
    since the first moment), ``gained`` (the agreement, by its horizon), ``known`` (its horizon has passed) and
    ``outcome`` (null where not known, or where a won deal lacks the figures). Raises DiscoveryError where the
    metric cannot be told.
    """
    end = as_of if stated.ends is None else min(stated.ends, as_of)
    created = pl.col("created")
    had_a_lot = (created >= stated.drawn_at) | (
        created < stated.since
    )  # before the first day nobody is asked
    counted = deals.filter((created >= stated.begins) & (created < end) & had_a_lot)
    if stated.segment:
        counted = counted.filter(pl.col("segment") == stated.segment)
    if stated.taking_part:
        counted = counted.filter(pl.col("team").is_in(list(stated.taking_part)))
    counted = counted.sort("created", "deal_id")
    if stated.design == PROMPT:
        counted = counted.head(stated.deals)
    due = pl.col("created") + stated.horizon
    counted = _with_lots(counted, stated).with_columns(due=due, known=due <= as_of)
    counted = _with_gains(counted, events, stated.agreement)
    return _with_outcome(counted, metrics.parse(stated.metric), stated.horizon)


def _with_lots(deals: pl.DataFrame, stated: Stated) -> pl.DataFrame:
    if stated.design == PROMPT:
        asked = [lots.is_drawn(key, seed=stated.seed) for key in deals["deal_id"]]
        return deals.with_columns(period=pl.lit(0), asked=pl.Series(asked, dtype=pl.Boolean))
    since = (pl.col("created") - stated.begins).dt.total_microseconds()
    period = (since // int(stated.step / dt.timedelta(microseconds=1))).cast(pl.Int64)
    begins = {team: number + 1 for number, step in enumerate(stated.steps) for team in step}
    start = pl.col("team").replace_strict(begins, default=None, return_dtype=pl.Int64)
    return deals.with_columns(period=period, start=start).with_columns(asked=pl.col("period") >= start)


def _with_gains(deals: pl.DataFrame, events: pl.DataFrame, agreement: str) -> pl.DataFrame:
    gains = events.filter(pl.col("agreement") == agreement)
    standing = [str(state) for state in STANDING]
    gains = gains.filter(pl.col("state").fill_null("gained").is_in(standing))
    first = gains.group_by("deal_id").agg(gained_at=pl.col("at").min())
    joined = deals.join(first, on="deal_id", how="left", maintain_order="left")
    return joined.with_columns(gained=(pl.col("gained_at") <= pl.col("due")).fill_null(False))


def _with_outcome(deals: pl.DataFrame, metric: metrics.Metric, horizon: dt.timedelta) -> pl.DataFrame:
    """Return the deals with what each brought by its horizon; a metric of won deals has none for the others."""
    full = metrics.with_derived(deals)
    try:
        worth = metrics.value_if_won(metric, full)
    except metrics.MetricError as error:
        if (deals["status"] == DealStatus.WON).any():
            raise DiscoveryError(str(error)) from error
        worth = pl.Series([None] * deals.height, dtype=pl.Float64)
    most = horizon / dt.timedelta(days=1)
    sold = (pl.col("status") == DealStatus.WON) & (pl.col("closed") <= pl.col("due"))
    unsold = most if metric.name == "sale_days" else None if metric.among_won else 0.0
    outcome = pl.when(sold).then(worth).otherwise(pl.lit(unsold, dtype=pl.Float64))
    return deals.with_columns(
        outcome=pl.when(pl.col("known")).then(outcome),
        without=pl.col("known") & sold & worth.is_null(),
    )


def progress(counted: pl.DataFrame, *, stated: Stated, as_of: dt.datetime) -> Progress:
    """Return how far a trial is, from the deals of ``entered``."""
    wanted = stated.deals if stated.design == PROMPT else None
    full = counted.height >= stated.deals if stated.ends is None else as_of >= stated.ends
    return Progress(
        wanted=wanted,
        entered=counted.height,
        known=int(counted["known"].sum()),
        without=int(counted["without"].sum()),
        known_on=_known_on(counted, stated, as_of, full),
        complete=full and counted.height > 0 and bool(counted["known"].all()),
    )


def _known_on(counted: pl.DataFrame, stated: Stated, as_of: dt.datetime, full: bool) -> dt.datetime | None:
    if full and not counted.is_empty():
        return counted["due"].max()  # type: ignore[return-value]
    if stated.ends is not None:
        return stated.ends + stated.horizon
    if counted.is_empty():
        return None
    gone = max(as_of - stated.since, dt.timedelta(days=1))
    return stated.since + gone * (stated.deals / counted.height) + stated.horizon


def by_team(counted: pl.DataFrame) -> tuple[TeamLine, ...]:
    """Return the teams of a stepped start in the order in which they begin; few deals are not told apart."""
    teams = counted.group_by("team").agg(pl.col("start").first()).sort("start", "team")
    return tuple(
        TeamLine(team, step, *reversed(_told_sides(counted.filter(pl.col("team") == team))))
        for team, step in teams.iter_rows()
    )


def _told_sides(counted: pl.DataFrame) -> list[Side]:
    found = (_side(counted.filter(pl.col("asked") == which)) for which in (True, False))
    return [one if one.deals >= LEAST else Side(one.deals) for one in found]


def parted(counted: pl.DataFrame, *, stated: Stated) -> pl.DataFrame:
    """Return the deals as the lots parted them before anybody did anything, with ``asked`` for the two sides:
    asked or not; of a stepped start those of before the first step, in teams that begin in its first half."""
    if stated.design == PROMPT:
        return counted
    middle = len(stated.steps) / 2
    return counted.filter(pl.col("period") == 0).with_columns(asked=pl.col("start") <= middle)


def sides(counted: pl.DataFrame) -> tuple[Side, Side]:
    """Return the deals asked and the others: how many entered, which share has gained it so far; the outcome
    is not told."""
    asked, usual = (counted.filter(pl.col("asked") == which) for which in (True, False))
    return tuple(replace(_side(some), outcome=math.nan, error=math.nan) for some in (asked, usual))  # type: ignore[return-value]


def _side(deals: pl.DataFrame) -> Side:
    if deals.is_empty():
        return Side(0)
    told = deals["outcome"].drop_nulls().to_numpy()
    return Side(
        deals=deals.height,
        gained=float(deals["gained"].to_numpy().mean()),
        outcome=float(told.mean()) if told.size else math.nan,
        error=float(told.std(ddof=1) / math.sqrt(told.size)) if told.size > 1 else math.nan,
    )


def outcome(counted: pl.DataFrame, *, stated: Stated) -> Outcome | None:
    """Return what the trial shows by the deals whose outcome is known; None with too few to compare.

    Deals are compared by their lots as drawn, whatever was done on them. Ranges and chances come from drawing
    the lots again as they were drawn: as many deals asked, or the teams in another order.
    """
    told = counted.filter(pl.col("outcome").is_not_null())
    asked, usual = (_side(told.filter(pl.col("asked") == which)) for which in (True, False))
    if min(asked.deals, usual.deals) < LEAST:
        return None
    rng = np.random.default_rng([stated.seed, _STREAM])
    compare = _compared_deals if stated.design == PROMPT else _compared_teams
    found = compare(told, rng)
    if found is None:
        return None
    real, drawn, every = found
    difference = _measure(real[[0, 2]], drawn[:, [0, 2]])
    if stated.design == PROMPT and metrics.parse(stated.metric).kind == "share" and _are_shares(told):
        served = told["outcome"].to_numpy() > 0
        exact = redraws.chance_of_shares(told["asked"].to_numpy(), served)
        difference = replace(difference, chance=exact)
    return Outcome(
        asked=asked,
        usual=usual,
        difference=difference,
        take_up=_measure(real[[1, 2]], drawn[:, [1, 2]]),
        effect=_measure(real[[0, 1]], drawn[:, [0, 1]], chance=difference.chance),
        lots=len(drawn),
        every=every,
    )


def _are_shares(told: pl.DataFrame) -> bool:
    return bool(told["outcome"].is_in([0.0, 1.0]).all())


def _measure(real: np.ndarray, drawn: np.ndarray, *, chance: float | None = None) -> Measure:
    """Return how much the first of two columns moves with a unit of the second."""
    value = float(real[0] / real[1]) if real[1] else math.nan
    low, high = redraws.likely((float(real[0]), float(real[1])), (drawn[:, 0], drawn[:, 1]))
    return Measure(value, low, high, redraws.chance(real[0], drawn[:, 0]) if chance is None else chance)


#: The comparison by the real lots, the same by others (draws x columns), and whether these are all.
_Compared = tuple[np.ndarray, np.ndarray, bool]


def _columns(told: pl.DataFrame) -> np.ndarray:
    """Return deals x (outcome, gained, asked)."""
    return told.select(pl.col("outcome", "gained", "asked").cast(pl.Float64)).to_numpy()


def _compared_deals(told: pl.DataFrame, rng: np.random.Generator) -> _Compared:
    asked, values = told["asked"].to_numpy(), _columns(told)
    drawn, every = redraws.halves(asked, values, rng=rng)
    return redraws.differences(asked[None, :].astype(float), values)[0], drawn, every


def _compared_teams(told: pl.DataFrame, rng: np.random.Generator) -> _Compared | None:
    """Return the differences with a mean of its own for every team and every period (Hussey & Hughes 2007),
    by the order as drawn and by others; None where the deals leave nothing to compare."""
    cells = told.group_by("team", "period").agg(
        pl.col("start").first(), pl.len(), pl.col("outcome", "gained", "asked").cast(pl.Float64).mean()
    )
    cells = cells.sort("team", "period")
    names, team = np.unique(cells["team"].to_numpy().astype(str), return_inverse=True)
    starts = np.array([cells["start"].to_numpy()[team == number][0] for number in range(names.size)])
    drawn, every = redraws.orders(starts, rng=rng)
    period = cells["period"].to_numpy()
    begun = period >= np.vstack([starts[None, :], drawn])[:, team]
    values, weights = cells.select("outcome", "gained", "asked").to_numpy(), cells["len"].to_numpy()
    slopes = _slopes(begun.astype(float), values, weights=weights, groups=(team, period))
    if np.isnan(slopes[0]).any():
        return None
    told_apart = ~np.isnan(slopes[1:]).any(axis=1)
    return slopes[0], slopes[1:][told_apart], every


def _slopes(
    begun: np.ndarray, values: np.ndarray, *, weights: np.ndarray, groups: tuple[np.ndarray, ...]
) -> np.ndarray:
    """Return draws x columns: the weighted least-squares slope of each column of ``values`` (cells x columns)
    on ``begun`` (draws x cells) beside a mean for each member of each group; NaN where nothing is left of it."""
    roots = np.sqrt(weights)[:, None]
    means = np.hstack([group[:, None] == np.unique(group)[None, :] for group in groups]).astype(float) * roots
    within = np.eye(weights.size) - means @ np.linalg.pinv(means)
    doses = (begun * roots.T) @ within
    left = (doses**2).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > 1e-9, doses @ (values * roots) / left, np.nan)
