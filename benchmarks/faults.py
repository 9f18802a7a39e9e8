"""What a real server loses when it is killed, when its disk fills up, and when its database goes away; and whether its memory grows.

    python benchmarks/faults.py [--smoke] [--only kill forked disk database two memory] [--kills 20] [--forked 300] [--seconds 600] [--postgres URL]

`hingepoint serve` runs as a program of its own on a company of eight deals in a temporary folder. Four browsers note demands, each in
words of its own, as fast as they are answered, while files of events are imported by the command line. Then the fault comes:

    kill      the server, its worker and the import are killed (SIGKILL) at a random moment, and the server is begun again
    forked    the same, hundreds of times: server, worker and import are forked from a program that is warm, and only what takes
              HTTP apart before our program is another one; it is killed up to --soon seconds after it began
    disk      the disk under the data folder is filled to the last byte, then emptied (root on Linux: it mounts a small one in memory)
    database  PostgreSQL is stopped in mid-use and begun again (--cluster names its folder); the server is not
    two       two servers on one PostgreSQL: forms sent to both at the same moment, jobs of a night that both find due, wrong
              passwords at both, an import beside; then one server is killed, and the browsers of both go on at the other
    memory    ten minutes of pages of every kind, searches, files, demands, sign-ins and requests of a program; memory that no other process shares, each second

After each: every demand that was answered is there, none is there twice, each has its line of the trail, the trail's chain holds, and
an import is there as a whole or not at all. With --postgres URL the same on an empty database there. Ends with code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from serving import Person, memory, processes

PASSWORD = "rain on the tin roof"
DEALS, BROWSERS, DISK_MB = 8, 4, 48
#: Events of an import; of one beside a server that lives for a second or two, fewer.
EVENTS, FEW_EVENTS = 4_000, 400
PAGES = (
    "/", "/deals/", "/matrix/", "/deals/1/", "/deals/1/history", "/deals/1/talks", "/talks/", "/trail/", "/signals/", "/strategy/",
    "/discovery/", "/reviews/", "/debt/", "/exceptions/", "/coaching/", "/imports/", "/people/", "/account/", "/docs/", "/search?q=A-1",
    "/export/deals.csv", "/export/events.xlsx", "/debt/debts.csv", "/deals/1/plan.pdf", "/healthz",
)  # fmt: skip
#: After so many rounds of all pages somebody signs in anew.
ROUNDS_A_SIGN_IN = 5


@dataclass
class Told:
    """What was asked for and what was answered, over all faults of a kind."""

    faults: int = 0
    asked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    refused: int = 0
    imports: int = 0
    wrong: list[str] = field(default_factory=list)


class Browser(Person):
    """Somebody who signed in with a password, in a browser that outlives its server."""

    def __init__(self, port: int, cookies: dict[str, str], csrf: str):
        self.port, self.cookies, self.csrf = port, dict(cookies), csrf
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def demand(self, words: str, token: str = "", deal: int = 0) -> int:
        said = {"csrfmiddlewaretoken": self.csrf, "form_token": token or uuid.uuid4().hex, "topic": "price"}
        said |= {"words": words, "asked_by": "Bo Lind", "known": "stated"}
        deal = deal or random.randrange(1, DEALS + 1)
        return self.ask("POST", f"/deals/{deal}/demands/new", said)[0]


# ---- a company, its server, its browsers ----


class Company:
    """A data folder with eight deals and one analyst, and the programs that run on it."""

    def __init__(self, folder: Path, postgres: str, cluster: str):
        self.folder, self.cluster = folder, cluster
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HINGEPOINT_")}
        self.environment |= {
            "HINGEPOINT_DATA_DIR": str(folder),
            "HINGEPOINT_LOG_LEVEL": "CRITICAL",
            "HINGEPOINT_LIMITS_WIDER": "0",
        }
        if postgres:
            self.environment["HINGEPOINT_DATABASE_URL"] = postgres
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def run(self, *words: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "hingepoint", *words]
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, env=self.environment, start_new_session=True, **quiet)

    def do(self, *words: str) -> None:
        done = self.run(*words)
        said, _ = done.communicate(timeout=600)
        if done.returncode:
            sys.exit(f"{words[0]}: {said}")

    def make(self) -> None:
        self.do("createuser", "ann@example.com", "--name", "Ann Berg", "--password", PASSWORD)
        rows = "".join(f"A-{number},2025-01-07,open,{number}000,EUR\n" for number in range(1, DEALS + 1))
        file = self.folder / "deals.csv"
        file.write_text("deal_id,created,status,amount,currency\n" + rows)
        self.do("import", "deals", str(file))

    @contextlib.contextmanager
    def served(self) -> Iterator[tuple[int, subprocess.Popen]]:
        """Serve until the block ends, however the server ends."""
        port = free_port()
        server = self.run("serve", "--port", str(port))
        try:
            while "Hingepoint runs at" not in (said := server.stdout.readline()):
                if not said:
                    sys.exit("the server did not start")
            threading.Thread(target=server.stdout.read, daemon=True).start()
            self._sign_in_once(port)
            yield port, server
        finally:
            end(server)

    def _sign_in_once(self, port: int) -> None:
        if self.cookies:
            return
        first = Browser(port, {}, "")
        signed_in(first)
        self.csrf = first.token("/deals/1/demands/new")
        self.cookies = first.cookies

    def browsers(self, port: int) -> list[Browser]:
        return [Browser(port, self.cookies, self.csrf) for _ in range(BROWSERS)]

    def events_of(self, number: int, events: int = EVENTS) -> str:
        """Write a file of events; return its name."""
        file = self.folder / f"events-{number}.csv"
        rows = "".join(f"A-1,import {number} step {step},2025-01-11,activity\n" for step in range(events))
        file.write_text("deal_id,agreement,at,kind\n" + rows)
        return str(file)

    def import_of(self, number: int) -> subprocess.Popen:
        return self.run("import", "events", self.events_of(number))


def signed_in(browser: Browser) -> bool:
    """Sign in with the password; return whether that let them in."""
    said = {
        "csrfmiddlewaretoken": browser.token("/sign-in"),
        "username": "ann@example.com",
        "password": PASSWORD,
    }
    return browser.ask("POST", "/sign-in", said)[0] == 302


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def end(server: subprocess.Popen) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    server.wait(timeout=60)


def kill(process: subprocess.Popen) -> None:
    """Kill a program and all that it began, as a power cut does."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for one in [int(place.name) for place in processes(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
    process.wait(timeout=60)


