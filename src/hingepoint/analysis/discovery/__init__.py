"""Finding the pivotal agreements: the few whose gain changes the result of a deal.

from hingepoint.analysis import discovery
found = discovery.discover(deals, events, settings=discovery.Settings(metric="won"))
print(found.summary())
"""

from hingepoint.analysis.discovery.engine import discover
from hingepoint.analysis.discovery.result import (
    Against,
    Details,
    Discovery,
    Dose,
    Facts,
    Finding,
    Joint,
    LagPoint,
    Level,
    Path,
    Pivotal,
    Placebo,
    SegmentEffect,
    Timing,
)
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings, weeks, weeks_label
from hingepoint.analysis.discovery.telling.comparing import Change, Comparison, Move, compare, out_of_time
from hingepoint.analysis.discovery.telling.explaining import Explanation, explain_deal
from hingepoint.analysis.trials.evidence import EvidencePlan, SteppedWedge, plan_evidence

__all__ = [
    "Against",
    "Change",
    "Comparison",
    "Details",
    "Discovery",
    "DiscoveryError",
    "Dose",
    "EvidencePlan",
    "Explanation",
    "Facts",
    "Finding",
    "Joint",
    "LagPoint",
    "Level",
    "Move",
    "Path",
    "Pivotal",
    "Placebo",
    "SegmentEffect",
    "Settings",
    "SteppedWedge",
    "Timing",
    "compare",
    "discover",
    "explain_deal",
    "out_of_time",
    "plan_evidence",
    "weeks",
    "weeks_label",
]
