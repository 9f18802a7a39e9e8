"""How much one name says of what another says: a measure for short English and German names.

Names become stems: case, punctuation, umlauts, endings and words that say nothing (*the*, *agreed*, *bestätigt*)
fall away, and German compounds are taken apart where their parts are known (``Datenzugang`` is ``daten`` and
``zugang``). A stem counts the more, the fewer types of the catalogue share it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
#: Words that do not tell one agreement from another, as stems are made of them.
_SAYS_NOTHING = (
    "the a an of to for by with from in on at and or our their us we they is are has have been be this that it its as",
    "agreed agreement confirmed given done obtained received got gained completed complete yes ok held signed sent",
    "der die das des dem den ein eine einer und oder von vom zum zur mit fuer im in am an bei auf ist sind liegt vor",
    "vereinbart vereinbarung bestaetigt erhalten erledigt erteilt abgeschlossen geklaert unterschrieben ja",
)
#: What stands behind a stem, the longest first.
_ENDINGS = ("ungen", "ation", "ung", "ing", "ies", "ed", "es", "en", "er", "al", "e", "s", "n", "y", "t")
_SHORTEST_STEM, _SHORTEST_PART = 4, 3
#: What may stand between the parts of a German compound.
_JOINTS = ("", "s", "es", "n", "en", "er", "e", "ung", "ungs")
_BEGINS_LIKE, _LEAST_ALIKE = 0.85, 0.6


def words_of(name: str) -> list[str]:
    """Return the plain words of a name: ``DataAccess_v2`` is ``data``, ``access``, ``v``, ``2``."""
    spelt = unicodedata.normalize("NFC", name).translate(_UMLAUTS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    return [word.casefold() for word in _WORD.findall(bare)]


def stem(word: str) -> str:
    """Return a word without its ending, as far as four letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


_NOTHING = frozenset(stem(word) for line in _SAYS_NOTHING for word in line.split())


def stems_of(name: str) -> list[str]:
    """Return the stems of a name that say something, each once; all of them where none does."""
    every = list(dict.fromkeys(stem(word) for word in words_of(name)))
    return [one for one in every if one not in _NOTHING] or every


def _parts(word: str, known: Collection[str]) -> list[str] | None:
    """Return the known stems that a compound is made of; None where it is not made of them."""
    if word in known:
        return [word]
    for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        head, rest = word[:cut], word[cut:]
        first = next((head.removesuffix(joint) for joint in _JOINTS if _is_part(head, joint, known)), None)
        if first is not None and (others := _parts(rest, known)):
            return [first, *others]
    return None


def _is_part(head: str, joint: str, known: Collection[str]) -> bool:
    part = head.removesuffix(joint)
    return head.endswith(joint) and len(part) >= _SHORTEST_PART and part in known


def _alike(one: str, other: str) -> float:
    """Return how much two stems are one, from 0 to 1: a beginning, or a slip of the pen."""
    if one == other:
        return 1.0
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _SHORTEST_STEM:
        return 0.0
    if longer.startswith(shorter):
        return _BEGINS_LIKE
    threes, others = _threes(one), _threes(other)
    share = 2 * len(threes & others) / (len(threes) + len(others))
    return share if share >= _LEAST_ALIKE else 0.0


@lru_cache(maxsize=20_000)
def _threes(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much a name says of a type, from 0 to 1, and the ``phrase`` of the type that it says."""

    score: float
    phrase: str


class Names:
    """The names of types, to look others up in. ``phrases`` has, by key, a type's name and its other words."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]):
        told = {key: [(one, stems_of(one)) for one in dict.fromkeys(said)] for key, said in phrases.items()}
        types: dict[str, set[str]] = {}
        for key, said in told.items():
            for one in (stem for _, stems in said for stem in stems):
                types.setdefault(one, set()).add(key)
        self._rare = {one: math.log1p(len(told) / len(keys)) for one, keys in types.items()}
        self._unknown = 0.5 * math.log1p(len(told))
        self._phrases = [
            (key, one, self._taken_apart(stems)) for key, said in told.items() for one, stems in said
        ]
        self._holding: dict[str, set[int]] = {}
        for number, (_, _, stems) in enumerate(self._phrases):
            for one in stems:
                self._holding.setdefault(one, set()).add(number)

    def like(self, name: str) -> dict[str, Likeness]:
        """Return how much ``name`` says of each type of which it says anything."""
        stems = self._taken_apart(stems_of(name))
        near = {one: {other: a for other in self._rare if (a := _alike(one, other))} for one in stems}
        found: dict[str, Likeness] = {}
        shared = {number for known in near.values() for one in known for number in self._holding.get(one, ())}
        for key, phrase, others in (self._phrases[number] for number in sorted(shared)):
            score = self._share(near, others)
            if key not in found or score > found[key].score:
                found[key] = Likeness(score, phrase)
        return found

    def _taken_apart(self, stems: list[str]) -> list[str]:
        whole = [_parts(one, self._rare) or [one] for one in stems]
        return list(dict.fromkeys(part for parts in whole for part in parts))

    def _share(self, near: Mapping[str, Mapping[str, float]], others: list[str]) -> float:
        """Return the geometric mean of how much of each of two names the other says, rare words counting more.
        ``near`` has, by the stems of the one, those that are like them."""
        said = self._mean(
            {one: max(known.get(other, 0.0) for other in others) for one, known in near.items()}
        )
        heard = {other: max(known.get(other, 0.0) for known in near.values()) for other in others}
        return math.sqrt(said * self._mean(heard))

    def _mean(self, alike: Mapping[str, float]) -> float:
        weights = {one: self._rare.get(one, self._unknown) for one in alike}
        return sum(weights[one] * share for one, share in alike.items()) / sum(weights.values())
