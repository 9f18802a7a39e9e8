"""Accounts and people of customers as the CRM has them: known here by its ids, beside what files and hands brought."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone

from hingepoint.domain.deals.models import Account as AccountRow
from hingepoint.domain.deals.models import Contact, Deal, DealContact
from hingepoint.domain.sync import payload
from hingepoint.domain.sync.models import Connection, Landed
from hingepoint.domain.sync.translate import Account
from hingepoint.records.crm import CrmAccount, CrmContact, CrmDeal, CrmObject, CrmRole
from hingepoint.records.deals import BuyingRole
from hingepoint.records.names import normal


def accounts_as_named(connection: Connection, ids: Iterable[str]) -> dict[str, Account]:
    """Return accounts by id, called by their names: for a rehearsal that makes none."""
    return {one.id: Account(one.name[:200], one.region, one.segment) for one in _accounts(connection, ids)}


@transaction.atomic
def know_accounts(connection: Connection, ids: Iterable[str]) -> dict[str, Account]:
    """Return accounts by id, making those that are not here and bringing names up to date.

    An account of a file is the same one where it has the same name, and no other has it.
    """
    landed = _accounts(connection, ids)
    keys = {one.id: _key(connection, one.id) for one in landed}
    here = {row.key: row for row in AccountRow.objects.filter(key__in=keys.values())}
    of_files = _of_files({one.name for one in landed})
    found, new = {}, []
    for one in landed:
        row = here.get(keys[one.id]) or of_files.get(one.name)
        if row is None:
            row = AccountRow(key=keys[one.id])
            new.append(_as_told(row, one))
        elif row.key == keys[one.id]:
            _bring(row, one)
        found[one.id] = Account(row.key, one.region, one.segment)
    AccountRow.objects.bulk_create(new)
    return found


def _of_files(names: set[str]) -> dict[str, AccountRow]:
    """Return accounts that files made, which are called by their name alone."""
    return {row.name: row for row in AccountRow.objects.filter(key__in=names) if row.key == row.name}


def _accounts(connection: Connection, ids: Iterable[str]) -> list[CrmAccount]:
    rows = Landed.objects.filter(connection=connection, object=CrmObject.ACCOUNTS, external_id__in=list(ids))
    return [payload.load(CrmAccount, row.payload) for row in rows.order_by("pk")]


def _key(connection: Connection, external_id: str) -> str:
    """Return the key of an account or contact of a CRM: its own id, which no file uses for a name."""
    return f"{connection.crm}:{connection.pk}:{external_id}"


def _as_told(row: AccountRow, one: CrmAccount) -> AccountRow:
    row.name, row.region, row.segment = one.name[:300] or one.id, one.region[:100], one.segment[:100]
    row.country = one.country if len(one.country) == 2 else ""
    return row


def _bring(row: AccountRow, one: CrmAccount) -> None:
    before = (row.name, row.region, row.segment, row.country)
    _as_told(row, one)
    if before != (row.name, row.region, row.segment, row.country):
        row.save()


# ---- people of the customer ----


@transaction.atomic
def know_people(connection: Connection, deals: Sequence[CrmDeal], *, at: dt.datetime) -> None:
    """Bring the people on these deals and their roles up to the CRM. Who is not there any more has left the deal
    today; what hands named beside the CRM stays."""
    rows = {row.key: row for row in Deal.every.filter(key__in=[connection.prefix + one.id for one in deals])}
    contacts = _know_contacts(connection, {role.contact_id for one in deals for role in one.roles})
    there = defaultdict(list)
    ours = DealContact.objects.filter(deal__in=rows.values(), contact__key__startswith=_key(connection, ""))
    for role in ours.order_by("pk"):
        there[role.deal_id].append(role)
    today = timezone.localdate(at)
    for one in deals:
        if row := rows.get(connection.prefix + one.id):
            _bring_roles(row, there[row.pk], _told(connection, one.roles, contacts), today)


def _told(
    connection: Connection, roles: Sequence[CrmRole], contacts: dict[str, Contact]
) -> set[tuple[int, str]]:
    known = (role for role in roles if role.contact_id in contacts)
    return {(contacts[role.contact_id].pk, buying_role(connection, role.role).value) for role in known}


def _know_contacts(connection: Connection, ids: set[str]) -> dict[str, Contact]:
    landed = Landed.objects.filter(connection=connection, object=CrmObject.CONTACTS, external_id__in=ids)
    told = [payload.load(CrmContact, row.payload) for row in landed.order_by("pk")]
    accounts = know_accounts(connection, {one.account_id for one in told})
    rows = {row.key: row.pk for row in AccountRow.objects.filter(key__in=[a.key for a in accounts.values()])}
    found = {}
    for one in told:
        if one.account_id in accounts:
            facts = {
                "account_id": rows[accounts[one.account_id].key],
                "name": one.name[:200],
                "title": one.title[:200],
                "email": one.email if len(one.email) <= 254 else "",
            }
            found[one.id], _ = Contact.objects.update_or_create(key=_key(connection, one.id), defaults=facts)
    return found


def _bring_roles(deal: Deal, ours: Sequence[DealContact], told: set[tuple[int, str]], today: dt.date) -> None:
    there = {(row.contact_id, row.role): row for row in ours}
    for contact, role in sorted(told - there.keys()):
        DealContact.objects.create(deal=deal, contact_id=contact, role=role, since=today)
    for key, row in there.items():
        until = None if key in told else row.until or today
        if row.until != until:
            row.until = until
            row.save(update_fields=["until"])


#: Words of CRMs for parts in a sale whose meaning is plain; any other is said on the page of the connection.
PLAIN_ROLES = {
    normal(word): role
    for role, words in {
        BuyingRole.EXECUTIVE_SPONSOR: ("Executive Sponsor", "Sponsor"),
        BuyingRole.BUDGET_OWNER: (
            "Economic Buyer",
            "Economic Decision Maker",
            "Budget Holder",
            "Budget Owner",
        ),
        BuyingRole.PROBLEM_OWNER: ("Business User", "Problem Owner"),
        BuyingRole.CHAMPION: ("Champion", "Internal Champion"),
        BuyingRole.EVALUATOR: ("Evaluator", "Technical Buyer"),
        BuyingRole.USER: ("User", "End User"),
        BuyingRole.PROCUREMENT: ("Procurement", "Purchasing"),
        BuyingRole.LEGAL: ("Legal", "Legal & Compliance"),
    }.items()
    for word in words
}


def is_plain(word: str) -> bool:
    """Return whether a word of a CRM names a part in a sale that is plain."""
    return normal(word) in PLAIN_ROLES


def buying_role(connection: Connection, word: str) -> BuyingRole:
    """Return the role that a word of the CRM means, as was said or as it is plain; else another one."""
    said = connection.roles.get(word)
    return BuyingRole(said) if said else PLAIN_ROLES.get(normal(word), BuyingRole.OTHER)
