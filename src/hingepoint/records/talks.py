"""Talks with the customer: what is demanded, and how well the reason behind it is known."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Topic(Worded):
    """What a demand or a concession is about."""

    PRICE = "price", "Price"
    PAYMENT = "payment", "Payment"
    EXTRAS = "extras", "Extras"  # services, training, spares, a longer warranty
    DELIVERY = "delivery", "Delivery"
    LIABILITY = "liability", "Liability and contract"  # and penalties
    OTHER = "other", "Something else"


class ReasonState(Worded):
    """How well the reason behind a demand is known."""

    HYPOTHESISED = "hypothesised", "Our guess"
    STATED = "stated", "They said it"  # one of them, by name
    CONFIRMED = "confirmed", "Two of them said it"


class Lands(Worded):
    """Where a price lies against the corridor."""

    ABOVE = "above", "At the target or above"
    BETWEEN = "between", "Between target and walk-away"
    BELOW = "below", "Below the walk-away"
