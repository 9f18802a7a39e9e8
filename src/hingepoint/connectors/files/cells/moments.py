"""Dates and times as people write them. Which of 01/02 is the day is decided from the whole column."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

MOMENT = pl.Datetime("us")
FIRST_YEAR, LAST_YEAR = 1900, 2199

#: Days that systems write where there is no date, besides the first and last day of the years after 2199.
_NO_DATES = (
    dt.date(1, 1, 1),
    dt.date(1753, 1, 1),
    dt.date(1899, 12, 30),
    dt.date(1899, 12, 31),
    dt.date(1900, 1, 1),
    dt.date(1969, 12, 31),
    dt.date(1970, 1, 1),
    dt.date(2099, 12, 31),
    dt.date(2199, 12, 31),
)

_TIME = (
    r"(?:(?:[T,]\s*|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?\s*(?:([AaPp])\.?[Mm]\.?)?"
    r"\s*(Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?i:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?)\.?"
_ISO = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})" + _TIME
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})(?:[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:[.]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
_DOTTED = r"^([0-9]{1,2})\.\s?([0-9]{1,2})\.\s?([0-9]{4})" + _TIME
_SLASHED = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})" + _TIME
_DASHED = r"^([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})" + _TIME
_DAY_NAMED = r"^([0-9]{1,2})(?:st|nd|rd|th)?[-.\s/]*" + _MONTH + r"[-,\s/]*([0-9]{4})" + _TIME
_MONTH_NAMED = r"^" + _MONTH + r"\s*([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})" + _TIME

_UNCLEAR = r"^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})(?:[^0-9]|$)"


@dataclass(slots=True)
class MomentEvidence:
    """The first rows of a column that prove day first, month first, or need to know."""

    day_first: tuple[int, str] | None = None
    month_first: tuple[int, str] | None = None
    either: tuple[int, str] | None = None

    def see(self, rows: pl.Series, text: pl.Series) -> None:
        unclear = text.str.contains(_UNCLEAR)
        if not unclear.any():
            return
        rows, text = rows.filter(unclear), text.filter(unclear)
        parts = text.str.extract_groups(_UNCLEAR).struct.unnest()
        one, two = parts["1"].cast(pl.Int32), parts["2"].cast(pl.Int32)
        self.day_first = self.day_first or _first(rows, text, (one > 12) & (one <= 31) & (two <= 12))
        self.month_first = self.month_first or _first(rows, text, (two > 12) & (two <= 31) & (one <= 12))
        self.either = self.either or _first(rows, text, (one <= 12) & (two <= 12) & (one != two))


def _first(rows: pl.Series, text: pl.Series, mask: pl.Series) -> tuple[int, str] | None:
    at = mask.arg_max() if mask.any() else None
    return None if at is None else (rows[at], text[at])


def read_moments(
    text: pl.Series, *, style: str, day_first: bool, file_zone: str, zone: str
) -> tuple[pl.Series, pl.Series]:
    """Return ``(moments, bad)`` of stripped texts, the moments in ``zone`` without offset.

    ``style`` is empty, one of ``mapping.DATE_WORDS`` or a strptime pattern; a time without an offset is
    in ``file_zone``. Empty texts are null and not bad. A day without a time is its midnight.
    """
    if style == "excel":
        return _checked(text, _serial(text, 0))
    if style in {"unix", "unix-ms"}:
        return _checked(text, _local(_unix(text, style), zone))
    if style == "excel-1904":
        return _checked(text, _serial(text, 1462))
    if "%" in style:
        found = _patterned(text, style)
        aware = isinstance(found.dtype, pl.Datetime) and found.dtype.time_zone
        moved = (
            found.dt.convert_time_zone(zone).dt.replace_time_zone(None)
            if aware
            else _moved(found, file_zone, zone)
        )
        return _checked(text, moved)
    values = _plain_iso(text)
    if values is not None:
        return _checked(text, _moved(values, file_zone, zone))
    return _checked(text, _by_class(text, style, day_first, file_zone, zone))


def is_typed(column: pl.Series) -> bool:
    """Return whether a file holds this column as days or moments."""
    return isinstance(column.dtype, pl.Date | pl.Datetime)


def typed_moments(column: pl.Series, *, file_zone: str, zone: str) -> tuple[pl.Series, pl.Series]:
    """Return what ``read_moments`` returns of their texts, of days or moments that a file typed."""
    near = column.dt.year().is_between(1, 9999)  # others overflow microseconds
    values = pl.select(pl.when(near).then(column)).to_series()
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        values = values.dt.cast_time_unit("us").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    else:
        values = _moved(values.cast(MOMENT), file_zone, zone)
    values = _within(values)
    return values, values.is_null() & column.is_not_null()


def _checked(text: pl.Series, values: pl.Series) -> tuple[pl.Series, pl.Series]:
    values = _within(values)
    return values, values.is_null() & (text != "")


def _within(values: pl.Series) -> pl.Series:
    """Return moments of the years that can be meant, and those that stand for no date; null for others."""
    years = values.dt.year()
    first, last = years.min(), years.max()
    if first is None or (first >= FIRST_YEAR and last <= LAST_YEAR):  # type: ignore[operator]
        return values
    good = years.is_between(FIRST_YEAR, LAST_YEAR)
    if last > 9999:  # type: ignore[operator]
        values = pl.select(pl.when(years < 10_000).then(values)).to_series()
    return pl.select(pl.when(good | stands_for_no_date(values)).then(values)).to_series()


def stands_for_no_date(moments: pl.Series) -> pl.Series:
    """Return which moments are of days that stand for no date, such as 1970-01-01 and 9999-12-31."""
    if may_be_real(moments):
        return pl.repeat(False, len(moments), dtype=pl.Boolean, eager=True)
    far = (moments.dt.year() > LAST_YEAR) & moments.dt.ordinal_day().is_in([1, 365, 366])
    return (moments.dt.date().is_in(_NO_DATES) | far).fill_null(False)


def may_be_real(moments: pl.Series) -> bool:
    """Return whether all moments are of 1971 to 2098, so that none stands for no date; cheap."""
    first, last = moments.min(), moments.max()
    return first is None or (first.year > 1970 and last.year < 2099)  # type: ignore[union-attr]


def _plain_iso(text: pl.Series) -> pl.Series | None:
    """Return the moments when every text has one of the most usual forms, which is quicker; else None."""
    if text.str.contains(r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2})?$").all():
        return text.str.strptime(pl.Date, "%Y-%m-%d", strict=False).cast(MOMENT)
    for gap in (" ", "T"):
        for more, fraction in (("", ""), (r"\.[0-9]{6}", "%.f")):
            form = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{gap}[0-9]{{2}}:[0-9]{{2}}:[0-5][0-9]{more}"
            if text.str.contains(f"^(?:{form})?$").all():
                return text.str.strptime(MOMENT, f"%Y-%m-%d{gap}%H:%M:%S{fraction}", strict=False)
    return None


def _by_class(text: pl.Series, style: str, day_first: bool, file_zone: str, zone: str) -> pl.Series:
    """Return moments by trying each form on what the forms before it did not fit."""
    day, month = (1, 2) if day_first else (2, 1)
    forms = [(_ISO, (1, 2, 3)), (_COMPACT, (1, 2, 3))]
    if style != "iso":
        forms += [(_DOTTED, (3, 2, 1) if style != "month-first" else (3, 1, 2))]
        forms += [(_SLASHED, (3, month, day)), (_DASHED, (3, month, day))]
        forms += [(_DAY_NAMED, (3, 2, 1)), (_MONTH_NAMED, (3, 1, 2))]
    values = pl.repeat(None, len(text), dtype=MOMENT, eager=True)
    for pattern, order in forms:
        left = (values.is_null() & (text != "") & text.str.contains(pattern)).arg_true()
        if len(left):
            found = _built(
                text.gather(left).str.extract_groups(pattern).struct.unnest(), order, file_zone, zone
            )
            values = values.scatter(left, found)
    if style == "":
        seconds = (values.is_null() & text.str.contains(r"^(?:1[0-9]{9}|1[0-9]{12})$")).arg_true()
        if len(seconds):
            some = text.gather(seconds)
            found = pl.select(
                pl.when(some.str.len_bytes() == 13)
                .then(_unix(some, "unix-ms"))
                .otherwise(_unix(some, "unix"))
            ).to_series()
            values = values.scatter(seconds, _local(found, zone))
    return values


def _built(parts: pl.DataFrame, order: tuple[int, int, int], file_zone: str, zone: str) -> pl.Series:
    """Return moments from the groups of one form; null where no such day or time exists."""
    compact = parts.width == 8
    groups = {"hour": "4", "minute": "5", "second": "6", "fraction": "7", "zone": "8" if compact else "9"}
    year, month, day = (pl.col(str(each)) for each in order)
    if parts[str(order[1])].str.contains("^[A-Za-z]").any():
        month = (
            month.str.to_lowercase()
            .str.head(3)
            .replace_strict({name: str(i) for i, name in enumerate(_MONTHS, start=1)}, default=None)
        )
    half = pl.lit(None, dtype=pl.String) if compact else pl.col("8").str.to_lowercase()
    numbers = parts.select(
        year.cast(pl.Int32).alias("year"),
        month.cast(pl.Int32).alias("month"),
        day.cast(pl.Int32).alias("day"),
        pl.col(groups["hour"]).cast(pl.Int32).fill_null(0).alias("hour"),
        pl.col(groups["minute"]).cast(pl.Int32).fill_null(0).alias("minute"),
        pl.col(groups["second"]).cast(pl.Int32).fill_null(0).alias("second"),
        pl.col(groups["fraction"]).str.pad_end(6, "0").str.head(6).cast(pl.Int64).fill_null(0).alias("micro"),
        half.alias("half"),
        pl.col(groups["zone"]).alias("zone"),
    ).with_columns(_hour_of_day())
    sound = numbers.select(
        pl.col("month").is_between(1, 12)
        & pl.col("day").is_between(1, 31)
        & pl.col("year").is_between(1, 9999)
        & pl.col("hour").is_between(0, 23)
        & pl.col("minute").is_between(0, 59)
        & pl.col("second").is_between(0, 59)
    ).to_series()
    built = numbers.select(_moment(sound)).to_series()
    same = built.dt.day() == numbers["day"]
    built = pl.select(pl.when(sound & same).then(built)).to_series()
    return _zoned(built, numbers["zone"], file_zone, zone)


def _hour_of_day() -> pl.Expr:
    hour, half = pl.col("hour"), pl.col("half")
    return (
        pl.when(half.is_null())
        .then(hour)
        .when(~hour.is_between(1, 12))
        .then(99)
        .otherwise(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
        .alias("hour")
    )


def _moment(sound: pl.Series) -> pl.Expr:
    first = pl.datetime(
        pl.when(sound).then("year").otherwise(2000),
        pl.when(sound).then("month").otherwise(1),
        1,
        time_unit="us",
    )
    within = (
        (pl.col("day").cast(pl.Int64) - 1) * 86_400_000_000
        + pl.col("hour").cast(pl.Int64) * 3_600_000_000
        + pl.col("minute").cast(pl.Int64) * 60_000_000
        + pl.col("second").cast(pl.Int64) * 1_000_000
        + pl.col("micro")
    )
    return first + within.cast(pl.Duration("us"))


def _zoned(moments: pl.Series, offsets: pl.Series, file_zone: str, zone: str) -> pl.Series:
    """Return ``moments`` in ``zone``: by their offset where they have one, else from ``file_zone``."""
    here = _moved(moments, file_zone, zone)
    if offsets.null_count() == len(offsets):
        return here
    digits = offsets.str.replace_all(":", "", literal=True)
    sign = pl.select(pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    hours = digits.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    shift = ((hours * 60 + minutes) * sign * 60_000_000).cast(pl.Duration("us"))
    utc = moments - shift
    known = (hours <= 18) & (minutes < 60)
    return pl.select(
        pl.when(offsets.is_null()).then(here).when(known).then(_local(utc, zone)).otherwise(None)
    ).to_series()


def _local(utc: pl.Series, zone: str) -> pl.Series:
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)


def _moved(moments: pl.Series, file_zone: str, zone: str) -> pl.Series:
    """Return times of ``file_zone`` in ``zone``; midnights are days and stay; skipped hours are null."""
    if file_zone in ("", zone):
        return moments
    there = moments.dt.replace_time_zone(file_zone, ambiguous="earliest", non_existent="null")
    moved = there.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    midnight = moments.dt.time() == pl.time(0)  # type: ignore[comparison-overlap]
    return pl.select(pl.when(midnight).then(moments).otherwise(moved)).to_series()


def _serial(text: pl.Series, shift: int) -> pl.Series:
    """Return the moments of serial days of Excel, whose day 60 never was."""
    days = text.cast(pl.Float64, strict=False)
    days = pl.select(pl.when(days.is_between(61, 110_000)).then(days + shift)).to_series()
    whole = (days * 86_400).round(0).cast(pl.Int64, strict=False)
    start = pl.lit("1899-12-30").str.strptime(MOMENT, "%Y-%m-%d")
    return pl.select(start + (whole * 1_000_000).cast(pl.Duration("us"))).to_series()


def _unix(text: pl.Series, style: str) -> pl.Series:
    number = text.cast(pl.Float64, strict=False)
    number = pl.select(pl.when(number.is_between(-3e12, 1e13)).then(number)).to_series()
    return (
        (number * (1_000_000 if style == "unix" else 1_000))
        .round(0)
        .cast(pl.Int64, strict=False)
        .cast(MOMENT)
    )


def _patterned(text: pl.Series, pattern: str) -> pl.Series:
    timed = any(each in pattern for each in ("%H", "%I", "%T", "%R", "%X", "%c", "%s"))
    if timed:
        return text.str.strptime(pl.Datetime("us"), pattern, strict=False)
    return text.str.strptime(pl.Date, pattern, strict=False).cast(MOMENT)
