"""What can stand in the way of an answer or a change: every interface answers these the same way."""

from __future__ import annotations

import errno
from collections.abc import Mapping

#: What the system says where there is no room on the disk, or no more of it for this account, or for this file.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Hidden(LookupError):
    """There is no such thing, or it is not theirs to see or to change: nobody learns which."""


class Stale(Exception):
    """Somebody else saved first; nothing was changed. ``current`` is what stands now, where the page shows it."""

    def __init__(
        self,
        current: object = None,
        words: str = "Somebody else changed this a moment ago.",
    ):
        self.current = current
        super().__init__(words)


class OutOfDate(Stale):
    """A change does not say on which version it was decided; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            words="This form is out of date. Nothing was saved: look at what stands now, and send it again."
        )


class AlreadyNoted(Exception):
    """The same stands on record already; nothing was changed. Somebody says first whether this is a second one.

    ``known`` is the row on record.
    """

    def __init__(self, known: object, words: str = "The same is on record already. Is this a second one?"):
        self.known = known
        super().__init__(words)


class Refused(ValueError):
    """What is asked cannot be done. ``words`` say why and what to do instead; ``field`` names the field, if one.

    A kind of refusal that is always about one field names it in its class. ``by_field`` holds the words
    for each field where several are wrong; an empty name stands for the whole.
    """

    field: str = ""

    def __init__(self, words: str, *, field: str = "", by_field: Mapping[str, str] | None = None):
        self.field = field or self.field
        self.words = words
        self.by_field = dict(by_field or {self.field: words})
        super().__init__(words)


class TooOften(Refused):
    """Asked too many times in a short while; ``words`` say how long to wait."""


def finds_no_room(error: BaseException) -> bool:
    """Return whether something could not be written because the disk is full."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM
