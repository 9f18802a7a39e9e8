"""A template said in another language: each run of text and what stands inside of it is one sentence.

In a sentence a value is ``{due_on}``, an element ``<b>`` without its attributes, a choice ``{if due_on}…{else}…{end}``.
A translation may put them in another order, and must hold the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hingepoint.records.languages import Catalogue
from hingepoint.web.tongues import expressions
from hingepoint.web.tongues.pieces import Block, Choice, Expression, Piece, Tag, Text, cut, source_of, word_of

_SAID_ATTRIBUTES = re.compile(
    r"""(\s(?:title|aria-label|alt|placeholder|label|data-label|data-confirm)=)"((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)\"""",
    re.DOTALL,
)
_BUTTON_VALUE = re.compile(r"""(\svalue=)"([A-Z][^"{]*)\"""")
#: Tags of Jinja2 whose literals people read.
_SPEAKING = {"call", "set", "for", "with", "include", "block", "macro"}
_PLACE = re.compile(r"\{(?:if|elif) \w+\}|\{\w+\}|</?\w+>")


class Misplaced(ValueError):
    """A translation lacks a place of its sentence, or has one too many."""


@dataclass
class _Sentence:
    """A sentence as it is put together: its words with places, and the source of each place."""

    words: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    def add(self, place: str, source: str) -> None:
        """Add a place, with a number where another source has its name."""
        number, stem = 1, place
        while self.sources.get(place, source) != source:
            number += 1
            place = re.sub(r"(\w+)([>}])$", rf"\g<1>_{number}\g<2>", stem)
        self.sources[place] = source
        self.words.append(place)


def translated(source: str, catalogue: Catalogue) -> str:
    """Return a template in the language of the catalogue, which is asked for each sentence once.

    Raises ``Misplaced`` where a translation does not fit its sentence.
    """
    return _sequence(cut(source), catalogue)


def _sequence(pieces: Sequence[Piece], catalogue: Catalogue) -> str:
    """Return pieces side by side, cut into runs where sentences end."""
    said: list[str] = []
    run: list[Piece] = []
    for at, one in enumerate(pieces):
        if _in_sentence(one, run, pieces[at + 1 :]):
            run.append(one)
            continue
        said += [_run(run, catalogue), _apart(one, catalogue)]
        run = []
    return "".join([*said, _run(run, catalogue)])


def _in_sentence(one: Piece, run: list[Piece], after: Sequence[Piece]) -> bool:
    match one:
        case Text():
            return True
        case Expression():
            return not one.parts
        case Tag():
            return one.inline
        case Choice():
            return one.inline and (_goes_on_after(run) or _goes_on(after))
    return False


def _goes_on_after(run: Sequence[Piece]) -> bool:
    """Return whether a sentence has begun in these pieces and not ended."""
    words = _visible(run).strip()
    return bool(words) and words[-1] not in ".!?…"


def _goes_on(after: Sequence[Piece]) -> bool:
    """Return whether what follows is the rest of a sentence, up to where every sentence ends."""
    if not after or not isinstance(after[0], Text):
        return False
    return bool(re.match(r"\s*[a-z,.;)]", after[0].source))


def _visible(pieces: Sequence[Piece]) -> str:
    """Return what a reader sees, with an x for each value."""
    shown = {Text: lambda one: one.source, Expression: lambda one: "x", Choice: lambda one: "x"}
    return "".join(shown.get(type(one), lambda one: "")(one) for one in pieces)


def _apart(one: Piece, catalogue: Catalogue) -> str:
    """Return a piece that stands outside of sentences; what it holds is said."""
    if isinstance(one, Choice):
        parts = [_head(head, catalogue) + _sequence(inside, catalogue) for head, inside in one.branches]
        return "".join([*parts, one.end])
    if isinstance(one, Tag):
        return _tag(one, catalogue)
    if isinstance(one, Expression):
        return _expression(one, catalogue)
    return _head(one.source, catalogue) if isinstance(one, Block) else source_of(one)


