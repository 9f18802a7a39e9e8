"""Puts the demo company into the database, through the doors that any company's data comes in by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from django.db import transaction

from hingepoint.connectors import passing
from hingepoint.demo import (
    coached,
    diaries,
    duties,
    handed_over,
    hindsights,
    planning,
    planted,
    playbook,
    premortems,
    pressures,
    principles,
    proofs,
    reviews,
    rollout,
    sponsorship,
    talks,
    tour,
    traces,
    trials,
)
from hingepoint.demo.company import Company, simulate
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports import details
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import queries as people_queries
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.principles.actions import read_principles
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.records.agreements import Side
from hingepoint.records.deals import BuyingRole, Stage
from hingepoint.records.people import Role

#: The team in which the demo's manager and seller work: it has everything a visitor should see.
HOME_TEAM = "Hamburg"
#: Titles of the inside partners who are asked about terms.
LEGAL = ("Legal counsel", "Contract manager")
SMALL = 20

#: Told what is being done and which share of all is done.
Progress = Callable[[str, float], None]


class NotEmpty(Exception):
    """The database holds another company; the demo does not mix with it."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo holds. ``already``: it was there before, and nothing was changed."""

    already: bool
    people: int
    deals: int
    agreements: int
    events: int


def seed_company(
    *,
    at: dt.datetime,
    ends_on: dt.date,
    small: bool = False,
    seed: int = 7,
    progress: Progress | None = None,
) -> Seeded:
    """Fill an empty database with the company as it was on the evening before ``ends_on``; once filled,
    change nothing.

    All or nothing. Raises NotEmpty.
    """
    if User.objects.filter(key=people_queries.persona_key(Role.SPONSOR)).exists():
        return Seeded(True, User.objects.count(), Deal.objects.count(), 0, 0)
    if User.objects.exists() or Deal.objects.exists():
        raise NotEmpty("The database holds a company already. The demo needs an empty one.")
    tell = progress or (lambda doing, share: None)
    tell("Living through three years", 0.02)
    size = {"sellers": SMALL} if small else {}
    company = with_persona_keys(simulate(ends_on=ends_on - dt.timedelta(days=1), seed=seed, **size))
    company = tour.with_tour_deal(company)
    with transaction.atomic():
        return _write(company, at=at, tell=tell)


def _write(company: Company, *, at: dt.datetime, tell: Progress) -> Seeded:
    tell("Hiring people", 0.11)
    write_catalogue(at=at)
    write_people(company, at=at)
    tell("Meeting customers", 0.15)
    write_accounts(company, at=at)
    tell("Putting the strategy in force", 0.17)
    write_strategy(company, at=at)  # before the deals: they are asked for what it wants as soon as they come
    deals = import_table(company.deals, "deals", at=at, tell=_part(tell, "deals", 0.18, 0.23))
    typed = traces.typed(company.events, deals=company.deals)
    happened = pl.concat([typed, company.traces, company.forecasts], how="diagonal")
    events = import_table(happened, "events", at=at, tell=_part(tell, "what happened on them", 0.23, 0.54))
    tell("Writing down what was agreed", 0.54)
    write_details(company, at=at)
    proofs.write(at=at)
    tell("Planning and debriefing talks", 0.63)
    planning.write(company, at=at, today=company.ends_on + dt.timedelta(days=1))
    tell("Remembering what was asked and given", 0.73)
    talks.write(company, at=at)
    tell("Doing what is required", 0.87)
    principles.write(company, at=at)
    coached.write(company, at=at)
    sponsorship.write(company, at=at)
    duties.write(company, at=at)
    tell("Reading agreements from the CRM", 0.88)
    write_rules(company, at=at)
    tell("Tagging deals with market pressures", 0.94)
    pressures.write(at=at)
    tell("Holding reviews", 0.96)
    reviews.write(company, at=at)
    tell("Looking back on deals that ended", 0.965)
    hindsights.write(company, at=at)
    handed_over.write(at=at)
    diaries.write(company, at=at)
    premortems.write(at=at)
    tell("Drawing lots", 0.97)
    trials.write(company)
    read_principles(at=at)
    rollout.write(company, at=at)
    upkeep.refresh_statistics()
    tell("Ready", 1.0)
    return Seeded(
        already=False,
        people=company.people.height,
        deals=deals.created,
        agreements=events.tables["events"]["agreements"],
        events=events.created,
    )


# ---- who shows the demo ----


def personas(company: Company) -> dict[Role, str]:
    """Return the key of the person who shows the demo in each role.

    The seller is the one of the home team with most agreements in work, the inside partner the one of legal
    with most requests waiting.
    """
    active = company.people.filter("active")
    home = active.filter(pl.col("team") == HOME_TEAM)
    waiting = company.agreements.filter(pl.col("state").is_in(["asked", "soft", "planned"]))
    live = company.deals.filter(pl.col("status") == "open").select("deal_id", "owner")
    busy = waiting.join(live, on="deal_id")
    partners = active.filter(pl.col("title").is_in(LEGAL))  # asked about agreements and exceptions alike
    return {
        Role.SPONSOR: active.filter(pl.col("role") == Role.SPONSOR)["key"][0],
        Role.MANAGER: home.filter(pl.col("role") == Role.MANAGER)["key"][0],
        Role.SELLER: _busiest(busy["owner"], among=home.filter(pl.col("role") == Role.SELLER)["key"]),
        Role.ANALYST: active.filter(pl.col("role") == Role.ANALYST)["key"][0],
        Role.INSIDE_PARTNER: _busiest(waiting["colleague"], among=partners["key"]),
    }


