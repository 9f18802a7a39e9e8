"""How a first load from a CRM goes: records, seconds, memory, and the longest time that others wait to write.

    python benchmarks/crm.py --smoke           300 deals with 6,000 changes, under a minute
    python benchmarks/crm.py                   1,000, 5,000 and 20,000 deals with 20 changes each
    python benchmarks/crm.py --deals 100000    100,000 deals with 2,000,000 changes

The CRM is played inside the process and gives its pages at once, so that what is measured is ours: keeping each page
with its mark, and bringing all of it into the register. Each size runs in a process of its own, into an empty
database. Meanwhile another process writes one row every fiftieth of a second, and says how long it waited.
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
CHANGES, PAGE, SELLERS, DEALS_OF_ACCOUNT = 20, 500, 140, 3


class Played:
    """A CRM that makes up its records when it is asked for them, the same each time."""

    def __init__(self, deals: int):
        from hingepoint.records.crm import CrmObject

        self.deals, self.asked = deals, 0
        self.objects = (CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.DEALS, CrmObject.CHANGES)
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
    waits = folder / "waits"
    other = subprocess.Popen([sys.executable, __file__, "--wait", str(waits)], env=os.environ)
    told: dict[str, float] = {}
    try:
        for name, later, sweep in (("first", 0, False), ("quiet", 1, False), ("sweep", 2, True)):
            asked = source.asked
            with Measured() as measured:
                done = actions.sync(at=NOW + dt.timedelta(hours=later), connection_id=made.pk, sweep=sweep)
            if done.problem:
                sys.exit(done.problem)
            told |= {f"{name} {key}": value for key, value in measured.told.items()}
            told[f"{name} requests"] = source.asked - asked
    finally:
        other.terminate()
        other.wait()
    waited = sorted(map(float, waits.read_text().split()))
    return told | {"longest": waited[-1], "usual": waited[len(waited) * 99 // 100], "writes": len(waited)}


def wait_to_write(path: Path) -> None:
    """Write one row again and again and note how long each took, as a page of a person would."""
    from hingepoint.cli.common import start_django

    start_django()
    from hingepoint.domain.sync.models import SyncRun

    with path.open("w", buffering=1) as notes:
        while True:
            began = time.perf_counter()
            SyncRun.objects.filter(pk=-1).update(problem="")
            notes.write(f"{time.perf_counter() - began:.4f}\n")
            time.sleep(0.02 * random.random())


def apart(deals: int) -> dict[str, float]:
    """Measure one size in a process and a database of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
    with tempfile.TemporaryDirectory() as name:
        environment = {**kept, "HINGEPOINT_DATA_DIR": name}
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
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.wait:
        wait_to_write(asked.wait)
    elif asked.only:
        print(json.dumps(first_load(asked.only, asked.deals)))
    else:
        show([300] if asked.smoke else [asked.deals] if asked.deals else [1_000, 5_000, 20_000])


def show(sizes: list[int]) -> None:
    print(
        "| deals | changes | first load: CPU | memory | quiet reading | compared with all ids | 99 of 100 writes waited | longest |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for deals in sizes:
        told = apart(deals)
        print(
            f"| {deals:,} | {deals * CHANGES:,} | {told['first cpu']:.0f} s | {told['first memory']:.0f} MB "
            f"| {told['quiet cpu']:.2f} s, {told['quiet requests']:.0f} requests | {told['sweep cpu']:.1f} s "
            f"| {1000 * told['usual']:.0f} ms | {1000 * told['longest']:.0f} ms |",
            flush=True,
        )


if __name__ == "__main__":
    main()
