"""Events tables and event logs: from steps with times to deals with an outcome."""

from __future__ import annotations

import pytest

from connectors import papers
from hingepoint.connectors import files

OUTCOME = "outcome: {won: [signed]}"
BOTH = "outcome: {won: [signed], lost: [declined]}"


def log(folder, *traces: str, name: str = "log.xes"):
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<log xmlns="http://www.xes-standard.org/">\n'
        + "\n".join(traces)
        + "\n</log>"
    )
    return papers.file(folder, text, name)


def trace(case: str, *events: str, more: str = "") -> str:
    return f'<trace>\n<string key="concept:name" value="{case}"/>{more}\n' + "\n".join(events) + "\n</trace>"


def event(step: str, at: str, transition: str = "complete") -> str:
    return (
        f'<event><string key="concept:name" value="{step}"/><string key="lifecycle:transition" value="{transition}"/>'
        f'<string key="org:resource" value="Ann"/><date key="time:timestamp" value="{at}"/></event>'
    )


def read(path, text=OUTCOME, **more):
    return files.read(log=path, mapping=files.parse_mapping(text), **more)


def test_a_log_gives_deals_with_their_attributes_and_events(tmp_path):
    more = '<float key="AMOUNT_REQ" value="1.234"/><date key="REG_DATE" value="2024-01-01T10:00:00+01:00"/>'
    path = log(
        tmp_path,
        trace(
            "D-1", event("pilot", "2024-01-05T10:00:00Z"), event("signed", "2024-02-01T10:00:00Z"), more=more
        ),
    )
    found = read(path, OUTCOME + "\ndeals: {columns: {created: REG_DATE, initial_amount: AMOUNT_REQ}}")
    deal = found.deals.row(0, named=True)
    assert (deal["deal_id"], deal["status"], deal["initial_amount"]) == ("D-1", "won", 1.234)
    assert (deal["created"].isoformat(), deal["closed"].isoformat()) == (
        "2024-01-01T09:00:00",
        "2024-02-01T10:00:00",
    )
    assert found.events.select("agreement", "actor").rows() == [("pilot", "Ann"), ("signed", "Ann")]


def test_the_first_outcome_decides_and_a_deal_without_one_is_open(tmp_path):
    path = log(
        tmp_path,
        trace("A", event("declined", "2024-01-02T00:00:01Z"), event("signed", "2024-01-03T00:00:00Z")),
        trace("B", event("pilot", "2024-01-02T00:00:00Z")),
    )
    found = read(path, BOTH)
    assert found.deals.select("deal_id", "status").rows() == [("A", "lost"), ("B", "open")]
    assert found.rules == {"event_after_close": 1, "reaches_won_and_lost": 1}


def test_only_completed_events_count_unless_the_mapping_says_otherwise(tmp_path):
    path = log(
        tmp_path,
        trace(
            "A",
            event("call", "2024-01-02T00:00:00Z", "START"),
            event("signed", "2024-01-03T00:00:00Z", "COMPLETE"),
        ),
    )
    assert read(path).events["agreement"].to_list() == ["signed"]
    assert read(path).rules == {"other_transition": 1}
    every = read(path, OUTCOME + "\nevents: {lifecycle: [all]}")
    assert every.events["agreement"].to_list() == ["call", "signed"]


def test_a_log_is_read_packed_too(tmp_path):
    path = papers.gzipped(log(tmp_path, trace("A", event("signed", "2024-01-03T00:00:00Z"))))
    assert read(path).deals["status"].to_list() == ["won"]


def test_a_log_given_as_events_alone_is_a_log(tmp_path):
    path = log(tmp_path, trace("A", event("signed", "2024-01-03T00:00:00Z")))
    found = files.read(events=path, mapping=files.parse_mapping(OUTCOME))
    assert found.deals["status"].to_list() == ["won"]


def test_a_log_without_an_outcome_says_what_to_do(tmp_path):
    path = log(tmp_path, trace("A", event("signed", "2024-01-03T00:00:00Z")))
    with pytest.raises(files.FileProblem, match="does not say which deals are won and lost"):
        files.read(log=path)


