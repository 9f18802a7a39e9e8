"""A number shown on two pages is one number. Each world makes pages differ that count in two places."""

import datetime as dt
import json

import numpy as np
import pytest
import time_machine
from click.testing import CliRunner
from django.urls import reverse

import raising
import reviewing
import rules
from cast import NOW, TODAY, deal
from hingepoint import cli
from hingepoint.analysis.signals.engine.facts import from_log
from hingepoint.analysis.signals.shape import Place
from hingepoint.demo import calm
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Kind
from hingepoint.domain.home.queries.rooms import rooms
from hingepoint.domain.people.models import User
from hingepoint.domain.reviews.queries import review as one_review
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.models import Strategy
from hingepoint.jobs import nightly
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.reviews import ReviewKind
from hingepoint.web import pack_pages, signal_words, strategy_words
from playbooks import in_force, written
from same import same
from snapshot import made_once

LATER = NOW + dt.timedelta(days=60)
KEYS = ("cust.data_access", "cust.executive_meeting")


def say(found, key: str, state: AgreementState, at: dt.datetime, **facts) -> None:
    if state == AgreementState.GAINED:
        facts = {"act": "do it", "person_name": "Bo", "due_on": TODAY, "evidence": Evidence.TOLD} | facts
    step = agreements.Step(state=state, occurred_at=at, **facts)
    agreements.take_step(by=None, at=at, deal_id=found.pk, type_key=key, step=step)


@made_once
def sold_and_lost(cast) -> None:
    """A strategy in force for segment Large, with deals that gained its agreements early, late or never, open
    and closed, in its segment and outside; a target, and deals closed on either side of its start."""
    book = in_force(cast, *KEYS, strategy=written(cast, segment="Large", metric="won"), needed_days=40)
    strategy.set_target(
        by=cast.sponsor,
        at=NOW,
        strategy=book.strategy,
        metric="won",
        baseline=0.2,
        target=0.4,
        target_on=TODAY,
    )
    facts = {"team": cast.north, "owner": cast.seller, "account": cast.account, "segment": "Large"}
    asked = [deal(f"L-{n}", **facts) for n in range(8)]
    nightly.ask_what_deals_need(at=NOW)
    for n, found in enumerate(asked[:6]):
        say(found, KEYS[0], AgreementState.GAINED, NOW + dt.timedelta(days=5 * n))  # needed on the 12th day
    say(asked[6], KEYS[0], AgreementState.ASKED, NOW)
    say(asked[6], "cust.nda", AgreementState.ASKED, NOW, due_on=TODAY)  # optional, in motion and late
    for found, days in ((asked[0], 30), (asked[7], 2)):
        at = NOW + dt.timedelta(days=days)
        deals.change_deal(by=None, at=at, deal_id=found.pk, status="lost", closed_at=at)
    for n in range(60):
        status, at = ("won" if n % 3 == 0 else "lost"), NOW + dt.timedelta(days=(-40 if n < 40 else 20))
        deal(
            f"C-{n}",
            **(
                facts
                | {
                    "status": status,
                    "closed_at": at,
                    "created_at": NOW - dt.timedelta(days=50),
                    "segment": "Large" if n % 5 else "Small",
                }
            ),
        )


@pytest.fixture
def world(cast):
    """The company of ``sold_and_lost``, looked at later."""
    sold_and_lost(cast)
    with time_machine.travel(LATER, tick=False):
        yield cast


def seen(client, user, name: str, *arguments, query: str = ""):
    client.force_login(user)
    answer = client.get(reverse(name, args=arguments) + query)
    assert answer.status_code == 200
    return answer


def test_the_result_and_how_it_moved_are_the_same_at_home_and_on_the_strategys_page(client, world):
    row = Strategy.objects.get()
    home = seen(client, world.sponsor, "home")
    page = seen(client, world.sponsor, "strategy", row.pk)
    assert home.context["day"].results == page.context["page"].results
    [result] = home.context["day"].results
    assert (result.since.n, result.before.n) == (16 + 2, 32)  # of segment Large, open ones left out
    for shown in (home, page):
        assert "Better" not in shown.text
        assert "Worse" not in shown.text


def pack(cast):
    """The pack of a pipeline review of today as the sponsor gets it, and what it is made of."""
    reviewing.planned(cast, on=LATER.date(), at=LATER, kind=ReviewKind.PIPELINE)
    review = reviewing.live(cast, at=LATER, kind=ReviewKind.PIPELINE)
    page = one_review.review_page(cast.sponsor, review.pk, now=LATER)
    told = pack_pages.found(cast.sponsor, page, today=LATER.date())
    return told, pack_pages.pack(told, company="Nordwerk", manual=str, made_at=LATER)


