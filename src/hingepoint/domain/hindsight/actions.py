"""Every change to looking back: the two views, and above which value they are asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight import rules
from hingepoint.domain.hindsight.models import HindsightLimit, HindsightView
from hingepoint.domain.hindsight.register import at_landmarks
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.hindsight import Side, Why


class NothingToLookBackOn(Refused):
    """A deal that is open has not ended yet."""


class SaysTooLittle(Refused):
    """A view says what would have had to be true."""


@dataclass(frozen=True, slots=True)
class View:
    """What would have had to be true, as one of the two sees it: why it ended so, the agreement that was missing, and words."""

    why: Why
    words: str
    type_key: str = ""


@action
def write_view(
    *, by: User, at: dt.datetime, deal_id: int, view: View, expected_number: int | None = None
) -> HindsightView:
    """Write the next version of ``by``'s view of a deal that ended. Saying the same again changes nothing.

    Raises Hidden, NothingToLookBackOn, SaysTooLittle, and Stale where somebody wrote a version since ``expected_number``.
    """
    deal = deal_for(by, deal_id)
    side = rules.side_of(by, deal)
    if side is None:
        raise Hidden("Its seller and who leads the team write the two views.")
    if deal.status == DealStatus.OPEN:
        raise NothingToLookBackOn("The deal is still open. Look back on it when it has ended.")
    kind = _type_of(view)
    newest = HindsightView.objects.filter(deal=deal, side=side).first()
    number = newest.number if newest else 0
    if expected_number not in (None, number):
        raise Stale(newest)
    if newest and (newest.why, newest.type_id, newest.words) == (
        view.why,
        kind and kind.pk,
        view.words.strip(),
    ):
        return newest
    return _written(deal, side, view, kind, number=number + 1, by=by, at=at)


def _type_of(view: View) -> AgreementType | None:
    kind = AgreementType.objects.in_use().filter(key=view.type_key).first() if view.type_key else None
    if view.why == Why.AGREEMENT and kind is None:
        raise SaysTooLittle("Choose which agreement was missing.", field="type_key")
    if not view.words.strip():
        raise SaysTooLittle("Say in a sentence what would have had to be true.", field="words")
    return kind


def _written(
    deal: Deal, side: Side, view: View, kind: AgreementType | None, *, number: int, by: User, at: dt.datetime
) -> HindsightView:
    missing = {one.type_id for one in at_landmarks(deal) if not one.was_there} if kind else set()
    written = HindsightView.objects.create(
        deal=deal,
        side=side,
        number=number,
        why=view.why,
        type=kind,
        words=view.words.strip(),
        shown=kind.pk in missing if kind else None,
        written_by=by,
        written_at=at,
    )
    record(
        by=by, at=at, action="look back", subject="deal", subject_id=deal.pk, changes={"view": [None, side]}
    )
    return written


@action
def set_limit(*, by: User, at: dt.datetime, least_amount: Decimal) -> HindsightLimit:
    """Say from which value on deals that ended are looked back on. Raises Hidden and SaysTooLittle."""
    if not by.sees_everything:
        raise Hidden("Sponsors and analysts say it.")
    if least_amount < 0:
        raise SaysTooLittle(
            "Nothing is worth less than nothing. Write 0 for every deal.", field="least_amount"
        )
    known = HindsightLimit.objects.first()
    row = HindsightLimit.objects.create(least_amount=least_amount, set_by=by, set_at=at)
    changes = {"least_amount": [known.least_amount if known else None, least_amount]}
    record(by=by, at=at, action="set limit", subject="hindsight", subject_id=row.pk, changes=changes)
    return row
