"""Reviews: which deals and why, who may, what is kept, and what becomes of commitments."""

from __future__ import annotations

import datetime as dt

import pytest

import cast as casting
import duties
import playbooks
import raising
import reviewing
from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.reviews import actions, rules
from hingepoint.domain.reviews.models import CommitmentEnd, Review, ReviewNote
from hingepoint.domain.reviews.queries import commitments, review, reviews
from hingepoint.domain.reviews.rules import Candidate, Change, OpenAgreement, Pressing, Told
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.reviews import Became, NoteKind, Part, ReviewKind
from hingepoint.records.routines import Kind

WEEK = dt.timedelta(weeks=1)


def told(amount=100_000.0, *, changes=(), open=(), waits="") -> Told:
    return Told("Deal", amount, "EUR", "negotiate", "Sanna", None, tuple(changes), tuple(open), waits)


def on_the_table(why: Pressing, due_on=None) -> OpenAgreement:
    return OpenAgreement(7, "Access to their data", AgreementState.SOFT, why, due_on)


BACK = Change("Expected close", "1 Mar 2026", "1 May 2026", back=True)


# ---- which deals, and why ----


def test_value_times_what_there_is_to_speak_of_chooses():
    small_and_broken = Candidate(1, 1, told(50_000, open=[on_the_table(Pressing.BROKEN)]))  # 150,000
    large_and_due = Candidate(2, 1, told(90_000, open=[on_the_table(Pressing.DUE)]))  # 135,000
    quiet = Candidate(3, 1, told(900_000))
    unknown = Candidate(4, 1, told(None, waits="20% discount"))
    chosen = rules.choose([quiet, unknown, large_and_due, small_and_broken], most=3)
    assert [one.deal_id for one in chosen] == [1, 2, 4]


def test_why_says_what_moved_back_and_what_is_due_before_the_next_review():
    due = on_the_table(Pressing.DUE, dt.date(2026, 3, 5))
    found = told(changes=[BACK, Change("Stage", "prove", "propose")], open=[due, on_the_table(Pressing.SOFT)])
    assert rules.why(found, since=dt.date(2026, 2, 23)) == (
        "Since 23 Feb expected close: 1 May 2026, and 1 more changed. "
        "“Access to their data” is due on 5 Mar, before the next review; 1 more on the table."
    )


@pytest.mark.parametrize(
    ("found", "asks"),
    [
        (told(waits="20% discount", open=[on_the_table(Pressing.LATE)]), "before the exception is answered (20% discount)"),
        (told(open=[on_the_table(Pressing.BROKEN)]), "did not do it. Who raises it"),
        (told(open=[on_the_table(Pressing.SOFT)]), "an act and a day behind “Access to their data”"),
        (told(changes=[BACK]), "What would have to be true"),
        (told(), "Which agreement do we gain next"),
    ],
)  # fmt: skip
def test_the_one_decision_is_about_what_presses_most(found, asks):
    assert asks in rules.question(found)


def test_a_clock_that_runs_uses_up_its_part_and_the_whole():
    facts = {"place": 1, "place_used": 60, "used": 240, "deals": 3, "now": NOW}
    runs = rules.clock(since=NOW - dt.timedelta(seconds=400), **facts)
    assert (runs.left, runs.used, runs.whole, runs.words) == (-40, 640, 1500, "-0:40")
    stands = rules.clock(since=None, **facts)
    assert (stands.left, stands.used, stands.words) == (360, 240, "6:00")


@pytest.mark.parametrize(
    ("state", "changed", "due", "became"),
    [
        (AgreementState.GAINED, NOW + WEEK, TODAY, Became.KEPT),
        (AgreementState.GAINED, NOW - WEEK, TODAY, None),  # it stood before
        (AgreementState.SOFT, NOW - WEEK, TODAY, Became.MISSED),
        (AgreementState.SOFT, NOW - WEEK, TODAY + 2 * WEEK, None),  # there is time left
    ],
)
def test_the_register_tells_what_became_of_a_commitment(state, changed, due, became):
    today = TODAY + WEEK
    assert rules.became(state, changed, written_at=NOW, due_on=due, today=today) == became


