"""Rules fill the register from traces, people confirm or correct, and nothing a person said is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

import rules
from cast import NOW, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements import frames as agreement_frames
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.detection import actions, sureness
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.detection.queries import rules as rules_page
from hingepoint.domain.detection.queries import to_confirm
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import DealStatus
from hingepoint.records.detection import Outcome
from hingepoint.records.errors import Hidden

LATER = NOW + dt.timedelta(hours=1)
TYPE = "cust.data_access"


def say(found, state, by, *, at=NOW, **facts):
    step = agreements.Step(state=state, occurred_at=at, **facts)
    return agreements.take_step(by=by, at=at, deal_id=found.pk, type_key=TYPE, step=step)


def standing(found) -> Agreement:
    return Agreement.objects.get(deal=found, type__key=TYPE)


@pytest.fixture
def found(cast):
    """What a rule found on Sanna's deal."""
    rules.log_arrives(cast.deal)
    rules.switched_on()
    return Detection.objects.get()


def test_a_rule_that_is_on_fills_the_register_with_its_evidence(cast, found):
    row = standing(cast.deal)
    assert (row.state, row.evidence, row.person_name) == ("gained", 4, "Ann Moor")
    assert row.gained_at == found.traced_at
    step = row.events.get()
    assert (step.origin, step.recorded_by) == ("rule:log-arrives", None)
    assert step.note == found.words == "Document “Stoppage log.xlsx” was received (Ann Moor)."


def test_running_the_rules_again_changes_nothing(found):
    before = AuditEvent.objects.count()
    assert actions.run_rules(at=LATER) == actions.Ran(0, 0)
    assert (Detection.objects.count(), AuditEvent.objects.count()) == (1, before)


def test_a_rule_that_is_off_finds_nothing(cast):
    rules.log_arrives(cast.deal)
    rules.written()
    assert actions.run_rules(at=NOW).found == 0
    assert not Agreement.objects.exists()


def test_a_rule_is_tested_before_it_is_switched_on(cast):
    with pytest.raises(actions.NotTested):
        actions.switch_on(by=cast.analyst, at=NOW, row=rules.written())


def test_a_test_on_history_changes_nothing_but_its_result(cast):
    rules.log_arrives(cast.deal)
    row = rules.written()
    actions.test_rule(by=cast.analyst, at=NOW, row=row)
    test = rules_page.rule_page(cast.analyst, row.pk).test
    assert (test.hits, test.deals, test.examples[0].title) == (1, 2, "Deal N-1")
    assert not Agreement.objects.exists()


@pytest.mark.parametrize("said", ["gained", "declined", "not_needed", "broken"])
def test_what_a_person_said_stays(cast, said):
    say(cast.deal, AgreementState(said), cast.seller, act="x", person_name="Bo", due_on=NOW.date(),
        evidence=Evidence.TOLD, reason="why", at=NOW - dt.timedelta(days=9))  # fmt: skip
    rules.log_arrives(cast.deal)
    rules.switched_on()
    assert (standing(cast.deal).state, Detection.objects.count()) == (said, 0)


def test_what_goes_further_than_a_person_said_is_only_proposed(cast):
    say(cast.deal, AgreementState.ASKED, cast.seller, at=NOW - dt.timedelta(days=9))
    rules.log_arrives(cast.deal)
    rules.switched_on()
    assert standing(cast.deal).state == "asked"
    proposed = Detection.objects.get()
    assert proposed.step is None
    actions.confirm(by=cast.seller, at=LATER, detection_id=proposed.pk)
    assert standing(cast.deal).state == "gained"


def test_who_committed_is_not_invented(cast):
    rules.log_arrives(cast.deal, who="")
    rules.switched_on()
    proposed = Detection.objects.get()
    assert not Agreement.objects.exists()
    with pytest.raises(agreements.NotYetGained):
        actions.confirm(by=cast.seller, at=LATER, detection_id=proposed.pk)
    say(cast.deal, AgreementState.GAINED, cast.seller, at=LATER, act="share it", person_name="Ann",
        due_on=NOW.date(), evidence=Evidence.ACTED)  # fmt: skip
    actions.settle(at=LATER)
    proposed.refresh_from_db()
    assert proposed.outcome == Outcome.CONFIRMED


