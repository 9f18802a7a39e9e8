"""A form that does not say which version of something it was made for is refused: nothing is changed blindly.

Each form that carries a version is sent as a browser sends it, which works, and without the version, which does not.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone

import hingepoint.web
import principled
import proposed
import words
from cast import NOW
from forms import Form, Forms
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import OutOfDate
from routes import PAGES, address

KEY = "cust.data_access"
CORRIDOR = {"opening": "300", "target": "200", "walk_away": "100"}
PRINCIPLE = {"name": "Ask first", "text": "Ask before you offer.", "places": "plan"}
TALK = {"best": "They send the log."}
VIEW = {"why": "agreement", "type_key": KEY, "words": "They had promised the log."}

#: route that a form is sent to -> (who sends it, route of the page it stands on, what is typed so that it is taken).
VERSIONED: dict[str, tuple[str, str, dict[str, str]]] = {
    "agreement": ("seller", "agreement", {"state": "asked"}),
    "undo-step": ("seller", "agreement", {}),
    "quick-step": ("seller", "home", {"step": "soft"}),
    "debrief": ("seller", "debrief", {"outcome": "continuation"}),
    "prepare-talk": ("seller", "prepare-talk", TALK),
    "write-deal-plan": ("seller", "write-deal-plan", {"risks": "Their board"}),
    "set-corridor": ("seller", "deal-work", CORRIDOR),
    "hindsight": ("seller", "hindsight", VIEW),
    "change-exception": ("seller", "change-exception", {"reason": "Another one"}),
    "answer-exception": ("inside_partner", "exception", {"answer": "approved"}),
    "choose-mail": ("seller", "notices", {"hour": "9"}),
    "confirm-proposal": ("seller", "proposals", {}),
    "choose-chat": ("seller", "notices", {"url": "https://hooks.slack.com/services/T0/B0/x"}),
    "merge-people": ("sponsor", "merge-people", {"wider": "on"}),
    "look-at-words": ("analyst", "words", {}),
    "settle-words": ("analyst", "words", {}),
    "untie-word": ("analyst", "untie-word", {}),
    "decide-finding": ("analyst", "finding", {"verdict": "rejected", "note": "Two deals only."}),
    "edit-rule": ("analyst", "edit-rule", {"name": "Another name"}),
    "edit-pressure-rule": ("analyst", "edit-pressure-rule", {"name": "Another name"}),
    "edit-routine": ("sponsor", "edit-routine", {"name": "Another name"}),
    "edit-own-metric": ("analyst", "edit-own-metric", {"name": "Another name", "do": ""}),
    "edit-strategy": ("sponsor", "edit-strategy", {"statement": "Another one"}),
    "set-standard": ("sponsor", "set-standard", {"needed_by": "days", "needed_days": "30"}),
    "agreement-type": ("analyst", "agreement-type", {"own_name": "The log", "do": ""}),
    "new-principle": ("sponsor", "new-principle", PRINCIPLE),
    "edit-principle": ("sponsor", "edit-principle", {"text": "Another one"}),
    "publish-principles": ("sponsor", "principles-draft", {}),
    "change-webhook": ("analyst", "webhook", {"name": "Another name"}),
    "save-sign-on": ("sponsor", "sign-on", {"groups_claim": "roles"}),
}


def prepare(route: str, cast) -> None:
    """Bring about what a page needs to show its form."""
    if route in ("undo-step", "quick-step"):
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, act="the log", due_on=NOW.date())
        agreements.take_step(by=cast.seller, at=timezone.now(), deal_id=cast.deal.pk, type_key=KEY, step=step)
    if route == "confirm-proposal":
        proposed.proposal(cast.seller, cast.deal)
    if route == "publish-principles":
        principled.drafted(principled.VALUE)
    if route in ("look-at-words", "settle-words"):
        words.word("Xyzzy")


def form_of(route: str, client, cast) -> Form:
    """Return the form as it stands on its page, with what is typed."""
    who, page, typed = VERSIONED[route]
    prepare(route, cast)
    at = address(page, PAGES[page][1], cast)
    client.force_login(getattr(cast, who))
    shown = client.get(at)
    if route == "settle-words":
        look = named("look-at-words", shown, at)
        word = next(name for name in look.sent if name.startswith("version-")).removeprefix("version-")
        shown = client.post(look.action, look.sent | {f"word-{word}": "own"})
    form = named(route, shown, at)
    form.sent = form.known | form.sent | typed
    if route == "look-at-words":
        word = next(name for name in form.version).removeprefix("version-")
        form.sent[f"word-{word}"] = "own"
    return form


def named(route: str, shown, at: str) -> Form:
    forms = [one for one in Forms(shown.content.decode(), at).found if one.version]
    return next(one for one in forms if resolve(one.action.partition("?")[0]).url_name == route)


def sent(client, form: Form, without: dict[str, str] | None = None):
    """Return the answer to a form as if it had not been sent, and how many lines the trail had more."""
    told = form.sent if without is None else {n: v for n, v in form.sent.items() if n not in form.version}
    with transaction.atomic():
        before = AuditEvent.objects.count()
        answer = client.post(form.action, told | (without or {}))
        lines = AuditEvent.objects.count() - before
        if without is not None and answer.status_code == 302:
            answer = client.get(answer.url)
        transaction.set_rollback(True)
    return answer, lines


@pytest.mark.parametrize("route", VERSIONED)
def test_with_its_version_it_is_taken_and_without_nothing_is_changed(client, cast, route):
    form = form_of(route, client, cast)
    taken, lines = sent(client, form)
    assert taken.status_code == (200 if route == "look-at-words" else 302), taken.content.decode()[:3000]
    assert (lines > 0) == (route != "look-at-words")
    for unreadable in ({}, dict.fromkeys(form.version, "²"), dict.fromkeys(form.version, "")):
        refused, lines = sent(client, form, without=unreadable)
        page = html.unescape(refused.content.decode())
        assert lines == 0
        assert str(OutOfDate()) in page
        assert [
            name for name in VERSIONED[route][2] if name in form.typed and form.sent[name] not in page
        ] == []
        again = [one for one in Forms(page, form.action).found if one.version.keys() == form.version.keys()]
        assert any(one.version == form.version for one in again), "it can be sent again as it stands"


def test_every_form_with_a_version_is_listed():
    """Each view that reads one says so by ``version_of``, and nothing else reads one."""
    web = Path(hingepoint.web.__file__).parent
    sources = {path.name: path.read_text("utf-8") for path in web.glob("*.py")}
    calls = [text.count("drafts.version_of(") for name, text in sources.items() if name != "drafts.py"]
    pairs = {"new-principle", "look-at-words"}  # those that share a view, and so a call, with another one
    assert sum(calls) == len(VERSIONED.keys() - pairs)
    other = re.compile(
        r"POST(?:\.get\(|\[)\"(?:version|number)\"|^    version = (?!drafts\.version_of)", re.MULTILINE
    )
    found = {name for name, text in sources.items() if other.search(text)}
    assert found == {"escalations.py"}  # the name of a version of the rules, which is typed


def versions_on(page: str, at: str) -> set[str]:
    """Return the routes to which the forms of a page send a version."""
    forms = [one for one in Forms(page, at).found if any(one.version.values())]
    return {resolve(one.action.partition("?")[0]).url_name for one in forms}
