"""The few words of SVG our charts are written in.

Colour is said twice: as a presentation attribute (the light palette, good on paper and where there
is no style sheet) and as a class that ``charts.css`` turns into the colour of the current theme.
"""

from __future__ import annotations

from functools import cache
from html import escape

#: Name of a colour -> its light value, the same as in static/tokens.css (a test compares them).
PALETTE = {
    "ink": "#1c1f22",
    "ink-2": "#484d53",
    "ink-3": "#64686f",
    "surface": "#ffffff",
    "line": "#e5e2dc",
    "line-soft": "#efede8",
    "line-strong": "#8b867d",
    "accent": "#0e5c65",
    "accent-soft": "#e1efef",
    "accent-line": "#a9cfd0",
    "brass": "#a8701c",
    "brass-soft": "#f7eddc",
    "good-solid": "#26854c",
    "good-soft": "#e2f2e7",
    "warn-solid": "#a96f06",
    "warn-soft": "#fbf0d7",
    "bad-solid": "#c93b31",
    "bad-soft": "#fdeae7",
    "bad": "#ab251d",
    "info-solid": "#3173c4",
    "info-soft": "#e6effa",
    "plum-solid": "#8355bd",
    "quiet-solid": "#7d8086",
    "quiet-soft": "#efede8",
    "heat-0": "#f2f0ec",
    "heat-1": "#d9eaea",
    "heat-2": "#a5cfd0",
    "heat-3": "#5fa3a7",
    "heat-4": "#0e5c65",
    "on-heat-light": "#1c1f22",
    "on-heat-dark": "#ffffff",
}
FONT = "Geist, system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif"
SIZE = 12.5
ENLARGED = 1.08  # pixels a user unit, where there is room
SMALL = 11.5
_NARROW = frozenset("iljtfrI.,:;|!'’()[] -·1")
_WIDE = frozenset("mwMWOQGD%@—")


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return one element; ``fill`` and ``stroke`` take the name of a colour, ``_`` in names is ``-``."""
    classes = [str(attributes.pop("cls"))] if attributes.get("cls") else []
    parts = []
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        if key in ("fill", "stroke") and value in PALETTE:
            classes.append(f"{key[0]}-{value}")
            value = PALETTE[str(value)]
        shown = escape(value) if isinstance(value, str) else _short(value)
        parts.append(f'{key.replace("_", "-")}="{shown}"')
    head = " ".join([name, *([f'class="{" ".join(classes)}"'] if classes else []), *parts])
    return f"<{head}>{content}</{name}>" if content else f"<{head}/>"


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = SIZE,
    fill: str = "ink",
    anchor: str = "",
    weight: int = 0,
    room: float = 0,
    title: str = "",
) -> str:
    """Return a line of text; with ``room`` (user units) what does not fit is cut, and told on hover."""
    shown = fit(words, room, size) if room else words
    title = title or (words if shown != words else "")
    hover = f"<title>{escape(title)}</title>" if title else ""
    return element(
        "text",
        hover + escape(shown),
        x=x,
        y=y,
        font_size=size if size != SIZE else None,
        fill=fill if fill != "ink" else None,
        text_anchor=anchor,
        font_weight=weight or None,
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    stroke: str,
    *,
    width: float = 1,
    dash: str = "",
    cap: str = "",
) -> str:
    return element(
        "line",
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke=stroke,
        stroke_width=width if width != 1 else None,
        stroke_dasharray=dash,
        stroke_linecap=cap,
    )


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    *,
    radius: float = 0,
    stroke: str = "",
    hover: str = "",
) -> str:
    inside = f"<title>{escape(hover)}</title>" if hover else ""
    return element(
        "rect",
        inside,
        x=x,
        y=y,
        width=max(width, 0),
        height=max(height, 0),
        rx=radius or None,
        fill=fill,
        stroke=stroke,
    )


def circle(
    x: float, y: float, radius: float, fill: str, *, stroke: str = "", width: float = 1.5, hover: str = ""
) -> str:
    inside = f"<title>{escape(hover)}</title>" if hover else ""
    return element(
        "circle",
        inside,
        cx=x,
        cy=y,
        r=radius,
        fill=fill,
        stroke=stroke,
        stroke_width=width if stroke else None,
    )


def polyline(points: list[tuple[float, float]], stroke: str, *, width: float = 2, dash: str = "") -> str:
    return element(
        "path",
        d=_path(points),
        fill="none",
        stroke=stroke,
        stroke_width=width,
        stroke_dasharray=dash,
        stroke_linejoin="round",
        stroke_linecap="round",
    )


def area(points: list[tuple[float, float]], fill: str) -> str:
    return element("path", d=_path(points) + "z", fill=fill)


def boxes(corners: list[tuple[float, float, float, float]], fill: str) -> str:
    """Return many boxes in one element, each from its left and top to its right and bottom."""
    drawn = (
        f"M{_short(left)} {_short(top)}H{_short(right)}V{_short(bottom)}H{_short(left)}z"
        for left, top, right, bottom in corners
    )
    return element("path", d="".join(drawn), fill=fill) if corners else ""


def diamond(x: float, y: float, radius: float, fill: str, *, hover: str = "") -> str:
    inside = f"<title>{escape(hover)}</title>" if hover else ""
    d = f"M{_short(x)} {_short(y - radius)}l{_short(radius)} {_short(radius)}-{_short(radius)} {_short(radius)}-{_short(radius)}-{_short(radius)}z"
    return element("path", inside, d=d, fill=fill)


def triangle(x: float, y: float, radius: float, fill: str, *, hover: str = "") -> str:
    """Return a triangle that points down, or up where ``radius`` is below zero."""
    inside = f"<title>{escape(hover)}</title>" if hover else ""
    wide = abs(radius)
    corners = [(x - wide, y - radius * 0.8), (x + wide, y - radius * 0.8), (x, y + radius)]
    return element("path", inside, d=_path(corners) + "z", fill=fill)


def hatch(x: float, y: float, width: float, height: float, stroke: str, *, step: int = 8) -> str:
    """Return a rectangle filled with slanted lines, ``step`` apart; drawn one by one, for a pattern needs an identifier."""
    d = "".join(
        f"M{_short(x + min(k, width))} {_short(y + max(0.0, k - width))}"
        f"L{_short(x + max(0.0, k - height))} {_short(y + min(k, height))}"
        for k in range(step, int(width + height), step)
    )
    return element("path", d=d, fill="none", stroke=stroke, stroke_width=0.8) if d else ""


def link(url: str, content: str) -> str:
    """Return the content as a link when there is an address, for a page; a printed chart has none."""
    return element("a", content, href=url) if url else content


def document(width: float, height: float, body: str, *, title: str, description: str, kind: str) -> str:
    """Return the whole picture, named and described for screen readers."""
    told = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    role = "group" if "<a " in body else "img"  # an image may hold nothing that takes the focus
    size = f"0 0 {_short(width)} {_short(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{kind} f-ink" viewBox="{size}" '
        f'width="{round(width * ENLARGED)}" height="{round(height * ENLARGED)}" role="{role}" '
        f'aria-label="{escape(title)}" font-family="{FONT}" font-size="{SIZE}" fill="{PALETTE["ink"]}">{told}{body}</svg>'
    )


def text_width(words: str, size: float = SIZE) -> float:
    """Return about how wide a text is; a little too wide rather than too narrow."""
    return sum(map(_letter_width, words)) * size


@cache
def _letter_width(letter: str) -> float:
    """Return about how wide a letter is, in parts of the type size."""
    if letter in _NARROW:
        return 0.32
    return 0.86 if letter in _WIDE else 0.66 if letter.isupper() else 0.57


def fit(words: str, room: float, size: float = SIZE) -> str:
    """Return the text, cut with an ellipsis when it is wider than ``room``."""
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip(" ,.;:-") + "…"


def _path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)


def _short(value: object) -> str:
    """Return a number without needless digits; what is not a float as it is."""
    if not isinstance(value, float):
        return str(value)
    shown = f"{value:.1f}"
    return "0" if shown == "-0.0" else shown.removesuffix(".0")
