"""Signing in by e-mail address and password; in the demo, as one of five people with a click."""

from __future__ import annotations

import secrets
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.home.queries import rooms
from hingepoint.domain.people import actions, queries
from hingepoint.domain.second_factors import queries as second_factors
from hingepoint.domain.sessions import actions as sessions
from hingepoint.domain.sign_on import actions as company_sign_on
from hingepoint.domain.sign_on import queries as sign_on
from hingepoint.domain.sign_on import rules as ways_in
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import words_of
from hingepoint.web import clients, cookies, drafts, security_log

#: A cookie of the customer's page alone: somebody of ours has signed in in this browser.
WORKS_HERE, WORKS_HERE_DAYS = "works_here", 365
#: A signed cookie of the sign-in page alone: this account was signed in in this browser, so that nobody who tries
#: passwords elsewhere keeps its person out here (device cookies, as OWASP describes them).
KNOWN_HERE, KNOWN_HERE_DAYS = "known_here", 365
#: Keys of a session: who gave the right password and still owes a code; that a code came with the sign-in.
WAITING, BY_CODE = "waits_for_code", "by_code"
#: Key of a session: where one signs out of the company's account too.
ENDING = "ends_at"
#: What is said to whom the company's account alone lets in.
BY_COMPANY = words_of("Your company signs in with its own account here. Use the button above the password.")
BACKEND = "hingepoint.web.sign_in.PeopleBackend"


class PeopleBackend(ModelBackend):
    """Loads who is signed in together with what the navigation shows them, in one statement. Its neighbour in the settings is
    for sessions that began before it; it is never asked for a password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **told: Any,
    ) -> Any:
        found = super().authenticate(request, username, password, **told)
        if found is None:
            raise PermissionDenied  # else Django asks the next one, and the password is checked twice
        return found

    def get_user(self, user_id: int) -> Any:
        user = rooms.person(user_id, today=timezone.localdate())
        return user if user is not None and self.user_can_authenticate(user) else None


def may_mail() -> bool:
    """Return whether this installation can send mail."""
    return bool(settings.ENVIRONMENT.mail_server)


class SignInForm(AuthenticationForm):
    """Counts failures per account and address of the client (see ``web/clients.py``)."""

    error_messages = words_of(
        {
            "invalid_login": "This e-mail address and password do not belong together. Check both and try again.",
            "inactive": "This e-mail address and password do not belong together. Check both and try again.",
        }
    )

    def clean_username(self) -> str:
        return self.cleaned_data["username"].strip().lower()

    def clean(self) -> dict:
        assert self.request is not None  # ``LoginView`` gives it
        account = self.cleaned_data.get("username", "")
        who = {"account": account, **counted_as(self.request, account)}
        try:
            actions.require_sign_in_allowed(**who, at=timezone.now())
            return super().clean()
        except actions.TooManySignIns as error:
            raise ValidationError(str(error), code="too_many") from error
        except ValidationError:
            actions.note_failed_sign_in(**who, at=timezone.now())
            security_log.wrong_password(self.request, account)
            raise


class SignIn(LoginView):
    """Sign in; in the demo, as one of its people with a click."""

    template_name = "people/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form) -> HttpResponse:
        return let_in_or_ask_for_code(self.request, form.get_user(), self.get_success_url())

    def get_context_data(self, **kwargs) -> dict:
        company, only = sign_on.offered()
        offered: dict[str, Any] = {
            "company_sign_in": company,
            "only_company": only,
            "offered": [],
            "tour": None,
            "mails": may_mail(),
        }
        if settings.ENVIRONMENT.demo:
            from hingepoint.demo import tour  # a company of one's own needs no simulation

            offered |= {"offered": queries.personas(), "tour": tour.tour_deal()}
        return super().get_context_data(**kwargs) | offered


@require_POST
@login_not_required
def become(request, role: str):
    """Sign in as the demo's person of a role, and open the page that is asked for. Outside the demo company there
    is no such page."""
    if not settings.ENVIRONMENT.demo:
        raise Hidden("no such page")
    wanted = drafts.ours(request, request.POST.get("next", "")) or "home"
    return let_in(request, queries.persona(role), wanted)


class SignOut(LogoutView):
    """Sign out, on record."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            sessions.note_sign_out(by=cast(queries.User, request.user), at=timezone.now())
        ending = request.session.get(ENDING, "")
        answer = super().post(request, *args, **kwargs)
        if ending:
            answer = render(request, "sign_on/signed_out.html", {"ending": ending})
        answer.headers["Clear-Site-Data"] = '"storage"'  # what was typed; pages are never kept
        return answer


def let_in_or_ask_for_code(request: HttpRequest, user: queries.User, to: str) -> HttpResponse:
    """Let ``user`` in, who showed that they are one; with a second factor, once its code comes too. Not where the
    company's account alone counts, but for the one way out."""
    if not ways_in.may_use_password(user):
        messages.error(request, BY_COMPANY)
        return redirect("sign-in")
    return ask_for_code(request, user, to) if second_factors.has_one(user) else let_in(request, user, to)


def ask_for_code(
    request: HttpRequest, user: queries.User, to: str, *, ending: str | None = None
) -> HttpResponse:
    """Let ``user`` wait for the code of their second factor; ``ending`` as in ``let_in``."""
    request.session.cycle_key()
    at, mark = timezone.now().isoformat(), user.get_session_auth_hash()
    told = {"user": user.pk, "at": at, "to": resolve_url(to), "hash": mark, "ending": ending}
    request.session[WAITING] = told
    return redirect("sign-in-code")


def let_in(
    request: HttpRequest, user: queries.User, to: str, *, by_code: bool = False, ending: str | None = None
) -> HttpResponse:
    """Sign ``user`` in, on record, and send them on; the browser is known from then on. ``ending`` is where who came with the
    company's account signs out of that too, maybe empty; None for who came by what is kept here."""
    login(request, user, backend=BACKEND)
    request.session.pop(WAITING, None)
    request.session[ENDING] = ending or ""
    if ending is None and ways_in.is_way_out(user):
        company_sign_on.note_way_out(by=user, at=timezone.now())
    request.session[BY_CODE] = by_code
    sessions.note_sign_in(
        by=user,
        at=timezone.now(),
        session=request.session,
        address=clients.counted_address(request),
        agent=request.headers.get("User-Agent", ""),
    )
    response = redirect(to)
    response.set_signed_cookie(
        cookies.named(KNOWN_HERE),
        f"{user.email}:{secrets.token_urlsafe(16)}",
        **cookies.how(path=reverse("sign-in"), days=KNOWN_HERE_DAYS),
    )
    return remember_who_works_here(response)


def counted_as(request: HttpRequest, account: str) -> dict[str, Any]:
    """Return what failures are counted by: a browser that knows the account by itself, every other by its address."""
    told = request.get_signed_cookie(cookies.named(KNOWN_HERE), default="", max_age=KNOWN_HERE_DAYS * 86_400)
    known, _, nonce = (told or "").rpartition(":")
    if known and known == account:
        return {"address": f"browser {nonce}", "known": True}
    return {"address": clients.counted_address(request), "known": False}


def remember_who_works_here(response: HttpResponse) -> HttpResponse:
    """Let this browser say, on the customer's page only, that one of us has signed in in it."""
    cookies.keep(response, WORKS_HERE, "yes", path="/confirm/", days=WORKS_HERE_DAYS)
    return response
