"""What is told by webhook: everything that was committed, once in the outbox, at least once on the way, signed."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import os
import subprocess
import sys
from random import Random

import pytest
from django.db import transaction

import hooks
from cast import NOW, deal
from hingepoint.api.app import document
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit import words
from hingepoint.domain.audit.actions import record
from hingepoint.domain.notices import reading
from hingepoint.domain.sync import actions as sync
from hingepoint.domain.webhooks import actions, queries, rules
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery, WebhookTry
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.findings import Verdict
from hingepoint.records.notices import NoticeKind
from hingepoint.records.webhooks import DeliveryState, HookKind

pytestmark = pytest.mark.django_db
SECOND, HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)


def round_of(receiver, at=NOW) -> int:
    return actions.deliver_what_is_due(clock=lambda: at, post=receiver, random=Random(7))


def gain(cast, state=AgreementState.GAINED, **more):
    step = agreements.Step(
        state=state, occurred_at=NOW, act="they said the word canary", due_on=NOW.date(), **more
    )
    return agreements.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )


def sent(receiver) -> list[dict]:
    return [json.loads(body) for _, body, _ in receiver.got]


def test_what_was_committed_is_told_with_ids_and_no_words(cast):
    hooks.added()
    agreement = gain(cast, state=AgreementState.NEEDED)
    receiver = hooks.Receiver()
    assert round_of(receiver) == 1
    (told,) = sent(receiver)
    assert told == {
        "type": "agreement.changed",
        "timestamp": NOW.isoformat(),
        "data": {
            "what": "needed",
            "agreement_id": agreement.pk,
            "deal_id": cast.deal.pk,
            "type_id": agreement.type_id,
            "read": f"/api/deals/{cast.deal.pk}/agreements/{agreement.type_id}",
        },
    }
    assert round_of(receiver) == 0
    assert "canary" not in WebhookDelivery.objects.get().body


def test_what_was_taken_back_is_told_to_nobody(cast):
    hooks.added()
    with transaction.atomic():
        deal("N-9")
        transaction.set_rollback(True)
    assert round_of(hooks.Receiver()) == 0


@pytest.mark.parametrize("missed", [True, False])
def test_what_happened_while_it_was_off_is_told_unless_somebody_says_from_now_on(cast, missed):
    gain(cast, state=AgreementState.NEEDED)
    hook, _ = hooks.added()
    actions.switch_off(by=cast.analyst, at=NOW, webhook_id=hook.pk)
    off = deal("N-9")
    receiver = hooks.Receiver()
    assert round_of(receiver) == 0
    actions.switch_on(by=cast.analyst, at=NOW, webhook_id=hook.pk, missed=missed)
    back = deal("N-10")
    assert round_of(receiver) == 1 + missed
    assert [one["data"]["deal_id"] for one in sent(receiver)] == [off.pk] * missed + [back.pk]


def test_each_is_told_only_what_it_asked_for(cast):
    hooks.added(kinds=["finding.decided"])
    hooks.added(name="chat", kinds=["deal.changed"])
    deal("N-9")
    receiver = hooks.Receiver()
    assert round_of(receiver) == 1
    assert WebhookDelivery.objects.get().webhook.name == "chat"


def test_every_told_action_is_one_that_the_trail_knows():
    unknown = [key for key in rules.TOLD if key[1] not in words.SENTENCES.get(key[0], {})]
    assert unknown == []
    assert set(rules.TOLD.values()) | {HookKind.TEST} == set(HookKind)


#: What the trail knows of the same subjects and nobody is told of, by why.
NOT_TOLD = {
    "the step that follows is told": {
        ("agreement", "ask customer"),
        ("agreement", "mail link"),
        ("agreement", "ask for code"),
        ("agreement", "revoke link"),
        ("agreement", "attach"),
        ("deal", "propose"),
        ("deal", "confirm proposal"),
        ("deal", "refuse proposal"),
    },
    "how a company looks after its own": {
        ("signal", "give"),
        ("signal", "mute"),
        ("signal", "unmute"),
        ("connection", "connect"),
        ("connection", "sign in anew"),
        ("connection", "say words"),
        ("connection", "switch"),
        ("connection", "set writing back"),
        ("connection", "set pace"),
        ("connection", "set card hosts"),
        ("connection", "renew card key"),
        ("connection", "believe"),
        ("connection", "forget"),
        ("detection rule", "write"),
        ("detection rule", "switch on"),
        ("detection rule", "switch off"),
    },
    "what people think and who they meet": {
        ("deal", "name contact"),
        ("deal", "set corridor"),
        ("deal", "look at walk-away"),
        ("deal", "give reason"),
        ("deal", "write coaching note"),
        ("deal", "confirm handover"),
        ("deal", "begin premortem"),
        ("deal", "answer premortem"),
        ("deal", "look back"),
        ("deal", "agree executive role"),
        ("deal", "accept executive role"),
        ("deal", "end executive role"),
        ("deal", "tag pressure"),
        ("deal", "take back pressure"),
    },
    "single entries of a deal's history, read by its cursor": {
        ("deal", f"{act} {kind}")
        for act in ("note", "take back")
        for kind in (
            "stage",
            "activity",
            "field",
            "concession",
            "demand",
            "executive",
            "quote",
            "document",
        )
    },
}


def test_every_action_on_what_is_told_of_is_told_or_left_out_for_a_reason():
    left_out = set().union(*NOT_TOLD.values())
    of = (
        "agreement",
        "agreements",
        "deal",
        "finding",
        "signal",
        "connection",
        "detection rule",
        "requirements",
    )
    known = {(subject, action) for subject in of for action in words.SENTENCES[subject]}
    assert known - set(rules.TOLD) == left_out


def test_what_rules_find_is_told_to_who_asked_for_many(cast):
    hooks.added(kinds=[HookKind.MANY])
    record(by=None, at=NOW, action="detect", subject="detection rule", subject_id="cust.data_access")
    receiver = hooks.Receiver()
    assert round_of(receiver) == 1
    (told,) = sent(receiver)
    assert told["type"] == HookKind.MANY
    assert told["data"]["read"].endswith("/api/events")


def test_an_entry_that_is_not_understood_holds_no_others_up(cast):
    hooks.added()
    record(by=None, at=NOW, action=Verdict.SIGNED, subject="finding", subject_id="of another time")
    gain(cast, state=AgreementState.NEEDED)
    receiver = hooks.Receiver()
    assert round_of(receiver) == 2
    assert "read" not in sent(receiver)[0]["data"]


def test_a_finding_that_is_signed_is_told_with_where_it_is_read(cast):
    hooks.added(kinds=[HookKind.FINDING])
    record(
        by=cast.analyst,
        at=NOW,
        action=Verdict.SIGNED,
        subject="finding",
        subject_id="7/type:cust.data access",
    )
    receiver = hooks.Receiver()
    assert round_of(receiver) == 1
    (told,) = sent(receiver)
    assert (told["data"]["run_id"], told["data"]["finding"]) == (7, "type:cust.data access")
    assert told["data"]["read"].endswith("/api/runs/7/findings/type%3Acust.data%20access")


def test_every_place_to_read_more_is_one_of_the_api():
    from hingepoint.domain.audit.models import AuditEvent
    from hingepoint.domain.webhooks import reading as told_of

    ids = {"finding": "7/type:cust.data access", "connection": "3"}
    entries = [
        AuditEvent(subject=subject, action=action, subject_id=ids.get(subject, "12"), at=NOW)
        for subject, action in rules.TOLD
        if subject not in ("agreement", "signal")
    ]
    paths = {
        data["read"].removeprefix("/api")
        for _, _, data in told_of.told(entries, address="")
        if "read" in data
    }
    documented = {path.removeprefix("/api") for path in document()["paths"]}
    shapes = {
        path.replace("/12", "/{deal_id}")
        .replace("/7/", "/{run_id}/")
        .replace("type%3Acust.data%20access", "{key}")
        for path in paths
    }
    assert shapes - documented == set()
    assert len(shapes) == 5


#: Of the trail, and of the largest id that a database gives: what fills most room in JSON, and again in an address.
WIDEST, LARGEST = "\N{RIGHTWARDS HAND}", 2**63 - 1


def widest_entry(subject: str, action: str, number: int):
    """Return an entry of the trail whose message is as long as one can be."""
    from hingepoint.domain.audit.models import AuditEvent

    most = AuditEvent._meta.get_field("subject_id").max_length
    run = f"{LARGEST}/"
    told = run + WIDEST * (most - len(run)) if subject == "finding" else str(number)
    return AuditEvent(
        pk=LARGEST, at=NOW, action=action, subject=subject, subject_id=told, changes={"exception": LARGEST}
    )


def test_the_longest_message_of_any_kind_stays_below_what_receivers_take(cast):
    """Standard Webhooks asks for less than 20 kB: a name of the longest host, the longest keys, the largest ids."""
    from hingepoint.domain.webhooks import reading as told_of

    number = gain(cast, state=AgreementState.NEEDED).pk
    entries = [widest_entry(subject, action, number) for subject, action in rules.TOLD]
    address = f"https://{'.'.join(['h' * 62] * 4)}:65535"
    bodies = [
        rules.body(kind, NOW, data).encode() for _, kind, data in told_of.told(entries, address=address)
    ]
    assert len(bodies) == len(rules.TOLD)
    assert 2_000 < max(map(len, bodies)) < 20_000


def test_what_changes_thousands_at_once_is_one_short_message(cast):
    hooks.added(kinds=[HookKind.MANY])
    changes = {"rows": [[None, f"deal {number}"] for number in range(5_000)]}
    record(
        by=None,
        at=NOW,
        action="import",
        subject="import",
        subject_id=LARGEST,
        changes=changes,
        reason="x" * 10_000,
    )
    receiver = hooks.Receiver()
    assert round_of(receiver) == 1
    ((_, body, _),) = receiver.got
    assert len(body) < 300


def test_a_crm_that_fails_is_told_once_and_again_when_it_can_be_read(cast):
    import connecting

    connection = connecting.a_connection()
    hooks.added(kinds=["sync.failed"])
    receiver = hooks.Receiver()
    for _ in range(2):
        assert sync.sync(at=NOW, connection_id=connection.pk).problem
        round_of(receiver)
    (told,) = sent(receiver)
    assert told["data"] == {"what": "fail", "connection_id": connection.pk}


# ---- signatures ----


def by_hand(secret: str, key: str, timestamp: str, body: bytes) -> str:
    """Compute a signature from the words of the specification alone."""
    made = hmac.digest(
        base64.b64decode(secret[len("whsec_") :]),
        f"{key}.{timestamp}.{body.decode()}".encode(),
        hashlib.sha256,
    )
    return "v1," + base64.b64encode(made).decode()


def test_a_message_carries_id_time_and_signature(cast):
    hook, secret = hooks.added()
    receiver = hooks.Receiver()
    actions.send_test(by=cast.analyst, at=NOW, webhook_id=hook.pk, post=receiver)
    ((url, body, headers),) = receiver.got
    assert url == hooks.URL
    assert headers["webhook-id"].startswith("msg_")
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == by_hand(
        secret, headers["webhook-id"], headers["webhook-timestamp"], body
    )


def test_both_secrets_sign_for_a_day_and_then_the_new_one_alone(cast):
    hook, old = hooks.added()
    new = actions.renew_secret(by=cast.analyst, at=NOW, webhook_id=hook.pk)
    receiver = hooks.Receiver()
    for at in (NOW + 23 * HOUR, NOW + 25 * HOUR):
        actions.send_test(by=cast.analyst, at=at, webhook_id=hook.pk, post=receiver)
    signed = [
        (headers["webhook-signature"].split(" "), (headers["webhook-id"], headers["webhook-timestamp"], body))
        for _, body, headers in receiver.got
    ]
    assert signed[0][0] == [by_hand(new, *signed[0][1]), by_hand(old, *signed[0][1])]
    assert signed[1][0] == [by_hand(new, *signed[1][1])]


@pytest.mark.parametrize("renewed", [False, True])
def test_the_published_library_takes_our_signature(cast, oracle, renewed):
    published = oracle("standardwebhooks")
    now = dt.datetime.now(dt.UTC)
    hook, secret = hooks.added()
    keys = [secret]
    if renewed:
        keys.append(actions.renew_secret(by=None, at=now, webhook_id=hook.pk))
    receiver = hooks.Receiver()
    actions.send_test(by=None, at=now, webhook_id=hook.pk, post=receiver)
    ((_, body, headers),) = receiver.got
    for key in keys:
        assert published.Webhook(key).verify(body.decode(), headers)["type"] == "test"
    with pytest.raises(published.WebhookVerificationError):
        published.Webhook(rules.new_secret()).verify(body.decode(), headers)
    with pytest.raises(published.WebhookVerificationError):
        published.Webhook(secret).verify(body.decode() + " ", headers)


def test_a_secret_is_stored_sealed_and_long_enough(cast):
    hook, secret = hooks.added()
    row = Webhook.objects.get()
    assert secret not in row.secret
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert secret not in repr(queries.webhook_page(cast.analyst, hook.pk))


# ---- tries ----


def test_the_waits_grow_as_promised_and_end():
    waits, at = [], NOW
    for tries in range(1, 12):
        due = rules.next_try(tries, at=NOW, random=Random(tries))
        waits.append(None if due is None else (due - at).total_seconds())
    least = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert [low <= wait <= low * 1.1 for low, wait in zip(least, waits, strict=False)] == [True] * 9
    assert waits[9:] == [None, None]
    assert len(set(waits[:9])) == 9


def test_a_message_is_tried_with_one_id_until_it_is_taken(cast):
    hook, _ = hooks.added()
    deal("N-9")
    receiver = hooks.Receiver([503, None, 302, 200])
    at = NOW
    for _ in range(4):
        round_of(receiver, at)
        at += HOUR
    (row,) = queries.webhook_page(cast.analyst, hook.pk).deliveries
    assert [one.status for one in row.answers] == [200, 302, None, 503]
    assert row.answers[2].answer == "ConnectError: nobody there"
    assert row.state == DeliveryState.DELIVERED
    assert len({headers["webhook-id"] for _, _, headers in receiver.got}) == 1
    assert len({body for _, body, _ in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for _, _, headers in receiver.got}) == 4


def test_nothing_is_tried_before_its_time(cast):
    hooks.added()
    deal("N-9")
    receiver = hooks.Receiver(500)
    for seconds in (0, 4, 6):
        round_of(receiver, NOW + seconds * SECOND)
    assert len(receiver.got) == 2


def test_after_ten_tries_it_is_given_up_and_can_be_sent_again(cast):
    hooks.added()
    deal("N-9")
    receiver = hooks.Receiver(500)
    for hours in range(110):
        round_of(receiver, NOW + hours * HOUR)
    row = WebhookDelivery.objects.get()
    assert (row.state, row.tries, len(receiver.got)) == (DeliveryState.GIVEN_UP, 10, 10)
    actions.send_again(by=cast.analyst, at=NOW + 111 * HOUR, delivery_id=row.pk)
    taking = hooks.Receiver(204)
    assert round_of(taking, NOW + 111 * HOUR) == 1
    assert taking.got[0][2]["webhook-id"] == row.key
    assert Webhook.objects.get().failing_since is None


def test_what_waits_is_not_sent_twice_by_hand(cast):
    hook, _ = hooks.added()
    actions.send_test(by=None, at=NOW, webhook_id=hook.pk, post=hooks.Receiver(500))
    with pytest.raises(Refused, match="still waits"):
        actions.send_again(by=cast.analyst, at=NOW, delivery_id=WebhookDelivery.objects.get().pk)


def test_gone_for_good_switches_off(cast):
    hook, _ = hooks.added()
    actions.send_test(by=None, at=NOW, webhook_id=hook.pk, post=hooks.Receiver(410))
    row = Webhook.objects.get()
    assert (row.on, row.off_because) == (False, "It answered that it is gone for good (410).")


def test_days_of_failure_switch_off_with_a_notice_to_who_looks_after_it(cast):
    hooks.added()
    for day in range(7):
        at = NOW + day * 24 * HOUR
        assert Webhook.objects.get().on == (day < 6)
        deal(f"N-{day + 20}")
        round_of(hooks.Receiver(500), at)
    told = {
        who: [
            one.words
            for one in reading.lines(getattr(cast, who), today=NOW.date())
            if one.kind == NoticeKind.WEBHOOKS
        ]
        for who in ("analyst", "manager")
    }
    assert told["manager"] == []
    assert told["analyst"] == [
        "warehouse was switched off: It took nothing for 5 days. Mend it and switch it on again: then it is sent what it missed."
    ]


def test_one_that_fails_holds_others_up_for_one_try(cast):
    hooks.added(name="slow")
    hooks.added(name="well", url="https://well.example/")
    for number in range(3):
        deal(f"N-{number + 20}")

    class Both(hooks.Receiver):
        def __call__(self, url, *rest, **more):
            self.answers = 200 if "well" in url else 500
            return super().__call__(url, *rest, **more)

    receiver = Both()
    assert round_of(receiver) == 3
    assert [url for url, _, _ in receiver.got].count(hooks.URL) == 1


def test_a_message_in_the_hands_of_one_worker_is_not_sent_by_another(cast):
    hooks.added()
    deal("N-9")
    inner = hooks.Receiver()

    class Meanwhile(hooks.Receiver):
        def __call__(self, *told, **more):
            assert round_of(inner) == 0
            return super().__call__(*told, **more)

    outer = Meanwhile()
    assert round_of(outer) == 1
    assert (len(outer.got), len(inner.got)) == (1, 0)


def test_old_messages_are_forgotten_and_waiting_ones_kept(cast):
    hook, _ = hooks.added()
    for answer in (200, 500):
        actions.send_test(by=None, at=NOW, webhook_id=hook.pk, post=hooks.Receiver(answer))
    assert actions.forget_old(at=NOW + dt.timedelta(days=29)) == 0
    actions.forget_old(at=NOW + dt.timedelta(days=31))
    assert [row.state for row in WebhookDelivery.objects.all()] == ["waiting"]
    assert WebhookTry.objects.count() == 1


# ---- who may, what is refused ----


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example/x",
        "ftp://hooks.example/",
        "http://hooks.example/x",
        "https://ann:pass@hooks.example/x",
        "https:///x",
        "https://hooks.example:99999/",
        "https://hooks.example/\nx",
        "https://[::1/",
        "",
    ],
)
def test_an_address_that_is_none_or_that_others_could_read_is_refused(cast, url):
    with pytest.raises(rules.BadAddress):
        hooks.added(url=url)


def test_only_who_looks_after_the_data_keeps_webhooks(cast):
    hook, _ = hooks.added()
    for who in ("seller", "manager", "inside_partner"):
        user = getattr(cast, who)
        with pytest.raises(Hidden):
            queries.webhooks(user)
        with pytest.raises(Hidden):
            hooks.added(by=user, name="mine")
        with pytest.raises(Hidden):
            actions.renew_secret(by=user, at=NOW, webhook_id=hook.pk)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(cast):
    hook, _ = hooks.added()
    told = {"by": cast.analyst, "at": NOW, "webhook_id": hook.pk, "url": hooks.URL, "expected_version": 1}
    actions.change(**told, name="one")
    with pytest.raises(Stale):
        actions.change(**told, name="two")
    assert Webhook.objects.get().name == "one"


# ---- kill -9 ----

KILLED = """
import os, sys, django
django.setup()
from django.utils import timezone
from hingepoint.connectors.outgoing import Said
from hingepoint.domain.webhooks import actions

