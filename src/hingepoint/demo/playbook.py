"""What the demo company asks of every deal: the standard of its seven pivotal agreements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hingepoint.demo.planted import PIVOTAL

STATEMENT = (
    "Too much of what we win, we win by giving in at the end. We want to hold our price where we are "
    "worth it: settle value first, know our corridor, and trade instead of give. Without losing deals."
)
TARGETS = (
    # metric, baseline, target
    ("supportive:discount<=0.15", 0.24, 0.34),
    ("discount", 0.15, 0.11),
    ("won", 0.47, 0.47),
    ("price_realisation", 0.86, 0.90),
    ("no_decision", 0.19, 0.15),
    ("escalation_rate", 0.14, 0.10),
    ("slippage", 21, 14),
)


@dataclass(frozen=True, slots=True)
class Standard:
    """By when one pivotal agreement is needed and what belongs to it, as its playbook page shows. ``gain``: why somebody
    would promise it, as plans of talks say."""

    key: str
    days: int
    evidence: int
    questions: tuple[str, ...]
    demand: str
    reasons: tuple[str, ...]
    trades: tuple[str, ...]
    gain: str
    principles: tuple[str, ...] = field(default=())

    def columns(self) -> dict[str, Any]:
        """Return the columns of ``PivotalAgreement``."""
        return {
            "needed_by": "days",
            "needed_days": self.days,
            "evidence_wanted": self.evidence,
            "questions": list(self.questions),
            "demands": [{"demand": self.demand, "reasons": list(self.reasons), "trades": list(self.trades)}],
            "principles": list(self.principles),
        }


STANDARDS = (
    Standard(
        "cust.data_access",
        days=35,
        evidence=3,
        questions=(
            "Which figure would your controller believe?",
            "Who keeps it, and when can our engineer see it?",
            "What would have to be true for you not to share it?",
        ),
        demand="A price first, figures later",
        reasons=("Procurement compares by price only", "Nobody owns the figures"),
        trades=("A benchmark of their trade against their figures", "A confidentiality agreement today"),
        gain="Their engineer sees how plants like theirs do",
        principles=("Value before price",),
    ),
    Standard(
        "cust.executive_meeting",
        days=49,
        evidence=2,
        questions=(
            "Whose target suffers if nothing changes?",
            "What should be different a year from now?",
            "Who else would have to want this?",
        ),
        demand="Talk to procurement, not to the board",
        reasons=("The manager fears to be passed over", "The board has other worries"),
        trades=("Our executive comes to their site", "A one-page brief they may correct first"),
        gain="Their manager is the one who brings the board an answer",
        principles=("Executives talk about value, never about price",),
    ),
    Standard(
        "cust.value_before_price",
        days=56,
        evidence=2,
        questions=(
            "If price were equal, what would decide?",
            "What must be clear before a figure helps you?",
            "Would a range be enough for now?",
        ),
        demand="A written quote this week",
        reasons=("A budget round is open", "They need a third offer to compare"),
        trades=("A price range for the budget", "A half-day workshop in place of a quote"),
        gain="They compare what counts, and need no second round",
        principles=("Value before price",),
    ),
    Standard(
        "cust.value_criteria",
        days=63,
        evidence=3,
        questions=(
            "How did you compare the last time, and were you content?",
            "Who loses if the cheapest bid fails?",
            "What does procurement have to show?",
        ),
        demand="The lowest unit price",
        reasons=("Procurement is measured on first-year saving", "No method to count the rest"),
        trades=("Our scoring sheet, theirs to change", "A call with a user who counted it"),
        gain="Procurement can show a saving that lasts longer than a year",
    ),
    Standard(
        "cust.joint_business_case",
        days=77,
        evidence=3,
        questions=(
            "What does a case look like that your board accepts?",
            "Which assumption would they attack first?",
            "Who presents it?",
        ),
        demand="A discount that shortens the payback",
        reasons=("Payback must stay below two years", "The case counts only energy"),
        trades=("A staged roll-out", "Counting avoided standstills, with their controller"),
        gain="Their controller has a case that the board does not send back",
        principles=("Value before price", "Every movement has its return"),
    ),
    Standard(
        "int.price_corridor",
        days=63,
        evidence=3,
        questions=("What is it worth to them?", "Where do we stop, and who owns that figure?"),
        demand="Your best price, now",
        reasons=("They test how firm we are", "They have a figure from a rival"),
        trades=("A shorter scope at list price", "A longer term against two points"),
        gain="It is argued once, and not again in each round",
        principles=("We know our floor before we speak of price",),
    ),
    Standard(
        "int.concession_plan",
        days=70,
        evidence=2,
        questions=("What costs us little and helps them much?", "What do we ask for in return, each time?"),
        demand="One more point and we sign",
        reasons=("They must report a success", "There is a last approver we have not met"),
        trades=("Training against payment on order", "Longer warranty against a reference visit"),
        gain="Whoever approves sees what comes back for each point",
        principles=("Every movement has its return", "Rounds get smaller"),
    ),
)

WHY = {lever.key: lever.why for lever in PIVOTAL}
