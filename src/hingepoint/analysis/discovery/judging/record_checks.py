"""How the record was kept, seen in deals and dates alone: copies, owners who only lose, heaps, capped amounts."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import polars as pl

from hingepoint.analysis.bridge import names
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.result import Check
from hingepoint.records.findings import Audited

#: What near-identical deals share, besides having been created within so many days of each other.
SAME, WITHIN_DAYS = ("account", "owner", "initial_amount", "segment", "product", "region", "source"), 3
#: One of these must be known: without them many deals look alike that are none.
TELLING = ("account", "initial_amount")
#: Copies are worth a word from this share of deals on, and from so many.
COPIES, LEAST_COPIES = 0.02, 10
#: An owner without any win is no accident where so many were due at the rate of all.
WINS_DUE = 8.0
#: A heap holds this share of all, so many times what is due; and is looked for among so many dates.
HEAP, TIMES_DUE, LEAST_DATES = 0.05, 4.0, 200
MONTH = 365.25 / 12
#: An amount is capped where this share of deals, and so many, have the largest one exactly.
CAPPED, LEAST_CAPPED = 0.02, 20
AMOUNTS = ("initial_amount", "amount", "list_price", "net_price")
#: Names of one agreement stand together on no more than this share of the deals of the rarer; fewer deals say nothing.
HARDLY_TOGETHER, LEAST_OF_A_NAME = 0.1, 10
TOGETHER = 20_000
NAMED = 3
#: Weeks by which the rounding of a gain may miss a day.
ROUNDING = 1e-4


def checks(history: History) -> tuple[Check, ...]:
    """Return what deals and dates say of how the record was kept."""
    return (_copies(history), _owners_without_wins(history), _heaps(history), _capped(history))


def two_names(history: History, named: Callable[[str], str]) -> Check:
    """Return which types look like one agreement under two names: the same words, and hardly ever on one deal."""
    by_words: dict[frozenset[str], list[int]] = {}
    for place, key in enumerate(history.types):
        if key not in history.steps:
            by_words.setdefault(frozenset(names.stems_of(named(key))), []).append(place)
    found = {
        pair: said
        for places in by_words.values()
        for pair in itertools.combinations(places, 2)
        if (said := _one_agreement(history, pair, named))
    }
    if not found:
        return Check("two_names", Audited.FINE, "No agreement seems to be recorded under two names.")
    more = f" And {len(found) - NAMED} more pairs." if len(found) > NAMED else ""
    said = f"{' '.join([*found.values()][:NAMED])}{more} Make them one, or each is judged on a part of its deals."
    return Check("two_names", Audited.FAULT, said, tuple(_rarer_first(history, pair) for pair in found))


def _rarer_first(history: History, pair: tuple[int, int]) -> tuple[str, str]:
    rarer, other = sorted(pair, key=lambda place: np.isfinite(history.gained[:, place]).sum())
    return history.types[rarer], history.types[other]


def _one_agreement(history: History, pair: tuple[int, int], named: Callable[[str], str]) -> str:
    has = np.isfinite(history.gained[:, pair])
    each, both = has.sum(axis=0), int(has.all(axis=1).sum())
    if each.min() < LEAST_OF_A_NAME or both > HARDLY_TOGETHER * each.min():
        return ""
    first, second = (
        f"“{named(history.types[place])}” ({count:,} deals)" for place, count in zip(pair, each, strict=True)
    )
    return f"{first} and {second} look like one agreement under two names: {both:,} deals have both."


def _copies(history: History) -> Check:
    """Return how many deals are nearly identical to one created shortly before."""
    deals = history.deals
    if not any(_known(deals, name) for name in TELLING):
        said = "Whether deals stand twice cannot be checked: they name neither accounts nor amounts."
        return Check("copies", Audited.UNKNOWN, said)
    same = [name for name in SAME if _known(deals, name)]
    gap = pl.col("created") - pl.col("created").shift(1).over(same)
    told = pl.all_horizontal(pl.col(name).is_not_null() for name in TELLING if name in same)
    again = deals.sort("created").select((told & (gap <= pl.duration(days=WITHIN_DAYS))).sum()).item()
    share = again / max(history.size, 1)
    said = (
        f"{again:,} of {history.size:,} deals ({share:.1%}) are nearly identical to another created within "
        f"{WITHIN_DAYS} days: the same {_and(same)}"
    )
    if again >= LEAST_COPIES and share >= COPIES:
        return Check(
            "copies",
            Audited.FAULT,
            f"{said}. Merge what was entered twice; copies make every answer look surer than it is.",
        )
    return Check("copies", Audited.FINE, f"{said}.")


def _known(deals: pl.DataFrame, name: str) -> bool:
    return name in deals.columns and deals[name].null_count() < deals.height


def _and(columns: list[str]) -> str:
    plain = [name.replace("_", " ") for name in columns]
    return plain[0] if len(plain) == 1 else f"{', '.join(plain[:-1])} and {plain[-1]}"


def _owners_without_wins(history: History) -> Check:
    """Return whether somebody owns lost deals only: deals are handed over once they are lost."""
    decided, won = history.decided, history.won
    if "owner" not in history.deals.columns or not won.any():
        said = "Whether deals are handed over when they are lost cannot be checked: it takes owners and wins."
        return Check("owners_without_wins", Audited.UNKNOWN, said)
    deals = np.bincount(history.seller[decided])
    wins = np.bincount(history.seller[won], minlength=deals.size)
    without = np.nonzero((wins == 0) & (deals * won.sum() / decided.sum() >= WINS_DUE))[0]
    if not without.size:
        return Check("owners_without_wins", Audited.FINE, "Every owner of many deals has won some.")
    owners = history.deals["owner"].fill_null("nobody")
    order = sorted(without.tolist(), key=lambda one: -deals[one])
    named = [f"{owners[int(np.nonzero(history.seller == one)[0][0])]} ({deals[one]:,})" for one in order]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    share = deals[without].sum() / max((decided & ~won).sum(), 1)
    said = (
        f"{len(named)} owner{'' if len(named) == 1 else 's'} of many deals never won one: {', '.join(named[:NAMED])}{more}. "
        f"It looks as if deals were handed over once they were lost; {share:.0%} of the lost deals are theirs, and teach "
        "nothing about sellers. Name the seller who worked on them."
    )
    return Check("owners_without_wins", Audited.FAULT, said)


def _heaps(history: History) -> Check:
    """Return whether dates heap up: at the first of months, or on one day as a load makes them."""
    looked: list[tuple[str, np.ndarray]] = [
        ("agreements", _days_of_gains(history)),
        ("deals", np.floor(history.created * 7).astype(int)),
        ("closes", np.floor((history.created + history.closed)[history.decided] * 7).astype(int)),
    ]
    looked = [(what, days) for what, days in looked if days.size >= LEAST_DATES]
    if not looked:
        return Check("heaps", Audited.UNKNOWN, f"Whether dates heap up takes {LEAST_DATES} of them.")
    found = [said for what, days in looked for said in _heaped(what, days)]
    if not found:
        return Check("heaps", Audited.FINE, "Dates do not heap up at the first of months or on single days.")
    more = "A date at which many entries stand is when they were entered, not when it happened."
    return Check("heaps", Audited.FAULT, f"{' '.join(found)} {more}")


_DATED = {"agreements": "gained", "deals": "created", "closes": "closed"}


def _heaped(what: str, days: np.ndarray) -> list[str]:
    noun = "deals" if what == "closes" else what
    said = []
    dates = days.astype("timedelta64[D]") + np.datetime64("1970-01-01")
    first = float((dates == dates.astype("datetime64[M]")).mean())
    if first >= TIMES_DUE / MONTH:
        said.append(f"{first:.0%} of the {noun} were {_DATED[what]} on the first of a month.")
    each, counts = np.unique(days, return_counts=True)
    largest = int(counts.max())
    if largest >= max(HEAP * days.size, TIMES_DUE * float(np.median(counts))) and each.size > 1:
        day = np.datetime64("1970-01-01") + int(each[counts.argmax()])
        said.append(f"{largest / days.size:.0%} of the {noun} were {_DATED[what]} on {_told(day)}.")
    return said


def _told(day: np.datetime64) -> str:
    date = day.astype(object)
    return f"{date.day} {date:%B %Y}"


def _days_of_gains(history: History) -> np.ndarray:
    """Return the day (since 1970) of each gain of an agreement."""
    own = np.array([key not in history.steps for key in history.types], dtype=bool)
    parts = [np.zeros(0, dtype=int)]
    for start in range(0, history.size, TOGETHER):
        gained = history.gained[start : start + TOGETHER][:, own]
        deal, _ = np.nonzero(np.isfinite(gained))
        week = history.created[start + deal] + gained[np.isfinite(gained)] + ROUNDING
        parts.append(np.floor(week * 7).astype(int))
    return np.concatenate(parts)


def _capped(history: History) -> Check:
    """Return whether an amount stops at a largest value that many deals have."""
    found, asked = [], [name for name in AMOUNTS if _known(history.deals, name)]
    if not asked:
        return Check(
            "capped_amounts", Audited.UNKNOWN, "Whether amounts are capped cannot be checked: there are none."
        )
    for name in asked:
        values = history.deals[name].drop_nulls().cast(pl.Float64)
        largest = float(values.to_numpy().max())
        at_most = int((values == largest).sum())
        if at_most >= max(LEAST_CAPPED, CAPPED * values.len()) and values.n_unique() > LEAST_CAPPED:
            found.append(
                f"{at_most / values.len():.0%} of the deals have the largest {name.replace('_', ' ')}, {largest:,.0f}"
            )
    if not found:
        return Check(
            "capped_amounts", Audited.FINE, "No amount stops at a largest value that many deals have."
        )
    said = f"{'; '.join(found)}: it looks capped. What is above the cap is not known, so effects on money are too small."
    return Check("capped_amounts", Audited.FAULT, said)