def _head(block: str, catalogue: Catalogue) -> str:
    if word_of(block) not in _SPEAKING:
        return block
    word = word_of(block)
    before, after = block.split(word, 1)
    inside = re.match(r"(.*?)([-+]?%\})$", after, re.DOTALL)
    assert inside
    return before + word + expressions.translated(inside[1], catalogue, loop=word == "for") + inside[2]


def _tag(one: Tag, catalogue: Catalogue) -> str:
    """Return a tag of HTML with its spoken attributes said."""
    if one.closes:
        return one.source
    said = _SAID_ATTRIBUTES.sub(lambda found: f'{found[1]}"{translated(found[2], catalogue)}"', one.source)
    if one.name == "input" and 'type="submit"' in said:
        said = _BUTTON_VALUE.sub(lambda found: f'{found[1]}"{catalogue.told(found[2])}"', said)
    return said


def _expression(one: Expression, catalogue: Catalogue) -> str:
    inside = re.fullmatch(r"(\{\{[-+]?)(.*?)([-+]?\}\})", one.source, re.DOTALL)
    assert inside
    return inside[1] + expressions.translated(inside[2], catalogue) + inside[3]


def _run(run: list[Piece], catalogue: Catalogue) -> str:
    """Return a run of text, values and inline elements, said as one sentence where it has words."""
    before, middle, after = _unwrapped(run)
    edges = ["".join(_apart(one, catalogue) for one in side) for side in (before, after)]
    if not _has_words(middle):
        return edges[0] + "".join(_wordless(one, catalogue) for one in middle) + edges[1]
    blank = re.fullmatch(r"(\s*).*?(\s*)", "".join(map(source_of, middle)), re.DOTALL)
    assert blank
    return edges[0] + blank[1] + _said(middle, catalogue) + blank[2] + edges[1]


def _wordless(one: Piece, catalogue: Catalogue) -> str:
    return _apart(one, catalogue) if not isinstance(one, Text) else one.source


def _has_words(pieces: Sequence[Piece]) -> bool:
    return any(
        bool(re.search(r"[A-Za-z]", re.sub(r"&\w+;", "", one.source)))
        if isinstance(one, Text)
        else isinstance(one, Choice) and any(_has_words(inside) for _, inside in one.branches)
        for one in pieces
    )


