"""Sponsorship: what sponsors promised and did, and what they write to everybody."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hingepoint.domain.home.queries import then
from hingepoint.domain.sponsorship import actions, rules
from hingepoint.domain.sponsorship.queries import board
from hingepoint.domain.sponsorship.queries import messages as written
from hingepoint.records.errors import Hidden
from hingepoint.web import drafts, past
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, wants_piece
from hingepoint.web.sent import token_of
from hingepoint.web.sign_in import may_mail


@require_GET
@for_sellers_and_leaders
def sponsorship(request: Request) -> HttpResponse:
    """What sponsors promised and did, their messages, and what followed on deals they joined."""
    context = {
        "board": board.board(request.user, today=timezone.localdate()),
        "weeks": board.LATELY.days // 7,
        "may_write": rules.may_write(request.user),
    }
    return render(request, "sponsorship/sponsorship.html", context)


@require_GET
@for_sellers_and_leaders
def sponsorship_now(request: Request) -> HttpResponse:
    """A line for each sponsor, today or as of a past day. The page of a strategy fetches it as a piece; by itself it is a page."""
    wanted, piece = past.asked(request), request.htmx.target == "sponsorship-now"
    told = then.told(request.user, then.SPONSORS, wanted.day) if wanted.day else None
    if wanted.day and told is None:
        return past.nothing(request, wanted, then.SPONSORS)
    context = past.shown(wanted, told) | {
        "sponsors": told.answer if told else board.sponsors(request.user, today=timezone.localdate()),
        "weeks": board.LATELY.days // 7,
    }
    return render(request, f"sponsorship/{'_now' if piece else 'now'}.html", context)


class MessageForm(forms.Form):
    subject = forms.CharField(max_length=120)
    text = forms.CharField(max_length=4000)


@drafts.kept()
def new_message(request: Request) -> HttpResponse:
    """Write to everybody: it begins with what is known, and nothing goes out before it is sent."""
    if not rules.may_write(request.user):
        raise Hidden("not theirs to write")
    if request.method != "POST":
        return _message_form(request)
    read = drafts.read(MessageForm(request.POST))
    sent = actions.send(
        by=request.user, at=timezone.now(), **read, token=token_of(request), by_mail=may_mail()
    )
    messages.info(request, "Sent. Everybody finds it on their first page.")
    return redirect("message", sent.pk)


def _message_form(request: Request) -> HttpResponse:
    draft = drafts.of(request)
    begin = written.template(request.user, today=timezone.localdate())
    said = draft.over({"subject": begin.subject, "text": begin.text})
    context = {"draft": draft, "said": said, "problems": draft.problems, "mails": may_mail()}
    return render(request, "sponsorship/write.html", context)


@require_GET
def message(request: Request, message_id: int) -> HttpResponse:
    """One message, and how many read it."""
    return render(
        request, "sponsorship/message.html", {"page": written.message_page(request.user, message_id)}
    )


@require_GET
def unread(request: Request) -> HttpResponse:
    """The newest message that the reader has not read. Home fetches it as a piece; by itself it is a page."""
    piece = wants_piece(request, "unread-message")
    context = {"page": written.unread(request.user, now=timezone.now())}
    return render(request, f"sponsorship/{'_unread' if piece else 'unread'}.html", context)


@require_POST
def read_message(request: Request, message_id: int) -> HttpResponse:
    """Say that one has read a message. The piece of home is answered by the next one."""
    actions.read(by=request.user, at=timezone.now(), message_id=message_id)
    if request.htmx.target == "unread-message":
        return render(
            request, "sponsorship/_unread.html", {"page": written.unread(request.user, now=timezone.now())}
        )
    messages.info(request, "Read. The sender sees how many did, not who.")
    return redirect("message", message_id)
