"""What was understood, in words: made here once, for the terminal, for the page and for a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hingepoint.connectors.files.problems import FileProblem
from hingepoint.connectors.files.reading.understanding import (
    ASKED,
    KindOfEvents,
    Question,
    ShareColumn,
    StatusWord,
    Understanding,
)

#: Dates that lie alone are listed up to this number, names of events of one kind up to the other.
_LISTED, _NAMES = 5, 8

_WAITS = "waits for your answer"
_HEAD = "Won, lost and open, by the word they were read from"


@dataclass(frozen=True, slots=True)
class WordTold:
    """A word of the status: ``read_as`` is won, lost, open, asked or left out; all else is ready to show."""

    word: str
    source: str
    deals: str
    money: str
    read_as: str
    said: str


@dataclass(frozen=True, slots=True)
class OptionTold:
    """One option: ``value`` is its place, ``would`` what it would change, ``line`` how a mapping says it;
    ``whole`` when nothing has to be filled in there."""

    value: str
    label: str
    would: str
    line: str
    whole: bool


@dataclass(frozen=True, slots=True)
class QuestionTold:
    """A question with its options. ``short`` names it in a few words."""

    key: str
    short: str
    about: str
    word: str | None
    options: tuple[OptionTold, ...]
    line: str

    @property
    def asks(self) -> str:
        """The whole question."""
        labels = [each.label for each in self.options]
        return f"{self.about} {', '.join(labels[:-1])} or {labels[-1]}?"


@dataclass(frozen=True, slots=True)
class Told:
    """What was understood, in words. ``answered`` are answers that the mapping gave."""

    head: str
    rows: tuple[tuple[str, str], ...]
    status: tuple[WordTold, ...]
    total: str
    end: str
    alone: tuple[str, ...]
    shares: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    questions: tuple[QuestionTold, ...]
    answered: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return all of it as the lines that a terminal shows."""
        words = [
            f"  {each.deals:>9}  {each.word} ({each.source}): {each.said}{', ' if each.money else ''}{each.money}"
            for each in self.status
        ]
        return [
            *(f"{file}: {rows}" for file, rows in self.rows),
            *([f"{self.head}:", *words, f"  {self.total}"] if words else []),
            *([f"End of the data: {self.end}"] if self.end else []),
            *(f"  alone: {each}" for each in self.alone),
            *(f"Shares: {column} {words}" for column, words in self.shares),
            *(f"Events of kind {kind}: {words}" for kind, words in self.kinds),
            *self.warnings,
            *(f"Answered by the mapping: {each}" for each in self.answered),
            *question_lines(self.questions),
        ]


def told(understood: Understanding) -> Told:
    """Return an understanding in words."""
    return Told(
        head=_HEAD,
        rows=tuple((file, _many(rows, "row")) for file, rows in understood.rows.items()),
        status=tuple(_word(each) for each in understood.status),
        total=_total(understood.status),
        end=str(understood.data_end or ""),
        alone=_alone(understood),
        shares=tuple((f"“{each.column}”", _share_words(each)) for each in understood.shares),
        kinds=tuple((each.kind, _kind_words(each)) for each in understood.kinds),
        warnings=understood.warnings(),
        questions=tuple(_question(each, understood.status) for each in understood.questions),
        answered=tuple(_answered(understood)),
    )


def question_lines(questions: Iterable[QuestionTold]) -> list[str]:
    """Return questions as a terminal shows them, each with the line of a mapping that answers it."""
    lines = []
    for number, each in enumerate(questions, start=1):
        lines += [f"  {number}. {each.asks}"]
        lines += [f"     {option.label}: {option.would}" for option in each.options if option.would]
        lines += [f"     in the mapping: {each.line}"]
    return lines


def in_money(amounts: dict[str, float]) -> str:
    """Return amounts with their currencies: ``EUR 1,000 and USD 20``."""
    parts = [f"{currency or 'amount'} {amount:,.0f}" for currency, amount in sorted(amounts.items())]
    return " and ".join(parts)


