"""A deal that is gone in the CRM keeps all it has and counts nowhere, until it is there again."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cast import NOW, TODAY, deal, make_cast, person
from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.actions import Step
from hingepoint.domain.agreements.frames import agreement_events_frame
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.agreements.queries import catalogue
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.bridge.frames import gains
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.frames import deal_events_frame, deals_frame
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries import deal_page, lists
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.discovery.queries import readiness
from hingepoint.domain.home.queries import manager, worklist
from hingepoint.domain.search import queries as search
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.sync import actions, gone, queries, vanished
from hingepoint.domain.trail import queries as trail
from hingepoint.records.agreements import AgreementState
from hingepoint.records.crm import CrmObject
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.people import Role
from words import say

SOURCE = Path(__file__).parents[2] / "src/hingepoint"
KEY = "cust.problem_owner"
WEEK_AGO = NOW - dt.timedelta(days=7)
LATER = BEGIN + dt.timedelta(days=60)


@pytest.fixture
def cast(db):
    return make_cast()


def numbers(cast) -> dict[str, object]:
    """Return what lists, frames and counts say, each asked of the tables."""
    week = manager.manager_week(cast.manager, today=TODAY, now=NOW)
    ready = readiness.counts()
    due = coverage.in_time_now(today=TODAY)
    used = catalogue.usages(Agreement.objects.all())
    return {
        "list": lists.page_of(lists.selection(cast.sponsor, lists.DealFilter())).paging.total,
        "list of then": lists.page_of(
            lists.selection(cast.sponsor, lists.DealFilter(as_of=AsOf(TODAY)))
        ).paging.total,
        "open": Deal.objects.open().count(),
        "frame of deals": deals_frame(None).height,
        "frame for a seller": deals_frame(cast.seller).height,
        "frame of events": deal_events_frame(None).height,
        "frame of steps": agreement_events_frame(None).height,
        "gains on closed deals": gains().height,
        "worklist": worklist.worklist(cast.seller).count(),
        "open deals of a manager": week.deals,
        "readiness": ready.closed,
        "gains of readiness": ready.gains,
        "due agreements": sum(sum(one.needed for one in kinds.values()) for kinds in due.values()),
        "deals of which something is asked": sum(coverage.deals_asked_now().values()),
        "use of types": sum(one.deals for one in used.values()),
    }


def plant(cast) -> dict[str, int]:
    """Add an open and a won deal, each with a gained agreement that was asked for and a call; return their numbers."""
    made = {}
    for key, closed in (("gone-open", None), ("gone-won", NOW - dt.timedelta(days=2))):
        facts = {"status": DealStatus.WON, "closed_at": closed} if closed else {}
        row = deal(key, owner=cast.seller, team=cast.north, **facts)
        deals.note_event(
            by=None, at=NOW, deal_id=row.pk, kind=EventKind.ACTIVITY, name="Call", occurred_at=WEEK_AGO
        )
        kept = say(row, KEY)
        Agreement.objects.filter(pk=kept.pk).update(required=True, needed_by=TODAY)
        made[key] = row.pk
    return made


def become(made: dict[str, int], fate: str) -> None:
    at = NOW if fate else None
    actions.say_gone(at=NOW, deals=[gone.Standing(pk, fate, at) for pk in made.values()])


def test_whatever_counts_leaves_out_deals_that_are_gone_and_counts_them_again(cast):
    without = numbers(cast)
    made = plant(cast)
    with_them = numbers(cast)
    assert [name for name in without if without[name] == with_them[name]] == []
    become(made, "deleted")
    assert numbers(cast) == without
    become(made, "")
    assert numbers(cast) == with_them


def test_what_belongs_to_a_deal_that_is_gone_is_there_and_found(cast):
    made = plant(cast)
    become(made, "vanished")
    row = Deal.every.get(key="gone-won")
    assert (row.status, row.gone, row.gone_at, row.agreements.count()) == ("won", "vanished", NOW, 1)
    assert deal_page.deal_facts(cast.seller, row.pk).status == "won"
    assert [one.id for one in search.find(cast.seller, "gone-won", most=5).deals] == [row.pk]
    step = Step(state=AgreementState.BROKEN, occurred_at=NOW, reason="They left.")
    agreements.take_step(by=cast.seller, at=NOW, deal_id=row.pk, type_key=KEY, step=step)
    lines = trail.deal_trail(cast.seller, row.pk).trail.lines
    assert "saw that the deal is gone in the CRM; it counts no more" in {line.what for line in lines}
    with pytest.raises(Hidden):
        deal_page.deal_facts(cast.stranger, row.pk)


def test_a_sync_says_what_is_gone_and_what_is_back(db, monkeypatch):
    crm = FakeCrm()
    crm.user("u1", "Sanna Sol", team="North")
    (key,) = plug_in(monkeypatch, crm)
    for name in ("d1", "d2", "d3", "d4"):
        crm.open_deal(name)
    made = actions.connect(by=None, at=BEGIN, crm=key, given={"token": "t"}, url="https://crm.example")

    def sync(days: int) -> dict[str, str]:
        told = actions.sync(at=LATER + dt.timedelta(days=days), connection_id=made.pk)
        assert (told.problem, told.problems) == ("", [])
        return dict(Deal.every.values_list("key", "gone"))

    assert sync(0) == dict.fromkeys(("d1", "d2", "d3", "d4"), "")
    crm.pass_time(days=61)
    kept = crm.deal("d2")
    crm.change("d1", archived=True)
    crm.delete("d2")
    crm.delete("d3", silently=True)
    crm.merge(["d4"], into="d1")
    assert sync(2) == {"d1": "", "d2": "deleted", "d3": "vanished", "d4": "merged"}
    assert set(Deal.objects.values_list("key", flat=True)) == {"d1"}
    lines = AuditEvent.objects.count()
    assert sync(3)["d2"] == "deleted"
    assert not AuditEvent.objects.filter(action="gone")[3:].exists()
    crm.put(CrmObject.DEALS, replace(kept, modified_at=crm.now))
    assert sync(4) == {"d1": "", "d2": "", "d3": "vanished", "d4": "merged"}
    assert AuditEvent.objects.filter(action="come back").count() == 1
    assert AuditEvent.objects.count() > lines


# ---- many at once ----


@pytest.fixture
def forty(db, monkeypatch):
    """Forty deals, read; what syncs and says how many count."""
    crm = FakeCrm(page_size=50)
    (key,) = plug_in(monkeypatch, crm)
    for number in range(40):
        crm.open_deal(f"d{number}")
    made = actions.connect(by=None, at=BEGIN, crm=key, given={"token": "t"}, url="https://crm.example")

    def sync(days: int, **how) -> tuple[actions.Told, int]:
        told = actions.sync(at=LATER + dt.timedelta(days=days), connection_id=made.pk, **how)
        assert told.problem == ""
        return told, Deal.objects.count()

    sync(0)
    return crm, made, sync


def test_many_that_vanish_at_once_go_on_counting_until_somebody_says_that_they_are_gone(forty):
    crm, made, sync = forty
    for number in range(30):
        crm.delete(f"d{number}", silently=True)
    crm.delete("d30")
    told, counting = sync(2)
    assert (counting, told.rules) == (39, {"not_believed": 30, "deleted": 1})  # what the CRM says is believed
    sponsor = person("Otto", Role.SPONSOR)
    page = queries.connection_page(sponsor, made.pk, at=LATER)
    assert [(each.what, each.gone, each.there) for each in page.doubts] == [("Deals", 30, 39)]
    assert sync(3, sweep=False)[1] == 39
    assert page.doubts == queries.connection_page(sponsor, made.pk, at=LATER).doubts
    actions.believe(by=sponsor, at=LATER + dt.timedelta(days=3), connection_id=made.pk)
    told, counting = sync(4)
    assert (told.swept, counting, told.rules) == (True, 9, {"vanished": 30})
    assert queries.connection_page(sponsor, made.pk, at=LATER).doubts == ()
    with pytest.raises(Refused, match="Nothing that vanished"):
        actions.believe(by=sponsor, at=LATER, connection_id=made.pk)


def test_what_was_said_of_some_is_not_said_of_the_rest(forty):
    crm, made, sync = forty
    for number in range(30):
        crm.delete(f"d{number}", silently=True)
    sync(2)
    actions.believe(by=None, at=LATER, connection_id=made.pk)
    for number in range(30, 40):
        crm.delete(f"d{number}", silently=True)
    told, counting = sync(3)
    assert (counting, told.rules) == (40, {"not_believed": 40})


def test_a_right_that_is_back_leaves_no_question(forty):
    crm, made, sync = forty
    shown = dict(crm.rows[CrmObject.DEALS])
    crm.rows[CrmObject.DEALS].clear()
    assert sync(2)[1] == 40
    crm.rows[CrmObject.DEALS] |= shown
    told, counting = sync(3)
    made.refresh_from_db()
    assert (counting, told.rules, made.vanished) == (40, {}, {})


def test_a_few_that_vanish_are_gone_at_once(forty):
    crm, _, sync = forty
    for number in range(20):
        crm.delete(f"d{number}", silently=True)
    assert sync(2)[1] == 20


@pytest.mark.parametrize(
    ("gone", "there", "said", "believed"),
    [
        (5, 5, 0, True),
        (6, 6, 0, False),
        (6, 12, 0, True),
        (20, 300, 0, True),
        (21, 300, 0, False),
        (50, 1000, 0, True),
        (51, 1000, 0, False),
        (105, 1000, 100, True),
        (106, 1000, 100, False),
        (3, 1000, 100, True),
    ],
)
def test_how_many_may_vanish_at_once(gone, there, said, believed):
    assert vanished.is_believed(gone, there, said=said) is believed


def test_a_deal_says_what_went_into_it_and_what_stayed_there(db, monkeypatch):
    crm = FakeCrm()
    crm.user("u1", "Sanna Sol", team="North")
    (key,) = plug_in(monkeypatch, crm)
    crm.open_deal("a")
    crm.open_deal("b")
    made = actions.connect(by=None, at=BEGIN, crm=key, given={"token": "t"}, url="https://crm.example")
    actions.sync(at=LATER, connection_id=made.pk)
    agreements.load_catalogue(by=None, at=NOW)
    for row in Deal.objects.all():
        say(row, KEY)
    crm.merge(["a"], into="b")
    actions.sync(at=LATER + dt.timedelta(days=1), connection_id=made.pk)
    sponsor = person("Otto", Role.SPONSOR)
    survivor, loser = Deal.every.get(key="b"), Deal.every.get(key="a")
    told = queries.in_the_crm(sponsor, survivor.pk)
    (one,) = told.absorbed
    assert (told.fate, one.id, len(one.left)) == ("", loser.pk, 1)
    of_the_loser = queries.in_the_crm(sponsor, loser.pk)
    assert (of_the_loser.fate, of_the_loser.into_id) == ("merged", survivor.pk)
    assert of_the_loser.since == LATER + dt.timedelta(days=1)


def test_what_a_playbook_only_asks_gives_way_to_what_was_said(cast):
    gone_deal, kept = deal("G-1", owner=cast.seller), deal("K-1", owner=cast.seller)
    said = say(gone_deal, KEY)
    untouched = AgreementType.objects.get(key="cust.nda")
    for row, kind in ((kept, said.type), (kept, untouched), (gone_deal, untouched)):
        Agreement.objects.create(deal=row, type=kind, required=True, needed_by=TODAY, changed_at=NOW)
    assert actions.take_over_agreements(at=NOW, gone_id=gone_deal.pk, kept_id=kept.pk) == 0
    rows = Agreement.objects.filter(type=said.type)
    assert [(row.pk, row.deal_id, row.state) for row in rows] == [(said.pk, kept.pk, "gained")]
    assert (rows[0].required, rows[0].needed_by) == (True, TODAY)
    assert Agreement.objects.filter(type=untouched).count() == 2
    assert rows[0].events.count() == 1


#: Who reads all deals, gone ones too: what belongs to one deal or is kept of it, and whoever writes deals.
EVERY = {
    "agreements/models.py",
    "agreements/queries/agreement_page.py",
    "coaching/queries/notes.py",
    "coaching/queries/sessions.py",
    "cockpit/queries.py",
    "deals/actions.py",
    "deals/models.py",
    "deals/queries/deal_page.py",
    "deals/queries/feed.py",
    "detection/models.py",
    "detection/queries/rules.py",
    "discovery/queries/findings.py",
    "escalations/models.py",
    "escalations/queries/limits.py",
    "escalations/queries/requests.py",
    "escalations/queries/waiting.py",
    "escalations/queries/way.py",
    "hindsight/models.py",
    "hindsight/queries/page.py",
    "imports/details.py",
    "imports/engine.py",
    "imports/queries.py",
    "imports/talks.py",
    "imports/touched.py",
    "involvement/models.py",
    "involvement/queries.py",
    "merging/actions.py",
    "merging/rules.py",
    "negotiation/models.py",
    "negotiation/queries/corridor.py",
    "negotiation/queries/log.py",
    "plans/models.py",
    "plans/queries/filled.py",
    "premortems/queries/page.py",
    "pressures/models.py",
    "pressures/queries.py",
    "proposals/models.py",
    "reviews/queries/review.py",
    "reviews/reading.py",
    "search/queries.py",
    "sync/actions.py",
    "sync/gone.py",
    "sync/merges.py",
    "sync/parties.py",
    "sync/queries.py",
    "sync/writing.py",
    "trail/queries.py",
    "trials/queries/lots.py",
}


def test_only_these_modules_read_deals_that_are_gone():
    reads = {
        str(path.relative_to(SOURCE / "domain"))
        for path in (SOURCE / "domain").rglob("*.py")
        if "Deal.every" in path.read_text()
    }
    assert reads == EVERY
    outside = [
        path for path in SOURCE.rglob("*.py") if "domain" not in path.parts and "demo" not in path.parts
    ]
    assert [str(path) for path in outside if "Deal.every" in path.read_text()] == []


def test_whoever_chooses_by_the_status_of_a_deal_from_another_table_asks_whether_it_counts():
    """``hindsight/queries/page`` looks at deals that were chosen before."""
    chosen = re.compile(r"deal__(status|closed_at)(__\w+)?=")
    loose = {
        str(path.relative_to(SOURCE / "domain"))
        for path in (SOURCE / "domain").rglob("*.py")
        if chosen.search(text := path.read_text()) and "that_count(" not in text
    }
    assert loose == {"hindsight/queries/page.py"}
