"""What the ten jobs cost in clicks and fields, counted by doing them; none costs more than its goal.

With ``HINGEPOINT_WRITE_CLICKS=1`` the counts are written into the manual.
"""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.urls import reverse
from django.utils import timezone

import clicks
import discoveries
import playbooks
import talks
from clicks import Counted
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.proof.models import Proof
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.escalations import Answer, Kind
from hingepoint.records.plans import Outcome, Verdict
from hingepoint.records.talks import ReasonState

KEY = "cust.data_access"
COUNTED: dict[str, str] = {}


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def needed(cast, **facts) -> Agreement:
    """What the playbook asks of Sanna's deal, due in three days; Bo Lind, whom they know, is to open his data."""
    playbooks.in_force(cast, KEY)
    who = {"by": None, "at": timezone.now()}
    bo = deals.add_contact(**who, account=cast.account, key="bo", name="Bo Lind", title="Plant manager")
    told = {
        "state": AgreementState.NEEDED,
        "needed_by": in_days(3),
        "person": bo,
        "act": "send the log",
    } | facts
    step = agreements.Step(occurred_at=timezone.now(), **told)
    return agreements.take_step(**who, deal_id=cast.deal.pk, type_key=KEY, step=step)


def planned(cast, *, on: dt.date) -> Plan:
    made = needed(cast)
    return plans.write_plan(
        by=cast.seller,
        at=timezone.now(),
        deal_id=made.deal_id,
        type_key=KEY,
        talk_on=on,
        best="the whole log",
    )


def prepare(counted, cast):
    page = counted.page
    counted.click(page.locator("#prepare a.button", has_text="Prepare").first)
    counted.write(page.get_by_label("Why they would"), "Fewer stops before spring")
    counted.click(page.get_by_role("button", name="Keep the plan"))
    page.get_by_text("Fewer stops before spring").first.wait_for()
    assert Plan.objects.get().agreement.type.key == KEY


def debrief(counted, cast):
    page = counted.page
    counted.click(page.locator("#debriefs a.button", has_text="Debrief").first)
    counted.click(page.locator("label.choice", has_text="Gained"))
    counted.write(page.get_by_label("What they will do"), "send the log of twelve months")
    counted.write(page.get_by_label("By when"), in_days(9).isoformat())
    counted.click(page.get_by_role("button", name="Keep it"))
    page.get_by_text("What comes next").wait_for()
    assert Debrief.objects.get().outcome == Outcome.GAINED


def gain(counted, cast):
    page = counted.page
    counted.click(page.locator("li.work a.button", has_text="Gained").first)
    counted.write(page.get_by_label("By when"), in_days(9).isoformat())
    counted.click(page.locator("label.choice", has_text="They wrote it"))
    counted.click(page.locator("summary", has_text="Put their words, a link or a file behind it"))
    counted.write(page.locator("#f-proof_words"), "You have the log on Friday. Bo")
    counted.click(page.get_by_role("button", name="Save", exact=True))
    page.get_by_text("Take it back on its page").wait_for()
    made = Agreement.objects.get(deal=cast.deal)
    assert (made.state, made.evidence, Proof.objects.count()) == (AgreementState.GAINED, Evidence.WRITTEN, 1)


def demand(counted, cast):
    page = counted.page
    counted.click(page.get_by_role("link", name="Log a demand").first)
    counted.write(page.get_by_label("In their words"), "10 percent off before the board")
    counted.write(page.get_by_label("Who asked"), "Bo Lind")
    counted.write(page.get_by_label("Why do they need it?"), "A rise needs a board paper")
    counted.click(page.get_by_text("They said it", exact=True))
    counted.click(page.get_by_role("button", name="Log it"))
    page.get_by_role("heading", name="10 percent off").wait_for()
    (kept,) = log.demands(cast.seller, cast.deal.pk)
    assert (kept.why.text, kept.why.state) == ("A rise needs a board paper", ReasonState.STATED)


def exception(counted, cast):
    page = counted.page
    counted.click(page.locator("details.menu summary", has_text="More"))
    counted.click(page.get_by_role("link", name="Ask for an exception").first)
    counted.write(page.locator("#f-discount"), "15")
    counted.write(page.get_by_label("Why they need it"), "Their budget was set before the second line came")
    counted.write(page.get_by_label("What you tried instead"), "training in place of price")
    counted.write(page.get_by_label("What we ask in return"), "three-year term")
    counted.click(page.get_by_role("button", name="Send the request"))
    page.get_by_text("Complete, and small enough").wait_for()
    assert Escalation.objects.get().discount == 0.15


