"""One entry of the server's log is one line, in UTC; what somebody else wrote cannot begin a line of its own."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re

#: What would end a line, or move the cursor of whoever reads the log in a terminal.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _escaped(text: str) -> str:
    return _BREAKS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _when(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Text(logging.Formatter):
    """``2026-03-01T09:30:00.000Z WARNING hingepoint.security message``; lines of a traceback stand below, set in."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_when(record)} {record.levelname} {record.name} {_escaped(record.getMessage())}"
        below = self.formatException(record.exc_info) if record.exc_info else ""
        return "\n    ".join([line, *map(_escaped, below.splitlines())])


class Json(logging.Formatter):
    """An object a line: time, level, logger, message and, of a fault, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _when(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)
