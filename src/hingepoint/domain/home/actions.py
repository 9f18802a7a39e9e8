"""The answers that pages of a large company read are made anew here, in the background.

Nothing here leaves an audit entry: no fact of the company changes.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.agreements.touched import end_of_trail
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import answers
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep.models import KeptAnswer

#: From so many deals on pages read kept answers; below, they count at once.
LARGE = 5_000


def renew_answers(*, at: dt.datetime) -> int:
    """Make the kept answers anew where anything happened, or a day began, since they were made; return how many.
    Keeps none in a small company. Running it twice changes nothing."""
    if not Deal.objects.order_by("pk")[LARGE - 1 : LARGE].exists():
        upkeep.forget_answers()
        return 0
    trail, today = end_of_trail(), timezone.localdate(at)
    kept = {(row.name, row.about): row for row in KeptAnswer.objects.defer("told")}
    wanted = list(answers.wanted(today=today, now=at))
    old = [one for one in wanted if not _is_new(kept.get((one.question.name, one.about)), trail, today)]
    for one in old:
        told = one.question.plain(one.ask())
        upkeep.keep_answer(name=one.question.name, about=one.about, told=told, trail=trail, at=at)
    upkeep.forget_answers(but={(one.question.name, one.about) for one in wanted})
    return len(old)


def _is_new(row: KeptAnswer | None, trail: int, today: dt.date) -> bool:
    return row is not None and row.trail == trail and timezone.localdate(row.made_at) == today
