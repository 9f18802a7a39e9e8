"""What a word of a status or stage column says: won, lost, open, or nothing that we know.

A word is known only when nothing is left beside it: ``6 - Closed Won`` is known, ``Lost - price`` is not.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from hingepoint.connectors.files.fields import OPEN_STAGES, STATUS_WORDS, words
from hingepoint.records.names import normal

#: An open stage by its name alone; see ``fields.OPEN_STAGES``.
STAGE = "stage"

_NUMBER_BEFORE = re.compile(
    r"^\s*(?:stage|step|phase|fase|etapa|[eé]tape|stufe|s|p)?\s*[(\[#]?\s*\d{1,3}(?:[.,]\d{1,2})?\s*%?\s*[)\]]?\s*[-–—.:)/|_]*\s*",
    re.IGNORECASE,
)
_SHARE_BEHIND = re.compile(r"\s*[-–—:(\[]*\s*\d{1,3}(?:[.,]\d+)?\s*%\s*[)\]]?\s*$")


@functools.cache
def known_words() -> dict[str, str]:
    """Return ``{normal word: won, lost, open or STAGE}``."""
    return words({STAGE: OPEN_STAGES}) | words(STATUS_WORDS)


def meaning_of(word: str, said: dict[str, str]) -> str | None:
    """Return won, lost, open or ``STAGE``, None for an unknown word; ``said`` is what a mapping says of words."""
    if normal(word) in said:
        return said[normal(word)]
    known = known_words()
    return known.get(normal(word)) or known.get(normal(_bare(word)))


def _bare(word: str) -> str:
    """Return ``word`` without the number of a stage before it and the probability behind it."""
    text = unicodedata.normalize("NFKC", word)
    return _SHARE_BEHIND.sub("", _NUMBER_BEFORE.sub("", text))


def likely(word: str) -> str:
    """Return what an unknown ``word`` most likely says, won or lost, to be proposed and never taken."""
    parts = {normal(part) for part in re.split(r"[\W_]+", word)}
    won = any(known_words().get(part) == "won" for part in parts)
    return "won" if won and not parts & _NEGATIONS else "lost"


_NEGATIONS = {
    "not",
    "no",
    "non",
    "nicht",
    "kein",
    "pas",
    "niet",
    "geen",
    "não",
    "nao",
    "sin",
    "never",
    "almost",
}
