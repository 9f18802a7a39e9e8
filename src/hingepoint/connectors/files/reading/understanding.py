"""What files were understood to say, before anything is computed or kept: the same object at every door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hingepoint.connectors.files.problems import FileProblem


@dataclass(frozen=True, slots=True)
class StatusWord:
    """One word that outcomes were read from. ``source``: status, stage, flag or event.

    ``amounts`` adds up by currency (an empty text where none is said); ``read_as`` is won, lost, open or
    asked; ``closed`` counts the deals with a close date that is not ahead.
    """

    word: str
    source: str
    deals: int
    amounts: dict[str, float]
    read_as: str
    closed: int = 0

    @property
    def amount(self) -> float | None:
        """The sum, None without amounts or in several currencies."""
        return next(iter(self.amounts.values())) if len(self.amounts) == 1 else None


@dataclass(frozen=True, slots=True)
class Alone:
    """A moment that lies far from all others, or after today. ``row`` is None where no row can be named."""

    table: str
    row: int | None
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class ShareColumn:
    """A column of shares: ``unit`` is share (0.15), per cent (15) or asked; ``least``, ``most`` as written."""

    column: str
    unit: str
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class KindOfEvents:
    kind: str
    rows: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What only the owner of a file can say. ``mapping`` is a line that answers it, for the likeliest option."""

    about: str
    options: tuple[str, ...]
    mapping: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """What files were understood to say.

    ``rows`` counts the rows below the headings, by file. ``data_end`` is the last day of the data, without what
    lies ``alone_beyond`` it; ``stands_alone`` when some of that was kept. ``questions`` change what is computed or kept and stop it. ``notes`` are sentences
    on what is odd and was read all the same.
    """

    rows: dict[str, int] = field(default_factory=dict)
    status: tuple[StatusWord, ...] = ()
    data_end: dt.date | None = None
    alone_beyond: tuple[Alone, ...] = ()
    shares: tuple[ShareColumn, ...] = ()
    kinds: tuple[KindOfEvents, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    stands_alone: bool = False

    def warnings(self) -> tuple[str, ...]:
        """Return what a result must say of its data: what lies alone, and what is odd."""
        if not self.stands_alone:
            return self.notes
        last = self.alone_beyond[-1]
        where = (
            f"{last.table}, row {last.row}, column {last.column}"
            if last.row
            else f"{last.table}, {last.column}"
        )
        alone = (
            f"A few dates lie far beyond all others, the last on {last.value} ({where}). The data are read up to "
            f"{self.data_end}; to read them to the end, say --data-end {last.value[:10]}."
        )
        return (alone, *self.notes)

    def as_record(self) -> dict[str, Any]:
        """Return it as the object that every door prints as JSON."""
        return {
            "rows": self.rows,
            "status": [_status_record(each) for each in self.status],
            "data_end": self.data_end.isoformat() if self.data_end else None,
            "alone_beyond": [asdict(each) for each in self.alone_beyond],
            "shares": [_share_record(each) for each in self.shares],
            "kinds": [
                {"kind": each.kind, "rows": each.rows, "names": list(each.names)} for each in self.kinds
            ],
            "questions": [_question_record(each) for each in self.questions],
            "notes": list(self.notes),
        }

    def in_words(self) -> list[str]:
        """Return it as the lines that a terminal shows."""
        return [
            *(f"{file}: {rows:,} rows" for file, rows in self.rows.items()),
            *_status_lines(self.status),
            *_dates_lines(self),
            *(f"Shares: {_share_words(each)}" for each in self.shares),
            *(f"Events of kind {each.kind}: {each.rows:,} rows, {_names_words(each)}" for each in self.kinds),
            *self.warnings(),
            *_question_lines(self.questions),
        ]


def together(parts: Sequence[Understanding]) -> Understanding:
    """Return what several files were understood to say, as one: the end of the data is the last of theirs."""
    ends = [each.data_end for each in parts if each.data_end]
    return Understanding(
        rows={file: rows for each in parts for file, rows in each.rows.items()},
        status=tuple(word for each in parts for word in each.status),
        data_end=max(ends, default=None),
        alone_beyond=tuple(alone for each in parts for alone in each.alone_beyond),
        shares=tuple(share for each in parts for share in each.shares),
        kinds=tuple(kind for each in parts for kind in each.kinds),
        questions=tuple(question for each in parts for question in each.questions),
        notes=tuple(note for each in parts for note in each.notes),
        stands_alone=any(each.stands_alone for each in parts),
    )


class OpenQuestions(FileProblem):
    """Nothing can be computed or kept before the owner has said more; ``understanding`` holds the questions."""

    def __init__(self, understanding: Understanding):
        self.understanding = understanding
        lines = _question_lines(understanding.questions)
        said = " ".join(line.strip() for line in lines)
        super().__init__(
            " and ".join(understanding.rows),
            f"asks first, since the answer changes the result: {said}.",
            "Answer in a mapping (--mapping map.yaml).",
        )

    def in_words(self) -> str:
        """Return the message with each question on a line of its own."""
        lines = _question_lines(self.understanding.questions)
        return "\n".join([f"{self.file}: answer first, since it changes the result:", *lines, self.advice])


def in_money(amounts: dict[str, float]) -> str:
    """Return amounts with their currencies: ``EUR 1,000 and USD 20``."""
    parts = [f"{currency or 'amount'} {amount:,.0f}" for currency, amount in sorted(amounts.items())]
    return " and ".join(parts)


def _status_record(each: StatusWord) -> dict[str, Any]:
    record = {"word": each.word, "from": each.source, "deals": each.deals, "amount": each.amount}
    currency = next(iter(each.amounts)) if len(each.amounts) == 1 else ""
    record |= {"currency": currency or None, "read_as": each.read_as}
    return record | ({"amounts": each.amounts} if len(each.amounts) > 1 else {})


def _share_record(each: ShareColumn) -> dict[str, Any]:
    return {"column": each.column, "unit": each.unit, "min": each.least, "max": each.most}


def _question_record(each: Question) -> dict[str, Any]:
    return {"about": each.about, "options": list(each.options), "mapping": each.mapping}


def _status_lines(status: Iterable[StatusWord]) -> list[str]:
    lines = []
    for each in status:
        money = f", {in_money(each.amounts)}" if each.amounts else ""
        said = "waits for your answer" if each.read_as == "asked" else each.read_as
        lines.append(f"  {each.deals:>9,}  “{each.word or '(empty)'}” ({each.source}): {said}{money}")
    return ["Won, lost and open, by the word they were read from:", *lines] if lines else []


def _dates_lines(understood: Understanding) -> list[str]:
    lines = [f"End of the data: {understood.data_end}"] if understood.data_end else []
    for each in understood.alone_beyond[:5]:
        where = f"row {each.row}, " if each.row else ""
        lines.append(f"  alone: {each.table}, {where}column {each.column}: {each.value}")
    more = len(understood.alone_beyond) - 5
    return lines + ([f"  and {more:,} more"] if more > 0 else [])


def _share_words(each: ShareColumn) -> str:
    means = {
        "share": "read as shares (0.15 is 15%)",
        "per cent": "read as per cent (15 is 15%)",
        "asked": "waits for your answer",
    }
    span = "" if each.least is None else f"; all values lie between {each.least:g} and {each.most:g}"
    return f"“{each.column}” {means[each.unit]}{span}"


def _names_words(each: KindOfEvents) -> str:
    shown = ", ".join(each.names[:8])
    return shown + (f" and {len(each.names) - 8} more" if len(each.names) > 8 else "")


def _question_lines(questions: Iterable[Question]) -> list[str]:
    lines = []
    for number, each in enumerate(questions, start=1):
        lines += [f"  {number}. {each.about} {', '.join(each.options[:-1])} or {each.options[-1]}?"]
        lines += [f"     in the mapping: {each.mapping}"]
    return lines
