"""What a file of definitions may say: the catalogue's overlay, detection rules, rules that tag deals with
pressures, metrics of one's own, routines, principles, strategies with playbooks.

Version 1. Unknown keys are errors. What a file does not name is left as it is.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hingepoint.analysis import metrics, own_metrics
from hingepoint.analysis.detection import Trace
from hingepoint.analysis.own_metrics import MOST_CONDITIONS, Condition, Definition
from hingepoint.domain.strategy.models import MOST_REQUIRED
from hingepoint.records.agreements import AgreementState, Evidence, Side
from hingepoint.records.deals import Stage
from hingepoint.records.errors import Refused
from hingepoint.records.metrics import Better, Compare, Counted, Unit
from hingepoint.records.people import Role
from hingepoint.records.pressures import Pressure
from hingepoint.records.principles import Check, Place
from hingepoint.records.routines import DAYS_FOR_A_DEAL, FRIDAY, Cadence, Kind

VERSION = 1
#: A file larger than this is not one of definitions.
MOST_BYTES = 2_000_000


class DefinitionsUnusable(Refused):
    """The file is not one of definitions; ``problems`` says where, one line each."""

    field = "file"

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("\n".join(problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TypePart(_Part):
    """The company's own words over a type of the catalogue, or a type of its own (with ``side``)."""

    key: str = Field(max_length=200)
    name: str | None = Field(None, max_length=200, description="Our name for it.")
    stage: Stage | None = Field(None, description="By which stage we need it.")
    description: str | None = None
    recheck_days: int | None = Field(None, ge=1, le=3650)
    hidden: bool = False
    side: Side | None = Field(None, description="Makes it a type of our own.")
    counterpart: str = ""
    good: tuple[str, ...] = Field((), description="What a good one looks like, of a type of our own.")


