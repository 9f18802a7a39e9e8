"""Rollouts in a browser: the sponsor plans one, sees what it can prove and seals it, and reads what another was worth."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

import rollouts
from hingepoint.analysis.trials import redraws
from hingepoint.domain.impact import actions
from hingepoint.domain.impact.models import Rollout
from looking import looked_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_sponsor_plans_a_rollout_and_reads_an_outcome(
    cast, visit, shortcomings, screenshots, monkeypatch
):
    monkeypatch.setattr(redraws, "DRAWN", 499)
    starts = rollouts.live(effect=0.25, waiting=2)
    lived = rollouts.entered(starts, by=cast.sponsor)
    window = visit(cast.sponsor)
    page = window.open(reverse("plan-rollout"))
    page.get_by_label("Name").fill("A second round")
    page.get_by_label("What teams start").fill("A plan before every price.")
    page.get_by_label("What it shall move").select_option("won")
    page.get_by_role("button", name="See what it can prove").click()
    page.get_by_text("Weighing what it can prove").wait_for()
    actions.read_rollouts(at=timezone.now())
    page.get_by_text("this rollout cannot prove less than").wait_for()
    planned = Rollout.objects.get(name="A second round")
    assert planned.seed
    found = looked_at(
        window, page.url.removeprefix(window.server), "rollout-planned", shortcomings, screenshots
    )
    page.get_by_role("button", name="Seal the card and draw the order").click()
    page.get_by_text("There were no data of the first wave then.").wait_for()
    paths = {"rollouts": reverse("rollouts"), "rollout": reverse("rollout", args=[lived.pk])}
    for name, path in {**paths, "rollout-form": reverse("plan-rollout")}.items():
        found += looked_at(window, path, name, shortcomings, screenshots)
    assert found == []
    assert "The rollout works" in window.open(paths["rollout"]).get_by_role("main").inner_text()
