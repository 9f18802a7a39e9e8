"""What is asked for: the catalogue, strategies and their playbooks."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Query

from hingepoint.analysis.forecast import told
from hingepoint.api import shapes
from hingepoint.api.callers import Request
from hingepoint.api.routing import Subject
from hingepoint.domain.agreements.queries import catalogue
from hingepoint.domain.home.queries import then
from hingepoint.domain.strategy.queries import over_years, pivotal, playbook, strategies, strategy_page
from hingepoint.domain.strategy.results import Progress
from hingepoint.records.errors import Hidden
from hingepoint.records.tokens import Topic

subject = Subject(Topic.PLAYBOOK, "Strategies and playbooks")

Type = shapes.shape(
    "AgreementType",
    catalogue.TypeLine,
    "id key name side stage counterpart description starter origin hidden changed words",
)
Usage = shapes.shape(
    "Usage", catalogue.Usage, "deals standing declined not_needed waiting closed_with won_with"
)
TypePage = shapes.shape(
    "AgreementTypeInUse",
    catalogue.TypePage,
    "line recheck_days metrics proximity lever pressure commits usage version",
    line=Type,
    usage=Usage,
)
Strategy = shapes.shape(
    "Strategy",
    strategies.StrategyLine,
    "id name statement sponsor sponsor_id metric segment status rank starts_on grace_days pivotal version",
)
Behind = shapes.shape(
    "FindingBehind", pivotal.Behind, "run_id grade effect low high metric unit better in_words chosen_by"
)
Pivotal = shapes.shape(
    "PivotalAgreement",
    pivotal.PivotalLine,
    "position type_id key name side description counterpart needed_by needed_days needed_stage needed "
    "evidence_wanted recheck_days segments least_amount checks questions principles judgement behind",
    behind=Behind | None,
)
Playbook = shapes.shape(
    "Playbook",
    playbook.PlaybookPage,
    "number draft version lines",
    lines=shapes.each(Pivotal),
)

Expected = shapes.shape("Expected", told.Range, "told low high likely_low likely_high came")
Quarter = shapes.shape(
    "ForecastQuarter",
    told.Told,
    "begins ends open counts level total",
    counts=Expected,
    level=Expected,
    total=Expected | None,
)
Forecast = shapes.shape(
    "Forecast",
    told.Forecast,
    "metric refuses problem could_be ahead past deals score",
    ahead=Quarter | None,
    past=shapes.each(Quarter),
)


class TypesAsked(shapes.Sent):
    """Which agreement types are asked for."""

    text: shapes.Words = ""
    side: shapes.Words = ""
    stage: shapes.Words = ""
    starter: bool = False


class InTime(shapes.Schema):
    """On how many of the deals that needed a pivotal agreement by today it was gained in time, with the 95% interval of
    the share; ``unconfirmed`` of them by a rule's word alone."""

    type_id: int
    key: str
    needed: int
    there: int
    unconfirmed: int
    share: float | None
    low: float | None
    high: float | None


class Result(shapes.Schema):
    """A result metric of a strategy with its target: on the deals closed since the strategy started (``since``, with the 95%
    interval on ``deals`` of them), and in the year ``before``. ``moved`` says whether it moved the right way, as far as that can be
    told; ``problem`` why there is no number."""

    metric: str
    population: str
    baseline: float
    target: float
    target_on: shapes.dt.date
    start: shapes.dt.date
    since: float | None
    low: float | None
    high: float | None
    deals: int
    before: float | None
    moved: bool | None
    on_target: bool | None
    problem: str


class DayAsked(shapes.Sent):
    """The day of the picture, today unless said. A past day is told to those who see every deal, as the night after it kept it:
    the last day that was kept until then."""

    as_of: shapes.PastDay | None = None


@subject.read("/agreement-types", shapes.each(Type))
def list_agreement_types(request: Request, asked: Query[TypesAsked]) -> Any:
    """List the agreement types of the catalogue

    In the order of the sale.
    """
    return catalogue.catalogue(request.auth.user, **asked.model_dump())


@subject.read("/agreement-types/{path:key}", TypePage)
def get_agreement_type(request: Request, key: shapes.Key) -> Any:
    """Read one agreement type, and what became of it on your deals"""
    return catalogue.type_page(request.auth.user, key)


@subject.read("/strategies", shapes.each(Strategy))
def list_strategies(request: Request) -> Any:
    """List the strategies

    Those in force first.
    """
    return strategies.strategies(request.auth.user)


@subject.read("/strategies/{strategy_id}/playbook", Playbook)
def get_playbook(request: Request, strategy_id: shapes.Id) -> Any:
    """Read the playbook of a strategy

    The last published version.
    """
    found = playbook.playbook_page(request.auth.user, strategy_id)
    if found is None:
        raise Hidden("no playbook yet")
    return found


@subject.read("/strategies/{strategy_id}/in-time", list[InTime])
def list_gained_in_time(request: Request, strategy_id: shapes.Id, asked: Query[DayAsked]) -> Any:
    """List how far the pivotal agreements of a strategy are gained in time"""
    return [_in_time(one) for one in _page(request, strategy_id, asked.as_of).pivotal]


@subject.read("/strategies/{strategy_id}/results", list[Result])
def list_results(request: Request, strategy_id: shapes.Id, asked: Query[DayAsked]) -> Any:
    """List how far the results of a strategy came"""
    return [_result(one) for one in _page(request, strategy_id, asked.as_of).results]


def _page(request: Request, strategy_id: int, as_of: shapes.dt.date | None) -> strategy_page.StrategyPage:
    """Return the page of a strategy today, or as it was kept of a past day. Raises Hidden where nothing is on record until then."""
    viewer, today = request.auth.user, timezone.localdate()
    if as_of is None or as_of >= today:
        return strategy_page.strategy_page(viewer, strategy_id, today=today)
    told = then.of_strategy(viewer, then.STRATEGY, strategy_id, as_of)
    if told is None:
        raise Hidden("nothing is on record until that day")
    return told.answer


@subject.read("/strategies/{strategy_id}/forecast", Forecast)
def get_forecast(request: Request, strategy_id: shapes.Id) -> Any:
    """Read the forecast of a strategy's metric

    What the deals that are open come to in three months, with what was told of past quarters and came. Where ``refuses`` is not
    ``no``, there is nothing ``ahead``. For those who see every deal.
    """
    return over_years.forecast(request.auth.user, strategy_id, today=timezone.localdate()).told


def _in_time(one: strategy_page.Covered) -> dict[str, Any]:
    covered, share = one.in_time, one.in_time.share
    return {
        "type_id": one.pivotal.type_id,
        "key": one.pivotal.key,
        "needed": covered.needed,
        "there": covered.there,
        "unconfirmed": covered.unconfirmed,
        "share": share.value,
        "low": share.low,
        "high": share.high,
    }


#: What a result says of itself.
_SAME = ["metric", "population", "baseline", "target", "target_on", "start", "moved", "on_target", "problem"]


def _result(one: Progress) -> dict[str, Any]:
    since = one.since
    counted = {"since": since.value, "low": since.low, "high": since.high, "deals": since.n}
    return {name: getattr(one, name) for name in _SAME} | counted | {"before": one.before.value}
