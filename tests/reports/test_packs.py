"""The pack: one source of pages, the same on paper and as slides."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace

import pytest

from hingepoint.reports import packs, packs_slides
from hingepoint.reports.charts import trend
from hingepoint.reports.packs import Chart, Fact, Native, Pack, Page, Sheet

DRAWN = trend.draw(
    [trend.Point("Q1 26", 0.2, 0.1, 0.3, 40), trend.Point("Q2 26", 0.3, 0.2, 0.4, 50)], metric="Win rate"
)
NATIVE = Native("line", ("Q1 26", "Q2 26"), (("Value", (0.2, 0.3)), ("Target", (0.4, 0.4))), is_share=True)


def pack(*, pages: int = 2, changed: int = 1) -> Pack:
    chart = Chart("Win rate: 30%", "20 to 40% on 50 deals.", DRAWN, "It rose.", "Better.", NATIVE)
    picture = Chart("Margins", "Calm", DRAWN, "Calm.")
    bodies = [
        Page("The win rate is better", charts=(chart, picture)),
        Page("What moved", sheet=Sheet(("Stage", "Deals"), (("Prove", "3"),)), links=(("Manual", "https://x.example/m"),)),
    ]  # fmt: skip
    return Pack(
        headline="We win more *often*",
        about="Nordwerk · Pipeline review, North",
        changed=tuple(Fact("better", f"Win rate {n}", "20 to 40%.", 2) for n in range(changed)),
        same=(Fact("same", "Agreement debt: €2M", "€1M to €3M."),),
        asked="Asked of this meeting",
        decisions=("What do we give East?",),
        last="Last time: 2 of 3 commitments kept.",
        pages=tuple((bodies * 8)[:pages]),
        foot="As of today.",
    )


def test_the_paper_has_a_page_for_each_and_is_tagged():
    pytest.importorskip("typst")
    body = packs.pdf(pack())
    assert body.startswith(b"%PDF-")
    assert packs.pdf(pack()) == body  # the same facts give the same bytes


def test_slides_hold_the_same_words_and_charts_that_can_be_taken_apart():
    pptx = pytest.importorskip("pptx")
    pytest.importorskip("typst")
    deck = pptx.Presentation(io.BytesIO(packs_slides.slides(pack())))
    slides = list(deck.slides)
    assert [slide.shapes.title.text_frame.text for slide in slides] == [
        "We win more *often*",
        "The win rate is better",
        "What moved",
    ]
    words = [shape.text_frame.text for shape in slides[0].shapes if shape.has_text_frame]
    assert "What changed\n▲ Win rate 0\n20 to 40%. Page 2.\n" in words
    (drawn,) = [shape.chart for shape in slides[1].shapes if shape.has_chart]
    assert [(one.name, tuple(one.values)) for one in drawn.plots[0].series] == list(NATIVE.series)
    assert sum(shape.shape_type == pptx.enum.shapes.MSO_SHAPE_TYPE.PICTURE for shape in slides[1].shapes) == 1
    (table,) = [shape.table for shape in slides[2].shapes if shape.has_table]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Stage", "Deals"], ["Prove", "3"]]


def test_a_pack_never_has_more_than_fifteen_pages():
    assert len(pack(pages=14).pages) == 14
    with pytest.raises(packs.TooLong, match="these are 16"):
        pack(pages=15)


def test_what_does_not_fit_on_the_first_page_is_counted():
    assert packs.more(pack(changed=6)) == ""
    assert packs.more(pack(changed=8)) == "And 2 more on the pages behind."
    assert len(packs.facts(pack(changed=8))["changed"]) == packs.MOST_FACTS


def test_facts_are_marked_by_shape():
    assert packs.facts(pack())["changed"][0]["mark"] == "▲"
    assert len(set(packs.MARKS.values())) == 4


NARROW = trend.draw(
    [trend.Point(f"Q{n} 26", 0.2, 0.1, 0.3, 40) for n in range(1, 5)], metric="Win rate", width=trend.NARROW
)
LONG = (
    "Not changed: share of deals won with a discount of 15% or less, discount on won deals, and the win rate"
)


def full_pack() -> Pack:
    """A pack of every kind of page: long titles, one, three and ten charts, tables short and long, with notes and links."""
    chart = Chart(
        LONG, "20 to 40% on 50 deals.", NARROW, "It rose.", "Better. It may reach 40% or not.", NATIVE
    )
    picture = Chart("Margins", "Calm", NARROW, "Calm.")
    rows = tuple((f"Stage {n}", "3", "4") for n in range(7))
    words = tuple((f"Word {n} of the pack", "What it means, in a sentence.") for n in range(13))
    moved = ("New: 2 deals.", "Won: 3 deals.", "Lost: 1 deal.", "Put off: 4 deals.")
    links = tuple((f"Manual {n}", "https://x.example/m") for n in range(3))
    pages = (
        Page(LONG, charts=(chart,), notes=("A note that is long. " * 9,)),
        Page(LONG, charts=(picture,)),
        Page(LONG, charts=(replace(chart, title=LONG[13:62]),) * 3, notes=("A note.",)),
        Page(LONG, charts=(picture,) * 10),
        Page(
            LONG, charts=(chart,), sheet=Sheet(("Stage", "Deals", "Before"), rows, numeric=True), notes=moved
        ),
        Page("What the words mean", sheet=Sheet(("Word", "Meaning"), words), links=links),
    )
    return replace(pack(changed=6), headline=LONG, pages=pages)


def test_a_page_of_the_pack_is_a_page_of_paper():
    """A chart alone on its page once pushed itself, and what stood below, onto two pages more."""
    pytest.importorskip("typst")
    body = packs.pdf(full_pack())
    assert len(re.findall(rb"/Type\s*/Page\b", body)) == 1 + len(full_pack().pages)


def test_nothing_on_a_slide_leaves_it_or_lies_on_something_else():
    pptx = pytest.importorskip("pptx")
    pytest.importorskip("typst")
    deck = pptx.Presentation(io.BytesIO(packs_slides.slides(full_pack())))
    slides = list(deck.slides)
    assert len(slides) == 1 + len(full_pack().pages)
    for number, slide in enumerate(slides, 1):
        boxes = [(one.left, one.top, one.left + one.width, one.top + one.height) for one in slide.shapes]
        for left, top, right, bottom in boxes:
            assert left >= 0
            assert top >= 0
            assert right <= deck.slide_width
            assert bottom <= deck.slide_height
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, f"slide {number}: {one} lies on {other}"
