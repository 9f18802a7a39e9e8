"""A result of discovery in words: the one reading that report, pages and terminal share.

``read`` takes the record of a run (``analysis.discovery.record``) and nothing else, so that a stored
run reads the same years later.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.record import Record
from hingepoint.connectors import files
from hingepoint.reports.charts import numbers

#: The order in which findings are told, and the heading of each group.
GROUPS = {
    "lever": "Agreements that move the result",
    "harmful": "Agreements that go with a worse result",
    "weak": "Worth a test",
    "none": "Not enough evidence",
    "excluded": "Left out, and why",
}

GRADE_WORDS = {
    "strong": "Strong",
    "moderate": "Moderate",
    "weak": "Weak",
    "none": "Not enough evidence",
    "excluded": "Left out",
    "harmful": "Harmful",
}

#: Groups of fewer deals are never shown alone.
SMALL_GROUP = 5

#: Why a type was left out, in a few words; the finding's own sentence says the rest.
EXCLUDED = {
    "mechanical": "Part of closing",
    "leading": "Follows the decision",
    "too_few": "Too few deals",
    "no_overlap": "Nothing to compare with",
    "leak": "Filled in afterwards",
    "constant": "Always the same",
}

#: What recorded facts are called that the analysis makes itself; a column keeps its own name.
COVARIATES = {
    "activity": "activity so far",
    "calendar": "time of creation",
    "history": "the account’s past deals",
    "landmark": "age of the deal",
    "initial_amount": "size at creation",
    "size": "size at creation",
}

#: What the rules that applied to rows are called: the reader's, and those of the analysis itself.
RULES = {rule.key: f"{rule.sentence[:1].upper()}{rule.sentence[1:]}: {rule.does}" for rule in files.RULES} | {
    "duplicate_deal": "A deal is listed twice: the first is used",
    "closed_without_date": "A deal is won or lost without a closing date: left out",
    "unreadable_deal": "A deal has no id, creation date or known status: left out",
    "unreadable_event": "An event has no deal, agreement or date: left out",
    "event_after_close": "An event is after the deal was closed, too late to have caused it: left out",
    "event_before_creation": "An event is before the deal was created: counted from its first day",
    "won_without_figures": "A won deal lacks the figures that the metric needs: left out",
}

_NOUNS = {
    "won": "the win rate",
    "net": "the contribution per deal",
    "discount": "the discount on won deals",
    "margin": "the margin on won deals",
    "revenue": "the revenue per won deal",
    "cycle_days": "the days from creation to winning",
    "sale_days": "the days to a sale",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """What was measured. ``noun`` fits into "moves …", ``title`` stands alone, ``unit`` is that of
    ``charts.numbers``; ``better`` is higher or lower."""

    name: str
    noun: str
    title: str
    unit: str
    unit_title: str
    better: str
    among_won: bool

    def effect(self, value: float | None) -> str:
        return numbers.effect(value, self.unit)

    def interval(self, low: float | None, high: float | None) -> str:
        return numbers.interval(low, high, self.unit)


@dataclass(frozen=True, slots=True)
class Reading:
    """An effect at one landmark, in one segment, or with a later clock."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    interval: str
    differs: bool = False
    reverses: bool = False


@dataclass(frozen=True, slots=True)
class Dose:
    """The effect of gaining it well against gaining it barely: both readings, and what that says."""

    title: str
    readings: tuple[Reading, Reading]
    words: str


