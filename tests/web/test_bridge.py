"""Saying what the company's own words mean: one form, what it does, the act, and taking it back."""

import html
import re

import pytest

import budget
from cast import deal
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.bridge import queries
from words import KEY, kind, say, tie, word


@pytest.fixture
def analyst(client, cast):
    client.force_login(cast.analyst)
    return client


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def look(client, **said):
    versions = {f"version-{one.pk}": one.version for one in AgreementType.objects.all()}
    return client.post("/words/look", versions | said)


def chosen(page: str, found: AgreementType) -> list[str]:
    """Return which answers are chosen of a word."""
    return re.findall(rf'name="word-{found.pk}" value="([^"]*)" checked', page)


def hidden(answer) -> dict[str, str]:
    """Return what the button of the preview sends."""
    return dict(re.findall(r'type="hidden" name="([^"]+-\d+)" value="([^"]*)"', answer.content.decode()))


def test_what_is_sure_is_chosen_beforehand_with_its_reason(analyst, cast):
    sure, odd = word("Usage data shared"), word("Xyzzy")
    say(cast.deal, sure.key)
    page = analyst.get("/words/")
    assert chosen(page.content.decode(), sure) == [f"type:{KEY}"]
    assert chosen(page.content.decode(), odd) == [""]
    assert "Its name says “usage data shared”, another word for it." in text(page)
    assert "On 1 of 2 deals" in text(page)
    assert "Nothing in the catalogue sounds like it." in text(page)


def test_the_whole_way_from_the_words_to_the_catalogue(analyst, cast):
    sure, other, own, later = (word(name) for name in ("Usage data shared", "Zahlenwerk", "Lunch", "Xyzzy"))
    for found in (sure, other):
        say(cast.deal, found.key)
    say(cast.foreign_deal, KEY)
    seen = look(
        analyst,
        **{
            f"word-{sure.pk}": f"type:{KEY}", f"version-{sure.pk}": "1",
            f"word-{other.pk}": "other", f"other-{other.pk}": "baseline  MEASURED", f"version-{other.pk}": "1",
            f"word-{own.pk}": "own", f"side-{own.pk}": "partner", f"version-{own.pk}": "1",
            f"word-{later.pk}": "", f"version-{later.pk}": "1",
        },
    )  # fmt: skip
    assert seen.status_code == 422
    assert "The catalogue has no type “baseline MEASURED”. Choose one from the list." in text(seen)
    seen = look(
        analyst,
        **{
            f"word-{sure.pk}": f"type:{KEY}", f"version-{sure.pk}": "1",
            f"word-{other.pk}": "", f"other-{other.pk}": "measured starting-point", f"version-{other.pk}": "1",
            f"word-{own.pk}": "own", f"side-{own.pk}": "partner", f"version-{own.pk}": "1",
            f"word-{later.pk}": "", f"version-{later.pk}": "1",
        },
    )  # fmt: skip
    assert seen.status_code == 200
    assert "“Usage data shared” means “Early access to key data”" in text(seen)
    assert "1 agreement with 1 step moves, 1 of them on open deals." in text(seen)
    assert "Lunch, made with: partner. Nothing moves." in text(seen)
    assert AgreementType.objects.meanings() == {}
    done = analyst.post("/words/settle", hidden(seen), follow=True)
    assert done.redirect_chain == [("/words/", 302)]
    assert (
        "2 words are tied to the catalogue, with 2 agreements. 1 kept as a type of your own. 1 still"
        in text(done)
    )
    assert AgreementType.objects.meanings() == {"Usage data shared": KEY, "Zahlenwerk": "cust.baseline"}
    assert kind("Lunch").side == "partner"
    assert [one.key for one in done.context["page"].words] == ["Xyzzy"]


def test_what_the_preview_says_of_deals_with_both_is_what_is_done(analyst, cast):
    found = word()
    say(cast.deal, found.key)
    say(cast.deal, KEY)
    seen = look(analyst, **{f"word-{found.pk}": f"type:{KEY}"})
    assert "1 deal has both: the two become one" in text(seen)
    assert "What can be taken back later, and what cannot" in text(seen)
    done = analyst.post("/words/settle", hidden(seen), follow=True)
    assert done.redirect_chain == [("/", 302)]
    assert "1 word is tied to the catalogue, with 1 agreements" not in text(done)
    assert (
        "1 word is tied to the catalogue, with 1 agreement. No word of your files is in question any more."
        in text(done)
    )
    assert Agreement.objects.count() == 1


def test_what_was_chosen_is_there_when_something_is_to_be_changed(analyst, cast):
    found = word("Xyzzy")
    page = analyst.post("/words/", {f"word-{found.pk}": "own", f"side-{found.pk}": "supplier"})
    assert chosen(page.content.decode(), found) == ["own"]
    assert re.search(r'<option value="supplier" selected>', page.content.decode())


