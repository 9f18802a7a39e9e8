"""The document of the API says all that it answers."""

from __future__ import annotations

import copy
import json
import re
from collections import defaultdict

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

import talks
from api.operations import OPERATIONS
from api.test_permissions import calling
from calling import Program, secret_of
from examples import examples
from hingepoint.api.app import document

pytestmark = pytest.mark.django_db


def operations():
    return [
        (path, method, told)
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
    ]


def test_every_operation_has_a_name_and_says_what_it_does():
    names = [told["operationId"] for _, _, told in operations()]
    assert len(names) == len(set(names)) > 40
    assert all(told["summary"] and told["responses"]["404"] for _, _, told in operations())


def test_every_problem_is_documented_with_its_media_type():
    for path, _, told in operations():
        for code, response in told["responses"].items():
            kinds = list(response["content"])
            assert kinds == (["application/problem+json"] if int(code) >= 400 else ["application/json"]), path


def test_the_document_is_for_everybody_and_holds_nothing_of_the_company(client, cast):
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "Sanna" not in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "status"), [("a", 401), ("a%2Fb", 401), ("a%0Ab", 404), ("%0A", 404), ("a%2F%0A", 404)]
)
def test_an_address_that_is_none_is_a_problem_too(client, cast, key, status):
    answer = client.get(f"/api/runs/1/findings/{key}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_document_uses_only_what_every_reader_knows(db):
    assert "prefixItems" not in json.dumps(document())


# ---- schemathesis: what is sent, what is answered, and what the document says of both ----


@pytest.fixture
def fuzzed(cast, oracle):
    """The operations as schemathesis reads them from a document, with the token of who sees all."""
    secret = secret_of(cast.sponsor)
    return lambda told=None: _Fuzzed(oracle, secret, told or document())


class _Fuzzed:
    """The API by a document, asked by schemathesis."""

    def __init__(self, oracle, secret: str, told: dict):
        self.read = oracle("schemathesis")
        self.acceptance = oracle("schemathesis.specs.openapi.checks").positive_data_acceptance
        self.headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
        self.schema = self.read.openapi.from_dict(json.loads(json.dumps(told)))
        self.schema.app, self.schema.location = get_wsgi_application(), "/api/openapi.json"
        self.answered: dict[str, set[int]] = defaultdict(set)

    def operations(self):
        return [found.ok() for found in self.schema.get_all_operations()]

    def failure_of(self, operation, mode: str, number: int = 40, **fixed) -> str:
        """Return what is wrong with the answers of an operation to what its document allows (POSITIVE), or to what it does not
        (NEGATIVE); ``fixed``: what is sent in any case."""
        how = getattr(self.read.GenerationMode, mode)

        @settings(examples(number), suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=how, headers=dict(self.headers), **fixed))
        def ask(case):
            left_out = [self.acceptance] if _no_document_says(case) else []
            answer = case.call_and_validate(headers=self.headers, excluded_checks=left_out)
            self.answered[_name_of(operation)].add(answer.status_code)

        try:
            ask()
        except Unsatisfiable as failure:  # of a text, nothing is otherwise than documented
            return "" if mode == "NEGATIVE" else repr(failure)
        except (BaseExceptionGroup, Exception) as failure:  # each is told, not the first alone
            told = [str(one)[:800] for one in getattr(failure, "exceptions", ())]
            return f"{operation.label}: {failure!r} {told}"
        return ""


def _name_of(operation) -> str:
    return operation.definition.raw["operationId"]


def _no_document_says(case) -> bool:
    """Return whether something may be refused that is written as documented: rules of a sale, and days that have not come, do not
    fit into a document."""
    return (
        case.method == "POST" or str((case.query or {}).get("as_of", "")) > timezone.localdate().isoformat()
    )


