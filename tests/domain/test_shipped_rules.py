"""The starters and the examples of the manual: each is usable, and names types that the catalogue has."""

from __future__ import annotations

from pathlib import Path

import pytest

from hingepoint.analysis import detection
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.definitions import schema
from hingepoint.domain.detection.starters import starters

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples" / "rules"


@pytest.mark.parametrize("key", starters())
def test_a_starter_can_be_used_as_it_is(key):
    rule = starters()[key]
    assert detection.problems(rule) == {}
    assert rule.agreement in shipped_types()


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_rules_of_the_manual_can_be_brought_in(crm):
    rules = schema.load(EXAMPLES / f"{crm}.yaml").rules
    assert len(rules) >= 3
    for part in rules:
        assert detection.problems(detection.rule_of(part.model_dump(mode="json"))) == {}
        assert part.agreement in shipped_types()
