"""What is kept of rollouts as plain JSON, and back: what one can prove, and what one was worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.upkeep.shapes import Shape

#: Ends of a 95% interval; None where there is none.
Ends = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Start:
    """A team, its wave, and the day on which it starts."""

    team: str
    step: int
    starts: dt.date


@dataclass(frozen=True, slots=True)
class By:
    """The smallest effect that is shown by a day; None where no effect is."""

    on: dt.date
    smallest: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """The text that is sealed, and its number."""

    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What a rollout can prove: as ``impact.plan_to_dict`` says it, in the metric's unit."""

    order: tuple[Start, ...]
    steps: int
    deals_a_team_and_period: float | None
    smallest_provable: float | None
    measured_on_history: float | None
    smallest_that_matters: float | None
    by_day: tuple[By, ...]
    card: Card
    in_words: str

    @property
    def enough(self) -> bool:
        """Whether an effect that matters would be seen."""
        least, matters = self.smallest_provable, self.smallest_that_matters
        return least is not None and matters is not None and least <= matters


@dataclass(frozen=True, slots=True)
class One:
    """One reading of the effect, with the share of orders that show as much."""

    effect: float | None
    ci: Ends
    p: float | None


@dataclass(frozen=True, slots=True)
class Since:
    """The effect so many periods after the start, or before it."""

    period: int
    effect: float | None
    ci: Ends


@dataclass(frozen=True, slots=True)
class Placebo:
    """What shows before the starts: the mean of the last ``periods``, and how often chance moves all of them as far."""

    periods: int
    effect: float | None
    ci: Ends
    p: float | None
    together_p: float | None


@dataclass(frozen=True, slots=True)
class Value:
    """Money a year, with its interval; ``of`` says what money, ``how`` how it is reckoned."""

    currency: str
    a_year: float | None
    ci: Ends
    of: str
    deals_a_year: int
    how: str


@dataclass(frozen=True, slots=True)
class Held:
    """What the sealed card says: whether it was kept, how not, and what its rule decides."""

    sha256: str
    kept: bool
    differs: tuple[str, ...]
    decided: str
    decided_on: dt.date


@dataclass(frozen=True, slots=True)
class Did:
    """Of the teams that started, in the year before: how many people closed deals, and how often a routine was done."""

    people: int
    routines: int


@dataclass(frozen=True, slots=True)
class Adopted:
    """Of a wave, a team or all: on how many of the ``deals`` that lived after the day people wrote since (``kept``); neither is told
    of fewer than five people."""

    name: str
    people: int
    deals: int | None
    kept: int | None

    @property
    def share(self) -> float | None:
        return self.kept / self.deals if self.deals and self.kept is not None else None


@dataclass(frozen=True, slots=True)
class Told:
    """What a rollout was worth: as ``impact.to_dict`` says it, in the metric's unit; and what people did."""

    teams: int
    periods: int
    effect: float | None
    ci: Ends
    p: float | None
    inference: str
    second_reading: One
    what_others_run: One
    event_study: tuple[Since, ...]
    placebo: Placebo
    smallest_provable: float | None
    smallest_that_matters: float | None
    conclusion: str
    cannot_be_shown_before: dt.date | None
    value: Value | None
    in_words: str
    nobody_waits_from: dt.date | None
    orders: int
    all_orders: bool
    notes: tuple[str, ...]
    card: Held
    did: Did
    adopted: tuple[
        Adopted, ...
    ] = ()  # by wave and team, all of them last; empty in what earlier versions read

    @property
    def adoption(self) -> float | None:
        """On which share of all deals of the teams that started people wrote."""
        return self.adopted[-1].share if self.adopted else None

    @property
    def effect_a_kept_deal(self) -> float | None:
        """The effect on a deal that was kept, if those that nobody kept changed nothing: arithmetic, where an effect is shown."""
        if self.conclusion != "shown" or self.effect is None or not self.adoption:
            return None
        return self.effect / self.adoption


_PLANNED: Shape[Planned] = Shape(Planned)
_TOLD: Shape[Told] = Shape(Told)


def planned(kept: Mapping[str, Any] | None) -> Planned | None:
    """Return what was weighed; None where nothing was yet, or another version told it otherwise."""
    return _PLANNED.opened(kept)


def told(kept: Mapping[str, Any] | None) -> Told | None:
    """Return what was read; None where nothing was, or another version told it otherwise: the next night reads anew."""
    return _TOLD.opened(kept)
