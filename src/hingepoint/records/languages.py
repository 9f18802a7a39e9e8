"""The language in which a person is spoken to. Our code is written in English; a catalogue says it in another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hingepoint.records import po_files

ENGLISH = "en"
FOLDER = Path(__file__).resolve().parents[1] / "locale"

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Sentences of one language by the English ones. What it lacks stays English.

    ``plurals`` goes by the English pair (one, many) and has the forms that ``form_of`` a count chooses from.
    """

    sentences: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    form_of: Callable[[int], int] = lambda count: int(count != 1)

    def told(self, words: str) -> str:
        """Return ``words``, with their places in braces still open, in this language."""
        return self.sentences.get(words) or words

    def forms(self, one: str, many: str) -> tuple[str, ...]:
        """Return all forms that a count chooses from by ``form_of``."""
        return self.plurals.get((one, many)) or (one, many)


def spoken() -> str:
    """Return the code of the language in which we speak now: ``en``."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak ``language`` inside of the block."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def say(words: str, /, **parts: Any) -> str:
    """Return a sentence in the language spoken, its places filled: ``say("{n} of {team}", n=3, team="North")``.

    ``words`` is a literal, or a constant marked by ``words_of``: else nobody finds it to translate it.
    """
    told = catalogue(spoken()).told(words)
    return told.format(**parts) if parts else told


def say_many(one: str, many: str, /, count: int, **parts: Any) -> str:
    """Return the sentence for ``count`` things: ``say_many("{n} deal", "{n} deals", 3, n="3")``."""
    spoken_here = catalogue(spoken())
    forms = spoken_here.forms(one, many)
    told = forms[min(spoken_here.form_of(count), len(forms) - 1)]
    return told.format(**parts) if parts else told


def words_of(words: str, /) -> str:
    """Return ``words`` as they are: marks a constant as a sentence, to be said by ``say`` whenever it is read."""
    return words


class Reason(str):
    """A sentence that is told again in the reader's language, wherever it was made: why something was refused."""

    words: str
    parts: Mapping[str, Any]


def reason(words: str, /, **parts: Any) -> Reason:
    """Return a sentence, English in an action as all is there, that ``told_again`` says to its reader."""
    made = Reason(say(words, **parts))
    made.words, made.parts = words, parts
    return made


def told_again(text: str) -> str:
    """Return what was said elsewhere in the language spoken here; a plain text by the catalogue, if it is a sentence."""
    return say(text.words, **text.parts) if isinstance(text, Reason) else say(text)


def say_noun(one: str, many: str, count: int, n: str) -> str:
    """Return a count with its noun: ``1 deal``. A sentence that counts is better said whole, by ``say_many``."""
    return say_many(f"{{n}} {one}", f"{{n}} {many}", count, n=n)


@cache
def catalogue(language: str) -> Catalogue:
    """Return the sentences of a language, from all files in its folder; none of English, nor of one we do not have."""
    found = [po_files.read(path.read_text("utf-8")) for path in sorted((FOLDER / language).glob("*.po"))]
    entries = [one for file in found for one in file.entries if one.told]
    if not found:
        return Catalogue()
    sentences = {one.words: one.told[0] for one in entries if not one.many}
    plurals = {(one.words, one.many): one.told for one in entries if one.many}
    return Catalogue(sentences, plurals, found[0].form_of)


def form_of(count: int) -> int:
    """Return which form of a plural a count takes in the language spoken."""
    return catalogue(spoken()).form_of(count)
