"""The sealed card: what is expected, how it is measured and what will decide, written down before there are data.

A card is a text of ``key: value`` lines. Its SHA-256, told to somebody on the day of the draw, proves later that
nothing was changed; anybody can check it with ``sha256sum``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from hingepoint.analysis import metric_words, metrics
from hingepoint.analysis.discovery.telling import words
from hingepoint.analysis.impact.chance import Reading
from hingepoint.analysis.impact.panel import ImpactError

TITLE = "Hingepoint sealed card, version 1"
WORKED, DID_NOT, OPEN, EARLY = "it worked", "it did not", "not decided", "too early"


@dataclass(frozen=True)
class Card:
    """What is sealed.

    metric       name as ``metrics.parse`` takes it; period: week, month or quarter
    worth        the smallest effect that matters, in the metric's unit
    seed         of the lot; sealed_on: the last day of the data known then
    decided_on   the day on which the last team starts: from then on the rule decides
    starts       the day on which each team starts, in the order of the draw
    """

    metric: str
    period: str
    worth: float
    seed: int
    sealed_on: dt.date
    decided_on: dt.date
    starts: tuple[tuple[str, dt.date], ...]

    @property
    def text(self) -> str:
        """The canonical text: UTF-8, one fact a line, ended by a line feed."""
        metric = metrics.parse(self.metric)
        above = "above" if metric.sign > 0 else "below"
        under = "under" if metric.sign > 0 else "over"
        moves = "rises" if metric.sign > 0 else "falls"
        worth = words.points(metric, metric.sign * self.worth)
        facts = {
            "hypothesis": f"{metric_words.noun(metric.name)} {moves} where a team has started",
            "measure": f"mean of the metric on the deals that a team closes in a {self.period}, each deal counting the same",
            "metric": metric.name,
            "period": self.period,
            "estimate": "imputation, with the 95% interval of effects that the lot does not refuse",
            "decision": (
                f"it worked if the interval lies {above} 0 on {self.decided_on}; it did not if it lies {under} {worth}"
            ),
            "smallest effect that matters": repr(self.worth),
            "seed of the lot": str(self.seed),
            "sealed with data until": self.sealed_on.isoformat(),
            "decided on": self.decided_on.isoformat(),
        }
        lines = [TITLE, *(f"{key}: {value}" for key, value in facts.items())]
        return "\n".join([*lines, *(f"start {day}: {team}" for team, day in self.starts), ""])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read(text: str) -> Card:
    """Return the card of a text; raises ImpactError unless the text is exactly what a card says."""
    lines = text.splitlines()
    facts = dict(line.partition(": ")[::2] for line in lines[1:])
    try:
        card = Card(
            metric=facts["metric"],
            period=facts["period"],
            worth=float(facts["smallest effect that matters"]),
            seed=int(facts["seed of the lot"]),
            sealed_on=dt.date.fromisoformat(facts["sealed with data until"]),
            decided_on=dt.date.fromisoformat(facts["decided on"]),
            starts=tuple(_start(line) for line in lines if line.startswith("start ")),
        )
        same = card.text == text
    except (KeyError, ValueError) as error:
        raise ImpactError("the card is not one that hingepoint impact --plan wrote") from error
    if not same:
        raise ImpactError("the card was changed after it was written: its lines do not fit together")
    return card


def _start(line: str) -> tuple[str, dt.date]:
    day, _, team = line.removeprefix("start ").partition(": ")
    return team, dt.date.fromisoformat(day)


def differences(
    card: Card, *, metric: metrics.Metric, period: str, rollout: Mapping[str, dt.date | None]
) -> tuple[str, ...]:
    """Return how a rollout differs from what was sealed, in sentences; nothing if it was kept."""
    said = []
    if card.metric != metric.name:
        said.append(f"The card measures {card.metric}, not {metric.name}.")
    if card.period != period:
        said.append(f"The card looks at every {card.period}, not every {period}.")
    sealed = dict(card.starts)
    for team in sorted(set(sealed) | set(rollout)):
        if sealed.get(team) != rollout.get(team):
            said.append(f"{team}: sealed {_day(sealed.get(team))}, here {_day(rollout.get(team))}.")
    return tuple(said)


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else "never"


def decided(card: Card, found: Reading, *, data_end: dt.date) -> str:
    """Return what the sealed rule says of a reading."""
    if data_end < card.decided_on - dt.timedelta(days=1):
        return EARLY
    sign = metrics.parse(card.metric).sign
    low, high = sorted((sign * found.low, sign * found.high))
    if low > 0:
        return WORKED
    return DID_NOT if high < card.worth else OPEN
