"""The discovery report: one file that says what was found, how sure, and what was left out."""

import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest

from discoveries import DETAILS, FINDINGS, NAMES, facts, record
from hingepoint.analysis.discovery.record import opened
from hingepoint.reports import discovery
from hingepoint.reports.findings import whole
from hingepoint.reports.pictures import Pictures

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects what a browser would fetch, and whether tags close."""

    def __init__(self, text: str):
        super().__init__()
        self.fetched, self.open, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.fetched += [given[name] for name in ("src", "href", "data", "srcset") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        pass


@pytest.fixture(scope="module")
def html():
    return discovery.html(
        opened(record()), title="Nordwerk", inputs=(discovery.Input("deals.csv", "ab" * 32, 1_700),)
    )


def test_the_report_needs_nothing_from_anywhere(html):
    page = Page(html)
    assert all(address.startswith("#") for address in page.fetched)
    assert "url(" not in html
    assert "@import" not in html
    assert "<script" not in html
    assert page.open == []


def test_every_link_of_the_report_leads_to_a_place_in_it(html):
    page = Page(html)
    assert {address[1:] for address in page.fetched} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_report_names_every_agreement_type(html):
    text = re.sub(r"<[^>]+>", " ", html)
    for key in [one["agreement"] for one in FINDINGS]:
        assert NAMES[key] in text


def test_the_headline_answers_in_two_sentences():
    shown = whole.read(opened(record()))
    assert shown.headline == (
        "Two agreements are shown to move the share of deals won with a discount of 15% or less: "
        "“Early access to key data” and “Executive agrees to sponsor the deal”.",
        "The one worth most is “Early access to key data”: gaining it by week 6 changes the result by "
        "+8.3 points per deal (+5.3 to +11.3 points), on 412 deals with it, 1,288 without.",
    )


def test_without_evidence_the_report_says_so_and_how_many_deals_are_needed():
    nothing = [facts("cust.references", "none", 0.004)]
    shown = whole.read(opened(record(findings=nothing, pivotal=[])))
    assert shown.headline == (
        "These 1,700 deals do not show that any agreement moves the share of deals won with a discount of 15% or less.",
        "The nearest to an answer needs about 13,000 deals.",
    )
    assert shown.set_words.startswith("No set is proposed")


@pytest.mark.parametrize(
    ("grade", "doubts"), [("moderate", []), ("weak", ["it may be entered with the win"])]
)
def test_what_is_clear_and_yet_not_proposed_is_not_told_as_nothing(grade, doubts):
    doubted = record(findings=[facts("cust.references", grade, 0.09)], pivotal=[])
    doubted["details"]["cust.references"] = DETAILS | {"doubts": doubts, "false_sign": 0.01}
    shown = whole.read(opened(doubted))
    name = NAMES["cust.references"]
    assert shown.headline == (
        f"“{name}” goes with a better result, but that may come of how the record was kept, or has turned since.",
        "Nothing is proposed before that is cleared: each finding says what speaks against it, and what would tell.",
    )


def test_where_nothing_could_be_judged_the_report_does_not_call_it_an_answer():
    left_out = [facts("int.kickoff", "excluded", excluded_because="too_few")]
    assert (
        whole.read(opened(record(findings=left_out, pivotal=[])))
        .headline[1]
        .startswith("None could be judged")
    )


def test_a_short_set_is_not_filled_up_and_says_so():
    assert "never filled up" in whole.read(opened(record())).set_words


def test_harm_is_told_apart_from_help():
    shown = whole.read(opened(record()))
    assert [one.key for one in shown.of("harmful")] == ["int.opening_discount"]
    assert [one.key for one in shown.of("lever")] == ["cust.data_access", "cust.exec_sponsor"]


def test_where_lower_is_better_a_fall_is_a_help():
    made = record()
    made["result"] = made["result"] | {
        "metric": {"name": "discount", "unit": "share of list price", "better": "lower"}
    }
    shown = whole.read(opened(made | {"among_won": True}))
    assert [one.key for one in shown.of("lever")] == ["int.opening_discount"]


def test_what_is_left_out_for_one_reason_is_named_together():
    twins = [
        facts(key, "excluded", excluded_because="mechanical", in_words=f"“{key}” is not judged: it is late.")
        for key in "ab"
    ]
    groups = whole.read(opened(record(findings=twins, pivotal=[]))).left_out
    assert [(one.reason, one.why, one.names) for one in groups] == [
        ("Part of closing", "it is late.", "“a”, “b”")
    ]


def test_worth_is_said_in_the_unit_of_the_metric():
    share = whole.read(opened(record())).one("cust.data_access")
    assert (share.worth_text, share.worth_interval) == ("+8.3 sales a quarter", "+5.3 to +11")
    money = whole.read(opened(record() | {"kind": "money"})).one("cust.data_access")
    assert money.worth_text == "+€8 a quarter"
    among_won = whole.read(opened(record() | {"among_won": True})).one("cust.data_access")
    assert among_won.worth_text == "+5.9 points on average"


def test_a_finding_says_what_it_would_take_to_explain_it_away():
    sturdy = " ".join(whole.read(opened(record())).one("cust.data_access").robustness)
    assert "6.2%" in sturdy
    assert "2.4 times as strong as “size at creation”" in sturdy


def test_names_from_files_cannot_put_markup_into_the_report():
    evil = "<script>alert(1)</script>"
    made = record(findings=[facts(evil, "strong", 0.08, in_words=evil)], pivotal=[])
    made["names"] = {evil: evil}
    assert "<script" not in discovery.html(opened(made), title=evil)


def test_the_same_record_gives_the_same_bytes():
    assert discovery.html(opened(record())) == discovery.html(opened(json.loads(json.dumps(record()))))


def test_a_run_is_written_as_four_files(tmp_path):
    paths = discovery.write(tmp_path / "out", opened(record()), code_version="0.1.0")
    assert [path.name for path in paths] == ["report.html", "findings.csv", "findings.parquet", "run.json"]
    assert pl.read_csv(paths[1])["agreement"].to_list() == pl.read_parquet(paths[2])["agreement"].to_list()
    assert json.loads(paths[3].read_text())["record"] == opened(record()).stored()


def test_the_forest_plot_shows_only_what_has_some_evidence():
    labels = [row[0] for row in Pictures(whole.read(opened(record()))).forest.table.rows]
    assert labels == [
        NAMES[key]
        for key in ("cust.data_access", "cust.exec_sponsor", "int.opening_discount", "cust.pilot_scope")
    ]


def test_association_is_never_shown_as_more():
    made = record()
    made["result"] = made["result"] | {
        "settings": made["result"]["settings"] | {"agreement_columns": ["Scope"]}
    }
    assert "Association only" in discovery.html(opened(made))


def test_where_evidence_is_thin_the_report_says_how_to_get_some():
    mind = " ".join(whole.read(opened(record())).one("cust.references").mind)
    assert "About 13,000 deals in the data (there are 1,700)" in mind
    assert "every second deal, drawn by lot" in mind


def test_a_segment_of_fewer_than_five_deals_is_never_shown_alone():
    made = record()
    made["segment_deals"] = {"cust.data_access": {"ENT": 4}}
    assert whole.read(opened(made)).one("cust.data_access").segments == ()
    assert len(whole.read(opened(record())).one("cust.data_access").segments) == 1
    assert whole.read(opened(made)).one("cust.data_access").small_segments == 1


def test_a_finding_tells_dose_paths_and_what_ten_more_of_a_hundred_deals_bring(html):
    one = whole.read(opened(record())).one("cust.data_access")
    assert [reading.text for reading in one.doses[0].readings] == ["+3.0 points", "+11.0 points"]
    assert one.ten_points == "+3.1 sales a quarter (+1.2 to +5.0)"
    assert [(fact.covariate, fact.bias, fact.times) for fact in one.against] == [
        ("Size at creation", "+1.2 points", "2.4 times")
    ]
    text = re.sub(r"<[^>]+>", " ", html)
    assert "Gained in writing it does more." in text
    assert "Prepared by “Pilot scope”" in text


def test_a_segment_in_which_it_works_the_other_way_is_marked():
    made = record() | {"reversing": {"cust.data_access": ["ENT"]}}
    assert whole.read(opened(made)).one("cust.data_access").segments[0].reverses
