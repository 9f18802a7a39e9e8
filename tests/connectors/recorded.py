"""Recorded exchanges with real servers: what was asked, and what came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import SHARED

CASSETTES = SHARED / "crm" / "cassettes"

needs_cassettes = pytest.mark.skipif(not CASSETTES.is_dir(), reason=f"no recorded exchanges at {CASSETTES}")


def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a cassette, in order."""
    return [json.loads(line) for line in (CASSETTES / f"{name}.jsonl").read_text().splitlines()]
