"""Detection: agreements read from the traces that a CRM keeps anyway. Frames in, hits out.

A rule names one kind of trace and what it must say. Its earliest match on a deal is a hit. Patterns are
matched by the regex engine of polars, whose time grows with the length of the text and not with the
cunning of the pattern (finite automata: no look-around, no back-references); ``problems`` also limits
their length.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, TypeVar

import polars as pl

from hingepoint.analysis import frames, intervals
from hingepoint.records.agreements import STANDING, AgreementState, Evidence


class Trace(enum.StrEnum):
    """What in a CRM tells of an agreement."""

    STAGE = "stage"
    FIELD = "field"
    ROLE = "role"
    TEXT = "text"
    QUOTE = "quote"
    APPROVAL = "approval"
    DOCUMENT = "document"
    FACT = "fact"  # a column of the deal, which has no day


#: Which events of a deal are which trace (``records.EventKind``); roles are no events.
KINDS: dict[str, tuple[str, ...]] = {
    Trace.STAGE: ("stage",),
    Trace.FIELD: ("field",),
    Trace.ROLE: ("role",),
    Trace.TEXT: ("activity", "executive"),
    Trace.QUOTE: ("quote",),
    Trace.APPROVAL: ("escalation",),
    Trace.DOCUMENT: ("document",),
    Trace.FACT: ("fact",),
}
#: Those that happen on a day: what an agreement is read from.
DATED = tuple(trace for trace in Trace if trace != Trace.FACT)

#: column -> (type, meaning). ``batch`` is the import that brought it.
TRACES: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "kind": (pl.String(), "kind of event, or role"),
    "name": (pl.String(), "stage, field, role, subject line, name of the document"),
    "value": (pl.String(), "what it was set to, its status; where empty, the note says it"),
    "note": (pl.String(), "text"),
    "who": (pl.String(), "the person of the customer, or inside"),
    "at": (frames.MOMENT, "when it happened"),
    "batch": (pl.Int64(), "the import that brought it"),
}

#: States that a trace can show. What needs a reason is left to people.
STATES = (AgreementState.ASKED, AgreementState.SOFT, AgreementState.GAINED, AgreementState.KEPT)
LONGEST_PATTERN = 200
LONGEST_TEXT = 4_000  # of one trace; what comes after is not looked at
MOST_WORDS = 40
_SHOWN = 120


class Waits(Protocol):
    """What a rule waits for, whatever it says then; see ``Rule``."""

    @property
    def trace(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def without(self) -> tuple[str, ...]: ...
    @property
    def pattern(self) -> str: ...
    @property
    def only_open(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """When a trace says this, the agreement reached ``state`` with ``evidence``.

    ``names``: the stages, fields, roles, quotes or documents it may be (none: any). ``values``: what it was
    set to, or its status. ``words``: one of these phrases stands in its text; ``without``: none of these
    does; ``pattern``: a regular expression found in it. All conditions given must hold, without regard to
    case. ``confidence``: how often the author expects it to be right, until people have judged it.
    """

    key: str
    name: str
    agreement: str
    trace: str
    state: str = AgreementState.GAINED
    evidence: int = Evidence.TOLD
    confidence: float = 0.8
    act: str = ""
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pattern: str = ""
    only_open: bool = False


_LISTS = ("names", "values", "words", "without")


R = TypeVar("R")


def rule_of(told: Mapping[str, Any]) -> Rule:
    """Return a rule from its plain form; unknown entries are left out."""
    return read_plain(Rule, told)


def read_plain(kind: type[R], told: Mapping[str, Any]) -> R:
    """Return a rule of a kind from its plain form; unknown entries are left out."""
    known = {field.name for field in fields(kind)} & told.keys()  # type: ignore[arg-type]  # a dataclass
    facts: dict[str, Any] = {name: tuple(told[name]) if name in _LISTS else told[name] for name in known}
    return kind(**facts)


def plain(rule: Any) -> dict[str, Any]:
    """Return a rule as lists and texts, for JSON and YAML."""
    return {name: list(value) if name in _LISTS else value for name, value in asdict(rule).items()}


def problems(rule: Rule) -> dict[str, str]:
    """Return what is wrong with a rule by field, in words; nothing when it can be used."""
    found = matching_problems(rule, among=DATED)
    if rule.state not in STATES:
        found["state"] = f"One of {', '.join(STATES)}."
    if rule.state in STANDING and rule.evidence < Evidence.TOLD:
        found["evidence"] = "Gained needs evidence of 2 or more: they said, wrote or did it."
    if rule.state == AgreementState.GAINED and not rule.act:
        found["act"] = "Say what they committed to: gained needs an act."
    if not 0 < rule.confidence <= 1:
        found["confidence"] = "A share above 0 and up to 1."
    return found


def matching_problems(rule: Waits, *, among: Sequence[Trace]) -> dict[str, str]:
    """Return what is wrong with what a rule waits for, by field; ``among`` are the traces it may be about."""
    found = {}
    if rule.trace not in among:
        found["trace"] = f"One of {', '.join(among)}."
    if rule.trace in (Trace.STAGE, Trace.FIELD, Trace.ROLE, Trace.FACT) and not rule.names:
        found["names"] = f"Say which {_CALLED.get(rule.trace, rule.trace)}."
    if rule.trace in (Trace.TEXT, Trace.DOCUMENT) and not (rule.names or rule.words or rule.pattern):
        found["words"] = "Say which words, or a pattern: else every one would match."
    if len(rule.words) > MOST_WORDS or len(rule.without) > MOST_WORDS:
        found["words"] = f"At most {MOST_WORDS} phrases."
    if rule.trace == Trace.FACT and not (rule.values or rule.words or rule.pattern):
        found["values"] = "Say what stands in the column: else every deal that has it would match."
    if wrong := wrong_pattern(rule.pattern):
        found["pattern"] = wrong
    return found


#: What people call a trace, where its name is none of theirs.
_CALLED: dict[str, str] = {Trace.FACT: "column"}


def wrong_pattern(pattern: str) -> str:
    """Return why a pattern cannot be used, or nothing."""
    if len(pattern) > LONGEST_PATTERN:
        return f"At most {LONGEST_PATTERN} characters."
    if not pattern:
        return ""
    try:
        matches_nothing = pl.Series(["", "x"]).str.contains(f"(?i){pattern}").to_list()
    except pl.exceptions.ComputeError:
        return (
            "Not a pattern that can be searched quickly: check brackets; no look-around, no back-references."
        )
    return "It matches an empty text, so it would match everything." if matches_nothing[0] else ""


# ---- matching ----

_HITS = ("deal_id", "at", "who", "batch", "name", "value", "said")


def find(rule: Waits, *, traces: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Return a row per deal on which ``rule`` matches, by deal: its earliest match with who and what it said.

    ``traces`` has the columns of ``TRACES``, ``deals`` those of ``frames.DEALS``. What happened before a
    deal was created or after it was closed does not count.
    """
    told = pl.concat_str(pl.col("name", "value", "note").fill_null(""), separator=" ")
    text = told.str.slice(0, LONGEST_TEXT)
    value = pl.coalesce("value", "note").str.slice(0, _SHOWN)  # files tell a status or a new value as a note
    lived = deals.select("deal_id", "created", "closed", "status")
    here = traces.filter(pl.col("kind").is_in(KINDS[rule.trace])).with_columns(text=text, value=value)
    here = here.filter(*_conditions(rule)).join(lived, on="deal_id")
    here = here.filter(
        pl.col("at").dt.date() >= pl.col("created").dt.date(),
        pl.col("closed").is_null() | (pl.col("at") <= pl.col("closed")),
        pl.lit(not rule.only_open) | (pl.col("status") == "open"),
    )
    around = _said_at(rule)
    said = pl.coalesce(pl.col("note", "text").str.extract(around, 0)) if around else pl.lit(None, pl.String)
    first = here.sort("deal_id", "at", "text").unique("deal_id", keep="first", maintain_order=True)
    return first.with_columns(said=said).select(_HITS)


