"""What stands behind an agreement: links, words and files; and the customer's own yes, by a link."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hingepoint.domain.agreements.queries import agreement_page
from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.proof import actions, queries
from hingepoint.records.errors import Hidden
from hingepoint.records.proof import Answer
from hingepoint.web import clients, cookies, drafts
from hingepoint.web.requests import Request, whole_number
from hingepoint.web.sent import once, token_of
from hingepoint.web.sign_in import WORKS_HERE, may_mail

ACCEPTS = ",".join(f".{ending}" for ending in actions.KINDS)


class ProofForm(forms.Form):
    """Link, words and file, each optional; what cannot be kept is named in its place."""

    proof_link = forms.CharField(required=False, max_length=1000)
    proof_words = forms.CharField(required=False, max_length=actions.MOST_WORDS)
    proof_file = forms.FileField(required=False)

    def clean_proof_link(self) -> str:
        link = self.cleaned_data["proof_link"].strip()
        if link:
            _in_words(actions.check_link, link)
        return link

    def clean_proof_file(self) -> Any:
        file = self.cleaned_data["proof_file"]
        if file:
            _in_words(actions.check_file, file.name, file.size, actions.head_of(file))
        return file

    def given(self) -> dict[str, Any]:
        """Return what to attach; empty when nothing was given."""
        found = {name: self.cleaned_data[f"proof_{name}"] for name in ("link", "words", "file")}
        return {name: value for name, value in found.items() if value}


def _in_words(check: Any, *facts: Any) -> None:
    try:
        check(*facts)
    except actions.NoProof as refused:
        raise forms.ValidationError(str(refused)) from None


def _where_we_work(request: HttpRequest) -> bool:
    """Return whether one of us has signed in in this browser; by the old name, before cookies said that https set them."""
    return not request.COOKIES.keys().isdisjoint({WORKS_HERE, cookies.named(WORKS_HERE)})


def behind(request: Request, page: agreement_page.AgreementPage) -> dict[str, Any]:
    """Return what an agreement's page shows of its proof and of the links to the customer."""
    if page.line is None:
        return {"proofs": [], "links": [], "accepts": ACCEPTS, "mails": may_mail()}
    return {
        "proofs": queries.proofs(request.user, page.line.id),
        "links": _links(request, page.line.id) if page.may_step else [],
        "accepts": ACCEPTS,
        "mails": may_mail(),
        "host": f"{request.scheme}://{request.get_host()}",
    }


def _links(request: Request, agreement_id: int) -> list[queries.LinkLine]:
    return queries.links(request.user, agreement_id, at=timezone.now(), page=_begin_of_links(request))


def _begin_of_links(request: Request) -> str:
    return request.build_absolute_uri(reverse("confirm", args=["-"])).removesuffix("-")


def _line(request: Request, deal_id: int, type_id: int) -> AgreementLine:
    """Return the agreement that something is to be put behind. Raises Hidden."""
    page = agreement_page.agreement_page(request.user, deal_id, type_id, today=timezone.localdate())
    if page.line is None or not page.may_step:
        raise Hidden("nothing to prove yet")
    return page.line


@drafts.kept(
    "agreement",
    "deal_id",
    "type_id",
    fields={"link": "proof_link", "words": "proof_words", "file": "proof_file"},
)
@require_POST
def add_proof(request: Request, deal_id: int, type_id: int):
    """Put a link, words or a file behind an agreement."""
    line = _line(request, deal_id, type_id)
    form = ProofForm(request.POST, request.FILES)
    drafts.read(form)
    actions.attach(
        by=request.user,
        at=timezone.now(),
        agreement_id=line.id,
        **form.given(),
        token=token_of(request),
    )
    return redirect("agreement", deal_id=deal_id, type_id=type_id)


@drafts.flashed("agreement", "deal_id", "type_id")
@require_POST
def withdraw_proof(request: Request, deal_id: int, type_id: int, proof_id: int):
    """Take a proof away that was attached by mistake."""
    line = _line(request, deal_id, type_id)
    if proof_id not in {proof.id for proof in queries.proofs(request.user, line.id)}:
        raise Hidden("no such proof")
    actions.withdraw(by=request.user, at=timezone.now(), proof_id=proof_id)
    return redirect("agreement", deal_id=deal_id, type_id=type_id)


