"""``hingepoint secrets``: can the secrets of the database be read, and putting them under a new key."""

from __future__ import annotations

import click

from hingepoint.cli import UNUSABLE, Unusable
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import require_database
from hingepoint.reports.charts.numbers import plural


@click.command(short_help="Check the encrypted secrets, or put them under a new key.")
@click.argument("what", type=click.Choice(["check", "renew"]))
@format_option
@click.pass_context
def secrets(ctx: click.Context, what: str, as_format: str) -> None:
    """CHECK says whether every secret in the database opens with the key at hand; RENEW puts all under the first key.

    The key is HINGEPOINT_SECRETS_KEY, or the file secrets.key of the data folder. To change it, set it to the new key, a comma and the
    old one, start the server again, run RENEW, then take the old one away.

    Ends with exit code 2 when a secret does not open.

    \b
    Example:
      hingepoint secrets check
    """
    start_django()
    require_database()
    held, locked = _renewed() if what == "renew" else _checked()
    if as_format == "json":
        print_json({"secrets": held, "locked": locked})
    else:
        click.echo(f"{plural(held, 'secret')} in the database, {locked or 'none'} of them locked.")
    if locked:
        ctx.exit(UNUSABLE)


def _checked() -> tuple[int, int]:
    from hingepoint.domain.secrets import queries

    found = queries.readable()
    return found.secrets, found.locked


def _renewed() -> tuple[int, int]:
    from django.utils import timezone

    from hingepoint.domain.secrets import actions, rules

    try:
        return actions.renew(at=timezone.now()), 0
    except rules.WrongKey as error:
        raise Unusable(f"Nothing was changed. {error}") from None
