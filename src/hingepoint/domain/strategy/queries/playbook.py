"""The versions of a playbook, what differs between two, and one agreement of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.strategy import benchmarks
from hingepoint.domain.strategy.models import MOST_REQUIRED, Playbook
from hingepoint.domain.strategy.queries.pivotal import PivotalLine, pivotal_lines
from hingepoint.domain.strategy.queries.strategies import StrategyLine, strategy_line, strategy_of
from hingepoint.domain.strategy.rules import may_keep
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import words_of

_COMPARED = words_of(
    {
        "position": "place",
        "needed": "needed",
        "counterpart": "counterpart",
        "evidence_wanted": "evidence",
        "recheck_days": "days until re-check",
        "segments": "segments",
        "least_amount": "least amount",
        "checks": "checks",
        "questions": "questions",
        "demands": "demands and trades",
        "principles": "principles",
        "judgement": "why it was chosen",
    }
)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a playbook."""

    number: int
    published_at: dt.datetime | None
    published_by: str
    note: str


@dataclass(frozen=True, slots=True)
class PlaybookPage:
    """One version of a strategy's playbook, and which versions there are."""

    strategy: StrategyLine
    id: int
    number: int
    draft: bool
    version: int
    lines: tuple[PivotalLine, ...]
    versions: tuple[VersionLine, ...]
    may_edit: bool
    full: bool


def playbook_page(viewer: Any, strategy_id: int, number: int | None = None) -> PlaybookPage | None:
    """Return a version of a playbook, the last published one unless asked; None before the first one is
    published, to those who only read. Raises Hidden."""
    strategy = strategy_of(viewer, strategy_id)
    keeper = may_keep(viewer)
    books = [b for b in strategy.playbooks.select_related("published_by") if keeper or b.published_at]
    if number is None:
        book = next((b for b in books if b.published_at), books[0] if books else None)
    else:
        book = _version(books, number)
    if book is None:
        return None
    lines = pivotal_lines(book, strategy)
    return PlaybookPage(
        strategy=strategy_line(strategy, len(lines)),
        id=book.pk,
        number=book.number,
        draft=book.published_at is None,
        version=book.version,
        lines=tuple(lines),
        versions=tuple(_version_line(b) for b in books),
        may_edit=keeper,
        full=len(lines) >= MOST_REQUIRED,
    )


def _version(books: Sequence[Playbook], number: int) -> Playbook:
    for book in books:
        if book.number == number:
            return book
    raise Hidden("no such version")


def _version_line(book: Playbook) -> VersionLine:
    by = book.published_by.name if book.published_by else ""
    return VersionLine(book.number, book.published_at, by, book.note)


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one agreement between two versions: ``what`` is added, dropped or changed."""

    name: str
    what: str
    changes: tuple[tuple[str, str, str], ...] = ()  # what, before, after


def compare(older: PlaybookPage, newer: PlaybookPage) -> list[Difference]:
    """Return what changed from one version to another, by name."""
    before, after = ({line.key: line for line in page.lines} for page in (older, newer))
    found = [Difference(after[key].name, "added") for key in after.keys() - before.keys()]
    found += [Difference(before[key].name, "dropped") for key in before.keys() - after.keys()]
    for key in after.keys() & before.keys():
        if changes := _changes(before[key], after[key]):
            found.append(Difference(after[key].name, "changed", changes))
    return sorted(found, key=lambda one: (one.what, one.name))


def _changes(before: PivotalLine, after: PivotalLine) -> tuple[tuple[str, str, str], ...]:
    pairs = [(words, getattr(before, name), getattr(after, name)) for name, words in _COMPARED.items()]
    return tuple((words, _cell_words(old), _cell_words(new)) for words, old, new in pairs if old != new)


def _cell_words(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(one["demand"] if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class PivotalPage:
    """One pivotal agreement for its readers: the standard, and how well-executed deals did it."""

    strategy: StrategyLine
    number: int
    draft: bool
    version: int
    line: PivotalLine
    benchmark: benchmarks.Benchmark
    may_edit: bool
    counted_at: dt.datetime | None  # since when the benchmark stands; None: made at this moment


def pivotal_page(
    viewer: Any, strategy_id: int, key: str, *, today: dt.date, number: int | None = None
) -> PivotalPage:
    """Return one pivotal agreement with its benchmark. Raises Hidden. Reads three years of won deals."""
    page = playbook_page(viewer, strategy_id, number)
    line = next((one for one in page.lines if one.key == key), None) if page else None
    if page is None or line is None:
        raise Hidden("not in this playbook")
    strategy = strategy_of(viewer, strategy_id)
    shelf = Shelf(benchmarks.DID, kept=strategy.answers_kept)
    return PivotalPage(
        strategy=page.strategy,
        number=page.number,
        draft=page.draft,
        version=page.version,
        line=line,
        benchmark=benchmarks.benchmark_of(strategy, line.type_id, today=today, shelf=shelf),
        may_edit=page.may_edit,
        counted_at=shelf.counted_at,
    )
