"""Rows of EspoCRM as the records of ``records.crm``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from hingepoint.connectors.own import Own
from hingepoint.connectors.paging import Row
from hingepoint.connectors.values import at, day, number, share, text
from hingepoint.records.crm import CrmAccount, CrmActivity, CrmContact, CrmDeal, CrmRole, CrmStage, CrmUser
from hingepoint.records.deals import DealStatus

#: Kinds of activities: their entity, when they took place, and the states in which they did.
ACTIVITIES: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "Call": ("call", "dateStart", frozenset({"Held"})),
    "Meeting": ("meeting", "dateStart", frozenset({"Held"})),
    "Task": ("task", "dateCompleted", frozenset({"Completed"})),
    "Email": ("email", "dateSent", frozenset({"Archived", "Sent"})),
}


#: What is read of a deal and of its people.
OF_DEALS = (
    "name", "createdAt", "modifiedAt", "accountId", "assignedUserId", "stage", "amount", "amountCurrency", "probability",
    "closeDate", "leadSource", "contactId", "contactsIds", "contactsColumns",
)  # fmt: skip


def changed_at(row: Row) -> dt.datetime:
    return at(row["modifiedAt"])


def user(row: Row) -> CrmUser:
    return CrmUser(
        id=row["id"],
        name=text(row.get("name")) or text(row.get("userName")),
        email=text(row.get("emailAddress")),
        team=text(row.get("defaultTeamName")),
        active=bool(row.get("isActive", True)),
    )


def account(row: Row) -> CrmAccount:
    return CrmAccount(
        id=row["id"],
        name=text(row.get("name")),
        region=text(row.get("billingAddressState")),
        segment=text(row.get("industry")),
        country=text(row.get("billingAddressCountry")),
    )


def contact(row: Row) -> CrmContact:
    return CrmContact(
        id=row["id"],
        account_id=text(row.get("accountId")),
        name=text(row.get("name")),
        title=text(row.get("title")),
        email=text(row.get("emailAddress")),
    )


def deal(
    row: Row,
    *,
    status_of: Callable[[str], DealStatus],
    people: Row,
    own: Mapping[str, Own],
    link: str,
) -> CrmDeal:
    """Return a deal; ``people`` is the deal read alone, which names its contacts and their parts."""
    return CrmDeal(
        id=row["id"],
        name=text(row.get("name")),
        created_at=at(row["createdAt"]),
        modified_at=changed_at(row),
        account_id=text(row.get("accountId")),
        owner_id=text(row.get("assignedUserId")),
        stage_id=text(row.get("stage")),
        status=status_of(text(row.get("stage"))),
        amount=number(row.get("amount")),
        currency=text(row.get("amountCurrency")),
        probability=share(row.get("probability"), 100),
        expected_close_on=day(row.get("closeDate")),
        source=text(row.get("leadSource")),
        roles=tuple(_roles(people)),
        link=link,
        extra={each.name: each.value(_present(row, theirs)) for theirs, each in own.items()},
    )


def _present(row: Row, name: str) -> Any:
    """Return what a field holds; one that names another record stands as two, of which we show the name."""
    return row[name] if name in row else row.get(f"{name}Name")


def _roles(row: Row) -> list[CrmRole]:
    columns = row.get("contactsColumns") or {}
    primary = row.get("contactId")
    return [
        CrmRole(id, text((columns.get(id) or {}).get("role")), primary=id == primary)
        for id in row.get("contactsIds") or ()
    ]


def stages(field: Mapping[str, Any]) -> list[CrmStage]:
    """Return the stages of a pipeline: won is where the probability is 100, lost where it is 0."""
    chances: Mapping[str, int] = field.get("probabilityMap") or {}
    outcomes = {100: DealStatus.WON, 0: DealStatus.LOST}
    return [
        CrmStage(name, name, order=order, status=outcomes.get(chances.get(name, 50), DealStatus.OPEN))
        for order, name in enumerate(field.get("options") or ())
        if name
    ]


def activity(entity: str, row: Row) -> CrmActivity | None:
    """Return an activity that took place; None for one that is planned or was called off."""
    kind, when, states = ACTIVITIES[entity]
    if row.get("status") not in states:
        return None
    return CrmActivity(
        id=f"{kind}-{row['id']}",
        deal_id=text(row.get("parentId")),
        kind=kind,
        at=at(row.get(when) or row["modifiedAt"]),
        actor_id=text(row.get("assignedUserId")) or text(row.get("createdById")),
    )
