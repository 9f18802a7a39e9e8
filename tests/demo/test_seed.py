"""The demo company in the database."""

import datetime as dt
from types import SimpleNamespace

import polars as pl
import pytest
from django.core.management import call_command
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from polars.testing import assert_frame_equal

import discoveries
from hingepoint.analysis.signals.shape import State
from hingepoint.connectors import files
from hingepoint.demo import findings, planted, readings, seed, tour, traces
from hingepoint.demo.company import simulate
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit import words
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.audit.queries import first_broken_link, length
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.queries import rules, to_confirm
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.queries import pulse
from hingepoint.domain.escalations.queries import waiting as waiting_page
from hingepoint.domain.impact import queries as rollouts
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports import queries as imported
from hingepoint.domain.involvement import queries as involvement
from hingepoint.domain.negotiation.models import Reason, Trade
from hingepoint.domain.negotiation.queries import corridor as corridors
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.people import queries as people
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.plans.queries import reviews
from hingepoint.domain.plans.queries import talks as talks_page
from hingepoint.domain.signals import queries as signals
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.domain.strategy.queries import playbook as playbook_page
from hingepoint.domain.trials.queries import lines as lines_page
from hingepoint.domain.trials.queries import trial
from hingepoint.records.agreements import STANDING, AgreementState, Evidence, Origin
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.escalations import Lane
from hingepoint.records.impact import Stage
from hingepoint.records.people import Role
from hingepoint.records.plans import Verdict

