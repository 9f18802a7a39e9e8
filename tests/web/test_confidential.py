"""Corridor, plans and coaching notes: kept from a deal's page, and read by nobody they are not for."""

import re
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

import budget
import opening
import talks
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.escalations.models import Pulse
from hingepoint.domain.imports.tables import TABLES
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.plans import actions as plans
from hingepoint.records.agreements import AgreementState
from hingepoint.records.plans import Outcome, Verdict

CORRIDOR = {"opening": "9100117", "target": "9100113", "walk_away": "9100111"}
NOTE, PLAN = "canary of the coaching note", "canary of the plan"
REVIEW, RISK, LEARNED = "canary of the review", "canary of a risk", "canary of the debrief"

SECRETS = (*CORRIDOR.values(), NOTE, PLAN, REVIEW, RISK, LEARNED)

#: confidential text -> who reads it on the deal's preparation.
READERS = {
    "€9,100,111": {"seller", "manager", "sponsor", "analyst"},
    PLAN: {"seller", "manager", "sponsor", "analyst"},
    NOTE: {"seller", "manager"},
}


@pytest.fixture
def kept(cast):
    """A corridor, a plan and a coaching note on the seller's deal."""
    deal = {"at": NOW, "deal_id": cast.deal.pk}
    figures = {name: Decimal(value) for name, value in CORRIDOR.items()}
    negotiation.set_corridor(by=cast.seller, **deal, **figures)
    plan = plans.write_plan(by=cast.seller, **deal, type_key="cust.data_access", best=PLAN)
    plans.review_plan(by=cast.manager, at=NOW, plan_id=plan.pk, verdict=Verdict.RETURNED, words=REVIEW)
    plans.write_deal_plan(by=cast.seller, **deal, parts={"risks": RISK})
    heard = plans.Heard(Outcome.CONTINUATION, held_at=NOW, learned=LEARNED)
    plans.debrief(by=cast.seller, **deal, type_key="cust.data_access", heard=heard)
    coaching.write_note(by=cast.manager, **deal, to=cast.seller, note=NOTE)
    return cast


@pytest.mark.parametrize("text", READERS)
def test_the_preparation_shows_it_to_those_it_is_for_and_nobody_else(client, kept, text):
    for who, _ in opening.everybody(client, kept, kept.deal):
        page = client.get(f"/deals/{kept.deal.pk}/work").content.decode()
        assert (text in page) == (who in READERS[text]), who


@pytest.mark.parametrize("text", [PLAN, REVIEW, LEARNED, "€9,100,111"])
@pytest.mark.parametrize("name", ["talk-plan", "prepare-talk"])
def test_a_plan_is_read_by_those_who_sell_the_deal_and_nobody_else(client, kept, name, text):
    readers = {"seller", "manager", "sponsor", "analyst"}
    page = reverse(name, args=[kept.deal.pk, kept.deal.agreements.get().type_id])
    for who, _ in opening.everybody(client, kept, kept.deal):
        shown = text in client.get(page).content.decode()
        assert shown == (who in readers and not (name == "prepare-talk" and text == LEARNED)), who


def test_an_inside_partner_who_was_asked_sees_the_request_and_never_the_plan(client, kept):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=kept.inside_partner)
    key = {"deal_id": kept.deal.pk, "type_key": "cust.data_access"}
    agreements.take_step(by=kept.seller, at=NOW, **key, step=step)
    client.force_login(kept.inside_partner)
    place = [kept.deal.pk, kept.deal.agreements.get().type_id]
    request = client.get(reverse("agreement", args=place))
    assert request.status_code == 200
    assert not [text for text in (PLAN, REVIEW, RISK, LEARNED) if text in request.content.decode()]
    for name in ("talk-plan", "talk-plan-pdf", "prepare-talk", "debrief"):
        assert client.get(reverse(name, args=place)).status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "/", "deal", "/deals/", "/matrix/", "trail", "talks", "help", "exceptions/new", "exception", "brief",
        "/exceptions/", "/exceptions/rules/", "/executives/",
        *(f"/export/{table}.json" for table in TABLES),
    ],
)  # fmt: skip
def test_it_appears_on_no_other_page(client, kept, page):
    deal = f"/deals/{kept.deal.pk}/"
    made = {"exception": lambda: f"/exceptions/{talks.an_exception(kept, discount=0.5).pk}/",
            "brief": lambda: f"/executives/{talks.a_role(kept).pk}/brief"}  # fmt: skip
    if page in made:
        page = made[page]()
    elif not page.startswith("/"):
        page = deal if page == "deal" else deal + page
    for who, user in kept.everybody().items():
        if user:
            client.force_login(user)
        answer = client.get(page)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found = {text for text in SECRETS if text.encode() in body}
        assert found == expected(page, who), who


