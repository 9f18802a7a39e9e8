"""Taking an import back: everything as it was, or a refusal that says what stands on it."""

import datetime as dt

import pytest

import rules
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.imports import actions
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.records.agreements import AgreementState
from importing import DEALS, EVENTS, import_deals, import_events, picture

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(days=7)
CHANGED = (
    DEALS.replace("2000,", "2500,").replace("Proposal", "Negotiation") + "A-4,2025-03-01,,open,,,,,,,,,\n"
)


def undo(report, by=None):
    return actions.undo_import(by=by, at=LATER, batch_id=report.batch)


def without_versions(tables):
    return {
        table: [{name: value for name, value in row.items() if name != "version"} for row in rows]
        for table, rows in tables.items()
    }


def test_the_first_import_taken_back_leaves_nothing(cast, tmp_path):
    before = picture()
    report = import_deals(tmp_path)
    undo(report)
    assert picture() == before


def test_events_taken_back_leave_the_deals_as_they_were(cast, tmp_path):
    import_deals(tmp_path)
    before = picture()
    undo(import_events(tmp_path))
    assert picture() == before


def test_updated_rows_go_back_to_what_they_were(cast, tmp_path):
    import_deals(tmp_path)
    before = without_versions(picture())
    second = import_deals(tmp_path, CHANGED, at=LATER)
    assert (second.created, second.updated) == (1, 1)
    undo(second)
    assert without_versions(picture()) == before


def test_agreements_that_an_import_moved_go_back(cast, tmp_path):
    import_deals(tmp_path)
    import_events(tmp_path)
    before = without_versions(picture())
    undo(import_events(tmp_path, EVENTS + "A-2,budget talk,2025-05-05,broken,,,,,\n"))
    assert without_versions(picture()) == before


def test_imports_are_taken_back_from_the_last_to_the_first(cast, tmp_path):
    before = picture()
    first, second = import_deals(tmp_path), import_deals(tmp_path, CHANGED, at=LATER)
    with pytest.raises(actions.CannotUndo, match="1 deal changed since"):
        undo(first)
    undo(second)
    undo(first)
    assert picture() == before


def test_a_deal_changed_by_hand_is_not_taken_along(cast, tmp_path):
    report = import_deals(tmp_path)
    deal = Deal.objects.get(key="A-2")
    deals.change_deal(by=cast.sponsor, at=LATER, deal_id=deal.pk, stage="Paper")
    before = picture()
    with pytest.raises(actions.CannotUndo, match="1 deal changed since"):
        undo(report)
    assert picture() == before


def test_what_stands_on_an_import_keeps_it(cast, tmp_path):
    report = import_deals(tmp_path)
    deal = Deal.objects.get(key="A-2")
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    agreements.take_step(by=cast.sponsor, at=LATER, deal_id=deal.pk, type_key="cust.data_access", step=step)
    with pytest.raises(actions.CannotUndo, match="1 agreement added since"):
        undo(report)
    assert Agreement.objects.count() == 1


def test_a_person_who_can_sign_in_by_now_stays(cast, tmp_path):
    report = import_deals(tmp_path)
    anna = User.objects.get(name="Anna Berg")
    people.set_address(by=None, at=LATER, user=anna, email="anna@hinge.example")
    undo(report)
    assert User.objects.filter(pk=anna.pk).exists()
    assert not User.objects.filter(name="Bo Lind").exists()


def test_a_team_somebody_joined_stays(cast, tmp_path):
    report = import_deals(tmp_path, DEALS.replace("South", "Far South"))
    team = User.objects.get(name="Cy Ek").memberships.get().team
    people.join_team(by=None, at=LATER, user=cast.seller, team=team, since=LATER.date())
    undo(report)
    assert cast.seller.memberships.filter(team=team).exists()


def test_an_import_is_taken_back_once(cast, tmp_path):
    report = import_deals(tmp_path)
    undo(report)
    with pytest.raises(actions.CannotUndo, match="nothing to take back"):
        undo(report)


def test_the_audit_trail_keeps_both(cast, tmp_path):
    undo(import_deals(tmp_path), by=cast.analyst)
    told = AuditEvent.objects.filter(subject="import").values_list("action", flat=True)
    assert list(told) == ["import", "undo import"]


def test_a_seller_takes_nothing_back(cast, tmp_path):
    report = import_deals(tmp_path)
    with pytest.raises(actions.NotAllowed):
        undo(report, by=cast.seller)


def test_what_rules_made_of_an_import_goes_with_it(cast, tmp_path):
    rules.switched_on()
    import_deals(tmp_path)
    import_events(tmp_path)
    before = picture()
    traces = "deal_id,agreement,at,kind,counterpart\nA-2,Stoppage log,2025-01-25,document,Ed Moor\nA-3,Stoppage log,2025-02-05,document,Ed Moor\n"
    report = import_events(tmp_path, traces)
    assert Detection.objects.count() == 2
    undo(report)
    assert picture() == before
    assert not Detection.objects.exists()


def test_an_import_that_people_built_on_says_so(cast, tmp_path):
    rules.switched_on()
    import_deals(tmp_path)
    report = import_events(
        tmp_path, "deal_id,agreement,at,kind,counterpart\nA-3,Stoppage log,2025-02-05,document,Ed\n"
    )
    detection.confirm(by=cast.analyst, at=LATER, detection_id=Detection.objects.get().pk)
    with pytest.raises(actions.CannotUndo, match="1 agreement changed since"):
        undo(report)
