"""Every change to the roles of executives, and what they did on deals."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.actions import deal_for, deal_of
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.involvement.models import OWNER_AGREED, Involvement
from hingepoint.domain.involvement.rules import PRICE_CAME_UP
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action, form
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.involvement import Purpose
from hingepoint.records.languages import reason


class NoAim(Refused):
    """A role says what we ask of the executive."""

    field = "aim"


class HasARole(Refused):
    """The executive has a role on this deal already; end it first."""

    field = "executive"


class NotYet(Refused):
    """What has not happened yet is no activity."""

    field = "happened_on"


@action
def agree_role(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    executive: User,
    purpose: Purpose,
    aim: str,
    not_to_say: str = "",
    may_discuss_price: bool = False,
    token: str = "",
) -> Involvement:
    """Agree an executive's part in a deal before they take it. Raises Hidden, NoAim and HasARole."""
    deal = deal_for(by, deal_id)
    sent = form(by, token, "role", deal_id, executive.pk, purpose, aim, not_to_say, may_discuss_price)
    if known := sent.made(Involvement.objects.all()):
        return known
    if not aim.strip():
        raise NoAim("Say what we ask of them in one sentence.")
    if Involvement.objects.holding().filter(deal=deal, executive=executive).exists():
        raise HasARole(
            reason(
                "{executive} has a role on this deal already. End it, then agree the new one.",
                executive=executive.name,
            )
        )
    role = Involvement.objects.create(
        deal=deal,
        executive=executive,
        purpose=purpose,
        aim=aim.strip(),
        not_to_say=not_to_say.strip(),
        may_discuss_price=may_discuss_price,
        agreed_by=by,
        agreed_at=at,
    )
    said = {"executive": [None, executive.name], "purpose": [None, purpose]}
    record(by=by, at=at, action="agree executive role", subject="deal", subject_id=deal.pk, changes=said)
    sent.keep(role, at=at)
    return role


@action
def accept_role(*, by: User, at: dt.datetime, involvement_id: int) -> Involvement:
    """Say yes, as the deal's owner, to a role that somebody else wrote. Raises Hidden."""
    rows = Involvement.objects.filter(pk=involvement_id, deal__owner=by)
    deal = deal_of(by, rows)
    role = rows.holding().exclude(OWNER_AGREED).select_related("executive").first()
    if role is None:
        raise Hidden("There is nothing to say yes to.")
    role.owner_agreed_at = at
    role.save(update_fields=["owner_agreed_at"])
    said = {"executive": [None, role.executive.name]}
    record(by=by, at=at, action="accept executive role", subject="deal", subject_id=deal.pk, changes=said)
    return role


@action
def end_role(*, by: User | None, at: dt.datetime, involvement_id: int) -> Involvement:
    """End a role: what was agreed stays on record. Raises Hidden."""
    rows = Involvement.objects.filter(pk=involvement_id)
    deal = deal_of(by, rows)
    role = rows.holding().select_related("executive").first()
    if role is None:
        raise Hidden("It was ended a moment ago.")
    Involvement.objects.filter(pk=role.pk).update(ended_at=at, version=role.version + 1)
    said = {"executive": [role.executive.name, None]}
    record(by=by, at=at, action="end executive role", subject="deal", subject_id=deal.pk, changes=said)
    role.refresh_from_db()
    return role


@action
def note_activity(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    executive: User,
    what: str,
    words: str = "",
    price_came_up: bool = False,
    occurred_at: dt.datetime | None = None,
    token: str = "",
    second: bool | None = None,
) -> DealEvent:
    """Note that an executive was there. ``token``: of the form it came with; ``second``: see
    ``deals.note_event``. Raises Hidden, NotYet and AlreadyNoted."""
    happened = occurred_at or at
    if happened > at:
        raise NotYet("That day has not come yet. Agree the role now; note the visit afterwards.")
    deal_for(by, deal_id)
    told = (executive.pk, what, words, price_came_up, timezone.localdate(happened))
    sent = form(by, token, "activity", deal_id, *told)
    if known := sent.made(DealEvent.objects.all()):
        return known
    event = deals.note_event(
        by=by,
        at=at,
        deal_id=deal_id,
        kind=EventKind.EXECUTIVE,
        name=what.strip()[:200] or "Visit",
        occurred_at=happened,
        second=second,
        actor=executive.name,
        note=": ".join(part for part in (PRICE_CAME_UP if price_came_up else "", words.strip()) if part),
    )
    sent.keep(event, at=at)
    return event


@action
def take_back(*, by: User | None, at: dt.datetime, event_id: int) -> DealEvent:
    """Take back an activity noted in error. Raises Hidden and NothingToTakeBack."""
    event = DealEvent.objects.filter(pk=event_id, kind=EventKind.EXECUTIVE).first()
    if event is None:
        raise Hidden("There is no such activity.")
    return deals.take_back_event(by=by, at=at, event_id=event.pk)