@contextlib.contextmanager
def noting(browsers: list[Browser], told: Told) -> Iterator[None]:
    """Let browsers note demands as fast as they are answered, until the block ends."""
    over = threading.Event()
    working = [threading.Thread(target=note, args=(one, told, over)) for one in browsers]
    for one in working:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in working:
            one.join()


def note(browser: Browser, told: Told, over: threading.Event) -> None:
    while not over.is_set():
        words = f"demand {uuid.uuid4().hex}"
        told.asked.add(words)
        try:
            status = browser.demand(words)
        except OSError:
            browser.line.close()
            time.sleep(0.1)
            continue
        if status == 302:
            told.answered.add(words)
        else:
            told.refused += 1
            time.sleep(0.05)


# ---- what must be true afterwards ----


def check(told: Told, when: str) -> None:
    """Keep what is wrong with the database."""
    from django.db import connection

    from hingepoint.domain.audit.models import AuditEvent
    from hingepoint.domain.audit.queries import first_broken_link
    from hingepoint.domain.deals.models import DealEvent
    from hingepoint.domain.upkeep.queries import damage

    connection.close()
    kept = list(DealEvent.objects.filter(kind="demand").values_list("note", flat=True))
    lines = AuditEvent.objects.filter(action="note demand").count()
    imports = imported()
    found = {
        "answered and lost": len(told.answered - set(kept)),
        "there and never asked for": len(set(kept) - told.asked),
        "there twice": len(kept) - len(set(kept)),
        "demands without their line of the trail": abs(len(kept) - lines),
        "breaks of the trail": int(first_broken_link() is not None),
        "imports by halves": sum(number not in (EVENTS, FEW_EVENTS) for number in imports.values()),
        "damages of the file": int(bool(damage())),
    }
    told.imports = len(imports)
    told.wrong += [f"{when}: {number} {what}" for what, number in found.items() if number]


