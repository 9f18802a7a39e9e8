"""What the code says can be said in another language: packages that are converted hold no sentence that nobody can say."""

import datetime as dt

import pytest
import python_sentences
import write_sentences
from markupsafe import escape

from hingepoint.records import languages, po_files
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Refused
from hingepoint.records.languages import Sentence, reason, say, told_again, words_of
from hingepoint.records.self_assessment import Group
from hingepoint.web import answers
from hingepoint.web.jinja import FILTERS

HELD = [place for place in python_sentences.places(python_sentences.HELD) if "migrations" not in place]


def found(tmp_path, monkeypatch, source: str) -> dict[str, bool]:
    """Return the texts of a made file that people may read, and whether a door tells them."""
    monkeypatch.setattr(python_sentences, "SOURCE", tmp_path)
    (tmp_path / "made.py").write_text(source, "utf-8")
    reader = python_sentences._found.__wrapped__("made.py")
    return {one.words: one.at_door for one in reader}


def test_the_packages_that_are_held_say_all_they_say():
    assert len(HELD) > 60
    assert {
        place: [one.words for one in python_sentences.unsaid(place)]
        for place in HELD
        if python_sentences.unsaid(place)
    } == {}


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('x = "Nobody says this"', {"Nobody says this": False}),
        ('def f(n): return f"{n} deals are late"', {"{} deals are late": False}),
        ('x = say("Said well"); y = words_of(("key", "Marked well"))', {}),
        ('"""Docstrings are read by nobody."""', {}),
        ('def f(): record(action="take back", subject="own metric")', {}),
        ('def f(): messages.info(request, "Told by its door")', {"Told by its door": True}),
        ('def f(n): messages.info(request, f"Not {n} by its door")', {"Not {} by its door": False}),
        ('x = forms.CharField(label="The day")', {"The day": True}),
        ('def f(a): raise ValueError("Not for people")', {}),
        (
            'def f(a): form.add_error("x", "Say when" if a else "Say who")',
            {"Say when": True, "Say who": True},
        ),
        ('def f(a): form.add_error("x", "Say when " + a)', {"Say when ": False}),
    ],
)
def test_a_text_is_found_where_people_read_it(tmp_path, monkeypatch, source, texts):
    assert found(tmp_path, monkeypatch, source) == texts


def test_what_stands_at_a_door_and_in_a_marked_constant_is_collected():
    words = {one.words for one in write_sentences.of_python("plans")}
    assert "Say how it ended." in words  # a form's own words
    assert "What could go wrong" in words  # in a dataclass of a constant
    assert "best" not in words


# ---- a marked constant is said when it is shown ----


def test_a_constant_is_english_where_it_is_kept_and_said_where_it_is_shown():
    word = words_of("They said no")
    assert isinstance(word, Sentence)
    with languages.speaking("de"):
        assert word == "They said no"
        assert str(escape(word)) == "Sie haben Nein gesagt"
        assert f"{word}." == "Sie haben Nein gesagt."
        assert say("{name} is retired; what was gained stays.", name=word).startswith(
            "Sie haben Nein gesagt ist"
        )
        assert FILTERS["told"]("They said no") == "Sie haben Nein gesagt"
    assert str(escape(word)) == "They said no"


def test_keys_in_a_structure_stay_what_they_are():
    marked = words_of({"not_needed": ("then", "They said no", 3)})
    assert [type(one) for one in marked["not_needed"]] == [str, Sentence, int]


def test_a_label_made_when_python_read_a_file_is_said_by_the_page():
    kept = AgreementState.GAINED.label, Evidence.WRITTEN.label
    with languages.speaking("de"):
        assert [str(escape(one)) for one in kept] == ["Erzielt", AgreementState.KEPT.label and say(kept[1])]
        assert str(escape(kept[1])) != "They wrote it"


def test_a_word_inside_of_a_sentence_keeps_its_capitals_in_german_alone():
    word = words_of("Kind words")
    assert word.lower() == "kind words"
    with languages.speaking("de"):
        assert word.lower() == "Freundliche Worte"
        assert say("Kind words").lower() == "Freundliche Worte"
        assert say("Kind words").capitalize() == "Freundliche Worte"


def test_a_word_with_a_namesake_is_told_by_its_context():
    assert Group.FIELD.label == "Field"
    with languages.speaking("de"):
        assert Group.FIELD.label == "Vertrieb"
        assert say("Field") == "Feld"
    with languages.speaking("xx"):
        assert Group.FIELD.label == "Field"


def test_a_context_is_written_as_gettext_reads_it():
    one = po_files.Entry(f"a stage{po_files.OF}Close", told=("Abschluss",))
    text = po_files.written([one])
    assert 'msgctxt "a stage"\nmsgid "Close"\nmsgstr "Abschluss"' in text
    assert po_files.read(text).entries == (one,)


def test_a_reason_holds_a_reason_and_both_are_told_again():
    words = reason("{team} cannot belong to {itself}.", team="North", itself=reason("itself"))
    assert words == "North cannot belong to itself."
    with languages.speaking("de"):
        assert told_again(words) == "North kann nicht zu sich selbst gehören."
        assert answers.answer_to(Refused(words)).words == "North kann nicht zu sich selbst gehören."


def test_a_day_and_a_month_are_written_by_the_language():
    from hingepoint.records import conventions

    with languages.speaking("de"):
        assert conventions.month(dt.date(2026, 3, 1)) == "März 2026"
        assert conventions.month_in_full(dt.date(2026, 10, 1)) == "Oktober 2026"
        assert conventions.number(12_400) == "12.400"
    assert conventions.month(dt.date(2026, 3, 1)) == "Mar 2026"
    assert conventions.month_in_full(dt.date(2026, 10, 1)) == "October 2026"
