"""A result of discovery in words: the one reading that report, pages and terminal share.

``read`` takes the record of a run (``analysis.discovery.record``) and nothing else, so that a stored
run reads the same years later.
"""

from __future__ import annotations

from collections.abc import Iterable

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.record import Record
from hingepoint.analysis.intervals import Estimate, share
from hingepoint.analysis.metric_words import listed
from hingepoint.records.findings import Audited
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings.basis import data_facts, rules_applied, settings_shown
from hingepoint.reports.findings.finding import finding_in_words, group_but_for_doubts
from hingepoint.reports.findings.metric import Metric, metric_of_record
from hingepoint.reports.findings.replayed import replayed
from hingepoint.reports.findings.shapes import Checked, Finding, Shown
from hingepoint.reports.findings.words import count_in_words, in_time, length, rounded


def read(record: Record) -> Shown:
    """Return the record of a run in words."""
    metric = metric_of_record(record)
    choices = {choice.agreement: choice for choice in record.pivotal}
    findings = tuple(
        finding_in_words(facts, record, metric, choices.get(facts.agreement)) for facts in record.findings
    )
    chosen = tuple(sorted((one for one in findings if one.place), key=lambda one: one.place))
    tested, rejected = record.placebo.tested, record.placebo.rejected
    return Shown(
        metric=metric,
        headline=_headline(record, metric, findings, chosen),
        set_words=_set_words(record, chosen),
        chosen=chosen,
        findings=findings,
        audit=checked(record.audit),
        controls=record.controls.in_words,
        warnings=_warnings(record),
        placebo=_placebo_words(tested, rejected),
        placebo_counts=(tested, rejected),
        deals=record.data.deals,
        smallest=record.settings.get("smallest_effect") or 0.0,
        set_size=(record.settings.get("pivotal") or (6, 8))[1],
        data=data_facts(record.data),
        types=numbers.plural(record.data.types, "agreement type"),
        rules=rules_applied(record.data),
        settings=settings_shown(record, metric),
        landmarks=", ".join(in_time(label) for label in record.data.landmarks),
        horizon=length(record.data.horizon),
        clusters=_clusters(record),
        association_only=bool(record.settings.get("agreement_columns")),
        order_words=_order_words(record, findings),
        certificate=certificate_in_words(record.certificate),
        replay=replayed(record.replay),
    )


#: What the order of the types is, and what it is not.
ORDER = (
    "The order is by what to expect. It borrows strength: from what stands and what is newly gained at each age, from "
    "how decided deals of the same age ended, and from all other types. Beside each place stand those it may as "
    "well have, nine times in ten. A high place is a reason for a trial; only “strong” and “moderate” are shown."
)


def _order_words(record: Record, findings: tuple[Finding, ...]) -> str:
    """Return what the order is, and on which pack it leans; empty where there is none."""
    if not any(one.order_text for one in findings):
        return ""
    leaning = sum(bool(one.leans) for one in findings)
    if not leaning:
        return ORDER
    return (
        f"{ORDER} {numbers.plural(leaning, 'place')} marked * lean on the benchmark pack of "
        f"{record.settings.get('lean_on_name')}; no grade and no effect does."
    )


def certificate_in_words(made: result.Certificate | None) -> str:
    """Return how many of eight levers would have been seen; empty if that was not asked."""
    if made is None:
        return ""
    size = f"{100 * made.effect:g} points"
    if not made.planted:
        return f"Levers of {size} could not be planted into these deals: too few were lost."
    shown, on_top = share(made.shown, made.planted), share(made.on_top, made.planted)
    return (
        f"With these data, {_of_eight(shown)} of eight levers of {size} would have been shown as strong or "
        f"moderate ({_between(shown)}), and {_of_eight(on_top)} would have stood among the first eight of the order "
        f"({_between(on_top)}). {numbers.number(made.planted)} levers were planted into {made.histories} histories "
        "drawn from your own deals."
    )


def _of_eight(one: Estimate) -> str:
    number = round(8 * (one.value or 0.0))
    return count_in_words(number).lower() if number else "none"


def _between(one: Estimate) -> str:
    return f"95% interval {8 * (one.low or 0.0):.1f} to {8 * (one.high or 0.0):.1f}"


