"""How often somebody who is signed in, or a program with a token, may ask in a while: one table, one way to count.

They are wide: people who work never meet them. They stop a program in somebody's browser, a stolen session and a loop in a script
from taking the server away from everybody else. What strangers may do is counted in the database, by address and account.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hingepoint.web import answers, security_log

TOO_MANY = "You asked for more at once than this server takes from one person. Nothing was saved: wait a minute, then go on."
_SLACK = 1e-6  # seconds that adding up parts of seconds may lose


@dataclass
class Turnstile:
    """Lets each pass ``most`` times at once, and as many again within the next ``seconds``, one after the other. Kept in memory,
    since looking at a page writes nothing: each process counts for itself, and of very many the longest silent are forgotten."""

    most: float
    seconds: float
    remembered: int = 10_000
    used_until: OrderedDict[str, float] = field(default_factory=OrderedDict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, who: str) -> float:
        """Return after how many seconds they may pass; 0 for now. That they asked does not count."""
        now, a_pass = time.monotonic(), self.seconds / self.most
        left = self.used_until.get(who, now) - now - (self.seconds - a_pass)
        return left if left > _SLACK else 0.0

    def count(self, who: str) -> None:
        """Count that they passed."""
        with self.turn:
            now = time.monotonic()
            self.used_until[who] = max(self.used_until.pop(who, now), now) + self.seconds / self.most
            while len(self.used_until) > self.remembered:
                self.used_until.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and as many again in ``seconds``. ``of``: of whom; ``why`` is for whoever runs the server."""

    what: str
    of: str
    most: int
    seconds: int
    why: str


PERSON, TOKEN = "a person", "a token"
PAGES = Limit(
    "pages and pieces of pages", PERSON, 600, 60,
    "nobody reads ten a second; a page costs 20 to 80 ms of a core, so that more would leave nothing for others",
)  # fmt: skip
CHANGES = Limit(
    "forms that are sent", PERSON, 120, 60,
    "whoever goes down a list sends one or two a second; each is written to the disk, 110 to 160 a second for all",
)  # fmt: skip
COSTLY = Limit(
    "files, PDFs, slides, imports, runs and tests over the whole record", PERSON, 30, 60,
    "each reads many rows or works for seconds; and who takes the whole company away piece by piece is slowed down",
)  # fmt: skip
OUTSIDE = Limit(
    "what asks another server or sends mails", PERSON, 20, 600,
    "nobody's server and nobody's mailbox is filled from here",
)  # fmt: skip
PROGRAMS = Limit(
    "requests of the API and of a directory", TOKEN, 1_200, 60,
    "reads a company of 50,000 deals within minutes, and leaves more than half of two cores to people",
)  # fmt: skip
ASSISTANTS = Limit(
    "calls of an assistant", TOKEN, 60, 60,
    "an assistant that was led astray asks on and on; one that works needs ten for a question",
)  # fmt: skip
TABLE = (PAGES, CHANGES, COSTLY, OUTSIDE, PROGRAMS, ASSISTANTS)

#: Routes that work for long or hand out what was made of many rows, whoever looks at them.
COSTLY_TO_LOOK_AT = frozenset(
    {
        "export", "debts-file", "signal-deals", "pressure-deals", "definitions-file", "rollout-card", "rollout-starts",
        "deal-plan-pdf", "talk-plan-pdf", "brief-pdf", "pack-pdf", "pack-slides", "self-assessment-pdf", "self-assessment-codes",
        "handover-pdf", "import-problems", "export-run", "compare-runs", "plan-evidence",
    }
)  # fmt: skip
#: Routes that do so when something is sent to them.
COSTLY_TO_SEND_TO = frozenset(
    {
        "make-file", "new-run", "continue-run", "repeat-run", "draw-lots", "look-at-trial", "plan-rollout", "test-rule", "switch-rule",
        "preview-pressure-rule", "switch-pressure-rule", "publish-playbook", "imports", "read-import-as", "confirm-import", "undo-import",
        "people-sheet", "store-sheet", "rehearse-connection",
    }
)  # fmt: skip
#: Routes by which another server is asked or mails go out, when something is sent to them.
ASKING_OUTSIDE = frozenset(
    {
        "new-connection", "test-connection", "renew-token", "rehearse-connection", "test-webhook", "send-webhook-again",
        "choose-chat", "try-chat", "choose-team-chat", "try-team-chat", "save-sign-on", "invite-people", "mail-link",
    }
)  # fmt: skip


def limits_of(method: str, route: str) -> tuple[Limit, ...]:
    """Return the limits under which a person asks for a route."""
    if method in ("GET", "HEAD"):
        return (PAGES, COSTLY) if route in COSTLY_TO_LOOK_AT else (PAGES,)
    costly = (COSTLY,) if route in COSTLY_TO_LOOK_AT | COSTLY_TO_SEND_TO else ()
    return (CHANGES, *costly, *((OUTSIDE,) if route in ASKING_OUTSIDE else ()))


@cache
def _gates(wider: float) -> dict[Limit, Turnstile]:
    return {limit: Turnstile(limit.most * wider, limit.seconds) for limit in TABLE}


def forget() -> None:
    """Count anew."""
    _gates.cache_clear()


def wait(who: object, *limits: Limit) -> int:
    """Count that somebody asks under ``limits``; return how many seconds they have to wait instead, 0 where they need not. The
    setting HINGEPOINT_LIMITS_WIDER makes all of them wider; with 0 there are none."""
    wider = settings.ENVIRONMENT.limits_wider
    gates = [_gates(wider)[limit] for limit in limits] if wider else []
    seconds = max((gate.wait(str(who)) for gate in gates), default=0)
    if not seconds:
        for gate in gates:
            gate.count(str(who))
    return math.ceil(seconds)


class Limits:
    """Refuse whoever is signed in and asks for more than ``TABLE`` lets one person. Programs are counted where their token is
    read."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, named: Mapping[str, Any]
    ) -> HttpResponse | None:
        match, user = request.resolver_match, request.user
        if match is None or not user.is_authenticated:
            return None
        seconds = wait(user.pk, *limits_of(request.method or "", match.view_name))
        if not seconds:
            return None
        security_log.too_often(request, who=user.pk)
        return answers.too_often(request, TOO_MANY, seconds)
