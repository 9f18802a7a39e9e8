"""What a result metric is called, wherever it is named: on pages, in reports, in the sentence of a finding.

Three forms: ``noun`` fits into "moves …", ``title`` stands alone, ``outcome`` fits into "an effect on …".
"""

from __future__ import annotations

from hingepoint.analysis import metrics

#: Every built-in metric of ``metrics.BUILT_IN`` as a noun.
NOUNS = {
    "won": "the win rate",
    "net": "the contribution per deal",
    "sale_days": "the days to a sale",
    "discount": "the discount on won deals",
    "margin": "the margin on won deals",
    "revenue": "the revenue per won deal",
    "cycle_days": "the days from creation to winning",
    "price_realisation": "the price realisation on won deals",
    "contract_size": "the contract size at list prices",
    "escalation_rate": "the escalation rate",
    "no_decision": "the share of deals that end without a decision",
    "slippage": "the days by which deals close later than first expected",
}

_LIMITS = {"<=": "of {} or less", ">=": "of {} or more", "<": "below {}", ">": "above {}"}
_JUDGED = {"cycle_days": "a cycle", "amount": "an amount"}


def noun(name: str) -> str:
    """Return a metric as a noun: ``the share of deals won with a discount of 15% or less``.

    A name that this version does not know, of an old run, is returned as it is.
    """
    try:
        metric = metrics.parse(name)
    except metrics.MetricError:
        return name
    return f"the share of deals {_won_with(metric)}" if metric.conditions else _named(metric)


def _named(metric: metrics.Metric) -> str:
    return f"“{metric.own.name}”" if metric.own else NOUNS[metric.name]


def title(name: str) -> str:
    """Return a metric as a title: ``Win rate``."""
    words = noun(name).removeprefix("the ").strip("“”")
    return words[:1].upper() + words[1:]


def outcome(metric: metrics.Metric) -> str:
    """Return what an agreement has an effect on: ``being won``, ``the margin on won deals``."""
    if metric.conditions:
        return f"being {_won_with(metric)}"
    return "being won" if metric.name == "won" else _named(metric)


def served(name: str) -> tuple[str, str]:
    """Return what a deal did that counts for the metric, and one that does not: ``won``, ``lost``."""
    if name == "won":
        return "won", "lost"
    if name.startswith("supportive:"):
        return "won on target", "not won on target"
    better = "better than half of the won deals"
    return better, f"not {better}"


def sale(metric: metrics.Metric) -> str:
    """Return the conditions of a supportive sale: ``with a discount of 15% or less``."""
    return "with " + listed([_condition(condition) for condition in metric.conditions])


def _won_with(metric: metrics.Metric) -> str:
    return f"won {sale(metric)}"


def _condition(condition: metrics.Condition) -> str:
    judged = _JUDGED.get(condition.column, f"a {condition.column.replace('_', ' ')}")
    return f"{judged} {_LIMITS[condition.compare].format(_bound(condition))}"


def _bound(condition: metrics.Condition) -> str:
    if condition.column in ("discount", "margin"):
        return f"{round(condition.bound * 100, 1):g}%"
    shown = (
        f"{condition.bound:,.0f}" if condition.bound == int(condition.bound) else f"{condition.bound:,.1f}"
    )
    return f"{shown} days" if condition.column == "cycle_days" else shown


def listed(parts: list[str]) -> str:
    """Return ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