def partner(counted, cast):
    page = counted.page
    counted.click(page.get_by_role("button", name="Yes, as asked", exact=True))
    page.get_by_text("The seller sees it now").wait_for()
    assert Escalation.objects.get().approvals.get().answer == Answer.YES


def review(counted, cast):
    page = counted.page
    counted.click(page.locator("#review").get_by_role("button", name="Approve"))
    page.get_by_text("Approved:").wait_for()
    assert PlanReview.objects.get().verdict == Verdict.APPROVED


def decide(counted, cast):
    page = counted.page
    counted.click(page.get_by_role("link", name="Weigh it and answer"))
    counted.click(page.locator("label.choice", has_text="Ask for something back"))
    counted.write(page.get_by_label("In a few words"), "A reference by June, then I say yes.")
    counted.click(page.get_by_role("button", name="Send the answer"))
    page.get_by_text("It comes back to you when").wait_for()
    assert Escalation.objects.get().approvals.get().answer == Answer.BACK


def execution(counted, cast):
    page = counted.page
    counted.click(page.locator("ul.coverage a").first)
    page.get_by_role("heading", level=1, name="Early access to key data").wait_for()


def sign(counted, cast):
    page = counted.page
    counted.click(page.get_by_role("main").get_by_role("link", name="Early access to key data").first)
    counted.write(page.get_by_label("Why", exact=False), "They tell us what they need before we quote.")
    counted.click(page.get_by_role("button", name="Sign it"))
    page.get_by_text("They tell us what they need before we quote.").wait_for()
    assert Finding.objects.filter(verdict="signed").count() == 1


def an_exception_for_maud(cast):
    wish = talks.escalations.Wish(
        Kind.PRICE, discount=0.15, reason="Their budget was set before the second line came"
    )
    return talks.escalations.ask(by=cast.seller, at=talks.now(), deal_id=cast.deal.pk, wish=wish)


def deal_page(cast, made) -> str:
    return reverse("deal", args=[cast.deal.pk])


def home(cast, made) -> str:
    return "/"


#: The job -> who of the cast does it, what it finds, where it begins, and how it is done.
DONE = {
    "prepare": ("seller", needed, home, prepare),
    "debrief": ("seller", lambda cast: planned(cast, on=in_days(-1)), home, debrief),
    "gain": ("seller", lambda cast: needed(cast, state=AgreementState.ASKED), home, gain),
    "demand": ("seller", lambda cast: None, deal_page, demand),
    "exception": ("seller", lambda cast: None, deal_page, exception),
    "partner": ("inside_partner", lambda cast: talks.an_exception(cast, at=talks.now()), home, partner),
    "review": ("manager", lambda cast: planned(cast, on=in_days(1)), home, review),
    "decide": ("manager", an_exception_for_maud, home, decide),
    "execution": ("sponsor", lambda cast: playbooks.in_force(cast, KEY), home, execution),
    "sign": ("analyst", discoveries.finished_run, lambda cast, made: reverse("run", args=[made.pk]), sign),
}


@pytest.mark.parametrize("job", clicks.JOBS)
def test_a_job_costs_no_more_than_its_goal(job, visit, cast):
    who, make, begins, do = DONE[job]
    made, goal = make(cast), clicks.JOBS[job]
    counted = Counted(visit(getattr(cast, who)).open(begins(cast, made)))
    do(counted, cast)
    assert counted.clicks <= goal.clicks
    assert counted.fields <= goal.fields
    COUNTED[job] = clicks.line(goal, counted)


@pytest.mark.skipif("HINGEPOINT_WRITE_CLICKS" not in os.environ, reason="writes only where it is asked to")
def test_the_counts_are_written_into_the_manual():
    assert COUNTED.keys() == clicks.JOBS.keys(), "run all of this file, in order"
    clicks.TABLE.write_text(clicks.written([COUNTED[job] for job in clicks.JOBS]), "utf-8")
    assert [row[0] for row in clicks.rows()] == [job.name for job in clicks.JOBS.values()]
