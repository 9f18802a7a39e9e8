"""Whose way in or rights were changed is mailed about it, and nobody else is."""

from __future__ import annotations

import ast
import base64
import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

import connecting
import hingepoint.domain
import hooks
from cast import NOW, TODAY, person
from devices import Device
from hingepoint.domain.notices import actions as notices
from hingepoint.domain.notices import rules as notice_rules
from hingepoint.domain.notices.models import Digest
from hingepoint.domain.passkeys import actions as passkeys
from hingepoint.domain.passkeys import rules as passkey_rules
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import letters
from hingepoint.domain.people.models import Membership
from hingepoint.domain.people.tasks import mail_changes_again
from hingepoint.domain.second_factors import actions as factors
from hingepoint.domain.second_factors import rules as codes
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.second_factors.queries import secret_of
from hingepoint.domain.sign_on import actions as sign_on
from hingepoint.domain.sign_on.models import CompanyAccount, GroupLine, SignOn
from hingepoint.domain.sync import actions as sync
from hingepoint.domain.team_chats import actions as team_chats
from hingepoint.domain.team_chats.models import TeamChat
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.webhooks import actions as webhooks
from hingepoint.jobs import hourly
from hingepoint.records.notices import ChatService
from hingepoint.records.people import Role
from hingepoint.records.tokens import SCOPES

PLACE = passkey_rules.Place("testserver", "http://testserver", "Hingepoint")
CRM = {"user": "reader", "password": "secret"}


def factor(user) -> None:
    factors.begin(by=user, at=NOW)
    secret = secret_of(SecondFactor.objects.get(user=user))
    code = codes.code_at(base64.b32decode(secret), codes.step_of(NOW))
    factors.confirm(by=user, at=NOW, code=code)


def passkey(user) -> None:
    device = Device()
    asked, state = passkey_rules.question_for_new(PLACE, number=user.pk, account="a", name="a", known=[])
    answer = json.loads(device.makes(asked["publicKey"]))
    passkeys.add(by=user, at=NOW, name="phone", place=PLACE, state=state, answer=answer)


def by_link(cast) -> None:
    token = people.invite(by=cast.analyst, at=NOW, users=[newcomer()])
    people.choose_password(at=NOW, token=next(iter(token.values())), password="another hinge 42")


def newcomer():
    return people.add_user(by=None, at=NOW, name="Nils", role=Role.SELLER, email="nils@hinge.example")


def kept(cast) -> None:
    sign_on.save(
        by=cast.analyst, at=NOW, version=None, issuer="https://login.example", client_id="hp", secret="s",
        groups_claim="groups", proven_by="amr", second_factors=["mfa"], makes_people=False, otherwise=None,
    )  # fmt: skip


def let_only(cast) -> None:
    SignOn.objects.create(pk=1, issuer="i")
    CompanyAccount.objects.create(user=cast.analyst, issuer="i", subject="s", linked_at=NOW, came_at=NOW)
    sign_on.let_only(by=cast.analyst, at=NOW, way_out=cast.sponsor)


def chat(cast) -> None:
    url = "https://hooks.slack.com/services/T0/B0/x"
    notices.choose_chat(by=cast.seller, at=NOW, service=ChatService.SLACK, url=url, version=0)


def team_chat(cast) -> None:
    url = "https://hooks.slack.com/services/T0/B0/x"
    facts = {"team_id": cast.north.pk, "service": ChatService.SLACK, "url": url}
    team_chats.choose(by=cast.manager, at=NOW, **facts)


def team_chat_in_vain(cast) -> None:
    team_chat(cast)
    TeamChat.objects.update(failed_days=notice_rules.CHAT_DAYS - 1, tries=notice_rules.TRIES)


def chat_in_vain(cast) -> None:
    chat(cast)
    for day in range(notice_rules.CHAT_DAYS):
        told = {"on": TODAY + dt.timedelta(days=day), "lines": [], "new": [], "made_at": NOW}
        Digest.objects.create(user=cast.seller, chat_tries=notice_rules.TRIES, **told)


def group(cast) -> None:
    told = {"group": "Sales", "role": Role.SELLER, "team": None, "manages": False}
    sign_on.add_group(by=cast.analyst, at=NOW, **told)


def hook(cast) -> int:
    return hooks.a_webhook().pk


