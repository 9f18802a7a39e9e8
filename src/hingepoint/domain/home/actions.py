"""The answers that pages of a large company read are made anew here, in the background, and what pages told of a day is kept.

Nothing here leaves an audit entry: no fact of the company changes.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.agreements import touched
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import answers
from hingepoint.domain.home.answers import Wanted
from hingepoint.domain.home.queries import then
from hingepoint.domain.home.standing import Kept
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep.kept import asked_anew
from hingepoint.domain.upkeep.models import KeptAnswer, KeptDay
from hingepoint.domain.upkeep.rules import EVERY_DAY_FOR

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


def keep_day(*, at: dt.datetime, as_of: dt.date | None = None) -> int:
    """Keep what the page of each strategy in force and the first page of its sponsor tell of ``as_of`` (yesterday, where it is not
    said); return how many answers were kept.

    What is kept of a day is never made anew: a day reads the same ever after. A day that was missed stays missing, for what was
    recorded since cannot be told from what was known then. Killed, it has kept what it asked. The memory it needs is that
    of one answer. After two months the last day of each month stays that was kept, as of the signals.
    """
    day = as_of or timezone.localdate(at) - dt.timedelta(days=1)
    known = set(KeptDay.objects.filter(day=day).values_list("name", "about"))
    kept = 0
    with asked_anew():
        for page in then.pages(today=day, now=at):
            if (page.question.name, page.about) not in known:
                _keep(page, day, at=at)
                kept += 1
    upkeep.thin_out_days(before=day - EVERY_DAY_FOR)
    return kept


def _keep(page: then.Page, day: dt.date, *, at: dt.datetime) -> None:
    told = page.question.plain(page.ask())
    upkeep.keep_days([KeptDay(name=page.question.name, about=page.about, day=day, told=told, made_at=at)])


def _is_large() -> bool:
    return Deal.objects.order_by("pk")[LARGE - 1 : LARGE].exists()


def _make(wanted: list[Wanted], *, at: dt.datetime) -> int:
    """Ask, and keep each answer before the next is asked; return how many."""
    trail = touched.end_of_trail()
    for one in wanted:
        told = one.question.plain(one.ask())
        upkeep.keep_answer(name=one.question.name, about=one.about, told=told, trail=trail, at=at)
    return len(wanted)
