"""Control chart: a metric followed against what is usual, with the limits of the smoothed line that raises.

Three drawings of the same numbers: WIDE for a desk, NARROW for a phone, and for a desk with others beside it, TILE
for an overview of many.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, scale, svg, tables


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing's paper and the edges of its plot, in user units; ``labels`` where there is room for words."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    ticks: int = 4
    labels: bool = True


WIDE = Size(720, 310, 48, 636, 42, 274)
NARROW = Size(330, 270, 40, 276, 42, 236)
TILE = Size(300, 116, 38, 292, 8, 92, ticks=2, labels=False)
#: What is said of a point that is counted in part.
GOING = words_of("Not all counted yet")


@dataclass(frozen=True, slots=True)
class Point:
    """A period with its ``value`` on ``count`` units; without a value where nothing was counted.

    ``line`` is the smoothed line and ``low`` to ``high`` its limits, None in the usual time. ``single``: what chance does to one
    one period of so many units. ``flagged``: a raise stands and the change had begun. ``tick`` stands under the axis.
    ``usual``: what was usual under the rules of its time, where those were others than now; None where the course says it.
    ``going``: it is counted in part, and says nothing yet.
    """

    period: str
    value: float | None
    count: int = 0
    line: float | None = None
    low: float | None = None
    high: float | None = None
    single: tuple[float, float] | None = None
    flagged: bool = False
    tick: str = ""
    usual: float | None = None
    going: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """When a raise began and how high it is since. ``since``, ``earliest`` and ``latest`` are places on the axis of time."""

    since: float
    earliest: float
    latest: float
    level: float | None
    words: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """A metric's course. A place on the axis of time counts periods: the first one lies between 0 and 1.

    ``trial``: there are too few points for the limits to raise. ``silent_from``: where the source's last news came.
    ``breaks``: where rules changed, and the words for it. ``target``: what is wanted. ``better``: what changed is for the
    better, and is drawn so.
    """

    points: tuple[Point, ...]
    usual: float
    unit: str = "share"
    change: Change | None = None
    trial: bool = False
    silent_from: float | None = None
    breaks: tuple[tuple[float, str], ...] = ()
    target: float | None = None
    better: bool = False

    @property
    def tone(self) -> str:
        """The colour of what changed."""
        return "accent" if self.better else "bad-solid"


@dataclass(frozen=True, slots=True)
class _Paper:
    size: Size
    axis: scale.Scale
    periods: int

    def x(self, place: float) -> float:
        return self.size.left + (self.size.right - self.size.left) * place / max(self.periods, 1)

    def middle(self, index: int) -> float:
        return self.x(index + 0.5)


def draw(course: Course, *, metric: str, size: Size = WIDE) -> str:
    """Return the course as one picture: single periods, the smoothed line, its limits and what is usual; in red only
    what is raised, and only since it began. ``unit`` of the course is ``share``, or a word such as ``days``."""
    paper = _Paper(size, _axis(course, size), len(course.points))
    body = _grid(paper, course) + _singles(paper, course) + _onset(paper, course)
    body += _limits(paper, course) + _silence(paper, course) + _target(paper, course) + _usual(paper, course)
    body += "".join(_break(paper, place, words) for place, words in course.breaks)
    body += _lines(paper, course) + "".join(
        _mark(paper, course, index, point) for index, point in enumerate(course.points)
    )
    body += _since(paper, course) + _ticks(paper, course)
    return svg.document(
        size.width,
        size.height,
        body,
        kind="control",
        title=say("{metric} over time", metric=metric),
        description=description(course),
    )


def table(course: Course, *, counted: str = words_of("Counted")) -> tables.Table:
    """Return the numbers of the picture, a row a period, the newest first."""
    columns = [
        (say("Period"), False),
        (say("Value"), True),
        (counted, True),
        (say("Smoothed"), True),
        (say("Limits of the smoothed line"), True),
        (say("Reading"), False),
    ]
    rows = [
        (
            point.period,
            value_of(point.value, course.unit),
            numbers.number(point.count),
            value_of(point.line, course.unit),
            _reach(point, course.unit),
            _told_of(point, course),
        )
        for point in reversed(course.points)
    ]
    return tables.build(columns, rows)


def value_of(value: float | None, unit: str) -> str:
    """Return a value in its unit: ``23.0%``, or ``4.5 days``."""
    if value is None:
        return numbers.MISSING
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def description(course: Course) -> str:
    """Return the picture in one or two sentences."""
    known = [p for p in course.points if p.value is not None and p.usual is None and not p.going]
    if not known:
        return say("No periods yet.")
    last = known[-1]
    said = say(
        "{known}; usual {usual}, last {period}: {value}.",
        known=numbers.plural(len(known), "period"),
        usual=value_of(course.usual, course.unit),
        period=last.period,
        value=value_of(last.value, course.unit),
    )
    before = [value_of(usual, course.unit) for usual in _usual_before(course)]
    rules = (
        say(" Before the dashed line {before} was usual.", before=say(", then ").join(before))
        if before
        else ""
    )
    return f"{said} {_verdict(course)}{rules}"


def _usual_before(course: Course) -> list[float]:
    """Return what was usual before each line where other rules or limits began, the oldest first."""
    return [usual for usual, _ in groupby(point.usual for point in course.points) if usual is not None]


def _verdict(course: Course) -> str:
    first = next((point.period for point in course.points if point.flagged), None)
    if first:
        return say("{course}; it began in {first}.", course=_changed(course), first=first)
    if course.silent_from is not None:
        return say("No news since the hatched part begins.")
    return say("Limits are for trial.") if course.trial else say("Within its limits.")


def _told_of(point: Point, course: Course) -> str:
    if point.going:
        return GOING
    return _changed(course) if point.flagged else ""


def _changed(course: Course) -> str:
    return say("Better") if course.better else say("Raised")


def _reach(point: Point, unit: str) -> str:
    if point.low is None or point.high is None:
        return numbers.MISSING
    return say("{low} to {high}", low=value_of(point.low, unit), high=value_of(point.high, unit))


def _axis(course: Course, size: Size) -> scale.Scale:
    values = [end for p in course.points for end in (p.value, p.line, p.low, p.high) if end is not None]
    level = (course.change.level,) if course.change and course.change.level is not None else ()
    wanted = (*_usual_before(course), *(() if course.target is None else (course.target,)))
    return scale.nice(
        values, size.bottom, size.top, about=size.ticks, include=(course.usual, *level, *wanted)
    )


def _grid(paper: _Paper, course: Course) -> str:
    size, axis = paper.size, paper.axis
    ticks = axis.ticks() if size.labels else [axis.low, (axis.low + axis.high) / 2, axis.high]
    step = axis.step if size.labels else (axis.high - axis.low) / 2
    return "".join(
        svg.line(size.left, axis(tick), size.right, axis(tick), "line-soft")
        + svg.text(
            size.left - 7,
            axis(tick) + 4,
            numbers.tick(tick, course.unit, step),
            size=11,
            fill="ink-3",
            anchor="end",
        )
        for tick in ticks
    )


def _singles(paper: _Paper, course: Course) -> str:
    """Return the light band of what chance does to single periods; it has steps, for each has its own number of units."""
    if not paper.size.labels:
        return ""
    steps = [
        (paper.x(index), paper.axis(p.single[1]), paper.x(index + 1), paper.axis(p.single[0]))
        for index, p in enumerate(course.points)
        if p.single
    ]
    return svg.boxes(steps, "line-soft")


def _limits(paper: _Paper, course: Course) -> str:
    """Return the dark band of the smoothed line; limits for trial are dots."""
    return "".join(
        _limits_of(paper, course, part, now=part[-1][1].usual is None) for part in _by_rules(course)
    )


#: Points in a row, each with its place, that stand under the same rules.
_Part = list[tuple[int, Point]]


def _by_rules(course: Course) -> list[_Part]:
    """Return the points by the rules of their time: what lies on two sides of a change is never joined."""
    return [list(part) for _, part in groupby(enumerate(course.points), key=lambda one: one[1].usual)]


def _limits_of(paper: _Paper, course: Course, part: _Part, *, now: bool) -> str:
    places = [(paper.middle(i), p.low, p.high) for i, p in part if p.low is not None and p.high is not None]
    if not places:
        return ""
    upper = [(x, paper.axis(high)) for x, _, high in places]
    lower = [(x, paper.axis(low)) for x, low, _ in places]
    if course.trial and now:
        return "".join(svg.polyline(edge, "line-strong", width=1.2, dash="1 4") for edge in (upper, lower))
    words = _beside(paper, upper[-1][1], "limits") if now and _apart(paper, course, upper[-1][1]) else ""
    return svg.area(upper + lower[::-1], "line") + words


def _apart(paper: _Paper, course: Course, y: float) -> bool:
    """Return whether there is room for a word at ``y`` above the one at the usual level."""
    return paper.axis(course.usual) - y > 15


def _beside(paper: _Paper, y: float, words: str) -> str:
    size = paper.size
    if not size.labels:
        return ""
    return svg.text(size.right + 6, y + 4, words, size=11, fill="ink-3", room=size.width - size.right - 6)


def _usual(paper: _Paper, course: Course) -> str:
    y = paper.axis(course.usual)
    line = "".join(
        svg.line(paper.x(part[0][0]), level, paper.x(part[-1][0] + 1), level, "ink-3")
        for part in _by_rules(course)
        for level in [paper.axis(course.usual if part[0][1].usual is None else part[0][1].usual)]
    )
    if paper.size is NARROW:
        return line + _beside(paper, y, "usual") + _beside(paper, y + 13, _short(paper, course))
    return line + _beside(paper, y, say("usual {usual}", usual=value_of(course.usual, course.unit)))


def _short(paper: _Paper, course: Course) -> str:
    """Return what is usual, without its unit where there is no room for it."""
    words = value_of(course.usual, course.unit)
    fits = svg.text_width(words, 11) <= paper.size.width - paper.size.right - 6
    return words if fits else numbers.number(course.usual)


def _target(paper: _Paper, course: Course) -> str:
    """Return the line of what is wanted, dotted, and its words above its left end."""
    if course.target is None:
        return ""
    size, y = paper.size, paper.axis(course.target)
    line = svg.line(size.left, y, size.right, y, "brass", width=1.4, dash="1.5 4", cap="round")
    words = say("target {target}", target=value_of(course.target, course.unit))
    return line + svg.text(size.left + 4, y - 5, words, size=11, fill="brass", weight=560)


def _onset(paper: _Paper, course: Course) -> str:
    """Return the days within which the change began, as a band, and its words above."""
    if course.change is None:
        return ""
    size, change = paper.size, course.change
    left, right = paper.x(change.earliest), paper.x(change.latest)
    band = svg.rect(left, size.top, max(right - left, 3), size.bottom - size.top, "bad-soft")
    if not size.labels:
        return band
    now = svg.text(size.right, size.top - 8, change.now, size=12, fill="bad", weight=620, anchor="end")
    room = size.right - svg.text_width(change.now, 12) - 12
    end = max(min(max(right, left + 3), room), size.left + svg.text_width(change.words, 11))
    return band + now + svg.text(end, size.top - 8, change.words, size=11, fill="bad", anchor="end")


def _silence(paper: _Paper, course: Course) -> str:
    """Return the hatching since the source's last news: what is not known looks like nothing else."""
    if course.silent_from is None:
        return ""
    size, left = paper.size, paper.x(course.silent_from)
    hatched = svg.hatch(left, size.top, size.right - left, size.bottom - size.top, "line-strong")
    if not size.labels:
        return hatched
    return hatched + svg.text(size.right, size.top - 8, say("no news"), size=11, fill="ink-3", anchor="end")


