"""Every operation for every kind of viewer and of token: who may use it, and what everybody else is told."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from api.operations import OPERATIONS
from calling import Program, secret_of
from cast import person
from hingepoint.api.app import document
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.tokens import actions
from hingepoint.domain.tokens.models import Token
from hingepoint.records.people import Role
from hingepoint.records.tokens import SCOPES
from routes import SEES_SANNAS_DEAL

pytestmark = pytest.mark.django_db
YESTERDAY = dt.timedelta(days=1)


def documented() -> set[str]:
    return {told["operationId"] for methods in document()["paths"].values() for told in methods.values()}


def calling(operation, cast, path: str, secret: str | None):
    """Return the answer to a program that calls; what it changed is undone."""
    program = Program(secret)
    with transaction.atomic():
        answer = (
            program.post(path, operation.sent(cast), **operation.headers)
            if operation.sent
            else program.get(path)
        )
        transaction.set_rollback(True)
    return answer


def tokens_of(user, scope: str) -> dict[str, str]:
    """Return tokens of every kind that open nothing, or not this."""
    at, others = timezone.now(), [one for one in SCOPES if one.partition(":")[0] != scope.partition(":")[0]]
    kinds = {
        "other scopes": {"scopes": others},
        "over": {"expires_at": at - YESTERDAY},
        "revoked": {"revoked_at": at},
    }
    told = {"user": user, "name": "x", "scopes": list(SCOPES), "made_at": at, "expires_at": at + YESTERDAY}
    rows = [Token(**told | more, digest=digest_of(f"hpp_{kind}{user.pk}")) for kind, more in kinds.items()]
    Token.objects.bulk_create(rows)
    return {kind: f"hpp_{kind}{user.pk}" for kind in kinds}


def test_every_operation_says_who_may_use_it():
    assert documented() == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_for_those_it_is_for_and_for_nobody_else(cast, name):
    operation = OPERATIONS[name]
    path = operation.path(cast)
    for who, user in cast.everybody().items():
        secret = who if user is None else "hpp_disabled" if who == "disabled" else secret_of(user)
        answer = calling(operation, cast, path, secret)
        if who in ("anonymous", "disabled"):
            expected = 401
        elif name == "note_events":  # all or none: a foreign deal is named by its place
            expected = 200 if who in operation.may else 422
        else:
            expected = 200 if who in operation.may else 404
        assert answer.status_code == expected, (who, answer.content)
        assert answer["Cache-Control"] == "private, no-store"


#: A token is refused before the operation begins: every way in which it may not work is tried on these, one on each other.
EVERY_WAY = sorted(OPERATIONS)[::15]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_token_that_does_not_work_or_is_for_something_else_opens_nothing(cast, name):
    operation = OPERATIONS[name]
    path = operation.path(cast)
    for who, user in cast.everybody().items():
        tokens = tokens_of(user, operation.scope) if user else {"none": None}
        for kind, secret in list(tokens.items())[: None if name in EVERY_WAY else 1]:
            answer = calling(operation, cast, path, secret)
            elsewhere = kind == "other scopes" and who != "disabled"
            if elsewhere and not operation.scope:
                continue
            assert answer.status_code == (403 if elsewhere else 401), (who, kind)
            assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", OPERATIONS)
def test_its_own_scope_is_enough(cast, name):
    operation = OPERATIONS[name]
    user = getattr(cast, sorted(operation.may)[0])
    scopes = [operation.scope] if operation.scope else ["reviews:read"]
    assert calling(operation, cast, operation.path(cast), secret_of(user, scopes)).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_program_of_its_own_may_what_somebody_of_its_role_without_a_team_may(cast, name):
    operation = OPERATIONS[name]
    path = operation.path(cast)
    for role in Role:
        told = {"by": cast.analyst, "at": timezone.now(), "name": f"a {role}", "scopes": list(SCOPES)}
        token, secret = actions.make_for_service(role=role, **told)
        colleague = person(f"colleague-{role}", role)
        asked, expected = (calling(operation, cast, path, one) for one in (secret, secret_of(colleague)))
        assert asked.status_code == expected.status_code, role
        if role in (Role.SELLER, Role.MANAGER) and operation.may == SEES_SANNAS_DEAL:
            assert asked.status_code in (404, 422), role
        assert token.user.role == role


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.sent])
def test_a_token_for_reading_writes_nothing_whoever_has_it(cast, name):
    operation = OPERATIONS[name]
    path = operation.path(cast)
    for who, user in cast.everybody().items():
        if user and who != "disabled":
            reading = secret_of(user, [operation.scope.replace(":write", ":read")])
            assert calling(operation, cast, path, reading).status_code == 403, who


def test_a_session_of_a_browser_opens_nothing(client, cast):
    client.force_login(cast.sponsor)
    assert client.get("/api/deals").status_code == 401
    assert client.post("/api/events", "{}", content_type="application/json").status_code == 401


def test_a_service_sees_what_its_role_sees_and_nobody_signs_in_as_it(cast):
    at = timezone.now()
    told = {"by": cast.analyst, "at": at, "name": "warehouse", "scopes": ["deals:read"]}
    token, secret = actions.make_for_service(role=Role.ANALYST, **told)
    assert len(Program(secret).get("/deals").json()["items"]) == 2
    assert not token.user.can_sign_in
    _, other = actions.make_for_service(role=Role.SELLER, **told | {"name": "a shop"})
    assert Program(other).get("/deals").json()["items"] == []


def test_who_is_disabled_is_out_with_the_next_request(cast):
    from hingepoint.domain.people import actions as people

    called = Program(secret_of(cast.seller))
    assert called.get("/me").status_code == 200
    people.set_active(by=cast.analyst, at=timezone.now(), user=cast.seller, active=False)
    assert called.get("/me").status_code == 401


def test_a_foreign_deal_and_none_look_the_same(cast):
    called = Program(secret_of(cast.seller))
    foreign, absent = called.get(f"/deals/{cast.foreign_deal.pk}"), called.get("/deals/999999")
    assert foreign.content == absent.content
    assert called.get("/no/such/thing").json()["detail"] == absent.json()["detail"]
