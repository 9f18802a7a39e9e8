"""What reaches a person outside these pages: the mail of a day, the same in their chat, and the calendar at a secret address."""

from __future__ import annotations

from functools import cache, partial
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from hingepoint.domain.notices import actions, queries, rules
from hingepoint.domain.team_chats import actions as team_chats
from hingepoint.domain.team_chats.queries import channels, require_leader
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.notices import ChatService, Entry, NoticeKind
from hingepoint.records.routines import WEEKDAYS
from hingepoint.reports import calendars
from hingepoint.web import drafts
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import once

#: Hours that are offered for the mail.
HOURS = [(hour, f"{hour}:00") for hour in range(5, 21)]


#: Days of the week as they are chosen.
DAYS = [(str(number), name) for number, name in enumerate((*WEEKDAYS, *words_of(("Saturday", "Sunday"))))]


class MailForm(forms.Form):
    wanted = forms.BooleanField(required=False)
    both = forms.BooleanField(required=False)
    hour = forms.TypedChoiceField(choices=HOURS, coerce=int)
    zone = forms.CharField(required=False, max_length=64)
    weekdays = forms.MultipleChoiceField(choices=DAYS, required=False)

    def clean_weekdays(self) -> str:
        return "".join(self.cleaned_data["weekdays"])


class ChatForm(forms.Form):
    service = forms.ChoiceField(choices=ChatService.choices)
    url = forms.CharField(label="Address of the channel", max_length=500)


class TeamChatForm(ChatForm):
    team = WholeNumber()


def notices(request: Request) -> HttpResponse:
    """How the mail of a day comes and what it told, and one's calendar for other programs."""
    return _page(request)


@cache
def _zones() -> list[tuple[str, str]]:
    """Return the time zones that are offered: those of places."""
    places = (one for one in available_timezones() if "/" in one and not one.startswith("Etc/"))
    return [(one, one) for one in sorted(places)]


def _page(request: Request, *, address: str = "") -> HttpResponse:
    at = timezone.now()
    context = {
        "page": queries.notices_page(request.user, at=at),
        "now": queries.now(request.user, at=at) if "now" in request.GET else None,
        "draft": drafts.of(request, reverse("choose-mail")),
        "chat_draft": drafts.of(request, reverse("choose-chat")),
        "services": ChatService.choices,
        "teams": channels(request.user),
        "team_draft": drafts.of(request, reverse("choose-team-chat")),
        "days": DAYS,
        "zones": _zones(),
        "mails": queries.mails_go_out(),
        "chats": queries.chats_are_told(),
        "hours": HOURS,
        "address": address,
        "snooze": rules.SNOOZE.days,
    }
    return render(request, "notices/notices.html", context)


@drafts.kept("notices")
@require_POST
def choose_mail(request: Request) -> HttpResponse:
    """Say whether and when the mail comes."""
    entered = drafts.read(MailForm(request.POST))
    actions.choose_mail(
        by=request.user, at=timezone.now(), **entered, version=drafts.version_of(request.POST)
    )
    messages.info(request, "Noted." if entered["wanted"] else "Noted: no mail comes.")
    return redirect("notices")


@drafts.kept("notices")
@require_POST
def choose_chat(request: Request) -> HttpResponse:
    """Let a channel of one's chat be told what the mail of a day tells."""
    said = drafts.read(ChatForm(request.POST))
    service, version = ChatService(said["service"]), drafts.version_of(request.POST)
    actions.choose_chat(
        by=request.user, at=timezone.now(), service=service, url=said["url"].strip(), version=version
    )
    messages.info(request, _from_now_on(service))
    return redirect("notices")


@drafts.flashed("notices")
@require_POST
def leave_chat(request: Request) -> HttpResponse:
    """Tell one's chat nothing any more."""
    actions.leave_chat(by=request.user, at=timezone.now())
    messages.info(request, "The chat is told nothing any more, and its address is forgotten.")
    return redirect("notices")


@drafts.flashed("notices")
@require_POST
def try_chat(request: Request) -> HttpResponse:
    """Send a message to one's chat now, and say what it answered."""
    actions.try_chat(by=request.user, at=timezone.now(), link=partial(_page_of, request))
    messages.info(request, "The test was taken: look into the channel.")
    return redirect("notices")


@drafts.kept("notices")
@require_POST
def choose_team_chat(request: Request) -> HttpResponse:
    """Let a channel of a team be told how much waits for its people."""
    require_leader(request.user)
    said = drafts.read(TeamChatForm(request.POST))
    service = ChatService(said["service"])
    team_chats.choose(
        by=request.user, at=timezone.now(), team_id=said["team"], service=service, url=said["url"].strip()
    )
    messages.info(request, _from_now_on(service))
    return redirect(_teams_part())