#: What tells -> (what comes before, what is done, who is told).
TOLD = {
    "people.change_role": (None, lambda c: people.change_role(by=c.analyst, at=NOW, user=c.seller, role=Role.MANAGER), "seller"),
    "people.set_active": (None, lambda c: people.set_active(by=c.analyst, at=NOW, user=c.seller, active=False), "seller"),
    "people.set_password": (None, lambda c: people.set_password(by=c.seller, at=NOW, user=c.seller, password="a new hinge 42"), "seller"),
    "people.choose_password": (None, by_link, "nils@hinge.example"),
    "people.set_address": (None, lambda c: people.set_address(by=c.analyst, at=NOW, user=c.seller, email="s@else.example"), "sanna@hinge.example"),
    "people._invite": (None, lambda c: people.invite(by=c.analyst, at=NOW, users=[c.seller]), "seller"),
    "people.join_team": (None, lambda c: people.join_team(by=c.analyst, at=NOW, user=c.seller, team=c.south, since=TODAY), "seller"),
    "people.leave_team": (None, lambda c: people.leave_team(by=c.analyst, at=NOW, membership=Membership.objects.get(user=c.seller), until=TODAY + dt.timedelta(days=1)), "seller"),
    "second_factors.confirm": (None, lambda c: factor(c.seller), "seller"),
    "second_factors.renew_codes": (lambda c: factor(c.seller), lambda c: factors.renew_codes(by=c.seller, at=NOW), "seller"),
    "second_factors.take_away": (lambda c: factor(c.seller), lambda c: factors.take_away(by=c.analyst, at=NOW, user=c.seller), "seller"),
    "passkeys.add": (None, lambda c: passkey(c.seller), "seller"),
    "passkeys.remove": (lambda c: passkey(c.seller), lambda c: passkeys.remove(by=c.seller, at=NOW, passkey_id=Passkey.objects.get().pk), "seller"),
    "tokens._make": (None, lambda c: tokens.make(by=c.seller, at=NOW, name="x", scopes=[next(iter(SCOPES))]), "seller"),
    "notices.renew_calendar": (None, lambda c: notices.renew_calendar(by=c.seller, at=NOW), "seller"),
    "notices.choose_chat": (None, chat, "seller"),
    "notices._give_up_chat": (chat_in_vain, lambda c: notices._give_up_chat(at=NOW, user=c.seller), "seller"),
    "team_chats.choose": (None, team_chat, "manager"),
    "team_chats._failed": (team_chat_in_vain, lambda c: team_chats._failed(at=NOW, chat_id=TeamChat.objects.get().pk, problem="x"), "manager"),
    "webhooks.add": (None, lambda c: hooks.added(by=c.analyst, url="https://127.0.0.1:1/hook"), "analyst"),
    "webhooks.change": (hook, lambda c: webhooks.change(by=c.analyst, at=NOW, webhook_id=hook(c), name="other", url="https://127.0.0.1:1/hook"), "analyst"),
    "webhooks.renew_secret": (hook, lambda c: webhooks.renew_secret(by=c.analyst, at=NOW, webhook_id=hook(c)), "analyst"),
    "sign_on.save": (None, kept, "analyst"),
    "sign_on.let_only": (lambda c: factor(c.sponsor), let_only, "analyst"),
    "sign_on.add_group": (None, group, "analyst"),
    "sign_on.drop_group": (group, lambda c: sign_on.drop_group(by=c.analyst, at=NOW, line_id=GroupLine.objects.get().pk), "analyst"),
    "sync.connect": (None, lambda c: sync.connect(by=c.analyst, at=NOW, crm="tryton", url="https://127.0.0.1:1", given=CRM), "analyst"),
    "sync.sign_in_anew": (lambda c: connecting.a_connection(), lambda c: sync.sign_in_anew(by=c.analyst, at=NOW, connection_id=connecting.a_connection().pk, given=CRM), "analyst"),
    "sync.forget": (lambda c: connecting.a_connection(), lambda c: sync.forget(by=c.analyst, at=NOW, connection_id=connecting.a_connection().pk), "analyst"),
    "sync.renew_card_key": (lambda c: connecting.a_connection(), lambda c: sync.renew_card_key(by=c.analyst, at=NOW, connection_id=connecting.a_connection().pk, at_once=True), "analyst"),
}  # fmt: skip


#: What the program does without being told to, and what the mails of each sort say.
DONE_BY_ITSELF = {"notices._give_up_chat", "team_chats._failed"}
BY_ITSELF = ("Hingepoint did so by itself on 2 March 2026 at 10:00.", "your password can stay")
BY_SOMEBODY = ("did it in Hingepoint on 2 March 2026 at 10:00.", "tell whoever looks after Hingepoint")