def post(url, body, headers, **limits):
    print(headers["webhook-id"], flush=True)
    if sys.argv[1] == "die":
        os.kill(os.getpid(), 9)
    return Said(200, "")

at = timezone.now()
if sys.argv[1] == "later":
    at += actions.rules.LEASE
actions.deliver_what_is_due(clock=lambda: at, post=post)
"""
PREPARED = """
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.webhooks import actions
call_command("migrate", verbosity=0)
at = timezone.now()
actions.add(by=None, at=at, name="x", url="https://hooks.example/")
deals.add_deal(by=None, at=at, key="K-1", name="x", amount=1, currency="EUR", created_at=at)
"""


@pytest.mark.slow
def test_killed_between_sending_and_marking_it_is_sent_again_with_the_same_id(tmp_path):
    environment = {**os.environ, "HINGEPOINT_DATA_DIR": str(tmp_path), "HINGEPOINT_DATABASE_URL": ""}
    environment |= {"DJANGO_SETTINGS_MODULE": "hingepoint.config.settings", "PYTHONPATH": "src"}

    def run(script: str, *arguments: str) -> tuple[int, list[str]]:
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout.split()

    assert run(PREPARED) == (0, [])
    code, first = run(KILLED, "die")
    assert (code, len(first)) == (-9, 1)
    assert run(KILLED, "at once") == (0, [])  # the killed worker's try is still its own
    assert run(KILLED, "later") == (0, first)
    assert run(KILLED, "later") == (0, [])
