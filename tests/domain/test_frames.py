"""Tables become the frames that the analysis reads."""

import datetime as dt

import polars as pl
from django.utils import timezone

from cast import NOW, deal
from hingepoint.analysis import frames
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.frames import events_frame
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.deals.models import DealEvent
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind


def local() -> dt.datetime:
    """Return NOW as the company's clock shows it."""
    return timezone.localtime(NOW).replace(tzinfo=None)


def ask(found):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key="cust.data_access", step=step)


def test_deals_have_the_columns_and_types_of_the_analysis(cast):
    deal(
        "N-2",
        owner=cast.seller,
        team=cast.north,
        status="won",
        closed_at=NOW,
        discount=0.1,
        extra={"tier": "A"},
    )
    frame = deals_frame(None, extra=["tier"])
    assert frame.schema == frames.schema(frames.DEALS) | {"tier": pl.String()}
    row = frame.filter(deal_id="N-2").row(0, named=True)
    assert (row["closed"], row["amount"], row["discount"], row["tier"]) == (local(), 100_000.0, 0.1, "A")
    assert (row["owner"], row["manager"], row["team"]) == (cast.seller.key, cast.manager.key, "North")
    assert row["segment"] is None


def test_events_have_agreements_and_everything_else_by_deal_and_time(cast):
    ask(cast.deal)
    told = {"kind": EventKind.STAGE, "name": "Propose", "occurred_at": NOW - dt.timedelta(days=1)}
    deals.note_event(by=None, at=NOW, deal_id=cast.deal.pk, **told)
    frame = events_frame(None)
    assert frame.schema == frames.schema(frames.EVENTS)
    assert frame.select("kind", "agreement", "state").rows() == [
        ("stage", "Propose", None),
        ("agreement", "cust.data_access", "asked"),
    ]
    assert frame["at"].to_list() == [local() - dt.timedelta(days=1), local()]


def test_when_an_event_was_written_down_is_there_where_somebody_said_it(cast):
    """Of an import the latest moment is that of the import itself, for rows that did not say."""
    by_hand = {"kind": EventKind.STAGE, "name": "Propose", "occurred_at": NOW - dt.timedelta(days=9)}
    deals.note_event(by=None, at=NOW, deal_id=cast.deal.pk, **by_hand)
    for name, days in (("said", 5), ("not said", 0), ("not said either", 0)):
        told = {"kind": EventKind.STAGE, "name": name, "occurred_at": NOW - dt.timedelta(days=8)}
        deals.note_event(by=None, at=NOW - dt.timedelta(days=days), deal_id=cast.deal.pk, **told)
    DealEvent.objects.exclude(name="Propose").update(batch=7)
    written = dict(events_frame(None).select("agreement", "recorded_at").iter_rows())
    assert written == {
        "Propose": local(),
        "said": local() - dt.timedelta(days=5),
        "not said": None,
        "not said either": None,
    }


def test_a_viewer_gets_only_what_they_may_see(cast):
    ask(cast.deal)
    ask(cast.foreign_deal)
    assert deals_frame(cast.seller)["deal_id"].to_list() == ["N-1"]
    assert events_frame(cast.manager)["deal_id"].to_list() == ["N-1"]
    assert deals_frame(cast.inside_partner).schema == frames.schema(frames.DEALS)


def test_an_empty_company_has_empty_frames_with_all_columns(db):
    assert deals_frame(None).schema == frames.schema(frames.DEALS)
    assert events_frame(None).schema == frames.schema(frames.EVENTS)
    assert events_frame(None).is_empty()


def test_a_step_taken_back_is_no_event(cast):
    ask(cast.deal)
    agreements.undo_step(by=None, at=NOW, agreement_id=cast.deal.agreements.get().pk)
    assert events_frame(None).is_empty()
