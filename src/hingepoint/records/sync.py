"""Connections to CRMs: how they stand, and the named rules for what CRMs do to records."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.words import Worded


class ConnectionState(Worded):
    """Whether a connection is read on its own."""

    DRAFT = "draft", "Not switched on yet"
    ON = "on", "On"
    PAUSED = "paused", "Paused"


class WriteBackPart(Worded):
    """What may be written onto the records of a CRM, each with a switch of its own; stage and amount never."""

    STATUS = "status", "Agreement status"
    NEXT = "next", "Next agreement"
    COVERAGE = "coverage", "Coverage"
    TASK = "task", "Next agreement as a task"
    LINK = "link", "Link to the deal page"
    CARD = "card", "Address of the card"


@dataclass(frozen=True, slots=True)
class SyncRule:
    """``does``: kept, changed or held back."""

    key: str
    does: str
    sentence: str


RULES: tuple[SyncRule, ...] = (
    SyncRule("deleted", "kept", "deleted in the CRM; its agreements stay here, and its page says so"),
    SyncRule("vanished", "kept", "not in the CRM any more, nobody says why; not taken as lost or deleted"),
    SyncRule(
        "not_believed",
        "held back",
        "not in the CRM any more, too many at once; they stay until somebody says that they are gone",
    ),
    SyncRule("archived", "kept", "archived in the CRM; an archived deal is not a lost one"),
    SyncRule("merged", "changed", "merged into another deal; its agreements go there"),
    SyncRule(
        "agreement_stays",
        "kept",
        "the deal it was merged into has this agreement already; both stay as they are",
    ),
    SyncRule("come_back", "changed", "was gone and is there again"),
    SyncRule("reopened", "kept", "won or lost before and open again; each outcome stays in its history"),
    SyncRule("owner_changed", "kept", "another owner; what happened before stays with the owner of then"),
    SyncRule(
        "other_currency", "kept", "an amount in another currency than the deal's of today; not a concession"
    ),
    SyncRule("stage_renamed", "kept", "the stage has another name today; its history keeps the name of then"),
    SyncRule("bulk_update", "kept", "changed by an import or a mass update; the history says so"),
    SyncRule(
        "left_truncated", "kept", "older than the history that the CRM keeps; before that nothing is known"
    ),
    SyncRule("seen_by_us", "kept", "a change that the CRM does not keep, seen between two readings"),
    SyncRule("own_echo", "kept", "changed by what we wrote back; not read as a change of the deal"),
    SyncRule(
        "overwritten_there",
        "changed",
        "what we wrote was overwritten in the CRM; it is written once more, and then left as it is",
    ),
    SyncRule(
        "value_of_another_kind",
        "kept",
        "a value of your own field that is not of the field's kind; kept as it is written",
    ),
    SyncRule(
        "stage_without_meaning", "held back", "its stage is neither open, won nor lost yet; say which it is"
    ),
    SyncRule(
        "closed_without_date", "changed", "closed on an unknown day; the last change of the record is taken"
    ),
    SyncRule(
        "close_lies_ahead",
        "changed",
        "closed, though its close date had not come yet; the day on which it was closed is taken",
    ),
    SyncRule(
        "kind_without_right",
        "held back",
        "times that a kind of record was left out, since this sign-in may not see it; the test says what to ask for",
    ),
    SyncRule("row_refused", "held back", "the record cannot be read; it is left out until it changes"),
)

BY_KEY = {rule.key: rule for rule in RULES}


def count(rules: dict[str, int], key: str, number: int = 1) -> None:
    """Add ``number`` to the count of ``key``, which must be a rule."""
    if number:
        rules[BY_KEY[key].key] = rules.get(key, 0) + number
