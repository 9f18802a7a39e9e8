"""``hingepoint serve``: one program that answers, works off jobs, and leaves nothing behind."""

from __future__ import annotations

import json
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

HEAD = "Host: localhost\r\nAuthorization: Bearer none\r\n"
#: Two requests in one line of bytes, of which it must not be open where the first ends: as whoever smuggles one past a proxy sends it.
TWISTED = {
    "two lengths": f"POST /api/deals HTTP/1.1\r\n{HEAD}Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcdGET / HTTP/1.1\r\n\r\n",
    "a length that is none": f"POST /api/deals HTTP/1.1\r\n{HEAD}Content-Length: +4\r\n\r\nabcd",
    "a length of two numbers": f"POST /api/deals HTTP/1.1\r\n{HEAD}Content-Length: 4, 9\r\n\r\nabcd",
    "pieces twice": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "pieces under another name": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a line that goes on": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a piece of no size": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n0\r\n\r\n",
    "a piece of odd size": f"POST /api/deals HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
    "lone line ends": f"POST /api/deals HTTP/1.1\n{HEAD}Content-Length: 4\n\nabcd",
}


def answered(port: int, sent: str) -> str:
    """Send bytes as they are; return all that comes back within two seconds."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
        line.sendall(sent.encode())
        try:
            while part := line.recv(65_536):
                found += part
        except TimeoutError:
            pass
    return found.decode("latin-1")


@pytest.mark.slow
def test_a_request_whose_end_is_not_clear_is_refused_or_ends_once(installation, port):
    whole = (
        f"POST /api/deals HTTP/1.1\r\n{HEAD}Content-Length: 4\r\n\r\nabcdGET /healthz HTTP/1.1\r\n{HEAD}\r\n"
    )
    both = f"POST /api/deals HTTP/1.1\r\n{HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n{HEAD}\r\n"
    with installation.serving(port):
        found = {name: answered(port, sent) for name, sent in TWISTED.items()}
        two, length_and_pieces = answered(port, whole), answered(port, both)
    assert two.count("HTTP/1.1 ") == 2  # what is clear is two requests
    assert {name: said.split(" ")[1:2] for name, said in found.items()} == {name: ["400"] for name in TWISTED}
    assert length_and_pieces.count("HTTP/1.1 ") <= 1
