"""The shipped catalogue: 100 agreement types, hypotheses to test, as data beside this file."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Any

#: The context in which names of the catalogue are translated.
SHIPPED = "catalogue"
#: People change their minds sooner than terms do (days until an agreement is asked for again).
RECHECK_PERSON, RECHECK_TERMS = 30, 90
_PERSON_STAGES = ("access", "discover", "shape")


@cache
def shipped_types() -> dict[str, dict[str, Any]]:
    """Return ``{key: columns of AgreementType}`` of the shipped catalogue, in its order."""
    file = resources.files(__package__).joinpath("catalogue.csv")
    return {row["key"]: _columns(row) for row in csv.DictReader(file.read_text("utf-8").splitlines())}


def _columns(row: dict[str, str]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "side": row["side"],
        "counterpart": row["counterpart"],
        "stage": row["stage"],
        "commits": row["commits"],
        "description": row["description"],
        "good": [check for n in range(1, 5) if (check := row[f"good_{n}"])],
        "metrics": row["metrics"].split(),
        "crm_trace": row["crm_trace"],
        "starter": row["starter"] == "1",
        "pressure": row["pressure"],
        "proximity": row["proximity"],
        "lever": row["lever"],
        "recheck_days": RECHECK_PERSON if row["stage"] in _PERSON_STAGES else RECHECK_TERMS,
    }
