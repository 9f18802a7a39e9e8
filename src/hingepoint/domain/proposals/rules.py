"""What holds of every proposal: how long it waits, how many may wait, and what its texts may hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from hingepoint.records.errors import Refused

#: A proposal that nobody answers for so long is over.
WAITS = dt.timedelta(days=7)
#: So many may wait for one person.
MOST_WAITING = 20
#: What became of a proposal is known so long.
KEPT = dt.timedelta(days=90)

#: Signs that nobody sees, or that turn the order in which others are read: they would hide what is confirmed.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class HasUnseenSigns(Refused):
    """What a person confirms must be what they read."""


class TooManyWait(Refused):
    """A person who is asked too much confirms unread."""


def require_readable(texts: Iterable[str]) -> None:
    """Refuse texts in which signs stand that nobody sees."""
    if any(map(_UNSEEN.search, texts)):
        raise HasUnseenSigns("A text holds signs that nobody can see. Propose it without them.")
