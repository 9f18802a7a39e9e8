"""``hingepoint discover``: the pivotal agreements in files of deals and events, without any database."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hingepoint.cli import NOT_ENOUGH_DATA, Unusable
from hingepoint.cli.common import (
    data_end_option,
    format_option,
    print_json,
    require_a_folder,
    time_zone,
    today,
    unreadable_said,
)

if TYPE_CHECKING:
    from hingepoint.analysis.discovery import Discovery, Settings
    from hingepoint.analysis.discovery.record import Record
    from hingepoint.connectors.files import Reading

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Asked:
    """The options of one call, as they were given."""

    deals: Path | None
    events: Path | None
    log: Path | None
    mapping: Path | None
    metric: str | None
    covariates: str
    agreement_columns: str
    mechanical: str
    not_mechanical: str
    negative_controls: str
    insist: str
    landmarks: str
    horizon: str
    pivotal: str
    smallest_effect: float
    certificate: float | None
    replay: bool
    pack: Path | None
    seed: int
    engine: str
    keep: Path | None
    out: Path | None
    pdf: bool
    as_format: str
    skip_bad_rows: bool
    data_end: dt.datetime | None
    quiet: bool

    @property
    def files(self) -> list[tuple[str, Path]]:
        """The files, each with the name under which a result names it."""
        given = [path for path in (self.deals, self.events, self.log, self.mapping, self.pack) if path]
        return [named for path in given for named in _named(path)]


@click.command()
@click.option("--deals", type=_FILE, metavar="FILE", help="Table of deals: CSV, Excel, Parquet, JSON lines.")
@click.option(
    "--events",
    type=_FILE,
    metavar="FILE",
    help="Table of what happened on the deals, with dates; or a folder of Parquet files.",
)
@click.option("--log", type=_FILE, metavar="FILE", help="Instead of both: one event log (XES, or a table).")
@click.option(
    "--mapping", type=_FILE, metavar="YAML", help="How to read the files, where that cannot be guessed."
)
@click.option(
    "--metric",
    metavar="M",
    help="What counts: won, supportive:EXPR such as 'supportive:discount<=0.15', net, sale_days (days to a "
    "sale), or among won deals discount, margin, revenue, cycle_days, price_realisation, contract_size. Without "
    "it: supportive sales where there are prices, else won.",
)
@click.option("--covariates", default="", metavar="A,B", help="Further columns known when a deal is created.")
@click.option(
    "--agreement-columns",
    default="",
    metavar="A,B",
    help="Columns of the deals with undated agreements (yes, no, unknown). Shows association only.",
)
@click.option("--mechanical", default="", metavar="A,B", help="Agreements that are part of closing.")
@click.option("--not-mechanical", default="", metavar="A,B", help="Agreements that people choose freely.")
@click.option(
    "--negative-controls",
    default="",
    metavar="A,B",
    help="Agreements that can change nothing, as a check: an effect of theirs tells of a hidden cause.",
)
@click.option(
    "--insist",
    default="",
    metavar="A,B",
    help="Columns that were known when deals were created, although they look as if they gave the result away.",
)
@click.option(
    "--landmarks",
    default="",
    metavar="2w,4w",
    help="Ages at which deals are looked at, or stages: stage:Proposal,stage:Contract looks at them when they "
    "enter those. Default: from the data.",
)
@click.option("--horizon", default="", metavar="26w", help="How long after a landmark the result is counted.")
@click.option("--pivotal", default="6-8", show_default=True, metavar="6-8", help="Size of the proposed set.")
@click.option(
    "--smallest-effect",
    default=0.01,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Smallest effect worth having, as a share.",
)
@click.option(
    "--certificate",
    type=click.FloatRange(min=0, max=0.5, min_open=True),
    metavar="SHARE",
    help="Also say how many levers of this size, such as 0.05, would have been seen: they are planted into your own "
    "deals. Takes several times as long.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="Also say what would have been found on past days, quarter by quarter, and how it held on later deals. Takes "
    "up to two runs for each day.",
)
@click.option(
    "--pack",
    type=_FILE,
    metavar="FILE",
    help="Lean the order of types on the benchmark pack of another company. Grades and effects never do.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of every random draw."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Where to compute: on this machine, or on Spark.",
)
@click.option(
    "--keep",
    type=_FILE,
    metavar="DIR",
    help="Keep sums here: the next run sums only what is new, and one that was stopped goes on where it was.",
)
@click.option(
    "--out",
    type=_FILE,
    metavar="DIR",
    help="Write report.html, findings.csv, findings.parquet, run.json here.",
)
@click.option("--pdf", is_flag=True, help="Also write report.pdf there. Needs the extra 'reports'.")
@click.option(
    "--skip-bad-rows",
    is_flag=True,
    help="Leave out rows that cannot be read. Their number goes into the result.",
)
@data_end_option
@format_option
@click.option("--quiet", is_flag=True, help="Show no progress and do not say which files were written.")
def discover(**options: Any) -> None:
    """Find the pivotal agreements in files of deals and events.

    Prints a ranked table in honest words; needs no database and no set-up. Ends with 0 when done,
    2 when arguments or files cannot be used, 3 when there is not enough data for any finding.

    \b
    Examples:
      hingepoint discover --deals deals.csv --events events.csv --out answer
      hingepoint discover --deals deals.xlsx --events events.csv --metric 'supportive:discount<=0.15'
      hingepoint discover --log applications.xes.gz --mapping mapping.yaml --format json
    """
    asked = Asked(**options)
    settings = _settings(asked)
    if asked.pdf:
        _require_typesetter(asked.out)
    require_a_folder("--out", asked.out)
    require_a_folder("--keep", asked.keep)
    found, reading = _discover(asked, settings)
    _show(asked, found, reading)
    if not found.enough:
        raise SystemExit(NOT_ENOUGH_DATA)


def _settings(asked: Asked) -> Settings:
    from hingepoint.analysis.discovery import Settings, weeks
    from hingepoint.analysis.discovery.settings import landmarks

    settings = Settings(
        metric=asked.metric,
        covariates=_listed(asked.covariates),
        **landmarks(_listed(asked.landmarks)),
        horizon_weeks=weeks(asked.horizon) if asked.horizon else None,
        pivotal=_sizes(asked.pivotal),
        seed=asked.seed,
        smallest_effect=asked.smallest_effect,
        certificate=asked.certificate,
        replay=asked.replay,
        mechanical=_listed(asked.mechanical),
        not_mechanical=_listed(asked.not_mechanical),
        negative_controls=_listed(asked.negative_controls),
        insist=_listed(asked.insist),
        agreement_columns=_listed(asked.agreement_columns),
    )
    return _leaning(settings, asked.pack) if asked.pack else settings


def _leaning(settings: Settings, path: Path) -> Settings:
    from hingepoint.analysis.discovery import benchmark_pack

    return benchmark_pack.leaning_on(settings, read_pack(path), path.stem)


def read_pack(path: Path) -> Any:
    """Return the benchmark pack in a file; a file that is none is told in one sentence."""
    from hingepoint.analysis.discovery import benchmark_pack

    try:
        return benchmark_pack.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, benchmark_pack.PackError) as error:
        raise Unusable(f"{path}: {error}.") from error


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _sizes(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:[-–]\s*(\d{1,3})\s*)?", text)
    if not match:
        raise Unusable(f"--pivotal {text!r}: expected a size such as 6-8")
    return int(match[1]), int(match[2] or match[1])


def _runner(asked: Asked) -> Any:
    """Return who computes: nobody else, or Spark."""
    if asked.engine != "spark":
        return None
    from hingepoint.analysis.discovery import DiscoveryError
    from hingepoint.analysis.discovery.sums import spark

    try:
        return spark.OnSpark(spark.session())
    except DiscoveryError as error:
        raise Unusable(f"--engine spark: {error}.") from error


def _keep(asked: Asked) -> Any:
    """Return where sums are kept, if they are."""
    if asked.keep is None:
        return None
    from hingepoint import __version__
    from hingepoint.analysis.discovery.sums import kept
    from hingepoint.domain.discovery.keeping import Folder

    return kept.Kept(Folder(asked.keep), __version__)


def _require_typesetter(out: Path | None) -> None:
    from hingepoint.reports import typesetting

    if out is None:
        raise Unusable("--pdf needs --out: say in which folder to write report.pdf.")
    if not typesetting.available():
        raise Unusable(str(typesetting.NoTypesetter()))


def _discover(asked: Asked, settings: Settings) -> tuple[Discovery, Reading]:
    from dataclasses import replace

    from hingepoint.analysis import discovery
    from hingepoint.analysis.discovery import replay
    from hingepoint.analysis.discovery.reading import money
    from hingepoint.domain.discovery.reading import counted_once

    runner = _runner(asked)
    with _progress(asked) as tell, _opened(asked, tell) as reading:
        settings = replace(
            settings,
            covariates=reading.covariates or settings.covariates,
            agreement_columns=reading.agreement_columns or settings.agreement_columns,
            data_end=_data_end(asked, reading),
        )
        money.one_currency(reading.deals, settings.metric)
        keep = _keep(asked)
        found = discovery.discover(
            reading.deals,
            reading.events,
            settings=settings,
            catalogue=catalogue(),
            progress=tell,
            bad_rows=reading.bad_rows,
            rules=counted_once(reading.rules),
            runner=runner,
            keep=keep,
        )
        found = replay.added(found, reading.deals, reading.events, catalogue=catalogue(), progress=tell)
    found = replace(found, warnings=(*reading.understanding.warnings(), *found.warnings))
    if keep and not asked.quiet:
        click.echo(f"Parts of the deals: {keep.found} as before, {keep.made} summed anew.", err=True)
    return found, reading


def _data_end(asked: Asked, reading: Reading) -> dt.datetime | None:
    """Return up to when the data reach, None for the last moment seen: given, or before what stands alone."""
    understood = reading.understanding
    day = (
        asked.data_end.date() if asked.data_end else understood.data_end if understood.stands_alone else None
    )
    return dt.datetime.combine(day, dt.time.max) if day else None


@contextmanager
def _opened(asked: Asked, tell: Callable[[float, str], None]) -> Iterator[Reading]:
    """Give what the files hold; their events can be read until the block ends."""
    from hingepoint.connectors import files

    if not (asked.deals or asked.events or asked.log):
        raise Unusable("Give --deals and --events, or --log. See 'hingepoint discover --help' for examples.")
    deals, events, log = _tables(asked)
    with (
        unreadable_said(),
        files.open_reading(
            deals=deals,
            events=events,
            log=log,
            mapping=files.load_mapping(asked.mapping) if asked.mapping else None,
            zone=time_zone(),
            covariates=_listed(asked.covariates),
            agreement_columns=_listed(asked.agreement_columns),
            skip_bad_rows=asked.skip_bad_rows,
            today=today(),
            data_end=asked.data_end.date() if asked.data_end else None,
            progress=lambda name, rows: tell(0.0, f"reading {name}: {rows:,} rows"),
        ) as reading,
    ):
        yield reading


def _tables(asked: Asked) -> tuple[Path | None, Path | None, Path | None]:
    """Return which file is the deals, the events and the log; an event log given as deals, or as both, is the log."""
    deals, events, log = asked.deals, asked.events, asked.log
    if log and (deals or events):
        raise Unusable("Give --log alone, or --deals and --events.")
    if deals and _is_log(deals) and events in (None, deals):
        deals, events, log = None, None, deals
    return deals, events, log


def _is_log(path: Path) -> bool:
    return path.name.lower().endswith((".xes", ".xes.gz", ".xes.zip"))


def catalogue() -> list[Any]:
    """Return the shipped agreement types: their names, and which are late by nature."""
    from hingepoint.domain.agreements.catalogue import shipped_types
    from hingepoint.records.agreements import AgreementType, Side

    return [
        AgreementType(key=key, name=row["name"], side=Side(row["side"]), proximity=row["proximity"])
        for key, row in shipped_types().items()
    ]


@contextmanager
def _progress(asked: Asked) -> Iterator[Callable[[float, str], None]]:
    """Give what shows progress on a terminal; it shows nothing when piped or asked to be quiet."""
    if asked.quiet or not sys.stderr.isatty():
        yield lambda share, text: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=text)


def _show(asked: Asked, found: Discovery, reading: Reading) -> None:
    from hingepoint.analysis.discovery import record
    from hingepoint.analysis.discovery.reading import money

    teams = reading.deals["team"].drop_nulls().n_unique() if "team" in reading.deals.columns else 0
    kept = record.of(found, currency=money.one_currency(reading.deals, None), teams=teams)
    if asked.as_format == "json":
        print_json(found.to_dict() | {"understood": reading.understanding.as_record()})
    else:
        from hingepoint.cli import discover_table
        from hingepoint.connectors import files

        click.echo("\n".join([*files.told(reading.understanding).lines(), ""]))
        discover_table.show(kept)
    if asked.out:
        _write(asked, asked.out, kept)


def _write(asked: Asked, folder: Path, kept: Record) -> None:
    from hingepoint import __version__
    from hingepoint.reports import discovery as report

    inputs = tuple(report.Input(name, _digest(path)) for name, path in asked.files)
    paths = report.write(folder, kept, inputs=inputs, code_version=__version__)
    if asked.pdf:
        paths.append(_write_pdf(folder, kept, inputs))
    if not asked.quiet:
        click.echo(f"Wrote {', '.join(path.name for path in paths)} to {folder}", err=True)


def _write_pdf(folder: Path, kept: Record, inputs: tuple[Any, ...]) -> Path:
    from hingepoint.reports import discovery_pdf

    path = folder / "report.pdf"
    path.write_bytes(discovery_pdf.pdf(kept, inputs=inputs))
    return path


def _named(path: Path) -> list[tuple[str, Path]]:
    from hingepoint.connectors.files import parts_of

    if path.is_dir():
        return [(f"{path.name}/{part.name}", part) for part in parts_of(path)]
    return [(path.name, path)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
