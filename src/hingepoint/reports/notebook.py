"""A result of discovery in a notebook: the answer and its pictures, as cells show them.

from hingepoint.reports import notebook
shown = notebook.show(found)
shown
shown.timing("cust.nda").save("nda.svg")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
from markupsafe import Markup

from hingepoint.analysis import discovery as engine
from hingepoint.analysis.discovery import record
from hingepoint.reports import discovery
from hingepoint.reports.findings import shapes, whole
from hingepoint.reports.pictures import Picture, Pictures

#: Notebooks may be dark; the charts' own colours are for paper.
_PAPER = Markup('<div style="background:#fff;color:#1c1f22;padding:8px;max-width:60rem">{}</div>')
_ANSWER = Markup("<p><b>{}</b></p>")
_MEMBER = Markup("<li><b>{}</b>: {} ({})<br>Gained on {} of deals. {}.</li>")


class NothingToDraw(ValueError):
    """There are no numbers for this picture; the message says why."""


@dataclass(frozen=True)
class Drawing:
    """A picture with its numbers. A notebook draws it when a cell ends with it."""

    picture: Picture

    @property
    def svg(self) -> str:
        return str(self.picture.svg)

    @property
    def table(self) -> pl.DataFrame:
        """The numbers of the picture, as texts ready to show."""
        columns = [column.label for column in self.picture.table.columns]
        return pl.DataFrame(list(self.picture.table.rows), schema=columns, orient="row")

    def save(self, path: str | Path) -> Path:
        """Write the picture as an SVG file; return its path."""
        path = Path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return str(_PAPER.format(self.picture.svg))


@dataclass(frozen=True)
class Notebook:
    """A whole result as a notebook shows it. ``currency`` is that of the amounts, such as EUR.

    Pictures raise NothingToDraw where there are no numbers for them, and KeyError for an agreement type
    that the run does not have.
    """

    found: engine.Discovery
    currency: str = ""

    @cached_property
    def record(self) -> record.Record:
        """Everything there is to show."""
        return record.of(self.found, currency=self.currency)

    @cached_property
    def shown(self) -> shapes.Shown:
        """The result in words, as reports and pages read it."""
        return whole.read(self.record)

    @cached_property
    def _pictures(self) -> Pictures:
        return Pictures(self.shown)

    @property
    def forest(self) -> Drawing:
        """The effects there is some evidence for, with their intervals."""
        return _drawing(
            self._pictures.forest, "There is some evidence for no agreement, so no effect to draw."
        )

    @property
    def unproven(self) -> Drawing:
        """The effects there is not enough evidence for."""
        return _drawing(
            self._pictures.unproven, "There is enough evidence on every agreement that was judged."
        )

    def timing(self, agreement: str) -> Drawing:
        """The effect of gaining it in the window that ends at each landmark."""
        return self._of(agreement, self._pictures.timing)

    def lags(self, agreement: str) -> Drawing:
        """The effect when the result is counted later: a lever keeps it, a forerunner of the decision loses it."""
        return self._of(agreement, self._pictures.lags)

    def segments(self, agreement: str) -> Drawing:
        """The effect in each segment."""
        return self._of(agreement, self._pictures.segments)

    def _of(self, agreement: str, draw: Callable[[shapes.Finding], Picture | None]) -> Drawing:
        finding = self.shown.one(agreement)
        return _drawing(
            draw(finding), f"“{finding.name}” has no numbers for this picture. {finding.sentence}"
        )

    def save(self, path: str | Path, *, title: str = "") -> Path:
        """Write the whole report as one HTML file that can be passed on; return its path."""
        path = Path(path)
        path.write_text(discovery.html(self.record, title=title), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        lines = [_ANSWER.format(line) for line in self.shown.headline]
        lines.append(Markup("<p>{}</p>").format(self.shown.set_words))
        members = [_member(finding) for finding in self.shown.chosen]
        lines.append(Markup("<ol>{}</ol>").format(Markup("").join(members)) if members else Markup(""))
        forest = self._pictures.forest
        lines.append(forest.svg if forest else Markup(""))
        lines += [Markup("<p><small>{}</small></p>").format(warning) for warning in self.shown.warnings]
        return str(_PAPER.format(Markup("").join(lines)))


def show(found: engine.Discovery, *, currency: str = "") -> Notebook:
    """Return a result ready to be shown in a notebook."""
    return Notebook(found, currency)


def _drawing(picture: Picture | None, otherwise: str) -> Drawing:
    if picture is None:
        raise NothingToDraw(otherwise)
    return Drawing(picture)


def _member(finding: shapes.Finding) -> Markup:
    return _MEMBER.format(
        finding.name, finding.effect_text, finding.interval_text, finding.coverage_text, finding.grade_words
    )
