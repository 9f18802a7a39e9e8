"""Every change to what stands behind agreements, and asking the customer to confirm one by a link."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import F

from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_of, deals_in_turn
from hingepoint.domain.deals.models import Contact
from hingepoint.domain.people.actions import NotDelivered
from hingepoint.domain.people.models import User
from hingepoint.domain.proof.letters import Letter
from hingepoint.domain.proof.models import (
    AnswerTry,
    Confirmation,
    ConfirmationCode,
    LinkMail,
    Proof,
    random_name,
)
from hingepoint.domain.proof.rules import (
    CODE_HOLDS,
    CODE_TRIES,
    CODES_AN_HOUR,
    CODES_OF_LINK,
    MAIL_TRIES,
    MAILS_A_DAY,
    MAILS_OF_LINK,
    LinkOver,
    address_of_theirs,
    digest_of_code,
    holds,
    is_code,
    letter_of,
    read_token,
)
from hingepoint.domain.turns.actions import action, form, plain_facts, turn
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.errors import Hidden, Refused, TooOften
from hingepoint.records.links import may_be_linked
from hingepoint.records.proof import Answer

MOST_BYTES = 10_000_000
MOST_WORDS = 20_000
#: How long a link works unless somebody says otherwise, and at most.
USUAL_DAYS, MOST_DAYS = 14, 60
#: Answers that one address may try to send within the window.
TRIES, WINDOW = 20, dt.timedelta(minutes=15)


_OFFICE, _OLD_OFFICE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0",)
#: ending -> how such a file begins; empty: any text without zero bytes
KINDS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "docx": _OFFICE,
    "xlsx": _OFFICE,
    "pptx": _OFFICE,
    "odt": _OFFICE,
    "ods": _OFFICE,
    "msg": _OLD_OFFICE,
    "eml": (),
    "txt": (),
    "ics": (),
}


class NoProof(Refused):
    """There is nothing in it, too much of it, or it is not what it says. ``field`` says where."""

    def __init__(self, field: str, words: str):
        super().__init__(words, field=field)


class NotComplete(Refused):
    """A customer is asked about an act, a person and a date; ``missing`` names what is not there."""

    def __init__(self, missing: tuple[str, ...]):
        self.missing = missing
        super().__init__(f"Write down first: {', '.join(missing)}.")


class NotTheCustomer(Refused):
    """Somebody of ours opened the link: only the customer's own answer is the customer's word."""


class WordsMissing(Refused):
    """A correction and a no say why."""

    field = "words"


class NoAddress(Refused):
    """Nobody knows where this customer reads mail, so no code can be mailed."""


class WrongCode(Refused):
    """It is not the code that was mailed, or its time is over."""

    field = "code"


class TooManyCodes(TooOften):
    """Enough codes were mailed for this link."""


class TooManyMails(TooOften):
    """They had enough mails from us."""


class TooManyAnswers(TooOften):
    """Too many answers from one address; wait a quarter of an hour."""


# ---- link, words, file ----


def check_file(name: str, size: int, head: bytes) -> None:
    """Raise NoProof unless a file of this name, size and first bytes may be kept."""
    ending = PurePath(name).suffix.lower().lstrip(".")
    if ending not in KINDS:
        raise NoProof(
            "file", f"Files may be {', '.join(sorted(KINDS))}. This one is {ending or 'without ending'}."
        )
    if not 0 < size <= MOST_BYTES:
        raise NoProof("file", f"A file holds up to {MOST_BYTES // 1_000_000} MB, and not nothing.")
    begins = KINDS[ending]
    if not (head.startswith(begins) if begins else b"\x00" not in head):
        raise NoProof("file", f"This file says it is {ending}, but it does not begin like one.")


def check_link(link: str) -> None:
    """Raise NoProof for anything but a web address: a link is opened by colleagues."""
    if not may_be_linked(link):
        raise NoProof("link", "A link begins with https:// or http://.")


def attach(
    *,
    by: User | None,
    at: dt.datetime,
    agreement_id: int,
    strength: Evidence | None = None,
    link: str = "",
    words: str = "",
    file: File | None = None,
    said_by: str = "",
    token: str = "",
) -> list[Proof]:
    """Put a link, words and a file behind an agreement, each on its own; as strong as the agreement's evidence
    unless ``strength`` says otherwise. ``token``: of the form it came with. Raises Hidden or NoProof."""
    given = _given(link=link.strip(), words=words.strip(), file=file)
    with _files_first(given) as kept:
        return _attach(
            by=by,
            at=at,
            agreement_id=agreement_id,
            given=kept,
            strength=strength,
            said_by=said_by,
            token=token,
        )


def take_step_with_proof(
    *,
    by: User,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    step: agreements.Step,
    proof: Mapping[str, Any],
    expected_version: int | None = None,
    token: str = "",
) -> Agreement:
    """Take a step and put behind it what proves it (link, words, file, as far as given): both or neither.

    Raises what ``agreements.take_step`` and ``attach`` raise.
    """
    given = _given(**({"link": "", "words": "", "file": None} | dict(proof))) if proof else []
    about = {"by": by, "at": at, "token": token}
    with _files_first(given) as kept:
        return _step_and_attach(
            about,
            deal_id=deal_id,
            type_key=type_key,
            step=step,
            given=kept,
            expected_version=expected_version,
        )


@action
def _step_and_attach(about: dict[str, Any], *, given: list[dict], **taken: Any) -> Agreement:
    agreement = agreements.take_step(**about, **taken)
    if given:
        _attach(**about, agreement_id=agreement.pk, given=given)
    return agreement


@contextmanager
def _files_first(given: list[dict]) -> Iterator[list[dict]]:
    """Write files before the transaction that speaks of them, and remove them again if it fails: a full disk
    then leaves neither a row without its file nor a file without its row."""
    storage = Proof._meta.get_field("file").storage
    kept, written = [], []
    try:
        for one in given:
            if "file" in one:
                written.append(storage.save(random_name(None, one["name"]), one["file"]))
                one = one | {"file": written[-1]}
            kept.append(one)
        yield kept
    except BaseException:
        for name in written:
            storage.delete(name)
        raise


@action
def _attach(
    *,
    by: User | None,
    at: dt.datetime,
    agreement_id: int,
    given: list[dict],
    strength: Evidence | None = None,
    said_by: str = "",
    token: str = "",
) -> list[Proof]:
    rows = Agreement.objects.filter(pk=agreement_id)
    deal_of(by, rows)
    agreement = rows.get()
    told = [(name, value) for one in given for name, value in one.items() if name != "file"]
    sent = form(by, token, "proof", agreement_id, *plain_facts(told))
    if known := sent.made(Proof.objects.all()):
        _forget_files(given)
        return [known]
    strong = Evidence(agreement.evidence) if strength is None else strength
    facts = {"strength": strong, "added_by": by, "added_at": at, "said_by": said_by}
    made = [Proof.objects.create(agreement=agreement, **facts, **one) for one in given]
    for proof in made:
        changes = {"proof": [None, proof.link or proof.name or "words"]}
        record(by=by, at=at, action="attach", subject="agreement", subject_id=agreement.pk, changes=changes)
    sent.keep(made[0], at=at)
    return made


def _forget_files(given: list[dict]) -> None:
    """Remove files of a form that was sent before: they are kept from the first time."""
    storage = Proof._meta.get_field("file").storage
    for one in given:
        if name := one.get("file"):
            transaction.on_commit(partial(storage.delete, name))


def _given(*, link: str, words: str, file: File | None) -> list[dict]:
    if not (link or words or file):
        raise NoProof("words", "Paste their words, give a link, or choose a file.")
    if len(words) > MOST_WORDS:
        raise NoProof("words", f"Up to {MOST_WORDS:,} characters; put more into a file.")
    if link:
        check_link(link)
    called = (file.name or "") if file else ""
    if file:
        check_file(called, file.size, head_of(file))
    return [
        *([{"link": link}] if link else []),
        *([{"words": words}] if words else []),
        *([{"file": file, "name": PurePath(called).name[-200:], "size": file.size}] if file else []),
    ]


def head_of(file: File) -> bytes:
    """Return the first bytes of a file and leave it at its beginning."""
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    return head


@action
def withdraw(*, by: User | None, at: dt.datetime, proof_id: int) -> Agreement:
    """Take a proof away that was attached by mistake. What the customer wrote themselves stays.

    Raises Hidden or NoProof.
    """
    rows = Proof.objects.filter(pk=proof_id)
    deal_of(by, rows, "agreement__deal_id")
    proof = rows.select_related("agreement").first()
    if proof is None:
        raise Hidden("It was taken away a moment ago.")
    if proof.said_by:
        raise NoProof("words", "What the customer wrote stays.")
    record(
        by=by,
        at=at,
        action="withdraw",
        subject="agreement",
        subject_id=proof.agreement_id,
        changes={"proof": [proof.link or proof.name or "words", None]},
    )
    if name := proof.file.name:
        transaction.on_commit(partial(proof.file.storage.delete, name))
    proof.delete()
    return proof.agreement


# ---- the customer confirms by a link ----


@action
def ask_customer(*, by: User, at: dt.datetime, agreement_id: int, days: int = USUAL_DAYS) -> Confirmation:
    """Make a link by which the customer confirms an agreement; an earlier one stops working.

    Raises Hidden, or NotComplete while act, person or date is not written down.
    """
    rows = Agreement.objects.filter(pk=agreement_id)
    deal_of(by, rows)
    agreement = rows.select_related("person").get()
    facts = {
        "act": agreement.act,
        "person_name": agreement.person.name if agreement.person else agreement.person_name,
        "due_on": agreement.due_on,
    }
    if missing := tuple(_CALLED[name] for name, value in facts.items() if not value):
        raise NotComplete(missing)
    agreement.confirmations.waiting(at).update(revoked_at=at)
    expires_at = at + dt.timedelta(days=max(1, min(days, MOST_DAYS)))
    asked = Confirmation.objects.create(
        agreement=agreement,
        asked_by=by,
        asked_at=at,
        expires_at=expires_at,
        mail_to=address_of_theirs(agreement.person),
        **facts,
    )
    record(
        by=by,
        at=at,
        action="ask customer",
        subject="agreement",
        subject_id=agreement.pk,
        changes={"link until": [None, expires_at.date()]},
    )
    return asked


_CALLED = {"act": "what they will do", "person_name": "who", "due_on": "by when"}


@action
def revoke(*, by: User, at: dt.datetime, confirmation_id: int) -> Confirmation:
    """Make a link stop working. Raises Hidden or LinkOver."""
    rows = Confirmation.objects.filter(pk=confirmation_id)
    deal_of(by, rows, "agreement__deal_id")
    asked = rows.select_related("agreement").get()
    if asked.answered_at or asked.revoked_at:
        raise LinkOver("It was answered or revoked already.")
    asked.revoked_at = at
    asked.save(update_fields=["revoked_at"])
    record(by=by, at=at, action="revoke link", subject="agreement", subject_id=asked.agreement_id)
    return asked


@action
def note_try(*, address: str, at: dt.datetime, most: int = TRIES) -> None:
    """Count an answer that comes from an address, of at most ``most``, and forget those outside the window.

    Raises TooManyAnswers.
    """
    AnswerTry.objects.filter(at__lte=at - WINDOW).delete()
    if AnswerTry.objects.filter(address=address[:45]).count() >= most:
        raise TooManyAnswers("Too many answers from here. Wait a quarter of an hour, then try again.")
    AnswerTry.objects.create(address=address[:45], at=at)


@action
def answer(
    *,
    by: User | None,
    at: dt.datetime,
    token: str,
    answer: Answer,
    words: str = "",
    address: str = "",
    where_we_work: bool = False,
    verified: bool = False,
) -> Confirmation:
    """Take the customer's answer: it becomes evidence, and the agreement moves with it.

    Confirmed is gained, declined is declined; corrected leaves the state to the seller, who reads the
    words. It counts as written by them where a mailed code came with it (``verified``: ``try_code`` said yes), else as told.
    ``where_we_work``: it came from a browser in which one of us had signed in. ``by`` is who is signed in: nobody, or
    NotTheCustomer is raised. Raises LinkOver or WordsMissing.
    """
    confirmation = _to_answer(by=by, at=at, token=token)
    words = words.strip()[:MOST_WORDS]
    if not words and answer != Answer.CONFIRMED:
        raise WordsMissing("Say in a few words what is different.")
    confirmation.answered_at, confirmation.answer, confirmation.words = at, answer, words
    confirmation.answered_from = address[:45]
    confirmation.answered_where_we_work, confirmation.verified = where_we_work, verified
    confirmation.save()
    agreement = confirmation.agreement
    agreements.take_step(
        by=None,
        at=at,
        deal_id=agreement.deal_id,
        type_key=agreement.type.key,
        step=_said(confirmation, at),
        origin="link",
    )
    attach(
        by=None,
        at=at,
        agreement_id=agreement.pk,
        strength=_strength(confirmation),
        words=_as_evidence(confirmation),
        said_by=confirmation.person_name,
    )
    return confirmation


def _to_answer(*, by: User | None, at: dt.datetime, token: str) -> Confirmation:
    """Return what a link asks, in turn with all who change its deal. Raises NotTheCustomer and LinkOver."""
    if by is not None:
        raise NotTheCustomer("Only the customer answers here, and you are signed in. The link stays valid.")
    asked = Confirmation.objects.filter(pk=read_token(token))
    deals_in_turn(asked.values_list("agreement__deal_id", flat=True))
    confirmation = asked.waiting(at).select_related("agreement__type").first()
    if confirmation is None:
        raise LinkOver("This link is over: it was answered, withdrawn, or its time has passed.")
    return confirmation


def _said(confirmation: Confirmation, at: dt.datetime) -> agreements.Step:
    """Return the step that an answer is."""
    state = _state_after(confirmation)
    confirmed = confirmation.answer == Answer.CONFIRMED
    return agreements.Step(
        state=state,
        occurred_at=at,
        act=confirmation.act if confirmed else None,
        person_name=confirmation.person_name,
        due_on=confirmation.due_on if confirmed else None,
        evidence=_evidence_after(confirmation),
        reason=confirmation.words if state == AgreementState.DECLINED else None,
        points_met=sorted({*confirmation.agreement.points_met, "tested"}) if confirmed else None,
        note=_as_evidence(confirmation),
    )


def _strength(confirmation: Confirmation) -> Evidence:
    return Evidence.WRITTEN if confirmation.verified else Evidence.TOLD


def _evidence_after(confirmation: Confirmation) -> Evidence:
    """Return how strong the agreement's evidence is with the answer: a yes adds to what there was."""
    strength = _strength(confirmation)
    if confirmation.answer == Answer.CONFIRMED:
        return max(strength, Evidence(confirmation.agreement.evidence))
    return strength


