"""What page, report and terminal are given: a whole result and each finding of it, in words."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.reports.findings.metric import Metric
from hingepoint.reports.findings.replayed import Replayed


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of how the record was kept: its state (fine, fault, unknown), the word for it, and what it came to."""

    state: str
    word: str
    words: str


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
    is nothing to say. ``place`` is that in the set, ``order_text`` the place among all types and how sure it is."""

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
    order_text: str
    leans: str
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
    audit: tuple[Checked, ...]
    controls: str
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
    order_words: str = ""
    certificate: str = ""
    replay: Replayed | None = None

    @property
    def to_look_at(self) -> tuple[Checked, ...]:
        """The checks of the record that are not in order."""
        return tuple(one for one in self.audit if one.state != "fine")

    @property
    def in_order(self) -> tuple[Checked, ...]:
        """The checks of the record that are in order."""
        return tuple(one for one in self.audit if one.state == "fine")

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
