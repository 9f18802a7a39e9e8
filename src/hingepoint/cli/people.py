"""``hingepoint createuser`` and ``setpassword``: people who can sign in."""

from __future__ import annotations

import datetime as dt

import click

from hingepoint.cli import Unusable
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import bring_database_up_to_date, require_database
from hingepoint.records.people import Role


class Asked(click.Option):
    """An option that is asked for on stderr, so that stdout holds nothing but the result."""

    def prompt_for_value(self, ctx: click.Context) -> str:
        return click.prompt(str(self.prompt), hide_input=True, confirmation_prompt=True, err=True)


password_option = click.option(
    "--password",
    cls=Asked,
    envvar="HINGEPOINT_NEW_PASSWORD",
    prompt="Password (12 characters or more)",
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for when it is given neither here nor in HINGEPOINT_NEW_PASSWORD.",
)


@click.command()
@click.argument("email")
@click.option("--name", default="", help="Shown to colleagues. Without it: the part before the @.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ANALYST.value,
    show_default=True,
    help="What the person comes for. An analyst can add everybody else in the browser.",
)
@password_option
@format_option
def createuser(email: str, name: str, role: str, password: str, as_format: str) -> None:
    """Create the first person who can sign in, or a further one.

    \b
    Example:
      hingepoint createuser ann@example.com --name "Ann Berg" --role analyst
    """
    start_django()
    from django.core.validators import validate_email
    from django.db import IntegrityError

    from hingepoint.domain.people import actions

    validate_email(email)
    bring_database_up_to_date()
    name = name or email.split("@")[0]
    now = dt.datetime.now(dt.UTC)
    try:
        actions.add_user(by=None, at=now, name=name, role=Role(role), email=email, password=password)
    except IntegrityError:
        raise Unusable(f"There is a person with the address {email} already.") from None
    if as_format == "json":
        print_json({"name": name, "email": email.lower(), "role": role})
    else:
        click.echo(f"{name} can sign in as {role.replace('_', ' ')} with {email.lower()}.")


@click.command()
@click.argument("email")
@password_option
@format_option
def setpassword(email: str, password: str, as_format: str) -> None:
    """Set a new password for somebody who forgot theirs. It ends their open sessions.

    \b
    Example:
      hingepoint setpassword ann@example.com
    """
    start_django()
    from hingepoint.domain.people import actions, queries

    require_database()
    user = queries.user_who_signs_in_with(email)
    actions.set_password(by=None, at=dt.datetime.now(dt.UTC), user=user, password=password)
    if as_format == "json":
        print_json({"name": user.name, "email": user.email})
    else:
        click.echo(f"{user.name} can sign in with the new password.")
