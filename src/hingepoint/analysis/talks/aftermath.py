"""What moved on a deal in the days after somebody was there. What follows is not therefore an effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

#: How long after a talk a move is looked for.
DAYS = 14


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that moved: ``kind`` is price, terms, stage, close or agreement; ``value`` money for a price,
    in ``currency``."""

    at: dt.datetime
    kind: str
    name: str = ""
    value: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What moved within ``DAYS`` after a talk. ``over``: these days have passed."""

    moves: tuple[Move, ...]
    over: bool

    @property
    def price_moved(self) -> bool:
        return any(move.kind == "price" for move in self.moves)

    @property
    def words(self) -> str:
        """Return what moved as one sentence."""
        said = [words for words in (self._price(), *self._others()) if words]
        when = f"Within {DAYS} days" if self.over else "So far"
        return f"{when}: {'; '.join(said) or 'nothing moved on record'}."

    def _price(self) -> str:
        moves = [move for move in self.moves if move.kind == "price"]
        if not moves:
            return ""
        total, currencies = sum(move.value or 0.0 for move in moves), {move.currency for move in moves}
        by = f" by {total:,.0f} {currencies.pop()}".rstrip() if total and len(currencies) == 1 else ""
        return f"the price moved{by} in {_counted(len(moves), 'step')}"

    def _others(self) -> list[str]:
        def named(kind: str) -> list[Move]:
            return [move for move in self.moves if move.kind == kind]

        terms, gained, stages = named("terms"), named("agreement"), named("stage")
        return [
            f"{_counted(len(terms), 'other concession')} given" if terms else "",
            f"{_counted(len(gained), 'agreement')} gained ({', '.join(m.name for m in gained[:2])})" if gained else "",
            f"the deal moved to {stages[-1].name}" if stages else "",
            "the expected close moved" if named("close") else "",
        ]  # fmt: skip


def _counted(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def after(talk_at: dt.datetime, moves: Sequence[Move], *, now: dt.datetime) -> Aftermath:
    """Return what moved in the days after a talk, in the order of time."""
    until = talk_at + dt.timedelta(days=DAYS)
    found = sorted((move for move in moves if talk_at < move.at <= until), key=lambda move: move.at)
    return Aftermath(tuple(found), over=now >= until)