def _break(paper: _Paper, place: float, words: str) -> str:
    size, x = paper.size, paper.x(place)
    line = svg.line(x, size.top - 20, x, size.bottom, "ink-2", dash="4 3")
    if not size.labels:
        return line
    return line + svg.text(
        min(x, size.right - svg.text_width(words, 11)), size.top - 26, words, size=11, fill="ink-2"
    )


def _lines(paper: _Paper, course: Course) -> str:
    """Return the thin line of single periods and the smoothed one; red since a raise began."""
    return "".join(_lines_of(paper, course, part) for part in _by_rules(course))


def _lines_of(paper: _Paper, course: Course, part: _Part) -> str:
    thin = [(paper.middle(i), paper.axis(p.value)) for i, p in part if p.value is not None]
    smooth = [(i, p.line, p.flagged) for i, p in part if p.line is not None]
    body = svg.polyline(thin, "line-strong", width=0.8) if len(thin) > 1 else ""
    for flagged, pairs in groupby(pairwise(smooth), key=lambda pair: pair[1][2]):
        first, *rest = list(pairs)
        ends = [first[0], first[1], *(other for _, other in rest)]
        line = [(paper.middle(i), paper.axis(value)) for i, value, _ in ends]
        body += svg.polyline(line, course.tone if flagged else "ink-2", width=2)
    return body


