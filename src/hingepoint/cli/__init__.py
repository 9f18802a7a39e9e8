"""The command line: one list of commands, each loaded only when it is called.

Exit codes: 0 done, 2 unusable arguments, files or installation (one clear message), 3 done but not
enough data for any finding. To add a command, write it in a module here and add a line to ``COMMANDS``;
import Django, polars and the like inside the function, so that ``--help`` stays instant.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import click

from hingepoint import __version__
from hingepoint.records.errors import finds_no_room

UNUSABLE = 2
NOT_ENOUGH_DATA = 3


class Command(NamedTuple):
    """Where a command lives (``module:attribute`` in this package) and what ``--help`` says of it."""

    target: str
    summary: str


#: Every command, in the order of ``hingepoint --help``.
COMMANDS = {
    "discover": Command("discover:discover", "Find the pivotal agreements in files of deals and events."),
    "benchmark-pack": Command(
        "benchmark_pack:benchmark_pack", "Tell other companies what you found, without names or amounts."
    ),
    "impact": Command("impact:impact", "Say what a rollout was worth, or what a planned one can prove."),
    "signals": Command("signals:signals", "Show the ten early-warning signals from files."),
    "demo": Command("demo:demo", "Run the demo company in your browser."),
    "serve": Command("serve:serve", "Run Hingepoint for your company."),
    "createuser": Command("people:createuser", "Create the first person who can sign in, or a further one."),
    "setpassword": Command("people:setpassword", "Set a new password for somebody who forgot theirs."),
    "import": Command("imports:import_", "Import deals or events from a file."),
    "connect": Command("connect:connect", "Connect a CRM, and try what its token may see."),
    "sync": Command("connect:sync", "Read what is new in a connected CRM."),
    "webhook": Command("webhooks:webhook", "Let another program be told what changes."),
    "check": Command("check:check", "Say how healthy the data in a file is, without importing it."),
    "export": Command("export:export", "Write a table to a file."),
    "seed": Command("seed:seed", "Load a small named world into an empty database."),
    "recount": Command("recount:recount", "Read the signals and the agreement debt anew."),
    "doctor": Command("doctor:doctor", "Check the installation, the database and what the data allows."),
    "audit": Command("audit:audit", "Verify the audit trail, or anchor it outside."),
    "secrets": Command("secrets:secrets", "Check the encrypted secrets, or put them under a new key."),
    "backup": Command("backup:backup", "Write the whole database to one file."),
    "restore": Command("backup:restore", "Put a backup back."),
}

#: Errors of other libraries that are a person's to mend, not a bug. Named, because importing their
#: classes here would load Django and more for ``--help``.
MISTAKES = {
    "django.core.exceptions.ImproperlyConfigured",
    "django.core.exceptions.PermissionDenied",
    "django.core.exceptions.ValidationError",
    "django.db.utils.OperationalError",
    "pydantic_core._pydantic_core.ValidationError",
    "pydantic_settings.exceptions.SettingsError",
    "sqlite3.OperationalError",
    "yaml.error.YAMLError",
}
#: As ``MISTAKES``, but not what is derived from it: a file that is no database is not a bug, a broken rule is.
EXACT_MISTAKES = {"django.db.utils.DatabaseError"}


#: Where a person may already have said how many threads linear algebra takes.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


class Unusable(click.ClickException):
    """Something the person who called can mend: one message, exit code 2, no traceback."""

    exit_code = UNUSABLE


class CommandLine(click.Group):
    """A click group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].target.split(":")
        command = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
        command.short_help = COMMANDS[name].summary
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return click's answer, or say which command was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]!r}.{_did_you_mean(args[0])} See 'hingepoint --help'.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        calculate_on_one_thread()
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.exit_code = UNUSABLE  # type: ignore[misc]  # click reads it from the error it caught
            raise
        except Exception as error:
            if not is_a_mistake(error):
                raise
            raise Unusable(in_words(error)) from error


@click.group(
    cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="hingepoint")
def main() -> None:
    """Find the few agreements that decide your company's sales, and help your people win them.

    \b
    First steps:
      hingepoint demo                                            a company to look around in
      hingepoint discover --deals deals.csv --events events.csv  an answer from your own files
      hingepoint serve                                           for your company
    """


def calculate_on_one_thread() -> None:
    """Let numpy, which reads this when it loads, solve on one thread unless a person chose otherwise.

    The server and the worker inherit it. Discovery solves many small systems (decision 0143).
    """
    if not any(name in os.environ for name in THREADS):
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


def is_a_mistake(error: Exception) -> bool:
    """Return whether ``error`` speaks to the person who called: an error class of our own, a file that
    cannot be opened, a disk that is full, or one of ``MISTAKES``. Anything else is a bug and shows as one."""
    names_a_file = isinstance(error, OSError) and error.filename is not None
    if type(error).__module__.startswith("hingepoint.") or names_a_file or finds_no_room(error):
        return True
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    return names[0] in EXACT_MISTAKES or not MISTAKES.isdisjoint(names)


MAKE_ROOM = "Make room, then call this again."
#: What a database says -> what helps.
ADVICE = {
    "disk is full": MAKE_ROOM,
    "No space left": MAKE_ROOM,
    "disk I/O error": f"Its disk is full or fails. {MAKE_ROOM} If there is room, ask hingepoint doctor.",
    "readonly": "Call this as the account that runs the server, and let it write there.",
    "database is locked": "Another program writes for long: call this again in a while.",
    "onnection refused": "Start PostgreSQL, or correct HINGEPOINT_DATABASE_URL.",
}
OTHER_ADVICE = "Ask hingepoint doctor, or restore a backup."


def with_advice(error: Exception) -> str:
    """Return what a database said, and what helps."""
    said = str(error).strip()
    return f"{said}. {next((helps for words, helps in ADVICE.items() if words in said), OTHER_ADVICE)}"


def in_words(error: Exception) -> str:
    """Return the message to print for a mistake."""
    if isinstance(error, OSError) and finds_no_room(error):
        return f"There is no room to write ({error.strerror}). {MAKE_ROOM}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if type(error).__module__ in ("django.db.utils", "sqlite3"):
        return f"The database cannot be used: {with_advice(error)}"
    if hasattr(error, "errors") and callable(error.errors):  # pydantic: one line a field
        return "\n".join(_field_in_words(found, error) for found in error.errors())
    return "\n".join(getattr(error, "messages", [])) or str(error)


#: Settings that hold a password or a key: what was found there is not printed.
_SECRET = {"HINGEPOINT_MAIL_SERVER", "HINGEPOINT_DATABASE_URL", "HINGEPOINT_SECRET_KEY"}


def _field_in_words(found: dict[str, Any], error: Any) -> str:
    words, place = found["msg"].removeprefix("Value error, "), ".".join(map(str, found["loc"]))
    if not place:
        return words  # about several at once: what was found is all of them
    if error.title == "Environment":
        place = f"HINGEPOINT_{place.upper()}"
    return f"{place}: {words}" + ("" if place in _SECRET else f" (found {found['input']!r})")


def _did_you_mean(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
