"""An installation of Hingepoint in a folder, used from outside: every command is a program of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

PASSWORD = "rain on the tin roof"


@dataclass(frozen=True)
class Installation:
    """A data folder, and ``hingepoint`` to run on it as a person would: as a program of its own."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "hingepoint.sqlite3"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
        source = str(Path(__file__).resolve().parents[1] / "src")
        return {**kept, "HINGEPOINT_DATA_DIR": str(self.folder), "PYTHONPATH": source}

    def copy(self, folder: Path) -> Installation:
        """Return the same installation in another folder, to be changed there."""
        return Installation(Path(shutil.copytree(self.folder, folder)))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hingepoint", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder.parent, capture_output=True, text=True
        )

    @contextlib.contextmanager
    def serving(self, port: int, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Run ``serve``, or another ``command`` that serves, until the block ends; it answers when the
        block begins."""
        words = [*(command or ("serve",)), "--port", str(port)]
        process = subprocess.Popen(
            [sys.executable, "-m", "hingepoint", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said = process.stdout.readline()
            while said and "Hingepoint runs at" not in said:
                said = process.stdout.readline()
            assert f"http://127.0.0.1:{port}" in said
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


class Browser:
    """Somebody who reads pages with a program: keeps cookies, signs in through the form."""

    def __init__(self, server: str):
        self.server = server
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> bytes:
        return self.opener.open(self.server + path).read()

    def sign_in(self, email: str, password: str) -> None:
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/sign-in"))[1].decode()
        said = {"csrfmiddlewaretoken": token, "username": email, "password": password}
        self.opener.open(f"{self.server}/sign-in", urllib.parse.urlencode(said).encode())


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]
