"""Strategies that many companies begin with, each with the agreements worth testing first.

They are hypotheses: discovery ranks them on the company's own deals.
"""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.languages import words_of


@dataclass(frozen=True, slots=True)
class Preset:
    key: str
    name: str
    statement: str
    metric: str
    candidates: tuple[str, ...]


PRESETS = words_of(
    (
        Preset(
            "discount-less",
            "Discount less",
            "Hold our price where we are worth it: settle value first, know our corridor, trade instead of give.",
            "supportive:discount<=0.15",
            (
                "cust.data_access",
                "cust.value_before_price",
                "cust.value_criteria",
                "cust.joint_business_case",
                "cust.executive_meeting",
                "cust.procurement_rules",
                "cust.selected",
                "cust.full_issue_list",
                "cust.reason_for_demand",
                "cust.reciprocal_trade",
                "int.price_corridor",
                "int.concession_plan",
                "int.exec_role",
            ),
        ),
        Preset(
            "sell-faster",
            "Sell faster",
            "Close the deals we can win in half the time: a sponsor, a reason to act and a plan early on.",
            "supportive:cycle_days<=90",
            (
                "cust.deal_sponsor",
                "cust.compelling_event",
                "cust.decision_process",
                "cust.mutual_plan",
                "cust.security_start",
                "cust.live_review",
                "cust.pilot_leads_to_buy",
                "cust.legal_calendar",
                "int.feasible",
                "int.credit",
            ),
        ),
        Preset(
            "grow-margin",
            "Grow margin",
            "Earn more on what we sell: standard offers, a known cost, and a price for every change.",
            "supportive:margin>=0.3",
            (
                "cust.data_access",
                "cust.standard_offer",
                "cust.out_of_scope",
                "cust.uplift",
                "cust.change_rule",
                "cust.payment_terms",
                "int.cost_estimate",
                "sup.special_price",
                "par.margin",
            ),
        ),
        Preset(
            "grow-accounts",
            "Grow accounts",
            "Sell more to those who know us: show the result together, and ask what would justify more.",
            "revenue",
            (
                "cust.executive_meeting",
                "cust.introductions",
                "cust.value_review",
                "cust.governance",
                "cust.expansion_test",
                "cust.renewal_intent",
                "int.exec_pairing",
            ),
        ),
        Preset(
            "win-more",
            "Win more",
            "Win more of what we pursue, and pursue less of what we lose.",
            "won",
            (
                "cust.problem_cost",
                "cust.champion_role",
                "cust.buying_group",
                "cust.group_consensus",
                "cust.risk_plan",
                "cust.tender_access",
                "cust.pilot_terms",
                "int.pursue",
            ),
        ),
    )
)


def by_key(key: str) -> Preset | None:
    return next((preset for preset in PRESETS if preset.key == key), None)


def for_metric(metric: str) -> Preset | None:
    """Return the preset that is about the same column as ``metric``."""
    about = metric.replace("supportive:", "").split("<")[0].split(">")[0]
    return next((preset for preset in PRESETS if about in preset.metric), None)
