"""Requests for exceptions as files hold them, and with their steps as signals read them. What inside partners think of
them is in no file."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from django.db.models import QuerySet

from hingepoint.analysis import frames
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, read, table
from hingepoint.domain.deals.models import DealQuerySet, that_count
from hingepoint.domain.escalations.models import Approval, Escalation, Policy, Pulse
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import NO_LONGER_ASKED, Answer, Approver, State
from hingepoint.records.signals import StepState, TraceKind

_COLUMNS = {
    "deal_id": "deal__key",
    "kind": "kind",
    "wanted": "wanted",
    "discount": "discount",
    "deal_value": "value",
    "currency": "deal__currency",
    "reason": "reason",
    "alternatives": "alternatives",
    "return_asked": "return_asked",
    "rules": "policy",
    "path": "lane",
    "state": "state",
    "granted": "granted",
    "asked_by": "asked_by__key",
    "asked_at": "asked_at",
    "decided_at": "decided_at",
}
_TYPES = dict.fromkeys(_COLUMNS, pl.String()) | {
    "discount": pl.Float64(),
    "deal_value": pl.Float64(),
    "granted": pl.Float64(),
    "asked_at": FILE_MOMENT,
    "decided_at": FILE_MOMENT,
}


def exceptions_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Return the exceptions asked for on ``deals``. The first frame is empty and holds the columns."""
    return table(exceptions_rows(deals), _TYPES)


def exceptions_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``exceptions_table`` reads."""
    return [(Escalation.objects.filter(deal__in=deals), _COLUMNS)]


# ---- as signals read them ----

_REQUESTS = {
    "id": "id",
    "event": "event_id",
    "deal_id": "deal__key",
    "agreement": "kind",
    "discount": "discount",
    "amount": "value",
    "currency": "deal__currency",
    "note": "reason",
    "state": "state",
    "granted": "granted",
    "asker": "asked_by__key",
    "asked_at": "asked_at",
    "decided_at": "decided_at",
    "recorded_at": "event__recorded_at",
}
_ANSWERS = {
    "id": "escalation_id",
    "actor": "approver__key",
    "whom": "whom",
    "answer": "answer",
    "said": "words",
    "yes_to": "granted",
    "at": "answered_at",
}
_STEP = ("deal_id", "agreement", "at", "recorded_at", "state", "actor", "value", "currency", "note")
_LOG_TYPES = (
    frames.schema(frames.EVENTS)
    | dict.fromkeys(("id", "event"), pl.Int64())
    | dict.fromkeys(("discount", "amount", "granted", "yes_to"), pl.Float64())
    | dict.fromkeys(("asker", "whom", "answer", "said"), pl.String())
    | dict.fromkeys(("asked_at", "decided_at"), frames.MOMENT)
)
#: How a request stands -> the state of its last step.
_DECIDED = {
    State.APPROVED: StepState.APPROVED,
    State.IN_PART: StepState.PARTLY,
    State.DECLINED: StepState.DECLINED,
}


def steps_frame(events: pl.DataFrame) -> pl.DataFrame:
    """Return the steps of requests as events with ``recorded_at``, for the system: asked, returned, passed, and
    how it was decided.

    The value is what the discount takes off the deal's value of then; of terms, which have no figure, that value.
    What a manager agrees to is passed up where somebody else is asked beside them; what they agree to in words
    alone, or ask something back for, is returned first. Each step carries the words of whoever took it: what the seller wrote is no
    reason of the manager. Of ``events``, which files bring, those stand beside them of which nothing else is known.
    """
    requests = read(
        Escalation.objects.filter(that_count("deal")).order_by("id"), _REQUESTS, _LOG_TYPES
    ).with_columns(value=_off(pl.col("discount").fill_null(1.0)))
    answers = read(_answered().order_by("answered_at", "id"), _ANSWERS, _LOG_TYPES)
    bare = events.join(requests.select(id="event"), on="id", how="anti", maintain_order="left")
    steps = (_asked(requests), *_of_managers(requests, answers), _decided(requests, answers), bare)
    return pl.concat([step.select(_STEP) for step in steps]).with_columns(
        kind=pl.lit(EventKind.ESCALATION.value)
    )


def _answered() -> QuerySet[Approval]:
    return Approval.objects.filter(answered_at__isnull=False).exclude(answer__in=NO_LONGER_ASKED)


def _off(share: pl.Expr) -> pl.Expr:
    return (share * pl.col("amount")).round(2)


def _asked(requests: pl.DataFrame) -> pl.DataFrame:
    return requests.with_columns(at="asked_at", actor="asker", state=pl.lit(StepState.ASKED.value))


def _of_managers(requests: pl.DataFrame, answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what managers sent back or cut down in words, and what they passed up to somebody else."""
    is_manager = pl.col("whom") == Approver.MANAGER
    others = answers.filter(~is_manager).select("id").unique()
    said = (
        requests.drop("state", "note")
        .join(answers.filter(is_manager), on="id", maintain_order="right")
        .rename({"said": "note"})
    )
    in_part = pl.col("answer") == Answer.IN_PART
    returned = said.filter((pl.col("answer") == Answer.BACK) | (in_part & pl.col("yes_to").is_null()))
    yes = pl.col("answer").is_in([Answer.YES, Answer.IN_PART])
    passed = said.filter(yes).join(others, on="id", how="semi", maintain_order="left")
    less = pl.coalesce(_off(pl.col("yes_to")), "value")
    return (
        returned.with_columns(state=pl.lit(StepState.RETURNED.value)),
        passed.with_columns(state=pl.lit(StepState.PASSED.value), value=less),
    )


def _decided(requests: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return how requests ended, by whoever answered last."""
    last = answers.group_by("id", maintain_order=True).agg(pl.col("actor", "said").last())
    ended = (
        requests.drop("note")
        .filter(pl.col("state").is_in(list(_DECIDED)))
        .with_columns(
            state=pl.col("state").replace(_DECIDED),
            at="decided_at",
            value=pl.coalesce(_off(pl.col("granted")), "value"),
        )
    )
    return ended.join(last.rename({"said": "note"}), on="id", how="left", maintain_order="left")


_PULSES = {
    "deal_id": "escalation__deal__key",
    "at": "at",
    "defended": "defended",
    "advocates": "argues_for",
    "partner": "partner__key",
}


def pulses_frame() -> pl.DataFrame:
    """Return what inside partners answered: deal_id, at, defended, advocates, partner. For the system, which shows only counts, and
    none of too few partners."""
    types = _LOG_TYPES | {"defended": pl.Boolean(), "advocates": pl.String(), "partner": pl.String()}
    return read(Pulse.objects.order_by("id"), _PULSES, types)


def policies_frame() -> pl.DataFrame:
    """Return since when which version of the rules holds, as events."""
    published = Policy.objects.filter(published_at__isnull=False).order_by("published_at", "id")
    columns = {"at": "published_at", "agreement": "version"}
    return read(published, columns, _LOG_TYPES).with_columns(kind=pl.lit(TraceKind.POLICY.value))
