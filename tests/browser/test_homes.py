"""Pictures on first pages, the forms of a strategy, and ten decisions in a row, in a browser."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

import playbooks
import talks
from cast import deal
from hands import Hands
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.escalations import Kind, State
from looking import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


def in_force_with_results(cast) -> int:
    """A strategy on the win rate with a target, and forty deals closed since; return its number."""
    book = playbooks.in_force(cast, strategy=playbooks.written(cast, metric="won"))
    now = timezone.now()
    strategies.set_target(
        by=cast.sponsor, at=now, strategy=book.strategy, metric="won", baseline=0.3, target=0.4,
        target_on=timezone.localdate() + dt.timedelta(days=200),
    )  # fmt: skip
    for n in range(40):
        begun = {"created_at": now - dt.timedelta(days=90), "closed_at": now - dt.timedelta(days=5 + n)}
        status = "won" if n % 3 == 0 else "lost"
        deal(f"C-{n}", status=status, owner=cast.seller, team=cast.north, **begun)
    return book.strategy_id


def test_the_pictures_and_the_forms_are_whole(cast, visit, shortcomings, screenshots):
    number = in_force_with_results(cast)
    window = visit(cast.sponsor)
    pages = {
        "home-pictures": reverse("home-pictures"),
        "strategy-new": reverse("new-strategy") + "?from=discount-less",
        "strategy-target": reverse("set-target", args=[number]),
    }
    found = [
        line
        for name, path in pages.items()
        for line in looked_at(window, path, name, shortcomings, screenshots)
    ]
    assert found == []


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_the_first_page_fetches_its_pictures(cast, visit, who):
    in_force_with_results(cast)
    page = visit(getattr(cast, who)).open("/")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")  # fetched when somebody comes to it
    page.locator("#home-pictures svg.chart-trend").first.wait_for(state="attached")
    page.locator("#home-pictures .for-desk svg.chart-trend").first.scroll_into_view_if_needed()
    assert page.locator("#home-pictures .for-desk svg.chart-trend").is_visible()
    assert not page.locator("#home-pictures .for-phone svg.chart-trend").is_visible()


def test_ten_decisions_in_a_row_with_keys_alone(cast, visit):
    talks.legal_is_asked_about_terms(cast)
    asked = []
    for n in range(10):
        mill = deal(f"E-{n}", owner=cast.seller, team=cast.north, name=f"Mill {n}")
        wish = escalations.Wish(
            Kind.PRICE,
            discount=0.15,
            reason=f"The board of mill {n} cut the budget",
            return_asked="two years",
        )
        at = timezone.now() - dt.timedelta(hours=50 - n)
        asked.append(escalations.ask(by=cast.seller, at=at, deal_id=mill.pk, wish=wish))
    window = visit(cast.manager)
    hands = Hands(window)
    page = window.open(reverse("exception", args=[asked[0].pk]) + "#answer")
    for n in range(10):
        page.get_by_role("heading", name="15% discount").wait_for()
        assert f"/exceptions/{asked[n].pk}/" in page.url
        hands.choose(page.locator("#answer input[value=approved]"))
        hands.press(page.get_by_role("button", name="Send the answer"))
    page.get_by_text("Nothing is left for you to decide.").wait_for()
    assert set(Escalation.objects.values_list("state", flat=True)) == {State.APPROVED}
