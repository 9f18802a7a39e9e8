"""Coaching: behaviours to begin with, and whether a next step happened."""

from __future__ import annotations

from hingepoint.records.agreements import AgreementState
from hingepoint.records.languages import words_of
from hingepoint.records.words import Worded


class Followed(Worded):
    """What the register says of the next step of a session."""

    HAPPENED = "happened", "Happened"
    AHEAD = "ahead", "Still ahead"
    NOT_SEEN = "not_seen", "Not seen"


#: One observable behaviour each, to choose from or to say in own words.
PLAN_FIRST = words_of("Write what to ask for before the talk")
NAME_IT = words_of("Name the act, the person and a day")
ASK_FIRST = words_of("Ask for it before speaking of price")
ASK_WHY = words_of("Ask what makes them need it, twice")
BRING_THEM = words_of("Bring the person who can commit")
BEHAVIOURS = (PLAN_FIRST, NAME_IT, ASK_FIRST, ASK_WHY, BRING_THEM)

_FITS = {
    AgreementState.NEEDED: PLAN_FIRST,
    AgreementState.PLANNED: ASK_FIRST,
    AgreementState.ASKED: BRING_THEM,
    AgreementState.SOFT: NAME_IT,
    AgreementState.BROKEN: ASK_WHY,
    AgreementState.LAPSED: ASK_WHY,
}


def fitting(state: str) -> str:
    """Return the behaviour that is offered first for an agreement in a state."""
    return _FITS.get(AgreementState(state), NAME_IT)
