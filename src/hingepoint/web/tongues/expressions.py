"""Sentences inside expressions of a template: literals that people read, alone or joined to values by ``~``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hingepoint.records.languages import Catalogue

_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\w+|[=!<>]=|//|\*\*|\s+|.""", re.DOTALL)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_ENDS = {",", ":", "=", "==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "if", "else", "and", "or", "not", "in", "is"}  # fmt: skip
_COMPARES = {"==", "!=", "in"}
#: Arguments and functions whose texts are names and not words.
_NAMES = {"icon", "tone", "id", "name", "class", "class_", "classes", "value", "href", "kind", "type", "target", "method", "action", "key", "glyph", "attribute", "autocomplete", "pattern", "formaction"}  # fmt: skip
_NAMING = {
    "url",
    "static",
    "selectattr",
    "rejectattr",
    "map",
    "sort",
    "groupby",
    "get",
    "strftime",
    "query",
    "asks",
}
_PLURAL = re.compile(r"""\|\s*plural\(\s*["']([^"']+)["'](?:\s*,\s*["']([^"']+)["'])?\s*\)""")


def is_words(text: str) -> bool:
    """Return whether people read a literal: it has letters, and begins with a capital or holds a space."""
    if re.match(r"[/#?%]|\.\S", text) or not re.search(r"[A-Za-z]{2}", text):
        return False
    return text[:1].isupper() or " " in text


def name_in(source: str) -> str:
    """Return a short name for the place that an expression fills: ``line.due_on|day`` is ``due_on``."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", source)
    paths = re.findall(
        r"(?<![|\w])\b(?!if\b|not\b|else\b|is\b|and\b|or\b|in\b)([a-z_][\w.]*)(?!\w|\s*\()", bare
    )
    return paths[0].rstrip(".").rsplit(".", 1)[-1] if paths else "value"


def named(sources: list[str]) -> dict[str, str]:
    """Return a name of its own for each source: that of another gets a number."""
    names: dict[str, str] = {}
    for source in sources:
        stem, number = name_in(source), 1
        name = stem
        while names.get(name, source) != source:
            number += 1
            name = f"{stem}_{number}"
        names[name] = source
    return {source: name for name, source in names.items()}


def plural_in(source: str) -> tuple[str, str, str] | None:
    """Return what is counted, its word for one and for many, of an expression that ends in ``|plural("deal")``."""
    found = _PLURAL.search(source)
    if not found or found.end() != len(source.rstrip()) or "~" in source:
        return None
    return source[: found.start()].strip(), found[1], found[2] or found[1] + "s"


def translated(source: str, catalogue: Catalogue, *, loop: bool = False) -> str:
    """Return an expression whose words are those of the catalogue; ``loop``: of a ``for``, in which ``in`` compares nothing.
    Asks it for each sentence once."""
    for found in _PLURAL.finditer(source):  # looked up when the page is rendered
        catalogue.forms(f"{{n}} {found[1]}", f"{{n}} {found[2] or found[1] + 's'}")
    of_loop, begins, looped = source.partition(" in ") if loop else ("", "", source)
    said = "".join(_translated_level(iter(_TOKEN.findall(looped)), catalogue, silent=False))
    return of_loop + begins + said


@dataclass
class _Chain:
    """Terms joined by ``~``, each a list of tokens, as they are read."""

    silent: bool
    terms: list[list[str]] = field(default_factory=lambda: [[]])

    def last_name(self) -> str:
        return next((one for one in reversed(self.terms[-1]) if not one.isspace()), "")


def _translated_level(tokens: Iterator[str], catalogue: Catalogue, *, silent: bool) -> Iterator[str]:
    chain = _Chain(silent)
    for token in tokens:
        if token in _CLOSES:
            inside = silent or chain.last_name() in _NAMING or chain.silent
            chain.terms[-1].append(token + "".join(_translated_level(tokens, catalogue, silent=inside)))
        elif token == "~":  # noqa: S105
            chain.terms.append([])
        elif token in _ENDS or token in _CLOSES.values():
            quiet = silent or (token == "=" and chain.last_name() in _NAMES) or token in _COMPARES  # noqa: S105
            chain.silent |= token == ":"  # noqa: S105  (a key of a dict)
            yield _said(chain, catalogue) + token
            chain = _Chain(quiet)
            if token in _CLOSES.values():
                return
        else:
            chain.terms[-1].append(token)
    yield _said(chain, catalogue)


def _said(chain: _Chain, catalogue: Catalogue) -> str:
    terms = ["".join(one) for one in chain.terms]
    literals = [_text_of(one) for one in terms]
    if chain.silent or not any(text and is_words(text) for text in literals):
        return "~".join(_first_said(one, catalogue, chain.silent) for one in chain.terms)
    names = named([one.strip() for one, text in zip(terms, literals, strict=True) if text is None])
    words = "".join(
        f"{{{names[one.strip()]}}}" if text is None else text
        for one, text in zip(terms, literals, strict=True)
    )
    if not names:
        return _around(terms[0], _quoted(catalogue.told("".join(text or "" for text in literals))))
    of = {name: source for source, name in names.items()}
    parts = [part for part in re.split(r"(\{\w+\})", catalogue.told(words)) if part]
    joined = " ~ ".join(
        of[part[1:-1]] if part[1:-1] in of and part[0] == "{" else _quoted(part) for part in parts
    )
    return _around("~".join(terms), f"({joined})" if len(parts) > 1 else joined)


def _first_said(term: list[str], catalogue: Catalogue, silent: bool) -> str:
    """Return a term whose first token is said, where it is words that a filter takes."""
    source = "".join(term)
    first = next((one for one in term if not one.isspace()), "")
    text = _text_of(first)
    if silent or text is None or not is_words(text):
        return source
    return source.replace(first, _quoted(catalogue.told(text)), 1)


def _around(source: str, said: str) -> str:
    """Return ``said`` between the white space around ``source``."""
    before, after = len(source) - len(source.lstrip()), len(source.rstrip())
    return source[:before] + said + source[after:]


def _text_of(term: str) -> str | None:
    """Return what a literal says; None of what is no literal."""
    found = re.fullmatch(r"""\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')\s*""", term, re.DOTALL)
    if not found:
        return None
    text = found[1] if found[1] is not None else found[2]
    return re.sub(r"\\(.)", r"\1", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
