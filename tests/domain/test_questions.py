"""The questions we ask: counted over every table, judged only when there is enough, retired and asked again."""

import datetime as dt

import pytest

import assessing
import playbooks
from cast import NOW, TODAY, deal
from hingepoint.analysis.question_budget import Decision
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.home.queries import answers_given, question_budget
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.premortems import actions as premortems
from hingepoint.domain.principles import actions as principles
from hingepoint.domain.questions import actions
from hingepoint.domain.questions.rules import is_asked, retired
from hingepoint.domain.self_assessment import actions as assessments
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.signals.models import Raise
from hingepoint.domain.strategy import actions as strategy
from hingepoint.records.errors import Hidden
from hingepoint.records.questions import BY_KEY, QUESTIONS
from hingepoint.records.signals import StepKind

DAY = dt.timedelta(days=1)
AGO = NOW - 100 * DAY
KEY = "cust.data_access"


def plan(row, by, *, at=AGO, **parts):
    parts = {"best": "Bo sends the log by Friday", **parts}
    return plans.write_plan(by=by, at=at, deal_id=row.pk, type_key=KEY, **parts)


def line(cast, key: str, *, now=NOW) -> question_budget.QuestionLine:
    return question_budget.question(cast.sponsor, key, now=now)


@pytest.fixture
def twenty(cast):
    """Twenty plans of 100 days ago, in each of which two parts are answered and the others are not."""
    rows = [deal(f"Q-{n}", owner=cast.seller, team=cast.north, created_at=AGO - DAY) for n in range(20)]
    for row in rows:
        plan(row, cast.seller, get="Who pays for it")
    return rows


def test_each_part_of_a_plan_is_asked_once_a_plan_and_answered_by_own_words(cast, twenty):
    told = {key: line(cast, f"plan.{key}").counted.followed for key in ("best", "get", "protect")}
    assert {key: (one.asked, one.answered) for key, one in told.items()} == {
        "best": (20, 20),
        "get": (20, 20),
        "protect": (20, 0),
    }
    assert told["get"].moved_nothing
    assert not told["protect"].judged


def test_what_is_offered_and_left_so_answers_nothing(cast):
    row = deal("O-1", owner=cast.seller, team=cast.north, created_at=AGO - DAY)
    offered = {"get": [plans.Line("Who pays", source="The playbook asks it")]}
    plan(row, cast.seller, get="Who pays", offered=offered)
    assert line(cast, "plan.get").counted.followed.answered == 0
    assert line(cast, "plan.best").counted.followed.answered == 1


def test_a_decision_on_the_same_agreement_within_ninety_days_follows(cast, twenty):
    said = coaching.Said("Ask for the day", "Call Bo", TODAY)
    other = AgreementType.objects.exclude(key=KEY).first().key
    for row, kind, days in ((twenty[0], KEY, 60), (twenty[1], KEY, 95), (twenty[2], other, 60)):
        coaching.hold_session(by=cast.manager, at=AGO + days * DAY, deal_id=row.pk, type_key=kind, said=said)
    found = line(cast, "plan.get").counted.followed
    assert (found.after_answers, found.moved_nothing) == (1, False)


def test_answers_younger_than_ninety_days_wait(cast):
    plan(cast.deal, cast.seller, at=NOW - 89 * DAY)
    assert line(cast, "plan.best").counted.followed.asked == 0
    assert line(cast, "plan.best", now=NOW + 2 * DAY).counted.followed.asked == 1
    assert line(cast, "plan.best", now=NOW + 95 * DAY).counted.followed.asked == 0  # older than the window


def test_a_premortem_asks_three_and_counts_who_answered(cast):
    row = premortems.begin(by=cast.seller, at=AGO, deal_id=cast.deal.pk, until=AGO.date())
    premortems.answer(by=cast.manager, at=AGO, premortem_id=row.pk, words="Their board was never asked.")
    found = line(cast, "premortem.answer").counted.followed
    assert (found.asked, found.answered) == (3, 1)


def test_a_raise_is_asked_about_once_and_what_was_decided_on_it_follows(cast):
    asked_on = AGO.date()
    one, other = (
        Raise.objects.create(
            signal="exceptions", level="team", place=place, first_day=asked_on,
            **dict.fromkeys(("since", "earliest", "latest", "seen"), asked_on),
        )
        for place in ("North", "South")
    )  # fmt: skip
    signals.answer(by=cast.sponsor, at=AGO, raise_id=one.pk, words="Two deals.", found=StepKind.CONFIRMED)
    signals.give(by=cast.sponsor, at=AGO + 30 * DAY, raise_id=one.pk, to=cast.manager.pk)
    signals.give(by=cast.sponsor, at=AGO + 30 * DAY, raise_id=other.pk, to=cast.other_manager.pk)
    found = line(cast, "raise.found").counted.followed
    assert (found.asked, found.answered, found.after_answers, found.after_none) == (2, 1, 1, 1)
    assert line(cast, "raise.led").counted.followed.answered == 0


