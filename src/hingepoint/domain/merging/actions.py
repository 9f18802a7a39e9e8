"""Making one person of two, and saying that two who look like one are two."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import F, Model, Q

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deals_in_turn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Approval, Pulse
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.merging import rules
from hingepoint.domain.merging.queries import Side, people_like
from hingepoint.domain.notices.models import (
    CalendarAddress,
    Chat,
    Digest,
    MailChoice,
    Quiet,
    SignalLeftOut,
)
from hingepoint.domain.people.actions import NotAllowed, add_user
from hingepoint.domain.people.models import DifferentPeople, Membership, OtherName, SavedView, User, sees_all
from hingepoint.domain.people.rules import pointing_at
from hingepoint.domain.principles.models import PrinciplesAgreed
from hingepoint.domain.reviews.models import ReviewSeat
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.sponsorship.models import MessageReader
from hingepoint.domain.turns.actions import action, read_anew, take_turn, turns
from hingepoint.records.errors import Refused
from hingepoint.records.escalations import Answer


class TwoPeople(Refused):
    """The two cannot become one; the words say why."""


class WiderRights(Refused):
    """Somebody would be allowed more than now, and nobody said that this is meant; ``gains`` says what."""

    field = "wider"

    def __init__(self, name: str, gains: list[str]):
        self.gains = gains
        super().__init__(f"After this {name} {', '.join(gains)}. Tick that this is meant.")


class HereAlready(Refused):
    """Somebody who may be the same person is here already: ``known`` says who."""

    field = "name"

    def __init__(self, known: list[Side]):
        self.known = known
        one = known[0]
        owns = f", owns {one.deals:,} {'deal' if one.deals == 1 else 'deals'}" if one.deals else ""
        can = "" if one.can_sign_in else " and cannot sign in yet"
        super().__init__(
            f"{one.name} is here already{owns}{can}. If that is the person, open their page and invite them there; "
            "if not, tick below that this is somebody else."
        )


@action
def add_person(
    *,
    by: User | None,
    at: dt.datetime,
    name: str,
    email: str | None,
    somebody_else: bool = False,
    **facts: Any,
) -> User:
    """Add a person who is not here yet. ``somebody_else``: it was seen that nobody who looks like them is them.
    Raises HereAlready, and what ``people.add_user`` raises."""
    if not somebody_else and (known := people_like(name, email or "")):
        raise HereAlready(known)
    return add_user(by=by, at=at, name=name, email=email, **facts)


def merge(
    *,
    by: User | None,
    at: dt.datetime,
    kept: User,
    gone: User,
    wider: bool = False,
    expected_version: int | None = None,
) -> None:
    """Make one person of two: all that refers to ``gone`` refers to ``kept`` from now on, and files that name
    ``gone`` mean ``kept``. The audit trail keeps both names as they were.

    Role and name are those of ``kept``; address and password those that work. ``wider``: somebody saw what
    they may do more then, and means it. Raises TwoPeople, WiderRights, Stale, Hidden; nothing is changed then.
    """
    if by is not None and not sees_all(by):
        raise NotAllowed("Only an analyst or a sponsor merges people.")
    try:
        _merge(by=by, at=at, kept=kept, gone=gone, wider=wider, expected_version=expected_version)
    except IntegrityError:
        raise TwoPeople(f"Somebody is adding to {gone.name} at this moment. Try again.") from None


@action
def _merge(
    *, by: User | None, at: dt.datetime, kept: User, gone: User, wider: bool, expected_version: int | None
) -> None:
    _take_turns(kept, gone)
    take_turn(kept, expected_version=expected_version)
    _require_one_person(kept, gone, wider=wider)
    counts = {one if number == 1 else many: number for (one, many), number in rules.moves(gone).items()}
    changes = {
        "person": [gone.name, kept.name],
        "role": [gone.role, kept.role],
        "moved": counts,
        "was": gone.pk,
    }
    _make_room(kept, gone, at=at)
    for relation in pointing_at(User):
        name = relation.field.name
        relation.related_model._base_manager.filter(**{name: gone}).update(**{name: kept})
    changes["e-mail"] = _become_one(kept, gone, at=at)
    record(by=by, at=at, action="merge", subject="user", subject_id=kept.pk, changes=changes)


def _take_turns(kept: User, gone: User) -> None:
    """Wait for whoever decides on deals of the two, then on the two."""
    of_gone = Q(owner=gone) | Q(escalations__approvals__approver=gone) | Q(involvements__executive=gone)
    deals_in_turn(set(Deal.every.filter(of_gone).values_list("pk", flat=True)))
    turns(User.objects.filter(pk__in=[kept.pk, gone.pk]))
    read_anew(kept)
    read_anew(gone)


def _require_one_person(kept: User, gone: User, *, wider: bool) -> None:
    if kept.pk == gone.pk:
        raise TwoPeople("That is one person already.")
    if words := rules.in_the_way(kept, gone):
        raise TwoPeople(words)
    more = rules.gains(kept, gone)
    if more and not wider:
        raise WiderRights(kept.name, more)


# ---- where two rows cannot stand beside each other for one person ----


def _make_room(kept: User, gone: User, *, at: dt.datetime) -> None:
    """Let rows of which one person has at most one be one, before those of ``gone`` move; nothing said is lost."""
    gone.invitations.open().update(revoked_at=at)
    _one_second_factor(kept, gone)
    _one_time_in_a_team(kept, gone)
    _views_of_other_names(kept, gone)
    _one_role_a_deal(kept, gone, at=at)
    _asked_once(kept, gone, at=at)
    _one_pulse_a_request(kept, gone)
    _due_once(kept, gone)
    _one_seat_a_review(kept, gone)
    _agreed_once(kept, gone)
    _one_reader_a_message(kept, gone)
    _reached_in_one_way(kept, gone)
    _tell_apart_anew(kept, gone)


#: What reaches somebody outside these pages -> what two rows have in common of which one person has one.
_OUTSIDE: dict[type[Model], tuple[str, ...]] = {
    CalendarAddress: (),
    Chat: (),
    Digest: ("on",),
    MailChoice: (),
    Quiet: ("kind",),
    SignalLeftOut: ("signal", "ended_at"),
}


def _one_time_in_a_team(kept: User, gone: User) -> None:
    """Of two current times in one team, the longer one stays."""
    for theirs in Membership.objects.filter(user=gone, until__isnull=True):
        same = {"team": theirs.team_id, "manages": theirs.manages, "until__isnull": True}
        if mine := Membership.objects.filter(user=kept, **same).first():
            mine.since = min(mine.since, theirs.since)
            mine.save(update_fields=["since"])
            theirs.delete()


def _views_of_other_names(kept: User, gone: User) -> None:
    taken = set(SavedView.objects.filter(owner=kept).values_list("page", "name"))
    for view in SavedView.objects.filter(owner=gone):
        number, name = 2, view.name
        while (view.page, view.name) in taken:
            view.name = f"{name[:90]} ({number})"
            number += 1
        taken.add((view.page, view.name))
        view.save(update_fields=["name"])


def _one_role_a_deal(kept: User, gone: User, *, at: dt.datetime) -> None:
    """Of two roles of one executive on one deal, the one of ``kept`` goes on; the other ends and stays in history."""
    current = Involvement.objects.filter(ended_at__isnull=True)
    doubled = current.filter(executive=gone, deal__in=current.filter(executive=kept).values("deal"))
    doubled.update(ended_at=at, version=F("version") + 1)


def _asked_once(kept: User, gone: User, *, at: dt.datetime) -> None:
    """Who is asked twice about one request answers once."""
    waiting = Approval.objects.filter(answer=Answer.WAITING)
    doubled = waiting.filter(approver=gone, escalation__in=waiting.filter(approver=kept).values("escalation"))
    words = f"{gone.name} and {kept.name} are one person, who is asked once."
    doubled.update(answer=Answer.PASSED_ON, answered_at=at, words=words)


def _one_pulse_a_request(kept: User, gone: User) -> None:
    """Of two pulses about one request, the later one counts."""
    for theirs in Pulse.objects.filter(partner=gone):
        mine = Pulse.objects.filter(partner=kept, escalation=theirs.escalation_id).first()
        if mine:
            min(mine, theirs, key=lambda pulse: pulse.at).delete()


def _agreed_once(kept: User, gone: User) -> None:
    """Who agreed to one version of the principles as two agreed once."""
    agreed = PrinciplesAgreed.objects.filter(person=kept).values("version")
    PrinciplesAgreed.objects.filter(person=gone, version__in=agreed).delete()


def _one_reader_a_message(kept: User, gone: User) -> None:
    """Who got one message as two got it once; the earlier reading counts."""
    for theirs in MessageReader.objects.filter(person=gone):
        mine = MessageReader.objects.filter(person=kept, message=theirs.message_id).first()
        if mine:
            mine.read_at = min((at for at in (mine.read_at, theirs.read_at) if at), default=None)
            mine.save(update_fields=["read_at"])
            theirs.delete()


def _reached_in_one_way(kept: User, gone: User) -> None:
    """Of two ways to reach one person outside these pages, and of two mails of one day, that of ``kept`` stays."""
    for model, same in _OUTSIDE.items():
        mine = model._base_manager.filter(user=kept)
        for theirs in model._base_manager.filter(user=gone):
            if mine.filter(**{name: getattr(theirs, name) for name in same}).exists():
                theirs.delete()


def _one_seat_a_review(kept: User, gone: User) -> None:
    """Who sat in one review as two sat there once."""
    ReviewSeat.objects.filter(
        person=gone, review__in=ReviewSeat.objects.filter(person=kept).values("review")
    ).delete()


def _due_once(kept: User, gone: User) -> None:
    """What fell due of both at once was due of one, and is done when either did it."""
    for theirs in RoutineDue.objects.filter(person=gone, deal__isnull=True):
        same = {"routine": theirs.routine_id, "due_at": theirs.due_at}
        mine = RoutineDue.objects.filter(person=kept, deal__isnull=True, **same).first()
        if mine:
            (theirs if theirs.done_at is None else mine).delete()


def _tell_apart_anew(kept: User, gone: User) -> None:
    """Whoever was told apart from ``gone`` is told apart from ``kept``."""
    for row in DifferentPeople.objects.filter(Q(one=gone) | Q(other=gone)):
        third = row.other_id if row.one_id == gone.pk else row.one_id
        row.delete()
        if third != kept.pk:
            said = {"said_by": row.said_by, "said_at": row.said_at}
            pair = {"one_id": min(third, kept.pk), "other_id": max(third, kept.pk)}
            DifferentPeople.objects.get_or_create(**pair, defaults=said)


# ---- one person ----


def _one_second_factor(kept: User, gone: User) -> None:
    """Of two second factors keep the one that belongs to the password that works; a single one stays."""
    both = SecondFactor.objects.filter(user__in=[kept, gone])
    if both.count() > 1:
        both.filter(user=kept if rules.signs_in_as(kept, gone) == gone else gone).delete()


def _become_one(kept: User, gone: User, *, at: dt.datetime) -> list[str | None]:
    """Let the row of ``gone`` go and ``kept`` take over what is needed to sign in; return the address before and
    the address now. A row that somebody still refers to stops it."""
    address, left = _addresses(kept, gone)
    if rules.signs_in_as(kept, gone) == gone:
        kept.password = gone.password
    before, kept.email = kept.email, address
    kept.title = kept.title or gone.title
    number = gone.pk
    User.objects.filter(pk=number)._raw_delete(connection.alias)
    kept.save(update_fields=["email", "password", "title"])
    called = {"key": gone.key, "name": gone.name, "email": left}
    OtherName.objects.create(user=kept, was=number, merged_at=at, **called)
    return [before, address]


def _addresses(kept: User, gone: User) -> tuple[str | None, str | None]:
    """Return the address that the two sign in with as one, and the one that only files say."""
    chosen = rules.signs_in_as(kept, gone)
    if chosen is None:
        return None, None
    other = kept if chosen == gone else gone
    return chosen.email, other.email


@action
def tell_apart(*, by: User | None, at: dt.datetime, one: User, other: User) -> None:
    """Say that two who look like one person are two: they are not offered again. Saying it twice changes nothing."""
    if by is not None and not sees_all(by):
        raise NotAllowed("Only an analyst or a sponsor says who is who.")
    first, second = turns(User.objects.filter(pk__in=[one.pk, other.pk]))
    said = {"said_by": by, "said_at": at}
    _, new = DifferentPeople.objects.get_or_create(one=first, other=second, defaults=said)
    if new:
        changes = {"person": [None, second.name]}
        record(by=by, at=at, action="tell apart", subject="user", subject_id=first.pk, changes=changes)