@pytest.fixture
def mails(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"mail_server": "smtp+plain://localhost"})
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


@pytest.mark.parametrize("what", TOLD)
def test_a_change_is_told_to_its_person_and_to_nobody_else(
    what, cast, mails, mailoutbox, django_capture_on_commit_callbacks
):
    before, act, whose = TOLD[what]
    if before:
        before(cast)
    with django_capture_on_commit_callbacks(execute=True):
        act(cast)
    to = whose if "@" in whose else getattr(cast, whose).email
    assert [mail.to for mail in mailoutbox] == [[to]]
    for words in BY_ITSELF if what in DONE_BY_ITSELF else BY_SOMEBODY:
        assert words in mailoutbox[0].body


@pytest.mark.parametrize(("by", "who"), [("analyst", None), (None, "Groups of the company's directory")])
def test_a_reason_stands_for_who_did_it_only_where_nobody_did(
    by, who, cast, mails, mailoutbox, django_capture_on_commit_callbacks
):
    keeper = by and getattr(cast, by)
    with django_capture_on_commit_callbacks(execute=True):
        people.set_active(by=keeper, at=NOW, user=cast.seller, active=False, reason=sign_on.BY_GROUPS)
    assert f"\nYou cannot sign in any more. {who or keeper.name} did it" in mailoutbox[0].body


def test_everything_that_tells_is_tried_here():
    found = set()
    for file in Path(hingepoint.domain.__path__[0]).rglob("*.py"):
        for made in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(made, ast.FunctionDef) and "safety.tell(" in ast.unparse(made):
                found.add(f"{file.parent.name}.{made.name}")
    assert found == set(TOLD)


def test_who_was_never_here_is_not_told_what_is_made_ready_for_them(
    cast, mails, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as waiting:
        people.join_team(by=cast.analyst, at=NOW, user=newcomer(), team=cast.south, since=TODAY)
    assert waiting == []


def test_without_a_mail_server_nothing_is_kept_to_be_mailed(cast, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waiting:
        people.change_role(by=None, at=NOW, user=person("Nina", Role.SELLER), role=Role.MANAGER)
    assert waiting == []


# ---- where the mail server is away ----


@pytest.fixture
def away(settings, mails, monkeypatch):
    """A worker, and a mail server that can be away."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    sent, errors = [], []

    def deliver(subject, words, *, to):
        if errors:
            raise errors[0]
        sent.append(to)

    monkeypatch.setattr(letters, "deliver", deliver)
    # the worker would close the connection that the test's transaction is on
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    return sent, errors


def work() -> None:
    """Do what a worker does with all that waits."""
    call_command("db_worker", batch=True, reload=False, startup_delay=False, verbosity=0)


def changed(cast, callbacks) -> dt.datetime:
    with callbacks(execute=True):
        people.change_role(by=cast.analyst, at=NOW, user=cast.seller, role=Role.MANAGER)
    return timezone.now()


def test_a_mail_that_did_not_go_out_is_tried_again(cast, away, django_capture_on_commit_callbacks):
    sent, errors = away
    errors.append(ConnectionRefusedError("the mail server is away"))
    at = changed(cast, django_capture_on_commit_callbacks)
    work()
    assert sent == []
    assert mail_changes_again(at=at) == 1
    work()
    errors.clear()
    work()
    assert sent == []  # not before the next hour
    assert mail_changes_again(at=at) == 1
    work()
    assert sent == [cast.seller.email]
    assert mail_changes_again(at=at) == 0


def test_one_whose_worker_was_killed_is_tried_again(cast, away, django_capture_on_commit_callbacks):
    sent, _ = away
    at = changed(cast, django_capture_on_commit_callbacks)
    DBTaskResult.objects.get().claim("killed")
    assert mail_changes_again(at=at) == 0
    assert mail_changes_again(at=at + dt.timedelta(hours=1)) == 1
    work()
    assert sent == [cast.seller.email]


@pytest.mark.parametrize(
    ("error", "later"),
    [(people.NotDelivered("no such address"), dt.timedelta()), (OSError("away"), dt.timedelta(days=2))],
    ids=["refused", "too old"],
)
def test_what_would_fail_again_and_what_is_old_is_let_be(
    cast, away, django_capture_on_commit_callbacks, error, later
):
    _, errors = away
    errors.append(error)
    at = changed(cast, django_capture_on_commit_callbacks)
    work()
    assert mail_changes_again(at=at + later) == 0


def test_it_is_looked_at_every_hour():
    assert mail_changes_again in hourly.JOBS
