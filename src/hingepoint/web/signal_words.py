"""What the ten signals say in words: the same value, month, size and sentence wherever a signal is shown."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hingepoint.analysis.signals.shape import Driver, Lacked, Place, Reading, Signal, State, Told
from hingepoint.records import conventions
from hingepoint.records.languages import counted, say, say_many, told_again, words_of
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


MARKS: dict[str, Mark] = words_of(
    {
        "new": Mark(
            "Raised, new",
            "signal-raised",
            "bad",
            "Chance alone would do this at most once a quarter, over all charts together. One question, one owner.",
        ),
        "in_hand": Mark(
            "Raised, in hand",
            "signal-in-hand",
            "bad",
            "Somebody answered. It stays until the reading is back.",
        ),
        State.WATCH: Mark(
            "Watch",
            "signal-watch",
            "quiet",
            "Well on its way to its limit, or apart from the others. Nothing is asked of anybody.",
        ),
        State.CALM: Mark(
            "Calm",
            "signal-calm",
            "quiet",
            "Within what chance does. The page says what it would have noticed.",
        ),
        State.STALE: Mark("No news", "signal-stale", "quiet", "The source went silent. Hatched, never calm."),
        State.NO_DATA: Mark(
            "No data yet", "signal-no-data", "quiet", "Too little is recorded. The page says what to record."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """What a signal reads: what it is called, and who records it where."""

    name: str
    who: str


SOURCES: dict[str, Source] = words_of(
    {
        "won": Source(
            "Deals won", "An import or the CRM brings them, with close date, price and cost or margin."
        ),
        "exceptions": Source(
            "Requests for exceptions", "Sellers ask for each on its deal, under Ask for help."
        ),
        "visits": Source("Executives' activities", "Whoever brings an executive in notes it on the deal."),
        "concessions": Source(
            "Concessions", "Sellers note each on its deal, under Talks; an import may bring them."
        ),
        "quotes": Source("Quotes", "Sellers note each on its deal with its value; an import may bring them."),
        "demands": Source("Demands", "Sellers note each with its reason on its deal, under Talks."),
        "pulses": Source(
            "Answers of inside partners",
            "Legal, finance and delivery tap twice on each request they answered.",
        ),
        "routines": Source(
            "Routines done", "Everybody of the role, on the day it is due; the strategy names the routines."
        ),
    }
)


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
    return say("{low} to {high}", low=numbers.number(low * 100, 1), high=numbers.share(high))


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


def lacked(counted: tuple[int, int]) -> str:
    """Return on how many of how many deals an agreement was lacked: ``60.0% (12 of 20)``."""
    some, deals = counted
    return say("{share} ({n} of {all})", share=numbers.share(some / deals), n=some, all=deals)


def more_often(one: Lacked) -> str:
    """Return by how much more often it was lacked, with its interval: ``+32.0 points (+12.0 to +50.0)``."""
    return f"{numbers.points(one.more)} ({numbers.interval(*one.ci)})"


def sure_of(every: Sequence[Lacked]) -> str:
    """Return how many of the differences are no luck, all agreements that were looked at together."""
    sure = sum(one.surely for one in every)
    if not sure:
        return say("All of these differences may be luck.")
    return say_many(
        "The first difference is not luck.", "The first {n} differences are not luck.", sure, n=sure
    )


#: Signal -> why it is not followed at customers.
NO_ACCOUNT: dict[str, str] = words_of(
    {
        "review_discipline": "No customer has a chart here: routines are promised by teams, not by the deals of a customer.",
        "executive_rescues": "No customer has a chart here: few have nine important deals a year, and one deal more would move the share.",
        "executives_on_price": "No customer has a chart here: executives visit hardly any nine times a year, and a move after one visit says little.",
        "tolerant_managers": "No customer has a chart here: it is about what managers pass up, whoever the customer is.",
        "low_advocacy": "No customer has a chart here: so few people answer about one that it could be seen who said what.",
    }
)


# Times and places


def when(day: dt.date, period: str) -> str:
    """Return the period that begins on ``day``: ``June 2026``, or the day itself where periods are weeks."""
    return conventions.month_in_full(day) if period == "month" else formats.day(day)


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
    same_year = period == "month" and earliest.year == latest.year
    first = (
        conventions.conventions().months_in_full[earliest.month - 1] if same_year else when(earliest, period)
    )
    last = when(latest, period)
    return last if earliest == latest else say("{first} to {last}", first=first, last=last)


#: What places are called that readings know by a key.
Names = Mapping[Place, str]


def place_name(place: Place, names: Names) -> str:
    return say("The company") if place.level == COMPANY else names.get(place, place.name)


def in_sentence(place: Place, names: Names) -> str:
    """Return what a place is called in the middle of a sentence."""
    return say("the company") if place.level == COMPANY else place_name(place, names)


# Sentences


def headline(told: Told, period: str, names: Names) -> str:
    """Return the one sentence about a signal."""
    leading = told.leading
    if told.state is State.NO_DATA or leading is None or leading.reading is None:
        return say("There is no reading yet, so this page says neither calm nor raised.")
    if told.state is State.RAISED:
        return _raised(told.signal, leading, period, names)
    if told.state is State.STALE:
        since = formats.day(told.silent_since)
        return say("No news since {day}, so this page does not say calm.", day=since)
    if told.state is State.WATCH:
        return _watched(told, names)
    return _calm(told.signal, leading)


def _raised(signal: Signal, reading: Reading, period: str, names: Names) -> str:
    size = change(signal, reading.size, reading.baseline)
    return say(
        "{place}: {value} now, {usual} is usual. Like for like that is {size} since {began}.",
        place=place_name(reading.place, names),
        value=value(signal, reading.reading),
        usual=value(signal, reading.baseline),
        size=size,
        began=began(reading, period),
    )


def _calm(signal: Signal, reading: Reading) -> str:
    now = value(signal, reading.reading)
    if reading.baseline is None:
        return say("{value}, as usual. No place stands outside its limits.", value=now)
    return say(
        "{value}, within chance of the usual {usual}. No place stands outside its limits.",
        value=now,
        usual=value(signal, reading.baseline),
    )


def _watched(told: Told, names: Names) -> str:
    where = [place_name(one.place, names) for one in told.places if one.state is State.WATCH]
    return say_many(
        "{places} is watched: on the way to a limit, and it may still be chance.",
        "{places} are watched: on the way to a limit, and it may still be chance.",
        len(where),
        places=_first_three(where),
    )


def _first_three(places: Sequence[str]) -> str:
    shown, more = ", ".join(places[:3]), len(places) - 3
    return say("{places} and {n} more", places=shown, n=more) if more > 0 else shown


def raised_beside(told: Told, names: Names) -> str:
    """Return which places are raised beside the leading one: ``South, Lyon``; nothing where it is the only one."""
    others = [one.place for one in told.places if one.state is State.RAISED and one is not told.leading]
    return _first_three([place_name(one, names) for one in others])


def other_rules(told: Told, reading: Reading) -> str:
    """Return what was usual under the rules, or by the limits, before, and that it is not compared; nothing where they never changed."""
    if not reading.earlier or not told.rules:
        return ""
    before = reading.earlier[-1].series.usual_level
    now = told.rules[-1]
    if now.reason:
        return say(
            "Limits were set anew from {day}: {reason}. Before, {usual} was usual, and the limits drawn there are those of that time.",
            day=formats.day(now.since),
            reason=now.reason.rstrip("."),
            usual=value(told.signal, before),
        )
    return say(
        "Rules {version} hold since {day}. Before, {usual} was usual, and the limits drawn there are those of that time. New rules alone move the share, so the two are not compared.",
        version=now.version,
        day=formats.day(now.since),
        usual=value(told.signal, before),
    )


def certificate(told: Told, period: str) -> str:
    """Return what a calm chart would have shown; that it could not have seen it, where it could not; nothing where
    that was not computed."""
    would = told.would_have_shown
    if would is None:
        return ""
    return say(
        _HARDLY if would.chance < LIKELY else _RAISED,
        size=stated(told.signal, would.change),
        since=when(would.since, period),
        chance=numbers.share(would.chance, 0),
    )


_HARDLY = words_of(
    "Had it become worse by {size} since {since}, this page would hardly have seen it: with a chance of {chance}."
)
_RAISED = words_of(
    "Had it become worse by {size} since {since}, this page would have raised it by now with a chance of {chance}."
)


def would_notice(all_told: Sequence[Told]) -> str:
    """Return what calm signals would have noticed, all of them in one sentence; nothing where none can say it."""
    would = [one.would_have_shown for one in all_told if one.state is State.CALM]
    chances = [one.chance for one in would if one]
    if not chances:
        return ""
    low, high = (numbers.number(end(chances) * 100, 0) for end in (min, max))
    chance = numbers.share(max(chances), 0)
    if low != high:
        chance = say("{low} to {high}", low=low, high=chance)
    words = _WOULD_NOTICE if max(chances) >= LIKELY else _WOULD_HARDLY
    return say_many(*words, len(chances), n=len(chances), chance=chance)


_WOULD_NOTICE = counted(
    "The calm one would have noticed the change that its page states: with a chance of {chance}.",
    "Each of the {n} calm ones would have noticed the change that its page states: with a chance of {chance}.",
)
_WOULD_HARDLY = counted(
    "The calm one would hardly have noticed the change that its page states: with a chance of {chance}.",
    "Each of the {n} calm ones would hardly have noticed the change that its page states: with a chance of {chance}.",
)


def could_see(reading: Reading) -> bool:
    """Return whether a chart would rather have raised than not, had the largest of its stated changes come."""
    return any(would.chance >= LIKELY for would in reading.certificate)


def blind(signal: Signal, reading: Reading, period: str) -> str:
    """Return what a chart says that could not have seen any of its stated changes: too little happens there."""
    most = reading.certificate[-1]
    return say(
        _TOO_LITTLE[period],
        size=stated(signal, most.change),
        since=when(most.since, period),
        chance=numbers.share(most.chance, 0),
    )


_TOO_LITTLE = words_of(
    {
        "month": "Too little happens here for a monthly chart: even had it become worse by {size} since {since}, it would have been raised with a chance of {chance} only. Calm says little.",
        "week": "Too little happens here for a weekly chart: even had it become worse by {size} since {since}, it would have been raised with a chance of {chance} only. Calm says little.",
    }
)


def stated(signal: Signal, moved: float) -> str:
    """Return a stated change without its direction: ``10 points``."""
    if is_ratio(signal):
        return numbers.share(abs(math.exp(moved) - 1), 0)
    return say("{n} points", n=numbers.number(abs(moved) * 100, 0))


def plain(signal: Signal) -> str:
    """Return the unit as a sentence under a title; of a logarithm it tells the ratio."""
    words = told_again(signal.unit).removesuffix(say(", as a logarithm"))
    return f"{words[0].upper()}{words[1:]}."
