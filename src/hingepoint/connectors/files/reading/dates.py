"""Dates that cannot be: those that stand for no date, those after today, and those far from all others.

Today is given, never asked of a clock. Without it nothing is in the future but what stands for no date.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from hingepoint.connectors.files.cells.moments import may_be_real, stands_for_no_date
from hingepoint.connectors.files.reading.rules import Counts, count
from hingepoint.connectors.files.reading.understanding import Alone, Answer, Question

#: From so many moments on it is asked whether the last ones stand alone.
_ENOUGH = 10

#: At most this share of the moments (and at least one) may stand alone.
_FEW = 0.01

#: Days without any moment that set the last ones apart; for the first ones, which are left out, two years.
_GAP, _LONG_GAP = 90, 730

#: Rows that are named; the others are counted.
_NAMED = 20

#: So many days may be answered to stand for no date; more are dates that were read wrongly.
_MOST_DAYS = 12

_EPOCH = dt.date(1970, 1, 1)


@dataclass(slots=True)
class Calendar:
    """How many moments each day has, and the rows of the last ones; filled batch by batch.

    ``alone`` are the first rows that were left out for their date, ``gone`` counts all of them by table,
    column and rule. ``exact``: the dates are a system's own, and none is left out for lying long before others.
    """

    days: Counter[int] = field(default_factory=Counter)
    last: list[tuple[dt.datetime, str, int | None, str]] = field(default_factory=list)
    alone: list[Alone] = field(default_factory=list)
    gone: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    exact: bool = False

    def see(self, moments: pl.Series, rows: pl.Series | None, table: str, column: str) -> None:
        """Count ``moments``, and remember the rows of the last of them."""
        moments = moments.alias("at")
        days = moments.drop_nulls().dt.epoch("d").value_counts()
        for day, number in days.iter_rows():
            self.days[day] += number
        latest = moments.max()
        if latest is None or (len(self.last) == _NAMED and latest <= self.last[-1][0]):  # type: ignore[operator]
            return
        frame = pl.DataFrame([moments, pl.int_range(len(moments), eager=True).alias("_place")])
        for at, place in frame.drop_nulls("at").top_k(_NAMED, by="at").iter_rows():
            self.last.append((at, table, None if rows is None else rows[place], column))
        self.last = sorted(self.last, key=lambda each: each[0], reverse=True)[:_NAMED]

    def leave_out(
        self, frame: pl.DataFrame, mask: pl.Series, column: str, *, table: str, heading: str, rule: str
    ) -> None:
        """Count the rows of ``mask`` as left out by ``rule`` for their ``column``, and remember the first."""
        if mask.any():
            self.gone[table, heading, rule] += int(mask.sum())
        some = frame.filter(mask).head(_NAMED)
        rows = some["_row"] if "_row" in some.columns else [None] * some.height
        for row, value in zip(rows, some[column], strict=True):
            self.alone.append(Alone(table, row, heading, in_day(value)))

    def end(self) -> dt.date | None:
        """Return the last day of the data without what stands alone beyond it, None without any moment."""
        return _date(end_of_most(self.days)) if self.days else None

    def alone_beyond(self) -> tuple[Alone, ...]:
        """Return the rows that were left out for their date, and those that stand alone after the end."""
        end = self.end()
        beyond = [
            Alone(table, row, column, in_day(at))
            for at, table, row, column in reversed(self.last)
            if end and at.date() > end
        ]
        return (*self.alone[:_NAMED], *beyond)

    def in_words(self, today: dt.date | None) -> list[str]:
        """Return how many rows were left out for their date, a sentence for each column and rule."""
        after = f"after {today}" if today else "in a year that stands for no date"
        why = {"in_the_future": f"dated {after}", "long_before_the_rest": "dated long before all others"}
        return [
            f"{table}, column {heading}: {number:,} {'row is' if number == 1 else 'rows are'} {why[rule]},"
            " and left out."
            for (table, heading, rule), number in self.gone.items()
        ]

    @property
    def stands_alone(self) -> bool:
        """Whether moments that were kept lie far beyond all others."""
        return bool(self.days) and end_of_most(self.days) < max(self.days)


def in_day(at: dt.datetime) -> str:
    """Return a moment as its day, with the time where it has one."""
    return at.date().isoformat() if at.time() == dt.time(0) else at.isoformat(sep=" ", timespec="minutes")


def _date(day: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=int(day))


def end_of_most(days: Counter[int]) -> int:
    """Return the last day before a gap behind which only a few moments lie far away; else the last day."""
    dates, counts = _sorted(days)
    cut = _cut(dates, counts, _GAP, 0.25)
    return int(dates[-1] if cut is None else dates[cut])


def start_of_most(days: Counter[int]) -> int:
    """Return the first day after a gap before which only a few moments lie long ago; else the first day."""
    dates, counts = _sorted(days)
    cut = _cut(-dates[::-1], counts[::-1], _LONG_GAP, 1.0)
    return int(dates[0] if cut is None else dates[len(dates) - 1 - cut])


def _sorted(days: Counter[int]) -> tuple[np.ndarray, np.ndarray]:
    dates = np.array(sorted(days), dtype=np.int64)
    return dates, np.array([days[day] for day in dates.tolist()], dtype=np.int64)


def _cut(dates: np.ndarray, counts: np.ndarray, gap: int, share: float) -> int | None:
    """Return the place in ``dates`` behind which few moments follow after a gap, None without such a gap.

    The gap is at least ``gap`` days and ``share`` of the span before it, all of the span where data are few.
    """
    total = counts.sum()
    if total < _ENOUGH:
        return None
    behind = total - np.cumsum(counts)
    few = max(1, int(total * _FEW))
    share = share if total >= 100 else 1.0
    for place in range(len(dates) - 1):
        if behind[place] > few:
            continue
        far = max(gap, share * float(dates[place] - dates[0]))
        if dates[place + 1] - dates[place] > far:
            return place
    return None


def without_no_dates(deals: pl.DataFrame, rules: Counts) -> pl.DataFrame:
    """Return ``deals`` with expected closes, and closes of what is not won or lost, empty where they stand for none."""
    for column in ("closed", "expected_close"):
        if column not in deals.columns:
            continue
        none = stands_for_no_date(deals[column])
        if column == "closed" and "status" in deals.columns:
            none = none & ~deals["status"].is_in(["won", "lost"]).fill_null(False)
        if none.any():
            count(rules, "no_date", none.sum())
            deals = deals.with_columns(pl.when(none).then(None).otherwise(pl.col(column)).alias(column))
    return deals


def possible_deals(
    deals: pl.DataFrame,
    *,
    today: dt.date | None,
    rules: Counts,
    calendar: Calendar,
    table: str,
    headings: dict[str, str],
) -> pl.DataFrame:
    """Return ``deals`` without those created or closed after ``today``, or long before all others."""
    for column in ("created", "closed"):
        if column in deals.columns:
            future = in_the_future(deals[column], today)
            if column == "closed" and "status" in deals.columns:
                future = future & deals["status"].is_in(["won", "lost"]).fill_null(False)
            count(rules, "in_the_future", future.sum())
            place = {"table": table, "heading": headings.get(column, column)}
            calendar.leave_out(deals, future, column, **place, rule="in_the_future")
            deals = deals.filter(~future)
    for column in ("created", "closed"):
        if column in deals.columns:
            early = stands_for_no_date(deals[column]) if calendar.exact else _long_before(deals[column])
            count(rules, "long_before_the_rest", early.sum())
            place = {"table": table, "heading": headings.get(column, column)}
            calendar.leave_out(deals, early, column, **place, rule="long_before_the_rest")
            deals = deals.filter(~early)
    return deals


def ask_about_closes(deals: pl.DataFrame, today: dt.date | None, heading: str) -> tuple[Question, ...]:
    """Return the question about a table whose won and lost deals all close in the future: it would leave none."""
    if not {"closed", "status"} <= set(deals.columns):
        return ()
    ended = deals.filter(pl.col("status").is_in(["won", "lost"]))["closed"]
    if not len(ended) or not in_the_future(ended, today).all():
        return ()
    days = [day.isoformat() for day in ended.dt.date().unique().sort()]
    shown = ", ".join(days[:3]) + (f" and {len(days) - 3:,} more days" if len(days) > 3 else "")
    when = f"after {today}" if today else "in a year that stands for no date"
    about = f"No won or lost deal closes before: all {len(ended):,} do so {when} (column {heading}: {shown}). This is"
    none: dict[str, object] = {"deals": {"no_date": days}} if len(days) <= _MOST_DAYS else {}
    pattern = 'deals: {columns: {closed: "the heading of the true close date"}}'
    answers = (
        Answer("no date, and these deals are left out", none, "deals: {no_date: [the days]}"),
        Answer("not the column of the close date", pattern=pattern),
    )
    return (Question(about, answers, heading, deals=len(ended)),)


def possible_events(
    events: pl.DataFrame,
    *,
    today: dt.date | None,
    rules: Counts,
    calendar: Calendar,
    table: str,
    heading: str,
) -> pl.DataFrame:
    """Return ``events`` without those after ``today`` or of a day that stands for no date."""
    if may_be_real(events["at"]) and not _any_after(events["at"], today):
        return events
    future = in_the_future(events["at"], today)
    never = stands_for_no_date(events["at"]) & ~future
    for mask, rule in ((future, "in_the_future"), (never, "long_before_the_rest")):
        if mask.any():
            count(rules, rule, mask.sum())
            calendar.leave_out(events, mask, "at", table=table, heading=heading, rule=rule)
    return events.filter(~(future | never)) if (future | never).any() else events


def in_the_future(moments: pl.Series, today: dt.date | None) -> pl.Series:
    """Return which moments are after ``today`` (a day later, for time zones), or stand for none in a far year."""
    if today is not None:
        if not _any_after(moments, today):
            return pl.repeat(False, len(moments), dtype=pl.Boolean, eager=True)
        return (moments.dt.date() > today + dt.timedelta(days=1)).fill_null(False)
    return stands_for_no_date(moments) & (moments.dt.year() > 2000).fill_null(False)


def _any_after(moments: pl.Series, today: dt.date | None) -> bool:
    last = moments.max()
    return today is not None and last is not None and last.date() > today  # type: ignore[union-attr]


def _long_before(moments: pl.Series) -> pl.Series:
    """Return which moments lie long before all others, or stand for no date."""
    never = stands_for_no_date(moments)
    counts = moments.filter(~never).drop_nulls().dt.epoch("d").value_counts()
    days = Counter(dict(counts.iter_rows()))
    if not days:
        return never
    start = _date(start_of_most(days))
    return never | (moments.dt.date() < start).fill_null(False)
