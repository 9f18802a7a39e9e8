"""A trial in words: how far it is, what it showed, and what that says beside the deals on record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hingepoint.analysis import intervals, metric_words
from hingepoint.analysis.trials import outcome as trials
from hingepoint.analysis.trials.balance import WORTH_A_LOOK, Line
from hingepoint.analysis.trials.redraws import LEVEL
from hingepoint.reports import pictures
from hingepoint.reports.charts import numbers, tables
from hingepoint.reports.findings.metric import Metric, metric_of
from hingepoint.reports.findings.shapes import Finding, Reading

#: What a result comes to: a word or two, the tone and the icon of its mark.
VERDICTS = {
    "better": ("It works", "good", "circle-check"),
    "worse": ("It harms", "bad", "alert-triangle"),
    "none": ("No such effect", "quiet", "circle-x"),
    "unclear": ("It cannot be told", "quiet", "circle-dashed"),
}

#: What the facts of the balance are called.
FACTS = {"initial_amount": "Size at creation", "team": "Team"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a trial asks, for its words: the agreement's name, the metric, the design, and what the plan looked
    for: ``effect`` of gaining it, and ``take_up``."""

    name: str
    metric: Metric
    design: str
    effect: float
    take_up: float

    @property
    def stepped(self) -> bool:
        return self.design == trials.WEDGE

    @property
    def doing(self) -> str:
        return f"Starting to ask for “{self.name}”" if self.stepped else f"Asking for “{self.name}”"

    @property
    def groups(self) -> tuple[str, str]:
        """What the two sides are called."""
        return ("Team had begun", "Not yet") if self.stepped else ("Asked", "As usual")