class OpenQuestions(FileProblem):
    """Nothing can be computed or kept before the owner has said more; ``understanding`` holds the questions."""

    def __init__(self, understanding: Understanding):
        self.understanding = understanding
        said = " ".join(line.strip() for line in self._lines())
        super().__init__(
            " and ".join(understanding.rows),
            f"asks first, since the answer changes the result: {said}.",
            "Answer in a mapping (--mapping map.yaml).",
        )

    def in_words(self) -> str:
        """Return the message with each question on a line of its own."""
        return "\n".join(
            [f"{self.file}: answer first, since it changes the result:", *self._lines(), self.advice]
        )

    def _lines(self) -> list[str]:
        return question_lines(told(self.understanding).questions)


# The words


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _named(word: str) -> str:
    return f"“{word}”" if word else "“(empty)”"


def _word(each: StatusWord) -> WordTold:
    said = _WAITS if each.read_as == ASKED else each.read_as + (", by the mapping" if each.said else "")
    return WordTold(
        _named(each.word), each.source, f"{each.deals:,}", in_money(each.amounts), each.read_as, said
    )


def _total(status: Iterable[StatusWord]) -> str:
    """Return how many deals are what: ``129 won, 74 lost, 26 open; 83 wait for your answer``."""
    counts: dict[str, int] = {}
    for each in status:
        counts[each.read_as] = counts.get(each.read_as, 0) + each.deals
    parts = [f"{counts.get(kind, 0):,} {kind}" for kind in ("won", "lost", "open")]
    parts += [f"{counts['left out']:,} left out"] if "left out" in counts else []
    waiting = counts.get(ASKED, 0)
    asks = f"; {waiting:,} {'waits' if waiting == 1 else 'wait'} for your answer" if waiting else ""
    return ", ".join(parts) + asks


def _alone(understood: Understanding) -> tuple[str, ...]:
    lines = [
        f"{each.table}, {f'row {each.row}, ' if each.row else ''}column {each.column}: {each.value}"
        for each in understood.alone_beyond[:_LISTED]
    ]
    more = len(understood.alone_beyond) - _LISTED
    return (*lines, *([f"and {more:,} more"] if more > 0 else []))


def _share_words(each: ShareColumn) -> str:
    means = {
        "share": "read as shares (0.15 is 15%)",
        "per cent": "read as per cent (15 is 15%)",
        ASKED: _WAITS,
    }
    by = ", by the mapping" if each.said else ""
    span = "" if each.least is None else f"; all values lie between {each.least:g} and {each.most:g}"
    return f"{means[each.unit]}{by}{span}"


def _kind_words(each: KindOfEvents) -> str:
    shown = ", ".join(each.names[:_NAMES])
    more = f" and {len(each.names) - _NAMES} more" if len(each.names) > _NAMES else ""
    return f"{_many(each.rows, 'row')}, {shown}{more}"


def _answered(understood: Understanding) -> Iterable[str]:
    for each in understood.status:
        if each.said:
            yield f"{_named(each.word)} is {each.read_as}, {_many(each.deals, 'deal')}"
    for share in understood.shares:
        if share.said:
            yield f"“{share.column}” is in {'shares' if share.unit == 'share' else 'per cent'}"


def _question(each: Question, status: tuple[StatusWord, ...]) -> QuestionTold:
    subject = _named(each.word) if each.word is not None else f"column “{each.column}”"
    return QuestionTold(
        key=each.key,
        short=f"{subject}, {_many(each.deals, 'deal')}",
        about=each.about,
        word=None if each.word is None else _named(each.word),
        options=tuple(
            OptionTold(
                str(n), answer.label, _would(each, answer.label, status), answer.line, bool(answer.mapping)
            )
            for n, answer in enumerate(each.answers)
        ),
        line=each.mapping,
    )


def _would(question: Question, label: str, status: tuple[StatusWord, ...]) -> str:
    """Return what an answer about a word would change: how many deals, and of all that ended how many are won."""
    if question.word is None:
        return ""
    ended = {kind: sum(each.deals for each in status if each.read_as == kind) for kind in ("won", "lost")}
    if label in ended:
        ended[label] += question.deals
    total = sum(ended.values())
    rate = f"; won are then {ended['won'] / total:.0%} of {total:,} that ended" if total else ""
    kept = f"{question.deals:,} more {label}" if label != "left out" else f"{question.deals:,} left out"
    return kept + rate
