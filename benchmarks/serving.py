"""How a real server holds up: 40 pages a second seen and 5 notes a second written, at once, for a minute.

    python benchmarks/serving.py [--smoke] [--seconds 600] [--keep FOLDER]

`hingepoint demo` runs as a program of its own, with its worker, on SQLite in a temporary folder or on a copy of the
folder that --keep names. Its five people are signed in; they ask at fixed moments whether or not the last answer has come, and the
clock runs from that moment: what has to wait for others counts as waiting. They ask as browsers do: for what is compressed, and
after each page for the pieces that it fetches at once ("seen": until the last of them is there). The writer is a seller who notes something on
her deals. Memory and work are those of the server's processes, as Linux tells them. Who asks runs on the same machine; where
others use it too, work is the figure to compare.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import html
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

READS, WRITES = 40, 5  # a second
TARGET_MS = 300
#: Role -> what somebody of it reads; ``{deal}`` is one of the deals on the list.
READ = {
    "sponsor": ["/", "/matrix/", "/deals/{deal}/", "/exceptions/"],
    "manager": ["/", "/deals/?status=open", "/deals/{deal}/", "/matrix/"],
    "seller": ["/", "/deals/{deal}/", "/deals/{deal}/work", "/talks/"],
    "analyst": ["/", "/catalogue/", "/deals/{deal}/", "/discovery/"],
}
#: A piece that a page fetches as soon as it is shown.
_AT_ONCE = re.compile(r'id="([\w-]+)" hx-get="([^"]+)" hx-trigger="load"')


class Person:
    """Somebody of the demo company at a browser that keeps its connection."""

    def __init__(self, port: int, role: str):
        self.port, self.role, self.cookies = port, role, {}
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        token = self.token("/sign-in")
        self.ask("POST", f"/demo/as/{role}", {"csrfmiddlewaretoken": token})
        self.deals = sorted(set(re.findall(r'href="/deals/(\d+)/', self.ask("GET", "/deals/")[1])))
        self.csrf = self.token(f"/deals/{self.deals[0]}/work")

    def see(self, path: str) -> Iterator[tuple[int, str]]:
        """Ask for a page, then for each piece that it fetches at once; yield the status and the text of each."""
        status, page = self.ask("GET", path)
        yield status, page
        for piece, address in _AT_ONCE.findall(page):
            yield self.ask("GET", html.unescape(address), piece=piece)

    def ask(
        self, method: str, path: str, said: dict[str, str] | None = None, *, piece: str = ""
    ) -> tuple[int, str]:
        """Return the status and the text of one answer; redirects are not followed. ``piece``: what of the page is asked for."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["Accept-Encoding"] = "gzip"
        headers |= {"HX-Request": "true", "HX-Target": piece} if piece else {}
        body = urlencode(said) if said else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        except (
            http.client.RemoteDisconnected,
            ConnectionError,
        ):  # it was idle too long: as browsers do, once more
            self.line.close()
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        body = answer.read()
        return answer.status, (
            gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        ).decode()

    def token(self, path: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", path)[1])
        return found[1] if found else ""

    def note(self, deal: str) -> int:
        """Write a note on a deal and return the status: 302 where it was kept."""
        said = {
            "csrfmiddlewaretoken": self.csrf,
            "form_token": uuid.uuid4().hex,
            "note": f"They call again, {uuid.uuid4()}.",
        }
        return self.ask("POST", f"/deals/{deal}/coaching", said)[0]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument(
        "--smoke", action="store_true", help="the small demo company, three seconds: does it run"
    )
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--keep", help="a data folder with the demo company, which is copied")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        if asked.keep:
            shutil.copytree(asked.keep, folder)
        with serving(folder, *(["--small"] if asked.smoke else [])) as (port, pid):
            told = load(port, pid, seconds=3 if asked.smoke else asked.seconds)
    show(told)
    slow = max(percentile(told[kind], 95) for kind in ("reads", "seen", "writes")) > TARGET_MS
    sys.exit(bool(told["refused"]) or (slow and not asked.smoke))


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Run the demo until the block ends; give its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "HINGEPOINT_DATA_DIR": str(folder),
        "HINGEPOINT_LOG_LEVEL": "ERROR",
        "HINGEPOINT_LIMITS_WIDER": "0",
    }
    command = [sys.executable, "-m", "hingepoint", "demo", "--no-browser", "--port", str(port), *options]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        while "Hingepoint runs at" not in (said := server.stdout.readline()):
            if not said:
                sys.exit("the server did not start")
        threading.Thread(target=server.stdout.read, daemon=True).start()
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def load(port: int, pid: int, *, seconds: int) -> dict:
    """Read and write for so many seconds; return seconds of each answer, what was refused, and megabytes before and after."""
    told: dict = {"reads": [], "seen": [], "answers": [], "writes": [], "refused": [], "seconds": seconds}
    people = {role: [Person(port, role) for _ in range(2)] for role in READ}
    writer = Person(port, "seller")
    for person in (one for some in people.values() for one in some):  # warm
        for path in READ[person.role]:
            list(person.see(path.format(deal=person.deals[0])))
    told["before"], worked, begins = memory(pid), cpu(pid), time.perf_counter() + 0.2
    readers = [one for some in people.values() for one in some]
    each = len(readers) / READS
    working = [
        threading.Thread(target=read, args=(one, begins + n / READS, each, seconds, told))
        for n, one in enumerate(readers)
    ]
    working.append(threading.Thread(target=write, args=(writer, begins, 1 / WRITES, seconds, told)))
    for one in working:
        one.start()
    for one in working:
        one.join()
    return told | {
        "took": time.perf_counter() - begins,
        "after": memory(pid),
        "worked": cpu(pid) - worked,
    }


