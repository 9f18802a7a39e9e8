"""Sentences in another language, and how it writes numbers, money and days."""

import datetime as dt
import gettext
import json
import pickle

import pytest

from hingepoint.records import conventions, languages, po_files
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.po_files import Entry
from hingepoint.reports.charts import numbers

POLISH = r"""
msgid ""
msgstr ""
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

#: web/deals.py
msgid "{n} deal"
msgid_plural "{n} deals"
msgstr[0] "{n} umowa"
msgstr[1] "{n} umowy"
msgstr[2] "{n} umów"

msgid "By "
"{day}"
msgstr "Do {day}, \"tak\"\n"

#, fuzzy
msgid "Guessed"
msgstr "Zgadnięte"
"""


@pytest.fixture
def _polish(monkeypatch, tmp_path):
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl" / "deals.po").write_text(POLISH, "utf-8")
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    languages.catalogue.cache_clear()
    yield
    languages.catalogue.cache_clear()


@pytest.mark.usefixtures("_polish")
def test_a_count_takes_the_form_of_its_language():
    with languages.speaking("pl"):
        told = [languages.say_many("{n} deal", "{n} deals", n, n=n) for n in (1, 2, 5, 22, 112)]
    assert told == ["1 umowa", "2 umowy", "5 umów", "22 umowy", "112 umów"]
    assert languages.say_many("{n} deal", "{n} deals", 2, n=2) == "2 deals"


@pytest.mark.usefixtures("_polish")
def test_what_is_not_translated_or_only_guessed_stays_english():
    with languages.speaking("pl"):
        assert languages.say("By {day}", day="1 maja") == 'Do 1 maja, "tak"\n'
        assert languages.say("Guessed") == "Guessed"
        assert languages.say("Never seen {x}", x=1) == "Never seen 1"


def test_a_language_is_spoken_inside_of_its_block_only():
    with languages.speaking("de"), languages.speaking("en"):
        assert languages.spoken() == "en"
    with pytest.raises(ZeroDivisionError), languages.speaking("de"):
        raise ZeroDivisionError
    assert languages.spoken() == "en"


def test_what_is_written_is_read_again():
    entries = [
        Entry('Say "it"\\\n', told=("Sag\tes",), places=("a.py", "b.py")),
        Entry("{n} deal", "{n} deals", ("{n} Deal", "{n} Deals")),
        Entry("Waits"),
    ]
    found = po_files.read(po_files.written(entries))
    assert [(one.words, one.many, one.told) for one in found.entries] == [
        (one.words, one.many, one.told) for one in entries
    ]


def test_a_sentence_said_in_two_places_stands_once_with_both():
    text = po_files.written([Entry("One", places=("a.py",)), Entry("One", places=("b.py",))])
    assert text.count("msgid") == 2  # the head is one of them
    assert "#: a.py\n#: b.py\n" in text


def test_plural_rules_are_read_as_gettext_reads_them():
    rule = "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"
    form_of = po_files.read(POLISH).form_of
    assert [form_of(n) for n in range(200)] == [gettext.c2py(rule)(n) for n in range(200)]


@pytest.mark.parametrize(
    ("written", "english", "german"),
    [
        (lambda: numbers.number(-12400.25, 2), "−12,400.25", "−12.400,25"),
        (lambda: numbers.share(0.1234), "12.3%", "12,3\xa0%"),
        (lambda: numbers.money(1234.56, "EUR", 2), "€1,234.56", "1.234,56\xa0€"),
        (lambda: numbers.money(-5, "CHF"), "−CHF 5", "−5\xa0CHF"),
        (lambda: numbers.money(7), "7", "7"),
        (lambda: numbers.money_short(1_240_000, "EUR"), "€1.24M", "1,24\xa0Mio.\xa0€"),
        (lambda: numbers.money_short(-380_000, "USD"), "−$380k", "−380\xa0Tsd.\xa0$"),
        (lambda: numbers.signed(3.25, 1), "+3.2", "+3,2"),
        (lambda: numbers.tick(0.25, "share", 0.05), "25%", "25\xa0%"),
        (lambda: conventions.day(dt.date(2026, 5, 3)), "3 May 2026", "3. Mai 2026"),
        (lambda: conventions.day_short(dt.date(2026, 3, 1)), "1 Mar", "1. März"),
    ],
    ids=["number", "share", "money", "code", "no currency", "millions", "thousands", "signed", "tick", "day", "day short"],
)  # fmt: skip
def test_a_value_is_written_as_its_language_does(written, english, german):
    assert written() == english
    with languages.speaking("de"):
        assert written() == german


def test_months_are_those_of_the_calendar():
    days = [dt.date(2026, month, 1) for month in range(1, 13)]
    assert [conventions.day(one) for one in days] == [f"1 {one:%b} 2026" for one in days]


def test_the_word_of_an_enum_is_said_and_its_value_stays():
    assert (AgreementState.KEPT.label, Evidence.TOLD.label) == ("Kept", "They said it")
    with languages.speaking("de"):
        assert AgreementState("kept") == "kept"
        assert AgreementState.KEPT.english == "Kept"
        assert AgreementState.KEPT.label == languages.say("Kept") != "Kept"
        assert Evidence.TOLD.label == languages.say("They said it") != "They said it"


def test_a_reason_is_a_text_like_any_other():
    made = languages.reason("{n} of {all} deals", n=2, all=3)
    assert made == "2 of 3 deals"
    assert json.dumps(made) == '"2 of 3 deals"'
    assert languages.told_again(pickle.loads(pickle.dumps(made))) == "2 of 3 deals"
    assert languages.told_again("No sentence of ours {") == "No sentence of ours {"
