"""What the ten signals have in common: what they read, what each of them says of itself, and what is told of it.

A signal is a module with one pure function ``units`` and one ``SIGNAL``. The function returns a frame of what is
counted, one row each: ``at`` (when), ``value`` (from 0 to 1 in a share, else a number), ``deal_id`` where there is a deal,
and where they differ from those of the deal ``team``, ``account`` or ``manager``. Further columns are named by
``SIGNAL.drivers`` or ``SIGNAL.facts``. The engine does the rest alike for all.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis import frames
from hingepoint.analysis.spc.charts import Chart
from hingepoint.records.languages import say

Floats = NDArray[np.float64]


class State(enum.StrEnum):
    """Where a signal or a place stands; the later in this list, the more it asks for."""

    NO_DATA = "no_data"
    STALE = "stale"
    CALM = "calm"
    WATCH = "watch"
    RAISED = "raised"


def _empty(columns: dict[str, tuple[pl.DataType, str]]) -> Callable[[], pl.DataFrame]:
    return lambda: pl.DataFrame(schema=frames.schema(columns))


@dataclass(frozen=True)
class Facts:
    """All that the signals read, as it was known on ``as_of``; frames with the columns of ``analysis.frames``.

    A frame without rows means that nothing of the kind is on record. ``period``: how long a point of a chart lasts.
    """

    as_of: dt.date
    deals: pl.DataFrame
    period: Literal["month", "week"] = "month"
    concessions: pl.DataFrame = field(default_factory=_empty(frames.CONCESSIONS))
    plans: pl.DataFrame = field(default_factory=_empty(frames.PLANS))
    exceptions: pl.DataFrame = field(default_factory=_empty(frames.EXCEPTIONS))
    visits: pl.DataFrame = field(default_factory=_empty(frames.VISITS))
    quotes: pl.DataFrame = field(default_factory=_empty(frames.QUOTES))
    demands: pl.DataFrame = field(default_factory=_empty(frames.DEMANDS))
    pulses: pl.DataFrame = field(default_factory=_empty(frames.PULSES))
    routines: pl.DataFrame = field(default_factory=_empty(frames.ROUTINES))
    policies: pl.DataFrame = field(default_factory=_empty(frames.POLICIES))
    talks: pl.DataFrame = field(default_factory=_empty(frames.TALKS))
    limits: pl.DataFrame = field(default_factory=_empty(frames.LIMITS))
    steps: pl.DataFrame = field(default_factory=_empty(frames.STEPS))

    @property
    def won(self) -> pl.DataFrame:
        """The deals won."""
        return self.deals.filter(pl.col("status") == "won")

    @property
    def step(self) -> str:
        """The length of a period as polars writes it."""
        return "1mo" if self.period == "month" else "1w"

    def news(self, source: str) -> pl.Series:
        """Return when ``source`` (the name of a frame, or ``won``) brought something."""
        table: pl.DataFrame = getattr(self, source)
        return table[{"won": "closed", "routines": "done"}.get(source, "at")].drop_nulls()


def no_units() -> pl.DataFrame:
    """Return the units of a signal of which nothing can be read."""
    return pl.DataFrame(schema={"at": pl.Datetime("us"), "value": pl.Float64, "deal_id": pl.String})


@dataclass(frozen=True, slots=True)
class Driver:
    """What stands behind a reading, in the usual time and since it changed, else of late; None where it is not known. Money is in
    one ``currency``, empty where deals name none."""

    words: str
    unit: Literal["share", "money", "number"]
    before: float | None
    since: float | None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Lacked:
    """An agreement that was missing or weak more often on the deals ``behind`` a reading than on those that ``kept`` to what is usual:
    on how many of how many. ``more``: by how much, as a difference of shares with its 95 % interval ``ci``. ``surely``: not by luck,
    all agreements that were looked at together."""

    agreement: str
    behind: tuple[int, int]
    kept: tuple[int, int]
    more: float
    ci: tuple[float, float]
    surely: bool


def in_one_currency(before: pl.DataFrame, since: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, str, str]:
    """Return the units in the currency in which most of both are, with its code; and what to say where others are left out."""
    counts = pl.concat([one["currency"].fill_null("") for one in (before, since)]).value_counts()
    if counts.is_empty():
        return before, since, "", ""
    code = str(counts.sort("count", "currency", descending=[True, False])["currency"][0])
    ours = pl.col("currency").fill_null("") == code
    of_which = say(", of deals in {code}", code=code or say("no currency")) if len(counts) > 1 else ""
    return before.filter(ours), since.filter(ours), code, of_which


@dataclass(frozen=True, slots=True)
class Signal:
    """One of the ten.

    ``unit`` says what a reading is; ``worse`` which way it gets worse; ``kind`` whether values lie
    between 0 and 1.
    ``levels``: where it is followed. ``news``: the sources that must go on delivering; ``waits``: how
    long a unit waits until it is counted. ``stated``: the three changes, from
    small to large, of which a calm chart says whether it would have shown them; the middle one stands in its sentence. ``breaks``: a new version of the rules begins a new series.
    ``facts``: columns of the units, held equal beside what is known of deals at creation. ``drivers``: columns of the
    units with 0 and 1, and their words; ``tell``: drivers that are computed. ``apart``: units that lie apart are
    watched without a change. ``lacks``: the agreements that its deals lacked, told of a place's units
    since it changed, or of the last twelve months. ``least``: with fewer answers nothing is told, nor with fewer different
    ``people`` in these columns of the units; ``named``: whether deals are listed.
    ``second``: the same signal read in another way, told where that asks for more.
    """

    number: int
    key: str
    name: str
    unit: str
    kind: Literal["share", "mean"]
    worse: Literal["higher", "lower"]
    levels: tuple[str, ...]
    units: Callable[[Facts], pl.DataFrame]
    news: tuple[str, ...]
    stated: tuple[float, float, float]
    question: str
    needs: str
    waits: dt.timedelta = dt.timedelta()
    breaks: bool = False
    facts: tuple[str, ...] = ()
    drivers: tuple[tuple[str, str], ...] = ()
    tell: Callable[[pl.DataFrame, pl.DataFrame], tuple[Driver, ...]] | None = None
    lacks: Callable[[pl.DataFrame, pl.DataFrame], tuple[Lacked, ...]] | None = None
    apart: bool = False
    least: int = 0
    people: tuple[tuple[str, int], ...] = ()
    named: bool = True
    second: Signal | None = None

    @property
    def side(self) -> int:
        """1 where a higher reading is worse, -1 where a lower one is."""
        return 1 if self.worse == "higher" else -1

    @property
    def needs_plainly(self) -> str:
        """What it needs, without what files call it."""
        return re.sub(r" \([^)]*\)", "", self.needs)


@dataclass(frozen=True, slots=True)
class Place:
    """Where: the company, a team (or a region above teams), a segment, an account, a manager's deals."""

    level: str
    name: str


