"""Every page keeps to its budget for every role that opens it, in a company in which there is something to show.

The company is made once, through the product's own doors: files are imported, a strategy is in force, rules are on, signals
are read, and answers over everything are kept as in a large company.
"""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

import budget
import importing
import playbooks
import raising
import rules
from cast import NOW, Cast, make_cast
from hingepoint.analysis.signals.shape import Place
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection.models import Detection, DetectionRule
from hingepoint.domain.home import actions as home
from hingepoint.domain.imports.engine import Files
from hingepoint.domain.strategy import actions as strategies
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep.kept import Question
from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.jobs import nightly
from routes import PAGES, address

pytestmark = pytest.mark.django_db
#: Who looks. A second seller and a second manager see no other pages.
ROLES = ("seller", "manager", "sponsor", "analyst", "inside_partner")
#: So many deals are Sanna's; a page of a list holds fifty. Every fourth is closed.
DEALS = 100
#: So many deals come later, all of them Stig's.
MORE = 300
KEYS = ("cust.data_access", "cust.executive_meeting", "cust.mutual_plan", "cust.deal_sponsor")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """The company, and the address of each page: made once for this module and taken back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        known = company(cast, tmp_path_factory.mktemp("files"))
        pages = {route: address(route, arguments, cast, known) for route, (_, arguments) in PAGES.items()}
        keep_answers()
        yield cast, pages
        transaction.set_rollback(True)


def company(cast: Cast, folder) -> dict[str, object]:
    """Fill the company of the cast; return what addresses are about that they would make otherwise."""
    bring_deals(folder)
    book = playbooks.in_force(cast, *KEYS)
    facts = {"metric": "won", "baseline": 0.2, "target": 0.4, "target_on": NOW.date()}
    strategies.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, **facts)
    strategies.draft_playbook(by=cast.sponsor, at=NOW, strategy=book.strategy)
    rules.log_arrives(cast.deal)
    rule = rules.switched_on(only_open=True)
    follow_up()
    accounts = [Place("account", f"Account {n}") for n in range(6)]
    teams = [raising.NORTH, raising.SOUTH, raising.SALES]
    keys = tuple(Deal.objects.values_list("key", flat=True)[:60])
    raising.read(
        raising.DAY,
        exceptions=(*(raising.reading(one, raising.State.RAISED, deals=keys) for one in teams), *accounts),
    )
    return {
        "a_strategy": book.strategy_id,
        "a_rule": rule.pk,
        "a_found_one": Detection.objects.get(deal=cast.deal).pk,
        "a_raised_signal": "exceptions",
    }


def bring_deals(folder, key: str = "P", many: int = DEALS, seller: str = "Sanna,Maud,North") -> None:
    """Import deals with what happened on them: of a seller, the manager and the team."""
    importing.run(Files(deals=deals_file(folder, key, many, seller), events=events_file(folder, key, many)))


def follow_up() -> None:
    for job in (nightly.ask_what_deals_need, nightly.read_traces):
        job(at=timezone.now())


def deals_file(folder, key: str, many: int, seller: str):
    rows = [
        f"{key}-{n:03},2026-0{1 + n % 2}-{1 + n % 28:02},{closed(n)},{1000 + n},EUR,{seller},Account {n // 3}"
        for n in range(many)
    ]
    head = "deal_id,created,closed,status,amount,currency,owner,manager,team,account"
    return importing.write(folder, "deals.csv", "\n".join([head, *rows]) + "\n")


def closed(n: int) -> str:
    return f"2026-02-{28 - n % 9:02},{'won' if n % 8 else 'lost'}" if n % 4 == 0 else ",open"


def events_file(folder, key: str, many: int):
    rows = []
    for n in range(many):
        deal = f"{key}-{n:03}"
        rows += [f"{deal},{kind},2026-02-{1 + n % 18:02},asked,,1," for kind in KEYS[:2]]
        rows += [f"{deal},Stoppage log.xlsx,2026-02-{2 + n % 18:02},,document,,Ann Moor"]
        rows += [f"{deal},call,2026-02-{3 + n % 18:02},,activity,,"]
    head = "deal_id,agreement,at,state,kind,evidence,counterpart"
    return importing.write(folder, "events.csv", "\n".join([head, *rows]) + "\n")


def keep_answers() -> None:
    """Keep answers as a large company does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home, "LARGE", 2)
        home.renew_answers(at=timezone.now())
    upkeep.refresh_statistics()  # as a night does: without, the database chooses among indexes blindly


