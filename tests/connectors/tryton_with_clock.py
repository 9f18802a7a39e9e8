"""Serves a Tryton database; a request may carry the time at which it happens. Run by Tryton's own Python."""

import datetime as dt
import os
import sys

import time_machine

os.environ["TRYTOND_CONFIG"], port = sys.argv[1], int(sys.argv[2])
os.environ["TRYTOND_DATABASE_NAMES"] = "crm"

from trytond.config import config  # noqa: E402

config.update_etc(sys.argv[1])

from trytond.application import app as tryton  # noqa: E402
from werkzeug.serving import run_simple  # noqa: E402


def app(environ, start_response):
    at = environ.get("HTTP_X_TEST_CLOCK")
    if not at:
        return tryton(environ, start_response)
    with time_machine.travel(dt.datetime.fromisoformat(at), tick=True):
        return list(tryton(environ, start_response))


run_simple("127.0.0.1", port, app, threaded=True)
