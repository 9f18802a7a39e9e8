"""Every answer about what stands behind agreements, and what a customer sees of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.files import File

from hingepoint.domain.people.models import works_here
from hingepoint.domain.proof.letters import Letter
from hingepoint.domain.proof.models import Confirmation, LinkMail, Proof
from hingepoint.domain.proof.rules import MAIL_TRIES, LinkOver, holds, letter_of, masked, read_token, token_of
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One piece of evidence behind an agreement, newest first. ``name`` is what its file was called."""

    id: int
    strength: int
    link: str
    words: str
    name: str
    size: int
    said_by: str
    added_by: str
    added_at: dt.datetime


@dataclass(frozen=True, slots=True)
class MailLine:
    """A link went out by mail, or is to: ``given_up`` where the mail server did not take it, ``problem`` says why."""

    asked_at: dt.datetime
    sent_at: dt.datetime | None
    problem: str
    given_up: bool


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A customer was asked by a link. ``token`` is empty once the link is over, and so is ``letter``: the mail that
    would bring it. ``mails``: those that did, the newest first."""

    id: int
    token: str
    act: str
    person_name: str
    due_on: dt.date
    asked_by: str
    asked_at: dt.datetime
    expires_at: dt.datetime
    answer: str
    answered_at: dt.datetime | None
    revoked: bool
    words: str
    answered_from: str  # the address
    answered_where_we_work: bool  # in a browser in which one of us had signed in
    mail_to: str  # where a code can be mailed, if anywhere
    verified: bool  # by such a code
    letter: Letter | None
    mails: tuple[MailLine, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a customer sees by a link: the words they are asked about, and who asks."""

    act: str
    person_name: str
    due_on: dt.date
    asked_by: str
    expires_on: dt.date
    answer: str  # what they answered, if they did
    answered_at: dt.datetime | None
    mail_to: str  # where a code can be mailed, all but its beginning and its end left out
    code: str  # how far a code is that still holds: "", "waiting", "sent" or "failed"


def proofs(viewer: Any, agreement_id: int | None) -> list[ProofLine]:
    """Return what stands behind an agreement that ``viewer`` may see."""
    if not works_here(viewer) or agreement_id is None:
        return []
    rows = Proof.objects.visible_to(viewer).filter(agreement_id=agreement_id).select_related("added_by")
    return [
        ProofLine(
            row.pk,
            row.strength,
            row.link,
            row.words,
            row.name,
            row.size,
            row.said_by,
            row.added_by.name if row.added_by else "",
            row.added_at,
        )
        for row in rows
    ]


def proof_file(viewer: Any, proof_id: int) -> tuple[File, str]:
    """Return a file and what it was called. Raises Hidden for who does not see its deal."""
    proof = Proof.objects.visible_to(viewer).filter(pk=proof_id).exclude(file="").first()
    if proof is None:
        raise Hidden("no such file")
    return proof.file, proof.name


def links(viewer: Any, agreement_id: int | None, *, at: dt.datetime, page: str = "") -> list[LinkLine]:
    """Return how often the customer was asked by a link, newest first. ``page`` is what links begin with."""
    if not works_here(viewer) or agreement_id is None:
        return []
    rows = Confirmation.objects.visible_to(viewer).filter(agreement_id=agreement_id)
    return [_link_line(row, at, page) for row in rows.select_related("asked_by").prefetch_related("mails")]


def _link_line(row: Confirmation, at: dt.datetime, page: str) -> LinkLine:
    over = row.answered_at or row.revoked_at or row.expires_at <= at
    return LinkLine(
        id=row.pk,
        token="" if over else token_of(row),
        act=row.act,
        person_name=row.person_name,
        due_on=row.due_on,
        asked_by=row.asked_by.name,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        answer=row.answer,
        answered_at=row.answered_at,
        revoked=row.revoked_at is not None,
        words=row.words,
        answered_from=row.answered_from,
        answered_where_we_work=row.answered_where_we_work,
        mail_to=row.mail_to,
        verified=row.verified,
        letter=None if over or not row.mail_to else letter_of(row, page=page),
        mails=tuple(map(_mail_line, row.mails.all())),
    )


def _mail_line(row: LinkMail) -> MailLine:
    given_up = row.sent_at is None and row.tries >= MAIL_TRIES
    return MailLine(row.asked_at, row.sent_at, row.problem, given_up)


def agreement_of_link(viewer: Any, confirmation_id: int) -> tuple[int, int]:
    """Return the deal and the type of the agreement a link is about. Raises Hidden."""
    row = (
        Confirmation.objects.visible_to(viewer).filter(pk=confirmation_id).select_related("agreement").first()
    )
    if row is None:
        raise Hidden("no such link")
    return row.agreement.deal_id, row.agreement.type_id


def asked(token: str, *, at: dt.datetime) -> Asked | None:
    """Return what the customer is asked; None for a link that is over or was never one.

    The link is the permission: there is no viewer. An answered one shows its answer until it expires.
    """
    try:
        number = read_token(token)
    except LinkOver:
        return None
    found = Confirmation.objects.filter(pk=number, revoked_at__isnull=True, expires_at__gt=at)
    row = found.select_related("asked_by").first()
    if row is None:
        return None
    return Asked(
        act=row.act,
        person_name=row.person_name,
        due_on=row.due_on,
        asked_by=row.asked_by.name,
        expires_on=row.expires_at.date(),
        answer=row.answer,
        answered_at=row.answered_at,
        mail_to=masked(row.mail_to),
        code=_code_state(row, at),
    )


def _code_state(row: Confirmation, at: dt.datetime) -> str:
    newest = row.codes.first()
    if newest is None or not holds(newest, at):
        return ""
    return "failed" if newest.problem else "sent" if newest.sent_at else "waiting"
