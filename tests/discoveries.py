"""A small result of discovery, written by hand: every group of findings once, in the form that is stored.

``finished_run`` keeps it as a run of the cast's analyst.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from hingepoint.analysis.discovery.record import opened
from hingepoint.analysis.discovery.result import FRAME
from snapshot import made_once

SENTENCE = (
    "Strong evidence that “Early access to key data” helps: like for like, deals that gained it had more."
)


def facts(agreement: str, grade: str, effect: float | None = None, **more: Any) -> dict[str, Any]:
    """Return one finding of FORMATS; say what differs."""
    low, high = (None, None) if effect is None else (effect - 0.03, effect + 0.03)
    return {
        "agreement": agreement,
        "grade": grade,
        "excluded_because": None,
        "effect": effect,
        "ci": [low, high],
        "p_adjusted": None if effect is None else 0.001,
        "gained": 412,
        "not_gained": 1_288,
        "coverage": 0.24,
        "worth": None if effect is None else effect * 100,
        "worth_ci": [None, None] if effect is None else [low * 100, high * 100],
        "robustness": None if effect is None else 0.062,
        "best_by": None,
        "timing": [],
        "segments": [],
        "same_as": [],
        "in_words": f"About {agreement}.",
    } | more


FINDINGS = [
    facts(
        "cust.data_access",
        "strong",
        0.083,
        best_by="6w",
        in_words=SENTENCE,
        timing=[
            {"landmark": "3w", "effect": 0.05, "ci": [0.01, 0.09]},
            {"landmark": "6w", "effect": 0.09, "ci": [0.06, 0.12]},
        ],
        segments=[{"by": "segment", "value": "ENT", "effect": 0.12, "ci": [0.07, 0.17]}],
    ),
    facts("cust.exec_sponsor", "moderate", 0.041),
    facts("int.opening_discount", "moderate", -0.07),
    facts("cust.pilot_scope", "weak", 0.02),
    facts("cust.references", "none", 0.004),
    facts(
        "int.kickoff",
        "excluded",
        excluded_because="mechanical",
        in_words="“Kick-off” is not judged: 97% of the decided deals that gained it were won.",
    ),
]
NAMES = {
    "cust.data_access": "Early access to key data",
    "cust.exec_sponsor": "Executive agrees to sponsor the deal",
    "int.opening_discount": "Opening discount",
    "cust.pilot_scope": "Pilot scope",
    "cust.references": "References",
    "int.kickoff": "Kick-off",
}


def result(
    findings: list[dict] | None = None, pivotal: tuple[str, ...] = ("cust.data_access", "cust.exec_sponsor")
) -> dict:
    """Return the object of FORMATS."""
    findings = FINDINGS if findings is None else findings
    return {
        "schema": 1,
        "version": "0.1.0",
        "metric": {"name": "supportive:discount<=0.15", "unit": "share of deals", "better": "higher"},
        "data": {
            "deals": 1_700,
            "won": 640,
            "lost": 900,
            "open": 160,
            "events": 24_000,
            "types": len(findings),
            "from": "2023-01-02",
            "to": "2026-01-30",
            "bad_rows": 0,
            "rules": {"event_after_close": 12},
        },
        "settings": {
            "metric": "supportive:discount<=0.15",
            "pivotal": [6, 8],
            "seed": 1,
            "smallest_effect": 0.01,
        },
        "placebo": {"tested": 90, "rejected": 0},
        "warnings": ["With 1,700 deals at risk, chances to be among the best are on the confident side."],
        "findings": findings,
        "pivotal": [{"agreement": key, "p_top": 0.97, "selected_share": 0.9} for key in pivotal],
    }


DETAILS = {
    "expected": 0.075,
    "p_top": 0.97,
    "false_sign": 0.0004,
    "lags": [
        {"lag": "0w", "effect": 0.083, "ci": [0.05, 0.11]},
        {"lag": "4w", "effect": 0.079, "ci": [0.04, 0.11]},
    ],
    "halves": [0.08, 0.09],
    "benchmark": "initial_amount",
    "benchmark_times": 2.4,
    "deals_needed": 12_340,
    "disagreements": [],
    "ten_points": 3.1,
    "ten_points_ci": [1.2, 5.0],
    "robustness_sure": 0.031,
    "against": [{"covariate": "size", "bias": 0.012, "times": 2.4}],
    "prepared_by": ["cust.pilot_scope"],
    "paths": [{"in_words": "Gaining it raises the chance of the sponsor by 12 points."}],
    "joint": None,
    "doses": [
        {
            "by": "evidence",
            "level": 3,
            "low": 0.03,
            "low_ci": [-0.01, 0.07],
            "high": 0.11,
            "high_ci": [0.07, 0.15],
            "low_deals": 180,
            "high_deals": 232,
            "in_words": "Gained in writing it does more",
        }
    ],
}


PLAN = {
    "observed_deals": 12_300,
    "prompt_deals": 900,
    "prompt_weeks": 40.2,
    "wedge": None,
    "in_words": "Ask for it in every second deal, drawn by lot.",
}


def record(**changes: Any) -> dict[str, Any]:
    """Return a whole stored record; ``changes`` replace parts of the result."""
    made = result() | changes
    keys = [one["agreement"] for one in made["findings"]]
    rows = [
        dict.fromkeys(FRAME) | {"agreement": one["agreement"], "grade": one["grade"], "effect": one["effect"]}
        for one in made["findings"]
    ]
    return {
        "result": made,
        "names": {key: NAMES.get(key, key) for key in keys},
        "details": dict.fromkeys(keys, DETAILS),
        "differing": {key: ["ENT"] for key in keys},
        "table": pl.DataFrame(rows, schema=FRAME).to_dicts(),
        "reversing": {key: [] for key in keys},
        "segment_deals": {key: {"ENT": 60} for key in keys},
        "timing_deals": {key: {"3w": 80, "6w": 60} for key in keys},
        "plans": dict.fromkeys(keys, PLAN),
        "at_risk_a_quarter": 140.0,
        "noise": 0.45,
        "smallest_effect": 0.01,
        "landmarks": ["3w", "6w"],
        "horizon": "26w",
        "kind": "share",
        "among_won": False,
        "currency": "EUR",
        "enough": bool(made["pivotal"]),
    }


DEALS = b"deal_id,created,closed,status,discount\nN-1,2025-01-06,2025-03-03,won,0.10\nX-9,2025-01-06,2025-04-01,lost,\n"
EVENTS = b"deal_id,agreement,at\nN-1,cust.data_access,2025-01-20\n"


def waiting_run(cast, **settings: Any):
    """A run on two small files, asked for and not begun."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from cast import NOW
    from hingepoint.analysis.discovery import Settings
    from hingepoint.domain.discovery import actions

    files = {
        "deals": SimpleUploadedFile("deals.csv", DEALS),
        "events": SimpleUploadedFile("events.csv", EVENTS),
    }
    asked = Settings(**{"metric": "won"} | settings)
    return actions.ask_for_run(by=cast.analyst, at=NOW, settings=asked, made_from=actions.Input(files=files))


@made_once
def finished_run(cast, **changes: Any):
    """A run that is done; ``changes`` replace parts of its result."""
    from cast import NOW
    from hingepoint.domain.discovery import actions, work

    run = actions.begin(at=NOW, run_id=waiting_run(cast).pk)
    actions.keep_snapshot(at=NOW, run=run, data=work.read(run))
    actions.finish(at=NOW, run=run, found=work.Found(opened(record(**changes)), "0.1.0"))
    return run


@made_once
def trial(cast, key: str = "cust.references", **said: Any):
    """A trial of a finished run that asks in every second deal, drawn on the day of the cast; say what differs."""
    from cast import NOW, TODAY
    from hingepoint.domain.trials import actions

    promised = {"effect": 0.03, "take_up": 0.4, "power": 0.8, "deals": 900, "weeks": 40.0}
    lots = actions.Lots(**{"design": "prompt", "seed": 1, "starts_on": TODAY, "promised": promised} | said)
    return actions.draw_lots(by=cast.analyst, at=NOW, run_id=finished_run(cast).pk, key=key, lots=lots)
