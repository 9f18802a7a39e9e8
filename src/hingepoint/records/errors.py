"""What can stand in the way of an answer or a change: every interface answers these the same way."""

from __future__ import annotations


class Hidden(LookupError):
    """There is no such thing, or it is not theirs to see: nobody learns which."""


class Stale(Exception):
    """Somebody else changed it since it was read; nothing was written. The message says what to do."""


class Refused(ValueError):
    """What is asked cannot be done. ``words`` say why and what to do instead; ``field`` names the field, if one."""

    def __init__(self, words: str, *, field: str = ""):
        self.field = field
        self.words = words
        super().__init__(words)
