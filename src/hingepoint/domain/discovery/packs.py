"""The benchmark pack of a run: which runs may have one, how it is worked out, and how it is kept beside the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hingepoint.analysis.discovery import benchmark_pack
from hingepoint.analysis.discovery.record import Record
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.discovery import work
from hingepoint.domain.discovery.models import Run
from hingepoint.records.languages import say

#: Under this name a pack is asked for among the options of a run, and kept in its stored record.
PACK = "pack"


def refusal(run: Run) -> str:
    """Return why a run that is done can have no pack, in a sentence; empty if it can."""
    if run.options.get("segment"):
        return say("This run is of one segment. A pack tells of all deals: start it from a run of all deals.")
    if run.settings.get("agreement_columns") or run.options.get("read", {}).get("agreement_columns"):
        return say(
            "The agreements of this run carry no dates, so there is no effect that a pack could tell of."
        )
    try:
        benchmark_pack.may_be_told(replace(work.settings_from(run.settings), metric=run.metric))
    except benchmark_pack.PackError:
        return say(
            "A pack tells of shares of all deals, and of no amounts. Start it from a run on the win rate, or on sales that "
            "serve the strategy by discount, margin or length."
        )
    return ""


def worked_out(
    data: work.Data, run: Run, record: Record, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Return the pack of a run as it is kept. Costs a discovery for each quarter on which a whole block ends."""
    made = benchmark_pack.make(
        data.deals,
        data.events,
        settings=replace(work.asked(data, run.settings), metric=record.metric.name),
        shared=shipped_types(),
        catalogue=work.catalogue(),
        progress=progress,
    )
    return {"file": made.to_dict(), "left_out": made.left_out}


def kept(stored: Mapping[str, Any] | None) -> benchmark_pack.Pack | None:
    """Return the pack that is kept in a stored record; None where there is none."""
    told = (stored or {}).get(PACK)
    return benchmark_pack.opened(told["file"], left_out=told["left_out"]) if told else None
