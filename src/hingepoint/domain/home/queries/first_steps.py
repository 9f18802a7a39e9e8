"""The first steps of a company, each with how far it is: read from what is on record, never stored (decision 0922)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateTimeField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.discovery.queries.runs import may_run
from hingepoint.domain.people.models import Invitation, User, comes_in, sees_all
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.domain.upkeep.composed import Composed, Given
from hingepoint.records import conventions
from hingepoint.records.findings import Source
from hingepoint.records.findings import Status as RunStatus
from hingepoint.records.first_steps import FirstStep
from hingepoint.records.languages import say, say_many
from hingepoint.records.strategy import Status

#: Of those who own open deals so many are let in, and the step counts as done: who has left must not hold it.
MOST_LET_IN = 0.9


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps; ``key`` is that of ``FirstStep``. ``may``: the viewer does it. ``possible``: what it needs is there. ``state`` says how far it is, in
    words."""

    key: str
    done: bool
    may: bool
    possible: bool
    state: str

    @property
    def title(self) -> str:
        return FirstStep(self.key).label


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """All steps in their order, and the strategy that the last ones are about: its number, whether its playbook is
    published."""

    steps: tuple[Step, ...]
    strategy_id: int | None
    published: bool

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def finished(self) -> bool:
        return self.done == len(self.steps)

    @property
    def has_deals(self) -> bool:
        return any(step.key == "deals" and step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        """Return the first step that is not done and that the viewer can do now."""
        return next((step for step in self.steps if step.may and step.possible and not step.done), None)


def first_steps(viewer: Any, *, at: dt.datetime) -> FirstSteps | None:
    """Return the first steps for those who do them; None for everybody else. One SQL query."""
    if not sees_all(viewer):
        return None
    facts: Any = _FACTS.first(viewer=viewer.pk, at=at)
    told: dict[str, _How] = {
        "account": (True, ""),
        "deals": (facts.any_deal, ""),
        "people": _people(facts.owners, facts.let_in),
        "words": _words(facts.words),
        "discovery": (facts.ran, say("A run is under way.") if facts.runs and not facts.ran else ""),
        "strategy": (facts.strategy is not None, facts.strategy_name or ""),
        "in_force": (bool(facts.published) and facts.strategy_status == Status.IN_FORCE, ""),
    }
    needs = {"account": True, "deals": True, "in_force": facts.strategy is not None}
    return FirstSteps(
        steps=tuple(
            Step(
                key=key,
                done=done and (facts.any_deal or key in _WITHOUT_DEALS),
                may=key != "discovery" or may_run(viewer),
                possible=needs.get(key, facts.any_deal),
                state=state if facts.any_deal else "",
            )
            for key, (done, state) in told.items()
        ),
        strategy_id=facts.strategy,
        published=bool(facts.published),
    )


#: Whether a step is done and how far it is.
_How = tuple[bool, str]
#: Steps that do not speak of deals: the others are not done before there is one.
_WITHOUT_DEALS = ("account", "strategy", "in_force")


def _facts() -> Any:
    """Return what the steps are judged by, in one row: ``any_deal``, ``owners`` of open deals, of them ``let_in``,
    ``words`` in question, whether a run of our deals ``ran`` or ``runs``; the ``strategy`` with its name and status,
    and whether a playbook of it is ``published``."""
    owners = User.objects.active().filter(Exists(Deal.objects.open().filter(owner=OuterRef("pk"))))
    links = Invitation.objects.open().filter(user=OuterRef("pk"), expires_at__gt=Given("at", DateTimeField()))
    runs, strategies = Run.objects.filter(source=Source.DATABASE), _strategies()
    return (
        User.objects.order_by()
        .annotate(
            any_deal=Exists(Deal.objects.all()),
            owners=_count(owners),
            let_in=_count(owners.filter(comes_in() | Q(Exists(links)))),
            words=_count(AgreementType.objects.unsettled()),
            ran=Exists(runs.filter(status=RunStatus.DONE)),
            runs=Exists(runs.unfinished()),
            strategy=Subquery(strategies.values("pk")[:1]),
            strategy_name=Subquery(strategies.values("name")[:1]),
            strategy_status=Subquery(strategies.values("status")[:1]),
            published=Subquery(strategies.values("published")[:1]),
        )
        .filter(pk=Given("viewer", BigIntegerField()))
    )


def _count(rows: QuerySet) -> Coalesce:
    """Return how many ``rows`` there are, as a part of another query."""
    counted = rows.order_by().annotate(every=Value(1)).values("every").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _strategies() -> Any:
    """Return the strategy in force first, then the newest draft, with whether a playbook of it is ``published``."""
    books = Playbook.objects.published().filter(strategy=OuterRef("pk"))
    rows = Strategy.objects.exclude(status=Status.RETIRED)
    rows = rows.annotate(published=Exists(books.filter(pivotal__isnull=False)))
    by_state = Case(When(status=Status.IN_FORCE, then=0), default=1)
    return rows.order_by(by_state, "-published", "rank", "-pk")


def _people(owners: int, let_in: int) -> _How:
    """Return how many of the active owners of open deals can sign in, or have a link that lets them in."""
    if not owners:
        return True, say("Nobody owns an open deal.")
    return let_in >= MOST_LET_IN * owners, say(
        "{let_in} of {owners} owners of open deals have a way in.",
        let_in=conventions.number(let_in),
        owners=conventions.number(owners),
    )


def _words(number: int) -> _How:
    if not number:
        return True, say("No word of your files is in question.")
    return False, say_many(
        "{n} word is in question.", "{n} words are in question.", number, n=conventions.number(number)
    )


_FACTS: Composed[User] = Composed(_facts)
