"""The pictures of the first pages: whose deals they show, that their numbers are those of other pages, who sees them."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

import budget
import playbooks
from cast import deal, person
from hingepoint.analysis.coverage import together
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.home.queries import pictures
from hingepoint.domain.people import actions as people
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.queries import strategy_page
from hingepoint.jobs import nightly
from hingepoint.records.agreements import AgreementState
from hingepoint.records.people import Role

PIECE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "home-pictures"}


@pytest.fixture
def book(cast):
    """A strategy on the win rate, in force for half a year, whose two agreements were due lately."""
    now = timezone.now()
    row = playbooks.written(cast, metric="won")
    begun = timezone.localdate() - dt.timedelta(days=183)
    strategy.set_target(
        by=cast.sponsor, at=now, strategy=row, metric="won", baseline=0.3, target=0.4,
        target_on=timezone.localdate() + dt.timedelta(days=200),
    )  # fmt: skip
    strategy.put_in_force(by=cast.sponsor, at=now, strategy=row, starts_on=begun)
    draft = row.playbooks.get()
    for key in ("cust.data_access", "cust.executive_meeting"):
        playbooks.choose(draft, key)
    strategy.publish(by=cast.analyst, at=now, playbook=draft, note="First.")
    return draft


def closed(cast, n: int, *, won: int, days_ago: int, **facts):
    """``n`` deals closed so long ago, ``won`` of them won."""
    at = timezone.now() - dt.timedelta(days=days_ago)
    facts = {"owner": cast.seller, "team": cast.north} | facts
    for i in range(n):
        status = "won" if i < won else "lost"
        deal(f"C-{days_ago}-{i}", status=status, created_at=at - dt.timedelta(days=60), closed_at=at, **facts)


def needed(cast, n: int, *, kept: int, name: str, **facts):
    """``n`` open deals asked for access to data by yesterday, which ``kept`` of them have."""
    facts = {"owner": cast.seller, "team": cast.north} | facts
    made = [deal(f"need-{name}-{i}", **facts) for i in range(n)]
    nightly.ask_what_deals_need(at=timezone.now())
    wanted = {"deal__key__startswith": "need-", "type__key": "cust.data_access"}
    Agreement.objects.exclude(**wanted).update(needed_by=None)  # the cast's own deals are not in this story
    rows = Agreement.objects.filter(deal__in=made, type__key="cust.data_access")
    rows.update(needed_by=timezone.localdate() - dt.timedelta(days=1))
    had = timezone.now() - dt.timedelta(days=3)
    for row in rows.order_by("deal_id")[:kept]:
        Agreement.objects.filter(pk=row.pk).update(state=AgreementState.KEPT, gained_at=had)


def shown(viewer):
    return pictures.pictures(viewer, today=timezone.localdate())


def test_the_course_is_told_by_quarter_with_its_interval_and_the_target(client, cast, book):
    closed(cast, 40, won=10, days_ago=20)
    closed(cast, 60, won=12, days_ago=300)
    found = shown(cast.sponsor).course
    assert (found.months, found.target, found.kind) == (3, 0.4, "share")
    told = [one.estimate for one in found.stretches if one.estimate.n]
    assert [(one.n, one.value) for one in told] == [(60, 0.2), (40, 0.25)]
    assert told[1].low < 0.25 < told[1].high
    client.force_login(cast.sponsor)
    page = client.get(reverse("home-pictures"), **PIECE).text
    assert page.count('class="chart chart-trend') == 2  # for the desk and for the phone
    assert '<td class="n">25.0%</td>' in page
    assert "target 40.0%" in page


def test_the_course_counts_the_deals_of_the_strategy_page(cast, book):
    closed(cast, 40, won=10, days_ago=20)
    closed(cast, 30, won=6, days_ago=300)
    today = timezone.localdate()
    [result] = strategy_page.strategy_page(cast.sponsor, book.strategy_id, today=today).results
    stretches = shown(cast.sponsor).course.stretches
    assert sum(one.estimate.n for one in stretches) == result.since.n + result.before.n == 70


def test_of_fewer_than_five_deals_nothing_is_told(client, cast, book):
    closed(cast, 4, won=2, days_ago=20)
    client.force_login(cast.seller)
    page = client.get(reverse("home-pictures"), **PIECE).text
    assert "chart-trend" not in page
    assert "fewer than 5 closed deals" in page


def test_quarters_at_home_and_on_the_strategys_page_are_those_of_the_fiscal_year(
    client, cast, book, settings
):
    settings.FISCAL_YEAR_BEGINS = 4
    june = dt.datetime(2026, 6, 20, 12, tzinfo=dt.UTC)
    with time_machine.travel(june, tick=False):
        closed(cast, 60, won=15, days_ago=2)
        client.force_login(cast.sponsor)
        home = client.get(reverse("home-pictures"), **PIECE).text
        page = client.get(reverse("strategy-results", args=[book.strategy_id])).text
    assert ">Q1 27, so far<" in home
    assert ">Q4 26<" in home
    assert "of Q1 27." in page


def test_few_deals_are_told_by_half_year(cast, book):
    closed(cast, 12, won=3, days_ago=20)
    assert shown(cast.seller).course.months == 6


def test_a_sponsor_sees_teams_the_weakest_first(cast, book):
    needed(cast, 8, kept=6, name="N")
    needed(cast, 6, kept=1, name="S", owner=cast.stranger, team=cast.south)
    found = shown(cast.sponsor)
    assert found.by == "team"
    assert [(p.name, p.coverage.there, p.coverage.needed) for p in found.parts] == [
        ("South", 1, 6),
        ("North", 6, 8),
    ]


def test_a_manager_of_one_team_sees_sellers_by_name_and_no_share_of_few(client, cast, book):
    other = person("Abel", Role.SELLER)
    people.join_team(
        by=None, at=timezone.now(), user=other, team=cast.north, since=timezone.localdate(), manages=False
    )
    needed(cast, 8, kept=2, name="N")
    needed(cast, 4, kept=4, name="A", owner=other)
    found = shown(cast.manager)
    assert (found.by, [part.name for part in found.parts]) == ("seller", ["Abel", "Sanna"])
    client.force_login(cast.manager)
    page = client.get(reverse("home-pictures"), **PIECE).text
    assert '<th scope="row">Abel</th><td class="n">too few to tell</td>' in page
    assert '<th scope="row">Sanna</th><td class="n">25.0%</td>' in page


def test_who_manages_several_teams_sees_teams(cast, book):
    lead = person("Lena", Role.MANAGER)
    for one in (cast.north, cast.south):
        people.join_team(
            by=None, at=timezone.now(), user=lead, team=one, since=timezone.localdate(), manages=True
        )
    needed(cast, 5, kept=2, name="N")
    needed(cast, 5, kept=1, name="S", owner=cast.stranger, team=cast.south)
    assert [part.name for part in shown(lead).parts] == ["South", "North"]


def test_a_seller_sees_the_own_deals_by_agreement(cast, book):
    needed(cast, 6, kept=3, name="N")
    needed(cast, 6, kept=6, name="S", owner=cast.stranger, team=cast.south)
    found = shown(cast.seller)
    assert found.by == "agreement"
    told = {part.key: (part.coverage.there, part.coverage.needed) for part in found.parts}
    assert told == {"cust.data_access": (3, 6), "cust.executive_meeting": (0, 0)}


def test_the_teams_together_are_what_the_strategy_page_tells(cast, book):
    needed(cast, 8, kept=6, name="N")
    needed(cast, 6, kept=1, name="S", owner=cast.stranger, team=cast.south)
    page = strategy_page.strategy_page(cast.sponsor, book.strategy_id, today=timezone.localdate())
    by_type = together(one.in_time for one in page.pivotal)
    assert together(part.coverage for part in shown(cast.sponsor).parts) == by_type


@pytest.mark.parametrize("who", ["analyst", "inside_partner"])
def test_others_have_no_pictures(client, cast, book, who):
    client.force_login(getattr(cast, who))
    assert client.get(reverse("home-pictures")).status_code == 404


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_without_a_strategy_the_piece_says_what_it_needs(client, cast, who):
    client.force_login(getattr(cast, who))
    assert 'hx-get="/pictures/"' in client.get("/").text
    assert "no strategy in force" in client.get("/pictures/").text


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_the_pictures_cost_twelve_statements_at_most(client, cast, book, who, django_assert_max_num_queries):
    closed(cast, 20, won=10, days_ago=20)
    needed(cast, 6, kept=3, name="N")
    client.force_login(getattr(cast, who))
    with django_assert_max_num_queries(budget.STATEMENTS):
        assert client.get("/pictures/").status_code == 200
