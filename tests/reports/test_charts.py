"""Charts say what they were given, in words too, and hold under a strict content policy."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from hingepoint.reports import charts
from hingepoint.reports.charts import (
    bars,
    columns,
    control,
    dumbbell,
    event_study,
    flow,
    forest,
    funnel,
    heatmap,
    numbers,
    reliability,
    scale,
    spans,
    sparkline,
    staircase,
    svg,
    timeline,
    timing,
    trend,
    waves,
)
from hingepoint.web import chart_examples

SVG = "{http://www.w3.org/2000/svg}"
LONG = "A very long name of an agreement <that> no column & no card could ever hold in one line"


def row(label="Early access", effect=0.05, low=0.02, high=0.08, grade="strong", gained=100, **facts):
    return forest.Row(label, effect, low, high, grade, gained, **facts)


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def words(text: str) -> list[str]:
    """Return the lines a reader sees, without what shows only on hover."""
    return ["".join([e.text or "", *(c.tail or "" for c in e)]) for e in drawn(text).iter(f"{SVG}text")]


FIRST = dt.date(2026, 1, 10)
EVERY_CHART = {
    **{example.title: example.svg for example in chart_examples.all_charts()},
    "trend": chart_examples.in_a_figure(),
    "forest of nothing": forest.draw([], metric="won"),
    "timing of nothing": timing.draw([], label="X", metric="won"),
    "timing of one": timing.draw([timing.Point("2w", 0.1, 0.0, 0.2)], label="X", metric="won"),
    "control on a phone": control.draw(chart_examples.followed(), metric="Discount", size=control.NARROW),
    "control as a tile": control.draw(chart_examples.followed(), metric="Discount", size=control.TILE),
    "control for trial": control.draw(chart_examples.followed(trial=True), metric="Discount"),
    "control without news": control.draw(chart_examples.followed(silent=True), metric="Discount"),
    "control of nothing": control.draw(control.Course((), 0.2), metric="won"),
    "funnel of nothing": funnel.draw([], [], metric="won", centre=0.2),
    "heatmap of nothing": heatmap.draw([], [], title="Coverage"),
    "flow of nothing": flow.draw([], [], title="Flow"),
    "bars of nothing": bars.draw([], title="Bars"),
    "sparkline of nothing": sparkline.draw([None], title="Trend"),
    "sparkline of one": sparkline.draw([0.2], title="Trend"),
    "timeline on a phone": timeline.draw(chart_examples.deal_line(), title="Deal", width=timeline.NARROW),
    "timeline of nothing": timeline.draw(timeline.Timeline(FIRST, FIRST), title="Deal"),
    "staircase on a phone": staircase.draw(chart_examples.price_line(), title="Price", width=timeline.NARROW),
    "staircase of nothing": staircase.draw(staircase.Staircase(FIRST, FIRST, None, 100.0), title="Price"),
    "marks beside each other on a phone": chart_examples.beside_each_other(spans.NARROW),
    "dumbbell of nothing": dumbbell.draw([], title="Gained in time"),
    "dumbbell on a phone": dumbbell.draw(
        chart_examples.gained_in_time(), title="Gained in time", paper=dumbbell.NARROW
    ),
    "columns of nothing": columns.draw([], title="Demands"),
    "columns on a phone": columns.draw(
        [columns.Column("May 2026", 1200, "May")] * 12, title="Demands", width=330
    ),
    "event study on a phone": event_study.draw(
        chart_examples.since_the_start(), metric="won", period="week", width=event_study.NARROW
    ),
    "dumbbell of days": dumbbell.draw(
        [dumbbell.Row("Q1", 40.0, 55.0, 30.0, 50.0)], title="Days", unit="days", words=("told", "came")
    ),
    "reliability of nothing": reliability.draw([], title="Said"),
    "reliability on a phone": reliability.draw(
        chart_examples.said_and_came(), title="Said", width=reliability.NARROW
    ),
    "event study of nothing": event_study.draw([], metric="won", period="month"),
    "waves on a phone": waves.draw(
        chart_examples.teams_in_waves(), name="X", today=FIRST, width=waves.NARROW
    ),
    "waves of nobody": waves.draw([], name="X", today=FIRST),
    "a hostile label": forest.draw([row(LONG, url="javascript&<>")], metric=LONG),
}


@pytest.mark.parametrize("name", EVERY_CHART)
class TestEveryChart:
    def test_is_one_well_formed_picture_with_a_name_and_a_description(self, name):
        root = drawn(EVERY_CHART[name])
        assert root.tag == f"{SVG}svg"
        assert root.get("aria-label")
        assert root.find(f"{SVG}title").text
        assert root.find(f"{SVG}desc").text

    def test_holds_nothing_a_strict_content_policy_forbids(self, name):
        assert not re.search(r"<script|<style|style=|\son\w+=|<foreignObject", EVERY_CHART[name])

    def test_is_an_image_unless_it_holds_links(self, name):
        root = drawn(EVERY_CHART[name])
        has_links = root.find(f".//{SVG}a") is not None
        assert root.get("role") == ("group" if has_links else "img")

    def test_keeps_every_mark_inside_the_paper(self, name):
        root = drawn(EVERY_CHART[name])
        _, _, width, height = map(float, root.get("viewBox").split())
        for text in root.iter(f"{SVG}text"):
            shown = "".join([text.text or "", *(child.tail or "" for child in text)])
            size, x = float(text.get("font-size", svg.SIZE)), float(text.get("x"))
            long = svg.text_width(shown, size) * 0.9  # the estimate errs on the wide side
            start = {"end": x - long, "middle": x - long / 2}.get(text.get("text-anchor"), x)
            assert start > -6, shown
            assert start + long < width + 6, shown
            assert 0 <= float(text.get("y")) <= height, shown

    def test_names_no_colour_that_the_themes_do_not_know(self, name):
        used = {part for value in re.findall(r'class="([^"]*)"', EVERY_CHART[name]) for part in value.split()}
        used = {part for part in used if part[:2] in ("f-", "s-")}
        missing = {part for part in used if f".{part} {{" not in charts.stylesheet()}
        assert not missing


class TestForest:
    def test_numbers_stand_beside_the_picture(self):
        seen = words(forest.draw([row()], metric="won"))
        assert "+5.0  (+2.0 to +8.0)" in seen
        assert "100" in seen
        assert "Strong" in seen

    @pytest.mark.parametrize(
        ("effect", "better", "word"),
        [(-0.05, "higher", "Harmful"), (0.05, "higher", "Strong"), (0.05, "lower", "Harmful"), (-0.05, "lower", "Strong")],
    )  # fmt: skip
    def test_a_sure_effect_against_the_metric_reads_harmful(self, effect, better, word):
        harmful = row(effect=effect, low=effect - 0.01, high=effect + 0.01)
        assert word in words(forest.draw([harmful], metric="won", better=better))

    def test_an_unsure_effect_against_the_metric_is_not_called_harmful(self):
        assert "Harmful" not in words(
            forest.draw([row(effect=-0.05, low=-0.2, high=0.1, grade="none")], metric="won")
        )

    def test_excluded_types_are_listed_with_their_reason(self):
        left_out = [forest.Excluded("Order countersigned", "Mechanical")]
        seen = words(forest.draw([row()], metric="won", excluded=left_out))
        assert {"Left out of the comparison", "Order countersigned", "Mechanical"} <= set(seen)

    def test_one_wild_interval_does_not_squeeze_the_others(self):
        picture = forest.draw([row(), row("Wild", 0.01, -9.0, 9.0, "none")], metric="won")
        ticks = [w for w in words(picture) if re.fullmatch(r"[+−]\d+", w)]
        assert max(int(t[1:]) for t in ticks) <= 25

    def test_the_band_of_effects_too_small_to_matter_is_drawn_and_named(self):
        assert any(
            "too small to matter" in w for w in words(forest.draw([row()], metric="won", smallest=0.01))
        )

    def test_long_labels_are_cut_and_told_in_full_on_hover(self):
        picture = drawn(forest.draw([row(LONG)], metric="won"))
        assert any(title.text == LONG for title in picture.iter(f"{SVG}title"))
        assert LONG not in words(forest.draw([row(LONG)], metric="won"))

    def test_the_table_tells_the_same(self):
        left_out = [forest.Excluded("Order", "Mechanical")]
        told = forest.table([row()], excluded=left_out)
        assert told.rows[0] == ("Early access", "+5.0 points", "+2.0 to +8.0 points", "Strong", "100")
        assert told.rows[1][3] == "Excluded: Mechanical"


class TestOthers:
    def test_timing_marks_the_last_moment_that_pays(self):
        points = [timing.Point("2w", 0.05, 0.02, 0.08, 50), timing.Point("6w", 0.01, -0.02, 0.04, 80)]
        assert "best by 2w" in words(timing.draw(points, label="X", metric="won", best_by="2w"))

    def test_a_funnel_names_only_units_outside_the_limits(self):
        units = [funnel.Unit("North", 40, 0.5), funnel.Unit("South", 60, 0.9, outside=True)]
        seen = words(funnel.draw(units, [funnel.Limit(10, 0.3, 0.7, 0.2, 0.8), funnel.Limit(80, 0.4, 0.6, 0.3, 0.7)], metric="Done", centre=0.5))  # fmt: skip
        assert "South" in seen
        assert "North" not in seen

    def test_a_small_group_is_never_shown_alone(self):
        rows = [heatmap.Row("North", (heatmap.Cell(0.37, 3, hidden=True),))]
        picture = heatmap.draw(["Access"], rows, title="Coverage")
        assert "37" not in picture
        assert heatmap.table(["Access"], rows).rows[0] == ("North", "few")

    def test_a_missing_value_leaves_a_gap_in_a_sparkline(self):
        whole = drawn(sparkline.draw([1, 2, 3], title="T"))
        broken = drawn(sparkline.draw([1, 2, None, 3, 4], title="T"))
        assert len(list(whole.iter(f"{SVG}path"))) == 1
        assert len(list(broken.iter(f"{SVG}path"))) == 2


class TestTimeline:
    def test_an_agreement_stands_full_and_waits_as_a_ring(self):
        on = dt.date(2026, 3, 1)
        full = timeline.Row("Data", "Gained", "good", stands=True, steps=(timeline.Step(on, "Gained"),))
        ring = replace(full, word="Asked", tone="info", stands=False)
        fills = [
            {circle.get("class") for circle in drawn(line_of(row)).iter(f"{SVG}circle")}
            for row in (full, ring)
        ]
        assert "f-good-solid" in fills[0]
        assert "f-good-solid" not in fills[1]
        assert "f-surface s-info-solid" in fills[1]

    def test_what_is_late_says_so_at_the_end_of_its_row_in_red(self):
        row = timeline.Row("Data", "Needed", "quiet", False, FIRST, note="was due 10 Jan", late=True)
        (note,) = [e for e in drawn(line_of(row)).iter(f"{SVG}text") if e.text == "was due 10 Jan"]
        assert note.get("class") == "f-bad"

    def test_only_lanes_with_something_in_them_are_drawn(self):
        seen = words(timeline.draw(replace(chart_examples.deal_line(), marks=[]), title="Deal"))
        assert not {"Demands", "Concessions", "Executives", "Exceptions"} & set(seen)

    def test_names_of_months_never_run_into_each_other(self):
        for width in (timeline.WIDE, timeline.NARROW):
            for age in (3, 20, 90, 251, 900, 2000):
                axis = timeline.axis_of(FIRST, FIRST + dt.timedelta(days=age), None, width)
                months = axis.months()
                ends = [place + svg.text_width(name, svg.SMALL) for place, name in months]
                assert all(end < after for end, (after, _) in zip(ends, months[1:], strict=False)), (
                    width,
                    age,
                )

    def test_the_last_weeks_of_an_old_deal_have_half_of_the_room(self):
        axis = timeline.axis_of(FIRST, FIRST + dt.timedelta(days=400), None, timeline.WIDE)
        assert axis.bend == (axis.start + axis.end) / 2
        assert axis(axis.knee) == axis.bend
        young = timeline.axis_of(FIRST, FIRST + dt.timedelta(days=60), None, timeline.WIDE)
        assert young.knee is None

    def test_the_table_tells_every_day_in_order(self):
        table = timeline.table(chart_examples.deal_line())
        assert table.rows[0] == ("23 Mar 2026", "Stage", "Discover")
        assert ("18 Jun 2026", "Meeting with a senior executive", "Kept") in table.rows
        assert table.rows[-1] == ("10 Dec 2026", "Deal", "Expected to close")

    def test_a_closed_deal_ends_with_its_close(self):
        seen = words(timeline.draw(replace(chart_examples.deal_line(), over=True, ahead=None), title="Deal"))
        assert "closed" in seen
        assert "today" not in seen


def line_of(row: timeline.Row) -> str:
    return timeline.draw(timeline.Timeline(FIRST, FIRST + dt.timedelta(days=80), rows=[row]), title="Deal")


class TestStaircase:
    def test_without_a_corridor_nothing_names_a_walk_away(self):
        bare = replace(chart_examples.price_line(), opening=None, target=None, walk_away=None)
        text = staircase.draw(bare, title="Price")
        assert "walk-away" not in text.lower()
        assert "list price" in text

    def test_an_exception_below_the_walk_away_says_so(self):
        seen = words(staircase.draw(chart_examples.price_line(), title="Price"))
        assert "asked: €324k, below the walk-away" in seen
        within = staircase.draw(replace(chart_examples.price_line(), asked=360_000), title="Price")
        assert "asked: €360k" in words(within)

    def test_what_was_given_for_nothing_is_marked(self):
        marks = list(drawn(staircase.draw(chart_examples.price_line(), title="Price")).iter(f"{SVG}circle"))
        assert [mark.find(f"{SVG}title").text for mark in marks] == [
            "−€16,900 on 16 Nov 2026, for a project lead",
            "−€28,200 on 21 Nov 2026, nothing came back",
        ]
        assert [mark.get("class") for mark in marks] == ["f-surface s-ink", "f-bad-solid s-bad-solid"]

    def test_its_days_stand_where_those_of_the_time_line_stand(self):
        stairs = chart_examples.price_line()
        first = drawn(staircase.draw(stairs, title="Price")).find(f".//{SVG}circle")
        axis = timeline.axis_of(stairs.first, stairs.today, stairs.ahead, timeline.WIDE)
        assert float(first.get("cx")) == pytest.approx(axis(stairs.steps[0].on), abs=0.06)


class TestTrend:
    POINTS = (
        trend.Point("Q1 26", 0.24, 0.2, 0.28, 90),
        trend.Point("Q2 26", None, deals=3),
        trend.Point("Q3 26", 0.3, 0.25, 0.35, 80, note="strategy begins"),
        trend.Point("Q4 26", 0.33, 0.2, 0.46, 20, going=True),
    )

    def test_what_is_too_few_leaves_a_gap_and_is_no_point(self):
        seen = trend.draw(self.POINTS, metric="Win rate", target=0.34)
        assert seen.count("<circle") == 3
        lines = re.findall(r'<path class="s-accent"[^>]* d="([^"]*)"', seen)
        assert [line.count("L") for line in lines] == [1]  # from the third to the fourth alone

    def test_the_target_and_the_beginning_are_named(self):
        seen = words(trend.draw(self.POINTS, metric="Win rate", target=0.34))
        assert "target 34.0%" in seen
        assert "strategy begins" in seen

    def test_the_table_says_the_same(self):
        assert trend.table(self.POINTS).rows == (
            ("Q1 26", "24.0%", "20.0% to 28.0%", "90"),
            ("Q2 26", "too few to tell", "–", "3"),
            ("Q3 26", "30.0%", "25.0% to 35.0%", "80"),
            ("Q4 26, so far", "33.0%", "20.0% to 46.0%", "20"),
        )

    def test_it_fits_a_phone(self):
        root = drawn(trend.draw(self.POINTS, metric="Win rate", width=trend.NARROW))
        assert root.get("viewBox") == "0 0 330 232"


class TestBars:
    def test_what_is_too_few_has_a_name_and_no_bar(self):
        seen = bars.draw(
            [bars.Bar("North", None, n=3), bars.Bar("South", 0.4, 0.3, 0.5, 20)], title="Coverage"
        )
        assert seen.count("<rect") == 1
        assert "too few to tell" in words(seen)

    def test_on_a_phone_the_name_stands_above_its_bar(self):
        root = drawn(
            bars.draw([bars.Bar("A long name of a team", 0.4, n=20)], title="Bars", paper=bars.NARROW)
        )
        name = next(text for text in root.iter(f"{SVG}text") if text.text == "A long name of a team")
        bar = next(root.iter(f"{SVG}rect"))
        assert float(name.get("y")) < float(bar.get("y"))


class TestScale:
    @pytest.mark.parametrize("values", [[0.0], [0.031, 0.087], [-3, 140], [1e-9, 2e-9], [5e6, 9e6]])
    def test_covers_what_it_was_given_with_few_round_ticks(self, values):
        axis = scale.nice(values, 0, 100)
        assert axis.low <= min(values)
        assert axis.high >= max(values)
        assert 2 <= len(axis.ticks()) <= 12

    def test_values_beyond_the_ends_stay_on_the_paper(self):
        axis = scale.nice([0, 10], 100, 200)
        assert axis(-5) == 100
        assert axis(99) == 200


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (numbers.share(0.1234), "12.3%"),
        (numbers.share(None), "–"),
        (numbers.share(float("nan")), "–"),
        (numbers.points(-0.032), "−3.2 points"),
        (numbers.points(0.00001), "0.0 points"),
        (numbers.interval(0.012, 0.051), "+1.2 to +5.1 points"),
        (numbers.money(-1234.5, "EUR"), "−€1,234"),
        (numbers.money(1200, "CHF"), "CHF 1,200"),
        (numbers.money_short(1_284_500, "EUR"), "€1.28M"),
        (numbers.money_short(999_600, "USD"), "$1M"),
        (numbers.money_short(950, "USD"), "$950"),
        (numbers.effect(12_400, "EUR"), "+€12.4k"),
        (numbers.effect(-3, "days"), "−3.0 days"),
        (numbers.plural(1, "deal"), "1 deal"),
        (numbers.plural(1204, "deal"), "1,204 deals"),
        (numbers.plural(2, "person", "people"), "2 people"),
        (numbers.tick(0.05, "points", 0.05), "+5"),
        (numbers.tick(0.025, "share", 0.025), "2.5%"),
    ],
)
def test_numbers_read_like_this(said, meant):
    assert said == meant


class TestColumns:
    def test_each_column_has_its_number_and_an_empty_one_no_bar(self):
        drawn_now = columns.draw(
            [columns.Column("May", 3, "May"), columns.Column("Jun", 0, "Jun")], title="Demands"
        )
        assert words(drawn_now) == ["3", "May", "0", "Jun"]
        assert drawn_now.count("<rect") == 1

    def test_the_table_has_the_newest_first(self):
        table = columns.table([columns.Column("May", 3), columns.Column("Jun", 1200)], counted="Demands")
        assert table.rows == (("Jun", "1,200"), ("May", "3"))


class TestSpans:
    def test_a_mark_stands_where_its_value_lies_on_the_scale(self):
        axis = spans.Axis(0, 4, ((0, "never"), (4, "mostly")))
        picture = spans.draw([spans.Row("A", (spans.Mark(1, "dot"),))], axis, title="T", description="D")
        mark = next(drawn(picture).iter(f"{SVG}circle"))
        assert float(mark.get("cx")) == spans.WIDE.left + (spans.WIDE.right - spans.WIDE.left) / 4

    def test_names_stand_beside_their_rows_on_a_desk_and_above_them_on_a_phone(self):
        for size, anchor in ((spans.WIDE, "end"), (spans.NARROW, None)):
            text = [
                one
                for one in drawn(chart_examples.beside_each_other(size)).iter(f"{SVG}text")
                if one.text == "Executives save the day"
            ]
            assert text[0].get("text-anchor") == anchor


class TestEventStudy:
    def test_what_was_before_the_start_is_hollow(self):
        dots = drawn(event_study.draw(chart_examples.since_the_start(), metric="won", period="month"))
        fills = [dot.get("fill") for dot in dots.iter(f"{SVG}circle")]
        assert fills == [svg.PALETTE["surface"]] * 3 + [svg.PALETTE["accent"]] * 7

    def test_the_table_tells_the_same(self):
        told = event_study.table(
            [
                event_study.Point(-1, 0.01, -0.05, 0.07),
                event_study.Point(0, 0.02),
                event_study.Point(2, 0.09),
            ],
            period="month",
        )
        assert told.rows == (
            ("1 month before", "+1.0 points", "−5.0 to +7.0 points"),
            ("The month of the start", "+2.0 points", "–"),
            ("2 months after", "+9.0 points", "–"),
        )


class TestWaves:
    def test_time_in_which_nobody_waits_is_hatched_and_said(self):
        teams, today = chart_examples.teams_in_waves(), dt.date(2026, 11, 29)
        hatched = waves.draw(teams, name="X", today=today, nobody_waits_from=dt.date(2026, 8, 1))
        assert "hatched from 1 Aug 2026 on, when no team waits" in hatched
        assert len(list(drawn(hatched).iter(f"{SVG}path"))) == 1
        assert not list(drawn(waves.draw(teams, name="X", today=today)).iter(f"{SVG}path"))

    def test_a_team_without_a_day_waits(self):
        assert waves.table([waves.Team("Oslo", None)]).rows == (("Oslo", "waits"),)


def test_what_is_usual_is_never_cut_off_beside_a_narrow_chart():
    """Shares fit with their sign; days leave their unit to the title."""
    for unit, said in (("share", "12.2%"), ("days", "18.9")):
        course = replace(chart_examples.followed(unit=unit), usual=0.122 if unit == "share" else 18.9)
        drawn = control.draw(course, metric="Slippage", size=control.NARROW)
        assert f">{said}<" in drawn
