"""What would have had to be true: which deals are looked back on, what the register says, and the two views."""

import datetime as dt
from decimal import Decimal

import pytest

import playbooks
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.hindsight import actions, rules
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.queries import lists, page
from hingepoint.domain.hindsight.register import at_landmarks
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.hindsight import Ended, Side, Why

DAY = dt.timedelta(days=1)
KEY = "cust.data_access"
SAID = actions.View(Why.AGREEMENT, "Their plant manager had promised the log by June.", KEY)


def ends(row, *, status="lost", at=NOW, **facts):
    return deals.change_deal(by=None, at=at, deal_id=row.pk, status=status, closed_at=at, **facts)


def gain(row, *, at, key=KEY):
    told = {"act": "send it", "person_name": "Bo", "due_on": at.date(), "evidence": Evidence.WRITTEN}
    step = agreements.Step(state=AgreementState.GAINED, occurred_at=at, **told)
    agreements.take_step(by=None, at=at, deal_id=row.pk, type_key=key, step=step)


def past(name, *, won, gained_after=None, open_days=60, **facts):
    """A deal of the past year; ``gained_after`` so many days the agreement was gained."""
    created_at = NOW - 200 * DAY
    row = deal(name, created_at=created_at, segment="Mills", **facts)
    if gained_after is not None:
        gain(row, at=created_at + gained_after * DAY)
    return ends(row, status="won" if won else "lost", at=created_at + open_days * DAY)


class TestWhichDeals:
    def test_the_value_is_what_a_quarter_of_the_closed_deals_reached_until_somebody_sets_it(self, cast):
        for number, amount in enumerate((10, 20, 30, 40, 50, 60, 70, 80)):
            past(f"P-{number}", won=True, amount=amount)
        found = rules.limits(now=NOW)
        assert (found.least_amount, found.deals, found.set_by) == (60, 8, "")  # 60, 70 and 80 reach it
        actions.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(25))
        assert (rules.limits(now=NOW).least_amount, rules.limits(now=NOW).set_by) == (25, "Otto")
        with pytest.raises(actions.SaysTooLittle):
            actions.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(-1))
        for who in (cast.seller, cast.manager):
            with pytest.raises(Hidden):
                actions.set_limit(by=who, at=NOW, least_amount=Decimal(1))

    @pytest.mark.parametrize(
        ("status", "amount", "discount", "ended"),
        [
            ("lost", 100, None, Ended.LOST),
            ("lost", 99, None, None),
            ("won", 100, 0.30, Ended.DISCOUNTED),
            ("won", 100, 0.01, None),
            ("won", 100, None, None),
            ("open", 100, 0.30, None),
        ],
    )
    def test_lost_and_highly_discounted_deals_from_the_value_on_are_looked_back_on(
        self, cast, status, amount, discount, ended
    ):
        actions.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(100))
        closed = {} if status == "open" else {"closed_at": NOW - DAY}
        row = deal("X", owner=cast.seller, status=status, amount=amount, discount=discount, **closed)
        limits = rules.limits(now=NOW)
        assert limits.ended(row) == ended
        found = lists.hindsights(cast.sponsor, now=NOW).waiting
        assert [one.deal_id for one in found] == ([row.pk] if ended else [])


class TestRegister:
    def test_what_was_gained_after_the_landmark_or_never_was_missing(self, cast):
        playbooks.in_force(cast)
        lost = ends(cast.deal, at=NOW + 90 * DAY)
        (first,) = [one for one in at_landmarks(lost) if one.key == KEY]
        assert first.gained_on is None
        assert not first.was_there
        late = deal("N-2", owner=cast.seller, team=cast.north)
        gain(late, at=NOW + 80 * DAY)
        (second,) = [one for one in at_landmarks(ends(late, at=NOW + 90 * DAY)) if one.key == KEY]
        assert second.gained_on == TODAY + 80 * DAY
        assert second.was_there is (second.gained_on <= second.landmark)
        assert not second.was_there

    def test_what_was_due_only_after_the_end_says_nothing(self, cast):
        playbooks.in_force(cast, needed_days=60)
        assert at_landmarks(ends(cast.deal, at=NOW + 31 * DAY)) == []  # 59 days old
        assert [one.days for one in at_landmarks(ends(cast.deal, at=NOW + 33 * DAY))] == [60]

    def test_a_deal_of_before_the_strategy_is_not_judged_by_it(self, cast):
        playbooks.in_force(cast)
        assert at_landmarks(ends(cast.deal, at=NOW - DAY)) == []

    def test_matched_deals_are_counted_by_what_they_had_at_the_same_age(self, cast):
        playbooks.in_force(cast)
        lost = ends(cast.deal, at=NOW + 90 * DAY, segment="Mills")
        days = next(one.days for one in at_landmarks(lost) if one.key == KEY)
        for number in range(12):
            past(f"with-{number}", won=number < 9, gained_after=days - 1, open_days=days + 20)
        for number in range(15):
            past(f"late-{number}", won=number < 3, gained_after=days + 5, open_days=days + 20)
        for number in range(20):
            past(f"early-{number}", won=False, open_days=days)  # over by then: held against nobody
        found = page.hindsight_page(cast.seller, lost.pk, now=NOW + 91 * DAY)
        (missing,) = [one for one in found.missing if one.at.key == KEY]
        having, lacking = missing.alike.having, missing.alike.lacking
        assert (having.deals, lacking.deals) == (12, 15)
        assert (having.won.value, lacking.won.value) == (9 / 12, 3 / 15)
        assert missing.alike.won.value == pytest.approx(0.55)
        assert missing.alike.won.low > 0