def moments(begins: float, each: float, seconds: int) -> Iterator[float]:
    """Yield when to ask, once it is time."""
    for number in range(int(seconds / each)):
        due = begins + number * each
        time.sleep(max(0.0, due - time.perf_counter()))
        yield due


def read(person: Person, begins: float, each: float, seconds: int, told: dict) -> None:
    paths, deals = cycle(READ[person.role]), cycle(person.deals)
    for due in moments(begins, each, seconds):
        path, taken = next(paths).format(deal=next(deals)), []
        for status, _ in person.see(path):
            taken.append(time.perf_counter() - due)
            if status != 200:
                told["refused"].append(f"{person.role} {path}: {status}")
        told["reads"].append(taken[0])
        told["seen"].append(taken[-1])
        told["answers"].append(len(taken))


def write(person: Person, begins: float, each: float, seconds: int, told: dict) -> None:
    deals = cycle(person.deals)
    for due in moments(begins, each, seconds):
        deal = next(deals)
        status = person.note(deal)
        told["writes"].append(time.perf_counter() - due)
        if status != 302:
            told["refused"].append(f"note on {deal}: {status}")


def processes(pid: int) -> list[Path]:
    """Return where Linux tells of a process and of those that it started."""
    place = Path(f"/proc/{pid}")
    children = (place / f"task/{pid}/children").read_text().split()
    return [place, *(one for child in children for one in processes(int(child)))]


def memory(pid: int) -> float:
    """Return the megabytes of the server that no other process shares."""
    told = "".join((one / "smaps_rollup").read_text() for one in processes(pid))
    return sum(int(kb) for kb in re.findall(r"Private_\w+: +(\d+) kB", told)) / 1024


def cpu(pid: int) -> float:
    """Return the seconds that the server has worked."""
    ticks = [(one / "stat").read_text().rpartition(")")[2].split()[11:13] for one in processes(pid)]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


def percentile(seconds: list[float], share: int) -> float:
    """Return, in ms, what so many of a hundred answers did not exceed."""
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[share - 1]


def show(told: dict) -> None:
    print(f"{'':10}{'asked for':>10}{'a second':>10}{'half, ms':>10}{'95%, ms':>10}{'longest, ms':>13}")
    for kind in ("reads", "seen", "writes"):
        took = told[kind]
        print(
            f"{kind:10}{len(took):>10,}{len(took) / told['took']:>10.1f}{percentile(took, 50):>10.0f}"
            f"{percentile(took, 95):>10.0f}{1000 * max(took):>13.0f}"
        )
    print(
        f"Memory of the server: {told['before']:.0f} MB before, {told['after']:.0f} MB after {told['took']:.0f} s."
    )
    answers = sum(told["answers"]) + len(told["writes"])
    print(f"Its own work: {1000 * told['worked'] / answers:.0f} ms an answer, {told['worked']:.1f} s in all.")
    for one in sorted(set(told["refused"]))[:10]:
        print(f"Refused: {one}")


if __name__ == "__main__":
    main()
