"""Finding one's way in the list of deals: filters, order, pages, what is remembered."""

import datetime as dt

import pytest

import budget
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Account
from hingepoint.records.agreements import AgreementState


def titles(answer) -> list[str]:
    return [row.deal.key for row in answer.context["list"].rows]


def get(client, user, address):
    client.force_login(user)
    return client.get(address)


def ask(found, *, by: dt.date, key="cust.data_access"):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, needed_by=by)
    agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key=key, step=step)


def test_a_seller_sees_her_open_deals_and_nobody_elses(client, cast):
    deal("N-2", owner=cast.seller, team=cast.north, status="won", closed_at=NOW)
    answer = get(client, cast.seller, "/deals/?status=open")
    assert titles(answer) == ["N-1"]
    assert b"Deal S-1" not in answer.content


def test_the_largest_comes_first_and_any_column_orders(client, cast):
    deal("N-2", owner=cast.seller, team=cast.north, amount=900_000, name="Aachen")
    assert titles(get(client, cast.seller, "/deals/?status=open")) == ["N-2", "N-1"]
    assert titles(get(client, cast.seller, "/deals/?status=open&sort=amount")) == ["N-1", "N-2"]
    assert titles(get(client, cast.seller, "/deals/?status=open&sort=deal")) == ["N-2", "N-1"]


def test_stages_stand_in_the_order_of_the_sale_also_in_own_words(client, cast):
    for key, stage in (
        ("a", "Closing"),
        ("b", "2 Needs analysis"),
        ("c", "Proposal"),
        ("d", "Zebra"),
        ("e", ""),
    ):
        deal(f"N-{key}", owner=cast.seller, team=cast.north, stage=stage)
    up = get(client, cast.seller, "/deals/?status=open&sort=stage")
    assert titles(up) == ["N-b", "N-c", "N-a", "N-d", "N-1", "N-e"]
    down = get(client, cast.seller, "/deals/?status=open&sort=-stage")
    assert titles(down) == ["N-d", "N-a", "N-c", "N-b", "N-1", "N-e"]
    assert up.context["offered"].stages == ("2 Needs analysis", "Proposal", "Closing", "Zebra")


def test_the_next_agreement_is_a_pivotal_one_before_any_other(client, cast):
    later = TODAY.replace(year=2099)
    ask(cast.deal, by=later - dt.timedelta(days=5))
    ask(cast.deal, by=later, key="cust.executive_meeting")
    Agreement.objects.filter(type__key="cust.executive_meeting").update(required=True)
    (row,) = get(client, cast.seller, "/deals/?status=open").context["list"].rows
    assert (row.tally.next_name, row.tally.next_on) == ("Meeting with a senior executive", later)


@pytest.mark.parametrize(
    "sort", ["deal", "account", "owner", "team", "stage", "status", "amount", "discount"]
)
def test_what_is_not_known_comes_last_either_way(client, cast, sort):
    deal("N-9", owner=cast.seller, team=cast.north, amount=None, name="")
    for order in (sort, f"-{sort}"):
        assert len(titles(get(client, cast.seller, f"/deals/?status=open&sort={order}"))) == 2
    assert titles(get(client, cast.seller, "/deals/?status=open&sort=-amount"))[-1] == "N-9"
    assert titles(get(client, cast.seller, "/deals/?status=open&sort=amount"))[-1] == "N-9"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=acme", ["N-1"]),
        ("q=n-1", ["N-1"]),
        ("q=nothing", []),
        ("segment=Large", ["L-1"]),
        ("amount_from=150000", ["L-1"]),
        ("amount_to=150000", ["N-1"]),
        ("close_from=2026-05-01&close_to=2026-05-31", ["L-1"]),
        ("overdue=on", ["L-1"]),
        ("status=won", []),
        ("status=all", ["L-1", "N-1"]),
        ("stage=Proposal", ["L-1"]),
    ],
)
def test_filters_narrow_the_list(client, cast, query, found):
    large = deal(
        "L-1",
        owner=cast.seller,
        team=cast.north,
        amount=200_000,
        segment="Large",
        stage="Proposal",
        expected_close_on=dt.date(2026, 5, 15),
    )
    ask(large, by=dt.date(2020, 1, 1))
    ask(cast.deal, by=dt.date(2999, 1, 1))
    assert titles(get(client, cast.seller, f"/deals/?{query}")) == found


