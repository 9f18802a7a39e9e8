"""A deals table is read as its owner means it, or not at all."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from connectors import papers
from hingepoint.analysis import frames
from hingepoint.connectors import files
from hingepoint.connectors.files import fields


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def read(path, **more):
    return files.read(deals=path, **more).deals


def only(path, column, **more):
    return read(path, **more)[column].to_list()


def test_the_columns_are_those_of_the_analysis_with_their_types():
    assert fields.schema("deals") == frames.schema(frames.DEALS)
    read = fields.schema("events")
    assert {name: read[name] for name in frames.EVENTS} == frames.schema(frames.EVENTS)
    assert set(read) - set(frames.EVENTS) == {"recorded_at", "act", "due_on"} - set(frames.EVENTS)
    assert list(fields.schema("deals")) == list(frames.DEALS)
    for role in ("deals", "events", "agreements"):
        assert set(fields.MEANINGS[role]) == set(fields.schema(role))


def test_a_plain_table_is_read(tmp_path):
    found = read(papers.deals(tmp_path, "D-1,2024-01-15,2024-03-20,won", "D-2,2024-02-01,,open"))
    assert found.rows() == [
        ("D-1", moment("2024-01-15"), "won", moment("2024-03-20")),
        ("D-2", moment("2024-02-01"), "open", None),
    ]


@pytest.mark.parametrize(
    "headings",
    [
        "Opportunity ID,Created Date,Close Date,Status",
        "case:concept:name,CREATED_AT,closed at,Deal Status",
        "hs_object_id,createdate,closedate,status",
        "opportunityid,createdon,actualclosedate,outcome",
        "Deal - ID,Deal - Deal created,Deal - Closed time,Deal - Status",
        "id,create_date,date_closed,Status",
        "id,createdAt,closeDate,status",
    ],
)
def test_the_usual_headings_of_exports_are_recognised(tmp_path, headings):
    found = read(papers.deals(tmp_path, "D-1,2024-01-15,2024-03-20,Closed Won", headings=headings))
    assert found.columns == ["deal_id", "created", "status", "closed"]
    assert found["status"].to_list() == ["won"]


def test_a_name_goes_before_a_synonym(tmp_path):
    path = papers.deals(tmp_path, "D-1,2024-01-15,open,x9", headings="deal_id,created,status,id")
    found = read(path)
    assert found["deal_id"].to_list() == ["D-1"]
    assert found["id"].to_list() == ["x9"]


def test_a_column_of_the_company_is_kept_as_it_is(tmp_path):
    path = papers.deals(tmp_path, "D-1,2024-01-15,open,007", headings="deal_id,created,status,Zip")
    assert only(path, "Zip") == ["007"]


@pytest.mark.parametrize(
    ("cells", "status"),
    [("true,true", "won"), ("false,true", "lost"), ("false,false", "open")],
)
def test_the_flags_of_salesforce_say_the_status(tmp_path, cells, status):
    path = papers.deals(
        tmp_path, f"D-1,2024-01-15,2024-02-01,{cells}", headings="Id,CreatedDate,CloseDate,IsWon,IsClosed"
    )
    assert only(path, "status") == [status]


def test_a_stage_that_says_closed_won_is_the_status_when_nothing_else_is(tmp_path):
    rows = (
        "1,2024-01-15,2024-02-01,Closed Won",
        "2,2024-01-15,2024-02-01,closedlost",
        "3,2024-01-15,,Proposal",
    )
    path = papers.deals(tmp_path, *rows, headings="Record ID,Create Date,Close Date,Deal Stage")
    assert only(path, "status") == ["won", "lost", "open"]


def test_the_close_date_of_an_open_deal_is_its_expected_close(tmp_path):
    found = files.read(deals=papers.deals(tmp_path, "D-1,2024-01-15,2024-06-30,open"))
    assert found.deals["closed"].to_list() == [None]
    assert found.deals["expected_close"].to_list() == [moment("2024-06-30")]
    assert found.rules == {"open_with_close_date": 1}


def test_a_won_deal_needs_its_close_date(tmp_path):
    with pytest.raises(files.BadRows) as refused:
        read(papers.deals(tmp_path, "D-1,2024-01-15,,won"))
    assert (
        str(refused.value.problems[0])
        == "deals.csv, row 2, column closed: expected the close date of a won or lost deal"
    )


# Dates


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-31",
        "31/03/2024",
        "03/31/2024",
        "31.03.2024",
        "31-03-2024",
        "20240331",
        "31 Mar 2024",
        "March 31, 2024",
        "31-Mar-2024",
        "2024/3/31",
    ],
)
def test_a_date_is_read_in_any_style_that_says_which_it_is(tmp_path, text):
    path = papers.deals(tmp_path, f'D-1,"{text}",open', headings="deal_id,created,status")
    assert only(path, "created") == [moment("2024-03-31")]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-03-31 13:05", "2024-03-31 13:05"),
        ("2024-03-31T13:05:06.123456789", "2024-03-31 13:05:06.123456"),
        ("31/03/2024 1:05 PM", "2024-03-31 13:05"),
        ("31.03.2024 12:00:00 AM", "2024-03-31 00:00"),
        ("2024-03-31T11:05:00Z", "2024-03-31 13:05"),
        ("2024-03-31T07:05:00-0400", "2024-03-31 13:05"),
        ("1711883100000", "2024-03-31 13:05"),
    ],
)
def test_a_moment_is_in_the_company_s_zone(tmp_path, text, meant):
    path = papers.deals(tmp_path, f'D-1,"{text}",open', headings="deal_id,created,status")
    assert only(path, "created", zone="Europe/Amsterdam") == [moment(meant)]


def test_which_of_two_is_the_day_is_decided_by_the_whole_column(tmp_path):
    path = papers.deals(tmp_path, "A,01/02/2024,,open", "B,25/02/2024,,open")
    assert only(path, "created") == [moment("2024-02-01"), moment("2024-02-25")]


def test_which_of_two_is_the_day_may_be_settled_by_another_column(tmp_path):
    path = papers.deals(tmp_path, "A,01/02/2024,02/25/2024,won")
    found = files.read(deals=path)
    assert found.deals["created"].to_list() == [moment("2024-01-02")]
    assert "settled by column closed" in found.understood[0].columns[1].read_as


def test_a_day_that_may_be_a_month_is_refused(tmp_path):
    with pytest.raises(
        files.FileProblem, match=r"column 'created', row 2: '01/02/2024' may be day/month or month/day"
    ):
        read(papers.deals(tmp_path, "A,01/02/2024,,open"))


def test_the_mapping_settles_what_is_ambiguous(tmp_path):
    path = papers.deals(tmp_path, "A,01/02/2024,open,1.234", headings="deal_id,created,status,amount")
    mapping = files.parse_mapping("deals: {date_format: day-first, decimal: ','}")
    found = read(path, mapping=mapping)
    assert found.row(0)[:2] == ("A", moment("2024-02-01"))
    assert found["amount"].to_list() == [1234.0]


def test_a_column_that_mixes_both_orders_is_refused(tmp_path):
    with pytest.raises(
        files.FileProblem, match="mixes day/month and month/day: '25/02/2024' in row 2, '02/25/2024' in row 3"
    ):
        read(papers.deals(tmp_path, "A,25/02/2024,,open", "B,02/25/2024,,open"))


@pytest.mark.parametrize(
    "text", ["0000-00-00", "2024-02-30", "2024-13-01", "9998-05-31", "soon", "45382", "01.02.24", "24:00"]
)
def test_a_date_that_is_none_names_its_row(tmp_path, text):
    path = papers.deals(tmp_path, "A,2024-01-01,open", f"B,{text},open", headings="deal_id,created,status")
    with pytest.raises(files.BadRows) as refused:
        read(path)
    [problem] = refused.value.problems
    assert (problem.file, problem.row, problem.column, problem.value) == ("deals.csv", 3, "created", text)


def test_a_pattern_reads_dates_with_two_digit_years(tmp_path):
    path = papers.deals(tmp_path, "A,01.02.24 13:30,open", headings="deal_id,created,status")
    mapping = files.parse_mapping('deals: {date_format: "%d.%m.%y %H:%M"}')
    assert only(path, "created", mapping=mapping) == [moment("2024-02-01 13:30")]


# Numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", 1234.5),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1 234,50", 1234.5),
        ("1'234.50", 1234.5),
        ("€ 1.234,50", 1234.5),
        ("$1,234.50", 1234.5),
        ("1.234,50 EUR", 1234.5),
        ("(12.5)", -12.5),
        ("-12,5", -12.5),
        ("12.5-", -12.5),
        ("1.2e3", 1200.0),
        ("N/A", None),
        ("", None),
    ],
)
def test_an_amount_is_read_as_its_owner_means_it(tmp_path, text, number):
    path = papers.deals(tmp_path, f'A,2024-01-01,open,"{text}"', headings="deal_id,created,status,amount")
    assert only(path, "amount") == [number]


@pytest.mark.parametrize(
    "text",
    ["NaN", "inf", "-Infinity", "1e999", "12,34.5", "1.2.3", "twelve", "0x10", "15%", "--1", "1 2", "٣"],
)
def test_an_amount_that_is_none_names_its_row(tmp_path, text):
    path = papers.deals(tmp_path, f'A,2024-01-01,open,"{text}"', headings="deal_id,created,status,amount")
    with pytest.raises(files.BadRows) as refused:
        read(path)
    assert refused.value.problems[0].value == text


def test_a_thousand_that_may_be_one_is_refused(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open,1.234", headings="deal_id,created,status,amount")
    with pytest.raises(files.FileProblem, match=r"column 'amount', row 2: '1.234' may be a thousand times"):
        read(path)


def test_amounts_in_two_currencies_need_a_currency_column(tmp_path):
    rows = ("A,2024-01-01,open,€5", "B,2024-01-01,open,$5")
    with pytest.raises(files.FileProblem, match="several currencies"):
        read(papers.deals(tmp_path, *rows, headings="deal_id,created,status,amount"))


def test_the_sign_of_a_currency_gives_the_currency(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open,€5", headings="deal_id,created,status,amount")
    assert only(path, "currency") == ["EUR"]


@pytest.mark.parametrize(
    ("heading", "text"),
    [("discount", "0.15"), ("discount", "15%"), ("discount", "15 %"), ("Discount %", "15")],
)
def test_a_discount_is_a_share(tmp_path, heading, text):
    path = papers.deals(tmp_path, f"A,2024-01-01,open,{text}", headings=f"deal_id,created,status,{heading}")
    assert only(path, "discount") == [pytest.approx(0.15)]


@pytest.mark.parametrize("text", ["15", "1.5", "-3", "150%"])
def test_a_discount_out_of_range_is_refused(tmp_path, text):
    path = papers.deals(tmp_path, f"A,2024-01-01,open,{text}", headings="deal_id,created,status,discount")
    with pytest.raises(files.BadRows, match="a share from -1 to 1"):
        read(path)


def test_the_discount_is_computed_where_it_is_not_given(tmp_path):
    rows = ("A,2024-01-01,open,100,80,", "B,2024-01-01,open,100,80,0.1", "C,2024-01-01,open,,80,")
    found = only(
        papers.deals(tmp_path, *rows, headings="deal_id,created,status,list_price,net_price,discount"),
        "discount",
    )
    assert found == [pytest.approx(0.2), 0.1, None]


# Undated agreements


def test_undated_agreements_are_yes_no_or_unknown(tmp_path):
    path = papers.deals(tmp_path, "A,won,Yes,n", "B,lost,,TRUE", headings="deal_id,status,Budget,RFI")
    found = files.read(deals=path, agreement_columns=("Budget", "RFI"))
    assert found.agreement_columns == ("Budget", "RFI")
    assert found.deals.select("Budget", "RFI").rows() == [("yes", "no"), ("unknown", "yes")]


def test_another_word_in_an_agreement_column_is_refused(tmp_path):
    path = papers.deals(tmp_path, "A,won,perhaps", headings="deal_id,status,Budget")
    with pytest.raises(files.BadRows, match="yes, no or unknown"):
        files.read(deals=path, agreement_columns=("Budget",))


# Covariates


def test_a_covariate_of_plain_numbers_is_a_number_and_a_code_is_not(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open,12,012", headings="deal_id,created,status,users,code")
    found = files.read(deals=path, covariates=("users", "code"))
    assert found.covariates == ("users", "code")
    assert found.deals.select("users", "code").row(0) == (12.0, "012")


def test_none_in_a_column_of_text_is_a_value(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,open,None", headings="deal_id,created,status,segment")
    assert only(path, "segment") == ["None"]


# Bad rows


def test_bad_rows_are_skipped_only_when_that_is_said(tmp_path):
    path = papers.deals(
        tmp_path, "A,2024-01-01,,open", "B,soon,,open", "C,2024-01-01,,open,too much", ",2024-01-01,,open"
    )
    with pytest.raises(files.BadRows, match=r"3 of 4 rows cannot be read \(75.0 %\)"):
        read(path)
    found = files.read(deals=path, skip_bad_rows=True)
    assert found.deals["deal_id"].to_list() == ["A"]
    assert (found.bad_rows, found.rows) == (3, 4)
    assert [each.row for each in found.problems] == [3, 4, 5]


def test_many_bad_rows_are_counted_and_the_first_listed(tmp_path):
    path = papers.deals(tmp_path, *(f"D{i},soon,,open" for i in range(1000)))
    found = files.read(deals=path, skip_bad_rows=True)
    assert (found.bad_rows, found.total_problems, len(found.problems)) == (1000, 1000, 200)


def test_a_row_number_counts_blank_lines_and_records_as_a_spreadsheet_does(tmp_path):
    text = 'deal_id,created,status,note\n\nA,2024-01-01,open,"two\nlines"\nB,soon,open,\n'
    with pytest.raises(files.BadRows) as refused:
        read(papers.file(tmp_path, text))
    assert refused.value.problems[0].row == 4


def test_what_was_understood_can_be_shown_before_anything_is_refused(tmp_path):
    told = files.understand(papers.deals(tmp_path, "A;01/02/2024", headings="deal_id;opened on"), "deals")
    assert told.dialect["delimiter"] == "semicolon"
    assert told.missing == ("created", "status")
    assert [(each.heading, each.field) for each in told.columns] == [
        ("deal_id", "deal_id"),
        ("opened on", ""),
    ]
    assert told.samples == ({"deal_id": "A", "opened on": "01/02/2024"},)


def test_the_frame_is_empty_of_events_without_an_events_table(tmp_path):
    found = files.read(deals=papers.deals(tmp_path, "A,2024-01-01,,open"))
    assert found.events.schema == pl.Schema(fields.schema("events"))
    assert found.events.is_empty()


def test_further_columns_are_kept_of_deals_and_not_used_of_events(tmp_path):
    deals = papers.deals(tmp_path, "D-1,2024-01-15,open,blue", headings="deal_id,created,status,colour")
    events = tmp_path / "events.csv"
    events.write_text("deal_id,agreement,at,colour\nD-1,Call,2024-01-16,red\n")
    found = files.read(deals=deals, events=events)
    told = {each.role: each.columns[-1] for each in found.understood}
    assert (told["deals"].heading, told["deals"].kept_as) == ("colour", "colour")
    assert (told["events"].heading, told["events"].kept_as) == ("colour", "")
    assert found.deals["colour"].to_list() == ["blue"]
    assert "colour" not in found.events.columns