@pytest.mark.parametrize("route", PAGES)
def test_a_page_keeps_to_its_budget_for_every_role(world, route):
    beyond = {}
    for who, asked, answer in opened(world, route):
        size = 0 if answer.streaming else len(answer.content)
        if found := over(route, asked, size):
            beyond[who] = (found, asked.told())
    assert not beyond, "\n".join(f"{who}: {found}\n{told}" for who, (found, told) in beyond.items())


def opened(world, route: str):
    """Open a page for each role that may; yield who, what was asked of the database, and the answer."""
    cast, pages = world
    allowed = PAGES[route][0]
    for who in ROLES:
        if allowed is not None and who not in allowed:
            continue
        client = Client()
        client.force_login(getattr(cast, who))
        with budget.watched() as asked:
            answer = client.get(pages[route])
            size = sum(map(len, answer.streaming_content)) if answer.streaming else None
        assert size or answer.status_code == 200 or allowed is None, who
        yield who, asked, answer


def over(route: str, asked: budget.Asked, size: int) -> dict[str, object]:
    """Return what a page costs beyond its budget."""
    found = {
        "statements": len(asked) if len(asked) > budget.statements(route) else 0,
        "asked a row": asked.a_row(),
        "read whole": asked.read_whole() - {budget.READS_ALL.get(route, ("", ""))[0]},
        "bytes": size if size > budget.largest(route) else 0,
    }
    return {name: much for name, much in found.items() if much}


#: What a page fetches as soon as it is shown.
AT_ONCE = re.compile(r'id="([\w-]+)" hx-get="([^"]+)" hx-trigger="load"')


@pytest.mark.parametrize("route", budget.VIEWS)
def test_a_view_keeps_to_its_budget_with_all_that_it_fetches_at_once(world, route):
    cast, pages = world
    for who in set(ROLES) & PAGES[route][0]:
        client = Client()
        client.force_login(getattr(cast, who))
        with budget.watched() as asked:
            pieces = AT_ONCE.findall(client.get(pages[route]).text)
            for piece, at in pieces:
                answer = client.get(unescape(at), headers={"HX-Request": "true", "HX-Target": piece})
                assert answer.status_code == 200, at
        requests, statements = budget.VIEWS[route]
        assert 1 + len(pieces) <= requests, (who, pieces)
        assert len(asked) <= statements, (who, asked.told())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite tells its steps")
@pytest.mark.parametrize(
    "routes",
    [pytest.param(budget.VIEWS, id="views"), pytest.param(PAGES, marks=pytest.mark.slow, id="all")],
)
def test_no_page_reads_more_where_there_are_more_deals(world, tmp_path, routes):
    """The deals that come are Stig's: some see them, and no page may read them all."""
    named = grown(world, routes, tmp_path)
    assert not named, "\n".join(f"{route}, {who}: {steps}" for (route, who), steps in named.items())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite tells its steps")
def test_a_page_that_would_count_every_deal_again_is_named(world, tmp_path, monkeypatch):
    monkeypatch.setattr(Question, "kept", lambda self, **how: None)
    named = grown(world, ["home", "strategies", "data-health"], tmp_path)
    assert {("home", "sponsor"), ("data-health", "analyst")} <= set(named)
    assert not {who for _, who in named} & {"seller", "inside_partner"}, "their deals are as many as before"


def grown(world, routes, folder) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the pages, by route and role, that read more once three times as many deals came: steps before and after."""
    before = steps(world, routes)
    bring_deals(folder, "Q", MORE, "Stig,Max,South")
    follow_up()
    keep_answers()
    after = steps(world, routes)
    return {
        one: (many, after[one]) for one, many in before.items() if after[one] > budget.may_take(*one, many)
    }


def steps(world, routes) -> dict[tuple[str, str], int]:
    return {(route, who): asked.steps for route in routes for who, asked, _ in opened(world, route)}


def test_the_company_has_something_to_show(world):
    cast, _ = world
    assert Deal.objects.visible_to(cast.seller).open().count() >= 40
    assert Detection.objects.open().count() >= 40
    assert DetectionRule.objects.count() == 1
    assert KeptAnswer.objects.count() > 10
