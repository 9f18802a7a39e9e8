"""What would have to be true for a finding to be wrong, and what would change our mind."""

from __future__ import annotations

from math import isfinite

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.record import Record
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings.metric import Metric
from hingepoint.reports.findings.words import covariate, rounded, sentence


def robustness(facts: result.Finding, details: result.Details, metric: Metric) -> tuple[str, ...]:
    said = []
    if isfinite(facts.robustness):
        said.append(
            "Something nobody recorded would have to explain at least "
            f"{numbers.share(facts.robustness)} of what is left unexplained, both in which deals gain it "
            "and in the result, to take the whole effect away."
        )
    if isfinite(facts.robustness) and isfinite(details.robustness_sure):
        said.append(
            f"From {numbers.share(details.robustness_sure)} on, it could no longer be told from chance."
        )
    if details.benchmark and isfinite(details.benchmark_times):
        said.append(_benchmark(details.benchmark, details.benchmark_times))
    early, late = details.halves
    if isfinite(early) and isfinite(late):
        said.append(
            f"Deals that had it when looked at, against those that had not: {metric.effect(early)} in the "
            f"earlier half of the deals, {metric.effect(late)} in the later."
        )
    said += [sentence(one.in_words[:1].upper() + one.in_words[1:]) for one in details.repairs]
    said += [sentence(text) for text in details.disagreements]
    return tuple(said)


def _benchmark(column: str, times: float) -> str:
    strength = "more than 20 times" if times >= 20 else f"{numbers.number(times, 1)} times"
    return (
        f"Compared with what is on record, it would have to be {strength} as strong as “{covariate(column)}”."
    )


def what_would_change_our_mind(
    group: str, facts: result.Finding, record: Record, metric: Metric
) -> tuple[str, ...]:
    if group == "excluded" and facts.agreement not in record.plans:
        return (
            "If you know that people choose freely whether to go for it, have it judged: your word wins over the check.",
        )
    said = []
    if group in ("none", "weak", "excluded"):
        said += _more_evidence(facts, record)
    said += [one.in_words for one in facts.details.breaks]
    if group in ("lever", "harmful"):
        benchmark, times = facts.details.benchmark, facts.details.benchmark_times
        if benchmark is not None and times < 20:
            said.append(
                f"A cause that nobody recorded, at least {numbers.number(times, 1)} times as strong as "
                f"“{covariate(benchmark)}”, the strongest on record."
            )
        half = metric.effect(facts.effect / 2)
        said.append(
            f"The next refresh: at less than half the effect ({half}) it is weaker, without one it is gone."
        )
        said.append("A trial: teams that start asking for it at different dates drawn by lot.")
        said.append(
            "If it only comes with the signature and nobody chooses it, it is no lever: leave it out."
        )
    if facts.same_as:
        said.append("Deals in which one of the tied agreements is gained without the other.")
    return tuple(said)


def _more_evidence(facts: result.Finding, record: Record) -> list[str]:
    """Return how to get evidence where there is too little: more deals, or sooner a trial with its power."""
    said = []
    needed = facts.details.deals_needed
    if needed:
        deals = record.data.deals
        said.append(
            f"About {numbers.number(rounded(needed))} deals in the data (there are {numbers.number(deals)}) "
            "would settle an effect of this size."
        )
    plan = record.plans.get(facts.agreement)
    if plan:
        said.append(f"Sooner, by a trial. {plan.in_words}")
    return said
