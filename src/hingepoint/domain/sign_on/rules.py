"""What is in force for signing in with the company's account, and what groups give somebody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q

from hingepoint.domain.people.models import SEES_EVERYTHING, Membership, User, needed
from hingepoint.domain.secrets.rules import unseal
from hingepoint.domain.sign_on.models import DirectoryGroup, GroupLine, SignOn
from hingepoint.records.people import Role
from hingepoint.records.sign_on import GroupGives, wanted

#: What the provider says (acr or amr) when it asked for a second factor, unless the settings say otherwise.
USUAL_SECOND_FACTORS = ("mfa",)
KEEPERS = SEES_EVERYTHING


@dataclass(frozen=True, slots=True)
class InForce:
    """Where the company's sign-in is and what counts there. ``by_environment``: the installation's settings say where."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    groups_claim: str
    proven_by: str
    second_factors: frozenset[str]
    by_environment: bool


def kept() -> SignOn:
    """Return the settings of the page, as they are before anybody saved any too."""
    usual = SignOn(pk=1, second_factors=list(USUAL_SECOND_FACTORS), version=0)
    return SignOn.objects.filter(pk=1).first() or usual


def in_force(row: SignOn | None = None) -> InForce | None:
    """Return where the company's sign-in is; None without one. What the environment says comes before the page. Raises
    WrongKey."""
    row, said = row or kept(), settings.ENVIRONMENT
    told = bool(said.sign_on_issuer)
    if not (issuer := issuer_of(row)):
        return None
    secret = said.sign_on_client_secret if told else (secret_of(row) if row.secret else "")
    client_id = said.sign_on_client_id if told else row.client_id
    factors = frozenset(row.second_factors)
    return InForce(issuer, client_id, secret, row.groups_claim, row.proven_by, factors, told)


def secret_of(row: SignOn) -> str:
    """Return the secret that the provider knows us by. Raises WrongKey."""
    return unseal(row.secret, purpose=SignOn._meta.get_field("secret").purpose)


def issuer_of(row: SignOn) -> str:
    """Return where the company's sign-in is, empty without one; opens no secret."""
    return settings.ENVIRONMENT.sign_on_issuer or row.issuer


def is_set(row: SignOn) -> bool:
    """Return whether the company has a sign-in here."""
    return bool(issuer_of(row))


def only(row: SignOn) -> bool:
    """Return whether the company's account alone counts: never where there is no sign-in of the company any more."""
    return row.only and is_set(row)


def may_use_password(user: User) -> bool:
    """Return whether somebody may still sign in by what is kept here: a password or a passkey."""
    row = kept()
    return not only(row) or row.way_out_id == user.pk


def is_way_out(user: User) -> bool:
    """Return whether somebody is the one who still signs in by password."""
    row = kept()
    return only(row) and row.way_out_id == user.pk


@needed
def _way_out(user: User) -> str:
    if not is_way_out(user):
        return ""
    return (
        f"{user.name} is the one account that still signs in by password, should the company's sign-in fail. "
        "Name another one first, on the page of the company's sign-in."
    )


def table() -> list[GroupGives]:
    """Return what groups give, as it is kept."""
    return [
        GroupGives(row.group, Role(row.role) if row.role else None, row.team_id, row.manages)
        for row in GroupLine.objects.all()
    ]


def otherwise(row: SignOn) -> Role | None:
    return Role(row.otherwise) if row.otherwise else None


def places_of(users: Iterable[int]) -> dict[int, set[tuple[int, bool]]]:
    """Return where people are now: team and whether they manage it, by the number of each."""
    rows = Membership.objects.filter(user__in=list(users), until__isnull=True)
    found: dict[int, set[tuple[int, bool]]] = {}
    for user, team, manages in rows.values_list("user_id", "team_id", "manages"):
        found.setdefault(user, set()).add((team, manages))
    return found


def known_by(mail: str) -> User | None:
    """Return who has an address here, or had it before they were merged, or is called by it in files and has none yet."""
    meant = Q(email=mail) | Q(other_names__email=mail) | Q(key=mail, email=None)
    return User.objects.filter(meant).first()


def groups_of(user: User, told: Iterable[str]) -> set[str]:
    """Return the groups that count for somebody: those of the directory where it looks after them by itself, else what was
    ``told`` at the sign-in. A group of the directory has its name and its number there."""
    known = list(user.directory_people.all())
    if not known:
        return set(told)
    rows = DirectoryGroup.objects.filter(members__in=known).values_list("name", "external_id")
    return {one for pair in rows for one in pair if one}


def still_let_in(user: User) -> bool:
    """Return whether their groups still let somebody in who comes by the company's account alone; True for who has another way."""
    account = user.company_accounts.order_by("-came_at").first()  # type: ignore[attr-defined]
    if account is None or (user.has_password and may_use_password(user)):
        return True
    gives = wanted(groups_of(user, account.groups), table(), otherwise(kept()))
    return gives.let_in or bool(why_kept(user))


def why_kept(user: User) -> str:
    """Return why groups and directory take neither role nor way in from somebody, as the end of a sentence; empty where they
    may."""
    if is_way_out(user):
        return "they still sign in by password"
    return "nobody else keeps people" if last_keeper(user) else ""


def last_keeper(user: User) -> bool:
    """Return whether nobody else who can sign in keeps people."""
    others = User.objects.who_come_in().filter(role__in=[str(one) for one in KEEPERS]).exclude(pk=user.pk)
    return user.role in KEEPERS and not others.exists()
