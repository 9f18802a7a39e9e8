"""The language in which a person is spoken to. Our code is written in English; a catalogue says it in another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from markupsafe import Markup, escape

from hingepoint.records import po_files

ENGLISH = "en"
FOLDER = Path(__file__).resolve().parents[1] / "locale"

T = TypeVar("T")
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)
#: What stands among words and is none: a key of ours.
_KEY = re.compile(r"[a-z0-9_.:<=>-]*")


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
    language = spoken()
    told = catalogue(language).told(words)
    filled = told.format(**parts) if parts else told
    return filled if language == ENGLISH else Told(filled)


def say_many(one: str, many: str, /, count: int, **parts: Any) -> str:
    """Return the sentence for ``count`` things: ``say_many("{n} deal", "{n} deals", 3, n="3")``."""
    spoken_here = catalogue(spoken())
    forms = spoken_here.forms(one, many)
    told = forms[min(spoken_here.form_of(count), len(forms) - 1)]
    return told.format(**parts) if parts else told


class Told(str):
    """Words in another language than English: inside of a sentence they keep their capitals."""

    def lower(self) -> str:
        return self

    def capitalize(self) -> str:
        return self[:1].upper() + self[1:]


class Sentence(str):
    """English words that are said in the reader's language wherever a page shows them or a sentence holds them. Compared,
    joined and stored they are the English ones."""

    def said(self) -> str:
        """Return the words in the language spoken here."""
        return say(str(self))

    def lower(self) -> str:
        return self.said() if spoken() != ENGLISH else super().lower()

    def capitalize(self) -> str:
        return self.said().capitalize() if spoken() != ENGLISH else super().capitalize()

    def __html__(self) -> Markup:
        return escape(self.said())

    def __format__(self, how: str) -> str:
        return format(self.said(), how)


class Reason(Sentence):
    """A sentence with its parts, told again in the reader's language wherever it was made: why something was refused."""

    words: str
    parts: Mapping[str, Any]

    def said(self) -> str:
        return say(self.words, **self.parts)


class InContext(Sentence):
    """A word that has namesakes of another meaning; translators see its ``context`` (``msgctxt`` of gettext)."""

    context: str

    def said(self) -> str:
        return say(f"{self.context}{po_files.OF}{self!s}").rpartition(po_files.OF)[2]


def words_of(words: T, /) -> T:
    """Mark a constant as words that people read: a sentence, or a structure of dicts, lists, tuples and dataclasses that
    holds some.

    Keys of dicts, and texts that look like keys of ours (``not_needed``), stay as they are.
    """
    made: Any = words
    if type(words) is str:
        made = made if is_key(made) else Sentence(made)
    elif isinstance(words, dict):
        made = {key: words_of(value) for key, value in words.items()}
    elif type(words) in (list, tuple):
        made = type(words)(words_of(one) for one in made)  # type: ignore[call-arg]
    elif is_dataclass(words) and not isinstance(words, type):
        made = replace(words, **{one.name: words_of(getattr(words, one.name)) for one in fields(words)})
    return made  # type: ignore[no-any-return]


def counted(one: str, many: str, /) -> tuple[str, str]:
    """Mark two constants as a sentence that counts, for ``say_many``."""
    return one, many


def label_of(english: str, context: str = "") -> str:
    """Return a word in the language spoken; ``context`` tells it from its namesakes. In English it is a ``Sentence``: a list
    of labels that is made once, when Python reads a file, is said by the page that shows it."""
    word = InContext(english) if context else Sentence(english)
    if isinstance(word, InContext):
        word.context = context
    return word if spoken() == ENGLISH else word.said()


def in_context(english: str, context: str) -> InContext:
    """Return a word that is English until a page shows it, whatever is spoken now."""
    word = InContext(english)
    word.context = context
    return word


def is_key(text: str) -> bool:
    """Return whether a text is a key of ours and no word: small letters without a space."""
    return bool(_KEY.fullmatch(text))


def reason(words: str, /, **parts: Any) -> Reason:
    """Return a sentence, English in an action as all is there, that is told again to its reader."""
    made = Reason(say(words, **parts))
    made.words, made.parts = words, parts
    return made


def told_again(text: str) -> str:
    """Return what was said elsewhere in the language spoken here; a plain text by the catalogue, if it is a sentence."""
    return text.said() if isinstance(text, Sentence) else say(text)


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
