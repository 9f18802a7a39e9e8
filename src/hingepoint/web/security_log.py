"""What the server's log says of those who were refused. Never what was typed, and of an address only its page and the
numbers in it: a part that opens something stays out."""

from __future__ import annotations

import hashlib
import logging

from django.http import HttpRequest

from hingepoint.web import clients

log = logging.getLogger("hingepoint.security")


def wrong_password(request: HttpRequest, account: str) -> None:
    """Note a try to sign in that failed. Tries at one account bear the same mark, and nobody reads which it is."""
    mark = hashlib.sha256(account.encode()).hexdigest()[:12]
    log.warning("sign-in failed account=%s from=%s", mark, clients.counted_address(request))


def refused(request: HttpRequest, *, who: int | None) -> None:
    """Note that somebody asked for what is not theirs, or is not there: which of the two looks the same."""
    _note("refused", request, who)


def too_often(request: HttpRequest, *, who: int | None) -> None:
    """Note that somebody, or a program of theirs, asked for more than one may."""
    _note("too often", request, who)


def _note(what: str, request: HttpRequest, who: int | None) -> None:
    match = request.resolver_match
    page = match.view_name if match else "none"
    parts = match.kwargs.items() if match else ()
    told = " ".join(f"{name}={value}" for name, value in parts if str(value).isdecimal())
    from_ = clients.counted_address(request)
    log.warning("%s %s page=%s %s person=%s from=%s", what, request.method, page, told or "-", who, from_)
