"""Agreement debt of deals on record: what is owed, until when it can be paid, and the readings of nights."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import pytest

from cast import NOW, TODAY, deal
from discoveries import finished_run
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.debts import actions, queries
from hingepoint.domain.debts.frames import debts_frame
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.debts.owed import Books, owing, then, today_of
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.people.queries import the_system
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy.queries import next_best
from hingepoint.records.agreements import AgreementState
from hingepoint.records.debts import DebtKind
from hingepoint.records.errors import Hidden
from playbooks import in_force, written

KEY = "cust.data_access"
DAY = dt.timedelta(days=1)


def sign(cast):
    run = finished_run(cast)
    run.metric = "supportive:discount<=0.15"
    run.save()
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=KEY, verdict="signed", note="Seen it.")


def step(cast, state, at=NOW, **facts):
    taken = agreements.Step(state=state, occurred_at=at, **facts)
    agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=taken)


GAINED = {
    "state": AgreementState.GAINED,
    "act": "open the logs",
    "person_name": "Bo",
    "due_on": TODAY - 2 * DAY,
    "evidence": 3,
}


def owed(today=TODAY):
    return list(today_of(owing(the_system(), today).order_by("pk"), Books(), today))


def of_the_deal(cast, today=TODAY):
    return next((one for one in owed(today) if one.deal_id == cast.deal.pk), None)


@pytest.fixture
def book(cast):
    """Both deals are 28 days old and needed the data 20 days after they were created."""
    return in_force(cast, KEY)


class TestWhatIsOwed:
    def test_what_was_needed_and_is_not_gained_is_overdue_since_its_day(self, cast, book):
        one = of_the_deal(cast)
        assert (one.kind, one.since, one.payable) == (DebtKind.OVERDUE, TODAY - 8 * DAY, True)

    def test_kind_words_are_owed_before_their_day(self, cast):
        in_force(cast, KEY, needed_days=60)
        assert of_the_deal(cast) is None
        step(cast, AgreementState.SOFT)
        assert (of_the_deal(cast).kind, of_the_deal(cast).since) == (DebtKind.SOFT, None)

    def test_what_was_broken_is_owed_since_the_promised_day(self, cast, book):
        step(cast, at=NOW - 3 * DAY, **GAINED)
        step(cast, AgreementState.BROKEN)
        assert (of_the_deal(cast).kind, of_the_deal(cast).since) == (DebtKind.BROKEN, TODAY - 2 * DAY)

    def test_a_late_promise_of_what_was_gained_is_no_debt(self, cast, book):
        step(cast, at=NOW - 3 * DAY, **GAINED)
        assert of_the_deal(cast) is None

    @pytest.mark.parametrize("state", [AgreementState.DECLINED, AgreementState.NOT_NEEDED])
    def test_what_nobody_can_be_asked_for_is_no_debt(self, cast, book, state):
        step(cast, state, reason="They know us.")
        assert of_the_deal(cast) is None

    def test_what_no_playbook_asks_for_is_no_debt(self, cast, book):
        taken = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
        agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.nda", step=taken)
        assert {one.asked.line.type.key for one in owed()} == {KEY}

    def test_a_closed_deal_owes_nothing(self, cast, book):
        deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, status="lost", closed_at=NOW)
        assert of_the_deal(cast) is None


class TestWhatItIsWorth:
    def test_without_a_signed_finding_it_is_counted_and_not_valued(self, cast, book):
        assert (of_the_deal(cast).worth, of_the_deal(cast).value) == (None, None)

    def test_it_is_worth_what_the_next_best_agreement_promises_times_the_amount(self, cast, book):
        sign(cast)
        best = next_best.next_best(cast.seller, cast.deal.pk, today=TODAY)
        one = of_the_deal(cast)
        assert one.value == pytest.approx(100_000 * best.effect)
        assert (one.worth.low, one.worth.high) == pytest.approx((best.low, best.high))
        (paying,) = queries.worth_paying(cast.seller, today=TODAY)
        assert (paying.value, paying.why) == (pytest.approx(100_000 * best.effect), best.why)
        assert (paying.low, paying.high) == pytest.approx((100_000 * best.low, 100_000 * best.high))

    def test_a_strategy_judged_by_days_has_no_money_in_it(self, cast):
        in_force(cast, KEY, strategy=written(cast, metric="cycle_days"))
        actions.read_debts(at=NOW, as_of=TODAY)
        told = queries.debt_page(cast.sponsor, today=TODAY).newest.debt
        assert (told.debts, told.sums, told.unvalued) == (2, (), {"no_money": 2})


class TestUntilWhenItCanBePaid:
    def test_it_leaves_past_the_last_age_at_which_the_finding_compared_deals(self, cast, book):
        sign(cast)  # at three and six weeks
        assert of_the_deal(cast, TODAY + 14 * DAY).payable  # 42 days old
        assert not of_the_deal(cast, TODAY + 15 * DAY).payable

    def test_it_leaves_when_the_deal_leaves_the_stage_it_is_needed_in(self, cast):
        in_force(cast, KEY, needed_by="stage", needed_stage="discover", needed_days=None)
        step(cast, AgreementState.SOFT)
        deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, stage="discover")
        assert of_the_deal(cast).payable
        deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, stage="propose")
        assert not of_the_deal(cast).payable

    def test_it_leaves_when_the_expected_close_is_over(self, cast):
        in_force(cast, KEY, needed_by="before_close", needed_days=10)
        step(cast, AgreementState.SOFT)
        deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, expected_close_on=TODAY)
        assert of_the_deal(cast).payable
        assert not of_the_deal(cast, TODAY + DAY).payable

    def test_what_can_no_longer_be_paid_is_among_nobodys_three(self, cast, book):
        sign(cast)
        late = TODAY + 15 * DAY
        assert queries.worth_paying(cast.seller, today=late) == []


class TestMostWorthPaying:
    def test_at_most_three_the_best_first_one_a_deal(self, cast):
        for number, amount in enumerate([5_000, 900_000, 50_000, 400_000]):
            deal(f"N-{number + 2}", owner=cast.seller, team=cast.north, amount=amount)
        in_force(cast, KEY)
        sign(cast)
        assert [one.amount for one in queries.worth_paying(cast.seller, today=TODAY)] == [9e5, 4e5, 1e5]
        assert [one.amount for one in queries.worth_paying(cast.manager, today=TODAY)] == [9e5, 4e5, 1e5]

    def test_a_deals_other_debts_are_counted_beside_its_best(self, cast):
        in_force(cast, "cust.executive_meeting", KEY)
        sign(cast)
        (one,) = queries.worth_paying(cast.seller, today=TODAY)
        assert (one.name, one.others) == ("Early access to key data", 1)

    def test_without_findings_the_largest_deal_comes_first_and_the_playbook_decides(self, cast):
        deal("N-2", owner=cast.seller, team=cast.north, amount=250_000)
        in_force(cast, "cust.executive_meeting", KEY)
        first, second = queries.worth_paying(cast.seller, today=TODAY)
        assert (first.amount, first.name, first.value) == (250_000, "Meeting with a senior executive", None)
        assert second.amount == 100_000

    def test_nobody_is_told_of_a_deal_that_is_not_theirs(self, cast, book):
        assert {one.deal_id for one in queries.worth_paying(cast.manager, today=TODAY)} == {cast.deal.pk}
        assert len(queries.worth_paying(cast.sponsor, today=TODAY)) == 2
        with pytest.raises(Hidden):
            queries.debt_page(cast.inside_partner, today=TODAY)

    def test_only_who_sees_all_is_told_the_sum_of_all(self, cast, book):
        actions.read_debts(at=NOW, as_of=TODAY)
        assert queries.debt_page(cast.manager, today=TODAY).newest is None
        assert queries.debt_page(cast.analyst, today=TODAY).newest.debt.debts == 2


class TestNights:
    def test_a_night_keeps_yesterday_and_the_ends_of_twelve_months(self, cast, book):
        days = actions.read_debts(at=NOW)
        assert days[-1] == TODAY - DAY
        assert len(days) == 13
        assert [day.month != (day + DAY).month for day in days[:-1]] == [True] * 12
        assert list(DebtReading.objects.order_by("day").values_list("day", flat=True)) == days

    def test_the_next_night_reads_one_day_and_a_night_twice_is_kept_once(self, cast, book):
        actions.read_debts(at=NOW)
        assert actions.read_debts(at=NOW) == [TODAY - DAY]
        assert actions.read_debts(at=NOW + DAY) == [TODAY]

    def test_a_newly_signed_finding_values_the_course_anew_since_the_playbook_asks_for_it(self, cast, book):
        later = NOW + 70 * DAY
        actions.read_debts(at=later)
        assert actions.read_debts(at=later) == [TODAY + 69 * DAY]
        sign(cast)
        days = actions.read_debts(at=later)
        assert days == [dt.date(2026, 3, 31), dt.date(2026, 4, 30), TODAY + 69 * DAY]

    def test_everything_can_be_counted_anew(self, cast, book):
        actions.read_debts(at=NOW)
        assert len(actions.read_debts(at=NOW, anew=True)) == 13

    def test_a_day_read_late_tells_what_it_would_have_told_in_time(self, cast, book):
        sign(cast)
        actions.read_debts(at=NOW, as_of=TODAY)
        in_time = DebtReading.objects.get(day=TODAY).told
        step(cast, AgreementState.SOFT, at=NOW + 2 * DAY)
        actions.read_debts(at=NOW + 3 * DAY, as_of=TODAY, anew=True)
        assert DebtReading.objects.get(day=TODAY).told == in_time

    def test_an_earlier_day_read_again_forgets_no_later_one(self, cast, book):
        actions.read_debts(at=NOW, as_of=TODAY)
        actions.read_debts(at=NOW)
        assert DebtReading.objects.filter(day=TODAY).exists()

    def test_nothing_is_owed_before_the_strategy_starts(self, cast, book):
        assert list(then(TODAY - DAY, Books(TODAY - DAY))) == []
        assert len(list(then(TODAY, Books()))) == 2

    def test_a_past_day_is_counted_by_the_playbook_that_was_in_force_then(self, cast, book):
        later = NOW + 10 * DAY
        draft = strategy.draft_playbook(by=cast.sponsor, at=later, strategy=book.strategy)
        kind = AgreementType.objects.get(key="cust.executive_meeting")
        facts = {"judgement": "Seen it.", "needed_days": 5}
        strategy.choose(by=cast.sponsor, at=later, playbook=draft, type=kind, **facts)
        strategy.publish(by=cast.sponsor, at=later, playbook=draft)
        before, after = (
            {one.asked.line.type.key for one in then(day, Books(day))}
            for day in (TODAY + DAY, TODAY + 40 * DAY)
        )
        assert (before, after) == ({KEY}, {KEY, "cust.executive_meeting"})

    def test_a_new_playbook_changes_no_day_before_it(self, cast, book):
        actions.read_debts(at=NOW)
        later = NOW + 10 * DAY
        draft = strategy.draft_playbook(by=cast.sponsor, at=later, strategy=book.strategy)
        strategy.publish(by=cast.sponsor, at=later, playbook=draft)
        assert actions.read_debts(at=NOW) == [TODAY - DAY]

    def test_without_a_strategy_in_force_nothing_is_kept(self, cast):
        assert actions.read_debts(at=NOW) == []
        assert not DebtReading.objects.exists()

    def test_a_reading_of_another_version_is_read_anew(self, cast, book):
        actions.read_debts(at=NOW)
        first = DebtReading.objects.order_by("day").first()
        DebtReading.objects.filter(pk=first.pk).update(told={"schema": "another"})
        assert queries.debt_page(cast.sponsor, today=TODAY).course[0].day != first.day
        assert actions.read_debts(at=NOW) == [first.day, TODAY - DAY]


def by_hand(cast, today):
    """Return sums by currency of what can be paid, and the number of debts: from the file, in plain Python."""
    value, counted = defaultdict(float), 0
    for row in queries.all_debts(cast.sponsor, today=today):
        if row["can_be_paid"] == "yes":
            counted += 1
            value[row["currency"]] += row["value"] or 0.0
    return dict(value), counted


def test_the_night_the_file_and_the_list_of_today_tell_the_same(cast):
    for number in range(12):
        made = NOW - (14 + 3 * number) * DAY
        deal(f"M-{number}", owner=cast.seller, team=cast.north, amount=10_000 * (number + 1), created_at=made)
    deal("D-1", owner=cast.stranger, team=cast.south, currency="USD", amount=70_000)
    in_force(cast, "cust.executive_meeting", KEY)
    step(cast, AgreementState.SOFT)
    sign(cast)
    actions.read_debts(at=NOW, as_of=TODAY)
    told = queries.debt_page(cast.sponsor, today=TODAY).newest.debt
    value, counted = by_hand(cast, TODAY)
    assert told.debts == counted == 22
    assert {one.currency: one.value for one in told.sums} == pytest.approx(value)
    now, night = (
        debts_frame(rows, TODAY).sort("deal", "agreement") for rows in (owed(), then(TODAY, Books()))
    )
    assert now.equals(night)