def _state_after(confirmation: Confirmation) -> AgreementState:
    now = AgreementState(confirmation.agreement.state)
    if confirmation.answer == Answer.DECLINED:
        return AgreementState.DECLINED
    if confirmation.answer == Answer.CONFIRMED:
        return now if now in STANDING else AgreementState.GAINED
    return AgreementState.ASKED if now in WAITING else now


def _as_evidence(confirmation: Confirmation) -> str:
    """Return the answer as it stands in the history: what was said, how it came, and whether who sent it was checked."""
    if confirmation.verified:
        checked = f"verified by a code mailed to {confirmation.mail_to}"
    else:
        checked = "not verified"
    place = ", in a browser in which one of us had signed in" if confirmation.answered_where_we_work else ""
    told = f"{confirmation.person_name} {confirmation.answer} by link, {checked}{place}"
    return f"{told}: {confirmation.words or confirmation.act}"


# ---- the link goes out by mail ----


@action
def mail_link(*, by: User, at: dt.datetime, confirmation_id: int, page: str) -> LinkMail:
    """Have a link mailed to whoever it asks, in the background. ``page`` is what the link begins with.

    Raises Hidden, LinkOver, NoAddress or TooManyMails.
    """
    from hingepoint.domain.proof.tasks import send_links  # it calls back

    rows = Confirmation.objects.filter(pk=confirmation_id)
    deal_of(by, rows, "agreement__deal_id")
    asked = rows.waiting(at).select_related("agreement").first()
    if asked is None:
        raise LinkOver("This link is over. Make a new one.")
    if not asked.mail_to:
        raise NoAddress("No address of theirs is known. Copy the link into a mail of your own.")
    turn(Contact.objects.all(), pk=asked.agreement.person_id)  # all who mail this person wait here
    _require_few_mails(asked, at)
    mail = LinkMail.objects.create(confirmation=asked, page=page, asked_at=at)
    changes = {"to": asked.mail_to}
    record(
        by=by, at=at, action="mail link", subject="agreement", subject_id=asked.agreement_id, changes=changes
    )
    transaction.on_commit(send_links.enqueue)
    return mail