def _conditions(rule: Waits) -> list[pl.Expr]:
    text = pl.col("text")
    given = [
        _one_of("name", rule.names) if rule.names else None,
        _one_of("value", rule.values) if rule.values else None,
        text.str.contains(_phrases(rule.words)) if rule.words else None,
        ~text.str.contains(_phrases(rule.without)) if rule.without else None,
        text.str.contains(f"(?i){rule.pattern}") if rule.pattern else None,
    ]
    return [one for one in given if one is not None] or [pl.lit(True)]


def _one_of(column: str, wanted: Sequence[str]) -> pl.Expr:
    told = pl.col(column).fill_null("").str.strip_chars().str.to_lowercase()
    return told.is_in([one.strip().lower() for one in wanted])


def _phrases(words: Sequence[str]) -> str:
    """Return a pattern that finds any of the phrases as whole words."""
    found = "|".join(r"\s+".join(re.escape(part) for part in phrase.split()) for phrase in words)
    return rf"(?i)(?:^|\W)(?:{found})(?:\W|$)"


def _said_at(rule: Waits) -> str:
    """Return the pattern of the words to quote: what was found, with a little around it."""
    around = r".{0,40}"
    if rule.words:
        found = "|".join(r"\s+".join(re.escape(part) for part in phrase.split()) for phrase in rule.words)
        return rf"(?is){around}\b(?:{found})\b{around}"
    return rf"(?is){around}(?:{rule.pattern}){around}" if rule.pattern else ""


