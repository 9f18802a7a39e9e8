"""What files were understood to say, before anything is computed or kept: the same object at every door.

``telling`` puts it into words.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: What a status word may be read as besides won, lost and open.
ASKED, LEFT_OUT = "asked", "left out"


@dataclass(frozen=True, slots=True)
class StatusWord:
    """One word that outcomes were read from. ``source``: status, stage, flag or event.

    ``amounts`` adds up by currency (an empty text where none is said); ``read_as`` is won, lost, open, asked or
    left out; ``closed`` counts the deals with a close date that is not ahead; ``said`` by the mapping.
    """

    word: str
    source: str
    deals: int
    amounts: dict[str, float]
    read_as: str
    closed: int = 0
    said: bool = False

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
    """A column of shares: ``unit`` is share (0.15), per cent (15) or asked; ``least``, ``most`` as written;
    ``said`` by the mapping."""

    column: str
    unit: str
    least: float | None
    most: float | None
    said: bool = False


@dataclass(frozen=True, slots=True)
class KindOfEvents:
    kind: str
    rows: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One option of a question, and what it adds to the mapping.

    Where only the owner knows that, it is empty, and ``pattern`` a line to fill in.
    """

    label: str
    mapping: dict[str, Any] = field(default_factory=dict)
    pattern: str = ""

    @property
    def line(self) -> str:
        """The line of a mapping that gives this answer."""
        return line_of(self.mapping) or self.pattern


@dataclass(frozen=True, slots=True)
class Question:
    """What only the owner of a file can say, since it changes what is computed or kept of ``deals`` deals.

    ``about`` is a sentence without its end, which the options are; ``likely`` is the place of the likeliest.
    ``column`` and ``word`` say what is asked about; ``word`` is None where that is a whole column.
    """

    about: str
    answers: tuple[Answer, ...]
    column: str
    word: str | None = None
    deals: int = 0
    likely: int = 0

    @property
    def key(self) -> str:
        """What tells this question from others of the same files, also when they are read again."""
        return hashlib.sha256(json.dumps([self.column, self.word]).encode()).hexdigest()[:12]

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(each.label for each in self.answers)

    @property
    def mapping(self) -> str:
        """The line of a mapping that gives the likeliest answer, and where they differ in form, the others."""
        likely = self.answers[self.likely]
        if self.word is not None:
            return likely.line
        others = [f"or {each.line} for {each.label}" for each in self.answers if each is not likely]
        return f"{likely.line}  # {', '.join(others)}"


@dataclass(frozen=True, slots=True)
class Understanding:
    """What files were understood to say.

    ``rows`` counts the rows below the headings, by file. ``data_end`` is the last day of the data, without what
    lies ``alone_beyond`` it; ``stands_alone`` when some of that was kept. ``questions`` change what is computed
    or kept and stop it. ``notes`` are sentences on what is odd and was read all the same, or was left out.
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
        """Return it as the object that every door prints as JSON, and an import keeps."""
        words = [(each, _status_record(each)) for each in self.status]
        return {
            "rows": self.rows,
            "status": [record for each, record in words if each.read_as != LEFT_OUT],
            "left_out": [record for each, record in words if each.read_as == LEFT_OUT],
            "data_end": self.data_end.isoformat() if self.data_end else None,
            "alone_beyond": [asdict(each) for each in self.alone_beyond],
            "stands_alone": self.stands_alone,
            "shares": [_share_record(each) for each in self.shares],
            "kinds": [
                {"kind": each.kind, "rows": each.rows, "names": list(each.names)} for each in self.kinds
            ],
            "questions": [_question_record(each) for each in self.questions],
            "notes": list(self.notes),
        }


def from_record(kept: Mapping[str, Any]) -> Understanding:
    """Return the understanding that ``Understanding.as_record`` made ``kept`` of; nothing of an empty one."""
    end = kept.get("data_end")
    return Understanding(
        rows=dict(kept.get("rows", {})),
        status=tuple(_status(each) for each in [*kept.get("status", ()), *kept.get("left_out", ())]),
        data_end=dt.date.fromisoformat(end) if end else None,
        alone_beyond=tuple(Alone(**each) for each in kept.get("alone_beyond", ())),
        shares=tuple(
            ShareColumn(each["column"], each["unit"], each["min"], each["max"], each.get("said", False))
            for each in kept.get("shares", ())
        ),
        kinds=tuple(
            KindOfEvents(each["kind"], each["rows"], tuple(each["names"])) for each in kept.get("kinds", ())
        ),
        questions=tuple(_asked(each) for each in kept.get("questions", ())),
        notes=tuple(kept.get("notes", ())),
        stands_alone=kept.get("stands_alone", False),
    )


def line_of(mapping: Mapping[str, Any]) -> str:
    """Return a mapping as one line of YAML, empty of an empty one."""
    return f"{next(iter(mapping))}: {_flow(next(iter(mapping.values())))}" if mapping else ""


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _status_record(each: StatusWord) -> dict[str, Any]:
    record: dict[str, Any] = {
        "word": each.word,
        "from": each.source,
        "deals": each.deals,
        "amount": each.amount,
    }
    currency = next(iter(each.amounts)) if len(each.amounts) == 1 else ""
    record |= {"currency": currency or None, "read_as": each.read_as}
    record |= {"closed": each.closed, "said": each.said}
    return record | ({"amounts": each.amounts} if len(each.amounts) > 1 else {})


def _status(kept: Mapping[str, Any]) -> StatusWord:
    amount = kept["amount"]
    one = {} if amount is None else {kept.get("currency") or "": amount}
    return StatusWord(
        word=kept["word"],
        source=kept["from"],
        deals=kept["deals"],
        amounts=dict(kept.get("amounts", one)),
        read_as=kept["read_as"],
        closed=kept.get("closed", 0),
        said=kept.get("said", False),
    )


def _share_record(each: ShareColumn) -> dict[str, Any]:
    return {
        "column": each.column,
        "unit": each.unit,
        "min": each.least,
        "max": each.most,
        "said": each.said,
    }


def _question_record(each: Question) -> dict[str, Any]:
    return {
        "about": each.about,
        "options": list(each.options),
        "mapping": each.mapping,
        "column": each.column,
        "word": each.word,
        "deals": each.deals,
        "likely": each.likely,
        "answers": [{"mapping": answer.mapping, "pattern": answer.pattern} for answer in each.answers],
    }


def _asked(kept: Mapping[str, Any]) -> Question:
    answers = zip(kept["options"], kept["answers"], strict=True)
    return Question(
        about=kept["about"],
        answers=tuple(Answer(label, **answer) for label, answer in answers),
        column=kept["column"],
        word=kept["word"],
        deals=kept["deals"],
        likely=kept["likely"],
    )