def test_the_self_assessment_asks_all_it_was_sent_to_and_cannot_say_answers_nothing(cast):
    row = assessing.open_round(cast, asked=40, at=AGO - DAY)
    assessing.answered(row, at=AGO)
    assessing.answered(row, at=AGO, said=assessing.answers(exceptions="cannot_say"))
    assessments.close_round(by=cast.sponsor, at=AGO, round_id=row.pk)
    told = {
        key: line(cast, f"assessment.{key}").counted.followed for key in ("exceptions", "account_margins")
    }
    assert {key: (one.asked, one.answered) for key, one in told.items()} == {
        "exceptions": (40, 1),
        "account_margins": (40, 2),
    }
    principles.draft(by=cast.sponsor, at=AGO + DAY)
    principles.publish(by=cast.sponsor, at=AGO + DAY)
    assert line(cast, "assessment.account_margins").counted.followed.after_answers == 2


def test_each_field_of_a_form_is_counted_by_its_own_column(cast):
    said = coaching.Said("Ask for the day", "Call Bo", TODAY)
    coaching.hold_session(by=cast.manager, at=AGO, deal_id=cast.deal.pk, type_key=KEY, said=said)
    told = {
        name: line(cast, f"coaching.{name}").counted.followed
        for name in ("behaviour", "next_step", "evidence", "ratings")
    }
    assert {name: (one.asked, one.answered) for name, one in told.items()} == {
        "behaviour": (1, 1),
        "next_step": (1, 1),
        "evidence": (1, 0),
        "ratings": (1, 0),
    }


def test_a_changed_standard_is_a_decision_about_its_type_and_the_first_playbook_is_none(cast):
    book = playbooks.in_force(cast)
    assert list(answers_given.decisions_between(NOW - DAY, NOW + DAY)) == []
    draft = strategy.draft_playbook(by=cast.analyst, at=NOW + DAY, strategy=book.strategy)
    pivotal = draft.pivotal.get()
    strategy.drop(by=cast.analyst, at=NOW + DAY, pivotal=pivotal)
    playbooks.choose(draft, KEY, needed_days=35)
    strategy.publish(by=cast.analyst, at=NOW + 2 * DAY, playbook=draft, note="Later.")
    found = list(answers_given.decisions_between(NOW - DAY, NOW + 3 * DAY))
    of_the_company = Decision(answers_given.COMPANY, None, NOW + 2 * DAY)
    assert found == [Decision(None, pivotal.type_id, NOW + 2 * DAY), of_the_company]


def test_every_question_is_counted_and_every_form_is_read(cast):
    counted = question_budget.counted_now(now=NOW)
    assert [one.key for one in counted] == [one.key for one in QUESTIONS]
    assert len(BY_KEY) == len(QUESTIONS)


def test_the_minutes_of_a_seller_are_answers_by_what_one_takes(cast, twenty):
    """Forty typed answers of ten seconds in 90 days, by two sellers who work here."""
    page = question_budget.budget(cast.analyst, now=NOW)
    assert page.minutes == pytest.approx(40 * 10 / 60 / (90 / 7) / 2)
    assert [one.question.key for one in page.to_retire] == ["plan.best", "plan.get"]
    assert [one.may_retire for one in page.to_retire] == [False, True]


class TestRetiring:
    def test_it_is_not_asked_until_somebody_asks_again_and_the_trail_says_so(self, cast):
        row = actions.retire(by=cast.sponsor, at=NOW, key="plan.get", why="Nobody reads it.")
        assert actions.retire(by=cast.analyst, at=NOW, key="plan.get") == row
        assert (retired(), is_asked("plan.get")) == ({"plan.get"}, False)
        assert line(cast, "plan.get").retired.why == "Nobody reads it."
        actions.ask_again(by=cast.analyst, at=NOW + DAY, key="plan.get")
        actions.ask_again(by=cast.analyst, at=NOW + DAY, key="plan.get")
        assert is_asked("plan.get")
        assert line(cast, "plan.get").retired is None
        trail = AuditEvent.objects.filter(subject="question").values_list("action", "by_name", "subject_id")
        assert list(trail) == [("retire", "Otto", "plan.get"), ("ask again", "Ada", "plan.get")]
        assert actions.retire(by=cast.sponsor, at=NOW + 2 * DAY, key="plan.get").pk != row.pk

    def test_what_the_register_stands_on_stays(self, cast):
        for key in ("plan.best", "agreement.act", "found.right"):
            with pytest.raises(actions.NeededStill):
                actions.retire(by=cast.sponsor, at=NOW, key=key)
        assert retired() == frozenset()

    @pytest.mark.parametrize("who", ["seller", "manager", "inside_partner", "disabled"])
    def test_others_neither_read_nor_retire(self, cast, who):
        user = getattr(cast, who)
        for doing in (actions.retire, actions.ask_again):
            with pytest.raises(Hidden):
                doing(by=user, at=NOW, key="plan.get")
        with pytest.raises(Hidden):
            question_budget.budget(user, now=NOW)

    def test_a_question_that_nobody_knows_is_hidden(self, cast):
        with pytest.raises(Hidden):
            actions.retire(by=cast.sponsor, at=NOW, key="weather")
