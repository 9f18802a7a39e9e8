"""One example of each chart, with invented numbers, for the components page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import sqrt
from typing import Any

from hingepoint.reports.charts import (
    bars,
    columns,
    control,
    corridor,
    dumbbell,
    event_study,
    flow,
    forest,
    funnel,
    heatmap,
    reliability,
    spans,
    sparkline,
    staircase,
    tables,
    timeline,
    timing,
    trend,
    waves,
)
from hingepoint.reports.charts.tables import Table


@dataclass(frozen=True, slots=True)
class Example:
    title: str
    about: str
    svg: str
    table: Table


def all_charts() -> list[Example]:
    """Return the charts in the order of their modules."""
    return [
        _forest(),
        _timing(),
        _control(),
        _funnel(),
        _heatmap(),
        _flow(),
        _bars(),
        _corridor(),
        _timeline(),
        _staircase(),
        _trend(),
        _spans(),
        _columns(),
        _dumbbell(),
        _event_study(),
        _reliability(),
        _waves(),
    ]


def in_a_figure() -> str:
    return sparkline.draw([0.131, 0.128, 0.133, 0.126, None, 0.119, 0.121, 0.112], title="Discount, last 8 months", target=0.1)  # fmt: skip


def beside_each_other(size: spans.Size = spans.WIDE) -> str:
    """Leaders and field of three questions; places of a signal look alike."""
    rows = [
        spans.Row("Costly concessions without plan", (spans.Mark(1.2, "ring"), spans.Mark(2.9, "dot", "accent")), band=(2, 4), joined="brass", strong=True),
        spans.Row("Executives save the day", (spans.Mark(1.6, "ring"), spans.Mark(1.7, "dot", "accent")), band=(1, 2), joined="ink-3"),
        spans.Row("North, raised", (spans.Mark(1.0, "tick", "ink-3"), spans.Mark(2.4, "diamond", "bad-solid")), whisker=(2.0, 2.8), whisker_tone="bad-solid", url="#place", strong=True),
    ]  # fmt: skip
    axis = spans.Axis(0, 4, ((0, "never"), (1, "rarely"), (2, "at times"), (3, "often"), (4, "mostly")))
    return spans.draw(
        rows, axis, title="Beside each other", description="Three rows of marks on one scale.", size=size
    )


def _spans() -> Example:
    shown = [("Costly concessions without plan", "1.2", "2.9"), ("Executives save the day", "1.6", "1.7"), ("North, raised", "1.0", "2.4")]  # fmt: skip
    table = tables.build([("Row", False), ("First mark", True), ("Second mark", True)], shown)
    return Example("Beside each other", "Two marks a row on one scale, with the middle half or an interval.", beside_each_other(), table)  # fmt: skip


def _columns() -> Example:
    drawn = [
        columns.Column(f"Month {n}", count, str(n)) for n, count in enumerate((2, 3, 0, 4, 2, 5, 3, 6, 8), 1)
    ]
    table = columns.table(drawn, counted="Demands")
    return Example("What is on record", "Too little for a chart of its own: how many there were, month by month.", columns.draw(drawn, title="Demands a month"), table)  # fmt: skip


def gained_in_time() -> list[dumbbell.Row]:
    return [
        dumbbell.Row("Early access to key data", 0.31, 0.58, 0.52, 0.64, 264, "Better", "#agreement"),
        dumbbell.Row("Success criteria in writing, signed by the plant lead and by finance", 0.44, 0.41, 0.33, 0.49, 131, "Not changed"),
        dumbbell.Row("Pilot with an exit decision", None, 0.22, 0.14, 0.33, 70, "Cannot tell yet"),
        dumbbell.Row("Site visit with operators", 0.52, 0.29, 0.21, 0.38, 118, "Worse"),
    ]  # fmt: skip


def _dumbbell() -> Example:
    rows, title = gained_in_time(), "Gained in time"
    about = "A share before and now, a row each: hollow before, full now with its interval."
    return Example(
        "Before and now", about, dumbbell.draw(rows, title=title), dumbbell.table(rows, what="Agreement")
    )


def said_and_came() -> list[reliability.Point]:
    return [
        reliability.Point(0.13, 0.11, 0.05, 0.21, 63),
        reliability.Point(0.26, 0.20, 0.14, 0.26, 167),
        reliability.Point(0.42, 0.25, 0.16, 0.38, 56, off=True),
        reliability.Point(0.64, 0.59, 0.51, 0.66, 155),
        reliability.Point(0.88, 0.9, None, None, 1),
    ]


def _reliability() -> Example:
    points, title = said_and_came(), "Said against what came"
    about = "On the broken line what was said came true; hollow lies clearly beside it."
    return Example(title, about, reliability.draw(points, title=title), reliability.table(points))


def _forest() -> Example:
    rows = [
        forest.Row("Early access to key data", 0.062, 0.041, 0.083, "strong", 1204, "#finding"),
        forest.Row("Executive sponsor named", 0.048, 0.026, 0.070, "strong", 986, "#finding"),
        forest.Row("Success criteria in writing, signed by the plant lead and by finance", 0.031, 0.009, 0.053, "moderate", 412),
        forest.Row("Pilot with an exit decision", 0.027, -0.004, 0.058, "weak", 188),
        forest.Row("Legal terms before price", 0.012, -0.041, 0.164, "none", 61),
        forest.Row("Site visit with operators", 0.004, -0.011, 0.019, "none", 733),
        forest.Row("Discount promised before a demand", -0.044, -0.066, -0.022, "strong", 540),
    ]  # fmt: skip
    excluded = [
        forest.Excluded("Order form countersigned", "Mechanical: it is the sale itself, not a cause of it"),
        forest.Excluded("Reference call", "Too few: 14 deals had it, 60 are needed"),
    ]
    drawn = forest.draw(rows, metric="supportive sales", smallest=0.01, better="higher", excluded=excluded)
    return Example("Effect of each agreement", "Deals that gained it by a landmark against similar deals still open without it.", drawn, forest.table(rows, better="higher", excluded=excluded))  # fmt: skip


def _timing() -> Example:
    effects = (("2w", 0.071, 0.012, 320), ("4w", 0.066, 0.010, 610), ("6w", 0.060, 0.010, 802), ("10w", 0.034, 0.013, 690), ("16w", 0.011, 0.018, 410), ("26w", -0.006, 0.028, 160))  # fmt: skip
    points = [
        timing.Point(at, effect, effect - 2 * error, effect + 2 * error, n)
        for at, effect, error, n in effects
    ]
    drawn = timing.draw(points, label="Early access to key data", metric="supportive sales", best_by="10w", smallest=0.01)  # fmt: skip
    return Example("Until when it matters", "The effect fades: gained after week ten it no longer shows.", drawn, timing.table(points))  # fmt: skip


def followed(*, unit: str = "share", trial: bool = False, silent: bool = False) -> control.Course:
    """Return a discount that rose after new limits: what a control chart shows."""
    values = (0.118, 0.124, 0.121, 0.116, 0.129, 0.122, 0.119, 0.127, 0.125, 0.118, 0.124, 0.121, 0.142, 0.149, 0.146, 0.151)  # fmt: skip
    points, line = [], 0.122
    for i, value in enumerate(values):
        month = f"{('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')[i % 12]} 20{'25' if i < 12 else '26'}"
        line += 0.2 * (value - line)
        limits: dict[str, Any] = {"line": line, "low": 0.118, "high": 0.126} if i >= 6 else {}
        points.append(control.Point(month, value, 40, single=(0.108, 0.136), flagged=i > 11, tick={0: "2025", 12: "2026", 15: "Apr"}.get(i, ""), **limits))  # fmt: skip
    change = control.Change(12, 11.4, 12.9, 0.147, "began here: 12 Dec to 27 Jan", "now 14.8%")
    return control.Course(
        tuple(points),
        0.122,
        unit,
        change=None if trial or silent else change,
        trial=trial,
        silent_from=14.5 if silent else None,
        breaks=((3, "new approval limits"),),
    )


def _control() -> Example:
    course = followed()
    return Example("Discount over time", "Adjusted for the mix of deals. The dark band holds the smoothed line; a single month may leave the light one by chance.", control.draw(course, metric="Discount"), control.table(course))  # fmt: skip


def _funnel() -> Example:
    sizes = ((12, 0.58), (18, 0.83), (25, 0.64), (31, 0.71), (38, 0.46), (44, 0.75), (52, 0.69), (60, 0.74), (71, 0.66), (85, 0.53), (96, 0.72), (110, 0.84))  # fmt: skip
    spread = lambda n: sqrt(0.69 * 0.31 / n)  # noqa: E731
    units = [funnel.Unit(f"Team {chr(65 + i)}", n, value, abs(value - 0.69) > 3.09 * spread(n)) for i, (n, value) in enumerate(sizes)]  # fmt: skip
    limits = [
        funnel.Limit(n, *(max(0, min(1, 0.69 + z * spread(n))) for z in (-1.96, 1.96, -3.09, 3.09))) for n in range(8, 121, 4)
    ]  # fmt: skip
    drawn = funnel.draw(units, limits, metric="Reviews done on time", centre=0.69, of="reviews due")
    return Example("Reviews done on time, by team", "Small teams spread by chance. Only those outside the funnel deserve a question.", drawn, funnel.table(units, of="Reviews due"))  # fmt: skip


def _heatmap() -> Example:
    columns = ["Early access to key data", "Executive sponsor", "Success criteria", "Procurement path", "Pilot with exit", "Legal terms"]  # fmt: skip
    rows = []
    for i, team in enumerate(
        ("North", "South", "Key accounts", "Partners and resellers in the Baltics", "Services")
    ):
        cells = [heatmap.Cell(((i * 31 + j * 17) % 97) / 100, 20 + i * j) for j in range(6)]
        cells[(i * 2) % 6] = heatmap.Cell(None) if i % 2 else heatmap.Cell(0.5, 3, hidden=True)
        rows.append(heatmap.Row(team, tuple(cells)))
    return Example("Coverage by team", "Share of deals that had it by its needed-by date. Groups under five deals are not shown.", heatmap.draw(columns, rows, title="Coverage by team"), heatmap.table(columns, rows))  # fmt: skip


def _flow() -> Example:
    nodes = [
        flow.Node("s", "Discount less", 0, "until Dec 2026", "brass"),
        flow.Node("d", "Discount", 1, "11.2%, target 10.0%"),
        flow.Node("w", "Win rate", 1, "32%, not below 30%"),
        flow.Node("a", "Early access to key data", 2, "64% of deals on time", "good-solid"),
        flow.Node("b", "Executive sponsor named", 2, "71% of deals on time", "good-solid"),
        flow.Node("c", "Success criteria in writing", 2, "38% of deals on time", "warn-solid"),
        flow.Node("e", "Price corridor signed off", 2, "22% of deals on time", "bad-solid"),
    ]
    links = [
        flow.Link("s", "d", 0.5), flow.Link("s", "w", 0.2), flow.Link("d", "a", 0.62, "+6.2 points"), flow.Link("d", "b", 0.48, "+4.8 points"),
        flow.Link("d", "c", 0.3, "+3.1 points"), flow.Link("w", "b", 0.25, "+2.5 points"), flow.Link("d", "e", 0.1, "chosen by judgement", sure=False),
    ]  # fmt: skip
    heads = ("Strategy", "Result metrics", "Pivotal agreements")
    return Example("What the strategy hinges on", "Thicker: a larger effect. Dashed: chosen by judgement, not yet shown by our deals.", flow.draw(nodes, links, title="From strategy to agreements", heads=heads), flow.table(nodes, links))  # fmt: skip


def _bars() -> Example:
    rows = [
        bars.Bar("Enterprise", 0.34, 0.29, 0.39, 320), bars.Bar("Mid-market", 0.28, 0.25, 0.31, 812),
        bars.Bar("Public sector and regulated utilities", 0.19, 0.11, 0.27, 88, "quiet-solid"),
    ]  # fmt: skip
    return Example("Win rate by segment", "Closed deals of the last twelve months.", bars.draw(rows, title="Win rate by segment", target=0.3), bars.table(rows, what="Segment"))  # fmt: skip


def _corridor() -> Example:
    line = corridor.Corridor(
        417_900, 384_500, 351_000, steps=[401_000, 372_800], asked=323_900, currency="EUR"
    )
    drawn = corridor.draw(line, title="What is asked, against the corridor")
    return Example("Where a request lands", "From the opening down: what was given, and what is asked now.", drawn, corridor.table(line))  # fmt: skip


_FIRST, _TODAY, _CLOSE = dt.date(2026, 3, 23), dt.date(2026, 11, 29), dt.date(2026, 12, 10)


def deal_line() -> timeline.Timeline:
    """Return a deal of eight months, with one agreement in each way of standing."""
    day = dt.date
    rows = [
        timeline.Row("Early access to key data", "Kind words", "warn", False, day(2026, 5, 22), (timeline.Step(day(2026, 10, 30), "Kind words"),), "was due 22 May", late=True),
        timeline.Row("Meeting with a senior executive", "Kept", "good", True, day(2026, 5, 22), (timeline.Step(day(2026, 4, 20), "Asked"), timeline.Step(day(2026, 6, 18), "Kept")), "18 Jun"),
        timeline.Row("Business case built together with the customer's finance", "Planned", "info", False, day(2026, 12, 6), (), "by 6 Dec"),
        timeline.Row("Pilot with an exit decision", "Declined", "bad", False, day(2026, 7, 1), (timeline.Step(day(2026, 7, 9), "Declined"),), "declined"),
        timeline.Row("Opening, target and walk-away", "Needed", "quiet", False, day(2026, 11, 18), (), "was due 18 Nov", late=True),
    ]  # fmt: skip
    marks = [
        timeline.Mark(day(2026, 11, 10), "demand", "12 percent off"), timeline.Mark(day(2026, 11, 20), "demand", "Delivery before spring"),
        timeline.Mark(day(2026, 11, 16), "concession", "Price, €16,900, for a project lead"), timeline.Mark(day(2026, 11, 21), "concession", "Price, €28,200, nothing came back"),
        timeline.Mark(day(2026, 7, 27), "executive", "Amara Wallin: visit"), timeline.Mark(day(2026, 11, 26), "exception", "22.5% discount"),
    ]  # fmt: skip
    stages = [timeline.Stage(name, on) for name, on in (("Discover", _FIRST), ("Shape", day(2026, 7, 5)), ("Prove", day(2026, 7, 12)), ("Propose", day(2026, 9, 15)), ("Negotiate", day(2026, 11, 3)))]  # fmt: skip
    return timeline.Timeline(_FIRST, _TODAY, _CLOSE, stages, rows, marks)


def price_line() -> staircase.Staircase:
    """Return a price that fell in two steps, and an exception that would take it below the walk-away."""
    steps = [
        staircase.Step(dt.date(2026, 11, 16), 401_000, 16_900, "a project lead"),
        staircase.Step(dt.date(2026, 11, 21), 372_800, 28_200),
    ]
    return staircase.Staircase(
        _FIRST, _TODAY, _CLOSE, 430_000, opening=417_900, target=384_500, walk_away=351_000, steps=steps, asked=323_900, currency="EUR"
    )  # fmt: skip


def _timeline() -> Example:
    line = deal_line()
    drawn = timeline.draw(line, title="The deal in one picture")
    return Example("A deal in one picture", "Upright tick: the day it was needed. Red: late since then. Full: it stands.", drawn, timeline.table(line))  # fmt: skip


def _staircase() -> Example:
    stairs = price_line()
    drawn = staircase.draw(stairs, title="The price, step by step")
    return Example("The price, step by step", "Each step down is something given; red where nothing came back.", drawn, staircase.table(stairs))  # fmt: skip


def _trend() -> Example:
    told = ((0.24, 88), (0.26, 92), (0.22, 90), (None, 3), (0.29, 95), (0.31, 97), (0.33, 41))
    points = [
        trend.Point(
            f"Q{i % 4 + 1} {25 + i // 4}", value, value and value - 0.09, value and value + 0.09, n,
            going=i == len(told) - 1, note="strategy begins" if i == 4 else "",
        )
        for i, (value, n) in enumerate(told)
    ]  # fmt: skip
    drawn = trend.draw(points, metric="Deals won on target", target=0.34)
    return Example("How the result went", "By quarter, with 95% intervals; what is not over yet is hollow.", drawn, trend.table(points))  # fmt: skip


def since_the_start() -> list[event_study.Point]:
    """Return the months around the start of a rollout that adds nine points once teams have learned it."""
    effects = (-0.02, 0.01, 0.0, -0.03, 0.03, 0.05, 0.08, 0.09, 0.1, 0.07)
    return [event_study.Point(n - 3, one, one - 0.06, one + 0.06) for n, one in enumerate(effects)]


def _event_study() -> Example:
    points = since_the_start()
    drawn = event_study.draw(points, metric="the win rate", period="month")
    return Example("Before and after a team starts", "The effect of a rollout by months since the start; hollow before it.", drawn, event_study.table(points, period="month"))  # fmt: skip


def teams_in_waves() -> list[waves.Team]:
    """Return four teams in two waves, the last of which leaves nobody waiting."""
    return [waves.Team(name, dt.date(2026, month, 1)) for name, month in (("Lyon", 3), ("Madrid", 3), ("Prague", 8), ("Warsaw", 8))]  # fmt: skip


def _waves() -> Example:
    teams = teams_in_waves()
    drawn = waves.draw(teams, name="The discipline", today=_TODAY, nobody_waits_from=dt.date(2026, 8, 1))
    return Example("Who starts when", "Pale while a team waits; hatched where nobody waits any more.", drawn, waves.table(teams))  # fmt: skip
