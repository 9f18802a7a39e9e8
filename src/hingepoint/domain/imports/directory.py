"""Names in files become people (who cannot sign in yet), teams, accounts and agreement types."""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model
from django.db.models.functions import Coalesce

from hingepoint.domain.agreements.actions import load_catalogue
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Account
from hingepoint.domain.imports import staging
from hingepoint.domain.imports.models import ImportBatch, ImportChange
from hingepoint.domain.people.models import Membership, OtherName, Team, User
from hingepoint.domain.people.rules import alike, known_people
from hingepoint.records.agreements import Origin, Side
from hingepoint.records.names import key_of, one_spelling
from hingepoint.records.people import Role


def know_people_and_teams(batch: ImportBatch) -> dict[str, int]:
    """Make the people and teams that the staged deals name, and who belongs where.

    A person is known by key, by e-mail address or by a name that nobody else has, also by the address that
    stands beside their name. Returns how many people, addresses of people and teams are new.
    """
    owners, managers = _names("owner", "staged_deal"), _names("manager", "staged_deal")
    addresses = _addresses()
    known = known_people()
    for name in owners | managers:
        if alike(name) not in known and (there := known.get(addresses.get(name, ""))):
            known[alike(name)] = there
    new = _make_people(owners, managers, known, addresses, batch)
    known |= {alike(user.key): user.pk for user in new}
    given = _give_addresses({known[alike(name)]: address for name, address in addresses.items()}, batch)
    staging.insert(
        "staged_person", ["named", "id"], [(name, known[alike(name)]) for name in owners | managers]
    )
    staging.index("staged_person", "named")
    teams = _know_teams(batch)
    _know_members(batch, known, teams)
    return {"people": len(new), "addresses": given, "teams": len(teams["new"])}


def _addresses() -> dict[str, str]:
    """Return the e-mail address of each owner and manager of whom the staged deals say one, and the same one
    throughout: in a column of its own, or in place of the name."""
    said: dict[str, set[str]] = {}
    for who in ("owner", "manager"):
        pairs = staging.rows(f"SELECT DISTINCT {who}, {who}_email FROM staged_deal WHERE {who} <> ''")
        for name, address in pairs:
            for text in filter(None, (address, name if "@" in name else "")):
                said.setdefault(name, set()).add(text.strip().lower())
    return {name: min(found) for name, found in said.items() if len(found) == 1 and _is_address(min(found))}


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _make_people(
    owners: set[str], managers: set[str], known: dict[str, int], addresses: dict[str, str], batch: ImportBatch
) -> list[User]:
    """Make the people whom nobody knows; an address goes to the first who has it."""
    taken: set[str] = set()
    new: list[User] = []
    for name in sorted(owners | managers):
        if alike(name) in known:
            continue
        address = addresses.get(name)
        free = address if address and address not in known and address not in taken else None
        taken |= {free} if free else set()
        role = Role.MANAGER if name in managers else Role.SELLER
        new.append(User(key=name, name=name, email=free, role=role, password=UNUSABLE_PASSWORD_PREFIX))
    User.objects.bulk_create(new, batch_size=1000)
    _remember(batch, "user", new)
    return new


def _give_addresses(addresses: dict[int, str], batch: ImportBatch) -> int:
    """Give people who have none the address that the file says; return how many got one. It is kept for undo."""
    free = set(addresses.values()) - {
        email for email in User.objects.values_list("email", flat=True) if email
    }
    free -= set(OtherName.objects.exclude(email=None).values_list("email", flat=True))
    given = []
    for user in User.objects.filter(pk__in=addresses, email=None).order_by("pk"):
        if addresses[user.pk] in free:
            free.discard(addresses[user.pk])
            user.email, user.version = addresses[user.pk], user.version + 1
            given.append(user)
    User.objects.bulk_update(given, ["email", "version"])
    ImportChange.objects.bulk_create(
        ImportChange(batch=batch, table="user", row_id=user.pk, before={"email": None}, version=user.version)
        for user in given
    )
    return len(given)


def _names(column: str, table: str) -> set[str]:
    return {name for (name,) in staging.rows(f"SELECT DISTINCT {column} FROM {table} WHERE {column} <> ''")}


def _know_teams(batch: ImportBatch) -> dict[str, Any]:
    names = _names("team", "staged_deal")
    ids = dict(Team.objects.filter(name__in=names).values_list("name", "pk"))
    new = [Team(name=name) for name in sorted(names - ids.keys())]
    Team.objects.bulk_create(new)
    for team in new:
        team.path = f"/{team.pk}/"
    Team.objects.bulk_update(new, ["path"])
    _remember(batch, "team", new)
    return {"ids": ids | {team.name: team.pk for team in new}, "new": new}


def _know_members(batch: ImportBatch, people: dict[str, int], teams: dict[str, Any]) -> None:
    """Put newcomers into the team of their newest deal, and managers in charge of teams that have none.

    Whoever was ever in a team is left alone: what people arrange here outlives the next file.
    """
    ever = set(Membership.objects.values_list("user_id", flat=True))
    led = set(Membership.objects.filter(manages=True).values_list("team_id", flat=True))
    new: dict[tuple[int, int, bool], dt.date] = {}
    placed = set(ever)
    for owner, manager, team, first in _who_works_where():
        team_id = teams["ids"][team]
        chief = people.get(alike(manager)) if manager else None
        if chief and (chief not in ever or team_id not in led):
            _earliest(new, (chief, team_id, True), first)
        seller = people[alike(owner)] if owner else None
        if seller and seller != chief and seller not in placed:
            placed.add(seller)
            _earliest(new, (seller, team_id, False), first)
    made = [
        Membership(user_id=user, team_id=team, manages=manages, since=since)
        for (user, team, manages), since in new.items()
    ]
    Membership.objects.bulk_create(made, batch_size=1000)
    _remember(batch, "membership", made)


