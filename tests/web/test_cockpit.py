"""The cockpit of a deal: pivotal agreements first, counts, the price against the corridor, and who may see it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.utils import timezone

import budget
import cockpits
import opening
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.cockpit import queries
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.negotiation.queries import log
from hingepoint.records.deals import place_of
from routes import SEES_SANNAS_DEAL


@pytest.fixture
def found(cast):
    return cockpits.negotiated(cast)


def cockpit(cast, found: Deal) -> queries.Cockpit:
    return queries.cockpit(cast.seller, found.pk, today=timezone.localdate())


def opened(client, user, found: Deal):
    client.force_login(user)
    return client.get(f"/deals/{found.pk}/")


def test_pivotal_agreements_come_first_and_all_others_are_folded(client, cast, found):
    shown = cockpit(cast, found)
    assert sorted(line.key for line in shown.pivotal) == sorted(cockpits.PIVOTAL)
    assert [place_of(line.stage) for line in shown.pivotal] == sorted(
        place_of(line.stage) for line in shown.pivotal
    )
    assert [line.key for line in shown.others] == ["cust.baseline"]
    assert shown.gained == 2
    page = opened(client, cast.seller, found).content.decode()
    assert page.rindex("Measured starting point") > page.index("1 other agreement</summary>")
    assert "<dt>Pivotal gained</dt><dd>2 of 4</dd>" in page


def test_what_to_do_next_names_a_pivotal_agreement_and_from_whom(client, cast, found):
    page = opened(client, cast.seller, found).content.decode()
    best = re.search(r'class="do">Gain <a [^>]+>([^<]+)</a> from ([^<]+)</p>', page)
    assert best.groups() == ("Early access to key data", "Dominik Conti")


def test_the_counts_say_what_to_know_of_each(client, cast, found):
    counts = opened(client, cast.seller, found).context["counts"]
    assert [(one.words, one.about) for one in counts] == [
        ("5 agreements", "4 pivotal, 2 of them gained"),
        ("2 demands", "1 without a reason"),
        ("2 concessions", "€45.1k, 1 brought something back"),
        ("1 exception", "waiting 3 days"),
    ]


def test_the_price_goes_down_with_each_concession_to_what_is_asked(cast, found):
    prices = cockpit(cast, found).prices
    assert (prices.start, prices.starts_at_list) == (417_900, True)
    assert [(step.price, step.worth, step.in_return) for step in prices.steps] == [
        (401_000, 16_900, "a project lead"),
        (372_800, 28_200, ""),
    ]
    assert prices.asked == Decimal("323872.5")
    assert prices.corridor.walk_away == 351_000


def test_what_was_given_is_the_same_number_as_in_the_log(cast, found):
    told = log.log(cast.seller, found.pk)
    assert cockpit(cast, found).given == pytest.approx(float(told.conceded / found.list_price))
    assert cockpit(cast, found).given == pytest.approx(45_100 / 417_900)


def test_growing_steps_and_those_for_nothing_are_noticed(cast, found):
    assert cockpit(cast, found).noticed == (
        "It is larger than the round before. Smaller steps say that the end is near.",
        "1 of 2 brought nothing back.",
    )


def test_stages_are_those_reached_in_the_order_of_time(cast, found):
    assert [one.name for one in cockpit(cast, found).stages] == ["discover", "prove", "propose", "negotiate"]


def test_each_person_shows_what_they_owe(cast, found):
    shown = cockpit(cast, found)
    assert sorted(line.key for line in shown.of_person("Dominik Conti")) == [
        "cust.data_access", "cust.executive_meeting", "cust.mutual_plan",
    ]  # fmt: skip
    assert shown.of_person("Matteo Farkas") == ()


def test_the_walk_away_is_drawn_for_those_who_read_it_and_on_nobody_elses_page(client, cast, found):
    Corridor.objects.filter(deal=found).update(walk_away=351_111)
    for who, _ in opening.everybody(client, cast, found):
        page = client.get(f"/deals/{found.pk}/").content.decode()
        assert ("351,111" in page) == (who in SEES_SANNAS_DEAL), who


def test_without_a_corridor_the_price_is_drawn_alone_and_it_is_said(client, cast, found):
    Corridor.objects.all().delete()
    page = opened(client, cast.seller, found).content.decode()
    assert "No corridor is set: decide it under Preparation." in page
    assert "walk-away €" not in page.lower()


def test_without_prices_there_is_no_staircase(client, cast):
    pictures = opened(client, cast.seller, cast.deal).context["pictures"]
    assert [one.title for one in pictures] == ["The deal in one picture"]


def test_without_a_playbook_all_agreements_are_shown_and_drawn(client, cast, found):
    Agreement.objects.update(required=False)
    shown = cockpit(cast, found)
    assert (shown.pivotal, len(shown.others)) == ((), 5)
    page = opened(client, cast.seller, found).content.decode()
    assert "other agreement</summary>" not in page
    assert page.count('<li>\n    <div class="what">') == 5


def test_a_closed_deal_asks_for_nothing_and_its_picture_ends_with_it(client, cast, found):
    closed = cockpits.ago(2)
    Deal.objects.filter(pk=found.pk).update(status="lost", closed_at=closed)
    shown = cockpit(cast, found)
    assert (shown.best, shown.next_steps) == (None, ())
    assert shown.last_day == timezone.localtime(closed).date()
    assert "Nothing: the deal is lost." in opened(client, cast.seller, found).content.decode()


def test_the_table_beside_the_picture_tells_each_day(client, cast, found):
    client.force_login(cast.seller)
    opening.open_walk_away(client, found)
    pictures = opened(client, cast.seller, found).context["pictures"]
    told = {row[1:] for row in pictures[0].table.rows}
    assert {
        ("Stage", "Negotiate"),
        ("Demand", "12 percent off, from Matteo Farkas"),
        ("Concession", "Price, €28,200, nothing came back"),
        ("Executive", "Otto: Visit on value"),
        ("Exception", "22.5% discount"),
        ("Early access to key data", "Kind words"),
        ("Early access to key data", "Needed by this day"),
        ("Deal", "Today"),
    } <= told
    assert [row[1:] for row in pictures[1].table.rows] == [
        ("List price", "€417,900", ""),
        ("Step 1", "€401,000", "a project lead"),
        ("Step 2", "€372,800", "nothing"),
        ("Target", "€384,500", ""),
        ("Walk-away", "€351,000", ""),
        ("Asked now", "€323,872", ""),
    ]


def test_what_was_taken_back_is_not_drawn(cast, found):
    from hingepoint.domain.negotiation import actions

    last = log.log(cast.seller, found.pk).concessions[-1]
    actions.take_back(by=cast.seller, at=timezone.now(), event_id=last.id)
    shown = cockpit(cast, found)
    assert [step.price for step in shown.prices.steps] == [401_000]
    assert len(shown.log.concessions) == 1


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_the_first_view_costs_twelve_queries_at_most_with_everything_on_it(
    client, cast, found, who, django_assert_max_num_queries
):
    client.force_login(getattr(cast, who))
    with django_assert_max_num_queries(budget.STATEMENTS):
        client.get(f"/deals/{found.pk}/")


def test_the_first_view_asks_for_one_piece_more_and_the_rest_when_it_comes_into_sight(client, cast, found):
    page = opened(client, cast.seller, found).content.decode()
    assert len(re.findall(r'hx-trigger="load"', page)) == 1
    assert len(re.findall(r'hx-trigger="revealed"', page)) == 5
    assert len(page.encode()) < 100_000


def test_another_agreement_is_chosen_among_those_not_on_record(client, cast, found):
    client.force_login(cast.seller)
    types = client.get(f"/deals/{found.pk}/agreements/new").context["types"]
    assert not {kind.key for kind in types} & {*cockpits.PIVOTAL, "cust.baseline"}
    assert len(types) == 95
