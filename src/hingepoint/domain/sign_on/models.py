"""The company's sign-in, whose account there is whose here, and what groups of the company's directory give.

| field | who reads | who writes |
|---|---|---|
| secret | nobody; the program, when somebody signs in | who keeps people |
| the rest of the settings, the table of groups | who keeps people | who keeps people |
| account, its groups | who keeps people | the program, at each sign-in |
| person and group of the directory | the directory's own program | the directory's own program |
"""

from __future__ import annotations

from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from hingepoint.domain.people.models import Team, User, Viewer, choices, sees_all, way_in
from hingepoint.domain.secrets.rules import SealedField
from hingepoint.records.people import Role

M = TypeVar("M", bound=models.Model)


class SignOnQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Those who keep people look after it; it is nobody else's to see."""
        return self.all() if sees_all(viewer) else self.none()


class SignOn(models.Model):
    """The one sign-in of the company, as the page of its settings says it; the environment may say where it is instead.

    ``proven_by`` names the claim that says that an address is the person's own, ``second_factors`` what the provider says when
    it asked for a second one. ``makes_people``: who comes for the first time gets an account; ``otherwise`` is the role where
    groups give none, empty: nobody gets in by no group. ``way_out`` still signs in by password while ``only`` this counts.
    """

    issuer = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=300, blank=True)
    secret = SealedField(blank=True)
    groups_claim = models.CharField(max_length=100, default="groups")
    proven_by = models.CharField(max_length=100, default="email_verified")
    second_factors = models.JSONField(default=list, blank=True)
    makes_people = models.BooleanField(default=True)
    otherwise = models.CharField(max_length=20, blank=True)
    only = models.BooleanField(default=False)
    way_out = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    objects = SignOnQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_sign_on"),
            models.CheckConstraint(condition=Q(only=False) | Q(way_out__isnull=False), name="a_way_out"),
        ]


class CompanyAccount(models.Model):
    """Whose account at the company's sign-in is whose here: by issuer and subject, which never mean two people. ``groups`` are
    those of the last time."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="company_accounts")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    groups = models.JSONField(default=list, blank=True)
    linked_at = models.DateTimeField()
    came_at = models.DateTimeField()

    objects = SignOnQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_one_person")]


@way_in
def _by_the_companys_account() -> Q:
    """Who came by it before comes in by it again, while the company has a sign-in here."""
    came = Q(Exists(CompanyAccount.objects.filter(user=OuterRef("pk"))))
    if settings.ENVIRONMENT.sign_on_issuer:
        return came
    return came & Q(Exists(SignOn.objects.filter(pk=1).exclude(issuer="")))


class GroupLine(models.Model):
    """What one group of the company's directory gives: a role, a place in a team, or both."""

    group = models.CharField(max_length=200, unique=True)
    role = models.CharField(max_length=20, choices=choices(Role), blank=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="+")
    manages = models.BooleanField(default=False)

    objects = SignOnQuerySet.as_manager()

    class Meta:
        ordering = ["group"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role="") | Q(team__isnull=False), name="a_group_gives_something"
            )
        ]


class DirectoryPerson(models.Model):
    """Somebody whom the company's directory looks after by itself (SCIM), and who they are here. ``told`` is what it said of
    their name, title and addresses, as it wants to read it again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="directory_people")
    user_name = models.CharField(max_length=254, unique=True)  # in small letters: it is the same in any
    external_id = models.CharField(max_length=200, blank=True, db_index=True)
    told = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = SignOnQuerySet.as_manager()


class DirectoryGroup(models.Model):
    """A group of the company's directory, and who is in it. A line of the table means it by its name or by its number there."""

    name = models.CharField(max_length=200, unique=True)
    external_id = models.CharField(max_length=200, blank=True, db_index=True)
    members = models.ManyToManyField(DirectoryPerson, related_name="groups")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = SignOnQuerySet.as_manager()
