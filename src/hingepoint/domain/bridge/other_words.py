"""What else the shipped types are called, in English and German, as data beside this file."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def other_words() -> dict[str, tuple[str, ...]]:
    """Return ``{key: other words}`` of the shipped catalogue."""
    file = resources.files(__package__).joinpath("other_words.csv")
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return {row["key"]: (*row["en"].split(";"), *row["de"].split(";")) for row in rows}
