"""Questions we ask: read by who sees everything, retired in one step after what changes was shown, asked again by one press."""

import pytest
from django.urls import reverse
from django.utils import timezone

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.questions import actions
from hingepoint.domain.questions.rules import retired

LIST = "/questions/"


def test_a_sponsor_sees_what_retiring_changes_retires_and_takes_it_back(client, cast):
    client.force_login(cast.sponsor)
    assert "Questions to ask" in client.get(LIST).text
    at = reverse("question", args=["plan.questions"])
    assert "is not shown to anybody any more" in client.get(at).text
    assert retired() == frozenset()
    assert client.post(at, {"why": "Nobody reads them."}).url == LIST
    assert retired() == {"plan.questions"}
    assert "Nobody reads them." in client.get(at).text
    assert "Not asked any more" in client.get(LIST).text
    assert client.post(reverse("ask-again", args=["plan.questions"])).url == LIST
    assert retired() == frozenset()


def test_what_cannot_be_retired_says_why_and_has_no_form(client, cast):
    client.force_login(cast.analyst)
    at = reverse("question", args=["plan.best"])
    page = client.get(at).text
    assert "It cannot be retired here" in page
    assert "Retire it" not in page
    assert client.post(at, {"why": ""}).status_code == 422


@pytest.mark.parametrize(
    ("key", "page", "words"),
    [
        ("plan.protect", "prepare-talk", "To protect"),
        ("debrief.learned", "debrief", "What we learned"),
    ],
)
def test_a_form_does_not_ask_what_is_retired(client, cast, key, page, words):
    kind = AgreementType.objects.get(key="cust.data_access")
    at = reverse(page, args=[cast.deal.pk, kind.pk])
    client.force_login(cast.seller)
    assert words in client.get(at).text
    actions.retire(by=cast.sponsor, at=timezone.now(), key=key)
    assert words not in client.get(at).text
    actions.ask_again(by=cast.sponsor, at=timezone.now(), key=key)
    assert words in client.get(at).text


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_others_find_no_such_page(client, cast, who):
    client.force_login(getattr(cast, who))
    assert client.get(LIST).status_code == 404
    assert client.get(reverse("question", args=["plan.get"])).status_code == 404
    assert client.post(reverse("ask-again", args=["plan.get"])).status_code == 404
