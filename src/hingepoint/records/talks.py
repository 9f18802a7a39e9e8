"""Talks with the customer: what is demanded, and how well the reason behind it is known."""

from __future__ import annotations

import enum


class Topic(enum.StrEnum):
    """What a demand or a concession is about."""

    PRICE = "price"
    PAYMENT = "payment"
    EXTRAS = "extras"  # services, training, spares, a longer warranty
    DELIVERY = "delivery"
    LIABILITY = "liability"  # liability, penalties, contract text
    OTHER = "other"


class ReasonState(enum.StrEnum):
    """How well the reason behind a demand is known."""

    HYPOTHESISED = "hypothesised"  # our guess
    STATED = "stated"  # one person of theirs said it
    CONFIRMED = "confirmed"  # two of them said it
