"""Histories as CRMs export them are read as changes of stage and of fields, never as agreements."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from connectors import papers
from hingepoint.connectors import files
from histories import SHARED

DEALS = "Opportunity ID,Created Date,Close Date,Stage,Amount\n1,2024-01-05,2024-06-30,Closed Won,1000\n2,2024-01-06,2024-07-02,Closed Lost,900\n"


@pytest.fixture
def read(tmp_path):
    """Return a reader of events (rows of deal, what, day, kind, value, note) beside two deals."""

    def read(text: str, **options: object) -> list[tuple]:
        (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
        (tmp_path / "events.csv").write_text(text, encoding="utf-8")
        found = files.read(deals=tmp_path / "deals.csv", events=tmp_path / "events.csv", **options)
        return rows_of(found)

    return read


def rows_of(reading: files.Reading) -> list[tuple]:
    events = reading.events.sort("deal_id", "at", "kind", "agreement")
    return [
        (deal, what, at.date().isoformat(), kind, value, note)
        for deal, what, at, kind, value, note in events.select(
            "deal_id", "agreement", "at", "kind", "value", "note"
        ).iter_rows()
    ]


def test_a_field_history_tells_stages_and_fields(read):
    told = read(
        "Opportunity ID,Field / Event,Old Value,New Value,Edit Date,Edited By\n"
        "1,Stage,Prospecting,Proposal,2024-02-01,Ann\n"
        "1,Amount,900,1000,2024-02-02,Ann\n"
        "1,Close Date,2024-03-01,2024-06-30,2024-02-03,Ann\n"
        "1,Owner,Ann,Ben,2024-02-04,Ann\n"
    )
    assert told == [
        ("1", "Proposal", "2024-02-01", "stage", None, "Prospecting → Proposal"),
        ("1", "Amount", "2024-02-02", "field", 1000.0, "900 → 1000"),
        ("1", "Close Date", "2024-02-03", "field", None, "2024-03-01 → 2024-06-30"),
        ("1", "Owner", "2024-02-04", "field", None, "Ann → Ben"),
    ]


@pytest.mark.parametrize(
    "headings",
    [
        "Deal,Field name,Old value,New value,Change time",
        "OpportunityId,Field,OldValue,NewValue,CreatedDate",
        "Opportunity,Changed Field,Old Value,New Value,Changed On",
        "case,Feld,Alter Wert,Neuer Wert,Date",
        "deal_id,champ,ancienne valeur,nouvelle valeur,at",
    ],
)
def test_the_headings_of_other_systems_and_languages_are_known(read, headings):
    assert read(f"{headings}\n1,stage,Prospecting,Proposal,2024-02-01\n") == [
        ("1", "Proposal", "2024-02-01", "stage", None, "Prospecting → Proposal")
    ]


def test_a_property_history_without_old_values_is_one_too(read):
    told = read(
        "deal_id,timestamp,source,name,source_id,value\n"
        "1,2024-02-01 10:00:00,CRM_UI,dealstage,x,proposal\n"
        "1,2024-02-02 10:00:00,API,amount,x,1200.5\n"
    )
    assert told == [
        ("1", "proposal", "2024-02-01", "stage", None, "proposal"),
        ("1", "amount", "2024-02-02", "field", 1200.5, "1200.5"),
    ]


def test_a_state_history_tells_what_changed_since_the_row_before_in_time(read):
    told = read(
        "OpportunityId,StageName,Amount,CloseDate,CreatedDate\n"
        "1,Proposal,1000,2024-04-01,2024-02-01 10:00\n"  # newest first, as reports often are
        "1,Prospecting,1000,2024-03-01,2024-01-06 10:00\n"
        "1,Proposal,1200,2024-04-01,2024-02-05 10:00\n"
        "2,Prospecting,5,2024-04-01,2024-01-07 10:00\n"
    )
    assert told == [
        ("1", "Prospecting", "2024-01-06", "stage", None, "Prospecting"),
        ("1", "Close Date", "2024-02-01", "field", None, "2024-03-01 → 2024-04-01"),
        ("1", "Proposal", "2024-02-01", "stage", None, "Prospecting → Proposal"),
        ("1", "Amount", "2024-02-05", "field", 1200.0, "1000 → 1200"),
        ("2", "Prospecting", "2024-01-07", "stage", None, "Prospecting"),
    ]


def test_stages_with_their_days_alone_are_stages(read):
    assert read("Opportunity ID,Stage Name,Created Date\n1,Proposal,2024-02-01\n") == [
        ("1", "Proposal", "2024-02-01", "stage", None, "Proposal")
    ]


def test_a_table_of_agreements_stays_one(read):
    told = read("deal_id,agreement,at,stage,value\n1,Budget named,2024-02-01,Proposal,5\n")
    assert told == [("1", "Budget named", "2024-02-01", "agreement", 5.0, None)]


def test_what_a_mapping_says_goes_before_what_a_table_looks_like(read):
    mapping = files.parse_mapping("events: {columns: {agreement: New Value}, constants: {kind: stage}}")
    told = read("Opportunity ID,Old Value,New Value,Edit Date\n1,A,B,2024-02-01\n", mapping=mapping)
    assert told == [("1", "B", "2024-02-01", "stage", None, None)]


def test_old_and_new_values_without_their_field_are_asked_about(read):
    with pytest.raises(files.FileProblem, match=r"not of which field.*constants: \{kind: stage\}"):
        read("Opportunity ID,Old Value,New Value,Edit Date\n1,A,B,2024-02-01\n")


def test_a_bad_day_of_a_history_is_found_in_the_file(tmp_path):
    (tmp_path / "deals.csv").write_text(DEALS)
    (tmp_path / "events.csv").write_text(
        "Opportunity ID,Field,Old Value,New Value,Edit Date\n1,Stage,A,B,2024-02-01\n1,Stage,B,C,soon\n"
    )
    with pytest.raises(files.BadRows) as refused:
        files.read(deals=tmp_path / "deals.csv", events=tmp_path / "events.csv")
    assert "row 3, column Edit Date: found 'soon'" in str(refused.value)


def test_dates_of_stages_in_the_deals_table_are_stages(tmp_path):
    (tmp_path / "deals.csv").write_text(
        'Record ID,Create Date,Close Date,Deal Stage,"Date entered ""Proposal (Sales Pipeline)""",Date entered Demo\n'
        "1,2024-01-01,2024-03-01,Closed Won,2024-02-01,2024-01-15\n"
        "2,2024-01-01,,Demo,,2024-01-17\n",
        encoding="utf-8",
    )
    assert rows_of(files.read(deals=tmp_path / "deals.csv")) == [
        ("1", "Demo", "2024-01-15", "stage", None, None),
        ("1", "Proposal", "2024-02-01", "stage", None, None),
        ("2", "Demo", "2024-01-17", "stage", None, None),
    ]


