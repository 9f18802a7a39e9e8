"""Signing in by e-mail address and password; in the demo, as one of five people with a click."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.home.queries import rooms
from hingepoint.domain.people import actions, queries
from hingepoint.records.errors import Hidden
from hingepoint.web import clients, drafts

#: A cookie of the customer's page alone: somebody of ours has signed in in this browser.
WORKS_HERE, WORKS_HERE_DAYS = "works_here", 365
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


class SignInForm(AuthenticationForm):
    """Counts failures per account and address of the client (see ``web/clients.py``)."""

    error_messages = {
        "invalid_login": "This e-mail address and password do not belong together. Check both and try again.",
        "inactive": "This e-mail address and password do not belong together. Check both and try again.",
    }

    def clean_username(self) -> str:
        return self.cleaned_data["username"].strip().lower()

    def clean(self) -> dict:
        assert self.request is not None  # ``LoginView`` gives it
        address = clients.counted_address(self.request)
        who = {"account": self.cleaned_data.get("username", ""), "address": address}
        try:
            actions.require_sign_in_allowed(**who, at=timezone.now())
            return super().clean()
        except actions.TooManySignIns as error:
            raise ValidationError(str(error), code="too_many") from error
        except ValidationError:
            actions.note_failed_sign_in(**who, at=timezone.now())
            raise


class SignIn(LoginView):
    """Sign in; in the demo, as one of its people with a click."""

    template_name = "people/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form) -> HttpResponse:
        return remember_who_works_here(super().form_valid(form))

    def get_context_data(self, **kwargs) -> dict:
        offered: dict[str, Any] = {"offered": [], "tour": None}
        if settings.ENVIRONMENT.demo:
            from hingepoint.demo import tour  # a company of one's own needs no simulation

            offered = {"offered": queries.personas(), "tour": tour.tour_deal()}
        return super().get_context_data(**kwargs) | offered


@require_POST
@login_not_required
def become(request, role: str):
    """Sign in as the demo's person of a role, and open the page that is asked for. Outside the demo company there
    is no such page."""
    if not settings.ENVIRONMENT.demo:
        raise Hidden("no such page")
    login(request, queries.persona(role), backend=BACKEND)
    return remember_who_works_here(redirect(drafts.ours(request, request.POST.get("next", "")) or "home"))


def remember_who_works_here(response: HttpResponse) -> HttpResponse:
    """Let this browser say, on the customer's page only, that one of us has signed in in it."""
    response.set_cookie(
        WORKS_HERE,
        "yes",
        max_age=WORKS_HERE_DAYS * 86_400,
        path="/confirm/",
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response
