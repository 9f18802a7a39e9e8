"""What is found by words among what somebody may see: deals, accounts, people and agreements, the nearest first.

Each word stands somewhere in what is found: in the name of a deal, in its id in the CRM or in its account; in the
name of an agreement type or in its deal. Free texts (reasons, notes, plans) are never searched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.queries import catalogue
from hingepoint.domain.deals.models import Account, Contact, Deal, DealQuerySet, that_count
from hingepoint.domain.people.models import User
from hingepoint.domain.wording import every_word, holds, in_any, some_word
from hingepoint.records.deals import DealStatus

#: Fewer letters than this find nothing in particular; of more words only the first are used.
LEAST_LETTERS = 2
MOST_WORDS = 6
LONGEST = 100  # letters


@dataclass(frozen=True, slots=True)
class FoundDeal:
    id: int
    key: str
    title: str
    account: str
    owner: str
    status: str
    stage: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account with how many of its deals the viewer sees, and how many of those are open."""

    name: str
    deals: int
    open: int


@dataclass(frozen=True, slots=True)
class FoundColleague:
    id: int
    name: str
    role: str
    title: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A person at a customer, and the deal on which to look: an open one before a closed one, then the newest."""

    name: str
    title: str
    account: str
    deal_id: int
    left_on: dt.date | None


@dataclass(frozen=True, slots=True)
class FoundAgreement:
    """One agreement of one deal."""

    deal_id: int
    type_id: int
    name: str
    deal: str
    account: str
    state: str
    late_after: dt.date | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, a group each, the nearest first; each group holds at most as many as were asked for."""

    deals: tuple[FoundDeal, ...] = ()
    accounts: tuple[FoundAccount, ...] = ()
    colleagues: tuple[FoundColleague, ...] = ()
    contacts: tuple[FoundContact, ...] = ()
    types: tuple[catalogue.TypeChoice, ...] = ()
    agreements: tuple[FoundAgreement, ...] = ()


def words_of(text: str) -> tuple[str, ...]:
    """Return the words to look for; none where the text is too short to find anything in particular."""
    kept = "".join(letter for letter in text if letter.isprintable())[:LONGEST]
    words = tuple(kept.split()[:MOST_WORDS])
    return words if len("".join(words)) >= LEAST_LETTERS else ()


def find(viewer: Any, text: str, *, most: int) -> Found:
    """Return what ``viewer`` may see and the text names, ``most`` of each kind. At most seven SQL queries."""
    words = words_of(text)
    if not words:
        return Found()
    visible = Deal.every.visible_to(viewer)  # whoever looks for a deal that is gone finds it
    types = _types(viewer, words)
    return Found(
        deals=_deals(visible, words, most),
        accounts=_accounts(viewer, Deal.objects.visible_to(viewer), words, most),
        colleagues=_colleagues(viewer, words, most),
        contacts=_contacts(viewer, visible, words, most),
        types=tuple(kind for kind, left in types if not left)[:most],
        agreements=_agreements(viewer, types, most),
    )


def _nearness(*steps: Q) -> Case:
    """Return how near a row is: the place of the first condition that holds."""
    cases = [When(step, then=Value(place)) for place, step in enumerate(steps)]
    return Case(*cases, default=Value(len(steps)))


def _deals(visible: DealQuerySet, words: Sequence[str], most: int) -> tuple[FoundDeal, ...]:
    """Return deals by name, CRM id and account: the very id, then what begins so, then open ones, the largest first."""
    text = " ".join(words)
    found = visible.filter(*(in_any(("name", "key"), word) | _of_account(word) for word in words))
    near = _nearness(
        Q(key__iexact=text),
        Q(name__istartswith=text) | Q(account__name__istartswith=text),
        some_word("name", [f" {words[0]}"]) | some_word("account__name", [f" {words[0]}"]),
    )
    order = (near, _nearness(Q(status=DealStatus.OPEN)), F("amount").desc(nulls_last=True), "id")
    rows = found.order_by(*order).select_related("account", "owner")[:most]
    return tuple(
        FoundDeal(
            id=row.pk,
            key=row.key,
            title=str(row),
            account=row.account.name if row.account else "",
            owner=row.owner.name if row.owner else "",
            status=row.status,
            stage=row.stage,
            amount=row.amount,
            currency=row.currency,
        )
        for row in rows
    )


