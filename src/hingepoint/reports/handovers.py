"""The handover letter as a PDF, on the sheet of plans."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.handovers.queries.letters import Letter, Said
from hingepoint.domain.negotiation.queries.log import Demand
from hingepoint.reports.plan_sheets import day, money, note, one_page, type_size, words


def letter_pdf(letter: Letter, *, at: dt.datetime) -> bytes:
    """Return the letter as A4. Raises NoTypst."""
    return one_page(letter_facts(letter, at=at))


def letter_facts(letter: Letter, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the sheet says, as plain texts in one column."""
    deal, change = letter.facts, letter.change
    closes = f"expected close {day(deal.expected_close_on)}" if deal.expected_close_on else ""
    groups = [
        note("The next landmarks", [_due(line) for line in letter.next]),
        note("They promised", [_promise(line) for line in letter.theirs]),
        note("We promised in return", [f"{line.owed_in_return} ({line.name})" for line in letter.ours]),
        note("Asked for, not promised", [_promise(line) for line in letter.asked]),
        note("They ask of us", [_demand(one) for one in letter.demands]),
        note("Who said what", [_said(one) for one in letter.said]),
        note("Who is who", [", ".join(words(one.name, one.title, one.role)) for one in letter.people]),
    ]
    groups = [group for group in groups if group["parts"]]
    return {
        "title": "Handover letter",
        "about": " · ".join(words(deal.title, deal.account, money(deal.amount, deal.currency), closes)),
        "when": f"From {change.before} to {change.to}, {day(change.at)}. " if change else "",
        "written": "Drawn from the register",
        "columns": [groups],
        "trades": [],
        "corridor": [],
        "foot": f"Printed {day(at)}, {at:%H:%M}",
        "size": type_size(groups),
    }


def _due(line: AgreementLine) -> str:
    due = f"by {day(line.late_after)}" if line.late_after else ""
    return ", ".join(words(line.name, due, line.from_whom and f"from {line.from_whom}"))


def _promise(line: AgreementLine) -> str:
    due = f"by {day(line.due_on)}" if line.due_on else ""
    told = ", ".join(words(line.from_whom, line.act, due))
    return f"{line.name}: {told}" if told else line.name


def _demand(one: Demand) -> str:
    why = f" Because: {one.why.text}" if one.why else " Nobody knows why."
    return f"{day(one.at)}: {one.title}.{why}"


def _said(one: Said) -> str:
    due = f"by {day(one.due_on)}" if one.due_on else ""
    return (
        f"{day(one.on)}: {', '.join(words(one.who, f'{one.name} {one.state.label.lower()}', one.act, due))}"
    )
