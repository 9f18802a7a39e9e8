"""One agreement of one deal: its standard, its steps, whom to ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Coalesce

from hingepoint.domain.agreements.models import (
    WAITING,
    Agreement,
    AgreementEvent,
    AgreementEventQuerySet,
    AgreementType,
)
from hingepoint.domain.agreements.queries.catalogue import Standard, standard
from hingepoint.domain.agreements.queries.lines import AgreementLine, line_of, lines_then, who_took
from hingepoint.domain.deals.models import Contact, Deal
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.people.models import User
from hingepoint.records.deals import BuyingRole
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: People a form offers by name; others are typed.
MOST_CONTACTS = 300


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step in an agreement's life, newest first; ``undone`` was taken back."""

    at: dt.datetime
    recorded_at: dt.datetime
    state: str
    by: str
    counterpart: str
    act: str
    due_on: dt.date | None
    evidence: int | None
    quality: int | None
    note: str
    origin: str
    undone: bool
    takes_back: bool


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """One agreement of one deal. ``line`` is None while nothing was said about it; ``version`` 0 then."""

    deal_id: int
    type_id: int
    deal_title: str
    account: str
    standard: Standard
    line: AgreementLine | None
    points_met: tuple[str, ...]
    checks_met: tuple[int, ...]
    person_id: int | None
    steps: tuple[StepLine, ...]
    version: int
    contacts: tuple[tuple[int, str], ...]
    colleagues: tuple[tuple[int, str], ...]
    asked_of_id: int | None
    person_name: str
    may_step: bool
    may_answer: bool
    may_undo: bool


def agreement_page(
    viewer: Any, deal_id: int, type_id: int, *, today: dt.date, as_of: AsOf | None = None
) -> AgreementPage:
    """Return one agreement of one deal, as it is or as it was. Raises Hidden when either is foreign or absent, or the deal
    did not exist yet.

    An inside partner sees what was asked of them, without the deal around it. The past is not changed: a
    page ``as_of`` a day takes no step.
    """
    meant = AgreementType.objects.filter(pk=type_id).values(meant=Coalesce("tied_to_id", "pk"))
    rows = Agreement.objects.visible_to(viewer).filter(deal_id=deal_id, type__in=meant)
    row = rows.select_related("type", "person", "asked_of", "deal__account").first()
    kind = row.type if row else AgreementType.objects.filter(pk__in=meant).first()
    deal = (
        row.deal
        if row
        else Deal.every.visible_to(viewer).select_related("account").filter(pk=deal_id).first()
    )
    if deal is None or kind is None or (as_of and not as_of.existed(deal.created_at)):
        raise Hidden("no such agreement")
    may_step = viewer.role != Role.INSIDE_PARTNER
    events = _events(row.events.all()) if row else []
    page = AgreementPage(
        deal_id=deal.pk,
        type_id=kind.pk,
        deal_title=str(deal),
        account=deal.account.name if deal.account else "",
        standard=standard(kind),
        line=line_of(row, today) if row else None,
        points_met=tuple(row.points_met) if row else (),
        checks_met=tuple(row.checks_met) if row else (),
        person_id=row.person_id if row else None,
        steps=_step_lines(events),
        version=row.version if row else 0,
        contacts=_contacts(deal) if may_step and kind.side != "internal" else (),
        colleagues=_colleagues(viewer) if may_step and kind.side == "internal" else (),
        asked_of_id=row.asked_of_id if row else None,
        person_name=row.person_name if row else "",
        may_step=may_step,
        may_answer=row is not None and row.asked_of_id == viewer.pk and row.state in WAITING,
        may_undo=may_step and _last_is_by_hand(events),
    )
    return _as_it_was(page, row, as_of) if as_of else page


def _as_it_was(page: AgreementPage, row: Agreement | None, as_of: AsOf) -> AgreementPage:
    lines = {line.type_id: line for line in lines_then([page.deal_id], as_of)}
    return replace(
        page,
        line=lines.get(page.type_id),
        steps=_step_lines(_events(as_of.of(row.events))) if row else (),
        may_step=False,
        may_undo=False,
        points_met=(),
        checks_met=(),
        contacts=(),
        colleagues=(),
    )


def _contacts(deal: Deal) -> tuple[tuple[int, str], ...]:
    """Return whom to choose from: those with a part on the deal first, and which part."""
    if deal.account_id is None:
        return ()
    rows = Contact.objects.filter(account_id=deal.account_id, left_on__isnull=True).order_by("name")
    on_deal = Q(deals__deal=deal, deals__until__isnull=True)
    rows = rows.annotate(part=FilteredRelation("deals", condition=on_deal), role=F("part__role"))
    by_id = {row.pk: row for row in rows[:MOST_CONTACTS]}
    roles = {pk: BuyingRole(row.role).label.lower() for pk, row in by_id.items() if row.role}
    offered = [
        (key, f"{words} ({roles[key]})" if key in roles else words)
        for key, words in _as_choices(by_id.values())
    ]
    return tuple(sorted(offered, key=lambda choice: choice[0] not in roles))


def _as_choices(rows: Iterable[Contact | User]) -> tuple[tuple[int, str], ...]:
    return tuple((row.pk, f"{row.name}, {row.title}" if row.title else row.name) for row in rows)


def _colleagues(viewer: Any) -> tuple[tuple[int, str], ...]:
    """Return whom one asks inside: everybody who is not a seller."""
    rows = User.objects.visible_to(viewer).active().exclude(role=Role.SELLER).order_by("name")
    return _as_choices(rows[:MOST_CONTACTS])


@dataclass(frozen=True, slots=True)
class Whom:
    """The person an agreement is made with: one of the customer's, or a colleague."""

    contact: Contact | None = None
    colleague: User | None = None


def whom(viewer: Any, page: AgreementPage, person_id: int | None) -> Whom:
    """Return the person chosen on an agreement's page; nobody when it was none of those offered."""
    if person_id in dict(page.contacts):
        return Whom(contact=Contact.objects.get(pk=person_id))
    if person_id in dict(page.colleagues):
        return Whom(colleague=User.objects.visible_to(viewer).get(pk=person_id))
    return Whom()


def _events(steps: AgreementEventQuerySet) -> list[AgreementEvent]:
    """Return steps, the last first, with who recorded them."""
    return list(steps.select_related("recorded_by").order_by("-id"))


def _step_lines(steps: Sequence[AgreementEvent]) -> tuple[StepLine, ...]:
    undone = {step.undoes_id for step in steps}
    return tuple(
        StepLine(
            at=step.occurred_at,
            recorded_at=step.recorded_at,
            state=step.state,
            by=step.recorded_by.name if step.recorded_by else who_took(step),
            counterpart=step.counterpart,
            act=step.act,
            due_on=step.due_on,
            evidence=step.evidence,
            quality=step.quality,
            note=step.note,
            origin=step.origin,
            undone=step.pk in undone,
            takes_back=step.undoes_id is not None,
        )
        for step in steps
    )


def _last_is_by_hand(steps: Sequence[AgreementEvent]) -> bool:
    undone = {step.undoes_id for step in steps}
    last = next((step for step in steps if step.undoes_id is None and step.pk not in undone), None)
    return last is not None and last.replaced is not None
