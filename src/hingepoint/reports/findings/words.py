"""What the parts of a finding are called, and how times and lists are written out."""

from __future__ import annotations

import re

from hingepoint.records.findings import HARMFUL, Grade
from hingepoint.reports.charts import numbers

#: The order in which findings are told, and the heading of each group.
GROUPS = {
    "lever": "Agreements that move the result",
    "harmful": "Agreements that go with a worse result",
    "weak": "Worth a test",
    "none": "Not enough evidence",
    "excluded": "Left out, and why",
}


GRADE_WORDS = dict(Grade.choices) | {"harmful": HARMFUL}


#: Why a type was left out, in a few words; the finding's own sentence says the rest.
EXCLUDED = {
    "mechanical": "Part of closing",
    "negative_control": "Negative control",
    "leading": "Follows the decision",
    "too_few": "Too few deals",
    "no_overlap": "Nothing to compare with",
    "leak": "Filled in afterwards",
    "constant": "Always the same",
}


#: What recorded facts are called that the analysis makes itself; a column keeps its own name.
COVARIATES = {
    "activity": "activity so far",
    "calendar": "time of creation",
    "history": "the account’s past deals",
    "landmark": "age of the deal",
    "initial_amount": "size at creation",
    "size": "size at creation",
}


def in_time(label: str | None) -> str:
    """Return ``week 6`` for a landmark ``6w``, ``day 10`` for ``10d``; other labels as they are."""
    match = re.fullmatch(r"([\d.]+)([wd])", label or "")
    return f"{'week' if match[2] == 'w' else 'day'} {match[1]}" if match else (label or "")


def length(label: str | None) -> str:
    """Return ``26 weeks`` for ``26w``."""
    match = re.fullmatch(r"([\d.]+)([wd])", label or "")
    if not match:
        return label or ""
    word = "week" if match[2] == "w" else "day"
    return f"{match[1]} {word if match[1] == '1' else word + 's'}"


def rounded(deals: int) -> int:
    """Return a planning figure with two significant digits: it is no more exact than that."""
    size = 10 ** max(len(str(deals)) - 2, 0)
    return -(-deals // size) * size


def sentence(text: str) -> str:
    """Return a text beginning with a capital and ending with a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def covariate(name: str) -> str:
    """Return what a recorded fact is called, by the name of its column."""
    return COVARIATES.get(name, name.replace("_", " "))


_COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def count_in_words(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else numbers.number(number)
