"""What is said of lost deals, by agreement: the company's counts, the words only of deals that the viewer sees."""

import datetime as dt

import pytest

from cast import NOW, deal
from hindsights import SAID
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.hindsight import actions
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.queries import said
from hingepoint.records.hindsight import Side, Why

DAY = dt.timedelta(days=1)
PRICE = actions.View(Why.PRICE, "They compared us on price.")
KEY = SAID.type_key


def ended(key: str, *, status="lost", **facts):
    row = deal(key, **facts)
    return deals.change_deal(by=None, at=NOW, deal_id=row.pk, status=status, closed_at=NOW)


def write(row, *views, at=NOW):
    for who, view in views:
        actions.write_view(by=who, at=at, deal_id=row.pk, view=view)


@pytest.fixture
def looked_back(cast):
    """Six lost deals in North: both name it on two, the seller alone on one, the manager alone on one, and nobody on two."""
    pairs = [(SAID, SAID), (SAID, SAID), (SAID, PRICE), (None, SAID), (PRICE, PRICE), (PRICE, None)]
    rows = [ended(f"L-{number}", owner=cast.seller, team=cast.north) for number in range(len(pairs))]
    for row, (seller, manager) in zip(rows, pairs, strict=True):
        write(row, *[(who, view) for who, view in ((cast.seller, seller), (cast.manager, manager)) if view])
    return rows


def test_it_counts_who_named_it_and_on_how_many_the_two_agree(cast, looked_back):
    found = said.said_missing(cast.manager, KEY, now=NOW + DAY)
    assert found.told
    assert (found.deals, found.named, found.seller, found.manager, found.both) == (6, 4, 3, 3, 2)
    assert found.both_views == 4
    assert found.shown == 0  # no playbook asked for it: the register showed nothing missing
    HindsightView.objects.filter(deal=looked_back[0], side=Side.SELLER).update(shown=True)
    assert said.said_missing(cast.manager, KEY, now=NOW + DAY).shown == 1


def test_the_newest_view_counts_and_what_is_older_than_a_year_does_not(cast, looked_back):
    write(looked_back[0], (cast.seller, PRICE), at=NOW + DAY)
    found = said.said_missing(cast.sponsor, KEY, now=NOW + 2 * DAY)
    assert (found.named, found.seller, found.both) == (4, 2, 1)
    assert said.said_missing(cast.sponsor, KEY, now=NOW + 366 * DAY).deals == 1


def test_deals_that_were_won_are_not_among_them(cast, looked_back):
    won = ended("W-1", status="won", owner=cast.seller, team=cast.north)
    write(won, (cast.seller, SAID))
    assert said.said_missing(cast.sponsor, KEY, now=NOW + DAY).deals == 6


def test_words_are_read_by_who_sees_the_deal_and_counts_by_all(cast, looked_back):
    mine, foreign = (said.said_missing(who, KEY, now=NOW + DAY) for who in (cast.seller, cast.stranger))
    assert {one.view.words for one in mine.quotes} == {SAID.words}
    assert len(mine.quotes) == said.MOST_QUOTED
    assert (foreign.named, foreign.quotes) == (4, ())
    assert said.said_missing(None, KEY, now=NOW) is None


def test_under_five_deals_nothing_is_told(cast):
    for number in range(said.LEAST_DEALS - 1):
        write(ended(f"L-{number}", owner=cast.seller, team=cast.north), (cast.seller, SAID))
    assert not said.said_missing(cast.sponsor, KEY, now=NOW + DAY).told
