"""Writing a rule, testing it, switching it on; confirming and correcting what it found."""

from __future__ import annotations

import pytest
from django.utils import timezone

import budget
import rules
from cast import NOW, deal, person
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.detection.models import Detection, DetectionRule
from hingepoint.records.people import Role
from snapshot import made_once

TYPED = {
    "name": "The log arrives",
    "agreement": "cust.data_access",
    "trace": "document",
    "words": "stoppage log\r\n\r\nscrap log",
    "state": "gained",
    "evidence": "4",
    "confidence": "90",
    "act": "share the stoppage log",
}


def write(client, **typed):
    return client.post("/rules/new", TYPED | typed)


@pytest.fixture
def found(cast):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    return Detection.objects.get()


def judge(client, found, answer, **more):
    return client.post(f"/to-confirm/{found.pk}", {"answer": answer} | more)


def test_the_analyst_writes_a_rule_tests_it_and_switches_it_on(client, cast):
    rules.log_arrives(cast.deal)
    client.force_login(cast.analyst)
    page = write(client).url
    row = DetectionRule.objects.get()
    assert row.versions.get().definition["words"] == ["stoppage log", "scrap log"]
    assert "Not tested yet" in client.get(page).text
    assert "Switch it on" not in client.get(page).text
    client.post(f"{page}test")
    told = client.get(page).text
    assert "1 of 2 deals" in told
    assert "Document “Stoppage log.xlsx” was received" in told
    client.post(f"{page}switch", {"to": "on"})
    assert Agreement.objects.get().state == "gained"
    assert "found 1 agreement now" in client.get(page).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"evidence": "1"}, "Gained needs evidence of 2 or more"),
        ({"pattern": "(a)\\1"}, "Not a pattern that can be searched quickly"),
        ({"words": ""}, "else every one would match"),
        ({"agreement": "no.such"}, "No such agreement type"),
        ({"confidence": "0"}, "Confidence: at least 1."),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_in_its_place(client, cast, typed, words):
    client.force_login(cast.analyst)
    answer = write(client, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "share the stoppage log" in answer.text
    assert not DetectionRule.objects.exists()


def test_two_rules_of_one_name_are_refused(client, cast):
    client.force_login(cast.analyst)
    write(client)
    assert "There is a rule of this name" in write(client).text


def test_a_starter_fills_the_form(client, cast):
    client.force_login(cast.analyst)
    assert "nda_status" in client.get("/rules/new?from=nda-signed").text


def test_a_change_is_the_next_version_and_tested_again(client, cast):
    client.force_login(cast.analyst)
    row = rules.switched_on()
    client.post(f"/rules/{row.pk}/edit", TYPED | {"words": "gas log", "version": row.version})
    told = client.get(f"/rules/{row.pk}/").text
    assert "Version 2" in told
    assert "Not tested yet" in told


def test_a_stale_change_shows_what_stands_now(client, cast):
    client.force_login(cast.analyst)
    row = rules.written()
    for words in ("gas log", "oil log"):
        answer = client.post(f"/rules/{row.pk}/edit", TYPED | {"words": words, "version": 1})
    assert answer.status_code == 409
    assert "gas log" in answer.text
    assert "oil log" in answer.text


def test_the_home_page_holds_a_handful(client, cast):
    for n in range(7):
        rules.log_arrives(deal(f"P-{n}", owner=cast.seller))
    rules.switched_on()
    client.force_login(cast.seller)
    told = client.get("/").text
    assert told.count('value="right"') == 5
    assert "All 7, one kind after the other" in told
    assert client.get("/to-confirm/").text.count('value="right"') == 7


def test_a_whole_kind_is_confirmed_at_once(client, cast):
    for n in range(3):
        rules.log_arrives(deal(f"P-{n}", owner=cast.seller))
    rules.switched_on()
    client.force_login(cast.seller)
    client.post("/to-confirm/together", {"found": list(Detection.objects.values_list("pk", flat=True))})
    assert set(Detection.objects.values_list("outcome", flat=True)) == {"confirmed"}
    assert "Nothing waits" in client.get("/to-confirm/").text


def test_one_click_confirms_on_the_deal_page(client, cast, found):
    client.force_login(cast.seller)
    page = f"/deals/{cast.deal.pk}/"
    assert "From the CRM, not confirmed" in client.get(page).text
    assert "Document “Stoppage log.xlsx” was received" in client.get(f"{page}found").text
    assert judge(client, found, "right", next=page).url == page
    assert "From the CRM, not confirmed" not in client.get(page).text
    assert "Nothing waits" in client.get(f"{page}found").text


def test_one_click_corrects_and_says_why(client, cast, found):
    client.force_login(cast.seller)
    judge(client, found, "wrong", note="An old log.")
    assert Agreement.objects.get().state == "needed"
    client.force_login(cast.analyst)
    assert "An old log." in client.get(f"/rules/{found.rule_id}/").text


def test_the_matrix_and_the_agreement_say_that_it_is_not_confirmed(client, cast, found):
    client.force_login(cast.seller)
    kind = AgreementType.objects.get(key="cust.data_access")
    matrix = client.get("/matrix/?show=cust.data_access").text
    assert "from the CRM, not confirmed" in matrix
    assert (
        "Found in the CRM, not confirmed" in client.get(f"/deals/{cast.deal.pk}/agreements/{kind.pk}/").text
    )


def test_without_a_name_the_form_asks_for_it(client, cast):
    rules.log_arrives(cast.deal, who="")
    rules.switched_on()
    client.force_login(cast.seller)
    answer = judge(client, Detection.objects.get(), "right")
    form = client.get(answer.url).text
    assert "share the stoppage log" in form
    assert "say who committed, then save" in form


def test_a_second_click_is_told_that_it_was_answered(client, cast, found):
    client.force_login(cast.seller)
    judge(client, found, "right")
    assert "Somebody said something about it already" in client.get(judge(client, found, "wrong").url).text
    assert Agreement.objects.get().state == "gained"


@pytest.fixture
@made_once
def two_kinds(cast):
    """Three logs on deals of Sanna and Per in North, one terms sheet on Sanna's, a log on Stig's in South."""
    per = person("Per", Role.SELLER)
    mine = [
        cast.deal,
        deal("N-2", owner=cast.seller, team=cast.north),
        deal("N-3", owner=per, team=cast.north),
    ]
    for one in (*mine, cast.foreign_deal):
        rules.log_arrives(one)
    rules.log_arrives(cast.deal, name="Terms sheet", who="", days_ago=9)
    rules.switched_on()
    rules.switched_on(key="terms", name="Terms", agreement="cust.nda", words=("terms sheet",))
    return per


def confirmable(client, query: str) -> list[tuple[str, str]]:
    batches = client.get(f"/to-confirm/?{query}").context["batches"]
    return sorted((one.deal_title, one.type_name) for batch in batches for one in batch.lines)


DATA, TERMS = "Early access to key data", "Confidentiality terms"


def test_a_managers_home_counts_what_waits_in_her_teams_and_opens_it(client, cast, two_kinds):
    client.force_login(cast.manager)
    page = client.get("/")
    assert [(one.name, one.n, one.proposed) for one in page.context["kinds"]] == [(DATA, 3, 0), (TERMS, 1, 1)]
    assert "4 agreements that rules read" in page.text
    assert 'href="/to-confirm/?type=cust.data_access"' in page.text
    assert len(confirmable(client, "type=cust.data_access")) == 3
    client.force_login(cast.other_manager)
    assert [(one.name, one.n) for one in client.get("/").context["kinds"]] == [(DATA, 1)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [("Deal N-1", TERMS), ("Deal N-1", DATA), ("Deal N-2", DATA), ("Deal N-3", DATA)]),
        ("type=cust.nda", [("Deal N-1", TERMS)]),
        ("seller={per}", [("Deal N-3", DATA)]),
        ("seller={per}&type=cust.nda", []),
        ("seller={stig}", []),
        ("type=no.such&seller=²", []),
    ],
)
def test_what_waits_is_narrowed_to_a_type_or_a_seller(client, cast, two_kinds, query, found):
    client.force_login(cast.manager)
    assert confirmable(client, query.format(per=two_kinds.pk, stig=cast.stranger.pk)) == found