def _require_few_mails(asked: Confirmation, at: dt.datetime) -> None:
    """Raise TooManyMails where one more would pester; those that were given up do not count."""
    mails = LinkMail.objects.exclude(sent_at=None, tries__gte=MAIL_TRIES)
    of_link = mails.filter(confirmation=asked)
    if of_link.filter(sent_at=None).exists():
        raise TooManyMails("The mail is on its way already.")
    if of_link.count() >= MAILS_OF_LINK:
        raise TooManyMails(f"This link was mailed {MAILS_OF_LINK} times. Call them, or copy it yourself.")
    lately = mails.filter(confirmation__mail_to=asked.mail_to, asked_at__gt=at - dt.timedelta(days=1)).count()
    if lately >= MAILS_A_DAY:
        raise TooManyMails(f"{asked.mail_to} had {MAILS_A_DAY} mails within a day. Wait until tomorrow.")


def send_waiting_links(*, at: dt.datetime, send: Callable[[Letter], None]) -> int:
    """Mail the links that wait and still ask; return how many went out. ``send`` raises NotDelivered where this one is not taken,
    which ends it, or OSError where the mail server cannot be used: then it is tried again. Bears being run twice."""
    open_links = Confirmation.objects.waiting(at)
    rows = LinkMail.objects.filter(sent_at=None, tries__lt=MAIL_TRIES, confirmation__in=open_links)
    rows = rows.select_related("confirmation__asked_by").order_by("id")
    return sum(_send_link(row, at=at, send=send) for row in rows)


