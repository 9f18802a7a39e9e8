"""Tables as companies export them: what they mean comes in right, or is asked about before anything is computed.

The cases in ../shared/data/cases were rebuilt from public reports; beside each stand other members of its kind.
"""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from connectors import hostile, papers
from examples import examples
from hingepoint.connectors import files
from hingepoint.connectors.files.formats import workbook
from hingepoint.connectors.files.reading import recognise

TODAY = dt.date(2026, 11, 28)


@pytest.fixture
def case(shared_data):
    """Return a function that gives the file of a case."""

    def file_of(case: str, name: str = "deals.csv") -> Path:
        path = shared_data / "cases" / case / name
        if not path.exists():
            pytest.skip(f"no {path.name} of {case} here")
        return path

    return file_of


def read(deals: Path, **more) -> files.Reading:
    return files.read(deals=deals, today=TODAY, **more)


def table(folder: Path, headings: str, *rows: str) -> Path:
    return papers.deals(folder, *rows, headings=headings)


def statuses(reading: files.Reading) -> list[str]:
    return reading.deals["status"].to_list()


def asked(path: Path, **more) -> dict[str, str]:
    """Return the words that a table's owner is asked about, with the mapping line that is proposed."""
    found = read(path, with_questions=True, **more).understanding
    words = [each.word for each in found.status if each.read_as == "asked"]
    return dict(zip(words, [each.mapping for each in found.questions], strict=True))


# Words


def test_a_numbered_stage_is_the_word_behind_the_number(case):
    found = read(case("stage_numbered_won"))
    assert statuses(found) == ["won", "lost", "won", "lost", "open", "won"]
    won = next(each for each in found.understanding.status if each.word == "6 - Closed Won")
    assert (won.source, won.deals, won.amount, won.read_as) == ("stage", 3, 10_000.0, "won")


def test_words_for_closing_that_are_not_known_are_asked_about(case):
    path = case("stage_closed_other")
    assert set(asked(path)) == {
        "Closed - No Decision",
        "Disqualified",
        "Abandoned",
        "Dead",
        "Closed Duplicate",
    }
    with pytest.raises(files.OpenQuestions, match=r"“Dead” in column Stage: 1 deal") as refused:
        read(path)
    assert 'deals: {status: {lost: ["Dead"]}}' in str(refused.value)


def test_the_answer_is_kept_in_the_mapping(case):
    lost = ["Closed - No Decision", "Disqualified", "Abandoned", "Dead", "Closed Duplicate"]
    mapping = files.Mapping.model_validate({"deals": {"status": {"lost": lost}}})
    found = read(case("stage_closed_other"), mapping=mapping)
    assert [statuses(found).count(each) for each in ("won", "lost", "open")] == [2, 7, 1]


def test_words_near_a_known_one_are_asked_about(case):
    assert asked(case("stage_near_words")) == {
        "Lost - price": 'deals: {status: {lost: ["Lost - price"]}}',
        "Not won": 'deals: {status: {lost: ["Not won"]}}',
    }


def test_status_words_are_known_in_other_languages_and_genders(case):
    found = read(case("status_feminine"), with_questions=True)
    read_as = {each.word: each.read_as for each in found.understanding.status}
    assert read_as == {
        "Gewonnen": "won",
        "Gagnée": "won",
        "受注": "won",
        "Verloren": "lost",
        "Perdue": "lost",
        "失注": "lost",
        "Offen": "open",
        "Vunnen": "asked",
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("06. Closed Won", "won"),
        ("(5) Won", "won"),
        ("Stage 7: Closed Lost", "lost"),
        ("Closed Won (100%)", "won"),
        ("100% - Won", "won"),
        ("CLOSED/WON!", "won"),
        ("Clôturée gagnée", "won"),
        ("gagnees", "won"),
        ("Cerrada perdida", "lost"),
        ("Fechado e ganho", "asked"),
        ("Chiusa vinta", "won"),
        ("Gesloten verloren", "lost"),
        ("失注済み", "lost"),
        ("Nicht gewonnen", "asked"),
        ("Almost won", "asked"),
        ("Lost to competitor", "asked"),
        ("Rejected", "asked"),
        ("7", "asked"),
    ],
)
@pytest.mark.parametrize("heading", ["status", "stage"])
def test_a_word_is_known_or_asked_and_never_open_because_others_are_known(tmp_path, heading, word, status):
    path = table(
        tmp_path,
        f"deal_id,created,closed,{heading}",
        "A,2024-01-01,2024-02-01,Won",
        f"B,2024-01-01,2024-02-01,{word}",
    )
    found = read(path, with_questions=True).understanding
    assert {each.word: each.read_as for each in found.status}[word] == status