def _numbers_in(template: str, path: str) -> dict[str, str]:
    """Return what stands in an address for the names of its template."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>.+)", template)
    return re.fullmatch(pattern, path).groupdict()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
def test_no_request_breaks_it_or_is_answered_otherwise_than_documented(cast, fuzzed, mode):
    talks.an_exception(cast)
    talks.a_demand(cast)
    api = fuzzed()
    asked = [one for one in api.operations() if mode == "POSITIVE" or _takes_any(one)]
    failures = [failure for one in asked if (failure := api.failure_of(one, mode))]
    assert not failures, "\n".join(failures)


def _takes_any(operation) -> bool:
    """Return whether an operation takes anything that can be sent otherwise than documented."""
    return bool(operation.path_parameters or operation.query or operation.body)


@pytest.mark.slow
def test_what_is_there_is_answered_as_documented(cast, fuzzed):
    """What is there has an address of its own: with random numbers nearly all answers were 404."""
    api = fuzzed()
    failures = [failure for one in api.operations() if (failure := failure_at_what_is_there(api, one, cast))]
    assert not failures, "\n".join(failures)
    reading = {name for name, one in OPERATIONS.items() if one.sent is None}
    assert {name for name in reading if 200 not in api.answered[name]} == set()


def failure_at_what_is_there(api, operation, cast) -> str:
    """Return what is wrong with the answers of an operation at the address of what was made for it; that is gone afterwards."""
    with transaction.atomic():
        path = OPERATIONS[_name_of(operation)].path(cast)
        numbers = _numbers_in(operation.path.removeprefix("/api"), path)
        failure = api.failure_of(
            operation, "POSITIVE", 20, **({"path_parameters": numbers} if numbers else {})
        )
        transaction.set_rollback(True)
    return failure


@pytest.mark.slow
def test_it_bites_where_the_document_names_a_field_otherwise(fuzzed):
    told = copy.deepcopy(document())
    fields = told["components"]["schemas"]["Me"]
    fields["properties"]["called"] = fields["properties"].pop("name")
    fields["required"] = ["called" if one == "name" else one for one in fields["required"]]
    api = fuzzed(told)
    (me,) = [one for one in api.operations() if _name_of(one) == "get_me"]
    assert "called" in api.failure_of(me, "POSITIVE", 12)


# ---- what is sent, at the bounds that the document names ----


def _at_the_bounds(schema: dict, parts: dict) -> list:
    """Return the values of a schema that lie on its bounds: the least, the most, each of its list, and none."""
    if "$ref" in schema:
        return _at_the_bounds(parts[schema["$ref"].rpartition("/")[2]], parts)
    several = [value for one in schema.get("anyOf", ()) for value in _at_the_bounds(one, parts)]
    bounds = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
    return several + bounds + schema.get("enum", []) + [None] * (schema.get("type") == "null")


def _bodies(name: str, told: dict) -> list[dict]:
    """Return what can be sent, with one field at a time at each of its bounds."""
    parts = document()["components"]["schemas"]
    (one,) = [one for _, _, one in operations() if one["operationId"] == name]
    body = one["requestBody"]["content"]["application/json"]["schema"]
    fields = parts[body["$ref"].rpartition("/")[2]]["properties"]
    return [
        told | {field: value} for field, schema in fields.items() for value in _at_the_bounds(schema, parts)
    ]


_WITH_A_BODY = [name for name, one in OPERATIONS.items() if one.sent and name != "undo_step"]


@pytest.mark.parametrize("name", _WITH_A_BODY)
def test_every_bound_that_the_document_names_holds_to_the_database(cast, name):
    """What a document allows, the tables must keep: a number that only they refused was a fault of ours."""
    operation = OPERATIONS[name]
    path, secret = operation.path(cast), secret_of(getattr(cast, min(operation.may)))
    bodies = _bodies(name, operation.sent(cast))
    asked = [operation._replace(sent=lambda cast, body=body: body) for body in bodies]
    answers = [(one.sent(cast), calling(one, cast, path, secret)) for one in asked]
    assert [(body, answer.content) for body, answer in answers if answer.status_code >= 500] == []


@pytest.mark.parametrize("day", ["0", "0.0", "1764460800", "-1e3"])
def test_a_number_is_no_day(cast, day):
    """Pydantic reads one as seconds since 1970."""
    answer = Program(secret_of(cast.sponsor)).get("/signals", as_of=day)
    assert answer.status_code == 422
    assert "2026-04-30" in answer.content.decode()
    sent = {"topic": "price", "occurred_at": float(day)}
    told = Program(secret_of(cast.seller)).post(f"/deals/{cast.deal.pk}/concessions", sent)
    assert told.status_code == 422


# ---- each answer, held to the document ----


def _schema_of(name: str, told: dict) -> dict:
    """Return the schema of what an operation answers, with all that it refers to."""
    (one,) = [one for _, _, one in operations() if one["operationId"] == name]
    return {
        **one["responses"]["200"]["content"]["application/json"]["schema"],
        "components": told["components"],
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_answers_is_what_its_document_says(cast, oracle, name):
    validator = oracle("jsonschema").Draft202012Validator(_schema_of(name, document()))
    operation = OPERATIONS[name]
    answer = calling(operation, cast, operation.path(cast), secret_of(getattr(cast, min(operation.may))))
    assert answer.status_code == 200
    assert [one.message for one in validator.iter_errors(answer.json())] == []
    strange = {"not": "documented"} if isinstance(answer.json(), dict) else [{"not": "documented"}]
    assert list(validator.iter_errors(strange))