def _of_account(word: str) -> Q:
    """Return the condition that a deal's account is called so: accounts are looked through once, not for each deal."""
    return Q(account__in=Account.objects.filter(holds("name", word)))


def _accounts(
    viewer: Any, visible: DealQuerySet, words: Sequence[str], most: int
) -> tuple[FoundAccount, ...]:
    """Return accounts of visible deals by name."""
    near = _nearness(Q(name__istartswith=" ".join(words)))
    named = Account.objects.visible_to(viewer).filter(every_word(("name",), words))
    rows = list(named.order_by(near, "name", "id").values_list("pk", "name")[:most])
    if not rows:
        return ()
    counted = visible.filter(account__in=[pk for pk, _ in rows]).order_by().values("account_id")
    counts = {
        row["account_id"]: (row["all"], row["open"])
        for row in counted.annotate(all=Count("id"), open=Count("id", filter=Q(status=DealStatus.OPEN)))
    }
    return tuple(FoundAccount(name, *counts.get(pk, (0, 0))) for pk, name in rows)


def _colleagues(viewer: Any, words: Sequence[str], most: int) -> tuple[FoundColleague, ...]:
    """Return colleagues by name, address or title; those who are no longer here come last."""
    found = User.objects.visible_to(viewer).filter(every_word(("name", "email", "title"), words))
    order = (_nearness(Q(is_active=True)), _nearness(Q(name__istartswith=" ".join(words))), "name", "id")
    rows = found.order_by(*order).values_list("pk", "name", "role", "title", "is_active")[:most]
    return tuple(FoundColleague(*row) for row in rows)


def _contacts(
    viewer: Any, visible: DealQuerySet, words: Sequence[str], most: int
) -> tuple[FoundContact, ...]:
    """Return people at customers by name (and account) who have a part in a visible deal."""
    named = Contact.objects.visible_to(viewer).filter(
        every_word(("name", "account__name"), words), some_word("name", words)
    )
    theirs = visible.filter(people__contact=OuterRef("pk"))
    place = theirs.order_by(_nearness(Q(status=DealStatus.OPEN)), "-created_at", "-id").values("pk")[:1]
    near = _nearness(Q(name__istartswith=" ".join(words)))
    rows = named.order_by(near, "name", "id").annotate(place=Subquery(place))
    return tuple(
        FoundContact(*row)
        for row in rows.values_list("name", "title", "account__name", "place", "left_on")[:most]
    )


#: A type of the catalogue, and the words that its name does not hold.
_Named = tuple[catalogue.TypeChoice, tuple[str, ...]]


def _types(viewer: Any, words: Sequence[str]) -> list[_Named]:
    """Return the types whose names hold the most of the words; none where no name holds any."""
    named = [
        (kind, tuple(word for word in words if word.casefold() not in kind.name.casefold()))
        for kind in catalogue.type_choices(viewer)
    ]
    fewest = min((len(left) for _, left in named), default=len(words))
    return [(kind, left) for kind, left in named if len(left) == fewest < len(words)]


def _agreements(viewer: Any, types: Sequence[_Named], most: int) -> tuple[FoundAgreement, ...]:
    """Return agreements of these types on open deals; where words are left over, on the deals that hold them."""
    if not types:
        return ()
    found = Agreement.objects.visible_to(viewer).filter(
        reduce(or_, (_of_type(kind, left) for kind, left in types))
    )
    order = (
        _nearness(Q(deal__status=DealStatus.OPEN)),
        _nearness(Q(required=True)),
        F("late_after").asc(nulls_last=True),
        "id",
    )
    rows = found.order_by(*order).select_related("type", "deal__account")[:most]
    return tuple(
        FoundAgreement(
            deal_id=row.deal_id,
            type_id=row.type_id,
            name=str(row.type),
            deal=str(row.deal),
            account=row.deal.account.name if row.deal.account else "",
            state=row.state,
            late_after=row.late_after,
        )
        for row in rows
    )


def _of_type(kind: catalogue.TypeChoice, left: Sequence[str]) -> Q:
    of_type = Q(type_id=kind.id)
    if not left:
        return of_type & that_count("deal") & Q(deal__status=DealStatus.OPEN)
    return of_type & every_word(("deal__name", "deal__key", "deal__account__name", "person_name"), left)
