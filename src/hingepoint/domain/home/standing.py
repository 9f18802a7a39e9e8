"""Which kept answers still stand by what the trail told since, and whether some of them are what is counted now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hingepoint.domain.agreements import touched
from hingepoint.domain.home import answers
from hingepoint.domain.home.answers import Wanted
from hingepoint.domain.upkeep.models import KeptAnswer

#: So many kept answers are counted again in one look, others each day.
LOOKED_AT = 3


class Kept:
    """The kept answers by their place, and the last line of the trail of each kind since the oldest. Two SQL queries."""

    def __init__(self) -> None:
        self.rows = {(row.name, row.about): row for row in KeptAnswer.objects.all()}
        oldest = min((row.trail for row in self.rows.values()), default=None)
        self._last = {} if oldest is None else touched.last_lines(oldest)

    def stands(self, one: Wanted, today: dt.date) -> bool:
        """Return whether an answer is kept that was made on this day, that this version can open, and on whose facts nothing
        was told since."""
        row = self.rows.get(one.place)
        if row is None or timezone.localdate(row.made_at) != today or one.question.opened(row) is None:
            return False
        return all(line <= row.trail for told, line in self._last.items() if one.heeds(*told))


@dataclass(frozen=True, slots=True)
class Compared:
    """How many kept answers stand, how many of them were counted again, and the names of those that came out otherwise."""

    kept: int
    again: int
    wrong: tuple[str, ...]


def compared(*, today: dt.date) -> Compared:
    """Count some kept answers again that stand, others each day. Each reads what it counts: seconds in a large company."""
    kept = Kept()
    standing = [one for one in _asked(today) if kept.stands(one, today)]
    first = today.toordinal() * LOOKED_AT % len(standing) if standing else 0
    chosen = (standing + standing)[first : first + min(LOOKED_AT, len(standing))]
    wrong = [one.question.name for one in chosen if not _is_right(one, kept.rows[one.place], today)]
    return Compared(len(standing), len(chosen), tuple(wrong))


def _asked(today: dt.date, now: dt.datetime | None = None) -> list[Wanted]:
    return list(answers.wanted(today=today, now=now or timezone.now()))


def _is_right(one: Wanted, row: KeptAnswer, today: dt.date) -> bool:
    """Return whether an answer is what is counted as of the moment at which it was made; not looked at where something was
    told meanwhile."""
    end = touched.end_of_trail()
    [then] = [each for each in _asked(today, row.made_at) if each.place == one.place]
    return then.ask() == one.question.opened(row) or end != touched.end_of_trail()