def _unwrapped(run: list[Piece]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Return what stands around a sentence, the sentence, and what stands after it: blanks, and elements around all of it."""
    first, last = 0, len(run)
    while first < last:
        begin, end = run[first], run[last - 1]
        if _is_blank(begin) or _closes_nothing(run[first:last]):
            first += 1
        elif _is_blank(end) or _opens_nothing(run[first:last]):
            last -= 1
        elif isinstance(begin, Tag) and _match_of(run[first:last]) == last - first - 1 > 0:
            first, last = first + 1, last - 1
        else:
            break
    return run[:first], run[first:last], run[last:]


def _is_blank(one: Piece) -> bool:
    return isinstance(one, Text) and not one.source.strip()


def _closes_nothing(run: Sequence[Piece]) -> bool:
    """Return whether a run begins with an end, or with a beginning whose end lies outside of it."""
    first = run[0]
    return isinstance(first, Tag) and (first.closes or _match_of(run) is None)


def _opens_nothing(run: Sequence[Piece]) -> bool:
    """Return whether a run ends with a beginning, or with an end whose beginning lies outside of it."""
    last = run[-1]
    if not isinstance(last, Tag):
        return False
    opened = 0
    for one in run:
        if isinstance(one, Tag):
            opened += -1 if one.closes else 1
    return not last.closes or opened < 0


def _match_of(run: Sequence[Piece]) -> int | None:
    """Return where the element that the run begins with ends."""
    opened = 0
    for at, one in enumerate(run):
        if isinstance(one, Tag):
            opened += -1 if one.closes else 1
        if opened == 0:
            return at if isinstance(one, Tag) else None
    return None


def _said(run: Sequence[Piece], catalogue: Catalogue) -> str:
    counted = [(one, found) for one in _expressions(run) if (found := expressions.plural_in(one.inside))]
    if len(counted) != 1:
        sentence = _put_together(run, catalogue)
        return filled(sentence, catalogue.told(_words(sentence)))
    (which, (count, one, many)) = counted[0]
    pair = [_put_together(run, catalogue, which, noun) for noun in (one, many)]
    forms = [filled(pair[0], form) for form in catalogue.forms(_words(pair[0]), _words(pair[1]))]
    heads = [f"{{% {'elif' if at else 'if'} plural_form({count}) == {at} %}}" for at in range(len(forms) - 1)]
    return (
        "".join(f"{head}{form}" for head, form in zip([*heads, "{% else %}"], forms, strict=True))
        + "{% endif %}"
    )


def _expressions(run: Sequence[Piece]) -> list[Expression]:
    """Return the expressions of a run, those inside of its choices too."""
    found = [one for one in run if isinstance(one, Expression)]
    inside = [pieces for one in run if isinstance(one, Choice) for _, pieces in one.branches]
    return found + [one for pieces in inside for one in _expressions(pieces)]


def _words(sentence: _Sentence) -> str:
    return re.sub(r"\s+", " ", "".join(sentence.words)).strip()


def _put_together(
    run: Sequence[Piece], catalogue: Catalogue, counted: Expression | None = None, noun: str = ""
) -> _Sentence:
    """Return a run as a sentence; ``counted`` is the expression that counts, said as ``{n} noun``."""
    sentence = _Sentence()
    _add(sentence, run, catalogue, counted, noun)
    return sentence


def _add(
    sentence: _Sentence, run: Sequence[Piece], catalogue: Catalogue, counted: Expression | None, noun: str
) -> None:
    opened: list[str] = []
    for one in run:
        if isinstance(one, Text):
            sentence.words.append(one.source)
        elif isinstance(one, Tag):
            _add_tag(sentence, one, opened, catalogue)
        elif isinstance(one, Expression) and one is counted:
            found = expressions.plural_in(one.inside)
            sentence.add("{n}", f"{{{{ ({found[0] if found else ''})|number }}}}")
            sentence.words.append(f" {noun}")
        elif isinstance(one, Expression):
            sentence.add(f"{{{expressions.name_in(one.inside)}}}", _expression(one, catalogue))
        elif isinstance(one, Choice):
            for head, inside in one.branches:
                sentence.add(_place_of(head), head)
                _add(sentence, inside, catalogue, counted, noun)
            sentence.add("{end}", one.end)


def _add_tag(sentence: _Sentence, one: Tag, opened: list[str], catalogue: Catalogue) -> None:
    """Add an element's begin or end; the end bears the number of its begin."""
    if one.closes and opened:
        place = f"</{opened.pop()}>"
        sentence.sources[place] = one.source
        sentence.words.append(place)
        return
    sentence.add(f"<{one.name}>", _tag(one, catalogue))
    opened.append(sentence.words[-1][1:-1])


def _place_of(head: str) -> str:
    word = word_of(head)
    if word == "else":
        return "{else}"
    return f"{{{word} {expressions.name_in(re.sub(r'^.*?(?:el)?if', '', head).rstrip('%-+}'))}}}"


def filled(sentence: _Sentence, told: str) -> str:
    """Return a translation with the sources of the template in its places; ``Misplaced`` where they are not the same."""
    wanted, found = sorted(_PLACE.findall(_words(sentence))), sorted(_PLACE.findall(told))
    if wanted != found:
        raise Misplaced(f"{told!r} has {found}, and {_words(sentence)!r} has {wanted}")
    return _PLACE.sub(lambda place: sentence.sources[place[0]], told)
