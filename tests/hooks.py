"""Webhooks in tests: one whose address nobody answers, and a receiver that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cast import NOW
from hingepoint.connectors.outgoing import NoAnswer, Said
from hingepoint.domain.webhooks import actions
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery
from hingepoint.records.webhooks import DeliveryState

URL = "https://hooks.example/here"


def a_webhook() -> Webhook:
    """Return the one webhook: its address is inside our network, where nobody allowed it to go."""
    return Webhook.objects.first() or added(url="https://127.0.0.1:1/hook")[0]


def added(**more):
    return actions.add(**{"by": None, "at": NOW, "name": "warehouse", "url": URL} | more)


def a_message_given_up() -> WebhookDelivery:
    """Return a message that was tried in vain until it was given up."""
    hook = a_webhook()
    actions.send_test(by=None, at=NOW, webhook_id=hook.pk, post=Receiver(503))
    row = hook.deliveries.first()
    WebhookDelivery.objects.filter(pk=row.pk).update(state=DeliveryState.GIVEN_UP, next_at=None)
    return row


@dataclass
class Receiver:
    """Stands in for ``outgoing.post``: keeps what it was sent and answers with the next status (None: not at all)."""

    answers: int | list[int | None] | None = 200
    got: list[tuple[str, bytes, dict]] = field(default_factory=list)

    def __call__(self, url, body, headers, **limits):
        self.got.append((url, body, dict(headers)))
        status = self.answers
        if isinstance(status, list):
            status = status.pop(0) if len(status) > 1 else status[0]
        if status is None:
            raise NoAnswer("ConnectError: nobody there")
        return Said(status, "thank you")


@contextmanager
def listening(answer) -> Iterator[tuple[str, list]]:
    """Serve on loopback: ``answer(handler)`` speaks; yield the HOST:PORT and the paths that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer(self)

        do_GET = do_POST

        def log_message(self, *told):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