COMPANY = Place("company", "company")


@dataclass(frozen=True, slots=True)
class Series:
    """A signal at one place, a point a period from the period ``first`` on.

    ``counts`` units, ``totals`` of their values, ``usual`` totals as expected from what was known; ``scores`` are
    what is charted: how far a period lies from what is usual there, in standard deviations of chance. The first
    ``baseline`` points are usual. A period of which not everything is counted yet has no score.
    """

    place: Place
    first: int
    counts: Floats
    totals: Floats
    usual: Floats
    scores: Floats
    baseline: int

    @property
    def going(self) -> NDArray[np.bool_]:
        """Which periods are counted in part: what they began with waits still for the rest."""
        return (self.counts > 0) & np.isnan(self.scores)

    @property
    def usual_level(self) -> float:
        """The mean of its units in the usual time."""
        base = slice(0, max(self.baseline, 1))
        return float(np.nansum(self.totals[base]) / max(self.counts[base].sum(), 1e-9))


@dataclass(frozen=True, slots=True)
class WouldHaveShown:
    """Had the reading of a place changed by ``change`` since a day, its chart would have raised by now with this chance."""

    change: float
    since: dt.date
    chance: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What a signal's series ends and begins with, and its first day: a ``version`` of the rules; or limits that people set anew,
    with their ``reason``."""

    since: dt.date
    version: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A place as it was followed under earlier rules, for reading and never for raising."""

    series: Series
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A place as it stands.

    ``reading`` is the recent level in the signal's unit with its 95 % interval, ``baseline`` the usual one, both as if
    deals were alike. ``since`` is the first day of the period in which it began, ``earliest`` to ``latest`` its 95 % interval,
    ``seen`` when the chart raised; ``size`` how far it moved since. ``trial_until``: until when limits are for
    trial; ``because_of``: the place that explains it, so that it is watched and not raised. None where it does not apply.
    ``deals``: those behind it on which it shows most, ``behind``: how many there are.
    ``chart`` follows ``series.scores``. ``certificate``: what the chart would have shown of each stated change, where it has not
    raised; empty while its limits are for trial, and for accounts. ``earlier``: the place under earlier rules,
    the oldest first.
    """

    place: Place
    state: State
    reading: float | None
    baseline: float | None
    ci: tuple[float, float] | None
    since: dt.date | None = None
    earliest: dt.date | None = None
    latest: dt.date | None = None
    seen: dt.date | None = None
    size: float | None = None
    size_ci: tuple[float, float] | None = None
    deals: tuple[str, ...] = ()
    unlisted: int = 0
    trial_until: dt.date | None = None
    apart: bool = False
    because_of: Place | None = None
    series: Series | None = None
    chart: Chart | None = None
    certificate: tuple[WouldHaveShown, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def behind(self) -> int:
        return len(self.deals) + self.unlisted


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A place with too few ``units``, or in too few ``periods`` since its first, to be told from chance: it has no reading."""

    place: Place
    units: int
    periods: int


