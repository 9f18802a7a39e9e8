"""What is said of rollouts: effects in the metric's unit, what the sealed rule says, and the readings side by side."""

from __future__ import annotations

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.telling import words
from hingepoint.analysis.impact import NOT_SHOWN, NOT_YET, SHOWN
from hingepoint.domain.impact.queries import RolloutPage
from hingepoint.domain.impact.record import Ends, Told
from hingepoint.domain.impact.rules import Return
from hingepoint.records.impact import Stage
from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers

TONES = {
    Stage.WEIGHING: "quiet",
    Stage.UNSEALED: "info",
    Stage.AHEAD: "info",
    Stage.UNDER_WAY: "good",
    Stage.BEGUN: "quiet",
    Stage.WITHDRAWN: "warn",
}
VERDICT_TONES = {SHOWN: "good", NOT_SHOWN: "warn", NOT_YET: "quiet"}
#: Words of ``analysis.impact.card`` as a sentence.
DECIDED = words_of(
    {
        "it worked": "It worked.",
        "it did not": "It did not.",
        "not decided": "Not decided: the interval holds both nothing and an effect that matters.",
        "too early": "Too early to say.",
    }
)
UNITS = {"share": "points", "days": "days", "money": ""}


def effect(metric: metrics.Metric, value: float | None) -> str:
    """Return an effect with its sign and unit: ``+4.1 points``."""
    return numbers.MISSING if value is None else words.points(metric, value)


def size(metric: metrics.Metric, value: float | None) -> str:
    """Return how large an effect is, whichever way: ``4.1 points``."""
    return effect(metric, value).lstrip("+")


def interval(metric: metrics.Metric, ends: Ends) -> str:
    """Return a 95% interval; a dash where it has no ends."""
    low, high = ends
    return numbers.MISSING if low is None or high is None else words.interval(metric, (low, high))


def chance(p: float | None) -> str:
    return numbers.MISSING if p is None else say("under 0.1%") if p < 0.001 else numbers.share(p)


def tone(told: Told, metric: metrics.Metric) -> str:
    """Return the tone of a conclusion: an effect that is shown and harms is bad."""
    harms = told.conclusion == SHOWN and (told.effect or 0.0) * metric.sign < 0
    return "bad" if harms else VERDICT_TONES.get(told.conclusion, "quiet")


def readings(page: RolloutPage) -> list[tuple[str, str, str, str, str]]:
    """Return name, note, effect, interval and chance of each reading, the one that is believed first."""
    told, metric = page.told, page.metric
    assert told is not None
    rows = [
        (say("By the lot"), say("imputation: the one we go by"), told.effect, told.ci, told.p),
        (say("Second reading"), say("wave by wave, against teams that wait"), *_of(told.second_reading)),
        (
            say("What others would run"),
            say("regression with team and time"),
            *_of(told.what_others_run),
        ),
    ]
    if told.placebo.periods:
        before = numbers.plural(told.placebo.periods, page.period)
        note = say("the {periods} before a start: should be 0", periods=before)
        rows.append((say("Placebo"), note, *_of(told.placebo)))
    return [
        (name, note, effect(metric, value), interval(metric, ends), chance(p))
        for name, note, value, ends, p in rows
    ]


def _of(one) -> tuple[float | None, Ends, float | None]:
    return one.effect, one.ci, one.p


def left(found: Return) -> str:
    """Return what is left in the first year, with its range."""
    best, low, high = (
        numbers.money_short(found.left(one), found.currency) for one in (found.value, found.low, found.high)
    )
    return say("{best} ({low} to {high})", best=best, low=low, high=high)


def times(found: Return) -> str:
    """Return how many times what was spent comes back beyond it, with its range; empty where nothing was spent."""
    if not found.spent:
        return ""
    best, low, high = (numbers.number(found.times(one), 1) for one in (found.value, found.low, found.high))
    return say("{best} times what is spent ({low} to {high})", best=best, low=low, high=high)
