"""What our deals allow discovery to say, and what it needs for more."""

from __future__ import annotations

from django.db.models import Count, Max, Min, Q

from hingepoint.analysis import readiness as readiness_rule
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.discovery import readiness as readiness_of
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden

#: What all deals allow, and what there is of all that discovery needs: kept in a large company.
READY = Question[readiness_rule.Discovery]("readiness", readiness_rule.Discovery)
COUNTS = Question[readiness_of.Counts]("what discovery needs", readiness_of.Counts)


def readiness(viewer: User, *, shelf: Shelf | None = None) -> readiness_rule.Discovery:
    """Return what the deals that ``viewer`` sees allow discovery to say. At most three SQL queries."""
    return READY.told(lambda: ready(viewer), shelf=shelf) if sees_all(viewer) else ready(viewer)


def ready(viewer: User) -> readiness_rule.Discovery:
    """Return the same, asked at this moment."""
    counts = Deal.objects.visible_to(viewer).aggregate(
        won=Count("pk", filter=Q(status=DealStatus.WON)),
        closed=Count("pk", filter=Q(status__in=(DealStatus.WON, DealStatus.LOST))),
    )
    gains = Agreement.objects.visible_to(viewer).filter(
        that_count("deal"), Q(state__in=STANDING) | Q(gained_at__isnull=False)
    )
    by_type = gains.order_by().values("type").annotate(n=Count("pk")).values_list("n", flat=True)
    return readiness_rule.discovery(**counts, gains=by_type)


def has_deals(viewer: User) -> bool:
    """Return whether there is any deal that ``viewer`` sees."""
    return Deal.objects.visible_to(viewer).exists()


def needs(viewer: User, *, shelf: Shelf | None = None) -> tuple[readiness_of.Line, ...]:
    """Return everything that discovery needs, with what there is of it and how to get the rest. Raises
    Hidden for those who do not see all deals. At most five SQL queries."""
    if not viewer.sees_everything:
        raise Hidden("It is for those who look after the data.")
    return readiness_of.lines(COUNTS.told(counts, shelf=shelf))


def counts() -> readiness_of.Counts:
    """Return what there is of all that discovery needs, asked at this moment. Four SQL queries."""
    closed = Q(status__in=(DealStatus.WON, DealStatus.LOST))
    won = Q(status=DealStatus.WON)
    facts = {"size": Q(initial_amount__isnull=False), "account": Q(account__isnull=False)}
    facts |= {name: ~Q(**{name: ""}) for name in ("segment", "region", "product", "source")}
    deals = Deal.objects.aggregate(
        closed=Count("pk", filter=closed),
        won=Count("pk", filter=won),
        priced=Count("pk", filter=won & Q(discount__isnull=False)),
        costed=Count("pk", filter=won & (Q(margin__isnull=False) | Q(cost__isnull=False))),
        sellers=Count("owner", filter=closed, distinct=True),
        teams=Count("team", distinct=True),
        first=Min("created_at"),
        last=Max("created_at"),
        **{f"has_{name}": Count("pk", filter=closed & has) for name, has in facts.items()},
    )
    gains = Agreement.objects.filter(that_count("deal"), Q(state__in=STANDING) | Q(gained_at__isnull=False))
    by_type = list(
        gains.order_by()
        .values("type")
        .annotate(
            n=Count("pk"),
            undated=Count("pk", filter=Q(gained_at__isnull=True)),
            judged=Count("pk", filter=Q(quality__isnull=False)),
            proven=Count("pk", filter=Q(evidence__gte=Evidence.TOLD)),
        )
    )
    traces = DealEvent.objects.filter(
        that_count("deal"), deal__status__in=(DealStatus.WON, DealStatus.LOST)
    ).aggregate(
        staged=Count("deal", filter=Q(kind=EventKind.STAGE), distinct=True),
        active=Count("deal", filter=Q(kind=EventKind.ACTIVITY), distinct=True),
    )
    declined = Agreement.objects.filter(that_count("deal"), state=AgreementState.DECLINED).count()
    counted = {name: sum(row[name] for row in by_type) for name in ("n", "undated", "judged", "proven")}
    return readiness_of.Counts(
        **{name: deals[name] for name in ("closed", "won", "priced", "costed", "sellers", "teams")},
        filled={name: deals[f"has_{name}"] for name in facts},
        days=(deals["last"] - deals["first"]).days if deals["first"] else 0,
        gains=counted["n"],
        undated=counted["undated"],
        judged=counted["judged"],
        proven=counted["proven"],
        types=len(by_type),
        usable_types=sum(row["n"] >= readiness_rule.GAINS_NEEDED for row in by_type),
        declined=declined,
        **traces,
    )


def segments(viewer: User) -> list[str]:
    """Return the segments that a run can be limited to."""
    found = Deal.objects.visible_to(viewer).exclude(segment="").values_list("segment", flat=True)
    return sorted(set(found.distinct()))
