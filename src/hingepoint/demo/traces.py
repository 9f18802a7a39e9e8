"""What the demo company's CRM shows of agreements without anybody typing them: files, e-mails, fields.

Most agreements of three types leave a trace within two days. Some deals have a trace that looks like one
and is none: the rules find those too, so that there is something to correct. On live deals
two of the types are told by traces alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.detection import Rule
from hingepoint.demo.scene import Scene
from hingepoint.domain.detection.starters import starters

#: The rules that are on, by the key of their starter, and the one that is written and tested only.
ON, OFF = ("nda-signed", "criteria-sent"), "data-file-received"
#: What nobody typed on live deals.
UNTYPED = ("cust.nda", "cust.decision_criteria")

#: agreement -> (kind, name, what the trace says; the same of a trace that misleads).
_SAID = {
    "cust.data_access": ("document", "", ("Stoppage log line {n}.xlsx", "Energy readings 20{n}.csv", "Maintenance cost by line.xlsx"), ("Stoppage log, brochure example.pdf", "Stoppage log of the old site.xlsx")),
    "cust.nda": ("field", "nda_status", ("signed",), ("signed",)),
    "cust.decision_criteria": ("activity", "E-mail received", ("Attached is our scoring sheet; price counts {n} percent.", "Please find the evaluation criteria our committee agreed on."), ("Thank you for the decision criteria guide on your website.",)),
}  # fmt: skip
#: Which share of agreements leaves a trace, and which share of deals without it has one that misleads.
LEFT, MISLEADING = 0.8, {"cust.data_access": 0.03, "cust.nda": 0.012, "cust.decision_criteria": 0.012}


_NOBODY = "Front desk"


def rules() -> list[Rule]:
    """Return the company's rules; they look at live deals only, where people are there to answer."""
    return [replace(starters()[key], only_open=True) for key in (*ON, OFF)]


def write(scene: Scene, *, steps: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Return the traces as events; ``note`` and ``counterpart`` tell what, and from whom."""
    rng = scene.rng("traces")
    gained = steps.filter(pl.col("state") == "gained").select("deal_id", "agreement", "at", "counterpart")
    parts = []
    for key, (kind, name, right, wrong) in _SAID.items():
        true = gained.filter(pl.col("agreement") == key)
        kept = true.filter(pl.Series(rng.random(true.height) < LEFT))
        others = deals.join(true, on="deal_id", how="anti").select(
            "deal_id", at="created", counterpart=pl.lit(_NOBODY)
        )
        misled = others.filter(pl.Series(rng.random(others.height) < MISLEADING[key]))
        for found, said in ((kept, right), (misled, wrong)):
            parts.append(_traces(found, kind=kind, name=name, said=said, rng=rng))
    return pl.concat(parts).sort("at", "deal_id", "kind")


def _traces(
    found: pl.DataFrame, *, kind: str, name: str, said: tuple[str, ...], rng: np.random.Generator
) -> pl.DataFrame:
    """Return one trace a row of ``found``, up to two days later."""
    which, number = rng.integers(0, len(said), found.height), rng.integers(10, 60, found.height)
    words = [said[w].format(n=n) for w, n in zip(which, number, strict=True)]
    later = pl.Series(rng.integers(1, 48 * 60, found.height) * 60_000_000, dtype=pl.Duration("us"))
    columns = frames.schema(frames.EVENTS)
    shown = {"agreement": pl.Series(words if not name else [name] * found.height, dtype=pl.String)}
    return found.select(
        "deal_id",
        "counterpart",
        **shown,
        at=(pl.col("at") + later).cast(columns["at"]),
        kind=pl.lit(kind),
        note=pl.Series(words if name else [""] * found.height, dtype=pl.String),
    )


def typed(events: pl.DataFrame, *, deals: pl.DataFrame) -> pl.DataFrame:
    """Return the events without what nobody typed on live deals."""
    live = deals.filter(pl.col("status") == "open")["deal_id"].implode()
    untyped = (
        pl.col("agreement").is_in(UNTYPED) & pl.col("deal_id").is_in(live) & (pl.col("kind") == "agreement")
    )
    return events.filter(~untyped)
