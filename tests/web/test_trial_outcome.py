"""What a trial shows: how far it is, its result at the end, a look before it; who may, and what is refused."""

import datetime as dt
import importlib

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

import budget
import discoveries
import trying
from cast import NOW, deal, team
from discoveries import finished_run
from hingepoint.analysis.trials import lots
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.audit import queries as trail
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.trials import actions
from hingepoint.domain.trials.models import Trial, TrialLook
from hingepoint.jobs import nightly

NAME = shipped_types()[trying.KEY]["name"]
SOON = NOW + dt.timedelta(weeks=10)
HALF = NOW + dt.timedelta(
    weeks=26, days=1, hours=15
)  # 40 of 80 have their outcome; summer time begins between


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def trial(cast) -> Trial:
    return discoveries.trial(cast, trying.KEY, promised=trying.PROMISED)


@pytest.fixture
def plan(cast, trial) -> dict[str, tuple[bool, bool, bool]]:
    """The deals of the trial: asked, gained, won on target."""
    return trying.lived(cast)


def read(client, user, trial, *, at: dt.datetime):
    client.force_login(user)
    with time_machine.travel(at, tick=False):
        return client.get(reverse("trial", args=[trial.pk]))


def look(client, user, trial, *, at: dt.datetime, reason: str = ""):
    client.force_login(user)
    with time_machine.travel(at, tick=False):
        return client.post(reverse("look-at-trial", args=[trial.pk]), {"reason": reason})


def text(answer) -> str:
    return answer.content.decode()


def difference(plan) -> float:
    """Mean of those asked less that of the others, by hand."""
    sides = [[won for asked, _, won in plan.values() if asked is side] for side in (True, False)]
    asked, usual = (sum(side) / len(side) for side in sides)
    return asked - usual


def test_while_it_runs_the_page_says_how_far_it_is_and_not_what_it_shows(client, cast, trial, plan):
    page = read(client, cast.analyst, trial, at=SOON)
    assert "Still running: 0 of 80 planned deals have their outcome" in text(page)
    assert "The result is shown on 3 Sep 2026" in text(page)  # 26 weeks after the last deal
    assert "Of the deals asked 7" in text(page)  # three of four
    assert "The lots fell evenly" in text(page) or "further apart" in text(page)
    assert page.context["page"].seen.outcome is None
    assert 'id="result"' not in text(page)


def test_before_its_first_deal_it_says_what_begins_it(client, cast, trial):
    page = text(read(client, cast.manager, trial, at=NOW))
    assert "The first deal created from 2 Mar 2026 on begins it." in page


def test_with_fewer_deals_than_planned_the_day_is_a_guess(client, cast, trial):
    trying.lived(cast, count=40)
    page = text(read(client, cast.analyst, trial, at=SOON))
    assert "40 of 80" in page
    assert "At the pace so far the result is shown about " in page


def test_the_night_shows_the_result_once_every_planned_deal_has_its_outcome(client, cast, trial, plan):
    nightly.show_results_of_trials(at=SOON)
    assert not TrialLook.objects.exists()
    for _ in range(2):  # the second night changes nothing
        nightly.show_results_of_trials(at=trying.LATER)
    kept = TrialLook.objects.get()
    assert (kept.early, kept.by) == (False, None)
    found = kept.record["outcome"]["difference"]
    assert found["value"] == pytest.approx(difference(plan), rel=1e-6)
    assert found["chance"] < 0.01
    changes = trail.history(subject="trial", subject_id=trial.pk)[0]
    assert changes.what == "kept what a trial showed"
    assert "80" in [one.after for one in changes.changes]


def test_the_result_is_told_in_words_to_managers_too(client, cast, trial, plan):
    nightly.show_results_of_trials(at=trying.LATER)
    for viewer in (cast.manager, cast.sponsor):
        page = read(client, viewer, trial, at=trying.LATER)
        more = f"of 100 deals asked, {difference(plan) * 100:.1f} more were won on target"
        assert f"Asking for “{NAME}” works: {more}" in text(page)
        assert "of the deals asked gained it" in text(page)
        assert "p = " in text(page)
        assert "Looked at early" not in text(page)


