"""When an import is taken for stuck, and what is still asked about it: what pages and actions decide by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hingepoint.connectors import files

#: An import whose worker has said nothing for so long is taken for stopped and may be started again.
SILENT = dt.timedelta(minutes=10)
#: So many new rows an import writes into SQLite in a second, in which nobody else writes; shorter waits are not worth a word.
WRITTEN_A_SECOND, WORTH_A_WORD = 50_000, 4


def seconds_held(rows: int) -> int:
    """Return for how many seconds nobody else can save while an import writes so many rows into SQLite: all of them at once (decision
    0936). 0 where few would notice."""
    seconds = round(rows / WRITTEN_A_SECOND)
    return seconds if seconds >= WORTH_A_WORD else 0


def understanding_of(report: Mapping[str, Any]) -> files.Understanding:
    """Return what was understood of the files of an import, nothing before they were checked."""
    return files.from_record(report.get("understanding", {}))


def questions_of(report: Mapping[str, Any]) -> tuple[files.Question, ...]:
    """Return what is asked before anything of an import may be kept."""
    return understanding_of(report).questions


def answer_field(question: files.Question | files.QuestionTold) -> str:
    """Return the name of the field that takes the answer to a question."""
    return f"answer-{question.key}"
