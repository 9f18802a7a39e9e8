"""The handover letter as a PDF, on the sheet of plans."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.handovers.queries.letters import Letter, Said
from hingepoint.domain.handovers.rules import Change
from hingepoint.domain.negotiation.queries.log import Demand
from hingepoint.records.languages import say
from hingepoint.reports.plan_sheets import day, money, note, one_page, type_size, words


def letter_pdf(letter: Letter, *, at: dt.datetime) -> bytes:
    """Return the letter as A4. Raises NoTypst."""
    return one_page(letter_facts(letter, at=at))


def letter_facts(letter: Letter, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the sheet says, as plain texts in one column."""
    deal, change = letter.facts, letter.change
    closes = say("expected close {day}", day=day(deal.expected_close_on)) if deal.expected_close_on else ""
    groups = [
        note(say("The next landmarks"), [_due(line) for line in letter.next]),
        note(say("They promised"), [_promise(line) for line in letter.theirs]),
        note(say("We promised in return"), [f"{line.owed_in_return} ({line.name})" for line in letter.ours]),
        note(say("Asked for, not promised"), [_promise(line) for line in letter.asked]),
        note(say("They ask of us"), [_demand(one) for one in letter.demands]),
        note(say("Who said what"), [_said(one) for one in letter.said]),
        note(say("Who is who"), [", ".join(words(one.name, one.title, one.role)) for one in letter.people]),
    ]
    groups = [group for group in groups if group["parts"]]
    return {
        "title": say("Handover letter"),
        "about": " · ".join(words(deal.title, deal.account, money(deal.amount, deal.currency), closes)),
        "when": _when(change) if change else "",
        "written": say("Drawn from the register"),
        "columns": [groups],
        "trades": [],
        "corridor": [],
        "foot": say("Printed {day}, {time}", day=day(at), time=f"{at:%H:%M}"),
        "size": type_size(groups),
    }


def _when(change: Change) -> str:
    told = say("From {before} to {to}, {day}.", before=change.before, to=change.to, day=day(change.at))
    return f"{told} "


def _by(due_on: dt.date | None) -> str:
    return say("by {day}", day=day(due_on)) if due_on else ""


def _due(line: AgreementLine) -> str:
    whom = say("from {from_whom}", from_whom=line.from_whom) if line.from_whom else ""
    return ", ".join(words(line.name, _by(line.late_after), whom))


def _promise(line: AgreementLine) -> str:
    told = ", ".join(words(line.from_whom, line.act, _by(line.due_on)))
    return f"{line.name}: {told}" if told else line.name


def _demand(one: Demand) -> str:
    why = say("Because: {text}", text=one.why.text) if one.why else say("Nobody knows why.")
    return f"{day(one.at)}: {one.title}. {why}"


def _said(one: Said) -> str:
    state = f"{one.name} {one.state.label.lower()}"
    return f"{day(one.on)}: {', '.join(words(one.who, state, one.act, _by(one.due_on)))}"
