"""Exceptions: what is asked for, how a request travels, and what people say to it."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Kind(Worded):
    """What an exception is asked for."""

    PRICE = "price", "Price"
    TERMS = "terms", "Terms"


class State(Worded):
    """Where a request stands."""

    OPEN = "open", "Waiting"
    RETURNED = "returned", "Something asked back"  # with the seller, who asks the customer for it
    APPROVED = "approved", "Approved"
    IN_PART = "in_part", "Approved in part"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Answer(Worded):
    """What one person who was asked said."""

    WAITING = "waiting", "Waiting"
    YES = "approved", "Approved"
    IN_PART = "in_part", "Approved in part"
    NO = "declined", "Declined"
    BACK = "back", "Asked for something back"
    DROPPED = "dropped", "Not needed any more"
    PASSED_ON = "passed_on", "Passed on"


class CameBack(Worded):
    """What the customer gave for what was asked back."""

    GIVEN = "given", "They gave it"
    PART = "part", "They gave a part, or something else"
    NOTHING = "nothing", "They gave nothing"


class ArguesFor(Worded):
    """Whose interest a request argues for, as an inside partner hears it."""

    COMPANY = "company", "Ours"
    BOTH = "both", "Both sides"
    CUSTOMER = "customer", "The customer's"


#: States of a request that is not decided.
UNDECIDED = (State.OPEN, State.RETURNED)
#: Answers of people who have none left to give.
NO_LONGER_ASKED = (Answer.DROPPED, Answer.PASSED_ON)


class Lane(Worded):
    """How a request travels."""

    OWN = "own", "Within the seller's own limit"
    FAST = "fast", "Fast lane"  # clean: the manager alone
    FULL = "full", "Full path"  # everybody whom the rules name


class Approver(Worded):
    """Whom a rule asks."""

    MANAGER = "manager", "The manager of the deal's team"
    LEADER = "leader", "The next manager above"
    SPONSOR = "sponsor", "The sponsor"
    PERSON = "person", "A colleague by name"  # such as legal or accounting
