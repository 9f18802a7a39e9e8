"""Which tables an everyday line of the trail was written with: what an answer that is kept for pages need not be made anew for."""

from __future__ import annotations

from collections.abc import Mapping

from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.plans import Verdict

_STEP = frozenset({"agreement", "agreementevent", "contact", "detection"})
_NOTE = frozenset({"dealevent"})
_NOTHING: frozenset[str] = frozenset()

#: What an everyday line of the trail tells of, by its subject and action: the tables, of those that kept answers read, that were
#: written with it. Of every other line that is not ``APART`` anything may have been written. ``tests/locks.py`` holds every test
#: of an action to this as well.
WRITES: Mapping[tuple[str, str], frozenset[str]] = {
    **{("agreement", state): _STEP for state in AgreementState.values},
    ("agreement", "take back"): _STEP,
    ("agreement", "write plan"): frozenset({"plan"}),
    ("deal", "write plan"): frozenset({"plan"}),
    **{("agreement", f"review plan: {verdict}"): _NOTHING for verdict in Verdict.values},
    **{("deal", f"review plan: {verdict}"): _NOTHING for verdict in Verdict.values},
    ("agreement", "debrief"): frozenset({"debrief"}),
    **{("deal", f"note {kind}"): _NOTE for kind in EventKind.values},
    **{("deal", f"take back {kind}"): _NOTE for kind in EventKind.values},
    **{("deal", f"{action} exception"): _NOTHING for action in ("answer", "change", "pass on", "withdraw")},
    **{("deal", action): _NOTHING for action in ("give reason", "set corridor", "look back")},
    **{("deal", f"{action} premortem"): _NOTHING for action in ("begin", "answer")},
    **{
        ("deal", f"{action} executive role"): frozenset({"involvement"})
        for action in ("agree", "accept", "end")
    },
    ("escalation", "give pulse"): _NOTHING,
    ("coaching", "hold coaching session"): frozenset({"coachingsession", "routinedue"}),
    **{
        ("review", action): frozenset({"routinedue"})
        for action in (
            "plan",
            "open",
            "end",
            "sit",
            "prepare",
            "write addition",
            "write commitment",
            "write decision",
        )
    },
    **{("message", action): frozenset({"routinedue"}) for action in ("send", "read")},
    ("routine", "do"): frozenset({"routinedue"}),
}
