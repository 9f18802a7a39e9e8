"""Which rooms of the product have something in them, and what waits in one: read with the person who looks, in one statement.

A page loads its viewer anyway; ``person`` asks for this beside them, so that the navigation costs no statement of its own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.impact.models import Rollout
from hingepoint.domain.people.models import User
from hingepoint.domain.pressures.models import PressureTag
from hingepoint.domain.proposals.models import Proposal
from hingepoint.domain.reviews.models import Review
from hingepoint.domain.routines.models import Routine
from hingepoint.domain.sessions.models import Session
from hingepoint.domain.signals.models import Raise, SignalReading
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.sync.models import Connection
from hingepoint.domain.upkeep.composed import Composed, Given
from hingepoint.records.findings import Status as RunStatus
from hingepoint.records.people import Role
from hingepoint.records.proposals import ProposalState
from hingepoint.records.strategy import Status
from hingepoint.records.sync import ConnectionState


@dataclass(frozen=True, slots=True)
class Rooms:
    """What is there: ``deals``, a ``strategy`` that is no draft (``draft``: one that is), a finished run of discovery, a reading of the
    ``signals``, a deal that was tagged with one of the ``pressures``, one of the ``routines`` in force, a session of
    ``coaching``, a review that is planned or was held, a sealed one of the ``rollouts``. ``raises``: how many wait for the
    viewer's answer; ``proposals``: how many of their assistant's wait for their word. ``crm_read``: when the CRM that was read the longest ago was read to its end; None without one."""

    deals: bool = False
    strategy: bool = False
    draft: bool = False
    runs: bool = False
    signals: bool = False
    pressures: bool = False
    routines: bool = False
    coaching: bool = False
    reviews: bool = False
    rollouts: bool = False
    raises: int = 0
    proposals: int = 0
    crm_read: dt.datetime | None = None


#: What the parts are called beside a person's own columns.
_BESIDE = "room_"


def person(pk: int, *, today: dt.date) -> User | None:
    """Return a person with what ``rooms`` asks of them; None where there is none. One SQL query."""
    return _PERSON.first(pk=pk, today=today)


def signed_in(session: str, *, at: dt.datetime, today: dt.date) -> User | None:
    """Return whose session this is, as ``person`` does, with what it keeps as ``session_data``; None where it is nobody's or
    over. One SQL query."""
    return _SIGNED_IN.first(session=session, at=at, today=today)


def rooms(viewer: Any, *, today: dt.date) -> Rooms:
    """Return which rooms have something for a viewer. No SQL query for who was loaded by ``person``, one for others."""
    if not getattr(viewer, "is_authenticated", False):
        return Rooms()
    if not hasattr(viewer, f"{_BESIDE}deals"):
        viewer = person(viewer.pk, today=today)
    return Rooms(**{one.name: getattr(viewer, _BESIDE + one.name) for one in fields(Rooms)})


def _with_rooms(pk: Any) -> QuerySet[User]:
    strategies = Strategy.objects.order_by()
    found = {
        "deals": Exists(Deal.objects.order_by()),
        "strategy": Exists(strategies.exclude(status=Status.DRAFT)),
        "draft": Exists(strategies.filter(status=Status.DRAFT)),
        "runs": Exists(Run.objects.order_by().filter(status=RunStatus.DONE)),
        "signals": Exists(SignalReading.objects.order_by()),
        "pressures": Exists(PressureTag.objects.order_by()),
        "routines": Exists(Routine.objects.order_by().filter(since__isnull=False)),
        "coaching": Exists(CoachingSession.objects.order_by()),
        "reviews": Exists(Review.objects.order_by()),
        "rollouts": Exists(Rollout.objects.sealed().order_by()),
        "raises": _raises(),
        "proposals": _proposals(),
        "crm_read": _crm_read(),
    }
    assert found.keys() == asdict(Rooms()).keys()
    somebody: QuerySet[User] = User.objects.order_by().filter(pk=pk)
    return somebody.annotate(**{_BESIDE + name: part for name, part in found.items()})


def _raises() -> Coalesce:
    """Return how many standing raises wait for the answer of a person: theirs, and a sponsor's also those of nobody."""
    waiting = Raise.objects.standing().filter(answered_at__isnull=True)
    waiting = waiting.filter(Q(muted_until__isnull=True) | Q(muted_until__lt=Given("today", DateField())))
    role = ExpressionWrapper(OuterRef("role"), output_field=CharField())
    of_nobody = Q(owner__isnull=True, role=Role.SPONSOR)
    mine = waiting.annotate(role=role).filter(Q(owner=OuterRef("pk")) | of_nobody)
    counted = mine.order_by().annotate(every=Value(1)).values("every").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _proposals() -> Coalesce:
    """Return how many proposals of a person's assistant wait for their word, to the day."""
    mine = Proposal.objects.filter(
        user=OuterRef("pk"), state=ProposalState.WAITING, expires_at__date__gte=Given("today", DateField())
    )
    counted = mine.order_by().annotate(every=Value(1)).values("every").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _crm_read() -> Subquery:
    """Return since when nothing newer came from a CRM that is on: the oldest, where there are several."""
    on = Connection.objects.filter(state=ConnectionState.ON).annotate(read=Coalesce("synced_at", "made_at"))
    return Subquery(on.order_by("read").values("read")[:1])


def _with_session() -> QuerySet[User]:
    there = Session.objects.filter(
        pk=Given("session", CharField()), expire_date__gt=Given("at", DateTimeField())
    )
    whose = _with_rooms(Subquery(there.values("user")))
    return whose.annotate(session_data=Subquery(there.values("session_data")))


_PERSON = Composed(lambda: _with_rooms(Given("pk", BigIntegerField())))
_SIGNED_IN = Composed(_with_session)
