"""Principles: a sponsor begins with the starter set, puts it in force, people agree, and pages cite it."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

import principled
import talks
from cast import NOW
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.coaching.models import CoachingRating
from hingepoint.domain.principles import actions
from hingepoint.domain.principles.models import PrinciplesAgreed, PrinciplesVersion
from hingepoint.records.principles import STARTERS, Check, Rating
from principled import LOG, VALUE


def a_type() -> int:
    return AgreementType.objects.get(key="cust.data_access").pk


def test_from_the_starter_set_to_everybodys_home(client, cast):
    client.force_login(cast.sponsor)
    assert "Begin with a starter set" in client.get(reverse("principles")).text
    client.post(reverse("draft-principles"))
    at = reverse("edit-principle", args=[STARTERS[1].key])
    form = client.get(at)
    typed = form.context["said"] | {"text": "First what they win, then what it costs."}
    assert client.post(at, typed).url == reverse("principles-draft")
    page = client.get(reverse("principles-draft"))
    assert "First what they win" in page.text
    told = client.post(reverse("publish-principles"), {"version": page.context["page"].version}, follow=True)
    assert "Version 1 is in force. Everybody is asked to agree; go first." in told.text
    client.force_login(cast.seller)
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "principles-asked"}
    assert "version 1: 8 sentences" in client.get(reverse("principles-asked"), **piece).text
    answer = client.post(reverse("agree-principles", args=[1]), follow=True)
    assert "You agreed to version 1." in answer.text
    assert "Read and agree" not in client.get(reverse("principles-asked"), **piece).text
    assert PrinciplesAgreed.objects.get().person == cast.seller
    twice = client.post(reverse("agree-principles", args=[1]), follow=True)
    assert "You agreed to version 1 before." in twice.text


def test_who_saves_second_sees_that_somebody_was_faster(client, cast):
    seen = principled.drafted(VALUE, LOG).version
    actions.put(by=cast.analyst, at=NOW, principles=[replace(VALUE, text="Theirs.")])
    client.force_login(cast.sponsor)
    typed = {"name": VALUE.name, "text": "Mine.", "places": ["plan"], "version": seen}
    answer = client.post(reverse("edit-principle", args=[VALUE.key]), typed)
    assert answer.status_code == 409
    assert "Mine." in answer.text
    assert PrinciplesVersion.objects.get().texts[0]["text"] == "Theirs."


def test_what_is_missing_is_said_at_its_field(client, cast):
    principled.drafted(VALUE)
    client.force_login(cast.sponsor)
    answer = client.post(reverse("new-principle"), {"name": "New", "text": "Text"})
    assert answer.status_code == 422
    assert "Where it applies is needed." in answer.text


@pytest.mark.parametrize(
    ("route", "who", "named"),
    [
        ("talk-plan", "seller", (VALUE, LOG)),
        ("deal-plan", "seller", (VALUE,)),
        ("coach", "manager", (VALUE, LOG)),
        ("exception", "inside_partner", (VALUE,)),
    ],
)
def test_a_page_cites_what_applies_there(client, cast, route, who, named):
    where = {
        "talk-plan": lambda: [cast.deal.pk, a_type()],
        "deal-plan": lambda: [cast.deal.pk],
        "coach": lambda: [cast.deal.pk, a_type()],
        "exception": lambda: [talks.an_exception(cast).pk],
    }[route]()
    client.force_login(getattr(cast, who))
    address = reverse(route, args=where)
    assert VALUE.name not in client.get(address).text
    principled.in_force()
    page = client.get(address).text
    for one in (VALUE, LOG):
        assert (one.name in page) is (one in named), one.name


def test_a_rating_is_kept_with_the_session_and_read_by_the_two(client, cast):
    principled.in_force()
    client.force_login(cast.manager)
    typed = {"behaviour": "Ask", "next_step": "Call Bo", "next_on": timezone.localdate().isoformat()}
    typed |= {f"rating-{VALUE.key}": Rating.PARTLY.value, f"rating-{LOG.key}": ""}
    at = reverse("coach", args=[cast.deal.pk, a_type()])
    assert client.post(at, typed | {f"rating-{LOG.key}": "best of all"}).status_code == 422
    assert client.post(at, typed).url == reverse("coaching")
    assert [(one.key, one.rating) for one in CoachingRating.objects.all()] == [(VALUE.key, "partly")]
    for who, reads in {"manager": True, "seller": True, "sponsor": False, "other_manager": False}.items():
        client.force_login(getattr(cast, who))
        assert (f"{VALUE.name}: partly" in client.get(reverse("coaching")).text) is reads, who


def test_what_the_register_says_stands_beside_the_principle(client, cast):
    principled.in_force(replace(VALUE, check=Check.AGREED_FIRST), LOG)
    actions.read_principles(at=NOW)
    client.force_login(cast.seller)
    page = client.get(reverse("principles")).text
    assert "Nothing can be concluded yet." in page
    assert "Too few deals to compare" in page
    assert "The register cannot see it: only people can tell" in page


def test_a_version_that_was_stays_to_be_read(client, cast):
    principled.in_force()
    principled.in_force(VALUE)
    client.force_login(cast.inside_partner)
    first, second = (client.get(reverse("principles-version", args=[n])).text for n in (1, 2))
    assert "Archived" in first
    assert LOG.text in first
    assert "What it changed of version 1" in second
    assert client.get(reverse("principles-version", args=[3])).status_code == 404
