"""What a run of discovery returns: findings, the proposed set, and how to show and store them."""

from __future__ import annotations

import datetime
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

import hingepoint
from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.plain_json import plain, simple
from hingepoint.analysis.discovery.settings import Settings
from hingepoint.analysis.discovery.track_record import Replay
from hingepoint.records.findings import Audited, Grade

SCHEMA = 1

Interval = tuple[float, float]

#: What of the details of a finding the JSON holds too.
BEHIND = (
    "p_top",
    "place",
    "place_between",
    "ten_points",
    "ten_points_ci",
    "joint",
    "paths",
    "doses",
    "levels",
    "turned",
    "faded",
    "doubts",
    "repairs",
    "breaks",
    "leans",
)


@dataclass(frozen=True)
class Timing:
    """The effect of gaining the agreement in the window that ends at one landmark, on so many deals that did."""

    landmark: str
    effect: float
    ci: Interval
    deals: int = 0


@dataclass(frozen=True)
class SegmentEffect:
    """The effect among the deals whose column ``by`` has ``value``; ``differs`` if clearly from the others'.

    ``deals`` of them gained it in a window (0: not known). ``reverses`` if it clearly has the other sign there than
    elsewhere: what helps most deals harms these, or the other way round.
    """

    by: str
    value: str
    effect: float
    ci: Interval
    differs: bool = False
    deals: int = 0
    reverses: bool = False


@dataclass(frozen=True)
class LagPoint:
    """The by-landmark effect when the outcome clock starts ``lag`` after the landmark."""

    lag: str
    effect: float
    ci: Interval


@dataclass(frozen=True)
class Path:
    """An agreement that prepares a pivotal one: what gaining it does to the chance of gaining ``to``, and through it.

    raises    by how much more often deals that gained it gain ``to`` afterwards, a share of deals
    through   what that brings in the metric: ``raises`` times the effect of ``to``
    total     effect of the first agreement on the metric, whichever way; ``direct`` what is left without ``through``
    deals     that gained the first one in a window, among deals that did not yet have ``to``
    """

    to: str
    raises: float
    raises_ci: Interval
    through: float
    through_ci: Interval
    total: float
    direct: float
    deals: int
    in_words: str


@dataclass(frozen=True)
class Dose:
    """The effect of gaining the agreement well: ``by`` evidence or quality, from ``level`` on.

    low, high     effect when it is gained below the level, and at it or above
    difference    of the two, and ``clear`` if it stands out over all agreements that were tested
    low_deals, high_deals   deals that gained it so in a window
    """

    by: str
    level: int
    low: float
    low_ci: Interval
    high: float
    high_ci: Interval
    difference: float
    difference_ci: Interval
    low_deals: int
    high_deals: int
    clear: bool
    in_words: str


@dataclass(frozen=True)
class Against:
    """Robustness against one observed covariate: the bias that a confounder as strong as it would make.

    ``times`` is how many times as strong it would have to be to take the whole effect away (at most 20).
    """

    covariate: str
    bias: float
    times: float


@dataclass(frozen=True)
class Joint:
    """The effect of gaining a whole bundle that cannot be told apart, against gaining none of it."""

    members: tuple[str, ...]
    effect: float
    ci: Interval
    in_words: str


@dataclass(frozen=True)
class Turned:
    """An effect that changed with time: what it was for deals created before ``on`` (a day), and since."""

    on: str
    before: float
    since: float
    in_words: str


@dataclass(frozen=True)
class Repair:
    """A fault of the record that was found and put right: whether the finding still stands, and that in words."""

    repair: str
    survived: bool
    in_words: str


@dataclass(frozen=True)
class Breaks:
    """A fault of the record that would take the finding away: from which ``share`` of the entries on."""

    fault: str
    share: float
    in_words: str


@dataclass(frozen=True)
class Level:
    """The deals of an undated table that say ``yes``, ``no`` or nothing (``unknown``), and their mean outcome."""

    level: str
    deals: int
    mean: float


