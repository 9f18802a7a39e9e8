"""``hingepoint serve``: one program that answers, works off jobs, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sys
import urllib.request

import pytest

from hingepoint import __version__
from installation import free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.mark.slow
def test_an_empty_machine_is_served_at_once(empty_installation, port):
    with empty_installation.serving(port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            told = json.loads(answer.read())
        assert (told["ok"], told["version"]) == (True, __version__)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert "/sign-in" in answer.url


@pytest.mark.slow
def test_a_taken_port_is_said_in_words(installation, port, tmp_path):
    other = installation.copy(tmp_path / "other")
    with installation.serving(port):
        second = other.run("serve", "--port", str(port))
    assert second.returncode == 2
    assert second.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}")


@pytest.mark.slow
def test_one_file_has_one_server_and_is_not_restored_under_it(installation, port, tmp_path):
    installation.run("backup", tmp_path / "monday")
    with installation.serving(port):
        second = installation.run("serve", "--port", str(free_port()))
        restored = installation.run("restore", tmp_path / "monday", "--force")
        saved = installation.run("backup", tmp_path / "tuesday")
    assert (second.returncode, restored.returncode, saved.returncode) == (2, 2, 0)
    assert second.stderr.startswith("Error: A server runs on this database already")
    assert restored.stderr == "Error: A server runs on this database. Stop it first, then restore.\n"
    assert installation.run("restore", tmp_path / "monday", "--force").returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_its_processes_end_with_it(installation, port, end):
    with installation.serving(port) as server:
        server.send_signal(end)
        rest = server.stdout.read()  # ends when the last process that could write has ended
        server.wait(timeout=60)
    assert "Traceback" not in rest
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


# ---- where a request ends ----

HEAD = "Host: localhost\r\n"
SENT, NEXT = f"POST /sign-in HTTP/1.1\r\n{HEAD}", f"GET /healthz HTTP/1.1\r\n{HEAD}\r\n"
#: What does not say clearly where it ends: a proxy and a server may each read another end, and take the rest for a request.
UNCLEAR = {
    "two lengths": "Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcd",
    "a length of two numbers": "Content-Length: 4, 9\r\n\r\nabcd",
    "a length with a sign": "Content-Length: +4\r\n\r\nabcd",
    "pieces under another name": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a line that goes on": "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
}
#: What says it, and breaks it: one answer, and the line is closed with whatever stands behind.
BROKEN = {
    "a piece of no size": "Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n0\r\n\r\n",
    "a piece of odd size": "Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
    "a long length and pieces": "Content-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a short length and pieces": "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\n0\r\n\r\n",
}


def statuses(port: int, sent: str) -> list[str]:
    """Send bytes as they are; return the status of each answer that comes within two seconds."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as line, contextlib.suppress(TimeoutError):
        line.sendall(sent.encode())
        while part := line.recv(65_536):
            found += part
    return re.findall(r"HTTP/1\.1 (\d{3})", found.decode("latin-1"))


@pytest.mark.slow
def test_nobody_hides_a_request_behind_one_whose_end_is_not_clear(installation, port):
    with installation.serving(port):
        clear = statuses(port, f"{SENT}Content-Length: 4\r\n\r\nabcd{NEXT}")
        unclear = {name: statuses(port, f"{SENT}{rest}{NEXT}") for name, rest in UNCLEAR.items()}
        broken = {name: statuses(port, f"{SENT}{rest}{NEXT}") for name, rest in BROKEN.items()}
    assert clear == ["403", "200"]  # a form without its key, and the request behind it
    assert unclear == {name: ["400"] for name in UNCLEAR}
    assert broken == {name: ["403"] for name in BROKEN}
