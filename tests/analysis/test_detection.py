"""Rules read agreements from traces: what matches, what does not, and why, in words."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Rule, Say, Trace
from hingepoint.analysis.frames import DEALS, schema

DAY = dt.datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001  (frames hold local time)


def days(number: float) -> dt.datetime:
    return DAY + dt.timedelta(days=number)


def deals(*rows: dict) -> pl.DataFrame:
    """Open deals created on the day, unless said."""
    made = [{"created": DAY, "status": "open", "closed": None} | row for row in rows]
    return pl.DataFrame(
        made, schema={name: schema(DEALS)[name] for name in ("deal_id", "created", "status", "closed")}
    )


def traces(*rows: dict) -> pl.DataFrame:
    types = {name: dtype for name, (dtype, _) in detection.TRACES.items()}
    made = [{"deal_id": "D1", "kind": "activity", "at": days(3), "who": "Ann Moor"} | row for row in rows]
    return pl.DataFrame(made, schema=types)


def rule(trace: str = Trace.TEXT, **facts) -> Rule:
    known = {"key": "r", "name": "R", "agreement": "cust.data_access", "act": "send it"}
    return Rule(**(known | {"trace": trace} | facts))


def found(one: Rule, *rows: dict, of: pl.DataFrame | None = None) -> list[dict]:
    hits = detection.find(one, traces=traces(*rows), deals=deals({"deal_id": "D1"}) if of is None else of)
    return hits.to_dicts()


WORDS = rule(words=("maintenance data", "log files"), without=("not yet",))


@pytest.mark.parametrize(
    ("one", "trace", "matches"),
    [
        (WORDS, {"name": "E-mail", "note": "Attached the Maintenance\n data of line 2."}, True),
        (WORDS, {"name": "The log files are here", "note": ""}, True),
        (WORDS, {"note": "maintenance databases"}, False),
        (WORDS, {"note": "We have the maintenance data, not yet cleared."}, False),
        (WORDS, {"note": "maintenance data", "kind": "demand"}, False),
        (rule(pattern=r"\bNDA\b.*signed"), {"note": "the nda was SIGNED today"}, True),
        (rule(pattern=r"\bNDA\b.*signed"), {"note": "agenda designed"}, False),
        (rule(Trace.STAGE, names=("Prove",)), {"kind": "stage", "name": " prove "}, True),
        (rule(Trace.STAGE, names=("prove",)), {"kind": "stage", "name": "propose"}, False),
        (
            rule(Trace.FIELD, names=("nda_status",)),
            {"kind": "field", "name": "NDA_Status", "note": "x"},
            True,
        ),
        (
            rule(Trace.FIELD, names=("nda",), values=("signed",)),
            {"kind": "field", "name": "nda", "note": "Signed"},
            True,
        ),
        (
            rule(Trace.FIELD, names=("nda",), values=("signed",)),
            {"kind": "field", "name": "nda", "note": "sent"},
            False,
        ),
        (rule(Trace.ROLE, names=("champion",)), {"kind": "role", "name": "champion"}, True),
        (
            rule(Trace.QUOTE, values=("approved",)),
            {"kind": "quote", "name": "Quote 7", "value": "Approved"},
            True,
        ),
        (
            rule(Trace.APPROVAL, values=("approved",)),
            {"kind": "escalation", "name": "price", "note": "open"},
            False,
        ),
        (rule(Trace.DOCUMENT, words=("stoppage",)), {"kind": "document", "name": "Stoppage log.xlsx"}, True),
        (rule(Trace.DOCUMENT, words=("stoppage",)), {"kind": "document", "name": "Stoppages.xlsx"}, False),
    ],
)
def test_what_matches(one, trace, matches):
    assert bool(found(one, trace)) is matches


def test_the_earliest_match_of_a_deal_counts():
    hits = found(WORDS, {"note": "log files", "at": days(9)}, {"note": "log files again", "at": days(4)})
    assert [hit["at"] for hit in hits] == [days(4)]


def test_what_happened_before_the_deal_or_after_its_close_does_not_count():
    closed = deals({"deal_id": "D1", "closed": days(5), "status": "won"})
    assert not found(WORDS, {"note": "log files", "at": days(6)}, of=closed)
    assert not found(WORDS, {"note": "log files", "at": days(-1)})
    assert found(WORDS, {"note": "log files", "at": days(5)}, of=closed)
    assert not found(rule(words=("log files",), only_open=True), {"note": "log files"}, of=closed)


def test_the_same_traces_in_any_order_give_the_same_hits():
    rows = [{"deal_id": f"D{n % 7}", "note": "log files", "at": days(1 + n % 5)} for n in range(40)]
    of = deals(*({"deal_id": f"D{n}"} for n in range(7)))
    assert found(WORDS, *rows, of=of) == found(WORDS, *reversed(rows), of=of)


@pytest.mark.parametrize(
    ("one", "trace", "words"),
    [
        (WORDS, {"name": "Mail", "note": "As promised: log files of line 2."}, "“Mail”: “As promised: log files of line 2.”, Ann Moor."),
        (rule(Trace.STAGE, names=("prove",)), {"kind": "stage", "name": "prove", "who": None}, "The deal reached stage prove."),
        (rule(Trace.ROLE, names=("budget_owner",)), {"kind": "role", "name": "budget_owner"}, "Ann Moor was added as budget owner."),
        (rule(Trace.FIELD, names=("nda",)), {"kind": "field", "name": "nda", "note": "signed", "who": ""}, "nda was set to signed."),
        (rule(Trace.DOCUMENT, words=("log",)), {"kind": "document", "name": "Stoppage log.xlsx"}, "Document “Stoppage log.xlsx” was received, Ann Moor."),
    ],
)  # fmt: skip
def test_each_hit_is_explained_in_words(one, trace, words):
    assert detection.in_words(one, found(one, trace)[0]) == words


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"trace": "mood"}, "trace"),
        ({"state": "broken"}, "state"),
        ({"evidence": 1}, "evidence"),
        ({"act": ""}, "act"),
        ({"confidence": 0}, "confidence"),
        ({"words": ()}, "words"),
        ({"trace": Trace.FIELD}, "names"),
        ({"pattern": "a" * 201}, "pattern"),
        ({"pattern": "(unclosed"}, "pattern"),
        ({"pattern": r"(a)\1"}, "pattern"),
        ({"pattern": "(?=look)"}, "pattern"),
        ({"pattern": "x*"}, "pattern"),
        ({"pattern": "(?:a{500}){500}"}, "pattern"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(wrong, field):
    assert set(detection.problems(rule(**({"words": ("log",)} | wrong)))) == {field}


def test_a_cunning_pattern_does_not_take_for_ever():
    evil = rule(pattern=r"^(a+)+$")
    assert not detection.problems(evil)
    assert not found(evil, {"name": "", "note": "a" * 3_999 + "!"})  # backtracking, it would not come back


def test_a_rule_reads_back_from_its_plain_form():
    assert detection.rule_of(detection.plain(WORDS) | {"unknown": 1}) == WORDS


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"now": None}, Say.WRITE),
        ({"now": None, "complete": False}, Say.PROPOSE),
        ({"now": "asked", "by_people": False}, Say.WRITE),
        ({"now": "asked", "by_people": True}, Say.PROPOSE),
        ({"now": "asked", "by_people": True, "since": days(9)}, Say.NOTHING),
        ({"now": "gained", "by_people": True}, Say.NOTHING),
        ({"now": "declined", "by_people": True}, Say.NOTHING),
        ({"now": "not_needed", "by_people": True}, Say.NOTHING),
    ],
)
def test_what_a_person_said_is_never_overridden(facts, verdict):
    usual = {"state": "gained", "at": days(3), "since": days(1), "by_people": False, "complete": True}
    assert detection.say(**(usual | facts)) == verdict


@pytest.mark.parametrize(
    ("state", "later", "right"),
    [("gained", "kept", True), ("gained", "broken", True), ("gained", "asked", False), ("asked", "soft", True), ("asked", "not_needed", False)],
)  # fmt: skip
def test_what_people_say_next_bears_a_rule_out_or_not(state, later, right):
    assert detection.was_right(state, later) is right


def test_a_test_on_history_counts_against_what_people_recorded():
    of = deals(*({"deal_id": f"D{n}"} for n in range(1, 11)))
    hits = detection.find(
        WORDS, traces=traces(*({"deal_id": f"D{n}", "note": "log files"} for n in (1, 2, 3, 4))), deals=of
    )
    recorded = pl.DataFrame(
        {"deal_id": ["D1", "D2", "D3", "D9"], "at": [days(5)] * 4}, schema_overrides={"at": pl.Datetime("us")}
    )
    told = detection.tested(hits=hits, deals=of, recorded=recorded)
    assert (told.hits, told.deals, told.share.value) == (4, 10, 0.4)
    assert (told.also_recorded.value, told.found.value, told.days) == (0.75, 0.75, -2.0)
