"""The page of a forecast: what is expected and how good it was, or why nothing is told and when it could be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
import time_machine
from django.urls import reverse

import reviewing
from cast import NOW
from hingepoint.analysis.forecast import told
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import actions as home
from hingepoint.domain.reviews.queries import review as one_review
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.records.agreements import AgreementState
from hingepoint.records.reviews import ReviewKind
from hingepoint.records.strategy import Refuses
from hingepoint.web import pack_pages, strategy_words
from playbooks import in_force, written
from snapshot import made_once

DAY = dt.timedelta(days=1)
LATER = NOW + 300 * DAY
KEY = "cust.data_access"
MONTHS = 33


@dataclass(frozen=True)
class Sale:
    """A deal created a hundred days before its close, which gained the data on its tenth day or never."""

    key: str
    at: dt.datetime
    status: str
    gained: bool

    def deal(self, cast, number: int) -> Deal:
        return Deal(
            key=self.key,
            name=self.key,
            owner=(cast.seller, cast.manager, cast.stranger, cast.analyst, cast.sponsor)[number // 10 % 5],
            segment="Large",
            amount=100_000,
            currency="EUR",
            status=self.status,
            created_at=self.at - 100 * DAY,
            closed_at=None if self.status == "open" else self.at,
        )


def kept(cast, sales: list[Sale]) -> None:
    """Store sales with their agreements, each written down when it happened."""
    deals = Deal.objects.bulk_create([one.deal(cast, number) for number, one in enumerate(sales)])
    kind = AgreementType.objects.get(key=KEY)
    held = [(deal, one.at - 90 * DAY) for deal, one in zip(deals, sales, strict=True) if one.gained]
    agreed = Agreement.objects.bulk_create(
        [
            Agreement(deal=deal, type=kind, state=AgreementState.GAINED, gained_at=at, changed_at=at)
            for deal, at in held
        ]
    )
    AgreementEvent.objects.bulk_create(
        [
            AgreementEvent(
                agreement=one, state=AgreementState.GAINED, occurred_at=at, recorded_at=at, fingerprint=n
            )
            for n, (one, (_, at)) in enumerate(zip(agreed, held, strict=True))
        ]
    )


@made_once
def three_years(cast) -> None:
    """Ten deals a month: of five with the data four are won, of five without it one; and six open ones, three with it."""
    in_force(cast, KEY, strategy=written(cast, metric="won"), needed_days=20)
    closed = [
        Sale(
            f"M{month}-{n}",
            LATER - (30 * month + 5) * DAY,
            "won" if n in (0, 1, 2, 3, 5) else "lost",
            gained=n < 5,
        )
        for month in range(MONTHS)
        for n in range(10)
    ]
    kept(cast, [*closed, *(Sale(f"O-{n}", LATER + 40 * DAY, "open", gained=n < 3) for n in range(6))])


@pytest.fixture
def years(cast):
    three_years(cast)
    with time_machine.travel(LATER, tick=False):
        yield cast


def page_for(client, user):
    client.force_login(user)
    return client.get(reverse("strategy-forecast", args=[Strategy.objects.get().pk]))


def test_what_is_expected_stands_first_with_how_good_it_was(client, years):
    page = page_for(client, years.sponsor)
    found = page.context["told"]
    assert found.refuses == Refuses.NO
    assert {one.band: (one.deals, round(one.told, 1)) for one in found.cells} == {
        "All that was due": (3, 0.8),
        "Nothing of what was due": (5, 0.2),  # two of them the cast's own
    }
    assert found.ahead.open == 8
    assert "Of the 8 open deals about" in page.text
    assert "The win rate is then 4" in page.text
    assert "it said 20 to 30 of 100, 20 of 100 were won." in page.text
    assert "Ours is not surely better" not in page.text
    assert "No forecast is told" not in page.text


def test_the_numbers_of_the_pictures_are_those_of_the_tables(client, years):
    context = page_for(client, years.sponsor).context
    assert len(context["past"].table.rows) == len(context["told"].past)
    [last, *_] = context["past"].table.rows
    assert last[3] == "50.0%"
    assert [row[1] for row in context["said"].table.rows] == ["20.0%", "50.0%", "80.0%"]


def test_the_strategys_page_leads_there_for_who_sees_every_deal(client, years):
    link = reverse("strategy-forecast", args=[Strategy.objects.get().pk])
    for user, there in ((years.sponsor, True), (years.analyst, True), (years.manager, False)):
        client.force_login(user)
        assert (link in client.get(reverse("strategy", args=[Strategy.objects.get().pk])).text) == there


def test_where_deals_with_it_end_like_those_without_it_refuses_and_says_why(client, years):
    AgreementEvent.objects.all().delete()
    page = page_for(client, years.sponsor)
    assert page.context["told"].refuses == Refuses.NO_BETTER
    assert "No forecast is told: no better than a naive forecast" in page.text
    assert "not surely better than to say that it will be as always" in page.text
    assert "Of the 8 open deals" not in page.text
    assert page.context["said"] is not None  # what it said of the past is shown all the same


def test_what_was_written_down_only_yesterday_was_not_known_then(client, years):
    AgreementEvent.objects.update(recorded_at=LATER - DAY)
    assert page_for(client, years.sponsor).context["told"].refuses == Refuses.NO_BETTER


def test_what_a_file_brought_without_a_time_of_writing_counts_when_it_happened(client, years):
    before = page_for(client, years.sponsor).context["told"]
    AgreementEvent.objects.update(recorded_at=LATER - DAY, batch=1)
    assert page_for(client, years.sponsor).context["told"] == before


def test_a_young_record_says_when_it_could_be_told(client, cast):
    in_force(cast, KEY, strategy=written(cast, metric="won"), needed_days=20)
    page = page_for(client, cast.sponsor)
    assert page.context["told"].refuses == Refuses.FEW
    assert f"tried on {told.LEAST} past quarters" in page.text
    assert "Too few deals have closed" in page.text


def test_a_metric_that_the_deals_do_not_tell_says_so(client, cast):
    in_force(cast, KEY, strategy=written(cast, metric="margin"), needed_days=20)
    page = page_for(client, cast.sponsor)
    assert page.context["told"].refuses == Refuses.UNTOLD
    assert "the metric margin needs margin" in page.text


def test_a_large_company_reads_what_was_kept(client, years, monkeypatch):
    before = page_for(client, years.sponsor).context["told"]
    monkeypatch.setattr(home, "LARGE", 2)
    home.renew_answers(at=LATER)
    assert KeptAnswer.objects.filter(name="forecast").exists()
    AgreementEvent.objects.all().delete()
    assert page_for(client, years.sponsor).context["told"] == before


def test_the_pack_tells_the_same_where_it_is_told_and_nothing_where_it_is_not(client, years):
    one = Strategy.objects.get()
    facts = {"metric": "won", "baseline": 0.4, "target": 0.5, "target_on": LATER.date()}
    strategy.set_target(by=years.sponsor, at=LATER, strategy=one, **facts)
    reviewing.planned(years, on=LATER.date(), at=LATER, kind=ReviewKind.PIPELINE)
    review = reviewing.live(years, at=LATER, kind=ReviewKind.PIPELINE)
    page = one_review.review_page(years.sponsor, review.pk, now=LATER)

    def made():
        told = pack_pages.found(years.sponsor, page, today=LATER.date())
        return pack_pages.pack(told, company="Nordwerk", manual=str, made_at=LATER)

    told = page_for(client, years.sponsor).context["told"].ahead
    share = strategy_words.value("share", told.level.told)
    pack = made()
    [detail] = [one.detail for one in (*pack.changed, *pack.same) if "expected until" in one.detail]
    assert f"Deals open now: {share} expected until" in detail
    [number] = [
        n for n, one in enumerate(pack.pages, 2) if one.charts and one.charts[0].title.startswith("Told")
    ]
    assert f"page {number})" in detail
    assert share in pack.pages[number - 2].title
    assert pack.pages[number - 2].charts[0].native.series[1][1][-1] == 0.5
    AgreementEvent.objects.all().delete()
    assert "expected until" not in repr(made())
