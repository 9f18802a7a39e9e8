"""What ``hingepoint impact`` prints for people, and the files it writes."""

from __future__ import annotations

import json
import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hingepoint import __version__
from hingepoint.analysis import metric_words
from hingepoint.analysis.discovery.telling import words
from hingepoint.analysis.impact import Impact, Plan, Reading, in_words, plan_in_words
from hingepoint.cli.discover_table import PIPED_WIDTH
from hingepoint.connectors.files.writing import Rows
from hingepoint.reports.charts import numbers


def show(found: Impact, held: dict[str, Any] | None) -> None:
    """Print the result of a rollout."""
    console = _console()
    console.print(Text(metric_words.title(found.metric.name), style="bold"))
    console.print(Text(_basis(found), style="dim"))
    console.print(Text(in_words(found)))
    if held:
        console.print(Text(_held(held)))
    console.print()
    console.print(_readings(found))
    console.print(f"\nBefore and after a team starts, by {found.period}")
    console.print(_event_study(found))
    _value(console, found)
    for note in found.notes:
        console.print(Text(f"  • {note}", style="yellow"))


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def _basis(found: Impact) -> str:
    part = found.panel
    span = f"{part.periods[0]:%B %Y} to {part.periods[-1]:%B %Y}" if part.periods else "no time used"
    which = "all orders" if found.every else f"{found.orders:,} orders"
    return f"{len(part.teams)} teams, {int(part.deals.sum()):,} deals, {span}; {found.inference}, {which}"


def _held(held: dict[str, Any]) -> str:
    if held["kept"]:
        return f"The sealed card {held['sha256'][:16]}… was kept; its rule: {held['decided']}."
    return f"The sealed card {held['sha256'][:16]}… was not kept. {' '.join(held['differs'])}"


def _readings(found: Impact) -> Table:
    table = _table("Reading", "Effect", "95% interval", "By chance")
    placebo = (
        [(f"Placebo: the {found.placebo.periods} periods before, should be 0", found.placebo.mean)]
        if found.placebo
        else []
    )
    for name, one in (
        ("Imputation, by the lot (we believe this)", found.headline),
        ("Second: group-time effects", found.second),
        ("What others would run: two-way fixed effects", found.others),
        *placebo,
    ):
        table.add_row(name, *_cells(found, one), numbers.share(one.p))
    return table


def _event_study(found: Impact) -> Table:
    table = _table(found.period.capitalize(), "Effect", "95% interval")
    for one in found.event_study:
        table.add_row(f"{one.period:+d}" if one.period else "0", *_cells(found, one.reading))
    return table


def _cells(found: Impact, one: Reading) -> tuple[str, str]:
    if math.isnan(one.effect):
        return numbers.MISSING, numbers.MISSING
    bounded = math.isfinite(one.low + one.high)
    ranged = words.interval(found.metric, (one.low, one.high)) if bounded else "no limit"
    return words.points(found.metric, one.effect), ranged


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=place > 0)
    return table


def _value(console: Console, found: Impact) -> None:
    one = found.value
    if one is None or not math.isfinite(one.low + one.high):
        return
    amount, low, high = (numbers.money(value, one.currency) for value in (one.a_year, one.low, one.high))
    console.print(
        Text(
            f"\nIn money: {amount} of {one.kind} a year ({low} to {high}), at the {one.deals:,} deals of the last year: {one.how}."
        )
    )


def show_plan(made: Plan) -> None:
    """Print a plan."""
    console = _console()
    console.print(Text(plan_in_words(made)))
    console.print(f"\nOrder drawn by lot with seed {made.seed}")
    order = _table("Team", "Wave", "Starts")
    for one in made.starts:
        order.add_row(one.team, str(one.wave), one.on.isoformat())
    console.print(order)
    if made.power:
        console.print("\nSmallest provable effect (80% chance) for deals of a team that move together")
        console.print(_power(made))
    console.print(f"\nSealed card, SHA-256 {made.card.sha256}")
    console.print(Text(made.card.text.rstrip(), style="dim"), soft_wrap=True)


def _power(made: Plan) -> Table:
    kept = sorted({one.between for one in made.power})
    table = _table("in one period", *(f"{between:.0%} of it a {made.period} later" for between in kept))
    for within in sorted({one.within for one in made.power}):
        row = {one.between: one.smallest for one in made.power if one.within == within}
        table.add_row(f"{within:.0%}", *(words.points(made.metric, row[one]).lstrip("+") for one in kept))
    return table


def as_text(told: dict[str, Any]) -> str:
    """Return a result as the JSON text of a file."""
    whole = {"schema": 1, "version": __version__, **told}
    return json.dumps(whole, indent=2, ensure_ascii=False, default=str) + "\n"


def tables(found: Impact) -> dict[str, Rows]:
    """Return the event study and the panel as tables, by file name."""
    study = [(one.period, one.reading.effect, one.reading.low, one.reading.high) for one in found.event_study]
    return {
        "event_study.csv": (("period", "effect", "low", "high"), study),
        "panel.csv": (("team", "period", "deals", "value", "started"), _panel(found)),
    }


def _panel(found: Impact) -> list[tuple[Any, ...]]:
    part = found.panel
    return [
        (
            team,
            day,
            int(part.deals[row, column]),
            float(part.values[row, column]) if part.deals[row, column] else None,
            int(part.starts[row] <= column),
        )
        for row, team in enumerate(part.teams)
        for column, day in enumerate(part.periods)
    ]


def sealed(made: Plan) -> dict[str, Rows | str]:
    """Return the rollout to keep, the card and its seal, by file name. ``sha256sum -c card.sha256`` checks it."""
    return {
        "rollout.csv": (("team", "starts"), [(one.team, one.on) for one in made.starts]),
        "card.txt": made.card.text,
        "card.sha256": f"{made.card.sha256}  card.txt\n",
    }
