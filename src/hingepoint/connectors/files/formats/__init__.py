"""One module a file format: from a file to headings and batches of cells.

``TABLES`` lists them: the name that ``opening.format_of`` gives a file after its first bytes -> how its
table is opened. XES is no table but an event log (``xes.open_xes``), and a folder of Parquet files is one
table (``parquet.parts_together``). The best to copy is ``jsonfile``.
"""

from __future__ import annotations

from collections.abc import Callable

from hingepoint.connectors.files.formats.delimited import Judge, open_delimited
from hingepoint.connectors.files.formats.jsonfile import open_json
from hingepoint.connectors.files.formats.parquet import open_parquet
from hingepoint.connectors.files.formats.workbook import open_workbook
from hingepoint.connectors.files.mapping import TableMapping
from hingepoint.connectors.files.opening import Limits, Plain
from hingepoint.connectors.files.tables import Table

#: Takes the plain file, what the mapping says of it, who judges rows of headings, and the limits.
Opener = Callable[[Plain, TableMapping, Judge, Limits], Table]


def _delimited(plain: Plain, part: TableMapping, judge: Judge, limits: Limits) -> Table:
    return open_delimited(
        plain.path,
        name=plain.name,
        judge=judge,
        limits=limits,
        encoding=part.encoding,
        delimiter=part.delimiter,
        quote=part.quote,
        header_row=part.header_row,
    )


def _json(plain: Plain, part: TableMapping, judge: Judge, limits: Limits) -> Table:
    return open_json(plain.path, name=plain.name, limits=limits, encoding=part.encoding)


def _parquet(plain: Plain, part: TableMapping, judge: Judge, limits: Limits) -> Table:
    return open_parquet(plain.path, name=plain.name, limits=limits)


def _workbook(plain: Plain, part: TableMapping, judge: Judge, limits: Limits) -> Table:
    return open_workbook(
        plain.path,
        name=plain.name,
        format=plain.format,
        judge=judge,
        limits=limits,
        sheet=part.sheet,
        header_row=part.header_row,
    )


TABLES: dict[str, Opener] = {
    "csv": _delimited,
    "json": _json,
    "parquet": _parquet,
    "xlsx": _workbook,
    "xls": _workbook,
    "ods": _workbook,
}
