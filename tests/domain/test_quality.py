"""The quality of an agreement counts what is known of it: on record, ticked, or confirmed by the customer."""

import datetime as dt
import importlib
from itertools import product

import pytest
from django.apps import apps
from django.utils import timezone

from cast import NOW, TODAY
from hingepoint.domain.agreements import actions, frames, rules
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.agreements.queries import agreement_page, deal_page, lines
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.proof import actions as proof
from hingepoint.domain.proof.rules import token_of
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.proof import Answer

KEY = "cust.data_access"
GAINED = {
    "state": AgreementState.GAINED,
    "act": "send the log",
    "person_name": "Bo Lind",
    "due_on": TODAY,
    "evidence": Evidence.WRITTEN,
}


def step(cast, **facts) -> Agreement:
    told = {"occurred_at": NOW} | GAINED | facts
    return actions.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=actions.Step(**told)
    )


def test_what_is_on_record_counts_without_a_tick(cast):
    made = step(cast)
    assert (made.quality, rules.points_of(made)) == (4, ("act", "person", "date", "evidence"))
    assert step(cast, reason="Fewer stops before spring").quality == 5


def test_a_form_with_nothing_ticked_leaves_what_is_known(cast):
    assert step(cast, points_met=[]).quality == 4
    assert step(cast, points_met=["tested", "act"]).quality == 5


def test_nothing_agreed_is_unknown_and_no_zero(cast):
    assert step(cast, state=AgreementState.PLANNED, points_met=[]).quality is None
    kind_words = {"state": AgreementState.SOFT, "act": "", "person_name": "", "evidence": Evidence.NONE}
    assert step(cast, **kind_words).quality == 1  # the day


def test_what_a_file_told_beyond_the_record_stays_until_somebody_judges(cast):
    made = step(cast)
    Agreement.objects.filter(pk=made.pk).update(quality=6)
    assert step(cast, reason="Fewer stops").quality == 6
    assert step(cast, points_met=[]).quality == 5


def test_a_step_keeps_the_count_of_its_time(cast):
    step(cast)
    step(cast, state=AgreementState.KEPT, reason="Fewer stops")
    step(cast, state=AgreementState.LAPSED)
    assert list(AgreementEvent.objects.order_by("pk").values_list("quality", flat=True)) == [4, 5, None]


def test_the_customers_confirmation_counts_as_tested(cast):
    made = step(cast, state=AgreementState.ASKED, evidence=Evidence.NONE)
    asked = proof.ask_customer(by=cast.seller, at=timezone.now(), agreement_id=made.pk)
    proof.answer(by=None, at=timezone.now(), token=token_of(asked), answer=Answer.CONFIRMED)
    made.refresh_from_db()
    assert (made.state, made.quality, made.points_met) == (AgreementState.GAINED, 5, ["tested"])


@pytest.mark.parametrize("state", ["gained", "planned"])
def test_pages_and_the_past_tell_the_same_count(cast, state):
    made = step(cast, state=AgreementState(state))
    Agreement.objects.filter(pk=made.pk).update(quality=None)  # as a file leaves it
    AgreementEvent.objects.update(quality=None)
    count = 4 if state == "gained" else None
    page = agreement_page.agreement_page(cast.seller, cast.deal.pk, made.type_id, today=TODAY)
    [on_deal] = deal_page.deal_picture(cast.seller, cast.deal.pk, today=TODAY).agreements
    [then] = lines.lines_then([cast.deal.pk], AsOf(TODAY + dt.timedelta(days=1)))
    assert [page.line.quality, on_deal.quality, then.quality] == [count] * 3


def test_an_export_holds_what_the_step_counted(cast):
    step(cast)
    *_, table = frames.agreements_table(Deal.objects.filter(pk=cast.deal.pk))
    assert list(table["quality"]) == [4]


def test_the_count_in_the_database_is_the_count_of_the_rule(cast):
    kinds = AgreementType.objects.all()
    facts = product(
        ["gained", "soft", "planned"],
        ["", "send it"],
        ["", "Bo"],
        [None, TODAY],
        ["", "why"],
        [1, 2],
        [None, 6],
    )
    rows = [
        Agreement(
            deal=cast.deal, type=kind, state=state, act=act, person_name=person, due_on=due, reason=reason,
            evidence=evidence, quality=told, gained_at=NOW, changed_at=NOW,
        )
        for kind, (state, act, person, due, reason, evidence, told) in zip(kinds, facts, strict=False)
    ]  # fmt: skip
    Agreement.objects.bulk_create(rows)
    counted = Agreement.objects.annotate(counted=rules.counted_quality())
    assert len(rows) == kinds.count()
    assert [row.counted for row in counted] == [rules.quality_of(row) for row in counted]
    assert {row.counted for row in counted} >= {0, 3, 5, 6}


def test_an_upgrade_counts_anew_what_was_judged_by_ticks(cast):
    made = step(cast)
    upgrade = importlib.import_module("hingepoint.domain.migrations.0011_something_is_asked_back")
    for before, after in (
        ((0, []), (4, [])),
        ((2, ["act", "tested"]), (5, ["act", "tested"])),
        ((6, []), (6, [])),
    ):
        Agreement.objects.filter(pk=made.pk).update(quality=before[0], points_met=before[1])
        upgrade.count_what_is_known(apps, None)
        made.refresh_from_db()
        assert (made.quality, made.points_met) == after