@pytest.mark.parametrize("stage", ["Negotiation", "In progress", "Prospecting"])
def test_an_unknown_status_is_not_made_open_by_the_stage_beside_it(tmp_path, stage):
    path = table(
        tmp_path,
        "deal_id,created,closed,status,stage",
        f"A,2024-01-01,2024-02-01,Won,{stage}",
        f"B,2024-01-01,2024-02-01,Lost,{stage}",
        f"C,2024-01-01,2024-02-01,No budget,{stage}",
        "D,2024-01-01,2024-02-01,No budget,Closed Lost",
        f"E,2024-01-01,,,{stage}",
    )
    found = read(path, with_questions=True)
    assert dict(found.deals.select("deal_id", "status").iter_rows()) == {
        "A": "won",
        "B": "lost",
        "D": "lost",
        "E": "open",
    }
    assert [(each.word, each.deals) for each in found.understanding.questions] == [("No budget", 1)]


def test_a_flag_that_says_open_goes_before_an_unknown_status(tmp_path):
    path = table(
        tmp_path,
        "deal_id,created,closed,status,IsClosed,IsWon",
        "A,2024-01-01,2024-02-01,Warm,false,false",
        "B,2024-01-01,2024-02-01,Cold,true,false",
    )
    assert statuses(read(path)) == ["open", "lost"]


@pytest.mark.parametrize("heading", ["status", "stage"])
def test_an_unknown_word_without_any_close_date_is_open(tmp_path, heading):
    path = table(
        tmp_path,
        f"deal_id,created,closed,{heading}",
        "A,2024-01-01,2024-02-01,Won",
        "B,2024-01-01,,Solution fit",
        "C,2024-01-01,2027-02-01,Solution fit",
    )
    assert statuses(read(path)) == ["won", "open", "open"]
    assert asked(path, data_end=dt.date(2027, 3, 1)) == {
        "Solution fit": 'deals: {status: {lost: ["Solution fit"]}}'
    }


def test_a_stage_of_open_deals_is_asked_about_where_nothing_says_which_deals_are_lost(tmp_path):
    rows = ["A,2024-01-01,2024-02-01,Won", "B,2024-01-01,2024-03-01,Proposal"]
    headings = "deal_id,created,closed,stage"
    assert list(asked(table(tmp_path, headings, *rows))) == ["Proposal"]
    found = read(table(tmp_path, headings, *rows, "C,2024-01-01,2024-02-01,Lost"))
    assert statuses(found) == ["won", "open", "lost"]
    assert found.rules == {"open_with_close_date": 1}


def test_a_row_without_result_and_close_date_is_open(case):
    assert statuses(read(case("open_deal_with_empty_result"))) == ["lost", "won", "open"]


