"""Every change to webhooks, and their messages on the way.

A message is made from the audit trail: its entry is written in the transaction of the change itself, in the order in which
changes were committed, so that nothing is told that did not happen and nothing that happened is forgotten. A message is sent
outside any transaction; what was answered is kept in one of its own. Killed between the two, it is sent again with the same id.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from django.conf import settings

from hingepoint.connectors import outgoing
from hingepoint.domain.audit.actions import record
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.secrets.rules import WrongKey, seal, unseal
from hingepoint.domain.turns.actions import action, take_turn, turn
from hingepoint.domain.webhooks import reading, rules
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery, WebhookTry
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.webhooks import DeliveryState, HookKind

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]
Post = Callable[..., outgoing.Said]
#: Entries of the trail that are gone through at once, and messages that one webhook gets in one round.
ENTRIES, AT_ONCE = 500, 100
_PURPOSE, _OLD_PURPOSE = (str(Webhook._meta.get_field(name)) for name in ("secret", "old_secret"))


class NameTaken(Refused):
    """Webhooks are told apart by their names."""

    field = "name"


class NothingTold(Refused):
    """A webhook is told of kinds that there are."""

    field = "kinds"


class OnItsWay(Refused):
    """A message that waits is not sent twice."""


def _require(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise Hidden("Only an analyst or a sponsor looks after webhooks.")


def _of(webhook_id: int) -> Webhook:
    """Return a webhook in this action's turn. Raises Hidden."""
    if (found := turn(Webhook.objects.all(), pk=webhook_id)) is None:
        raise Hidden("There is no such webhook.")
    return found


def allowed() -> list[str]:
    """Return the HOST:PORT addresses of our own network that may be asked."""
    return list(settings.ENVIRONMENT.allow_outbound)


# ---- making and keeping them ----


@action
def add(
    *, by: User | None, at: dt.datetime, name: str, url: str, kinds: Iterable[str] = ()
) -> tuple[Webhook, str]:
    """Let an address be told what changes from now on (no ``kinds``: of everything); return it with its secret, which is shown
    this once. Raises Hidden, NameTaken, NothingTold and BadAddress."""
    _require(by)
    facts = _facts(name, url, kinds)
    secret = rules.new_secret()
    row = Webhook.objects.create(
        **facts, secret=seal(secret, purpose=_PURPOSE), read_until=_end_of_trail(), made_at=at
    )
    changes = {"name": [None, row.name], "address": [None, row.url]}
    record(by=by, at=at, action="add", subject="webhook", subject_id=row.pk, changes=changes)
    safety.tell(
        by, reason("A webhook was added that is told what changes: {name}.", name=row.name), by=by, at=at
    )
    return row, secret


@action
def change(
    *,
    by: User | None,
    at: dt.datetime,
    webhook_id: int,
    name: str,
    url: str,
    kinds: Iterable[str] = (),
    expected_version: int | None = None,
) -> None:
    """Change where a webhook goes and what it is told. Raises as ``add`` does, and Stale."""
    _require(by)
    row = _of(webhook_id)
    facts = _facts(name, url, kinds, but=row.pk)
    take_turn(row, expected_version=expected_version)
    changes = {one: [getattr(row, one), value] for one, value in facts.items() if getattr(row, one) != value}
    for one, value in facts.items():
        setattr(row, one, value)
    row.save(update_fields=[*facts])
    if changes:
        record(by=by, at=at, action="change", subject="webhook", subject_id=row.pk, changes=changes)
        safety.tell(
            by, reason("What the webhook {name} is told, or where, was changed.", name=row.name), by=by, at=at
        )


def _facts(name: str, url: str, kinds: Iterable[str], *, but: int = 0) -> dict[str, Any]:
    name, url, chosen = name.strip(), url.strip(), list(kinds)
    if not name or len(name) > 100:
        raise NameTaken("Give it a name of up to 100 characters, by which you know it again.")
    if Webhook.objects.filter(name=name).exclude(pk=but).exists():
        raise NameTaken(f"There is a webhook called {name} already.")
    if unknown := [one for one in chosen if one not in rules.KINDS]:
        raise NothingTold(f"{unknown[0]} is nothing that is told. Choose from {', '.join(rules.KINDS)}.")
    rules.require_address(url, allowed())
    return {"name": name, "url": url, "kinds": [str(one) for one in rules.KINDS if one in chosen]}


def _end_of_trail() -> int:
    return AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0


@action
def renew_secret(*, by: User | None, at: dt.datetime, webhook_id: int) -> str:
    """Make a new secret and return it, to be shown this once; the one before signs too for a day. Raises Hidden."""
    _require(by)
    row = _of(webhook_id)
    secret = rules.new_secret()
    row.old_secret = seal(unseal(row.secret, purpose=_PURPOSE), purpose=_OLD_PURPOSE)
    row.old_until, row.secret = at + rules.BOTH_FOR, seal(secret, purpose=_PURPOSE)
    row.save(update_fields=["old_secret", "old_until", "secret"])
    record(by=by, at=at, action="renew secret", subject="webhook", subject_id=row.pk)
    safety.tell(by, reason("The webhook {name} has a new secret.", name=row.name), by=by, at=at)
    return secret


