"""What is said of a strategy: whether a result changed, where it leads, whether an agreement still predicts it. Each mark
has a shape of its own, so that it is read in black and white."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.analysis import intervals, own_metrics
from hingepoint.analysis.margin_split import Split
from hingepoint.analysis.prediction import Executed, Predicted
from hingepoint.analysis.result_course import Ahead, ResultCourse
from hingepoint.domain.routines.queries.kept import Kept
from hingepoint.domain.strategy.results import Progress
from hingepoint.domain.strategy.seen import AgreementSeen
from hingepoint.records import conventions
from hingepoint.records.languages import say, words_of
from hingepoint.records.strategy import Predicts, Reach
from hingepoint.reports.charts import numbers
from hingepoint.web import formats

#: Kind of a metric -> the unit in which a difference is told.
UNITS = {"share": "points", "days": "days", "money": "", "number": ""}


@dataclass(frozen=True, slots=True)
class Mark:
    """A glyph, its tone, and the words beside it."""

    glyph: str
    tone: str
    words: str


#: What the shapes mean, in the order in which the key tells them.
KEY = (
    Mark("same", "quiet", words_of("not changed: within what chance does")),
    Mark("better-up", "accent", words_of("better, the arrow says which way")),
    Mark("worse-down", "bad", "worse"),
    Mark("reaches", "quiet", words_of("reaches its target as it runs")),
    Mark("may-reach", "quiet", words_of("may or may not")),
    Mark("short", "quiet", words_of("does not reach it")),
    Mark("cannot-tell", "quiet", words_of("cannot tell yet")),
)
_REACH = {
    Reach.REACHES: "reaches",
    Reach.OPEN: "may-reach",
    Reach.SHORT: "short",
    Reach.UNKNOWN: "cannot-tell",
}
_PREDICTS = {
    Predicts.STILL: "reaches",
    Predicts.WEAKER: "may-reach",
    Predicts.STOPPED: "short",
    Predicts.UNKNOWN: "cannot-tell",
}


def value(kind: str, amount: float | None) -> str:
    """Return a value of a metric: ``29.8%``, ``84 days``, ``125,000``."""
    if amount is None:
        return numbers.MISSING
    if kind == "share":
        return numbers.share(amount)
    if kind == "days":
        return say("{n} days", n=numbers.number(amount, 0))
    return numbers.number(amount, 2 if kind == "number" else 0)


def estimate(kind: str, found: intervals.Estimate) -> str:
    """Return a value with its interval and how many deals say it: ``29.8% (25.1% to 34.9%), 120 deals``."""
    if found.value is None:
        return say("no deal")
    between = say("{low} to {high}", low=value(kind, found.low), high=value(kind, found.high))
    told = f"{value(kind, found.value)} ({between})" if found.low is not None else value(kind, found.value)
    return f"{told}, {numbers.plural(found.n, 'deal')}"


def contribution(split: Split, currencies: Sequence[str]) -> str:
    """Return what moved the contribution of won deals a month, in money of its currency."""
    currency = formats.one_currency(currencies)
    before, since = (numbers.money(one, currency or "") for one in (split.before, split.since))
    parts = ", ".join(
        f"{name} {numbers.signed_money(getattr(split, name), currency or '')}"
        for name in ("volume", "mix", "price", "cost")
    )
    several = say("The deals have several currencies; money is added as written.")
    told = say(
        "Contribution of won deals a month: {before} before, {since} since. Of the difference: {parts}.",
        before=before,
        since=since,
        parts=parts,
    )
    return told if currency else f"{told} {several}"


def defined(metric: str) -> str:
    """Return what a metric of the company's own counts, and by which version; nothing of others."""
    if not own_metrics.is_own(metric):
        return ""
    told = own_metrics.read(metric)
    return f"{own_metrics.in_words(told)} {say('Version {version}.', version=told.version)}"


def changed(one: Progress, course: ResultCourse | None = None) -> Mark:
    """Return whether a result changed, like for like; and since when, where its course tells it."""
    if one.problem or one.movement.change is None:
        return Mark("cannot-tell", "quiet", say("Cannot tell yet whether it changed"))
    if one.moved is None:
        return Mark("same", "quiet", say("Not changed"))
    since = course.since if course else None
    tells = since and since.better == one.moved
    month = " " + say("since {month}", month=conventions.month(since.began)) if since and tells else ""
    higher = one.movement.change.value > 0
    return _moved(one.moved, higher=higher, words=month)


def _moved(better: bool, *, higher: bool, words: str = "") -> Mark:
    way = "up" if higher else "down"
    if better:
        return Mark(f"better-{way}", "accent", say("Better") + words)
    return Mark(f"worse-{way}", "bad", say("Worse") + words)


