"""Write docs/reference/ from the code: ``python3 dev.py docs``.

A page is a function that returns Markdown; ``PAGES`` lists them. ``tests/test_docs.py`` fails when a
written page is not what its function returns now.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
os.environ.setdefault("HINGEPOINT_DATA_DIR", tempfile.mkdtemp(prefix="hingepoint-docs-"))

django.setup()

from django.contrib.auth.views import LogoutView
from django.urls import get_resolver

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))

import signal_pages

import specs
from hingepoint import cli
from hingepoint.api import app
from hingepoint.config.environment import Environment
from hingepoint.connectors import files
from hingepoint.connectors.files import parquet
from hingepoint.demo import world_schema
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.imports import sql_views
from hingepoint.records.deals import Stage
from hingepoint.records.tokens import SCOPES

FOLDER = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written from the code by `python3 dev.py docs`. Change the code, not this file. -->\n\n"


def commands() -> str:
    """Return the page of all commands, from what ``--help`` says."""
    intro = (
        "Every command answers to `--help`. Exit codes: 0 done; 2 unusable arguments, files or installation, "
        "with one clear message; 3 done, but not enough data for any finding. In a clone of the repository, "
        "write `python3 dev.py COMMAND` for `hingepoint COMMAND`.\n"
    )
    parts = [_command(name) for name in cli.COMMANDS]
    return "\n".join(["# Commands\n", intro, *parts])


def _command(name: str) -> str:
    context = click.Context(cli.main, info_name="hingepoint")
    command = cli.main.get_command(context, name)
    own = click.Context(command, info_name=name, parent=context)
    words, _, example = inspect.cleandoc(command.help or "").partition("\b\n")
    usage = " ".join(["hingepoint", name, *command.collect_usage_pieces(own)])
    rows = [_option(option, own) for option in command.params if isinstance(option, click.Option)]
    table = ["| Option | What it does |", "|---|---|", *rows] if rows else []
    return "\n".join(
        [
            f"## hingepoint {name}\n",
            f"```text\n{usage}\n```\n",
            words.strip() + "\n",
            _example(example),
            *table,
            "",
        ]
    )


def _example(text: str) -> str:
    _, _, lines = text.replace("\b\n", "").partition("\n")
    return f"```text\n{inspect.cleandoc(lines)}\n```\n" if lines.strip() else ""


def _option(option: click.Option, context: click.Context) -> str:
    names, words = option.get_help_record(context) or ("", "")
    return f"| `{_cell(names)}` | {_cell(words)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def settings() -> str:
    """Return the page of all settings, from the fields of ``Environment``."""
    intro = (
        "Settings come from the environment, or from a file `.env` in the folder where `hingepoint` is started. "
        "None is needed to begin.\n"
    )
    rows = [
        f"| `HINGEPOINT_{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |"
        for name, field in Environment.model_fields.items()
    ]
    return "\n".join(
        ["# Settings\n", intro, "| Setting | Default | What it does |", "|---|---|---|", *rows, ""]
    )


def _default(value: object) -> str:
    if value in ("", []):
        return "empty"
    return f"`{value if isinstance(value, str | Path) else json.dumps(value)}`"


def catalogue() -> str:
    """Return the page of the shipped agreement types, stage by stage."""
    intro = (
        "The agreement types Hingepoint starts with: hypotheses to test on your own history, not truths. Which of "
        "them are pivotal for you is what [discovery](../tutorial/first-hour.md) finds out. Hide, rename, move or "
        "add types in the product: your changes are kept apart from these and survive upgrades.\n"
    )
    types = shipped_types()
    parts = [
        f"## {stage.value.capitalize()}\n\n"
        + "\n".join(_type(key, row) for key, row in types.items() if row["stage"] == stage)
        for stage in Stage
    ]
    return "\n".join(["# Catalogue of agreement types\n", intro, *parts])


def _type(key: str, row: dict) -> str:
    checks = "\n".join(f"- {check}" for check in row["good"])
    who = f"{row['side'].capitalize()}, with: {row['counterpart']}. Key `{key}`."
    return f"### {row['name']}\n\n{row['description']} {who}\n\nA good one:\n\n{checks}\n"


def operations() -> str:
    """Return the page of the API's operations, from its own document."""
    told = [
        (f"{method.upper()} {path}", one)
        for path, methods in app.document()["paths"].items()
        for method, one in methods.items()
    ]
    intro = (
        f"Version {app.VERSION}. The whole document, with every field, is at `/api/openapi.json` of your own server; "
        "[how to use it](../how-to/use-the-api.md).\n"
    )
    rows = [f"| `{place}` | `{one['operationId']}` | {_cell(_said(one))} |" for place, one in told]
    scopes = [f"| `{name}` | {words} |" for name, words in SCOPES.items()]
    return "\n".join(
        ["# The API\n", intro, "| Address | Operation | What it does |", "|---|---|---|", *rows, "",
         "## Scopes\n", "| Scope | What a token with it may do |", "|---|---|", *scopes, ""]
    )  # fmt: skip


