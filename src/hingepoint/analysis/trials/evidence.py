"""How to get evidence where the history has too little: a randomised prompt, or a stepped start by team."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.settings import DiscoveryError
from hingepoint.analysis.trials import lots

#: With fewer teams a stepped start has too few steps to compare.
LEAST_TEAMS = 4
#: More teams than that begin two or three at a time.
MOST_STEPS = 6
WEEKS_A_QUARTER = 365.25 / 7 / 4


@dataclass(frozen=True)
class SteppedWedge:
    """Teams start asking for the agreement one step after another, in an order drawn by lot.

    ``weeks_a_step`` is the length of a step; ``power`` the chance to confirm the effect; ``shows`` the
    smallest effect that it confirms with the wanted chance.
    """

    teams: int
    steps: int
    weeks_a_step: float
    power: float
    shows: float = math.nan


@dataclass(frozen=True)
class EvidencePlan:
    """What it takes to confirm an effect of ``effect``.

    observed_deals  deals in a history like this one, without any experiment
    prompt_deals    deals in a randomised prompt: every second one is asked to go for the agreement
    prompt_weeks    how long that takes at today's pace
    prompt_shows    smallest effect that a prompt confirms within the time of the stepped start
    wedge           a stepped start by team with its power; None with fewer than four teams
    """

    agreement: str
    effect: float
    observed_deals: int
    prompt_deals: int
    prompt_weeks: float
    wedge: SteppedWedge | None
    in_words: str
    prompt_shows: float = math.nan


@dataclass(frozen=True)
class Basis:
    """What a plan is made from: an agreement type and the history it was looked for in.

    coverage            share of deals that gain it in time; NaN where not known
    expected, error     its effect after shrinkage and that of the estimate; NaN where not estimated
    deals               in the data; at_risk_a_quarter of them reach the first landmark open
    noise               standard deviation of the outcome that nothing known explains
    smallest_effect     worth having, in the metric's unit
    counted             share of deals that have an outcome at all: the won ones of a metric of won deals
    """

    agreement: str
    name: str
    coverage: float
    expected: float
    error: float
    deals: int
    at_risk_a_quarter: float
    noise: float
    smallest_effect: float
    counted: float = 1.0

    @property
    def wanted(self) -> float:
        """The effect to look for: the expected one, but no less than twice the smallest worth having."""
        least = 2 * self.smallest_effect
        return max(abs(self.expected), least) if math.isfinite(self.expected) else least


def plan_evidence(
    found: result.Discovery,
    agreement: str,
    *,
    effect: float | None = None,
    take_up: float = 0.4,
    teams: int = 0,
    weeks: float = 26.0,
    power: float = 0.8,
    intraclass: float = 0.02,
) -> EvidencePlan:
    """Return how to get evidence on an agreement type of a result: ``plan`` on what the result knows."""
    return plan(
        basis(found, agreement),
        effect=effect,
        take_up=take_up,
        teams=teams,
        weeks=weeks,
        power=power,
        intraclass=intraclass,
    )


def basis(found: result.Discovery, agreement: str) -> Basis:
    """Return what a plan for an agreement type is made from. KeyError if the result has none of that key."""
    finding = found.finding(agreement)
    return Basis(
        agreement=agreement,
        name=finding.name,
        coverage=finding.coverage,
        expected=finding.details.expected,
        error=(finding.ci[1] - finding.ci[0]) / (2 * 1.96),
        deals=found.data.deals,
        at_risk_a_quarter=found.data.at_risk_a_quarter,
        noise=found.data.noise,
        smallest_effect=found.data.smallest_effect,
        counted=share_counted(found.metric.among_won, found.data.won, found.data.lost),
    )


def share_counted(among_won: bool, won: int, lost: int) -> float:
    """Return which share of deals has an outcome: all, or the won ones of a metric of won deals."""
    return won / (won + lost) if among_won and won else 1.0


def plan(
    known: Basis,
    *,
    effect: float | None = None,
    take_up: float = 0.4,
    teams: int = 0,
    weeks: float = 26.0,
    power: float = 0.8,
    intraclass: float = 0.02,
) -> EvidencePlan:
    """Return how to get evidence on an agreement type.

    effect      the effect to look for, in the metric's unit; otherwise the one that ``known`` wants
    take_up     by how much a prompt raises the share of deals that gain it
    weeks       how long a trial may take; intraclass how much deals of a team move together

    The prompt is an encouragement design, so the effect on the metric is diluted by the take-up. Raises
    DiscoveryError for numbers that make no plan.
    """
    if not 0 < take_up <= 1 or not 0 < power < 1 or weeks <= 0 or not 0 <= intraclass < 1:
        raise DiscoveryError(
            "take-up, power and intraclass correlation are shares, and weeks a positive length"
        )
    wanted = known.wanted if effect is None else abs(effect)
    if wanted == 0 or not math.isfinite(wanted):
        raise DiscoveryError("the effect to look for must not be nothing")
    factor = float((scipy.special.ndtri(0.975) + scipy.special.ndtri(power)) ** 2)
    prompt = math.ceil(4 * known.noise**2 * factor / (take_up * wanted) ** 2 / known.counted)
    without = 1 - known.coverage if math.isfinite(known.coverage) else 1.0
    weekly = max(known.at_risk_a_quarter * without / WEEKS_A_QUARTER, 1e-9)
    stepped = None
    if teams >= LEAST_TEAMS:
        stepped = _wedge(
            wanted,
            take_up,
            power,
            known=known,
            weekly=weekly,
            teams=teams,
            weeks=weeks,
            intraclass=intraclass,
        )
    return EvidencePlan(
        agreement=known.agreement,
        effect=wanted,
        observed_deals=_observed(known, wanted, factor),
        prompt_deals=prompt,
        prompt_weeks=prompt / weekly,
        wedge=stepped,
        prompt_shows=2 * known.noise * math.sqrt(factor / (weekly * weeks * known.counted)) / take_up,
        in_words=_words(known.name, prompt, prompt / weekly, stepped, power),
    )


def _observed(known: Basis, wanted: float, factor: float) -> int:
    """Return the deals needed without an experiment, by the square-root law from today's error."""
    if math.isfinite(known.error):
        return math.ceil(known.deals * factor * (known.error / wanted) ** 2)
    share = known.coverage if 0 < known.coverage < 1 else 0.1
    return math.ceil(known.noise**2 * factor / (share * (1 - share) * wanted**2))