def test_after_an_answer_the_narrowed_list_comes_again(client, cast, two_kinds):
    client.force_login(cast.manager)
    address = "/to-confirm/?type=cust.data_access"
    assert f'name="next" value="{address}"' in client.get(address).text
    ids = [one.id for batch in client.get(address).context["batches"] for one in batch.lines]
    answer = client.post("/to-confirm/together", {"found": ids, "next": address})
    assert answer.url == address
    assert "Nothing of this waits to be confirmed" in client.get(address).text
    assert (
        client.post("/to-confirm/together", {"found": ids, "next": "https://elsewhere.example"}).url
        == "/to-confirm/"
    )


def test_a_home_without_rules_says_nothing_of_them(client, cast):
    client.force_login(cast.manager)
    assert "To confirm" not in client.get("/").text


def test_a_managers_home_still_costs_twelve_statements(
    client, cast, two_kinds, django_assert_max_num_queries
):
    client.force_login(cast.manager)
    with django_assert_max_num_queries(budget.STATEMENTS):
        client.get("/")


def test_what_rules_found_is_marked_as_such_in_the_history(client, cast, found):
    client.force_login(cast.seller)
    assert "by a rule" in client.get(f"/deals/{cast.deal.pk}/agreements/{found.step.agreement.type_id}/").text
    assert found.found_at == NOW <= timezone.now()
