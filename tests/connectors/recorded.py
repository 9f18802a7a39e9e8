"""Recorded exchanges with real servers: what was asked, what came, and the rows that were shown."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import SHARED

CASSETTES = SHARED / "crm" / "cassettes"

needs_cassettes = pytest.mark.skipif(not CASSETTES.is_dir(), reason=f"no recorded exchanges at {CASSETTES}")


def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a cassette, in order."""
    return [json.loads(line) for line in (CASSETTES / f"{name}.jsonl").read_text().splitlines()]


def calls(name: str) -> Iterator[tuple[str, str, list[Any], Any]]:
    """Return the calls of Odoo's models: model, method, arguments and what was answered."""
    for each in exchanges(name):
        sent = json.loads(each["req_body"]) if each["path"] == "/jsonrpc" else {}
        if sent.get("params", {}).get("method") == "execute_kw":
            model, method, args = sent["params"]["args"][3:6]
            yield model, method, args, json.loads(each["resp_body"])


def odoo_rows(name: str = "odoo18") -> dict[str, dict[int, dict[str, Any]]]:
    """Return the rows that Odoo showed, by model and identity; what was shown later wins."""
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for model, method, _, said in calls(name):
        if method in ("search_read", "read"):
            for row in said.get("result") or []:
                found[model][row["id"]].update(row)
    return {model: dict(rows) for model, rows in found.items()}
