"""The signals: two workers who keep the same night, and two people who give one raise on, in the same moment."""

from functools import partial

from cast import NOW
from hingepoint.domain.signals import actions
from hingepoint.domain.signals.models import Raise, SignalReading
from hingepoint.domain.signals.record import stored
from meeting import meet
from raising import DAY, NORTH, a_raise, raised, report


def test_two_workers_who_keep_the_same_day_raise_once(cast):
    told = report(DAY, {"exceptions": (raised(NORTH),)})
    kept = {"report": stored(told), "made_at": NOW, "facts_until": None}
    keep = partial(actions._keep, day=DAY, at=NOW, kept=kept, newest=[told])
    one, other = meet(keep, keep)
    assert (one.refused, other.refused) == (None, None)
    assert (SignalReading.objects.count(), Raise.objects.count()) == (1, 1)


def test_of_two_who_give_a_raise_to_the_same_person_the_second_is_told(cast):
    rise = a_raise()
    give = partial(actions.give, at=NOW, raise_id=rise.pk, to=cast.analyst.pk)
    one, other = meet(partial(give, by=cast.manager), partial(give, by=cast.sponsor))
    assert one.refused is None
    assert isinstance(other.refused, actions.NotTheirs)
    assert rise.steps.filter(to=cast.analyst).count() == 1
