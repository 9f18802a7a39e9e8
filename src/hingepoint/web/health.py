"""Is the server up, and do its database, its worker and its disk stand well? For load balancers and containers."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from hingepoint import __version__
from hingepoint.domain.upkeep import queries
from hingepoint.domain.upkeep.queries import Standing
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say

#: Whoever reads security.txt later than this asks for it anew.
SECURITY_TXT_HOLDS = dt.timedelta(days=180)


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Say in JSON how database, worker and disk stand and which version this is; 503 when one of them fails."""
    parts = {
        "database": queries.standing_of_database(),
        "worker": _worker(),
        "disk": queries.standing_of_disk(Path(settings.ENVIRONMENT.data_dir)),
    }
    ok = all(part.ok for part in parts.values())
    told = {"ok": ok, "version": __version__, **{name: asdict(part) for name, part in parts.items()}}
    return JsonResponse(told, status=200 if ok else 503)


@never_cache
@login_not_required
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say to whom somebody writes who found a hole (RFC 9116), where the setting HINGEPOINT_SECURITY_CONTACT names them."""
    contact = settings.ENVIRONMENT.security_contact
    if not contact:
        raise Hidden("nobody is named")
    until = (timezone.now() + SECURITY_TXT_HOLDS).replace(microsecond=0)
    lines = [f"Contact: {contact}", f"Expires: {until.isoformat()}", "Preferred-Languages: en", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _worker() -> Standing:
    try:
        work = queries.background_work(at=dt.datetime.now(dt.UTC))
    except DatabaseError:
        return Standing(False, say("Not known while the database does not answer."))
    return Standing(work.taken, work.says)
