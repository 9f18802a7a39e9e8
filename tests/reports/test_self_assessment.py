"""The sheet of the self-assessment: where a company stands, what to record first and which step comes next, on one page."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from hingepoint.analysis import self_assessment as analysis
from hingepoint.analysis.self_assessment import Said
from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import State
from hingepoint.domain.self_assessment.queries import Result, RoundLine, ToRecord
from hingepoint.records.self_assessment import BY_KEY, QUESTIONS, Group, HowOften
from hingepoint.reports import self_assessment as report
from hingepoint.reports import typesetting
from hingepoint.reports.plan_sheets import NoTypst

AT = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
NEXT = "Choose the strategy and the pivotal agreements that each deal needs"


def said(group: Group, often: str, people: int) -> list[Said]:
    return [Said(group, {one.key: HowOften(often) for one in QUESTIONS})] * people


def round_line(name: str = "Autumn of the year before last") -> RoundLine:
    return RoundLine(1, name, 40, 38, "Saga Sponsor", AT, AT, AT, "", by_code=False)


def fullest() -> Result:
    """All that a sheet can hold: gaps of three steps on every question, five signals that people and readings tell
    differently, the five others to record, those with the longest words, and every answer moved since the round before."""
    now = analysis.read(said(Group.LEADER, "1", 9) + said(Group.FIELD, "4", 29))
    before = analysis.read(said(Group.LEADER, "4", 9) + said(Group.FIELD, "1", 29))
    wordy = sorted(SIGNALS.values(), key=lambda one: -len(one.needs_plainly))
    return Result(
        round=round_line(),
        standing=now,
        states={one.key: State.CALM for one in wordy[5:]},
        record=tuple(ToRecord(one.key, one.name, one.needs_plainly) for one in wordy[:5]),
        before="Spring of the year before last",
        moved=analysis.compare(now, before),
    )


def test_the_sheet_says_where_you_stand_what_to_record_first_and_what_comes_next():
    result = fullest()
    told = report.facts(result, next_step=NEXT, at=AT)
    assert told["headline"].endswith(": the field says mostly, leaders say rarely.")
    assert told["beside"] == "Gaps beyond chance: 15 of 15, 15 of them a step or more."
    assert "38 people of 40 answered: 9 leaders, 29 from the field." in told["about"]
    assert [one["title"] for one in told["pictures"]] == ["The ten signals", "The five pressures"]
    assert [(one["name"], one["needs"]) for one in told["record"][:3]] == [
        (one.name, one.needs) for one in result.record[:3]
    ]
    assert told["next"] == NEXT
    assert len(told["differ"]) == len(told["changed"]) == report.ON_THE_SHEET
    assert all("the reading is calm" in line for line in told["differ"])
    assert told["changed"][0].startswith(BY_KEY[result.changed[0].key].name)
    assert told["tells"] == list(report.TELLS)


@pytest.mark.skipif(not typesetting.available(), reason="Typst is not installed")
def test_the_fullest_sheet_is_one_page():
    sheet = report.pdf(fullest(), next_step=NEXT, at=AT)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1


def test_of_too_few_answers_the_sheet_shows_none():
    few = analysis.read(said(Group.FIELD, "4", 4))
    told = report.facts(Result(round_line(), few, {}, (), "", ()), next_step="", at=AT)
    assert told["pictures"] == []
    assert told["headline"] == "Fewer than five people answered, so nothing is shown."
    assert told["record"] == told["differ"] == told["changed"] == []


def test_without_typst_it_says_what_to_install_and_that_a_browser_prints_it(monkeypatch):
    monkeypatch.setattr(typesetting, "find_spec", lambda name: None)
    with pytest.raises(
        NoTypst, match=r"pip install 'hingepoint\[reports\]'.*print the page from your browser"
    ):
        report.pdf(fullest(), next_step=NEXT, at=AT)
