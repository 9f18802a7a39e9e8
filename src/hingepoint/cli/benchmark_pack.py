"""``hingepoint benchmark-pack``: what we found, for another company, and what another company found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hingepoint.cli import NOT_ENOUGH_DATA, Unusable
from hingepoint.cli.common import format_option, print_json, time_zone, today, unreadable_said
from hingepoint.cli.discover import catalogue, read_pack

if TYPE_CHECKING:
    from hingepoint.analysis.discovery.benchmark_pack import Cell, Pack

_FILE = click.Path(path_type=Path)


@click.command("benchmark-pack", short_help="Tell other companies what you found, without names or amounts.")
@click.argument("what", type=click.Choice(["export", "show"]))
@click.argument("pack", type=_FILE)
@click.option("--deals", type=_FILE, metavar="FILE", help="Table of deals, to export.")
@click.option("--events", type=_FILE, metavar="FILE", help="Table of what happened on them, to export.")
@click.option(
    "--mapping", type=_FILE, metavar="YAML", help="How to read the files, where that cannot be guessed."
)
@click.option(
    "--metric",
    default="won",
    show_default=True,
    metavar="M",
    help="What counts: won, or supportive:EXPR of discount, margin or cycle_days. No amounts.",
)
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that cannot be read.")
@format_option
def benchmark_pack(
    what: str,
    pack: Path,
    deals: Path | None,
    events: Path | None,
    mapping: Path | None,
    metric: str,
    skip_bad_rows: bool,
    as_format: str,
) -> None:
    """Tell other companies what you found, without names or amounts, or read what another found.

    EXPORT writes the file PACK from files of deals and events: effects and coverages of agreement types of the shipped catalogue
    with their intervals. Each rests on at least 30 deals of 5 sellers with the agreement, and as many without it; so does
    what two packs of yours differ by. Ends with 3, and writes nothing, when no type rests on so many. SHOW says what a pack holds.

    \b
    Examples:
      hingepoint benchmark-pack export pack.json --deals deals.csv --events events.csv
      hingepoint benchmark-pack show pack.json
      hingepoint discover --deals deals.csv --events events.csv --pack pack.json
    """
    if what == "show":
        _show(read_pack(pack), as_format)
        return
    if not (deals and events):
        raise Unusable("Give --deals and --events. See 'hingepoint benchmark-pack --help' for examples.")
    _write(pack, _made(deals, events, mapping, metric, skip_bad_rows))


def _write(path: Path, pack: Pack) -> None:
    if not pack.cells:
        click.echo(
            "No agreement type of the catalogue rests on enough deals and sellers: nothing is written.",
            err=True,
        )
        raise SystemExit(NOT_ENOUGH_DATA)
    path.write_text(pack.text(), encoding="utf-8")
    left_out = f"; {pack.left_out} types are too small to leave" if pack.left_out else ""
    click.echo(f"Wrote {len(pack.cells)} types to {path}{left_out}.", err=True)


def _made(deals: Path, events: Path, mapping: Path | None, metric: str, skip_bad_rows: bool) -> Pack:
    from hingepoint.analysis.discovery import DiscoveryError, Settings
    from hingepoint.analysis.discovery import benchmark_pack as packs
    from hingepoint.connectors import files

    types = catalogue()
    with (
        unreadable_said(),
        files.open_reading(
            deals=deals,
            events=events,
            log=None,
            mapping=files.load_mapping(mapping) if mapping else None,
            zone=time_zone(),
            skip_bad_rows=skip_bad_rows,
            today=today(),
        ) as reading,
    ):
        try:
            settings = Settings(metric=metric, covariates=reading.covariates)
            shared = [one.key for one in types]
            return packs.make(
                reading.deals, reading.events, settings=settings, shared=shared, catalogue=types
            )
        except (DiscoveryError, ValueError) as error:
            raise Unusable(f"{error}.") from error


def _show(told: Pack, as_format: str) -> None:
    """Print what a pack holds."""
    if as_format == "json":
        print_json({"pack": told.to_dict()})
        return
    within = f", results counted within {told.horizon}" if told.horizon else ""
    click.echo(f"{told.metric}: {len(told.cells)} agreement types{within}.")
    for one in sorted(told.cells, key=lambda cell: -cell.effect):
        click.echo(f"  {_in_words(one)}")


def _in_words(one: Cell) -> str:
    effect = f"{100 * one.effect:+.1f} points ({100 * one.ci[0]:+.1f} to {100 * one.ci[1]:+.1f})"
    return (
        f"{one.agreement}: {effect}, gained on {one.coverage:.0%} of deals; at least {one.deals_at_least:,} deals with it and "
        f"without, as of {one.as_of}"
    )