def test_an_empty_status_of_a_deal_with_a_close_date_is_asked_about(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,2024-02-01,won", "B,2024-01-01,2024-02-01,", "C,2024-01-01,,")
    assert asked(path) == {"": 'deals: {status: {lost: [""]}}'}
    mapping = files.Mapping.model_validate({"deals": {"status": {"lost": [""]}}})
    assert statuses(read(path, mapping=mapping)) == ["won", "lost", "open"]


def said(**mapping) -> files.Mapping:
    return files.Mapping.model_validate({"deals": mapping})


def test_a_word_that_the_mapping_leaves_out_is_told_and_not_counted(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,2024-02-01,won", "B,2024-01-01,2024-02-01,On hold")
    found = read(path, mapping=said(status={"left_out": ["On hold"]}))
    assert (statuses(found), found.rules) == (["won"], {"left_out_by_mapping": 1})
    record = found.understanding.as_record()
    assert [each["word"] for each in record["status"]] == ["won"]
    assert [(each["word"], each["read_as"], each["said"]) for each in record["left_out"]] == [
        ("On hold", "left out", True)
    ]


def test_an_empty_status_left_out_keeps_the_open_deals_whose_status_is_empty(tmp_path):
    path = papers.deals(tmp_path, "A,2024-01-01,2024-02-01,won", "B,2024-01-01,2024-02-01,", "C,2024-01-01,,")
    assert statuses(read(path, mapping=said(status={"left_out": [""]}))) == ["won", "open"]


def test_every_answer_of_a_question_is_a_mapping_that_settles_it(tmp_path):
    path = table(
        tmp_path,
        "id,create_date,date_closed,stage_id,probability,active,Discount %",
        "1,2024-01-01,2024-02-01,Won,100,True,0.15",
        "2,2024-01-01,2024-02-03,New,20,False,0.2",
    )
    share, word = read(path, with_questions=True).understanding.questions
    assert (word.options, word.deals) == (("won", "lost", "open", "left out"), 1)
    found = {}
    for answer in word.answers:
        mapping = files.Mapping.model_validate({"deals": answer.mapping["deals"] | {"share": ["discount"]}})
        found[answer.label] = statuses(read(path, mapping=mapping))
    assert found == {
        "won": ["won", "won"],
        "lost": ["won", "lost"],
        "open": ["won", "open"],
        "left out": ["won"],
    }
    assert share.mapping == ('deals: {share: ["discount"]}  # or deals: {percent: ["discount"]} for 0.2%')


def test_what_was_understood_survives_being_kept(case):
    found = read(case("stage_closed_other"), with_questions=True).understanding
    assert files.from_record(json.loads(json.dumps(found.as_record()))) == found
    assert files.told(found).lines()[-2:] == [
        "     left out: 1 left out; won are then 50% of 4 that ended",
        '     in the mapping: deals: {status: {lost: ["Disqualified"]}}',
    ]


def test_money_is_told_by_word_and_currency(tmp_path):
    path = table(
        tmp_path,
        "deal_id,created,closed,status,amount,currency",
        "A,2024-01-01,2024-02-01,won,10,EUR",
        "B,2024-01-01,2024-02-01,won,5,USD",
        "C,2024-01-01,2024-02-01,lost,7,USD",
    )
    record = read(path).understanding.as_record()["status"]
    assert record == [
        {
            "word": "won",
            "from": "status",
            "deals": 2,
            "amount": None,
            "currency": None,
            "read_as": "won",
            "closed": 2,
            "said": False,
            "amounts": {"EUR": 10.0, "USD": 5.0},
        },
        {
            "word": "lost",
            "from": "status",
            "deals": 1,
            "amount": 7.0,
            "currency": "USD",
            "read_as": "lost",
            "closed": 1,
            "said": False,
        },
    ]


# Flags and times


def test_odoo_keeps_lost_deals_in_the_archive(case):
    assert statuses(read(case("odoo_lead_export", "crm.lead.csv"))) == ["won", "lost", "open"]


def test_what_was_archived_at_another_probability_is_asked_about(tmp_path):
    path = table(
        tmp_path,
        "id,create_date,date_closed,stage_id,probability,active",
        "1,2024-01-01,2024-02-01,Won,100,True",
        "2,2024-01-01,,New,20,False",
    )
    assert list(asked(path)) == ["active: False, probability: 20"]


def test_pipedrive_says_won_lost_and_when(case):
    found = read(case("pipedrive_export"))
    assert statuses(found) == ["won", "lost", "open"]
    assert found.deals["closed"].to_list() == [dt.datetime(2024, 3, 1, 10), dt.datetime(2024, 3, 2, 10), None]  # noqa: DTZ001


def test_won_and_lost_times_alone_give_status_and_close_date(tmp_path):
    path = table(
        tmp_path,
        "ID,Add time,Won time,Lost time,Stage",
        "1,2024-01-01,2024-02-01,,Qualified",
        "2,2024-01-01,,2024-03-01,Closed Won",
        "3,2024-01-01,,,Qualified",
    )
    found = read(path)
    assert statuses(found) == ["won", "lost", "open"]
    assert found.deals["closed"].to_list() == [dt.datetime(2024, 2, 1), dt.datetime(2024, 3, 1), None]  # noqa: DTZ001


def test_flags_go_before_the_words_of_stages(tmp_path):
    path = table(
        tmp_path,
        "deal_id,created,closed,stage,IsClosed,IsWon",
        "A,2024-01-01,2024-02-01,Signed,true,true",
        "B,2024-01-01,2024-02-01,Closed Won,true,false",
        "C,2024-01-01,2024-02-01,Signed,false,false",
    )
    found = read(path)
    assert statuses(found) == ["won", "lost", "open"]
    assert {each.source for each in found.understanding.status} == {"flag"}


# Quotes


def test_an_apostrophe_in_a_name_is_no_quote(case):
    found = read(case("apostrophe_names")).deals
    assert found["status"].to_list() == ["won", "lost", "won", "won", "lost", "lost"]
    assert found["account"].to_list()[:2] == ["'t Hooft BV", "Jansen & zonen'"]
    assert found["amount"].to_list() == [1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0]


def test_one_row_is_not_swallowed_by_another(case):
    found = read(case("apostrophe_one_row")).deals
    assert (found.height, found["amount"][0]) == (3, 1000.0)


def test_a_file_that_puts_single_quotes_around_its_headings_uses_them(tmp_path):
    rows = [("deal_id", "created", "status", "account"), ("A", "2024-01-01", "open", "O'Neill, Sons\nand Co")]
    text = papers.delimited(rows, quote="'", quote_all=True)
    assert read(papers.file(tmp_path, text)).deals["account"].to_list() == ["O'Neill, Sons\nand Co"]


def test_double_quotes_that_may_be_signs_like_any_other_are_asked_about(tmp_path):
    path = table(
        tmp_path,
        "deal_id,account,created,status",
        'A,"Big Screens,2024-01-01,open',
        'B,Pipes 19",2024-01-01,open',
    )
    with pytest.raises(files.FileProblem, match=r'has 1 rows when " stands around cells, and 2 when'):
        read(path)
    mapping = files.Mapping.model_validate({"deals": {"quote": "none"}})
    assert read(path, mapping=mapping).deals["account"].to_list() == ['"Big Screens', 'Pipes 19"']


names = st.lists(
    st.text(st.sampled_from("ab '\"&.,;"), max_size=12).map(str.strip).filter(lambda name: name != ","),
    min_size=1,
    max_size=8,
)


def read_or_none(path: Path):
    try:
        return files.read(deals=path).deals
    except files.FileProblem:
        return None


@given(names=names, quote=st.sampled_from(["'", '"', ""]), everywhere=st.booleans())
@examples(150)
def test_rows_in_are_rows_out(tmp_path, names, quote, everywhere):
    """Whoever wrote the file with whatever quotes: each line is a deal of its own, or the file is refused."""
    if quote == "":
        names = [name.replace(",", "") for name in names]
    head = ("deal_id", "account", "created", "closed", "status", "amount")
    body = [(f"D-{n}", name, "2024-01-05", "2024-03-01", "won", f"{n}") for n, name in enumerate(names)]
    if quote:
        text = papers.delimited([head, *body], quote=quote, quote_all=everywhere)
    else:
        text = "".join(",".join(row) + "\n" for row in [head, *body])
    found = read_or_none(papers.file(tmp_path, text))
    if found is None:
        assert quote != '"'
        return
    assert found["deal_id"].to_list() == [row[0] for row in body]
    assert found["amount"].to_list() == [float(n) for n in range(len(names))]
    assert set(found["status"]) == {"won"}


# Dates


def two_years(*more: str, folder: Path) -> Path:
    """Return a table of 100 deals, one a week from 2022 on, and ``more``."""
    day = dt.date(2022, 1, 3)
    rows = [
        f"D{n},{day + dt.timedelta(days=7 * n)},{day + dt.timedelta(days=7 * n + 60)},{('won', 'lost')[n % 2]}"
        for n in range(100)
    ]
    return papers.deals(folder, *rows, *more)


def test_won_deals_closed_after_today_are_left_out_and_named(case):
    found = read(case("won_in_2099"))
    assert found.rules == {"in_the_future": 4}
    assert statuses(found) == ["lost"] * 4
    assert [each.row for each in found.understanding.alone_beyond] == [2, 4, 6, 8]


@pytest.mark.parametrize("name", ["future_close_one_deal", "created_2032"])
def test_one_impossible_date_does_not_move_the_end_of_all(case, name):
    found = files.read(deals=case(name), events=case(name, "events.csv"), today=TODAY)
    base = files.read(deals=case("open_base"), events=case("open_base", "events.csv"), today=TODAY)
    assert found.rules["in_the_future"] == 1
    assert found.understanding.data_end == base.understanding.data_end == dt.date(2023, 5, 31)
    assert found.deals.height == base.deals.height - 1
    assert [each.value[:4] for each in found.understanding.alone_beyond] == ["2032"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("X,2032-01-10,,open", "in_the_future"),
        ("X,2023-01-10,2031-05-05,lost", "in_the_future"),
        ("X,2023-01-10,9999-12-31,won", "in_the_future"),
        ("X,1970-01-01,2023-01-10,won", "long_before_the_rest"),
        ("X,1900-01-01,,open", "long_before_the_rest"),
        ("X,2004-05-06,2023-01-10,lost", "long_before_the_rest"),
        ("X,2023-01-10,1970-01-01,lost", "long_before_the_rest"),
    ],
)
def test_a_date_that_cannot_be_leaves_its_deal_out(tmp_path, row, rule):
    found = read(two_years(row, folder=tmp_path))
    assert found.rules == {rule: 1}
    assert found.deals.height == 100
    assert [each.row for each in found.understanding.alone_beyond] == [102]


@pytest.mark.parametrize(
    "none", ["1970-01-01", "1900-01-01", "2099-12-31", "3999-12-31", "9999-12-31 23:59:59"]
)
def test_a_close_date_of_an_open_deal_that_stands_for_none_is_empty(tmp_path, none):
    found = read(two_years(f"X,2023-01-10,{none},open", folder=tmp_path))
    assert found.rules == {"no_date": 1}
    assert found.deals.row(-1, named=True)["closed"] is None


def test_a_mapping_says_which_date_stands_for_none(tmp_path):
    mapping = files.Mapping.model_validate({"deals": {"no_date": ["2025-01-01"]}})
    found = read(two_years("X,2023-01-10,2025-01-01,open", folder=tmp_path), mapping=mapping)
    assert (found.rules, found.deals.row(-1, named=True)["closed"]) == ({}, None)


def test_a_table_whose_deals_all_close_in_the_future_is_asked_about(tmp_path):
    rows = ["A,2024-01-01,2099-12-31,won", "B,2024-01-02,2099-12-31,lost", "C,2024-01-02,,open"]
    path = papers.deals(tmp_path, *rows)
    with pytest.raises(files.OpenQuestions, match=r"all 2 do so after 2026-11-28 .*closed: 2099-12-31"):
        read(path)
    asked = read(path, with_questions=True).understanding.questions[0]
    assert asked.mapping.startswith('deals: {no_date: ["2099-12-31"]}  # or ')
    found = read(path, mapping=files.Mapping.model_validate(asked.answers[0].mapping))
    assert (statuses(found), found.rules) == (["open"], {"closed_without_a_date": 2})
    one_real = papers.deals(tmp_path, *rows, "D,2024-01-02,2024-03-01,won")
    assert (statuses(read(one_real)), read(one_real).rules) == (["open", "won"], {"in_the_future": 2})


def test_rows_left_out_for_their_date_are_counted_in_the_understanding(tmp_path):
    found = read(two_years("X,2032-01-10,,open", "Y,1970-01-01,2023-01-10,won", folder=tmp_path))
    assert found.understanding.notes == (
        "deals.csv, column created: 1 row is dated after 2026-11-28, and left out.",
        "deals.csv, column created: 1 row is dated long before all others, and left out.",
    )


def test_a_last_date_that_stands_alone_is_told_with_its_row(tmp_path):
    understood = read(two_years("X,2023-01-10,2026-06-01,lost", folder=tmp_path)).understanding
    assert understood.data_end == dt.date(2024, 1, 26)
    assert [(each.row, each.value) for each in understood.alone_beyond] == [(102, "2026-06-01")]
    assert "--data-end 2026-06-01" in understood.warnings()[0]
    given = read(two_years("X,2023-01-10,2026-06-01,lost", folder=tmp_path), data_end=dt.date(2026, 6, 1))
    assert (given.understanding.data_end, given.understanding.warnings()) == (dt.date(2026, 6, 1), ())


def test_an_event_that_cannot_be_is_left_out_and_named(tmp_path):
    events = papers.file(
        tmp_path,
        "deal_id,agreement,at\nD0,pilot,2031-01-01\nD1,pilot,2022-02-01\nD2,pilot,1970-01-01\n",
        "events.csv",
    )
    found = files.read(deals=two_years(folder=tmp_path), events=events, today=TODAY)
    assert found.rules == {"deal_without_events": 99, "in_the_future": 1, "long_before_the_rest": 1}
    assert found.events["deal_id"].to_list() == ["D1"]


# Units


def test_cells_shown_as_per_cent_are_shares(case):
    found = read(case("xlsx_percent_cells", "deals.xlsx"))
    assert found.deals["discount"].to_list() == [0.15, 0.2, 0.05, 0.12]
    assert [(each.unit, each.least, each.most) for each in found.understanding.shares] == [
        ("share", 0.05, 0.2)
    ]


def test_single_cells_shown_as_per_cent_keep_their_sign(tmp_path):
    path = tmp_path / "deals.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, shown = book.add_worksheet(), book.add_format({"num_format": "0.0%"})
        sheet.write_row(0, 0, ["deal_id", "created", "status", "Discount %"])
        for row, (value, style) in enumerate([(0.15, shown), (20, None)], start=1):
            sheet.write_row(row, 0, [f"D{row}", "2024-01-01", "open"])
            sheet.write_number(row, 3, value, style)
    assert read(path).deals["discount"].to_list() == [0.15, 0.2]


def test_shares_under_a_heading_that_says_per_cent_are_asked_about(case):
    path = case("csv_share_under_percent_heading")
    with pytest.raises(files.OpenQuestions, match="Discount %"):
        read(path)
    found = read(path, with_questions=True).understanding
    assert [each.unit for each in found.shares] == ["asked"]
    assert found.questions[0].options == ("20%", "0.2%")
    for said, first in (("share", 0.15), ("percent", 0.0015)):
        mapping = files.Mapping.model_validate({"deals": {said: ["discount"]}})
        assert read(path, mapping=mapping).deals["discount"][0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("net", "first", "second", "unit"), [("85", 0.15, 0.5, "share"), ("99.15", 0.0085, 0.5, "per cent")]
)
def test_prices_decide_what_a_small_per_cent_means(tmp_path, net, first, second, unit):
    written = {"share": "0.15", "per cent": "0.85"}[unit]
    path = table(
        tmp_path,
        "deal_id,created,status,Discount %,list_price,net_price",
        f"A,2024-01-01,open,{written},100,{net}",
        "B,2024-01-01,open,,100,50",
    )
    found = read(path)
    assert found.deals["discount"].to_list() == pytest.approx([first, second])
    assert [each.unit for each in found.understanding.shares] == [unit]


@pytest.mark.parametrize(
    ("written", "share"), [("20.5", 0.205), ("12.3%", 0.123), ("7", 0.07), ("0.1%", 0.001)]
)
def test_a_per_cent_is_exactly_the_share_it_says(tmp_path, written, share):
    """A limit such as discount<=0.205 holds for 20.5%."""
    path = table(
        tmp_path, "deal_id,created,status,Discount %", f"A,2024-01-01,open,{written}", "B,2024-01-01,open,30"
    )
    assert read(path).deals["discount"][0] == share


def test_a_per_cent_above_one_is_per_cent(tmp_path):
    path = table(
        tmp_path, "deal_id,created,status,Discount %", "A,2024-01-01,open,0.5", "B,2024-01-01,open,15"
    )
    assert read(path).deals["discount"].to_list() == pytest.approx([0.005, 0.15])


# Names and ids


def test_spellings_of_one_agreement_are_one_name(case):
    found = files.read(deals=case("agreement_spellings"), events=case("agreement_spellings", "events.csv"))
    counts = dict(found.events["agreement"].value_counts().iter_rows())
    assert counts == {"Sponsor named": 5, "Spónsor named": 2}
    assert [each.names for each in found.understanding.kinds] == [("Sponsor named", "Spónsor named")]


@pytest.mark.parametrize(
    ("deal", "event", "what"),
    [
        ("00123", "123", "leading zeros"),
        ("1001.0", "1001", "“.0” at the end"),
        ("006A000000AbCdEIAV", "006A000000AbCdE", "15 and 18 characters"),
        ("abc-1", "ABC-1", "upper and lower case"),
        ("1234567", "1,234,567", "separators of thousands"),
        ("77", "#77", "an apostrophe or a sign"),
    ],
)
def test_ids_of_another_form_are_named_with_an_example(tmp_path, deal, event, what):
    deals = papers.deals(tmp_path, f"{deal},2024-01-01,,open")
    events = papers.file(tmp_path, f'deal_id,agreement,at\n"{event}",pilot,2024-01-02\n', "events.csv")
    with pytest.raises(files.FileProblem, match=f"differ by {what}.*{event!r} for {deal!r}"):
        files.read(deals=deals, events=events)


@pytest.mark.parametrize("name", ["ids_leading_zero_join", "ids_trailing_dot_zero"])
def test_a_lost_join_is_explained(case, name):
    with pytest.raises(files.FileProblem, match="the ids differ by"):
        files.read(deals=case(name), events=case(name, "events.csv"))


def test_a_rounded_id_is_named(case):
    found = read(case("ids_scientific"))
    assert found.rules == {"damaged_id": 2}
    assert "1.23457E+17" in found.understanding.notes[0]


def test_the_apostrophe_before_digits_marks_text(case):
    assert read(case("apostrophe_before_id")).deals["deal_id"].to_list() == ["00123", "00124", "00125"]


def test_merged_cells_are_filled_down(case):
    found = read(case("xlsx_merged_account", "deals.xlsx"))
    assert found.deals["account"].to_list() == ["Acme", "Acme", "Acme", "Beta"]
    assert found.understood[0].dialect["merged cells"].startswith("2 empty cells")


def test_merged_cells_that_cannot_be_filled_are_named(tmp_path):
    def row(*cells: str, spanned: str = "") -> str:
        texts = [f"<table:table-cell{spanned if n == 3 else ''} office:value-type='string'><text:p>{cell}</text:p></table:table-cell>"
                 for n, cell in enumerate(cells)]  # fmt: skip
        return f"<table:table-row>{''.join(texts)}</table:table-row>"

    rows = row("deal_id", "created", "status", "account")
    rows += row("A", "2024-01-01", "open", "Acme", spanned=" table:number-rows-spanned='2'")
    rows += row("B", "2024-01-02", "open")
    found = read(hostile.open_document(rows)(tmp_path))
    assert found.deals["account"].to_list() == ["Acme", None]
    assert found.understanding.notes == (
        "deals.ods: merged cells: 1; the cells below them are read as empty.",
    )


def test_an_old_workbook_says_what_it_does_not_tell(tmp_path, monkeypatch):
    path = tmp_path / "deals.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["deal_id", "created", "status"])
        sheet.write_row(1, 0, ["A", "2024-01-01", "open"])
    monkeypatch.setattr(
        workbook, "_refuse_locked", lambda path, name: None
    )  # nothing here writes a true .xls
    judge = recognise.judge_for("deals", files.Mapping().deals, outcome=False)
    found = workbook.open_workbook(path, name=path.name, format="xls", judge=judge, limits=files.Limits())
    assert found.dialect["merged cells"].startswith(
        "not told by an .xls file, nor which cells are shown as per cent"
    )


def test_formulas_that_were_never_computed_are_refused(tmp_path):
    computed, path = tmp_path / "computed.xlsx", tmp_path / "deals.xlsx"
    with xlsxwriter.Workbook(computed) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["deal_id", "created", "status", "amount"])
        sheet.write_row(1, 0, ["A", "2024-01-01", "open"])
        sheet.write_formula(1, 3, "=2*21", None, 42)
    assert read(computed).deals["amount"].to_list() == [42.0]
    with zipfile.ZipFile(computed) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"<v>42</v>", b""))
    with pytest.raises(files.FileProblem, match="1 formulas without a value, the first in row 2, column 4"):
        read(path)


