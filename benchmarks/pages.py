"""How long the server works on the matrix, the list and a deal page: 100,000 deals, 1,000,000 agreements.

    python benchmarks/pages.py [--smoke] [--rounds 60]

On SQLite in a temporary folder, or on the empty database that HINGEPOINT_DATABASE_URL names. Pages are
asked for one at a time, in this process, through the whole stack (sessions, templates and all), each time
with other filters, deals and page numbers; the clock is the time from request to complete answer. CPU is this process's own work: on a machine that
others use too, it is the figure to compare.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import statistics
import sys
import tempfile
import time

ROUNDS, WARM = 60, 3
TARGET_MS = 100
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="1,000 deals, a few rounds: does it run")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--keep", help="folder for the SQLite database, used again when it is there")
    asked = options.parse_args()
    deals, rounds = (1_000, 5) if asked.smoke else (100_000, asked.rounds)
    with tempfile.TemporaryDirectory() as folder:
        start_django(asked.keep or folder)
        import world

        people = world.people() or world.build(deals=deals, at=NOW)
        rows = [measure(*page, rounds=rounds) for page in pages(people, world)]
    print_table(rows, deals)
    sys.exit(any(row["p95"] > TARGET_MS for row in rows if row["held"]) and not asked.smoke)


def start_django(folder: str) -> None:
    os.environ["HINGEPOINT_DATA_DIR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
    os.environ["HINGEPOINT_LOG_LEVEL"] = "ERROR"
    os.environ["HINGEPOINT_LIMITS_WIDER"] = "0"
    os.environ["HINGEPOINT_ALLOWED_HOSTS"] = '["testserver"]'
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def pages(people, world):
    """Yield what is measured: its name, who looks, and a function that makes the next address."""
    chance = random.Random(7)
    for role in ("manager", "sponsor"):
        user = people[role]
        ids = world.deal_ids(user)
        last = max(1, min(40, len(ids) // 50))
        yield (
            "matrix, open deals",
            user,
            lambda last=last: f"/matrix/?status=open&page={chance.randint(1, last)}",
        )
        counts = {"HX-Request": "true", "HX-Target": "matrix-summary"}
        yield "matrix, its counts", user, lambda: "/matrix/?status=open", counts
        yield "deal page", user, lambda ids=ids: f"/deals/{chance.choice(ids)}/"
        yield (
            "deals list, open",
            user,
            lambda last=last: f"/deals/?status=open&page={chance.randint(1, last)}",
        )
        yield (
            "list, all, by close date *",
            user,
            lambda: f"/deals/?status=all&sort=close&page={chance.randint(1, 20)}",
        )
        yield "list, text search *", user, lambda: f"/deals/?status=open&q=deal+{chance.randint(100, 999)}"
        yield "list, late agreements *", user, lambda: f"/deals/?overdue=on&page={chance.randint(1, 20)}"


def measure(name: str, user, address, headers: dict | None = None, *, rounds: int) -> dict:
    from django.test import Client

    client = Client()
    client.force_login(user)
    times, worked, sizes = [], [], []
    for turn in range(rounds + WARM):
        page = address()
        started, busy = time.perf_counter(), time.process_time()
        answer = client.get(page, headers=headers)
        if turn >= WARM:
            times.append((time.perf_counter() - started) * 1000)
            worked.append((time.process_time() - busy) * 1000)
            sizes.append(len(answer.content))
        if answer.status_code != 200:
            raise SystemExit(f"{page} answered {answer.status_code}")
    p95 = [statistics.quantiles(found, n=20, method="inclusive")[-1] for found in (times, worked)]
    return {
        "page": name.removesuffix(" *"),
        "held": not name.endswith("*"),
        "role": user.role,
        "p50": statistics.median(times),
        "p95": p95[0],
        "cpu": statistics.median(worked),
        "cpu95": p95[1],
        "kb": max(sizes) / 1000,
    }


def print_table(rows: list[dict], deals: int) -> None:
    from django.db import connection
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110)
    title = f"Server time, {deals:,} deals, about {deals * 10:,} agreements, {connection.vendor}"
    table = Table(
        "Page",
        "Role",
        "p50 ms",
        "p95 ms",
        "CPU p50",
        "CPU p95",
        "largest kB",
        f"p95 < {TARGET_MS} ms",
        title=title,
    )
    for row in rows:
        verdict = "yes" if row["p95"] < TARGET_MS else "NO" if row["held"] else "no, not held to it"
        times = [f"{row[name]:.0f}" for name in ("p50", "p95", "cpu", "cpu95", "kb")]
        table.add_row(row["page"], row["role"], *times, verdict)
    console.print(table)


if __name__ == "__main__":
    main()
