"""Plans of a talk and of a deal as a PDF of one page, made with Typst (the extra ``reports``)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from hingepoint.domain.plans.parts import Line
from hingepoint.domain.plans.sheets import DealSheet, FilledPart, TalkSheet


class NoTypst(RuntimeError):
    """The library that makes PDFs is not installed."""


def talk_pdf(sheet: TalkSheet, *, at: dt.datetime) -> bytes:
    """Return the plan of a talk as one A4 page, the confidential corridor marked so. Raises NoTypst."""
    return _compile(talk_facts(sheet, at=at))


def deal_pdf(sheet: DealSheet, *, at: dt.datetime) -> bytes:
    """Return the plan of a deal as A4. Raises NoTypst."""
    return _compile(deal_facts(sheet, at=at))


def talk_facts(sheet: TalkSheet, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the page says of a talk, as plain texts."""
    deal = sheet.facts
    groups = [
        {"title": group.title, "parts": [_part(part) for part in group.parts if part.lines]}
        for group in sheet.groups
    ]
    notes = [
        ("Agree inside first", [Line(_whom(line.name, line.from_whom)) for line in sheet.first]),
        ("Principles", [Line(one) for one in sheet.principles]),
    ]
    groups += [
        {"title": title, "parts": [{"label": "", "lines": _lines(found)}]} for title, found in notes if found
    ]
    return {
        "title": sheet.name,
        "about": " · ".join(
            _words(str(deal), deal.account and deal.account.name, _money(deal.amount, deal.currency))
        ),
        "when": f"Talk on {_day(sheet.talk_on)}" if sheet.talk_on else "",
        "written": _written(sheet),
        "groups": [group for group in groups if group["parts"]],
        "trades": [
            _trades(sheet.trades[0], "costs us", "worth to them"),
            _trades(sheet.trades[1], "costs them", "worth to us"),
        ],
        "corridor": _corridor(sheet),
        "foot": f"Printed {_day(at)}, {at:%H:%M}",
    }


def deal_facts(sheet: DealSheet, *, at: dt.datetime) -> dict[str, Any]:
    """Return what the page says of a deal, as plain texts."""
    facts = sheet.facts
    closes = f"expected close {_day(facts.expected_close_on)}" if facts.expected_close_on else ""
    ahead = [
        {
            "title": row.line.name,
            "parts": [
                {
                    "label": _by(row.line.state, row.line.late_after),
                    "lines": [{"text": row.line.from_whom, "source": ""}],
                },
                _part(row.step),
                {
                    "label": "Who, by when",
                    "lines": [{"text": ", ".join(_words(row.who.text, row.on.text)), "source": ""}],
                },
            ],
        }
        for row in sheet.ahead
    ]
    risks = [{"title": "What could go wrong", "parts": [{"label": "", "lines": _lines(sheet.risks.lines)}]}]
    return {
        "title": "Plan of the deal",
        "about": " · ".join(_words(facts.title, facts.account, _money(facts.amount, facts.currency), closes)),
        "when": "",
        "written": _written(sheet),
        "groups": [*ahead, *(risks if sheet.risks.lines else [])],
        "trades": [],
        "corridor": [],
        "foot": f"Printed {_day(at)}, {at:%H:%M}",
    }


def _compile(facts: dict[str, Any]) -> bytes:
    try:
        import typst
    except ImportError as error:
        raise NoTypst(
            "PDF needs the extra `reports`: pip install 'hingepoint[reports]'. "
            "Without it, print the page from your browser: it fits on one sheet."
        ) from error
    template = resources.files("hingepoint.reports").joinpath("templates", "plan_sheet.typ").read_bytes()
    return typst.compile(template, sys_inputs={"facts": json.dumps(facts)})


def _part(part: FilledPart) -> dict[str, Any]:
    return {"label": part.label, "lines": _lines(part.lines)}


def _lines(lines: Iterable[Line]) -> list[dict[str, str]]:
    return [{"text": line.text, "source": line.source} for line in lines]


def _trades(part: FilledPart, cost: str, worth: str) -> dict[str, Any]:
    rows = [
        {"text": line.text, "cost": str(line.cost or "–"), "worth": str(line.worth or "–")}
        for line in part.lines
    ]
    return {"label": part.label, "cost": cost, "worth": worth, "rows": rows}


def _corridor(sheet: TalkSheet) -> list[list[str]]:
    if sheet.corridor is None:
        return []
    figures = (("Opening", "opening"), ("Target", "target"), ("Walk-away", "walk_away"))
    return [[label, _money(getattr(sheet.corridor, name), sheet.facts.currency)] for label, name in figures]


def _written(sheet: TalkSheet | DealSheet) -> str:
    newest = sheet.history.newest
    if newest is None:
        return "Nothing is written yet: this is what is known."
    verdict = sheet.history.verdict
    said = f", {verdict.verdict} by {verdict.by}" if verdict else ""
    return f"Written by {newest.by or 'the system'} on {_day(newest.at)}{said}"


def _by(state: str, day: dt.date | None) -> str:
    return f"{state.replace('_', ' ').capitalize()}{f', by {_day(day)}' if day else ''}"


def _whom(name: str, person: str) -> str:
    return f"{name}, {person}" if person else name


def _words(*told: Any) -> list[str]:
    return [str(one) for one in told if one]


def _money(amount: Any, currency: str) -> str:
    return f"{currency} {amount:,.0f}".strip() if amount is not None else ""


def _day(value: dt.date) -> str:
    return f"{value.day} {value:%b %Y}"