def test_the_name_within_a_nested_owner_is_the_owner(case):
    assert read(case("json_nested_owner", "deals.json")).deals["owner"].to_list() == ["Ann", None, None, None]


def test_a_list_is_not_a_name(tmp_path):
    row = {"deal_id": "A", "created": "2024-01-01", "status": "open", "owner": ["Ann", "Ben"], "tags": ["x"]}
    with pytest.raises(files.BadRows, match=r"row 1, column owner: .* one value, not a list"):
        read(papers.file(tmp_path, json.dumps([row]), "deals.json"))


def test_a_name_that_is_too_long_is_named_by_file_and_row(case):
    with pytest.raises(files.BadRows) as refused:
        files.read(deals=case("long_agreement_name"), events=case("long_agreement_name", "events.csv"))
    problem = refused.value.problems[0]
    assert (problem.file, problem.row, problem.column) == ("events.csv", 4, "agreement")


def test_a_case_without_any_date_is_named_by_its_line(case):
    mapping = files.load_mapping(case("xes_empty_trace", "map.yaml"))
    log = case("xes_empty_trace", "log.xes")
    with pytest.raises(files.BadRows, match="row 10, column case:concept:name: found 'c8'"):
        files.read(log=log, mapping=mapping)
    assert files.read(log=log, mapping=mapping, skip_bad_rows=True).deals.height == 6


