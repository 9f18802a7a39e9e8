"""Collect every sentence that can be said in another language: ``python3 dev.py sentences LANGUAGE [SUBJECT ...]``.

Without a subject all sentences go to ``build/hingepoint.pot``, for programs of translators. With subjects,
``src/hingepoint/locale/LANGUAGE/SUBJECT.po`` is written anew: it keeps what is translated, drops what nobody says any more,
and lists what waits. ``unsaid [PACKAGE ...]`` lists texts of the code that nobody can say in another language.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "hingepoint"
sys.path.insert(0, str(SOURCE.parent))

import python_sentences

from hingepoint.domain.agreements import catalogue
from hingepoint.records import languages, po_files
from hingepoint.records.po_files import Entry
from hingepoint.web.tongues import sentences

TEMPLATES = SOURCE / "web" / "templates"
_HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"""
#: Language -> its plural forms, as gettext writes them.
PLURALS = {"de": "nplurals=2; plural=(n != 1);"}


class Noted(languages.Catalogue):
    """A catalogue that leaves everything English and notes what it was asked for."""

    def __init__(self, place: str = "") -> None:
        super().__init__()
        object.__setattr__(self, "noted", [])
        object.__setattr__(self, "place", place)

    def told(self, words: str) -> str:
        self.noted.append(Entry(words, places=(self.place,)))
        return words

    def forms(self, one: str, many: str) -> tuple[str, ...]:
        self.noted.append(Entry(one, many, places=(self.place,)))
        return (one, many)


def collected(subject: str = "") -> list[Entry]:
    """Return every sentence of templates and Python, or those of one subject, with the file that says it."""
    return [*of_templates(subject), *of_python(subject), *of_catalogue(subject)]


def _files(folder: Path, ending: str, subject: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob(f"*.{ending}")):
        place = path.relative_to(SOURCE).as_posix()
        if subject in ("", subject_of(place)):
            yield path, place


def of_templates(subject: str = "") -> Iterator[Entry]:
    for path, place in _files(TEMPLATES, "html", subject):
        noted = Noted(place)
        sentences.translated(path.read_text("utf-8"), noted)
        yield from noted.noted


def of_catalogue(subject: str = "") -> Iterator[Entry]:
    """Yield the names of the shipped catalogue, whose subject is ``shipped``."""
    if subject in ("", "shipped"):
        for row in catalogue.shipped_types().values():
            yield Entry(f"{catalogue.SHIPPED}{po_files.OF}{row['name']}", places=("shipped.csv",))


def of_python(subject: str = "") -> Iterator[Entry]:
    for path, place in _files(SOURCE, "py", subject):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for found in _of_node(node):
                yield dataclasses.replace(found, places=(place,))
        if python_sentences.is_held(place):
            yield from (Entry(words, places=(place,)) for words in python_sentences.at_doors(place))


def _of_node(node: ast.AST) -> Iterator[Entry]:
    """Yield what a call says, and the word of an enum's member (``NAME = "value", "Word"``)."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.ClassDef) and python_sentences.has_words(node):
        values = [one.value for one in node.body if isinstance(one, ast.Assign)]
        words = [_texts(one.elts[1:]) for one in values if isinstance(one, ast.Tuple)]
        yield from (Entry(po_files.OF.join(reversed(one))) for one in words if one)


def _of_call(node: ast.Call) -> Iterator[Entry]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    texts = _texts(node.args)
    if name in ("say", "reason") and texts:
        yield Entry(texts[0])
    elif name in ("words_of", "marked") and node.args:
        words = python_sentences.literals(node.args[0])
        yield from (Entry(one) for one in words if one and not languages.is_key(one))
    elif name in ("say_many", "counted") and len(texts) == 2:
        yield Entry(*texts)
    elif name == "plural" and texts:
        one, many = texts[0], texts[1] if len(texts) > 1 else f"{texts[0]}s"
        yield Entry(f"{{n}} {one}", f"{{n}} {many}")


def _texts(nodes: list[ast.expr]) -> list[str]:
    return [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def subject_of(place: str) -> str:
    """Return the subject a file belongs to: ``web/templates/handovers/mine.html`` to ``handovers``."""
    return re.sub(r"^web/templates/|^[a-z]+/", "", place).partition("/")[0].partition(".")[0].strip("_")


def written(language: str, subject: str) -> str:
    """Return the file of a subject, with what is translated already."""
    known = languages.catalogue(language)
    head = _HEAD.format(language=language, plurals=PLURALS[language])
    return po_files.written((_with_told(one, known) for one in collected(subject)), head)


def _with_told(one: Entry, known: languages.Catalogue) -> Entry:
    found = (
        known.plurals.get((one.words, one.many), ()) if one.many else (known.sentences.get(one.words, ""),)
    )
    return dataclasses.replace(one, told=tuple(found) if all(found) else ())


def main(language: str = "", *subjects: str) -> None:
    if language == "unsaid":
        python_sentences.main(*subjects)
        return
    for subject in subjects:
        path = languages.FOLDER / language / f"{subject}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(language, subject), "utf-8")
        print(f"Wrote {path.relative_to(ROOT)}")
    if not subjects:
        entries = collected()
        pot = ROOT / "build" / "hingepoint.pot"
        pot.parent.mkdir(exist_ok=True)
        pot.write_text(po_files.written(entries), "utf-8")
        print(f"Wrote {pot.relative_to(ROOT)}: {len({(one.words, one.many) for one in entries})} sentences")


if __name__ == "__main__":
    main(*sys.argv[1:])