class TestSnapshots:
    TABLE = (
        "Snapshot Date,Opportunity ID,Created Date,Close Date,Stage,Amount\n"
        "2024-03-31,1,2024-01-05,2024-03-20,Closed Won,1000\n"
        "2024-01-31,1,2024-01-05,2024-03-31,Proposal,900\n"
        "2024-02-29,2,2024-01-05,2024-02-20,Closed Lost,900\n"
    )

    def test_the_newest_row_is_the_deal_and_the_older_ones_its_history(self, tmp_path):
        (tmp_path / "deals.csv").write_text(self.TABLE)
        found = files.read(deals=tmp_path / "deals.csv")
        assert found.deals.select("deal_id", "status", "amount", "closed").rows() == [
            ("1", "won", 1000.0, dt.datetime(2024, 3, 20)),  # noqa: DTZ001
            ("2", "lost", 900.0, dt.datetime(2024, 2, 20)),  # noqa: DTZ001
        ]
        assert rows_of(found) == [
            ("1", "Amount", "2024-03-31", "field", None, "900 → 1000"),
            ("1", "Closed Won", "2024-03-31", "stage", None, "Proposal → Closed Won"),
        ]
        assert found.rules["older_snapshot"] == 1

    def test_two_rows_of_one_day_contradict_each_other(self, tmp_path):
        (tmp_path / "deals.csv").write_text(self.TABLE.replace("2024-01-31", "2024-03-31"))
        with pytest.raises(files.BadRows, match="an id that no other row has"):
            files.read(deals=tmp_path / "deals.csv")

    def test_without_a_day_none_of_a_deals_rows_is_used_and_both_are_named(self, tmp_path):
        (tmp_path / "deals.csv").write_text(
            "deal_id,created,closed,status\n1,2024-01-01,,open\n1,2024-01-01,2024-03-01,won\n2,2024-01-01,2024-03-01,lost\n"
        )
        found = files.read(deals=tmp_path / "deals.csv", skip_bad_rows=True)
        assert found.deals["deal_id"].to_list() == ["2"]
        assert found.bad_rows == 2
        assert [each.row for each in found.problems] == [2, 3]


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the small real inputs of {SHARED}")
class TestRealCases:
    CASES: Path = SHARED / "cases"

    def test_a_salesforce_field_history(self):
        folder = self.CASES / "sf_field_history"
        found = files.read(deals=folder / "deals.csv", events=folder / "events.csv")
        assert {(row[1], row[3]) for row in rows_of(found)} == {
            ("Proposal", "stage"),
            ("Amount", "field"),
            ("Close Date", "field"),
            ("Owner", "field"),
            ("Next Step", "field"),
        }

    def test_snapshot_rows(self):
        found = files.read(deals=self.CASES / "snapshot_rows" / "deals.csv")
        assert found.deals.select("deal_id", "status").rows() == [("R-1", "won"), ("R-2", "lost")]