def test_headings_are_known_in_other_languages(case):
    found = read(case("headers_german")).deals
    assert found["status"].to_list() == ["won", "lost", "open"]
    assert found["amount"].to_list() == [1234.5, 2000.0, 999.99]
    assert found["owner"].to_list() == ["Anna", "Bernd", "Anna"]


@pytest.mark.parametrize(
    "headings",
    [
        "ID de l'opportunité;Date de création;Date de clôture;Étape",
        "ID opportunite;Date de creation;Date de cloture;Etape",
        "ID de oportunidad;Fecha de creación;Fecha de cierre;Estado",
        "Verkoopkans-ID;Aanmaakdatum;Sluitingsdatum;Fase",
        "ID opportunità;Data di creazione;Data di chiusura;Stato",
        "ID da oportunidade;Data de criação;Data de fechamento;Situação",
        "商談ID;作成日;完了予定日;フェーズ",
    ],
)
def test_the_columns_that_must_be_there_are_known_in_seven_languages(tmp_path, headings):
    found = read(table(tmp_path, headings, "A;2024-01-05;2024-02-01;Won", "B;2024-01-05;2024-02-01;Lost"))
    assert statuses(found) == ["won", "lost"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.json", '{"ocel:global-log": {}, "ocel:events": {}, "ocel:objects": {}}'),
        ("log.xml", '<log><object-types><object-type name="deal"/></object-types><events/></log>'),
    ],
)
def test_an_object_centric_log_is_refused_in_one_sentence(tmp_path, name, content):
    with pytest.raises(files.FileProblem, match="object-centric event log"):
        files.read(log=papers.file(tmp_path, content, name))


def test_an_object_centric_log_of_version_2_is_refused(case):
    with pytest.raises(files.FileProblem, match="object-centric event log"):
        files.read(log=case("ocel2_json", "log.json"))
