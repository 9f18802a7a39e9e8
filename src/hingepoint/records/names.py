"""When two names are one: the rule for headings, words and agreements, the same at every door."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Mapping


def normal(text: str) -> str:
    """Return ``text`` without case, spaces and punctuation; ``%`` stays, since it changes the meaning.

    Letters written with a mark or as a letter and a mark are one (NFC, NFD), as are full and half width.
    """
    return _normal(text) if len(text) < 200 else _normal.__wrapped__(text)


@functools.lru_cache(maxsize=20_000)
def _normal(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        return "".join(char for char in text if _counts(char))
    return "".join(char for char in text.casefold() if char.isalnum() or char == "%")


def _counts(char: str) -> bool:
    return char.isalnum() or char == "%" or unicodedata.category(char)[0] == "M"


def key_of(name: str) -> str:
    """Return what names that mean the same share: ``Sponsor named`` and ``sponsor_named`` have one key.

    A name of signs only, such as a picture, is its own key.
    """
    return normal(name) or unicodedata.normalize("NFC", name.strip())


def one_spelling(counts: Mapping[str, int]) -> dict[str, str]:
    """Return, for each spelling of ``counts``, the one that stands for all of its key: the most frequent.

    Of equally frequent ones it is the first in ``counts``.
    """
    chosen: dict[str, str] = {}
    for name in _most_frequent_first(counts):
        chosen.setdefault(key_of(name), name)
    return {name: chosen[key_of(name)] for name in counts}


def _most_frequent_first(counts: Mapping[str, int]) -> Iterable[str]:
    return sorted(counts, key=lambda name: -counts[name])
