"""Whether a column holds the words that somebody typed."""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce
from operator import and_, or_

from django.db.models import Q


def holds(column: str, word: str) -> Q:
    """Return the condition that a column holds a word, in capitals or not.

    SQLite compares letters beyond ASCII as they are written, so such a word is asked for in each usual spelling.
    """
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    return reduce(or_, (Q(**{f"{column}__icontains": each}) for each in sorted(spellings)))


def in_any(columns: Collection[str], word: str) -> Q:
    """Return the condition that at least one of the columns holds the word."""
    return reduce(or_, (holds(column, word) for column in columns))


def every_word(columns: Collection[str], words: Collection[str]) -> Q:
    """Return the condition that each word stands in one of the columns; without words it always holds."""
    return reduce(and_, (in_any(columns, word) for word in words), Q())


def some_word(column: str, words: Collection[str]) -> Q:
    """Return the condition that the column holds at least one of the words."""
    return reduce(or_, (holds(column, word) for word in words))
