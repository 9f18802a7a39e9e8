"""SQL views for business intelligence: the shape and the rows of the Parquet export, and nothing confidential."""

import contextlib
import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from django.db import connection

import playbooks
import raising
import reviewing
import talks
from cast import NOW, TODAY, deal
from hingepoint.connectors.files import parquet
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Finding, FindingDecision, Run
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.imports import sql_views, tables
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.reviews.models import ReviewNote
from hingepoint.domain.signals.models import Raise
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import Gone
from hingepoint.records.findings import Verdict
from hingepoint.records.plans import Outcome
from hingepoint.records.pressures import Pressure
from hingepoint.records.talks import Topic

#: Stands in every text and number that colleagues keep among themselves.
SECRET = "under the table 977001"
LIMIT = 977_001
DATA = "cust.data_access"


@pytest.fixture
def company(cast):
    """The cast with a row of every table at least, of which two are of another hour, and secrets all around."""
    reviewing.held(cast)
    ReviewNote.objects.update(words=SECRET)
    raising.a_raise()
    Raise.objects.update(place=SECRET)
    found(cast)
    playbooks.in_force(cast, DATA)
    PivotalAgreement.objects.update(judgement=SECRET)
    steps = [
        agreements.Step(AgreementState.ASKED, occurred_at=NOW, act="send it", person_name="Bo", due_on=TODAY),
        agreements.Step(AgreementState.GAINED, occurred_at=NOW + dt.timedelta(microseconds=5), evidence=4),
    ]
    for step in steps:
        agreements.take_step(
            by=cast.seller, at=step.occurred_at, deal_id=cast.deal.pk, type_key=DATA, step=step
        )
    AgreementEvent.objects.update(note=SECRET)
    demand = talks.a_demand(cast)
    for words in ("their board", "their budget"):
        negotiation.give_reason(by=cast.seller, at=NOW, demand_id=demand.pk, why=negotiation.Why(words))
    given = {"value": Decimal("1200.50"), "in_return": "a second site", "demand_id": demand.pk, "final": True}
    negotiation.concede(by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE, **given)
    talks.an_exception(cast)
    Escalation.objects.update(reason=SECRET, alternatives=SECRET, return_asked=SECRET)
    talks.a_role(cast, aim=SECRET, not_to_say=SECRET)
    pressures.tag(by=cast.seller, at=NOW, deal_id=cast.deal.pk, pressure=next(iter(Pressure)), words=SECRET)
    corridor = {"opening": Decimal(LIMIT + 2), "target": Decimal(LIMIT + 1), "walk_away": Decimal(LIMIT)}
    negotiation.set_corridor(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **corridor)
    coaching.write_note(by=cast.manager, at=NOW, deal_id=cast.deal.pk, to=cast.seller, note=SECRET)
    plans.write_plan(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=DATA, best=SECRET)
    heard = plans.Heard(outcome=Outcome.CONTINUATION, held_at=NOW, learned=SECRET)
    plans.debrief(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=DATA, heard=heard)
    deal("WON", status="won", closed_at=NOW, amount=7, owner=cast.seller, team=cast.north, discount=0.25)
    sql_views.make()
    return cast


def found(cast) -> None:
    """A run that found two things, of which one was rejected and signed since."""
    run = Run.objects.create(asked_at=NOW, source="database", metric="win", ended_at=NOW)
    told = {"run": run, "grade": "moderate", "effect": 0.125, "low": 0.02, "high": 0.23, "in_set": True}
    Finding.objects.create(key="open", rank=2, facts={}, **told)
    signed = Finding.objects.create(key=DATA, rank=1, facts={"words": SECRET}, verdict=Verdict.SIGNED, **told)
    for verdict, by in (
        (Verdict.SIGNED, "sponsor"),
        (Verdict.REJECTED, "sponsor"),
        (Verdict.SIGNED, "analyst"),
    ):
        FindingDecision.objects.create(
            finding=signed, verdict=verdict, note=SECRET, by=getattr(cast, by), at=NOW
        )


def asked(sql: str) -> pl.DataFrame:
    """Return what the database answers, as a tool sees it."""
    with contextlib.closing(
        connection.connection.cursor()
    ) as cursor:  # not Django's: none of its conversions
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return pl.DataFrame(cursor.fetchall(), schema=names, orient="row", infer_schema_length=None)