ENDS_ON = dt.date(2026, 6, 26)
AT = dt.datetime(2026, 6, 26, 18, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """The small company, seeded once for this module and taken away afterwards."""
    with django_db_blocker.unblock():
        yield seed.seed_company(at=AT, ends_on=ENDS_ON, small=True)
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def company(seeded, db):
    return seeded


def test_the_company_is_there(company):
    assert not company.already
    assert company.deals == Deal.objects.count() > 1_000
    assert company.agreements > 8_000
    assert User.objects.active().filter(role=Role.SELLER).count() == seed.SMALL


def test_seeding_again_changes_nothing(company):
    before = (Deal.objects.count(), Agreement.objects.count(), User.objects.count())
    assert seed.seed_company(at=AT, ends_on=ENDS_ON, small=True).already
    assert (Deal.objects.count(), Agreement.objects.count(), User.objects.count()) == before


def test_another_company_is_left_alone(company):
    User.objects.filter(key=people.persona_key(Role.SPONSOR)).update(key="somebody")
    with pytest.raises(seed.NotEmpty):
        seed.seed_company(at=AT, ends_on=ENDS_ON, small=True)


def test_the_audit_trail_of_the_demo_is_whole(company):
    assert length() > 100
    assert first_broken_link() is None


def test_results_are_what_the_simulated_deals_say(company):
    """Counted here from the simulation's own tables, which never saw the database."""
    lived = simulate(ends_on=ENDS_ON - dt.timedelta(days=1), sellers=seed.SMALL)
    strategy = Strategy.objects.in_force().get()
    told = results.progress(people.persona(Role.SPONSOR), strategy, today=ENDS_ON)
    shown = {one.metric: (one.since.value, one.since.n) for one in told}
    since = timezone.make_aware(dt.datetime.combine(strategy.starts_on, dt.time())).astimezone(dt.UTC)
    closed = lived.deals.filter(pl.col("closed") >= since.replace(tzinfo=None))
    won = closed.filter(pl.col("status") == "won")
    escalated = lived.events.filter(pl.col("kind") == "escalation")["deal_id"].unique()
    named = lived.forecasts.group_by("deal_id").agg(pl.col("note").sort_by("at").first().str.to_date())
    late = closed.join(named, on="deal_id").select(pl.col("closed").dt.date() - pl.col("note"))
    counted = {
        "slippage": late.to_series().dt.total_days().mean(),
        "price_realisation": won["net_price"].sum() / won["list_price"].sum(),
        "no_decision": (closed["loss_reason"] == "no decision").fill_null(False).mean(),
        "escalation_rate": closed["deal_id"].is_in(escalated.implode()).mean(),
        "won": (closed["status"] == "won").mean(),
        "discount": won["discount"].mean(),
    }
    assert closed.height > 300
    assert {name: shown[name][0] for name in counted} == pytest.approx(counted, abs=1e-9)
    assert shown["no_decision"][1] == shown["won"][1] == shown["slippage"][1] == closed.height
    assert shown["price_realisation"][1] == won.height


def test_each_persona_has_something_to_do(company):
    assert {persona.role for persona in people.personas()} == set(Role)
    seller, manager = people.persona(Role.SELLER), people.persona(Role.MANAGER)
    own = Deal.objects.visible_to(seller).open()
    assert own.count() >= 8
    assert Deal.objects.visible_to(manager).open().count() > own.count()
    waiting = Agreement.objects.visible_to(seller).filter(
        deal__status=DealStatus.OPEN, state__in=[AgreementState.ASKED, AgreementState.SOFT]
    )
    assert waiting.count() >= 5
    requests = Agreement.objects.visible_to(people.persona(Role.INSIDE_PARTNER))
    assert requests.filter(state=AgreementState.ASKED).exists()
    assert Deal.objects.visible_to(people.persona(Role.SPONSOR)).count() == Deal.objects.count()


def test_what_was_negotiated_has_its_details(company):
    asked = DealEvent.objects.filter(kind=EventKind.DEMAND)
    known = Reason.objects.values("event").distinct().count()
    assert 0.6 < known / asked.count() < 0.9
    assert Trade.objects.count() == DealEvent.objects.filter(kind=EventKind.CONCESSION).count()
    escalated = DealEvent.objects.filter(kind=EventKind.ESCALATION)
    assert not escalated.filter(escalation__isnull=True).exists()
    assert not Escalation.objects.filter(approvals__isnull=True).exclude(lane=Lane.OWN).exists()


def test_manager_sponsor_and_partner_have_exceptions_to_answer(company):
    for role in (Role.MANAGER, Role.SPONSOR, Role.INSIDE_PARTNER):
        assert waiting_page.waiting_for(people.persona(role)), role
    assert involvement.mine(people.persona(Role.SPONSOR))
    readings, _ = pulse.pulse(people.persona(Role.SPONSOR), now=AT)
    assert readings


def test_sellers_belong_to_teams_below_regions_below_sales(company):
    sales = Team.objects.get(name="Sales")
    regions = set(Team.objects.filter(parent=sales).values_list("name", flat=True))
    assert regions == {"North", "South", "East", "West"}
    assert Team.objects.get(name=seed.HOME_TEAM).path.startswith(f"{sales.path}")
    for user in User.objects.active().filter(role=Role.SELLER):
        assert user.memberships.filter(until__isnull=True, manages=False).count() == 1


def test_gained_agreements_of_the_register_say_who_what_when_and_how_sure(company):
    gained = Agreement.objects.filter(state__in=STANDING)
    assert gained.count() > 5_000
    assert not gained.filter(act="").exists()
    assert not gained.filter(due_on__isnull=True).exists()
    assert not gained.filter(evidence__lt=Evidence.TOLD).exists()
    assert not gained.filter(person__isnull=True, asked_of__isnull=True, person_name="").exists()


def test_the_strategy_is_in_force_and_asks_live_deals_for_its_seven(company):
    strategy = Strategy.objects.in_force().get()
    assert strategy.name == planted.STRATEGY
    asked = set(Agreement.objects.filter(required=True).values_list("type__key", flat=True).distinct())
    assert asked == {lever.key for lever in planted.PIVOTAL}
    live = Deal.objects.open().count()
    assert Agreement.objects.filter(required=True).count() == live * len(planted.PIVOTAL)


def test_the_tour_deal_holds_everything(company):
    seller = people.persona(Role.SELLER)
    number, name = tour.tour_deal()
    assert name.endswith(": Aria Metering for two plants")
    asked = Agreement.objects.visible_to(seller).filter(deal=number, required=True)
    assert (asked.count(), asked.filter(state__in=STANDING).count()) == (7, 2)
    told = log.log(seller, number)
    values = [float(one.value) for one in sorted(told.concessions, key=lambda one: one.at)]
    assert values == [7_200, 12_000, 21_600]
    corridor = corridors.corridor(seller, number)
    price = [float(told.list_price) - sum(values[:n]) for n in (2, 3)]
    assert price[1] < corridor.walk_away < price[0]
    assert [[why.state for why in one.whys][-1] for one in told.demands] == ["confirmed", "stated"]
    waiting = waiting_page.waiting_for(people.persona(Role.MANAGER))
    assert number in {one.deal_id for one in waiting}


def test_the_tour_deal_is_no_part_of_the_trials(company):
    began = planted.RUNNING_TRIAL.starts_on(ENDS_ON)
    assert Deal.objects.get(key=tour.KEY).created_at.date() < began


def test_the_analyst_signs_what_is_found_of_the_pivotal_agreements_and_nothing_else(company):
    facts = discoveries.facts
    found = [
        facts("cust.data_access", "strong", 0.08),
        facts("cust.value_criteria", "weak", 0.02),
        facts(planted.OPENING_DISCOUNT, "moderate", -0.07),
        facts("cust.deal_sponsor", "strong", 0.09),
    ]
    run = discoveries.finished_run(
        SimpleNamespace(analyst=people.persona(Role.ANALYST)), findings=found, pivotal=[]
    )
    assert findings.sign(at=AT, run_id=run.pk) == 2
    signed = Finding.objects.signed().filter(run=run)
    assert set(signed.values_list("key", flat=True)) == {"cust.data_access", planted.OPENING_DISCOUNT}
    assert findings.sign(at=AT, run_id=run.pk) == 0
    page = playbook_page.playbook_page(people.persona(Role.SELLER), Strategy.objects.get().pk, None)
    behind = {line.key: line.behind.run_id for line in page.lines if line.behind}
    assert behind == {"cust.data_access": run.pk}


def test_the_companys_own_type_stands_in_the_catalogue(company):
    added = AgreementType.objects.get(key=planted.OPENING_DISCOUNT)
    assert added.origin == Origin.ADDED
    assert not AgreementType.objects.filter(origin=Origin.IMPORTED).exists()


def test_the_company_plans_reviews_and_debriefs_its_talks(company):
    talks = Plan.objects.of_talks()
    assert talks.count() > 200
    assert not talks.filter(written_at__gt=AT).exists()
    assert not PlanReview.objects.filter(at__gt=AT).exists()
    assert PlanReview.objects.filter(verdict=Verdict.RETURNED).exists()
    assert set(Debrief.objects.values_list("outcome", flat=True)) >= {"gained", "soft", "declined"}
    assert Plan.objects.of_deals().exists()


def test_the_company_lives_its_routines(company):
    """Two of three talks are debriefed, those of the last days not yet; a continuation is no agreement."""
    talks = Plan.objects.of_talks().newest().filter(talk_on__lt=ENDS_ON - dt.timedelta(days=2))
    held = Debrief.objects.filter(agreement=OuterRef("agreement"), held_at__date__gte=OuterRef("talk_on"))
    share = talks.filter(Exists(held)).count() / talks.count()
    assert 0.6 < share < 0.72
    lately = reviews.routines(people.persona(Role.SPONSOR), today=ENDS_ON)
    assert 0.5 < lately.debriefed.value < 0.75
    assert not Debrief.objects.filter(held_at__gt=AT).exists()
    nothing = Debrief.objects.filter(outcome="continuation")
    assert nothing.exclude(learned="").count() > 0.7 * nothing.count()
    assert not nothing.filter(step__state__in=STANDING).exists()


def test_debriefs_follow_their_plans(company):
    assert not Debrief.objects.filter(plan__isnull=True).exists()
    assert not Debrief.objects.filter(held_at__lt=F("plan__written_at")).exists()


def test_the_playbook_came_weeks_after_the_strategy_and_asks_the_deals_of_today(company):
    book = Playbook.objects.select_related("strategy").get()
    weeks = (book.published_at.date() - book.strategy.starts_on).days / 7
    assert 2 <= weeks <= 10
    written = AuditEvent.objects.get(subject="strategy", action="write")
    published = AuditEvent.objects.get(subject="playbook", action="publish")
    assert written.at.date() < book.strategy.starts_on < published.at.date() < ENDS_ON
    needed = Agreement.objects.filter(required=True, state=AgreementState.NEEDED)
    assert not needed.filter(changed_at__lt=F("deal__created_at")).exists()


def test_every_change_of_the_demo_is_told_in_a_sentence(company):
    said = set(AuditEvent.objects.values_list("subject", "action"))
    assert len(said) > 20
    assert not [pair for pair in said if pair[1] not in words.SENTENCES[pair[0]]]


def test_the_seller_and_the_manager_have_a_week_of_talks(company):
    seller, manager = people.persona(Role.SELLER), people.persona(Role.MANAGER)
    waiting = talks_page.waiting(seller, today=ENDS_ON)
    assert len(waiting.debrief) >= 2
    assert any(talk.returned for talk in waiting.prepare)
    assert len(reviews.to_review(manager, today=ENDS_ON)) >= 2


def test_some_agreements_are_read_from_the_crm_with_a_known_precision(company):
    lines = {line.key: line for line in rules.rules(people.persona(Role.ANALYST))}
    assert set(lines) == {*traces.ON, traces.OFF}
    signed = lines["nda-signed"]
    assert signed.on
    assert 0 < signed.wrong < signed.confirmed
    assert signed.confirmed + signed.wrong >= 10
    off = rules.rule_page(people.persona(Role.ANALYST), lines[traces.OFF].id)
    assert not off.line.on
    assert off.test.also_recorded.value > 0.8  # it finds what people had typed
    assert off.test.found.value > 0.7


def test_one_trial_has_ended_and_one_is_under_way(company):
    analyst, manager = (people.persona(role) for role in (Role.ANALYST, Role.MANAGER))
    running, ended = lines_page.all_trials(analyst)
    assert (ended.agreement, ended.ended) == (planted.ENDED_TRIAL.key, True)
    assert (running.agreement, running.ended) == (planted.RUNNING_TRIAL.key, False)
    result = trial.trial(manager, ended.id, at=AT).seen
    assert result.progress.complete
    assert result.outcome.take_up.seen
    so_far = trial.trial(manager, running.id, at=AT)
    assert so_far.seen.outcome is None
    assert 0 < so_far.seen.progress.entered < so_far.seen.progress.wanted
    assert so_far.deals


def test_the_rollout_was_sealed_before_its_first_wave_and_another_is_planned(company):
    planned, lived = rollouts.rollouts(people.persona(Role.SPONSOR), today=AT.date())
    page = rollouts.rollout(people.persona(Role.SELLER), lived.id, today=AT.date())
    assert not page.sealed.had_data
    assert page.sealed.at.date() < lived.starts
    assert (page.order[0].on, page.drawn) == (lived.starts, "elsewhere")
    assert (planned.stage, planned.starts) == (Stage.WEIGHING, None)


def test_the_seller_has_a_handful_to_confirm(company):
    assert to_confirm.waiting_count(people.persona(Role.SELLER)) >= 1
    assert to_confirm.waiting_count(people.persona(Role.MANAGER)) > 3


TABLES = ("deals", "events", "agreements")


def taken_out(folder, table, format="csv"):
    path = folder / f"{table}.{format}"
    files.write_table(imported.exported(table), path, format)
    return path


def brought_in(table, path):
    report = imports.import_files(by=None, at=AT, given=imports.Files(**{table: path}))
    return report.created, report.updated, report.unchanged, report.rejected


def lines(path):
    """Return the headings of a table, and its rows as texts in any order."""
    table = pl.read_csv(path, infer_schema=False)
    return table.columns, sorted(table.iter_rows(), key=str)


def as_read(table, path):
    """Return what the readers make of a file, in the order of its rows."""
    if table == "deals":
        return files.read_deals(path).deals
    with files.open_events(path, role=table) as stream:
        return pl.concat(list(stream))


@pytest.mark.slow
def test_every_table_reads_back_to_the_same_state_here_and_in_an_empty_company(company, tmp_path):
    paths = {table: taken_out(tmp_path, table) for table in TABLES}
    before = {table: lines(path) for table, path in paths.items()}
    for table, path in paths.items():
        assert brought_in(table, path) == (0, 0, len(before[table][1]), 0)
    call_command("flush", interactive=False, verbosity=0)
    (tmp_path / "again").mkdir()
    for table, path in paths.items():
        assert brought_in(table, path)[-1] == 0
        assert lines(taken_out(tmp_path / "again", table)) == before[table]
        assert brought_in(table, path) == (0, 0, len(before[table][1]), 0)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_each_format_of_a_table_says_the_same(company, tmp_path, table):
    said = as_read(table, taken_out(tmp_path, table))
    for format in ("xlsx", "json"):
        assert_frame_equal(as_read(table, taken_out(tmp_path, table, format)), said, abs_tol=5e-9)


@pytest.mark.slow
def test_the_signals_of_the_day_are_read_and_every_one_of_them_has_something_to_read(company):
    assert readings.read(at=AT) == [ENDS_ON]
    page = signals.overview(people.persona(Role.SPONSOR))
    assert page.day == ENDS_ON
    assert [tile.told.signal.number for tile in page.tiles] == list(range(1, 11))
    assert {tile.told.state for tile in page.tiles}.isdisjoint({State.NO_DATA, State.STALE})
