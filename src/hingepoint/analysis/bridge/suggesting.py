"""Which types of the catalogue a company's own word may mean, and why, in words.

The name decides which types come into question. How the word is used in the sale, when it is gained and with
whom, speaks for one of them or against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from hingepoint.analysis.bridge.names import Likeness, Names
from hingepoint.records.agreements import Side
from hingepoint.records.deals import Stage

#: Where in a sale a stage lies, as a share of its days: the middle of nine equal parts, *run* after the close.
PLACES = {stage.value: (number + 0.5) / (len(Stage) - 1) for number, stage in enumerate(Stage)}
#: Fewer gains on closed deals do not say when; fewer than the second do not stand against the catalogue's word.
LEAST_GAINS, LEAST_TO_SPEAK_FOR_A_TYPE = 5, 20
#: A name that says less is not suggested; one that says so much and leads the next by so much is sure.
LEAST_LIKE, SURE, LEAD = 0.45, 0.75, 0.1
#: How much use can add to a name or take from it, for each of when and with whom.
_WEIGHT = 0.1
MOST = 3
_QUARTERS = ("first quarter", "second quarter", "third quarter", "last quarter")
_SIDES = {
    Side.CUSTOMER: "with the customer",
    Side.INTERNAL: "inside your own company",
    Side.SUPPLIER: "with a supplier",
    Side.PARTNER: "with a partner",
}
#: Columns of the frame that ``use_of`` reads: one row an agreement that was gained on a closed deal.
GAINS = {
    "type": pl.String(),
    "created": pl.Datetime("us"),
    "closed": pl.Datetime("us"),
    "at": pl.Datetime("us"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """How a type is used. ``deals`` has it on record; ``gains`` are those on closed deals, at ``place`` of the
    sale's days (0 created, 1 closed; the median). ``side`` where it is known, ``ours`` the share of named persons
    who are one's own people."""

    deals: int = 0
    gains: int = 0
    place: float | None = None
    side: Side | None = None
    ours: float | None = None

    @property
    def whose(self) -> Side | None:
        """With whom: as files say, else inside where those who are named mostly are one's own people."""
        if self.side is None and self.ours is not None:
            return Side.INTERNAL if self.ours > 0.5 else None
        return self.side


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the catalogue that may be meant. ``names`` begins with its own."""

    key: str
    names: tuple[str, ...]
    side: Side
    stage: str = ""
    use: Use = field(default_factory=Use)

    @property
    def place(self) -> float | None:
        """Where in the sale it lies: as on one's own deals where enough have it, else as it is meant."""
        return self.use.place if self._speaks else PLACES.get(self.stage)

    @property
    def _speaks(self) -> bool:
        return self.use.gains >= LEAST_TO_SPEAK_FOR_A_TYPE

    @property
    def otherwise(self) -> str:
        """Return the beginning of the sentence that says where it lies instead."""
        return "on your deals this one is gained" if self._speaks else "this one belongs"

    @property
    def as_what(self) -> str:
        """Return how its place in the sale is known, in words."""
        return "as it is on your deals" if self._speaks else "as this one is meant"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A type that a word may mean. ``because`` are sentences; ``against`` those that speak against it."""

    key: str
    score: float
    sure: bool
    because: tuple[str, ...]
    against: tuple[str, ...]


def places(gains: pl.DataFrame) -> dict[str, tuple[int, float]]:
    """Return, by type, how many gains are dated on closed deals and the median place in the sale of ``GAINS``."""
    days = (pl.col("closed") - pl.col("created")).dt.total_seconds()
    place = (pl.col("at") - pl.col("created")).dt.total_seconds() / days
    dated = gains.filter(days > 0).group_by("type").agg(pl.len().alias("n"), place.median().alias("place"))
    return {kind: (n, found) for kind, n, found in dated.iter_rows()}


def when(use: Use) -> str:
    """Return when in the sale it is gained, in words; empty where too few gains say it."""
    if use.gains < LEAST_GAINS or use.place is None:
        return ""
    return _quarter(use.place)


def _quarter(place: float) -> str:
    return (
        "after the close" if place > 1 else f"in the {_QUARTERS[min(3, max(0, int(place * 4)))]} of the sale"
    )


def side_words(side: Side) -> str:
    """Return with whom an agreement is made, in the middle of a sentence."""
    return _SIDES[side]


def suggestions(word: str, use: Use, kinds: Sequence[Kind], names: Names) -> tuple[Suggestion, ...]:
    """Return at most three types that ``word`` may mean, the likeliest first. ``names`` are those of ``kinds``."""
    like = names.like(word)
    found = [_judged(kind, like[kind.key], use) for kind in kinds if _is_like(like, kind.key)]
    found = sorted(found, key=lambda one: -one.score)[:MOST]
    lead = found[0].score - found[1].score if len(found) > 1 else 1.0
    return tuple(
        Suggestion(one.key, one.score, number == 0 and one.sure and lead >= LEAD, one.because, one.against)
        for number, one in enumerate(found)
    )


def _is_like(like: Mapping[str, Likeness], key: str) -> bool:
    return key in like and like[key].score >= LEAST_LIKE


def _judged(kind: Kind, like: Likeness, use: Use) -> Suggestion:
    """Return a type with its reasons; ``sure`` as far as it alone can tell."""
    timing, timed = _timing(kind, use)
    siding, sided = _siding(kind, use)
    told = ((timing, timed), (siding, sided))
    score = min(1.0, max(0.0, like.score + _WEIGHT * (timing + siding)))
    because = (_named(kind, like), *(words for sign, words in told if words and sign >= 0))
    against = tuple(words for sign, words in told if words and sign < 0)
    return Suggestion(kind.key, score, score >= SURE and not against, because, against)


def _named(kind: Kind, like: Likeness) -> str:
    if like.phrase == kind.names[0]:
        return "Its name says so." if like.score > 0.99 else f"Its name is like “{like.phrase}”."
    return f"Its name says “{like.phrase}”, another word for it."


def _timing(kind: Kind, use: Use) -> tuple[float, str]:
    """Return how well the two fit in time, from 1 to -1 for half a sale apart, with the sentence about it."""
    if use.gains < LEAST_GAINS or use.place is None or kind.place is None:
        return 0.0, ""
    fits = 1 - 4 * min(0.5, abs(use.place - kind.place))
    here, there = _quarter(use.place), _quarter(kind.place)
    if fits >= 0:
        same = f"Gained {here}, {kind.as_what}."
        return fits, same if here == there else f"Gained {here}, near where this one is: {there}."
    return fits, f"Gained {here}; {kind.otherwise} {there}."


def _siding(kind: Kind, use: Use) -> tuple[float, str]:
    """Return 1 where both are made with the same side, -1 where not, 0 where that is not known, with words."""
    if use.whose is None:
        return 0.0, ""
    if use.whose == kind.side:
        return 1.0, f"Made {_SIDES[use.whose]}, as this one."
    apart = f"this one is {_SIDES[kind.side]}."
    if use.side is None:
        return -1.0, f"The people named in it are mostly your own; {apart}"
    return -1.0, f"Your files say {_SIDES[use.side]}; {apart}"
