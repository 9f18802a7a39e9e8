"""How long publishing a playbook takes, and for how long anybody else has to wait: 15,000 open deals.

    python benchmarks/actions.py [--smoke] [--deals 100000]

On SQLite in a temporary folder, or on the empty database that HINGEPOINT_DATABASE_URL names; 100,000 deals
with 1,000,000 agreements, of which 15% are open, and a playbook of eight. Beside ours: the same rows by one
statement of SQL in one transaction, rolled back. Meanwhile another connection writes one row again and again;
the longest it waits is shown. CPU is this process's own work: on a machine that others use too, it is the
figure to compare.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time

from pages import NOW, start_django

TARGET_LOCK_MS = 200
PIVOTAL = 8
PAUSE = 0.02  # seconds between two writes of the other connection

#: Ours decides in Python, where the rules are; this says one of them, days from creation, in SQL.
PLAIN = """
    INSERT INTO domain_agreement (deal_id, type_id, required, needed_by, needed_because, recheck_days, {columns})
    SELECT d.id, p.type_id, true, {day}, p.needed_days || ' days after the deal was created', p.recheck_days,
           {values}
    FROM domain_deal d CROSS JOIN domain_pivotalagreement p WHERE d.status = 'open'
    ON CONFLICT (deal_id, type_id) DO UPDATE SET required = true, needed_by = excluded.needed_by,
        needed_because = excluded.needed_because, recheck_days = excluded.recheck_days
"""
DAY = {
    "sqlite": "date(d.created_at, '+' || p.needed_days || ' days')",
    "postgresql": "(d.created_at AT TIME ZONE 'UTC')::date + p.needed_days",
}
FRESH = {
    "state": "'needed'", "evidence": "0", "act": "''", "person_name": "''", "reason": "''",
    "owed_in_return": "''", "changed_at": "d.created_at", "version": "1", "points_met": "'[]'",
    "checks_met": "'[]'",
}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="1,000 deals: does it run")
    options.add_argument("--deals", type=int, default=100_000)
    asked = options.parse_args()
    deals = 1_000 if asked.smoke else asked.deals
    with tempfile.TemporaryDirectory() as folder:
        start_django(folder)
        import world

        world.build(deals=deals, at=NOW)
        book = drafted()
        by_sql: set = set()
        rows = [measured("one statement of SQL", lambda locks: plain(locks, by_sql)), *ours(book)]
        require_equal(required(), by_sql)
    print_table(rows, deals)
    longest = max(row["lock"] for row in rows[1:])
    sys.exit(longest > TARGET_LOCK_MS and not asked.smoke)


def drafted():
    """Return the draft of a strategy in force, with eight agreements that half of the open deals know."""
    from hingepoint.domain.agreements.models import AgreementType
    from hingepoint.domain.strategy import actions

    strategy = actions.write_strategy(  # without grace, so that days are those of the rules
        by=None, at=NOW, name="Sell value", statement="We do.", metric="won", grace_days=0
    )
    actions.put_in_force(by=None, at=NOW, strategy=strategy, starts_on=NOW.date())
    actions.ask_open_deals(at=NOW)
    book = strategy.playbooks.get()
    for place, kind in enumerate(AgreementType.objects.filter(starter=True).order_by("pk")[:PIVOTAL]):
        how = {"judgement": "to be measured", "needed_days": 20 + place}
        actions.choose(by=None, at=NOW, playbook=book, type=kind, **how)
    return book


def ours(book):
    """Yield publishing, the round that follows it, and a round in which nothing changes."""
    from hingepoint.domain.strategy import actions

    yield measured("publish", lambda locks: held(locks, actions.publish, by=None, at=NOW, playbook=book))
    yield measured("ask open deals", ask)
    actions.ask_anew(by=None, at=NOW)
    yield measured("ask them again", ask)
    yield measured("a night without news", night)


def ask(locks: list[float]) -> None:
    from hingepoint.domain.strategy import actions

    def pause(seconds: float) -> None:
        locks.append(seconds)
        time.sleep(seconds)

    actions.ask_open_deals(at=NOW, pause=pause)


def night(locks: list[float]) -> None:
    from hingepoint.jobs import nightly

    held(locks, nightly.ask_what_deals_need, at=NOW)


def held(locks: list[float], action, **facts) -> None:
    began = time.perf_counter()
    action(**facts)
    locks.append(time.perf_counter() - began)


def plain(locks: list[float], wrote: set) -> None:
    """Write the same rows by one statement, keep in ``wrote`` what it says, and take it back."""
    from django.db import connection, transaction

    sql = PLAIN.format(columns=", ".join(FRESH), values=", ".join(FRESH.values()), day=DAY[connection.vendor])
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        locks.append(time.perf_counter() - began)
        wrote |= required()
        transaction.set_rollback(True)


def required() -> set:
    """Return what is asked of open deals."""
    from hingepoint.domain.agreements.models import Agreement

    rows = Agreement.objects.filter(required=True, deal__status="open")
    return set(rows.values_list("deal_id", "type_id", "needed_by", "needed_because", "recheck_days"))


def require_equal(found: set, by_sql: set) -> None:
    """End with a message unless both wrote the same."""
    if found != by_sql:
        raise SystemExit(f"{len(found)} rows by rounds, {len(by_sql)} by SQL: they differ")
    print(f"{len(found):,} agreements are asked of open deals, the same by both ways.")


def measured(what: str, action) -> dict:
    """Return seconds, own work, the longest lock and the longest wait of another writer, in ms."""
    locks: list[float] = []
    with OtherWriter() as other:
        began, busy = time.perf_counter(), time.thread_time()
        action(locks)
        took, worked = time.perf_counter() - began, time.thread_time() - busy
    longest = max(locks, default=0.0) * 1000
    return {"what": what, "s": took, "cpu": worked, "lock": longest, "wait": other.longest * 1000}


class OtherWriter:
    """Writes one row on a connection of its own until the measurement is over."""

    def __enter__(self) -> OtherWriter:
        self.longest, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        from django.db import connection

        from hingepoint.domain.people.models import Team

        while not self._over.wait(PAUSE):
            began = time.perf_counter()
            Team.objects.filter(name="Sales").update(name="Sales")
            self.longest = max(self.longest, time.perf_counter() - began)
        connection.close()


def print_table(rows: list[dict], deals: int) -> None:
    from django.db import connection
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{deals:,} deals, 15% of them open, {connection.vendor}")
    table.add_column("What")
    for head in ("s", "CPU s", "longest lock, ms", "another writer waited, ms"):
        table.add_column(head, justify="right")
    for row in rows:
        shown = [f"{row[name]:,.2f}" for name in ("s", "cpu")] + [
            f"{row[name]:,.0f}" for name in ("lock", "wait")
        ]
        table.add_row(row["what"], *shown)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
