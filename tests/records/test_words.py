"""Every enum of ``records`` carries its words."""

from __future__ import annotations

import enum
import importlib
import pickle
import pkgutil

import pytest

from hingepoint import records
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.talks import Topic
from hingepoint.records.words import Worded

ENUMS = sorted(
    {
        member
        for module in pkgutil.iter_modules(records.__path__, "hingepoint.records.")
        for member in vars(importlib.import_module(module.name)).values()
        if isinstance(member, type) and issubclass(member, enum.Enum) and list(member)
    },
    key=lambda found: (found.__module__, found.__name__),
)


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_member_has_a_word_of_its_own(kind):
    words = [member.label for member in kind]
    assert all(words)
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_stored_value_finds_its_member(kind):
    assert [kind(member.value) for member in kind] == list(kind)


def test_a_member_is_its_value_wherever_text_is_written():
    assert AgreementState.NOT_NEEDED == "not_needed"
    assert f"{AgreementState.NOT_NEEDED}" == "not_needed"
    assert pickle.loads(pickle.dumps(AgreementState.NOT_NEEDED)) is AgreementState.NOT_NEEDED


def test_choices_are_values_with_words_in_order():
    assert Topic.choices[-2:] == [("liability", "Liability and contract"), ("other", "Something else")]
    assert Topic.values[:2] == ["price", "payment"]


def test_evidence_is_ordered_and_has_words():
    assert Evidence.TOLD > Evidence.CLAIMED
    assert Evidence(3).label == "They wrote it"


def test_a_value_that_is_no_member_is_refused():
    with pytest.raises(ValueError, match="'maybe' is not a valid AgreementState"):
        AgreementState("maybe")


def test_all_enums_of_text_are_worded():
    assert [kind for kind in ENUMS if issubclass(kind, str) and not issubclass(kind, Worded)] == []