class RulePart(_Part):
    """A detection rule: when this trace, then this agreement reached this state. A file never switches
    a rule on: it is tested on history first."""

    key: str = Field(max_length=34, pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(max_length=120)
    agreement: str
    trace: Trace
    state: AgreementState = AgreementState.GAINED
    evidence: Evidence = Evidence.TOLD
    confidence: float = 0.8
    act: str = Field("", max_length=400)
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pattern: str = ""
    only_open: bool = False


class PressureRulePart(_Part):
    """A rule that tags deals with a market pressure. A file never switches one on: it is previewed first."""

    key: str = Field(max_length=34, pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(max_length=120)
    pressure: Pressure
    trace: Trace
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pattern: str = ""
    only_open: bool = False


class RoutinePart(_Part):
    """A routine: of whom what is required how often. A file never puts one in force: it is previewed first."""

    key: str = Field(max_length=100, pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(max_length=200)
    kind: Kind = Field(Kind.OWN, description="What the register takes as done; own: said by a press.")
    role: Role = Role.SELLER
    cadence: Cadence = Cadence.WEEKLY
    weekday: int = Field(
        FRIDAY, ge=0, le=FRIDAY, description="0 is Monday; monthly means the first such day."
    )
    required: str = Field("", max_length=2000)
    team: str = Field("", description="The name of a team; those below it count too.")
    stage: Stage | Literal[""] = Field(
        "", description="Of a routine for each deal: when the deal reaches it."
    )
    least_amount: float | None = Field(None, ge=0)
    days: int = Field(DAYS_FOR_A_DEAL, ge=0, le=365)


class PrinciplePart(_Part):
    """One of the company's principles. A file changes the draft of the next version; what it does not name stays in it."""

    key: str = Field(max_length=100, pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(max_length=80)
    text: str = Field(max_length=600)
    seen: str = Field("", max_length=300, description="How one sees that it is kept.")
    places: tuple[Place, ...] = Field(tuple(Place), description="Where it is cited.")
    agreements: tuple[str, ...] = Field((), description="Only where these types are spoken about.")
    check: Check = Field(Check.NONE, description="What the register can see of it.")


class DemandPart(_Part):
    demand: str
    reasons: tuple[str, ...] = ()
    trades: tuple[str, ...] = ()


class PivotalPart(_Part):
    """One pivotal agreement of a playbook with its standard. ``why``: whose judgement, or the finding."""

    agreement: str
    why: str
    counterpart: str = ""
    needed_by: Literal["days", "stage", "before_close"] = "days"
    needed_days: int | None = Field(None, ge=0, le=3650)
    needed_stage: Stage | Literal[""] = ""
    evidence_wanted: Evidence = Evidence.TOLD
    recheck_days: int = Field(90, ge=1, le=3650)
    segments: tuple[str, ...] = ()
    least_amount: float | None = Field(None, ge=0)
    checks: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    demands: tuple[DemandPart, ...] = ()
    principles: tuple[str, ...] = ()


class MetricConditionPart(_Part):
    """Of a deal: a field, how it is held against what, and what: a word, several, or a number (15% is 0.15)."""

    field: str
    compare: Compare
    values: tuple[str, ...]


class MetricPart(_Part):
    """A metric of the company's own: the sum of ``number`` over deals that meet ``where``, by the sum of ``over``, on the
    deals that meet ``among``. A target names it ``own:KEY``."""

    key: str = Field(max_length=40, pattern=r"^[a-zA-Z0-9_-]+$")
    name: str = Field(max_length=80)
    unit: Unit
    better: Better
    deals: Counted
    number: str = Field(
        "deals", description="deals, or a field that is summed; extra.NAME is a column kept from files."
    )
    where: tuple[MetricConditionPart, ...] = Field((), max_length=MOST_CONDITIONS)
    over: str = "deals"
    among: tuple[MetricConditionPart, ...] = Field((), max_length=MOST_CONDITIONS)

    def definition(self) -> Definition:
        """Return the metric as it is counted."""
        where, among = (
            tuple(Condition(one.field, one.compare, one.values) for one in part)
            for part in (self.where, self.among)
        )
        return Definition(
            key=self.key,
            name=self.name,
            unit=self.unit,
            better=self.better,
            deals=self.deals,
            number=self.number,
            where=where,
            over=self.over,
            among=among,
        )


class TargetPart(_Part):
    metric: str
    segment: str = ""
    region: str = ""
    product: str = ""
    team: str = Field("", description="The name of a team; those below it count too.")
    baseline: float
    target: float
    target_on: dt.date


class StrategyPart(_Part):
    """A strategy by its name, its targets, and its playbook in the order of the sale."""

    name: str = Field(max_length=120)
    statement: str
    metric: str
    segment: str = ""
    targets: tuple[TargetPart, ...] = ()
    playbook: tuple[PivotalPart, ...] = Field((), max_length=MOST_REQUIRED)


class Definitions(_Part):
    """The whole file."""

    hingepoint: Literal[1] = Field(description="The version of this format.")
    catalogue: tuple[TypePart, ...] = ()
    rules: tuple[RulePart, ...] = ()
    pressure_rules: tuple[PressureRulePart, ...] = ()
    metrics: tuple[MetricPart, ...] = ()
    routines: tuple[RoutinePart, ...] = ()
    principles: tuple[PrinciplePart, ...] = ()
    strategies: tuple[StrategyPart, ...] = ()


def plain(part: BaseModel) -> dict[str, Any]:
    """Return a part as lists and texts, without what says nothing."""
    return part.model_dump(mode="json", exclude_defaults=True)


def as_yaml(definitions: Definitions) -> str:
    """Return the file; the same definitions give the same bytes."""
    told = {"hingepoint": VERSION} | plain(definitions)
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=110)


def load(path: Path) -> Definitions:
    """Return the definitions of a file. Raises DefinitionsUnusable."""
    if path.stat().st_size > MOST_BYTES:
        raise DefinitionsUnusable([f"{path.name} is too large to be a file of definitions."])
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Definitions:
    """Return the definitions that a text says. Raises DefinitionsUnusable."""
    try:
        said = yaml.safe_load(text)
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # ValueError: what looks like a day and is none
        raise DefinitionsUnusable([f"This is no YAML: {' '.join(str(error).split())}."]) from None
    try:
        return _checked(Definitions.model_validate(said))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}." for one in error.errors()
        ]
        raise DefinitionsUnusable(problems) from None


def _checked(definitions: Definitions) -> Definitions:
    """Return them, or refuse what is named twice and metrics that cannot be computed."""
    problems = []
    for section, names in (
        ("catalogue", [one.key for one in definitions.catalogue]),
        ("rules", [one.key for one in definitions.rules]),
        ("pressure_rules", [one.key for one in definitions.pressure_rules]),
        ("metrics", [one.key for one in definitions.metrics]),
        ("routines", [one.key for one in definitions.routines]),
        ("principles", [one.key for one in definitions.principles]),
        ("strategies", [one.name for one in definitions.strategies]),
        *((one.name, [pivotal.agreement for pivotal in one.playbook]) for one in definitions.strategies),
    ):
        problems += [
            f"{section}: {name} stands twice." for name in sorted({n for n in names if names.count(n) > 1})
        ]
    for own in definitions.metrics:
        wrong = own_metrics.problems(own.definition())
        problems += [f"metrics: {own.key}: {field}: {words}" for field, words in wrong.items()]
    for one in definitions.strategies:
        checks = [(metrics.parse_judge, one.metric), *((metrics.parse_target, t.metric) for t in one.targets)]
        for check, metric in checks:
            if own_metrics.is_own(metric):
                continue  # what it counts is looked up when it is brought in
            try:
                check(metric)
            except ValueError as error:
                problems.append(f"{one.name}: {error}")
    if problems:
        raise DefinitionsUnusable(problems)
    return definitions
