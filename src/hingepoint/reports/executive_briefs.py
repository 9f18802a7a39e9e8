"""The executive's brief as a PDF of one page, on the sheet of the plans (the extra ``reports``)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.involvement.queries import Brief
from hingepoint.records.languages import say
from hingepoint.reports import plan_sheets
from hingepoint.reports.plan_sheets import day, money, note


def brief_pdf(brief: Brief, *, at: dt.datetime) -> bytes:
    """Return the brief as A4: what we ask, what to leave alone, who they meet, how we came here. It says
    nothing of our corridor. Raises plan_sheets.NoTypst."""
    return plan_sheets.one_page(brief_facts(brief, at=at))


def brief_facts(brief: Brief, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the page says, as plain texts in the shape of ``plan_sheets.talk_facts``."""
    role = brief.role
    closes = (
        say("expected close {expected_close_on}", expected_close_on=day(brief.expected_close_on))
        if brief.expected_close_on
        else ""
    )
    about = (brief.deal_title, brief.account, money(brief.amount, brief.currency), brief.stage, closes)
    seller = brief.owner or say("the seller")
    groups = [
        note(say("What we ask of you"), [role.aim, say("{purpose}. Call {seller} with questions.", purpose=role.purpose, seller=seller)]),
        note(say("What to leave alone"), _left_alone(brief)),
        note(say("Who they are"), _people(brief)),
        note(say("What they have asked for"), _demands(brief)),
        note(say("How we came here"), [f"{day(moment)}: {words}" for moment, words in brief.history] or [say("Nothing on record yet.")]),
        note(say("Afterwards"), [say("Tell {seller} the same day what was said, and who promised what.", seller=seller)]),
    ]  # fmt: skip
    return {
        "title": say("Brief for {executive}", executive=role.executive),
        "about": " · ".join(plan_sheets.words(*about)),
        "when": say("This role ended on {ended_at}. ", ended_at=day(role.ended_at)) if role.ended_at else "",
        "written": say(
            "Agreed with {value} on {agreed_at}",
            value=role.agreed_by or say("us"),
            agreed_at=day(role.agreed_at),
        ),
        "columns": [groups],
        "trades": [],
        "corridor": [],
        "foot": say("Printed {day}, {time}", day=day(at), time=f"{at:%H:%M}"),
        "size": plan_sheets.type_size(groups) + 1.2,  # one column has room
    }


def _left_alone(brief: Brief) -> list[str]:
    owner, role = brief.owner, brief.role
    price = (
        say(
            "You may speak of price. Give nothing without something back, and tell {value} the same day.",
            value=owner or say("the seller"),
        )
        if role.may_discuss_price
        else say(
            "Price and terms. If they ask: “{value} has that in hand; I am here for something else.”",
            value=owner or say("My colleague"),
        )
    )
    return plan_sheets.words(price, role.not_to_say)


def _people(brief: Brief) -> list[str]:
    found = [f"{name}{f', {title}' if title else ''}: {part.lower()}" for name, part, title in brief.people]
    return found or [
        say(
            "Nobody of the customer is named on this deal yet. Ask {value} whom you will meet.",
            value=brief.owner or say("the seller"),
        )
    ]


def _demands(brief: Brief) -> list[str]:
    unknown = say("(why is not known; a good question for you)")
    found = [
        f"{one.title}: {one.why.text}" if one.reason_known and one.why else f"{one.title} {unknown}"
        for one in brief.demands
    ]
    return found or [say("No demand is on record.")]
