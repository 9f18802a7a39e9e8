"""How a language writes numbers, money and days. One table, so that a page, a chart, a report and a command agree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.records.languages import ENGLISH, spoken


@dataclass(frozen=True, slots=True)
class Conventions:
    """``signs`` exchanges those of a number written ``12,400.5``; ``percent``, ``money``, ``day`` and ``day_short`` are patterns. The money
    sign of ``money`` stands as it is written before an amount; ``short`` are the endings of billions, millions, thousands."""

    signs: dict[int, str]
    percent: str
    money: str
    day: str
    day_short: str
    months: tuple[str, ...]
    months_in_full: tuple[str, ...]
    weekdays: tuple[str, ...]
    short: tuple[str, str, str]

    def number(self, text: str) -> str:
        """Return a number written ``12,400.5`` as this language writes it."""
        return text.translate(self.signs)

    def written(self, pattern: str, value: dt.date) -> str:
        """Return a day, or a moment's, by one of the patterns."""
        return pattern.format(day=value.day, month=self.months[value.month - 1], year=value.year)


_TABLE = {
    ENGLISH: Conventions(
        signs={},
        percent="{number}%",
        money="{sign}{number}",
        day="{day} {month} {year}",
        day_short="{day} {month}",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        months_in_full=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        short=("B", "M", "k"),
    ),
    "de": Conventions(
        signs=str.maketrans({",": ".", ".": ","}),
        percent="{number}\N{NO-BREAK SPACE}%",
        money="{number}\N{NO-BREAK SPACE}{sign}",
        day="{day}. {month} {year}",
        day_short="{day}. {month}",
        months=(
            "Jan.",
            "Feb.",
            "März",
            "Apr.",
            "Mai",
            "Juni",
            "Juli",
            "Aug.",
            "Sept.",
            "Okt.",
            "Nov.",
            "Dez.",
        ),
        months_in_full=(
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ),
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        short=("\N{NO-BREAK SPACE}Mrd.", "\N{NO-BREAK SPACE}Mio.", "\N{NO-BREAK SPACE}Tsd."),
    ),
}


def conventions() -> Conventions:
    """Return those of the language spoken; English ones for a language that has none here."""
    return _TABLE.get(spoken(), _TABLE[ENGLISH])


def number(value: int) -> str:
    """Return a whole number as people write it: ``12,400``."""
    return conventions().number(f"{value:,}")


def day(value: dt.date) -> str:
    """Return ``3 Mar 2026``."""
    return conventions().written(conventions().day, value)


def day_short(value: dt.date) -> str:
    """Return ``3 Mar``, where the year is plain from its surroundings."""
    return conventions().written(conventions().day_short, value)


def day_and_month(value: dt.date) -> str:
    """Return ``3 March``."""
    found = conventions()
    return found.day_short.format(day=value.day, month=found.months_in_full[value.month - 1])


def day_in_full(value: dt.date) -> str:
    """Return ``3 March 2026``."""
    found = conventions()
    return found.day.format(day=value.day, month=found.months_in_full[value.month - 1], year=value.year)


def weekday(value: dt.date) -> str:
    """Return ``Monday, 3 March``."""
    return f"{conventions().weekdays[value.weekday()]}, {day_and_month(value)}"


def month(value: dt.date) -> str:
    """Return ``Mar 2026``."""
    return f"{conventions().months[value.month - 1]} {value.year}"


def month_short(value: dt.date) -> str:
    """Return ``Mar``, where the year is plain from its surroundings."""
    return conventions().months[value.month - 1]


def month_and_year(value: dt.date) -> str:
    """Return ``Mar 26``, below a chart."""
    return f"{month_short(value)} {value:%y}"


def month_in_full(value: dt.date) -> str:
    """Return ``March 2026``."""
    return f"{conventions().months_in_full[value.month - 1]} {value.year}"
