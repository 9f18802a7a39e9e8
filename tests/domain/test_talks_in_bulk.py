"""Details of many demands, concessions, exceptions and roles at once: kept with true times, and once only."""

import datetime as dt

import talks
from cast import NOW
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.escalations.models import Escalation, Pulse
from hingepoint.domain.imports import talks as bulk
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation.models import CorridorWriting
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import Answer, Approver, ArguesFor, State
from hingepoint.records.involvement import Purpose
from hingepoint.records.talks import ReasonState

LATER = NOW + dt.timedelta(hours=2)


def event(cast, kind: EventKind, name: str) -> dict:
    """Put an event on Sanna's deal as a file would, and return how a row names it."""
    facts = {"kind": kind, "name": name, "occurred_at": NOW, "origin": "import"}
    deals.note_event(by=None, at=NOW, deal_id=cast.deal.pk, **facts)
    return {"deal": "N-1", "name": name, "happened_at": NOW}


def twice(action, **rows) -> list[int]:
    return [action(by=None, at=NOW, **rows) for _ in range(2)]


def test_reasons_and_trades(cast):
    asked, given = event(cast, EventKind.DEMAND, "price"), event(cast, EventKind.CONCESSION, "extras")
    reason = {"text": "Budget", "state": ReasonState.STATED, "said_by": "Bo", "written_at": LATER}
    unknown = {**asked, "name": "payment", **reason, "written_by": cast.seller.key}
    rows = [{**asked, **reason, "written_by": cast.seller.key}, unknown]
    assert twice(bulk.know_reasons, reasons=rows) == [1, 0]
    trade = {**given, "topic": "extras", "worth": 2, "final": True, "demand": tuple(asked.values())}
    assert twice(bulk.know_trades, trades=[trade]) == [1, 0]
    log = log_page.log(cast.seller, cast.deal.pk)
    assert (log.demands[0].why.at, log.demands[0].why.by) == (LATER, "Sanna")
    assert (log.concessions[0].demand_id, log.concessions[0].final) == (log.demands[0].id, True)


def test_a_corridor_is_dated_when_it_was_really_set(cast):
    figures = {"opening": 100, "target": 95, "walk_away": 90, "set_by": cast.seller.key, "set_at": LATER}
    assert twice(bulk.know_corridors, corridors=[{"deal": "N-1", **figures}]) == [1, 0]
    assert CorridorWriting.objects.get().set_at == LATER


def test_exceptions_with_answers_and_pulses(cast):
    answer = {
        "approver": cast.inside_partner.key, "whom": Approver.PERSON, "because": "terms", "answer": Answer.YES,
        "granted": None, "words": "", "asked_at": NOW, "answered_at": LATER,
    }  # fmt: skip
    pulse = {"partner": cast.inside_partner.key, "defended": True, "argues_for": ArguesFor.BOTH, "at": LATER}
    request = {
        "kind": "terms", "wanted": "60 days", "discount": None, "value": 100, "reason": "", "alternatives": "",
        "return_asked": "", "policy": "1", "lane": "full", "lane_why": "", "state": State.APPROVED, "granted": None,
        "asked_by": cast.seller.key, "asked_at": NOW, "decided_at": LATER, "approvals": [answer], "pulses": [pulse],
    }  # fmt: skip
    row = {**event(cast, EventKind.ESCALATION, "terms"), **request}
    assert twice(bulk.know_exceptions, exceptions=[row]) == [1, 0]
    assert Escalation.objects.get().approvals.get().answered_at == LATER
    assert Pulse.objects.count() == 1


def test_roles_of_executives(cast):
    row = {
        "deal": "N-1", "executive": cast.sponsor.key, "purpose": Purpose.VALUE, "aim": "listen", "not_to_say": "",
        "may_discuss_price": False, "agreed_by": cast.seller.key, "agreed_at": LATER, "ended_at": None,
    }  # fmt: skip
    assert twice(bulk.know_roles, roles=[row]) == [1, 0]
    assert Involvement.objects.get().agreed_at == LATER


def test_what_was_asked_by_hand_keeps_its_details(cast):
    made = talks.an_exception(cast)
    row = {"deal": "N-1", "name": "terms", "happened_at": NOW, "approvals": [], "pulses": []}
    assert bulk.know_exceptions(by=None, at=NOW, exceptions=[row]) == 0
    assert made.approvals.count() == 1
