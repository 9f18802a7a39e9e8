"""Flow: columns of boxes joined by bands, such as strategy, result metrics, pivotal agreements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, svg, tables

BOX_WIDTH, BOX_HEIGHT, GAP, ROW_GAP, HEAD = 210, 46, 96, 12, 26


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its words, a second line (a number with its unit), and in which column it stands."""

    key: str
    label: str
    column: int
    detail: str = ""
    tone: str = "accent"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A band from one box to one further right; ``weight`` in [0, 1] is its thickness."""

    source: str
    target: str
    weight: float = 0.3
    detail: str = ""
    sure: bool = True


def draw(nodes: Sequence[Node], links: Sequence[Link], *, title: str, heads: Sequence[str] = ()) -> str:
    """Return the picture; links that are not sure are dashed."""
    columns = max((n.column for n in nodes), default=0) + 1
    tallest = max((sum(1 for n in nodes if n.column == c) for c in range(columns)), default=1)
    height = HEAD + tallest * (BOX_HEIGHT + ROW_GAP) + 8
    width = columns * BOX_WIDTH + (columns - 1) * GAP + 4
    places = _places(nodes, columns, height)
    body = "".join(
        svg.text(2 + i * (BOX_WIDTH + GAP), 14, head, size=svg.SMALL, fill="ink-3", room=BOX_WIDTH)
        for i, head in enumerate(heads)
    )
    body += "".join(_link(link, places) for link in links)
    body += "".join(svg.link(node.url, _node(node, *places[node.key])) for node in nodes)
    return svg.document(width, height, body, kind="flow", title=title, description=_description(nodes, links))


def table(nodes: Sequence[Node], links: Sequence[Link]) -> tables.Table:
    names = {node.key: node.label for node in nodes}
    rows = [
        (
            names[x.source],
            names[x.target],
            x.detail or numbers.MISSING,
            say("Yes") if x.sure else say("Not yet"),
        )
        for x in links
    ]
    return tables.build(
        [(say("From"), False), (say("To"), False), (say("What we know"), False), (say("Sure"), False)], rows
    )


def _places(nodes: Sequence[Node], columns: int, height: float) -> dict[str, tuple[float, float]]:
    """Each column is centred on the height of the tallest."""
    places = {}
    for column in range(columns):
        members = [n for n in nodes if n.column == column]
        used = len(members) * BOX_HEIGHT + (len(members) - 1) * ROW_GAP
        top = HEAD + (height - HEAD - 8 - used) / 2
        for i, node in enumerate(members):
            places[node.key] = (2.0 + column * (BOX_WIDTH + GAP), top + i * (BOX_HEIGHT + ROW_GAP))
    return places


def _node(node: Node, x: float, y: float) -> str:
    middle = y + BOX_HEIGHT / 2
    parts = [
        svg.rect(x, y, BOX_WIDTH, BOX_HEIGHT, "surface", radius=7, stroke="line"),
        svg.rect(x, y + 8, 3, BOX_HEIGHT - 16, node.tone, radius=1.5),
    ]
    parts.append(
        svg.text(
            x + 13, middle - 3 if node.detail else middle + 4, node.label, weight=520, room=BOX_WIDTH - 24
        )
    )
    if node.detail:
        parts.append(
            svg.text(x + 13, middle + 13, node.detail, size=svg.SMALL, fill="ink-3", room=BOX_WIDTH - 24)
        )
    return "".join(parts)


def _link(link: Link, places: dict[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[link.source], places[link.target]
    x1, y1, y2 = x1 + BOX_WIDTH, y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2
    bend = (x2 - x1) / 2
    d = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    hover = svg.element("title", svg.escape(link.detail)) if link.detail else ""
    return svg.element(
        "path",
        hover,
        d=d,
        fill="none",
        stroke="accent-line" if link.sure else "line-strong",
        stroke_width=1.5 + 10 * min(max(link.weight, 0), 1) if link.sure else 1.5,
        stroke_dasharray="" if link.sure else "4 4",
    )


def _description(nodes: Sequence[Node], links: Sequence[Link]) -> str:
    names = {node.key: node.label for node in nodes}
    return (
        "; ".join(say("{names} to {names_2}", names=names[x.source], names_2=names[x.target]) for x in links)
        + "."
    )
