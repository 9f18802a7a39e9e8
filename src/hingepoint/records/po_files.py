"""Files of gettext (.po, .pot), as every tool for translators reads them: read, and written."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[\d+\])? (".*")$|(".*")$')
#: Stands between a context and its words, as in gettext.
OF = "\x04"
_HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence: the English ``words`` (with their context and ``OF`` before them, if they have one), its ``many`` where it counts, what it is ``told`` as (one form, or all of a
    plural; empty while nobody translated it), and the ``places`` that say it."""

    words: str
    many: str = ""
    told: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoFile:
    """What a file holds, and which form of a plural a count takes."""

    entries: tuple[Entry, ...]
    form_of: Callable[[int], int]


def read(text: str) -> PoFile:
    """Return the entries of a file. Those marked as fuzzy count as not translated, as everywhere."""
    blocks = [_read_block(block) for block in re.split(r"\n\s*\n", text) if "msgid" in block]
    head = next((one.told[0] for one in blocks if not one.words and one.told), "")
    rule = re.search(r"plural=([^;\n]+);", head)
    form_of = gettext.c2py(rule.group(1)) if rule else (lambda count: int(count != 1))  # type: ignore[attr-defined]
    return PoFile(tuple(one for one in blocks if one.words), form_of)


def _read_block(block: str) -> Entry:
    fields: list[tuple[str, str]] = []
    for line in block.splitlines():
        if found := _LINE.match(line.strip()):
            name, begun, more = found.groups()
            text = ast.literal_eval(begun or more)
            fields = (
                [*fields, (name, text)] if name else [*fields[:-1], (fields[-1][0], fields[-1][1] + text)]
            )
    of = dict(fields)
    told = tuple(text for name, text in fields if name == "msgstr")
    is_told = all(told) and not re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)
    context = f"{of['msgctxt']}{OF}" if "msgctxt" in of else ""
    return Entry(context + of.get("msgid", ""), of.get("msgid_plural", ""), told if is_told else ())


def written(entries: Iterable[Entry], head: str = _HEAD) -> str:
    """Return the text of a file with these entries, each sentence once, in the order in which they first come."""
    kept: dict[tuple[str, str], Entry] = {}
    for one in entries:
        before = kept.get((one.words, one.many), replace(one, places=()))
        kept[one.words, one.many] = replace(before, places=tuple(dict.fromkeys(before.places + one.places)))
    return "\n".join([head, *(_written_entry(one) for one in kept.values())])


def _written_entry(one: Entry) -> str:
    context, _, words = one.words.rpartition(OF)
    lines = [f"#: {place}" for place in one.places] + [f"msgctxt {_quoted(context)}"] * bool(context)
    lines.append(f"msgid {_quoted(words)}")
    told = one.told or (("", "") if one.many else ("",))
    if one.many:
        forms = [f"msgstr[{at}] {_quoted(form)}" for at, form in enumerate(told)]
        return "\n".join([*lines, f"msgid_plural {_quoted(one.many)}", *forms, ""])
    return "\n".join([*lines, f"msgstr {_quoted(told[0])}", ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
