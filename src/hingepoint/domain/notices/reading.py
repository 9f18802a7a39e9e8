"""Tables -> what waits for a person today, and what stands in their calendar.

Every line comes from the answer that the person's own pages show, so that a mail tells nothing that the pages do not.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.utils import timezone

from hingepoint.analysis.signals import SIGNALS
from hingepoint.domain.days import after, midnight
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.detection.queries import to_confirm
from hingepoint.domain.escalations.queries import waiting
from hingepoint.domain.home.queries.seller import seller_day
from hingepoint.domain.home.queries.worklist import with_deals, worklist
from hingepoint.domain.notices import vain
from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.queries import reviews as plan_reviews
from hingepoint.domain.plans.queries import talks
from hingepoint.domain.premortems.queries import asked as premortems
from hingepoint.domain.reviews.models import Review, ReviewNote
from hingepoint.domain.reviews.queries import commitments
from hingepoint.domain.reviews.queries.people import room_of
from hingepoint.domain.reviews.queries.reviews import asked_before
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.routines.queries.mine import due_of_me
from hingepoint.domain.signals import queries as signals
from hingepoint.domain.webhooks import queries as webhooks
from hingepoint.records import conventions
from hingepoint.records.deals import DealStatus
from hingepoint.records.languages import say, say_many, words_of
from hingepoint.records.notices import Entry, EntryKind, Line, NoticeKind
from hingepoint.records.people import Role
from hingepoint.records.reviews import ReviewKind

#: A calendar reaches from so many days ago to so many ahead.
BEHIND, AHEAD = dt.timedelta(days=30), dt.timedelta(days=180)
#: Whose answers a leader is asked for.
LEADERS = (Role.MANAGER, Role.SPONSOR)


_DUE = words_of({True: "{what}: was due {day}.", False: "{what}: due {day}."})
_TALKS = words_of(
    {
        "debrief": "Debrief the talk about {what} on {deal}.",
        "prepare": "Prepare the talk about {what} on {deal}.",
    }
)

# ---- the mail of a day ----


def lines(user: User, *, today: dt.date) -> list[Line]:
    """Return what waits for ``user`` today, kind by kind. About twenty SQL queries."""
    return [line for of_kind in _KINDS for line in of_kind(user, today)]


def _to_decide(user: User, today: dt.date) -> Iterator[Line]:
    for asked in waiting.waiting_for(user):
        words = say(
            "{who} asks on {deal}: {what}.", who=asked.asked_by, deal=asked.deal_title, what=asked.title
        )
        yield Line(NoticeKind.DECIDE, f"exception-{asked.id}", words, "exception", (asked.id,))
    for plan in plan_reviews.to_review(user, today=today):
        if plan.soon:
            words = say(
                "{who} plans to talk about {what} on {deal}: review the plan.",
                who=plan.written_by,
                what=_about(plan.agreement),
                deal=plan.deal_title,
            )
            yield Line(NoticeKind.DECIDE, f"plan-{plan.id}", words, *_plan_page(plan.deal_id, plan.type_id))
    if user.role in LEADERS and (found := to_confirm.waiting_count(user)):
        week = "-".join(map(str, today.isocalendar()[:2]))
        words = say_many(
            "Found by rules, to be confirmed or refused: {n} agreement.",
            "Found by rules, to be confirmed or refused: {n} agreements.",
            found,
            n=conventions.number(found),
        )
        yield Line(NoticeKind.DECIDE, f"found-{week}", words, "to-confirm")


def _signals(user: User, today: dt.date) -> Iterator[Line]:
    if not answers_signals(user):
        return
    left_out = vain.left_out(user)
    for tile in signals.overview(user).tiles:
        for one in tile.raises:
            if one.ended_on is None and not one.in_hand and one.signal not in left_out:
                words = say(
                    "{signal}, {where}, since {day}. Does it lead to a decision?",
                    signal=SIGNALS[one.signal].name,
                    where=one.where,
                    day=_day(one.since),
                )
                yield Line(NoticeKind.SIGNALS, f"raise-{one.id}", words, "signal", (one.signal,))


def answers_signals(user: User) -> bool:
    """Return whether signals are asked of somebody."""
    return user.role in LEADERS or user.sees_everything


def concerns(kind: NoticeKind, user: User) -> bool:
    """Return whether lines of a kind can come to somebody at all."""
    if kind == NoticeKind.WEBHOOKS:
        return webhooks.may_keep(user)
    if kind == NoticeKind.PREMORTEMS:
        return user.role in premortems.ASKED
    return kind != NoticeKind.SIGNALS or answers_signals(user)


def _commitments(user: User, today: dt.date) -> Iterator[Line]:
    for one in commitments.open_ones(user):
        if one.owner_id == user.pk and one.due_on <= today:
            words = say(
                "{words} ({where}, due {day})",
                words=one.words,
                where=one.deal or say("for the team"),
                day=_day(one.due_on),
            )
            yield Line(NoticeKind.COMMITMENTS, f"commitment-{one.id}", words, "review", (one.review_id,))


def _gaps(user: User, today: dt.date) -> Iterator[Line]:
    for asked in asked_before(user, today=today):
        words = say_many(
            "{deal} is reviewed on {day}: {n} fact missing.",
            "{deal} is reviewed on {day}: {n} facts missing.",
            len(asked.gaps),
            deal=asked.deal,
            day=_day(asked.on),
            n=conventions.number(len(asked.gaps)),
        )
        yield Line(
            NoticeKind.GAPS, f"gaps-{asked.review_id}-{asked.deal_id}", words, "review", (asked.review_id,)
        )


def _premortems(user: User, today: dt.date) -> Iterator[Line]:
    for one in premortems.asked_of(user, today=today):
        words = say(
            "{deal}: suppose it was lost. Say what went wrong, by {day}.", deal=one.deal, day=_day(one.until)
        )
        key = f"premortem-{one.deal_id}-{one.until}"
        yield Line(NoticeKind.PREMORTEMS, key, words, "premortem", (one.deal_id,))


def _talks(user: User, today: dt.date) -> Iterator[Line]:
    if user.role != Role.SELLER:
        return
    waits = talks.waiting(user, today=today)
    for done, asked in (("debrief", waits.debrief), ("prepare", waits.prepare)):
        for talk in asked:
            words = say(_TALKS[done], what=_about(talk.agreement), deal=talk.deal_title)
            key = f"{done}-{talk.deal_id}-{talk.type_id}"
            page = "debrief" if done == "debrief" else "prepare-talk"
            yield Line(NoticeKind.TALKS, key, words, page, (talk.deal_id, talk.type_id))


def _agreements(user: User, today: dt.date) -> Iterator[Line]:
    if user.role != Role.SELLER:
        return
    for work in seller_day(user, today=today).late:
        line = work.line
        words = say(
            "{what} on {deal} was due {day}.",
            what=_about(line.name),
            deal=work.deal_title,
            day=_day(line.late_after),
        )
        key = f"late-{line.id}-{line.late_after}"
        yield Line(
            NoticeKind.AGREEMENTS,
            key,
            words[0].upper() + words[1:],
            "agreement",
            (line.deal_id, line.type_id),
        )


def _routines(user: User, today: dt.date) -> Iterator[Line]:
    for due in due_of_me(user, today=today):
        if due.due_on <= today:
            what = say("{what} on {deal}", what=due.name, deal=due.deal) if due.deal else due.name
            words = say(_DUE[due.late], what=what, day=_day(due.due_on))
            yield Line(NoticeKind.ROUTINES, f"routine-{due.due_id}", words, "home")


def _webhooks(user: User, today: dt.date) -> Iterator[Line]:
    for one in webhooks.switched_off(user):
        words = say(
            "{name} was switched off: {why} Mend it and switch it on again: then it is sent what it missed.",
            name=one.name,
            why=one.off_because,
        )
        yield Line(NoticeKind.WEBHOOKS, f"webhook-{one.id}-{one.off_at}", words, "webhook", (one.id,))


_KINDS = (_to_decide, _signals, _commitments, _gaps, _premortems, _talks, _agreements, _routines, _webhooks)


# ---- the calendar ----


def entries(user: User, *, today: dt.date) -> list[Entry]:
    """Return what stands in the calendar of ``user``, by day. Eight SQL queries, one more for each review ahead."""
    first, last = today - BEHIND, today + AHEAD
    found = [entry for of_kind in _ENTRIES for entry in of_kind(user, first, last)]
    return sorted(found, key=lambda one: (one.on, one.key))


def _own_talks(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    rows = (
        Plan.objects.newest()
        .of_talks()
        .filter(that_count("deal"), deal__owner=user, talk_on__range=(first, last))
    )
    for row in rows.select_related("deal__account", "agreement__type"):
        assert row.agreement
        assert row.talk_on
        title = say("Talk: {what}, {deal}", what=_about(str(row.agreement.type)), deal=row.deal)
        about = (row.deal_id, row.agreement.type_id)
        yield Entry(
            EntryKind.TALK,
            f"talk-{row.agreement_id}",
            row.talk_on,
            title,
            say("Read the plan before."),
            "talk-plan",
            about,
        )


def _plans_to_review(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    by_day = defaultdict(list)
    for plan in plan_reviews.to_review(user, today=first + BEHIND):
        if plan.talk_on:
            by_day[_working_day_before(plan.talk_on)].append(plan)
    for day, plans in by_day.items():
        words = "\n".join(f"{plan.written_by}: {_about(plan.agreement)}, {plan.deal_title}" for plan in plans)
        title = say_many("Review {n} plan of talks", "Review {n} plans of talks", len(plans), n=len(plans))
        yield Entry(EntryKind.PLANS, f"plans-{day}", day, title, words, "talks")


def _reviews(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    rows = Review.objects.visible_to(user).ahead().filter(on__range=(first, last)).select_related("team")
    for row in rows:
        if user in room_of(row):
            title = f"{ReviewKind(row.kind).label}: {row.team.name}"
            yield Entry(
                EntryKind.REVIEW,
                f"review-{row.pk}",
                row.on,
                title,
                say("Its deals and what is asked are chosen the day before."),
                "review",
                (row.pk,),
            )


def _due_routines(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    rows = RoutineDue.objects.visible_to(user).filter(person=user, done_at__isnull=True)
    for row in rows.filter(due_at__gte=midnight(first), due_at__lt=after(last)).select_related(
        "routine", "deal"
    ):
        title = f"{row.routine.name}{f', {row.deal}' if row.deal else ''}"
        yield Entry(
            EntryKind.ROUTINE, f"routine-{row.pk}", _date(row.due_at), title, row.routine.required, "home"
        )


def _promised(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    rows = ReviewNote.objects.filter(owner=user, end__isnull=True, due_on__range=(first, last))
    for one in map(
        commitments.commitment,
        commitments.with_all(rows.filter(review__in=Review.objects.visible_to(user))),
    ):
        where = one.deal or say("for the team")
        yield Entry(
            EntryKind.COMMITMENT,
            f"commitment-{one.id}",
            one.due_on,
            f"{one.words} ({where})",
            "",
            "review",
            (one.review_id,),
        )


def _due_agreements(user: User, first: dt.date, last: dt.date) -> Iterator[Entry]:
    """One entry a day, as a seller has many: each a line of it."""
    rows = with_deals(worklist(user)).filter(
        deal__owner=user,
        deal__status=DealStatus.OPEN,
        required=True,
        late_after__range=(first + BEHIND, last),
    )
    by_day = defaultdict(list)
    for row in rows.order_by("late_after", "id"):
        by_day[row.late_after].append(f"{row.type}, {row.deal}")
    for day, told in by_day.items():
        title = say_many("Due: {what}", "{n} agreements due", len(told), what=told[0], n=len(told))
        yield Entry(
            EntryKind.AGREEMENTS,
            f"agreements-{day}",
            day,
            title,
            "\n".join(told),
            "home",
        )


_ENTRIES = (_own_talks, _plans_to_review, _reviews, _due_routines, _promised, _due_agreements)


# ---- words ----


def _about(agreement: str) -> str:
    return say("“{agreement}”", agreement=agreement) if agreement else say("the whole deal")


def _plan_page(deal_id: int, type_id: int | None) -> tuple[str, tuple[int, ...]]:
    return ("talk-plan", (deal_id, type_id)) if type_id else ("deal-plan", (deal_id,))


def _day(day: dt.date | None) -> str:
    return conventions.weekday(day) if day else say("without a day")


def _date(at: dt.datetime) -> dt.date:
    return timezone.localdate(at)


def _working_day_before(day: dt.date) -> dt.date:
    """Return the working day before: Friday for a Monday or a day of the weekend."""
    return day - dt.timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))
