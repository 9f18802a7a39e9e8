"""Models of Odoo: fields that are asked for, fields that are never written, and which records each object lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hingepoint.records.crm import CrmObject

#: Fields that are never written, whoever asks.
NEVER_WRITTEN = frozenset(
    {
        "stage_id",
        "expected_revenue",
        "recurring_revenue",
        "active",
        "type",
        "lost_reason_id",
        "user_id",
        "team_id",
    }
)
LEAD = "crm.lead"
MESSAGE, TRACKING, ORDER, LINE = "mail.message", "mail.tracking.value", "sale.order", "sale.order.line"
EVENT = "calendar.event"

#: Fields asked of each model, as far as this Odoo has them and this user may see them.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "res.users": ("name", "login", "email", "active", "sale_team_id"),
    "res.partner": (
        "name",
        "commercial_partner_id",
        "function",
        "email",
        "state_id",
        "industry_id",
        "country_id",
    ),
    LEAD: (
        *("name", "partner_id", "user_id", "team_id", "stage_id", "active", "won_status", "probability"),
        *(
            "expected_revenue",
            "company_currency",
            "date_deadline",
            "date_closed",
            "lost_reason_id",
            "source_id",
        ),
        *("function", "create_date", "type"),
    ),
    MESSAGE: (
        *(
            "res_id",
            "date",
            "subtype_id",
            "message_type",
            "message_id",
            "create_uid",
            "mail_activity_type_id",
        ),
        *("tracking_value_ids",),
    ),
    ORDER: (
        "name",
        "opportunity_id",
        "state",
        "currency_id",
        "currency_rate",
        "amount_untaxed",
        "create_date",
    ),
    LINE: ("order_id", "product_id", "product_uom_qty", "price_subtotal", "purchase_price"),
    EVENT: ("start", "opportunity_id", "user_id"),
}
#: What each object lists: the model, and which of its records.
LISTS: Mapping[CrmObject, tuple[str, list[Any]]] = {
    CrmObject.USERS: ("res.users", [["share", "=", False]]),
    CrmObject.ACCOUNTS: ("res.partner", ["|", ["is_company", "=", True], ["parent_id", "=", False]]),
    CrmObject.CONTACTS: ("res.partner", [["is_company", "=", False]]),
    CrmObject.DEALS: (LEAD, [["type", "=", "opportunity"]]),
    CrmObject.QUOTES: (ORDER, [["opportunity_id", "!=", False]]),
}
ON_DEALS = ["model", "=", LEAD]
DONE_ON_DEALS = [
    *(ON_DEALS, "|", ["mail_activity_type_id", "!=", False]),
    ["message_type", "in", ["email", "email_outgoing"]],
]
