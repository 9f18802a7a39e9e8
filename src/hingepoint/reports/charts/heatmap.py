"""Heat map: a share by row and column, such as coverage of each agreement by team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, svg, tables

LABEL, CELL_WIDTH, CELL_HEIGHT, HEAD = 180, 84, 30, 54


@dataclass(frozen=True, slots=True)
class Cell:
    """A share in [0, 1] on ``n`` cases. ``value`` None: not known. ``hidden``: the group is too small
    to be shown alone."""

    value: float | None
    n: int = 0
    hidden: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    url: str = ""


def draw(
    columns: Sequence[str], rows: Sequence[Row], *, title: str, low: float = 0.0, high: float = 1.0
) -> str:
    """Return the map, five shades from ``low`` to ``high``, the number written in every cell."""
    width, height = LABEL + CELL_WIDTH * len(columns) + 4, HEAD + CELL_HEIGHT * len(rows) + 30
    body = "".join(_head(name, LABEL + i * CELL_WIDTH) for i, name in enumerate(columns))
    for i, row in enumerate(rows):
        y = HEAD + i * CELL_HEIGHT
        body += svg.link(row.url, svg.text(2, y + 19, row.label, room=LABEL - 14))
        for j, cell in enumerate(row.cells):
            body += svg.link(
                cell.url, _cell(cell, LABEL + j * CELL_WIDTH, y, f"{row.label}, {columns[j]}", low, high)
            )
    body += _key(height - 14, low, high)
    return svg.document(
        max(width, 420), height, body, kind="heatmap", title=title, description=_description(columns, rows)
    )


def table(columns: Sequence[str], rows: Sequence[Row], *, corner: str = words_of("Team")) -> tables.Table:
    lines = [(row.label, *(_word(cell) for cell in row.cells)) for row in rows]
    return tables.build([(corner, False), *((name, True) for name in columns)], lines)


def shade(value: float, low: float, high: float) -> int:
    """Return the shade 0 to 4 of a value between low and high."""
    if high <= low:
        return 2
    return min(4, max(0, int((value - low) / (high - low) * 5)))


def _word(cell: Cell) -> str:
    return "few" if cell.hidden else numbers.share(cell.value, 0)


def _head(name: str, x: float) -> str:
    """Column names take up to two lines."""
    first, second = _two_lines(name, CELL_WIDTH - 8)
    centre = x + CELL_WIDTH / 2
    lines = svg.text(
        centre,
        HEAD - 24 if second else HEAD - 10,
        first,
        size=svg.SMALL,
        fill="ink-2",
        anchor="middle",
        title=name,
    )
    return lines + (
        svg.text(centre, HEAD - 10, second, size=svg.SMALL, fill="ink-2", anchor="middle", title=name)
        if second
        else ""
    )


def _two_lines(name: str, room: float) -> tuple[str, str]:
    words, first = name.split(), ""
    while words and svg.text_width(f"{first} {words[0]}".strip(), svg.SMALL) <= room:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        return svg.fit(name, room, svg.SMALL), ""
    return first, svg.fit(" ".join(words), room, svg.SMALL) if words else ""


def _cell(cell: Cell, x: float, y: float, where: str, low: float, high: float) -> str:
    hover = f"{where}: {_word(cell)}" + (
        say(" of {n}", n=numbers.number(cell.n)) if cell.n and not cell.hidden else ""
    )
    shown = None if cell.hidden else cell.value
    known = shown is not None
    level = 0 if shown is None else shade(shown, low, high)
    box = svg.rect(
        x + 1,
        y + 1,
        CELL_WIDTH - 2,
        CELL_HEIGHT - 2,
        f"heat-{level}" if known else "surface",
        radius=4,
        stroke="" if known else "line",
        hover=hover,
    )
    tone = ("on-heat-dark" if level == 4 else "on-heat-light") if known else "ink-3"
    return box + svg.text(x + CELL_WIDTH / 2, y + 19, _word(cell), size=12, fill=tone, anchor="middle")


def _key(y: float, low: float, high: float) -> str:
    parts = [svg.text(LABEL - 8, y + 8, numbers.share(low, 0), size=11, fill="ink-3", anchor="end")]
    parts += [svg.rect(LABEL + i * 22, y, 20, 9, f"heat-{i}", radius=2) for i in range(5)]
    return "".join(parts) + svg.text(LABEL + 5 * 22 + 6, y + 8, numbers.share(high, 0), size=11, fill="ink-3")


def _description(columns: Sequence[str], rows: Sequence[Row]) -> str:
    return say(
        "{rows} by {columns}: {columns_2}.",
        rows=numbers.plural(len(rows), "row"),
        columns=numbers.plural(len(columns), "column"),
        columns_2=", ".join(columns),
    )