def _busiest(column: pl.Series, *, among: pl.Series) -> str:
    counts = column.filter(column.is_in(among.implode())).value_counts(sort=True)
    return counts.sort("count", column.name, descending=[True, False])[column.name][0]


def with_persona_keys(company: Company) -> Company:
    """Return the company with the personas under the keys by which the product knows them."""
    keys = {key: people_queries.persona_key(role) for role, key in personas(company).items()}

    def renamed(table: pl.DataFrame, *columns: str) -> pl.DataFrame:
        return table.with_columns(pl.col(column).replace(keys) for column in columns)

    changed = {
        "people": renamed(company.people, "key"),
        "memberships": renamed(company.memberships, "person"),
        "deals": renamed(company.deals, "owner", "manager"),
        "agreements": renamed(company.agreements, "colleague"),
        "plans": renamed(company.plans, "by", "manager"),
        "concessions": renamed(company.concessions, "by"),
        "escalations": renamed(company.escalations, "manager", "partner"),
        "visits": renamed(company.visits, "executive"),
        "routines": renamed(company.routines, "seller"),
        "reviews": renamed(company.reviews, "led_by"),
    }
    names = dict(company.people.select("key", "name").iter_rows())
    events = company.events.with_columns(pl.col("actor", "counterpart").replace(names))
    return _replace(company, events=events, **changed)


def _replace(company: Company, **tables: pl.DataFrame) -> Company:
    values = {name: getattr(company, name) for name in Company.__dataclass_fields__}
    return Company(**(values | tables))


# ---- what is written ----


def write_catalogue(*, at: dt.datetime) -> None:
    """The shipped catalogue, and the one type that the company added."""
    agreements.load_catalogue(by=None, at=at)
    agreements.add_type(
        by=None,
        at=at,
        key=planted.OPENING_DISCOUNT,
        name="Opening discount agreed",
        side=Side.INTERNAL,
        counterpart="Sales manager",
        stage=Stage.SHAPE,
        commits="us",
        description="Seller and manager agree to open with a discount, to be taken seriously.",
        good=["Never more than five percent", "the customer has asked for a price"],
        metrics=["D", "W"],
        proximity="early",
        lever="direct",
    )


def write_people(company: Company, *, at: dt.datetime) -> None:
    """Everybody with role, team and dated membership. Nobody has a password: the demo signs in by a click."""
    teams: dict[str, Team] = {}
    for team in company.teams.iter_rows(named=True):
        parent = teams.get(team["parent"])
        teams[team["name"]] = people.add_team(by=None, at=at, name=team["name"], parent=parent)
    users: dict[str, User] = {}
    for person in company.people.iter_rows(named=True):
        facts = {name: person[name] for name in ("key", "name", "email", "title")}
        users[person["key"]] = people.add_user(by=None, at=at, role=Role(person["role"]), **facts)
    for member in company.memberships.iter_rows(named=True):
        user, team = users[member["person"]], teams[member["team"]]
        joined = people.join_team(
            by=None, at=at, user=user, team=team, since=member["since"], manages=member["manages"]
        )
        if member["until"]:
            people.leave_team(by=None, at=at, membership=joined, until=member["until"])
            people.set_active(by=None, at=at, user=user, active=False, reason="Left the company.")


def write_accounts(company: Company, *, at: dt.datetime) -> None:
    columns = {
        "account": "key",
        "name": "name",
        "region": "region",
        "segment": "segment",
        "country": "country",
    }
    accounts = company.accounts.select(list(columns)).rename(columns)
    details.know_accounts(by=None, at=at, accounts=accounts.iter_rows(named=True))
    contacts = company.contacts.select("account", "name", "title", "email", "left_on", key="contact")
    details.know_contacts(by=None, at=at, contacts=contacts.iter_rows(named=True))


#: Told while a table is imported: in which phase it is, and how many rows are read.
Reading = Callable[[str, int], None]


def _part(tell: Progress, what: str, since: float, until: float) -> Callable[[int], Reading]:
    """Return what tells how far an import of so many rows is, as a part of all: a third of it is reading."""

    def of(rows: int) -> Reading:
        def read(phase: str, done: int) -> None:
            share = done / rows / 3 if phase == "reading" else 1 / 3
            verb = "Reading" if phase == "reading" else "Writing"
            tell(f"{verb} {what}", since + (until - since) * min(share, 1 / 3))

        return read

    return of


