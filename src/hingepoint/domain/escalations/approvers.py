"""From a rule to the person who is asked: the manager of the deal's team, the one above, the sponsor."""

from __future__ import annotations

from collections.abc import Sequence

from hingepoint.analysis.talks.approvals import Ask
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Approval
from hingepoint.domain.people.models import Membership, User, UserQuerySet
from hingepoint.records.errors import Refused
from hingepoint.records.escalations import Approver
from hingepoint.records.people import Role


class NobodyToAsk(Refused):
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


def stand_in(approval: Approval) -> User:
    """Return who answers in place of somebody who cannot any more. Raises NobodyToAsk.

    For a colleague named by a rule, the manager of their own team; for everybody else, and where there is no
    such manager, whom the rule names now: the next one in its order.
    """
    deal, asker = approval.escalation.deal, approval.escalation.asked_by
    if approval.whom == Approver.PERSON:
        own = [user for user in managers_of(approval.approver) if user != asker]
        if own:
            return own[0]
    (person,) = whom_to_ask((Ask(Approver(approval.whom), None, approval.because),), deal, asker=asker)
    return person


def managers_above(deal: Deal) -> list[User]:
    """Return the managers of the deal's team and of the teams above it, the nearest first."""
    return managers_at([deal.team.path]) if deal.team else []


def managers_of(user: User) -> list[User]:
    """Return the managers of a colleague's teams and of the teams above them, the nearest first."""
    teams = user.memberships.filter(manages=False, until__isnull=True)
    return [one for one in managers_at(list(teams.values_list("team__path", flat=True))) if one != user]


def managers_at(paths: Sequence[str]) -> list[User]:
    """Return the managers of the teams at ``paths`` and of those above them, the nearest first."""
    above = {int(pk) for path in paths for pk in path.strip("/").split("/")}
    current = Membership.objects.filter(
        team_id__in=above, manages=True, until__isnull=True, user__is_active=True
    )
    nearest = sorted(
        current.select_related("user", "team"), key=lambda one: (-len(one.team.path.split("/")), one.pk)
    )
    return [member.user for member in nearest]


def _person(ask: Ask, managers: list[User], asker: User | None) -> User:
    asked = ask.person if ask.approver == Approver.PERSON else None
    if asked is not None and (named := User.objects.active().filter(pk=asked).first()):
        return named  # whoever has left is answered for by the manager
    place = {Approver.MANAGER: 0, Approver.LEADER: 1, Approver.PERSON: 0}.get(ask.approver)
    if place is not None and place < len(managers):
        return managers[place]
    sponsors = sponsors_here()
    if sponsor := (sponsors.exclude(pk=asker.pk) if asker else sponsors).first():
        return sponsor
    if managers:
        return managers[-1]
    raise NobodyToAsk("Nobody is there to decide: the deal's team has no manager, and there is no sponsor.")


def sponsors_here() -> UserQuerySet:
    """Return the sponsors who work here, the longest known first."""
    return User.objects.active().filter(role=Role.SPONSOR).order_by("id")