def _send_link(row: LinkMail, *, at: dt.datetime, send: Callable[[Letter], None]) -> int:
    mine = LinkMail.objects.filter(pk=row.pk, sent_at=None)
    if not mine.filter(tries=row.tries).update(tries=row.tries + 1):  # another worker is at it
        return 0
    try:
        send(letter_of(row.confirmation, page=row.page))
    except NotDelivered as error:
        mine.update(problem=str(error)[:300], tries=MAIL_TRIES)
        return 0
    except OSError as error:
        mine.update(problem=str(error)[:300] or "The mail server cannot be used.")
        return 0
    return mine.update(sent_at=at, problem="")


# ---- a code by mail shows that it is the customer ----


@action
def ask_for_code(*, by: User | None, at: dt.datetime, token: str) -> ConfirmationCode:
    """Let a code be mailed to whoever a link asks; an earlier one stops working.

    Raises NotTheCustomer, LinkOver, NoAddress or TooManyCodes.
    """
    from hingepoint.domain.proof.tasks import send_codes  # it calls back

    confirmation = _to_answer(by=by, at=at, token=token)
    if not confirmation.mail_to:
        raise NoAddress("We know no address of yours to mail a code to. Your answer counts without one.")
    codes = confirmation.codes.all()
    lately = codes.filter(asked_at__gt=at - dt.timedelta(hours=1)).count()
    if lately >= CODES_AN_HOUR or codes.count() >= CODES_OF_LINK:
        raise TooManyCodes("Enough codes were mailed. Wait an hour, or answer without one.")
    code = ConfirmationCode.objects.create(confirmation=confirmation, asked_at=at)
    record(by=by, at=at, action="ask for code", subject="agreement", subject_id=confirmation.agreement_id)
    transaction.on_commit(send_codes.enqueue)
    return code