# Rows that cannot be read, and what they may have said

SNAPSHOTS = "Snapshot Date,Opportunity ID,Created Date,Close Date,Stage,Amount"


def skipping(path, **more):
    found = files.read(deals=path, skip_bad_rows=True, today=dt.date(2026, 11, 28), **more)
    return {row[0]: row[1] for row in found.deals.select("deal_id", "status").iter_rows()}, found


@pytest.mark.parametrize(
    ("newest", "told"),
    [
        ("2024-03-31,R-1,2024-01-05,2024-03-20,Closed Won,1000", {"R-1": "won", "R-2": "lost"}),
        ("2024-03-31,R-1,2024-01-05,2024-03-20,Closed Won,many", {"R-2": "lost"}),
        ("2024-03-31,R-1,soon,2024-03-20,Closed Won,1000", {"R-2": "lost"}),
        ("one day,R-1,2024-01-05,2024-03-20,Closed Won,many", {"R-2": "lost"}),
        ("2024-01-15,R-1,2024-01-05,2024-03-31,Qualify,many", {"R-1": "lost", "R-2": "lost"}),
    ],
    ids=["read", "amount", "created", "undated", "older"],
)
def test_a_skipped_row_of_a_deal_never_leaves_an_older_one_in_its_place(tmp_path, newest, told):
    rows = (
        "2024-01-31,R-1,2024-01-05,2024-01-30,Closed Lost,900",
        newest,
        "2024-02-29,R-2,2024-01-05,2024-02-20,Closed Lost,900",
    )
    for order in (rows, rows[::-1]):
        found, reading = skipping(papers.deals(tmp_path, *order, headings=SNAPSHOTS))
        assert found == told
        assert reading.rules.get("beside_unreadable_row", 0) == ("R-1" not in told)


def test_a_skipped_row_leaves_no_other_of_its_deal_where_no_day_tells_them_apart(tmp_path):
    rows = (
        "A,2024-01-01,,open",
        "A,soon,2024-03-01,won",
        "B,2024-01-01,2024-02-01,lost",
    )
    found, reading = skipping(papers.deals(tmp_path, *rows, headings="deal_id,created,closed,status"))
    assert found == {"B": "lost"}
    assert reading.rules["beside_unreadable_row"] == 1


@pytest.mark.parametrize("step", ["Order", "order ", ""])
def test_a_deal_whose_deciding_step_cannot_be_read_is_not_open(tmp_path, step):
    log = tmp_path / "log.csv"
    log.write_text(
        "case_id,activity,timestamp\n"
        "A,Call,2024-01-01\n"
        f"A,{step},one day\n"
        "B,Call,2024-01-02\n"
        "B,Order,2024-02-02\n"
        "C,Call,2024-01-03\n"
        "C,Call,one day\n"
        "D,Refusal,2024-02-03\n"
    )
    mapping = files.Mapping.model_validate({"outcome": {"won": ["Order"], "lost": ["Refusal"]}})
    found = files.read(log=log, mapping=mapping, skip_bad_rows=True)
    told = dict(found.deals.select("deal_id", "status").iter_rows())
    assert told == {"B": "won", "C": "open", "D": "lost"}
    assert found.rules["beside_unreadable_row"] == 1
