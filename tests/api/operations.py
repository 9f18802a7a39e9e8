"""Every operation of the API: who may use it, with what, and what to send.

``EVERYBODY`` works here; a name is one of the cast. An operation that is not here fails a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import discoveries
import playbooks
import raising
import reviewing
import talks
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.records.agreements import AgreementState
from routes import EVERYBODY, KEEPERS, LEADS_NORTH, SEES_SANNAS_DEAL, SELLING


class Operation(NamedTuple):
    """Who may use an operation, the scope it wants, its address and what is sent to it, made for the cast; and the version
    of what it changes, where one is asked for."""

    may: set[str]
    scope: str
    path: Callable[[Any], str]
    sent: Callable[[Any], dict[str, Any]] | None = None
    version: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.version is None else {"If_Match": f'"{self.version}"'}


def a_type() -> int:
    return AgreementType.objects.get(key="cust.data_access").pk


def of_deal(path: str) -> Callable[[Any], str]:
    return lambda cast: f"/deals/{cast.deal.pk}{path}"


def of_agreement(path: str) -> Callable[[Any], str]:
    return lambda cast: f"/deals/{cast.deal.pk}/agreements/{a_type()}{path}"


def after_a_step(cast) -> str:
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=NOW)
    told = {"deal_id": cast.deal.pk, "type_key": "cust.data_access", "step": step}
    agreements.take_step(by=cast.seller, at=NOW, **told)
    return of_agreement("/undo")(cast)


def at(path: str) -> Callable[[Any], str]:
    return lambda cast: path


def of(kind: str, make: Callable[[Any], Any], more: str = "") -> Callable[[Any], str]:
    """Return what makes a row for the cast and names it in an address."""
    return lambda cast: f"/{kind}/{make(cast).pk}{more}"


_WHEN = NOW.isoformat()
_STEP = {"state": "planned", "occurred_at": _WHEN}
_EVENT = {"kind": "activity", "name": "meeting", "occurred_at": _WHEN}
_DEBRIEF = {"outcome": "continuation", "held_at": _WHEN}
_SEES, _ALL, _SELLS = SEES_SANNAS_DEAL, EVERYBODY, SELLING
_run, _key = discoveries.finished_run, "cust.data_access"

OPERATIONS: dict[str, Operation] = {
    "get_me": Operation(_ALL, "", at("/me")),
    "list_people": Operation(_ALL, "people:read", at("/people")),
    "get_person": Operation(_ALL, "people:read", of("people", lambda cast: cast.stranger)),
    "list_teams": Operation(_ALL, "people:read", at("/teams")),
    "list_deals": Operation(_ALL, "deals:read", at("/deals")),
    "get_deal": Operation(_SEES, "deals:read", of_deal("")),
    "list_people_of_deal": Operation(_SEES, "deals:read", of_deal("/people")),
    "list_events": Operation(_ALL, "deals:read", at("/events")),
    "note_events": Operation(_SEES, "deals:write", at("/events"), lambda cast: {"events": [_EVENT | {"deal_id": cast.deal.pk}]}),
    "list_agreements": Operation(_SEES, "agreements:read", of_deal("/agreements")),
    "list_next_steps": Operation(_SEES, "agreements:read", of_deal("/next-steps")),
    "get_agreement": Operation(_SEES, "agreements:read", of_agreement("")),
    "take_step": Operation(_SEES, "agreements:write", of_agreement("/steps"), lambda cast: _STEP, version=0),
    "undo_step": Operation(_SEES, "agreements:write", after_a_step, lambda cast: {}, version=1),
    "get_negotiation": Operation(_SEES, "talks:read", of_deal("/negotiation")),
    "log_demand": Operation(_SEES, "talks:write", of_deal("/demands"), lambda cast: {"topic": "price"}),
    "give_reason": Operation(_SEES, "talks:write", of("demands", talks.a_demand, "/reasons"), lambda cast: {"text": "a budget"}),
    "concede": Operation(_SEES, "talks:write", of_deal("/concessions"), lambda cast: {"topic": "price"}),
    "list_plans": Operation(_SEES, "plans:read", of_deal("/plans")),
    "list_plans_to_review": Operation(_ALL, "plans:read", at("/plans/to-review")),
    "list_what_is_due": Operation(_ALL, "plans:read", at("/me/due")),
    "write_plan": Operation(_SEES, "plans:write", of_deal("/plans"), lambda cast: {"type_id": a_type(), "number": 0, "best": "the log"}),
    "debrief": Operation(_SEES, "plans:write", of_deal("/debriefs"), lambda cast: _DEBRIEF | {"type_id": a_type()}),
    "list_exceptions": Operation(_ALL, "exceptions:read", at("/exceptions")),
    "list_exceptions_waiting": Operation(_ALL, "exceptions:read", at("/exceptions/waiting")),
    "list_exceptions_of_deal": Operation(_SEES, "exceptions:read", of_deal("/exceptions")),
    "get_exception": Operation(_SEES | {"inside_partner"}, "exceptions:read", of("exceptions", talks.an_exception)),
    "answer_exception": Operation({"inside_partner"}, "exceptions:write", of("exceptions", talks.an_exception, "/answer"), lambda cast: {"answer": "approved"}, version=1),
    "list_signed_findings": Operation(_ALL, "findings:read", at("/findings")),
    "list_runs": Operation(_ALL, "findings:read", at("/runs")),
    "get_run": Operation(KEEPERS, "findings:read", of("runs", _run)),
    "list_findings": Operation(KEEPERS, "findings:read", of("runs", _run, "/findings")),
    "decide_finding": Operation({"analyst"}, "findings:write", of("runs", _run, f"/findings/{_key}/decision"), lambda cast: {"verdict": "signed", "note": "Seen in the deals."}, version=1),
    "get_finding": Operation(KEEPERS, "findings:read", of("runs", _run, f"/findings/{_key}")),
    "list_agreement_types": Operation(_ALL, "playbook:read", at("/agreement-types")),
    "get_agreement_type": Operation(_ALL, "playbook:read", at(f"/agreement-types/{_key}")),
    "list_strategies": Operation(_ALL, "playbook:read", at("/strategies")),
    "get_playbook": Operation(_SELLS, "playbook:read", lambda cast: f"/strategies/{playbooks.in_force(cast).strategy.pk}/playbook"),
    "get_forecast": Operation(KEEPERS, "playbook:read", lambda cast: f"/strategies/{playbooks.in_force(cast).strategy.pk}/forecast"),
    "list_gained_in_time": Operation(_SELLS, "playbook:read", lambda cast: f"/strategies/{playbooks.in_force(cast).strategy.pk}/in-time"),
    "list_results": Operation(_SELLS, "playbook:read", lambda cast: f"/strategies/{playbooks.in_force(cast).strategy.pk}/results"),
    "list_signals": Operation(_SELLS, "signals:read", at("/signals")),
    "get_signal": Operation(_SELLS, "signals:read", at("/signals/exceptions")),
    "answer_raise": Operation(LEADS_NORTH, "signals:write", lambda cast: f"/signals/{(row := raising.a_raise()).signal}/raises/{row.pk}/answer", lambda cast: {"words": "It is so."}),
    "decide_raise": Operation(LEADS_NORTH, "signals:write", lambda cast: f"/signals/{(row := raising.a_raise()).signal}/raises/{row.pk}/decision", lambda cast: {"led": "led", "words": "We price anew."}),
    "list_deals_under_pressure": Operation(_SELLS, "signals:read", at("/pressures/globalization/deals")),
    "list_reviews": Operation(_SELLS, "reviews:read", at("/reviews")),
    "get_review": Operation(_SEES, "reviews:read", of("reviews", reviewing.live)),
}  # fmt: skip

#: Reading operations that answer as of now only, by why; every other takes ``as_of``.
NOW_ONLY = {
    "what waits is what waits now": {
        "get_me",
        "list_what_is_due",
        "list_plans_to_review",
        "list_exceptions_waiting",
    },
    "people, teams and the catalogue say since when they are as they are": {
        "list_people",
        "get_person",
        "list_teams",
        "list_agreement_types",
        "get_agreement_type",
    },
    "each line carries its own day": {
        "list_exceptions",
        "list_exceptions_of_deal",
        "get_exception",
        "list_signed_findings",
        "list_runs",
        "get_run",
        "list_findings",
        "get_finding",
        "list_deals_under_pressure",
        "list_reviews",
        "get_review",
    },
    "a strategy is read as it is in force": {
        "list_strategies",
        "get_playbook",
        "get_forecast",
    },
}