def test_managers_are_told_nothing_of_single_teams(client, cast, trial, plan):
    for number, key in enumerate(plan):
        place = cast.north if number % 2 else cast.south
        Deal.objects.filter(key=key).update(team=place)
    seen = [
        {line.column for line in read(client, viewer, trial, at=SOON).context["page"].seen.balance}
        for viewer in (cast.sponsor, cast.manager)
    ]
    assert "team" in seen[0]
    assert "team" not in seen[1]


def test_the_result_stands_beside_the_finding_of_the_next_run(client, cast, trial, plan):
    nightly.show_results_of_trials(at=trying.LATER)
    run = finished_run(cast)
    client.force_login(cast.analyst)
    finding = text(client.get(reverse("finding", args=[run.pk, trying.KEY])))
    assert "What a trial says" in finding
    assert "They disagree" in finding  # +8.3 points on record; here whoever gains it wins
    assert "Believe the trial" in finding
    assert reverse("trial", args=[trial.pk]) in finding
    assert "What trials showed" in text(client.get(reverse("run", args=[run.pk])))
    other = text(client.get(reverse("finding", args=[run.pk, "cust.exec_sponsor"])))
    assert "What a trial says" not in other
    page = read(client, cast.sponsor, trial, at=trying.LATER)
    assert "Beside the deals on record" in text(page)
    assert f"Deals on record, run {run.pk}" in text(page)


def test_a_trial_that_runs_is_named_on_the_finding_without_a_number(client, cast, trial, plan):
    client.force_login(cast.analyst)
    run_id = trial.finding.run_id
    finding = text(client.get(reverse("finding", args=[run_id, trying.KEY])))
    assert "under way, its result is not shown before its end" in finding
    assert "What trials showed" not in text(client.get(reverse("run", args=[run_id])))


def test_trials_are_listed_where_discovery_starts(client, cast, trial, plan):
    for viewer, listed in ((cast.manager, True), (cast.sponsor, True), (cast.seller, False)):
        client.force_login(viewer)
        page = text(client.get(reverse("discovery")))
        assert (reverse("trial", args=[trial.pk]) in page) is listed


def test_an_early_look_says_why_and_stays_with_the_trial(client, cast, trial, plan):
    assert look(client, cast.analyst, trial, at=HALF, reason="A customer complained.").status_code == 302
    page = text(read(client, cast.analyst, trial, at=HALF))
    assert "Looked at early" in page
    assert "A customer complained." in page
    assert page.count("40 of 80 planned deals have their outcome") == 2  # so far, and at the look
    changes = trail.history(subject="trial", subject_id=trial.pk)[0]
    assert (changes.what, changes.by, changes.reason) == (
        "looked at a trial before its time",
        "Ada",
        "A customer complained.",
    )
    nightly.show_results_of_trials(at=trying.LATER)
    after = text(read(client, cast.manager, trial, at=trying.LATER))
    assert "Looked at before its end" in after
    assert "A customer complained." in after


def test_an_early_look_is_not_shown_to_managers(client, cast, trial, plan):
    look(client, cast.analyst, trial, at=HALF, reason="A customer complained.")
    page = read(client, cast.manager, trial, at=HALF)
    assert page.context["page"].seen.outcome is None
    assert page.context["page"].early is None
    assert "Still running" in text(page)
    assert 'id="result"' not in text(page)


def test_a_look_without_a_reason_or_before_there_is_anything_is_refused(client, cast, trial, plan):
    refused = look(client, cast.analyst, trial, at=HALF, reason=" ")
    assert (refused.status_code, "Say in a sentence why" in text(refused)) == (422, True)
    nothing = look(client, cast.analyst, trial, at=SOON, reason="Curious.")
    assert (nothing.status_code, "nothing to see yet" in text(nothing)) == (422, True)
    assert not TrialLook.objects.exists()


