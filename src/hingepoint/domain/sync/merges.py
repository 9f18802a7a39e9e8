"""Deals that a CRM made one: what goes to the deal that is left."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.actions import deals_in_turn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync.models import Connection, Landed
from hingepoint.domain.sync.rules import with_words
from hingepoint.records.crm import CrmObject, Fate


def due(connection: Connection) -> dict[str, str]:
    """Return deals that were merged and not followed yet, with the deal that each is now.

    A merge into a deal that was merged in its turn ends at the last of them.
    """
    rows = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, fate=Fate.MERGED)
    into = dict(rows.exclude(into="").values_list("external_id", "into"))
    return {
        gone: _end(into, gone)
        for gone in rows.filter(due=True).values_list("external_id", flat=True)
        if gone in into
    }


def pairs(connection: Connection, merged: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Yield ``(gone, left)`` of merged deals that have agreements. Where the deal that is left is not here yet, the
    next run looks again."""
    keys = {connection.prefix + each for pair in merged.items() for each in pair}
    here = dict(Deal.every.filter(key__in=keys).values_list("key", "pk"))
    for gone, left in sorted(merged.items()):
        one, other = here.get(connection.prefix + gone), here.get(connection.prefix + left)
        if one and not other:
            _look_again(connection, gone)
        elif one and other and Agreement.objects.filter(deal=one).exists():
            yield one, other


def _look_again(connection: Connection, gone: str) -> None:
    rows = Landed.objects.filter(connection=connection, object=CrmObject.DEALS, external_id=gone)
    rows.update(due=True)


def _end(into: dict[str, str], gone: str) -> str:
    seen = {gone}
    left = into[gone]
    while left in into and left not in seen:
        seen.add(left)
        left = into[left]
    return left


def move(*, gone_id: int, kept_id: int) -> tuple[list[str], list[str]]:
    """Move agreements in the turn of both deals; return the names of those that moved and that stay.

    What the playbook only asks of the deal that is left gives way to what was said on the other.
    """
    deals_in_turn({gone_id, kept_id})
    both = Agreement.objects.filter(deal__in=(gone_id, kept_id)).select_related("type").order_by("pk")
    told = set(with_words(both).values_list("pk", flat=True))
    there = {row.type_id: row for row in both if row.deal_id == kept_id}
    moved, stay = [], []
    for row in both:
        asked = there.get(row.type_id)
        if row.deal_id == kept_id or (asked and row.pk not in told):
            continue
        if asked and asked.pk in told:
            stay.append(row.type.name)
        else:
            _put(row, kept_id, instead_of=asked)
            moved.append(row.type.name)
    return moved, stay


#: What a playbook asks of an agreement, which belongs to the deal.
_ASKED = ("required", "needed_by", "needed_because", "asked_on", "was_due_on", "recheck_days")


def _put(row: Agreement, deal_id: int, *, instead_of: Agreement | None) -> None:
    facts = {name: getattr(instead_of, name) for name in _ASKED} if instead_of else {}
    if instead_of:
        instead_of.delete()
    Agreement.objects.filter(pk=row.pk).update(deal=deal_id, version=F("version") + 1, **facts)
