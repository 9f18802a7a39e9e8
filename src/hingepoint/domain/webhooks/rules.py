"""What is told of what, how a message looks and is signed, and when it is tried again (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import urlsplit

from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Refused
from hingepoint.records.findings import Verdict
from hingepoint.records.webhooks import HookKind

_SECRET = "whsec_"  # noqa: S105  what every secret begins with
_SECRET_BYTES = 32
#: How long before each try, from the one before it.
WAITS = (
    dt.timedelta(0),
    dt.timedelta(seconds=5),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    *(dt.timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
JITTER = 0.1
#: A try that does not say how it ended (its worker was killed) is tried again after so long.
LEASE = dt.timedelta(minutes=2)
SECONDS, MOST_BYTES = 20.0, 2_000
#: The secret before signs so long beside a new one.
BOTH_FOR = dt.timedelta(hours=24)
#: What takes nothing for so long is switched off.
PATIENCE = dt.timedelta(days=5)
KEPT = dt.timedelta(days=30)
GONE = 410

_PLANNED = ("write plan", "review plan: comment", "review plan: approved", "review plan: returned")
_EXCEPTIONS = ("change", "withdraw", "answer", "pass on")
#: (subject, action) of an entry of the audit trail -> what is told. What is not here is told to nobody.
TOLD: dict[tuple[str, str], HookKind] = {
    **{("agreement", str(state)): HookKind.AGREEMENT for state in AgreementState},
    ("agreement", "take back"): HookKind.AGREEMENT,
    ("agreement", "keep"): HookKind.AGREEMENT,
    ("agreement", "join"): HookKind.AGREEMENT,
    ("agreement", "withdraw"): HookKind.AGREEMENT,
    ("agreement", "debrief"): HookKind.PLAN,
    **{(subject, action): HookKind.PLAN for subject in ("agreement", "deal") for action in _PLANNED},
    ("deal", "add"): HookKind.DEAL,
    ("deal", "change"): HookKind.DEAL,
    ("deal", "take over agreements"): HookKind.DEAL,
    ("deal", "hand over agreements"): HookKind.DEAL,
    ("deal", "gone"): HookKind.DEAL,
    ("deal", "come back"): HookKind.DEAL,
    ("deal", "note escalation"): HookKind.EXCEPTION,
    ("deal", "take back escalation"): HookKind.EXCEPTION,
    ("deal", "bring exception back"): HookKind.EXCEPTION,
    **{("deal", f"{action} exception"): HookKind.EXCEPTION for action in _EXCEPTIONS},
    **{("finding", str(verdict)): HookKind.FINDING for verdict in Verdict},
    ("signal", "raise"): HookKind.SIGNAL,
    ("signal", "answer"): HookKind.SIGNAL_ANSWERED,
    ("signal", "decide"): HookKind.SIGNAL_ANSWERED,
    ("signal", "end"): HookKind.SIGNAL_ENDED,
    ("connection", "fail"): HookKind.SYNC_FAILED,
    ("connection", "recover"): HookKind.SYNC_WELL,
    ("import", "import"): HookKind.MANY,
    ("import", "undo import"): HookKind.MANY,
    ("agreements", "lapse"): HookKind.MANY,
    ("agreements", "describe"): HookKind.MANY,
    ("deals", "note events"): HookKind.MANY,
    ("detection rule", "detect"): HookKind.MANY,
    ("detection rule", "take back"): HookKind.MANY,
    ("requirements", "refresh"): HookKind.MANY,
}
#: What can be chosen: everything but the test, which always comes.
KINDS = tuple(kind for kind in HookKind if kind != HookKind.TEST)


class BadAddress(Refused):
    """An address is a whole one, and nobody reads on the way what is sent to it."""

    field = "url"


def require_address(url: str, allowed: Collection[str]) -> None:
    """Refuse an address that is none, that holds a password, or that is not encrypted (but for hosts that were allowed by
    name). Whether it lies in a network of one's own is checked at every connection."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        raise BadAddress("This is no address. It looks like https://example.com/hook.") from None
    if place.scheme not in ("https", "http") or not place.hostname or len(url) > 500 or not url.isprintable():
        raise BadAddress("Give the whole address, beginning with https://.")
    if place.username or place.password:
        raise BadAddress("Leave the name and the password out: our signature says that it is us.")
    if place.scheme == "http" and f"{place.hostname}:{port or 80}" not in allowed:
        raise BadAddress(
            "Give an address that begins with https://: over http:// others could read on the way."
        )


def new_secret() -> str:
    return _SECRET + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def new_key() -> str:
    """Return an id that no other message has, in this database or in one restored from a backup."""
    return f"msg_{secrets.token_hex(12)}"


def signature(secret: str, *, key: str, timestamp: int, body: bytes) -> str:
    """Return ``v1,`` and the base64 of the HMAC-SHA256 of ``id.timestamp.body``."""
    signed = b".".join((key.encode(), str(timestamp).encode(), body))
    made = hmac.new(base64.b64decode(secret.removeprefix(_SECRET)), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def headers(signing: Sequence[str], *, key: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a try at ``at``, signed with each secret."""
    timestamp = int(at.timestamp())
    signed = (signature(one, key=key, timestamp=timestamp, body=body) for one in signing)
    return {
        "content-type": "application/json",
        "user-agent": "Hingepoint-Webhooks/1",
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def body(kind: HookKind, at: dt.datetime, data: Mapping[str, Any]) -> str:
    """Return a message as it is sent: its kind, when it happened, and the ids by which to read it."""
    told = {"type": kind.value, "timestamp": at.astimezone(dt.UTC).isoformat(), "data": dict(data)}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def next_try(tries: int, *, at: dt.datetime, random: Random) -> dt.datetime | None:
    """Return when a message is sent again after ``tries`` that failed; None when it is given up."""
    if tries >= len(WAITS):
        return None
    return at + WAITS[tries] * random.uniform(1, 1 + JITTER)


def taken(status: int | None) -> bool:
    """Return whether an answer says that the message was taken: a redirect does not."""
    return status is not None and 200 <= status < 300
