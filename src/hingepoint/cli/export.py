"""``hingepoint export``: a table of the database as a file, all rows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import start_django
from hingepoint.cli.serve import require_database
from hingepoint.connectors import passing

#: The tables: those about deals, as the pages export them, and those about the company.
TABLES = (
    "deals", "agreements", "events", "demands", "concessions", "exceptions", "executives", "pressures", "plans", "debriefs",
    "people", "memberships", "findings", "pivotal", "reviews", "commitments", "raises",
    "readings",
)  # fmt: skip
#: What is defined: the catalogue's overlay, rules, strategies and playbooks, as YAML.
PLAYBOOK = "playbook"


@click.command()
@click.argument("table", type=click.Choice([*TABLES, PLAYBOOK]), required=False)
@click.option("--all", "everything", is_flag=True, help="Every table, as Parquet, into the folder of --out.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write, with --all a folder. Without it: to standard output.",
)
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["csv", "xlsx", "json"]),
    help="Of a table. Default: by the name of FILE, else csv.",
)
def export(table: str | None, everything: bool, out: Path | None, as_format: str | None) -> None:
    """Write all rows of TABLE to a file. Deals, agreements and events read back with ``hingepoint import``
    to the same state; the others are for reading.

    ``playbook`` writes what is defined, as YAML: the catalogue's overlay, detection rules, rules that tag deals
    with pressures, strategies with their playbooks.

    ``--all`` writes every table as Parquet, for notebooks and business intelligence, into a folder that is not there
    yet; its ``schema.json`` says what it holds.

    \b
    Examples:
      hingepoint export deals --out deals.xlsx
      hingepoint export playbook --out playbook.yaml
      hingepoint export --all --out warehouse
    """
    if everything == (table is not None):
        raise Unusable("Name one table, or say --all.")
    if out is not None and out.is_dir():
        raise Unusable(f"{out} is a folder that is there already. Choose another name.")
    start_django()
    require_database()
    if table is None:
        _export_all(out)
    elif table == PLAYBOOK:
        _export_playbook(out)
    else:
        _export_table(table, out, as_format)


def _export_all(out: Path | None) -> None:
    """Write the folder under another name first: it is there whole, or not at all."""
    if out is None:
        raise Unusable("Say which folder to write: --out FOLDER.")
    from hingepoint.connectors.files import parquet
    from hingepoint.domain.imports.queries import exported

    with passing.folder(beside=out.parent) as place:
        rows = parquet.write_folder({name: exported(name) for name in TABLES}, place / out.name)
        os.replace(place / out.name, out)
    click.echo(f"Wrote {len(rows)} tables with {sum(rows.values()):,} rows into {out}.", err=True)


def _export_table(table: str, out: Path | None, as_format: str | None) -> None:
    from hingepoint.connectors.files import write_table
    from hingepoint.domain.imports.queries import exported

    chosen = as_format or _by_name(out)
    if out is None:
        if chosen == "xlsx" and sys.stdout.isatty():
            raise Unusable("A workbook cannot be shown here. Say where to write it: --out FILE.xlsx.")
        write_table(exported(table), sys.stdout.buffer, chosen)
        return
    try:
        with passing.folder(beside=out.parent) as place:
            write_table(exported(table), place / out.name, chosen)
            os.replace(place / out.name, out)
    except OverflowError as error:
        raise Unusable(f"{error} Choose --format csv.") from None
    click.echo(f"Wrote {out}.", err=True)


def _export_playbook(out: Path | None) -> None:
    from hingepoint.domain.definitions import queries, schema

    text = schema.as_yaml(queries.defined())
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {out}.", err=True)


def _by_name(out: Path | None) -> str:
    suffix = out.suffix.lower() if out else ""
    return {".xlsx": "xlsx", ".json": "json", ".jsonl": "json", ".ndjson": "json"}.get(suffix, "csv")
