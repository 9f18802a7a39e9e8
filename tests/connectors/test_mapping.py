"""A mapping file says how a company's tables are read, and what is wrong in it is named with its line."""

from __future__ import annotations

import datetime as dt

import pytest

from connectors import papers
from hingepoint.connectors import files


def mapped(path, text, **more):
    return files.read(deals=path, mapping=files.parse_mapping(text), **more)


def test_columns_are_named(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open", headings="key,begun,how it stands")
    found = mapped(path, "deals: {columns: {deal_id: key, created: begun, status: How It Stands}}")
    assert found.deals["deal_id"].to_list() == ["A"]
    assert found.understood[0].columns[0].how == "mapping"


def test_a_mapped_column_goes_before_a_recognised_one(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open,Ann,Bea", headings="deal_id,created,status,owner,rep")
    found = mapped(path, "deals: {columns: {owner: rep}}")
    assert found.deals.select("owner", "owner (file)").row(0) == ("Bea", "Ann")


def test_statuses_of_the_company_are_translated(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,2024-02-01,Signed", "B,2024-01-01,,Talking")
    found = mapped(path, "deals: {status: {won: [Signed], open: [Talking]}}")
    assert found.deals["status"].to_list() == ["won", "open"]


def test_constants_fill_every_row(tmp_path):
    found = mapped(
        papers.deals(tmp_path, "A,2024-01-01,,open"), "deals: {constants: {currency: usd, amount: 5}}"
    )
    assert found.deals.select("currency", "amount").row(0) == ("USD", 5.0)


def test_rows_are_left_out_and_counted(tmp_path):
    path = papers.deals(
        tmp_path, "A,2024-01-01,open,TRUE", "B,2024-01-01,open,false", headings="deal_id,created,status,gone"
    )
    found = mapped(path, "deals: {leave_out: {gone: [true]}}")
    assert found.deals["deal_id"].to_list() == ["B"]
    assert found.rules == {"left_out_by_mapping": 1}


def test_dates_of_stages_become_events(tmp_path):
    path = papers.deals(
        tmp_path, "A,2024-01-01,open,2024-02-03,", headings="deal_id,created,status,demo,quote"
    )
    found = mapped(path, "deals: {events_from_columns: {demo: Demo given, quote: Quoted}}")
    assert found.events.select("deal_id", "agreement", "at", "kind").rows() == [
        ("A", "Demo given", dt.datetime(2024, 2, 3), "stage"),  # noqa: DTZ001
    ]


def test_columns_of_a_second_file_are_looked_up(tmp_path):
    papers.file(tmp_path, "product;price\nGTX Pro;4.821,00\nMG;55,00\n", "products.csv")
    rows = ("A,2024-01-01,open,GTXPro", "B,2024-01-01,open,MG", "C,2024-01-01,open,?")
    path = papers.deals(tmp_path, *rows, headings="deal_id,created,status,product")
    text = (
        "deals:\n  columns: {list_price: price}\n  joins:\n"
        "    - {file: products.csv, on: product, take: [price], replace: {GTXPro: GTX Pro}}\n"
    )
    found = mapped(path, text)
    assert found.deals["list_price"].to_list() == [4821.0, 55.0, None]
    assert found.rules == {"no_join": 1}


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "a\\b.csv", ".."])
def test_a_second_file_is_in_the_same_folder(name):
    with pytest.raises(files.FileProblem, match="bare name of a file in the same folder"):
        files.parse_mapping(f"deals: {{joins: [{{file: '{name}', on: a, take: [b]}}]}}")


def test_a_lookup_with_a_value_twice_is_refused(tmp_path):
    papers.file(tmp_path, "product,price\nMG,55\nMG,56\n", "products.csv")
    path = papers.deals(tmp_path, "A,2024-01-01,open,MG", headings="deal_id,created,status,product")
    with pytest.raises(files.FileProblem, match="has 'MG' more than once in column 'product'"):
        mapped(path, "deals: {joins: [{file: products.csv, on: product, take: [price]}]}")


def test_times_are_moved_from_the_zone_of_the_file(tmp_path):
    path = papers.deals(tmp_path, "A,2024-07-01 12:00:00,,open", "B,2024-07-01,,open")
    found = mapped(path, "zone: UTC", zone="Europe/Amsterdam")
    assert [each.isoformat() for each in found.deals["created"]] == [
        "2024-07-01T14:00:00",
        "2024-07-01T00:00:00",
    ]


def test_one_file_of_an_archive_is_chosen(tmp_path):
    one = papers.deals(tmp_path, "A,2024-01-01,,open", name="one.csv")
    two = papers.deals(tmp_path, "B,2024-01-01,,open", name="two.csv")
    found = mapped(papers.zipped(one, two), "deals: {member: two.csv}")
    assert found.deals["deal_id"].to_list() == ["B"]


def test_headings_may_be_further_down(tmp_path):
    path = papers.file(tmp_path, "x,y,z\nkey,created,status\nA,2024-01-01,open\n")
    found = mapped(path, "deals: {header_row: 2, columns: {deal_id: key}}")
    assert found.deals["deal_id"].to_list() == ["A"]


def test_kinds_are_given_by_step(tmp_path):
    deals = papers.deals(tmp_path, "D-1,2024-01-01,,open")
    events = papers.file(
        tmp_path, "deal_id,activity,at\nD-1,W_call,2024-01-02\nD-1,budget,2024-01-03\n", "events.csv"
    )
    mapping = files.parse_mapping("events: {kinds: {activity: [W_*]}}")
    found = files.read(deals=deals, events=events, mapping=mapping)
    assert found.events["kind"].to_list() == ["activity", "agreement"]


def test_yes_no_and_on_are_words_and_not_truth_values():
    mapping = files.parse_mapping("deals: {agreement_values: {Budget: {yes: [on], no: [off, No]}}}")
    assert mapping.deals.agreement_values == {"Budget": {"yes": ["on"], "no": ["off", "No"]}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deals:\n  colums: {}", "line 2, deals.colums is not a key of a mapping"),
        ("deals:\n  columns:\n    ower: x", "line 2, deals.columns: 'ower' is not one of our columns"),
        ("deals:\n  decimal: ';'", "line 2, deals.decimal: input should be"),
        ("zone: Mars/Olympus", "line 1, zone: 'Mars/Olympus' is not a time zone"),
        ("deals:\n  encoding: klingon", "line 2, deals.encoding: 'klingon' is not an encoding"),
        ("deals:\n  date_format: backwards", "line 2, deals.date_format: must be one of"),
        ("deals:\n  status:\n    done: [x]", "line 3, deals.status.done"),
        ("deals: {columns: [a]}", "line 1, deals.columns"),
        ("deals: x", "line 1, deals"),
        ("- a", "the file"),
        ("a: &x [1]\nb: *x", "line 2, aliases"),
        ("zone: UTC\nzone: UTC", "line 2, 'zone' is given twice"),
        ("deals: {", "is not valid YAML: line 1"),
        ("deals: !!python/object/apply:os.system ['x']", "deals"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_named_with_its_line(text, said):
    with pytest.raises(files.FileProblem) as refused:
        files.parse_mapping(text, file="map.yaml")
    assert str(refused.value).startswith("map.yaml: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "deals: {columns: {owner: nobody}}",
        "deals: {known_at_creation: [nothing]}",
        "deals: {agreement_columns: [nothing]}",
        "deals: {events_from_columns: {nothing: X}}",
        "deals: {leave_out: {nothing: [x]}}",
        "deals: {status_from: {won: {nothing: [x]}}}",
    ],
)
def test_a_mapping_to_a_column_that_is_not_there_is_refused(tmp_path, text):
    with pytest.raises(files.FileProblem, match="has no column 'no"):
        mapped(papers.deals(tmp_path, "A,2024-01-01,,open"), text)


def test_a_join_by_a_column_that_is_not_there_is_refused(tmp_path):
    papers.file(tmp_path, "product,price\nMG,55\n", "products.csv")
    with pytest.raises(files.FileProblem, match="has no column 'nothing'"):
        mapped(
            papers.deals(tmp_path, "A,2024-01-01,,open"),
            "deals: {joins: [{file: products.csv, on: nothing, equals: product, take: [price]}]}",
        )


def test_an_empty_mapping_is_no_mapping():
    assert files.parse_mapping("") == files.Mapping()


def test_a_mapping_that_is_not_text_is_refused(tmp_path):
    with pytest.raises(files.FileProblem, match="cannot be read as a UTF-8 text file"):
        files.load_mapping(papers.file(tmp_path, b"\xff\xfe\x00", "map.yaml"))