def test_an_outcome_that_never_happens_is_refused(tmp_path):
    path = log(tmp_path, trace("A", event("signed", "2024-01-03T00:00:00Z")))
    with pytest.raises(files.FileProblem, match="'declined' decides the outcome, but no event is called so"):
        read(path, BOTH)


def test_a_bad_value_in_a_log_names_its_line(tmp_path):
    path = log(tmp_path, trace("A", event("signed", "0000-00-00"), event("pilot", "2024-01-03T00:00:00Z")))
    with pytest.raises(files.BadRows) as refused:
        read(path, OUTCOME)
    assert (refused.value.problems[0].row, refused.value.problems[0].column) == (5, "time:timestamp")


def test_an_events_table_with_an_outcome_gives_its_deals(tmp_path):
    text = "case_id,activity,timestamp\nA,pilot,2024-01-02\nA,signed,2024-01-05\nB,declined,2024-01-09\n"
    found = read(papers.file(tmp_path, text, "events.csv"), BOTH)
    assert found.deals.select("deal_id", "status").rows() == [("A", "won"), ("B", "lost")]
    assert found.deals["created"].to_list()[0].isoformat() == "2024-01-02T00:00:00"


def test_events_go_with_their_deals(tmp_path):
    deals = papers.deals(
        tmp_path, "D-1,2024-01-15,2024-03-20,won", "D-2,2024-02-01,,open", "D-3,2024-02-28,2024-04-30,lost"
    )
    found = files.read(deals=deals, events=papers.file(tmp_path, papers.EVENTS, "events.csv"))
    assert found.events.select("deal_id", "agreement", "state", "kind").rows() == [
        ("D-1", "pilot", "gained", "agreement"),
        ("D-2", "budget", "gained", "agreement"),
        ("D-3", "pilot", "gained", "agreement"),
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("evidence", "5"),
        ("evidence", "1.5"),
        ("quality", "8"),
        ("quality", "-1"),
        ("state", "maybe"),
        ("kind", "dance"),
        ("side", "enemy"),
        ("currency", "dollars"),
    ],
)
def test_a_value_outside_its_list_names_its_row(tmp_path, column, value):
    deals = papers.deals(tmp_path, "D-1,2024-01-15,,open")
    events = papers.file(
        tmp_path, f"deal_id,agreement,at,{column}\nD-1,pilot,2024-01-20,{value}\n", "events.csv"
    )
    with pytest.raises(files.BadRows) as refused:
        files.read(deals=deals, events=events)
    assert [(each.row, each.column, each.value) for each in refused.value.problems] == [(2, column, value)]


def test_events_come_in_batches_and_are_the_same_events(tmp_path):
    rows = "".join(f"D-{i % 7},step {i % 3},2024-01-{1 + i % 28:02d} 10:{i % 60:02d}\n" for i in range(1000))
    path = papers.file(tmp_path, "deal_id,agreement,at\n" + rows, "events.csv")
    with files.open_events(path, batch=64) as stream:
        streamed = [row for part in stream for row in part.rows()]
        rules = stream.rules
    deals = papers.deals(tmp_path, *(f"D-{i},2023-12-31,,open" for i in range(7)))
    whole = files.read(deals=deals, events=path)
    assert streamed == whole.events.rows()
    assert rules == whole.rules == {"duplicate_event": 1000 - len(streamed)}


def test_a_stream_with_bad_rows_raises_at_its_end(tmp_path):
    path = papers.file(
        tmp_path, "deal_id,agreement,at\nA,x,2024-01-01\nA,y,soon\nA,z,2024-01-03\n", "events.csv"
    )
    got = []
    with files.open_events(path, batch=1) as stream, pytest.raises(files.BadRows):
        got.extend(row for part in stream for row in part["agreement"])
    assert got == ["x", "z"]
    with files.open_events(path, skip_bad_rows=True) as stream:
        assert sum(part.height for part in stream) == 2
        assert stream.bad_rows == 1
