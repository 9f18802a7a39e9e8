"""The discovery report as PDF: tagged, complete, and the same bytes for the same record."""

import datetime as dt
import re
import shutil
import subprocess

import pytest

from discoveries import FINDINGS, NAMES, facts, record
from hingepoint.analysis.discovery.record import opened
from hingepoint.reports import discovery_pdf, typesetting
from hingepoint.reports.discovery import Input, Signature

pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")

SIGNED = Signature("signed", "Holds in both halves", "Ada", dt.date(2026, 3, 2))


@pytest.fixture(scope="module")
def made():
    inputs = (Input("deals.csv", "ab" * 32, 1_700),)
    return discovery_pdf.pdf(
        opened(record()), title="Nordwerk", inputs=inputs, signatures={"cust.data_access": SIGNED}
    )


@pytest.fixture(scope="module")
def text(made):
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext: apt-get install poppler-utils")
    shown = subprocess.run(
        ["pdftotext", "-", "-"], input=made, capture_output=True, check=True
    ).stdout.decode()
    return " ".join(shown.split())


def test_it_is_a_tagged_document_for_screen_readers(made):
    assert made.startswith(b"%PDF")
    assert b"/StructTreeRoot" in made
    assert b"pdfuaid:part" in made
    assert re.search(rb"/Lang ?\(en\)", made)


def test_it_names_every_agreement_type_and_who_signed(text):
    for key in [one["agreement"] for one in FINDINGS]:
        assert NAMES[key] in text
    assert "Signed by Ada on 2 March 2026: Holds in both halves." in text


def test_the_first_page_answers_and_says_what_to_decide(text):
    first = text[: text.index("1 of")]
    assert "Two agreements are shown to move" in first
    assert "+8.3 points" in first
    assert "an analyst signs or rejects 2 findings" in first
    assert "Whether “Opening discount” may go on as now" in first


def test_it_has_methods_settings_and_inputs(text):
    for said in (
        "what it takes for granted",
        "Nothing else behind it",
        "Smallest effect worth having",
        "ab" * 32,
    ):
        assert said in text


def test_names_from_files_are_text_and_never_code():
    evil = '#panic("run") *bold* $x$ [block] <label> \\'
    shown = record(
        findings=[facts("a", "strong", 0.08, in_words=evil)],
        pivotal=[{"agreement": "a", "p_top": 0.9, "selected_share": 0.8}],
    )
    shown["names"] = {"a": evil}
    assert discovery_pdf.pdf(opened(shown), title=evil).startswith(b"%PDF")


def test_a_result_without_any_finding_is_a_document_too():
    nothing = record(findings=[facts("cust.references", "none")], pivotal=[])
    assert discovery_pdf.pdf(opened(nothing)).startswith(b"%PDF")


def test_the_same_record_gives_the_same_bytes(made):
    assert discovery_pdf.pdf(opened(record())) == discovery_pdf.pdf(opened(record()))


def test_without_the_typesetter_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(typesetting, "available", lambda: False)
    with pytest.raises(typesetting.NoTypesetter, match=r"pip install 'hingepoint\[reports\]'"):
        discovery_pdf.pdf(opened(record()))
