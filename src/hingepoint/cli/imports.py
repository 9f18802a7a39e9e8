"""``hingepoint import``: deals, events or an event log from a file into the database."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import format_option, print_json, start_django

if TYPE_CHECKING:
    from hingepoint.domain.imports.engine import Files, Report
    from hingepoint.records.files import RowProblem

#: Problems listed after a refusal; ``--format json`` of a dry run with --skip-bad-rows lists up to 200.
LISTED = 20

#: What the command imports -> in words.
TABLES = {
    "deals": "one row a deal",
    "events": "one row an event of a deal",
    "agreements": "how agreements stand, as exported",
    "log": "an event log (XES, or a table whose outcome the mapping defines)",
    "playbook": "definitions as exported: catalogue, rules, strategies",
}


@click.command("import")
@click.argument("table", type=click.Choice(list(TABLES)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="YAML file that says how FILE is read.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that cannot be read, and say how many.")
@format_option
def import_(
    table: str, file: Path, mapping: Path | None, dry_run: bool, skip_bad_rows: bool, as_format: str
) -> None:
    """Import deals, events, agreements, an event log or definitions from FILE, all or nothing.

    Deals are known by their id: import the deals before their events. The same file again changes
    nothing. An import can be taken back on the Imports page. What a file asks is answered in a mapping
    first; a dry run lists it.

    \b
    Examples:
      hingepoint import deals deals.csv --dry-run
      hingepoint import events activities.xlsx --mapping map.yaml
      hingepoint import log cases.xes.gz --mapping outcome.yaml
      hingepoint import playbook playbook.yaml --dry-run
    """
    start_django()
    if table == "playbook":
        _import_playbook(file, dry_run=dry_run, as_format=as_format)
        return
    from hingepoint.cli.serve import bring_database_up_to_date
    from hingepoint.connectors import files
    from hingepoint.domain.imports import actions, engine

    try:
        how = files.load_mapping(mapping) if mapping else None
    except files.FileProblem as error:
        raise Unusable(str(error)) from None
    bring_database_up_to_date()
    given = engine.Files(**{table: file})
    try:
        with progress() as tell:
            report = actions.import_files(
                by=None,
                at=dt.datetime.now(dt.UTC),
                given=given,
                mapping=how,
                skip_bad_rows=skip_bad_rows,
                dry_run=dry_run,
                progress=tell,
            )
    except actions.CannotImport as error:
        raise Unusable(refusal(str(error), error.problems, error.total)) from None
    if as_format == "json":
        print_json(as_record(report, table, file))
    else:
        click.echo(in_words(report, given))


def _import_playbook(file: Path, *, dry_run: bool, as_format: str) -> None:
    """Bring definitions in, or say what that would change."""
    from hingepoint.cli.serve import bring_database_up_to_date
    from hingepoint.domain.definitions import actions, queries, schema

    bring_database_up_to_date()
    try:
        wanted = schema.load(file)
        at = dt.datetime.now(dt.UTC)
        found = queries.differences(wanted) if dry_run else actions.bring_in(by=None, at=at, wanted=wanted)
    except schema.DefinitionsUnusable as error:
        lines = [f"{file.name}: {problem}" for problem in error.problems]
        raise Unusable("\n".join([*lines, "Nothing was changed."])) from None
    if as_format == "json":
        print_json({"file": file.name, "dry_run": dry_run, "changes": [asdict(one) for one in found]})
        return
    would = "would change" if dry_run else "changed"
    counted = f"{len(found)} {'thing' if len(found) == 1 else 'things'} {would}"
    click.echo("\n".join([f"{file.name}: {counted}.", *(f"  {one}" for one in found)]))
    if found and not dry_run:
        click.echo("Drafts and changed rules are not in force: publish and switch them on in the pages.")


def refusal(message: str, problems: tuple[RowProblem, ...], total: int) -> str:
    """Return a message with the rows that caused it, one a line."""
    lines = [message, *(f"  {problem}" for problem in problems[:LISTED])]
    if total > len(problems[:LISTED]) and problems:
        lines.append(f"  … and {total - len(problems[:LISTED]):,} more")
    way_out = " Correct the rows, or leave them out with --skip-bad-rows." if problems else ""
    return "\n".join([*lines, f"Nothing was imported.{way_out}"])


def as_record(report: Report, table: str, file: Path) -> dict[str, Any]:
    """Return the object that ``--format json`` prints."""
    kept = asdict(report)
    kept.pop("understood")
    understanding = kept.pop("understanding")
    told = {key: value for key, value in understanding.items() if key != "rows"} if report.dry_run else {}
    return {
        "table": table,
        "file": file.name,
        **kept,
        **told,
        "understood": understanding,
        "bad_share": report.bad_share,
    }


def in_words(report: Report, given: Files) -> str:
    """Return what was done, or would be, as a few lines."""
    from hingepoint.connectors import files
    from hingepoint.connectors.files.reading.rules import BY_KEY

    names = " and ".join(path.name for path in given.given().values())
    first = f"{names}: dry run, nothing was changed." if report.dry_run else f"{names}: imported."
    if report.changes_nothing and not report.dry_run:
        first = f"{names}: nothing is new, nothing was changed."
    would = "would be " if report.dry_run else ""
    counts = [
        f"  {number:>11,}  {would}{word}"
        for word, number in (
            ("created", report.created),
            ("updated", report.updated),
            ("unchanged", report.unchanged),
            ("rejected", report.rejected),
        )
    ]
    new = [f"  {number:>11,}  new {what}" for what, number in report.new.items() if number]
    rules = [
        f"  {number:>11,}  {key}: {BY_KEY[key].sentence} ({BY_KEY[key].does})"
        for key, number in report.rules.items()
    ]
    bad = []
    if report.bad_rows:
        bad = [
            f"  {report.bad_rows:>11,}  rows left out because they cannot be read ({report.bad_share:.1%}):"
        ]
        bad += [f"               {problem}" for problem in report.problems[:LISTED]]
    told = ["", *files.told(files.from_record(report.understanding)).lines()] if report.dry_run else []
    return "\n".join([first, *counts, *new, *rules, *bad, *told])


@contextmanager
def progress() -> Iterator[Callable[[str, int], None] | None]:
    """Give a function that shows phase and rows on a terminal; None when nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Opening the file")
        words = {"reading": "Reading", "checking": "Checking", "writing": "Writing"}

        def tell(phase: str, done: int) -> None:
            bar.update(task, description=f"{words.get(phase, phase)}: {done:,} rows")

        yield tell
