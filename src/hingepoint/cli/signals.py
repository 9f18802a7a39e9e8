"""``hingepoint signals``: the ten early-warning signals on files of deals, events and routines, without any database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hingepoint.cli import NOT_ENOUGH_DATA, Unusable
from hingepoint.cli.common import (
    format_option,
    print_json,
    require_a_folder,
    time_zone,
    today,
    unreadable_said,
)

if TYPE_CHECKING:
    import polars as pl

    from hingepoint.analysis.signals.shape import Facts, Report

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])
#: Of the draws behind "would have shown": the same files give the same answer.
SEED = 1


@dataclass(frozen=True)
class Asked:
    """The options of one call, as they were given."""

    deals: Path
    events: Path | None
    routines: Path | None
    mapping: Path | None
    period: Literal["month", "week"]
    as_of: dt.datetime | None
    baseline_until: dt.datetime | None
    out: Path | None
    as_format: str
    skip_bad_rows: bool
    quiet: bool


@click.command()
@click.option(
    "--deals",
    type=_FILE,
    metavar="FILE",
    required=True,
    help="Table of deals: CSV, Excel, Parquet, JSON lines.",
)
@click.option("--events", type=_FILE, metavar="FILE", help="Table of what happened on the deals, with dates.")
@click.option(
    "--routines", type=_FILE, metavar="FILE", help="Table of required routines: when due, when done."
)
@click.option(
    "--mapping", type=_FILE, metavar="YAML", help="How to read the files, where that cannot be guessed."
)
@click.option(
    "--period",
    type=click.Choice(["month", "week"]),
    default="month",
    show_default=True,
    help="How long a point of a chart lasts. Weeks show a change sooner where there is much of everything.",
)
@click.option(
    "--as-of",
    type=_DAY,
    metavar="DATE",
    help="The picture as it was known on a day. Default: the last day of the data.",
)
@click.option(
    "--baseline-until",
    type=_DAY,
    metavar="DATE",
    help="The last day of the usual time. Default: the first half of each series in whole half years, twelve points to two years.",
)
@click.option(
    "--out", type=_FILE, metavar="DIR", help="Write signals.json, places.csv, points.csv, deals.csv here."
)
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that cannot be read.")
@format_option
@click.option("--quiet", is_flag=True, help="Do not say what was left out and which files were written.")
def signals(**options: Any) -> None:
    """Show the ten early-warning signals about how a sales organisation conducts itself.

    Each is calm, watched or raised, by charts that together raise falsely about once a quarter at most; or it says which
    rows it needs. Needs no database. Ends with 0 when done, raised or not, 2 when arguments or files cannot be used, 3
    when there is nothing for any signal.

    \b
    Examples:
      hingepoint signals --deals deals.csv --events events.csv
      hingepoint signals --deals deals.csv --events events.csv --routines routines.csv --as-of 2026-05-31 --out answer
    """
    asked = Asked(**options)
    require_a_folder("--out", asked.out)
    found = _report(asked)
    _show(asked, found)
    if not found.enough:
        raise SystemExit(NOT_ENOUGH_DATA)


def _report(asked: Asked) -> Report:
    import numpy as np

    from hingepoint.analysis.signals import engine

    facts = _facts(asked)
    until = asked.baseline_until.date() if asked.baseline_until else None
    if until and until >= facts.as_of:
        raise Unusable(f"--baseline-until {until}: is not before {facts.as_of}, the day of the picture")
    return engine.read(facts, rng=np.random.default_rng(SEED), baseline_until=until)


def _facts(asked: Asked) -> Facts:
    """Return what the files say on the day that was asked for."""
    from hingepoint.analysis.signals.engine import facts
    from hingepoint.connectors import files

    with unreadable_said():
        mapping = files.load_mapping(asked.mapping) if asked.mapping else None
        reading = files.read_deals(
            asked.deals, data_end=asked.as_of and asked.as_of.date(), **_how(asked, mapping)
        )
        events = _rows(asked, "traces", asked.events, mapping)
        routines = _rows(asked, "routines", asked.routines, mapping)
    events = _of_known_deals(asked, events, reading.deals)
    as_of = asked.as_of.date() if asked.as_of else _last_day(reading.deals, events)
    return facts.from_log(reading.deals, events, routines, as_of=as_of, period=asked.period)


def _how(asked: Asked, mapping: Any) -> dict[str, Any]:
    return {
        "mapping": mapping,
        "zone": time_zone(),
        "skip_bad_rows": asked.skip_bad_rows,
        "today": today(),
    }


def _rows(asked: Asked, role: str, path: Path | None, mapping: Any) -> pl.DataFrame | None:
    from hingepoint.connectors import files

    if path is None:
        return None
    found = files.read_rows(path, role, **_how(asked, mapping))
    for rule, count in found.rules.items():
        _say(asked, f"{path.name}: {count:,} × {_rule(rule)}")
    return found.rows


def _rule(key: str) -> str:
    from hingepoint.connectors import files

    return next(rule.sentence for rule in files.RULES if rule.key == key)


def _of_known_deals(asked: Asked, events: pl.DataFrame | None, deals: pl.DataFrame) -> pl.DataFrame | None:
    """Return the events of deals in the table, and those of the company; say how many others there are."""
    import polars as pl

    if events is None:
        return None
    known = events.filter(pl.col("deal_id").is_in(deals["deal_id"].implode()) | pl.col("deal_id").is_null())
    if known.height < events.height:
        _say(asked, f"{events.height - known.height:,} × {_rule('event_of_unknown_deal')}")
    return known


def _last_day(deals: pl.DataFrame, events: pl.DataFrame | None) -> dt.date:
    """Return the last day on which anything was created, closed or happened."""
    days = [deals[name].max() for name in ("created", "closed") if name in deals.columns]
    if events is not None:
        days.append(events["at"].max())
    known = [day.date() for day in days if isinstance(day, dt.datetime)]
    if not known:
        raise Unusable("The files hold no date: say the day of the picture with --as-of.")
    return max(known)


def _say(asked: Asked, text: str) -> None:
    if not asked.quiet:
        click.echo(text, err=True)


def _show(asked: Asked, found: Report) -> None:
    from hingepoint.reports import signals as report

    if asked.as_format == "json":
        print_json(report.record(found))
    else:
        from hingepoint.cli import signals_table

        signals_table.show(found)
    if asked.out:
        paths = report.write(asked.out, found)
        _say(asked, f"Wrote {', '.join(path.name for path in paths)} to {asked.out}")
