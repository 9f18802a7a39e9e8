"""How a first load from a CRM goes: records, seconds, memory, and the longest time that others wait to write.

    python benchmarks/crm.py --smoke           300 deals with 6,000 changes, under a minute
    python benchmarks/crm.py                   1,000, 5,000 and 20,000 deals with 20 changes each
    python benchmarks/crm.py --deals 100000    100,000 deals with 2,000,000 changes
    python benchmarks/crm.py --changes 5       5 changes a deal instead of 20

The CRM is played inside the process and gives its pages at once, so that what is measured is ours: keeping each page
with its mark, and bringing all of it into the register. Each size runs in a process of its own, into an empty
database. Inside it a meter says how long each transaction held the right to write and the head of the audit trail.
Meanwhile two other processes write one row every fiftieth of a second and ask for pages, and say how long each took:
pages also before it begins, since on a machine that others use too only the two together say something.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imports import Measured

NOW = dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
CHANGES = int(os.environ.get("CHANGES_OF_A_DEAL", "20"))
PAGE, SELLERS, DEALS_OF_ACCOUNT = 500, 140, 3
PAGES = ("/", "/deals/", "/connections/")
#: Pages are asked so long before the load begins, in seconds.
QUIET = 10


class Played:
    """A CRM that makes up its records when it is asked for them, the same each time."""

    def __init__(self, deals: int):
        from hingepoint.records.crm import CrmObject

        self.deals, self.asked = deals, 0
        self.objects = (CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.DEALS, CrmObject.CHANGES)
        self.unread: set[tuple[str, str]] = set()
        self.makers = {
            CrmObject.USERS: (SELLERS, _user),
            CrmObject.ACCOUNTS: (deals // DEALS_OF_ACCOUNT + 1, _account),
            CrmObject.DEALS: (deals, _deal),
            CrmObject.CHANGES: (deals * CHANGES, _change),
        }

    def describe(self):
        from hingepoint.connectors.source import Described
        from hingepoint.records.crm import CrmStage
        from hingepoint.records.deals import DealStatus

        self.asked += 1
        stages = tuple(CrmStage(f"s{n}", f"Stage {n}", order=n, status=DealStatus.OPEN) for n in range(6))
        return Described("Played", "1", NOW, "EUR", stages, ())

    def test(self):
        from hingepoint.records.crm import Capability, CapabilityFound, Found

        return (CapabilityFound(each, Found.TRACKED) for each in Capability)

    def page(self, object, mark):
        """Return the records after ``mark``; a reading that was quiet since gives none."""
        from hingepoint.records.crm import CrmPage

        self.asked += 1
        many, make = self.makers[object]
        first = int(mark or 0)
        records = tuple(make(n) for n in range(first, min(first + PAGE, many)))
        after = first + len(records)
        return CrmPage(object, records, str(after), after < many, NOW)

    def ids(self, object, mark):
        self.asked += 1
        many, make = self.makers.get(object, (0, _user))
        first = int(mark or 0)
        after = min(first + 5000, many)
        return frozenset(make(n).id for n in range(first, after)), str(after) if after < many else ""

    def fates(self, object, ids):
        return ()


def _user(n):
    from hingepoint.records.crm import CrmUser

    return CrmUser(f"u{n}", f"Seller {n}", f"seller{n}@example.com", team=f"Team {n // 9}")


def _account(n):
    from hingepoint.records.crm import CrmAccount

    return CrmAccount(f"a{n}", f"Account {n}", segment="Manufacturing", country="DE")


def _created(n):
    return NOW - dt.timedelta(days=700) + dt.timedelta(minutes=n * 7 % 860_000)


def _deal(n):
    from decimal import Decimal

    from hingepoint.records.crm import CrmDeal

    return CrmDeal(
        f"d{n:07}", f"Deal {n}", _created(n), NOW - dt.timedelta(days=1),
        account_id=f"a{n // DEALS_OF_ACCOUNT}", owner_id=f"u{n % SELLERS}", stage_id="s5",
        amount=Decimal(1000 + n % 90_000), currency="EUR", expected_close_on=dt.date(2026, 12, 31),
    )  # fmt: skip


def _change(n):
    from hingepoint.records.crm import CrmChange, DealField

    whose, step = divmod(n, CHANGES)
    at = _created(whose) + dt.timedelta(hours=11 * step)
    kind = (DealField.STAGE, DealField.AMOUNT, DealField.EXPECTED_CLOSE)[step % 3]
    new = {
        DealField.STAGE: f"s{step // 3 % 6}",
        DealField.AMOUNT: str(1000 + step * 10),
        DealField.EXPECTED_CLOSE: str(dt.date(2026, 12, 1 + step)),
    }[kind]
    return CrmChange(f"d{whose:07}", kind, new, at, actor_id=f"u{whose % SELLERS}", native_id=f"c{n}")


# ---- measuring ----


def first_load(folder: Path, deals: int) -> dict[str, float]:
    """Read everything, then read again while it is quiet, then compare all ids; return what each took."""
    from hingepoint.cli.common import start_django

    start_django()
    from django.core.management import call_command

    from hingepoint import connectors
    from hingepoint.connectors.source import Connector, SignIn
    from hingepoint.domain.sync import actions

    call_command("migrate", verbosity=0)
    source = Played(deals)
    played = Connector("played", "Played", (SignIn("key", "Key", {"key": "Key"}),), lambda *_: source)
    connectors.crm = lambda key: played
    made = actions.connect(by=None, at=NOW, crm="played", url="https://crm.example.com", given={"key": "k"})
    actions.test(by=None, at=NOW, connection_id=made.pk)
    waits, asked_pages = folder / "waits", folder / "pages"
    others = [
        subprocess.Popen([sys.executable, __file__, how, str(path)], env=os.environ)
        for how, path in (("--wait", waits), ("--ask", asked_pages))
    ]
    told: dict[str, float] = {}
    try:
        while not asked_pages.exists():
            time.sleep(0.1)
        time.sleep(min(QUIET, deals / 100))
        quiet_pages = asked_pages.read_text().split()
        for name, later, sweep in (("first", 0, False), ("quiet", 1, False), ("sweep", 2, True)):
            asked = source.asked
            with Measured() as measured, Held() as held:
                done = actions.sync(at=NOW + dt.timedelta(hours=later), connection_id=made.pk, sweep=sweep)
            if done.problem:
                sys.exit(done.problem)
            told |= {f"{name} {key}": value for key, value in (measured.told | held.told).items()}
            told[f"{name} requests"] = source.asked - asked
            if name == "first":
                pages = asked_pages.read_text().split()[len(quiet_pages) :]
    finally:
        for other in others:
            other.terminate()
            other.wait()
    waited = waits.read_text().split()
    told |= {"page before": of_hundred(95, quiet_pages), "page meanwhile": of_hundred(95, pages)}
    return told | {"longest": of_hundred(100, waited), "usual": of_hundred(99, waited)}


def of_hundred(number: int, seconds: list[str]) -> float:
    """Return the seconds that so many of a hundred did not exceed."""
    found = sorted(map(float, seconds))
    return found[min(len(found) * number // 100, len(found) - 1)]


class Held:
    """How long a transaction held the right to write, and the head of the audit trail, at most: by the clock and in CPU."""

    def __enter__(self):
        from django.db import connections

        from hingepoint.domain.audit import actions

        self.of, self.trail = connections["default"], actions
        self.begun, self.at_head, self.told = (
            None,
            None,
            dict.fromkeys(("lock", "lock cpu", "head", "head cpu"), 0),
        )
        self.plain, self.write = self.of.set_autocommit, actions._write
        self.of.set_autocommit, actions._write = self.set_autocommit, self.write_trail
        return self

    def __exit__(self, *error):
        del self.of.set_autocommit
        self.trail._write = self.write

    def set_autocommit(self, on, *more, **named):
        self.plain(on, *more, **named)
        if not on:
            self.begun = now()
            return
        self.keep("lock", self.begun)
        self.keep("head", self.at_head)
        self.begun = self.at_head = None

    def write_trail(self, lines):
        self.at_head = self.at_head or now()
        self.write(lines)

    def keep(self, name, since):
        if since:
            clock, cpu = (1000 * (after - before) for before, after in zip(since, now(), strict=True))
            self.told[name], self.told[f"{name} cpu"] = (
                max(self.told[name], clock),
                max(self.told[f"{name} cpu"], cpu),
            )


def now() -> tuple[float, float]:
    return time.perf_counter(), time.thread_time()


def ask_pages(path: Path) -> None:
    """Ask for pages again and again, as an analyst, and note how long each took."""
    os.environ["HINGEPOINT_ALLOWED_HOSTS"] = '["testserver"]'
    os.environ["HINGEPOINT_LIMITS_WIDER"] = "0"
    from hingepoint.cli.common import start_django

    start_django()
    from django.test import Client

    from hingepoint.domain.people.models import Role, User

    client = Client()
    client.force_login(User.objects.create(key="ann", name="Ann", role=Role.ANALYST))
    for page in PAGES:
        client.get(page)
    with path.open("w", buffering=1) as notes:
        while True:
            for page in PAGES:
                began = time.perf_counter()
                answer = client.get(page)
                if answer.status_code != 200:
                    sys.exit(f"{page} answered {answer.status_code}")
                notes.write(f"{time.perf_counter() - began:.4f}\n")
                time.sleep(0.05)


def wait_to_write(path: Path) -> None:
    """Write one row again and again and note how long each took, as a page of a person would. As ``serve`` does, empty the
    log of SQLite now and then."""
    from hingepoint.cli.common import start_django

    start_django()
    from hingepoint.cli import serve
    from hingepoint.domain.sync.models import SyncRun

    with serve._one_checkpointer(), path.open("w", buffering=1) as notes:
        while True:
            began = time.perf_counter()
            SyncRun.objects.filter(pk=-1).update(problem="")
            notes.write(f"{time.perf_counter() - began:.4f}\n")
            time.sleep(0.02 * random.random())


def apart(deals: int, changes: int) -> dict[str, float]:
    """Measure one size in a process and a database of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
    with tempfile.TemporaryDirectory() as name:
        environment = {**kept, "HINGEPOINT_DATA_DIR": name, "CHANGES_OF_A_DEAL": str(changes)}
        command = [sys.executable, __file__, "--only", name, "--deals", str(deals)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="300 deals")
    parser.add_argument("--deals", type=int, help="one size only")
    parser.add_argument("--changes", type=int, default=CHANGES, help="changes a deal")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.wait:
        wait_to_write(asked.wait)
    elif asked.ask:
        ask_pages(asked.ask)
    elif asked.only:
        print(json.dumps(first_load(asked.only, asked.deals)))
    else:
        sizes = [300] if asked.smoke else [asked.deals] if asked.deals else [1_000, 5_000, 20_000]
        show(sizes, asked.changes)


def show(sizes: list[int], changes: int) -> None:
    print(
        "| deals | changes | first load: CPU, clock | memory | longest lock: CPU, clock | longest hold of the trail: CPU, clock "
        "| 99 of 100 writes waited, longest | pages before, meanwhile (95 of 100) | quiet reading | compared with all ids |"
    )
    print("|" + "---:|" * 10)
    for deals in sizes:
        told = apart(deals, changes)
        print(
            f"| {deals:,} | {deals * changes:,} | {told['first cpu']:.0f} s, {told['first wall']:.0f} s "
            f"| {told['first memory']:.0f} MB | {told['first lock cpu']:.0f} ms, {told['first lock']:.0f} ms "
            f"| {told['first head cpu']:.0f} ms, {told['first head']:.0f} ms "
            f"| {1000 * told['usual']:.0f} ms, {1000 * told['longest']:.0f} ms "
            f"| {1000 * told['page before']:.0f} ms, {1000 * told['page meanwhile']:.0f} ms "
            f"| {told['quiet cpu']:.2f} s, {told['quiet requests']:.0f} requests | {told['sweep cpu']:.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