def test_nothing_said_is_told_and_kept(analyst, cast):
    found = word("Xyzzy")
    answer = look(analyst, **{f"word-{found.pk}": ""})
    assert answer.status_code == 422
    assert "Say of one word at least what it means." in text(answer)
    answer = look(analyst, **{f"word-{found.pk}": "other", f"other-{found.pk}": ""})
    assert "Say which type it means." in text(answer)


@pytest.mark.parametrize("said", ["nonsense", "type:no.such", "type:cust.nda' OR 1"])
def test_what_makes_no_sense_is_refused_and_changes_nothing(analyst, cast, said):
    found = word("Xyzzy")
    answer = analyst.post("/words/settle", {f"word-{found.pk}": said, f"version-{found.pk}": "1"})
    assert answer.status_code == 422
    found.refresh_from_db()
    assert (found.tied_to, found.settled_at) == (None, None)


@pytest.mark.parametrize("fields", [{"word-x": "own"}, {"word-999999": "own"}, {"word-²": "own"}, {}])
def test_words_that_are_not_there_are_refused(analyst, cast, fields):
    assert analyst.post("/words/settle", fields).status_code == 422


def test_who_comes_later_sees_that_it_was_said_already(analyst, cast):
    found, open_ = word(), word("Xyzzy")
    tie(found)
    sent = {f"word-{found.pk}": "type:cust.nda", f"version-{found.pk}": "1", f"word-{open_.pk}": "own"}
    sent |= {f"version-{open_.pk}": "1"}
    late = analyst.post("/words/settle", sent)
    assert late.status_code == 409
    assert chosen(late.content.decode(), open_) == ["own"]
    assert AgreementType.objects.meanings() == {found.key: KEY}


def test_a_tied_word_is_untied_after_it_is_said_what_goes_back(analyst, cast):
    found = word()
    say(cast.deal, found.key)
    say(deal("N-2", owner=cast.seller, team=cast.north), found.key)
    tie(found)
    page = analyst.get("/words/untie/Usage%20data%20shared")
    assert "2 agreements that came by this word alone and were not touched since say" in text(page)
    done = analyst.post("/words/untie/Usage%20data%20shared", {"version": "2"}, follow=True)
    assert "“Usage data shared” is in question again. 2 agreements went back to it." in text(done)
    assert Agreement.objects.filter(type=found).count() == 2


def test_untying_a_newer_tie_than_the_one_seen_shows_it(analyst, cast):
    tie(word())
    answer = analyst.post("/words/untie/Usage%20data%20shared", {"version": "1"})
    assert answer.status_code == 409
    assert AgreementType.objects.meanings() == {"Usage data shared": KEY}


def test_the_catalogue_finds_a_type_by_the_word_of_the_files(client, cast):
    tie(word())
    client.force_login(cast.seller)
    found = client.get("/catalogue/?q=usage+shared").context["found"]
    assert [(line.key, line.words) for line in found] == [(KEY, ("Usage data shared",))]
    assert "In your files Usage data shared" in text(client.get(f"/catalogue/{KEY}"))
    page = client.get("/catalogue/Usage%20data%20shared")
    assert "It means Early access to key data" in text(page)
    assert b"/words/" not in page.content


def test_the_catalogue_says_how_many_words_are_in_question_to_who_keeps_it(client, cast):
    word()
    client.force_login(cast.analyst)
    assert "Your words (1)" in text(client.get("/catalogue/"))
    client.force_login(cast.seller)
    assert "Your words" not in text(client.get("/catalogue/"))


def test_an_old_address_of_the_word_opens_the_types_agreement(client, cast):
    found = word()
    say(cast.deal, found.key)
    tie(found)
    client.force_login(cast.seller)
    page = client.get(f"/deals/{cast.deal.pk}/agreements/{found.pk}/")
    assert "Early access to key data" in text(page)
    assert page.context["page"].type_id == kind().pk


def test_a_page_of_words_asks_the_database_as_often_for_many_as_for_few(
    analyst, cast, django_assert_max_num_queries
):
    for number in range(12):
        say(cast.deal, word(f"Xyzzy {number}").key)
    with django_assert_max_num_queries(budget.statements("words")):
        assert len(queries.words_page(cast.analyst).words) == 12


def test_more_words_than_a_page_holds_come_after_these(analyst, cast):
    for number in range(queries.MOST_WORDS + 2):
        word(f"Xyzzy {number:02}")
    page = analyst.get("/words/")
    assert len(page.context["page"].words) == queries.MOST_WORDS
    assert "2 words more, used less, come after these." in text(page)


def test_a_word_written_by_a_stranger_stays_a_text(analyst, cast):
    word("<script>alert(1)</script>")
    assert b"<script>alert" not in analyst.get("/words/").content
