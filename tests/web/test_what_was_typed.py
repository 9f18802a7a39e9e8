"""Whatever form is refused: everything that was typed comes back, with the words for each field.

Forms are found on the pages themselves. A new one must say below who fills it in, and on which page.
"""

from __future__ import annotations

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from django.utils import timezone

import importing
import letting_in
import playbooks
import words
from cast import NOW, TODAY
from forms import Form, Forms
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.premortems import actions as premortems
from hingepoint.records.agreements import AgreementState
from routes import CHANGES, PAGES, address

#: A text longer than any field takes.
TOO_LONG = "x" * 20_001

#: route that a form is sent to -> (who fills it in, route of the page it stands on, and its query).
FORMS: dict[str, tuple[str, str, str]] = {
    "agreement": ("seller", "agreement", ""),
    "add-proof": ("seller", "agreement", ""),
    "debrief": ("seller", "debrief", ""),
    "prepare-talk": ("seller", "prepare-talk", ""),
    "write-deal-plan": ("seller", "write-deal-plan", ""),
    "review-plan": ("manager", "talk-plan", ""),
    "set-corridor": ("seller", "deal-work", ""),
    "write-coaching-note": ("seller", "deal-work", ""),
    "log-demand": ("seller", "log-demand", ""),
    "demand": ("seller", "demand", ""),
    "concede": ("seller", "concede", ""),
    "ask-exception": ("seller", "ask-exception", ""),
    "change-exception": ("seller", "change-exception", ""),
    "bring-back": ("seller", "exception", ""),
    "answer-exception": ("inside_partner", "exception", ""),
    "set-rule-limits": ("sponsor", "exception-rules", ""),
    "add-rule": ("sponsor", "exception-rules", ""),
    "answer-raise": ("manager", "signal", ""),
    "decide-raise": ("manager", "signal", ""),
    "mute-raise": ("manager", "signal", ""),
    "set-limits": ("analyst", "signal", ""),
    "undo-limits": ("analyst", "signal", ""),
    "move-review": ("manager", "review", ""),
    "end-review": ("manager", "review", "?part=2"),
    "decide-in-review": ("manager", "review", "?part=1"),
    "commit-in-review": ("manager", "review", "?part=1"),
    "add-to-minutes": ("manager", "review", ""),
    "reviews": ("manager", "reviews", ""),
    "agree-role": ("seller", "agree-role", ""),
    "note-activity": ("seller", "deal-help", ""),
    "answer-request": ("inside_partner", "home", ""),
    "save-view": ("seller", "deals", "?status=open"),
    "take-steps": ("seller", "matrix", "?status=open&choose=1"),
    "new-rule": ("analyst", "new-rule", ""),
    "new-connection": ("analyst", "new-connection", ""),
    "renew-token": ("analyst", "connection", ""),
    "edit-rule": ("analyst", "edit-rule", ""),
    "coach": ("manager", "coach", ""),
    "new-message": ("sponsor", "new-message", ""),
    "new-principle": ("sponsor", "new-principle", ""),
    "edit-principle": ("sponsor", "edit-principle", ""),
    "hindsight": ("seller", "hindsight", ""),
    "set-hindsight-limit": ("sponsor", "hindsights", ""),
    "question": ("sponsor", "question", ""),
    "begin-premortem": ("seller", "premortem", ""),
    "premortem": ("seller", "premortem", ""),
    "new-routine": ("sponsor", "new-routine", ""),
    "edit-routine": ("sponsor", "edit-routine", ""),
    "end-routine": ("sponsor", "routine", ""),
    "days-off": ("seller", "days-off", ""),
    "tag-pressure": ("seller", "deal-pressures", ""),
    "plan-rollout": ("sponsor", "plan-rollout", ""),
    "enter-rollout": ("sponsor", "enter-rollout", ""),
    "withdraw-rollout": ("sponsor", "rollout", ""),
    "note-rollout-cost": ("sponsor", "rollout", ""),
    "new-pressure-rule": ("analyst", "new-pressure-rule", ""),
    "edit-pressure-rule": ("analyst", "edit-pressure-rule", ""),
    "add-agreement-type": ("analyst", "add-agreement-type", ""),
    "agreement-type": ("analyst", "agreement-type", ""),
    "look-at-words": ("analyst", "words", ""),
    "new-own-metric": ("analyst", "new-own-metric", ""),
    "edit-own-metric": ("analyst", "edit-own-metric", ""),
    "new-strategy": ("sponsor", "new-strategy", ""),
    "edit-strategy": ("sponsor", "edit-strategy", ""),
    "set-target": ("sponsor", "set-target", ""),
    "put-in-force": ("sponsor", "put-in-force", ""),
    "sort-out": ("seller", "sort-out", ""),
    "choose-pivotal": ("sponsor", "choose-pivotal", ""),
    "set-standard": ("sponsor", "set-standard", ""),
    "publish-playbook": ("sponsor", "publish-playbook", ""),
    "new-run": ("analyst", "new-run", ""),
    "decide-finding": ("analyst", "finding", ""),
    "draw-lots": ("analyst", "plan-evidence", ""),
    "look-at-trial": ("analyst", "trial", ""),
    "read-import-as": ("analyst", "import", ""),
    "answer-import": ("analyst", "import", ""),
    "save-mapping": ("analyst", "import", ""),
    "new-person": ("analyst", "new-person", ""),
    "join-team": ("analyst", "person", ""),
    "set-address": ("analyst", "person", ""),
    "set-addresses": ("analyst", "let-in", ""),
    "teams": ("analyst", "teams", ""),
    "confirm": ("anonymous", "confirm", ""),
    "self-assessments": ("sponsor", "self-assessments", ""),
    "choose-chat": ("seller", "notices", ""),
    "choose-team-chat": ("manager", "notices", ""),
    "make-token": ("seller", "tokens", ""),
    "add-passkey": ("seller", "passkeys", ""),
    "save-sign-on": ("sponsor", "sign-on", ""),
    "add-sign-on-group": ("sponsor", "sign-on", ""),
    "add-webhook": ("analyst", "webhooks", ""),
    "change-webhook": ("analyst", "webhook", ""),
    "sign-in": ("anonymous", "sign-in", ""),
}
#: Forms that carry no words to keep: buttons, choices, files and passwords.
#: Forms of a page that stands otherwise than usual: an exception that rests with its seller, a review before and after,
#: a proposal of an assistant.
OF_ITS_OWN = {"bring-back", "move-review", "add-to-minutes", "confirm-proposal"}
NO_WORDS = set(CHANGES) - set(FORMS) | {
    "account",
    "definitions",
    "imports",
    "undo-import",
    "welcome",
    "forgotten",
    "sign-in-code",
    "sign-in-by-passkey",
    "begin-passkey",
    "begin-passkey-sign-in",
    "answer-self-assessment",
    "own-self-assessment",
    "merge-people",
    "people-sheet",
    "say-words",  # is typed into where the CRM has fields and people: tests/web/test_connections.py
    "words",
    "untie-word",
}