def test_confirmed_it_is_a_persons_word(cast, found):
    actions.confirm(by=cast.seller, at=LATER, detection_id=found.pk)
    found.refresh_from_db()
    assert (found.outcome, found.judged_by) == (Outcome.CONFIRMED, cast.seller)
    last = standing(cast.deal).events.order_by("-id").first()
    assert (last.state, last.recorded_by, last.origin) == ("gained", cast.seller, "hand")
    assert standing(cast.deal).gained_at == found.traced_at
    with pytest.raises(actions.AlreadyJudged):
        actions.reject(by=cast.seller, at=LATER, detection_id=found.pk)


def test_called_wrong_it_is_taken_back_and_does_not_come_again(cast, found):
    actions.reject(by=cast.seller, at=LATER, detection_id=found.pk, note="That was the old plant.")
    assert standing(cast.deal).state == "needed"
    assert agreement_frames.agreement_events_frame(None).is_empty()
    actions.run_rules(at=LATER)
    rules.switched_on(key="another", name="Another", words=("stoppage",))
    assert standing(cast.deal).state == "needed"
    assert Detection.objects.get().note == "That was the old plant."


def test_a_new_trace_after_a_wrong_one_counts(cast, found):
    actions.reject(by=cast.seller, at=NOW - dt.timedelta(days=2), detection_id=found.pk)
    rules.log_arrives(cast.deal, name="Stoppage log 2.xlsx", days_ago=1)
    rules.switched_on(key="another", name="Another", words=("stoppage log 2",))
    assert standing(cast.deal).state == "gained"


@pytest.mark.parametrize(("said", "outcome"), [("kept", "confirmed"), ("not_needed", "wrong")])
def test_what_people_say_next_answers_without_a_button(cast, found, said, outcome):
    say(cast.deal, AgreementState(said), cast.seller, at=LATER, reason="no plant of theirs")
    assert not Detection.objects.open().exists()
    assert actions.settle(at=LATER) == 1
    found.refresh_from_db()
    assert (found.outcome, found.judged_by) == (outcome, cast.seller)


def test_taken_back_by_hand_means_wrong(cast, found):
    agreements.undo_step(by=cast.seller, at=LATER, agreement_id=standing(cast.deal).pk)
    actions.settle(at=LATER)
    assert Detection.objects.get().outcome == Outcome.WRONG


def test_strangers_can_neither_confirm_nor_correct(cast, found):
    for who in (cast.stranger, cast.inside_partner, cast.other_manager):
        for act in (actions.confirm, actions.reject):
            with pytest.raises(Hidden):
                act(by=who, at=LATER, detection_id=found.pk)


def test_only_keepers_write_rules(cast):
    with pytest.raises(actions.RulesNotYours):
        actions.write_rule(by=cast.manager, at=NOW, rule=rules.LOG_ARRIVES)
    assert rules_page.rules(cast.manager) == []


def test_all_that_a_rule_did_is_taken_back_as_one_but_what_people_judged_stays(cast):
    deals = [cast.deal, deal("N-2", owner=cast.seller), deal("N-3", owner=cast.seller)]
    for one in deals:
        rules.log_arrives(one)
    row = rules.switched_on()
    actions.confirm(by=cast.seller, at=LATER, detection_id=Detection.objects.get(deal=deals[0]).pk)
    assert actions.take_back(by=cast.analyst, at=LATER, row=row) == 2
    assert [standing(one).state for one in deals] == ["gained", "needed", "needed"]
    row.refresh_from_db()
    assert not row.on
    actions.switch_on(by=cast.analyst, at=LATER, row=row)
    assert [standing(one).state for one in deals] == ["gained"] * 3