def imported() -> Counter[str]:
    """Return how many events of each import are there."""
    from hingepoint.domain.deals.models import DealEvent

    names = DealEvent.objects.filter(name__startswith="import ").values_list("name", flat=True)
    return Counter(name.partition(" step ")[0] for name in names)


# ---- the faults ----


def killed(company: Company, asked: argparse.Namespace, told: Told) -> None:
    chance = random.Random(20261130)
    for number in range(asked.kills):
        with company.served() as (port, server), noting(company.browsers(port), told):
            importing = company.import_of(number)
            time.sleep(chance.uniform(1.0, asked.longest))
            kill(server)
            kill(importing)
            told.faults += 1
        check(told, f"kill {number + 1}")
    company.import_of(asked.kills).communicate(timeout=600)
    check(told, "after an import that nobody killed")
    told.wrong += [] if imported()[f"import {asked.kills}"] else ["no import works any more"]


def forked(company: Company, asked: argparse.Namespace, told: Told) -> None:
    """Kill server, worker and import as one group, again and again; each is forked from this program, which is warm."""
    import whole

    with company.served():  # to sign in
        pass
    whole.warm(company.cookies)
    chance = random.Random(20261201)
    for number in range(asked.forked):
        file = company.events_of(number + 100_000, FEW_EVENTS)
        with whole.serving(file) as (port, group), noting(company.browsers(port), told):
            time.sleep(chance.uniform(0.0, asked.soon))
            os.killpg(group, signal.SIGKILL)
            told.faults += 1
        check(told, f"forked kill {number + 1}")
        Path(file).unlink()
        if told.faults % 50 == 0:
            print(
                f"{told.faults} kills, {len(told.answered):,} answered, {len(told.wrong)} wrong",
                file=sys.stderr,
            )


def disk_full(company: Company, asked: argparse.Namespace, told: Told) -> None:
    """On a folder that lies on a disk of its own: fill it, empty it."""
    ballast = company.folder / "ballast"
    with company.served() as (port, _), noting(company.browsers(port), told):
        for number in range(asked.fills):
            time.sleep(2)
            fill(ballast)
            before = told.refused
            time.sleep(6)
            told.wrong += [f"fill {number + 1}: /healthz says that all is well"] if healthy(port) else []
            told.wrong += [f"fill {number + 1}: nothing was refused"] if told.refused == before else []
            ballast.unlink()
            told.faults += 1
            answers_again(port, told, f"fill {number + 1}")
    check(told, "after the disk")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


def answers_again(port: int, told: Told, when: str) -> None:
    """Wait until demands are kept again."""
    before, until = len(told.answered), time.monotonic() + 60
    while len(told.answered) < before + 5:
        if time.monotonic() > until:
            told.wrong.append(f"{when}: a minute later nothing is kept")
            return
        time.sleep(0.2)


def database_away(company: Company, asked: argparse.Namespace, told: Told) -> None:
    with company.served() as (port, _), noting(company.browsers(port), told):
        for number in range(asked.stops):
            time.sleep(3)
            cluster(company.cluster, "--mode", "immediate", "stop")
            time.sleep(2)
            told.wrong += [f"stop {number + 1}: /healthz says that all is well"] if healthy(port) else []
            cluster(company.cluster, "--log", f"{company.cluster}/log", "--wait", "start")
            told.faults += 1
            answers_again(port, told, f"stop {number + 1}")
    check(told, "after PostgreSQL")