@require_GET
def proof_file(request: Request, proof_id: int):
    """Hand a file to whoever sees its deal; it is saved, never shown in the page."""
    file, name = queries.proof_file(request.user, proof_id)
    response = FileResponse(
        file.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@drafts.flashed("agreement", "deal_id", "type_id")
@require_POST
@once()
def ask_customer(request: Request, deal_id: int, type_id: int):
    """Make a link by which the customer confirms; an earlier one stops working."""
    line = _line(request, deal_id, type_id)
    days = whole_number(request.POST.get("days"))
    actions.ask_customer(
        by=request.user,
        at=timezone.now(),
        agreement_id=line.id,
        days=actions.USUAL_DAYS if days is None else days,
    )
    messages.info(request, "The link is on this page; nothing was sent yet.")
    return redirect("agreement", deal_id=deal_id, type_id=type_id)


@drafts.flashed("agreement", "deal_id", "type_id")
@require_POST
@once()
def mail_link(request: Request, deal_id: int, type_id: int, confirmation_id: int):
    """Have a link mailed to the customer whom it asks."""
    line = _line(request, deal_id, type_id)
    if not may_mail() or confirmation_id not in {one.id for one in _links(request, line.id)}:
        raise Hidden("no such link, or no mail goes out")
    page = _begin_of_links(request)
    actions.mail_link(by=request.user, at=timezone.now(), confirmation_id=confirmation_id, page=page)
    messages.info(request, "The mail is on its way. This page says when the mail server took it.")
    return redirect("agreement", deal_id=deal_id, type_id=type_id)


@require_POST
def revoke_link(request: Request, confirmation_id: int):
    """Make a link to the customer stop working."""
    deal_id, type_id = queries.agreement_of_link(request.user, confirmation_id)
    try:
        actions.revoke(by=request.user, at=timezone.now(), confirmation_id=confirmation_id)
    except actions.LinkOver as over:
        messages.error(request, str(over))
    else:
        messages.info(request, "The link does not work any more.")
    return redirect("agreement", deal_id=deal_id, type_id=type_id)


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        choices=Answer.choices,
        error_messages={
            "required": "Choose one of the three answers.",
            "invalid_choice": "Choose one of the three answers.",
        },
    )
    words = forms.CharField(required=False, max_length=5000)
    code = forms.CharField(required=False, max_length=20)


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str):
    """What a customer sees by a link: one agreement, in the words they are asked about. No account; whoever
    has one here sees what the customer sees, and cannot answer."""
    asked = queries.asked(token, at=timezone.now())
    if asked is None:
        return _confirm_page(request, token, None, status=404)
    if request.method == "POST" and not asked.answer:
        return _answer(request, token, asked)
    return _confirm_page(request, token, asked)


def _answer(request: HttpRequest, token: str, asked: queries.Asked) -> HttpResponse:
    at, address = timezone.now(), clients.counted_address(request)
    by = request.user if request.user.is_authenticated else None
    if by is None:
        actions.note_try(address=address, at=at)
    told = drafts.read(AnswerForm(request.POST))
    verified = by is None and _code_is_right(token, told["code"], at)
    try:
        actions.answer(
            by=by,
            at=at,
            token=token,
            answer=Answer(told["answer"]),
            words=told["words"],
            address=address,
            where_we_work=_where_we_work(request),
            verified=verified,
        )
    except actions.NotTheCustomer:
        return _confirm_page(request, token, asked, status=403)
    except actions.LinkOver:
        return _confirm_page(request, token, None, status=404)
    return redirect("confirm", token=token)


def _code_is_right(token: str, code: str, at: dt.datetime) -> bool:
    """Return whether a code came along. Raises WrongCode for one that is not the one we mailed."""
    if not code.strip():
        return False
    if not actions.try_code(at=at, token=token, typed=code):
        raise actions.WrongCode(
            "This is not the newest code we mailed, or its time is over. Ask for another, or leave this empty."
        )
    return True


@drafts.kept("confirm", "token", follow_next=False)
@login_not_required
@require_POST
def ask_for_code(request: HttpRequest, token: str):
    """Mail a code to the customer whom a link asks: an answer that comes with it is verified."""
    if not may_mail() or request.user.is_authenticated:
        raise Hidden("nobody to mail a code to")
    at = timezone.now()
    actions.note_try(address=clients.counted_address(request), at=at)
    actions.ask_for_code(by=None, at=at, token=token)
    return redirect("confirm", token=token)


def _confirm_page(
    request: HttpRequest, token: str, asked: queries.Asked | None, *, status: int = 200
) -> HttpResponse:
    draft = drafts.of(request)
    context = {
        "asked": asked,
        "draft": draft,
        "said": draft.over(drafts.blank(AnswerForm)),
        "problems": draft.problems,
        "token": token,
        "mails": may_mail(),
        "asking": drafts.of(request, reverse("ask-for-code", args=[token])),
    }
    response = render(request, "proof/confirm.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
