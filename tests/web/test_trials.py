"""The evidence planner: plan a trial, draw its lots, print it; who may, and what is refused."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

import budget
from cast import NOW, deal, team
from discoveries import finished_run
from hingepoint.analysis.trials import lots
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.trials import actions
from hingepoint.domain.trials.models import Trial
from hingepoint.reports.findings import words
from hingepoint.web import formats

KEY = "cust.references"
MONDAY = timezone.localdate() + dt.timedelta(days=7 - timezone.localdate().weekday())
LOTS = {"seed": "7", "starts_on": MONDAY.isoformat()}
FIVE = ("Alps", "Baltic", "Coast", "Delta", "East")


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def run(cast):
    return finished_run(cast)


@pytest.fixture
def teams(cast):
    """Five teams, each with a deal."""
    for name in FIVE:
        deal(f"T-{name}", owner=cast.seller, team=team(name))
    return FIVE


def text(answer) -> str:
    return answer.content.decode()


def planner(run):
    return reverse("plan-evidence", args=[run.pk, KEY])


def draw(client, run, **said):
    return client.post(reverse("draw-lots", args=[run.pk, KEY]), LOTS | said)


def test_the_planner_says_what_it_takes(client, cast, run, teams):
    client.force_login(cast.analyst)
    page = client.get(planner(run), {"effect": "5", "take_up": "50", "power": "90", "weeks": "30"})
    plan = page.context["plan"]
    assert plan.effect == 0.05
    assert f"{words.rounded(plan.prompt_deals):,} deals" in text(page)
    assert f"{plan.prompt_shows * 100:.1f} points or more" in text(page)
    assert "90% chance" in text(page)
    assert plan.wedge.teams == 7  # these five, North and South


def test_a_smaller_effect_takes_more_deals(client, cast, run):
    client.force_login(cast.analyst)
    small, large = (client.get(planner(run), {"effect": size}).context["plan"] for size in ("2", "8"))
    assert small.prompt_deals > 10 * large.prompt_deals


@pytest.mark.parametrize(
    ("said", "told"), [({"effect": "0"}, "must not be nothing"), ({"take_up": "0"}, "greater")]
)
def test_numbers_that_make_no_plan_are_refused_in_place(client, cast, run, said, told):
    client.force_login(cast.analyst)
    answer = client.get(planner(run), said)
    assert answer.status_code == 422
    assert told in text(answer)


def test_with_few_teams_a_stepped_start_is_not_offered(client, cast, run):
    client.force_login(cast.analyst)
    page = text(client.get(planner(run)))
    assert "Draw the order" not in page
    assert "It needs 4 teams or more" in page


def test_the_order_of_teams_is_drawn_and_kept(client, cast, run, teams):
    client.force_login(cast.analyst)
    answer = draw(client, run, design="wedge", team=FIVE, weeks="24")
    trial = Trial.objects.get()
    assert answer.url == reverse("trial", args=[trial.pk])
    assert [name for step in trial.steps for name in step] == list(lots.order(FIVE, seed=7))
    page = text(client.get(answer.url))
    assert formats.day(MONDAY) in page
    assert "seed 7" in page
    assert all(name in page for name in FIVE)
    assert AuditEvent.objects.filter(subject="trial", action="draw lots").count() == 1


def test_every_new_deal_has_its_lot(client, cast, run):
    client.force_login(cast.analyst)
    draw(client, run, design="prompt", starts_on=timezone.localdate().isoformat())
    for n in range(8):
        deal(f"P-{n}", owner=cast.seller, team=cast.north, created_at=timezone.now())
    page = client.get(reverse("trial", args=[Trial.objects.get().pk]))
    shown = {one.name: one.asked for one in page.context["page"].deals}
    assert shown == {f"Deal P-{n}": lots.is_drawn(f"P-{n}", seed=7) for n in range(8)}


def test_a_second_draw_is_a_second_trial(client, cast, run):
    client.force_login(cast.analyst)
    draw(client, run, design="prompt")
    draw(client, run, design="prompt", seed="8")
    assert Trial.objects.count() == 2
    assert text(client.get(planner(run))).count("Ask in every second deal") >= 3


def test_a_sponsor_plans_and_only_an_analyst_draws(client, cast, run):
    client.force_login(cast.sponsor)
    assert "Draw the lots" not in text(client.get(planner(run)))
    assert draw(client, run, design="prompt").status_code == 404
    lots_ = actions.Lots("prompt", 1, NOW.date())
    with pytest.raises(actions.NotAllowed):
        actions.draw_lots(by=cast.sponsor, at=NOW, run_id=run.pk, key=KEY, lots=lots_)


def test_a_manager_reads_a_trial_and_no_finding(client, cast, run):
    client.force_login(cast.analyst)
    draw(client, run, design="prompt")
    client.force_login(cast.manager)
    page = client.get(reverse("trial", args=[Trial.objects.get().pk]))
    assert "Rules that make it count" in text(page)
    assert planner(run) not in text(page)
    client.force_login(cast.seller)
    assert client.get(reverse("trial", args=[Trial.objects.get().pk])).status_code == 404


def test_what_lacks_evidence_is_listed_with_what_it_takes(client, cast):
    run = finished_run(cast)
    client.force_login(cast.sponsor)
    page = text(client.get(reverse("evidence", args=[run.pk])))
    assert "about 13,000 deals" in page
    assert planner(run) in page
    assert "a trial is under way" not in page
    client.force_login(cast.analyst)
    draw(client, run, design="prompt")
    assert "a trial is under way" in text(client.get(reverse("evidence", args=[run.pk])))


def test_planner_and_trial_ask_the_database_little(client, cast, run, django_assert_max_num_queries):
    client.force_login(cast.analyst)
    draw(client, run, design="prompt")
    for address in (
        planner(run),
        reverse("trial", args=[Trial.objects.get().pk]),
        reverse("evidence", args=[run.pk]),
    ):
        with django_assert_max_num_queries(budget.STATEMENTS):
            client.get(address)
