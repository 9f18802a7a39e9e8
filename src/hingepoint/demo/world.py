"""Loads a small named world into an empty database, through the ordinary actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import ValidationError

from hingepoint.demo import world_talks
from hingepoint.demo.world_schema import (
    AccountPart,
    AgreementPart,
    DealPart,
    DebriefPart,
    PlanPart,
    UserPart,
    World,
)
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.catalogue import shipped_types
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Account, Contact, Deal
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans import parts
from hingepoint.domain.upkeep import actions as upkeep

Place = tuple[str | int, ...]


class WorldProblem(ValueError):
    """The file cannot be used. ``problems`` say where and why, one sentence each; nothing was changed."""

    def __init__(self, problems: list[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class NotEmpty(Exception):
    """The database holds something already; --reset empties it first."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the database now holds."""

    name: str
    users: int
    teams: int
    accounts: int
    deals: int
    steps: int
    plans: int


def example() -> Path:
    """Return the example world that is shipped."""
    return Path(__file__).parent / "worlds_examples" / "small.yaml"


def read_world(path: Path) -> World:
    """Return the world of a file. Raises WorldProblem with the line and place of everything wrong."""
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        world = World.model_validate(yaml.safe_load(text) or {})
    except (OSError, UnicodeDecodeError) as error:
        raise WorldProblem([f"{path.name} cannot be read: {error}."]) from None
    except ValidationError as error:
        said = [_said(path, node, each["loc"], each["msg"]) for each in error.errors()]
        raise WorldProblem(said) from None
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # ValueError: what looks like a day and is none
        raise WorldProblem([f"{path.name} is not YAML: {error}"]) from None
    if unknown := [_said(path, node, place, why) for place, why in _unknown_names(world)]:
        raise WorldProblem(unknown)
    return world


def _said(path: Path, node: yaml.Node | None, place: Place, why: str) -> str:
    return f"{path.name}, line {_line(node, place)}, {_shown(place)}: {why[:1].lower()}{why[1:]}."


def _shown(place: Place) -> str:
    """Return ``deals[2].agreements[0].state`` for the place of a value."""
    return (
        "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "file"
    )


def _line(node: yaml.Node | None, place: Place) -> int:
    """Return the line of the deepest part of ``place`` that the file has."""
    line = node.start_mark.line if node else 0
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode) and (pair := _pair(node, part)):
            line, node = pair[0].start_mark.line, pair[1]
            continue
        else:
            break
        line = node.start_mark.line
    return line + 1


def _pair(node: yaml.MappingNode, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((k, v) for k, v in node.value if k.value == key), None)


# ---- names that lead nowhere ----


def _unknown_names(world: World) -> Iterator[tuple[Place, str]]:
    """Yield the place of every name that is not in the file, and of every name that is there twice."""
    teams = {team.name for team in world.teams}
    users = {user.key for user in world.users}
    accounts = {account.key for account in world.accounts}
    contacts = {contact.key for account in world.accounts for contact in account.contacts}
    types = {*shipped_types(), *(added.key for added in world.types)}
    yield from _twice(world)
    for i, rule in enumerate(world.policy.rules if world.policy else ()):
        yield from _known(rule.person, users, ("policy", "rules", i, "person"), "a user of this file")
    seen: set[str] = set()
    for i, team in enumerate(world.teams):
        yield from _known(team.parent, seen, ("teams", i, "parent"), "a team that stands before it")
        seen.add(team.name)
    for i, user in enumerate(world.users):
        for name in (user.team, *user.manages):
            yield from _known(name, teams, ("users", i, "team"), "a team of this file")
    for i, deal in enumerate(world.deals):
        yield from _known(deal.account, accounts, ("deals", i, "account"), "an account of this file")
        yield from _known(deal.owner, users, ("deals", i, "owner"), "a user of this file")
        yield from _known(deal.team, teams, ("deals", i, "team"), "a team of this file")
        yield from _unknown_in_deal(deal, ("deals", i), users=users, contacts=contacts, types=types)


def _unknown_in_deal(deal: DealPart, place: Place, *, users, contacts, types) -> Iterator[tuple[Place, str]]:
    for i, person in enumerate(deal.people):
        yield from _known(
            person.contact, contacts, (*place, "people", i, "contact"), "a contact of this file"
        )
    for i, step in enumerate(deal.agreements):
        here = (*place, "agreements", i)
        yield from _known(step.type, types, (*here, "type"), "an agreement type of the catalogue")
        yield from _known(step.person, contacts, (*here, "person"), "a contact of this file")
        yield from _known(step.asked_of, users, (*here, "asked_of"), "a user of this file")
        yield from _known(step.by, users, (*here, "by"), "a user of this file")
    for i, plan in enumerate(deal.plans):
        here = (*place, "plans", i)
        for key in (plan.agreement, *plan.steps):
            yield from _known(key, types, (*here, "agreement"), "an agreement type")
        for name in (plan.by, *(review.by for review in plan.reviews)):
            yield from _known(name, users, (*here, "by"), "a user of this file")
    for i, talk in enumerate(deal.debriefs):
        here = (*place, "debriefs", i)
        yield from _known(talk.agreement, types, (*here, "agreement"), "an agreement type")
        yield from _known(talk.by, users, (*here, "by"), "a user of this file")
        yield from _known(talk.person, contacts, (*here, "person"), "a contact of this file")
    yield from world_talks.unknown_names(deal, place, users=users, known=_known)
    for i, note in enumerate(deal.coaching_notes):
        for name in ("by", "to"):
            here = (*place, "coaching_notes", i, name)
            yield from _known(getattr(note, name), users, here, "a user of this file")


