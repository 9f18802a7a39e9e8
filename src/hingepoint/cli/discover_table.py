"""A result of discovery on the terminal: the table, the forest plot, the set, what was left out, notes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hingepoint.analysis.discovery.record import Record
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings import replayed, shapes, whole
from hingepoint.reports.findings.metric import Metric

#: Where the output is no terminal: wide enough for a table, narrow enough for a mail.
PIPED_WIDTH = 110
#: Types without evidence beyond these are counted, not listed; the files list them all.
LISTED = 40
HELD = {"bad": "red", "warn": "yellow", "good": "green", "quiet": "dim"}
STYLES = {"lever": "green", "harmful": "red", "weak": "yellow", "none": "dim", "excluded": "dim"}


def show(record: Record) -> None:
    """Print the record of a run for people."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_WIDTH)
    shown = whole.read(record)
    _header(console, shown)
    supported = [one for group in ("lever", "harmful", "weak") for one in shown.of(group)]
    if supported:
        console.print(_table(supported, shown))
        console.print(f"\n[bold]Effects[/bold] in {shown.metric.unit_title}, with 95% intervals")
        for line in forest(supported, shown.metric, width=min(console.width, 130)):
            console.print(line)
    _set(console, shown)
    _words(console, supported)
    _silent(console, shown)
    _replay(console, shown)
    _notes(console, shown)


def _header(console: Console, shown: shapes.Shown) -> None:
    facts = dict(shown.data)
    console.print(f"[bold]{shown.metric.title}[/bold]")
    console.print(f"{facts['Deals'].replace(':', ' deals:', 1)}; {shown.types}; {facts['Time']}", style="dim")
    for line in shown.headline:
        console.print(Text(line))
    console.print()


def _table(rows: Iterable[shapes.Finding], shown: shapes.Shown) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Evidence", no_wrap=True)
    table.add_column("Agreement", ratio=3, overflow="fold")
    table.add_column("Effect", justify="right", no_wrap=True)
    table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("Gained on", justify="right", no_wrap=True)
    table.add_column("Worth", justify="right")
    for one in rows:
        grade = Text(one.grade_words, style=STYLES[one.group])
        table.add_row(
            grade, Text(one.name), one.effect_text, one.interval_text, one.coverage_text, one.worth_text
        )
    return table


def forest(rows: list[shapes.Finding], metric: Metric, *, width: int) -> list[Text]:
    """Return a forest plot as lines of text: a point and its interval beside zero, one line a finding."""
    label = min(max(len(one.name) for one in rows), max(width // 3, 12))
    room = max(width - label - 4, 20)
    known = [value for one in rows for value in (one.low, one.high) if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    span = (high - low) or 1.0

    def place(value: float) -> int:
        return round((value - low) / span * (room - 1))

    lines = [_forest_line(one, label, room, place(0.0), place) for one in rows]
    return [*lines, _axis(label, room, place(0.0), metric.effect(low), metric.effect(high))]


def _axis(label: int, room: int, zero: int, low: str, high: str) -> Text:
    """Return the line of numbers beneath: the ends of the axis, and 0 where there is room for it."""
    cells = [" "] * room
    ends = [(0, low if zero else ""), (room - len(high), high if zero < room - 1 else "")]
    for start, text in [*ends, (zero, "0")]:
        place = slice(start, start + len(text))
        if start >= 0 and not "".join(cells[max(start - 1, 0) : start + len(text) + 1]).strip():
            cells[place] = list(text)
    return Text(" " * (label + 2) + "".join(cells), style="dim")


def _forest_line(one: shapes.Finding, label: int, room: int, zero: int, place: Any) -> Text:
    cells = [" "] * room
    cells[zero] = "┊"
    if one.low is not None and one.high is not None and one.effect is not None:
        first, last = place(one.low), place(one.high)
        cells[first : last + 1] = ["─"] * (last - first + 1)
        cells[first], cells[last] = "├", "┤"
        if first < zero < last:
            cells[zero] = "┼"
        cells[place(one.effect)] = "●"
    name = one.name if len(one.name) <= label else one.name[: label - 1] + "…"
    line = Text(f"{name:<{label}}  ")
    line.append("".join(cells), style=STYLES[one.group])
    return line


def _set(console: Console, shown: shapes.Shown) -> None:
    console.print("\n[bold]The proposed set[/bold]")
    console.print(Text(shown.set_words))
    for one in shown.chosen:
        console.print(Text(f"  {one.place}. {one.name}: {one.chosen}"))


def _words(console: Console, rows: list[shapes.Finding]) -> None:
    if rows:
        console.print("\n[bold]In words[/bold]")
    for one in rows:
        _item(console, one.sentence)


def _silent(console: Console, shown: shapes.Shown) -> None:
    nothing, excluded = shown.of("none"), shown.of("excluded")
    if nothing:
        console.print(f"\n[bold]Not enough evidence[/bold] ({len(nothing)})")
        if shown.order_words:
            _item(console, shown.order_words, style="dim")
        for one in nothing[:LISTED]:
            needed = f"; settled with {one.needed_text}" if one.needed_text else ""
            place = f"place {one.order_text}; " if one.order_text else ""
            _item(console, f"{one.name}: {place}{one.interval_text}{needed}")
        _more(console, len(nothing))
    if excluded:
        console.print(f"\n[bold]Left out, and why[/bold] ({len(excluded)})")
        for left in shown.left_out[:LISTED]:
            _item(console, f"{left.reason}, {left.why.rstrip('.')}: {left.names}")
        _more(console, len(shown.left_out))


def _replay(console: Console, shown: shapes.Shown) -> None:
    """Print how earlier advice has held, what did not hold first."""
    if not shown.replay:
        return
    console.print("\n[bold]How our advice has held[/bold]")
    for text in filter(None, (shown.replay.words, shown.replay.too_early, shown.replay.limits)):
        _item(console, text)
    for one in shown.replay.first:
        _item(console, replayed.line(one, shown.metric), style=HELD[one.tone])


def _item(console: Console, text: str, style: str = "") -> None:
    lines = textwrap.wrap(text, width=console.width - 4, break_long_words=False)
    for number, line in enumerate(lines):
        console.print(Text(("  • " if number == 0 else "    ") + line, style=style), soft_wrap=True)


def _more(console: Console, number: int) -> None:
    if number > LISTED:
        console.print(f"  and {number - LISTED} more: see them all with --out or --format json", style="dim")


def _notes(console: Console, shown: shapes.Shown) -> None:
    console.print("\n[bold]How far to trust this[/bold]")
    for line in filter(None, (*shown.warnings, shown.certificate, shown.placebo)):
        _item(console, line)
    for words, count in shown.rules:
        _item(console, f"{count} × {words}", style="dim")
    bad = dict(shown.data)["Rows that could not be read"]
    if bad != numbers.number(0):
        _item(console, f"{bad} rows could not be read and were left out", style="yellow")