def as_documented(found: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return a view's rows in the types of Parquet: SQLite has texts for days and moments, and numbers for yes and no."""
    return found.select(_typed(found[name], kind) for name, kind in parquet.view_columns(table).items())


def _typed(held: pl.Series, kind: pl.DataType) -> pl.Series:
    if held.dtype == pl.String and kind == pl.Date():
        return held.str.to_date()
    if held.dtype == pl.String and kind.is_temporal():
        return held.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC")
    if isinstance(held.dtype, pl.Datetime):
        return held.dt.convert_time_zone("UTC").cast(kind)
    return held.cast(kind)


def all_of(table: str) -> pl.DataFrame:
    return asked(f"SELECT * FROM {sql_views.name_of(table)}")


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(frame.columns)


@pytest.fixture
def exported(company, tmp_path):
    """The Parquet that ``hingepoint export --all`` writes."""
    parts = {name: tables.table(name, Deal.every.all()) for name in parquet.TABLES}
    parquet.write_folder(parts, tmp_path / "warehouse")
    return tmp_path / "warehouse"


@pytest.mark.parametrize("table", tables.ROWS)
def test_a_view_has_the_rows_and_columns_of_the_export(exported, table):
    written = pl.read_parquet(exported / table / "*.parquet").select(*parquet.view_columns(table))
    found = all_of(table)
    assert found.columns == written.columns
    assert written.height > 0
    assert in_order(as_documented(found, table)).equals(in_order(written))


def test_a_view_of_findings_has_those_that_were_signed_and_who_signed_last(company):
    (row,) = all_of("findings").to_dicts()
    assert (row["agreement"], row["effect"], row["signed_by"]) == (DATA, 0.125, company.analyst.key)


def test_a_view_of_pivotal_agreements_has_those_of_published_playbooks(company):
    draft = playbooks.written(company, name="Another strategy")
    playbooks.choose(draft.playbooks.get(), DATA)
    (row,) = all_of("pivotal").to_dicts()
    assert (row["agreement"], row["playbook"], row["place"], row["run"]) == (DATA, 1, 1, None)


def test_a_view_of_commitments_says_of_which_review_and_deal_and_what_became_of_it(company):
    (row,) = all_of("commitments").to_dicts()
    (review,) = all_of("reviews").to_dicts()
    assert (row["deal_id"], row["became"], row["review"]) == (company.deal.key, None, review["review"])
    assert (review["team"], review["led_by"]) == ("North", company.manager.key)


def test_a_view_of_people_has_no_address_of_theirs_and_their_teams_by_time(company):
    company.seller.email = "sanna@elsewhere.example"
    company.seller.save()
    people, times = all_of("people"), all_of("memberships")
    assert "elsewhere" not in people.write_csv()
    assert set(times["person"]) <= set(people["person"])
    leads = times.filter(pl.col("manages").cast(bool) & pl.col("until").is_null())
    assert company.manager.key in leads.filter(team="North")["person"]


def test_only_what_is_listed_is_kept_off():
    assert set(tables.TABLES) == set(parquet.TABLES) == set(parquet.ONE_ROW)
    assert set(tables.ROWS) == set(filter(parquet.view_columns, parquet.TABLES))
    kept_off = {name: set(parquet.TABLES[name]) - set(parquet.view_columns(name)) for name in parquet.TABLES}
    assert {name: columns for name, columns in kept_off.items() if columns} == parquet.NOT_IN_VIEWS


def test_nothing_confidential_is_in_any_view(company):
    for table in tables.ROWS:
        told = all_of(table).write_csv()
        assert "977001" not in told, table
        assert company.seller.password not in told, table


def test_deals_that_are_gone_do_not_count(company):
    Deal.every.filter(pk=company.deal.pk).update(gone_at=NOW, gone=Gone.DELETED)
    about_deals = [name for name, columns in parquet.TABLES.items() if "deal_id" in columns]
    assert set(tables.OF_DEALS) < set(about_deals)
    for table in about_deals:
        assert company.deal.key not in all_of(table)["deal_id"].to_list(), table
    assert len(all_of("deals")) == Deal.every.count() - 1


def test_views_are_left_alone_unless_they_are_of_another_version(company, django_assert_num_queries):
    with django_assert_num_queries(1):
        sql_views.make()
    first, *_ = sql_views._held()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP VIEW {first}")
        cursor.execute(f"CREATE VIEW {first} AS SELECT 1 AS of_another_version")
    sql_views.make()
    assert all_of("deals").columns == list(parquet.view_columns("deals"))


def test_a_view_that_a_version_no_longer_has_goes(company):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW {sql_views.name_of('quotes')} AS SELECT 1 AS one")
    sql_views.make()
    assert set(sql_views._held()) == {sql_views.name_of(table) for table in tables.ROWS}


def test_they_go_and_come_again(company):
    there = sql_views._held()
    sql_views.drop()
    assert sql_views._held() == {}
    sql_views.make()
    assert sql_views._held() == there
    assert len(there) == len(tables.ROWS)