@dataclass(frozen=True, slots=True)
class Told:
    """A signal as it stands: the worst of its places, and what is told of it. ``places``: the company, then the raised ones,
    the larger first, then the others. ``rules``: the versions that break its series, the oldest first. ``unjudged``: the teams,
    segments and managers without a reading, the larger first; none where the signal is made of answers of people."""

    signal: Signal
    state: State
    places: tuple[Reading, ...] = ()
    question: str = ""
    needs: str = ""
    drivers: tuple[Driver, ...] = ()
    lacked: tuple[Lacked, ...] = ()
    would_have_shown: WouldHaveShown | None = None  # the middle change, of the company's chart
    silent_since: dt.date | None = None
    rules: tuple[Rules, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()

    def asks(self, where: str) -> str:
        """Return the question about one place."""
        return question(self.signal, [where])

    @property
    def leading(self) -> Reading | None:
        """The place of which the signal's own numbers are: the largest raised one, else the company."""
        raised = [one for one in self.places if one.state is State.RAISED]
        return next(iter(raised or self.places), None)

    @property
    def every_place(self) -> tuple[Place, ...]:
        """The places that are told of, with a reading or without."""
        return (*(one.place for one in self.places), *(one.place for one in self.unjudged))

    @property
    def deals(self) -> tuple[str, ...]:
        """The deals behind all raised places, each once."""
        return tuple(dict.fromkeys(deal for one in self.places for deal in one.deals))

    @property
    def unlisted(self) -> bool:
        """Whether there are more deals behind it than are listed."""
        return any(one.unlisted for one in self.places)


@dataclass(frozen=True, slots=True)
class Report:
    """The ten as they stand on ``as_of``. ``charts``: how many charts can raise; ``limit``: how wide their limits are."""

    as_of: dt.date
    period: str
    charts: int
    limit: float
    signals: tuple[Told, ...]

    @property
    def enough(self) -> bool:
        """Whether anything could be read at all."""
        return any(told.state is not State.NO_DATA for told in self.signals)


def worst(places: Sequence[Reading], silent_since: dt.date | None) -> State:
    """Return the state of the place that asks for most; a source that is silent leaves nothing calm."""
    order = list(State)
    state = max((one.state for one in places), key=order.index)
    return State.STALE if silent_since and state is not State.RAISED else state


def question(signal: Signal, names: Sequence[str]) -> str:
    """Return what to ask of the places with these names, of the company where there is none."""
    where = ", ".join(names[:3]) or say("the company")
    return say(signal.question, where=where)
