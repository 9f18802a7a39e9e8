"""Principles in force, in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW
from hingepoint.domain.principles import actions
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.records.principles import Place, Principle

VALUE = Principle("value-first", "Value before price", "Agree what they win before the price moves.")
LOG = Principle(
    "ask-for-the-log",
    "Ask for the log",
    "Their own numbers speak louder than ours.",
    places=(Place.PLAN, Place.COACHING),
    agreements=("cust.data_access",),
)


def in_force(*principles: Principle, at: dt.datetime = NOW) -> PrinciplesVersion:
    """Put these in force, two of them where none is named; what is in force already stays."""
    known = PrinciplesVersion.objects.in_force().first()
    if known and not principles:
        return known
    drafted(*principles or (VALUE, LOG), at=at)
    return actions.publish(by=None, at=at)


def drafted(*principles: Principle, at: dt.datetime = NOW) -> PrinciplesVersion:
    """A draft of these and no others."""
    row = actions.draft(by=None, at=at)
    wanted = {one.key for one in principles}
    for told in row.texts:
        if told["key"] not in wanted:
            actions.leave_out(by=None, at=at, key=told["key"])
    return actions.put(by=None, at=at, principles=principles)
