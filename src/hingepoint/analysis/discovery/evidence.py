"""How to get evidence where the history has too little: a randomised prompt, or a stepped start by team."""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.settings import DiscoveryError

WEEKS_A_QUARTER = 365.25 / 7 / 4


@dataclass(frozen=True)
class SteppedWedge:
    """Teams start asking for the agreement one step after another, in an order drawn by lot.

    ``weeks_a_step`` is the length of a step; ``power`` the chance to confirm the effect.
    """

    teams: int
    steps: int
    weeks_a_step: float
    power: float


@dataclass(frozen=True)
class EvidencePlan:
    """What it takes to confirm an effect of ``effect``.

    observed_deals  deals in a history like this one, without any experiment
    prompt_deals    deals in a randomised prompt: every second one is asked to go for the agreement
    prompt_weeks    how long that takes at today's pace
    wedge           a stepped start by team with its power; None with fewer than four teams
    """

    agreement: str
    effect: float
    observed_deals: int
    prompt_deals: int
    prompt_weeks: float
    wedge: SteppedWedge | None
    in_words: str


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
    """Return how to get evidence on an agreement type.

    effect      the effect to look for, in the metric's unit; otherwise the estimated one, but no less
                than twice the smallest worth having
    take_up     by how much a prompt raises the share of deals that gain it
    weeks       length of a stepped start; intraclass how much deals of a team move together

    The prompt is an encouragement design, so the effect on the metric is diluted by the take-up. Raises
    DiscoveryError for numbers that make no plan.
    """
    if not 0 < take_up <= 1 or not 0 < power < 1 or weeks <= 0 or not 0 <= intraclass < 1:
        raise DiscoveryError(
            "take-up, power and intraclass correlation are shares, and weeks a positive length"
        )
    finding = found.finding(agreement)
    wanted = _wanted(found, finding) if effect is None else abs(effect)
    if wanted == 0 or not math.isfinite(wanted):
        raise DiscoveryError("the effect to look for must not be nothing")
    noise = found.data.noise
    factor = (scipy.special.ndtri(0.975) + scipy.special.ndtri(power)) ** 2
    prompt = math.ceil(4 * noise**2 * factor / (take_up * wanted) ** 2)
    without = 1 - finding.coverage if math.isfinite(finding.coverage) else 1.0
    weekly = max(found.data.at_risk_a_quarter * without / WEEKS_A_QUARTER, 1e-9)
    wedge = _wedge(teams, weeks, weekly, noise, take_up * wanted, intraclass) if teams >= 4 else None
    observed = _observed(found, finding, wanted, factor)
    return EvidencePlan(
        agreement=agreement,
        effect=wanted,
        observed_deals=observed,
        prompt_deals=prompt,
        prompt_weeks=prompt / weekly,
        wedge=wedge,
        in_words=_words(finding.name, prompt, prompt / weekly, wedge, power),
    )


def _wanted(found: result.Discovery, finding: result.Finding) -> float:
    least = 2 * found.data.smallest_effect
    return max(abs(finding.details.expected), least) if math.isfinite(finding.details.expected) else least


def _observed(found: result.Discovery, finding: result.Finding, wanted: float, factor: float) -> int:
    """Return the deals needed without an experiment, by the square-root law from today's error."""
    if math.isfinite(finding.effect):
        error = (finding.ci[1] - finding.ci[0]) / (2 * 1.96)
        return math.ceil(found.data.deals * factor * (error / wanted) ** 2)
    share = finding.coverage if 0 < finding.coverage < 1 else 0.1
    return math.ceil(found.data.noise**2 * factor / (share * (1 - share) * wanted**2))


def _wedge(
    teams: int, weeks: float, weekly: float, noise: float, diluted: float, intraclass: float
) -> SteppedWedge:
    """Return a stepped start with its power (Woertman et al. 2013, design effect of a cross-sectional wedge)."""
    steps = min(teams, 6)
    length = weeks / (steps + 1)
    size = weekly * length / teams
    total = steps * size
    inflated = (1 + intraclass * (total + size - 1)) / (1 + intraclass * (total / 2 + size - 1))
    inflated *= 3 * (1 - intraclass) / (2 * (steps - 1 / steps))
    deals = teams * size * (steps + 1)
    error = math.sqrt(4 * noise**2 * inflated * (steps + 1) / max(deals, 1e-9))
    power = float(scipy.special.ndtr(diluted / error - scipy.special.ndtri(0.975)))
    return SteppedWedge(teams, steps, length, power)


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
