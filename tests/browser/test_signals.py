"""The sponsor's Monday in a real browser: from the raised tile to the decision."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from hingepoint.analysis.signals.engine.facts import from_log
from hingepoint.demo import calm
from hingepoint.domain.signals import actions

SINCE = dt.date(2025, 7, 1)
COMBINATIONS = [("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("phone", "dark")]


@pytest.fixture
def read(cast):
    """A company whose Team 3 asks for more exceptions since July 2025, read once."""
    drift = calm.Drift(2, "Team 3", SINCE, 0.35)
    made = calm.company(np.random.default_rng(1), sellers=60, years=4, drift=drift)
    day = made.ends_on

    def facts(as_of: dt.date):
        return from_log(made.deals, made.events, made.routines, as_of=as_of)

    actions.read_signals(at=dt.datetime.combine(day, dt.time(23), dt.UTC), as_of=day, facts=facts)
    return day


@pytest.mark.parametrize(("size", "theme"), COMBINATIONS)
def test_the_pages_can_be_read_everywhere(visit, axe, screenshots, cast, read, size, theme):
    window = visit(cast.sponsor, size=size, theme=theme)
    for name in ("", "exceptions/", "low_advocacy/", "account_margins/"):
        page = window.open(f"/signals/{name}")
        screenshots(window, f"signals-{name.strip('/') or 'all'}-{size}-{theme}")
        assert axe(page) == [], name
        assert not window.is_too_wide(), name


@pytest.mark.parametrize(("size", "theme"), COMBINATIONS)
def test_what_rose_can_be_read_at_home_everywhere(visit, axe, screenshots, cast, read, size, theme):
    window = visit(cast.sponsor, size=size, theme=theme)
    page = window.open("/")
    page.locator("#what-rose li.tile").first.wait_for()
    screenshots(window, f"what-rose-at-home-{size}-{theme}")
    assert axe(page) == []
    assert not window.is_too_wide()


def test_from_the_raised_tile_to_the_decision(visit, cast, read):
    window = visit(cast.sponsor)
    page = window.open("/")
    told = page.locator("#what-rose li.tile").filter(has_text="More deals escalated")
    told.get_by_text("Like for like").wait_for()
    assert "Team 3" in told.inner_text()
    told.get_by_role("link", name="More deals escalated").click()
    page.get_by_role("textbox", name="What was decided").fill("The desk asks for a trade first.")
    page.get_by_role("button", name="Yes, note it").click()
    page.get_by_text("So far: led to a decision").wait_for()
    window.open("/signals/")
    assert page.get_by_text("Led to a decision: 1 yes, 0 no.").count() == 1
