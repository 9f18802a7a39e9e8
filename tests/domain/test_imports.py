"""Imports: all or nothing, the same file twice changes nothing, and names become people and types."""

import datetime as dt

import pytest

from cast import NOW
from hingepoint.connectors import files
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.engine import Files
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.records.people import Role
from importing import ASKED, DEALS, EVENTS, import_deals, import_events, picture, run, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_paris(settings):
    settings.TIME_ZONE = "Europe/Paris"


LATER = NOW + dt.timedelta(days=7)


def counts(report):
    return report.created, report.updated, report.unchanged, report.rejected


def test_a_deals_table_becomes_deals_with_all_they_say(tmp_path):
    assert counts(import_deals(tmp_path)) == (3, 0, 0, 0)
    deal = Deal.objects.get(key="A-1")
    assert (deal.status, float(deal.amount), deal.currency, deal.stage) == ("won", 1000.5, "EUR", "Won")
    assert (deal.owner.name, deal.team.name, deal.account.name) == ("Anna Berg", "North", "Acme Mills")
    assert deal.extra == {"competitor": "Bolt"}
    assert deal.created_at == dt.datetime(2025, 1, 6, 23, tzinfo=dt.UTC)  # midnight in Paris
    assert Deal.objects.get(key="A-2").expected_close_on == dt.date(2025, 6, 30)


def test_named_people_are_known_but_cannot_sign_in(tmp_path):
    import_deals(tmp_path)
    assert User.objects.get(name="Anna Berg").role == Role.SELLER
    maud = User.objects.get(name="Maud")
    assert (maud.role, maud.email, maud.has_usable_password()) == (Role.MANAGER, None, False)
    assert Membership.objects.get(user=maud).manages
    assert set(Team.objects.values_list("name", flat=True)) == {"North", "South"}


def test_people_of_the_company_are_recognised_by_name_key_or_address(cast, tmp_path):
    text = "deal_id,created,status,owner\nX,2026-01-02,open,Sanna\nY,2026-01-02,open,STIG@hinge.example\n"
    report = import_deals(tmp_path, text)
    assert report.new["people"] == 0
    assert Deal.objects.get(key="X").owner == cast.seller
    assert Deal.objects.get(key="Y").owner == cast.stranger


def test_an_owner_without_a_team_in_the_file_brings_their_own(cast, tmp_path):
    import_deals(tmp_path, "deal_id,created,status,owner\nX,2026-01-02,open,Sanna\n")
    assert Deal.objects.visible_to(cast.manager).filter(key="X").exists()


def test_a_manager_without_a_team_in_the_file_sees_the_deals(tmp_path):
    import_deals(tmp_path, "deal_id,created,status,owner,manager\nX,2026-01-02,open,Ann,Mo\n")
    assert Deal.objects.visible_to(User.objects.get(name="Mo")).count() == 1


def test_events_become_agreements_with_their_history_and_state(tmp_path):
    import_deals(tmp_path)
    report = import_events(tmp_path)
    assert counts(report) == (6, 0, 0, 0)
    agreement = Agreement.objects.get(deal__key="A-1")
    assert (agreement.state, agreement.evidence, agreement.person_name) == ("kept", 2, "Ed Moor")
    assert agreement.gained_at == dt.datetime(2025, 1, 9, 23, tzinfo=dt.UTC)
    assert agreement.events.count() == 2
    assert {(e.kind, e.name) for e in DealEvent.objects.all()} == {
        ("activity", "call"),
        ("concession", "extra rebate"),
    }


def test_an_agreement_is_found_in_the_catalogue_however_it_is_spelt(tmp_path):
    import_deals(tmp_path)
    import_events(tmp_path)
    keys = set(Agreement.objects.values_list("type__key", flat=True))
    assert keys == {"cust.data_access", "budget talk"}
    made = AgreementType.objects.get(key="budget talk")
    assert (made.origin, made.side) == ("imported", "customer")


def test_the_same_files_again_change_nothing(tmp_path):
    import_deals(tmp_path)
    import_events(tmp_path)
    before, audited, batches = picture(), AuditEvent.objects.count(), ImportBatch.objects.count()
    assert counts(import_deals(tmp_path, at=LATER)) == (0, 0, 3, 0)
    assert counts(import_events(tmp_path, at=LATER)) == (0, 0, 6, 0)
    assert picture() == before
    assert (AuditEvent.objects.count(), ImportBatch.objects.count()) == (audited, batches)


def test_a_dry_run_tells_the_same_and_changes_nothing(tmp_path):
    import_deals(tmp_path)
    before = picture()
    dry = import_events(tmp_path, dry_run=True)
    assert picture() == before
    wet = import_events(tmp_path)
    assert (counts(dry), dry.new, dry.rules) == (counts(wet), wet.new, wet.rules)