def forms_of(page: str, at: str) -> dict[str, Form]:
    """Return the forms of a page with something to type into, by the route they are sent to."""
    found = {}
    for form in Forms(page, at).found:
        route = resolve(form.action.partition("?")[0]).url_name
        if form.typed and any(name not in ("q",) for name in form.typed):
            found.setdefault(route, form)
    return found


def prepare(route: str, cast, client) -> None:
    """Bring about what a page needs to show its form."""
    from hingepoint.domain.escalations import actions as escalations

    if route == "set-addresses":
        letting_in.newcomer("Nils", email=None)
    if route == "sort-out":
        playbooks.in_force(cast, strategy=playbooks.written(cast, grace_days=14))
    if route == "look-at-words":
        words.word("Xyzzy")
    if route == "premortem":
        premortems.begin(by=cast.seller, at=timezone.now(), deal_id=cast.deal.pk, until=timezone.localdate())
    if route in ("set-rule-limits", "add-rule"):
        escalations.draft_policy(by=cast.sponsor, at=NOW)
    if route == "answer-request":
        step = agreements.Step(
            state=AgreementState.ASKED,
            occurred_at=NOW,
            asked_of=cast.inside_partner,
            act="a date",
            due_on=TODAY,
        )
        key = AgreementType.objects.filter(side="internal").first().key
        agreements.take_step(by=cast.seller, at=timezone.now(), deal_id=cast.deal.pk, type_key=key, step=step)
    if route == "add-proof":
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
        agreements.take_step(
            by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
        )


