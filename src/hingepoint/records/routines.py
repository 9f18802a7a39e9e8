"""Routines: what is required again and again, how often it falls due, and what the register takes as done."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.languages import words_of
from hingepoint.records.people import Role
from hingepoint.records.words import Worded


class Cadence(Worded):
    """How often a routine falls due."""

    WEEKLY = "weekly", "Every week"
    FORTNIGHTLY = "fortnightly", "Every second week"
    MONTHLY = "monthly", "Every month"
    DEAL = "deal", "Once for each deal"


class Kind(Worded):
    """What has to be done, and so what the register takes as done; what is one's own is done by a press."""

    PLAN = "plan", "A plan is written"
    DEBRIEF = "debrief", "A talk is debriefed"
    PLAN_REVIEW = "plan_review", "A plan is answered"
    COACHING = "coaching", "A coaching session is held"
    DEAL_REVIEW = "deal_review", "The weekly deal review is held"
    PIPELINE_REVIEW = "pipeline_review", "The monthly pipeline review is held"
    MESSAGE = "message", "A message to everybody is sent"
    OWN = "own", "Something else, said by a press"


#: The last of these days of a week on which people work, counted from Monday as 0.
FRIDAY = 4
WEEKDAYS = words_of(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))
#: A deal's routine gives so many days where its definition says nothing.
DAYS_FOR_A_DEAL = 14


@dataclass(frozen=True, slots=True)
class Rule:
    """A routine as it is defined: of whom what is required how often.

    ``weekday``: on which day of the week it falls due (0 is Monday); every month means the first such day of it. ``team``:
    the name of the one team, with those below it, that it is required in; empty for all. A routine for each deal falls due
    of the deal's owner, ``days`` after the deal reached ``stage`` (empty: after it was created), where the deal is worth
    ``least_amount`` or more, as written.
    """

    key: str
    name: str
    kind: Kind = Kind.OWN
    role: Role = Role.SELLER
    cadence: Cadence = Cadence.WEEKLY
    weekday: int = FRIDAY
    required: str = ""
    team: str = ""
    stage: str = ""
    least_amount: float | None = None
    days: int = DAYS_FOR_A_DEAL
