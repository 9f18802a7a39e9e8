"""``hingepoint seed``: a small named world into an empty database."""

from __future__ import annotations

from pathlib import Path

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import bring_database_up_to_date


@click.command()
@click.argument("world", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reset", is_flag=True, help="Empty the database first. Everything in it is lost.")
@format_option
def seed(world: Path, reset: bool, as_format: str) -> None:
    """Load a small named world into an empty database.

    WORLD is a YAML file with users, teams, accounts, deals, agreements and plans; the manual's page on
    world files describes it. All or nothing; the same file gives the same database.

    \b
    Example:
      hingepoint seed world.yaml --reset
    """
    start_django()
    from dataclasses import asdict

    from hingepoint.demo.world import NotEmpty, load_world

    bring_database_up_to_date()
    try:
        loaded = load_world(world, reset=reset)
    except NotEmpty as error:
        raise Unusable(str(error)) from error
    if as_format == "json":
        print_json(asdict(loaded))
    else:
        click.echo(
            f"{loaded.name}: {loaded.users} people, {loaded.teams} teams, {loaded.accounts} accounts, "
            f"{loaded.deals} deals, {loaded.steps} steps of agreements, {loaded.plans} plans."
        )
