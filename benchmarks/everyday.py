"""What pages, a night and an import without news cost in a large company: server CPU, statements and size.

    python benchmarks/everyday.py [--smoke] [--keep FOLDER] [--only home]

On SQLite in a temporary folder, or on the empty database that HINGEPOINT_DATABASE_URL names: 100,000 deals with
1,000,000 agreements, imported from files, a strategy in force, five rules on. CPU is this process's own work.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pages import start_django

TARGET_MS, TARGET_STATEMENTS = 60, 12
ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="1,000 deals: does it run")
    options.add_argument("--keep", help="folder for the SQLite database, used again when it is there")
    options.add_argument("--only", default="", help="only what has this in its name")
    asked = options.parse_args()
    deals = 1_000 if asked.smoke else 100_000
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        folder = asked.keep or folder
        start_django(folder)
        import company

        from hingepoint.domain.deals.models import Deal

        if not Deal.objects.exists():
            company.make(Path(folder), deals=deals, at=now)
        wanted = [one for one in everything(company.people(), now, Path(folder)) if asked.only in one[0]]
        rows = [{"what": name, **measured(action, times)} for name, action, times in wanted]
    print_table(rows, deals)


def everything(people, now: dt.datetime, folder: Path):
    """Yield what is measured: its name, a function that does it once and returns its size, how often."""
    for name, act in jobs(now, folder).items():
        yield name, act, 1
    for role, name, address in pages(people):
        yield f"{name}, {role}", page(people[role], address), ROUNDS


def jobs(now: dt.datetime, folder: Path) -> dict:
    """Return what is done without anybody asking, each after the other: a second night finds nothing new."""
    from hingepoint.domain.home import actions as home
    from hingepoint.domain.imports import actions as imports
    from hingepoint.domain.imports.engine import Files
    from hingepoint.jobs import nightly

    few = few_files(folder)
    nights = {f"night: {job.__name__}": job for job in nightly.JOBS}
    found = {
        "a night first": lambda: [job(at=now) for job in nightly.JOBS],
        **{name: (lambda job=job: job(at=now)) for name, job in nights.items()},
        "an import of 20 deals, known": lambda: imports.import_files(by=None, at=now, given=Files(**few)),
        "answers kept, all anew": lambda: home.renew_answers(at=now),
        "answers kept, nothing new": lambda: home.renew_answers(at=now),
    }
    return {name: (lambda act=act: (act() and 0) or 0) for name, act in found.items()}


def few_files(folder: Path) -> dict[str, Path]:
    """Return files of the first twenty deals, which bring nothing new."""
    import polars as pl

    few = {}
    for table in ("deals", "events"):
        rows = pl.read_parquet(folder / f"{table}.parquet")
        few[table] = folder / f"few-{table}.parquet"
        rows.filter(pl.col("deal_id") < "D-000020").write_parquet(few[table])
    return few


def pages(people):
    """Yield who looks, the name of a page, and its address."""
    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.strategy.models import Strategy

    strategy = Strategy.objects.in_force().get()
    key = strategy.playbooks.order_by("-number").first().pivotal.first().type.key
    last = (Deal.objects.count() - 1) // 50 + 1
    for role in ("sponsor", "analyst", "manager", "seller"):
        yield role, "home", "/"
    for role in ("sponsor", "manager"):
        deal = Deal.objects.visible_to(people[role]).open().order_by("pk").first()
        talk = deal.agreements.filter(required=True).order_by("pk").first()
        yield role, "to confirm", "/to-confirm/"
        yield role, "talks", "/talks/"
        yield role, "agreement type", f"/catalogue/{key}"
        yield role, "deal", f"/deals/{deal.pk}/"
        yield role, "prepare a talk", f"/deals/{deal.pk}/agreements/{talk.type_id}/plan/write"
        yield role, "agreement", f"/deals/{deal.pk}/agreements/{talk.type_id}/"
        yield role, "matrix", "/matrix/"
        yield role, "strategies", "/strategy/"
        yield role, "strategy", f"/strategy/{strategy.pk}/"
    yield "sponsor", "all deals, last page", f"/deals/?status=all&page={last}"
    yield "sponsor", "all deals, one after", "/deals/?status=all"
    for name, address in (
        ("playbook", f"/strategy/{strategy.pk}/playbook/"),
        ("pivotal agreement", f"/strategy/{strategy.pk}/playbook/{key}/"),
        ("data health", "/data-health/"),
        ("readiness", "/discovery/readiness"),
        ("discovery", "/discovery/"),
        ("new run", "/discovery/new"),
        ("rules", "/rules/"),
        ("new rule", "/rules/new"),
        ("catalogue", "/catalogue/"),
        ("imports", "/imports/"),
        ("exceptions", "/exceptions/"),
        ("people", "/people/"),
        ("trail", "/trail/"),
    ):
        yield "analyst", name, address


def page(user, address: str):
    from django.test import Client

    client = Client()
    client.force_login(user)

    def asked() -> int:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        return len(answer.content)

    return asked


def measured(act, times: int) -> dict:
    """Return the median CPU in ms, statements and size of doing ``act``; pages once before, to be warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(times - 1):
        act()
    worked = []
    for _ in range(times):
        busy = time.process_time()
        size = act()
        worked.append((time.process_time() - busy) * 1000)
    if times == 1:
        return {"cpu": worked[0], "statements": None, "kb": 0}
    with CaptureQueriesContext(connection) as found:
        act()
    return {"cpu": statistics.median(worked), "statements": len(found), "kb": size / 1000}


def print_table(rows: list[dict], deals: int) -> None:
    from django.db import connection

    print(f"{deals:,} deals, {connection.vendor}\n\n| | CPU ms | statements | kB |\n|---|---:|---:|---:|")
    for row in rows:
        many = "" if row["statements"] is None else row["statements"]
        print(f"| {row['what']} | {row['cpu']:,.0f} | {many} | {row['kb']:,.0f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
