"""Before what is sensitive, whoever is signed in shows once more that it is they, as when signing in: a browser left open, or a
stolen session, does not hand the account over. All that was typed goes along with the question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hingepoint.domain.passkeys import queries as own_passkeys
from hingepoint.domain.people import actions as people
from hingepoint.domain.second_factors import actions as second_factors
from hingepoint.domain.second_factors import queries as own_factor
from hingepoint.domain.sessions import actions, rules
from hingepoint.domain.sign_on import queries as sign_on
from hingepoint.domain.sign_on import rules as ways_in
from hingepoint.records.errors import Refused
from hingepoint.records.languages import words_of
from hingepoint.web import answers, drafts, passkeys, security_log, sign_in
from hingepoint.web.requests import Request

#: Route of what is sensitive -> what one is about to do.
SENSITIVE = words_of(
    {
        # one's own way in
        "add-passkey": "add a passkey",
        "remove-passkey": "take a passkey away",
        "begin-second-factor": "set up a second factor",
        "confirm-second-factor": "set up a second factor",
        "make-token": "let a program in",
        "renew-calendar": "make a new address for your calendar",
        "sign-out-elsewhere": "sign yourself out in other browsers",
        # what others may do, and how they get in
        "new-person": "add a person",
        "change-role": "change what somebody may do",
        "set-active": "say whether somebody can sign in",
        "set-address": "change how somebody signs in",
        "set-addresses": "change how people sign in",
        "invite-people": "make links by which people choose a password",
        "take-second-factor-away": "take the second factor of somebody away",
        "join-team": "change which deals somebody sees",
        "leave-team": "change which deals somebody sees",
        "move-team": "change who sees the deals of a team",
        "merge-people": "make one person of two",
        "store-sheet": "change what people may do",
        "save-sign-on": "change how everybody signs in",
        "let-only-sign-on": "change how everybody signs in",
        "add-sign-on-group": "change what a group of your directory may do",
        "drop-sign-on-group": "change what a group of your directory may do",
        # what leaves the house
        "choose-chat": "have what your mail tells posted in a channel",
        "choose-team-chat": "have a channel of a team told how much waits for it",
        "add-webhook": "let another program be told what changes",
        "change-webhook": "change where another program is told what changes",
        "renew-webhook-secret": "make a new secret of a webhook",
        "new-connection": "connect a CRM",
        "renew-token": "change the token of a CRM",
        "set-card-hosts": "say whose pages show cards of deals",
        "renew-card-key": "make a new key of the cards of deals",
    }
)
#: What asks for a password or a code by itself.
ASKS_ITSELF = frozenset({"account", "change-second-factor"})
#: Fields of the question. What else comes with its form is what was typed before.
PASSWORD, CODE, PASSKEY = FIELDS = ("proof_password", "proof_code", "proof_passkey")


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody can show that it is they. ``code``: of the second factor, beside the password."""

    password: bool
    code: bool
    passkey: bool
    company: bool


def ways_of(user: Any) -> Ways:
    kept_here = ways_in.may_use_password(user)
    password = kept_here and user.has_usable_password()
    return Ways(
        password=password,
        code=password and own_factor.has_one(user),
        passkey=kept_here and bool(own_passkeys.own(user)),
        company=sign_on.offered()[0] and not password,
    )


class ProveFirst:
    """Ask before what is sensitive, unless that was shown a moment ago. The demo has no passwords."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: Request, view: Any, args: Any, named: Mapping[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        sensitive = request.method == "POST" and match is not None and match.view_name in SENSITIVE
        if not sensitive or settings.ENVIRONMENT.demo or not request.user.is_authenticated:
            return None
        at = timezone.now()
        if rules.recently_proven(request.session.get(rules.PROVEN), at=at):
            return None
        return _ask_or_let_pass(request, at)


def _ask_or_let_pass(request: Request, at: dt.datetime) -> HttpResponse | None:
    """Return the question, None where its answer came along and is right."""
    if not any(request.POST.get(name) for name in FIELDS):
        return _question(request, drafts.Problems(), status=403)
    try:
        _require_proof(request, at)
    except Refused as error:
        found = answers.answer_to(error)
        assert found is not None  # the table of answers holds what is refused
        return _question(request, drafts.Problems(found.by_field), status=found.status)
    request.session.cycle_key()
    request.session[rules.PROVEN] = at.isoformat()
    actions.note_proof(by=request.user, at=at)
    return None


def _require_proof(request: Request, at: dt.datetime) -> None:
    """Raise Refused unless what came along shows that it is they."""
    user, ways = request.user, ways_of(request.user)
    if answer := request.POST.get(PASSKEY):
        if not ways.passkey or passkeys.whose(request, answer).pk != user.pk:
            raise Refused("This passkey is not yours. Try again, or take another way.")
        return
    if not ways.password:
        raise Refused("Your password does not count here. Take another way.")
    _require_password(request, at)
    if ways.code and not second_factors.try_code(user=user, at=at, code=request.POST.get(CODE, "")[:40]):
        raise Refused("This is not the code that the app shows now, or it was used.", field=CODE)


def _require_password(request: Request, at: dt.datetime) -> None:
    """Raise Refused unless the password is right; guesses count as those of the sign-in page do."""
    account = request.user.email or ""
    who = {"account": account, **sign_in.counted_as(request, account)}
    people.require_sign_in_allowed(**who, at=at)
    if not request.user.check_password(request.POST.get(PASSWORD, "")):
        people.note_failed_sign_in(**who, at=at)
        security_log.wrong_password(request, account)
        raise Refused("This is not your password.", field=PASSWORD)


def _question(request: Request, problems: drafts.Problems, *, status: int) -> HttpResponse:
    match = request.resolver_match
    assert match is not None  # only what is sensitive comes here, and that is known by its route
    typed = [(name, value) for name, value in answers.sent(request) if name not in FIELDS]
    context = {
        "doing": SENSITIVE[match.view_name],
        "minutes": rules.PROOF_HOLDS // dt.timedelta(minutes=1),
        "ways": ways_of(request.user),
        "typed": typed,
        "draft": drafts.Draft(address=request.path, problems=problems),
    }
    return render(request, "sign_on/prove.html", context, status=status)
