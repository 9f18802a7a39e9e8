"""Days as moments, from the first to the last that can be typed."""

import datetime as dt

import pytest
from django.utils import timezone

from hingepoint.domain.days import after, midnight


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("day", [dt.date.min, dt.date(2026, 3, 29), dt.date.max])
def test_every_day_has_moments_that_any_zone_can_say(day, zone):
    with timezone.override(zone):
        begins, ends = midnight(day), after(day)
    assert begins.astimezone(dt.UTC) <= ends.astimezone(dt.UTC)


def test_a_day_on_which_clocks_change_has_23_hours():
    with timezone.override("Europe/Paris"):
        day = dt.date(2026, 3, 29)
        begins, ends = (moment(day).astimezone(dt.UTC) for moment in (midnight, after))
    assert ends - begins == dt.timedelta(hours=23)