def test_a_result_is_the_same_at_home_on_both_pages_of_the_strategy_and_in_the_pack(client, world):
    row = Strategy.objects.get()
    home, page, years = (
        seen(client, world.sponsor, name, *where)
        for name, *where in (("home",), ("strategy", row.pk), ("strategy-results", row.pk))
    )
    told, made = pack(world)
    [result] = home.context["day"].results
    assert 0 < result.since.value < 1
    shown = strategy_words.value(result.kind, result.since.value)
    assert [one for one, _ in told.results] == [result]
    assert [
        chart.title for each in made.pages for chart in each.charts if chart.title.startswith("Win rate")
    ] == [f"Win rate: {shown}"]
    for one in (home, page, years):
        assert shown in one.text


def test_what_rose_is_the_same_at_home_on_the_signals_pages_in_the_navigation_and_in_the_pack(client, world):
    north = Place("team", "North")
    manager = Place("manager", world.manager.key)
    day = LATER.date() - dt.timedelta(days=1)
    raising.read(day, at=LATER, exceptions=(north,), tolerant_managers=(manager,))
    page = seen(client, world.sponsor, "signals")
    home = client.get(reverse("signals"), headers={"HX-Request": "true", "HX-Target": "what-rose"})
    one = seen(client, world.sponsor, "signal", "exceptions")
    told, made = pack(world)
    assert same(home.context["overview"], page.context["overview"])
    assert same(told.signals, page.context["overview"])
    assert "2 are new" in home.text
    assert "2 are new" in page.text
    [tile] = [tile for tile in page.context["overview"].tiles if tile.told.signal.key == "exceptions"]
    assert tile.raises == one.context["page"].raises
    assert tile.told.leading.reading == one.context["reading"].reading
    level = signal_words.value(tile.told.signal, tile.told.leading.reading)
    assert level in page.text
    assert level in one.text
    [meeting] = [each for each in made.pages if "signals stand outside" in each.title]
    assert meeting.title.startswith(
        "1 of 10 signals stand outside their limits"
    )  # a manager's is between two
    assert [chart.sentence for chart in meeting.charts].count("Raised, new") == 1
    client.force_login(world.manager)
    mine = sum(
        each.owner_id == world.manager.pk for tile in page.context["overview"].tiles for each in tile.raises
    )
    assert rooms(User.objects.get(pk=world.manager.pk), today=LATER.date()).raises == mine


def test_files_and_the_register_tell_the_same_of_a_signal(client, cast, tmp_path):
    """One company: as files to the command, and as facts to the night that the pages read."""
    drift = calm.Drift(3, "Team 3", dt.date(2025, 7, 1), 0.5)
    made = calm.company(np.random.default_rng(2), sellers=20, years=3, drift=drift)
    tables = {name: tmp_path / f"{name}.csv" for name in ("deals", "events", "routines")}
    for name, path in tables.items():
        getattr(made, name).write_csv(path)
    files = [part for name, path in tables.items() for part in (f"--{name}", str(path))]
    printed = CliRunner().invoke(cli.main, ["signals", *files, "--format", "json"])
    told = {one["key"]: one for one in json.loads(printed.stdout)["signals"]}
    known = from_log(made.deals, made.events, made.routines, as_of=made.ends_on)
    at = dt.datetime.combine(made.ends_on, dt.time(23), dt.UTC)
    signals.read_signals(at=at, as_of=made.ends_on, facts=lambda day: known)
    tiles = seen(client, cast.sponsor, "signals").context["overview"].tiles
    assert len(tiles) == 10
    compared = 0
    for tile in tiles:
        one, leading = told[tile.told.signal.key], tile.told.leading
        assert one["state"] == str(tile.told.state)
        if leading is not None and leading.reading is not None:
            company = next(each for each in tile.told.places if each.place.level == "company")
            said = next(each for each in one["places"] if each["level"] == "company")
            assert said["reading"] == pytest.approx(company.reading, abs=1e-4)
            compared += 1
    assert compared >= 8


def test_a_real_change_is_told_on_both_pages(client, world):
    for n in range(40):
        status = {"status": "won", "closed_at": NOW + dt.timedelta(days=9), "segment": "Large"}
        deal(f"W-{n}", owner=world.seller, team=world.north, **status)
    for shown in (
        seen(client, world.sponsor, "home"),
        seen(client, world.sponsor, "strategy", Strategy.objects.get().pk),
    ):
        assert "Better" in shown.text


def test_gained_in_time_is_the_same_at_home_and_on_the_strategys_page(client, world):
    home = seen(client, world.sponsor, "home").context["day"].pivotal
    page = seen(client, world.sponsor, "strategy", Strategy.objects.get().pk).context["page"].pivotal
    assert [(one.key, one.in_time) for one in home] == [(one.pivotal.key, one.in_time) for one in page]
    assert [(one.in_time.there, one.in_time.needed) for one in home] == [(3, 7), (0, 7)]


def test_what_nobody_confirmed_is_the_same_on_both_pages(client, world):
    found = deal("R-1", owner=world.seller, team=world.north, account=world.account, segment="Large")
    nightly.ask_what_deals_need(at=LATER)
    rules.log_arrives(found)
    rules.switched_on()
    Agreement.objects.filter(deal=found, type__key=KEYS[0]).update(needed_by=LATER.date())
    home = seen(client, world.sponsor, "home").context["day"].pivotal[0].in_time
    page = (
        seen(client, world.sponsor, "strategy", Strategy.objects.get().pk).context["page"].pivotal[0].in_time
    )
    assert home == page
    assert home.unconfirmed == 1


