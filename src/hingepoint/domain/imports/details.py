"""What a source knows beyond deals and events, in bulk: accounts, their people, the words of agreements,
plans.

Each of these actions changes nothing the second time, unless it says so.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import transaction

from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import fingerprint
from hingepoint.domain.deals.models import Account, Contact, Deal, DealContact
from hingepoint.domain.imports import staging
from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.plans.parts import to_json

_AT_ONCE = 1_000


@transaction.atomic
def know_accounts(*, by: User | None, at: dt.datetime, accounts: Iterable[dict[str, Any]]) -> int:
    """Add accounts, or correct those of the same key; each has key, name and other columns of Account."""
    made = [Account(**facts) for facts in accounts]
    columns = ["name", "region", "segment", "country"]
    Account.objects.bulk_create(
        made, batch_size=_AT_ONCE, update_conflicts=True, unique_fields=["key"], update_fields=columns
    )
    record(by=by, at=at, action="add", subject="accounts", subject_id="", changes={"accounts": len(made)})
    return len(made)


@transaction.atomic
def know_contacts(*, by: User | None, at: dt.datetime, contacts: Iterable[dict[str, Any]]) -> int:
    """Add people at accounts, or correct those of the same key; ``account`` is the account's key."""
    accounts = dict(Account.objects.values_list("key", "pk"))
    made = [Contact(account_id=accounts[facts.pop("account")], **facts) for facts in map(dict, contacts)]
    columns = ["account", "name", "title", "email", "left_on"]
    Contact.objects.bulk_create(
        made, batch_size=_AT_ONCE, update_conflicts=True, unique_fields=["key"], update_fields=columns
    )
    record(by=by, at=at, action="add", subject="contacts", subject_id="", changes={"contacts": len(made)})
    return len(made)


@transaction.atomic
def know_roles(*, by: User | None, at: dt.datetime, roles: Iterable[tuple[str, str, str, dt.date]]) -> int:
    """Say who plays which part: ``(deal, contact, role, since)`` by their keys."""
    deals = dict(Deal.every.values_list("key", "pk"))
    contacts = dict(Contact.objects.values_list("key", "pk"))
    made = [
        DealContact(deal_id=deals[deal], contact_id=contacts[contact], role=role, since=since)
        for deal, contact, role, since in roles
    ]
    DealContact.objects.bulk_create(made, batch_size=_AT_ONCE, ignore_conflicts=True)
    record(by=by, at=at, action="name contacts", subject="deals", subject_id="", changes={"roles": len(made)})
    return len(made)


#: Columns of the words of agreements, and their SQL types in SQLite and PostgreSQL.
_WORDS = {
    "deal": "text",
    "type": "text",
    "act": "text",
    "reason": "text",
    "owed_in_return": "text",
    "due_on": "date",
    "contact": "text",
    "asked_of": "text",
}


@transaction.atomic
def know_words(*, by: User | None, at: dt.datetime, words: pl.DataFrame) -> int:
    """Write what agreements on record say; return how many were found.

    ``words`` has deal, type (keys), act, reason, owed_in_return, due_on, contact and asked_of (keys, or
    empty). One statement, whatever the number of rows.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in _WORDS.items())
    staging.run("DROP TABLE IF EXISTS staged_words")
    staging.run(f"CREATE TEMPORARY TABLE staged_words ({columns})")
    staging.copy("staged_words", list(_WORDS), words.select(list(_WORDS)))
    staging.index("staged_words", "deal", "type")
    found = staging.run(_WRITE_WORDS)
    staging.run("DROP TABLE staged_words")
    record(
        by=by, at=at, action="describe", subject="agreements", subject_id="", changes={"agreements": found}
    )
    return found


_WRITE_WORDS = """
    UPDATE domain_agreement SET act = w.act, reason = w.reason, owed_in_return = w.owed_in_return,
        due_on = w.due_on, person_id = w.person_id, asked_of_id = w.asked_of_id
    FROM (SELECT d.id AS deal_id, COALESCE(t.tied_to_id, t.id) AS type_id, COALESCE(s.act, '') AS act,
            COALESCE(s.reason, '') AS reason, COALESCE(s.owed_in_return, '') AS owed_in_return, s.due_on,
            c.id AS person_id, u.id AS asked_of_id
        FROM staged_words s
        JOIN domain_deal d ON d.key = s.deal
        JOIN domain_agreementtype t ON t.key = s.type
        LEFT JOIN domain_contact c ON c.key = s.contact
        LEFT JOIN domain_user u ON u.key = s.asked_of) AS w
    WHERE domain_agreement.deal_id = w.deal_id AND domain_agreement.type_id = w.type_id
