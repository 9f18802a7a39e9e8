"""Which sign stands around cells: decided from all of the file, since a wrong one makes one row of several.

The double quote is the standard. The single quote is an apostrophe (``'t Hooft``, ``Jones'``) unless the whole
file proves otherwise: it stands around the headings, or rows are even with it and not without it. A quote
around cells that seem to go over several lines is refused where the lines are even rows as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hingepoint.connectors.files.opening import CHUNK
from hingepoint.connectors.files.problems import FileProblem

DOUBLE, SINGLE, NONE = '"', "'", ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file reads with one quote: whether all rows below the headings are even, how many, over several lines.

    ``even`` lets rows have empty cells behind the last heading; ``exact`` does not.
    """

    even: bool
    exact: bool
    rows: int
    broken_lines: bool


def around(headings: Sequence[str], quote: str) -> bool:
    """Return whether all headings, read without any quote, stand between ``quote``."""
    filled = [each for each in headings if each]
    return bool(filled) and all(len(each) > 1 and each[0] == each[-1] == quote for each in filled)


def proved(
    path: Path,
    encoding: str,
    name: str,
    delimiter: str,
    headings: Sequence[str],
    shape_of: Callable[[str], Shape],
) -> str:
    """Return the quote of the file, one of ``DOUBLE``, ``SINGLE`` and ``NONE``.

    ``headings`` are the cells of the row of headings, read without any quote; ``shape_of`` tells how the file
    reads with a quote. Raises ``FileProblem`` where two readings have different rows.
    """
    if around(headings, SINGLE):
        return SINGLE if shape_of(SINGLE).even else DOUBLE
    if opens_a_cell(path, encoding, delimiter, SINGLE) and (
        _only_with(SINGLE, shape_of) or _escapes(path, encoding, delimiter, shape_of)
    ):
        return SINGLE
    if around(headings, DOUBLE) or not opens_a_cell(path, encoding, delimiter, DOUBLE):
        return DOUBLE
    if not _goes_over_lines(path, encoding):
        return DOUBLE if shape_of(DOUBLE).even or not shape_of(NONE).even else NONE
    plain = shape_of(NONE)
    if not plain.even or len(headings) < 3:
        return DOUBLE
    double = shape_of(DOUBLE)
    if not double.even:
        return NONE
    raise FileProblem(
        name,
        f'has {double.rows:,} rows when " stands around cells, and {plain.rows:,} when it is a sign like any other.',
        "Say `quote: '\"'` or `quote: none` in the mapping.",
    )


def _only_with(quote: str, shape_of: Callable[[str], Shape]) -> bool:
    """Return whether rows are even with ``quote``, each on one line, and not without it."""
    without = shape_of(DOUBLE)
    if without.exact:
        return False
    found = shape_of(quote)
    return not found.broken_lines and (found.exact or (found.even and not without.even))


def _escapes(path: Path, encoding: str, delimiter: str, shape_of: Callable[[str], Shape]) -> bool:
    """Return whether single quotes inside cells are doubled or escaped, as only a writer that puts others around does."""
    edge = re.escape(delimiter)
    wrapped = re.compile(rf"(?:^|{edge})'((?:[^'\\]|''|\\.)*+)'(?={edge}|$)")
    bare = re.compile(rf"(?:^|{edge})[^'{edge}][^{edge}]*'")
    found = False
    with path.open(encoding=encoding) as file:
        for line in file:
            if SINGLE in line:
                if bare.search(line):
                    return False
                cells = wrapped.findall(line.rstrip("\n"))
                found = found or any("''" in cell or "\\'" in cell for cell in cells)
    if not found:
        return False
    shape = shape_of(SINGLE)
    return shape.exact and not shape.broken_lines


def opens_a_cell(path: Path, encoding: str, delimiter: str, quote: str) -> bool:
    """Return whether ``quote`` is the first sign of any cell; reads the file up to the first such cell."""
    opening = re.compile(rf"(?:^|[\r\n]|{re.escape(delimiter)}){quote}")
    end = "\n"
    with path.open(encoding=encoding, newline="") as file:
        while chunk := file.read(CHUNK):
            if quote in chunk and opening.search(end + chunk):
                return True
            end = chunk[-1:]
    return False


def _goes_over_lines(path: Path, encoding: str) -> bool:
    """Return whether any line has an odd number of double quotes, as cells over several lines make."""
    with path.open(encoding=encoding) as file:
        return any(line.count(DOUBLE) % 2 for line in file)
