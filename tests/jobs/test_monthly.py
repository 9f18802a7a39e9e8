"""Once a month the findings behind a strategy in force are asked again, and what became of them is told."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

import budget
import playbooks
from cast import NOW, deal
from discoveries import FINDINGS, facts, finished_run, record
from hingepoint.analysis.discovery.record import opened
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery import work
from hingepoint.domain.discovery.models import DataSnapshot, Run
from hingepoint.domain.strategy.queries import still_holds
from hingepoint.jobs import monthly
from hingepoint.records.deals import DealStatus
from hingepoint.records.findings import Source

KEYS = ("cust.data_access", "cust.selected")
APRIL, MAY = NOW + dt.timedelta(days=40), NOW + dt.timedelta(days=70)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def base(cast):
    """A run on our deals of March with a signed finding, behind the strategy in force."""
    run = finished_run(cast)
    Run.objects.filter(pk=run.pk).update(source=Source.DATABASE, metric="supportive:discount<=0.15")
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=KEYS[0], verdict="signed", note="Seen it.")
    playbooks.in_force(cast, *KEYS)
    return run


def refresh(at, **changes):
    """Do the month's work at a moment, and compute the run that it asked for on other data."""
    monthly.ask_whether_findings_hold(at=at)
    run = discovery.begin(at=at, run_id=Run.objects.order_by("-pk").first().pk)
    run.snapshot = DataSnapshot.objects.create(
        digest=str(at), deals=b"", events=b"", deal_count=1_900, event_count=9, made_at=at
    )
    run.save()
    discovery.finish(at=at, run=run, found=work.Found(opened(record(**changes)), "0.1.0"))
    return run


def test_each_month_the_run_behind_a_strategy_in_force_is_asked_again_once(cast, base):
    monthly.ask_whether_findings_hold(at=NOW + dt.timedelta(days=1))
    assert Run.objects.count() == 1  # the run itself is of this month
    for _ in range(2):
        monthly.ask_whether_findings_hold(at=APRIL)
    again = Run.objects.get(repeats=base)
    assert (again.asked_by, again.source, again.status) == (None, Source.DATABASE, "queued")
    assert again.settings["metric"] == base.settings["metric"]
    assert again.settings["previous"] == list(KEYS)
    monthly.ask_whether_findings_hold(at=MAY)
    assert Run.objects.filter(repeats=base).count() == 2


def test_a_run_on_files_is_not_asked_again(cast, base):
    Run.objects.update(source=Source.FILES)
    monthly.ask_whether_findings_hold(at=APRIL)
    assert Run.objects.count() == 1


def test_without_a_strategy_in_force_nothing_is_asked(cast):
    finished_run(cast)
    monthly.ask_whether_findings_hold(at=APRIL)
    assert Run.objects.count() == 1


def test_it_says_what_still_holds_is_weaker_or_gone(cast, base):
    weaker = [facts("cust.data_access", "moderate", 0.03), facts("cust.selected", "strong", 0.05)]
    refresh(APRIL, findings=[*weaker, *FINDINGS[1:4]], pivotal=[])
    (one,) = still_holds.still_holds(cast.analyst, at=APRIL)
    assert [(move.key, move.what) for move in one.refreshed.moves] == [
        ("cust.data_access", "weaker"),
        ("cust.selected", "new"),
    ]
    assert still_holds.still_holds(cast.manager, at=APRIL) == []


def test_the_newest_refresh_counts(cast, base):
    refresh(APRIL, findings=[facts("cust.data_access", "none", -0.01)], pivotal=[])
    refresh(MAY)
    (one,) = still_holds.still_holds(cast.analyst, at=MAY)
    assert one.refreshed.number("still holds") == 1


@pytest.mark.parametrize("page", ["discovery", "home"])
def test_discovery_and_the_analysts_home_tell_it(client, cast, base, page):
    client.force_login(cast.analyst)
    address = reverse(page)
    assert "asked again every month" in client.get(address).content.decode()
    refresh(timezone.now())
    answer = client.get(address).content.decode()
    assert "still holds" in answer
    assert f"?with={base.pk}" in answer


def test_a_strategys_page_has_one_answer_whether_its_agreements_predict(client, cast, base):
    (one,) = still_holds.still_holds(cast.analyst, at=NOW)
    refresh(timezone.now())
    client.force_login(cast.analyst)
    page = client.get(reverse("strategy", args=[one.strategy_id])).content.decode()
    assert "still holds" not in page
    assert reverse("strategy-agreements", args=[one.strategy_id]) in page


def test_the_discovery_page_asks_the_database_little(client, cast, base, django_assert_max_num_queries):
    refresh(timezone.now())
    deal("W-1", status=DealStatus.WON, closed_at=NOW)
    client.force_login(cast.analyst)
    with django_assert_max_num_queries(budget.statements("discovery")):
        client.get(reverse("discovery"))