def test_one_bad_row_stops_everything_and_is_named(tmp_path):
    before = picture()
    with pytest.raises(actions.CannotImport) as refused:
        import_deals(tmp_path, DEALS + "A-4,2025-13-01,,open,,,,,,,,,\n")
    assert picture() == before
    problem = refused.value.problems[0]
    assert (problem.file, problem.row, problem.column, problem.value) == (
        "deals.csv",
        5,
        "created",
        "2025-13-01",
    )


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path):
    report = import_deals(tmp_path, DEALS + "A-4,2025-13-01,,open,,,,,,,,,\n", skip_bad_rows=True)
    assert (report.created, report.bad_rows, report.bad_share) == (3, 1, 0.25)
    assert ImportBatch.objects.get().rejected == 1


def test_what_a_table_cannot_hold_is_a_bad_row(tmp_path):
    text = "deal_id,created,status,owner,amount\nX,2026-01-02,open," + "o" * 201 + ",1e17\n"
    with pytest.raises(actions.CannotImport) as refused:
        import_deals(tmp_path, text)
    assert {p.column for p in refused.value.problems} == {"owner", "amount"}


def test_events_of_unknown_deals_are_left_out_and_counted(tmp_path):
    import_deals(tmp_path)
    report = import_events(tmp_path, EVENTS + "Z-9,budget talk,2025-01-01,,,,,,\n")
    assert (report.rejected, report.rules["event_of_unknown_deal"]) == (1, 1)


def test_events_without_their_deals_are_refused_with_the_way_out(tmp_path):
    with pytest.raises(actions.CannotImport, match="Import the deals first"):
        import_events(tmp_path)


def test_deals_and_events_are_imported_together(tmp_path):
    report = run(Files(deals=write(tmp_path, "d.csv", DEALS), events=write(tmp_path, "e.csv", EVENTS)))
    assert report.created == 9
    assert ImportBatch.objects.count() == 1


def test_a_bad_event_keeps_its_deals_out_too(tmp_path):
    bad = EVENTS + "A-1,x,not a day,,,,,,\n"
    with pytest.raises(actions.CannotImport):
        run(Files(deals=write(tmp_path, "d.csv", DEALS), events=write(tmp_path, "e.csv", bad)))
    assert not Deal.objects.exists()


def test_a_changed_deal_is_updated_and_its_change_dated(tmp_path):
    import_deals(tmp_path)
    changed = DEALS.replace("2000,", "2500,").replace("Proposal,2025-06-30", "Negotiation,2025-09-30")
    assert counts(import_deals(tmp_path, changed, at=LATER)) == (0, 1, 2, 0)
    deal = Deal.objects.get(key="A-2")
    assert (float(deal.amount), deal.stage, deal.version) == (2500, "Negotiation", 2)
    told = DealEvent.objects.filter(deal=deal).order_by("occurred_at", "-kind", "name")
    assert [(e.kind, e.name, e.value and float(e.value), e.note, e.occurred_at) for e in told] == [
        ("stage", "Proposal", None, "", NOW),
        ("field", "amount", 2000, "", NOW),
        ("field", "expected_close", None, "2025-06-30", NOW),
        ("stage", "Negotiation", None, "", LATER),
        ("field", "amount", 2500, "", LATER),
        ("field", "expected_close", None, "2025-09-30", LATER),
    ]


def test_columns_that_a_file_does_not_have_stay_as_they_are(tmp_path):
    import_deals(tmp_path)
    report = import_deals(tmp_path, "deal_id,created,status,region\nA-2,2025-01-09T10:00,open,West\n")
    deal = Deal.objects.get(key="A-2")
    assert (report.updated, deal.region, deal.stage, deal.owner.name) == (1, "West", "Proposal", "Bo Lind")


def test_people_arranged_here_outlive_the_next_file(tmp_path):
    import_deals(tmp_path)
    anna = User.objects.get(name="Anna Berg")
    anna.memberships.update(until=dt.date(2026, 1, 1))
    import_deals(tmp_path, at=LATER)
    assert not anna.memberships.filter(until__isnull=True).exists()


def test_a_later_event_moves_a_known_agreement_and_an_earlier_one_does_not(tmp_path):
    import_deals(tmp_path)
    import_events(tmp_path)
    head = "deal_id,agreement,at,state\n"
    import_events(tmp_path, head + "A-2,budget talk,2025-03-01,broken\n")
    assert Agreement.objects.get(type__key="budget talk").state == "broken"
    import_events(tmp_path, head + "A-2,budget talk,2025-01-02,asked\n")
    agreement = Agreement.objects.get(type__key="budget talk")
    assert (agreement.state, agreement.evidence) == ("broken", 3)
    assert AgreementEvent.objects.filter(agreement=agreement).count() == 3


