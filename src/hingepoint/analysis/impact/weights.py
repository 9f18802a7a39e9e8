"""Estimators as weights: each is a sum of weight x value over teams and periods, so that a thousand other orders
cost one matrix product.

All functions take many orders at once. ``starts`` is orders x teams, the period in which each team starts (the
number of periods: it waits); ``deals`` is teams x periods. Weights are orders x effects x teams x periods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: What counts as nothing beside the mean of a diagonal.
_RIDGE = 1e-10
#: A cell is told by teams and periods that it hangs together with if less than this of it is free.
_FREE = 1e-6


@dataclass(frozen=True)
class TwoWay:
    """Least squares on an effect for every team and one for every period, on the cells that ``mass`` weighs.

    The effects along the longer axis, teams or periods, follow from those along the shorter (Frisch-Waugh-Lovell),
    so that many orders cost many small inverses.

    mass     orders x teams x periods
    turned   whether the longer axis is that of periods
    share    orders x longer x shorter, what part of its own mass each cell is
    inverse  orders x shorter x shorter, of the sums of products once the longer axis is taken out
    told     orders x teams x periods, whether both effects of a cell are known from the same cells
    """

    mass: np.ndarray
    turned: bool
    share: np.ndarray
    inverse: np.ndarray
    told: np.ndarray

    @classmethod
    def of(cls, mass: np.ndarray) -> TwoWay:
        turned = mass.shape[1] < mass.shape[2]
        cells = np.swapaxes(mass, 1, 2) if turned else mass
        share = _parts(cells)
        sums = cells.sum(axis=1)
        scale = sums.mean(axis=1)[:, None] + (sums.sum(axis=1) == 0)[:, None]
        core = -np.swapaxes(cells, 1, 2) @ share
        place = np.arange(sums.shape[1])
        core[:, place, place] += sums + np.where(sums > 0, scale * _RIDGE, scale)
        # a constant may move from teams to periods: fixed, it changes no sum of both
        level = (sums > 0) * np.sqrt(scale / sums.shape[1])
        core += level[:, :, None] * level[:, None, :]
        inverse = np.linalg.inv(core)
        told = (cells.sum(axis=2) > 0)[:, :, None] & (sums > 0)[:, None, :]
        told &= _free(share, inverse) * (scale * _RIDGE)[:, :, None] < _FREE
        return cls(mass, turned, share, inverse, np.swapaxes(told, 1, 2) if turned else told)

    def effects(self, weighed: np.ndarray) -> np.ndarray:
        """Return team plus period effect of every cell for ``weighed`` values, orders x effects x teams x periods."""
        cells = np.swapaxes(weighed, 2, 3) if self.turned else weighed
        total = np.swapaxes(self.mass, 1, 2) if self.turned else self.mass
        long = cells.sum(axis=3)
        short = (cells.sum(axis=2) - long @ self.share) @ self.inverse
        own = _over(long, total.sum(axis=2)[:, None]) - short @ np.swapaxes(self.share, 1, 2)
        found = own[..., :, None] + short[..., None, :]
        return np.swapaxes(found, 2, 3) if self.turned else found

    def left(self, columns: np.ndarray) -> np.ndarray:
        """Return what teams and periods leave of ``columns``, orders x effects x teams x periods."""
        return columns - self.effects(self.mass[:, None] * columns)


def _free(share: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Return how much of a cell lies where nothing holds it but the ridge."""
    spread = share @ inverse
    own = np.einsum("oss->os", inverse)[:, None, :]
    return own - 2 * spread + (spread * share).sum(axis=2)[:, :, None]


def _parts(cells: np.ndarray) -> np.ndarray:
    """Return the parts of their sum along the last axis; zeros where that is zero."""
    return _over(cells, cells.sum(axis=-1, keepdims=True))


