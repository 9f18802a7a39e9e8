"""``hingepoint impact``: what a rollout was worth, or what one that has not begun can prove; without any database."""

from __future__ import annotations

import datetime as dt
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
    from hingepoint.analysis.impact import Card, Lot
    from hingepoint.analysis.metrics import Metric
    from hingepoint.connectors.files import Reading

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class Asked:
    """The options of one call, as they were given."""

    deals: Path
    rollout: Path | None
    plan: Path | None
    metric: str
    period: str
    lottery: str | None
    steps: int | None
    periods: int | None
    smallest_effect: float | None
    card: Path | None
    sha256: str
    mapping: Path | None
    data_end: dt.datetime | None
    skip_bad_rows: bool
    out: Path | None
    as_format: str
    quiet: bool


@click.command()
@click.option("--deals", type=_FILE, metavar="FILE", required=True, help="Table of deals with their team.")
@click.option("--rollout", type=_FILE, metavar="FILE", help="Who started when: team, starts (empty = never).")
@click.option("--plan", type=_FILE, metavar="FILE", help="Instead: teams that are to start (column team).")
@click.option(
    "--metric",
    metavar="M",
    required=True,
    help="What counts, as in hingepoint discover: won, 'supportive:discount<=0.15', net, discount, margin, "
    "revenue, cycle_days.",
)
@click.option(
    "--period",
    type=click.Choice(["week", "month", "quarter"]),
    default="month",
    show_default=True,
    help="How finely time is cut; a quarter is that of the calendar.",
)
@click.option(
    "--lottery",
    metavar="SEED|FILE",
    help="The order was drawn by lot: the seed, or a file of every order it could have drawn "
    "(order, team, starts). With --plan: the seed of the lot, 1 if not given.",
)
@click.option("--steps", type=click.IntRange(min=2), help="With --plan: in how many waves. Default: 4.")
@click.option(
    "--periods",
    type=click.IntRange(min=1),
    help="With --plan: periods from the first start to the last. Default: a year.",
)
@click.option(
    "--smallest-effect",
    type=click.FloatRange(min=0, min_open=True),
    help="What would matter, in the unit of the metric. Default: 0.03 of a share, a tenth of the mean of others.",
)
@click.option(
    "--card", type=_FILE, metavar="FILE", help="With --rollout: the sealed card to hold it against."
)
@click.option("--sha256", default="", metavar="HEX", help="What the card's SHA-256 was when it was sealed.")
@click.option("--mapping", type=_FILE, metavar="YAML", help="How to read the deals, where that is not clear.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out deals that cannot be read.")
@data_end_option
@click.option("--out", type=_FILE, metavar="DIR", help="Write the result here as files.")
@format_option
@click.option("--quiet", is_flag=True, help="Do not say which files were written.")
def impact(**options: Any) -> None:
    """Say what a rollout was worth, or what one that has not begun can prove.

    With --rollout: the effect on the metric of teams that started, against those that still waited, with its
    interval and value. With --plan: an order drawn by lot, the smallest effect it can prove, and a card to seal.
    Ends with 0 when done, 2 when arguments or files cannot be used, 3 when nothing can be shown yet.

    \b
    Examples:
      hingepoint impact --deals deals.csv --rollout rollout.csv --metric won --lottery 2024
      hingepoint impact --deals deals.csv --rollout rollout.csv --metric 'supportive:discount<=0.15' --format json
      hingepoint impact --plan teams.csv --deals deals.csv --metric won --steps 4 --periods 12 --out plan
    """
    asked = Asked(**options)
    _check(asked)
    enough = _plan(asked) if asked.plan else _measure(asked)
    if not enough:
        raise SystemExit(NOT_ENOUGH_DATA)


def _check(asked: Asked) -> None:
    if bool(asked.plan) == bool(asked.rollout):
        raise Unusable("Give --rollout for a rollout that has begun, or --plan for one that has not.")
    for option, given in (("--steps", asked.steps), ("--periods", asked.periods)):
        if given is not None and not asked.plan:
            raise Unusable(
                f"{option} goes with --plan; a rollout that has begun says itself who starts when."
            )
    if asked.card and asked.plan:
        raise Unusable("--card goes with --rollout: it is written by --plan.")
    if asked.sha256 and not asked.card:
        raise Unusable("--sha256 goes with --card: give the card too.")
    require_a_folder("--out", asked.out)


