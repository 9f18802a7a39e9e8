"""The ten jobs of the product as their people do them, with what each may cost: clicks, fields to type into.

``Counted`` is a page that counts them. A click is a press on a link, a button, a choice or a list's option; a field is
something typed into. Where a job begins is said with it, since the way there is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "docs" / "explanation" / "two-minutes.md"
HEAD = "| Job | Who | From | Clicks | at most | Fields | at most | Characters |\n|---|---|---|---|---|---|---|---|\n"
BEGIN, END = "## The ten jobs\n\n", "\nThe table is written by"


@dataclass(frozen=True)
class Job:
    """One job: who does it, from which page, and the most clicks and fields that it may take."""

    name: str
    who: str
    begins: str
    clicks: int
    fields: int


JOBS = {
    "prepare": Job("Prepare a talk", "seller", "home", 2, 1),
    "debrief": Job("Debrief a talk", "seller", "home", 3, 2),
    "gain": Job("Gain an agreement, with their words behind it", "seller", "home", 5, 2),
    "demand": Job("Log a demand and its reason", "seller", "the deal", 4, 3),
    "exception": Job("Ask for an exception", "seller", "the deal", 4, 4),
    "partner": Job("Answer a request", "inside partner", "home", 1, 0),
    "review": Job("Approve a plan before its talk", "manager", "home", 1, 0),
    "decide": Job("Ask for something back for an exception", "manager", "home", 3, 1),
    "execution": Job("See on which deals a pivotal agreement is missing", "sponsor", "home", 1, 0),
    "sign": Job("Sign a finding", "analyst", "the run", 2, 1),
}


@dataclass
class Counted:
    """A page of a browser that counts what somebody does on it."""

    page: Any
    clicks: int = 0
    fields: int = 0
    characters: int = 0

    def click(self, found: Any) -> None:
        self.clicks += 1
        found.click()

    def choose(self, found: Any, option: str) -> None:
        """Choose from a list: one click for the list and its option."""
        self.clicks += 1
        found.select_option(option)

    def write(self, found: Any, text: str) -> None:
        self.fields += 1
        self.characters += len(text)
        found.fill(text)


def line(job: Job, counted: Counted) -> str:
    """Return a job's row of the table."""
    told = (
        job.name,
        job.who,
        job.begins,
        counted.clicks,
        job.clicks,
        counted.fields,
        job.fields,
        counted.characters,
    )
    return f"| {' | '.join(map(str, told))} |\n"


def written(lines: list[str]) -> str:
    """Return the page of the manual with ``lines`` as its table."""
    text = TABLE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + HEAD + "".join(lines) + END + rest.split(END)[1]


def rows() -> list[list[str]]:
    """Return the rows of the table in the manual, cell by cell."""
    table = TABLE.read_text("utf-8").split(BEGIN)[1].split(END)[0]
    return [one.strip("| ").split(" | ") for one in table.splitlines()[2:]]
