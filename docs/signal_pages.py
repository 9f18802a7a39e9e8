"""A page of the manual for each of the ten signals, from what each says of itself and from its specification.

What a page shows of the demo company takes a while to make, so it is kept in ``EXAMPLES``: ``python docs/signal_pages.py`` writes
that file, and ``tests/demo/test_signals.py`` fails when the demo company says something else.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
os.environ.setdefault("HINGEPOINT_DATA_DIR", tempfile.mkdtemp(prefix="hingepoint-docs-"))

django.setup()

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

import specs
from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.engine import facts
from hingepoint.analysis.signals.shape import Report, Signal, Told
from hingepoint.demo import as_files
from hingepoint.demo.company import Company, simulate
from hingepoint.reports.charts import control, tables
from hingepoint.web import signal_pictures, signal_words

EXAMPLES = specs.FOLDER / "signals_in_the_demo.md"
#: The last day of the demo company whose signals are shown.
ENDS_ON = dt.date(2026, 6, 26)
#: So many of the newest periods are shown.
SHOWN = 14
#: Tables of a specification -> how the manual calls them.
TABLES = {"deals": "Deals:", "events": "Events:", "routines": "Routines:", "counted": "What is counted:"}

_USUAL = """\
The first half of the series is taken as usual, in whole half years, at least twelve months and at most two years, or as long as you say: between these steps
limits stay where they are.
"""
_APART = (
    "Teams that lie apart from the others are watched, also without a change: outside 99.8% limits of a funnel of shares "
    "(untransformed, 10% winsorised, additive overdispersion)."
)
#: What is known of each that is counted -> its words.
_HELD = {
    "deal": "the size, segment, product and source of its deal",
    "hard": "how far the talks were",
    "routine": "which routine it is",
}
_KINDS = {
    "share": "Each month is scored by the chance of so many of so many, given what was expected of them.",
    "mean": "Each month is scored by how far its mean lies from what was expected, in its standard errors.",
}
_LIMITS = """\
A smoothed line follows the scores, and the limits drawn are those of that line. They are as wide as one false raise a quarter over all charts of all
ten signals together asks for; they know that the usual time is short and that months resemble their neighbours
([how calm is proved](../../explanation/how-calm-is-proved.md)). With fewer than twelve usual months limits are for trial, drawn and
never raised. A raise stands until three months were inside again. A line beyond two thirds of its way to the limit is watched.
"""


def index() -> str:
    """Return the page that names all ten."""
    intro = (
        "The ten early warnings about how a sales organisation conducts itself, in the order of the paper. The page of each says what it "
        "counts, what is usual, which traps it avoids, what to record where it has no data, and what it shows of the demo company; the tests "
        "run every table of cases there. How calm is proved says [an explanation](../explanation/how-calm-is-proved.md); columns and "
        "files are under [file formats](formats.md), what a program gets under [the JSON](signals-json.md).\n"
    )
    rows = [_row_of_index(signal) for signal in SIGNALS.values()]
    head = ["| | Signal | Reading | Worse |", "|---|---|---|---|"]
    return "\n".join(["# The ten signals\n", intro, *head, *rows])


def _row_of_index(signal: Signal) -> str:
    link = f"[{signal.name}](signals/{signal.key}.md)"
    return f"| {signal.number} | {link} | {signal.unit} | {signal.worse} |"


def page(spec: specs.Spec) -> str:
    """Return the page of one signal."""
    signal = SIGNALS[spec.name]
    definition, traps, cases = _parts(spec.source)
    parts = (
        f"# Signal {signal.number}: {signal.name}",
        definition,
        _on_one_look(signal),
        "## What is usual, and the limits",
        _usual(signal),
        "## Traps, and what is done about them",
        traps,
        "## When there is no data",
        _no_data(signal),
        "## In the demo company",
        _IN_THE_DEMO,
        examples()[signal.key],
        "## What is counted, exactly",
        cases,
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


_IN_THE_DEMO = "The demo company has a change planted for each signal. This is how it is told, with the newest months of its chart:"


def _parts(source: str) -> tuple[str, str, str]:
    """Return of a specification its definition, its traps, and its cases with tables called as the manual calls them."""
    definition, traps, cases = re.split(r"^## .+$", source, flags=re.MULTILINE)
    names = f"^({'|'.join(TABLES)})$"
    return definition, traps, re.sub(names, lambda found: TABLES[found[1]], cases, flags=re.MULTILINE)


def _on_one_look(signal: Signal) -> str:
    beside = [words for _, words in signal.drivers]
    said = {
        "Reading": signal.unit,
        "Worse": signal.worse,
        "Where": ", ".join(signal.levels),
        "Customers": signal_words.NO_ACCOUNT.get(signal.key, ""),
        "Told beside it": ", ".join(beside),
        "A calm chart says whether it would have shown": _stated(signal),
        "The question": signal.question.format(where="…"),
        "Key": f"`{signal.key}`",
    }
    return table(["What", "Says"], [[name, words] for name, words in said.items() if words])


def _stated(signal: Signal) -> str:
    moved = [signal_words.stated(signal, size) for size in signal.stated]
    return ", ".join(moved[:-1]) + f" or {moved[-1]}"


def _usual(signal: Signal) -> str:
    known = [_HELD[name] for name in (*(() if "routines" in signal.news else ("deal",)), *signal.facts)]
    alike = f"What is expected of each is fitted on the usual time alone, from {', and '.join(known)}."
    more = [
        "A new version of the rules ends the series and begins another." if signal.breaks else "",
        _APART if signal.apart else "",
        f"Fewer than {signal.least} answers are not told." if signal.least else "",
    ]
    said = (_USUAL.strip(), alike, _KINDS[signal.kind], *filter(None, more))
    return f"{' '.join(said)}\n\n{_LIMITS}"


def _no_data(signal: Signal) -> str:
    sources = [signal_words.SOURCES[name] for name in signal.news]
    who = "\n".join(f"- **{source.name}.** {source.who}" for source in sources)
    return (
        f"Without these the signal says *no data*, never *calm*. It needs: {signal.needs}\n\n{who}\n\nA source that was overdue by its own "
        "pace makes the chart hatched, with the day of its last news."
    )


# ---- the demo company ----


def examples() -> dict[str, str]:
    """Return by the key of each signal what is kept of the demo company."""
    parts = re.split(r"^## (\w+)\n", EXAMPLES.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


def examples_of(report: Report) -> str:
    """Return what is kept of a report, as the text of the file."""
    parts = [f"## {told.signal.key}\n\n{_example(told, report)}" for told in report.signals]
    return "\n\n".join(parts) + "\n"


def _example(told: Told, report: Report) -> str:
    times = signal_pictures.Times(report.period, report.as_of)
    course = signal_pictures.course(told, told.leading, times)
    assert course is not None
    drawn = control.table(course)
    parts = (
        signal_words.headline(told, report.period, {}),
        f"*{told.question}*",
        _drivers(told),
        _lacked(told),
        _of_chart(drawn),
    )
    return "\n\n".join(filter(None, parts))


def _drivers(told: Told) -> str:
    say = signal_words.driver_value
    rows = [[one.words, say(one, one.before), say(one, one.since)] for one in told.drivers]
    return table(["Behind it", "Before", "Since"], rows) if rows else ""


def _lacked(told: Told) -> str:
    say = signal_words
    rows = [
        [one.agreement, say.lacked(one.behind), say.lacked(one.kept), say.more_often(one)]
        for one in told.lacked
    ]
    if not rows:
        return ""
    told_of = table(["Missing or weak when it was quoted", "Ended lower", "Kept it", "More often by"], rows)
    return f"{told_of}\n\n{say.sure_of(told.lacked)}"


def _of_chart(drawn: tables.Table) -> str:
    rows = [[words or " " for words in row] for row in drawn.rows[:SHOWN]]
    return table([column.label for column in drawn.columns], rows)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (headings, *rows)]
    return "\n".join([lines[0], re.sub(r"[^|]+", "---", lines[0]), *lines[1:]])


def report_of(company: Company) -> Report:
    """Return the ten as the files of a demo company tell them on its last day."""
    told = (as_files.deals(company), as_files.events(company), as_files.routines(company))
    return engine.read(facts.from_log(*told, as_of=company.ends_on), rng=np.random.default_rng(1))


if __name__ == "__main__":
    EXAMPLES.write_text(examples_of(report_of(simulate(ends_on=ENDS_ON))), "utf-8")
    print(f"Wrote {EXAMPLES}")
