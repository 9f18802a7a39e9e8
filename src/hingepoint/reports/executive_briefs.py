"""The executive's brief as a PDF of one page, on the sheet of the plans (the extra ``reports``)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.involvement.queries import Brief
from hingepoint.reports import plan_sheets
from hingepoint.reports.plan_sheets import day, money, note


def brief_pdf(brief: Brief, *, at: dt.datetime) -> bytes:
    """Return the brief as A4: what we ask, what to leave alone, who they meet, how we came here. It says
    nothing of our corridor. Raises plan_sheets.NoTypst."""
    return plan_sheets.one_page(brief_facts(brief, at=at))


def brief_facts(brief: Brief, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the page says, as plain texts in the shape of ``plan_sheets.talk_facts``."""
    role = brief.role
    closes = f"expected close {day(brief.expected_close_on)}" if brief.expected_close_on else ""
    about = (brief.deal_title, brief.account, money(brief.amount, brief.currency), brief.stage, closes)
    seller = brief.owner or "the seller"
    groups = [
        note("What we ask of you", [role.aim, f"{role.purpose}. Call {seller} with questions."]),
        note("What to leave alone", _left_alone(brief)),
        note("Who they are", _people(brief)),
        note("What they have asked for", _demands(brief)),
        note("How we came here", [f"{day(moment)}: {words}" for moment, words in brief.history] or ["Nothing on record yet."]),
        note("Afterwards", [f"Tell {seller} the same day what was said, and who promised what."]),
    ]  # fmt: skip
    return {
        "title": f"Brief for {role.executive}",
        "about": " · ".join(plan_sheets.words(*about)),
        "when": f"This role ended on {day(role.ended_at)}. " if role.ended_at else "",
        "written": f"Agreed with {role.agreed_by or 'us'} on {day(role.agreed_at)}",
        "columns": [groups],
        "trades": [],
        "corridor": [],
        "foot": f"Printed {day(at)}, {at:%H:%M}",
        "size": plan_sheets.type_size(groups) + 1.2,  # one column has room
    }


def _left_alone(brief: Brief) -> list[str]:
    owner, role = brief.owner, brief.role
    price = (
        f"You may speak of price. Give nothing without something back, and tell {owner or 'the seller'} the same day."
        if role.may_discuss_price
        else f"Price and terms. If they ask: “{owner or 'My colleague'} has that in hand; I am here for something else.”"
    )
    return plan_sheets.words(price, role.not_to_say)


def _people(brief: Brief) -> list[str]:
    found = [f"{name}{f', {title}' if title else ''}: {part.lower()}" for name, part, title in brief.people]
    return found or [
        f"Nobody of the customer is named on this deal yet. Ask {brief.owner or 'the seller'} whom you will meet."
    ]


def _demands(brief: Brief) -> list[str]:
    unknown = "(why is not known; a good question for you)"
    found = [
        f"{one.title}: {one.why.text}" if one.reason_known and one.why else f"{one.title} {unknown}"
        for one in brief.demands
    ]
    return found or ["No demand is on record."]