# ---- before ----


def test_the_day_before_deals_are_chosen_and_owners_asked_for_what_is_missing(cast):
    row = reviewing.kind_words(cast.deal, by=cast.seller)
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, act="send it", person_name="Bo")
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=row.type.key, step=step)
    row.__class__.objects.filter(pk=row.pk).update(needed_by=TODAY - dt.timedelta(days=2))
    planned = reviewing.planned(cast, on=TODAY + dt.timedelta(days=1))
    assert actions.prepare_ahead(at=NOW) == 1
    assert actions.prepare_ahead(at=NOW) == 0
    (asked,) = reviews.asked_before(cast.seller, today=TODAY)
    assert (asked.deal, asked.on, [gap.missing.label for gap in asked.gaps]) == (
        "Deal N-1",
        planned.on,
        ["What did they say?"],
    )
    step = agreements.Step(state=AgreementState.DECLINED, occurred_at=NOW, reason="too busy")
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=row.type.key, step=step)
    assert reviews.asked_before(cast.seller, today=TODAY) == []
    page = review.review_page(cast.seller, planned.pk, now=NOW)
    assert [(one.words, one.answered) for one in page.deals[0].asked] == [
        (f"What did they say? {row.type}", True)
    ]
    actions.open_review(by=cast.manager, at=NOW, review_id=planned.pk)
    page = review.review_page(cast.seller, planned.pk, now=NOW)
    assert [one.answered for one in page.deals[0].asked] == [True]


def test_a_review_further_ahead_is_not_prepared_yet(cast):
    reviewing.planned(cast, on=TODAY + dt.timedelta(days=3))
    assert actions.prepare_ahead(at=NOW) == 0


def test_one_review_of_a_kind_is_ahead(cast):
    reviewing.planned(cast)
    with pytest.raises(actions.NotPlanned, match="planned already"):
        actions.plan(by=cast.manager, at=NOW, team_id=cast.north.pk, kind=ReviewKind.DEALS, on=TODAY)


# ---- the meeting ----


def test_what_changed_since_is_told_then_and_now(cast):
    row = reviewing.live(cast)
    (deal,) = review.review_page(cast.manager, row.pk, now=NOW).deals
    name = str(AgreementType.objects.get(key=reviewing.KIND_WORDS))
    assert deal.told.changes == (Change(name, "nothing yet", "kind words", "soft", back=True),)
    assert [one.pressing for one in deal.told.open] == [Pressing.SOFT]
    assert deal.question == f"How do we get an act and a day behind “{name}”?"


def test_two_who_write_at_once_both_keep_their_note(cast):
    row = reviewing.live(cast)
    for by, words in ((cast.manager, "We ask again."), (cast.seller, "Bo is away until Friday.")):
        actions.write(by=by, at=NOW, review_id=row.pk, kind=NoteKind.DECISION, words=words, place=1)
    page = review.review_page(cast.seller, row.pk, now=NOW)
    assert [(one.words, one.by) for one in page.deals[0].notes] == [
        ("We ask again.", "Maud"),
        ("Bo is away until Friday.", "Sanna"),
    ]


def test_a_form_sent_twice_is_one_note(cast):
    row = reviewing.live(cast)
    for _ in range(2):
        reviewing.commitment(cast, row, token="once")
    assert ReviewNote.objects.count() == 1


def test_the_clock_goes_on_from_where_it_stood(cast):
    row = reviewing.live(cast)
    at = [NOW + dt.timedelta(seconds=seconds) for seconds in (100, 160, 200)]
    actions.turn_clock(by=cast.manager, at=at[0], review_id=row.pk, move=actions.PAUSE)
    actions.turn_clock(by=cast.manager, at=at[1], review_id=row.pk, move=actions.GO_ON)
    row = actions.turn_clock(by=cast.manager, at=at[2], review_id=row.pk, move=actions.NEXT, place=0)
    assert (row.place, row.used, row.place_used) == (1, 140, 0)
    same = actions.turn_clock(by=cast.manager, at=at[2], review_id=row.pk, move=actions.NEXT, place=0)
    assert same.place == 1  # somebody else had moved on


