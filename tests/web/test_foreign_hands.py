"""Strangers of the company, everywhere: what of a deal is confidential they read on no page and by no operation, and forms that
are right in every field they send in vain."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import resolve

from api.operations import OPERATIONS
from calling import program
from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.plans import actions as plans
from hingepoint.records.plans import Outcome
from routes import CHANGES, PAGES, address
from web.test_out_of_date import VERSIONED, form_of

pytestmark = pytest.mark.slow
OUTSIDE = ("stranger", "other_manager", "inside_partner")
CANARIES = (
    "9100117",
    "9,100,117",
    "9100111",
    "9,100,111",
    "canary of a plan",
    "canary of a note",
    "canary of a debrief",
    "canary of a risk",
)


@pytest.fixture
def kept(cast):
    """A deal with something in each confidential field, and a role and a request that let outsiders near it."""
    deal = {"at": NOW, "deal_id": cast.deal.pk}
    figures = {"opening": Decimal(9_100_117), "target": Decimal(9_100_113), "walk_away": Decimal(9_100_111)}
    negotiation.set_corridor(by=cast.seller, **deal, **figures)
    plans.write_plan(by=cast.seller, **deal, type_key="cust.data_access", best="canary of a plan")
    plans.write_deal_plan(by=cast.seller, **deal, parts={"risks": "canary of a risk"})
    heard = plans.Heard(Outcome.CONTINUATION, held_at=NOW, learned="canary of a debrief")
    plans.debrief(by=cast.seller, **deal, type_key="cust.data_access", heard=heard)
    coaching.write_note(by=cast.manager, **deal, to=cast.seller, note="canary of a note")
    return cast


def body_of(answer) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(
        "utf-8", "replace"
    )


def told_in(answer) -> list[str]:
    return [text for text in CANARIES if text in body_of(answer)]


def test_the_canaries_sing_where_they_may(client, kept):
    client.force_login(kept.seller)
    page = body_of(client.get(f"/deals/{kept.deal.pk}/work"))
    assert {"9,100,117", "canary of a plan", "canary of a note"} <= {
        text for text in CANARIES if text in page
    }


@pytest.mark.parametrize("route", sorted(PAGES))
def test_no_page_tells_it_to_who_does_not_see_the_deal(client, kept, route):
    at = address(route, PAGES[route][1], kept)
    for who in OUTSIDE:
        client.cookies.clear()
        client.force_login(getattr(kept, who))
        assert told_in(client.get(at)) == [], who


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_no_operation_tells_it_to_who_does_not_see_the_deal_and_none_tells_what_stays_on_its_page(kept, name):
    operation = OPERATIONS[name]
    path = operation.path(kept)
    for who in (*OUTSIDE, "seller"):
        called = program(getattr(kept, who))
        with transaction.atomic():
            answer = (
                called.post(path, operation.sent(kept), **operation.headers)
                if operation.sent
                else called.get(path)
            )
            transaction.set_rollback(True)
        told = told_in(answer)
        stays = [text for text in told if text.startswith("9") or text == "canary of a note"]
        assert (stays if who == "seller" else told) == [], who


def may(route: str) -> set[str]:
    return (CHANGES.get(route) or PAGES[route])[0] or set()


@pytest.mark.parametrize(
    "route", sorted(route for route in VERSIONED if may(route) and not set(OUTSIDE) <= may(route))
)
def test_a_form_that_is_right_changes_nothing_in_foreign_hands(client, cast, route):
    form = form_of(route, client, cast)
    assert resolve(form.action).url_name == route
    for who in set(OUTSIDE) - may(route):
        client.cookies.clear()
        client.force_login(getattr(cast, who))
        before = AuditEvent.objects.count()
        answer = client.post(form.action, form.sent)
        assert (answer.status_code, AuditEvent.objects.count()) == (404, before), who


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if one.sent))
def test_an_operation_changes_nothing_in_foreign_hands(cast, name):
    operation = OPERATIONS[name]
    path, told = operation.path(cast), operation.sent(cast)
    for who in set(OUTSIDE) - operation.may:
        called = program(getattr(cast, who))
        before = AuditEvent.objects.count()
        answer = called.post(path, told, **operation.headers)
        assert answer.status_code in (404, 422), who
        assert AuditEvent.objects.count() == before, who
