"""Definitions as a file: what goes out comes back the same, and nothing is put in force by a file."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml

import counting
import duties
import playbooks
import pressed
import rules
from cast import NOW
from hingepoint.analysis import own_metrics
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.definitions import actions, queries, schema
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.domain.pressures.models import PressureRule
from hingepoint.domain.routines.models import Routine
from hingepoint.domain.strategy import actions as strategies
from hingepoint.domain.strategy.models import OwnMetric, Playbook, Strategy


def text() -> str:
    return schema.as_yaml(queries.defined())


def bring(said: str | dict, by=None):
    wanted = schema.parse(said if isinstance(said, str) else yaml.safe_dump({"hingepoint": 1} | said))
    return actions.bring_in(by=by, at=NOW, wanted=wanted)


@pytest.fixture
def company(cast):
    """Own words, an own type, a rule that is on, and a strategy in force with two pivotal agreements."""
    agreements.overlay_type(by=None, at=NOW, key="cust.nda", own_name="NDA", hidden=True)
    agreements.add_type(
        by=None, at=NOW, key="own.lab", name="Lab test", side="customer", stage="prove", good=["A date"]
    )
    rules.switched_on()
    pressed.switched_on()
    playbooks.in_force(cast, "cust.data_access", "own.lab", questions=["Who?"], demands=[{"demand": "10 % off", "reasons": ["budget"], "trades": []}])  # fmt: skip
    strategy = Strategy.objects.get()
    strategies.set_target(
        by=None, at=NOW, strategy=strategy, metric="won", baseline=0.2, target=0.3, target_on=NOW.date()
    )
    narrow = {"segment": "ENT", "region": "Nordics", "product": "Aria", "team": cast.north}
    facts = {"baseline": 0.1, "target": 0.4, "target_on": NOW.date()}
    strategies.set_target(by=None, at=NOW, strategy=strategy, metric="won", **facts, **narrow)
    return cast


def test_a_file_names_the_team_of_a_target(company):
    said = yaml.safe_load(text())["strategies"][0]["targets"]
    assert [one.get("team", "") for one in said] == ["", "North"]


def test_a_file_brought_into_an_empty_database_gives_the_same_file(company):
    before = text()
    Playbook.objects.all().delete()
    Strategy.objects.all().delete()
    DetectionRule.objects.all().delete()
    PressureRule.objects.all().delete()
    Agreement.objects.all().delete()
    AgreementType.objects.all().delete()
    agreements.load_catalogue(by=None, at=NOW)
    bring(before)
    assert text() == before


def test_what_is_defined_already_changes_nothing(company):
    told = AuditEvent.objects.count()
    assert bring(text()) == []
    assert AuditEvent.objects.count() == told


def test_what_a_file_does_not_name_stays(company):
    before = text()
    assert bring({"catalogue": []}) == []
    assert text() == before


def test_each_change_is_told_in_words(company):
    said = yaml.safe_load(text())
    said["rules"][0]["words"] = ["gas log"]
    said["catalogue"][0]["hidden"] = False
    said["strategies"][0]["playbook"][0]["needed_days"] = 9
    del said["strategies"][0]["playbook"][1]
    assert [str(one) for one in bring(said)] == [
        "catalogue: cust.nda: hidden: True -> False",
        "rules: log-arrives: words: stoppage log -> gas log",
        "strategies: Discount less: playbook: cust.data_access: needed_days: 20 -> 9",
        "strategies: Discount less: playbook: own.lab: chosen -> nothing",
    ]
    assert bring(said) == []


def test_a_file_puts_nothing_in_force(company):
    said = yaml.safe_load(text())
    said["rules"][0]["confidence"] = 0.5
    said["strategies"][0]["playbook"][0]["needed_days"] = 9
    bring(said)
    assert not DetectionRule.objects.get().on
    draft, published = Playbook.objects.order_by("-number")
    assert (draft.published_at, draft.pivotal.first().needed_days) == (None, 9)
    assert published.pivotal.first().needed_days == 20


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[1", "no YAML"),
        ("hingepoint: 2", "hingepoint: Input should be 1"),
        ("hingepoint: 1\nsecrets: []", "secrets: Extra inputs are not permitted"),
        ({"rules": [{"key": "r", "name": "R", "agreement": "cust.nda", "trace": "mood"}]}, "rules.0.trace"),
        ({"rules": [{"key": "r", "name": "R", "agreement": "cust.nda", "trace": "text", "words": ["x"]}]}, "rules: r: act"),
        ({"rules": [{"key": "r", "name": "R", "agreement": "no.such", "trace": "text", "words": ["x"], "act": "a"}]}, "no agreement type no.such"),
        ({"catalogue": [{"key": "own.new"}]}, "a type of your own says its side"),
        ({"catalogue": [{"key": "cust.nda"}, {"key": "cust.nda"}]}, "catalogue: cust.nda stands twice"),
        ({"strategies": [{"name": "S", "statement": "s", "metric": "joy"}]}, "S: "),
        ({"strategies": [{"name": "S", "statement": "s", "metric": "won", "targets": [{"metric": "won", "team": "Moon", "baseline": 0.1, "target": 0.2, "target_on": "2027-01-01"}]}]}, "there is no team Moon"),
        ({"strategies": [{"name": "S", "statement": "s", "metric": "won", "playbook": [{"agreement": f"t{n}", "why": "w"} for n in range(9)]}]}, "at most 8 items"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_where_and_changes_nothing(cast, said, words):
    before = text()
    with pytest.raises(schema.DefinitionsUnusable, match=words):
        bring(said)
    assert text() == before


def test_a_file_that_is_half_wrong_changes_nothing(company):
    before = text()
    said = yaml.safe_load(before)
    said["catalogue"][0]["hidden"] = False
    said["rules"].append(said["rules"][0] | {"key": "second", "pattern": "(a)\\1"})
    with pytest.raises(schema.DefinitionsUnusable, match="rules: second: pattern"):
        bring(said)
    assert text() == before


def test_only_keepers_bring_definitions_in(cast):
    with pytest.raises(actions.DefinitionsNotYours):
        bring({}, by=cast.manager)


def test_a_file_changes_a_rule_of_pressures_and_switches_it_off(company):
    said = yaml.safe_load(text())
    assert [one["key"] for one in said["pressure_rules"]] == ["newcomer"]
    said["pressure_rules"][0]["values"] = ["Kestrel"]
    changes = bring(said)
    assert [str(one) for one in changes] == ["pressure_rules: newcomer: values: Zephyr Direct -> Kestrel"]
    row = PressureRule.objects.get()
    assert (row.on, row.number, row.definition["values"]) == (False, 2, ["Kestrel"])


def test_a_file_with_a_rule_of_pressures_that_cannot_be_used_changes_nothing(company):
    said = yaml.safe_load(text())
    said["pressure_rules"][0]["pattern"] = "("
    with pytest.raises(schema.DefinitionsUnusable, match="pressure_rules: newcomer: pattern"):
        bring(said)
    assert PressureRule.objects.get().on


def test_a_metric_of_ones_own_comes_from_a_file_is_named_by_its_key_and_reads_back(cast):
    text = """