def test_the_manager_coaches_and_the_owner_presents(cast):
    row = reviewing.live(cast)
    actions.sit(by=cast.seller, at=NOW, review_id=row.pk)
    seats = dict(row.seats.values_list("person__name", "part"))
    assert seats == {"Maud": Part.COACH, "Sanna": Part.PRESENTER}


def test_a_commitment_needs_somebody_of_the_team_and_a_day(cast):
    row = reviewing.live(cast)
    with pytest.raises(actions.NothingWritten) as refused:
        reviewing.commitment(cast, row, words=" ", owner_id=cast.stranger.pk, due_on=TODAY - WEEK)
    assert set(refused.value.by_field) == {"words", "owner_id", "due_on"}


# ---- afterwards ----


def test_minutes_change_no_more_but_by_an_addition(cast):
    row = reviewing.held(cast)
    later = {"by": cast.seller, "at": NOW + dt.timedelta(hours=2), "review_id": row.pk}
    with pytest.raises(actions.NotLive, match="is over"):
        actions.write(kind=NoteKind.DECISION, words="Another one", **later)
    actions.write(kind=NoteKind.ADDITION, words="Bo's title is head of IT.", **later)
    page = review.review_page(cast.seller, row.pk, now=NOW)
    assert [one.words for one in page.notes] == ["Bo's title is head of IT."]


def test_the_next_one_begins_with_what_became_of_the_commitments(cast):
    kind = AgreementType.objects.get(key=reviewing.KIND_WORDS)
    first = reviewing.live(cast)
    reviewing.commitment(cast, first, type_id=kind.pk)
    reviewing.commitment(cast, first, words="Call the plant", place=None)
    actions.end(by=cast.manager, at=NOW + dt.timedelta(minutes=20), review_id=first.pk)
    later = NOW + WEEK
    step = agreements.Step(
        state=AgreementState.GAINED,
        occurred_at=later,
        act="send it",
        person_name="Bo",
        due_on=later.date(),
        evidence=2,
    )
    agreements.take_step(by=cast.seller, at=later, deal_id=cast.deal.pk, type_key=kind.key, step=step)
    second = reviewing.live(cast, at=later)
    assert second.pk != first.pk
    before = {one.words: (one.became, one.by_register) for one in commitments.before(second)}
    assert before == {"Ask Bo for an act": (Became.KEPT, True), "Call the plant": (None, False)}


def test_what_was_said_of_a_commitment_stays(cast):
    note = reviewing.commitment(cast, reviewing.live(cast))
    for became in (Became.MISSED, Became.KEPT):
        actions.settle(by=cast.seller, at=NOW, note_id=note.pk, became=became)
    assert CommitmentEnd.objects.get().became == Became.MISSED


def test_a_review_that_is_held_does_the_routine_of_who_led_it_and_plans_the_next(cast):
    told = {"kind": Kind.DEAL_REVIEW, "name": "Weekly deal review", "role": Role.MANAGER}
    routine = duties.a_routine("weekly-deal-review", since=TODAY, **told)
    dues = [routines.Due(cast.manager.key, "North", NOW + dt.timedelta(days=days)) for days in (3, 10)]
    routines.fall_due(by=None, at=NOW, routine=routine, dues=dues)
    row = reviewing.held(cast)
    done = list(RoutineDue.objects.order_by("due_at").values_list("done_at", flat=True))
    assert done == [row.ended_at, None]
    assert list(Review.objects.ahead().values_list("on", flat=True)) == [TODAY + WEEK]


# ---- who may ----

SEES = {"seller", "manager", "sponsor", "analyst"}


@pytest.mark.parametrize(
    "who", ["seller", "manager", "sponsor", "analyst", "stranger", "other_manager", "inside_partner", "disabled"]
)  # fmt: skip
def test_a_review_is_the_teams_its_managers_and_of_those_who_see_all(cast, who):
    row = reviewing.held(cast)
    assert Review.objects.visible_to(getattr(cast, who)).filter(pk=row.pk).exists() == (who in SEES)


