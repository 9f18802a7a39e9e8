"""What pages and actions decide by: who keeps rules, and what a rule may tag."""

from __future__ import annotations

from hingepoint.analysis import detection
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.domain.people.models import Viewer, sees_all, works_here
from hingepoint.domain.pressures.models import PressureRule
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role


def may_keep(viewer: Viewer) -> bool:
    """Return whether ``viewer`` keeps the rules that tag deals."""
    return sees_all(viewer)


def require_seller_or_leader(viewer: Viewer) -> None:
    """Raise Hidden for strangers and inside partners: the five are for those who sell and lead."""
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        raise Hidden("The pressures are for those who sell and lead.")


def rule_of(row: PressureRule) -> Rule:
    """Return what a rule says now."""
    return detection.read_plain(Rule, row.definition)


def rule_row(viewer: Viewer, rule_id: int) -> PressureRule:
    """Return a rule to its keepers. Raises Hidden."""
    row = PressureRule.objects.filter(pk=rule_id).first() if may_keep(viewer) else None
    if row is None:
        raise Hidden("no such rule")
    return row