def cluster(folder: str, *words: str) -> None:
    """Stop or begin the PostgreSQL server of a folder, with the options it had, as the account to which it belongs."""
    owner = Path(folder).owner()
    program = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))[-1]
    subprocess.run(
        ["runuser", "-u", owner, "--", str(program), "--pgdata", folder, *words],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def two_servers(company: Company, asked: argparse.Namespace, told: Told) -> None:
    """Let two servers share a database, then kill one and go on at the other."""
    with company.served():  # to sign in, and to lay down all tables
        pass
    make_all_jobs_due()
    with company.served() as (port, _), company.served() as (other, another):
        with noting(company.browsers(port) + company.browsers(other), told):
            importing = company.import_of(1)
            importing.communicate(timeout=600)
        check(told, "two servers and an import")
        twice_at_once(company, (port, other), asked.pairs, told)
        told.wrong += shut_out_at_both(port, other)
        told.wrong += begun_more_than_once(until=time.monotonic() + 120)
        with noting(company.browsers(port) + company.browsers(other), told):
            time.sleep(1)
            kill(another)
            told.faults += 1
            answers_again(port, told, "one of two servers killed")
        told.wrong += [] if healthy(port) else ["the server that is left says that it is not well"]
    check(told, "after one of two servers was killed")


def twice_at_once(company: Company, ports: tuple[int, int], pairs: int, told: Told) -> None:
    """Send the same form to both servers at the same moment, again and again."""
    browsers = [one for port in ports for one in company.browsers(port)[:2]]
    for _ in range(pairs):
        words, token = f"demand {uuid.uuid4().hex}", uuid.uuid4().hex
        told.asked.add(words)
        gate = threading.Barrier(len(browsers))

        def send(browser: Browser, words: str = words, token: str = token, gate=gate) -> None:
            gate.wait()
            if browser.demand(words, token, deal=1) == 302:
                told.answered.add(words)

        sending = [threading.Thread(target=send, args=(one,)) for one in browsers]
        for one in sending:
            one.start()
        for one in sending:
            one.join()
        told.wrong += [] if words in told.answered else ["a form sent to both servers was taken by none"]
    check(told, f"{pairs} forms sent to both servers twice each")


def shut_out_at_both(port: int, other: int) -> list[str]:
    """Try wrong passwords at one server until it says to wait; the other must say so at once, and to this account alone."""
    for _ in range(30):
        if waits(port, "nobody@example.com"):
            break
    else:
        return ["thirty wrong passwords are taken"]
    return [] if waits(other, "nobody@example.com") else ["the other server counts wrong passwords anew"]


def waits(port: int, account: str) -> bool:
    """Return whether a server refuses to try a password at all."""
    browser = Browser(port, {}, "")
    said = {"csrfmiddlewaretoken": browser.token("/sign-in"), "username": account, "password": "wrong"}
    return "Wait a quarter of an hour" in browser.ask("POST", "/sign-in", said)[1]


#: Each time that a job begins, as the database sees it.
_BEGINS = """
CREATE TABLE job_begins (name text NOT NULL);
CREATE FUNCTION note_begin() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO job_begins VALUES (NEW.name); RETURN NEW; END';
CREATE TRIGGER job_begins AFTER UPDATE ON {table} FOR EACH ROW
  WHEN (NEW.begun_at IS DISTINCT FROM OLD.begun_at) EXECUTE FUNCTION note_begin();
"""


def make_all_jobs_due() -> None:
    """Let all jobs have been done last 40 days ago, and let the database note when one begins."""
    import datetime as dt

    from django.db import connection

    from hingepoint.domain.upkeep.models import Job
    from hingepoint.records.jobs import Outcome

    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
    Job.objects.update(begun_at=then, beat_at=then, ended_at=then, outcome=Outcome.DONE)
    with connection.cursor() as cursor:
        cursor.execute(_BEGINS.format(table=Job._meta.db_table))


def begun_more_than_once(until: float) -> list[str]:
    """Wait until the jobs of the night, the week and the month were done; return those that did not begin exactly once."""
    from django.db import connection

    from hingepoint.domain.upkeep.models import Job
    from hingepoint.records.jobs import Outcome, Schedule

    jobs = Job.objects.exclude(schedule__in=[Schedule.MINUTELY, Schedule.HOURLY])
    names = set(jobs.values_list("name", flat=True))
    while time.monotonic() < until and not _all_begun(connection, names, jobs):
        time.sleep(0.5)
    begins = _begins(connection)
    failed = jobs.filter(outcome=Outcome.FAILED).values_list("name", "error")
    print(
        f"two       {len(names)} jobs of night, week and month begun {sum(begins[one] for one in names)} times"
    )
    wrong = [f"{name} began {begins[name]} times" for name in sorted(names) if begins[name] != 1]
    return wrong + [f"{name} failed: {error}" for name, error in failed]


def _begins(connection) -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM job_begins")
        return Counter(name for (name,) in cursor.fetchall())


def _all_begun(connection, names: set[str], jobs) -> bool:
    return names <= _begins(connection).keys() and not jobs.filter(ended_at=None).exists()


def memory_grows(company: Company, asked: argparse.Namespace, told: Told) -> None:
    """Use everything for a while; memory of the second quarter against that of the last."""
    with company.served() as (port, server):
        reader = company.browsers(port)[0]
        samples, until = [], time.monotonic() + asked.seconds
        with noting(company.browsers(port)[:1], told):
            while time.monotonic() < until:
                for page in PAGES:
                    look(reader, page, told)
                if len(samples) % ROUNDS_A_SIGN_IN == 0:
                    told.wrong += [] if signed_in(Browser(port, {}, "")) else ["nobody can sign in"]
                samples.append(memory(server.pid))
    quarter = len(samples) // 4
    early, late = (statistics.median(part) for part in (samples[quarter : 2 * quarter], samples[-quarter:]))
    told.faults = 1
    print(
        f"memory    {asked.seconds} s, {len(samples) * len(PAGES):,} pages: {samples[0]:.0f} MB at first, "
        f"{early:.0f} MB in the second quarter, {late:.0f} MB in the last"
    )
    if late > 1.1 * early:
        told.wrong.append(f"memory grew from {early:.0f} to {late:.0f} MB")
    check(told, "after the pages")


def look(reader: Browser, page: str, told: Told) -> None:
    reader.line.request(
        "GET", page, headers={"Cookie": "; ".join(f"{k}={v}" for k, v in reader.cookies.items())}
    )
    answer = reader.line.getresponse()
    answer.read()
    told.wrong += [f"{page} answered {answer.status}"] if answer.status != 200 else []


KINDS = {
    "kill": killed,
    "forked": forked,
    "disk": disk_full,
    "database": database_away,
    "two": two_servers,
    "memory": memory_grows,
}


# ---- running them ----


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="a few faults and half a minute: does it run")
    options.add_argument("--only", nargs="+", choices=list(KINDS), help="these kinds alone")
    for name, usual in (
        ("--kills", 20),
        ("--longest", 15),
        ("--forked", 300),
        ("--soon", 3),
        ("--fills", 5),
        ("--stops", 5),
        ("--pairs", 50),
        ("--seconds", 600),
    ):
        options.add_argument(name, type=int, default=usual)
    options.add_argument(
        "--postgres", default="", metavar="URL", help="an empty database, in place of SQLite"
    )
    options.add_argument("--cluster", default="", metavar="FOLDER", help="that of its server, to stop it")
    asked = options.parse_args()
    if asked.smoke:
        asked.kills, asked.forked, asked.fills, asked.stops, asked.seconds, asked.pairs = 2, 5, 1, 1, 30, 5
    possible = {"database": asked.cluster, "two": asked.postgres}
    kinds = asked.only or [kind for kind in KINDS if possible.get(kind, True)]
    with tempfile.TemporaryDirectory() as name, own_disk(Path(name), wanted="disk" in kinds):
        wrong = run(Company(Path(name), asked.postgres, asked.cluster), kinds, asked)
    sys.exit(bool(wrong))


@contextlib.contextmanager
def own_disk(folder: Path, *, wanted: bool) -> Iterator[None]:
    """Let a folder lie on a small disk of its own, in memory."""
    if not wanted:
        yield
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def run(company: Company, kinds: list[str], asked: argparse.Namespace) -> list[str]:
    """Bring about the faults, print a line a kind, and return what was wrong."""
    os.environ |= {key: value for key, value in company.environment.items() if key.startswith("HINGEPOINT_")}
    os.environ["DJANGO_SETTINGS_MODULE"] = "hingepoint.config.settings"
    company.make()
    import django

    django.setup()
    told = Told()
    for kind in kinds:
        told.faults, sent, kept, refused = 0, len(told.asked), len(told.answered), told.refused
        KINDS[kind](company, asked, told)
        print(
            f"{kind:9} {told.faults} times, {len(told.asked) - sent:,} demands sent, "
            f"{len(told.answered) - kept:,} answered, {told.refused - refused:,} refused, "
            f"{told.imports} imports there, "
            f"{len(told.wrong)} wrong",
            flush=True,
        )
    for one in told.wrong:
        print(f"Wrong: {one}")
    return told.wrong


if __name__ == "__main__":
    main()
