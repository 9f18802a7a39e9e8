"""What a password may not be made of: what is tried first, by whoever knows the company and by programs that know nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from hingepoint.records.languages import say

#: So many letters must be left when our words are taken out of a password.
LEAST = 6
_PRODUCT = "hingepoint"
_SHORTEST = 4  # shorter ones stand in good passwords by chance


class NotOurWords:
    """Refuses a password that holds little beside the words of the company: its name, its servers', its own list."""

    def __init__(self, words: Sequence[str]):
        parts = {part for word in (_PRODUCT, *words) for part in re.findall(r"[^\W\d_]+", word.lower())}
        self.words = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)

    def validate(self, password: str, user: Any = None) -> None:
        left = password.lower()
        for word in self.words:
            left = left.replace(word, " ")
        if len(left) < len(password) and len(re.findall(r"[^\W\d_]", left)) < LEAST:
            raise ValidationError(self.get_help_text(), code="our_words")

    def get_help_text(self) -> str:
        return say("A password is more than a word of the company or of this product with a number.")


# ---- what is tried first ----

#: Signs that stand for letters: taking them back finds the word.
_LOOKS = str.maketrans("013457@$!", "oleastasi")
_LAYOUTS = (
    ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    ("1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm,.-"),
    ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:"),
)
_SET_IN = (0, 0.5, 0.75, 1.25)  # how far each row of keys stands to the right
#: A word is lengthened by so many signs at most, such as a date of six digits; a walk may be longer.
_ADDED = 6
_WORD = 4  # letters at least: of shorter ones every text holds some
_UNIT = 4  # signs at most that are no word and yet, over and over, no password
_STEPS = 4  # signs at least, on average, that a walk goes on without lifting the finger


def _neighbours(rows: Sequence[str]) -> set[str]:
    """Return every pair of keys that lie side by side or one below the other."""
    keys = [(key, r, c + _SET_IN[r]) for r, row in enumerate(rows) for c, key in enumerate(row)]
    return {a + b for a, ar, ac in keys for b, br, bc in keys if abs(ar - br) <= 1 and abs(ac - bc) <= 1}


_SIDE_BY_SIDE = frozenset().union(*map(_neighbours, _LAYOUTS))


class TriedFirst(CommonPasswordValidator):
    """Refuses what programs that guess passwords try first: the 20,000 common ones that Django brings along, each also over and over,
    lengthened by digits and signs, and in signs that look like its letters; and walks over a keyboard or an alphabet.

    Only 190 of the 20,000 have twelve characters. The rule makes of the short ones what people make of them where twelve are asked.
    """

    def validate(self, password: str, user: Any = None) -> None:
        typed = password.lower().strip()
        if is_walk(typed) or len(_unit(typed)) <= _UNIT or any(map(self._is_known, _bared(typed))):
            raise ValidationError(self.get_help_text(), code="tried_first")

    def get_help_text(self) -> str:
        return say(
            "A password is more than a common word with a few signs, the same over and over, or a walk over the keyboard. Take some words "
            "that have nothing to do with each other."
        )

    def _is_known(self, word: str) -> bool:
        return word in self.passwords or _unit(word) in self.passwords


def _bared(typed: str) -> Iterator[str]:
    """Yield a password, and what is left without the few signs around it and between; each also with signs that look like letters
    taken for these."""
    before, word, after = _parts(typed)
    few = len(before + after) <= _ADDED or is_walk(before + after)
    words = (word, re.sub(r"[\W_]", "", word)) if few and len(word) >= _WORD else ()
    for one in (typed, *words):
        yield from (one, one.translate(_LOOKS))


def is_walk(text: str) -> bool:
    """Return whether a text goes from each sign to one beside it, on a keyboard or in an alphabet, or stays, but for a few jumps."""
    jumps = sum(not _goes_on(one, other) for one, other in pairwise(text))
    return len(text) >= _STEPS * (jumps + 1)


def _goes_on(one: str, other: str) -> bool:
    in_order = one.isalnum() and other.isalnum() and abs(ord(one) - ord(other)) <= 1
    return one == other or in_order or one + other in _SIDE_BY_SIDE


def _unit(text: str) -> str:
    """Return what a text repeats from its beginning to its end, twice at least; else the text."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return text[:length]
    return text


def _parts(text: str) -> tuple[str, str, str]:
    """Return a text from its first letter to its last, and what stands before and after."""
    found = re.search(r"[^\W\d_](?:.*[^\W\d_])?", text, re.DOTALL)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")
