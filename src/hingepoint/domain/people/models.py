"""People, what they come for, and the tree of teams with dated membership."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q

from hingepoint.records.people import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

#: Who looks: a person of the company, a stranger, or nobody. ``works_here`` tells them apart.
Viewer: TypeAlias = "User | AnonymousUser | None"


def choices(enum: type[Enum]) -> list[tuple[str, str]]:
    """Return Django choices of a string enum: value and its words."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def visible_to(self, viewer: Viewer) -> UserQuerySet:
        """Colleagues are known to everybody who works here; strangers see nobody."""
        return self.all() if works_here(viewer) else self.none()


UserManager = BaseUserManager.from_queryset(UserQuerySet)


class User(AbstractBaseUser):
    """A person of the company. Without an e-mail address and password they cannot sign in yet:
    owners and managers named in imported files begin so."""

    key = models.CharField(max_length=200, unique=True)  # name or id in the company's own files
    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True, null=True)
    role = models.CharField(max_length=20, choices=choices(Role))
    title = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="user_role_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sees_everything(self) -> bool:
        return self.role in (Role.SPONSOR, Role.ANALYST)


class Team(models.Model):
    """A node of the team tree. ``path`` holds the ids from the root, ``/1/4/9/``: a subtree is a prefix."""

    name = models.CharField(max_length=200, unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=400, blank=True, db_index=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Who belonged to which team, as member or as its manager, from ``since`` until before ``until``."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    manages = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("since")), name="membership_lasts"
            ),
            models.UniqueConstraint(
                fields=["user", "team", "manages"],
                condition=Q(until__isnull=True),
                name="one_current_membership",
            ),
        ]


class SavedView(models.Model):
    """A list as somebody likes it: the address is the state."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=50)
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000, blank=True)
    shared = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_name_once")]


class SignInFailure(models.Model):
    """A sign-in that failed, kept for the rate limit only."""

    account = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="sign_in_failure_account"),
            models.Index(fields=["address", "at"], name="sign_in_failure_address"),
        ]


def works_here(viewer: object) -> TypeGuard[User]:
    """Return whether ``viewer`` is a signed-in person who is not disabled."""
    return bool(getattr(viewer, "is_authenticated", False) and getattr(viewer, "is_active", False))


def managed_team_ids(viewer: User, *, on: dt.date | None = None) -> list[int]:
    """Return the ids of all teams in the subtrees that ``viewer`` manages on a day (default: now).

    Causes an SQL query the first time it is asked of one ``viewer`` object; a request holds its own.
    """
    if on is None and (kept := viewer.__dict__.get("_managed_team_ids")) is not None:
        return kept
    current = Q(until__isnull=True) if on is None else Q(until__isnull=True) | Q(until__gt=on)
    managed = viewer.memberships.filter(current, manages=True)
    if on is not None:
        managed = managed.filter(since__lte=on)
    below = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
    above = managed.annotate(below=below).filter(below__startswith=F("team__path"))
    ids = list(Team.objects.filter(Exists(above)).values_list("pk", flat=True))
    if on is None:
        viewer.__dict__["_managed_team_ids"] = ids
    return ids
