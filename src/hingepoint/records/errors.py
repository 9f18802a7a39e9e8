"""What can stand in the way of an answer or a change: every interface answers these the same way."""

from __future__ import annotations


class Hidden(LookupError):
    """There is no such thing, or it is not theirs to see: nobody learns which."""


class Stale(Exception):
    """Somebody else saved first; nothing was changed. ``current`` is what stands now, where the page shows it."""

    def __init__(
        self,
        current: object = None,
        words: str = "Somebody else changed this a moment ago. Both versions are shown; nothing is lost.",
    ):
        self.current = current
        super().__init__(words)


class AlreadyNoted(Exception):
    """The same stands on record already; nothing was changed. Somebody says first whether this is a second one.

    ``known`` is the row on record.
    """

    def __init__(self, known: object, words: str = "The same is on record already. Is this a second one?"):
        self.known = known
        super().__init__(words)


class Refused(ValueError):
    """What is asked cannot be done. ``words`` say why and what to do instead; ``field`` names the field, if one."""

    def __init__(self, words: str, *, field: str = ""):
        self.field = field
        self.words = words
        super().__init__(words)
