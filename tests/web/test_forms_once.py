"""Whatever form adds something: sent six times, by an impatient thumb or a line that drops, it adds it once.

Forms are those of ``test_what_was_typed``, as they stand on their pages. A new one says below how it is filled in, or why it adds nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from threading import Barrier, Thread

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from cast import deal, make_cast, team
from hingepoint.domain.routines.models import Routine
from hingepoint.records.tokens import SCOPES
from web.test_out_of_date import VERSIONED
from web.test_what_was_typed import FORMS, opened

pytestmark = pytest.mark.slow
TOMORROW = timezone.localdate() + dt.timedelta(days=1)
RULE = {
    "name": "Logs",
    "agreement": "cust.data_access",
    "names": "log",
    "trace": "document",
    "act": "sent the log",
}
ROLLOUT = {"name": "Plan first", "what": "Write a plan before each talk", "measure": "won", "period": "month"}

#: route -> what is typed so that it is taken; all else is as the page has it.
TYPED: dict[str, dict[str, object]] = {
    "add-proof": {"proof_words": "They wrote so."},
    "review-plan": {"words": "Good."},
    "write-coaching-note": {"note": "Call me before you go."},
    "log-demand": {"words": "10 percent off", "asked_by": "Bo Lind", "known": "stated"},
    "demand": {"why": "A rise needs a board paper", "known": "stated", "said_by": "Ida Falk"},
    "concede": {"topic": "extras", "what": "Training", "value": "1000", "in_return": "x", "anyway": "on"},
    "ask-exception": {"discount": "25", "reason": "their board caps what may be spent"},
    "bring-back": {"came": "given", "words": "They read it."},
    "set-rule-limits": {"own_discount": "11"},
    "add-rule": {"discount_from": "25"},
    "answer-raise": {"words": "It is so.", "found": "confirmed"},
    "decide-raise": {"words": "We plan first."},
    "set-limits": {"since": timezone.localdate().replace(day=1), "reason": "Two teams became one."},
    "mute-raise": {"until": TOMORROW, "reason": "We know."},
    "add-to-minutes": {"words": "They call on Monday."},
    "reviews": {"on": TOMORROW},
    "decide-in-review": {"decision": "We go on.", "decision_on": TOMORROW},
    "commit-in-review": {"owner": "1", "commitment": "Ask for the log", "due_on": TOMORROW},
    "agree-role": {"aim": "hear what must be different", "executive": "4"},
    "note-activity": {"what": "Visit"},
    "answer-request": {"words": "Not this month."},
    "save-view": {"name": "Mine"},
    "new-rule": RULE,
    "coach": {"behaviour": "Write what to ask for", "evidence": "Two talks without.", "next_step": "Write one"},
    "new-message": {},
    "set-hindsight-limit": {"least_amount": "1000"},
    "question": {"why": "Nobody reads it."},
    "begin-premortem": {},
    "premortem": {"words": "Their board said no."},
    "new-routine": {"name": "Ask for one agreement"},
    "days-off": {"since": TOMORROW, "last": TOMORROW},
    "tag-pressure": {"words": "They called it a commodity."},
    "plan-rollout": ROLLOUT | {"worth": "10", "teams": ["South", "East"], "steps": "2"},
    "enter-rollout": ROLLOUT | {"worth": "10", "starts": f"South, {TOMORROW}\nEast, {TOMORROW + dt.timedelta(days=90)}"},
    "note-rollout-cost": {"spent_on": timezone.localdate(), "amount": "100"},
    "new-pressure-rule": {"name": "Cheap", "names": "price", "values": "low", "pressure": "commoditization"},
    "add-agreement-type": {"name": "The plant was seen", "counterpart": "Plant manager"},
    "new-own-metric": {"name": "Won at all", "where_field_0": "status", "where_values_0": "won", "do": "keep"},
    "new-strategy": {"name": "Hold", "statement": "Hold the price.", "measure": "supportive", "judged_0": "discount", "bound_0": "15"},
    "new-run": {"metric": "won"},
    "draw-lots": {},
    "save-mapping": {"name": "Ours"},
    "new-person": {"name": "Nils"},
    "join-team": {"team": "3"},
    "set-addresses": {"address-9": "nils@hinge.example"},
    "teams": {"name": "West"},
    "self-assessments": {"asked": "20"},
    "make-token": {"name": "Warehouse", "scopes": next(iter(SCOPES))},
    "add-sign-on-group": {"group": "Sales", "role": "seller", "what": "add"},
    "add-webhook": {"name": "warehouse", "url": "https://hooks.example/here"},
}  # fmt: skip
#: Forms that add nothing, or whose doubles are refused elsewhere.
OTHERWISE = {
    "sign-in": "adds nothing",
    "confirm": "an answer counts once: tests/web/test_confirm.py",
    "move-review": "says anew what is there",
    "end-review": "ends what is there",
    "take-steps": "takes a step of each deal once: tests/web/test_steps_together.py",
    "sort-out": "says anew what is there",
    "end-routine": "ends what is there",
    "undo-limits": "ends what is there",
    "choose-team-chat": "says anew what is there",
    "withdraw-rollout": "ends what is there",
    "set-target": "says anew what is there",
    "put-in-force": "says anew what is there",
    "choose-pivotal": "an agreement is chosen once",
    "publish-playbook": "a version is published once: tests/concurrency/test_others.py",
    "read-import-as": "says anew what is there",
    "answer-import": "says anew what is there",
    "set-address": "says anew what is there",
    "add-passkey": "a device answers once: tests/web/test_passkeys.py",
    "look-at-trial": "the planned look is had once, an early one is refused: tests/web/test_trial_outcome.py",
    "new-connection": "one of a name: tests/web/test_connections.py",
    "renew-token": "says anew what is there",
}
#: What tells no fact of the company.
NO_FACTS = {"SentForm", "Session", "SignInFailure", "KeptAnswer"}


def counts() -> dict[str, int]:
    """Return the rows of every table of ours, the trail's too."""
    models = apps.get_app_config("domain").get_models()
    return {one.__name__: one.objects.count() for one in models if one.__name__ not in NO_FACTS}


@pytest.mark.parametrize("route", TYPED)
def test_a_form_sent_six_times_adds_once(client, cast, route):
    if route in ("plan-rollout", "enter-rollout"):
        deal("E-1", team=team("East"))
    form = opened(route, cast, client)
    told, before = form.sent | form.known | TYPED[route], counts()
    first = client.post(form.action, told)
    assert first.status_code in (200, 302), re.findall(r'<a href="#f-[^"]*">([^<]+)', first.text)
    once = counts()
    assert once != before
    again = [client.post(form.action, told) for _ in range(5)]
    assert {name: (n, once[name]) for name, n in counts().items() if n != once[name]} == {}
    assert {answer.status_code for answer in again} <= {302, 404, 409, 422}


def test_every_form_is_tried_or_says_why_not():
    assert set(TYPED) | set(OTHERWISE) | set(VERSIONED) >= set(FORMS)
    assert not set(TYPED) & set(OTHERWISE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="the tests' SQLite lies in memory, for one at a time"
)
def test_six_at_the_same_moment_add_once():
    cast, start, answers = make_cast(), Barrier(6), []
    clients = [Client() for _ in range(6)]
    for one in clients:
        one.force_login(cast.sponsor)
    told = {"name": "Ask", "role": "seller", "kind": "own", "cadence": "weekly", "weekday": "4", "days": "14"}

    def send(one: Client) -> None:
        start.wait()
        answers.append(one.post("/routines/new", told | {"form_token": "one"}))
        connection.close()

    threads = [Thread(target=send, args=(one,)) for one in clients]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Routine.objects.count() == 1
    assert {answer.url for answer in answers} == {f"/routines/{Routine.objects.get().pk}/"}