@drafts.flashed("notices")
@require_POST
def leave_team_chat(request: Request, team_id: int) -> HttpResponse:
    """Tell the channel of a team nothing any more."""
    team_chats.leave(by=request.user, at=timezone.now(), team_id=team_id)
    messages.info(request, "The channel is told nothing any more, and its address is forgotten.")
    return redirect(_teams_part())


@drafts.flashed("notices")
@require_POST
def try_team_chat(request: Request, team_id: int) -> HttpResponse:
    """Send a message to the channel of a team now, and say what the chat answered."""
    team_chats.try_now(by=request.user, at=timezone.now(), team_id=team_id, link=partial(_page_of, request))
    messages.info(request, "The test was taken: look into the channel.")
    return redirect(_teams_part())


def _from_now_on(service: ChatService) -> str:
    return say("{chat} is told from your hour on. Send a test to see it arrive.", chat=service.label)


def _teams_part() -> str:
    return reverse("notices") + "#teams"


@drafts.flashed("notices")
@require_POST
def be_quiet(request: Request) -> HttpResponse:
    """Leave a kind of line out of one's mails, for a while or for good, or have it told again."""
    kind, how = _kind(request), request.POST.get("how")
    if how == "again":
        actions.tell_again(by=request.user, at=timezone.now(), kind=kind)
    elif how in ("a while", "good"):
        actions.be_quiet(by=request.user, at=timezone.now(), kind=kind, for_good=how == "good")
    else:
        raise Hidden("no such choice")
    messages.info(request, f"{kind.label}: {'told again' if how == 'again' else 'left out'}.")
    return redirect("notices")


@drafts.flashed("notices")
@require_POST
def leave_out_signal(request: Request) -> HttpResponse:
    """Have mails leave a signal out that led to nothing, or tell it again: one's own mails, or everybody's."""
    key, for_all = request.POST.get("signal", ""), request.POST.get("whose") == "all"
    doing = {"out": actions.leave_out_signal, "again": actions.tell_signal_again}.get(
        request.POST.get("how", "")
    )
    if doing is None:
        raise Hidden("no such choice")
    doing(by=request.user, at=timezone.now(), signal=key, for_all=for_all)
    messages.info(request, "Noted. The signal itself goes on, and its page tells it.")
    return redirect(reverse("notices") + "#signals-in-mails")


@drafts.flashed("notices")
@require_POST
def answer(request: Request, digest_id: int) -> HttpResponse:
    """Say whether what a mail told of a kind led to anything."""
    led = {"yes": True, "no": False}.get(request.POST.get("led", ""))
    if led is None:
        raise Hidden("no such answer")
    actions.answer(
        by=request.user, at=timezone.now(), digest_id=digest_id, kind=_kind(request), led_to_something=led
    )
    return redirect("notices")


def _kind(request: Request) -> NoticeKind:
    try:
        return NoticeKind(request.POST.get("kind", ""))
    except ValueError:
        raise Hidden("no such kind") from None


@drafts.flashed("notices")
@require_POST
@once("notices")
def renew_calendar(request: Request) -> HttpResponse:
    """Make a new address for one's calendar, and show it this once."""
    token = actions.renew_calendar(by=request.user, at=timezone.now())
    return _page(request, address=request.build_absolute_uri(reverse("calendar", args=[token])))


@drafts.flashed("notices")
@require_POST
def end_calendar(request: Request) -> HttpResponse:
    """Let the address of one's calendar end."""
    actions.end_calendar(by=request.user, at=timezone.now())
    messages.info(request, "The address does not work any more.")
    return redirect("notices")


@login_not_required
@require_safe
def calendar(request: Request, token: str) -> HttpResponse:
    """The calendar at a secret address, for a program that cannot sign in."""
    found = queries.calendar(token, today=timezone.localdate())
    body = calendars.write(
        found,
        name="Hingepoint",
        at=timezone.now(),
        host=request.get_host(),
        link=lambda entry: _whole(request, entry),
    )
    return HttpResponse(body, content_type="text/calendar; charset=utf-8")


def _whole(request: Request, entry: Entry) -> str:
    return _page_of(request, entry.page, entry.about)


def _page_of(request: Request, page: str, about: tuple[int | str, ...]) -> str:
    return request.build_absolute_uri(reverse(page, args=about))
