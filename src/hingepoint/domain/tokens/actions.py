"""Making and revoking tokens, and keeping answers to requests that may come twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User, sees_all, works_here
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.tokens import rules
from hingepoint.domain.tokens.models import SentRequest, Token
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.languages import reason
from hingepoint.records.people import Role
from hingepoint.records.tokens import SCOPES


class NothingAllowed(Refused):
    """A token may do something that there is."""

    field = "scopes"


class NotSoLong(Refused):
    """A token ends, within a year."""

    field = "days"


class NameMissing(Refused):
    """A token has a name, by which its owner knows it again."""

    field = "name"


class AnotherService(Refused):
    """A program of that name is there already, and is not the same."""

    field = "role"


class AnotherRequest(Refused):
    """A key that was sent with one request comes with another."""

    field = "Idempotency-Key"


class AtWork(Stale):
    """The same request is being carried out at this moment."""


@action
def make(
    *, by: User, at: dt.datetime, name: str, scopes: Iterable[str], days: int = rules.USUAL_DAYS
) -> tuple[Token, str]:
    """Make a token with the rights of ``by``; return it with what is shown this once. Raises Hidden, NameMissing,
    NothingAllowed and NotSoLong."""
    if not works_here(by):
        raise Hidden("Only who works here has tokens.")
    return _make(by, by=by, at=at, name=name, scopes=scopes, days=days, service=False)


@action
def make_for_service(
    *, by: User, at: dt.datetime, name: str, role: Role, scopes: Iterable[str], days: int = rules.USUAL_DAYS
) -> tuple[Token, str]:
    """Make a token for a program, which counts as a person of its own with ``role``: put it into a team as anybody.
    A second token under the same name is of the same service. Raises as ``make`` does, AnotherService, and Hidden for others than
    those who keep people."""
    if not sees_all(by):
        raise Hidden("Only an analyst or a sponsor lets programs in.")
    service = _service(name.strip(), role, by=by, at=at) if name.strip() else by
    return _make(service, by=by, at=at, name=name, scopes=scopes, days=days, service=True)


def _service(name: str, role: Role, *, by: User, at: dt.datetime) -> User:
    """Return whom a program counts as: made with its first token."""
    key = f"service:{name}"
    known = User.objects.filter(key=key).first()
    if known is None:
        return people.add_user(by=by, at=at, name=name, role=role, key=key, title="A program")
    if known.role != role or not known.is_active:
        raise AnotherService(
            reason("{name} is there already, with another role or disabled: see it among people.", name=name)
        )
    return known


def _make(
    user: User, *, by: User, at: dt.datetime, name: str, scopes: Iterable[str], days: int, service: bool
) -> tuple[Token, str]:
    said = set(scopes)
    chosen = [one for one in SCOPES if one in said]
    _require_sense(name, chosen, days, unknown=said - set(SCOPES))
    secret = rules.new_token(service=service)
    token = Token.objects.create(
        user=user,
        name=name.strip(),
        begins=secret[: rules.BEGINS],
        digest=digest_of(secret),
        service=service,
        scopes=chosen,
        made_by=by,
        made_at=at,
        expires_at=at + dt.timedelta(days=days),
    )
    changes = {"name": [None, token.name], "scopes": [None, ", ".join(chosen)]}
    record(by=by, at=at, action="make", subject="token", subject_id=token.pk, changes=changes)
    safety.tell(by, reason("A token was made by which a program gets in."), by=by, at=at)
    return token, secret


def _require_sense(name: str, scopes: list[str], days: int, *, unknown: set[str]) -> None:
    if not name.strip():
        raise NameMissing("Give it a name that says which program uses it.")
    if unknown:
        raise NothingAllowed(f"{min(unknown)} is nothing that a token may do.")
    if not scopes:
        raise NothingAllowed("Choose at least one thing that it may do.")
    if not 1 <= days <= rules.MOST_DAYS:
        raise NotSoLong(
            reason("A token lasts between one day and {most_days} days.", most_days=rules.MOST_DAYS)
        )


@action
def revoke(*, by: User, at: dt.datetime, token_id: int) -> Token:
    """Let a token open nothing from its next request on. Raises Hidden."""
    token = turn(Token.objects.visible_to(by), pk=token_id, revoked_at=None)
    if token is None:
        raise Hidden("There is no such token, or it was revoked already.")
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    changes = {"name": [token.name, None]}
    record(by=by, at=at, action="revoke", subject="token", subject_id=token.pk, changes=changes)
    return token


@action
def revoke_all(*, at: dt.datetime, user: User) -> int:
    """Let no token of somebody open anything, whom the company's directory let go; return how many did."""
    ended = Token.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    if ended:
        changes = {"tokens": ended}
        record(by=None, at=at, action="revoke all", subject="token", subject_id=user.pk, changes=changes)
    return ended


def note_use(*, at: dt.datetime, token: Token) -> None:
    """Note now and then that a token was used. Leaves no trail: it changes nothing that anybody decides by."""
    if rules.to_be_noted(token.used_at, at=at):
        Token.objects.filter(pk=token.pk).update(used_at=at)


# ---- requests that are sent twice ----


def begin_request(*, by: User, at: dt.datetime, key: str, said: str) -> SentRequest:
    """Return what was answered to a request before, else a row of status 0 that waits for its answer. Belongs inside
    the transaction of what the request changes. Raises AnotherRequest and AtWork."""
    SentRequest.objects.filter(by_id_number=by.pk, key=key, at__lt=at - rules.ANSWERS_KEPT).delete()
    known = SentRequest.objects.filter(by_id_number=by.pk, key=key).first()
    if known is None:
        try:
            with transaction.atomic():
                return SentRequest.objects.create(by_id_number=by.pk, key=key, said=said, at=at)
        except IntegrityError:
            raise AtWork(
                words="The same request is at work at this moment. Send it again in a second."
            ) from None
    if known.said != said:
        raise AnotherRequest("This key was sent with another request. Make a new key for each.")
    return known


def keep_answer(*, sent: SentRequest, status: int, headers: dict[str, str], body: str) -> None:
    """Keep what was answered, to be given again."""
    SentRequest.objects.filter(pk=sent.pk).update(status=status, headers=headers, body=body)


@action
def forget_answers(*, at: dt.datetime) -> int:
    """Forget answers that nobody will ask for again; return how many."""
    return SentRequest.objects.filter(at__lt=at - rules.ANSWERS_KEPT).delete()[0]