def test_two_events_at_one_time_are_two_facts_when_they_say_different_things(tmp_path):
    import_deals(tmp_path)
    text = "deal_id,agreement,at,kind,value\nA-1,rebate,2025-01-10,concession,10\nA-1,rebate,2025-01-10,concession,20\n"
    assert import_events(tmp_path, text).created == 2


def test_an_import_leaves_one_line_in_the_audit_trail_with_its_counts(cast, tmp_path):
    before = AuditEvent.objects.count()
    import_deals(tmp_path, by=cast.analyst)
    event = AuditEvent.objects.order_by("-id").first()
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.by_name, event.changes["created"]) == ("import", "Ada", 3)
    assert audit.first_broken_link() is None


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner", "disabled"])
def test_only_analyst_and_sponsor_import(cast, tmp_path, who):
    with pytest.raises(actions.NotAllowed):
        import_deals(tmp_path, by=cast.everybody()[who])


def test_undated_deals_are_told_what_is_missing(tmp_path):
    with pytest.raises(actions.CannotImport, match="created"):
        import_deals(tmp_path, "deal_id,status\nX,open\n")


def test_a_mapping_says_how_the_file_is_read(tmp_path):
    text = "nr;angelegt;zustand;wert\nX;02.01.2026;Auftrag;1.234,50\n"
    mapping = files.parse_mapping(
        "deals: {columns: {deal_id: nr, created: angelegt, status: zustand, amount: wert},"
        " status: {open: [Auftrag]}, decimal: ','}"
    )
    import_deals(tmp_path, text, mapping=mapping)
    assert float(Deal.objects.get(key="X").amount) == 1234.5


def test_the_dates_of_a_deals_table_alone_say_which_deals_are_won(tmp_path):
    text = (
        "deal_id,created,access_on,signed_on\nX,2026-01-02,2026-01-10,2026-02-01\nY,2026-01-02,2026-01-12,\n"
    )
    mapping = files.parse_mapping(
        "deals: {events_from_columns: {access_on: Access given, signed_on: Signed}}\noutcome: {won: [Signed]}"
    )
    assert counts(import_deals(tmp_path, text, mapping=mapping)) == (5, 0, 0, 0)
    assert list(Deal.objects.order_by("key").values_list("key", "status", "closed_at")) == [
        ("X", "won", dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC)),  # midnight in Paris
        ("Y", "open", None),
    ]
    steps = DealEvent.objects.order_by("deal__key", "occurred_at").values_list("deal__key", "name")
    assert list(steps) == [("X", "Access given"), ("X", "Signed"), ("Y", "Access given")]


def test_of_two_files_nothing_is_kept_while_one_asks(tmp_path):
    before = picture()
    given = Files(
        deals=write(tmp_path, "deals.csv", DEALS + ASKED), events=write(tmp_path, "events.csv", EVENTS)
    )
    with pytest.raises(actions.CannotImport, match=r"deals\.csv and events\.csv: answer first") as refused:
        run(given)
    assert 'in the mapping: deals: {status: {lost: ["Dead"]}}' in str(refused.value)
    assert (picture(), ImportBatch.objects.count()) == (before, 0)
    dry = run(given, dry_run=True)
    assert (dry.created, len(dry.understanding["questions"]), picture()) == (9, 1, before)
    mapping = files.Mapping.model_validate({"deals": {"status": {"lost": ["Dead"]}}})
    assert run(given, mapping=mapping).created == 10


def test_what_happens_after_the_import_is_left_out_and_counted_in_the_understanding(tmp_path):
    import_deals(tmp_path)
    told = import_events(tmp_path, EVENTS + "A-1,pilot,2026-05-01,,,,,,\n")
    assert told.rules["in_the_future"] == 1
    assert told.understanding["notes"] == [
        "events.csv, column at: 1 row is dated after 2026-03-02, and left out."
    ]


def test_events_of_deals_that_were_left_out_are_told_apart_from_those_of_strangers(tmp_path):
    deals = DEALS + "A-4,2025-03-01,2025-02-01,won,5,EUR,,,,,,,\n"
    events = EVENTS + "A-4,pilot,2025-02-01,,,,,,\nA-9,pilot,2025-02-01,,,,,,\n"
    given = Files(deals=write(tmp_path, "deals.csv", deals), events=write(tmp_path, "events.csv", events))
    rules = run(given).rules
    assert (rules["event_of_deal_left_out"], rules["event_of_unknown_deal"]) == (1, 1)


def test_agreements_as_they_stand_change_nothing_where_they_stand_so(tmp_path):
    import_deals(tmp_path)
    import_events(tmp_path)
    text = "deal_id,agreement,at,state,evidence\nA-1,cust.data_access,2025-02-10,kept,2\nA-2,budget talk,2025-01-21,lapsed,3\n"
    report = run(Files(agreements=write(tmp_path, "agreements.csv", text)))
    assert counts(report)[:3] == (1, 0, 1)
    assert Agreement.objects.get(type__key="budget talk").state == "lapsed"