def _wedge(
    wanted: float,
    take_up: float,
    power: float,
    *,
    known: Basis,
    weekly: float,
    teams: int,
    weeks: float,
    intraclass: float,
) -> SteppedWedge:
    """Return a stepped start with the chance that its own analysis sees the effect (Hussey & Hughes 2007, with a
    mean of its own for every team): Student's t with a degree of freedom less than teams, which is close to
    what drawing the order again does (decision 0221)."""
    steps = min(teams, MOST_STEPS)
    length = weeks / (steps + 1)
    deals = weekly * known.counted * length / teams
    spread = known.noise**2 * (1 - intraclass)
    error = math.sqrt(spread / max(deals * _left_of_begun(teams, steps), 1e-9)) / take_up
    bound = float(scipy.special.stdtrit(teams - 1, 0.975))
    return SteppedWedge(
        teams,
        steps,
        length,
        power=1 - float(scipy.special.nctdtr(teams - 1, wanted / error, bound)),
        shows=error * float(scipy.special.nctdtrinc(teams - 1, 1 - power, bound)),
    )


def _left_of_begun(teams: int, steps: int) -> float:
    """Return the sum of squares of having begun, over teams and periods, beside means for both."""
    start = np.concatenate(
        [np.full(len(part), n + 1) for n, part in enumerate(lots.steps(range(teams), steps))]
    )
    begun = (np.arange(steps + 1)[None, :] >= start[:, None]).astype(float)
    left = begun - begun.mean(axis=0) - begun.mean(axis=1, keepdims=True) + begun.mean()
    return float((left**2).sum())


def _words(name: str, prompt: int, weeks: float, wedge: SteppedWedge | None, power: float) -> str:
    said = (
        f"Ask for “{name}” in every second deal, drawn by lot: {prompt:,} deals, about {weeks:,.0f} weeks at today's "
        f"pace, show the effect with {power:.0%} chance."
    )
    if wedge:
        said += (
            f" Or let {wedge.teams} teams start in {wedge.steps} steps of {wedge.weeks_a_step:.0f} weeks, "
            f"in an order drawn by lot: {wedge.power:.0%} chance."
        )
    return said
