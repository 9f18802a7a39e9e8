"""The printed plan: one page, the writer's words as text, the corridor marked."""

import datetime as dt
import json
from decimal import Decimal
from importlib import resources

import pytest

from cast import NOW
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.plans import actions, parts
from hingepoint.domain.plans.parts import Line
from hingepoint.domain.plans.queries import talk_sheet
from hingepoint.reports import plan_sheets

KEY = "cust.data_access"


def sheet_of(cast, **written) -> talk_sheet.TalkSheet:
    told = {"best": "the log"} | written
    plan = actions.write_plan(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=KEY, **told)
    return talk_sheet.talk_sheet(cast.seller, cast.deal.pk, plan.agreement.type_id, today=NOW.date())


def pages(facts: dict) -> int:
    """Return on how many pages the facts fit."""
    typst = pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    template = resources.files("hingepoint.reports").joinpath("templates", "plan_sheet.typ").read_bytes()
    drawn = typst.compile(template, sys_inputs={"data": json.dumps(facts)}, format="svg")
    return len(drawn) if isinstance(drawn, list) else 1


@pytest.fixture
def corridor(cast):
    figures = {"opening": Decimal(135_000), "target": Decimal(124_000), "walk_away": Decimal(116_000)}
    negotiation.set_corridor(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **figures)


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_a_plan_with_every_part_filled_fits_on_one_page(cast, corridor, lines):
    text = [f"{n}: what they measure by, who decides with whom, and what is due when" for n in range(lines)]
    filled = {
        part.key: [Line(one, "Playbook: Discount less", 1, 3) for one in text] for part in parts.TALK_PARTS
    }
    sheet = sheet_of(cast, talk_on=dt.date(2026, 3, 5), **filled)
    assert pages(plan_sheets.talk_facts(sheet, at=NOW, walk_away=True)) == 1


def test_the_page_says_who_when_and_the_confidential_corridor(cast, corridor):
    facts = plan_sheets.talk_facts(sheet_of(cast), at=NOW, walk_away=True)
    assert "Written by Sanna" in facts["written"]
    assert ["Walk-away", "EUR 116,000"] in facts["corridor"]


def test_what_looks_like_markup_is_printed_as_it_was_written(cast):
    sheet = sheet_of(cast, best='#panic("x") *bold* = heading')
    assert pages(plan_sheets.talk_facts(sheet, at=NOW, walk_away=True)) == 1


def test_a_source_is_named_once_for_the_lines_that_come_from_it(cast):
    questions = [Line("Who?", "Playbook"), Line("When?", "Playbook"), Line("Why?")]
    facts = plan_sheets.talk_facts(sheet_of(cast, questions=questions), at=NOW, walk_away=True)
    [part] = [
        p
        for column in facts["columns"]
        for g in column
        for p in g["parts"]
        if p["label"] == "Questions to ask"
    ]
    assert [line["source"] for line in part["lines"]] == ["", "Playbook", ""]
