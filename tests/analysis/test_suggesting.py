"""What a company's own word may mean: by its name in English and German, by when it is gained and with whom."""

import datetime as dt

import polars as pl
import pytest

from hingepoint.analysis.bridge import suggesting
from hingepoint.analysis.bridge.names import Names, stems_of, words_of
from hingepoint.analysis.bridge.suggesting import Kind, Use
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.bridge.other_words import other_words
from hingepoint.records.agreements import Side

KINDS = [
    Kind(key, (facts["name"], *other_words()[key]), Side(facts["side"]), facts["stage"])
    for key, facts in shipped_types().items()
]
NAMES = Names({kind.key: kind.names for kind in KINDS})


def suggested(word: str, use: Use = Use(), kinds=KINDS, names=NAMES):  # noqa: B008  (frozen)
    return suggesting.suggestions(word, use, kinds, names)


def first(word: str, use: Use = Use()) -> tuple[str, bool]:  # noqa: B008  (frozen)
    found = suggested(word, use)
    return (found[0].key, found[0].sure) if found else ("", False)


# ---- names ----


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("usage_data_shared", ["usage", "data", "shared"]),
        ("ExecSponsorNamed", ["exec", "sponsor", "named"]),
        ("NDASigned", ["nda", "signed"]),
        ("Vertraulichkeitserklärung (2)", ["vertraulichkeitserklaerung", "2"]),
        ("Ü-Café", ["ue", "cafe"]),
        ("Кофе", ["кофе"]),
        ("☕", []),
    ],
)
def test_a_name_is_taken_into_plain_words(name, words):
    assert words_of(name) == words


def test_endings_and_words_that_say_nothing_fall_away_but_not_all_of_them():
    assert stems_of("Budget is confirmed by the customer") == ["budge", "custom"]
    assert stems_of("Agreed") == ["agre"]


def test_a_catalogue_has_other_words_for_every_type():
    assert set(other_words()) == set(shipped_types())
    assert all(len(words) >= 4 and all(words) for words in other_words().values())


@pytest.mark.parametrize("key", shipped_types())
def test_every_type_is_found_by_its_own_name_before_all_others(key):
    (best, *_) = suggested(shipped_types()[key]["name"])
    assert (best.key, best.score) == (key, pytest.approx(1.0))


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Usage data shared", "cust.data_access"),
        ("Kostendaten erhalten", "cust.data_access"),
        ("Datenzugang", "cust.data_access"),
        ("Exec Sponsor", "cust.deal_sponsor"),
        ("Sponsor bestätigt", "cust.deal_sponsor"),
        ("NDA unterschrieben", "cust.nda"),
        ("Budget confirmed", "cust.budget"),
        ("Budgetfreigabe", "cust.budget"),
        ("Tech win", "cust.technical_ok"),
        ("POC signed off", "cust.pilot_terms"),
        ("PO received", "cust.po_ready"),
        ("Rabattfreigabe", "int.price_approval"),
        ("Pricing approved", "int.price_approval"),
        ("Lastenheft freigegeben", "cust.requirements"),
        ("Werksbesuch", "cust.site_access"),
        ("Go/No-Go", "int.pursue"),
        ("Zahlungsziel vereinbart", "cust.payment_terms"),
        ("Deal reg", "par.registration"),
    ],
)
def test_usual_words_are_surely_found(word, key):
    assert first(word) == (key, True)


@pytest.mark.parametrize(
    ("word", "key"),
    [("Techncal aproval", "cust.technical_ok"), ("Proposal sent", "cust.live_review")],
)
def test_a_slip_of_the_pen_and_a_word_for_two_are_suggested_and_not_sure(word, key):
    assert first(word) == (key, False)


@pytest.mark.parametrize("word", ["helps", "Coffee with Bo", "Xyzzy", "☕", "", "Кофе"])
def test_what_sounds_like_nothing_is_not_suggested(word):
    assert suggested(word) == ()


def test_at_most_three_are_suggested_the_likeliest_first():
    found = suggested("Pricing approved")
    assert len(found) == 3
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert [one.sure for one in found] == [True, False, False]


# ---- use ----


def test_use_that_fits_is_said_as_a_reason():
    use = Use(gains=40, place=0.2, side=Side.CUSTOMER)
    (best, *_) = suggested("Usage data shared", use)
    assert best.because == (
        "Its name says “usage data shared”, another word for it.",
        "Gained in the first quarter of the sale, as this one is meant.",
        "Made with the customer, as this one.",
    )
    assert (best.against, best.sure) == ((), True)


def test_use_that_does_not_fit_is_said_against_it_and_is_never_sure():
    use = Use(gains=40, place=0.95, side=Side.INTERNAL)
    (best, *_) = suggested("Usage data shared", use)
    assert best.because == ("Its name says “usage data shared”, another word for it.",)
    assert best.against == (
        "Gained in the last quarter of the sale; this one belongs in the first quarter of the sale.",
        "Your files say inside your own company; this one is with the customer.",
    )
    assert not best.sure


def test_use_decides_between_names_that_say_the_same():
    kinds = [
        Kind("early", ("Plan shared",), Side.CUSTOMER, "discover"),
        Kind("late", ("Plan shared",), Side.INTERNAL, "paper"),
    ]
    names = Names({kind.key: kind.names for kind in kinds})

    def order(use):
        return [one.key for one in suggested("Plan shared", use, kinds, names)]

    assert order(Use(gains=9, place=0.9)) == ["late", "early"]
    assert order(Use(gains=9, place=0.1)) == ["early", "late"]
    assert order(Use(side=Side.INTERNAL)) == ["late", "early"]
    assert order(Use(ours=0.8)) == ["late", "early"]


def test_too_few_gains_say_nothing_of_when():
    assert suggesting.when(Use(gains=4, place=0.9)) == ""
    (best, *_) = suggested("Usage data shared", Use(gains=4, place=0.9))
    assert len(best.because) == 1


def test_a_type_that_many_of_ones_own_deals_have_is_placed_by_them():
    used = Kind("plan", ("Plan shared",), Side.CUSTOMER, "discover", Use(gains=20, place=0.8))
    seldom = Kind("plan", ("Plan shared",), Side.CUSTOMER, "discover", Use(gains=19, place=0.8))
    use, names = Use(gains=9, place=0.85), Names({"plan": ("Plan shared",)})
    (best,) = suggested("Plan shared", use, [used], names)
    assert best.because[1] == "Gained in the last quarter of the sale, as it is on your deals."
    (best,) = suggested("Plan shared", use, [seldom], names)
    assert best.against != ()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (0.0, "in the first quarter of the sale"),
        (0.25, "in the second quarter of the sale"),
        (1.0, "in the last quarter of the sale"),
        (1.01, "after the close"),
        (-0.2, "in the first quarter of the sale"),
    ],
)
def test_when_it_is_gained_is_said_in_quarters(place, words):
    assert suggesting.when(Use(gains=5, place=place)) == words


def test_the_place_in_the_sale_is_the_median_over_closed_deals():
    day = dt.datetime(2026, 1, 1)  # noqa: DTZ001  (frames hold local time)
    rows = [(day, day + dt.timedelta(days=100), day + dt.timedelta(days=after)) for after in (10, 20, 60)]
    rows += [(day, day, day)]  # closed on its first moment: no place in it
    gains = pl.DataFrame(
        [("word", *row) for row in rows], schema=list(suggesting.GAINS.items()), orient="row"
    )
    assert suggesting.places(gains) == {"word": (3, pytest.approx(0.2))}
    assert suggesting.places(gains.clear()) == {}
