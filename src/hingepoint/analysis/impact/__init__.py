"""What a rollout is worth: planned with the smallest effect it can prove, sealed, and measured against its own lot.

``plan`` draws the order and says what it can prove; ``measure`` gives the effect of teams that started against those
that waited. Estimators are sums of weight x value (``weights``), judged by every order that the lot could have
drawn (``chance``).
"""

from hingepoint.analysis.impact.card import Card
from hingepoint.analysis.impact.card import read as read_card
from hingepoint.analysis.impact.chance import Reading
from hingepoint.analysis.impact.conclusion import NOT_SHOWN, NOT_YET, SHOWN
from hingepoint.analysis.impact.measuring import Impact, Lot, measure
from hingepoint.analysis.impact.panel import ImpactError, Panel, spelled
from hingepoint.analysis.impact.planning import Plan, plan
from hingepoint.analysis.impact.telling import held, in_words, plan_in_words, plan_to_dict, to_dict

__all__ = [
    "NOT_SHOWN",
    "NOT_YET",
    "SHOWN",
    "Card",
    "Impact",
    "ImpactError",
    "Lot",
    "Panel",
    "Plan",
    "Reading",
    "held",
    "in_words",
    "measure",
    "plan",
    "plan_in_words",
    "plan_to_dict",
    "read_card",
    "spelled",
    "to_dict",
]