def _said(operation: dict) -> str:
    more = operation.get("description", "")  # of who says no more, the summary once more
    return operation["summary"] + (f". {more}" if more != operation["summary"] else "")


def pages() -> str:
    """Return the page of all addresses, from the docstrings of their views."""
    intro = "What answers at which address. A page you may not see answers as if it did not exist.\n"
    rows = [f"| `/{address}` | {_cell(words)} |" for address, _, words in routes()]
    return "\n".join(["# Pages\n", intro, "| Address | What it is for |", "|---|---|", *rows, ""])


def routes() -> Iterator[tuple[str, str, str]]:
    """Yield address, name and first sentence of every page and form."""
    for pattern in _flat(get_resolver().url_patterns):
        view = getattr(pattern.callback, "view_class", pattern.callback)
        if view.__module__.startswith(("hingepoint.api", "ninja")):
            continue  # a page of their own
        words = inspect.cleandoc(view.__doc__ or "")
        yield (
            str(pattern.pattern),
            pattern.name or "",
            OF_DJANGO.get(view, words.split("\n\n")[0]),
        )


#: Views that Django brings.
OF_DJANGO = {LogoutView: "End the session."}


def _flat(patterns) -> Iterator:
    for pattern in patterns:
        yield from _flat(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]


def tables() -> str:
    """Return the page of the tables for notebooks and business intelligence, from their shape."""
    intro = (
        f"What `hingepoint export --all` writes as Parquet, and what the SQL views show: `{sql_views.PREFIX}deals` on "
        f"SQLite, `{sql_views.SCHEMA}.deals` on PostgreSQL, and so on. Version {parquet.VERSION}: the number moves when a column is "
        "renamed, taken away or typed anew. Columns that are added come at the end. Moments are in UTC; SQLite keeps "
        "days and moments as texts, and yes and no as 1 and 0. [How to use them](../how-to/notebooks-and-bi.md).\n"
    )
    return "\n".join(["# Tables for notebooks and BI\n", intro, *map(_table, parquet.TABLES)])


def _table(name: str) -> str:
    shown = parquet.view_columns(name)
    rows = [
        f"| `{column}` | {kind} | {_in_views(kind) if column in shown else 'not in views'} |"
        for column, kind in parquet.TABLES[name].items()
    ]
    head = f"## {name}\n\n{parquet.ONE_ROW[name]}\n\n| Column | Parquet | SQL views: SQLite, PostgreSQL |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _in_views(kind) -> str:
    return ", ".join(sql_views.TYPES[kind].values())


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "settings.md": settings,
    "catalogue.md": catalogue,
    "formats.md": files.formats_page,
    "pages.md": pages,
    "tables.md": tables,
    "api.md": operations,
    "signals.md": signal_pages.index,
    **{f"signals/{one.name}.md": partial(signal_pages.page, one) for one in specs.signals()},
    "world-files.md": world_schema.reference,
}


def written(name: str) -> str:
    """Return what the file of a page must hold."""
    return NOTE + PAGES[name]().rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(written(name), "utf-8")
        print(f"Wrote docs/reference/{name}")
