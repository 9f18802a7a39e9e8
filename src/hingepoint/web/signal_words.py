"""What the ten signals say in words: the same value, month, size and sentence wherever a signal is shown."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hingepoint.analysis.signals.shape import Driver, Place, Reading, Signal, State, Told
from hingepoint.reports.charts import numbers
from hingepoint.web import formats

#: Signals whose readings are logarithms of a ratio: people read the ratio.
RATIOS = frozenset({"shrinking_contracts"})
COMPANY = "company"
#: From this chance on a calm chart is taken to have been able to see what it was asked.
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """How a state of a signal is shown: its word, its own shape, its tone, and what it means."""

    label: str
    glyph: str
    tone: str
    meaning: str


MARKS: dict[str, Mark] = {
    "new": Mark(
        "Raised, new",
        "signal-raised",
        "bad",
        "Chance alone would do this at most once a quarter, over all charts together. One question, one owner.",
    ),
    "in_hand": Mark(
        "Raised, in hand", "signal-in-hand", "bad", "Somebody answered. It stays until the reading is back."
    ),
    State.WATCH: Mark(
        "Watch",
        "signal-watch",
        "quiet",
        "Well on its way to its limit, or apart from the others. Nothing is asked of anybody.",
    ),
    State.CALM: Mark(
        "Calm", "signal-calm", "quiet", "Within what chance does. The page says what it would have noticed."
    ),
    State.STALE: Mark("No news", "signal-stale", "quiet", "The source went silent. Hatched, never calm."),
    State.NO_DATA: Mark(
        "No data yet", "signal-no-data", "quiet", "Too little is recorded. The page says what to record."
    ),
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a signal reads: what it is called, and who records it where."""

    name: str
    who: str


SOURCES: dict[str, Source] = {
    "won": Source(
        "Deals won", "An import or the CRM brings them, with close date, price and cost or margin."
    ),
    "exceptions": Source("Requests for exceptions", "Sellers ask for each on its deal, under Ask for help."),
    "visits": Source("Executives' activities", "Whoever brings an executive in notes it on the deal."),
    "concessions": Source(
        "Concessions", "Sellers note each on its deal, under Talks; an import may bring them."
    ),
    "quotes": Source("Quotes", "Sellers note each on its deal with its value; an import may bring them."),
    "demands": Source("Demands", "Sellers note each with its reason on its deal, under Talks."),
    "pulses": Source(
        "Answers of inside partners", "Legal, finance and delivery tap twice on each request they answered."
    ),
    "routines": Source(
        "Routines done", "Everybody of the role, on the day it is due; the strategy names the routines."
    ),
}


def standing(state: State, *, in_hand: bool) -> str:
    """Return the key of ``MARKS`` of a signal in ``state``; ``in_hand``: somebody answered each of its raises."""
    if state is State.RAISED:
        return "in_hand" if in_hand else "new"
    return state


# Values


def is_ratio(signal: Signal) -> bool:
    return signal.key in RATIOS


def seen_as(signal: Signal, value: float) -> float:
    """Return a reading as people read it: a logarithm of a ratio as the ratio, all others as they are."""
    return math.exp(value) if is_ratio(signal) else value


def value(signal: Signal, reading: float | None, digits: int = 1) -> str:
    """Return a reading as text: ``43.0%``."""
    return numbers.share(seen_as(signal, reading), digits) if reading is not None else numbers.MISSING


def between(signal: Signal, ends: tuple[float, float] | None) -> str:
    """Return an interval of readings: ``36.1 to 50.3%``."""
    if ends is None:
        return numbers.MISSING
    low, high = (seen_as(signal, end) for end in ends)
    return f"{numbers.number(low * 100, 1)} to {numbers.share(high)}"


def change(signal: Signal, size: float | None, usual: float | None) -> str:
    """Return how far a reading moved from the usual one, in points: ``+18.0 points``."""
    return numbers.points(_moved(signal, size, usual))


def change_between(signal: Signal, ends: tuple[float, float] | None, usual: float | None) -> str:
    """Return the interval of how far it moved: ``+12.0 to +24.0 points``."""
    if ends is None:
        return numbers.MISSING
    low, high = (_moved(signal, end, usual) for end in ends)
    return numbers.interval(low, high)


def moved(signal: Signal, reading: Reading) -> str:
    """Return how far a raised place moved, and how sure that is: ``+18.0 points (+12.0 to +24.0)``."""
    size = change(signal, reading.size, reading.baseline)
    return (
        f"{size} ({change_between(signal, reading.size_ci, reading.baseline)})" if reading.size_ci else size
    )


def _moved(signal: Signal, size: float | None, usual: float | None) -> float | None:
    if size is None or not is_ratio(signal):
        return size
    start = usual or 0.0
    return math.exp(start + size) - math.exp(start)


def driver_value(driver: Driver, amount: float | None) -> str:
    """Return what a driver was, in its unit."""
    if amount is None:
        return numbers.MISSING
    if driver.unit == "share":
        return numbers.share(amount)
    return numbers.money_short(amount, driver.currency) if driver.unit == "money" else numbers.number(amount)


# Times and places


def when(day: dt.date, period: str) -> str:
    """Return the period that begins on ``day``: ``June 2026``, or the day itself where periods are weeks."""
    return f"{day:%B %Y}" if period == "month" else formats.day(day)


def began(reading: Reading, period: str) -> str:
    """Return when a raise began, with its interval: ``June 2026 (May to July 2026)``."""
    if reading.since is None:
        return ""
    since = when(reading.since, period)
    if reading.earliest is None or reading.latest is None or reading.earliest == reading.latest:
        return since
    return f"{since} ({span(reading.earliest, reading.latest, period)})"


