"""The document of the API says all that it answers."""

from __future__ import annotations

import json

import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings

import talks
from calling import secret_of
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


@pytest.mark.slow
def test_no_request_breaks_it_or_is_answered_otherwise_than_documented(cast, oracle):
    schemathesis = oracle("schemathesis")
    talks.an_exception(cast)
    talks.a_demand(cast)
    secret = secret_of(cast.sponsor)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())
    rules = oracle("schemathesis.specs.openapi.checks").positive_data_acceptance
    failures = [failure_of(found.ok(), secret, rules) for found in schema.get_all_operations()]
    assert "\n".join(filter(None, failures)) == ""


def failure_of(operation, secret: str, rules) -> str:
    """Return what is wrong with the answers of an operation to what its document allows, and to what it does not. What is
    written as documented may still be refused (``rules``): those of a sale do not fit into a document."""
    headers = {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}

    @settings(examples(40), suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy())
    def ask(case):
        left_out = [rules] if case.method == "POST" else []
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    try:
        ask()
    except (BaseExceptionGroup, Exception) as failure:  # each is told, not the first alone
        return (
            f"{operation.label}: {failure!r} {[str(one)[:800] for one in getattr(failure, 'exceptions', ())]}"
        )
    return ""