def _measure(asked: Asked) -> bool:
    """Measure a rollout; return whether anything could be concluded."""
    from hingepoint.analysis import impact as analysis
    from hingepoint.cli import impact_table

    assert asked.rollout
    reading, metric = _read(asked)
    rollout = analysis.spelled(_small(asked.rollout, "rollout"), reading.deals)
    sealed = _card(asked)
    found = analysis.measure(
        reading.deals,
        metric=metric,
        rollout=rollout,
        data_end=_data_end(asked, reading),
        period=asked.period,
        lot=_lot(asked, reading),
        smallest_effect=asked.smallest_effect or (sealed.worth if sealed else None),
    )
    held = analysis.held(sealed, found, rollout, data_end=_data_end(asked, reading)) if sealed else None
    told = analysis.to_dict(found) | ({"card": held} if held else {})
    if asked.as_format == "json":
        print_json(told)
    else:
        impact_table.show(found, held)
    if asked.out:
        _write(asked, asked.out, {"impact.json": impact_table.as_text(told)} | impact_table.tables(found))
    return found.conclusion.verdict != analysis.NOT_YET


def _plan(asked: Asked) -> bool:
    """Plan a rollout; return whether it can prove anything."""
    from hingepoint.analysis import impact as analysis
    from hingepoint.cli import impact_table

    assert asked.plan
    reading, metric = _read(asked)
    teams = analysis.spelled(dict.fromkeys(_small(asked.plan, "teams")), reading.deals)
    made = analysis.plan(
        reading.deals,
        teams=tuple(teams),
        metric=metric,
        data_end=_data_end(asked, reading),
        period=asked.period,
        steps=asked.steps,
        periods=asked.periods,
        seed=_seed(asked.lottery) if asked.lottery else 1,
        smallest_effect=asked.smallest_effect,
    )
    told = analysis.plan_to_dict(made)
    if asked.as_format == "json":
        print_json(told)
    else:
        impact_table.show_plan(made)
    if asked.out:
        _write(asked, asked.out, {"plan.json": impact_table.as_text(told)} | impact_table.sealed(made))
    return made.smallest < float("inf")


def _read(asked: Asked) -> tuple[Reading, Metric]:
    """Return the deals, and the metric that is asked for."""
    from hingepoint.analysis import metrics
    from hingepoint.connectors import files

    metric = metrics.parse_target(asked.metric)
    with unreadable_said():
        reading = files.read_deals(
            asked.deals,
            mapping=files.load_mapping(asked.mapping) if asked.mapping else None,
            zone=time_zone(),
            skip_bad_rows=asked.skip_bad_rows,
            today=today(),
            data_end=asked.data_end.date() if asked.data_end else None,
        )
    return reading, metric


def _data_end(asked: Asked, reading: Reading) -> dt.date:
    """Return the last day that the deals cover: given, as understood, or the last close."""
    if asked.data_end:
        return asked.data_end.date()
    closed = reading.deals["closed"].drop_nulls().dt.date() if "closed" in reading.deals.columns else None
    known = reading.understanding.data_end or (closed.max() if closed is not None else None)
    if not isinstance(known, dt.date):
        raise Unusable(f"{asked.deals.name}: no deal has a close date, so there is nothing to measure.")
    return known


def _small(path: Path, kind: str) -> Any:
    """Return a small table of a rollout: ``rollout``, ``teams`` or ``orders``."""
    from hingepoint.connectors.files import rollouts

    read = {"rollout": rollouts.read_rollout, "teams": rollouts.read_teams, "orders": rollouts.read_orders}
    with unreadable_said():
        return read[kind](path)


def _lot(asked: Asked, reading: Reading) -> Lot | None:
    """Return how the order was drawn, None where it was not."""
    from hingepoint.analysis import impact as analysis

    if not asked.lottery:
        return None
    if asked.lottery.strip().isdigit():
        return analysis.Lot(seed=_seed(asked.lottery))
    orders = _small(Path(asked.lottery), "orders")
    return analysis.Lot(orders=tuple(analysis.spelled(order, reading.deals) for order in orders))


def _seed(text: str) -> int:
    if not text.strip().isdigit() or len(text.strip()) > 18:
        raise Unusable(f"--lottery {text!r}: expected the seed of the lot, a whole number such as 2024")
    return int(text)


def _card(asked: Asked) -> Card | None:
    from hingepoint.analysis import impact as analysis

    if not asked.card:
        return None
    try:
        text = asked.card.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Unusable(f"{asked.card.name}: is not a card that --plan wrote") from error
    sealed = analysis.read_card(text)
    if asked.sha256 and asked.sha256.strip().lower() != sealed.sha256:
        raise Unusable(
            f"{asked.card.name}: this is not the card that was sealed; its SHA-256 is {sealed.sha256}."
        )
    return sealed


def _write(asked: Asked, folder: Path, files: dict[str, Any]) -> None:
    from hingepoint.connectors.files import write_table

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, str):
            (folder / name).write_text(content, "utf-8", newline="\n")
        else:
            write_table(content, folder / name, "csv")
    if not asked.quiet:
        click.echo(f"Wrote {', '.join(files)} to {folder}", err=True)