def reach(one: Progress, ahead: Ahead) -> Mark:
    """Return whether a result can reach its target as it runs."""
    target = f"{value(one.kind, one.target)}"
    words = {
        Reach.REACHES: say("Reaches {target} as it runs", target=target),
        Reach.OPEN: say("May reach {target} or not, as it runs", target=target),
        Reach.SHORT: say("Does not reach {target} as it runs", target=target),
        Reach.UNKNOWN: say("Cannot tell yet whether it reaches {target}", target=target),
    }
    return Mark(_REACH[ahead.reach], "quiet", words[ahead.reach])


def leads(one: Progress, ahead: Ahead) -> str:
    """Return where a result is led to by the day of its target, in a sentence."""
    if ahead.at_day.value is None:
        return say(
            "Where it leads is told from 6 whole months since the start on; there are {months}.",
            months=ahead.months,
        )
    low, high = (value(one.kind, end) for end in (ahead.at_day.low, ahead.at_day.high))
    return say(
        "Going on as in the {months} months since the start, it is at {low} to {high} in {target_on}.",
        months=ahead.months,
        low=low,
        high=high,
        target_on=conventions.month_in_full(one.target_on),
    )


def like_for_like(one: Progress) -> str:
    """Return by how much a result moved with deals of the same kinds, and by how much because the kinds changed."""
    change = one.movement.change
    if change is None:
        return ""
    unit = UNITS[one.kind]
    return say(
        "Like for like {kind}; other kinds of deals {unit}.",
        kind=told_range(change, one.kind),
        unit=numbers.effect(one.movement.mix, unit),
    )


def executed(one: Executed) -> Mark:
    """Return whether an agreement is gained in time more often than before the strategy."""
    if one.change is None:
        return Mark("cannot-tell", "quiet", say("cannot tell yet"))
    if one.moved is None:
        return Mark("same", "quiet", say("not changed"))
    return _moved(one.moved, higher=one.change.value > 0)


def kept(one: Kept) -> Mark:
    """Return whether a routine is kept better than in the year before."""
    change = intervals.difference(one.lately, one.before)
    if change is None:
        return Mark("cannot-tell", "quiet", say("Cannot tell yet"))
    if one.moved is None:
        return Mark("same", "quiet", say("Not changed"))
    return _moved(one.moved, higher=change.value > 0)


def predicts(one: Predicted, kind: str) -> Mark:
    """Return whether an agreement still predicts the result on later deals, with the size of the last half-year."""
    size = f" ({numbers.effect(one.lately.value, UNITS[kind])})" if one.lately else ""
    since = " " + say("since {month}", month=conventions.month(one.stopped)) if one.stopped else ""
    return Mark(_PREDICTS[one.verdict], "quiet", f"{one.verdict.label}{since}{size}")


def verdicts(agreements: Sequence[AgreementSeen]) -> list[tuple[Mark, list[str]]]:
    """Return how many agreements still predict the result, how many do so less or no more, and of how many nobody can tell,
    each with their names; those of which there is none are left out. Together they are all."""
    found = []
    for verdict in Predicts:
        names = [one.name for one in agreements if _verdict(one) == verdict]
        if names:
            words = say("{verdict}: {n} of {all}", verdict=verdict.label, n=len(names), all=len(agreements))
            found.append((Mark(_PREDICTS[verdict], "quiet", words), names))
    return found


def _verdict(one: AgreementSeen) -> Predicts:
    return one.predicted.verdict if one.predicted else Predicts.UNKNOWN


def told_range(difference: intervals.Difference | None, kind: str) -> str:
    """Return a difference with its interval: ``+6.1 points (2.0 to 10.2)``."""
    if difference is None:
        return say("too few deals")
    low, high = (numbers.effect_bare(end, UNITS[kind]) for end in (difference.low, difference.high))
    return f"{numbers.effect(difference.value, UNITS[kind])} ({say('{low} to {high}', low=low, high=high)})"


def part_of_year(begins: dt.date, first_month: int, months: int = 3) -> str:
    """Return a quarter, or of six ``months`` a half, of the fiscal year that begins with a month: ``Q1 26``, ``H1 26``. A fiscal
    year is named by the calendar year in which it ends."""
    place = (begins.month - first_month) % 12
    year = begins.year - (begins.month < first_month) + (first_month > 1)
    return f"{'H' if months == 6 else 'Q'}{place // months + 1} {year % 100:02d}"


def week_of_quarter(day: dt.date, begins: dt.date) -> int:
    """Return the week of a quarter in which a day lies, from 1."""
    return (day - begins).days // 7 + 1