def _earliest(found: dict[Any, dt.date], key: Any, day: dt.date) -> None:
    found[key] = min(day, found.get(key, day))


def _who_works_where() -> list[tuple[str, str, str, dt.date]]:
    """Return ``(owner, manager, team, first day)`` of the staged deals, those with the newest deals first."""
    found = staging.rows(
        "SELECT owner, manager, team, MIN(created_at) FROM staged_deal WHERE team <> ''"
        " GROUP BY owner, manager, team ORDER BY MAX(created_at) DESC, owner, manager, team"
    )
    return [(owner, manager, team, _day(first)) for owner, manager, team, first in found]


def _day(value: dt.datetime | str) -> dt.date:
    return dt.date.fromisoformat(value[:10]) if isinstance(value, str) else value.astimezone(dt.UTC).date()


def know_accounts(batch: ImportBatch) -> int:
    """Make the accounts that the staged deals name; an account is known by key, or by a name of its own."""
    staging.run(
        "INSERT INTO staged_account (named, id) SELECT n.account, a.id"
        " FROM (SELECT DISTINCT account FROM staged_deal WHERE account <> '') n"
        " JOIN domain_account a ON a.key = n.account"
    )
    staging.run(
        "INSERT INTO staged_account (named, id) SELECT n.account, MIN(a.id)"
        " FROM (SELECT DISTINCT account FROM staged_deal WHERE account <> '') n"
        " JOIN domain_account a ON a.name = n.account"
        " WHERE n.account NOT IN (SELECT named FROM staged_account)"
        " GROUP BY n.account HAVING COUNT(*) = 1"
    )
    return _make_accounts(batch)


def _make_accounts(batch: ImportBatch) -> int:
    missing = sorted(_names("account", "staged_deal") - {name for (name,) in _named_accounts()})
    new = Account.objects.bulk_create((Account(key=name, name=name) for name in missing), batch_size=1000)
    _remember(batch, "account", new)
    staging.insert("staged_account", ["named", "id"], [(account.key, account.pk) for account in new])
    staging.index("staged_account", "named")
    return len(new)


def _named_accounts() -> list[tuple]:
    return staging.rows("SELECT named FROM staged_account")


def know_types(batch: ImportBatch) -> int:
    """Find the catalogue's types that the staged events name, by key or name however spelt, a tied word as what
    it is tied to; make the others.

    The side of a new type is the one that most of its events say, else it is guessed to be the customer's.
    """
    if not AgreementType.objects.filter(origin=Origin.SHIPPED).exists():
        load_catalogue(by=None, at=batch.begun_at)
    named = _named_types()
    spelt = one_spelling(_counted(named))
    known = _known_types()
    new: dict[str, AgreementType] = {}
    for name, side, _ in sorted(named, key=lambda each: -each[2]):
        if name not in known and key_of(name) not in known:
            row = new.setdefault(key_of(name), _new_type(spelt[name]))
            row.side = row.side or side
    for row in new.values():
        row.side_guessed = not row.side
        row.side = row.side or Side.CUSTOMER
    AgreementType.objects.bulk_create(new.values(), batch_size=1000)
    _remember(batch, "type", new.values())
    known |= {key: row.pk for key, row in new.items()}
    pairs = {name: known[name] if name in known else known[key_of(name)] for name, *_ in named}
    staging.insert("staged_type", ["named", "id"], list(pairs.items()))
    staging.index("staged_type", "named")
    return len(new)


def _named_types() -> list[tuple[str, str, int]]:
    """Return ``(name, side, rows)`` of the staged agreements, in the order of the file."""
    return staging.rows(
        "SELECT name, side, COUNT(*) FROM (SELECT name, side, row FROM staged_event WHERE kind = 'agreement'"
        " UNION ALL SELECT name, side, row FROM staged_standing WHERE occurred_at IS NULL) AS told"
        " GROUP BY name, side ORDER BY MIN(row), side"
    )


def _counted(named: list[tuple[str, str, int]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, _, rows in named:
        counts[name] = counts.get(name, 0) + rows
    return counts


def _known_types() -> dict[str, int]:
    """Return the catalogue by every spelling; exact keys win. A tied word is the type that it is tied to."""
    meant = Coalesce("tied_to_id", "pk")
    types = list(AgreementType.objects.values_list(meant, "key", "name", "own_name").order_by("-pk"))
    found = {key_of(words): pk for pk, _, name, own in types for words in (name, own) if words}
    found |= {key_of(key): pk for pk, key, *_ in types}
    return found | {key: pk for pk, key, *_ in types}


def _new_type(name: str) -> AgreementType:
    words = name.replace("_", " ").strip()
    return AgreementType(key=name, name=words or name, side="", origin=Origin.IMPORTED)


def _remember(batch: ImportBatch, table: str, made: Iterable[Model]) -> None:
    """Keep for undo which rows are new in tables that do not say so themselves."""
    ImportChange.objects.bulk_create(
        (ImportChange(batch=batch, table=table, row_id=row.pk) for row in made), batch_size=1000
    )
