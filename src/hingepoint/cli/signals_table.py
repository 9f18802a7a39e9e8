"""The ten signals on the terminal: what is raised, with its question; what is calm; what is missing."""

from __future__ import annotations

import math
import textwrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hingepoint.analysis.signals.shape import Driver, Lacked, Reading, Report, State, Told

#: Where the output is no terminal: wide enough for a table, narrow enough for a mail.
PIPED_WIDTH = 110
#: State -> a mark that is read in black and white, its word, its colour.
MARKS = {
    State.RAISED: ("▲", "raised", "red"),
    State.WATCH: ("△", "watched", "yellow"),
    State.CALM: ("○", "calm", "dim"),
    State.STALE: ("?", "no news", "yellow"),
    State.NO_DATA: ("·", "no data", "dim"),
}
LISTED = 5


def show(report: Report) -> None:
    """Print the report for people."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_WIDTH)
    console.print(f"[bold]The ten signals[/bold] as of {report.as_of}")
    console.print(
        f"{report.charts} charts, set to raise falsely at most once a quarter, all together", style="dim"
    )
    console.print(_table(report))
    for told in report.signals:
        if told.state is State.RAISED:
            _raised(console, told)
    _missing(console, report)
    _calm(console, report)


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(1, 2, 0, 0), header_style="dim")
    for heading in ("", "Signal", "State", "Where"):
        table.add_column(heading, no_wrap=heading != "Where")
    for told in report.signals:
        mark, word, style = MARKS[told.state]
        name = f"{told.signal.number}. {told.signal.name}"
        table.add_row(Text(mark, style=style), name, Text(word, style=style), _where(told))
    table.padding = (0, 2, 0, 0)
    return table


def _where(told: Told) -> str:
    names = [one.place.name for one in told.places if one.state is told.state]
    if told.state not in (State.RAISED, State.WATCH):
        return ""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _raised(console: Console, told: Told) -> None:
    console.print(f"\n[bold]{told.signal.number}. {told.signal.name}[/bold] ({told.signal.unit})")
    for one in told.places:
        if one.state is State.RAISED:
            _line(console, _place(told, one))
    for driver in told.drivers:
        _line(console, _driver(driver), style="dim")
    for lacked in told.lacked:
        _line(console, _lacked(lacked), style="dim")
    if told.deals:
        at_least = "more than " if told.unlisted else ""
        more = f" and {at_least}{len(told.deals) - LISTED} more" if len(told.deals) > LISTED else ""
        _line(console, f"Deals: {', '.join(told.deals[:LISTED])}{more}")
    _line(console, f"Ask: {told.question}")


def _place(told: Told, one: Reading) -> str:
    size, (low, high) = one.size or 0.0, one.size_ci or (0.0, 0.0)
    way, sign = ("up", 1) if size > 0 else ("down", -1)
    least, most = sorted((low * sign * 100, high * sign * 100))
    return (
        f"{one.place.name}: {way} by {abs(size) * 100:.0f} points ({least:.0f} to {most:.0f}) from "
        f"{number(one.baseline, told)}, since {one.since:%B %Y} (between {one.earliest:%b %Y} and {one.latest:%b %Y}), "
        f"seen at the end of {one.seen:%B %Y}"
    )


def number(value: float | None, told: Told) -> str:
    """Return a reading as people say it: shares and margins in per cent, logarithms as the change they stand for."""
    if value is None:
        return "unknown"
    return f"{math.expm1(value):+.0%}" if told.signal.number == 10 else f"{value:.0%}"


def _driver(driver: Driver) -> str:
    def said(value: float) -> str:
        return f"{value:.0%}" if driver.unit == "share" else f"{value:,.0f} {driver.currency}".strip()

    if driver.since is None:
        return f"{driver.words}: not known"
    before = f", before {said(driver.before)}" if driver.before is not None else ""
    return f"{driver.words}: {said(driver.since)}{before}"


def _lacked(one: Lacked) -> str:
    (missing, deals), (beside, others) = one.behind, one.kept
    low, high = (end * 100 for end in one.ci)
    sure = "" if one.surely else ", may be chance"
    return (
        f"{one.agreement}: missing or weak on {missing} of the {deals} deals that fell short, on {beside} of {others} others: "
        f"{one.more * 100:+.0f} points ({low:+.0f} to {high:+.0f}{sure})"
    )


def _missing(console: Console, report: Report) -> None:
    needing = [told for told in report.signals if told.needs]
    if needing:
        console.print("\n[bold]What is missing[/bold]")
    for told in needing:
        _line(console, f"{told.signal.number}. {told.signal.name}: {told.needs}")


def _calm(console: Console, report: Report) -> None:
    shown = [
        (told, told.would_have_shown) for told in report.signals if told.state in (State.CALM, State.WATCH)
    ]
    if any(would for _, would in shown):
        console.print("\n[bold]What calm means[/bold]")
    for told, would in shown:
        if would:
            way = "risen" if would.change > 0 else "fallen"
            _line(
                console,
                f"{told.signal.number}. Had the company's {told.signal.unit} {way} by {abs(would.change) * 100:.0f} points since "
                f"{would.since:%B %Y}, this page would have raised it with a chance of {would.chance:.0%}.",
                style="dim",
            )


def _line(console: Console, text: str, style: str = "") -> None:
    for place, line in enumerate(textwrap.wrap(text, width=console.width - 4, break_long_words=False)):
        console.print(Text(("  • " if place == 0 else "    ") + line, style=style), soft_wrap=True)
