"""``hingepoint connect`` and ``hingepoint sync``: a CRM is connected, tried and read."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hingepoint import connectors
from hingepoint.cli import Unusable
from hingepoint.cli.common import format_option, print_json, start_django

if TYPE_CHECKING:
    from hingepoint.connectors.source import Connector, SignIn
    from hingepoint.domain.sync.actions import Rehearsal, Told
    from hingepoint.domain.sync.queries import ConnectionPage

#: Where a token may stand instead of standard input; it is never an argument, which others can read.
TOKEN = "HINGEPOINT_CRM_TOKEN"  # noqa: S105  (the name of the variable)


@click.command()
@click.argument("crm", metavar="CRM")
@click.argument("address", metavar="ADDRESS")
@click.option("--name", default="", help="What the connection is called. Default: the name of the CRM.")
@click.option("--sign-in", default="", help="Which way of signing in, where the CRM has several.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the token, or one NAME=VALUE a line where several secrets are needed.",
)
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Such as database=sales.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Leave out deals that were created before this day."
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="STAGE=MEANING",
    help="What a stage means: open, won or lost. Repeat it.",
)
@click.option(
    "--allow-outbound",
    multiple=True,
    metavar="HOST:PORT",
    help="An address inside the own network that may be asked.",
)
@click.option("--dry-run", is_flag=True, help="Say what the first page would bring, and keep nothing of it.")
@click.option("--on", is_flag=True, help="Let the worker read it from now on.")
@format_option
def connect(
    crm: str,
    address: str,
    name: str,
    sign_in: str,
    token_file: Path | None,
    options: tuple[str, ...],
    since: dt.datetime | None,
    stages: tuple[str, ...],
    allow_outbound: tuple[str, ...],
    dry_run: bool,
    on: bool,
    as_format: str,
) -> None:
    """Connect the CRM at ADDRESS, try what its token may see, and switch it on.

    The token comes from standard input, from --token-file or from the variable HINGEPOINT_CRM_TOKEN, and is kept
    encrypted. Called again with the same name and address, the token is replaced; another address, option or first
    day is refused.

    \b
    Examples:
      hingepoint connect odoo https://crm.example.com --option database=sales --token-file token.txt --dry-run
      hingepoint connect espocrm https://crm.example.com --stage "Closed Won=won" --on < token.txt
    """
    connector = _connector(crm)
    way = _way(connector, sign_in)
    given = _secrets(way, token_file)
    start_django()
    from hingepoint.cli.serve import bring_database_up_to_date
    from hingepoint.domain.sync import actions, queries
    from hingepoint.records.errors import Hidden, Refused

    bring_database_up_to_date()
    at = dt.datetime.now(dt.UTC)
    try:
        made = actions.connect_or_renew(
            by=None,
            at=at,
            crm=crm,
            url=address,
            given=given,
            name=name,
            sign_in=way.key,
            options=_pairs(options, "--option"),
            allowed=allow_outbound,
            since=since.date() if since else None,
        )
        actions.test(by=None, at=at, connection_id=made)
        if stages:
            actions.say_stages(by=None, at=at, connection_id=made, named=_pairs(stages, "--stage"))
        tried = actions.rehearse(by=None, at=at, connection_id=made) if dry_run else None
        if on:
            actions.switch_on(by=None, at=at, connection_id=made)
    except (Refused, Hidden) as problem:
        raise Unusable(str(problem)) from None
    page = queries.for_command(made, at=at)
    if as_format == "json":
        print_json({"connection": asdict(page), "dry_run": asdict(tried) if tried else None})
    else:
        click.echo(in_words(page, tried))


def _connector(key: str) -> Connector:
    try:
        return connectors.crm(key)
    except KeyError:
        known = ", ".join(connectors.CRMS)
        raise Unusable(f"{key!r} is no CRM that is known here: {known}.") from None


def _way(connector: Connector, key: str) -> SignIn:
    for one in connector.sign_ins:
        if key in ("", one.key):
            return one
    known = ", ".join(one.key for one in connector.sign_ins)
    raise Unusable(f"{connector.label} has no way of signing in called {key!r}: {known}.")


def _secrets(way: SignIn, file: Path | None) -> dict[str, str]:
    """Return the secrets by their names, from a file, the environment or standard input."""
    text = (file.read_text() if file else os.environ.get(TOKEN, "")).strip()
    names = list(way.secrets)
    if not text and sys.stdin.isatty():
        return {each: click.prompt(way.secrets[each], hide_input=True) for each in names}
    text = text or sys.stdin.read().strip()
    if len(names) == 1 and not text.startswith(f"{names[0]}="):
        return {names[0]: text}
    given = _named(text, names)
    if lacking := [each for each in names if not given.get(each)]:
        raise Unusable(f"Give {' and '.join(lacking)}, one NAME=VALUE a line.")
    return given


def _named(text: str, names: list[str]) -> dict[str, str]:
    """Return the values of NAME=VALUE; one goes on until the next line that begins with a name, as a private key does."""
    found: dict[str, list[str]] = {}
    of = ""
    for line in text.splitlines():
        name, sign, rest = line.partition("=")
        if sign and name.strip() in names:
            of, line = name.strip(), rest
        found.setdefault(of, []).append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items() if name}


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found = {}
    for each in given:
        name, sign, value = each.rpartition("=")
        if not sign:
            raise Unusable(f"{option} {each}: write NAME=VALUE.")
        found[name.strip()] = value.strip()
    return found


def in_words(page: ConnectionPage, tried: Rehearsal | None) -> str:
    """Return what was found as a few lines."""
    lines = [f"{page.name}: {page.crm} at {page.address}, {page.state.lower()}."]
    if page.ends_on:
        lines.append(f"This way of signing in ends on {page.ends_on}.")
    lines.append("")
    for each in page.capabilities:
        number = f"{each.count:>9,}{'+' if each.at_least else ''}" if each.count is not None else f"{'—':>9}"
        since = f" since {each.since}" if each.since else ""
        ask = f" Ask for: {each.ask_for}." if each.ask_for else ""
        lines.append(f"  {each.what:<40} {each.found:<24} {number}{since}{ask}")
        if each.costs:
            lines.append(f"  {'':<40} {each.costs}")
    if page.open_stages:
        lines += ["", f"Say what these stages mean, with --stage NAME=open: {', '.join(page.open_stages)}."]
    return "\n".join([*lines, *(_tried(tried) if tried else ())])


def _tried(tried: Rehearsal) -> list[str]:
    counts = (
        ("deals would come", tried.created),
        ("deals would change", tried.updated),
        ("events", tried.events),
    )
    return [
        "",
        "Dry run of the first page, nothing was kept:",
        *(f"  {number:>9,}  {what}" for what, number in counts),
        *_rules(tried.rules),
    ]


def _rules(rules: Any) -> list[str]:
    from hingepoint.records.sync import BY_KEY

    return [
        f"  {number:>9,}  {key}: {BY_KEY[key].sentence} ({BY_KEY[key].does})"
        for key, number in rules.items()
        if key in BY_KEY
    ]


@click.command()
@click.argument("connection", metavar="CONNECTION")
@click.option("--once", is_flag=True, help="Read once and end. Without it, read on until it is stopped.")
@click.option("--sweep", is_flag=True, help="Also compare all records with those of the CRM, as every night.")
@format_option
def sync(connection: str, once: bool, sweep: bool, as_format: str) -> None:
    """Read what is new in the CRM of CONNECTION, its name or number, and bring it into the register.

    Stopped anywhere, the next run goes on where it was. The worker of `hingepoint serve` does the same on its own
    for each connection that is on. Exit code 2 when the run failed.

    \b
    Examples:
      hingepoint sync "Odoo" --once
      hingepoint sync 1 --once --sweep --format json
    """
    start_django()
    from hingepoint.cli.serve import bring_database_up_to_date
    from hingepoint.domain.sync import actions, queries
    from hingepoint.records.errors import Hidden, Refused

    bring_database_up_to_date()
    while True:
        try:
            number, pause = queries.number_and_pace(connection)
            told = actions.sync(
                at=dt.datetime.now(dt.UTC), connection_id=number, sweep=True if sweep else None
            )
        except (Refused, Hidden) as problem:
            raise Unusable(str(problem)) from None
        if as_format == "json":
            print_json(asdict(told))
        else:
            click.echo(run_in_words(told))
        if once:
            raise SystemExit(2 if told.problem else 0)
        _wait(pause)


def _wait(minutes: int) -> None:
    import time

    time.sleep(minutes * 60)


def run_in_words(told: Told) -> str:
    """Return what a run did as a few lines."""
    first = f"{told.connection}: {told.problem}" if told.problem else f"{told.connection}: up to date."
    read = [f"  {number:>9,}  {what} read" for what, number in told.read.items() if number]
    brought = [f"  {number:>9,}  {what.replace('_', ' ')}" for what, number in told.brought.items() if number]
    written = [f"  {number:>9,}  written back: {what}" for what, number in told.written.items()]
    waits = f", waited {told.waited:.0f} s for a limit" if told.waited else ""
    asked = f"  {told.requests:>9,}  requests{waits}"
    problems = [f"             {each}" for each in told.problems]
    return "\n".join([first, *read, *brought, *_rules(told.rules), *problems, *written, asked])