class TestViews:
    def test_each_side_writes_its_own_and_versions_stay(self, cast):
        playbooks.in_force(cast)
        ends(cast.deal, at=NOW + 90 * DAY)
        after = {"at": NOW + 91 * DAY, "deal_id": cast.deal.pk}
        actions.write_view(by=cast.seller, view=SAID, expected_number=0, **after)
        actions.write_view(by=cast.seller, view=SAID, expected_number=1, **after)  # the same: no version
        other = actions.View(Why.PRICE, "They saw no difference.")
        actions.write_view(by=cast.manager, view=other, expected_number=0, **after)
        third = actions.View(Why.AGREEMENT, "And their head of finance.", KEY)
        actions.write_view(by=cast.seller, view=third, expected_number=1, **after)
        found = page.hindsight_page(cast.seller, cast.deal.pk, now=after["at"])
        assert [(one.side, one.number, one.shown) for one in found.views] == [
            (Side.SELLER, 2, True),
            (Side.MANAGER, 1, None),
        ]
        assert [one.words for one in found.before] == [SAID.words]
        assert found.disagree
        assert (found.mine, found.types[0][0]) == (Side.SELLER, KEY)

    def test_who_is_slower_loses_nothing_and_overwrites_nothing(self, cast):
        ends(cast.deal)
        view = actions.View(Why.LATE, "We came after the tender was out.")
        actions.write_view(by=cast.seller, at=NOW, deal_id=cast.deal.pk, view=view, expected_number=0)
        with pytest.raises(Stale):
            actions.write_view(by=cast.seller, at=NOW, deal_id=cast.deal.pk, view=SAID, expected_number=0)
        assert HindsightView.objects.get().words == view.words

    @pytest.mark.parametrize("who", ["stranger", "other_manager", "sponsor", "analyst", "inside_partner"])
    def test_nobody_else_writes_one(self, cast, who):
        ends(cast.deal)
        with pytest.raises(Hidden):
            actions.write_view(by=getattr(cast, who), at=NOW, deal_id=cast.deal.pk, view=SAID)

    @pytest.mark.parametrize(
        ("view", "field"),
        [
            (actions.View(Why.AGREEMENT, "It was missing."), "type_key"),
            (actions.View(Why.PRICE, "  "), "words"),
        ],
    )
    def test_a_view_says_something(self, cast, view, field):
        ends(cast.deal)
        with pytest.raises(actions.SaysTooLittle) as refused:
            actions.write_view(by=cast.seller, at=NOW, deal_id=cast.deal.pk, view=view)
        assert refused.value.field == field

    def test_an_open_deal_is_not_looked_back_on(self, cast):
        with pytest.raises(actions.NothingToLookBackOn):
            actions.write_view(by=cast.seller, at=NOW, deal_id=cast.deal.pk, view=SAID)
        with pytest.raises(Hidden):
            page.hindsight_page(cast.seller, cast.deal.pk, now=NOW)

    def test_the_list_shows_whose_view_is_missing_and_what_both_name(self, cast):
        actions.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(1))
        ends(cast.deal)
        ends(cast.foreign_deal)
        later = NOW + DAY
        (mine,) = lists.hindsights(cast.seller, now=later).waiting
        assert (mine.deal_id, mine.waits, mine.mine) == (cast.deal.pk, (Side.SELLER, Side.MANAGER), True)
        for who in (cast.seller, cast.manager):
            actions.write_view(by=who, at=later, deal_id=cast.deal.pk, view=SAID)
        found = lists.hindsights(cast.sponsor, now=later)
        assert [one.deal_id for one in found.waiting] == [cast.foreign_deal.pk]
        (named,) = found.named
        assert (named.seller, named.manager, named.both, named.deals, named.shown) == (1, 1, 1, 1, 0)
        assert named.type == str(AgreementType.objects.get(key=KEY))
        assert (found.both_written, found.agree) == (1, 1)
