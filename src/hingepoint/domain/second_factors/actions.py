"""Setting up a second factor, trying a code, taking it away."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people import safety
from hingepoint.domain.people.actions import require_not_needed
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.second_factors import rules
from hingepoint.domain.second_factors.models import RecoveryCode, SecondFactor
from hingepoint.domain.second_factors.queries import secret_of
from hingepoint.domain.secrets.rules import seal
from hingepoint.domain.turns.actions import action
from hingepoint.records.errors import Hidden, Refused, TooOften
from hingepoint.records.languages import reason


class WrongCode(Refused):
    """It is not the code that the app shows now."""

    field = "code"


class AlreadySet(Refused):
    """There is a second factor; it is taken away first."""


class NotBegun(Refused):
    """There is no secret to confirm."""

    field = "code"


class TooManyCodes(TooOften):
    """Too many wrong codes in a row."""


@action
def begin(*, by: User, at: dt.datetime) -> None:
    """Make a secret for the app of ``by``, in place of one that was never confirmed. Raises AlreadySet."""
    rows = SecondFactor.objects.filter(user=by)
    if rows.exclude(confirmed_at=None).exists():
        raise AlreadySet("Your second factor is set up. Take it away first.")
    rows.delete()
    sealed = seal(rules.new_secret(), purpose=SecondFactor._meta.get_field("secret").purpose)
    SecondFactor.objects.create(user=by, secret=sealed, begun_at=at)
    record(by=by, at=at, action="begin", subject="second factor", subject_id=by.pk)


@action
def confirm(*, by: User, at: dt.datetime, code: str) -> list[str]:
    """Let the second factor of ``by`` count from now on, as the app shows the right code; return the recovery codes, which
    nobody can read again. Raises NotBegun and WrongCode."""
    factor = SecondFactor.objects.select_for_update().filter(user=by, confirmed_at=None).first()
    if factor is None:
        raise NotBegun("Begin again: there is nothing to confirm.")
    step = rules.matching_step(secret_of(factor), code, at=at, after=factor.last_step)
    if step is None:
        raise WrongCode(
            "This is not the code that the app shows now. Wait for the next one; is the clock of the phone right?"
        )
    factor.confirmed_at, factor.last_step = at, step
    factor.save()
    record(by=by, at=at, action="set up", subject="second factor", subject_id=by.pk)
    safety.tell(by, reason("Your second factor was set up."), by=by, at=at)
    return _fresh_codes(factor)


def _fresh_codes(factor: SecondFactor) -> list[str]:
    codes = [rules.new_recovery_code() for _ in range(rules.RECOVERY_CODES)]
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=digest_of(rules.plain(code))) for code in codes
    )
    return codes


@action
def renew_codes(*, by: User, at: dt.datetime) -> list[str]:
    """Make recovery codes anew; the ones before stop working. Raises Hidden where there is no second factor."""
    factor = _factor_of(by)
    record(by=by, at=at, action="renew codes", subject="second factor", subject_id=by.pk)
    safety.tell(by, reason("Your recovery codes were made anew."), by=by, at=at)
    return _fresh_codes(factor)


@action
def try_code(*, user: User, at: dt.datetime, code: str) -> bool:
    """Return whether ``code`` is the one the app of ``user`` shows, or a recovery code that was not used. A wrong one counts,
    and after some the next is refused unheard for a while. Raises TooManyCodes, and Hidden where there is no second factor."""
    factor = _factor_of(user)
    if factor.blocked_until and rules.still_waits(factor.blocked_until, at=at):
        minutes = -((at - factor.blocked_until) // dt.timedelta(minutes=1))
        if minutes == 1:
            raise TooManyCodes(reason("Too many wrong codes. Try again in a minute."))
        raise TooManyCodes(reason("Too many wrong codes. Try again in {minutes} minutes.", minutes=minutes))
    step = rules.matching_step(secret_of(factor), code, at=at, after=factor.last_step)
    right = step is not None or _use_recovery_code(factor, code, at=at)
    factor.last_step = step or factor.last_step
    factor.wrong = 0 if right else factor.wrong + 1
    factor.blocked_until = None if right else at + rules.wait_after(factor.wrong)
    factor.save()
    if factor.wrong >= rules.FREE_TRIES:
        changes = {"wrong codes": factor.wrong}
        record(
            by=None,
            at=at,
            action="refuse codes",
            subject="second factor",
            subject_id=user.pk,
            changes=changes,
        )
    return right


def _use_recovery_code(factor: SecondFactor, code: str, *, at: dt.datetime) -> bool:
    unused = factor.recovery_codes.filter(digest=digest_of(rules.plain(code)), used_at=None)
    if not unused.update(used_at=at):
        return False
    left = factor.recovery_codes.filter(used_at=None).count()
    changes = {"codes left": left}
    user = factor.user
    record(
        by=user,
        at=at,
        action="use recovery code",
        subject="second factor",
        subject_id=user.pk,
        changes=changes,
    )
    return True


@action
def take_away(*, by: User | None, at: dt.datetime, user: User) -> None:
    """Let ``user`` sign in by password alone again: themselves, whoever looks after people, or None for the operator. Raises
    Hidden and NeededHere."""
    if by is not None and by.pk != user.pk and not sees_all(by):
        raise Hidden("not theirs to take away")
    require_not_needed(user, by=by)
    _factor_of(user).delete()
    record(by=by, at=at, action="take away", subject="second factor", subject_id=user.pk)
    safety.tell(
        user, reason("Your second factor was taken away: your password alone lets you in."), by=by, at=at
    )


def _factor_of(user: User) -> SecondFactor:
    """Return the second factor of somebody, in its turn. Raises Hidden."""
    found = SecondFactor.objects.select_for_update().filter(user=user).exclude(confirmed_at=None).first()
    if found is None:
        raise Hidden("no second factor")
    return found
