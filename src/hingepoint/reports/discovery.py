"""The discovery report: one self-contained HTML file, and the tables and facts that go with it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hingepoint.analysis.discovery.record import Record
from hingepoint.records import conventions
from hingepoint.reports import charts, methods
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings import whole, words
from hingepoint.reports.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Input:
    """A file or table that a run was made from."""

    name: str
    sha256: str
    rows: int | None = None

    @property
    def in_words(self) -> str:
        return self.name if self.rows is None else f"{self.name}, {numbers.plural(self.rows, 'row')}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What an analyst decided on a finding; ``verdict`` is signed or rejected."""

    verdict: str
    note: str
    by: str
    on: dt.date

    @property
    def in_words(self) -> str:
        verdict = self.verdict.capitalize()
        return f"{verdict} by {self.by} on {conventions.day_in_full(self.on)}: {words.sentence(self.note)}"


def html(
    record: Record,
    *,
    title: str = "",
    inputs: tuple[Input, ...] = (),
    signatures: Mapping[str, Signature] | None = None,
) -> str:
    """Return the report of a run as one HTML file without any outside reference.

    ``title`` names the company or the data, ``signatures`` what an analyst decided, by key of the
    agreement type. The same record gives the same bytes.
    """
    shown = whole.read(record)
    return (
        _environment()
        .get_template("discovery.html")
        .render(
            shown=shown,
            title=title,
            inputs=inputs,
            groups=words.GROUPS,
            charts_css=Markup(charts.stylesheet()),  # noqa: S704  (our own file)
            pictures=Pictures(shown),
            methods=methods.sections(shown),
            signatures=signatures or {},
            version=record.version,
        )
    )


def run_facts(record: Record, *, inputs: tuple[Input, ...], code_version: str) -> dict[str, Any]:
    """Return run.json: what somebody else needs to get the same result, and the result."""
    return {
        "schema": 1,
        "version": record.version,
        "code": code_version,
        "inputs": [{"name": one.name, "sha256": one.sha256, "rows": one.rows} for one in inputs],
        "settings": dict(record.settings),
        "landmarks": list(record.data.landmarks),
        "horizon": record.data.horizon,
        "record": record.stored(),
    }


def write(
    folder: Path,
    record: Record,
    *,
    title: str = "",
    inputs: tuple[Input, ...] = (),
    code_version: str,
) -> list[Path]:
    """Write report.html, findings.csv, findings.parquet and run.json into ``folder``; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("report.html", "findings.csv", "findings.parquet", "run.json")]
    report, table, parquet, facts = paths
    report.write_text(html(record, title=title, inputs=inputs), encoding="utf-8")
    table.write_text(record.csv(), encoding="utf-8")
    record.table().write_parquet(parquet)
    stored = run_facts(record, inputs=inputs, code_version=code_version)
    facts.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return paths


def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("hingepoint.reports", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.filters.update(number=numbers.number, plural=numbers.plural, share=numbers.share)
    return env
