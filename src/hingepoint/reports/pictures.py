"""The pictures of a result of discovery, the same in the report and on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hingepoint.records.languages import say
from hingepoint.reports.charts import forest, numbers, scale, svg, tables, timing
from hingepoint.reports.findings.metric import Metric
from hingepoint.reports.findings.shapes import Dose, Finding, Reading, Shown

#: More placebo marks than this would be too small to see.
MOST_MARKS = 400
_WIDTH, _MONEY, _ROW, _FROM, _TO = 440, 80, 28, 196, 300
_MARK, _A_LINE = 14, 40


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG and its numbers as a table."""

    svg: Markup
    table: tables.Table


@dataclass(frozen=True)
class Pictures:
    """The pictures of one result. ``address`` gives a finding's link on a page, nothing in a document."""

    shown: Shown
    address: Callable[[Finding], str] = lambda finding: ""

    @property
    def forest(self) -> Picture | None:
        """The effects there is some evidence for."""
        return self.forest_of(one for group in ("lever", "harmful", "weak") for one in self.shown.of(group))

    @property
    def unproven(self) -> Picture | None:
        """The effects there is not enough evidence for."""
        return self.forest_of(self.shown.of("none"))

    def forest_of(self, findings: Iterable[Finding]) -> Picture | None:
        rows = [
            forest.Row(one.name, one.effect, one.low, one.high, one.grade, one.gained, self.address(one))
            for one in findings
            if one.effect is not None and one.low is not None and one.high is not None
        ]
        if not rows:
            return None
        metric = self.shown.metric
        drawn = forest.draw(
            rows,
            metric=metric.noun.removeprefix("the "),
            unit=metric.unit,
            better=metric.better,
            smallest=self.shown.smallest if metric.unit == "points" else 0.0,
        )
        return Picture(_drawn(drawn), forest.table(rows, unit=metric.unit, better=metric.better))

    def timing(self, finding: Finding) -> Picture | None:
        """The effect of gaining it in the window that ends at each landmark; None with fewer than two."""
        points = [
            timing.Point(one.reading.label, one.value, one.low, one.high) for one in drawable(finding.timing)
        ]
        if len(points) < 2:
            return None
        metric = self.shown.metric
        drawn = timing.draw(
            points,
            label=finding.name,
            metric=metric.noun.removeprefix("the "),
            unit=metric.unit,
            best_by=finding.best_by,
        )
        return Picture(_drawn(drawn), _table(finding.timing, say("Gained by")))

    def lags(self, finding: Finding) -> Picture | None:
        """The effect when the result is counted later; None with fewer than two."""
        return self._intervals(
            finding.lags,
            say("Result counted"),
            say("{finding}: if the result is counted later", finding=finding.name),
        )

    def dose(self, finding: Finding, dose: Dose) -> Picture | None:
        """The effect when it is gained barely and when it is gained well."""
        return self._intervals(dose.readings, dose.title, f"{finding.name}: {dose.title.lower()}")

    def segments(self, finding: Finding) -> Picture | None:
        return self._intervals(
            finding.segments,
            say("Segment"),
            say("{finding}: where it differs", finding=finding.name),
            least=1,
        )

    def _intervals(
        self, readings: tuple[Reading, ...], head: str, title: str, least: int = 2
    ) -> Picture | None:
        known = drawable(readings)
        if len(known) < least:
            return None
        table = _table([one.reading for one in known], head)
        return Picture(_drawn(intervals(known, self.shown.metric, title)), table)

    @property
    def strip(self) -> Markup:
        """One mark a placebo test: filled where an effect was found though every effect had been taken out."""
        tested, passed = (min(count, MOST_MARKS) for count in self.shown.placebo_counts)
        return _drawn(_strip(tested, passed, self.shown.placebo)) if tested else Markup()

    @staticmethod
    def anchor(finding: Finding) -> str:
        """Return the finding's place in a document."""
        return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", finding.key)


def _drawn(svg_text: str) -> Markup:
    return Markup(svg_text)  # noqa: S704  (drawn by us: charts escape every text)


def _table(readings: Sequence[Reading], head: str) -> tables.Table:
    rows = [(one.label, one.text, one.interval) for one in readings]
    return tables.build([(head, False), (say("Effect"), True), (say("Likely"), True)], rows)


@dataclass(frozen=True, slots=True)
class Drawable:
    """A reading all of whose numbers are known, so that it has a place on paper."""

    reading: Reading
    value: float
    low: float
    high: float


def drawable(readings: Iterable[Reading]) -> list[Drawable]:
    """Return the readings that can be drawn, in their order."""
    return [
        Drawable(one, one.value, one.low, one.high)
        for one in readings
        if one.value is not None and one.low is not None and one.high is not None
    ]


def intervals(readings: Sequence[Drawable], metric: Metric, title: str) -> str:
    """Return rows of a point and its interval beside zero, each with its numbers."""
    axis = scale.nice(
        [end for one in readings for end in (one.low, one.high)], _FROM, _TO, about=3, include=(0.0,)
    )
    bottom = 8 + _ROW * len(readings)
    body = "".join(svg.line(axis(tick), 4, axis(tick), bottom, "line-soft") for tick in axis.ticks())
    body += svg.line(axis(0), 4, axis(0), bottom, "ink-3")
    body += "".join(
        _interval(one, 8 + _ROW * n + _ROW / 2, axis, metric.unit) for n, one in enumerate(readings)
    )
    for tick in axis.ticks():
        label = numbers.tick(tick, metric.unit, axis.step)
        body += svg.text(axis(tick), bottom + 16, label, size=11, fill="ink-3", anchor="middle")
    told = "; ".join(f"{one.reading.label} {one.reading.text}, {one.reading.interval}" for one in readings)
    return svg.document(
        _width(metric.unit), bottom + 24, body, title=title, description=told, kind="intervals"
    )


def _width(unit: str) -> int:
    """Return the width of the picture: amounts of money are longer to write than points and days."""
    return _WIDTH if unit in ("points", "days") else _WIDTH + _MONEY


def _bare(one: Drawable, unit: str) -> str:
    low, high = (numbers.effect_bare(end, unit) for end in (one.low, one.high))
    return say("{value} ({low} to {high})", value=numbers.effect_bare(one.value, unit), low=low, high=high)


def _interval(one: Drawable, middle: float, axis: scale.Scale, unit: str) -> str:
    sure = one.low > 0 or one.high < 0
    return "".join(
        [
            svg.text(
                2, middle + 4, one.reading.label, room=_FROM - 14, weight=560 if one.reading.differs else 0
            ),
            svg.line(axis(one.low), middle, axis(one.high), middle, "accent", width=2, cap="round"),
            svg.circle(axis(one.value), middle, 4, "accent" if sure else "surface", stroke="accent"),
            svg.text(
                _width(unit) - 2,
                middle + 4,
                _bare(one, unit),
                size=12,
                fill="ink-2",
                anchor="end",
                room=_width(unit) - _TO - 12,
            ),
        ]
    )


def _strip(tested: int, passed: int, words: str) -> str:
    marks = []
    for number in range(tested):
        x, y = number % _A_LINE * _MARK, number // _A_LINE * _MARK
        fill = "bad-solid" if number < passed else "line"
        marks.append(svg.rect(x, y, _MARK - 3, _MARK - 3, fill, radius=2))
    height = ((tested - 1) // _A_LINE + 1) * _MARK
    width = min(tested, _A_LINE) * _MARK
    return svg.document(
        width, height, "".join(marks), title=say("Placebo test"), description=words, kind="placebo"
    )
