"""``hingepoint webhook``: which programs are told what changes here."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hingepoint.cli import UNUSABLE, Unusable
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import require_database

if TYPE_CHECKING:
    from hingepoint.domain.webhooks.queries import HookLine


@click.command(short_help="Let another program be told what changes.")
@click.argument("what", type=click.Choice(["add", "list", "test"]))
@click.argument("name", default="")
@click.argument("address", default="")
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="What it is told; everything unless said."
)
@format_option
@click.pass_context
def webhook(
    ctx: click.Context, what: str, name: str, address: str, kinds: tuple[str, ...], as_format: str
) -> None:
    """Let another program be told within seconds what changes here, signed as Standard Webhooks say.

    ADD tells the program NAME at ADDRESS from now on and prints its secret, this once. LIST says which are told, and how many messages
    wait. TEST sends NAME a test and says what it answered, with exit code 2 when it was not taken.

    \b
    Examples:
      hingepoint webhook add warehouse https://hooks.example.com/hingepoint --kind agreement.changed
      hingepoint webhook list --format json
      hingepoint webhook test warehouse
    """
    start_django()
    require_database()
    if what == "add":
        click.echo(_added(name, address, kinds))
    elif what == "test":
        _test(ctx, name)
    else:
        _list(as_format)


def _added(name: str, address: str, kinds: tuple[str, ...]) -> str:
    from hingepoint.domain.webhooks import actions
    from hingepoint.records.errors import Refused

    try:
        return actions.add(by=None, at=dt.datetime.now(dt.UTC), name=name, url=address, kinds=kinds)[1]
    except Refused as problem:
        raise Unusable(str(problem)) from None


def _list(as_format: str) -> None:
    from hingepoint.domain.webhooks import queries

    found = queries.for_command()
    if as_format == "json":
        print_json({"webhooks": [asdict(one) for one in found]})
    else:
        click.echo("\n".join(map(_in_words, found)) or "No program is told anything.")


def _in_words(one: HookLine) -> str:
    state = "on" if one.on else f"off. {one.off_because}".strip()
    counts = f"{one.waiting} waiting, {one.given_up} given up"
    return f"{one.name}: {one.url}, {state}; {counts}; told: {one.told}"


def _test(ctx: click.Context, name: str) -> None:
    from hingepoint.domain.webhooks import actions, queries, rules

    found = [one.id for one in queries.for_command() if one.name == name]
    if not found:
        raise Unusable(f"There is no webhook called {name!r}. See hingepoint webhook list.")
    answered = actions.send_test(by=None, at=dt.datetime.now(dt.UTC), webhook_id=found[0])
    status = answered.status if answered else None
    click.echo(f"{status or 'No answer'}: {answered.answer if answered else ''}")
    if not rules.taken(status):
        ctx.exit(UNUSABLE)
