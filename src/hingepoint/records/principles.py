"""The company's Sales Execution Principles: what one says, where it applies, and what the register can see of it."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.words import Worded


class Place(Worded):
    """Where a principle applies, and is cited."""

    PLAN = "plan", "Plans of deals and talks"
    COACHING = "coaching", "Coaching"
    REVIEW = "review", "Reviews"
    EXCEPTION = "exception", "Requests for exceptions"


class Check(Worded):
    """What the register can see of a principle, the first time that a deal came to it."""

    NONE = "", "Nothing: only people can tell"
    PLAN_FIRST = "plan_first", "A talk was planned in writing before the first concession"
    AGREED_FIRST = "agreed_first", "The customer agreed to something before the first concession"
    REASON_FIRST = "reason_first", "A reason was written down before the first concession"
    FLOOR_FIRST = "floor_first", "A corridor was written before the first concession"
    BACK = "back", "Something came back for the first concession"


class Rating(Worded):
    """How far somebody kept a principle, as the two of a coaching session see it."""

    NOT_YET = "not_yet", "Not yet"
    PARTLY = "partly", "Partly"
    KEPT = "kept", "Kept"


class Shown(Worded):
    """What the register says of a principle."""

    HELPS = "helps", "Ends better where it is kept"
    HARMS = "harms", "Ends worse where it is kept"
    OPEN = "open", "Nothing can be concluded yet"
    UNSEEN = "unseen", "The register cannot see it"


@dataclass(frozen=True, slots=True)
class Principle:
    """One principle. ``seen``: how one sees that it is kept; ``agreements``: only where one of these types is spoken about,
    empty for any."""

    key: str
    name: str
    text: str
    seen: str = ""
    places: tuple[Place, ...] = tuple(Place)
    agreements: tuple[str, ...] = ()
    check: Check = Check.NONE


_TALKS = (Place.PLAN, Place.COACHING, Place.REVIEW)

#: What a company begins with, to be put in its own words.
STARTERS = (
    Principle(
        "plan-the-talk",
        "We plan the talk before we hold it",
        "One page before each talk that matters: what we ask, of whom, why they would agree, and what we do if they do not.",
        "The plan is older than the talk.",
        _TALKS,
        check=Check.PLAN_FIRST,
    ),
    Principle(
        "value-before-price",
        "Value before price",
        "What the customer wins is agreed with them before anybody moves the price.",
        "The customer agreed to something before the first concession.",
        check=Check.AGREED_FIRST,
    ),
    Principle(
        "ask-why",
        "We ask why before we answer",
        "Behind what is demanded stands what is needed. We ask until we know it, and hear it from two people.",
        "A reason is written down before anything is given.",
        (Place.PLAN, Place.COACHING, Place.EXCEPTION),
        check=Check.REASON_FIRST,
    ),
    Principle(
        "something-back",
        "Every movement has its return",
        "We give when we get: each concession is traded for something that is worth more to us than it costs them.",
        "What came back stands beside what was given.",
        (Place.PLAN, Place.REVIEW, Place.EXCEPTION),
        check=Check.BACK,
    ),
    Principle(
        "know-our-floor",
        "We know our floor before we speak of price",
        "Where we open, what we aim for and where we walk away is written down while nobody is pressing us.",
        "The corridor is older than the first concession.",
        (Place.PLAN, Place.EXCEPTION),
        check=Check.FLOOR_FIRST,
    ),
    Principle(
        "act-person-day",
        "An agreement is an act, a person and a day",
        "Kind words are not a yes. We ask what will be done, by whom and by when, and we write down their answer.",
        "Each of the three is on record.",
        _TALKS,
    ),
    Principle(
        "inside-first",
        "We agree inside before we promise outside",
        "Delivery, legal and finance say yes before the customer hears it from us.",
        "The internal agreement is older than the promise.",
        (Place.PLAN, Place.REVIEW, Place.EXCEPTION),
    ),
    Principle(
        "leaders-first",
        "Leaders go first",
        "Who asks for a routine keeps it first, and shows it.",
        "Leaders' own routines are done in time.",
        (Place.COACHING, Place.REVIEW),
    ),
)