def test_only_an_analyst_looks(client, cast, trial, plan):
    for user in (cast.sponsor, cast.manager, cast.seller):
        assert look(client, user, trial, at=trying.LATER, reason="Why not?").status_code == 404
    with pytest.raises(actions.NotAllowed):
        actions.look(by=cast.sponsor, at=trying.LATER, trial_id=trial.pk)
    assert not TrialLook.objects.exists()


def test_an_analyst_need_not_wait_for_the_night(client, cast, trial, plan):
    assert "Show the result" in text(read(client, cast.analyst, trial, at=trying.LATER))
    assert "Show the result" not in text(read(client, cast.sponsor, trial, at=trying.LATER))
    assert look(client, cast.analyst, trial, at=trying.LATER).status_code == 302
    assert not TrialLook.objects.get().early
    again = look(client, cast.analyst, trial, at=trying.LATER)
    assert (again.status_code, "on record already" in text(again)) == (422, True)


def test_a_result_stays_as_it_was_shown_whatever_is_corrected_later(client, cast, trial, plan):
    nightly.show_results_of_trials(at=trying.LATER)
    before = read(client, cast.sponsor, trial, at=trying.LATER).context["page"].seen
    trial.finding.run.delete()
    for key in list(plan)[:20]:
        deal(f"{key}-more", owner=cast.seller, team=cast.north, created_at=NOW + dt.timedelta(minutes=5))
    assert read(client, cast.sponsor, trial, at=trying.LATER).context["page"].seen == before


def test_amounts_in_several_currencies_are_refused_in_words(client, cast, trial, plan):
    Trial.objects.update(metric="net")
    deal("P-X", owner=cast.seller, team=cast.north, created_at=NOW + dt.timedelta(minutes=5), currency="USD")
    page = read(client, cast.analyst, trial, at=SOON)
    assert page.status_code == 200
    assert "2 currencies (EUR, USD)" in text(page)


def test_money_shows_its_currency(client, cast, trial):
    Trial.objects.update(metric="net", currency="EUR", promised=trying.PROMISED | {"effect": 4_000.0})
    assert "+€4,000 per deal" in text(read(client, cast.analyst, trial, at=SOON))


def test_a_stepped_start_tells_team_by_team_those_who_see_all(client, cast):
    names = ("Alps", "Baltic", "Coast", "Delta")
    places = {name: team(name) for name in names}
    trial = discoveries.trial(
        cast,
        trying.KEY,
        design="wedge",
        teams=names,
        steps=4,
        step_days=28,
        promised=trying.PROMISED | {"deals": None},
    )
    for number in range(160):
        name = names[number % 4]
        created_at = NOW + dt.timedelta(days=-27 + number * 0.8)
        ended = {"status": "won" if number % 3 else "lost", "closed_at": created_at + dt.timedelta(weeks=4)}
        deal(
            f"W-{number}", owner=cast.seller, team=places[name], created_at=created_at, discount=0.1, **ended
        )
    running = read(client, cast.analyst, trial, at=SOON)
    assert "Team by team" in text(running)
    assert "from 2 Feb 2026, one step before the first start, and before 22 Jun 2026" in text(running)
    assert all(
        one.before.outcome != one.before.outcome for one in running.context["page"].seen.teams
    )  # unknown
    nightly.show_results_of_trials(at=trying.LATER + dt.timedelta(weeks=20))
    ended = read(client, cast.sponsor, trial, at=trying.LATER)
    assert f"Starting to ask for “{NAME}”" in text(ended)
    assert "all 24 ways" in text(ended)
    assert "Won on target since" in text(ended)
    manager = read(client, cast.manager, trial, at=trying.LATER)
    assert "Team by team" not in text(manager)
    assert manager.context["page"].seen.teams == ()


def test_a_stepped_start_in_the_past_is_not_drawn(cast):
    yesterday = NOW.date() - dt.timedelta(days=1)
    with pytest.raises(actions.NotPossible, match="The first day has passed"):
        discoveries.trial(
            cast, design="wedge", teams=tuple("ABCD"), steps=4, step_days=28, starts_on=yesterday
        )
    assert not Trial.objects.exists()


