"""``hingepoint createuser`` and ``setpassword``: people who can sign in."""

from __future__ import annotations

import datetime as dt
from typing import Any

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
@click.option(
    "--is",
    "person",
    default="",
    help="Who this is of the people that came with your files: their name or id there. Asked where somebody fits.",
)
@click.option("--new", is_flag=True, help="Somebody who is not here yet, also where a name fits.")
@password_option
@format_option
def createuser(
    email: str, name: str, role: str, person: str, new: bool, password: str, as_format: str
) -> None:
    """Create the first person who can sign in, or a further one.

    Somebody who came with your files as the owner of deals is not made a second time: where one fits, it is asked
    whether that is the person, who then signs in and owns these deals.

    \b
    Examples:
      hingepoint createuser ann@example.com --name "Ann Berg" --role analyst
      hingepoint createuser bo@example.com --is "Bo Lind" --role seller
    """
    start_django()
    from django.core.validators import validate_email

    from hingepoint.domain.people import actions

    validate_email(email)
    bring_database_up_to_date()
    name = name or email.split("@")[0]
    now = dt.datetime.now(dt.UTC)
    try:
        user = _who_is_here(person, name=name, email=email, role=role, new=new)
        if user:
            actions.give_sign_in(by=None, at=now, email=email, role=Role(role), password=password, user=user)
        else:
            user = actions.add_user(
                by=None, at=now, email=email, role=Role(role), password=password, name=name
            )
    except actions.AddressTaken:
        raise Unusable(f"There is a person with the address {email} already.") from None
    if as_format == "json":
        print_json({"name": user.name, "email": email.lower(), "role": role})
    else:
        click.echo(f"{user.name} can sign in as {role.replace('_', ' ')} with {email.lower()}.")


def _who_is_here(person: str, *, name: str, email: str, role: str, new: bool) -> Any:
    """Return the person of the files who is meant, None for somebody new. Asks where somebody fits; where nobody
    can answer, raises Unusable."""
    from hingepoint.domain.merging.queries import people_like
    from hingepoint.domain.people import queries

    if person:
        return _named(person)
    for one in () if new else people_like(name, email):
        if one.can_sign_in:
            continue
        deals = f"owns {one.deals:,} deals" if one.deals != 1 else "owns 1 deal"
        asked = f"{one.name} ({one.role.lower()}) is here, {deals} and cannot sign in yet. Let them sign in as {role}?"
        try:
            if click.confirm(asked, default=True, err=True):
                return queries.person_in_files(one.key)
        except click.Abort:
            raise Unusable(f'{asked} Say --is "{one.key}", or --new for somebody else.') from None
    return None


def _named(person: str) -> Any:
    """Return the person whom ``--is`` names. Raises Unusable."""
    from hingepoint.domain.people import queries

    user = queries.person_in_files(person)
    if user is None:
        raise Unusable(f"Nobody is called {person}, or several are. Give the id that your files have.")
    if user.can_sign_in:
        raise Unusable(f"{user.name} can sign in already. For a forgotten password: hingepoint setpassword.")
    return user


@click.command()
@click.argument("email")
@password_option
@click.option(
    "--without-second-factor",
    is_flag=True,
    help="Take their second factor away too: phone and codes are lost.",
)
@format_option
def setpassword(email: str, password: str, without_second_factor: bool, as_format: str) -> None:
    """Set a new password for somebody who forgot theirs. It ends their open sessions.

    \b
    Example:
      hingepoint setpassword ann@example.com
    """
    start_django()
    from hingepoint.domain.people import actions, queries
    from hingepoint.domain.second_factors import actions as second_factors

    require_database()
    user = queries.user_who_signs_in_with(email)
    now = dt.datetime.now(dt.UTC)
    actions.set_password(by=None, at=now, user=user, password=password)
    if without_second_factor:
        second_factors.take_away(by=None, at=now, user=user)
    if as_format == "json":
        print_json({"name": user.name, "email": user.email})
    else:
        click.echo(f"{user.name} can sign in with the new password.")
