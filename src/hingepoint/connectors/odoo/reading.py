"""Rows of Odoo as the records of ``records.crm``. An empty value is ``False`` there, whatever its kind."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hingepoint.connectors.paging import Row
from hingepoint.records.crm import (
    CrmAccount,
    CrmContact,
    CrmDeal,
    CrmLine,
    CrmQuote,
    CrmRole,
    CrmStage,
    CrmUser,
    Origin,
)
from hingepoint.records.deals import DealStatus

#: Messages carry the record they were written on in their address: ``<...-openerp-51-crm.lead@host>``.
WRITTEN_ON = re.compile(r"-openerp-(\d+)-([a-z_.]+)@")


def moment(said: Any) -> dt.datetime:
    """Return a moment of Odoo, which is in UTC and says so nowhere."""
    return dt.datetime.fromisoformat(said).replace(tzinfo=dt.UTC)


def changed_at(row: Row) -> dt.datetime:
    """Return when a row was changed last."""
    return moment(row["write_date"])


def day(said: Any) -> dt.date | None:
    return dt.date.fromisoformat(said) if said else None


def text(said: Any) -> str:
    """Return a text, a number or the name of a linked record; empty for False."""
    if isinstance(said, list):
        said = said[1] if len(said) == 2 else ", ".join(map(str, said))
    return "" if said is False or said is None else str(said)


def link(said: Any) -> str:
    """Return the identity of a linked record, empty where there is none."""
    return str(said[0]) if isinstance(said, list) and said else ""


def number(said: Any) -> Decimal | None:
    return None if said is None or said is False else Decimal(str(said))


def named(row: Row) -> str:
    return text(row.get("name")) or f"#{row['id']}"


def user(row: Row, leaders: Mapping[str, str]) -> CrmUser:
    """Return a user; ``leaders`` are the leaders of teams by team."""
    leader = leaders.get(link(row.get("sale_team_id")), "")
    return CrmUser(
        id=str(row["id"]),
        name=named(row),
        email=text(row.get("email")) or text(row.get("login")),
        team=text(row.get("sale_team_id")),
        manager_id=leader if leader != str(row["id"]) else "",
        active=bool(row.get("active", True)),
    )


def account(row: Row) -> CrmAccount:
    return CrmAccount(
        id=str(row["id"]),
        name=named(row),
        region=text(row.get("state_id")),
        segment=text(row.get("industry_id")),
        country=text(row.get("country_id")),
    )


def contact(row: Row) -> CrmContact:
    return CrmContact(
        id=str(row["id"]),
        account_id=link(row.get("commercial_partner_id")),
        name=named(row),
        title=text(row.get("function")),
        email=text(row.get("email")),
    )


def stage(row: Row) -> CrmStage:
    """Return a stage: only "is won" is said by Odoo, a lost deal keeps the stage in which it was lost."""
    return CrmStage(
        id=str(row["id"]),
        name=named(row),
        pipeline=text(row.get("team_id")),
        order=int(row.get("sequence") or 0),
        status=DealStatus.WON if row.get("is_won") else DealStatus.OPEN,
    )


def status(row: Row, won: Iterable[str]) -> DealStatus:
    """Return open, won or lost: from version 19 Odoo says it; before, lost is inactive with probability nought.

    An inactive deal with a probability was archived, which is not lost.
    """
    said = {"won": DealStatus.WON, "lost": DealStatus.LOST, "pending": DealStatus.OPEN}
    if row.get("won_status") in said:
        return said[row["won_status"]]
    if not row.get("active", True):
        return DealStatus.OPEN if row.get("probability") else DealStatus.LOST
    return DealStatus.WON if link(row.get("stage_id")) in won else DealStatus.OPEN


def deal_is_archived(row: Row, won: Iterable[str]) -> bool:
    """Return whether a deal was put away without an outcome."""
    return not row.get("active", True) and status(row, won) != DealStatus.LOST


def deal(
    row: Row, *, won: Iterable[str], companies: Mapping[str, str], extra: Mapping[str, str], link_to: str
) -> CrmDeal:
    """Return a deal; ``companies`` are the commercial partners by partner."""
    partner, now = link(row.get("partner_id")), status(row, won)
    company = companies.get(partner, partner)
    return CrmDeal(
        id=str(row["id"]),
        name=named(row),
        created_at=moment(row["create_date"]),
        modified_at=moment(row["write_date"]),
        account_id=company,
        owner_id=link(row.get("user_id")),
        team=text(row.get("team_id")),
        stage_id=link(row.get("stage_id")),
        status=now,
        amount=number(row.get("expected_revenue")),
        currency=text(row.get("company_currency")),
        probability=_share(row.get("probability")),
        expected_close_on=day(row.get("date_deadline")),
        closed_at=moment(row["date_closed"]) if row.get("date_closed") and now != DealStatus.OPEN else None,
        loss_reason=text(row.get("lost_reason_id")),
        source=text(row.get("source_id")),
        archived=deal_is_archived(row, won),
        roles=(CrmRole(partner, text(row.get("function")), primary=True),) if partner != company else (),
        link=link_to,
        extra=extra,
    )


def _share(percent: Any) -> float | None:
    return None if percent is None else float(percent or 0) / 100


def quote(row: Row, lines: Sequence[Row], products: Mapping[str, Row]) -> CrmQuote:
    """Return an order as a quote; it took its form when it or one of its lines was changed last."""
    return CrmQuote(
        id=str(row["id"]),
        deal_id=link(row["opportunity_id"]),
        at=max(map(changed_at, [row, *lines])),
        state=text(row.get("state")),
        currency=text(row.get("currency_id")),
        net_price=number(row.get("amount_untaxed")),
        lines=tuple(_line(each, row, products) for each in lines if each.get("product_id")),
        current=row.get("state") != "cancel",
        origin=Origin.SNAPSHOT,
    )


def _line(row: Row, order: Row, products: Mapping[str, Row]) -> CrmLine:
    """Return a line: its list price is the product's, as a seller may have written over the price on the line."""
    product = products.get(link(row["product_id"]), {})
    quantity = Decimal(str(row.get("product_uom_qty") or 0))
    rate = Decimal(str(order.get("currency_rate") or 1))
    list_price, cost = number(product.get("lst_price")), number(product.get("standard_price"))
    paid = number(row.get("purchase_price"))
    return CrmLine(
        id=str(row["id"]),
        product=text(row["product_id"]),
        quantity=quantity,
        list_price=list_price * quantity * rate if list_price else None,
        net_price=number(row.get("price_subtotal")),
        cost=paid * quantity if paid else cost * quantity * rate if cost else None,
    )


def written_on(row: Row, model: str) -> str:
    """Return on which record a message was written first: another than now where two records were merged."""
    found = WRITTEN_ON.search(text(row.get("message_id")))
    return found[1] if found and found[2] == model else str(row["res_id"])
