"""What the company's directory says of a person, and what its groups give them here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.records.people import Role

#: Who may more comes first: of several roles that groups give, one has the first.
WIDEST_FIRST = (Role.SPONSOR, Role.ANALYST, Role.MANAGER, Role.SELLER, Role.INSIDE_PARTNER)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back from the company's sign-in. ``mail`` is empty unless it was proven to be theirs; ``groups`` None
    where the provider had too many to tell; ``proofs`` is how they showed who they are (acr and amr)."""

    issuer: str
    subject: str
    name: str
    mail: str
    groups: tuple[str, ...] | None
    proofs: frozenset[str]


@dataclass(frozen=True, slots=True)
class GroupGives:
    """What one group of the company's directory gives here: a role, a place in a team, or both."""

    group: str
    role: Role | None
    team_id: int | None = None
    manages: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody's groups give them. ``role`` None: groups say nothing of it, or (``let_in`` is false) none lets them in.
    ``places`` are (team, whether they manage it); ``ruled`` are all the places that groups decide on: who is in one of these
    and not in ``places`` leaves."""

    let_in: bool
    role: Role | None
    places: frozenset[tuple[int, bool]]
    ruled: frozenset[tuple[int, bool]]


def wanted(groups: Iterable[str], table: Iterable[GroupGives], otherwise: Role | None) -> Wanted:
    """Return what ``groups`` give by the table. Where the table gives roles and none of theirs does, it is ``otherwise``; where that
    is nothing, they are not let in."""
    own, lines = set(groups), list(table)
    given = {line.role for line in lines if line.role and line.group in own}
    decides = any(line.role for line in lines)
    role = next((one for one in WIDEST_FIRST if one in given), otherwise) if decides else None
    return Wanted(
        not decides or role is not None,
        role,
        frozenset((line.team_id, line.manages) for line in lines if line.team_id and line.group in own),
        frozenset((line.team_id, line.manages) for line in lines if line.team_id),
    )


def arrival_of(
    claims: Mapping[str, Any], *, issuer: str, groups_claim: str, proven_claim: str, mail_claim: str = "email"
) -> Arrival:
    """Return who came, of claims that were checked. A mail counts only where ``proven_claim`` says that it is theirs."""
    mail = str(claims.get(mail_claim) or "").strip().lower()
    proven = claims.get(proven_claim) in (True, "true", "True", 1, "1")
    name = str(claims.get("name") or claims.get("preferred_username") or mail or "").strip()
    proofs = [claims.get("acr"), *_texts(claims.get("amr"))]
    return Arrival(
        issuer=issuer,
        subject=str(claims["sub"]),
        name=" ".join(name.split())[:200],
        mail=mail if proven else "",
        groups=groups_of(claims, groups_claim),
        proofs=frozenset(str(one) for one in proofs if one),
    )


def groups_of(claims: Mapping[str, Any], claim: str) -> tuple[str, ...] | None:
    """Return the groups that claims name; ``a.b`` looks into a. None where they are too many to be told (Entra ID then
    only says where to ask). Nothing said is no group: several providers leave an empty list out."""
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, dict) and claim in elsewhere:
        return None
    found: Any = claims.get(claim)
    if found is None and "." in claim:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    return tuple(dict.fromkeys(_texts(found)))


def _texts(said: Any) -> list[str]:
    many = said if isinstance(said, list) else [said]
    return [
        str(one)[:200] for one in many if isinstance(one, str | int) and not isinstance(one, bool) and one
    ]