@dataclass(frozen=True, slots=True)
class Against:
    """A recorded fact to measure an unrecorded one by: what a cause as strong would take from the
    effect, and how many times as strong it would have to be to take all of it."""

    covariate: str
    bias: str
    times: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One agreement type, ready to show. ``group`` is a key of ``GROUPS``; texts are empty where there
    is nothing to say."""

    key: str
    name: str
    group: str
    grade: str
    grade_words: str
    effect: float | None
    low: float | None
    high: float | None
    effect_text: str
    interval_text: str
    coverage: float | None
    coverage_text: str
    worth_text: str
    worth_interval: str
    gained: int
    not_gained: int
    counts_text: str
    sure_text: str
    sentence: str
    reason: str
    why: str
    by_check: bool
    best_by: str
    timing: tuple[Reading, ...]
    segments: tuple[Reading, ...]
    small_segments: int
    lags: tuple[Reading, ...]
    doses: tuple[Dose, ...]
    paths: tuple[str, ...]
    ten_points: str
    robustness: tuple[str, ...]
    against: tuple[Against, ...]
    same_as: tuple[str, ...]
    chosen: str
    refits: str
    place: int
    deals_needed: int | None
    needed_text: str
    mind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Agreement types left out for one and the same reason."""

    reason: str
    why: str
    findings: tuple[Finding, ...]

    @property
    def names(self) -> str:
        return ", ".join(f"“{finding.name}”" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole result, ready to show."""

    metric: Metric
    headline: tuple[str, ...]
    set_words: str
    chosen: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    placebo: str
    placebo_counts: tuple[int, int]
    smallest: float
    deals: int
    set_size: int
    data: tuple[tuple[str, str], ...]
    types: str
    rules: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    landmarks: str
    horizon: str
    clusters: str
    association_only: bool

    def of(self, group: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.group == group)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The excluded types by reason, those that share one named together."""
        by_reason: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.of("excluded"):
            by_reason.setdefault((finding.reason, finding.why), []).append(finding)
        return tuple(LeftOut(reason, why, tuple(found)) for (reason, why), found in by_reason.items())

    def one(self, key: str) -> Finding:
        """Return the finding of an agreement type; KeyError when the run has none of that key."""
        for finding in self.findings:
            if finding.key == key:
                return finding
        raise KeyError(key)


def read(record: Record) -> Shown:
    """Return the record of a run in words."""
    metric = _metric(record)
    choices = {choice.agreement: choice for choice in record.pivotal}
    findings = tuple(
        _finding(facts, record, metric, choices.get(facts.agreement)) for facts in record.findings
    )
    chosen = tuple(sorted((one for one in findings if one.place), key=lambda one: one.place))
    tested, rejected = record.placebo.tested, record.placebo.rejected
    return Shown(
        metric=metric,
        headline=_headline(record, metric, findings, chosen),
        set_words=_set_words(record, chosen),
        chosen=chosen,
        findings=findings,
        warnings=tuple(text.replace(" Choose another with --metric.", "") for text in record.warnings),
        placebo=_placebo_words(tested, rejected),
        placebo_counts=(tested, rejected),
        deals=record.data.deals,
        smallest=record.settings.get("smallest_effect") or 0.0,
        set_size=(record.settings.get("pivotal") or (6, 8))[1],
        data=_data_facts(record.data),
        types=numbers.plural(record.data.types, "agreement type"),
        rules=_rules(record.data),
        settings=_settings(record, metric),
        landmarks=", ".join(in_time(label) for label in record.data.landmarks),
        horizon=length(record.data.horizon),
        clusters=_clusters(record),
        association_only=bool(record.settings.get("agreement_columns")),
    )


def _clusters(record: Record) -> str:
    """Return whose deals were taken to hang together, and how many they were; empty where not on record."""
    by, number = record.data.clustered_by, record.data.clusters
    return numbers.plural(number, by) if by and number else ""


def in_time(label: str | None) -> str:
    """Return ``week 6`` for a landmark ``6w``, ``day 10`` for ``10d``; other labels as they are."""
    match = re.fullmatch(r"([\d.]+)([wd])", label or "")
    return f"{'week' if match[2] == 'w' else 'day'} {match[1]}" if match else (label or "")


def length(label: str | None) -> str:
    """Return ``26 weeks`` for ``26w``."""
    match = re.fullmatch(r"([\d.]+)([wd])", label or "")
    if not match:
        return label or ""
    word = "week" if match[2] == "w" else "day"
    return f"{match[1]} {word if match[1] == '1' else word + 's'}"


def metric_noun(name: str) -> str:
    """Return a metric as a noun: ``the share of deals won at a discount of 15% or less``."""
    if not name.startswith("supportive:"):
        return _NOUNS.get(name, name)
    return f"the share of deals won with {listed([_condition(part) for part in name[11:].split(' and ')])}"


def metric_title(name: str) -> str:
    """Return a metric as a title: ``Win rate``."""
    words = metric_noun(name).removeprefix("the ")
    return words[:1].upper() + words[1:]


def metric_of(name: str, currency: str = "") -> Metric:
    """Return the metric of that name, without a run; ``currency`` is that of its amounts."""
    known = metrics.parse(name)
    return _named(known.name, known.kind, known.better, known.among_won, currency)


def served_words(metric: Metric) -> tuple[str, str]:
    """Return what a deal did that counts for the metric, and one that does not: ``won``, ``lost``."""
    if metric.name == "won":
        return "won", "lost"
    if metric.name.startswith("supportive:"):
        return "won on target", "not won on target"
    better = "better than half of the won deals"
    return better, f"not {better}"


_COMPARE = {"<=": "of {} or less", ">=": "of {} or more", "<": "below {}", ">": "above {}"}
_JUDGED = {"cycle_days": "a cycle", "discount": "a discount", "margin": "a margin"}


def _condition(text: str) -> str:
    match = re.fullmatch(r"\s*(\w+?)(<=|>=|<|>)(-?[\d.]+)\s*", text)
    if not match:
        return text
    column, compare, bound = match[1], match[2], float(match[3])
    if column in ("discount", "margin"):
        shown = numbers.share(bound, 0 if round(bound * 100, 6).is_integer() else 1)
    elif column == "cycle_days":
        shown = f"{numbers.number(bound)} days"
    else:
        shown = numbers.number(bound)
    noun = _JUDGED.get(column, f"a {column.replace('_', ' ')}")
    return f"{noun} {_COMPARE[compare].format(shown)}"


def _metric(record: Record) -> Metric:
    facts = record.metric
    return _named(facts.name, facts.kind, facts.better, facts.among_won, record.currency)


def _named(name: str, kind: str, better: str, among_won: bool, currency: str) -> Metric:
    unit = {"share": "points", "days": "days"}.get(kind, currency)
    title = {"points": "percentage points", "days": "days"}.get(unit, unit or "money per deal")
    return Metric(
        name=name,
        noun=metric_noun(name),
        title=metric_title(name),
        unit=unit,
        unit_title=title,
        better=better,
        among_won=among_won,
    )


def _finding(facts: result.Finding, record: Record, metric: Metric, choice: result.Pivotal | None) -> Finding:
    key = facts.agreement
    details = facts.details
    names = {one.agreement: one.name for one in record.findings}
    segments = _segments(facts, metric)
    low, high = map(known, facts.ci)
    group = group_of(facts, metric.better)
    needed = details.deals_needed
    return Finding(
        key=key,
        name=facts.name,
        group=group,
        grade=str(facts.grade),
        grade_words=GRADE_WORDS["harmful" if group == "harmful" else facts.grade],
        effect=known(facts.effect),
        low=low,
        high=high,
        effect_text=metric.effect(facts.effect),
        interval_text=metric.interval(low, high),
        coverage=known(facts.coverage),
        coverage_text=numbers.share(facts.coverage, 0),
        worth_text=_worth(facts.worth, record, metric),
        worth_interval=_worth_interval(facts.worth_ci, record, metric),
        gained=facts.gained,
        not_gained=facts.not_gained,
        counts_text=f"{numbers.plural(facts.gained, 'deal')} with it, {numbers.number(facts.not_gained)} without",
        sure_text=_sure(details, facts),
        sentence=facts.in_words,
        reason=EXCLUDED.get(facts.excluded_because or "", (facts.excluded_because or "").replace("_", " ")),
        why=_why(facts.in_words),
        by_check=facts.excluded_because in ("mechanical", "leading"),
        best_by=in_time(facts.best_by) if facts.best_by else "",
        timing=tuple(_reading(in_time(one.landmark), one, metric) for one in facts.timing),
        segments=segments,
        small_segments=len(facts.segments) - len(segments),
        lags=tuple(_reading(_later(one.lag), one, metric) for one in details.lags),
        doses=tuple(_dose(one, metric) for one in details.doses),
        paths=_paths(details, names),
        ten_points=_ten_points(details, record, metric),
        robustness=_robustness(facts, details, metric),
        against=tuple(_against(one, metric) for one in details.against),
        same_as=tuple(names.get(other, other) for other in facts.same_as),
        chosen=_chosen_words(choice),
        refits=numbers.share(choice.selected_share, 0) if choice else "",
        place=record.places.get(key, 0),
        deals_needed=needed,
        needed_text=f"about {numbers.number(rounded(needed))} deals" if needed else "",
        mind=_what_would_change_our_mind(group, facts, record, metric),
    )


def _segments(facts: result.Finding, metric: Metric) -> tuple[Reading, ...]:
    """Return the segments large enough to be shown alone, those that clearly differ marked."""
    return tuple(
        replace(
            _reading(f"{one.value} ({one.by.replace('_', ' ')})", one, metric),
            differs=one.differs,
            reverses=one.reverses,
        )
        for one in facts.segments
        if _large_enough(one)
    )


def _large_enough(segment: result.SegmentEffect) -> bool:
    """Return whether a segment may be shown alone: fewer than five deals never are."""
    return not 0 < segment.deals < SMALL_GROUP


def group_of(facts: result.Finding, better: str) -> str:
    """Return the key of ``GROUPS`` that a finding belongs to."""
    if facts.grade in ("strong", "moderate"):
        against = facts.effect < 0 if better == "higher" else facts.effect > 0
        return "harmful" if against else "lever"
    return str(facts.grade)


def known(value: float) -> float | None:
    """Return a number, or None for one that is not known."""
    return value if isfinite(value) else None


def _reading(
    label: str, one: result.Timing | result.SegmentEffect | result.LagPoint, metric: Metric
) -> Reading:
    return _read(label, one.effect, one.ci, metric)


def _read(label: str, effect: float, ci: result.Interval, metric: Metric) -> Reading:
    low, high = map(known, ci)
    return Reading(label, known(effect), low, high, metric.effect(effect), metric.interval(low, high))


def _dose(one: result.Dose, metric: Metric) -> Dose:
    below = f"Below {one.level} ({numbers.number(one.low_deals)})"
    well = f"{one.level} or more ({numbers.number(one.high_deals)})"
    readings = (
        _read(below, one.low, one.low_ci, metric),
        _read(well, one.high, one.high_ci, metric),
    )
    return Dose(f"By {one.by}", readings, sentence(one.in_words))


def _paths(details: result.Details, names: dict[str, str]) -> tuple[str, ...]:
    """Return what it prepares, what prepares it, and what its bundle does together, in sentences."""
    said = [sentence(path.in_words) for path in details.paths]
    prepared_by = [f"“{names.get(key, key)}”" for key in details.prepared_by]
    if prepared_by:
        said.append(f"Prepared by {listed(prepared_by)}: deals that gained that first gain this more often.")
    joint = details.joint
    return (*said, sentence(joint.in_words)) if joint else tuple(said)


def _ten_points(details: result.Details, record: Record, metric: Metric) -> str:
    """Return what ten more of a hundred deals gaining it in time would bring; empty where not known."""
    value = details.ten_points
    if not isfinite(value):
        return ""
    interval = _worth_interval(details.ten_points_ci, record, metric)
    return _worth(value, record, metric) + (f" ({interval})" if interval else "")


def _against(one: result.Against, metric: Metric) -> Against:
    times = "more than 20 times" if one.times >= 20 else f"{numbers.number(one.times, 1)} times"
    return Against(covariate(one.covariate).capitalize(), metric.effect(one.bias), times)


def _later(lag: str) -> str:
    return "At once" if lag in ("0w", "0d") else f"{length(lag)} later"


def rounded(deals: int) -> int:
    """Return a planning figure with two significant digits: it is no more exact than that."""
    size = 10 ** max(len(str(deals)) - 2, 0)
    return -(-deals // size) * size


def _worth(value: float, record: Record, metric: Metric) -> str:
    """Return what full coverage would bring: sales or money a quarter, or a change of the average."""
    if not isfinite(value):
        return numbers.MISSING
    if metric.among_won and record.metric.kind != "money":
        return f"{_on_average(value, record, metric)} on average"
    if record.metric.kind == "money":
        return f"{metric.effect(value)} a quarter"
    return f"{_deals(value)} sales a quarter"


def _worth_interval(interval: result.Interval, record: Record, metric: Metric) -> str:
    if not isfinite(interval[0]):
        return ""
    if metric.among_won and record.metric.kind != "money":
        at_risk = record.data.at_risk_a_quarter or 1
        return metric.interval(interval[0] / at_risk, interval[1] / at_risk)
    if record.metric.kind == "money":
        return metric.interval(*interval)
    return f"{_deals(interval[0])} to {_deals(interval[1])}"


def _on_average(value: float, record: Record, metric: Metric) -> str:
    return metric.effect(value / (record.data.at_risk_a_quarter or 1))


def _deals(value: float) -> str:
    return numbers.signed(value, 0 if abs(value) >= 10 else 1)


def _sure(details: result.Details, facts: result.Finding) -> str:
    wrong = details.false_sign
    if not (isfinite(wrong) and isfinite(facts.effect)):
        return ""
    if wrong < 0.001:
        return "the chance that it works the other way is below 1 in 1,000"
    return f"the chance that it works the other way is {numbers.share(wrong, 1)}"


def _robustness(facts: result.Finding, details: result.Details, metric: Metric) -> tuple[str, ...]:
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
        said.append(_benchmark(details))
    early, late = details.halves
    if isfinite(early) and isfinite(late):
        said.append(
            f"Deals that had it when looked at, against those that had not: {metric.effect(early)} in the "
            f"earlier half of the deals, {metric.effect(late)} in the later."
        )
    said += [sentence(text) for text in details.disagreements]
    return tuple(said)


def _why(text: str) -> str:
    """Return the reason in an exclusion's sentence without the name it begins with."""
    return re.sub(r"^“.*?” (?:is not|cannot be) judged: ", "", text)


def sentence(text: str) -> str:
    """Return a text beginning with a capital and ending with a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def covariate(name: str) -> str:
    """Return what a recorded fact is called, by the name of its column."""
    return COVARIATES.get(name, name.replace("_", " "))


def _benchmark(details: result.Details) -> str:
    name = covariate(details.benchmark)
    times = details.benchmark_times
    strength = "more than 20 times" if times >= 20 else f"{numbers.number(times, 1)} times"
    return f"Compared with what is on record, it would have to be {strength} as strong as “{name}”."


def _chosen_words(choice: result.Pivotal | None) -> str:
    if choice is None:
        return ""
    return (
        f"among the best eight in {numbers.share(choice.p_top, 0)} of draws, "
        f"chosen in {numbers.share(choice.selected_share, 0)} of refits"
    )


def _what_would_change_our_mind(
    group: str, facts: result.Finding, record: Record, metric: Metric
) -> tuple[str, ...]:
    if group == "excluded" and facts.agreement not in record.plans:
        return (
            "If you know that people choose freely whether to go for it, have it judged: your word wins over the check.",
        )
    said = []
    if group in ("none", "weak", "excluded"):
        said += _more_evidence(facts, record)
    if group in ("lever", "harmful"):
        times = facts.details.benchmark_times
        if times < 20:
            said.append(
                f"A cause that nobody recorded, at least {numbers.number(times, 1)} times as strong as "
                f"“{covariate(facts.details.benchmark)}”, the strongest on record."
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


def _headline(
    record: Record, metric: Metric, findings: tuple[Finding, ...], chosen: tuple[Finding, ...]
) -> tuple[str, ...]:
    if not chosen:
        return _nothing_confirmed(record, metric, findings)
    levers = [f"“{one.name}”" for one in chosen]
    best = chosen[0]
    if len(levers) == 1:
        first = f"One agreement is shown to move {metric.noun}: {levers[0]}."
    else:
        first = f"{_count(len(levers))} agreements are shown to move {metric.noun}: {listed(levers)}."
    by = f" by {best.best_by}" if best.best_by else ""
    second = (
        f"The one worth most is “{best.name}”: gaining it{by} changes the result by {best.effect_text} per deal "
        f"({best.interval_text}), on {best.counts_text}."
    )
    return (first, second)


def _nothing_confirmed(record: Record, metric: Metric, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    deals = numbers.number(record.data.deals)
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
            f"The proposed set has {_count(len(chosen)).lower()}, not {least} to {most}: it is never filled up with "
            "agreements that are not shown to matter. Add others by judgement if you must, and label them so."
        )
    return (
        f"The {_count(len(chosen)).lower()} that would bring the most, each shown to matter by itself with the "
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


def _data_facts(data: result.Facts) -> tuple[tuple[str, str], ...]:
    decided = (
        f"{numbers.number(data.won)} won, {numbers.number(data.lost)} lost, {numbers.number(data.open)} open"
    )
    return (
        ("Deals", f"{numbers.number(data.deals)}: {decided}"),
        ("Events", numbers.number(data.events)),
        ("Agreement types", numbers.number(data.types)),
        ("Time", f"{_day(data.since)} to {_day(data.until)}" if data.since else "no dates"),
        ("Rows that could not be read", numbers.number(data.bad_rows)),
    )


def _day(day: dt.date | None) -> str:
    if day is None:
        return numbers.MISSING
    return f"{day.day} {day:%b %Y}"


def _rules(data: result.Facts) -> tuple[tuple[str, str], ...]:
    return tuple(
        (RULES.get(rule, rule.replace("_", " ").capitalize()), numbers.number(count))
        for rule, count in data.rules.items()
        if count
    )


#: Settings worth showing, in this order; what was left to the data says so.
_SETTINGS = {
    "covariates": "Further facts known at creation",
    "pivotal": "Size of a set",
    "smallest_effect": "Smallest effect worth having",
    "mechanical": "Marked as part of closing",
    "not_mechanical": "Marked as free choices",
    "min_events": "Deals needed on either side",
    "agreement_columns": "Undated columns",
    "seed": "Seed",
    "data_end": "End of the data",
}


def _settings(record: Record, metric: Metric) -> tuple[tuple[str, str], ...]:
    settings = record.settings
    shown = [
        ("Metric", record.metric.name),
        ("Landmarks", ", ".join(in_time(label) for label in record.data.landmarks) or "none"),
        ("Result counted within", length(record.data.horizon) or "not limited"),
    ]
    for name, words in _SETTINGS.items():
        value = settings.get(name)
        if value in (None, [], ()):
            continue
        if name == "pivotal":
            value = f"{value[0]} to {value[1]}"
        elif name == "smallest_effect":
            value = f"{100 * value:g} {'points' if metric.unit == 'points' else '%'}"
        elif isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        shown.append((words, str(value)))
    return (*shown, ("Version of Hingepoint", record.version))


_COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def _count(number: int) -> str:
    return _COUNTS[number] if number < len(_COUNTS) else numbers.number(number)


def listed(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