def in_words(rule: Waits, hit: Mapping[str, Any]) -> str:
    """Return one sentence on why ``hit`` (a row of ``find``) matches ``rule``."""
    name, value = hit["name"] or "", hit["value"] or ""
    told = {
        Trace.STAGE: f"The deal reached stage {name}",
        Trace.FIELD: f"{name} was set to {value}" if value else f"{name} was changed",
        Trace.ROLE: f"{hit['who'] or 'Somebody'} was added as {name.replace('_', ' ')}",
        Trace.TEXT: f"“{_short(name)}”",
        Trace.QUOTE: f"Quote: {_short(' '.join((name, value)))}",
        Trace.APPROVAL: f"Approval: {_short(' '.join((name, value)))}",
        Trace.DOCUMENT: f"Document “{_short(name)}” was received",
        Trace.FACT: f"{name} is “{_short(value)}”",
    }[Trace(rule.trace)]
    said = "" if rule.trace == Trace.FACT else _short(hit["said"] or "")
    shown = f"{told}: “{said}”" if said and said not in told else told
    who = f" ({hit['who']})" if hit["who"] and rule.trace != Trace.ROLE else ""
    return f"{shown}{who}."


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def condition_in_words(rule: Waits) -> str:
    """Return what a rule waits for, as the end of a sentence that begins with "When"."""
    said_names = [name.replace("_", " ") if rule.trace == Trace.ROLE else name for name in rule.names]
    names = " or ".join(said_names)
    values = " or ".join(rule.values)
    told = {
        Trace.STAGE: f"the deal reaches stage {names}",
        Trace.FIELD: f"{names} is set to {values}" if values else f"{names} is changed",
        Trace.ROLE: f"a contact is added as {names}",
        Trace.TEXT: "an activity or e-mail" + (f" “{names}”" if names else ""),
        Trace.QUOTE: f"a quote{f' “{names}”' if names else ''} is {values or 'sent'}",
        Trace.APPROVAL: f"an approval{f' of {names}' if names else ''} is {values or 'asked for'}",
        Trace.DOCUMENT: "a document" + (f" “{names}”" if names else "") + " is received",
        Trace.FACT: f"{names} of the deal is {values}" if values else f"{names} of the deal",
    }[Trace(rule.trace)]
    said = [f"says “{'” or “'.join(rule.words)}”"] if rule.words else []
    said += [f"matches {rule.pattern}"] if rule.pattern else []
    said += [f"does not say “{'” or “'.join(rule.without)}”"] if rule.without else []
    return told + (_joined(rule) if said else "") + " and ".join(said)


def _joined(rule: Waits) -> str:
    """Return what stands between what happened and what it says."""
    bare = rule.trace == Trace.TEXT or (rule.trace == Trace.FACT and not rule.values)
    return " " if bare else ", and "


# ---- what a rule may do to the register ----

#: How far along a state is: a trace moves an agreement on, never back.
_RANK = {
    AgreementState.NEEDED: 0,
    AgreementState.PLANNED: 1,
    AgreementState.ASKED: 2,
    AgreementState.SOFT: 3,
    AgreementState.GAINED: 4,
    AgreementState.KEPT: 5,
}


class Say(enum.StrEnum):
    """What becomes of a hit: written into the register, shown to be confirmed, or nothing."""

    WRITE = "write"
    PROPOSE = "propose"
    NOTHING = "nothing"


def say(*, state: str, at: Any, now: str | None, by_people: bool, since: Any, complete: bool) -> Say:
    """Return what a hit of ``state`` at ``at`` may do where ``now`` was said last, at ``since`` (None: nothing).

    What a person said is never overridden: a later trace that goes further is only proposed. Incomplete
    hits, which lack who for an agreement that stands, are only proposed as well.
    """
    if now is None:
        return Say.WRITE if complete else Say.PROPOSE
    further = now in _RANK and _RANK[AgreementState(state)] > _RANK[AgreementState(now)]
    if not further or at < since:
        return Say.NOTHING
    return Say.WRITE if complete and not by_people else Say.PROPOSE


#: What people say later of an agreement that was found to stand, and that agrees with it.
_STOOD = frozenset({*STANDING, AgreementState.BROKEN, AgreementState.LAPSED})
_DENIES = frozenset({AgreementState.NOT_NEEDED, AgreementState.NEEDED, AgreementState.PLANNED})


def was_right(state: str, later: str) -> bool:
    """Return whether what a person said ``later`` bears out that an agreement had reached ``state``."""
    return later in _STOOD if state in STANDING else later not in _DENIES


# ---- a test on history ----


@dataclass(frozen=True, slots=True)
class Tested:
    """A rule over history. ``hits`` of ``deals`` deals match. Of the hits, ``also_recorded`` is the share on
    which people recorded the agreement as standing too; of those they recorded, ``found`` the share that the
    rule finds. ``days``: median days from their record to the trace, below 0 when the trace came first."""

    deals: int
    hits: int
    share: intervals.Estimate
    also_recorded: intervals.Estimate
    found: intervals.Estimate
    days: float | None


def tested(*, hits: pl.DataFrame, deals: pl.DataFrame, recorded: pl.DataFrame) -> Tested:
    """Return how ``hits`` (of ``find``) compare with what people ``recorded`` as standing: deal_id, at."""
    first = recorded.group_by("deal_id").agg(recorded_at=pl.col("at").min())
    both = hits.join(first, on="deal_id")
    days = (both["at"] - both["recorded_at"]).dt.total_seconds() / 86_400
    middle = days.median()
    return Tested(
        deals=deals.height,
        hits=hits.height,
        share=intervals.share(hits.height, deals.height),
        also_recorded=intervals.share(both.height, hits.height),
        found=intervals.share(both.height, first.height),
        days=None if middle is None else round(float(middle), 1),  # type: ignore[arg-type]
    )
