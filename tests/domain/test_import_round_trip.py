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
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal, DealEvent
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