@action
def switch_on(*, by: User | None, at: dt.datetime, webhook_id: int, missed: bool = True) -> None:
    """Let a webhook be told again, with what it ``missed`` or from now on; what still waited is sent. Raises Hidden."""
    _require(by)
    row = _of(webhook_id)
    if row.on:
        return
    row.on, row.off_because, row.off_at, row.failing_since = True, "", None, None
    row.read_until = row.read_until if missed else _end_of_trail()
    row.save(update_fields=["on", "off_because", "off_at", "failing_since", "read_until"])
    changes = {"with what it missed": missed}
    record(by=by, at=at, action="switch on", subject="webhook", subject_id=row.pk, changes=changes)


@action
def switch_off(*, by: User | None, at: dt.datetime, webhook_id: int) -> None:
    """Tell a webhook nothing until it is switched on again. Raises Hidden."""
    _require(by)
    row = _of(webhook_id)
    if row.on:
        _switch_off(row, by=by, at=at, because="")


def _switch_off(row: Webhook, *, by: User | None, at: dt.datetime, because: str) -> None:
    row.on, row.off_because, row.off_at = False, because, at
    row.save(update_fields=["on", "off_because", "off_at"])
    record(by=by, at=at, action="switch off", subject="webhook", subject_id=row.pk, reason=because)


@action
def drop(*, by: User | None, at: dt.datetime, webhook_id: int) -> str:
    """Forget a webhook with its messages; return its name. Raises Hidden."""
    _require(by)
    row = _of(webhook_id)
    changes = {"name": [row.name, None]}
    record(by=by, at=at, action="drop", subject="webhook", subject_id=row.pk, changes=changes)
    row.delete()
    return row.name


# ---- messages ----


@action
def send_again(*, by: User | None, at: dt.datetime, delivery_id: int) -> WebhookDelivery:
    """Let a message that was taken or given up be sent anew, with the same id. Raises Hidden and OnItsWay."""
    _require(by)
    row = turn(WebhookDelivery.objects.all(), pk=delivery_id)
    if row is None:
        raise Hidden("There is no such message.")
    if row.state == DeliveryState.WAITING:
        raise OnItsWay("This message still waits: it is sent by itself.")
    row.state, row.tries, row.next_at = DeliveryState.WAITING, 0, at
    row.save(update_fields=["state", "tries", "next_at"])
    changes = {"message": row.key}
    record(by=by, at=at, action="send again", subject="webhook", subject_id=row.webhook_id, changes=changes)
    return row


def send_test(
    *, by: User | None, at: dt.datetime, webhook_id: int, post: Post = outgoing.post
) -> WebhookTry | None:
    """Send a message of the kind ``test`` now, and return what was answered. Raises Hidden."""
    made = _make_test(by=by, at=at, webhook_id=webhook_id)
    _deliver(made, clock=lambda: at, post=post, random=Random())  # noqa: S311  no secret: when it is tried again
    return made.attempts.first()


@action
def _make_test(*, by: User | None, at: dt.datetime, webhook_id: int) -> WebhookDelivery:
    _require(by)
    row = _of(webhook_id)
    record(by=by, at=at, action="test", subject="webhook", subject_id=row.pk)
    made = _message(row, HookKind.TEST, at, {"webhook_id": row.pk}, next_at=at)
    made.save()
    return made


def _message(
    row: Webhook,
    kind: HookKind,
    happened_at: dt.datetime,
    data: dict[str, Any],
    *,
    next_at: dt.datetime,
    entry: int | None = None,
) -> WebhookDelivery:
    return WebhookDelivery(
        webhook=row,
        entry=entry,
        key=rules.new_key(),
        kind=kind,
        body=rules.body(kind, happened_at, data),
        made_at=next_at,
        next_at=next_at,
    )


def deliver_what_is_due(*, clock: Clock, post: Post = outgoing.post, random: Random | None = None) -> int:
    """Make messages of what is new in the trail, and send all that are due; return how many were taken.

    A webhook that fails gets no second message in the same round, so that a slow one holds others up for one time-out at
    most. Bears being run twice at once.
    """
    hooks = dict(Webhook.objects.filter(on=True).values_list("pk", "read_until"))
    end = _end_of_trail() if hooks else 0
    for hook in [hook for hook, read_until in hooks.items() if read_until < end]:
        while gather(at=clock(), webhook_id=hook) == ENTRIES:
            continue
    chance = random or Random()  # noqa: S311  no secret: when it is tried again
    return sum(_deliver_to(hook, clock, post, chance) for hook in hooks)