def checked(audit: Iterable[result.Check]) -> tuple[Checked, ...]:
    """Return the checks of the record in words, those to look at first."""
    order = [Audited.FAULT, Audited.UNKNOWN, Audited.FINE]
    told = sorted(audit, key=lambda one: order.index(one.state))
    return tuple(Checked(str(one.state), one.state.label, one.in_words) for one in told)


def _warnings(record: Record) -> tuple[str, ...]:
    """Return the notes, without what the audit of the record says."""
    audited = {one.in_words for one in record.audit} | {record.controls.in_words}
    notes = (text for text in record.warnings if text not in audited)
    return tuple(text.replace(" Choose another with --metric.", "") for text in notes)


def _clusters(record: Record) -> str:
    """Return whose deals were taken to hang together, and how many they were; empty where not on record."""
    by, number = record.data.clustered_by, record.data.clusters
    return numbers.plural(number, by) if by and number else ""


def _headline(
    record: Record, metric: Metric, findings: tuple[Finding, ...], chosen: tuple[Finding, ...]
) -> tuple[str, ...]:
    if not chosen:
        return _nothing_proposed(record, metric, findings)
    levers = [f"“{one.name}”" for one in chosen]
    best = chosen[0]
    if len(levers) == 1:
        first = f"One agreement is shown to move {metric.noun}: {levers[0]}."
    else:
        first = f"{count_in_words(len(levers))} agreements are shown to move {metric.noun}: {listed(levers)}."
    by = f" by {best.best_by}" if best.best_by else ""
    second = (
        f"The one worth most is “{best.name}”: gaining it{by} changes the result by {best.effect_text} per deal "
        f"({best.interval_text}), on {best.counts_text}."
    )
    return (first, second)


def _nothing_proposed(record: Record, metric: Metric, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    deals = numbers.number(record.data.deals)
    doubted = {
        one.agreement for one in record.findings if group_but_for_doubts(one, metric.better) == "lever"
    }
    doubtful = [f"“{one.name}”" for one in findings if one.key in doubted]
    if doubtful:
        go = "goes" if len(doubtful) == 1 else "go"
        return (
            f"{listed(doubtful[:4])} {go} with a better result, but that may come of how the record was kept, or has turned since.",
            "Nothing is proposed before that is cleared: each finding says what speaks against it, and what would tell.",
        )
    first = f"These {deals} deals do not show that any agreement moves {metric.noun}."
    weak = [f"“{one.name}”" for one in findings if one.group == "weak"]
    harmful = [f"“{one.name}”" for one in findings if one.group == "harmful"]
    if harmful:
        return (first, f"{listed(harmful[:3])} {'goes' if len(harmful) == 1 else 'go'} with a worse result.")
    if weak:
        return (first, f"Worth a test: {listed(weak[:4])}.")
    needed = sorted(one.deals_needed for one in findings if one.deals_needed and one.group == "none")
    if needed:
        return (first, f"The nearest to an answer needs about {numbers.number(rounded(needed[0]))} deals.")
    if all(one.effect is None for one in findings):
        return (first, "None could be judged: see below what was left out, and why.")
    return (first, "That is an answer too: nothing here should change how you sell.")


def _set_words(record: Record, chosen: tuple[Finding, ...]) -> str:
    least, most = record.settings.get("pivotal", (6, 8))
    if not chosen:
        return "No set is proposed: we do not fill it up with agreements that are not shown to matter."
    if len(chosen) < least:
        return (
            f"The proposed set has {count_in_words(len(chosen)).lower()}, not {least} to {most}: it is never filled up with "
            "agreements that are not shown to matter. Add others by judgement if you must, and label them so."
        )
    return (
        f"The {count_in_words(len(chosen)).lower()} that would bring the most, each shown to matter by itself with the "
        "others held equal."
    )


def _placebo_words(tested: int, rejected: int) -> str:
    if not tested:
        return "No placebo test was made: there was nothing to test."
    passed = "none" if rejected == 0 else numbers.number(rejected)
    clean = result.Placebo(tested, rejected).clean
    verdict = "as it should be" if clean else "more than chance allows: be careful"
    return (
        f"With every effect taken out of the results, {passed} of {numbers.number(tested)} tests still found one: "
        f"{verdict}."
    )
