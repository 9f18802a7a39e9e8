"""The five pressures on pages: tagging in two clicks, what is said and what is not, and the rules that tag."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace

import pytest
from django.urls import reverse

import pressed
import pressing
from cast import NOW
from hingepoint.analysis import pressures
from hingepoint.analysis.pressures.shape import Effect, Range
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.pressures import actions
from hingepoint.domain.pressures.models import PressureReading, PressureRule, PressureTag
from hingepoint.domain.pressures.record import stored
from hingepoint.records.deals import EventKind
from hingepoint.records.pressures import Pressure
from hingepoint.web import pressure_words

BUYERS = "/pressures/cost-and-risk-buyers/"


@pytest.fixture
def read(cast):
    """A reading in which data access answers cost- and risk-fixated buyers."""
    report = pressures.read(pressing.alike_deals(cost=0.06, answer=0.05))
    PressureReading.objects.create(day=report.as_of, report=stored(report), made_at=NOW)
    return report


def page(client, user, address: str) -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# ---- on a deal ----


def asked(cast):
    return deals.note_event(
        by=None, at=NOW, deal_id=cast.deal.pk, kind=EventKind.DEMAND, name="price", occurred_at=NOW, note="Penalties first"
    )  # fmt: skip


def test_a_seller_tags_a_deal_with_what_was_asked(cast, client):
    event = asked(cast)
    shown = page(client, cast.seller, f"/deals/{cast.deal.pk}/pressures")
    assert f'name="event" value="{event.pk}"' in shown
    answer = client.post(
        f"/deals/{cast.deal.pk}/pressures/tag", {"pressure": Pressure.BUYERS.value, "event": event.pk}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/deals/{cast.deal.pk}/")
    tag = PressureTag.objects.get()
    assert (tag.words, tag.noted_by) == ("price: Penalties first", cast.seller)
    assert "Penalties first" in page(client, cast.seller, f"/deals/{cast.deal.pk}/pressures")


def test_a_tag_without_evidence_comes_back_with_its_words(cast, client):
    client.force_login(cast.seller)
    answer = client.post(
        f"/deals/{cast.deal.pk}/pressures/tag", {"pressure": Pressure.BUYERS.value, "words": ""}
    )
    assert answer.status_code == 422
    assert "Say in a sentence what shows it" in answer.content.decode()
    assert not PressureTag.objects.exists()


def test_a_tag_is_taken_back_and_stays_to_be_seen(cast, client):
    tag = pressed.tagged(cast.deal, by=cast.seller)
    client.force_login(cast.seller)
    client.post(f"/deals/{cast.deal.pk}/pressures/{tag.pk}/take-back")
    tag.refresh_from_db()
    assert tag.taken_back_by == cast.seller
    shown = page(client, cast.manager, f"/deals/{cast.deal.pk}/pressures")
    assert "1 taken back" in shown
    assert "taken back by Sanna" in shown


def test_a_tag_of_another_deal_is_not_taken_back_by_its_number(cast, client):
    tag = pressed.tagged(cast.foreign_deal)
    client.force_login(cast.seller)
    assert client.post(f"/deals/{cast.deal.pk}/pressures/{tag.pk}/take-back").status_code == 404
    assert PressureTag.objects.standing().count() == 1


def test_a_tag_of_a_rule_says_which_rule_and_what_matched(cast, client):
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    shown = page(client, cast.seller, f"/deals/{cast.deal.pk}/pressures")
    assert "competitor is “Zephyr Direct”." in shown
    assert "rule “Zephyr is there”" in shown
    assert "By a rule" in shown


def test_the_deal_page_fetches_them_as_a_piece(cast, client):
    address = f"/deals/{cast.deal.pk}/pressures"
    assert f'hx-get="{address}"' in page(client, cast.seller, f"/deals/{cast.deal.pk}/")
    piece = client.get(
        address, headers={"HX-Request": "true", "HX-Target": "deal-pressures"}
    ).content.decode()
    assert "Market pressures" in piece
    assert "<html" not in piece


# ---- the five ----


def test_the_overview_says_what_was_found_and_how_sure(cast, client, read):
    shown = page(client, cast.sponsor, "/pressures/")
    assert "“Early access to key data” answers it." in shown
    assert "more discount than on deals alike without it" in shown
    assert "This is what goes together, not proof of a cause" in shown
    assert shown.count("No deal is tagged") == 4


def test_what_is_not_known_is_said_as_not_known(cast, client):
    report = pressures.read(pressing.alike_deals(cost=0.06, lever=0.05))
    PressureReading.objects.create(day=report.as_of, report=stored(report), made_at=NOW)
    shown = page(client, cast.sponsor, BUYERS)
    assert "What answers it is not known: no pivotal agreement stands out." in shown
    assert "answers it." not in shown.replace("What answers it", "")


def test_a_past_day_tells_the_reading_and_the_tags_of_then(cast, client, read):
    day, evening = read.as_of, dt.datetime.combine(read.as_of, dt.time(18), tzinfo=dt.UTC)
    told = {"deal_id": cast.deal.pk, "pressure": Pressure.BUYERS, "by": cast.seller}
    row = actions.tag(at=evening, words="Penalties first", **told)
    later = replace(read, as_of=day + dt.timedelta(days=1))
    PressureReading.objects.create(day=later.as_of, report=stored(later), made_at=NOW)
    actions.take_back(by=cast.seller, at=evening + dt.timedelta(hours=12), tag_id=row.pk)
    then = f"?as_of={day.isoformat()}"
    shown = page(client, cast.manager, BUYERS + then)
    assert "Penalties first" in shown
    assert "as it was known then" in shown
    assert "Penalties first" not in page(client, cast.manager, BUYERS)
    assert "Penalties first" not in page(client, cast.manager, f"{BUYERS}?as_of={later.as_of.isoformat()}")
    overview = page(client, cast.manager, "/pressures/" + then)
    assert "“Early access to key data” answers it." in overview
    assert "1 deal you see was tagged" in overview
    assert f'href="{BUYERS}{then}"' in overview
    before = (day - dt.timedelta(days=1)).isoformat()
    for address in ("/pressures/", BUYERS):
        assert "Nothing is on record until" in page(client, cast.manager, f"{address}?as_of={before}")


def test_of_too_few_deals_the_page_says_how_many_are_needed(cast, client):
    facts = pressing.alike_deals(cost=0.06)
    report = pressures.read(replace(facts, tags=facts.tags.head(23)))
    PressureReading.objects.create(day=report.as_of, report=stored(report), made_at=NOW)
    shown = page(client, cast.sponsor, BUYERS)
    assert "Too few to tell: 23 won deals under it, 60 are needed." in shown
    assert "Too few deals to tell what answers it." in shown


def test_before_the_first_night_the_pages_say_so(cast, client):
    pressed.tagged(cast.deal)
    shown = page(client, cast.seller, "/pressures/")
    assert "Not read yet" in shown
    assert "1 deal you see is tagged" in shown
    assert "Not read yet" in page(client, cast.seller, BUYERS)


def test_the_chart_stands_beside_its_table_for_desk_and_phone(cast, client, read):
    shown = page(client, cast.sponsor, BUYERS)
    assert shown.count("<svg class=") >= 2
    assert 'class="for-desk"' in shown
    assert 'class="for-phone"' in shown
    assert "As a table" in shown


def test_the_same_number_stands_on_the_overview_and_on_the_page(cast, client, read):
    told = read.of(Pressure.BUYERS)
    said = pressure_words.effect(told.effect("discount"))
    assert said in page(client, cast.sponsor, "/pressures/")
    assert said in page(client, cast.sponsor, BUYERS)


def test_the_file_has_the_deals_that_one_sees_with_the_evidence(cast, client):
    pressed.tagged(cast.deal, by=cast.seller)
    pressed.tagged(cast.foreign_deal)
    client.force_login(cast.seller)
    answer = client.get("/pressures/time-based-competition/deals.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["deal_id"], row["evidence"], row["said_by"]) for row in rows] == [
        ("N-1", "They want it by Friday", "Sanna")
    ]


def test_a_pressure_that_there_is_not_is_not_found(cast, client):
    client.force_login(cast.sponsor)
    assert client.get("/pressures/weather/").status_code == 404


@pytest.mark.parametrize("address", ["/pressures/", BUYERS, "/pressures/rules/"])
def test_a_page_takes_at_most_twelve_statements_and_100_kb(
    cast, client, read, django_assert_max_num_queries, address
):
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    client.force_login(cast.sponsor)
    with django_assert_max_num_queries(12):
        answer = client.get(address)
    assert len(answer.content) < 100_000


# ---- words ----


@pytest.mark.parametrize(
    ("metric", "ends", "chance", "words"),
    [
        (
            "discount",
            (0.04, 0.03, 0.05),
            0.01,
            "4.0 points more discount than on deals alike without it (+3.0 to +5.0 points).",
        ),
        (
            "won",
            (-0.04, -0.07, -0.01),
            0.01,
            "Won 4.0 points less often than on deals alike without it (−7.0 to −1.0 points).",
        ),
        (
            "cycle_days",
            (-18.7, -23.4, -14.0),
            0.01,
            "18.7 days shorter until the sale than on deals alike without it (−23.4 to −14.0 days).",
        ),
        (
            "won",
            (-0.04, -0.09, 0.01),
            0.2,
            "No clear difference in the win rate: −4.0 points (−9.0 to +1.0 points).",
        ),
    ],
)
def test_sentences_say_the_direction_the_size_and_the_range(metric, ends, chance, words):
    assert pressure_words.effect(Effect(metric, 500, 100, Range(*ends), chance)) == words


def test_where_nothing_is_compared_the_words_say_why():
    assert (
        pressure_words.effect(Effect("won", 0, 0))
        == "Nothing to compare: no deal is decided, or all ended alike."
    )
    assert (
        pressure_words.effect(Effect("won", 300, 280))
        == "Too few to tell: 20 decided deals without it, 60 are needed."
    )
    assert (
        pressure_words.effect(Effect("won", 300, 150))
        == "It cannot be told apart from what else is known of these deals."
    )


# ---- rules ----


def test_an_analyst_writes_previews_and_switches_on_a_rule(cast, client):
    pressed.meets_zephyr(cast.deal)
    client.force_login(cast.analyst)
    told = {
        "name": "Zephyr",
        "pressure": Pressure.COMPETITORS.value,
        "trace": "fact",
        "names": "competitor",
        "values": "Zephyr Direct",
    }
    answer = client.post("/pressures/rules/new", told)
    row = PressureRule.objects.get()
    address = reverse("pressure-rule", args=[row.pk])
    assert answer.headers["Location"] == address
    assert "Switch it on" not in page(client, cast.analyst, address)
    client.post(f"{address}preview")
    assert "1 of 2 deals (50.0%)" in page(client, cast.analyst, address)
    client.post(f"{address}switch", {"to": "on"})
    assert PressureTag.objects.get().deal == cast.deal
    assert "Zephyr" in page(client, cast.analyst, "/pressures/rules/")
    client.post(f"{address}take-back")
    assert not PressureTag.objects.standing().exists()


def test_a_rule_that_was_not_previewed_is_not_switched_on(cast, client):
    row = pressed.written()
    client.force_login(cast.analyst)
    client.post(f"/pressures/rules/{row.pk}/switch", {"to": "on"})
    row.refresh_from_db()
    assert not row.on


def test_a_rule_without_a_condition_comes_back_with_the_words_at_its_field(cast, client):
    client.force_login(cast.analyst)
    told = {"name": "Any", "pressure": Pressure.TIME.value, "trace": "fact", "names": "competitor"}
    answer = client.post("/pressures/rules/new", told)
    assert answer.status_code == 422
    assert "Say what stands in the column" in answer.content.decode()


def test_a_stale_form_of_a_rule_changes_nothing(cast, client):
    row = pressed.switched_on()
    actions.change_rule(by=None, at=NOW, row=row, rule=replace(pressed.NEWCOMER, values=("Kestrel",)))
    client.force_login(cast.analyst)
    told = {
        "name": "Zephyr is there",
        "pressure": Pressure.COMPETITORS.value,
        "trace": "fact",
        "names": "competitor",
        "values": "Mine",
        "version": 1,
    }
    assert client.post(f"/pressures/rules/{row.pk}/edit", told).status_code == 409
    row.refresh_from_db()
    assert row.definition["values"] == ["Kestrel"]
