"""A decision takes one chance, which only who stated it reads; of few there is no score."""

import datetime as dt

import pytest

import talks
from cast import NOW, deal
from hingepoint.analysis import calibration
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.models import Approval, DiaryEntry, Escalation
from hingepoint.domain.escalations.queries import diary
from hingepoint.records.escalations import Answer

DAY = dt.timedelta(days=1)


def decide(cast, *, chance, said=Answer.YES, by=None):
    made = talks.an_exception(cast)
    return actions.answer(
        by=by or cast.inside_partner, at=NOW, escalation_id=made.pk, answer=said, words="no", chance=chance
    )


def test_a_chance_is_read_by_who_stated_it_and_by_nobody_else(cast):
    decide(cast, chance=0.7)
    readers = {name for name, who in cast.everybody().items() if who and diary.diary(who).lines}
    assert readers == {"inside_partner"}
    seen = {name for name, who in cast.everybody().items() if DiaryEntry.objects.visible_to(who).exists()}
    assert seen == {"inside_partner"}
    (line,) = diary.diary(cast.inside_partner).lines
    assert (line.chance, line.won, line.answer) == (0.7, None, Answer.YES)
    assert "0.7" not in str(list(AuditEvent.objects.values_list("changes", "reason")))


def test_without_a_chance_nothing_is_kept(cast):
    decide(cast, chance=None)
    assert not DiaryEntry.objects.exists()
    assert diary.diary(cast.inside_partner) == diary.Diary((), 0, 0, None, ())


@pytest.mark.parametrize("chance", [0, 1, 1.2, -0.1])
def test_nobody_is_certain(cast, chance):
    with pytest.raises(actions.NoChance):
        decide(cast, chance=chance)
    assert Approval.objects.filter(answer=Answer.WAITING).exists()  # the answer was not kept either


def answered(cast, number, *, chance, won):
    """A request on a deal that ended, answered by Lee with a chance."""
    row = deal(f"D-{number}", owner=cast.seller, team=cast.north)
    event = deals.note_event(
        by=None, at=NOW, deal_id=row.pk, kind="escalation", name="price", occurred_at=NOW
    )
    told = {"kind": "price", "policy": "1", "lane": "full", "lane_why": "x", "asked_at": NOW}
    asked = Escalation.objects.create(deal=row, event=event, **told)
    given = {
        "answer": Answer.YES,
        "asked_at": NOW,
        "answered_at": NOW + DAY,
        "because": "x",
        "whom": "person",
    }
    approval = Approval.objects.create(escalation=asked, approver=cast.inside_partner, **given)
    actions.add_chances(by=None, at=NOW, chances={approval.pk: chance})
    ended = {"status": "won" if won else "lost", "closed_at": NOW + DAY}
    deals.change_deal(by=None, at=NOW, deal_id=row.pk, **ended)


def test_the_score_is_told_from_twenty_decisions_on(cast):
    for number in range(calibration.LEAST - 1):
        answered(cast, number, chance=0.8 if number % 2 else 0.4, won=bool(number % 2))
    before = diary.diary(cast.inside_partner)
    assert (before.scored, before.score, before.bands) == (19, None, ())
    answered(cast, 99, chance=0.8, won=True)
    found = diary.diary(cast.inside_partner)
    assert found.scored == 20
    assert found.score.brier == pytest.approx((10 * 0.2**2 + 10 * 0.4**2) / 20)
    assert found.score.usual == pytest.approx(0.25)
    assert [(band.happened.n, band.happened.value) for band in found.bands] == [(10, 0.0), (10, 1.0)]


def test_a_chance_that_stands_is_not_overwritten_from_a_file(cast):
    decide(cast, chance=0.7)
    approval = Approval.objects.get(diary_entry__isnull=False)
    assert actions.add_chances(by=None, at=NOW, chances={approval.pk: 0.2}) == 0
    assert DiaryEntry.objects.get().chance == 0.7
