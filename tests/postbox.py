"""A mail server on the loopback: it keeps what it is given, and refuses whom it is told to refuse."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage


class Postbox(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Talk(socketserver.StreamRequestHandler):
    """One connection, as RFC 5321 has it, no more than Python's client says."""

    server: Postbox

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 postbox")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "DATA":
                self.say("354 go on")
                self.server.mails.append(self._mail())
                self.say("250 kept")
            elif line.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say(
                    "550 nobody" if any(f"<{one}>" in line for one in self.server.refused) else "250 yes"
                )

    def _mail(self) -> EmailMessage:
        lines = iter(self.rfile.readline, b".\r\n")
        text = b"".join(line.removeprefix(b".") for line in lines)
        return email.message_from_bytes(text, policy=policy.default)


@contextmanager
def postbox(settings) -> Iterator[Postbox]:
    """Run a mail server, and let the installation send by it."""
    with Postbox() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        told = {"mail_server": f"smtp+plain://127.0.0.1:{server.port}", "mail_from": "hp@hinge.example"}
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.DEFAULT_FROM_EMAIL = "hp@hinge.example"
        try:
            yield server
        finally:
            server.shutdown()
