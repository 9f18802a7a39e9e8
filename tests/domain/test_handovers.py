"""A deal that changed hands: its letter waits for the new owner, says what is open, and is confirmed once."""

import datetime as dt

import pytest

import hindsights
import importing
import playbooks
import talks
from cast import NOW, TODAY, deal, person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.handovers import actions
from hingepoint.domain.handovers.models import HandoverRead
from hingepoint.domain.handovers.queries import letters
from hingepoint.domain.handovers.rules import last_changes
from hingepoint.domain.merging import actions as merging
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.people import Role
from hingepoint.reports import handovers as sheets

DAY = dt.timedelta(days=1)


def hand(row, to, *, at=NOW):
    return deals.change_deal(by=None, at=at, deal_id=row.pk, owner=to)


def test_a_change_of_owner_waits_with_the_new_owner_alone_until_it_is_read(cast):
    row = hindsights.handed_over(cast)
    (waits,) = letters.waiting(cast.seller)
    assert (waits.deal_id, waits.before, waits.on) == (row.pk, "Stig", TODAY - DAY)
    assert letters.waiting(cast.stranger) == []
    change = last_changes([row.pk])[row.pk]
    for _ in range(2):
        actions.confirm(by=cast.seller, at=NOW, deal_id=row.pk, event_id=change.event_id)
    assert letters.waiting(cast.seller) == []
    assert HandoverRead.objects.get().by == cast.seller
    assert AuditEvent.objects.filter(action="confirm handover", subject_id=str(row.pk)).count() == 1


def test_a_deal_that_never_changed_hands_has_a_letter_and_nobody_to_confirm_it(cast):
    assert last_changes([cast.deal.pk]) == {}
    deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, owner=cast.seller)  # the same as before
    found = letters.letter(cast.seller, cast.deal.pk, today=TODAY)
    assert (found.change, found.may_confirm) == (None, False)


def test_who_it_went_on_to_reads_it_anew(cast):
    row = hindsights.handed_over(cast)
    first = last_changes([row.pk])[row.pk]
    actions.confirm(by=cast.seller, at=NOW, deal_id=row.pk, event_id=first.event_id)
    hand(row, cast.stranger, at=NOW + DAY)
    hand(row, cast.seller, at=NOW + 2 * DAY)
    (waits,) = letters.waiting(cast.seller)
    assert (waits.before, waits.on) == ("Stig", TODAY + 2 * DAY)
    with pytest.raises(Stale):
        actions.confirm(by=cast.seller, at=NOW, deal_id=row.pk, event_id=first.event_id)


def test_an_import_that_brings_another_owner_counts_as_one_by_hand(cast, tmp_path):
    rows = "deal_id,created,status,owner\nX,2026-01-02,open,{}\n"
    importing.import_deals(tmp_path, rows.format("Stig"))
    assert letters.waiting(cast.stranger) == []
    importing.import_deals(tmp_path, rows.format("Sanna"), at=NOW + DAY)
    (waits,) = letters.waiting(cast.seller)
    assert (waits.before, waits.on) == ("Stig", TODAY + DAY)


def test_nobody_hands_over_to_the_person_they_are(cast):
    again = person("Sanna Ek", Role.SELLER, key="0051")
    row = deal("N-7", owner=again, team=cast.north)
    merging.merge(by=cast.analyst, at=NOW, kept=cast.seller, gone=again, wider=True)
    assert (Deal.objects.get(pk=row.pk).owner, letters.waiting(cast.seller)) == (cast.seller, [])


@pytest.mark.parametrize("who", ["stranger", "manager", "sponsor", "analyst", "inside_partner"])
def test_only_the_new_owner_confirms(cast, who):
    row = hindsights.handed_over(cast)
    change = last_changes([row.pk])[row.pk]
    with pytest.raises(Hidden):
        actions.confirm(by=getattr(cast, who), at=NOW, deal_id=row.pk, event_id=change.event_id)
    assert not HandoverRead.objects.exists()


def test_the_letter_says_what_both_sides_promised_who_said_it_and_what_is_next(cast):
    playbooks.in_force(cast, "cust.data_access", "cust.decision_process")
    told = {
        "act": "send the log",
        "person_name": "Bo",
        "due_on": TODAY + 9 * DAY,
        "evidence": Evidence.WRITTEN,
    }
    step = agreements.Step(
        state=AgreementState.GAINED, occurred_at=NOW, owed_in_return="a workshop in May", **told
    )
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    talks.a_demand(cast)
    found = letters.letter(cast.manager, cast.deal.pk, today=TODAY)
    (theirs,) = found.theirs
    assert (theirs.act, theirs.person, theirs.due_on) == ("send the log", "Bo", TODAY + 9 * DAY)
    assert [line.owed_in_return for line in found.ours] == ["a workshop in May"]
    assert [line.key for line in found.next] == ["cust.decision_process"]
    assert [(one.who, one.act) for one in found.said] == [("Bo", "send the log")]
    assert len(found.demands) == 1
    sheet = sheets.letter_facts(found, at=NOW)
    lines = [
        line["text"] for group in sheet["columns"][0] for part in group["parts"] for line in part["lines"]
    ]
    assert any("Bo, send the log, by 11 Mar 2026" in line for line in lines)
    assert any(line.startswith("a workshop in May") for line in lines)
