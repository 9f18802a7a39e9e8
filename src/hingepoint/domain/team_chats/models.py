"""The channel of a team, which is told each day how much waits for the people of the team and never what.

| field | who reads | who writes |
|---|---|---|
| which chat it is, since when, how the last message went | who leads the team or keeps people | the same; the program |
| the secret address of the channel | nobody: it is kept encrypted | who leads the team or keeps people |
| which things were counted | nobody: the program tells by them what is new | the program |
"""

from __future__ import annotations

from typing import Self

from django.db import models

from hingepoint.domain.notices.rules import TRIES
from hingepoint.domain.people.models import Team, User, Viewer, managed_teams, sees_all, works_here
from hingepoint.domain.secrets.rules import SealedField
from hingepoint.records.notices import ChatService


def leads(viewer: User, *, team_id: int | None = None) -> dict[int, str]:
    """Return the teams whose channel somebody may keep, by name: those they lead, or all of who keeps people. ``team_id`` asks
    of one alone."""
    if not viewer.sees_everything:
        return {pk: name for pk, name in managed_teams(viewer).items() if team_id in (None, pk)}
    rows = Team.objects.order_by("name") if team_id is None else Team.objects.filter(pk=team_id)
    return dict(rows.values_list("pk", "name"))


class TeamChatQuerySet(models.QuerySet["TeamChat"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Those of teams that ``viewer`` leads; all for who keeps people."""
        if sees_all(viewer):
            return self.all()
        return self.filter(team__in=list(leads(viewer))) if works_here(viewer) else self.none()


class TeamChat(models.Model):
    """The channel of a team. ``found`` are the keys of what waited on the day ``on``, by kind; ``told`` those that were counted
    in the last message that was taken. ``failed_days``: so many days in a row it took nothing."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="+")
    service = models.CharField(max_length=10, choices=ChatService.choices)
    url = SealedField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    on = models.DateField(null=True)
    found = models.JSONField(default=dict)
    told = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    failed_days = models.PositiveSmallIntegerField(default=0)

    objects = TeamChatQuerySet.as_manager()

    class Meta:
        ordering = ["team__name"]

    @property
    def waits(self) -> bool:
        """Whether the message of the day is still to be taken: something of it is new, and it was not tried too often."""
        new = {key for keys in self.found.values() for key in keys} - set(self.told)
        return bool(new) and self.tries < TRIES
