"""Pages in other languages: templates are cut into sentences, and pages of converted subjects hold no other words."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import pytest
import write_sentences
from django.conf import settings
from django.template import engines
from django.urls import reverse

import hindsights
import pseudo
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.records import languages, po_files
from hingepoint.records.errors import Stale
from hingepoint.records.languages import Catalogue, reason
from hingepoint.reports import handovers
from hingepoint.web import answers, jinja
from hingepoint.web.tongues import choosing, expressions, pieces, sentences
from routes import PAGES, address

TEMPLATES = sorted(write_sentences.TEMPLATES.rglob("*.html"))
GERMAN = sorted((languages.FOLDER / "de").glob("*.po"))
#: Pages of which every word can be said in another language, walked every day and at night. One that is converted is added.
CONVERTED = ("my-handovers", "handover")
#: Pages with words that nobody says in another language yet, and why. German is offered when none is left.
LEFT = {
    "catalogue": "descriptions of shipped agreement types",
    **dict.fromkeys(("agreement-type", "agreement", "set-standard", "pivotal"), "what is good of a shipped type"),
    **dict.fromkeys(("data-health", "discovery-readiness", "import"), "what an import found"),
    **dict.fromkeys(("run", "finding", "evidence", "plan-evidence", "compare-runs", "deals-behind", "new-run", "discovery"), "words of a run"),
    **dict.fromkeys(("trial", "rollout", "rollout-card", "strategy-forecast", "strategy-results"), "words of trials and measures"),
    **dict.fromkeys(("connections", "connection", "new-connection"), "words of connectors"),
    **dict.fromkeys(("rules", "edit-rule", "rule", "edit-pressure-rule", "pressure-rule"), "names of shipped rules"),
    **dict.fromkeys(("manual", "manual-file"), "the manual is English"),
    "export-run": "a report for analysts",
    "self-assessment": "names of signals in pictures",
    **dict.fromkeys(("coach", "playbook", "prepare-talk", "talk-plan"), "what is good of a shipped type"),
    **dict.fromkeys(("edit-own-metric", "new-own-metric", "own-metrics", "home-pictures"), "words of own metrics"),
    **dict.fromkeys(("account", "coaching", "deal", "home", "person", "webhooks", "say-words", "merge-people"), "single words"),
    **dict.fromkeys(("edit-strategy", "new-strategy", "put-in-force", "set-target", "sheet", "reviews"), "single words"),
    **dict.fromkeys(("new-rule", "new-pressure-rule"), "words of a form that are keys of files"),
    **dict.fromkeys(("imports", "matrix", "people", "rollouts", "trail"), "names that the cast gave are not told from words"),
    "signal": "the question as a reading stored it, and legends of its picture",
}  # fmt: skip


@pytest.fixture
def _bracketed(monkeypatch):
    """Offer the language of the tests, in which every sentence stands in brackets, and answer in it."""
    english = languages.catalogue

    def catalogue(language: str) -> Catalogue:
        return pseudo.Bracketed() if language == pseudo.LANGUAGE else english(language)

    monkeypatch.setattr(languages, "catalogue", catalogue)
    monkeypatch.setattr(settings, "OFFERED_LANGUAGES", ("en", pseudo.LANGUAGE))
    monkeypatch.setattr(jinja, "_compiled", lambda language="": None)
    monkeypatch.setattr(engines["jinja2"], "_others", {})


def name_of(path: Path) -> str:
    return path.relative_to(write_sentences.TEMPLATES).as_posix()


def test_every_template_is_the_sum_of_its_pieces():
    texts = {name_of(path): path.read_text("utf-8") for path in TEMPLATES}
    assert len(texts) > 250
    assert [
        name for name, text in texts.items() if "".join(map(pieces.source_of, pieces.cut(text))) != text
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("catalogue", [Catalogue(), pseudo.Bracketed()], ids=["english", "bracketed"])
def test_every_template_still_compiles_when_its_sentences_are_exchanged(catalogue):
    env = engines["jinja2"].env
    for path in TEMPLATES:
        env.compile(sentences.translated(path.read_text("utf-8"), catalogue), name_of(path))


class Upside(Catalogue):
    """Has what it is given."""

    def __init__(self, told=None, forms=None):
        super().__init__(told or {}, forms or {})


@pytest.mark.parametrize(
    ("source", "words", "said"),
    [
        ("<p>They promised</p>", "They promised", "Sie"),
        ("<p>From <b>{{ a.who }}</b>, {{ a.on|day }}.</p>", "From <b>{who}</b>, {on}.", "Am {on} von <b>{who}</b>."),
        ("<p>Gain it{% if who %} from {{ who }}{% endif %}</p>", "Gain it{if who} from {who}{end}", "{if who}Von {who} {end}holen"),
        ("<div>{% if a %}One thing.{% else %}Another.{% endif %}</div>", "One thing.", "Das eine."),
        ('<a title="The next">x1</a>', "The next", "Das Nächste"),
        ('{{ buttons.link("Plan " ~ best.name, url("Plan a")) }}', "Plan {name}", "{name} planen"),
        ('{% call layout.card("Who is who") %}{% endcall %}', "Who is who", "Wer ist wer"),
        ("<p>{{ n.from }} to {{ m.from }}</p>", "{from} to {from_2}", "{from_2} bis {from}"),
    ],
    ids=["text", "places", "choice in a sentence", "choice of sentences", "attribute", "joined", "argument", "one name twice"],
)  # fmt: skip
def test_a_sentence_is_found_with_its_places_and_said_in_another_order(source, words, said):
    noted = write_sentences.Noted()
    assert re.sub(r"[()]", "", sentences.translated(source, noted)) == re.sub(r"[()]", "", source)
    assert words in [one.words for one in noted.noted]
    assert sentences.translated(source, Upside({words: said})) != source


def test_places_keep_their_sources_where_a_translation_moves_them():
    source = '<p>From <b class="x">{{ a.who }}</b>, {{ a.on|day }}.</p>'
    told = Upside({"From <b>{who}</b>, {on}.": "Am {on} von <b>{who}</b>."})
    assert sentences.translated(source, told) == '<p>Am {{ a.on|day }} von <b class="x">{{ a.who }}</b>.</p>'


def test_a_count_chooses_among_whole_sentences():
    source = '<p>{{ waiting|length|plural("talk") }} without debrief.</p>'
    told = Upside(
        forms={
            ("{n} talk without debrief.", "{n} talks without debrief."): ("Ein Gespräch.", "{n} Gespräche.")
        }
    )
    told = Upside(forms={pair: ("{n} Gespräch.", forms[1]) for pair, forms in told.plurals.items()})
    page = engines["jinja2"].env.from_string(sentences.translated(source, told))
    assert [page.render(waiting="x" * n) for n in (1, 3)] == ["<p>1 Gespräch.</p>", "<p>3 Gespräche.</p>"]


def test_a_translation_that_lost_a_place_is_refused():
    with pytest.raises(sentences.Misplaced, match="who"):
        sentences.translated("<p>From {{ who }}</p>", Upside({"From {who}": "Von jemandem"}))


def test_names_and_what_is_compared_are_no_words():
    for source in (
        'url("Some name", x)',
        'x == "Not needed"',
        'f(icon="Big arrow")',
        '"deal-" ~ x',
        '"/a b"',
    ):
        noted = write_sentences.Noted()
        assert expressions.translated(source, noted) == source
        assert noted.noted == []


def page_of(client, cast, route: str, language: str) -> str:
    client.force_login(cast.seller)
    found = address(route, PAGES[route][1], cast)
    return client.get(found, headers={"Accept-Language": language}).text


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def known_to(cast) -> set[str]:
    """Return what people and files wrote, which nobody translates."""
    types = {str(one) for one in AgreementType.objects.all()}
    people = {
        "Ada",
        "Sanna",
        "Stig",
        "Maud",
        "Otto",
        "Max",
        "Nils",
        "Bo Lind",
        "Bo",
        "Acme Mills",
        "North",
        "South",
    }
    zones = {one for one in available_timezones() if "/" in one}
    deals = {"Deal N-1", "Deal N-11", "Deal N-9", "Deal S-1", "EUR", cast.deal.name}
    return types | people | zones | set(MONTHS) | set(MONTHS_IN_FULL) | deals | WRITTEN


@pytest.mark.parametrize("route", CONVERTED)
@pytest.mark.usefixtures("_bracketed")
def test_a_page_of_a_converted_subject_has_no_word_outside_of_its_sentences(client, cast, route):
    hindsights.handed_over(cast)
    page = main_of(page_of(client, cast, route, pseudo.LANGUAGE))
    assert "⟦" in page
    assert pseudo.words_outside(page, known_to(cast)) == []


def walked(client, cast) -> Iterator[tuple[str, str]]:
    """Yield every page that is not ``LEFT`` as each of its roles sees it."""
    known: dict = {}
    for route in sorted(PAGES.keys() - LEFT.keys()):
        roles, arguments = PAGES[route]
        for role in sorted(roles) if roles is not None else ["seller"]:
            client.force_login(getattr(cast, role))
            shown = client.get(
                address(route, arguments, cast, known), headers={"Accept-Language": pseudo.LANGUAGE}
            )
            is_page = shown.headers.get("Content-Type", "").startswith("text/html")
            if shown.status_code == 200 and is_page and "<main" in shown.text:
                yield route, shown.text


@pytest.mark.slow
@pytest.mark.usefixtures("_bracketed")
def test_no_page_shows_anybody_a_word_outside_of_its_sentences(client, cast):
    hindsights.handed_over(cast)
    found: dict[str, set[str]] = defaultdict(set)
    routes = set()
    for route, page in walked(client, cast):
        routes.add(route)
        found[route] |= set(pseudo.words_outside(page, known_to(cast)))
    assert len(routes) > 60
    assert {route: sorted(words) for route, words in found.items() if words} == {}


def test_what_is_left_is_a_page():
    assert LEFT.keys() <= PAGES.keys()


#: What the cast wrote, or a program was called; and what a signed number says.
WRITTEN = {
    *("Lee", "Dora", "Nina", "Sales", "Discount less", "Sell value.", "10 percent off", "60 days to pay", "three-year term"),
    *("a smaller first step", "the money comes from next year's budget", "Where we stand", "One agreement counts most."),
    *("Ask for it before you speak of price.", "Ask for the log", "Value before price", "Read plans", "people.csv", "warehouse"),
    *("Agree what they win before the price moves.", "Their own numbers speak louder than ours.", "First version."),
    *("hear what must be different", "the sponsor's experience", "send it", "hinge.example", "deals-2026-03-02.csv", "Hingepoint"),
    *("English", "https://127.0.0.1:1/hook", "Complete, and small enough for one approver.", "Hinge 0.1.0"),
}  # fmt: skip
MONTHS_IN_FULL = [
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
]  # fmt: skip
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def test_words_outside_of_sentences_are_found():
    page = '<p>⟦From <b>Stig</b>⟧ to Sanna</p><a title="⟦All⟧ of them">⟦x⟧</a><script>let it = "be"</script>'
    assert pseudo.words_outside(page, {"Sanna"}) == ["of them", "to"]


@pytest.fixture
def _german_offered(monkeypatch):
    monkeypatch.setattr(settings, "OFFERED_LANGUAGES", ("en", "de"))
    monkeypatch.setattr(jinja, "_compiled", lambda language="": None)


@pytest.mark.usefixtures("_german_offered")
def test_the_letter_is_german_to_whom_asks_for_it(client, cast):
    row = hindsights.handed_over(cast)
    client.force_login(cast.seller)
    page = client.get(reverse("handover", args=[row.pk]), headers={"Accept-Language": "de-AT,en;q=0.5"}).text
    assert '<html lang="de"' in page
    assert "Von <b>Stig</b> an <b>Sanna</b>, 1. März 2026." in page
    assert "Ich habe ihn gelesen" in page
    refused = client.post(
        reverse("confirm-handover", args=[row.pk]),
        {"event": "1"},
        headers={"Accept-Language": "de"},
        follow=True,
    )
    assert "Der Deal ist gerade noch einmal übergeben worden" in refused.text


def test_while_german_is_not_offered_everybody_reads_english(client, cast):
    row = hindsights.handed_over(cast)
    client.force_login(cast.seller)
    at = reverse("handover", args=[row.pk])
    assert settings.OFFERED_LANGUAGES == ("en",)
    asked = client.get(at, headers={"Accept-Language": "de"}).text
    assert '<html lang="en"' in asked
    assert "From <b>Stig</b> to <b>Sanna</b>, 1 Mar 2026." in asked


@pytest.mark.usefixtures("_german_offered")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr,de;q=0.5", "de"),
        ("de-CH", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("*", "en"),
        ("§;;q=x", "en"),
    ],
)
def test_the_first_language_that_is_offered_is_spoken(header, language):
    assert choosing.asked_for(header) == language


def test_the_printed_letter_is_german_too(cast):
    from hingepoint.domain.handovers.queries import letters

    row = hindsights.handed_over(cast)
    letter = letters.letter(cast.seller, row.pk, today=dt.date(2026, 3, 2))
    with languages.speaking("de"):
        told = handovers.letter_facts(letter, at=dt.datetime(2026, 3, 2, 9, 5, tzinfo=dt.UTC))
    assert told["title"] == "Übergabebrief"
    assert told["when"] == "Von Stig an Sanna, 1. März 2026. "
    assert told["foot"] == "Gedruckt am 2. März 2026, 09:05 Uhr"


def test_why_an_action_refused_is_told_in_the_readers_language():
    words = "The deal changed hands again a moment ago. Read the letter once more."
    with languages.speaking("de"):
        assert answers.answer_to(Stale(words=reason(words))).words.startswith("Der Deal ist gerade")
    assert answers.answer_to(Stale(words=reason(words))).words == words


# ---- what translators keep ----


@pytest.mark.parametrize("path", GERMAN, ids=lambda path: path.stem)
def test_a_subject_in_german_is_complete_and_says_nothing_that_nobody_says(path):
    said = {(one.words, one.many) for one in write_sentences.collected(path.stem)}
    found = po_files.read(path.read_text("utf-8")).entries
    assert {(one.words, one.many) for one in found} == said, f"python3 dev.py sentences de {path.stem}"
    assert [one.words for one in found if not one.told] == []


@pytest.mark.parametrize("path", GERMAN, ids=lambda path: path.stem)
def test_a_translation_has_the_places_of_its_sentence(path):
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{[^}]*\}|</?\w+>", text))

    found = po_files.read(path.read_text("utf-8")).entries
    wrong = [
        (form, one.words)
        for one in found
        for form in one.told
        if places(form) not in (places(one.words), places(one.many or one.words))
    ]
    assert wrong == []


def test_two_files_never_say_one_sentence_differently():
    told: dict = {}
    for path in GERMAN:
        for one in po_files.read(path.read_text("utf-8")).entries:
            told.setdefault((one.words, one.many), set()).add(one.told)
    assert [words for words, forms in told.items() if len(forms) > 1] == []
