"""What a page may cost: SQL statements, what the database steps over for them, and the size of its HTML. The one table of limits.

``watched`` notes what a request asks of the database; ``Asked`` says where it went beyond. A page that is allowed more stands
here with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

#: SQL statements a page, with those that find the session and its person.
STATEMENTS = 12
#: A page in bytes, before it is compressed.
LARGEST = 100_000
#: One statement is asked so often at most, whatever its parameters: oftener, and it is asked a row.
SAME = 3

#: The steps of SQLite's machine are counted by so many.
BY = 20
#: In a company of four times as many deals a page may take so many times the steps, and so many beside them; one that reads
#: more by its nature, no more than the deals are. Each statement about a leader's deals may pass the index of all open ones, which is
#: five times a home in this company: that is what stands beside.
GROWS, AS_DEALS, BESIDE = 1.25, 4.5, 2_000

#: route -> how many statements it may have, and why.
MORE_STATEMENTS: dict[str, tuple[int, str]] = {
    "definitions-file": (
        15,
        "every definition, and three by which it is on record that a file was taken away",
    ),
    "put-in-force": (
        18,
        "the preview asks one batch of open deals as publishing would; done a few times a year",
    ),
    "publish-playbook": (20, "the same preview, beside what changes; done a few times a year"),
    "trial": (15, "what was drawn, what came of it, and each look at it"),
    "deal-work": (15, "what a manager keeps for one conversation, from each place where it stands"),
    "discovery": (13, "the run, the months since, and whether what was found still holds"),
    "words": (19, "each kind of suggestion for the words of a page is asked once"),
    **{
        f"pack-{kind}": (
            44,
            "a file: the review, results and agreements over the years, the debt and the signals, each as their page reads it",
        )
        for kind in ("pdf", "slides")
    },
}
#: route -> how large it may be, and why.
LARGER: dict[str, tuple[int, str]] = {
    "components": (200_000, "every component once, for whoever builds pages"),
}
#: route -> how many requests and statements a view of it may take, with all that it fetches at once.
VIEWS: dict[str, tuple[int, int]] = {"home": (3, 30), "deal": (2, 24)}
#: route -> which large table it may read from one end to the other, and why.
READS_ALL: dict[str, tuple[str, str]] = {}
#: route, or route and role -> why it may read more of the database where its reader sees more deals.
READS_MORE: dict[str, str] = {
    **dict.fromkeys(("deals", "matrix", "export"), "all that the list finds is counted, sorted or written"),
    **dict.fromkeys(("debt", "debts-file"), "every debt is weighed, to tell the largest"),
    **dict.fromkeys(
        ("to-confirm", "rules", "rule", "edit-rule"), "how often a rule was right, of all it found"
    ),
    **dict.fromkeys(("pressures", "pressure", "pressure-deals"), "what is tagged now is counted"),
    **dict.fromkeys(("questions", "question", "home, analyst"), "open deals of each seller are counted"),
    **dict.fromkeys(("put-in-force", "publish-playbook"), "a batch is 100 open deals, and here are 75"),
    **dict.fromkeys(("trial", "plan-evidence"), "the newest 900 deals are read, and here are fewer"),
    **dict.fromkeys(
        ("new-own-metric", "edit-own-metric"), "the newest 500 deals are read, and here are fewer"
    ),
    "talks": "plans are looked up on each open deal",
    "hindsights": "what ended lately and waits for a view is looked for",
    "account": "lines of the trail about oneself: of a short trail all are looked at",
    "sort-out": "what waits is counted by seller",
    "merge-people": "what two people have is counted; one of them is whose deals came",
}

#: Tables that grow with every day, so that no page may read all of one.
GROWING = {"domain_agreement", "domain_agreementevent", "domain_dealevent", "domain_auditevent"}
_NAMED = re.compile(r'"(domain_\w+)" (?:AS )?"?([A-Z]\d+)\b')
_SCANNED = re.compile(r"^SCAN (\w+)\b(?! .*INDEX)")


def statements(route: str) -> int:
    """Return how many statements a page may have."""
    return MORE_STATEMENTS.get(route, (STATEMENTS, ""))[0]


def largest(route: str) -> int:
    """Return how many bytes a page may have."""
    return LARGER.get(route, (LARGEST, ""))[0]


@dataclass
class Asked:
    """The statements of a request with their parameters, in their order, and the ``steps`` that SQLite's machine took for
    them, on a busy machine as on an idle one; none on PostgreSQL."""

    found: list[tuple[str, tuple]] = field(default_factory=list)
    steps: int = 0

    def __len__(self) -> int:
        return len(self.found)

    def a_row(self) -> dict[str, int]:
        """Return the statements asked more than ``SAME`` times, with how often."""
        return {sql: n for sql, n in Counter(sql for sql, _ in self.found).items() if n > SAME}

    def read_whole(self) -> set[str]:
        """Return the growing tables that are read without an index; SQLite only."""
        return {table for sql, parameters in self.found for table in _read_whole(sql, parameters)}

    def told(self) -> str:
        """Return the statements as somebody reads them who looks for one too many."""
        return "\n".join(f"{number}. {sql[:300]}" for number, (sql, _) in enumerate(self.found, 1))


@contextmanager
def watched() -> Iterator[Asked]:
    """Note every statement asked within, but those that open and end a transaction."""
    asked = Asked()

    def note(execute, sql, parameters, many, context):
        if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            asked.found.append((sql, tuple(parameters or ())))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note), _steps_counted(asked):
        yield asked


@contextmanager
def _steps_counted(asked: Asked) -> Iterator[None]:
    def lives() -> int:
        asked.steps += BY
        return 0  # go on

    connection.ensure_connection()
    raw: Any = connection.connection
    counts = connection.vendor == "sqlite"
    if counts:
        raw.set_progress_handler(lives, BY)
    yield
    if counts:
        raw.set_progress_handler(None, 0)


def may_take(route: str, who: str, steps: int) -> float:
    """Return how many steps a page may take in a company of four times as many deals, that takes ``steps`` in this one."""
    more = route in READS_MORE or f"{route}, {who}" in READS_MORE
    return (AS_DEALS if more else GROWS) * steps + BESIDE


def _read_whole(sql: str, parameters: tuple) -> set[str]:
    if connection.vendor != "sqlite" or not sql.startswith(("SELECT", "WITH")):
        return set()
    if sql not in _explained:
        _explained[sql] = _scanned(sql, parameters)
    return _explained[sql]


#: Statement -> the growing tables that it reads without an index: most statements of a page are those of the page before.
_explained: dict[str, set[str]] = {}


def _scanned(sql: str, parameters: tuple) -> set[str]:
    meant = {alias: table for table, alias in _NAMED.findall(sql)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        steps = [_SCANNED.match(row[3]) for row in cursor.fetchall()]
    read = {meant.get(step[1], step[1]) for step in steps if step}
    return read & GROWING
