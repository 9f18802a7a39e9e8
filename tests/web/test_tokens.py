"""The colours: enough contrast in both themes (WCAG 2.2 AA), and one truth for pages and charts."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import hingepoint
from hingepoint.records.agreements import AgreementState
from hingepoint.records.findings import Grade
from hingepoint.reports import charts
from hingepoint.reports.charts import svg
from hingepoint.web import formats

STATIC = Path(hingepoint.__file__).parent / "web" / "static"
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)")
TOKENS = {name: pair for name, *pair in PAIR.findall((STATIC / "tokens.css").read_text())}
TONES = ("good", "warn", "bad", "info", "plum", "quiet")
GROUNDS = ("paper", "surface", "raised", "sunken", "hover")

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent-text") for ground in GROUNDS),
    *((tone, f"{tone}-soft") for tone in TONES),
    *((tone, ground) for tone in TONES for ground in ("paper", "surface", "raised", "hover")),
    *(("ink", f"{tone}-soft") for tone in TONES),
    ("on-accent", "accent"), ("on-accent", "accent-hover"), ("accent-text", "accent-soft"), ("ink-2", "brass-soft"), ("ink", "brass-soft"), ("ink-3", "accent-soft"),
]  # fmt: skip
MARKS = [
    *((f"{tone}-solid", ground) for tone in TONES for ground in ("paper", "surface", f"{tone}-soft")),
    ("line-strong", "surface"), ("accent", "surface"), ("accent", "paper"), ("brass", "surface"), ("brass", "paper"),
]  # fmt: skip


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2 (1 to 21)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
class TestContrast:
    @pytest.mark.parametrize(("text", "ground"), TEXT)
    def test_text_reads_on_its_ground(self, text, ground, theme):
        assert contrast(TOKENS[text][theme], TOKENS[ground][theme]) >= 4.5

    @pytest.mark.parametrize(("mark", "ground"), MARKS)
    def test_marks_and_borders_of_controls_stand_out(self, mark, ground, theme):
        assert contrast(TOKENS[mark][theme], TOKENS[ground][theme]) >= 3

    def test_numbers_in_a_heat_map_read_on_every_shade(self, theme):
        pairs = dict(
            re.findall(r"\.f-((?:on-)?heat-\w+) \{ fill: light-dark\((#\w+, #\w+)\)", charts.stylesheet())
        )
        colour = {name: pair.split(", ")[theme] for name, pair in pairs.items()}
        for level in range(5):
            ink = "on-heat-dark" if level == 4 else "on-heat-light"
            assert contrast(colour[ink], colour[f"heat-{level}"]) >= 4.5, level


def test_charts_and_pages_have_the_same_colours():
    own = {name: value for name, value in svg.PALETTE.items() if name in TOKENS}
    assert own == {name: TOKENS[name][0] for name in own}
    for name in own:
        assert f"var(--{name}, light-dark({TOKENS[name][0]}, {TOKENS[name][1]}))" in charts.stylesheet()


def test_no_style_sheet_names_a_colour_of_its_own():
    for sheet in ("base.css", "components.css"):
        assert not re.findall(r"#[0-9a-f]{3,8}\b", (STATIC / sheet).read_text()), sheet


def test_every_token_in_use_is_defined():
    text = "".join((STATIC / sheet).read_text() for sheet in ("tokens.css", "base.css", "components.css"))
    defined = set(re.findall(r"(--[\w-]+):", text))
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= defined


def test_the_look_stays_light():
    sheets = [(STATIC / name).read_bytes() for name in ("tokens.css", "base.css", "components.css")]
    travels = gzip.compress(
        b"".join([*sheets, charts.stylesheet().encode()])
    )  # as it goes to the browser, once
    assert len(travels) < 14_000
    assert (STATIC / "app.js").stat().st_size < 15_000


def test_every_state_and_grade_has_its_own_shape():
    for wordings in (formats.STATES, formats.GRADES):
        assert len({wording.glyph for wording in wordings.values()}) == len(wordings)
    assert set(formats.STATES) == set(AgreementState)
    assert set(Grade) < set(formats.GRADES)


def test_vendored_files_keep_their_licences():
    for name in ("fonts/LICENSE.geist.txt", "vendor/LICENSE.htmx.txt", "icons/LICENSE.tabler.txt"):
        assert (STATIC / name).stat().st_size > 100
