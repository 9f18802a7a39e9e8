"""Whatever a program sends, in any field of any body and in any parameter: a problem of its own making, never ours."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from api.operations import OPERATIONS
from calling import program
from examples import examples
from hingepoint.api.app import document
from odd import replaced, texts, values

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def parameters(name: str) -> list[str]:
    told = [one for methods in document()["paths"].values() for one in methods.values()]
    found = next(one for one in told if one["operationId"] == name)
    return [one["name"] for one in found.get("parameters", ()) if one["in"] == "query"]


def kept_apart(ask):
    """Ask as if it had not been asked. Returns the answer, which is none of ours to answer for."""
    mark = transaction.savepoint()
    try:
        answer = ask()
        assert answer.status_code < 500, answer.content
        json.loads(answer.content)
    finally:
        transaction.savepoint_rollback(mark)


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if one.sent))
def test_a_body_with_one_odd_value_breaks_nothing(cast, name):
    operation = OPERATIONS[name]
    path, told = operation.path(cast), operation.sent(cast)
    called = program(getattr(cast, min(operation.may)))

    @examples(200)
    @given(st.integers(0, 50), values)
    def ask(place, value):
        kept_apart(lambda: called.post(path, replaced(told, place, value), **operation.headers))

    ask()


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if not one.sent))
def test_odd_parameters_break_nothing(cast, name):
    operation, named = OPERATIONS[name], parameters(name)
    path, called = operation.path(cast), program(getattr(cast, min(operation.may)))

    @examples(100)
    @given(st.dictionaries(st.sampled_from([*named, "unknown"]), texts, min_size=1, max_size=3))
    def ask(query):
        kept_apart(lambda: called.get(path, **query))

    ask()


@pytest.mark.parametrize(
    "path",
    ["/deals/{}", "/people/{}", "/runs/{}", "/agreement-types/{}", "/runs/1/findings/{}", "/signals/{}"],
)
def test_odd_addresses_break_nothing(cast, path):
    called = program(cast.analyst)

    @examples(100)
    @given(texts)
    def ask(key):
        kept_apart(lambda: called.get(path.format(key)))

    ask()
