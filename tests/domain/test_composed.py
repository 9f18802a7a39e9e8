"""A query that is composed once answers as one that is composed each time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import CharField, DateTimeField, Exists, Max, OuterRef

from cast import NOW
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User
from hingepoint.domain.upkeep.composed import Composed, Given

WEEK = dt.timedelta(weeks=1)


def owners():
    """People by name, with whether a deal of theirs was created since a moment, and when their newest was."""
    since = Given("since", DateTimeField())
    young = Deal.objects.filter(owner=OuterRef("pk"), created_at__gte=since)
    somebody = User.objects.filter(name=Given("name", CharField()))
    return somebody.annotate(young=Exists(young), newest=Max("deals__created_at"))


@pytest.mark.parametrize(("ago", "young"), [(5 * WEEK, True), (3 * WEEK, False)])
def test_it_answers_for_the_values_that_are_given(cast, ago, young):
    found = Composed(owners).first(name="Sanna", since=NOW - ago)
    assert (found, found.email, found.young, found.newest) == (
        cast.seller,
        "sanna@hinge.example",
        young,
        NOW - 4 * WEEK,
    )


def test_it_is_composed_once(cast, django_assert_num_queries):
    times = []
    query = Composed(lambda: times.append(1) or owners())
    with django_assert_num_queries(2):
        names = [query.first(name=name, since=NOW).name for name in ("Sanna", "Stig")]
    assert (names, times) == (["Sanna", "Stig"], [1])


def test_nobody_is_found_where_there_is_none(cast):
    assert Composed(owners).first(name="Nobody", since=NOW) is None


def test_a_value_that_was_forgotten_is_named(cast):
    with pytest.raises(KeyError, match="since"):
        Composed(owners).first(name="Sanna")