@action
def try_code(*, at: dt.datetime, token: str, typed: str) -> bool:
    """Return whether ``typed`` is the newest code mailed for a link; each try counts. Raises LinkOver."""
    code = ConfirmationCode.objects.filter(confirmation_id=read_token(token)).first()
    if code is None or not holds(code, at):
        return False
    counted = ConfirmationCode.objects.filter(pk=code.pk, tries__lt=CODE_TRIES).update(tries=F("tries") + 1)
    return bool(counted) and is_code(code, typed)


def send_waiting_codes(*, at: dt.datetime, send: Callable[[str, str, dt.datetime], None]) -> int:
    """Mail the codes that wait; return how many went out. ``send`` takes address, code and until when it holds, and raises
    NotDelivered or OSError; why is kept with the code. Bears being run twice."""
    sent = 0
    waiting = ConfirmationCode.objects.filter(sent_at=None, problem="", asked_at__gt=at - CODE_HOLDS)
    for code in waiting.select_related("confirmation").order_by("id"):
        secret = f"{secrets.randbelow(1_000_000):06}"
        mine = ConfirmationCode.objects.filter(pk=code.pk, sent_at=None)
        mine.update(digest=digest_of_code(code, secret))
        try:
            send(code.confirmation.mail_to, secret, code.asked_at + CODE_HOLDS)
        except (NotDelivered, OSError) as error:
            mine.update(problem=str(error)[:300] or "The mail server cannot be used.")
        else:
            sent += mine.update(sent_at=at)
    return sent