hingepoint: 1
metrics:
- {key: kept-price, name: Won at our price, unit: share, better: higher, deals: closed,
   where: [{field: status, compare: is, values: [won]}, {field: discount, compare: at_most, values: ['0.15']}]}
strategies:
- {name: Sell value, statement: Sell value., metric: won,
   targets: [{metric: 'own:kept-price', baseline: 0.2, target: 0.4, target_on: 2027-01-01}]}
"""
    wanted = schema.parse(text)
    told = [str(one) for one in queries.differences(wanted)]
    assert told == ["metrics: kept-price is new", "strategies: Sell value is new"]
    actions.bring_in(by=cast.analyst, at=NOW, wanted=wanted)
    assert own_metrics.read(OwnMetric.objects.get().told).where == counting.KEPT.where
    assert queries.differences(schema.parse(schema.as_yaml(queries.defined()))) == []
    changed = schema.parse(text.replace("0.15", "0.12"))
    assert [one.field for one in queries.differences(changed)] == ["where"]
    actions.bring_in(by=cast.analyst, at=NOW, wanted=changed)
    assert OwnMetric.objects.newest().get().version == 2


def test_a_metric_that_a_file_does_not_define_is_named(cast):
    target = {"metric": "own:gone", "baseline": 1, "target": 2, "target_on": "2027-01-01"}
    said = {"name": "S", "statement": "S.", "metric": "won", "targets": [target]}
    with pytest.raises(schema.DefinitionsUnusable, match="there is no metric own:gone"):
        bring({"strategies": [said]}, by=cast.analyst)


def test_a_file_drafts_a_routine_and_a_change_of_one_that_is_in_force(cast):
    duties.a_routine("debrief")
    said = yaml.safe_load(text())
    assert said["routines"] == [{"key": "debrief", "name": "Debrief"}]
    said["routines"][0]["cadence"] = "monthly"
    said["routines"].append({"key": "message", "name": "Message", "role": "sponsor"})
    changes = bring(said, by=cast.analyst)
    assert [str(one) for one in changes] == [
        "routines: debrief: cadence: weekly -> monthly",
        "routines: message is new",
    ]
    kept = {one.key: (one.cadence, one.since, one.draft["cadence"]) for one in Routine.objects.all()}
    assert kept == {
        "debrief": ("weekly", dt.date(2026, 1, 1), "monthly"),
        "message": ("weekly", None, "weekly"),
    }


@pytest.mark.parametrize("text", ["strategies: 2026-02-31", "[" * 5_000, "a: b: c"])
def test_what_yaml_itself_cannot_read_is_refused_with_a_sentence(text):
    with pytest.raises(schema.DefinitionsUnusable, match="This is no YAML"):
        schema.parse(text)