def checked_import(cast, client) -> int:
    """Return an upload that was checked and waits for the meaning of a word."""
    client.force_login(cast.analyst)
    text = importing.DEALS + importing.ASKED
    client.post("/imports/", {"deals": SimpleUploadedFile("deals.csv", text.encode())})
    batch = ImportBatch.objects.get()
    imports.work(by=batch.by, at=NOW, batch_id=batch.pk)
    client.post(f"/imports/{batch.pk}/read-as", {"mapping_text": "deals: {columns: {deal_id: deal_id}}"})
    imports.work(by=batch.by, at=NOW, batch_id=batch.pk)
    return batch.pk


def opened(route: str, cast, client) -> Form:
    """Return the form of a route, seen by who fills it in."""
    who, page, query = FORMS[route]
    prepare(route, cast, client)
    if route in ("review-plan", "undo-limits"):
        address(route, CHANGES[route][1], cast)
    standing = CHANGES if route in OF_ITS_OWN else PAGES
    arguments = (
        {"batch_id": checked_import(cast, client)}
        if page == "import"
        else standing[route if standing is CHANGES else page][1]
    )
    at = address(page, arguments, cast) + query
    if who != "anonymous":
        client.force_login(getattr(cast, who))
    answer = client.get(at)
    assert answer.status_code == 200, (at, answer.status_code)
    return forms_of(answer.content.decode(), at)[route]


def marked(form: Form) -> dict[str, str]:
    """Return what is typed: something of its own in every field, which makes no sense for days and numbers."""
    return {name: f"typed into {name}" for name in form.typed}


@pytest.mark.parametrize("route", FORMS)
def test_everything_typed_comes_back_when_it_is_refused(client, cast, route):
    form = opened(route, cast, client)
    typed = marked(form)
    last = form.typed[-1]
    told = form.sent | typed | {last: f"{typed[last]} {TOO_LONG}"}
    answer = client.post(form.action, told)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == (200 if route == "sign-in" else 422), route
    assert [name for name in form.typed if typed[name] not in page] == []
    assert TOO_LONG in page


@pytest.mark.parametrize("route", sorted(set(FORMS) - {"sign-in"}))
def test_what_is_wrong_is_said_above_and_at_the_field(client, cast, route):
    form = opened(route, cast, client)
    last = form.typed[-1]
    answer = client.post(form.action, form.sent | dict.fromkeys(form.typed, "1") | {last: TOO_LONG})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert 'aria-invalid="true"' in page


def test_what_is_wrong_names_its_field_and_what_to_do(client, cast):
    client.force_login(cast.analyst)
    told = {"name": "x" * 121, "trace": "stage", "state": "gained", "evidence": "3", "confidence": "400"}
    page = client.post("/rules/new", told).content.decode()
    assert "Name: at most 120 characters; these are 121. Shorten it." in page
    assert "Agreement is needed." in page
    assert "Confidence: at most 100." in page


def test_every_address_that_takes_a_form_is_listed():
    import inspect

    from hingepoint.web import urls

    takes = set()
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "view_class", None) or inspect.unwrap(pattern.callback)
        if "POST" in inspect.getsource(view):
            takes.add(pattern.name)
    assert takes - set(FORMS) - NO_WORDS == set()
    assert reverse("home") == "/"
