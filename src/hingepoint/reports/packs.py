"""The pack of a pipeline review: one source of pages, set as a PDF and laid out as slides.

A page is a sentence with its proof: charts, or a table. Nothing in it means something by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from hingepoint.reports import typesetting
from hingepoint.reports.charts import svg

#: No pack has more pages.
MOST_PAGES = 15
#: How a fact is marked, by shape and letter: read in black and white.
MARKS = {"better": "▲", "worse": "▼", "same": "○", "unknown": "?"}
#: So many facts stand in a column of the first page.
MOST_FACTS = 6


class TooLong(ValueError):
    """A pack has more pages than anybody reads."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of the first page: its mark, the words, the numbers behind it, and which page has its chart (0: none)."""

    mark: str
    words: str
    detail: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class Native:
    """The numbers of a chart, for slides that draw it themselves: ``kind`` line or bar, and values by category."""

    kind: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with what it shows in a sentence above and below. ``native`` is None where only the picture can show it."""

    title: str
    sentence: str
    drawn: str
    alt: str
    below: str = ""
    native: Native | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its head and rows as texts, the first column named, the others set right where ``numeric``."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page after the first. ``links``: words and the address they lead to."""

    title: str
    charts: tuple[Chart, ...] = ()
    sheet: Sheet | None = None
    notes: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pack:
    """All of a pack. ``asked``: the head above ``decisions``, which were made or are asked for."""

    headline: str
    about: str
    changed: tuple[Fact, ...]
    same: tuple[Fact, ...]
    asked: str
    decisions: tuple[str, ...]
    last: str
    pages: tuple[Page, ...]
    foot: str

    def __post_init__(self) -> None:
        if len(self.pages) + 1 > MOST_PAGES:
            raise TooLong(f"A pack has at most {MOST_PAGES} pages; these are {len(self.pages) + 1}.")


def pdf(pack: Pack) -> bytes:
    """Return the pack as a tagged PDF, A4 landscape. Raises NoTypesetter."""
    return typesetting.pdf("pack.typ", facts(pack))


def facts(pack: Pack) -> dict[str, Any]:
    """Return what the sheets say, as plain texts and pictures."""
    told = asdict(pack)
    told["more"] = more(pack)
    told["changed"], told["same"] = (_shown(some) for some in (pack.changed, pack.same))
    for page in told["pages"]:
        for chart in page["charts"]:
            chart["drawn"] = on_paper(chart["drawn"])
            del chart["native"]
    return told


def more(pack: Pack) -> str:
    """Return how many changes stand on the pages behind alone; nothing where all are on the first."""
    left = len(pack.changed) - MOST_FACTS
    return f"And {left} more on the pages behind." if left > 0 else ""


def _shown(some: Iterable[Fact]) -> list[dict[str, Any]]:
    return [{**asdict(one), "mark": MARKS[one.mark]} for one in list(some)[:MOST_FACTS]]


def on_paper(drawn: str) -> str:
    """Return a chart lettered for paper."""
    return drawn.replace(svg.FONT, typesetting.FACE)
