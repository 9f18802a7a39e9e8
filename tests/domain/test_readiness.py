"""What discovery needs: each need says what there is, what it gives and how to get the rest."""

from dataclasses import replace

import polars as pl
import pytest

from cast import NOW, TODAY, deal
from hingepoint.analysis.health import Facts, facts_of, health
from hingepoint.analysis.readiness import discovery
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.discovery.queries import readiness
from hingepoint.domain.discovery.readiness import Counts, lines
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Hidden

PLENTY = Counts(
    closed=4_000,
    won=1_500,
    priced=1_450,
    costed=1_450,
    filled=dict.fromkeys(("size", "segment"), 3_900),
    sellers=60,
    teams=9,
    days=1_000,
    gains=20_000,
    undated=3,
    judged=9_000,
    proven=15_000,
    types=60,
    usable_types=40,
    staged=3_900,
    active=3_000,
    declined=300,
)


def line(title, has=PLENTY, **changes):
    return next(one for one in lines(replace(has, **changes)) if one.title == title)


def test_with_plenty_of_data_everything_is_ready():
    assert {one.state for one in lines(PLENTY)} == {"ready"}


@pytest.mark.parametrize(
    ("title", "changes", "state", "now"),
    [
        ("Closed deals", {"closed": 900}, "partly", "the strongest effects"),
        ("Closed deals", {"closed": 30, "won": 20}, "missing", "nothing yet"),
        ("Won and lost deals", {"won": 3_990}, "missing", "nothing to compare"),
        ("Dates of agreements", {"undated": 20_000}, "missing", "association only"),
        ("Prices and costs", {"costed": 0}, "partly", "win rate, days to win, discount"),
        ("Facts known at creation", {"filled": {"size": 0}}, "missing", "deals of all kinds"),
        ("Sellers", {"sellers": 1}, "missing", "a good seller may look like"),
        ("Stages and activity", {"staged": 0, "active": 0}, "missing", "going well anyway"),
        ("Teams for a trial", {"teams": 4}, "partly", "stepped start"),
    ],
)
def test_what_is_missing_says_what_that_costs(title, changes, state, now):
    found = line(title, **changes)
    assert found.state == state
    assert now in found.now
    assert found.how


def test_the_counts_are_those_of_the_database(cast):
    deal("W-1", owner=cast.seller, team=cast.north, status="won", closed_at=NOW, segment="ENT", discount=0.1)
    step = agreements.Step(
        state=AgreementState.GAINED,
        occurred_at=NOW,
        act="send it",
        person_name="Bo",
        evidence=3,
        due_on=TODAY,
    )
    agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    has = {one.title: one.have for one in readiness.needs(cast.analyst)}
    assert has["Closed deals"] == "1 closed deal"
    assert has["Agreements gained"] == "0 of 1 types gained on 30 deals or more"
    assert has["Prices and costs"].startswith("a discount on 100% of won deals")
    assert has["Evidence and quality of gains"].startswith("evidence on 100%")
    with pytest.raises(Hidden):
        readiness.needs(cast.manager)


@pytest.mark.parametrize(
    ("closed", "usable", "ready", "now"),
    [
        (39, 8, False, "nothing yet"),
        (199, 8, False, "a first look"),
        (200, 7, False, "a first look"),
        (200, 8, True, "the strongest effects"),
        (1_999, 30, True, "the strongest effects"),
        (2_000, 30, True, "effects with intervals"),
        (2_000, 0, False, "nothing yet"),
    ],
)
def test_home_and_data_health_say_the_same_of_how_much_is_enough(closed, usable, ready, now):
    gains = {f"type {n}": 30 for n in range(usable)} | {"seldom": 29}
    shown = health(Facts(won=closed // 4, lost=closed - closed // 4, gains=gains)).readiness[0]
    home = discovery(closed=closed, won=closed // 4, gains=gains.values())
    assert (shown.ready, shown.have, shown.need, shown.now) == (home.ready, home.have, home.need, home.now)
    assert (home.ready, home.now.startswith(now)) == (ready, True)


def test_a_type_that_was_only_asked_for_is_not_usable():
    events = pl.DataFrame(
        {
            "deal_id": ["a", "b", "c", "c"],
            "agreement": ["data"] * 4,
            "state": ["asked", None, "gained", "kept"],
        }
    )
    assert facts_of(pl.DataFrame({"deal_id": ["a", "b", "c"]}), events).gains == {"data": 2}
