"""The record of a run: what is kept of it, and that runs of earlier versions still open."""

import json
import math
from pathlib import Path

import pytest

from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import record
from histories import plain

STORED = json.loads((Path(__file__).parent / "stored" / "run_schema_1.json").read_text(encoding="utf-8"))


def without(*parts):
    """Return what a version stored that did not yet keep these parts."""
    return {name: value for name, value in STORED.items() if name not in parts}


def test_a_run_of_the_first_schema_still_opens():
    opened = record.opened(STORED)
    helps = opened.finding("helps")
    assert (opened.version, opened.metric.name, opened.metric.kind) == ("0.1.0", "won", "share")
    assert (opened.data.deals, opened.data.won, opened.data.lost) == (400, 193, 207)
    assert str(opened.data.since) == "2023-01-02"
    assert opened.data.clustered_by == "deal"
    assert opened.currency == "EUR"
    assert (helps.grade, helps.name, helps.harmful) == ("weak", "helps", False)
    stored = next(one for one in STORED["result"]["findings"] if one["agreement"] == "helps")
    assert (helps.effect, list(helps.ci)) == (stored["effect"], stored["ci"])
    assert helps.details.false_sign == STORED["details"]["helps"]["false_sign"]
    assert opened.plans["helps"].wedge.teams == 6


def test_what_a_run_of_the_first_schema_said_stays_word_for_word():
    opened = record.opened(STORED)
    now = opened.contract()
    assert {part: now[part] for part in now if part != "findings"} == {
        part: value for part, value in STORED["result"].items() if part != "findings"
    } | {"audit": [], "controls": {"named": 0, "tested": 0, "passed": 0, "in_words": ""}}
    new = {"turned": None, "faded": None, "doubts": [], "repairs": [], "breaks": []}
    new |= {"place": 0, "place_between": [0, 0], "leans": ""}
    assert now["findings"] == [one | new for one in STORED["result"]["findings"]]
    assert opened.table().to_dicts() == STORED["table"]
    now = opened.stored()
    same = [name for name in STORED if name not in ("result", "details")]
    assert {name: now[name] for name in same} == {name: STORED[name] for name in same}
    for agreement, details in STORED["details"].items():
        assert now["details"][agreement] | details == now["details"][agreement]


def test_what_is_stored_opens_as_the_same_record():
    deals, events = plain()
    settings = discovery.Settings(metric="won", min_events=10)
    made = record.of(discovery.discover(deals, events, settings=settings), currency="EUR", teams=6)
    stored = json.loads(json.dumps(made.stored(), allow_nan=False))
    assert stored["schema"] == record.SCHEMA
    assert record.opened(stored).stored() == stored


def test_what_an_older_version_did_not_keep_is_not_known():
    opened = record.opened(
        without("noise", "segment_deals", "timing_deals", "reversing", "plans", "clustered_by", "clusters")
    )
    helps = opened.finding("helps")
    assert math.isnan(opened.data.noise)
    assert not opened.can_plan
    assert opened.plans == {}
    assert opened.data.clustered_by == ""
    assert {segment.deals for segment in helps.segments} <= {0}
    assert {point.deals for point in helps.timing} == {0}


def test_a_run_of_the_first_schema_plans_a_trial_as_it_did():
    opened = record.opened(STORED)
    basis = opened.basis("helps")
    assert opened.can_plan
    assert basis.error == pytest.approx((basis_width(STORED)) / 3.92)
    assert (basis.deals, basis.noise) == (400, STORED["noise"])


def basis_width(stored):
    low, high = next(one["ci"] for one in stored["result"]["findings"] if one["agreement"] == "helps")
    return high - low


def test_places_in_the_set_stay_when_members_are_left_out():
    chosen = [{"agreement": key, "p_top": 0.9, "selected_share": 0.8} for key in ("helps", "idle")]
    stored = STORED | {"result": STORED["result"] | {"pivotal": chosen}}
    part = record.opened(stored).only(["idle"])
    assert [one.agreement for one in part.findings] == ["idle"]
    assert [one.agreement for one in part.pivotal] == ["idle"]
    assert part.places["idle"] == 2


def test_a_record_of_a_later_version_is_refused_in_words():
    with pytest.raises(record.NewerRecord, match="stored by a later version"):
        record.opened(STORED | {"schema": record.SCHEMA + 1})