def test_a_run_of_an_older_version_says_why_there_is_no_plan(client, cast):
    run = finished_run(cast)
    record = Run.objects.get(pk=run.pk).record
    Run.objects.filter(pk=run.pk).update(
        record={k: v for k, v in record.items() if k not in ("noise", "schema")}
    )
    client.force_login(cast.analyst)
    page = client.get(reverse("plan-evidence", args=[run.pk, trying.KEY]))
    assert page.status_code == 200
    assert "This run is too old to plan from" in text(page)
    assert "Run again on the same data" in text(page)
    assert "too old to plan from" in text(client.get(reverse("evidence", args=[run.pk])))
    drawn = client.post(reverse("draw-lots", args=[run.pk, trying.KEY]), {"design": "prompt"})
    assert drawn.status_code == 422
    assert not Trial.objects.exists()


def test_trials_drawn_by_an_older_version_say_afterwards_what_decides_them(cast, trial):
    """The migration writes down what the finding said."""
    Trial.objects.update(agreement="", metric="", currency="", horizon_days=182)
    migration = importlib.import_module("hingepoint.domain.migrations.0002_a_trial_states_what_decides_it")
    migration.state_what_was_planned(apps, None)
    trial.refresh_from_db()
    assert (trial.agreement, trial.metric) == (trying.KEY, "supportive:discount<=0.15")
    assert trial.horizon_days == (6 + 26) * 7
    assert trial.currency == "EUR"


def deal_page(client, cast, made) -> str:
    client.force_login(cast.seller)
    return text(client.get(reverse("deal", args=[made.pk])))


def test_the_seller_is_asked_on_the_deals_that_the_lot_says(client, cast, trial):
    told = "Drawn by lot: go for"
    for number in range(6):
        key = f"Q-{number}"
        made = deal(key, owner=cast.seller, team=cast.north, created_at=NOW + dt.timedelta(hours=1 + number))
        assert (told in deal_page(client, cast, made)) is lots.is_drawn(key, seed=trying.SEED)
    earlier = deal("Q-0-earlier", owner=cast.seller, team=cast.north, created_at=NOW - dt.timedelta(hours=1))
    assert told not in deal_page(client, cast, earlier)


def test_nobody_is_asked_on_deals_beyond_the_planned_number(client, cast, trial, plan):
    beyond = NOW + dt.timedelta(weeks=20)
    asked = next(f"R-{n}" for n in range(20) if lots.is_drawn(f"R-{n}", seed=trying.SEED))
    made = deal(asked, owner=cast.seller, team=cast.north, created_at=beyond)
    assert "Drawn by lot" not in deal_page(client, cast, made)
    assert asked not in text(read(client, cast.analyst, trial, at=beyond))


def test_a_team_that_has_begun_is_asked_on_new_deals(client, cast):
    names = ("North", "Baltic", "Coast", "Delta")
    trial = discoveries.trial(cast, trying.KEY, design="wedge", teams=names, steps=4, step_days=28)
    start = next(n for n, step in enumerate(trial.steps) if "North" in step)
    assert start > 0  # so there are new deals before it begins
    for weeks, told in ((-1, False), (1, True), (16, False)):
        at = NOW + dt.timedelta(weeks=4 * start + weeks)
        made = deal(f"begun{weeks}", owner=cast.seller, team=cast.north, created_at=at)
        assert ("Drawn by lot" in deal_page(client, cast, made)) is told


def test_a_result_asks_the_database_little(client, cast, trial, plan, django_assert_max_num_queries):
    client.force_login(cast.analyst)
    for at in (SOON, trying.LATER):
        nightly.show_results_of_trials(at=at)
        with time_machine.travel(at, tick=False), django_assert_max_num_queries(budget.statements("trial")):
            client.get(reverse("trial", args=[trial.pk]))
