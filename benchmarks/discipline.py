"""How long the server works on the pages of the discipline: 3,000 sellers, 300 managers, two years of routines.

    python benchmarks/discipline.py [--smoke] [--rounds 20] [--keep FOLDER] [--only coaching]

On SQLite in a temporary folder, or on the empty database that HINGEPOINT_DATABASE_URL names. Written straight into the
tables: 20,000 deals with 200,000 agreements; in each of 104 weeks a plan of every seller and a review of every team with its
three deals, and two coaching sessions of every manager; a message of the sponsor a month. Pages are asked one at a time, through the
whole stack. CPU is this process's own work, the figure to compare on a machine that others use too.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass

from pages import start_django

TARGET_MS, WARM = 100, 2
SELLERS, MANAGERS, WEEKS, DEALS = 3_000, 300, 104, 20_000
WEEK = dt.timedelta(weeks=1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="30 sellers, 3 managers: does it run")
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--keep", help="folder for the SQLite database, used again when it is there")
    options.add_argument("--only", default="", help="only pages whose address has this in it")
    asked = options.parse_args()
    scale = 100 if asked.smoke else 1
    with tempfile.TemporaryDirectory() as folder:
        start_django(asked.keep or folder)
        at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        build(at, scale)
        rows = [
            measured(one, 2 if asked.smoke else asked.rounds, warm=1 if asked.smoke else WARM)
            for one in wanted(at)
            if asked.only in one.address
        ]
    print_table(rows)
    sys.exit(any(row["p95"] > TARGET_MS for row in rows) and not asked.smoke)


# ---- the company ----


def build(at: dt.datetime, scale: int) -> None:
    """Fill the empty database; one that is filled stays as it is."""
    import company
    import world
    from django.db import transaction

    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.home import actions as home
    from hingepoint.domain.upkeep import actions as upkeep

    if Deal.objects.exists():
        return
    world.SELLERS, world.TEAMS = SELLERS // scale, MANAGERS // scale
    world.build(deals=DEALS // scale, at=at)
    for step in (managers, company._strategy, principles, routines, coaching, reviews, messages, handed_over):
        with transaction.atomic():
            step(at)
    upkeep.refresh_statistics()
    home.renew_answers(at=at)


def managers(at: dt.datetime) -> None:
    """Give every team below the first three a manager of its own."""
    from hingepoint.domain.people.models import Membership, Team, User
    from hingepoint.records.people import Role

    alone = Team.objects.filter(parent__isnull=False).exclude(memberships__manages=True).order_by("pk")
    rows = [User(key=f"manager-{team.pk}", name=f"Manager {team.pk}", role=Role.MANAGER) for team in alone]
    made = User.objects.bulk_create(rows)
    since = at.date() - dt.timedelta(days=1_000)
    Membership.objects.bulk_create(
        [
            Membership(user=user, team=team, manages=True, since=since)
            for user, team in zip(made, alone, strict=True)
        ]
    )


def principles(at: dt.datetime) -> None:
    """Publish the starter set, to which nine in ten agreed."""
    from hingepoint.domain.people.models import User
    from hingepoint.domain.principles import actions
    from hingepoint.domain.principles.models import PrinciplesAgreed

    actions.draft(by=None, at=at - WEEKS * WEEK)
    version = actions.publish(by=None, at=at - WEEKS * WEEK)
    ids = User.objects.order_by("pk").values_list("pk", flat=True)
    agreed = [PrinciplesAgreed(version=version, person_id=pk, agreed_at=at) for pk in ids if pk % 10]
    PrinciplesAgreed.objects.bulk_create(agreed, batch_size=1_000)


def routines(at: dt.datetime) -> None:
    """A weekly plan of every seller and a weekly coaching of every manager, four in five done on time."""
    import numpy as np

    from hingepoint.domain.people.models import Membership
    from hingepoint.domain.routines import actions
    from hingepoint.records.people import Role
    from hingepoint.records.routines import Rule

    chance = np.random.default_rng(3)
    since = (at - WEEKS * WEEK).date()
    for key, role in (("plan-the-week", Role.SELLER), ("coach", Role.MANAGER)):
        rule = Rule(key=key, name=key.replace("-", " ").capitalize(), role=role)
        routine = actions.define(by=None, at=at, rule=rule, since=since)
        routine.due.all().delete()
        here = Membership.objects.filter(user__role=role, manages=role == Role.MANAGER)
        fall_due(routine.pk, dict(here.values_list("user_id", "team_id")), at, chance)


def fall_due(routine: int, people: dict[int, int], at: dt.datetime, chance) -> None:
    import numpy as np
    import polars as pl
    import world

    from hingepoint.domain.routines.models import RoutineDue

    person, team = (np.tile(np.array(list(one)), WEEKS + 1) for one in (people, people.values()))
    weeks = [at - week * WEEK + dt.timedelta(days=2) for week in range(WEEKS + 1)]
    due = np.repeat([world._text(one) for one in weeks], len(people))
    told = np.repeat([world._text(one - dt.timedelta(days=3)) for one in weeks], len(people))
    done = np.where((chance.random(len(due)) < 0.8) & (told <= world._text(at)), told, None)
    frame = pl.DataFrame(
        {"routine_id": [routine] * len(due), "person_id": person, "team_id": team, "due_at": due,
         "done_at": pl.Series(done.tolist(), dtype=pl.String), "recorded_at": pl.Series(done.tolist(), dtype=pl.String)}
    )  # fmt: skip
    world.write(RoutineDue, frame)


def teams() -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Return each team, who leads it, and some of its open deals with their owners."""
    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.people.models import Membership

    deals: dict[int, list[tuple[int, int]]] = {}
    for pk, owner, team in (
        Deal.objects.open().order_by("pk").values_list("pk", "owner_id", "team_id").iterator()
    ):
        deals.setdefault(team, []).append((pk, owner))
    led = Membership.objects.filter(manages=True).order_by("team_id").values_list("team_id", "user_id")
    return [(team, manager, deals[team]) for team, manager in led if team in deals]