def _known(name: str | None, names: set[str], place: Place, what: str) -> Iterator[tuple[Place, str]]:
    if name is not None and name not in names:
        yield place, f"{name!r} is not {what}"


def _twice(world: World) -> Iterator[tuple[Place, str]]:
    families = {
        "teams": [team.name for team in world.teams],
        "users": [user.key for user in world.users],
        "accounts": [account.key for account in world.accounts],
        "deals": [deal.key for deal in world.deals],
    }
    for family, names in families.items():
        for i, name in enumerate(names):
            if name in names[:i]:
                yield (family, i), f"{name!r} stands here for the second time"


# ---- writing ----


def load_world(path: Path, *, reset: bool = False) -> Loaded:
    """Write the world of a file into an empty database; with ``reset`` empty it first.

    All or nothing. The same file gives the same database. Raises WorldProblem and NotEmpty.
    """
    world = read_world(path)
    with transaction.atomic():
        if reset:
            call_command("flush", interactive=False, verbosity=0)
        elif User.objects.exists() or Deal.objects.exists() or Account.objects.exists():
            raise NotEmpty(
                "The database is not empty. Use --reset to empty it first: everything in it is lost."
            )
        return _Writer(world, path).write()


class _Writer:
    """Writes one world; keeps what it has made, by name."""

    def __init__(self, world: World, path: Path):
        self.world, self.path = world, path
        self.at = _zoned(world.at)
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.accounts: dict[str, Account] = {}
        self.contacts: dict[str, Contact] = {}

    def write(self) -> Loaded:
        agreements.load_catalogue(by=None, at=self.at)
        for i, added in enumerate(self.world.types):
            with self._at("types", i):
                facts = added.model_dump(exclude_none=True) | {"good": list(added.good)}
                agreements.add_type(by=None, at=self.at, **facts)
        for i, team in enumerate(self.world.teams):
            with self._at("teams", i):
                parent = self.teams.get(team.parent or "")
                self.teams[team.name] = people.add_team(by=None, at=self.at, name=team.name, parent=parent)
        for i, user in enumerate(self.world.users):
            with self._at("users", i):
                self._hire(user)
        for i, account in enumerate(self.world.accounts):
            with self._at("accounts", i):
                self._open(account)
        if self.world.policy:
            with self._at("policy"):
                world_talks.write_policy(self.world.policy, users=self.users, at=self.at)
        for i, deal in enumerate(self.world.deals):
            self._sell(deal, i)
        self._disable()
        upkeep.refresh_statistics()
        return Loaded(
            name=self.world.name,
            users=len(self.users),
            teams=len(self.teams),
            accounts=len(self.accounts),
            deals=len(self.world.deals),
            steps=sum(len(deal.agreements) for deal in self.world.deals),
            plans=sum(len(deal.plans) for deal in self.world.deals),
        )

    @contextmanager
    def _at(self, *place: str | int) -> Iterator[None]:
        """Say where in the file it was that an action refused."""
        refusals = (ValueError, LookupError, IntegrityError, DjangoValidationError)
        try:
            yield
        except WorldProblem:
            raise
        except refusals as error:
            why = " ".join(error.messages) if isinstance(error, DjangoValidationError) else str(error)
            raise WorldProblem([f"{self.path.name}, {_shown(place)}: {why}"]) from error

    def _hire(self, user: UserPart) -> None:
        facts = user.model_dump(include={"key", "name", "role", "email", "password", "title"})
        made = self.users[user.key] = people.add_user(by=None, at=self.at, **facts)
        since = user.since or self.at.date()
        joined = [(user.team, False)] if user.team else []
        for team, manages in (*joined, *((name, True) for name in user.manages)):
            people.join_team(
                by=None, at=self.at, user=made, team=self.teams[team], since=since, manages=manages
            )

    def _open(self, account: AccountPart) -> None:
        facts = account.model_dump(exclude={"contacts"})
        made = self.accounts[account.key] = deals.add_account(by=None, at=self.at, **facts)
        for contact in account.contacts:
            self.contacts[contact.key] = deals.add_contact(
                by=None, at=self.at, account=made, **contact.model_dump()
            )

    def _sell(self, deal: DealPart, i: int) -> None:
        with self._at("deals", i):
            made = deals.add_deal(by=None, at=self.at, **self._columns(deal))
        for j, person in enumerate(deal.people):
            with self._at("deals", i, "people", j):
                deals.name_contact(
                    by=None,
                    at=self.at,
                    deal_id=made.pk,
                    contact=self.contacts[person.contact],
                    role=person.role,
                    since=person.since or made.created_at.date(),
                )
        for j, event in enumerate(deal.events):
            with self._at("deals", i, "events", j):
                facts = event.model_dump(exclude={"at"})
                deals.note_event(
                    by=None, at=self.at, deal_id=made.pk, occurred_at=_zoned(event.at), origin="seed", **facts
                )
        for j, step in enumerate(deal.agreements):
            with self._at("deals", i, "agreements", j):
                self._step(made, step)
        self._keep_confidential(made, deal, i)
        self._negotiate(made, deal, i)

    def _negotiate(self, made: Deal, deal: DealPart, i: int) -> None:
        talks = world_talks.Talks(made, users=self.users, at=self.at)
        for family in ("demands", "concessions", "escalations", "involvements"):
            for j, part in enumerate(getattr(deal, family)):
                with self._at("deals", i, family, j):
                    talks.write(part)

    def _keep_confidential(self, made: Deal, deal: DealPart, i: int) -> None:
        if deal.corridor:
            with self._at("deals", i, "corridor"):
                figures = deal.corridor.model_dump()
                negotiation.set_corridor(by=None, at=self.at, deal_id=made.pk, **figures)
        for j, note in enumerate(deal.coaching_notes):
            with self._at("deals", i, "coaching_notes", j):
                coaching.write_note(
                    by=self.users[note.by],
                    at=self._moment(note.at),
                    deal_id=made.pk,
                    to=self.users[note.to],
                    note=note.note,
                )
        for j, plan in enumerate(deal.plans):
            with self._at("deals", i, "plans", j):
                self._plan(made, plan)
        for j, talk in enumerate(deal.debriefs):
            with self._at("deals", i, "debriefs", j):
                self._debrief(made, talk)

    def _plan(self, deal: Deal, plan: PlanPart) -> None:
        who = {"by": self.users[plan.by], "at": self._moment(plan.at), "deal_id": deal.pk}
        if plan.agreement is None:
            steps = {parts.about(parts.STEP, key): step for key, step in plan.steps.items()}
            written = plans.write_deal_plan(**who, parts={"risks": plan.risks, **steps})
        else:
            told = {part.key: getattr(plan, part.key) for part in parts.TALK_PARTS}
            told |= {
                part.key: [parts.Line(one.what, cost=one.cost, worth=one.worth) for one in told[part.key]]
                for part in parts.TRADES
            }
            written = plans.write_plan(**who, type_key=plan.agreement, talk_on=plan.talk_on, **told)
        for review in plan.reviews:
            facts = review.model_dump(exclude={"by", "at"})
            plans.review_plan(
                by=self.users[review.by], at=self._moment(review.at), plan_id=written.pk, **facts
            )

    def _debrief(self, deal: Deal, talk: DebriefPart) -> None:
        facts = talk.model_dump(exclude={"agreement", "by", "at", "person"})
        at = self._moment(talk.at)
        heard = plans.Heard(held_at=at, person=self.contacts.get(talk.person or ""), **facts)
        plans.debrief(
            by=self.users[talk.by],
            at=at,
            deal_id=deal.pk,
            type_key=talk.agreement,
            heard=heard,
            origin="seed",
        )

    def _moment(self, at: dt.datetime | None) -> dt.datetime:
        return _zoned(at) if at else self.at

    def _columns(self, deal: DealPart) -> dict[str, Any]:
        told = {"people", "agreements", "events", "corridor", "coaching_notes", "plans", "debriefs"}
        told |= {"demands", "concessions", "escalations", "involvements"}
        renamed = {"account", "owner", "team", "created", "closed", "expected_close"}
        owner = self.users.get(deal.owner or "")
        return deal.model_dump(exclude=told | renamed) | {
            "account": self.accounts.get(deal.account or ""),
            "owner": owner,
            "team": self.teams.get(deal.team or "") or (owner and _team_of(owner)),
            "created_at": _zoned(deal.created),
            "closed_at": deal.closed and _zoned(deal.closed),
            "expected_close_on": deal.expected_close,
        }

    def _step(self, deal: Deal, step: AgreementPart) -> None:
        facts = step.model_dump(exclude={"type", "at", "by", "person", "asked_of"})
        said = agreements.Step(
            occurred_at=self._moment(step.at),
            person=self.contacts.get(step.person or ""),
            asked_of=self.users.get(step.asked_of or ""),
            **facts,
        )
        agreements.take_step(
            by=self.users.get(step.by or ""),
            at=self.at,
            deal_id=deal.pk,
            type_key=step.type,
            step=said,
            origin="seed",
        )

    def _disable(self) -> None:
        for user in self.world.users:
            if not user.active:
                people.set_active(by=None, at=self.at, user=self.users[user.key], active=False)


def _zoned(moment: dt.datetime) -> dt.datetime:
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _team_of(owner: User) -> Team | None:
    own = owner.memberships.filter(until__isnull=True).order_by("manages", "id").first()
    return own and own.team
