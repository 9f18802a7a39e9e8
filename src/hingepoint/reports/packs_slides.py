"""The pack of a pipeline review as slides: the same pages, with charts that PowerPoint draws and people can take apart.

Needs python-pptx, of the extra ``reports``; what only our own picture can show is set as a picture (by Typst).
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from hingepoint.reports import packs, typesetting
from hingepoint.reports.packs import Chart, Fact, Pack, Page

#: Inches: a wide slide, its edges, and where the pages begin.
WIDTH, HEIGHT, EDGE, TOP = 13.333, 7.5, 0.6, 1.45
_INK, _GREY = "1C1F22", "5A5E64"
#: Lines of a native chart, told apart by dash and width too.
_LINES = (("0E5C65", 2.25, None), ("7D8086", 1.0, None), ("1C1F22", 1.25, "dash"), ("A8701C", 1.25, "sysDot"))


class NoSlides(RuntimeError):
    """Slides cannot be made here; the message says what to install."""

    def __init__(self) -> None:
        super().__init__(
            "Slides need python-pptx, which is not installed: pip install 'hingepoint[reports]'."
        )


def available() -> bool:
    return find_spec("pptx") is not None


def slides(pack: Pack) -> bytes:
    """Return the pack as a PowerPoint file, a slide a page. Raises NoSlides and NoTypesetter."""
    if not available():
        raise NoSlides
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    deck.core_properties.title = pack.headline
    _first(_Slide(deck, pack, pack.headline, 1), pack)
    for number, page in enumerate(pack.pages, 2):
        _page(_Slide(deck, pack, page.title, number), page)
    written = io.BytesIO()
    deck.save(written)
    return written.getvalue()


class _Slide:
    """A slide with its title, what it belongs to, and its foot; places and sizes are inches."""

    def __init__(self, deck: Any, pack: Pack, title: str, number: int):
        layout = next(one for one in deck.slide_layouts if one.name == "Title Only")
        self.slide = deck.slides.add_slide(layout)
        shape = self.slide.shapes.title
        self._put(shape, EDGE, 0.5, WIDTH - 2 * EDGE, 0.9)
        self._write(shape.text_frame, [(title, 24, True, _INK)])
        self.words(EDGE, 0.2, WIDTH - 2 * EDGE, 0.3, [(pack.about, 11, False, _GREY)])
        self.words(EDGE, HEIGHT - 0.45, WIDTH - 2.4, 0.3, [(pack.foot, 9, False, _GREY)])
        pages = f"{number} of {len(pack.pages) + 1}"
        self.words(WIDTH - EDGE - 1, HEIGHT - 0.45, 1, 0.3, [(pages, 9, False, _GREY)])

    def words(
        self, x: float, y: float, width: float, height: float, lines: list[tuple[str, int, bool, str]]
    ) -> Any:
        """Set lines of text: words, size in points, whether bold, colour."""
        box = self.slide.shapes.add_textbox(0, 0, 0, 0)
        self._put(box, x, y, width, height)
        self._write(box.text_frame, lines)
        return box

    def _put(self, shape: Any, x: float, y: float, width: float, height: float) -> None:
        from pptx.util import Inches

        shape.left, shape.top, shape.width, shape.height = (Inches(one) for one in (x, y, width, height))

    def _write(self, frame: Any, lines: list[tuple[str, int, bool, str]]) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Pt

        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for place, (words, size, bold, colour) in enumerate(lines):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, Pt(3)
            run = paragraph.add_run()
            run.text, run.font.size, run.font.bold = words, Pt(size), bold
            run.font.color.rgb = RGBColor.from_string(colour)

    def chart(self, chart: Chart, x: float, y: float, width: float, height: float) -> None:
        """Set a chart: drawn by PowerPoint where its numbers are known, else our own picture."""
        from pptx.util import Inches

        if chart.native:
            self._native(chart, x, y, width, height)
        elif chart.drawn:
            picture = io.BytesIO(typesetting.png(packs.on_paper(chart.drawn)))
            shape = self.slide.shapes.add_picture(picture, Inches(x), Inches(y), width=Inches(width))
            scale = min(1.0, Inches(height) / shape.height)
            shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
            shape._element.nvPicPr.cNvPr.set("descr", chart.alt)

    def _native(self, chart: Chart, x: float, y: float, width: float, height: float) -> None:
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        native = chart.native
        assert native is not None
        data = CategoryChartData(number_format="0%" if native.is_share else "#,##0")
        data.categories = native.categories
        for name, values in native.series:
            data.add_series(name, values)
        kind = XL_CHART_TYPE.LINE if native.kind == "line" else XL_CHART_TYPE.BAR_CLUSTERED
        frame = self.slide.shapes.add_chart(kind, Inches(x), Inches(y), Inches(width), Inches(height), data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", chart.alt)
        _style(frame.chart, native)

    def table(self, sheet: packs.Sheet, top: float, bottom: float) -> None:
        """Set a table from ``top`` on that ends before ``bottom``: many rows are lower, and lettered smaller."""
        from pptx.util import Inches, Pt

        rows, columns = len(sheet.rows) + 1, len(sheet.head)
        width, row_height = WIDTH - 2 * EDGE, min(0.32, (bottom - top) / rows)
        size = Pt(12 if rows <= 8 and row_height >= 0.3 else 10)
        frame = self.slide.shapes.add_table(
            rows, columns, Inches(EDGE), Inches(top), Inches(width), Inches(row_height * rows)
        )
        if not sheet.numeric:
            first = 0.36 if columns == 2 else 0.45
            for place, column in enumerate(frame.table.columns):
                column.width = Inches(width * (first if place == 0 else (1 - first) / (columns - 1)))
        for number, row in enumerate((sheet.head, *sheet.rows)):
            for place, words in enumerate(row):
                cell = frame.table.cell(number, place)
                cell.text, cell.margin_top, cell.margin_bottom = words, Inches(0.02), Inches(0.02)
                for paragraph in cell.text_frame.paragraphs:
                    for run in paragraph.runs:
                        run.font.size = size


def _style(chart: Any, native: packs.Native) -> None:
    """Letter a chart small, name its lines, and tell them apart in black and white."""
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_LEGEND_POSITION
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    dashes = {"dash": MSO_LINE.DASH, "sysDot": MSO_LINE.ROUND_DOT}
    chart.font.size, chart.has_title = Pt(10), False
    chart.has_legend = len(native.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.value_axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("E5E2DC")
    chart.value_axis.tick_labels.number_format = "0%" if native.is_share else "#,##0"
    chart.value_axis.tick_labels.number_format_is_linked = False
    for one, (colour, width, dash) in zip(chart.plots[0].series, _LINES, strict=False):
        if native.kind == "bar":
            one.format.fill.solid()
            one.format.fill.fore_color.rgb = RGBColor.from_string(colour)
            continue
        one.smooth = False
        one.format.line.color.rgb, one.format.line.width = RGBColor.from_string(colour), Pt(width)
        if dash:
            one.format.line.dash_style = dashes[dash]
        one.marker.style = None
    if native.kind == "bar":
        chart.category_axis.reverse_order = True


def _first(slide: _Slide, pack: Pack) -> None:
    """Lay out the first page: what changed, what did not, what is decided."""
    width = (WIDTH - 2 * EDGE - 0.8) / 3
    for place, (head, some) in enumerate(
        (("What changed", pack.changed), ("What did not change", pack.same))
    ):
        lines = [(head, 12, True, _GREY), *_lines(some)]
        lines += [(packs.more(pack), 11, False, _GREY)] if some is pack.changed else []
        slide.words(EDGE + place * (width + 0.4), TOP, width, 5, lines)
    lines = [(pack.asked, 12, True, _GREY)]
    lines += [(f"{number}. {one}", 15, True, _INK) for number, one in enumerate(pack.decisions, 1)]
    slide.words(EDGE + 2 * (width + 0.4), TOP, width, 5, [*lines, (pack.last, 11, False, _GREY)])


def _lines(some: tuple[Fact, ...]) -> list[tuple[str, int, bool, str]]:
    found = []
    for one in some[: packs.MOST_FACTS]:
        found.append((f"{packs.MARKS[one.mark]} {one.words}", 14, True, _INK))
        found.append((one.detail + (f" Page {one.page}." if one.page else ""), 11, False, _GREY))
    return found


#: Inches between the top of a chart's place and its picture, how high that is, and where the line below it begins: as one of
#: many tiles, above a table, alone on its page; so high is that line, and a row of tiles.
_TILE, _ABOVE_A_TABLE, _ALONE = (0.7, 1.2, 1.95), (0.6, 1.9, 2.55), (1.0, 3.3, 4.35)
_LINE_BELOW = 0.4
_ROW_OF_TILES = 2.65
#: Characters of a note that stand in one line, and how high that is.
_NOTE, _NOTE_HIGH = 150, 0.26


def _page(slide: _Slide, page: Page) -> None:
    """Lay out a page: up to three charts beside each other, more as tiles in two rows, a table, then notes."""
    many = len(page.charts) > 3
    beside = 5 if many else max(1, len(page.charts))
    width = (WIDTH - 2 * EDGE - 0.25 * (beside - 1)) / beside
    place = _TILE if many else _ABOVE_A_TABLE if page.sheet else _ALONE
    for number, chart in enumerate(page.charts):
        x, y = EDGE + (number % beside) * (width + 0.25), TOP + (number // beside) * _ROW_OF_TILES
        _chart(slide, chart, x, y, width, place, small=many)
    lower = _notes(slide, page)
    if page.sheet:
        slide.table(
            page.sheet, TOP + (_ABOVE_A_TABLE[2] + _LINE_BELOW + 0.05 if page.charts else 0), lower - 0.1
        )


def _chart(
    slide: _Slide,
    chart: Chart,
    x: float,
    y: float,
    width: float,
    place: tuple[float, float, float],
    *,
    small: bool,
) -> None:
    """Lay out a chart with its title above and its line below."""
    down, height, below = place
    head = [
        (chart.title, 11 if small else 14, True, _INK),
        (chart.sentence, 9 if small else 11, False, _GREY),
    ]
    slide.words(x, y, width, down - 0.05, head)
    slide.chart(chart, x, y + down, width, height)
    if chart.below:
        slide.words(x, y + below, width, _LINE_BELOW, [(chart.below, 8 if small else 11, False, _GREY)])


def _notes(slide: _Slide, page: Page) -> float:
    """Lay out the notes and links at the foot, short ones beside a chart and a table in one line; return where they begin."""
    notes = ["  ".join(page.notes)] if page.charts and page.sheet and page.notes else list(page.notes)
    notes += [f"{words}: {address}" for words, address in page.links]
    high = _NOTE_HIGH * sum(1 + len(note) // _NOTE for note in notes)
    lower = HEIGHT - 0.6 - high
    if notes:
        slide.words(EDGE, lower, WIDTH - 2 * EDGE, high, [(note, 11, False, _GREY) for note in notes])
    return lower
