"""Codes by time: what somebody's phone and we compute alike (RFC 6238, over RFC 4226). Plain data in, plain data out."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from urllib.parse import quote, urlencode

#: What every authenticator app understands: SHA-1, six digits, thirty seconds. A clock may go wrong by one step.
ALGORITHM, DIGITS, STEP_S, SKEW = "sha1", 6, 30, 1
#: Wrong codes before the next is refused unheard, and how long then: a minute, doubled with each further one, a day at most.
FREE_TRIES, MOST_WAIT = 5, dt.timedelta(days=1)
RECOVERY_CODES = 10


def new_secret() -> str:
    """Return a fresh secret of 160 bits, as RFC 4226 advises, in the base 32 that apps take."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def new_recovery_code() -> str:
    """Return a code of 140 bits, so that a plain digest of it is safe to keep; in seven groups for the eye."""
    letters = base64.b32encode(secrets.token_bytes(20)).decode().lower()
    return "-".join(letters[begin : begin + 4] for begin in range(0, 28, 4))


def plain(typed: str) -> str:
    """Return a code without what people type for the eye."""
    return "".join(typed.split()).replace("-", "").lower()


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = ALGORITHM) -> str:
    """Return the code of one time step: RFC 4226, section 5.3, with the number of the step as the counter."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    begin = mac[-1] & 0x0F
    number = int.from_bytes(mac[begin : begin + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(at: dt.datetime) -> int:
    return int(at.timestamp()) // STEP_S


def matching_step(secret: str, typed: str, *, at: dt.datetime, after: int) -> int | None:
    """Return the time step whose code was typed, None where there is none near ``at`` later than ``after``: a code that was
    used, and those before it, are not taken again. A last one that is still to come was taken by a clock that was wrong, and
    says nothing."""
    key, now, code = base64.b32decode(secret), step_of(at), plain(typed)
    after = after if after <= now + SKEW else 0
    steps = range(max(now - SKEW, after + 1), now + SKEW + 1)
    same = [
        step
        for step in steps
        if hmac.compare_digest(code_at(key, step).encode(), code.encode(errors="replace"))
    ]
    return same[-1] if same else None


def wait_after(wrong: int) -> dt.timedelta:
    """Return how long nobody tries again after so many wrong codes in a row."""
    if wrong < FREE_TRIES:
        return dt.timedelta()
    return min(dt.timedelta(minutes=2 ** min(wrong - FREE_TRIES, 20)), MOST_WAIT)


def still_waits(until: dt.datetime | None, *, at: dt.datetime) -> bool:
    """Return whether codes are refused unheard; longer than the longest wait only a clock that was wrong has said."""
    return until is not None and dt.timedelta() < until - at <= MOST_WAIT


def address_for_apps(secret: str, *, account: str, issuer: str) -> str:
    """Return what the QR code says to an app."""
    told = urlencode(
        {"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP_S}, quote_via=quote
    )
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{told}"
