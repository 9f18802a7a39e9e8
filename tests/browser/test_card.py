"""The card of a deal in a page of a CRM, as a browser shows it and refuses to show it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import connecting
from cast import NOW, TODAY
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import Connection
from words import KEY, say


@contextmanager
def page_of_a_crm(address: str) -> Iterator[str]:
    """Serve a record's page with a frame for ``address``; yield where it is served."""

    class Record(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                f'<!doctype html><title>Record</title><iframe src="{address}"></iframe>'.encode()
            )

        def log_message(self, *said):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Record)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def framed(window, host: str) -> str:
    """Return what a page shows in its frame; empty where the browser shows nothing."""
    window.page.goto(f"{host}/record", wait_until="load")
    frame = window.page.frames[1]
    return "" if frame.url.startswith("chrome-error:") else frame.locator("body").inner_text()


def test_a_page_of_a_named_host_shows_it_and_no_other_page_does(visit, cast, shortcomings):
    say(cast.deal, KEY)
    Agreement.objects.update(required=True, needed_by=TODAY)
    token = connecting.a_card(cast.deal)
    window = visit()
    address = f"{window.server}/card/{token}/"
    number = Connection.objects.get().pk
    with page_of_a_crm(address) as theirs, page_of_a_crm(address) as foreign:
        actions.set_card_hosts(by=None, at=NOW, connection_id=number, hosts=[theirs])
        assert "1 of 1" in framed(window, theirs)
        window.complaints.clear()  # a browser asks every host for its icon
        assert framed(window, foreign) == ""
    assert any("frame-ancestors" in complaint for complaint in window.complaints)
    window.complaints.clear()
    window.open(f"/card/{token}/")
    assert shortcomings(window) == []
    window.page.set_viewport_size({"width": 300, "height": 400})
    assert not window.is_too_wide()
    # Chromium asks the host of a page whose frame it refused for an icon, sooner or later
    window.complaints[:] = [one for one in window.complaints if "/favicon.ico" not in one]