def _over(cells: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return ``cells / by``, zero where ``by`` is."""
    return np.divide(cells, by, out=np.zeros(np.broadcast_shapes(cells.shape, by.shape)), where=by != 0)


def since_start(starts: np.ndarray, periods: int) -> np.ndarray:
    """Return orders x teams x periods, how many periods a team has lived it; negative before.

    A team that waits throughout is far below anything: it has no period before its start.
    """
    age = np.arange(periods)[None, None, :] - starts[:, :, None]
    return np.where(starts[:, :, None] >= periods, -10 * periods - 1, age)


def imputation(starts: np.ndarray, deals: np.ndarray) -> np.ndarray:
    """Return the weights of the imputation estimator of Borusyak, Jaravel & Spiess (2024), orders x 1 x cells.

    Team and period effects are told from the cells of teams that still wait; what a lived cell is above them
    is its effect. The weights are of the mean over all lived cells, a deal counting as a deal; zero where an
    order has no such cell.
    """
    two, lived = _imputed(starts, deals)
    cells = lived.sum(axis=(1, 2), keepdims=True)
    wanted = _over(lived, cells)[:, None]
    return wanted - two.mass[:, None] * two.effects(wanted)


def by_age(starts: np.ndarray, deals: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the imputation estimates of ``columns`` over all lived cells, and after them by periods since the start.

    columns    columns x teams x periods; returns orders x (1 + periods) x columns, zero where there is no such cell

    The same estimates as by weights, without as many weights as there are periods.
    """
    two, lived = _imputed(starts, deals)
    periods = deals.shape[1]
    above = lived[:, None] * (columns[None] - two.effects(two.mass[:, None] * columns[None]))
    age = since_start(starts, periods)
    place = np.where(age < 0, periods, age) + np.arange(len(starts))[:, None, None] * (periods + 1)

    def sums(cells: np.ndarray) -> np.ndarray:
        found = np.bincount(place.ravel(), cells.ravel(), minlength=len(starts) * (periods + 1))
        single = found.reshape(len(starts), periods + 1)[:, :periods]
        return np.concatenate([single.sum(axis=1, keepdims=True), single], axis=1)

    size = sums(lived)
    return np.stack([_over(sums(above[:, column]), size) for column in range(len(columns))], axis=2)


def _imputed(starts: np.ndarray, deals: np.ndarray) -> tuple[TwoWay, np.ndarray]:
    """Return the fit on cells that wait, and the deals of the lived cells that it tells something of."""
    age = since_start(starts, deals.shape[1])
    two = TwoWay.of(deals * (age < 0))
    return two, deals * ((age >= 0) & two.told)


def before(starts: np.ndarray, deals: np.ndarray, *, leads: int) -> np.ndarray:
    """Return the weights of what shows before any start, where nothing should be (the pre-trend test of the same
    paper): least squares on the cells of teams that wait, with one effect for each of the last ``leads``
    periods before a start. The first weights are of their mean, then from the earliest to the last.
    """
    age = since_start(starts, deals.shape[1])
    two = TwoWay.of(deals * (age < 0))
    columns = np.stack([(age == -lead).astype(float) for lead in range(leads, 0, -1)], axis=1)
    left = two.mass[:, None] * two.left(columns)
    squares = np.einsum("oknt,omnt->okm", left, columns)
    size = np.einsum("okk->o", squares)[:, None, None] / leads
    squares = squares + np.eye(leads) * np.maximum(size * _RIDGE, _RIDGE)
    found = np.einsum("okm,omnt->oknt", np.linalg.inv(squares), left)
    counts = (two.mass[:, None] * columns).sum(axis=(2, 3))
    mean = np.einsum("ok,oknt->ont", counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), found)
    return np.concatenate([mean[:, None], found], axis=1)


def group_time(
    starts: np.ndarray, deals: np.ndarray, *, controls: str = "waiting", dynamic: bool = False
) -> np.ndarray:
    """Return the weights of the mean of group-time effects (Callaway & Sant'Anna 2021), orders x 1 x cells.

    controls   ``waiting``: teams not yet started; ``never``: teams that wait throughout
    dynamic    first by periods since the start, then their mean; otherwise over all groups and periods

    A team counts by its deals in the whole time. Teams without deals in a period, or in the last one before
    the start, are left out of that comparison.
    """
    pairs = _pairs(starts, deals.shape[1])
    changes = [_change(starts, deals, *pair, controls) for pair in pairs]
    mass = np.array([one.mass for one in changes]).reshape(len(pairs), len(starts))
    if dynamic:
        ages = np.array([period - group for group, period in pairs])
        mass = _over(mass, np.array([mass[ages == age].sum(axis=0) for age in ages]))
    share = _over(mass, mass.sum(axis=0, keepdims=True))
    found = np.zeros((len(starts), *deals.shape))
    for (_, period), one, part in zip(pairs, changes, share, strict=True):
        found[:, :, period] += one.teams * part[:, None]
        found[:, :, one.base] -= one.teams * part[:, None]
    return found[:, None]


def _pairs(starts: np.ndarray, periods: int) -> list[tuple[int, int]]:
    groups = [int(group) for group in np.unique(starts) if 0 < group < periods]
    return [(group, period) for group in groups for period in range(group, periods)]


def group_effect(
    starts: np.ndarray, deals: np.ndarray, *, group: int, period: int, controls: str = "waiting"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the effect on the teams that start in ``group``, in ``period``, and the mass of those
    teams by order; zeros where there is nobody to compare.

    Before its start a group is held against the period before, as in the published tables.
    """
    one = _change(starts, deals, group, period, controls)
    weights = np.zeros((len(starts), *deals.shape))
    weights[:, :, period], weights[:, :, one.base] = one.teams, -one.teams
    return weights, one.mass


@dataclass(frozen=True)
class _Change:
    """A comparison of changes since the period ``base``: ``teams`` is orders x teams, how much each counts for or
    against; ``mass`` is orders, the size of the group."""

    base: int
    teams: np.ndarray
    mass: np.ndarray


def _change(starts: np.ndarray, deals: np.ndarray, group: int, period: int, controls: str) -> _Change:
    base = group - 1 if period >= group else period - 1
    size = deals.sum(axis=1) * ((deals[:, period] > 0) & (deals[:, base] > 0))
    mine = (starts == group) * size
    waits = starts >= deals.shape[1] if controls == "never" else starts > max(period, base)
    theirs = waits * (starts != group) * size
    both = (mine.sum(axis=1) > 0) & (theirs.sum(axis=1) > 0)
    return _Change(base, (_parts(mine) - _parts(theirs)) * both[:, None], mine.sum(axis=1) * both)
