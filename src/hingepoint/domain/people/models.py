"""People, what they come for, and the tree of teams with dated membership."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, TypeVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q

from hingepoint.records.languages import ENGLISH
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

#: Who looks: a person of the company, a stranger, or nobody. ``works_here`` tells them apart.
Viewer: TypeAlias = "User | AnonymousUser | None"


#: Who sees every deal, and looks after people and settings.
SEES_EVERYTHING = (Role.SPONSOR, Role.ANALYST)


def choices(enum: type[Enum]) -> list[tuple[str, str]]:
    """Return Django choices of a string enum: value and its words."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]


M = TypeVar("M", bound=models.Model)
_OTHER_WAYS: list[Callable[[], Q]] = []


def way_in(condition: Callable[[], Q]) -> Callable[[], Q]:
    """Have a condition on people count as a way to come in beside a password: the subject that knows the way says so."""
    _OTHER_WAYS.append(condition)
    return condition


_OUTSIDE: list[type[models.Model]] = []


def opens_outside(model: type[M]) -> type[M]:
    """Have rows of a model, which is each of a ``user``, go when their person is let in no more: they open pages, or tell of
    them, without a sign-in."""
    _OUTSIDE.append(model)
    return model


def outside() -> tuple[type[models.Model], ...]:
    """Return the models of what opens pages or tells of them without a sign-in."""
    return tuple(_OUTSIDE)


_NEEDED: list[Callable[[User], str]] = []


def needed(why: Callable[[User], str]) -> Callable[[User], str]:
    """Have a subject say why somebody must keep their way in, their role and their second factor, and what to do first; empty
    where they need not."""
    _NEEDED.append(why)
    return why


def why_needed(user: User) -> str:
    """Return why somebody must keep their way in, in words; empty where they need not."""
    return next(filter(None, (why(user) for why in _NEEDED)), "")


def otherwise() -> Q:
    """Return the condition that somebody comes in without a password."""
    ways = Q(pk__in=[])
    for condition in _OTHER_WAYS:
        ways |= condition()
    return ways


def comes_in() -> Q:
    """Return the condition that somebody is not disabled, has an address and a way to come in."""
    password = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return Q(is_active=True, email__isnull=False) & (password | otherwise())


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def who_come_in(self) -> UserQuerySet:
        """Return who can sign in: by password, passkey or the company's account."""
        return self.filter(comes_in())

    def knowing_ways_in(self) -> UserQuerySet:
        """Read along what ``can_sign_in`` asks, so that asking each costs no query of its own."""
        return self.annotate(
            comes_otherwise=ExpressionWrapper(otherwise(), output_field=models.BooleanField())
        )

    def visible_to(self, viewer: Viewer) -> UserQuerySet:
        """Colleagues are known to everybody who works here; strangers see nobody."""
        return self.all() if works_here(viewer) else self.none()

    def by_number(self, number: int) -> User:
        """Return the person of a number, or the one whom that person was merged into. Raises DoesNotExist."""
        return self.get(Q(pk=number) | Q(other_names__was=number))


UserManager = BaseUserManager.from_queryset(UserQuerySet)


class User(AbstractBaseUser):
    """A person of the company. Without an e-mail address and a way in they cannot sign in yet:
    owners and managers named in imported files begin so."""

    key = models.CharField(max_length=200, unique=True)  # name or id in the company's own files
    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True, null=True)
    role = models.CharField(max_length=20, choices=choices(Role))
    title = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    visited_on = models.DateField(null=True)  # the last day on which they opened their first page,
    visited_before = models.DateField(null=True)  # and the last one before that
    language = models.CharField(max_length=10, blank=True)  # that they chose; empty: as their browser asks
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
    def reads(self) -> str:
        """The language of what is sent to them: the one they chose, where it is offered."""
        return self.language if self.language in settings.OFFERED_LANGUAGES else ENGLISH

    @property
    def sees_everything(self) -> bool:
        return self.role in SEES_EVERYTHING

    @property
    def has_password(self) -> bool:
        """Whether there is an address and a password to sign in with, unless they are disabled."""
        return bool(self.email and self.has_usable_password())

    @property
    def can_sign_in(self) -> bool:
        """Whether there is an address and a way to come in (``who_come_in``), unless they are disabled. One SQL query for
        who has no password and was not read by ``knowing_ways_in``."""
        if not self.email or self.has_usable_password():
            return bool(self.email)
        known = self.__dict__.get("comes_otherwise")
        return User.objects.filter(otherwise(), pk=self.pk).exists() if known is None else known


class InvitationQuerySet(models.QuerySet):
    def open(self) -> InvitationQuerySet:
        """Return those that nobody used or revoked; their time may be over."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True)

    def working(self, at: dt.datetime) -> InvitationQuerySet:
        """Return those whose link opens at ``at``."""
        return self.open().filter(expires_at__gt=at).exclude(digest="")

    def waiting(self, at: dt.datetime) -> InvitationQuerySet:
        """Return those that are still to be mailed."""
        return self.open().filter(expires_at__gt=at, sent_at__isnull=True).exclude(to="")


class Invitation(models.Model):
    """A way in for one person: a link that works once, until a day. Only the digest of what the link carries is
    kept (``rules.digest_of``), so that nobody reads a link out of the database.

    ``to`` is the address it is mailed to, empty for a link that was copied or printed. A mail waits with an
    empty digest until the worker makes its link; ``problem`` says why the last try to send it failed.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, blank=True)
    to = models.EmailField(blank=True)
    page = models.CharField(max_length=300, blank=True)  # what the link of a mail begins with
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation",
            ),
            models.UniqueConstraint(fields=["digest"], condition=~Q(digest=""), name="one_link_one_person"),
            models.CheckConstraint(condition=~Q(digest="") | ~Q(to=""), name="a_link_or_a_mail_to_send"),
        ]


class OtherName(models.Model):
    """What somebody is called elsewhere: the key, name and address of a person who was merged into them.
    Files that say it mean them. ``was`` is the number by which the audit trail knows that person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="other_names")
    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(null=True, unique=True)
    was = models.BigIntegerField(unique=True)  # no foreign key: that row is gone
    merged_at = models.DateTimeField()


class DifferentPeople(models.Model):
    """Somebody said that two people who look like one are two; the lower number comes first."""

    one = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="two_people_said_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="two_people_in_order"),
        ]


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


def sees_all(viewer: object) -> TypeGuard[User]:
    """Return whether ``viewer`` works here and sees every deal: answers kept for the whole company are theirs."""
    return works_here(viewer) and viewer.sees_everything


def managed_team_ids(viewer: User, *, on: dt.date | None = None) -> list[int]:
    """Return the ids of all teams in the subtrees that ``viewer`` manages on a day (default: now).

    Causes an SQL query the first time it is asked of one ``viewer`` object; a request holds its own.
    """
    return list(managed_teams(viewer, on=on))


def managed_teams(viewer: User, *, on: dt.date | None = None) -> dict[int, str]:
    """Return the names of these teams by their ids, as ``managed_team_ids`` finds them."""
    if on is None and (kept := viewer.__dict__.get("_managed_teams")) is not None:
        return kept
    current = Q(until__isnull=True) if on is None else Q(until__isnull=True) | Q(until__gt=on)
    managed = viewer.memberships.filter(current, manages=True)
    if on is not None:
        managed = managed.filter(since__lte=on)
    below = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
    above = managed.annotate(below=below).filter(below__startswith=F("team__path"))
    teams = dict(Team.objects.filter(Exists(above)).values_list("pk", "name"))
    if on is None:
        viewer.__dict__["_managed_teams"] = teams
    return teams