@dataclass(frozen=True)
class Details:
    """What stands behind a finding, for its page and for the econometrician.

    by_landmark     estimand A, calibrated: standing at the landmark against not
    ever_gained     the naive joint regression on the whole course of a deal
    p_top           chance of being among the best eight
    false_sign      chance that the sign is wrong
    expected        effect after shrinkage: what to plan with
    lags            the lag profile
    halves          by-landmark effect in the earlier and the later half of time
    inflation       variance inflation by all other columns
    benchmark       observed covariate that would move it most, and how many times its strength explains it away
    deals_needed    deals in the data with which an effect of this size could be confirmed
    low             effect that is exceeded with 80 % chance: what the set is ranked by
    selected_share  share of refits that would choose it
    ever_gained_ci, halves_ci   95 % intervals, not recentred
    best_by_between earliest and latest landmark that ``best_by`` could be; None without ``best_by``
    ten_points      worth in a quarter of raising the share of deals that gain it in time by ten points
    against         robustness against each observed covariate, the strongest first
    robustness_sure as ``robustness``, but until the effect is no longer significant at 5 %
    joint           effect of the whole bundle it belongs to; None when it stands alone
    paths           which pivotal agreements it prepares, and what that brings
    prepared_by     agreements that prepare this one
    doses           effect by evidence and by quality of the gain, where events say them
    turned          what became of an effect that has the other sign in the later half of time; None mostly
    faded           what became of an effect of which less than half is left in the later half; None mostly
    doubts          what the record says against it: why it is not graded strong, whatever its numbers
    repairs         faults of the record that were found, put right, and whether the finding still stands
    breaks          faults of the record that would take it away, and how much of them; the nearest first
    place           in the order of all judged types, 1 for the best, which borrows strength from several looks; 0 if
                    not known; ``place_between`` the places it may as well have (nine in ten)
    leans           how its place leans on the benchmark pack of another company; empty where it does not
    levels          undated tables only: deals and mean outcome of yes, no and unknown, as they stand
    """

    by_landmark: float = math.nan
    by_landmark_ci: Interval = (math.nan, math.nan)
    ever_gained: float = math.nan
    p_top: float = 0.0
    false_sign: float = 1.0
    expected: float = math.nan
    lags: tuple[LagPoint, ...] = ()
    halves: tuple[float, float] = (math.nan, math.nan)
    inflation: float = math.nan
    benchmark: str | None = None
    benchmark_times: float = math.nan
    benchmark_bias: float = math.nan
    deals_needed: int | None = None
    disagreements: tuple[str, ...] = ()
    low: float = math.nan
    selected_share: float = math.nan
    ever_gained_ci: Interval = (math.nan, math.nan)
    halves_ci: tuple[Interval, Interval] = ((math.nan, math.nan), (math.nan, math.nan))
    best_by_between: tuple[str, str] | None = None
    ten_points: float = math.nan
    ten_points_ci: Interval = (math.nan, math.nan)
    against: tuple[Against, ...] = ()
    robustness_sure: float = math.nan
    joint: Joint | None = None
    paths: tuple[Path, ...] = ()
    prepared_by: tuple[str, ...] = ()
    doses: tuple[Dose, ...] = ()
    levels: tuple[Level, ...] = ()
    turned: Turned | None = None
    faded: Turned | None = None
    doubts: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    breaks: tuple[Breaks, ...] = ()
    place: int = 0
    place_between: tuple[int, int] = (0, 0)
    leans: str = ""


