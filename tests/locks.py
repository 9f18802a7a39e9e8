"""A meter of locks: what each transaction wrote, told in rows and not in seconds, so that a busy machine does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Transaction:
    """What one transaction did: rows written, how long the texts are that it wrote, and its writing statements by their words,
    in order."""

    rows: int = 0
    characters: int = 0
    wrote: list[str] = field(default_factory=list)

    @property
    def trail_last(self) -> bool:
        """Whether nothing but the trail was written once its head was taken."""
        told = [any(name in sql for name in ("domain_audithead", "domain_auditevent")) for sql in self.wrote]
        return told == sorted(told)


@dataclass
class Meter:
    """The transactions that wrote anything, in order. In a test, which is a transaction itself, they are the
    outermost savepoints."""

    transactions: list[Transaction] = field(default_factory=list)
    _depth: int = 0
    _now: Transaction = field(default_factory=Transaction)

    @property
    def most_rows(self) -> int:
        return max((one.rows for one in self.transactions), default=0)

    def __call__(self, execute, sql, params, many, context):
        word = sql.lstrip().split(None, 1)[0].upper()
        done = execute(sql, params, many, context)
        if word == "SAVEPOINT":
            self._depth += 1
        elif word == "RELEASE":
            self._depth -= 1
        elif word in _WRITES:
            self._now.rows += max(context["cursor"].rowcount, 0)
            self._now.characters += sum(len(one) for one in params or () if isinstance(one, str))
            self._now.wrote.append(sql)
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