def test_a_team_stands_for_all_teams_below_it(client, cast):
    sales = cast.north.parent_id
    assert set(titles(get(client, cast.sponsor, f"/deals/?team={sales}"))) == {"N-1", "S-1"}
    assert titles(get(client, cast.sponsor, f"/deals/?team={cast.south.pk}")) == ["S-1"]


def test_a_filter_shows_nothing_foreign(client, cast):
    assert titles(get(client, cast.seller, f"/deals/?owner={cast.stranger.pk}")) == []
    assert titles(get(client, cast.manager, f"/deals/?team={cast.south.pk}")) == []


def test_filters_offer_a_manager_only_their_own_people(client, cast):
    offered = get(client, cast.manager, "/deals/?status=open").context["offered"]
    assert [name for _, name in offered.teams] == ["North"]
    assert {name for _, name in offered.owners} == {"Maud", "Sanna"}


@pytest.mark.parametrize(
    "query", ["amount_from=lots", "close_to=31/12/2026", "team=north", "page=zero", "page=999"]
)
def test_a_value_that_cannot_be_read_is_named_and_left_out(client, cast, query):
    answer = get(client, cast.seller, f"/deals/?{query}")
    assert titles(answer) == ["N-1"]
    if "page" not in query:
        assert b"left out" in answer.content


def test_the_count_is_of_the_whole_selection_and_currencies_are_not_added(client, cast):
    for n in range(60):
        deal(f"P-{n}", owner=cast.seller, team=cast.north, currency="EUR" if n % 2 else "USD")
    answer = get(client, cast.seller, "/deals/?status=open&page=2")
    assert (answer.context["list"].paging.page, answer.context["list"].paging.last) == (2, 2)
    assert len(titles(answer)) == 11
    assert {total.currency for total in answer.context["list"].totals} == {"EUR", "USD"}
    assert "61 deals" in answer.content.decode()


def test_each_row_says_what_stands_what_is_late_and_what_is_next(client, cast):
    ask(cast.deal, by=TODAY - dt.timedelta(days=500))
    ask(cast.deal, by=dt.date(2999, 1, 1), key="cust.executive_meeting")
    tally = get(client, cast.seller, "/deals/?status=open").context["list"].rows[0].tally
    assert (tally.recorded, tally.standing, tally.late) == (2, 0, 1)
    assert (tally.next_name, tally.next_on) == ("Meeting with a senior executive", dt.date(2999, 1, 1))


def test_the_last_view_is_remembered_and_never_anothers(client, cast):
    get(client, cast.seller, "/deals/?status=won&sort=deal")
    assert client.get("/deals/").url == "/deals/?status=won&sort=deal"
    client.cookies["sessionid"] = ""
    client.force_login(cast.stranger)
    assert client.get("/deals/").status_code == 200


def test_names_cannot_carry_markup(client, cast):
    Account.objects.filter(pk=cast.account.pk).update(name="<script>alert(1)</script>")
    content = get(client, cast.seller, "/deals/?status=open").content
    assert b"<script>alert" not in content


def test_it_costs_few_queries_whatever_the_rows(client, cast, django_assert_max_num_queries):
    for n in range(60):
        ask(deal(f"P-{n}", owner=cast.seller, team=cast.north, account=cast.account), by=TODAY)
    for who in ("seller", "manager", "sponsor"):
        client.force_login(getattr(cast, who))
        with django_assert_max_num_queries(budget.STATEMENTS):
            answer = client.get("/deals/?status=open")
        assert len(answer.content) < budget.LARGEST, who
