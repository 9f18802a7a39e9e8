"""The page that shows each piece of the look in each of its states, with invented contents."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace as Example

from django.conf import settings
from django.shortcuts import render

from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Hidden
from hingepoint.records.files import RowProblem
from hingepoint.web import chart_examples

TODAY = dt.date(2026, 3, 12)


def show(request):
    """Show every component, to those who work on Hingepoint; nothing here is anybody's data."""
    if not (settings.ENVIRONMENT.demo or settings.ENVIRONMENT.debug):
        raise Hidden("no such page")
    return render(request, "components/components.html", contents() | {"sort": request.GET.get("sort", "")})


def contents() -> dict:
    """Return what the examples are made of."""
    return {
        "today": TODAY,
        "soon": TODAY + dt.timedelta(days=4),
        "late": TODAY - dt.timedelta(days=5),
        "deals": _deals(),
        "matrix_columns": _matrix_columns(),
        "matrix_rows": _matrix_rows(),
        "events": _events(),
        "problems": _problems(),
        "charts": chart_examples.all_charts(),
        "trend": chart_examples.in_a_figure(),
    }


_NAMES = (
    ("Northwind press line", "Norsk Staal AS", 412_000, "open", "Ada Okafor"),
    ("Warehouse control, second site", "Brandt Logistik GmbH", 1_284_500, "won", "Jonas Lindqvist"),
    ("Service contract 2026-2029 with on-site spare parts and two named engineers", "Compañía Eléctrica del Sur", 98_750, "lost", "Mei-Ling Tan"),
    ("Cold chain sensors", "Fjordfisk", 36_400, "open", "Ada Okafor"),
)  # fmt: skip


def _deals() -> list[Example]:
    return [
        Example(id=i, name=name, account=account, amount=amount, status=status, owner=owner, url="#deal", coverage=0.25 * i)
        for i, (name, account, amount, status, owner) in enumerate(_NAMES, 1)
    ]  # fmt: skip


def _matrix_columns() -> list[dict]:
    names = (
        "Early access to key data", "Executive sponsor named", "Success criteria in writing", "Procurement path agreed",
        "Pilot with an exit decision", "Mutual plan to go-live", "Price corridor signed off", "Legal terms before price",
    )  # fmt: skip
    return [{"label": name, "short": name, "url": "#agreement", "hint": ""} for name in names]


def _matrix_rows() -> list[Example]:
    states = list(AgreementState)
    notes = {"needed": "4 d late", "planned": "18 Mar", "asked": "20 Mar", "gained": "2 Feb", "kept": "9 Jan"}
    rows = []
    for index, (name, account, _, _, _) in enumerate(_NAMES * 2):
        chosen = [states[(index * 3 + slot * 2 + slot // 3) % len(states)] for slot in range(8)]
        cells: list[Example | None] = [
            Example(
                state=state,
                note=notes.get(state, ""),
                late="late" in notes.get(state, ""),
                url="#cell",
                title="",
            )
            for slot, state in enumerate(chosen)
        ]
        cells[(index * 5) % 8] = None
        rows.append(
            Example(url="#deal", title=name, sub=account, facts=["€412k", "Prove", "21 d"], cells=cells)
        )
    return rows


def _events() -> list[Example]:
    return [
        Example(title="Executive sponsor named", state="kept", at="9 Jan 2026", by="Kari Nilsen, COO", text="Opened the steering meeting herself and set its date.", url="#agreement"),
        Example(title="Early access to key data", state="gained", at="2 Feb 2026", by="Tomas Berg, plant lead", text="Two years of downtime logs by 6 February, for our savings model.", url="#agreement"),
        Example(title="Success criteria in writing", state="soft", at="27 Feb 2026", by="Tomas Berg", text="“Sounds right, I will look at it.” No act, no date."),
        Example(title="Procurement path agreed", state="needed", at="8 Mar 2026, 4 days late", late=True, text="Deals of this size that had it by now conceded 3.2 points less."),
        Example(title="Pilot with an exit decision", state="planned", at="due in 9 days", future=True),
        Example(title="Deal closes", icon="flag", tone="quiet", at="expected 30 Apr 2026", future=True),
    ]  # fmt: skip


def _problems() -> list[RowProblem]:
    return [
        RowProblem("deals.csv", 14, "created", "31/02/2025", "a day that exists, such as 2025-02-28"),
        RowProblem("deals.csv", 118, "amount", "1.234", "an amount that is not ambiguous: say in the mapping whether 1.234 is 1,234 or 1.234"),
        RowProblem("deals.csv", 902, "status", "", "open, won or lost"),
        RowProblem("deals.csv", None, "deal_id", "", "a column that names each deal once"),
    ]  # fmt: skip
