"""From a rule to the person who is asked: the manager of the deal's team, the one above, the sponsor."""

from __future__ import annotations

from hingepoint.analysis.approvals import Approver, Ask
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Membership, User
from hingepoint.records import Role


class NobodyToAsk(LookupError):
    """No manager and no sponsor is there to say yes."""


def whom_to_ask(asks: tuple[Ask, ...], deal: Deal, *, asker: User | None) -> dict[User, Ask]:
    """Return the people behind ``asks``, each once, with why. Raises NobodyToAsk.

    Nobody answers their own request: it goes to the next above. Causes at most three SQL queries.
    """
    managers = [user for user in managers_above(deal) if user != asker]
    found: dict[User, Ask] = {}
    for ask in asks:
        found.setdefault(_person(ask, managers, asker), ask)
    return found


def managers_above(deal: Deal) -> list[User]:
    """Return the managers of the deal's team and of the teams above it, the nearest first."""
    if deal.team is None:
        return []
    above = [int(pk) for pk in deal.team.path.strip("/").split("/")]
    current = Membership.objects.filter(
        team_id__in=above, manages=True, until__isnull=True, user__is_active=True
    )
    return [member.user for member in current.select_related("user").order_by("-team__path", "id")]


def _person(ask: Ask, managers: list[User], asker: User | None) -> User:
    if ask.approver == Approver.PERSON:
        return User.objects.get(pk=ask.person)
    place = {Approver.MANAGER: 0, Approver.LEADER: 1}.get(ask.approver)
    if place is not None and place < len(managers):
        return managers[place]
    sponsors = User.objects.active().filter(role=Role.SPONSOR).exclude(pk=asker.pk if asker else None)
    if sponsor := sponsors.order_by("id").first():
        return sponsor
    if managers:
        return managers[-1]
    raise NobodyToAsk("Nobody is there to decide: the deal's team has no manager, and there is no sponsor.")
