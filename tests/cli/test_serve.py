"""``hingepoint serve``: one program that answers, works off jobs, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture
def port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


@contextlib.contextmanager
def serving(installation, port: int, *arguments: str) -> Iterator[subprocess.Popen]:
    """Run the server until the block ends; it answers when the block begins."""
    command = [sys.executable, "-m", "hingepoint", "serve", "--port", str(port), *arguments]
    process = subprocess.Popen(
        command, env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        first_words = process.stdout.readline()
        while first_words and "Hingepoint runs at" not in first_words:
            first_words = process.stdout.readline()
        assert f"http://127.0.0.1:{port}" in first_words
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_an_empty_machine_is_served_at_once(empty_installation, port):
    with serving(empty_installation, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.read() == b"ok\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert "/sign-in" in answer.url


@pytest.mark.slow
def test_a_taken_port_is_said_in_words(installation, port):
    with serving(installation, port):
        second = installation.run("serve", "--port", str(port))
    assert second.returncode == 2
    assert second.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_its_processes_end_with_it(installation, port, end):
    with serving(installation, port) as server:
        server.send_signal(end)
        rest = server.stdout.read()  # ends when the last process that could write has ended
        server.wait(timeout=60)
    assert "Traceback" not in rest
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
