"""Plans of a talk and of a deal as a PDF of one page, made with Typst (the extra ``reports``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hingepoint.domain.plans.parts import Line
from hingepoint.domain.plans.queries.deal_sheet import AheadRow, DealSheet
from hingepoint.domain.plans.queries.filled import FilledPart
from hingepoint.domain.plans.queries.talk_sheet import FilledGroup, TalkSheet
from hingepoint.records import conventions
from hingepoint.records.languages import say
from hingepoint.reports import typesetting


class NoTypst(RuntimeError):
    """The library that makes PDFs is not installed."""


def talk_pdf(sheet: TalkSheet, *, at: dt.datetime, walk_away: bool) -> bytes:
    """Return the plan of a talk as one A4 page, the confidential corridor marked so, with its end if ``walk_away``. Raises
    NoTypst."""
    return one_page(talk_facts(sheet, at=at, walk_away=walk_away))


def deal_pdf(sheet: DealSheet, *, at: dt.datetime) -> bytes:
    """Return the plan of a deal as A4. Raises NoTypst."""
    return one_page(deal_facts(sheet, at=at))


def talk_facts(sheet: TalkSheet, *, at: dt.datetime, walk_away: bool) -> dict[str, Any]:
    """Return what the page says of a talk, as plain texts: two columns of groups, trades below them."""
    deal = sheet.facts
    account = deal.account.name if deal.account else ""
    ask, power, information, theirs = (_group(group) for group in sheet.groups)
    inside = note(say("Agree inside first"), [_whom(line.name, line.from_whom) for line in sheet.first])
    principles = note(say("Principles"), sheet.principles)
    left = [group for group in (ask, power, information) if group["parts"]]
    right = [group for group in (theirs, inside, principles) if group["parts"]]
    offer, request = sheet.trades
    return {
        "title": sheet.name,
        "about": " · ".join(words(str(deal), account, money(deal.amount, deal.currency))),
        "when": say("Talk on {talk_on}. ", talk_on=day(sheet.talk_on)) if sheet.talk_on else "",
        "written": _written(sheet),
        "columns": [left, right],
        "trades": [
            _trades(offer, say("costs us"), say("worth to them")),
            _trades(request, say("costs them"), say("worth to us")),
        ],
        "corridor": _corridor(sheet, walk_away=walk_away),
        "foot": say("Printed {day}, {time}", day=day(at), time=f"{at:%H:%M}"),
        "size": type_size([*left, *right]),
    }


def deal_facts(sheet: DealSheet, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the page says of a deal, as plain texts in one column."""
    facts = sheet.facts
    closes = (
        say("expected close {expected_close_on}", expected_close_on=day(facts.expected_close_on))
        if facts.expected_close_on
        else ""
    )
    risks = {
        "title": say("What could go wrong"),
        "parts": [{"label": "", "lines": _lines(sheet.risks.lines)}],
    }
    groups = [*(_ahead(row) for row in sheet.ahead), *([risks] if sheet.risks.lines else [])]
    return {
        "title": say("Plan of the deal"),
        "about": " · ".join(words(facts.title, facts.account, money(facts.amount, facts.currency), closes)),
        "when": "",
        "written": _written(sheet),
        "columns": [groups],
        "trades": [],
        "corridor": [],
        "foot": say("Printed {day}, {time}", day=day(at), time=f"{at:%H:%M}"),
        "size": type_size(groups),
    }


def _ahead(row: AheadRow) -> dict[str, Any]:
    line = row.line
    about = [
        _state(line.state),
        line.late_after and say("due {late_after}", late_after=day(line.late_after)),
        line.from_whom,
    ]
    step = _lines(row.step.lines)
    taken = ", ".join(words(row.who.text, row.day and say("by {day}", day=day(row.day))))
    parts = [{"label": " · ".join(words(*about)), "lines": step}]
    return {"title": line.name, "parts": [*parts, *([{"label": taken, "lines": []}] if taken else [])]}


def _group(group: FilledGroup) -> dict[str, Any]:
    parts = [{"label": part.label, "lines": _lines(part.lines)} for part in group.parts if part.lines]
    return {"title": group.title, "parts": parts}


def note(title: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return a group of plain lines; without any it is left out."""
    lines = [{"text": text, "source": "", "own": False} for text in texts]
    return {"title": title, "parts": [{"label": "", "lines": lines}] if lines else []}


def type_size(groups: Sequence[dict[str, Any]]) -> float:
    """Return the size of the type in points by which so much fits on one page."""
    characters = sum(
        60 + len(line["text"]) for group in groups for part in group["parts"] for line in part["lines"]
    )
    return 9.4 if characters < 3_500 else 8.4 if characters < 5_500 else 7.2


def one_page(facts: dict[str, Any]) -> bytes:
    """Return the PDF of a page described as ``talk_facts`` describes one. Raises NoTypst."""
    try:
        return typesetting.pdf("plan_sheet.typ", facts)
    except typesetting.NoTypesetter as error:
        raise NoTypst(
            say("{error} Without it, print the page from your browser: it fits on one sheet.", error=error)
        ) from error


def _lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return lines; a source is named once for the lines in a row that come from it."""
    after = [*(line.source for line in lines[1:]), ""]
    return [
        {"text": line.text, "source": line.source if line.source != following else "", "own": line.own}
        for line, following in zip(lines, after, strict=True)
    ]


def _trades(part: FilledPart, cost: str, worth: str) -> dict[str, Any]:
    rows = [
        {"text": line.text, "cost": str(line.cost or "–"), "worth": str(line.worth or "–")}
        for line in part.lines
    ]
    return {"label": part.label, "cost": cost, "worth": worth, "rows": rows}


def _corridor(sheet: TalkSheet, *, walk_away: bool) -> list[list[str]]:
    if sheet.corridor is None:
        return []
    figures = [(say("Opening"), "opening"), (say("Target"), "target")] + [
        (say("Walk-away"), "walk_away")
    ] * walk_away
    return [[label, money(getattr(sheet.corridor, name), sheet.facts.currency)] for label, name in figures]


def _written(sheet: TalkSheet | DealSheet) -> str:
    newest = sheet.history.newest
    if newest is None:
        return say("Nothing is written yet: this is what is known")
    verdict = sheet.history.verdict
    said = say(", {verdict} by {by}", verdict=verdict.verdict, by=verdict.by) if verdict else ""
    return say(
        "Written by {value} on {at}{said}", value=newest.by or say("the system"), at=day(newest.at), said=said
    )


def _state(state: str) -> str:
    return state.replace("_", " ").capitalize()


def _whom(name: str, person: str) -> str:
    return f"{name}, {person}" if person else name


def words(*told: Any) -> list[str]:
    """Return what there is to say, as texts."""
    return [str(one) for one in told if one]


def money(amount: Any, currency: str) -> str:
    return f"{currency} {amount:,.0f}".strip() if amount is not None else ""


def day(value: dt.date) -> str:
    return conventions.day(value)
