"""A template cut into pieces: text, expressions, tags of HTML, choices (``if``), and what parts sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_EXPRESSION = r"""\{\{(?:"[^"]*"|'[^']*'|(?!\}\}).)*\}\}"""
_BLOCK = r"""\{%(?:"[^"]*"|'[^']*'|(?!%\}).)*%\}"""
_PIECE = re.compile(
    rf"""(?P<raw>\{{\#.*?\#\}}|<!--.*?-->|<!doctype[^>]*>|<(?P<whole>script|style|svg|symbol)\b.*?</(?P=whole)>)
    |(?P<expression>{_EXPRESSION})|(?P<block>{_BLOCK})
    |(?P<tag></?[a-zA-Z](?:{_EXPRESSION}|{_BLOCK}|"(?:{_EXPRESSION}|{_BLOCK}|[^"])*"|'[^']*'|[^>"'{{])*>)""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_INLINE = {"a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "small", "span", "strong", "sub", "sup", "time"}  # fmt: skip
#: Macros that make whole elements: a sentence does not run through them.
_PARTS = re.compile(
    r"\{\{-?\s*(?:buttons|layout|feedback|forms|tables|icons?|people|csrf_input|caller|super|self)\b"
)


@dataclass(frozen=True, slots=True)
class Text:
    source: str


@dataclass(frozen=True, slots=True)
class Expression:
    source: str

    @property
    def parts(self) -> bool:
        """Whether it makes an element of its own."""
        return bool(_PARTS.match(self.source))

    @property
    def inside(self) -> str:
        return self.source[2:-2].strip("-+ \n")


@dataclass(frozen=True, slots=True)
class Tag:
    source: str

    @property
    def name(self) -> str:
        return re.findall(r"[a-zA-Z0-9]+", self.source)[0].lower()

    @property
    def closes(self) -> bool:
        return self.source.startswith("</")

    @property
    def inline(self) -> bool:
        return self.name in _INLINE


@dataclass(frozen=True, slots=True)
class Block:
    """A tag of Jinja2 other than a choice's, a comment, a script: sentences end there."""

    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """``if`` to ``endif``: each head with what follows it, and the end."""

    branches: tuple[tuple[str, tuple[Piece, ...]], ...]
    end: str

    @property
    def inline(self) -> bool:
        """Whether it may stand inside of a sentence: no branch holds what parts sentences, or half an element."""
        return all(_is_inline(pieces) for _, pieces in self.branches)


Piece = Text | Expression | Tag | Block | Choice


def _is_inline(pieces: tuple[Piece, ...]) -> bool:
    opened = 0
    for one in pieces:
        if isinstance(one, Block) or (isinstance(one, Expression) and one.parts):
            return False
        if isinstance(one, Tag | Choice) and not one.inline:
            return False
        if isinstance(one, Tag):
            opened += -1 if one.closes else 1
            if opened < 0:
                return False
    return opened == 0


_KINDS: dict[str, Callable[[str], Piece]] = {"expression": Expression, "tag": Tag}


def cut(source: str) -> tuple[Piece, ...]:
    """Return the pieces of a template; their sources, in order, are the template."""
    flat = _flat(source)
    pieces, left = _read(flat, lambda word: False)
    assert left is None, f"{left.source} without its beginning" if left else ""
    return pieces


def _flat(source: str) -> Iterator[Piece]:
    at = 0
    for found in _PIECE.finditer(source):
        if found.start() > at:
            yield Text(source[at : found.start()])
        yield _KINDS.get(found.lastgroup or "", Block)(found[0])
        at = found.end()
    if at < len(source):
        yield Text(source[at:])


def word_of(block: str) -> str:
    """Return which tag of Jinja2 a block is: ``if``, ``endif``, ``call``; empty for a comment or a script."""
    found = re.match(r"\{%[-+]?\s*(\w+)", block)
    return found[1] if found else ""


def _read(flat: Iterator[Piece], ends: Callable[[str], bool]) -> tuple[tuple[Piece, ...], Block | None]:
    """Return the pieces up to a block that ends them, and that block."""
    pieces: list[Piece] = []
    loops = 0  # whose else is not the choice's
    for one in flat:
        word = word_of(one.source) if isinstance(one, Block) else ""
        loops += {"for": 1, "endfor": -1}.get(word, 0)
        if isinstance(one, Block) and not loops and ends(word):
            return tuple(pieces), one
        pieces.append(_choice(flat, one.source) if isinstance(one, Block) and word == "if" else one)
    return tuple(pieces), None


def _choice(flat: Iterator[Piece], head: str) -> Choice:
    branches = []
    while True:
        inside, end = _read(flat, lambda word: word in ("elif", "else", "endif"))
        branches.append((head, inside))
        assert end is not None, f"{head} without endif"
        if word_of(end.source) == "endif":
            return Choice(tuple(branches), end.source)
        head = end.source


def source_of(piece: Piece) -> str:
    """Return the source of a piece, with all that a choice holds."""
    if isinstance(piece, Choice):
        return "".join(head + "".join(map(source_of, inside)) for head, inside in piece.branches) + piece.end
    return piece.source