def expected(page, who) -> set[str]:
    """Return what may be read there: the seller's own worklist says why a plan came back, and debriefs are handed out to whoever
    reads them on the page of the deal."""
    if page == "/export/debriefs.json":
        return {LEARNED} if who in {"seller", "manager", "sponsor", "analyst"} else set()
    return {REVIEW} if (page, who) == ("/", "seller") else set()


def test_the_corridor_is_told_where_a_concession_is_noted_to_its_readers_only(client, kept):
    for who, _ in opening.everybody(client, kept, kept.deal):
        page = client.get(f"/deals/{kept.deal.pk}/concessions/new").content.decode()
        assert ("€9,100,111" in page) == (who in READERS["€9,100,111"]), who


def test_the_walk_away_is_drawn_on_the_deal_for_its_readers_only(client, kept):
    for who, _ in opening.everybody(client, kept, kept.deal):
        page = client.get(f"/deals/{kept.deal.pk}/").content.decode()
        assert ("€9,100,111" in page) == (who in READERS["€9,100,111"]), who


@pytest.mark.slow
def test_a_pulse_is_nowhere_to_be_read(client, cast):
    """A single pulse is the same as none on every page, in every file and in the trail."""
    made = talks.an_exception(cast, at=timezone.now())
    bodies = {}
    for defended, side in ((True, "company"), (False, "customer")):
        Pulse.objects.all().delete()
        AuditEvent.objects.filter(action="give pulse").delete()
        client.force_login(cast.inside_partner)
        form = {"defended": "yes" if defended else "no", "argues_for": side}
        client.post(f"/exceptions/{made.pk}/pulse", form)
        assert Pulse.objects.get().defended is defended
        bodies[defended] = read_everywhere(client, cast, made)
    assert bodies[True] == bodies[False]


def read_everywhere(client, cast, made) -> list[bytes]:
    """Return every page about exceptions as everybody reads it, without tokens."""
    pages = [
        "/", "/exceptions/", f"/exceptions/{made.pk}/", f"/deals/{cast.deal.pk}/help",
        f"/deals/{cast.deal.pk}/trail", *(f"/export/{table}.json" for table in TABLES),
    ]  # fmt: skip
    read = []
    for user in cast.everybody().values():
        if user and user.is_active:
            client.force_login(user)
            for page in pages:
                answer = client.get(page)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                read.append(
                    re.sub(rb"[A-Za-z0-9]{64}|(?<=name=\"form_token\" value=\")[0-9a-f]{32}", b"", body)
                )
    trail = AuditEvent.objects.filter(action="give pulse").values_list("changes", "reason", "subject_id")
    return [*read, repr(list(trail)).encode()]


def test_the_audit_trail_says_that_it_changed_and_not_to_what(kept):
    trail = str(list(AuditEvent.objects.values()))
    assert "set corridor" in trail
    assert not [text for text in SECRETS if text in trail]


def test_a_seller_keeps_a_corridor_from_the_page(client, cast):
    client.force_login(cast.seller)
    client.post(f"/deals/{cast.deal.pk}/corridor", CORRIDOR | {"version": 0})
    assert Corridor.objects.get().walk_away == 9_100_111


def test_a_corridor_upside_down_is_refused_in_words(client, cast):
    client.force_login(cast.seller)
    address = f"/deals/{cast.deal.pk}/corridor"
    answer = client.post(address, CORRIDOR | {"walk_away": "9999999", "version": 0}, follow=True)
    assert "target lies between" in answer.content.decode()
    assert not Corridor.objects.exists()


def test_the_database_too_refuses_a_corridor_upside_down(kept):
    with pytest.raises(IntegrityError), transaction.atomic():
        Corridor.objects.update(walk_away=9_999_999)


def test_a_late_save_says_whose_corridor_stands(client, kept):
    client.force_login(kept.seller)
    address = f"/deals/{kept.deal.pk}/corridor"
    client.post(address, CORRIDOR | {"version": "1", "target": "9100112"})
    answer = client.post(address, CORRIDOR | {"version": "1"}, follow=True)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert all(words in page for words in ("On record now", "9100112", "9100113", "Set by Sanna"))
    assert Corridor.objects.get().target == 9_100_112


def test_the_seller_answers_their_manager(client, kept):
    client.force_login(kept.seller)
    client.post(f"/deals/{kept.deal.pk}/coaching", {"note": "I will ask on Thursday."})
    assert CoachingNote.objects.filter(written_by=kept.seller, written_for=kept.manager).exists()


def test_nobody_else_coaches(kept):
    with pytest.raises(coaching.NotCoaching):
        coaching.write_note(by=kept.sponsor, at=NOW, deal_id=kept.deal.pk, to=kept.seller, note="Try harder.")


def test_the_preparation_costs_few_statements(client, kept, django_assert_max_num_queries):
    client.force_login(kept.manager)
    with django_assert_max_num_queries(budget.statements("deal-work")):
        client.get(f"/deals/{kept.deal.pk}/work")