@action
def gather(*, at: dt.datetime, webhook_id: int) -> int:
    """Make messages of the next entries of the trail for one webhook; return how many entries were gone through."""
    row = turn(Webhook.objects.filter(on=True), pk=webhook_id)
    entries = list(AuditEvent.objects.filter(id__gt=row.read_until).order_by("id")[:ENTRIES]) if row else []
    if row is None or not entries:
        return 0
    told = reading.told(entries, address=settings.ENVIRONMENT.address)
    WebhookDelivery.objects.bulk_create(
        _message(row, kind, entry.at, data, next_at=at, entry=entry.pk)
        for entry, kind, data in told
        if not row.kinds or kind in row.kinds
    )
    row.read_until = entries[-1].pk
    row.save(update_fields=["read_until"])
    return len(entries)


def _deliver_to(hook: int, clock: Clock, post: Post, random: Random) -> int:
    taken = 0
    for row in WebhookDelivery.objects.due(clock()).filter(webhook=hook)[:AT_ONCE]:
        if not _deliver(row, clock=clock, post=post, random=random):
            break
        taken += 1
    return taken


def _deliver(row: WebhookDelivery, *, clock: Clock, post: Post, random: Random) -> bool:
    """Try once to hand a message over; return whether it was taken. What another worker is at is left to it."""
    claimed = _claim(at=clock(), delivery_id=row.pk, tries=row.tries)
    if claimed is None:
        return False
    status, said = _send(claimed, at=clock(), post=post)
    _keep_answer(at=clock(), delivery_id=row.pk, status=status, said=said, random=random)
    return rules.taken(status)


@action
def _claim(*, at: dt.datetime, delivery_id: int, tries: int) -> WebhookDelivery | None:
    """Take a message for one try: until ``rules.LEASE`` is over it is nobody else's."""
    rows = WebhookDelivery.objects.select_related("webhook")
    row = turn(rows, pk=delivery_id, tries=tries, next_at__isnull=False)
    if row is not None:
        row.tries, row.next_at = row.tries + 1, at + rules.LEASE
        row.save(update_fields=["tries", "next_at"])
    return row


def _send(row: WebhookDelivery, *, at: dt.datetime, post: Post) -> tuple[int | None, str]:
    """Return the status and the beginning of the answer, or None and why there is none."""
    hook, body = row.webhook, row.body.encode()
    try:
        headers = rules.headers(_signing(hook, at), key=row.key, at=at, body=body)
        limits = {"seconds": rules.SECONDS, "most_bytes": rules.MOST_BYTES}
        said = post(hook.url, body, headers, allowed=allowed(), **limits)
    except (outgoing.AddressRefused, outgoing.NoAnswer, WrongKey) as problem:
        return None, str(problem)
    return said.status, said.text


def _signing(hook: Webhook, at: dt.datetime) -> list[str]:
    """Return the secrets that sign at a moment, the newest first."""
    signing = [unseal(hook.secret, purpose=_PURPOSE)]
    if hook.old_secret and hook.old_until and at < hook.old_until:
        signing.append(unseal(hook.old_secret, purpose=_OLD_PURPOSE))
    return signing


@action
def _keep_answer(*, at: dt.datetime, delivery_id: int, status: int | None, said: str, random: Random) -> None:
    """Keep what was answered: it was taken, it is tried again, it is given up; and what that says of the webhook."""
    found = WebhookDelivery.objects.filter(pk=delivery_id).values_list("webhook_id", flat=True).first()
    hook = turn(Webhook.objects.all(), pk=found)
    row = turn(WebhookDelivery.objects.all(), pk=delivery_id)
    if hook is None or row is None:
        return  # dropped meanwhile
    answer = "".join(one if one.isprintable() else " " for one in said)[:300]
    WebhookTry.objects.create(delivery=row, at=at, status=status, answer=answer)
    if rules.taken(status):
        row.state, row.next_at = DeliveryState.DELIVERED, None
    else:
        row.next_at = rules.next_try(row.tries, at=at, random=random)
        row.state = DeliveryState.WAITING if row.next_at else DeliveryState.GIVEN_UP
    row.save(update_fields=["state", "next_at"])
    _judge(hook, status, at=at)


def _judge(hook: Webhook, status: int | None, *, at: dt.datetime) -> None:
    """Keep since when a webhook fails; switch it off when it says so itself, or after days of failures."""
    since = None if rules.taken(status) else hook.failing_since or at
    if since != hook.failing_since:
        hook.failing_since = since
        hook.save(update_fields=["failing_since"])
    if not hook.on or since is None:
        return
    if status == rules.GONE:
        _switch_off(hook, by=None, at=at, because="It answered that it is gone for good (410).")
    elif at - since >= rules.PATIENCE:
        days = rules.PATIENCE.days
        _switch_off(hook, by=None, at=at, because=f"It took nothing for {days} days.")


@action
def forget_old(*, at: dt.datetime) -> int:
    """Forget messages that were taken or given up a while ago; return how many rows that were."""
    old = WebhookDelivery.objects.filter(made_at__lt=at - rules.KEPT, next_at__isnull=True)
    return old.delete()[0]