def test_a_new_version_leaves_what_the_old_one_found_and_must_be_tested(cast, found):
    row = found.rule
    actions.change_rule(
        by=cast.analyst, at=LATER, row=row, rule=replace(rules.LOG_ARRIVES, words=("gas log",))
    )
    row.refresh_from_db()
    assert not row.on
    with pytest.raises(actions.NotTested):
        actions.switch_on(by=cast.analyst, at=LATER, row=row)
    assert found.by_version.definition["words"] == ["stoppage log"]
    assert standing(cast.deal).state == "gained"


def test_saying_the_same_makes_no_new_version(cast):
    row = rules.written()
    assert actions.change_rule(by=cast.analyst, at=LATER, row=row, rule=rules.LOG_ARRIVES).number == 1


def test_what_nobody_confirmed_is_left_out_of_discovery_until_its_rule_is_proven(cast):
    made = [deal(f"P-{n}", owner=cast.seller) for n in range(26)]
    for one in made:
        rules.log_arrives(one)
    rules.switched_on()

    def steps() -> int:
        return agreement_frames.agreement_events_frame(None, without=sureness.unproven_steps())[
            "deal_id"
        ].n_unique()

    assert steps() == 0
    for number, one in enumerate(Detection.objects.filter(deal__in=made[:25]).order_by("pk"), start=1):
        actions.confirm(by=cast.seller, at=LATER, detection_id=one.pk)
        if number == 10:
            assert steps() == 10
    assert rules_page.rules(cast.analyst)[0].sureness.proven
    assert steps() == 26


def test_precision_is_measured_on_what_people_judged(cast, found):
    actions.confirm(by=cast.seller, at=LATER, detection_id=found.pk)
    line = rules_page.rules(cast.analyst)[0]
    assert (line.confirmed, line.wrong, line.waiting) == (1, 0, 0)
    assert line.sureness.value == 0.9  # the author's guess, while too few are judged
    assert line.sureness.precision.n == 1


def test_a_worklist_holds_a_handful_batched_by_rule(cast):
    for n in range(7):
        rules.log_arrives(deal(f"P-{n}", owner=cast.seller))
    rules.switched_on()
    told = to_confirm.to_confirm(cast.seller, most=to_confirm.A_HANDFUL)
    assert [(len(one.lines), one.more) for one in told.batches] == [(5, 2)]
    assert told.total == 7
    assert to_confirm.to_confirm(cast.stranger).total == to_confirm.to_confirm(cast.inside_partner).total == 0


def test_what_is_counted_and_what_is_listed_are_what_waits(cast):
    for n in range(6):
        rules.log_arrives(deal(f"P-{n}", owner=cast.seller))
    rules.log_arrives(deal("P-closed", owner=cast.seller, status=DealStatus.LOST, closed_at=NOW))
    rules.log_arrives(deal("P-nobody", team=cast.north))
    rules.switched_on()
    latest = to_confirm.to_confirm(cast.sponsor, most=3).batches[0]
    waiting = Detection.objects.open().exclude(deal__key="P-closed")
    assert [one.id for one in latest.lines] == [one.pk for one in waiting.order_by("-traced_at", "-pk")[:3]]
    tallied = to_confirm.tallies(cast.sponsor)
    assert sum(one.n for one in tallied) == to_confirm.waiting_count(cast.sponsor) == waiting.count() == 7
    assert to_confirm.sellers(tallied) == ((cast.seller.pk, "Sanna", 6),)
    [kind] = to_confirm.by_type(tallied)
    assert (kind.n, kind.proposed) == (7, waiting.filter(step=None).count())
    assert kind.since == min(waiting.values_list("traced_at", flat=True))
    assert to_confirm.to_confirm(cast.sponsor, owner_id=cast.seller.pk).total == 6


def test_contacts_added_are_traces_too(cast):
    from hingepoint.domain.deals import actions as deals
    from hingepoint.records.deals import BuyingRole

    ann = deals.add_contact(by=None, at=NOW, account=cast.account, key="ann", name="Ann Moor")
    deals.name_contact(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, contact=ann, role=BuyingRole.CHAMPION, since=NOW.date()
    )
    rules.switched_on(trace="role", names=("champion",), words=(), agreement="cust.champion_role")
    step = AgreementEvent.objects.get()
    assert step.note == "Ann Moor was added as champion."
