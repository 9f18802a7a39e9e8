"""Export and import are each other's inverse: nothing changes here, and elsewhere the same comes to be."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import rules
from cast import NOW
from examples import examples
from hingepoint.connectors.files import write_table
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Account, Contact, Deal, DealEvent
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports import queries
from hingepoint.domain.imports.engine import Files
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import EventKind
from importing import import_deals, import_events, picture, run

pytestmark = pytest.mark.django_db

DEAL_FACTS = (
    "key", "name", "owner__key", "team__name", "account__key", "status", "stage", "created_at", "closed_at",
    "expected_close_on", "amount", "currency", "initial_amount", "list_price", "net_price", "discount", "cost",
    "margin", "projected_amount", "projected_margin", "region", "segment", "product", "source", "extra", "link",
)  # fmt: skip
TRACE = ("occurred_at", "state", "counterpart", "actor", "evidence", "quality", "value", "currency", "note")


def export(folder, table, format="csv"):
    path = Path(folder) / f"{table}.{format}"
    write_table(queries.exported(table), path, format)
    return path


def everything():
    """What files carry of the register, without the numbers of rows."""
    return {
        "deals": sorted(map(str, Deal.objects.values_list(*DEAL_FACTS))),
        "events": sorted(
            map(str, DealEvent.objects.values_list("deal__key", "kind", "name", "side", *TRACE))
        ),
        "steps": sorted(
            map(
                str,
                AgreementEvent.objects.values_list("agreement__deal__key", "agreement__type__key", *TRACE),
            )
        ),
        "agreements": sorted(
            map(
                str, Agreement.objects.values_list("deal__key", "type__key", "state", "evidence", "gained_at")
            )
        ),
    }


def by_hand(cast, discount=1 / 3):
    """A register that people filled, with what files find hard."""
    deal = cast.deal
    deals.change_deal(
        by=cast.seller,
        at=NOW,
        deal_id=deal.pk,
        name='=Mills; "North", Ltd',
        discount=discount,
        amount="-12.3456",
    )
    step = agreements.Step(
        state=AgreementState.GAINED, occurred_at=NOW, act="will send it", person_name="Ed, Moor", due_on=NOW.date(),
        evidence=Evidence.WRITTEN,
    )  # fmt: skip
    agreements.take_step(by=cast.seller, at=NOW, deal_id=deal.pk, type_key="cust.data_access", step=step)
    deals.note_event(
        by=cast.seller, at=NOW, deal_id=deal.pk, kind=EventKind.CONCESSION, name="Rebate", occurred_at=NOW,
        value="99.50", currency="EUR", note="line one\nline two",
    )  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
@pytest.mark.parametrize("table", ["deals", "events", "agreements"])
def test_what_was_exported_changes_nothing_here(cast, tmp_path, format, table):
    import_deals(tmp_path)
    import_events(tmp_path)
    by_hand(cast)
    before = picture()
    report = run(Files(**{table: export(tmp_path, table, format)}))
    assert (report.created, report.updated, report.rejected) == (0, 0, 0)
    assert picture() == before


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_what_a_rule_found_names_the_rule_and_reads_back_unchanged(cast, tmp_path, format):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    before = picture()
    path = export(tmp_path, "events", format)
    report = run(Files(events=path))
    assert (report.created, report.updated, report.rejected) == (0, 0, 0)
    assert picture() == before
    AgreementEvent.objects.all().delete()
    run(Files(events=path))
    assert AgreementEvent.objects.get().actor == "rule:log-arrives"


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_what_was_exported_makes_the_same_in_an_empty_company(cast, tmp_path, format):
    import_deals(tmp_path)
    import_events(tmp_path)
    by_hand(cast, discount=0.123456789)  # workbooks give nine decimals back
    before = everything()
    given_files = Files(deals=export(tmp_path, "deals", format), events=export(tmp_path, "events", format))
    for model in (AgreementEvent, Agreement, DealEvent, Deal):
        model.objects.all().delete()
    run(given_files)
    assert everything() == before


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40).map(str.strip)
MONEY = st.none() | st.decimals(-1_000_000_000, 1_000_000_000, places=4)
SHARE = st.none() | st.floats(-1, 1)
MOMENTS = st.datetimes(
    *map(dt.datetime.fromisoformat, ("2001-01-02", "2026-03-01")), timezones=st.just(dt.UTC)
)
DAYS = st.none() | st.dates(dt.date(2001, 1, 2), dt.date(2099, 1, 1))
FACTS = st.fixed_dictionaries(
    {
        "name": WORDS, "stage": WORDS, "region": WORDS, "segment": WORDS, "amount": MONEY, "list_price": MONEY,
        "cost": MONEY, "discount": SHARE, "projected_margin": SHARE, "created_at": MOMENTS,
        "expected_close_on": DAYS, "currency": st.sampled_from(["", "EUR", "JPY"]),
    }
)  # fmt: skip


@example(facts=[{"cost": Decimal("54.917"), "created_at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}]).via(
    "a number that could be thousands"
)
@examples(25)
@given(facts=st.lists(FACTS, min_size=1, max_size=4))
def test_any_deal_survives_the_way_out_and_in(facts):
    Deal.objects.all().delete()
    for number, each in enumerate(facts):
        Deal.objects.create(key=f"H-{number}", **each)
    before = picture()
    with TemporaryDirectory() as folder:
        report = run(Files(deals=export(folder, "deals")))
    assert (report.updated, report.unchanged) == (0, len(facts))
    assert picture() == before


STANDING = (
    "deal__key", "type__key", "state", "evidence", "quality", "person_name", "act", "due_on", "required", "needed_by",
    "needed_because", "gained_at", "expires_on", "reason", "owed_in_return",
)  # fmt: skip


def standings():
    return sorted(map(str, Agreement.objects.values_list(*STANDING)))


def worded(cast):
    """Agreements in which people wrote all that a register holds, one of which nobody took a step on."""
    by_hand(cast)
    agreed = Agreement.objects.get()
    told = {"reason": "=they asked", "owed_in_return": "a pilot, free", "needed_because": "four weeks before"}
    Agreement.objects.filter(pk=agreed.pk).update(required=True, needed_by=dt.date(2026, 4, 2), **told)
    needed = AgreementType.objects.get(key="cust.nda")
    row = {"needed_by": dt.date(2026, 5, 1), "required": True, "needed_because": "", "changed_at": NOW}
    Agreement.objects.create(deal=cast.deal, type=needed, **row)


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_what_is_said_of_agreements_comes_back_into_an_empty_company(cast, tmp_path, format):
    worded(cast)
    before = standings()
    given = [export(tmp_path, table, format) for table in ("deals", "agreements")]
    Agreement.objects.all().delete()
    Deal.objects.all().delete()
    run(Files(deals=given[0]))
    report = run(Files(agreements=given[1]))
    assert (report.created, report.updated, report.unchanged, report.rejected) == (2, 0, 0, 0)
    assert standings() == before
    assert Agreement.objects.get(state="gained").events.get().act == "will send it"
    assert not Agreement.objects.get(state="needed").events.exists()
    again = run(Files(agreements=given[1]))
    assert (again.created, again.updated, again.unchanged, again.rejected) == (0, 0, 2, 0)


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_a_table_of_agreements_is_put_beside_their_events_and_taken_back(cast, tmp_path, format):
    worded(cast)
    before, path = standings(), export(tmp_path, "agreements", format)
    Agreement.objects.filter(state="gained").update(reason="", owed_in_return="", act="none", required=False)
    Agreement.objects.filter(state="needed").delete()
    changed, history = standings(), AgreementEvent.objects.count()
    report = run(Files(agreements=path))
    assert (report.created, report.updated, report.unchanged) == (1, 1, 0)
    assert (standings(), AgreementEvent.objects.count()) == (before, history)
    imports.undo_import(by=cast.analyst, at=NOW, batch_id=report.batch)
    assert standings() == changed


def test_an_agreement_that_stands_otherwise_is_left_alone_by_a_row_without_a_date(cast, tmp_path):
    worded(cast)
    path = export(tmp_path, "agreements")
    needed = Agreement.objects.filter(state="needed")
    needed.update(state="not_needed", reason="no budget owner")
    before = standings()
    report = run(Files(agreements=path))
    assert (report.rules, report.rejected, report.unchanged) == ({"undated_state": 1}, 1, 1)
    assert standings() == before


def test_an_agreement_that_stands_must_say_since_when(cast, tmp_path):
    import_deals(tmp_path)
    path = tmp_path / "agreements.csv"
    path.write_text("deal_id,agreement,at,state\nA-1,cust.data_access,,gained\nA-2,cust.data_access,,asked\n")
    with pytest.raises(imports.CannotImport) as refused:
        run(Files(agreements=path))
    (problem,) = refused.value.problems
    assert (problem.row, problem.column, problem.expected) == (2, "at", "the date since when it stands")


def test_a_person_of_the_register_is_named_and_stays_when_the_name_comes_back(cast, tmp_path):
    worded(cast)
    account = Account.objects.create(key="mills", name="Mills")
    ann = Contact.objects.create(key="ann", account=account, name="Ann Moor")
    Agreement.objects.filter(state="gained").update(person=ann, person_name="")
    path = export(tmp_path, "agreements")
    assert "Ann Moor" in path.read_text()
    assert run(Files(agreements=path)).updated == 0
    assert Agreement.objects.get(state="gained").person == ann


def test_events_keep_their_promise_and_when_they_were_written_down(cast, tmp_path):
    by_hand(cast)
    step = AgreementEvent.objects.get()
    later = NOW + dt.timedelta(days=9, microseconds=7)
    AgreementEvent.objects.update(recorded_at=later)
    paths = export(tmp_path, "deals"), export(tmp_path, "events")
    Agreement.objects.all().delete()
    Deal.objects.all().delete()
    run(Files(deals=paths[0], events=paths[1]), at=NOW + dt.timedelta(days=30))
    back = AgreementEvent.objects.get()
    assert (back.act, back.due_on, back.recorded_at) == (step.act, step.due_on, later)
    assert (back.agreement.act, back.agreement.due_on) == (step.act, step.due_on)


def test_two_facts_that_differ_by_when_they_were_written_down_stay_two(cast, tmp_path):
    facts = {"kind": EventKind.CONCESSION, "name": "Rebate", "occurred_at": NOW, "value": "99"}
    for day in (1, 2):
        at = NOW + dt.timedelta(days=day)
        deals.note_event(by=cast.seller, at=at, deal_id=cast.deal.pk, second=day == 2 or None, **facts)
    paths = export(tmp_path, "deals"), export(tmp_path, "events")
    Deal.objects.all().delete()
    run(Files(deals=paths[0], events=paths[1]))
    assert DealEvent.objects.count() == 2


def test_a_file_that_says_only_now_when_its_events_were_written_down_adds_none(cast, tmp_path):
    import_deals(tmp_path)
    plain = "deal_id,agreement,at,kind\nA-1,Rebate,2025-01-10,concession\n"
    assert import_events(tmp_path, plain).created == 1
    told = "deal_id,agreement,at,kind,recorded_at\nA-1,Rebate,2025-01-10,concession,2025-02-01\n"
    assert import_events(tmp_path, told).unchanged == 1


def test_a_skipped_step_leaves_no_older_one_to_say_how_the_agreement_stands(cast, tmp_path):
    import_deals(tmp_path)
    rows = (
        "deal_id,agreement,at,state,evidence\n"
        "A-1,cust.data_access,2025-01-10,gained,2\n"
        "A-1,cust.data_access,2025-02-10,broken,many\n"
        "A-2,cust.data_access,2025-01-10,asked,many\n"
        "A-2,cust.data_access,2025-02-10,gained,2\n"
    )
    report = import_events(tmp_path, rows, skip_bad_rows=True)
    assert (report.bad_rows, report.rules) == (2, {"beside_unreadable_row": 1})
    assert list(Agreement.objects.values_list("deal__key", "state")) == [("A-2", "gained")]