def span(earliest: dt.date, latest: dt.date, period: str) -> str:
    """Return a stretch of periods: ``May to July 2026``; the year is said once where it is the same."""
    first = f"{earliest:%B}" if period == "month" and earliest.year == latest.year else when(earliest, period)
    return when(latest, period) if earliest == latest else f"{first} to {when(latest, period)}"


#: What places are called that readings know by a key.
Names = Mapping[Place, str]


def place_name(place: Place, names: Names) -> str:
    return "The company" if place.level == COMPANY else names.get(place, place.name)


def in_sentence(place: Place, names: Names) -> str:
    """Return what a place is called in the middle of a sentence."""
    return "the company" if place.level == COMPANY else place_name(place, names)


# Sentences


def headline(told: Told, period: str, names: Names) -> str:
    """Return the one sentence about a signal."""
    leading = told.leading
    if told.state is State.NO_DATA or leading is None or leading.reading is None:
        return "There is no reading yet, so this page says neither calm nor raised."
    if told.state is State.RAISED:
        return _raised(told.signal, leading, period, names)
    if told.state is State.STALE:
        return f"No news since {formats.day(told.silent_since)}, so this page does not say calm."
    if told.state is State.WATCH:
        return _watched(told, names)
    return f"{value(told.signal, leading.reading)}, {_as_usual(told.signal, leading)}. No place stands outside its limits."


def _raised(signal: Signal, reading: Reading, period: str, names: Names) -> str:
    size = change(signal, reading.size, reading.baseline)
    return (
        f"{place_name(reading.place, names)}: {value(signal, reading.reading)} now, {value(signal, reading.baseline)} is usual. "
        f"Like for like that is {size} since {began(reading, period)}."
    )


def _as_usual(signal: Signal, reading: Reading) -> str:
    if reading.baseline is None:
        return "as usual"
    return f"within chance of the usual {value(signal, reading.baseline)}"


def _watched(told: Told, names: Names) -> str:
    where = [place_name(one.place, names) for one in told.places if one.state is State.WATCH]
    first = ", ".join(where[:3]) + (f" and {len(where) - 3} more" if len(where) > 3 else "")
    verb = "is" if len(where) == 1 else "are"
    return f"{first} {verb} watched: on the way to a limit, and it may still be chance."


def raised_beside(told: Told, names: Names) -> str:
    """Return which places are raised beside the leading one: ``South, Lyon``; nothing where it is the only one."""
    others = [one.place for one in told.places if one.state is State.RAISED and one is not told.leading]
    shown = ", ".join(place_name(one, names) for one in others[:3])
    return shown + (f" and {len(others) - 3} more" if len(others) > 3 else "")


def other_rules(told: Told, reading: Reading) -> str:
    """Return what was usual under the rules, or by the limits, before, and that it is not compared; nothing where they never changed."""
    if not reading.earlier or not told.rules:
        return ""
    before = reading.earlier[-1].series.usual_level
    now = told.rules[-1]
    if now.reason:
        return (
            f"Limits were set anew from {formats.day(now.since)}: {now.reason.rstrip('.')}. Before, {value(told.signal, before)} was usual, "
            "and the limits drawn there are those of that time."
        )
    return (
        f"Rules {now.version} hold since {formats.day(now.since)}. Before, {value(told.signal, before)} was usual, and the limits drawn "
        "there are those of that time. New rules alone move the share, so the two are not compared."
    )


def certificate(told: Told, period: str) -> str:
    """Return what a calm chart would have shown; that it could not have seen it, where it could not; nothing where
    that was not computed."""
    would = told.would_have_shown
    if would is None:
        return ""
    size = stated(told.signal, would.change)
    chance = numbers.share(would.chance, 0)
    if would.chance < LIKELY:
        return f"Had it become worse by {size} since {when(would.since, period)}, this page would hardly have seen it: with a chance of {chance}."
    return f"Had it become worse by {size} since {when(would.since, period)}, this page would have raised it by now with a chance of {chance}."


def would_notice(all_told: Sequence[Told]) -> str:
    """Return what calm signals would have noticed, all of them in one sentence; nothing where none can say it."""
    would = [one.would_have_shown for one in all_told if one.state is State.CALM]
    chances = [one.chance for one in would if one]
    if not chances:
        return ""
    low, high = (numbers.number(end(chances) * 100, 0) for end in (min, max))
    chance = f"{low} to " if low != high else ""
    what = "The calm one" if len(chances) == 1 else f"Each of the {len(chances)} calm ones"
    noticed = "would have noticed" if max(chances) >= LIKELY else "would hardly have noticed"
    return f"{what} {noticed} the change that its page states: with a chance of {chance}{numbers.share(max(chances), 0)}."


def could_see(reading: Reading) -> bool:
    """Return whether a chart would rather have raised than not, had the largest of its stated changes come."""
    return any(would.chance >= LIKELY for would in reading.certificate)


def blind(signal: Signal, reading: Reading, period: str) -> str:
    """Return what a chart says that could not have seen any of its stated changes: too little happens there."""
    most = reading.certificate[-1]
    return (
        f"Too little happens here for a {period}ly chart: even had it become worse by {stated(signal, most.change)} since "
        f"{when(most.since, period)}, it would have been raised with a chance of {numbers.share(most.chance, 0)} only. Calm says little."
    )


def stated(signal: Signal, moved: float) -> str:
    """Return a stated change without its direction: ``10 points``."""
    if is_ratio(signal):
        return f"{numbers.number(abs(math.exp(moved) - 1) * 100, 0)}%"
    return f"{numbers.number(abs(moved) * 100, 0)} points"


def plain(signal: Signal) -> str:
    """Return the unit as a sentence under a title; of a logarithm it tells the ratio."""
    words = signal.unit.removesuffix(", as a logarithm")
    return f"{words[0].upper()}{words[1:]}."