"""


@transaction.atomic
def know_plans(*, by: User | None, at: dt.datetime, plans: Iterable[dict[str, Any]]) -> int:
    """Add plans of talks as they were really written, with reviews and debriefs; return how many.

    Each has deal and type (keys), by (a user's key), written_at, talk_on, parts (lines by part); if there
    are any, reviewed_at, manager (a user's key), verdict and words; and if it was debriefed, held_at, outcome
    and learned. Plans of agreements that are not on record are left out. For an empty table only: what is
    known already is not looked for.
    """
    users = dict(User.objects.values_list("key", "pk"))
    given = list(plans)
    agreements = _agreements_by_keys({facts["type"] for facts in given})
    told = [facts for facts in given if (facts["deal"], facts["type"]) in agreements]
    numbers: Counter[int] = Counter()
    made = []
    for facts in sorted(told, key=lambda one: one["written_at"]):
        agreement, deal = agreements[facts["deal"], facts["type"]]
        numbers[agreement] += 1
        made.append(_plan(facts, agreement, deal, number=numbers[agreement], users=users))
    Plan.objects.bulk_create([plan for plan, _, _ in made], batch_size=_AT_ONCE)
    PlanReview.objects.bulk_create([one for _, one, _ in made if one], batch_size=_AT_ONCE)
    Debrief.objects.bulk_create([one for *_, one in made if one], batch_size=_AT_ONCE, ignore_conflicts=True)
    record(by=by, at=at, action="add", subject="plans", subject_id="", changes={"plans": len(made)})
    return len(made)


def _agreements_by_keys(types: set[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the agreement and its deal by the keys of deal and type, as ``types`` names it."""
    meant = AgreementType.objects.meanings()
    named: dict[str, list[str]] = {}
    for key in types:
        named.setdefault(meant.get(key, key), []).append(key)
    found = Agreement.objects.filter(type__key__in=named).order_by()
    rows = found.values_list("deal__key", "type__key", "pk", "deal_id").iterator(chunk_size=5_000)
    return {(deal, key): (pk, deal_id) for deal, kind, pk, deal_id in rows for key in named[kind]}


def _plan(
    facts: dict[str, Any], agreement: int, deal: int, *, number: int, users: dict[str, int]
) -> tuple[Plan, PlanReview | None, Debrief | None]:
    who = {"written_by_id": users[facts["by"]]}
    plan = Plan(
        agreement_id=agreement,
        deal_id=deal,
        number=number,
        written_at=facts["written_at"],
        talk_on=facts["talk_on"],
        parts=to_json(facts["parts"]),
        **who,
    )
    review = debrief = None
    if facts.get("verdict"):
        said = {"verdict": facts["verdict"], "words": facts["words"], "at": facts["reviewed_at"]}
        review = PlanReview(plan=plan, by_id=users[facts["manager"]], **said)
    if facts.get("outcome"):
        debrief = _debrief(facts, agreement, plan, **who)
    return plan, review, debrief


def _debrief(facts: dict[str, Any], agreement: int, plan: Plan | None, **who: int) -> Debrief:
    return Debrief(
        agreement_id=agreement,
        plan=plan,
        held_at=facts["held_at"],
        outcome=facts["outcome"],
        learned=facts.get("learned", ""),
        written_at=facts["held_at"],
        fingerprint=fingerprint(facts["held_at"], facts["outcome"]),
        **who,
    )


@transaction.atomic
def know_debriefs(*, by: User | None, at: dt.datetime, debriefs: Iterable[dict[str, Any]]) -> int:
    """Add debriefs of talks whose step is on record already; return how many.

    Each has deal and type (keys), by (a user's key), held_at, outcome and learned, and belongs to the last plan
    written by then. Debriefs of agreements that are not on record are left out.
    """
    users = dict(User.objects.values_list("key", "pk"))
    given = list(debriefs)
    agreements = _agreements_by_keys({facts["type"] for facts in given})
    made = []
    for facts in given:
        if (facts["deal"], facts["type"]) in agreements:
            agreement, _ = agreements[facts["deal"], facts["type"]]
            plan = Plan.objects.filter(agreement=agreement, written_at__lte=facts["held_at"]).first()
            made.append(_debrief(facts, agreement, plan, written_by_id=users[facts["by"]]))
    Debrief.objects.bulk_create(made, ignore_conflicts=True)
    record(by=by, at=at, action="add", subject="debriefs", subject_id="", changes={"debriefs": len(made)})
    return len(made)
