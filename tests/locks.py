"""A meter of locks: what each transaction wrote, told in rows and not in seconds, so that a busy machine does not matter.

It runs in every test of the domain, the jobs and the sync (``tests/conftest.py``): no transaction of an action writes more than
``MOST_ROWS``, unless the test says why (``@pytest.mark.holds``); the trail comes last; and where the trail tells only of what no
kept answer reads (``touched.APART``), or of what is known to write few tables (``writes.WRITES``), nothing else was written that one reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from hingepoint.domain.agreements.touched import APART
from hingepoint.domain.upkeep.writes import WRITES

_WRITES = ("INSERT", "UPDATE", "DELETE")
_TABLE = re.compile(r'(?:INTO|UPDATE|FROM)\s+"?(\w+)')
#: A transaction of an action writes so many rows at most: some 50 ms of SQLite's time.
MOST_ROWS = 1_500
#: The tables that kept answers read, of the company's record; the trail itself aside (``test_kept_answers``).
READ_BY_KEPT_ANSWERS = frozenset(
    f"domain_{table}"
    for table in (
        *(
            "account",
            "agreement",
            "agreementevent",
            "agreementtype",
            "coachingsession",
            "contact",
            "deal",
            "dealevent",
        ),
        *(
            "debrief",
            "detection",
            "detectionrule",
            "finding",
            "importbatch",
            "involvement",
            "landedchange",
            "membership",
        ),
        *(
            "pivotalagreement",
            "plan",
            "playbook",
            "resultmetric",
            "routine",
            "routinedue",
            "run",
            "strategy",
            "team",
        ),
        "user",
    )
)


@dataclass
class Transaction:
    """What one transaction did: rows written, how long the texts are that it wrote, its writing statements by their words,
    in order, the tables it wrote, and what it told the trail: subjects with actions."""

    rows: int = 0
    characters: int = 0
    wrote: list[str] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)
    of_an_action: bool = False

    def note(self, sql: str, params: Any, rows: int) -> None:
        table = _TABLE.search(sql)
        self.rows += max(rows, 0)
        self.characters += sum(len(one) for one in params or () if isinstance(one, str))
        self.wrote.append(sql)
        self.tables |= {table[1]} if table else set()
        if 'INTO "domain_auditevent"' in sql:
            columns = re.findall(r'"(\w+)"', sql)[1:]
            lines = params if params and isinstance(params[0], tuple) else [params]
            subject, action = columns.index("subject"), columns.index("action")
            self.told |= {(line[subject], line[action]) for line in lines}

    @property
    def trail_last(self) -> bool:
        """Whether nothing but the trail was written once its head was taken."""
        told = [any(name in sql for name in ("domain_audithead", "domain_auditevent")) for sql in self.wrote]
        return told == sorted(told)

    @property
    def unheard(self) -> set[str]:
        """The tables that kept answers read and that were written, where what the trail tells of says that they were not."""
        wrote = [
            frozenset() if subject in APART else WRITES.get((subject, action))
            for subject, action in self.told
        ]
        if not wrote or None in wrote:
            return set()
        said = {f"domain_{table}" for tables in wrote for table in tables or ()}
        return self.tables & READ_BY_KEPT_ANSWERS - said


@dataclass
class Meter:
    """The transactions that wrote anything, in order. In a test, which is a transaction itself, they are the
    outermost savepoints."""

    transactions: list[Transaction] = field(default_factory=list)
    _depth: int = 0
    _now: Transaction = field(default_factory=Transaction)

    def wrong(self, most: int) -> list[str]:
        """Return what no transaction of an action may do, and one did; ``most``: the rows that one may write."""
        actions = [one for one in self.transactions if one.of_an_action]
        found = [f"{one.rows} rows, first {one.wrote[0][:200]}" for one in actions if one.rows > most]
        if most == MOST_ROWS:  # what holds the database for long takes the head of the trail when it needs it
            found += [f"the trail before {one.wrote[-1][:200]}" for one in actions if not one.trail_last]
        return found + [f"{one.told}, and {one.unheard}" for one in actions if one.unheard]

    @property
    def most_rows(self) -> int:
        return max((one.rows for one in self.transactions), default=0)

    def __call__(self, execute, sql, params, many, context):
        word = str(sql).lstrip().split(None, 1)[0].upper()
        done = execute(sql, params, many, context)
        if word == "SAVEPOINT":
            self._depth += 1
            self._now.of_an_action = True
        elif word == "RELEASE":
            self._depth -= 1
        elif word == "ROLLBACK" and self._depth <= 1:
            self._now = Transaction()
        elif word in _WRITES:
            self._now.note(sql, params, context["cursor"].rowcount)
        if not self._depth and self._now.wrote:
            self.transactions.append(self._now)
            self._now = Transaction()
        return done


@contextmanager
def measured() -> Iterator[Meter]:
    """Return the meter of all that is written inside."""
    meter = Meter()
    with connection.execute_wrapper(meter):
        yield meter