def coaching(at: dt.datetime) -> None:
    """Two sessions of every manager in every week, each followed up two weeks later."""
    import polars as pl
    import world

    from hingepoint.domain.coaching.models import CoachingSession
    from hingepoint.domain.strategy.models import PivotalAgreement

    types = list(PivotalAgreement.objects.order_by("position").values_list("type_id", flat=True))
    rows = []
    for team, manager, deals in teams():
        for n in range(2 * WEEKS):
            deal, seller = deals[(n * 7 + team) % len(deals)]
            held = at - (n // 2 + 1) * WEEK + dt.timedelta(hours=n % 2)
            after = held + 2 * WEEK
            rows.append((deal, types[n % len(types)], manager, seller, world._text(held), "Asks for the act", "Heard it", "Asks Bo", str(after.date()), world._text(after)))  # fmt: skip
    names = ("deal_id", "type_id", "coach_id", "coached_id", "held_at", "behaviour", "evidence", "next_step", "next_on", "followed_until")  # fmt: skip
    world.write(CoachingSession, pl.DataFrame(rows, schema=names, orient="row"))


def reviews(at: dt.datetime) -> None:
    """The next reviews of a manager's teams, two of them open; and a weekly one of every team, over, with three deals each."""
    from hingepoint.domain.people.models import User
    from hingepoint.domain.reviews import actions
    from hingepoint.domain.reviews.models import Review, ReviewedDeal
    from hingepoint.records.reviews import ReviewKind

    manager = User.objects.get(key="manager")
    first, second = [team for team, leads, _ in teams() if leads == manager.pk][:2]
    on = at.date() + dt.timedelta(days=1)
    for kind in (ReviewKind.DEALS, ReviewKind.PIPELINE):
        row = actions.plan(by=manager, at=at, team_id=first, kind=kind, on=on)
        actions.open_review(by=manager, at=at, review_id=row.pk)
    actions.plan(by=manager, at=at, team_id=second, kind=ReviewKind.DEALS, on=on)
    as_told = ReviewedDeal.objects.first().told
    rows, three = [], []
    for team, leads, deals in teams():
        for week in range(WEEKS):
            day = at - (week + 1) * WEEK
            facts = dict.fromkeys(("planned_at", "prepared_at", "opened_at", "ended_at"), day)
            rows.append(
                Review(kind=ReviewKind.DEALS, team_id=team, on=day.date(), planned_by_id=leads, **facts)
            )
            three.append({deals[(week * 3 + place) % len(deals)] for place in range(3)})
    made = Review.objects.bulk_create(rows, batch_size=2_000)
    how = {"why": "It is late.", "question": "What now?", "told": as_told}
    looked_at = [
        ReviewedDeal(review=row, deal_id=deal, place=place, owner_id=owner, **how)
        for row, some in zip(made, three, strict=True)
        for place, (deal, owner) in enumerate(sorted(some), 1)
    ]
    ReviewedDeal.objects.bulk_create(looked_at, batch_size=5_000)


def messages(at: dt.datetime) -> None:
    """A message of the sponsor in every month, read by four in five."""
    from hingepoint.domain.people.models import User
    from hingepoint.domain.sponsorship.models import MessageReader, SponsorMessage

    sponsor = User.objects.get(key="sponsor")
    people = list(User.objects.exclude(pk=sponsor.pk).values_list("pk", flat=True))
    for month in range(WEEKS // 4):
        sent = at - (4 * month + 1) * WEEK
        facts = {"subject": "Why we ask", "text": "Because.", "sent_by": sponsor, "sent_at": sent}
        message = SponsorMessage.objects.create(**facts)
        read = [
            MessageReader(message=message, person_id=pk, read_at=sent if (pk + month) % 5 else None)
            for pk in people
        ]
        MessageReader.objects.bulk_create(read, batch_size=5_000)


def handed_over(at: dt.datetime) -> None:
    """Let twenty deals of a manager's team change their owner."""
    from hingepoint.domain.deals import actions
    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.people.models import User

    deals = list(Deal.objects.visible_to(User.objects.get(key="manager")).open().order_by("-pk")[:20])
    sellers = {deal.owner_id for deal in deals}
    for deal, seller in zip(deals, sorted(sellers)[::-1] * 20, strict=False):
        if seller != deal.owner_id:
            actions.change_deal(by=None, at=at, deal_id=deal.pk, owner=User.objects.get(pk=seller))


# ---- what is measured ----


@dataclass(frozen=True)
class Wanted:
    """A page that somebody asks for."""

    who: str
    user: object
    address: str


def wanted(at: dt.datetime):
    """Yield the pages of sponsor, manager and seller."""
    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.people.models import User
    from hingepoint.domain.reviews.models import Review
    from hingepoint.domain.routines.models import Routine
    from hingepoint.domain.sponsorship.models import SponsorMessage
    from hingepoint.domain.strategy.models import Strategy

    people = {key: User.objects.get(key=key) for key in ("sponsor", "manager")}
    team = people["manager"].memberships.filter(manages=True).order_by("team_id").first().team_id
    deal = Deal.objects.filter(team=team).open().order_by("pk").first()
    lost = Deal.objects.filter(team=team, status="lost").order_by("pk").first()
    people["seller"] = deal.owner
    routine = Routine.objects.get(key="plan-the-week").pk
    strategy = Strategy.objects.get().pk
    past = Review.objects.filter(team=team).exclude(ended_at=None).first().pk
    live = [row.pk for row in Review.objects.filter(team=team, ended_at=None).order_by("kind")]
    ahead = Review.objects.filter(ended_at=None, opened_at=None).first().pk
    talk = deal.agreements.filter(required=True).order_by("pk").first()
    message = SponsorMessage.objects.order_by("-pk").first().pk
    addresses = {
        "sponsor": (
            "/", "/routines/", f"/routines/{routine}/", "/routines/days-off", "/coaching/", "/reviews/", "/principles/",
            "/principles/asked", "/sponsorship/", "/sponsorship/now", f"/sponsorship/messages/{message}/", "/hindsight/",
            "/impact/", "/impact/plan", f"/strategy/{strategy}/", f"/strategy/{strategy}/routines",
            f"/strategy/{strategy}/forecast",
        ),
        "manager": (
            "/", "/routines/", "/routines/mine", "/coaching/",
            f"/coaching/deals/{deal.pk}/{talk.type_id}/", "/reviews/", f"/reviews/{past}/", f"/reviews/{ahead}/",
            *(f"/reviews/{pk}/" for pk in live), f"/reviews/{live[0]}/now", "/principles/", "/principles/asked", "/sponsorship/",
            "/hindsight/", f"/deals/{lost.pk}/hindsight", f"/deals/{deal.pk}/pre-mortem", "/handovers/",
            f"/deals/{deal.pk}/handover", "/impact/",
        ),
        "seller": (
            "/", "/talks/", "/routines/mine", "/routines/", "/coaching/", "/reviews/", "/reviews/asked", "/principles/",
            "/sponsorship/", "/sponsorship/unread", "/handovers/", "/impact/",
        ),
    }  # fmt: skip
    for who, pages in addresses.items():
        for address in pages:
            yield Wanted(who, people[who], address)


def measured(one: Wanted, rounds: int, *, warm: int) -> dict:
    """Return what asking for a page costs: half and 95% of the answers in ms of CPU and on the clock, and its statements."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(one.user)
    for _ in range(warm):
        answer = client.get(one.address)
        if answer.status_code not in (200, 204):
            raise SystemExit(f"{one.address} answered {answer.status_code} to the {one.who}")
    worked, waited = [], []
    for _ in range(rounds):
        busy, clock = time.process_time(), time.perf_counter()
        client.get(one.address)
        worked.append((time.process_time() - busy) * 1000)
        waited.append((time.perf_counter() - clock) * 1000)
    with CaptureQueriesContext(connection) as found:
        answer = client.get(one.address)
    return {
        "page": f"{one.address}, {one.who}",
        "half": statistics.median(worked),
        "p95": statistics.quantiles(worked, n=20, method="inclusive")[-1],
        "clock": statistics.median(waited),
        "statements": len(found),
        "kb": len(answer.content) / 1000,
    }


def print_table(rows: list[dict]) -> None:
    from django.db import connection

    print(
        f"{connection.vendor}\n\n| Page | CPU of half, of 95% | clock of half | statements | kB |\n|---|---|---|---|---|"
    )
    for row in sorted(rows, key=lambda one: -one["p95"]):
        late = "**" if row["p95"] > TARGET_MS else ""
        print(
            f"| {row['page']} | {row['half']:.0f} / {late}{row['p95']:.0f}{late} ms | {row['clock']:.0f} ms"
            f" | {row['statements']} | {row['kb']:.0f} |"
        )


if __name__ == "__main__":
    main()