def question(name: str, line: Any, promised: Mapping[str, Any], currency: str) -> Question:
    """Return what a trial asks; ``line`` has its ``metric`` and ``design``, ``promised`` the numbers of its plan."""
    metric = metric_of(line.metric, currency)
    return Question(name, metric, line.design, promised.get("effect") or 0.0, promised.get("take_up") or 0.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """A result in words: ``verdict`` a key of ``VERDICTS``, the answer first, then what stands behind it."""

    verdict: str
    headline: str
    sentences: tuple[str, ...]


def answer(question: Question, outcome: trials.Outcome) -> Answer:
    """Return what a trial showed, for somebody with little time."""
    return Answer(
        verdict=verdict(question, outcome.difference),
        headline=_headline(question, outcome.difference),
        sentences=(
            _take_up_words(question, outcome),
            _effect_words(question, outcome),
            _chance_words(question, outcome),
            *_caveats(question),
        ),
    )


def verdict(question: Question, found: trials.Measure) -> str:
    if not found.seen:
        return "none" if rules_out(question, found) else "unclear"
    return "better" if (found.value > 0) == (question.metric.better == "higher") else "worse"


def _headline(question: Question, found: trials.Measure) -> str:
    metric = question.metric
    if found.seen:
        return _moved(question, found)
    if rules_out(question, found):
        least = metric.effect(expected(question))
        return (
            f"{question.doing} made no difference to {metric.noun} as large as the plan looked for ({least} "
            f"over all deals asked): {_with_range(metric, found)}."
        )
    return f"This trial cannot tell whether {_small(question.doing)} moves {metric.noun}: {_with_range(metric, found)}."


def _moved(question: Question, found: trials.Measure) -> str:
    metric = question.metric
    works = "works" if verdict(question, found) == "better" else "does harm"
    if _counts_deals(metric) and found.low * found.high > 0:
        more = "more" if found.value > 0 else "fewer"
        number, *ends = (numbers.number(abs(one) * 100, 1) for one in (found.value, *_from_none(found)))
        where = "in teams that had begun" if question.stepped else "asked"
        return (
            f"{question.doing} {works}: of 100 deals {where}, {number} {more} were {metric_words.served(metric.name)[0]} "
            f"(likely {ends[0]} to {ends[1]}), whether or not they gained it."
        )
    way = "raised" if found.value > 0 else "lowered"
    return f"{question.doing} {works}. It {way} {metric.noun}: {_with_range(metric, found)} over all deals, whether or not they gained it."


def _counts_deals(metric: Metric) -> bool:
    """Return whether the metric is a share of deals, each of which serves it or does not."""
    return metric.unit == "points" and not metric.among_won


def _from_none(found: trials.Measure) -> tuple[float, float]:
    """Return the ends of a range on one side of nothing, the one nearer to it first."""
    return (found.low, found.high) if found.value > 0 else (found.high, found.low)


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def expected(question: Question) -> float:
    """Return the effect on all deals asked that the plan looked for: that of gaining it, thinned by the take-up."""
    sign = 1 if question.metric.better == "higher" else -1
    return sign * abs(question.effect) * question.take_up


def rules_out(question: Question, found: trials.Measure) -> bool:
    """Return whether an effect as large as the plan looked for, for better or worse, is refused."""
    least = abs(expected(question))
    return -least < found.low and found.high < least


def _with_range(metric: Metric, found: trials.Measure) -> str:
    if not found.bounded:
        return f"{metric.effect(found.value)}, and any other size is possible too"
    return f"{metric.effect(found.value)} (likely {metric.interval(found.low, found.high)})"


def _take_up_words(question: Question, outcome: trials.Outcome) -> str:
    asked, usual = (numbers.share(one.gained, 0) for one in (outcome.asked, outcome.usual))
    sides = (
        f"{asked} of deals gained it where the team had begun, {usual} where it had not"
        if question.stepped
        else f"{asked} of the deals asked gained it, {usual} of the others"
    )
    lot, planned = outcome.take_up, numbers.share(question.take_up, 0)
    if not lot.seen:
        return f"Asking hardly moved anybody: {sides}; the plan counted on {planned} more. Ask again more firmly before you judge."
    compared = " Teams and times held equal, having begun made" if question.stepped else " So asking made"
    change = numbers.number(abs(lot.value) * 100, 0)
    way = "more" if lot.value > 0 else "fewer"
    return f"{sides[:1].upper()}{sides[1:]}.{compared} {change} {way} of 100 deals gain it; the plan counted on {planned} more."


def _effect_words(question: Question, outcome: trials.Outcome) -> str:
    metric, found = question.metric, outcome.effect
    if not found.bounded:
        return (
            "What gaining it does to a deal cannot be told from this trial: too few deals gained it because of "
            "the lot, so an effect of any size fits."
        )
    return (
        f"Among deals that gained it because of the lot, gaining it changed {metric.noun} by "
        f"{_with_range(metric, found)}. That takes for granted that being asked changes a deal only by gaining it."
    )


def _chance_words(question: Question, outcome: trials.Outcome) -> str:
    found = outcome.difference
    among = f"all {numbers.number(outcome.lots)} ways" if outcome.every else "thousands of other ways"
    drawn = "order of the teams" if question.stepped else "lots"
    exact = ", counted exactly" if _counts_deals(question.metric) and not question.stepped else ""
    return (
        f"If it did nothing, the {drawn} alone would part the two sides as far in {odds(found.chance)} "
        f"({p_value(found.chance)}{exact}); ranges compare with {among} in which the {drawn} could have fallen."
    )


def odds(chance: float) -> str:
    """Return ``1 trial in 140`` for a small chance, ``34 trials in 100`` for a large one."""
    if chance < 0.0005:
        return "fewer than 1 trial in 2,000"
    if chance < 0.1:
        return f"1 trial in {numbers.number(round(1 / chance))}"
    return f"{numbers.number(chance * 100, 0)} trials in 100"


def p_value(chance: float) -> str:
    return "p below 0.001" if chance < 0.001 else f"p = {numbers.number(chance, 3 if chance < 0.1 else 2)}"


def _caveats(question: Question) -> tuple[str, ...]:
    if not question.metric.among_won:
        return ()
    return (
        "The metric exists for won deals only. If asking changes which deals are won, the two sides are no longer "
        "alike, lots or not: read it beside the win rate.",
    )


# ---- how far it is ----


def when(found: trials.Progress, day: str) -> str:
    """Return when the result is shown; ``day`` is that of ``known_on`` in words."""
    if found.wanted is not None and found.entered < found.wanted:
        return f"At the pace so far the result is shown about {day}."
    return f"The result is shown on {day}."


def progress(found: trials.Progress) -> str:
    """Return how many of the planned deals have their outcome."""
    if found.wanted is None:
        return f"{numbers.number(found.known)} of {numbers.plural(found.entered, 'deal')} so far have their outcome"
    return (
        f"{numbers.number(found.known)} of {numbers.plural(found.wanted, 'planned deal')} have their outcome"
    )


def take_up_so_far(question: Question, asked: trials.Side, usual: trials.Side) -> str:
    """Return whether asking works so far, by who gained it; empty with too few deals."""
    if min(asked.deals, usual.deals) < trials.LEAST:
        return ""
    mine, theirs = numbers.share(asked.gained, 0), numbers.share(usual.gained, 0)
    first, second = (
        ("Where the team had begun", "where it had not")
        if question.stepped
        else ("Of the deals asked", "of the others")
    )
    planned = numbers.share(question.take_up, 0)
    return f"{first} {mine} have gained it so far, {second} {theirs}; the plan counts on {planned} more by the end."


# ---- beside the deals on record ----


def beside(metric: Metric, outcome: trials.Outcome, finding: Finding) -> str:
    """Return what a trial says beside a finding on the same agreement and metric. A trial is the stronger
    evidence: lots decided who was asked, so nothing unrecorded can stand behind the difference."""
    found = outcome.effect
    said = (
        f"trial {_with_range(metric, found)}, deals on record {finding.effect_text} ({finding.interval_text})"
    )
    if not found.bounded:
        return "The trial could not tell what gaining it does, so it neither confirms the deals on record nor speaks against them."
    if finding.effect is None or finding.low is None or finding.high is None:
        if not found.seen:
            return f"Neither the deals on record nor the trial can tell what gaining it does: {_with_range(metric, found)}."
        return f"The deals on record could not tell; the trial can: {_with_range(metric, found)}."
    if found.high < finding.low or finding.high < found.low:
        return f"They disagree: {said}. Believe the trial: lots decided who was asked, and in the deals on record something nobody recorded may stand behind it."
    if not found.seen:
        return f"The trial does not speak against the deals on record, but is not sharp enough to confirm them: {said}."
    if finding.low <= 0 <= finding.high:
        return f"The deals on record could not tell it from nothing; the trial can, and is the stronger evidence: {said}."
    if (found.value > 0) == (finding.effect > 0):
        return f"The trial confirms the deals on record, and is the stronger evidence: {said}."
    return f"They point opposite ways: {said}. Believe the trial: lots decided who was asked."


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial's result beside a finding: ``effect`` of gaining it as told by the lots, and what both say."""

    trial_id: int
    finding: Finding
    effect: str
    interval: str
    words: str


def tried(line: Any, outcome: trials.Outcome, metric: Metric, finding: Finding) -> Tried:
    """Return the result of a trial (``line`` has its ``id``) beside a finding on the same agreement and metric."""
    told = reading("", metric, outcome.effect)
    return Tried(line.id, finding, told.text, told.interval, beside(metric, outcome, finding))


# ---- pictures and tables ----


def picture(
    question: Question, outcome: trials.Outcome, history: tuple[int, Finding] | None = None
) -> pictures.Picture | None:
    """Return the effects with their ranges beside zero, that of the deals on record (``history``: the run, and
    its finding) last."""
    metric = question.metric
    rows = [
        reading("Having begun" if question.stepped else "Asking", metric, outcome.difference),
        reading("Gaining it, if moved by it", metric, outcome.effect),
    ]
    if history and history[1].low is not None:
        label, one = f"Deals on record, run {history[0]}", history[1]
        rows.append(Reading(label, one.effect, one.low, one.high, one.effect_text, one.interval_text))
    known = pictures.drawable(rows)
    if not known:
        return None
    drawn = pictures.intervals(known, metric, f"{question.name}: what the trial showed")
    cells = [(one.label, one.text, one.interval) for one in rows]
    return pictures.Picture(
        Markup(drawn),  # noqa: S704  (drawn by us: charts escape every text)
        tables.build([("Effect of", False), ("Effect", True), ("Likely", True)], cells),
    )


def reading(label: str, metric: Metric, found: trials.Measure) -> Reading:
    """Return a measure as a row of a chart; without ends where it is unbounded."""
    low, high = (found.low, found.high) if found.bounded else (None, None)
    interval = metric.interval(low, high) if found.bounded else "of any size"
    return Reading(label, found.value, low, high, metric.effect(found.value), interval)


def column(metric: Metric) -> str:
    """Return a short head for a column of mean outcomes: ``Won on target``, ``Discount``."""
    if _counts_deals(metric):
        served = metric_words.served(metric.name)[0]
        return served[:1].upper() + served[1:]
    return metric.title


def gained(side: trials.Side) -> tuple[str, str]:
    """Return the share that gained it, and its range."""
    return numbers.share(side.gained, 0), _share_range(side.gained, side.deals, 0)


def level_range(metric: Metric, side: trials.Side) -> str:
    """Return the range of a mean outcome: Wilson's for a share of deals, 1.96 standard errors for others."""
    if _counts_deals(metric):
        return _share_range(side.outcome, side.deals, 1)
    if math.isnan(side.error):
        return ""
    return " to ".join(level(metric, side.outcome + sign * intervals.Z * side.error) for sign in (-1, 1))


def _share_range(share: float, deals: int, digits: int) -> str:
    if math.isnan(share):
        return ""
    found = intervals.share(round(share * deals), deals)
    if found.low is None:
        return ""
    return f"{numbers.number(found.low * 100, digits)} to {numbers.share(found.high, digits)}"


def level(metric: Metric, value: float) -> str:
    """Return a mean outcome in the metric's unit: ``31.4%``, ``€12.4k``, ``84 days``."""
    if metric.unit == "points":
        return numbers.share(value)
    if metric.unit == "days":
        return numbers.MISSING if math.isnan(value) else f"{numbers.number(value, 0)} days"
    return numbers.money_short(None if math.isnan(value) else value, metric.unit)


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the balance, ready to show; ``uneven``: worth a look."""

    label: str
    asked: str
    usual: str
    apart: str
    uneven: bool


def balance(lines: Sequence[Line], currency: str) -> tuple[Fact, ...]:
    return tuple(_fact(line, currency) for line in lines)


def _fact(line: Line, currency: str) -> Fact:
    named = FACTS.get(line.column, line.column.replace("_", " ").capitalize())
    show = (lambda value: numbers.money_short(value, currency)) if not line.value else numbers.share
    return Fact(
        label=f"{named}: {line.value}" if line.value else named,
        asked=show(line.asked),
        usual=show(line.usual),
        apart=numbers.signed(line.apart, 2),
        uneven=abs(line.apart) > max(WORTH_A_LOOK, line.by_chance),
    )


def balance_words(lines: Sequence[Line], evenly: float | None) -> str:
    """Return how evenly the lots fell: by the chance of all facts together (``evenly``), or by counting."""
    if evenly is None:
        uneven = sum(abs(line.apart) > max(WORTH_A_LOOK, line.by_chance) for line in lines)
        return f"{numbers.number(uneven)} of {numbers.plural(len(lines), 'fact')} known at creation are further apart than usual."
    if evenly >= LEVEL:
        return f"The lots fell evenly: together, facts known at creation are as far apart as lots make them ({p_value(evenly)})."
    return (
        f"Facts known at creation are further apart than usual: lots alone make them so in {odds(evenly)}. Check that "
        "the lots were kept and that no deal was created anew."
    )
