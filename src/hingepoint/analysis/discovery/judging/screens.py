"""What is not a discovery: agreements that are part of winning, follow the decision, or tell nothing.

Each screen answers per type with a reason or with nothing. The analyst's two lists win over all of
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.judging import risk
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.sums import gram
from hingepoint.records.agreements import AgreementType

#: Gained this late in won deals, and hardly ever in lost ones, an agreement is part of closing.
LATE_SHARE, LATE_WIN_RATE, SURE_WIN_RATE = 0.6, 0.9, 0.95
#: Of the wins (or losses) that chance would put on one side, no more than this share is found there.
DEFINITION = 0.02
EXPECTED = 10.0
#: Won so much more often than deals of the same age; or, where those are nearly all won, lost so much less.
ABOVE, HARDLY_ANY = 0.1, 0.1
EVERY_WIN = "it is a step that every win contains"
#: A leading agreement keeps less than this share of its effect when the clock starts later.
KEPT = 0.5
#: Types that correlate this much within seller are one column.
IDENTICAL = 0.999
#: Types that move together this much given everything else may not be told apart (also VIF > 5).
TOGETHER, INFLATED = 0.5, 5.0


@dataclass(frozen=True)
class Exclusion:
    """Why a type is not judged: a short ``reason`` for machines and a sentence for people.

    A ``step`` that every win contains still tells how far a deal has come, so it stays among the
    columns that the others are adjusted for.
    """

    reason: str
    words: str
    step: bool = False


def mechanical(
    history: History, settings: Settings, catalogue: Mapping[str, AgreementType], cycle: float
) -> dict[str, Exclusion]:
    """Return the types that are part of winning or losing rather than a way to it."""
    found: dict[str, Exclusion] = {}
    if not history.metric.among_won or history.metric.name == "cycle_days":
        found |= _by_record(history, cycle)
    if not history.metric.among_won:
        late = [key for key in history.types if key in catalogue and catalogue[key].proximity == "late"]
        found |= {
            key: Exclusion(
                "mechanical", "the catalogue marks it as a late step that is close to winning itself"
            )
            for key in late
            if key not in found
        }
    found |= {
        key: Exclusion("mechanical", "the analyst marked it as part of closing")
        for key in settings.mechanical
        if key in history.types
    }
    return {key: why for key, why in found.items() if key not in settings.not_mechanical}


def _by_record(history: History, cycle: float) -> dict[str, Exclusion]:
    decided = history.decided
    closed, won = history.closed[decided], history.won[decided]
    alive = risk.Alive.of(closed, won)
    late = min(0.15 * cycle, 4.0)
    found: dict[str, Exclusion] = {}
    for place, key in enumerate(history.types):
        week = history.gained[decided, place]
        if int(np.isfinite(week).sum()) < _floor(won.size) or not won.any():
            continue
        peers = alive.beside(week)
        reason = _part_of_winning(peers) or _part_of_losing(peers) or _late_in_wins(peers, closed, week, late)
        if reason:
            found[key] = Exclusion("mechanical", reason, step=reason.endswith(EVERY_WIN))
    return found


def _floor(deals: int) -> int:
    """Return how many decided deals must carry a type before a screen speaks about it."""
    return min(20, max(deals // 50, 5))


def _part_of_winning(peers: risk.Peers) -> str:
    if peers.rate >= SURE_WIN_RATE and _far_above(peers):
        return f"{peers.rate:.0%} of the decided deals that gained it were won, so it is part of winning"
    wins_without = peers.wins - peers.wins_with
    if peers.wins_expected >= EXPECTED and wins_without <= DEFINITION * peers.wins_expected:
        return f"only {wins_without:,} of {peers.without:,} decided deals without it were won, so {EVERY_WIN}"
    return ""


def _part_of_losing(peers: risk.Peers) -> str:
    expected = peers.with_it * peers.win_rate_alive
    if expected >= EXPECTED and peers.wins_with <= DEFINITION * expected:
        return f"only {peers.wins_with:,} of {peers.with_it:,} decided deals with it were won, so it records the loss"
    return ""


def _late_in_wins(peers: risk.Peers, closed: np.ndarray, week: np.ndarray, late: float) -> str:
    gained = np.isfinite(week) & peers.won
    share_late = float((closed[gained] - week[gained] <= late).mean()) if gained.any() else 0.0
    if share_late >= LATE_SHARE and peers.rate >= LATE_WIN_RATE and _far_above(peers):
        return (
            f"{share_late:.0%} of won deals gained it in their last {late * 7:.0f} days, "
            f"and {peers.rate:.0%} of the deals that gained it were won"
        )
    return ""


def _far_above(peers: risk.Peers) -> bool:
    """Return whether deals that gained it are won far more often than deals of the same age without it.

    Where nearly all that live so long are won, there is no room above: then hardly any may be lost.
    """
    lost, expected = peers.with_it - peers.wins_with, peers.with_it * (1 - peers.win_rate_alive)
    return peers.rate > peers.win_rate_alive + ABOVE or (
        expected >= EXPECTED and lost <= HARDLY_ANY * expected
    )


def stages(history: History, mechanical: Mapping[str, Exclusion]) -> dict[str, Exclusion]:
    """Return the entries into stages: never judged, but adjusted for unless they are part of winning itself.

    How far a deal has come decides much, and agreements that come with a stage would take the credit
    for it (decision 139).
    """
    return {
        key: Exclusion("stage", "it is a stage of the deal", step=True)
        for key in history.steps
        if key not in mechanical or mechanical[key].reason != "mechanical" or mechanical[key].step
    }


def leading(profile: list[gram.Estimate], settings: Settings, types: tuple[str, ...]) -> dict[str, Exclusion]:
    """Return the types whose effect is gone when the outcome clock starts later.

    ``profile`` holds estimate A on deals still open 0, a quarter and half of the median remaining
    time after the landmark. A lever keeps its effect; what is recorded after the decision has fallen
    does not.
    """
    first, last = profile[0], profile[-1]
    found = {}
    shift = [float(np.nanmedian(one.effects)) if np.isfinite(one.effects).any() else 0.0 for one in profile]
    now, later = first.effects - shift[0], last.effects - shift[-1]
    with np.errstate(invalid="ignore"):
        clear = np.abs(now) > 2.5 * first.errors
        faded = np.sign(now) * later < KEPT * np.abs(now)
        certain = np.sign(now) * (now - later) > 1.645 * gram.difference_errors(first, last)
    for place in np.nonzero(clear & faded & certain)[0]:
        if types[place] not in settings.not_mechanical:
            found[types[place]] = Exclusion(
                "leading",
                "its link with the result is gone among deals that stay open a little longer, "
                "so it is recorded once the decision has fallen",
            )
    return found


def copies(within: gram.Within, layout: gram.Layout, among: np.ndarray) -> dict[int, int]:
    """Return, per type that stands and falls with an earlier one, the position of that one."""
    expand = layout.by_landmark()
    products = (expand.T @ within.products[:-1, :-1] @ expand)[layout.covariates :, layout.covariates :]
    scale = np.sqrt(np.maximum(np.diag(products), 1e-12))
    alike = (products / np.outer(scale, scale) > IDENTICAL) & among[:, None] & among[None, :]
    found: dict[int, int] = {}
    for place in np.nonzero(alike.sum(axis=1) > 1)[0].tolist():
        first = int(np.nonzero(alike[place])[0][0])
        if first < place:
            found[place] = found.get(first, first)
    return found


def bundles(one: gram.Estimate, copied: Mapping[int, int]) -> list[tuple[int, ...]]:
    """Return the groups of types that these data cannot tell apart, as positions.

    Two types are tied if they move together (residual correlation above .5, or both inflated above 5
    and tied to each other most) and the difference of their effects is within its error.
    """
    together = np.abs(gram.correlations(one.fit))
    estimable = one.fit.estimable[one.fit.targets]
    together[~estimable] = 0.0
    together[:, ~estimable] = 0.0
    np.fill_diagonal(together, 0.0)
    inflated = one.fit.inflation[one.fit.targets] > INFLATED
    close = (together > TOGETHER) | (inflated[:, None] & inflated[None, :] & (together > TOGETHER / 2))
    variance = np.diag(one.covariance)
    apart = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * one.covariance, 0.0))
    with np.errstate(invalid="ignore"):
        told_apart = np.abs(one.effects[:, None] - one.effects[None, :]) > 1.96 * apart
    tied = close & ~told_apart
    for place, first in copied.items():
        tied[place, first] = tied[first, place] = True
    return _components(tied)


def _components(tied: np.ndarray) -> list[tuple[int, ...]]:
    left = set(np.nonzero(tied.any(axis=1))[0].tolist())
    groups = []
    while left:
        group, frontier = set(), {min(left)}
        while frontier:
            group |= frontier
            frontier = {int(j) for i in frontier for j in np.nonzero(tied[i])[0]} - group
        groups.append(tuple(sorted(group)))
        left -= group
    return groups
