"""Every change to the roles of executives, and what they did on deals."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.actions import deal_for
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.involvement.rules import PRICE_CAME_UP
from hingepoint.domain.people.models import User
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.involvement import Purpose


class NoAim(ValueError):
    """A role says what we ask of the executive."""


class HasARole(ValueError):
    """The executive has a role on this deal already; end it first."""


class NotYet(ValueError):
    """What has not happened yet is no activity."""


@transaction.atomic
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
) -> Involvement:
    """Agree an executive's part in a deal before they take it. Raises Hidden, NoAim and HasARole."""
    deal = deal_for(by, deal_id)
    if not aim.strip():
        raise NoAim("Say what we ask of them in one sentence.")
    if Involvement.objects.holding().filter(deal=deal, executive=executive).exists():
        raise HasARole(f"{executive.name} has a role on this deal already. End it, then agree the new one.")
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
    return role


@transaction.atomic
def end_role(*, by: User | None, at: dt.datetime, involvement_id: int) -> Involvement:
    """End a role: what was agreed stays on record. Raises Hidden."""
    role = Involvement.objects.holding().filter(pk=involvement_id).select_related("executive").first()
    deal = deal_for(by, role.deal_id if role else 0)
    Involvement.objects.filter(pk=role.pk).update(ended_at=at, version=role.version + 1)
    said = {"executive": [role.executive.name, None]}
    record(by=by, at=at, action="end executive role", subject="deal", subject_id=deal.pk, changes=said)
    role.refresh_from_db()
    return role


@transaction.atomic
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
) -> DealEvent:
    """Note that an executive was there. Raises Hidden and NotYet."""
    happened = occurred_at or at
    if happened > at:
        raise NotYet("That day has not come yet. Agree the role now; note the visit afterwards.")
    return deals.note_event(
        by=by,
        at=at,
        deal_id=deal_id,
        kind=EventKind.EXECUTIVE,
        name=what.strip()[:200] or "Visit",
        occurred_at=happened,
        actor=executive.name,
        note=": ".join(part for part in (PRICE_CAME_UP if price_came_up else "", words.strip()) if part),
    )


@transaction.atomic
def take_back(*, by: User | None, at: dt.datetime, event_id: int) -> DealEvent:
    """Take back an activity noted in error. Raises Hidden and NothingToTakeBack."""
    event = DealEvent.objects.filter(pk=event_id, kind=EventKind.EXECUTIVE).first()
    if event is None:
        raise Hidden("There is no such activity.")
    return deals.take_back_event(by=by, at=at, event_id=event.pk)
