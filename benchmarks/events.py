"""How many events a second the API takes into SQLite, a thousand a call, beside a plain insert of the same rows.

    python benchmarks/events.py [--smoke] [--calls 60]

In a temporary folder, in this process, through the whole stack (token, checks, turns, trail). The clock is this process's own
work, so that others on the machine do not count; what a commit waits for the disk is left out of both. The plain insert is
``executemany`` into a table of the same columns and indexes, committed a thousand at a time: the least that it can cost.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
import time

A_CALL, DEALS, TARGET = 1000, 2000, 5000
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="two calls: does it run")
    options.add_argument("--calls", type=int, default=60)
    asked = options.parse_args()
    calls = 2 if asked.smoke else asked.calls
    with tempfile.TemporaryDirectory() as folder:
        start_django(folder)
        ours, plain = through_the_api(calls), plain_inserts(calls)
    print(f"through the API {ours:>8,.0f} events a second")
    print(f"plain insert    {plain:>8,.0f} events a second, {plain / ours:.1f} times as many")
    sys.exit(ours < TARGET and not asked.smoke)


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


def sent(deals: list[int], call: int) -> str:
    """Return the body of a call: each event on another deal and another minute."""
    began = NOW - dt.timedelta(days=call % 300)
    events = [
        {
            "deal_id": deals[(call * A_CALL + place) % len(deals)],
            "kind": "activity",
            "name": "call",
            "occurred_at": (began - dt.timedelta(seconds=place)).isoformat(),
            "actor": "Sanna",
            "note": f"call {call} of {place}",
        }
        for place in range(A_CALL)
    ]
    return json.dumps({"events": events})


def through_the_api(calls: int) -> float:
    from django.test import Client
    from django.utils import timezone

    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.people import actions as people
    from hingepoint.domain.tokens import actions as tokens
    from hingepoint.records.people import Role

    analyst = people.add_user(by=None, at=NOW, name="Ada", role=Role.ANALYST)
    Deal.objects.bulk_create([Deal(key=f"D{n}", created_at=NOW) for n in range(DEALS)])
    deals = list(Deal.objects.values_list("pk", flat=True))
    _, secret = tokens.make(by=analyst, at=timezone.now(), name="benchmark", scopes=["deals:write"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    first, *bodies = [sent(deals, call) for call in range(calls + 1)]
    client.post("/api/events", first, content_type="application/json")  # loads what is loaded once
    began = time.process_time()
    for body in bodies:
        answer = client.post("/api/events", body, content_type="application/json")
        assert answer.json() == {"new": A_CALL}, answer.content
    return calls * A_CALL / (time.process_time() - began)


def plain_inserts(calls: int) -> float:
    """Insert the rows that are there once more, into a table made as theirs is."""
    from django.db import connection

    with connection.cursor() as cursor:
        made = cursor.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'domain_dealevent' AND sql IS NOT NULL ORDER BY type DESC"
        ).fetchall()
        for (statement,) in made:
            copied = statement.replace('"domain_dealevent"', '"plain"').replace('INDEX "', 'INDEX "plain_')
            cursor.execute(copied)
        rows = cursor.execute("SELECT * FROM domain_dealevent").fetchall()
        marks = ", ".join(["%s"] * len(rows[0]))
        began = time.process_time()
        for start in range(0, len(rows), A_CALL):
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(f"INSERT INTO plain VALUES ({marks})", rows[start : start + A_CALL])
            cursor.execute("COMMIT")
        return len(rows) / (time.process_time() - began)


if __name__ == "__main__":
    main()
