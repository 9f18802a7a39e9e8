"""A value of a field of the company's own is one value: as the deal shows it and as its history tells it, of every kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.reading import Kept
from connectors.test_all import fake_of, opened
from hingepoint.connectors import values
from hingepoint.connectors.own import Kind, Own
from hingepoint.records.crm import CrmObject, DealField

#: For each CRM and kind: how its metadata describes the field, what the deal holds, what the history holds, and what it is here.
#: Odoo's history has a column for each type; what is given here stands in those columns.
SAID: dict[str, dict[str, tuple[Any, Any, Any, str]]] = {
    "salesforce": {
        "text": ({"type": "string"}, "007", "007", "007"),
        "whole": ({"type": "double"}, 12.0, 12, "12"),
        "decimal": ({"type": "percent"}, 12.50, "12.5", "12.5"),
        "money": ({"type": "currency"}, 1200.0, "1200.00", "1200"),
        "day": ({"type": "date"}, "2026-03-05", "2026-03-05", "2026-03-05"),
        "moment": (
            {"type": "datetime"},
            "2026-03-05T10:00:00.000+0000",
            "2026-03-05T10:00:00Z",
            "2026-03-05T10:00:00Z",
        ),
        "yes": ({"type": "boolean"}, True, "true", "yes"),
        "no": ({"type": "boolean"}, False, "false", "no"),
        "choice": (
            {"type": "picklist", "picklistValues": [{"value": "N", "label": "North"}]},
            "N",
            "N",
            "North",
        ),
        "its word": (
            {"type": "picklist", "picklistValues": [{"value": "N", "label": "North"}]},
            "N",
            "North",
            "North",
        ),
    },
    "hubspot": {
        "text": ({"type": "string"}, "007", "007", "007"),
        "whole": ({"type": "number"}, "12", "12.0", "12"),
        "money": ({"type": "number"}, "1200.00", "1200", "1200"),
        "day": ({"type": "date"}, "2026-03-05", "1772668800000", "2026-03-05"),
        "day before 1970": ({"type": "date"}, "1969-12-31", "-86400000", "1969-12-31"),
        "moment": (
            {"type": "datetime"},
            "2026-03-05T10:00:00.000Z",
            "1772704800000",
            "2026-03-05T10:00:00Z",
        ),
        "yes": ({"type": "bool"}, "true", "true", "yes"),
        "no": (
            {
                "type": "enumeration",
                "fieldType": "booleancheckbox",
                "options": [{"value": "false", "label": "Never"}],
            },
            "false",
            "false",
            "no",
        ),
        "choice": (
            {"type": "enumeration", "options": [{"value": "n_1", "label": "North"}]},
            "n_1",
            "n_1",
            "North",
        ),
        "choices": (
            {
                "type": "enumeration",
                "fieldType": "checkbox",
                "options": [{"value": "s", "label": "South"}, {"value": "n", "label": "North"}],
            },
            "s;n",
            "n;s",
            "North, South",
        ),
        "owner": ({"type": "enumeration", "options": []}, "501", "501", "501"),
    },
    "dynamics": {
        "text": ({"type": "String"}, "a, b", "a, b", "a, b"),
        "whole": ({"type": "Integer"}, 12, "12", "12"),
        "decimal": ({"type": "Decimal"}, 12.5, "12.5000000000", "12.5"),
        "money": ({"type": "Money"}, 1200.0, "1200.0000", "1200"),
        "day": ({"type": "DateTime"}, "2026-03-05", "3/5/2026 12:00:00 AM", "2026-03-05"),
        "moment": (
            {"type": "DateTime"},
            "2026-03-05T22:30:00Z",
            "03/05/2026 22:30:00",
            "2026-03-05T22:30:00Z",
        ),
        "half day": (
            {"type": "DateTime"},
            "2026-03-05T22:30:00Z",
            "3/5/2026 10:30:00 PM",
            "2026-03-05T22:30:00Z",
        ),
        "yes": ({"type": "Boolean"}, True, "1", "yes"),
        "no": ({"type": "Boolean"}, False, "False", "no"),
        "choice": (
            {
                "type": "Picklist",
                "options": [{"Value": 100000001, "Label": {"UserLocalizedLabel": {"Label": "North"}}}],
            },
            100000001,
            "100000001",
            "North",
        ),
        "choices": (
            {
                "type": "Virtual",
                "options": [
                    {"Value": 2, "Label": {"UserLocalizedLabel": {"Label": "South"}}},
                    {"Value": 3, "Label": {"UserLocalizedLabel": {"Label": "North"}}},
                    {"Value": 4, "Label": {"UserLocalizedLabel": None}},
                ],
            },
            "2,3",
            "[-1,3,2,-1]",
            "North, South",
        ),
    },
    "odoo": {
        "text": ({"type": "char"}, "007", {"char": "007"}, "007"),
        "whole": ({"type": "integer"}, 12, {"integer": 12}, "12"),
        "decimal": ({"type": "float"}, 12.5, {"float": 12.5}, "12.5"),
        "money": ({"type": "monetary"}, 1200.0, {"float": 1200.0}, "1200"),
        "day": ({"type": "date"}, "2026-03-05", {"datetime": "2026-03-05 00:00:00"}, "2026-03-05"),
        "moment": (
            {"type": "datetime"},
            "2026-03-05 10:00:00",
            {"datetime": "2026-03-05 10:00:00"},
            "2026-03-05T10:00:00Z",
        ),
        "yes": ({"type": "boolean"}, True, {"integer": 1}, "yes"),
        "no": ({"type": "boolean"}, False, {"integer": 0}, "no"),
        "choice": (
            {"type": "selection", "selection": [["n", "North"], ["North", "East"]]},
            "n",
            {"char": "North"},
            "North",
        ),
        "another record": ({"type": "many2one"}, [7, "Ada"], {"char": "Ada"}, "Ada"),
        "choices": (
            {"type": "many2many", "relation": "crm.tag"},
            [7, 4],
            {"char": "South, North"},
            "North, South",
        ),
    },
    "pipedrive": {
        "text": ({"field_type": "varchar"}, "007", "007", "007"),
        "whole": ({"field_type": "int"}, 12, "12", "12"),
        "decimal": ({"field_type": "double"}, 12.5, "12.50", "12.5"),
        "money": ({"field_type": "monetary"}, {"value": 1200, "currency": "USD"}, "1200.00", "1200"),
        "day": ({"field_type": "date"}, "2026-03-05", "2026-03-05 00:00:00", "2026-03-05"),
        "choice": ({"field_type": "enum", "options": [{"id": 12, "label": "North"}]}, 12, "12", "North"),
        "choices": (
            {"field_type": "set", "options": [{"id": 12, "label": "South"}, {"id": 13, "label": "North"}]},
            [12, 13],
            "13,12",
            "North, South",
        ),
        "another record": ({"field_type": "user"}, {"id": 71, "name": "Ada"}, "71", "71"),
    },
    "espocrm": {
        "text": ({"type": "varchar"}, "007", "007", "007"),
        "whole": ({"type": "int"}, 12, 12, "12"),
        "decimal": ({"type": "float"}, 12.5, 12.50, "12.5"),
        "money": ({"type": "currency"}, 1200, "1200.0000", "1200"),
        "day": ({"type": "date"}, "2026-03-05", "2026-03-05", "2026-03-05"),
        "moment": (
            {"type": "datetime"},
            "2026-03-05 10:00:00",
            "2026-03-05 10:00:00",
            "2026-03-05T10:00:00Z",
        ),
        "yes": ({"type": "bool"}, True, True, "yes"),
        "no": ({"type": "bool"}, False, False, "no"),
        "choice": ({"type": "enum"}, "North", "North", "North"),
        "choices": ({"type": "multiEnum"}, ["South", "North"], ["North", "South"], "North, South"),
    },
}
NOTHING = {"hubspot": "", "odoo": False}
CASES = [(key, name) for key, kinds in SAID.items() for name in kinds]


def follow(fake, key: str, said: Any) -> None:
    """Put into the last entry of the history what the CRM writes there."""
    if key == "salesforce":
        [*_, last] = fake.rows["OpportunityFieldHistory"].values()
        last["NewValue"] = said
    elif key == "hubspot":
        (deal,) = fake.records["0-3"].values()
        deal["history"][fake.own][0]["value"] = said
    elif key == "dynamics":
        [*_, last] = fake.rows["audits"].values()
        changed = json.loads(last["changedata"])
        changed["changedAttributes"][0]["newValue"] = said
        last["changedata"] = json.dumps(changed)
    elif key == "odoo":
        [*_, last] = fake.tables["mail.tracking.value"].values()
        empty = {"char": False, "integer": 0, "float": 0.0, "datetime": False}
        last |= {f"new_value_{column}": value for column, value in {**empty, **said}.items()}
    elif key == "pipedrive":
        (log,) = fake.logs.values()
        log[-1]["new_value"] = said
    else:
        [*_, last] = (row for row in fake.rows["Note"].values() if row["type"] == "Update")
        last["data"]["attributes"]["became"][fake.own] = said


def seen(key: str, fake) -> tuple[str, list[str], set]:
    """Return what the deal shows, what its history tells in order, and values that were not of their kind."""
    kept, source = Kept(), opened(key, fake, pages=50)
    kept.sync(source)
    (deal,) = kept.records[CrmObject.DEALS].values()
    told = [each for each in kept.records[CrmObject.CHANGES].values() if each.field is DealField.EXTRA]
    return deal.extra["area"], [each.new for each in sorted(told, key=lambda each: each.at)], source.unread


@pytest.mark.parametrize(("key", "name"), CASES)
def test_the_deal_and_its_history_tell_one_value(key, name):
    described, now, then, shown = SAID[key][name]
    with fake_of(key) as fake:
        describe(key, fake, described)
        fake.add()
        fake.tick(600)
        fake.say_own(0, now)
        follow(fake, key, then)
        present, told, unread = seen(key, fake)
        assert (present, told[-1], unread) == (shown, shown, set())
        if key == "odoo" and described["type"] in ("integer", "float", "monetary", "boolean"):
            return  # these are never empty there
        fake.tick(600)
        fake.say_own(0, NOTHING.get(key))
        follow(fake, key, {} if key == "odoo" else NOTHING.get(key))
        present, told, _ = seen(key, fake)
        assert (present, told[-1]) == ("", "")


@pytest.mark.parametrize("key", SAID)
def test_what_is_not_of_its_kind_stays_as_it_is_and_is_told(key):
    described, *_ = SAID[key]["choice"]
    with fake_of(key) as fake:
        describe(key, fake, described)
        if key == "espocrm":  # whose choices are their own words
            fake.fields[fake.own]["type"] = "int"
        fake.add()
        fake.tick(600)
        fake.say_own(0, "999x")
        follow(fake, key, {"char": "999x"} if key == "odoo" else "999x")
        assert seen(key, fake) == ("999x", ["999x"], {("area", "999x")})


def describe(key: str, fake, described: dict[str, Any]) -> None:
    fake.own_is = described
    if key == "espocrm":
        fake.fields[fake.own] |= described
    if "relation" in described:
        fake.fields["crm.tag"] = {"display_name": "char"}
        for id, name in ((4, "North"), (7, "South")):
            fake.tables["crm.tag"][id] = {"id": id, "display_name": name}


def test_a_column_that_names_another_row_is_asked_for_by_the_name_of_its_identity():
    with fake_of("dynamics") as fake:
        fake.own_is = {"type": "Lookup"}
        fake.add()
        fake.change(0, **{f"_{fake.own}_value": "c0ffee"})
        source = opened("dynamics", fake, pages=50)
        assert source.describe().kept == ()
        deal, *_ = source.page(CrmObject.DEALS, "").records
        assert deal.extra == {"area": "c0ffee"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.NUMBER, "Infinity"),
        (Kind.NUMBER, "1,200"),
        (Kind.DAY, "soon"),
        (Kind.MOMENT, "13/45/2026 10:00:00"),
        (Kind.MOMENT, "9" * 30),
        (Kind.YES_NO, "perhaps"),
    ],
)
def test_no_value_is_made_up(kind, said):
    own = Own("area", kind)
    assert own.value(said) == said
    assert own.unread == {("area", said)}


@pytest.mark.parametrize(
    ("said", "meant"),
    [("True", True), ("yes", True), ("1", True), ("false", False), ("No", False), ("0", False), ("", False)],
)
def test_a_box_is_written_as_what_a_text_says(said, meant):
    assert values.yes_or_no(said) is meant


@pytest.mark.parametrize("said", ["50%", "1 of 2 agreements stand", "maybe", "2"])
def test_a_text_that_is_neither_yes_nor_no_is_never_a_no(said):
    with pytest.raises(ValueError, match="neither yes nor no"):
        values.yes_or_no(said)
