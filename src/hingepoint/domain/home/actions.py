"""The answers that pages of a large company read are made anew here, in the background.

Nothing here leaves an audit entry: no fact of the company changes.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.agreements import touched
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import answers
from hingepoint.domain.home.answers import Wanted
from hingepoint.domain.home.standing import Kept
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep.models import KeptAnswer

#: From so many deals on pages read kept answers; below, they count at once, in less than a tenth of a second each.
LARGE = 1_000


def renew_answers(*, at: dt.datetime) -> int:
    """Make the kept answers anew of whose facts the trail told since they were made, or before this day began, and those that
    this version cannot open; return how many. Keeps none in a small company. Running it twice changes nothing; killed, it has
    kept what it made."""
    if not _is_large():
        upkeep.forget_answers()
        return 0
    kept, today = Kept(), timezone.localdate(at)
    wanted = list(answers.wanted(today=today, now=at))
    upkeep.forget_answers(but={one.place for one in wanted})
    return _make([one for one in wanted if not kept.stands(one, today)], at=at)


def make_missing_answers(*, at: dt.datetime) -> int:
    """Make the answers that no page finds yet, as after a first import, an upgrade, or with another target; return how many.
    Nothing is made anew here."""
    if not _is_large():
        return 0
    kept = set(KeptAnswer.objects.values_list("name", "about"))
    wanted = answers.wanted(today=timezone.localdate(at), now=at)
    return _make([one for one in wanted if one.place not in kept], at=at)


def _is_large() -> bool:
    return Deal.objects.order_by("pk")[LARGE - 1 : LARGE].exists()


def _make(wanted: list[Wanted], *, at: dt.datetime) -> int:
    """Ask, and keep each answer before the next is asked; return how many."""
    trail = touched.end_of_trail()
    for one in wanted:
        told = one.question.plain(one.ask())
        upkeep.keep_answer(name=one.question.name, about=one.about, told=told, trail=trail, at=at)
    return len(wanted)
