"""Deals are tagged with pressures by hand and by rules; nothing a person said is merged, lost or overwritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

import pressed
from cast import NOW, deal
from hingepoint.analysis.detection import Trace
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports.touched import deals_with_news_of_import
from hingepoint.domain.pressures import actions, frames, queries
from hingepoint.domain.pressures.models import PressureReading, PressureTag
from hingepoint.domain.trail import actions as trail
from hingepoint.jobs import nightly
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.pressures import Pressure
from playbooks import in_force

LATER = NOW + dt.timedelta(hours=1)


def asked_for(deal_, words="20% off or we go elsewhere", *, days_ago=3):
    at = NOW - dt.timedelta(days=days_ago)
    return deals.note_event(
        by=None, at=NOW, deal_id=deal_.pk, kind=EventKind.DEMAND, name="price", occurred_at=at, note=words
    )


def read_again(*, at=LATER):
    return actions.read_touched(at=at, deals_of_import=deals_with_news_of_import)


def tags_of(deal_) -> list[tuple[str, str, bool]]:
    rows = PressureTag.objects.filter(deal=deal_).order_by("id")
    return [(row.pressure, row.words, row.taken_back_at is None) for row in rows]


# ---- by hand ----


def test_a_seller_tags_her_deal_with_a_sentence(cast):
    tag = pressed.tagged(cast.deal, by=cast.seller, words="  They want it by Friday ")
    assert (tag.pressure, tag.words, tag.seen_at, tag.noted_by, tag.rule) == (
        "time-based competition",
        "They want it by Friday",
        NOW,
        cast.seller,
        None,
    )
    line = AuditEvent.objects.latest("pk")
    assert (line.subject, line.action, line.subject_id) == ("deal", "tag pressure", str(cast.deal.pk))


def test_an_event_is_evidence_and_says_when_it_was_seen(cast):
    event = asked_for(cast.deal)
    tag = pressed.tagged(cast.deal, by=cast.seller, words="", event_id=event.pk)
    assert (tag.words, tag.event, tag.seen_at) == (
        "price: 20% off or we go elsewhere",
        event,
        event.occurred_at,
    )


def test_a_tag_without_evidence_is_refused(cast):
    with pytest.raises(actions.NoEvidence):
        pressed.tagged(cast.deal, by=cast.seller, words="  ")


def test_an_event_of_another_deal_is_no_evidence(cast):
    with pytest.raises(Hidden):
        pressed.tagged(cast.deal, by=cast.seller, words="", event_id=asked_for(cast.foreign_deal).pk)


def test_the_same_pressure_is_tagged_once_by_hand(cast):
    pressed.tagged(cast.deal, by=cast.seller)
    with pytest.raises(actions.TaggedAlready):
        pressed.tagged(cast.deal, by=cast.manager, words="Another sentence")
    assert pressed.tagged(cast.deal, by=cast.manager, pressure=Pressure.BUYERS).pk


def test_a_form_sent_twice_tags_once(cast):
    made = [pressed.tagged(cast.deal, by=cast.seller, token="one") for _ in range(2)]
    assert made[0] == made[1]
    assert PressureTag.objects.count() == 1


def test_what_was_taken_back_stays_on_record_and_can_be_said_anew(cast):
    tag = pressed.tagged(cast.deal, by=cast.seller)
    actions.take_back(by=cast.manager, at=LATER, tag_id=tag.pk)
    with pytest.raises(actions.TakenBackAlready):
        actions.take_back(by=cast.seller, at=LATER, tag_id=tag.pk)
    pressed.tagged(cast.deal, by=cast.seller, at=LATER, words="Again")
    assert tags_of(cast.deal) == [
        ("time-based competition", "They want it by Friday", False),
        ("time-based competition", "Again", True),
    ]
    tag.refresh_from_db()
    assert (tag.taken_back_by, tag.taken_back_at) == (cast.manager, LATER)


@pytest.mark.parametrize("who", ["stranger", "inside_partner", "other_manager"])
def test_who_does_not_see_a_deal_neither_tags_it_nor_takes_back(cast, who):
    tag = pressed.tagged(cast.deal, by=cast.seller)
    with pytest.raises(Hidden):
        pressed.tagged(cast.deal, by=getattr(cast, who), pressure=Pressure.BUYERS)
    with pytest.raises(Hidden):
        actions.take_back(by=getattr(cast, who), at=LATER, tag_id=tag.pk)
    with pytest.raises(Hidden):
        queries.on_deal(getattr(cast, who), cast.deal.pk)


# ---- by rules ----


def test_a_rule_tags_what_its_column_says_with_what_matched(cast):
    pressed.meets_zephyr(cast.deal)
    row = pressed.switched_on()
    tag = PressureTag.objects.get()
    assert (tag.deal, tag.pressure, tag.rule, tag.rule_number) == (cast.deal, "predatory competitors", row, 1)
    assert tag.words == "competitor is “Zephyr Direct”."
    assert tag.seen_at == cast.deal.created_at
    assert tag.noted_by is None


def test_a_rule_reads_words_of_what_happened_and_quotes_them(cast):
    deals.note_event(
        by=None, at=NOW, deal_id=cast.deal.pk, kind=EventKind.ACTIVITY, name="Call", occurred_at=NOW,
        note="Their buyer said the lowest price wins, nothing else counts.",
    )  # fmt: skip
    pressed.switched_on(
        key="lowest",
        pressure="commoditization",
        trace=Trace.TEXT.value,
        names=(),
        values=(),
        words=("lowest price wins",),
    )
    tag = PressureTag.objects.get()
    assert tag.words == "“Call”: “Their buyer said the lowest price wins, nothing else counts.”."
    assert tag.seen_at == NOW


def test_a_rule_reads_a_field_that_was_set(cast):
    deals.note_event(
        by=None,
        at=NOW,
        deal_id=cast.deal.pk,
        kind=EventKind.FIELD,
        name="buying_process",
        occurred_at=NOW,
        note="tender",
    )
    pressed.switched_on(trace=Trace.FIELD.value, names=("buying_process",), values=("tender",))
    assert PressureTag.objects.get().words == "buying_process was set to tender."


def test_a_tag_by_hand_stands_beside_that_of_a_rule(cast):
    by_hand = pressed.tagged(
        cast.deal, by=cast.seller, pressure=Pressure.COMPETITORS, words="Zephyr called them"
    )
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    assert tags_of(cast.deal) == [
        ("predatory competitors", "Zephyr called them", True),
        ("predatory competitors", "competitor is “Zephyr Direct”.", True),
    ]
    by_hand.refresh_from_db()
    assert (by_hand.noted_by, by_hand.rule) == (cast.seller, None)


def test_running_rules_again_changes_nothing(cast):
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    lines = AuditEvent.objects.count()
    assert read_again() == actions.Ran(0)
    assert actions.read_on(at=LATER) == actions.Ran(0)
    assert (PressureTag.objects.count(), AuditEvent.objects.count()) == (1, lines)


def test_a_rule_says_no_more_what_a_person_took_back(cast):
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    actions.take_back(by=cast.seller, at=NOW, tag_id=PressureTag.objects.get().pk)
    pressed.switched_on(key="other", name="Another rule", values=("zephyr direct",))
    read_again()
    assert PressureTag.objects.standing().count() == 0


def test_a_rule_taken_back_takes_its_tags_along_and_may_say_them_again(cast):
    pressed.meets_zephyr(cast.deal)
    row = pressed.switched_on()
    by_hand = pressed.tagged(cast.deal, by=cast.seller, pressure=Pressure.COMPETITORS)
    assert actions.take_back_rule(by=cast.analyst, at=LATER, row=row) == 1
    assert list(PressureTag.objects.standing()) == [by_hand]
    row.refresh_from_db()
    assert not row.on
    actions.switch_on(by=cast.analyst, at=LATER, row=row)
    assert PressureTag.objects.standing().filter(rule=row).count() == 1


def test_a_rule_is_previewed_before_it_is_on_and_a_preview_tags_nothing(cast):
    pressed.meets_zephyr(cast.deal)
    row = pressed.written()
    with pytest.raises(actions.NotPreviewed):
        actions.switch_on(by=cast.analyst, at=NOW, row=row)
    actions.preview_rule(by=cast.analyst, at=NOW, row=row)
    preview = queries.rule_page(cast.analyst, row.pk).preview
    assert (preview.hits, preview.deals, preview.only_at_the_end) == (1, 2, False)
    assert [(one.title, one.words) for one in preview.examples] == [
        ("Deal N-1", "competitor is “Zephyr Direct”.")
    ]
    assert PressureTag.objects.count() == 0


def test_a_preview_says_what_people_tagged_themselves(cast):
    pressed.meets_zephyr(cast.deal)
    pressed.tagged(cast.deal, pressure=Pressure.COMPETITORS)
    pressed.tagged(cast.foreign_deal, pressure=Pressure.COMPETITORS)
    row = pressed.written()
    actions.preview_rule(by=None, at=NOW, row=row)
    preview = queries.rule_page(cast.analyst, row.pk).preview
    assert (preview.also_by_hand.value, preview.found.value, preview.found.n) == (1.0, 0.5, 2)


def test_a_rule_that_reads_what_is_written_at_the_end_cannot_be_on(cast):
    """A reason of a loss tells who lost, not who was under pressure."""
    for number in range(12):
        lost = deal(f"L-{number}", status=DealStatus.LOST, closed_at=NOW)
        pressed.meets_zephyr(lost, loss_reason="price")
    for number in range(30):
        deal(f"O-{number}")
    row = pressed.written(names=("loss_reason",), values=("price",))
    actions.preview_rule(by=None, at=NOW, row=row)
    with pytest.raises(actions.OnlyAtTheEnd):
        actions.switch_on(by=None, at=NOW, row=row)


def test_a_changed_rule_is_off_until_it_is_previewed_again(cast):
    row = pressed.switched_on()
    actions.change_rule(
        by=cast.analyst, at=LATER, row=row, rule=replace(pressed.NEWCOMER, values=("Kestrel",))
    )
    row.refresh_from_db()
    assert (row.on, row.number, row.test) == (False, 2, None)
    with pytest.raises(Stale):
        actions.change_rule(by=cast.analyst, at=LATER, row=row, rule=pressed.NEWCOMER, expected_version=1)


def test_saying_the_same_again_changes_no_rule(cast):
    row = pressed.switched_on()
    actions.change_rule(by=cast.analyst, at=LATER, row=row, rule=pressed.NEWCOMER)
    row.refresh_from_db()
    assert (row.on, row.number) == (True, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"pressure": "weather"}, "pressure"),
        ({"trace": "mood"}, "trace"),
        ({"trace": "approval"}, "trace"),
        ({"names": ()}, "names"),
        ({"values": ()}, "values"),
        ({"trace": "text", "names": (), "values": ()}, "words"),
        ({"pattern": "("}, "pattern"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_at_its_field(cast, wrong, field):
    with pytest.raises(actions.WrongRule) as refused:
        pressed.written(**wrong)
    assert list(refused.value.problems) == [field]


def test_two_rules_of_one_name_are_refused_and_only_keepers_write_one(cast):
    row = pressed.written()
    with pytest.raises(actions.RuleExists):
        pressed.written()
    for who in (cast.seller, cast.manager, cast.inside_partner):
        with pytest.raises(Hidden):
            actions.write_rule(by=who, at=NOW, rule=replace(pressed.NEWCOMER, key="mine"))
        with pytest.raises(Hidden):
            queries.rule_page(who, row.pk)


def test_a_column_filled_in_later_counts_from_when_it_was_read(cast):
    """Else a competitor named at the end of a deal would have been there from the beginning."""
    pressed.switched_on()
    pressed.meets_zephyr(cast.deal)
    deals.change_deal(by=None, at=LATER, deal_id=cast.deal.pk, stage="propose")
    assert read_again().tagged == 1
    assert PressureTag.objects.get().seen_at == LATER


def test_a_deal_that_is_new_is_read_as_it_came(cast):
    pressed.switched_on()
    new = deal("N-2", extra={"competitor": "Zephyr Direct"})
    assert read_again().tagged == 1
    assert PressureTag.objects.get().seen_at == new.created_at


def test_what_an_undone_import_brought_tags_nothing_any_more(cast):
    deals.note_event(
        by=None,
        at=NOW,
        deal_id=cast.deal.pk,
        kind=EventKind.FIELD,
        name="buying_process",
        occurred_at=NOW,
        note="tender",
        origin="import",
        batch=7,
    )
    pressed.switched_on(trace=Trace.FIELD.value, names=("buying_process",), values=("tender",))
    by_hand = pressed.tagged(cast.deal)
    actions.forget_import(7)
    assert list(PressureTag.objects.all()) == [by_hand]


def test_rules_read_every_night_what_was_touched(cast):
    pressed.switched_on()
    deal("N-2", extra={"competitor": "zephyr direct"})
    schedule_names = [job.__name__ for job in nightly.JOBS]
    assert schedule_names.index("tag_pressures") < schedule_names.index("read_pressures")
    nightly.tag_pressures(at=LATER)
    assert PressureTag.objects.get().deal.key == "N-2"


# ---- the reading ----


def test_the_night_keeps_one_reading_a_day(cast):
    in_force(cast)
    pressed.tagged(cast.deal)
    for _ in range(2):
        actions.read_pressures(at=NOW)
    row = PressureReading.objects.get()
    assert row.day == dt.date(2026, 3, 1)
    page = queries.overview(cast.seller)
    assert (page.day, page.report.deals, page.report.decided) == (row.day, 2, 0)


def test_where_nothing_was_told_the_last_reading_stands_for_a_week(cast):
    night = dt.timedelta(days=1)
    first = actions.read_pressures(at=LATER)
    assert actions.read_pressures(at=LATER + night) == first
    assert PressureReading.objects.get().report["as_of"] == str(first.day)
    trail.note_taken_away(by=cast.analyst, at=LATER + night, page="deals", name="deals.csv")
    assert actions.read_pressures(at=LATER + 6 * night) == first
    assert actions.read_pressures(at=LATER + 7 * night).day == first.day + 7 * night


def test_what_was_told_is_read_in_the_next_night(cast):
    first = actions.read_pressures(at=LATER)
    soon = LATER + dt.timedelta(hours=1)
    deals.change_deal(by=None, at=soon, deal_id=cast.deal.pk, segment="ENT")
    second = actions.read_pressures(at=LATER + dt.timedelta(days=1))
    assert second.day == first.day + dt.timedelta(days=1)
    PressureReading.objects.update(report={"of": "an older version"})
    assert actions.read_pressures(at=LATER + dt.timedelta(days=1)).report["deals"] == 2


def test_of_readings_of_long_ago_the_last_of_each_month_is_kept(cast):
    for day in (dt.date(2025, 11, 29), dt.date(2025, 11, 30), dt.date(2026, 2, 20)):
        actions.read_pressures(at=NOW, as_of=day)
    actions.read_pressures(at=NOW)
    days = list(PressureReading.objects.order_by("day").values_list("day", flat=True))
    assert days == [dt.date(2025, 11, 30), dt.date(2026, 2, 20), dt.date(2026, 3, 1)]


def test_what_a_person_tags_counts_from_when_it_was_written(cast):
    event = asked_for(cast.deal, days_ago=20)
    pressed.tagged(cast.deal, words="", event_id=event.pk)
    facts = frames.facts(NOW.date())
    assert facts.tags.rows() == [
        ("N-1", "time-based competition", dt.datetime.combine(NOW.date(), dt.time(10)))
    ]
    assert frames.facts(NOW.date() - dt.timedelta(days=1)).tags.is_empty()


def test_the_facts_hold_what_stands_and_the_pivotal_agreements_in_force(cast):
    in_force(cast)
    cast.account.country = "DE"
    cast.account.save()
    noted = {"go_live_date": "2026-09-30", "countries": "DE; FR", "competing_price": 80_000}
    pressed.meets_zephyr(cast.deal, lost_reason="terms", **noted)
    tag = pressed.tagged(cast.deal)
    actions.take_back(by=None, at=NOW, tag_id=tag.pk)
    facts = frames.facts(NOW.date())
    assert facts.tags.is_empty()
    assert "cust.data_access" in facts.pivotal
    row = facts.deals.filter(deal_id="N-1").row(0, named=True)
    assert (row["country"], row["competitor"], row["loss_reason"]) == ("DE", "Zephyr Direct", "terms")
    told = tuple(row[name] for name in ("requested_date", "countries", "competitor_price"))
    assert told == ("2026-09-30", "DE; FR", "80000")


def test_a_reading_of_another_shape_reads_as_none(cast):
    PressureReading.objects.create(day=NOW.date(), made_at=NOW, report={"as_of": "2026-03-02"})
    assert queries.overview(cast.sponsor).report is None


# ---- what each sees ----


def test_each_sees_the_deals_under_a_pressure_that_are_theirs(cast):
    pressed.tagged(cast.deal)
    pressed.tagged(cast.foreign_deal)
    seen = {
        who: sorted(one.key for one in queries.deals_under(getattr(cast, who), Pressure.TIME))
        for who in ("seller", "manager", "stranger", "sponsor", "analyst")
    }
    assert seen == {
        "seller": ["N-1"],
        "manager": ["N-1"],
        "stranger": ["S-1"],
        "sponsor": ["N-1", "S-1"],
        "analyst": ["N-1", "S-1"],
    }
    assert queries.overview(cast.seller).visible[Pressure.TIME] == 1
    with pytest.raises(Hidden):
        queries.overview(cast.inside_partner)


def test_a_deal_with_two_tags_of_a_pressure_is_counted_once(cast):
    pressed.meets_zephyr(cast.deal)
    pressed.switched_on()
    pressed.tagged(cast.deal, pressure=Pressure.COMPETITORS, words="Zephyr called")
    page = queries.pressure_page(cast.seller, Pressure.COMPETITORS)
    assert (page.total, [one.words for one in page.deals]) == (1, ["Zephyr called"])
    assert queries.overview(cast.seller).visible[Pressure.COMPETITORS] == 1


def test_the_pages_stay_within_their_statements(cast, django_assert_max_num_queries):
    in_force(cast)
    pressed.meets_zephyr(cast.deal)
    row = pressed.switched_on()
    actions.read_pressures(at=NOW)
    for answer, most in (
        (lambda: queries.overview(cast.manager), 8),
        (lambda: queries.pressure_page(cast.manager, Pressure.COMPETITORS), 8),
        (lambda: queries.on_deal(cast.seller, cast.deal.pk), 4),
        (lambda: queries.rules(cast.analyst), 2),
        (lambda: queries.rule_page(cast.analyst, row.pk), 4),
    ):
        with django_assert_max_num_queries(most):
            answer()


def test_a_file_of_tags_holds_those_taken_back_too(cast):
    tag = pressed.tagged(cast.deal, by=cast.seller)
    actions.take_back(by=cast.seller, at=LATER, tag_id=tag.pk)
    head, rows = frames.pressures_table(Deal.objects.all())
    assert head.columns == rows.columns
    row = rows.row(0, named=True)
    assert (row["deal_id"], row["pressure"], row["words"], row["noted_by"], row["taken_back_by"]) == (
        "N-1", "time-based competition", "They want it by Friday", "Sanna", "Sanna",
    )  # fmt: skip