@dataclass(frozen=True)
class Finding:
    """What the data say about one agreement type; the fields are those of FORMATS, in its units.

    Numbers are NaN where nothing could be estimated. ``harmful`` is a strong or moderate effect
    against the metric.
    """

    agreement: str
    name: str
    grade: Grade
    excluded_because: str | None
    effect: float
    ci: Interval
    p_adjusted: float
    gained: int
    not_gained: int
    coverage: float
    worth: float
    worth_ci: Interval
    robustness: float
    best_by: str | None
    timing: tuple[Timing, ...]
    segments: tuple[SegmentEffect, ...]
    same_as: tuple[str, ...]
    in_words: str
    harmful: bool = False
    details: Details = field(default_factory=Details)

    @property
    def confirmed(self) -> bool:
        return self.grade in (Grade.STRONG, Grade.MODERATE)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as FORMATS describes it."""
        return {
            "agreement": self.agreement,
            "grade": str(self.grade),
            "excluded_because": self.excluded_because,
            "effect": plain(self.effect),
            "ci": _pair(self.ci),
            "p_adjusted": plain(self.p_adjusted),
            "gained": self.gained,
            "not_gained": self.not_gained,
            "coverage": plain(self.coverage),
            "worth": plain(self.worth),
            "worth_ci": _pair(self.worth_ci),
            "robustness": plain(self.robustness),
            "best_by": self.best_by,
            "timing": [
                {"landmark": t.landmark, "effect": plain(t.effect), "ci": _pair(t.ci)} for t in self.timing
            ],
            "segments": [
                {"by": s.by, "value": s.value, "effect": plain(s.effect), "ci": _pair(s.ci)}
                for s in self.segments
            ],
            "same_as": list(self.same_as),
            "in_words": self.in_words,
            **{name: simple(getattr(self.details, name)) for name in BEHIND},
        }


@dataclass(frozen=True)
class Pivotal:
    """A proposed member of the pivotal set and how sure its place is."""

    agreement: str
    p_top: float
    selected_share: float


@dataclass(frozen=True)
class Facts:
    """What the result rests on.

    at_risk_a_quarter  deals a quarter that reach the first landmark open
    noise              standard deviation of the outcome that nothing known explains
    smallest_effect    the smallest effect worth having, in the metric's unit
    clustered_by       whose deals are taken to hang together: ``seller``, ``account`` or ``deal``; ``clusters`` how many
    """

    deals: int
    won: int
    lost: int
    open: int
    events: int
    types: int
    since: datetime.date | None
    until: datetime.date | None
    bad_rows: int
    rules: dict[str, int]
    at_risk_a_quarter: float = 0.0
    landmarks: tuple[str, ...] = ()
    horizon: str = ""
    noise: float = math.nan
    smallest_effect: float = 0.0
    clustered_by: str = ""
    clusters: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "deals": self.deals,
            "won": self.won,
            "lost": self.lost,
            "open": self.open,
            "events": self.events,
            "types": self.types,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
            "bad_rows": self.bad_rows,
            "rules": dict(sorted(self.rules.items())),
        }


@dataclass(frozen=True)
class Placebo:
    """How many types passed the test for an effect in histories without any; there should be none."""

    tested: int
    rejected: int

    @property
    def clean(self) -> bool:
        """Whether no more passed than chance allows: what passes is meant to be false once in twenty histories."""
        return self.rejected <= max(2, 0.01 * self.tested)


@dataclass(frozen=True)
class Controls:
    """The negative controls that an analyst named: how many were tested and passed, and that in words."""

    named: int = 0
    tested: int = 0
    passed: int = 0
    in_words: str = ""


@dataclass(frozen=True)
class Check:
    """One check of how the record was kept: its key, what it came to, and that in one sentence. ``alike``: pairs of types
    that look like one agreement, the rarer first."""

    check: str
    state: Audited
    in_words: str
    alike: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the object of FORMATS; ``alike`` is in it where there is such a pair."""
        told = {"check": self.check, "state": str(self.state), "in_words": self.in_words}
        return told | ({"alike": [list(pair) for pair in self.alike]} if self.alike else {})


@dataclass(frozen=True)
class Certificate:
    """How many levers of a known size would have been seen in these data, had they been there.

    effect    of each, a share of the deals that gain it; ``planted`` so many, into ``histories`` drawn from the deals
    shown     of those graded strong or moderate; ``on_top`` those among the first eight of the order
    """

    effect: float
    planted: int
    shown: int
    on_top: int
    histories: int


