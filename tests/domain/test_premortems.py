"""Three blind answers: nobody reads another's before all are there or the day has passed; then how often such deals are lost."""

import datetime as dt

import pytest

from cast import NOW, TODAY, deal
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.premortems import actions
from hingepoint.domain.premortems.models import PreMortemAnswer
from hingepoint.domain.premortems.queries import page
from hingepoint.records.errors import Hidden
from hingepoint.records.premortems import Place

DAY = dt.timedelta(days=1)


@pytest.fixture
def running(cast):
    return actions.begin(by=cast.seller, at=NOW, deal_id=cast.deal.pk, until=TODAY + 7 * DAY)


def answer(row, *people, at=NOW):
    for who in people:
        actions.answer(by=who, at=at, premortem_id=row.pk, words=f"{who.name} thinks of the money.")


def read(cast, who, *, now=NOW) -> set[str]:
    told = page.premortem_page(who, cast.deal.pk, now=now).running.told
    return {one.by for one in told}


def test_nobody_reads_another_before_all_three_are_there(cast, running):
    answer(running, cast.seller, cast.manager)
    everybody = (cast.seller, cast.manager, cast.sponsor, cast.analyst)
    assert [read(cast, who) for who in everybody] == [{"Sanna"}, {"Maud"}, set(), set()]
    assert page.premortem_page(cast.sponsor, cast.deal.pk, now=NOW).lost is None
    answer(running, cast.sponsor)
    assert [read(cast, who) for who in everybody] == [{"Sanna", "Maud", "Otto"}] * 4
    assert "money" not in str(list(AuditEvent.objects.values_list("changes", "reason")))


def test_when_the_day_has_passed_what_is_there_is_read_and_nobody_answers_any_more(cast, running):
    answer(running, cast.seller)
    assert read(cast, cast.manager, now=NOW + 7 * DAY) == set()
    assert read(cast, cast.manager, now=NOW + 8 * DAY) == {"Sanna"}
    with pytest.raises(actions.NotNow):
        answer(running, cast.manager, at=NOW + 8 * DAY)


def test_each_answers_once_in_their_place_and_one_more_beside_them(cast, running):
    answer(running, cast.sponsor, cast.seller)
    assert list(PreMortemAnswer.objects.values_list("place", flat=True)) == [Place.OTHER, Place.SELLER]
    for who in (cast.sponsor, cast.analyst, cast.seller):  # answered, the place is taken, answered
        with pytest.raises(actions.NotNow):
            answer(running, who)
    with pytest.raises(actions.NothingSaid):
        actions.answer(by=cast.manager, at=NOW, premortem_id=running.pk, words=" ")


@pytest.mark.parametrize("who", ["stranger", "other_manager", "inside_partner"])
def test_who_does_not_see_the_deal_neither_reads_nor_answers(cast, running, who):
    with pytest.raises(Hidden):
        answer(running, getattr(cast, who))
    with pytest.raises(Hidden):
        page.premortem_page(getattr(cast, who), cast.deal.pk, now=NOW)


def test_one_runs_at_a_time_on_an_open_deal_from_today_on(cast, running):
    begin = {"by": cast.manager, "deal_id": cast.deal.pk}
    with pytest.raises(actions.NotNow):
        actions.begin(**begin, at=NOW, until=TODAY + DAY)
    with pytest.raises(Hidden):
        actions.begin(by=cast.sponsor, at=NOW, deal_id=cast.deal.pk, until=TODAY)
    later = NOW + 9 * DAY
    with pytest.raises(actions.NotNow):
        actions.begin(**begin, at=later, until=TODAY)
    assert actions.begin(**begin, at=later, until=TODAY + 9 * DAY).pk != running.pk
    deals.change_deal(by=None, at=later, deal_id=cast.deal.pk, status="lost", closed_at=later)
    with pytest.raises(actions.NotNow):
        actions.begin(**begin, at=later + 9 * DAY, until=TODAY + 30 * DAY)


def test_the_share_that_was_lost_counts_like_deals_that_were_open_as_long(cast, running):
    deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, segment="Mills")  # 28 days old
    made = {"created_at": NOW - 100 * DAY, "segment": "Mills"}
    for number in range(16):
        status = "lost" if number < 4 else "won"
        deal(f"L-{number}", status=status, closed_at=NOW - 60 * DAY, **made)
    for number in range(5):
        deal(f"E-{number}", status="lost", closed_at=NOW - 80 * DAY, **made)  # 20 days: over by then
        deal(f"F-{number}", status="lost", closed_at=NOW - 50 * DAY, **made | {"segment": "Ports"})
    answer(running, cast.seller, cast.manager, cast.analyst)
    found = page.premortem_page(cast.seller, cast.deal.pk, now=NOW).lost
    assert (found.n, found.value) == (16, 0.25)
    assert 0.08 < found.low < 0.25 < found.high < 0.51
