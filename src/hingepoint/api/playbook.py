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
from hingepoint.domain.strategy.queries import over_years, pivotal, playbook, strategies, strategy_page
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
def list_gained_in_time(request: Request, strategy_id: shapes.Id) -> Any:
    """List how far the pivotal agreements of a strategy are gained in time"""
    page = strategy_page.strategy_page(request.auth.user, strategy_id, today=timezone.localdate())
    return [_in_time(one) for one in page.pivotal]


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
