"""``hingepoint check``: how healthy the data in files is, without any database."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import data_end_option, format_option, print_json, time_zone, today

if TYPE_CHECKING:
    from hingepoint.analysis.health import Health
    from hingepoint.connectors.files import Mapping, Reading, Understood


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping", type=click.Path(path_type=Path), help="YAML file that says how the files are read."
)
@click.option("--skip-bad-rows", is_flag=True, help="Look at the rows that can be read.")
@data_end_option
@format_option
def check(
    files: tuple[Path, ...],
    mapping: Path | None,
    skip_bad_rows: bool,
    data_end: dt.datetime | None,
    as_format: str,
) -> None:
    """Say how healthy the data in FILES is: what was understood, what is missing, what it is good for.

    Give a table of deals, that and a table of events, or one event log. Which is which is recognised
    from the columns. Nothing is imported. What is not clear is asked, with the line of a mapping that answers it.

    \b
    Example:
      hingepoint check deals.csv events.csv
    """
    from hingepoint.analysis.health import facts_of, health
    from hingepoint.connectors.files import FileProblem, load_mapping

    try:
        how = load_mapping(mapping) if mapping else None
        reading = read(
            files,
            how,
            skip_bad_rows=skip_bad_rows,
            today=today(),
            data_end=data_end.date() if data_end else None,
        )
    except FileProblem as error:
        raise Unusable(in_words_of(error)) from None
    found = health(facts_of(reading.deals, reading.events, rules=reading.rules))
    if as_format == "json":
        print_json(as_record(reading, found))
    else:
        click.echo(in_words(reading, found))


def read(
    paths: tuple[Path, ...],
    mapping: Mapping | None,
    *,
    skip_bad_rows: bool,
    today: dt.date | None = None,
    data_end: dt.date | None = None,
) -> Reading:
    """Return what the files hold, without the deals that wait for an answer. Raises FileProblem."""
    from hingepoint.connectors import files
    from hingepoint.connectors.files import FileProblem

    if len(paths) > 2:
        raise FileProblem(
            "check", f"takes one or two files, not {len(paths)}.", "Give deals and events, or a log."
        )
    roles = dict(zip(_roles(paths, mapping), paths, strict=True))
    return files.read(
        **roles,
        mapping=mapping,
        zone=time_zone(),
        skip_bad_rows=skip_bad_rows,
        today=today,
        data_end=data_end,
        with_questions=True,
    )


def _roles(paths: tuple[Path, ...], mapping: Mapping | None) -> list[str]:
    """Return what each file is: the table whose required columns it has, or lacks fewest of."""
    if len(paths) == 2:
        first, second = (_lacking(path, "deals", mapping) for path in paths)
        return ["deals", "events"] if first <= second else ["events", "deals"]
    if _is_log(paths[0], mapping):
        return ["log"]
    return ["deals"]


def _lacking(path: Path, role: str, mapping: Mapping | None) -> int:
    return len(_understood(path, role, mapping).missing)


def _is_log(path: Path, mapping: Mapping | None) -> bool:
    told = _understood(path, "events", mapping)
    return told.format == "xes" or (not told.missing and _lacking(path, "deals", mapping) > 0)


def _understood(path: Path, role: str, mapping: Mapping | None) -> Understood:
    from hingepoint.connectors import files

    return files.understand(path, role, mapping=mapping)


def in_words_of(error: Exception) -> str:
    """Return a refusal with the rows that caused it."""
    problems = getattr(error, "problems", ())
    return "\n".join([str(error), *(f"  {problem}" for problem in problems[:20])])


def as_record(reading: Reading, found: Health) -> dict[str, Any]:
    understood = reading.understanding.as_record()
    return {
        **understood,
        "understood": understood,
        "bad_rows": reading.bad_rows,
        "problems": [asdict(each) for each in reading.problems],
        "files": [asdict(each) for each in reading.understood],
        "facts": asdict(found.facts),
        "late_share": found.late_share,
        "readiness": [asdict(each) for each in found.readiness],
    }


def in_words(reading: Reading, found: Health) -> str:
    from hingepoint.connectors import files

    facts = found.facts
    lines = [line for told in reading.understood for line in _file_in_words(told)]
    lines += ["", *files.told(reading.understanding).lines()]
    lines += [
        "",
        f"{facts.deals:,} deals ({facts.won:,} won, {facts.lost:,} lost, {facts.open:,} open), "
        f"{facts.agreements:,} agreement events, {facts.events - facts.agreements:,} other events, "
        f"{facts.since} to {facts.until}",
    ]
    if reading.bad_rows:
        lines.append(f"{reading.bad_rows:,} of {reading.rows:,} rows cannot be read.")
    lines += _rules_in_words(facts.rules)
    lines += ["", "Columns filled:"]
    for table, columns in (("deals", found.deal_columns), ("events", found.event_columns)):
        there = [f"{each.column} {each.share:.0%}" for each in columns if each.filled]
        empty = [each.column for each in columns if each.of and not each.filled]
        lines += [f"  {table}: {', '.join(there) or 'none'}"]
        lines += [f"  not in {table}: {', '.join(empty)}"] if empty else []
    lines += ["", "What it is good for:"]
    for each in found.readiness:
        lines += [
            f"  {'ready  ' if each.ready else 'not yet'}  {each.feature}",
            f"           have: {each.have}",
            f"           need: {each.need}",
            f"           you get now: {each.now}",
        ]
    return "\n".join(lines)


def _rules_in_words(rules: dict[str, int]) -> list[str]:
    from hingepoint.connectors.files.reading.rules import BY_KEY

    return [
        f"  {count:>9,}  {key}: {BY_KEY[key].sentence} ({BY_KEY[key].does})" for key, count in rules.items()
    ]


def _file_in_words(told: Understood) -> list[str]:
    ours = [f"{each.heading} = {each.field}" for each in told.columns if each.field]
    kept = [each.heading for each in told.columns if each.kept_as]
    unused = [each.heading for each in told.columns if not each.field and not each.kept_as]
    lines = [
        f"{told.file}: {told.rows:,} rows of {told.role}, {told.format}",
        f"  understood: {', '.join(ours)}",
    ]
    lines += [f"  kept as they are: {', '.join(kept)}"] if kept else []
    return lines + ([f"  not used: {', '.join(unused)}"] if unused else [])