def _mark(paper: _Paper, course: Course, index: int, point: Point) -> str:
    if point.value is None:
        return ""
    x, y, small = paper.middle(index), paper.axis(point.value), not paper.size.labels
    told = say(
        "{period}: {value} on {count}",
        period=point.period,
        value=value_of(point.value, course.unit),
        count=numbers.number(point.count),
    )
    hover = "" if paper.size is NARROW else told  # a phone cannot hover; its table tells it
    if point.going:
        part = hover and f"{hover}. {GOING}."
        return svg.circle(x, y, 1.6 if small else 2.6, "surface", stroke="quiet-solid", hover=part)
    if point.flagged and course.better:
        return svg.circle(x, y, 3.4, course.tone, hover=hover)
    if point.flagged:
        return svg.diamond(x, y, 3 if small else 4.5, "bad-solid", hover=hover and f"{hover}. Raised.")
    return svg.circle(x, y, 1.6 if small else 2.6, "quiet-solid", hover=hover)


def _since(paper: _Paper, course: Course) -> str:
    """Return the level since the change began."""
    change = course.change
    if change is None or change.level is None:
        return ""
    y = paper.axis(change.level)
    return svg.line(paper.x(change.since), y, paper.size.right, y, "bad-solid", width=2.5)


def _ticks(paper: _Paper, course: Course) -> str:
    """Return the years and the last period under the axis; a year that would touch the last is left out."""
    y, right = paper.size.bottom + (15 if not paper.size.labels else 20), float("inf")
    body = ""
    for index, point in reversed(list(enumerate(course.points))):
        half = svg.text_width(point.tick, 11) / 2
        x = min(paper.middle(index), paper.size.width - half - 2)
        if point.tick and x + half < right:
            body += svg.text(x, y, point.tick, size=11, fill="ink-3", anchor="middle")
            right = x - half - 8
    return body
