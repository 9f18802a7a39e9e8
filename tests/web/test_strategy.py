"""The Strategy pages: write one, set targets, put it in force, retire it; who may, and what is refused."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

import rules
import talks
from cast import NOW, TODAY, deal, team
from hingepoint.analysis import intervals
from hingepoint.analysis.coverage import Coverage
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.strategy import actions, asking, tasks
from hingepoint.domain.strategy.models import Strategy
from hingepoint.records.plans import Outcome
from playbooks import choose, in_force, written

WORDS = {
    "name": "Sell faster",
    "statement": "In half the time.",
    "measure": "won",
    "segment": "",
    "sponsor": "",
}


def text(answer) -> str:
    return answer.content.decode()


def test_the_sponsor_writes_a_strategy_from_a_preset(client, cast):
    client.force_login(cast.sponsor)
    form = client.get(reverse("new-strategy") + "?from=sell-faster")
    assert {
        "measure": "supportive",
        "judged_0": "cycle_days",
        "compare_0": "<=",
        "bound_0": "90",
    }.items() <= (form.context["said"].items())
    assert '<option value="cycle_days" selected>Days from creation to winning</option>' in form.text
    answer = client.post(reverse("new-strategy"), WORDS | {"sponsor": cast.sponsor.pk})
    made = Strategy.objects.get()
    assert answer.url == reverse("strategy", args=[made.pk])
    assert (made.status, made.sponsor) == ("draft", cast.sponsor)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"measure": "happiness"}, "happiness is not one of the available choices"),
        ({"measure": "sale_days"}, "sale_days is not one of the available choices"),
        ({"measure": ""}, "Choose what it is judged by."),
        ({"measure": "supportive"}, "Say what a sale on target keeps to"),
        ({"measure": "supportive", "judged_0": "discount"}, "Say how much."),
        ({"measure": "supportive", "bound_1": "15"}, "Say of what."),
        ({"measure": "supportive", "judged_0": "discount", "bound_0": "much"}, "How much is no number."),
        ({"name": ""}, "required"),
        ({"name": "Discount less"}, "There is a strategy of this name"),
    ],
)
def test_what_cannot_be_a_strategy_is_said_in_the_form(client, cast, changed, told):
    written(cast)
    client.force_login(cast.sponsor)
    answer = client.post(reverse("new-strategy"), WORDS | changed)
    assert answer.status_code == 422
    assert told in text(answer)
    assert Strategy.objects.count() == 1


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(client, cast):
    client.force_login(cast.sponsor)
    wrong = {"measure": "supportive", "judged_1": "margin", "compare_1": ">", "bound_0": "15"}
    answer = client.post(reverse("new-strategy"), WORDS | wrong)
    assert set(answer.context["problems"]) == {"judged_0", "bound_1"}
    said = answer.context["said"]
    assert {name: said[name] for name in wrong} == wrong


@pytest.mark.parametrize(
    ("chosen", "metric"),
    [
        ({"measure": "cycle_days"}, "cycle_days"),
        ({"judged_0": "discount", "compare_0": "<=", "bound_0": "14.7"}, "supportive:discount<=0.147"),
        (
            {
                "judged_0": "margin",
                "compare_0": ">",
                "bound_0": "30",
                "judged_2": "cycle_days",
                "bound_2": "90",
            },
            "supportive:margin>0.3 and cycle_days<=90",
        ),
        ({"judged_0": "amount", "compare_0": ">=", "bound_0": "1234567"}, "supportive:amount>=1234567"),
    ],
)
def test_a_metric_is_chosen_and_comes_back_as_it_was_chosen(client, cast, chosen, metric):
    client.force_login(cast.sponsor)
    client.post(reverse("new-strategy"), WORDS | {"measure": "supportive"} | chosen)
    row = Strategy.objects.get()
    assert row.metric == metric
    said = client.get(reverse("edit-strategy", args=[row.pk])).context["said"]
    client.post(reverse("edit-strategy", args=[row.pk]), said)
    assert Strategy.objects.get().metric == metric


def test_a_metric_with_more_figures_than_the_form_has_is_kept(client, cast):
    long = "supportive:discount<=0.15 and margin>=0.3 and cycle_days<=90 and amount>=1000"
    row = written(cast, metric=long)
    client.force_login(cast.sponsor)
    page = client.get(reverse("edit-strategy", args=[row.pk]))
    assert "As it is: Share of deals won with a discount of 15% or less" in page.text
    client.post(reverse("edit-strategy", args=[row.pk]), page.context["said"] | {"statement": "Mine."})
    row.refresh_from_db()
    assert (row.metric, row.statement) == (long, "Mine.")


def test_a_target_may_be_set_on_the_deals_of_one_segment(client, cast):
    deal("SEG", segment="Public sector", owner=cast.seller, team=cast.north)
    row = written(cast)
    client.force_login(cast.sponsor)
    page = client.get(reverse("set-target", args=[row.pk])).text
    assert '<option value="Public sector">' in page
    target = {"measure": "cycle_days", "segment": "Public sector", "baseline": "90", "target": "70"}
    client.post(reverse("set-target", args=[row.pk]), target | {"target_on": "2027-12-31"})
    kept = row.result_metrics.get()
    assert (kept.metric, kept.segment, kept.baseline, kept.target) == ("cycle_days", "Public sector", 90, 70)


def test_a_target_counts_the_deals_of_its_region_product_and_team_with_the_teams_below(client, cast):
    book = in_force(cast, strategy=written(cast, metric="won"))
    port = team("Port", parent=cast.north)
    of_all = {"owner": cast.seller, "team": port, "region": "Nordics", "product": "Aria", "status": "won"}
    others = [
        {"team": cast.south},
        {"region": "Alps"},
        {"product": "Vesper"},
        {"team": cast.north, "status": "lost"},
    ]
    for n, other in enumerate([{}, *others]):
        deal(f"T-{n}", closed_at=NOW + dt.timedelta(days=2), **of_all | other)
    client.force_login(cast.sponsor)
    address = reverse("set-target", args=[book.strategy_id])
    page = client.get(address).text
    for words in (
        '<option value="Nordics">',
        '<option value="Aria">',
        f'<option value="{cast.north.pk}">North',
    ):
        assert words in page
    narrow = {"region": "Nordics", "product": "Aria", "team": str(cast.north.pk)}
    target = {"measure": "won", "baseline": "40", "target": "55", "target_on": "2027-12-31"}
    client.post(address, target | narrow)
    client.post(address, target | narrow | {"target": "60"})
    client.post(address, target)
    narrowed, whole = client.get(reverse("strategy", args=[book.strategy_id])).context["page"].results
    assert (narrowed.since.n, narrowed.since.value, narrowed.target) == (2, 0.5, 0.6)
    assert narrowed.population == "closed deals of Nordics, Aria, North"
    assert (whole.since.n, whole.population) == (5, "closed deals")


def test_a_team_that_is_not_offered_is_refused(client, cast):
    row = written(cast)
    client.force_login(cast.sponsor)
    target = {"measure": "won", "baseline": "40", "target": "55", "target_on": "2027-12-31", "team": "999"}
    assert client.post(reverse("set-target", args=[row.pk]), target).status_code == 422
    assert not row.result_metrics.exists()


def test_two_who_change_it_at_once_both_see_what_was_written(client, cast):
    row = written(cast)
    actions.change_strategy(by=cast.analyst, at=NOW, strategy=row, statement="Hold the price.")
    client.force_login(cast.sponsor)
    stale = WORDS | {"statement": "Mine.", "version": row.version - 1}
    answer = client.post(reverse("edit-strategy", args=[row.pk]), stale)
    assert answer.status_code == 409
    assert "Mine." in text(answer)
    assert "Hold the price." in text(answer)
    client.post(reverse("edit-strategy", args=[row.pk]), stale | {"version": row.version})
    assert Strategy.objects.get().statement == "Mine."


def test_a_target_in_percent_is_kept_as_a_share_and_measured_on_deals_closed_since(client, cast):
    book = in_force(cast)
    for n, (status, days) in enumerate([("won", 2), ("won", 3), ("lost", 4), ("lost", -20)]):
        closed = NOW + dt.timedelta(days=days)
        deal(f"C-{n}", owner=cast.seller, team=cast.north, status=status, closed_at=closed, discount=0.05)
    client.force_login(cast.sponsor)
    target = {"measure": "won", "baseline": "40", "target": "55", "target_on": "2027-12-31"}
    client.post(reverse("set-target", args=[book.strategy_id]), target)
    row = client.get(reverse("strategy", args=[book.strategy_id])).context["page"].results[0]
    assert (row.baseline, row.target) == (0.4, 0.55)
    assert (row.since.value, row.since.n, row.before.value, row.before.n) == (pytest.approx(2 / 3), 3, 0.0, 1)
    assert row.since.low < row.since.value < row.since.high


def test_a_target_that_cannot_be_read_is_said_beside_the_field(client, cast):
    row = written(cast)
    client.force_login(cast.sponsor)
    answer = client.post(reverse("set-target", args=[row.pk]), {"measure": "won", "baseline": "much"})
    assert answer.status_code == 422
    assert "Where it stood is no number. Write digits only, as in 12." in text(answer)


def test_putting_it_in_force_asks_open_deals_and_retiring_it_stops_asking(client, cast):
    row = written(cast)
    choose(row.playbooks.get(), "cust.data_access")
    actions.publish(by=cast.sponsor, at=NOW, playbook=row.playbooks.get())
    client.force_login(cast.sponsor)
    client.post(reverse("put-in-force", args=[row.pk]))
    assert Agreement.objects.filter(required=True).count() == 2
    client.post(reverse("retire-strategy", args=[row.pk]))
    assert not Agreement.objects.filter(required=True).exists()


def test_while_open_deals_are_asked_the_page_says_how_far_that_is(client, cast, monkeypatch):
    monkeypatch.setattr(asking, "BATCH", 1)
    row = written(cast)
    choose(row.playbooks.get(), "cust.data_access")
    actions.publish(by=cast.sponsor, at=NOW, playbook=row.playbooks.get())
    client.force_login(cast.sponsor)
    page = text(client.post(reverse("put-in-force", args=[row.pk]), follow=True))
    assert "Discount less holds. Open deals are asked in the background." in page
    assert "1 of 2 deals; everybody can go on working meanwhile" in page
    bar = reverse("asking-progress")
    assert f'hx-get="{bar}"' in text(client.get(bar))
    assert "1 of 2 deals" in text(client.get(reverse("playbook", args=[row.pk])))
    tasks.ask_in_background.func()
    done = text(client.get(bar))
    assert "Agreements on open deals: 2 asked for anew." in done
    assert "hx-get" not in done
    assert "everybody can go on" not in text(client.get(reverse("strategy", args=[row.pk])))


def test_before_anybody_was_asked_there_is_nothing_to_wait_for(client, cast):
    client.force_login(cast.seller)
    page = text(client.get(reverse("asking-progress")))
    assert "No open deal is asked for anything else." in page
    assert "hx-get" not in page


@pytest.mark.parametrize(("who", "status"), [("seller", 200), ("inside_partner", 404)])
def test_who_may_see_strategies_sees_how_far_it_is(client, cast, who, status):
    in_force(cast)
    client.force_login(getattr(cast, who))
    assert client.get(reverse("asking-progress")).status_code == status


def test_coverage_counts_deals_that_needed_it_by_today(client, cast):
    book = in_force(cast, "cust.data_access", needed_days=10)
    client.force_login(cast.seller)
    covered = client.get(reverse("strategy", args=[book.strategy_id])).context["page"].pivotal[0]
    assert covered.in_time == Coverage(needed=1)  # her own deal only


def test_coverage_says_how_much_of_it_nobody_confirmed_yet(client, cast):
    book = in_force(cast)
    rules.log_arrives(cast.deal)
    rules.switched_on()
    Agreement.objects.filter(deal=cast.deal).update(needed_by=TODAY)
    client.force_login(cast.seller)
    page = reverse("strategy", args=[book.strategy_id])
    answer = client.get(page)
    covered = answer.context["page"].pivotal[0]
    assert covered.in_time == Coverage(needed=1, there=1, unconfirmed=1, standing=1)
    assert "1 found by rules, not confirmed" in answer.text
    detection.confirm(by=cast.seller, at=NOW, detection_id=Detection.objects.get().pk)
    assert "not confirmed" not in client.get(page).text


def test_a_draft_is_nobody_elses_business(client, cast):
    row = written(cast)
    client.force_login(cast.seller)
    assert client.get(reverse("strategy", args=[row.pk])).status_code == 404
    assert row.name not in text(client.get(reverse("strategies")))


def test_how_exceptions_were_answered_is_told_with_the_routines(client, cast):
    book = in_force(cast)
    talks.a_returned_exception(cast, at=timezone.now())
    client.force_login(cast.sponsor)
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "routines"}
    told = text(client.get(reverse("strategy-routines", args=[book.strategy_id]), **piece))
    answered = "for 1 something was asked back first: the customer gave something for 0, 1 still rests with the seller"
    assert answered in told
    assert answered in text(client.get("/exceptions/"))


def test_a_move_is_told_once_the_interval_of_the_difference_lies_beside_zero():
    before, since = intervals.share(550, 2207), intervals.share(914, 3241)
    assert before.high > since.low - 0.001  # the two nearly touch
    change = intervals.difference(since, before)
    assert change.value == pytest.approx(0.0328, abs=0.0005)
    assert 0 < change.low < change.value < change.high
    assert intervals.difference(since, intervals.share(0, 0)) is None
    assert intervals.difference(intervals.share(1, 2), before).low < 0


def test_routines_are_counted_on_the_talks_whose_day_has_come(client, cast):
    book = in_force(cast)
    client.force_login(cast.seller)
    assert 'id="routines"' in client.get(reverse("strategy", args=[book.strategy_id])).content.decode()
    page = reverse("strategy-routines", args=[book.strategy_id])
    assert "No talk was planned in the last 12 weeks" in text(client.get(page))
    today = timezone.localdate()
    plan = plans.write_plan(
        by=cast.seller,
        at=timezone.now() - dt.timedelta(days=4),
        deal_id=cast.deal.pk,
        type_key="cust.data_access",
        talk_on=today - dt.timedelta(days=2),
        best="The log of the line",
    )
    kept = client.get(page).context["routines"]
    assert [(one.value, one.n) for one in (kept.reviewed, kept.debriefed)] == [(0, 1), (0, 1)]
    assert kept.planned.n == 0
    plans.debrief(
        by=cast.seller,
        at=timezone.now(),
        deal_id=cast.deal.pk,
        type_key="cust.data_access",
        heard=plans.Heard(outcome=Outcome.SOFT, held_at=timezone.now() - dt.timedelta(days=1)),
    )
    kept = client.get(page).context["routines"]
    assert [(one.value, one.n) for one in (kept.debriefed, kept.planned)] == [(1, 1), (1, 1)]
    Plan.objects.filter(pk=plan.pk).update(written_at=timezone.now())
    kept = client.get(page).context["routines"]
    assert (kept.planned.value, kept.planned.n) == (0, 1)  # written afterwards
    client.force_login(cast.stranger)
    answer = client.get(page)
    assert answer.status_code == 404 or not answer.context["routines"].known