@pytest.mark.parametrize("who", ["seller", "analyst", "other_manager", "inside_partner"])
def test_only_its_manager_and_the_sponsor_open_a_review(cast, who):
    row = reviewing.planned(cast)
    with pytest.raises(Hidden):
        actions.open_review(by=getattr(cast, who), at=NOW, review_id=row.pk)
    assert actions.open_review(by=cast.sponsor, at=NOW, review_id=row.pk).opened_by == cast.sponsor


def test_a_pipeline_review_of_the_team_above_is_seen_by_who_manages_below_and_not_by_sellers(cast):
    sales = cast.north.parent
    told = {"team_id": sales.pk, "kind": ReviewKind.PIPELINE, "on": TODAY}
    row = actions.plan(by=cast.sponsor, at=NOW, **told)
    seen = {
        who for who, user in cast.everybody().items() if Review.objects.visible_to(user).filter(pk=row.pk)
    }
    assert seen == {"manager", "other_manager", "sponsor", "analyst"}


def test_a_colleague_of_the_team_reads_the_review_and_cannot_open_the_deal(cast):
    nora = casting.person("Nora", Role.SELLER)
    from hingepoint.domain.people import actions as people

    people.join_team(by=None, at=NOW, user=nora, team=cast.north, since=TODAY, manages=False)
    page = review.review_page(nora, reviewing.held(cast).pk, now=NOW)
    assert [(one.told.title, one.sees) for one in page.deals] == [("Deal N-1", False)]


# ---- the pipeline ----


def test_a_sponsor_who_opens_the_review_of_a_team_puts_nothing_of_other_teams_into_it(cast):
    book = playbooks.in_force(cast, "cust.data_access")
    facts = {"metric": "won", "baseline": 0.2, "target": 0.4, "target_on": TODAY + 40 * WEEK}
    strategies.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, **facts)
    reviewing.kind_words(cast.deal, by=cast.seller)
    reviewing.kind_words(cast.foreign_deal, by=cast.other_manager)
    rises = (raising.reading(one, raising.State.RAISED, deals=()) for one in (raising.NORTH, raising.SOUTH))
    raising.read(raising.DAY, exceptions=tuple(rises))
    row = reviewing.planned(cast, kind=ReviewKind.PIPELINE)
    row = actions.open_review(by=cast.sponsor, at=NOW, review_id=row.pk)
    assert [one["where"] for one in row.told["signals"]] == ["North"]
    assert [(one["there"], one["needed"]) for one in row.told["coverage"]] == [(0, 1)]
    assert [one["deal"] for one in row.told["debts"]] == ["Deal N-1"]
    assert row.told["metrics"]
    assert review.review_page(cast.sponsor, row.pk, now=NOW).told["metrics"]
    assert not review.review_page(cast.manager, row.pk, now=NOW).told["metrics"]


def test_the_pipeline_of_the_meeting_is_kept_and_the_next_one_tells_what_moved(cast):
    from hingepoint.domain.deals.models import Deal

    other = casting.deal("N-2", owner=cast.seller, team=cast.north, amount=40_000, stage="prove")
    first = reviewing.held(cast, kind=ReviewKind.PIPELINE)
    assert first.told["stages"] == [
        {"currency": "EUR", "stage": "prove", "deals": 1, "amount": 40_000.0},
        {"currency": "EUR", "stage": "", "deals": 1, "amount": 100_000.0},
    ]
    later = NOW + 4 * WEEK
    Deal.objects.filter(pk=other.pk).update(status="won", closed_at=later)
    casting.deal("N-3", owner=cast.seller, team=cast.north, amount=70_000)
    second = reviewing.live(cast, at=later, kind=ReviewKind.PIPELINE)
    moved = {name: (one["deals"], one["amounts"]) for name, one in second.told["moved"].items()}
    assert moved == {
        "new": (1, {"EUR": 70_000.0}),
        "won": (1, {"EUR": 40_000.0}),
        "lost": (0, {}),
        "put off": (0, {}),
    }
    assert first.pipeline.count() == 2  # as it stood then