def import_table(
    table: pl.DataFrame, kind: str, *, at: dt.datetime, tell: Callable[[int], Reading]
) -> imports.Report:
    """Write deals or events to a file, as any company would, and import it."""
    with passing.folder() as folder:
        path = folder / f"{kind}.parquet"
        table.write_parquet(path)
        return imports.import_files(
            by=None, at=at, given=imports.Files(**{kind: path}), progress=tell(table.height)
        )


#: function of a contact -> their role on a deal
_ROLES = {
    "problem owner": BuyingRole.PROBLEM_OWNER,
    "champion": BuyingRole.CHAMPION,
    "executive": BuyingRole.EXECUTIVE_SPONSOR,
    "finance": BuyingRole.BUDGET_OWNER,
    "procurement": BuyingRole.PROCUREMENT,
    "legal": BuyingRole.LEGAL,
}


def write_details(company: Company, *, at: dt.datetime) -> None:
    """What the files cannot say: who plays which part on live deals, and the words of agreements."""
    live = company.deals.filter(pl.col("status") == "open").select(
        "deal_id", "account", since=pl.col("created").dt.date()
    )
    present = company.contacts.filter(pl.col("left_on").is_null() & pl.col("function").is_in(list(_ROLES)))
    roles = live.join(present, on="account").select(
        "deal_id", "contact", pl.col("function").replace_strict(_ROLES, return_dtype=pl.String), "since"
    )
    details.know_roles(by=None, at=at, roles=roles.iter_rows())
    words = company.agreements.select(
        "act",
        "reason",
        "owed_in_return",
        "contact",
        deal="deal_id",
        type="agreement",
        due_on=pl.col("due_on").cast(pl.String),
        asked_of="colleague",
    )
    details.know_words(by=None, at=at, words=words)


#: How long before its first day the strategy was written, and after it the playbook was drafted and published.
WRITTEN_BEFORE, DRAFTED_AFTER, PUBLISHED_AFTER = (dt.timedelta(weeks=n) for n in (3, 2, 5))


def write_strategy(company: Company, *, at: dt.datetime) -> None:
    """The strategy in force since the first team began, its targets, and the playbook of its seven pivotal
    agreements, published some weeks after."""
    sponsor = people_queries.persona(Role.SPONSOR)
    today = company.ends_on + dt.timedelta(days=1)
    starts_on = today - dt.timedelta(weeks=max(planted.WAVES))
    first = dt.datetime.combine(starts_on, dt.time(9), at.tzinfo)
    written = strategy.write_strategy(
        by=sponsor,
        at=first - WRITTEN_BEFORE,
        name=planted.STRATEGY,
        statement=playbook.STATEMENT,
        metric=planted.SUPPORTIVE,
        sponsor=sponsor,
        grace_days=0,  # its deals were asked as they came; here all of them come at once, later
    )
    for metric, baseline, target in playbook.TARGETS:
        strategy.set_target(
            by=sponsor,
            at=first - WRITTEN_BEFORE,
            strategy=written,
            metric=metric,
            baseline=baseline,
            target=target,
            target_on=dt.date(today.year + 1, 12, 31),
        )
    strategy.put_in_force(by=sponsor, at=first, strategy=written, starts_on=starts_on)
    draft = strategy.draft_playbook(by=sponsor, at=first + DRAFTED_AFTER, strategy=written)
    types = AgreementType.objects.in_bulk([s.key for s in playbook.STANDARDS], field_name="key")
    for standard in playbook.STANDARDS:
        strategy.choose(
            by=sponsor,
            at=first + DRAFTED_AFTER,
            playbook=draft,
            type=types[standard.key],
            judgement=playbook.WHY[standard.key],
            **standard.columns(),
        )
    published = first + PUBLISHED_AFTER
    note = "First version, by judgement."
    strategy.publish(by=sponsor, at=published, playbook=draft, note=note)
    strategy.ask_open_deals(at=published)


#: So many of what each rule found have been answered; a rule is measured from twenty on.
ANSWERED = 24


def write_rules(company: Company, *, at: dt.datetime) -> None:
    """The rules over the CRM's traces, tested, two of them on. Other teams have answered some of what they
    found, by what is true; the home team's wait."""
    gained = company.steps.filter(pl.col("state") == "gained").select("deal_id", "agreement")
    true = set(gained.iter_rows())
    analyst = people_queries.persona(Role.ANALYST)
    for rule in traces.rules():
        row = detection.write_rule(by=analyst, at=at, rule=rule)
        detection.test_rule(by=analyst, at=at, row=row)
        if rule.key in traces.ON:
            detection.switch_on(by=analyst, at=at, row=row)
            detection.read_on(at=at)
        waiting = Detection.objects.filter(rule=row, deal__owner__is_active=True).exclude(
            deal__team__name=HOME_TEAM
        )
        for found in waiting.select_related("deal__owner").order_by("deal_id")[:ANSWERED]:
            right = (found.deal.key, rule.agreement) in true
            judge = detection.confirm if right else detection.reject
            judge(by=found.deal.owner, at=at, detection_id=found.pk)