@dataclass(frozen=True)
class Discovery:
    """The result of a run: every agreement type once, sorted by evidence, then worth, then by what to expect of it.

    ``audit`` says what was checked of how the record was kept; empty for undated tables. ``certificate`` is there
    where it was asked for and could be made, ``replay`` where it was asked for.
    """

    settings: Settings
    metric: metrics.Metric
    data: Facts
    placebo: Placebo
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...]
    pivotal: tuple[Pivotal, ...]
    audit: tuple[Check, ...] = ()
    controls: Controls = Controls()
    certificate: Certificate | None = None
    replay: Replay | None = None

    @property
    def enough(self) -> bool:
        """False if there was not enough data for any finding."""
        return any(finding.grade not in (Grade.NONE, Grade.EXCLUDED) for finding in self.findings)

    def finding(self, agreement: str) -> Finding:
        """Return the finding of one agreement type; KeyError if the input had none of that name."""
        return one_of(self.findings, agreement)

    def to_dict(self) -> dict[str, Any]:
        """Return exactly the object that ``hingepoint discover --format json`` prints."""
        return contract(
            version=hingepoint.__version__,
            metric={"name": self.metric.name, "unit": self.metric.unit, "better": self.metric.better},
            data=self.data,
            settings=self.settings.to_dict(),
            placebo=self.placebo,
            warnings=self.warnings,
            findings=self.findings,
            pivotal=self.pivotal,
            audit=self.audit,
            controls=self.controls,
            certificate=self.certificate,
            replay=self.replay,
        )

    def findings_frame(self) -> pl.DataFrame:
        """Return one row a finding, flat, rounded so that equal runs give equal bytes."""
        return frame(self.findings, self.pivotal)

    def summary(self) -> str:
        """Return the result as a short text: the data, the proposed set, and each confirmed finding."""
        period = f", {self.data.since} to {self.data.until}" if self.data.since else ""
        lines = [
            f"{self.metric.name}: {self.data.deals:,} deals ({self.data.won:,} won, {self.data.lost:,} lost, "
            f"{self.data.open:,} open), {self.data.types} agreement types{period}.",
        ]
        if self.pivotal:
            lines.append("Proposed pivotal set: " + ", ".join(one.agreement for one in self.pivotal) + ".")
        elif any(f.confirmed and not f.harmful for f in self.findings):
            lines.append("No set is proposed: what is confirmed has turned, or the record speaks against it.")
        else:
            lines.append("No agreement is confirmed: there is not enough evidence for a pivotal set.")
        lines += [f"{f.grade!s:>9}  {f.in_words}" for f in self.findings if f.confirmed]
        counts = {grade: sum(f.grade == grade for f in self.findings) for grade in Grade}
        lines.append("; ".join(f"{number} {grade}" for grade, number in counts.items() if number) + ".")
        lines += [f"Note: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the summary for a notebook, where the fields of a hundred findings would fill pages."""
        return f"<pre>{html.escape(self.summary())}</pre>"


def one_of(findings: Iterable[Finding], agreement: str) -> Finding:
    """Return the finding on one agreement type; KeyError if there is none."""
    for one in findings:
        if one.agreement == agreement:
            return one
    raise KeyError(agreement)


def contract(
    *,
    version: str,
    metric: Mapping[str, str],
    data: Facts,
    settings: Mapping[str, Any],
    placebo: Placebo,
    warnings: Sequence[str],
    findings: Sequence[Finding],
    pivotal: Sequence[Pivotal],
    audit: Sequence[Check],
    controls: Controls,
    certificate: Certificate | None = None,
    replay: Replay | None = None,
) -> dict[str, Any]:
    """Return the object of FORMATS; ``certificate`` and ``replay`` are in it where they were asked for."""
    return {
        "schema": SCHEMA,
        "version": version,
        "metric": dict(metric),
        "data": data.to_dict(),
        "settings": dict(settings),
        "placebo": {"tested": placebo.tested, "rejected": placebo.rejected},
        "controls": simple(controls),
        "warnings": list(warnings),
        "audit": [one.to_dict() for one in audit],
        "findings": [finding.to_dict() for finding in findings],
        "pivotal": [
            {"agreement": p.agreement, "p_top": plain(p.p_top), "selected_share": plain(p.selected_share)}
            for p in pivotal
        ],
        **({"certificate": simple(certificate)} if certificate else {}),
        **({"replay": simple(replay)} if replay else {}),
    }


def _pair(interval: Interval) -> list[float | None]:
    return [plain(interval[0]), plain(interval[1])]


#: Columns of findings.csv and findings.parquet.
FRAME: dict[str, Any] = {
    "agreement": pl.String,
    "name": pl.String,
    "grade": pl.String,
    "harmful": pl.Boolean,
    "excluded_because": pl.String,
    "effect": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "p_adjusted": pl.Float64,
    "gained": pl.Int64,
    "not_gained": pl.Int64,
    "coverage": pl.Float64,
    "worth": pl.Float64,
    "worth_low": pl.Float64,
    "worth_high": pl.Float64,
    "robustness": pl.Float64,
    "best_by": pl.String,
    "same_as": pl.String,
    "pivotal": pl.Boolean,
    "p_top": pl.Float64,
    "selected_share": pl.Float64,
    "in_words": pl.String,
}


def frame(findings: Sequence[Finding], pivotal: Sequence[Pivotal]) -> pl.DataFrame:
    """Return the rows of findings.csv."""
    chosen = {one.agreement: one for one in pivotal}
    return pl.DataFrame([_flat(one, chosen.get(one.agreement)) for one in findings], schema=FRAME)


def _flat(finding: Finding, chosen: Pivotal | None) -> dict[str, Any]:
    return {
        "agreement": finding.agreement,
        "name": finding.name,
        "grade": str(finding.grade),
        "harmful": finding.harmful,
        "excluded_because": finding.excluded_because,
        "effect": plain(finding.effect),
        "ci_low": plain(finding.ci[0]),
        "ci_high": plain(finding.ci[1]),
        "p_adjusted": plain(finding.p_adjusted),
        "gained": finding.gained,
        "not_gained": finding.not_gained,
        "coverage": plain(finding.coverage),
        "worth": plain(finding.worth),
        "worth_low": plain(finding.worth_ci[0]),
        "worth_high": plain(finding.worth_ci[1]),
        "robustness": plain(finding.robustness),
        "best_by": finding.best_by,
        "same_as": "; ".join(finding.same_as),
        "pivotal": chosen is not None,
        "p_top": plain(finding.details.p_top),
        "selected_share": plain(chosen.selected_share) if chosen else None,
        "in_words": finding.in_words,
    }
