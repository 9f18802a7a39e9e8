"""The manager's word on a plan: comment, approve, return with the reason; a later writing is read anew."""

import datetime as dt

import pytest
from django.utils import timezone

from cast import NOW, deal
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.plans import actions
from hingepoint.domain.plans.models import PlanReview
from hingepoint.domain.plans.queries import reviews, talks
from hingepoint.records.errors import Stale
from hingepoint.records.plans import Verdict

KEY = "cust.data_access"


def written(cast, *, by=None, talk_on=None, **parts):
    """Sanna's plan for a talk, tomorrow unless said."""
    return actions.write_plan(
        by=by or cast.seller,
        at=timezone.now(),
        deal_id=cast.deal.pk,
        type_key=KEY,
        talk_on=talk_on or timezone.localdate() + dt.timedelta(days=1),
        **{"best": "the log"} | parts,
    )


def review(client, plan, **told):
    return client.post(f"/plans/{plan.pk}/review", {"next": "/talks/"} | told)


def test_the_manager_approves_the_day_before(client, cast):
    plan = written(cast)
    client.force_login(cast.manager)
    assert "Approve" in client.get("/").content.decode()
    review(client, plan, verdict="approved")
    assert PlanReview.objects.get().verdict == Verdict.APPROVED
    assert reviews.to_review(cast.manager, today=timezone.localdate()) == []


def test_a_returned_plan_is_on_the_sellers_list_with_its_reason(client, cast):
    plan = written(cast)
    client.force_login(cast.manager)
    review(client, plan, verdict="returned", words="What do we ask in return?")
    client.force_login(cast.seller)
    assert "What do we ask in return?" in client.get("/").content.decode()
    written(cast, request=["A reference visit"])
    assert talks.waiting(cast.seller, today=timezone.localdate()).prepare == ()
    assert len(reviews.to_review(cast.manager, today=timezone.localdate())) == 1


def test_a_return_says_why(client, cast):
    plan = written(cast)
    client.force_login(cast.manager)
    answer = client.post(f"/plans/{plan.pk}/review", {"verdict": "returned", "next": "/talks/"}, follow=True)
    assert "Say why you return it" in answer.content.decode()
    assert not PlanReview.objects.exists()


@pytest.mark.parametrize("who", ["seller", "sponsor", "analyst"])
def test_others_who_see_the_deal_comment_and_do_not_approve(client, cast, who):
    plan = written(cast)
    client.force_login(getattr(cast, who))
    assert review(client, plan, verdict="approved").status_code == 404
    assert review(client, plan, verdict="comment", words="Ask for the date too.").status_code == 302
    assert [one.verdict for one in PlanReview.objects.all()] == [Verdict.COMMENT]


def test_nobody_approves_their_own_plan(cast):
    plan = written(cast, by=cast.manager)
    with pytest.raises(actions.NotTheirManager):
        actions.review_plan(by=cast.manager, at=timezone.now(), plan_id=plan.pk, verdict=Verdict.APPROVED)


def test_a_plan_written_anew_meanwhile_is_read_again_first(cast):
    plan = written(cast)
    written(cast, best="the log of line 2")
    with pytest.raises(Stale):
        actions.review_plan(by=cast.manager, at=timezone.now(), plan_id=plan.pk, verdict=Verdict.APPROVED)


def test_sent_twice_it_is_said_once(client, cast):
    plan = written(cast)
    client.force_login(cast.manager)
    for _ in range(2):
        review(client, plan, verdict="approved")
    assert PlanReview.objects.count() == 1


@pytest.mark.parametrize(
    ("today", "talk", "soon"),
    [
        ("2026-03-02", "2026-03-03", True),
        ("2026-03-02", "2026-03-04", False),
        ("2026-03-06", "2026-03-09", True),
    ],
)
def test_talks_of_the_next_working_day_press(cast, today, talk, soon):
    day = dt.date.fromisoformat(today)
    written(cast, talk_on=dt.date.fromisoformat(talk))
    [line] = reviews.to_review(cast.manager, today=day)
    assert line.soon is soon


def test_the_other_manager_has_nothing_to_review(cast):
    written(cast)
    assert reviews.to_review(cast.other_manager, today=timezone.localdate()) == []


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_of_agreements_without_a_plan_the_nearest_deals_are_told_one_each(cast, monkeypatch, who):
    monkeypatch.setattr(talks, "MOST_LINES", 3)
    asked = {days: deal(f"D{days}", owner=cast.seller, team=cast.north) for days in (6, 0, 8, -1, 3, 5)}
    for days, one in asked.items():
        ask(one, KEY, in_days(days))
    ask(asked[6], "cust.executive_meeting", in_days(0))
    deals.change_deal(by=None, at=NOW, deal_id=asked[3].pk, status="lost", closed_at=NOW)
    told = talks.waiting(getattr(cast, who), today=timezone.localdate()).prepare
    nearest = [(asked[0], in_days(0)), (asked[6], in_days(0)), (asked[5], in_days(5))]
    assert [(one.deal_id, one.on) for one in told] == [(one.pk, day) for one, day in nearest]


def ask(one, key: str, day: dt.date) -> None:
    kind = AgreementType.objects.get(key=key)
    Agreement.objects.create(deal=one, type=kind, required=True, needed_by=day, changed_at=NOW)


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)
