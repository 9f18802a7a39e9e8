"""What a result metric is called, wherever it is named: on pages, in reports, in the sentence of a finding.

Three forms: ``noun`` fits into "moves …", ``title`` stands alone, ``outcome`` fits into "an effect on …".
"""

from __future__ import annotations

from hingepoint.analysis import metrics
from hingepoint.records import conventions
from hingepoint.records.languages import say, words_of

#: Every built-in metric of ``metrics.BUILT_IN`` as a noun.
NOUNS = words_of(
    {
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
)
#: The same, standing alone.
TITLES = words_of(
    {
        "won": "Win rate",
        "net": "Contribution per deal",
        "sale_days": "Days to a sale",
        "discount": "Discount on won deals",
        "margin": "Margin on won deals",
        "revenue": "Revenue per won deal",
        "cycle_days": "Days from creation to winning",
        "price_realisation": "Price realisation on won deals",
        "contract_size": "Contract size at list prices",
        "escalation_rate": "Escalation rate",
        "no_decision": "Share of deals that end without a decision",
        "slippage": "Days by which deals close later than first expected",
    }
)

_LIMITS = words_of(
    {
        "<=": "{what} of {bound} or less",
        ">=": "{what} of {bound} or more",
        "<": "{what} below {bound}",
        ">": "{what} above {bound}",
    }
)
_JUDGED = words_of(
    {
        "amount": "an amount",
        "cost": "a cost",
        "cycle_days": "a cycle",
        "discount": "a discount",
        "list_price": "a list price",
        "margin": "a margin",
        "net_price": "a net price",
        "revenue": "a revenue",
    }
)


def noun(name: str) -> str:
    """Return a metric as a noun: ``the share of deals won with a discount of 15% or less``.

    A name that this version does not know, of an old run, is returned as it is.
    """
    try:
        metric = metrics.parse(name)
    except metrics.MetricError:
        return name
    if metric.conditions:
        return say("the share of deals won {sale}", sale=sale(metric))
    return _named(metric)


def _named(metric: metrics.Metric) -> str:
    return f"“{metric.own.name}”" if metric.own else say(NOUNS[metric.name])


def title(name: str) -> str:
    """Return a metric as a title: ``Win rate``."""
    try:
        metric = metrics.parse(name)
    except metrics.MetricError:
        return name[:1].upper() + name[1:]
    if metric.own:
        return metric.own.name[:1].upper() + metric.own.name[1:]
    if metric.conditions:
        return say("Share of deals won {sale}", sale=sale(metric))
    return say(TITLES[metric.name])


def outcome(metric: metrics.Metric) -> str:
    """Return what an agreement has an effect on: ``being won``, ``the margin on won deals``."""
    if metric.conditions:
        return say("being won {sale}", sale=sale(metric))
    return say("being won") if metric.name == "won" else _named(metric)


def served(name: str) -> tuple[str, str]:
    """Return what a deal did that counts for the metric, and one that does not: ``won``, ``lost``."""
    if name == "won":
        return say("won"), say("lost")
    if name.startswith("supportive:"):
        return say("won on target"), say("not won on target")
    return say("better than half of the won deals"), say("not better than half of the won deals")


def sale(metric: metrics.Metric) -> str:
    """Return the conditions of a supportive sale: ``with a discount of 15% or less``."""
    conditions = listed([_condition(condition) for condition in metric.conditions])
    return say("with {conditions}", conditions=conditions)


def _condition(condition: metrics.Condition) -> str:
    what = _JUDGED.get(condition.column, condition.column)
    return say(_LIMITS[condition.compare], what=what, bound=_bound(condition))


def _bound(condition: metrics.Condition) -> str:
    if condition.column in ("discount", "margin"):
        told = conventions.conventions()
        return told.percent.format(number=told.number(f"{round(condition.bound * 100, 1):g}"))
    shown = (
        f"{condition.bound:,.0f}" if condition.bound == int(condition.bound) else f"{condition.bound:,.1f}"
    )
    shown = conventions.conventions().number(shown)
    return say("{n} days", n=shown) if condition.column == "cycle_days" else shown


def listed(parts: list[str]) -> str:
    """Return ``a, b and c``."""
    if len(parts) == 1:
        return parts[0]
    return say("{first} and {last}", first=", ".join(parts[:-1]), last=parts[-1])