def test_late_agreements_of_a_deal_are_as_many_at_the_managers_home_as_on_the_list(client, world):
    home = {one.deal_id: one.late for one in seen(client, world.manager, "home").context["day"].late}
    listed = seen(client, world.manager, "deals", query="?status=open&overdue=on").context["list"].rows
    assert home == {row.deal.id: row.tally.late for row in listed}
    assert sorted(home.values()) == [2, 2, 2, 2, 2, 3]


def test_a_seller_has_as_many_open_deals_at_home_as_on_the_list(client, world):
    day = seen(client, world.seller, "home").context["day"]
    listed = seen(client, world.seller, "deals", query="?status=open").context["list"]
    assert day.deals == listed.paging.total == 7


def test_a_seller_with_many_late_deals_is_told_of_each(client, world):
    for n in range(45):
        found = deal(f"M-{n}", owner=world.seller, team=world.north)
        say(found, KEYS[0], AgreementState.ASKED, NOW, due_on=LATER.date() - dt.timedelta(days=3))
    late = seen(client, world.seller, "home").context["day"]
    listed = seen(client, world.seller, "deals", query="?status=open&overdue=on").context["list"]
    assert len(late.late) + len(late.stale) == listed.paging.total


def test_the_matrix_and_the_list_and_the_deals_page_agree_on_what_is_late(client, world):
    show = "".join(f"&show={key}" for key in (*KEYS, "cust.nda"))
    matrix = seen(client, world.manager, "matrix", query=f"?status=open{show}").context["matrix"]
    late = {row.deal.id: sum(cell.late for cell in row.cells if cell) for row in matrix.rows}
    listed = seen(client, world.manager, "deals", query="?status=open").context["list"].rows
    assert late == {row.deal.id: row.tally.late for row in listed}
    for deal_id, count in late.items():
        picture = seen(client, world.manager, "deal", deal_id).context["picture"]
        assert sum(line.late for line in picture.agreements) == count


def test_what_open_deals_need_is_what_the_matrix_counts_where_all_need_it(client, world):
    Agreement.objects.filter(deal=world.deal).delete()
    home = {one.key: one.coverage for one in seen(client, world.manager, "home").context["day"].coverage}
    query = f"?status=open&segment=Large&show={KEYS[0]}"
    [column] = seen(client, world.manager, "matrix", query=query).context["matrix"].columns
    assert (home[KEYS[0]].there, home[KEYS[0]].needed) == (column.standing, column.of) == (5, 6)


def test_a_request_that_waits_for_the_sponsor_is_a_decision_that_waits(client, world):
    quiet = seen(client, world.sponsor, "home").text
    assert "No decision waits" in quiet
    wish = escalations.Wish(
        kind=Kind.PRICE, discount=0.3, reason="the budget is gone", return_asked="three years"
    )
    made = escalations.ask(by=world.seller, at=LATER, deal_id=world.deal.pk, wish=wish)
    asked = {"whom": "sponsor", "because": "it is large", "asked_at": LATER}
    made.approvals.get_or_create(approver=world.sponsor, defaults=asked)
    home, page = seen(client, world.sponsor, "home"), seen(client, world.sponsor, "exceptions")
    assert len(home.context["exceptions"]) == len(page.context["waiting"]) == 1
    assert "No decision waits" not in home.text
    assert "request waits" in home.text


def test_an_inside_partners_request_is_late_on_the_same_day_at_home_and_on_its_page(client, world):
    yesterday, tomorrow = (LATER.date() + dt.timedelta(days=n) for n in (-1, 1))
    facts = {"asked_of": world.inside_partner, "due_on": tomorrow, "needed_by": yesterday}
    say(world.deal, "int.terms_approval", AgreementState.ASKED, NOW, **facts)
    home = seen(client, world.inside_partner, "home").context["day"]
    row = Agreement.objects.get(asked_of=world.inside_partner)
    line = seen(client, world.inside_partner, "agreement", row.deal_id, row.type_id).context["page"].line
    assert (home.late, line.late, home.waiting[0].line.late_after) == (1, True, line.late_after)


def test_how_much_data_is_enough_is_said_alike_at_home_in_data_health_and_in_discovery(client, world):
    home = seen(client, world.analyst, "home").context["day"].readiness[0]
    health = seen(client, world.analyst, "data-health").context["health"].readiness[0]
    runs = seen(client, world.analyst, "discovery").context["ready"]
    said = {(one.ready, one.have, one.need, one.now) for one in (home, health, runs)}
    assert len(said) == 1
    assert home.have.startswith("62 closed deals (20 won), 0 of ")


def test_findings_that_wait_are_as_many_for_the_sponsor_as_for_the_analyst(client, world):
    sponsor = seen(client, world.sponsor, "home").context["day"].unsigned
    assert sponsor == seen(client, world.analyst, "home").context["day"].unsigned == 0
