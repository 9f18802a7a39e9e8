"""What goes back onto the records of a CRM: only what changed, and never against a no."""

import datetime as dt

import pytest

from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.sync import actions, queries, writing
from hingepoint.domain.sync.models import WrittenBack
from hingepoint.records.crm import Written

LATER = BEGIN + dt.timedelta(days=60)
FIELDS = {"status": "hp_status", "next": "hp_next", "coverage": "hp_coverage", "link": "hp_link"}


@pytest.fixture
def crm(db, monkeypatch) -> FakeCrm:
    made = FakeCrm()
    made.open_deal("d1")
    plug_in(monkeypatch, made)
    return made


@pytest.fixture
def four(crm):
    """Four deals in the CRM."""
    for key in ("d2", "d3", "d4"):
        crm.open_deal(key)


@pytest.fixture
def connection(crm):
    made = actions.connect(by=None, at=BEGIN, crm="fake1", url="https://crm.example", given={"token": "t"})
    actions.sync(at=LATER, connection_id=made.pk)
    return made


def needed(key: str, by: dt.date, state: str = "needed", deal: str = "d1") -> Agreement:
    words = {"name": key.title(), "side": "customer", "origin": "imported"}
    kind, _ = AgreementType.objects.get_or_create(key=key, defaults=words)
    gained = LATER if state == "gained" else None
    return Agreement.objects.create(
        deal=Deal.objects.get(key=deal), type=kind, state=state, required=True, needed_by=by, gained_at=gained,
        changed_at=LATER,
    )  # fmt: skip


def switched_on(connection, *parts: str) -> None:
    fields = {part: FIELDS[part] for part in parts if part in FIELDS}
    actions.set_writing_back(by=None, at=LATER, connection_id=connection.pk, parts=parts, fields=fields)


def run(connection, days: int) -> dict[str, int]:
    told = actions.sync(at=LATER + dt.timedelta(days=days), connection_id=connection.pk, sweep=False)
    assert told.problem == ""
    return told.written


def test_nothing_is_written_until_it_is_switched_on(crm, connection):
    needed("budget", dt.date(2026, 4, 1))
    assert run(connection, 1) == {}
    assert (crm.written, crm.tasks) == ([], {})


def test_agreements_are_written_once_and_again_only_when_they_change(crm, connection):
    needed("budget", dt.date(2026, 4, 1))
    timeline = needed("timeline", dt.date(2026, 3, 20), "gained")
    switched_on(connection, "status", "next", "coverage", "task")
    assert run(connection, 1) == {"done": 2}
    values = {
        "hp_status": "1 of 2 agreements stand",
        "hp_next": "Budget, by 2026-04-01",
        "hp_coverage": "50%",
    }
    assert crm.written == [("d1", values)]
    assert list(crm.tasks.values()) == [("d1", "Budget", dt.date(2026, 4, 1))]
    assert run(connection, 2) == {}
    # an edit of something else writes nothing
    timeline.reason, timeline.changed_at = "said so", LATER + dt.timedelta(days=3)
    timeline.save()
    assert run(connection, 3) == {}
    Agreement.objects.filter(type__key="budget").update(
        state="gained", gained_at=LATER, changed_at=LATER + dt.timedelta(days=4)
    )
    assert run(connection, 4) == {"done": 2}
    assert (crm.written[-1][1]["hp_coverage"], crm.tasks) == ("100%", {})


def test_the_link_leads_to_the_address_that_this_installation_was_told(crm, connection, settings):
    told = {"address": "https://hinge.example"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "link")
    run(connection, 1)
    assert crm.written == [("d1", {"hp_link": f"https://hinge.example/deals/{Deal.objects.get().pk}/"})]


def test_what_we_wrote_is_not_read_back_as_a_change(crm, connection):
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status")
    crm.pass_time(days=61)
    run(connection, 1)
    told = actions.sync(at=LATER + dt.timedelta(days=2), connection_id=connection.pk, sweep=False)
    assert told.rules == {"own_echo": 1}
    assert told.brought.get("deals_updated", 0) == 0


def test_a_locked_record_is_left_alone_longer_each_time(crm, connection):
    crm.locked.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status")
    assert run(connection, 1) == {"locked": 1}
    assert run(connection, 1) == {}
    assert run(connection, 3) == {"locked": 1}
    row = WrittenBack.objects.get()
    assert (row.failures, row.said) == (2, "The record is locked.")
    assert run(connection, 4) == {}
    crm.locked.clear()
    assert run(connection, 6) == {"done": 1}
    row = WrittenBack.objects.get()
    assert (row.held_until, row.record_at, row.refusal, row.said) == (None, None, "", "")


def test_a_locked_record_is_written_as_soon_as_it_is_seen_to_open(crm, connection):
    crm.locked.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status")
    assert run(connection, 1) == {"locked": 1}
    assert run(connection, 1) == {}
    crm.locked.clear()
    assert run(connection, 1) == {}  # nothing says that it is open
    crm.pass_time(days=61, hours=1)
    crm.change("d1", name="Opened again")
    assert run(connection, 1) == {"done": 1}


def test_a_record_that_changes_and_stays_locked_is_asked_once_a_change(crm, connection):
    crm.locked.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status", "task")
    assert run(connection, 1) == {"locked": 1, "done": 1}
    crm.pass_time(days=61)
    crm.change("d1", name="Renamed")
    assert run(connection, 1) == {"locked": 1}
    assert run(connection, 1) == {}
    assert WrittenBack.objects.get().failures == 2


def closed_in_the_crm(crm, stage: str) -> None:
    crm.pass_time(days=61)
    crm.change("d1", stage_id=stage)


@pytest.mark.parametrize("stage", ["s3", "s4"])
def test_a_closed_deal_gets_no_task_and_nothing_next(crm, connection, stage):
    closed_in_the_crm(crm, stage)
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status", "next", "task")
    assert run(connection, 1) == {"done": 1}
    assert (crm.written, crm.tasks) == ([("d1", {"hp_status": "0 of 1 agreements stand"})], {})
    assert run(connection, 2) == {}


def test_the_task_of_a_deal_ends_when_it_is_closed_and_comes_again_when_it_is_opened(crm, connection):
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "next", "task")
    assert run(connection, 1) == {"done": 2}
    closed_in_the_crm(crm, "s3")
    assert run(connection, 2) == {"done": 2}
    assert (crm.written[-1], crm.tasks) == (("d1", {"hp_next": ""}), {})
    assert run(connection, 3) == {}
    crm.pass_time(hours=1)
    crm.change("d1", stage_id="s1")
    assert run(connection, 4) == {"done": 2}
    assert crm.written[-1] == ("d1", {"hp_next": "Budget, by 2026-04-01"})
    assert list(crm.tasks.values()) == [("d1", "Budget", dt.date(2026, 4, 1))]


def test_a_closed_deal_for_which_only_a_task_was_wanted_gets_it_when_it_is_opened(crm, connection):
    closed_in_the_crm(crm, "s4")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "task")
    assert run(connection, 1) == {}
    crm.pass_time(hours=1)
    crm.change("d1", stage_id="s1")
    assert run(connection, 2) == {"done": 1}
    assert len(crm.tasks) == 1


@pytest.mark.parametrize("taken_away", [False, True])
def test_the_task_ends_when_every_agreement_stands(crm, connection, taken_away):
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "task")
    run(connection, 1)
    if taken_away:
        crm.tasks.clear()
    later = LATER + dt.timedelta(days=2)
    Agreement.objects.update(state="gained", gained_at=later, changed_at=later)
    assert run(connection, 2) == {"same" if taken_away else "done": 1}
    row = WrittenBack.objects.get()
    assert (crm.tasks, row.task_id, row.values, row.held_until) == ({}, "", {}, None)
    assert run(connection, 3) == {}


def test_what_was_refused_and_is_not_wanted_any_more_waits_no_longer(crm, connection):
    crm.locked.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status")
    assert run(connection, 1) == {"locked": 1}
    Agreement.objects.update(required=False)
    assert run(connection, 3) == {}
    assert WrittenBack.objects.get().held_until is None


def test_the_page_names_the_records_that_did_not_take_it_and_when_they_are_tried_again(crm, connection, cast):
    crm.locked.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status")
    run(connection, 1)
    page = queries.connection_page(cast.analyst, connection.pk, at=LATER + dt.timedelta(days=1))
    (line,) = page.refusals
    assert (page.refused, line.deal, line.said) == (1, "Deal d1", "The record is locked.")
    assert line.why == Written.LOCKED.label
    assert line.until == (LATER + dt.timedelta(days=2)).date()
    crm.locked.clear()
    run(connection, 3)
    assert queries.connection_page(cast.analyst, connection.pk, at=LATER).refusals == ()


# ---- what fails ----


def synced(connection, days: float, *, sweep: bool = False) -> actions.Told:
    at = LATER + dt.timedelta(days=days)
    told = actions.sync(at=at, connection_id=connection.pk, sweep=sweep)
    connection.refresh_from_db()
    assert connection.synced_at == at
    return told


def test_a_record_on_which_the_crm_fails_holds_up_no_other_and_no_reading(crm, four, connection):
    crm.failing.add("d1")
    needed("budget", dt.date(2026, 4, 1))
    needed("budget", dt.date(2026, 4, 1), deal="d2")
    switched_on(connection, "status", "task")
    told = synced(connection, 1)
    assert (told.problem, told.written) == ("", {"failed": 1, "done": 2})
    assert [deal for deal, _ in crm.written] == ["d2"]
    row = WrittenBack.objects.get(external_id="d1")
    assert (row.refusal, row.said) == ("failed", "The CRM says that it fails (HTTP 500).")
    assert row.held_until == LATER + dt.timedelta(days=1, minutes=15)
    assert synced(connection, 1).written == {}  # not before it is time
    assert synced(connection, 2).written == {"failed": 1}
    assert WrittenBack.objects.get(external_id="d1").held_until == LATER + dt.timedelta(days=2, minutes=30)
    crm.failing.clear()
    assert synced(connection, 3).written == {"done": 2}


def test_a_crm_that_fails_on_every_record_is_left_in_peace_and_what_was_read_is_here(crm, four, connection):
    crm.failing |= {"d1", "d2", "d3", "d4"}
    for key in ("d1", "d2", "d3", "d4"):
        needed("budget", dt.date(2026, 4, 1), deal=key)
    switched_on(connection, "status")
    told = synced(connection, 1)
    assert told.written == {"failed": 3}
    assert told.problem.startswith("Everything was read. Writing back stopped: 3 records failed")
    assert (connection.failures, connection.problem) == (0, told.problem)
    crm.failing.clear()
    assert synced(connection, 1.1).written == {"done": 4}
    assert connection.problem == ""


@pytest.mark.parametrize("gained", [False, True])
def test_a_task_whose_answer_never_came_is_found_and_not_made_twice(crm, connection, gained):
    budget = needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "task")
    crm.cuts = 1
    assert synced(connection, 1).written == {"failed": 1}
    assert len(crm.tasks) == 1
    if gained:
        Agreement.objects.filter(pk=budget.pk).update(state="gained", gained_at=LATER)
    assert synced(connection, 2).written == {"done": 1}
    (task,) = crm.tasks or [""]
    row = WrittenBack.objects.get()
    assert (row.task_id, bool(task)) == (task, not gained)
    assert synced(connection, 3).written == {}


# ---- what is asked, and what deals become ----


def test_what_is_asked_otherwise_is_written_by_the_next_night(crm, four, connection):
    asked = needed("budget", dt.date(2026, 4, 1))
    needed("budget", dt.date(2026, 4, 1), deal="d2")
    switched_on(connection, "next", "task")
    run(connection, 1)
    Agreement.objects.filter(pk=asked.pk).update(needed_by=dt.date(2026, 5, 1))
    assert run(connection, 2) == {}  # nobody said anything of the agreement
    assert synced(connection, 3, sweep=True).written == {"done": 2}
    assert crm.written[-1] == ("d1", {"hp_next": "Budget, by 2026-05-01"})
    assert ("d1", "Budget", dt.date(2026, 5, 1)) in crm.tasks.values()
    assert synced(connection, 4, sweep=True).written == {}


def test_where_the_last_agreement_is_taken_away_nothing_stays_on_the_record(crm, connection):
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "status", "task")
    run(connection, 1)
    Agreement.objects.all().delete()
    assert synced(connection, 2, sweep=True).written == {"done": 2}
    assert (crm.written[-1], crm.tasks) == (("d1", {"hp_status": ""}), {})


def test_what_somebody_overwrites_in_the_crm_is_written_once_more_and_then_left(crm, four, connection):
    budget = needed("budget", dt.date(2026, 4, 1))
    needed("budget", dt.date(2026, 4, 1), deal="d2")
    switched_on(connection, "status", "next")
    run(connection, 1)
    crm.fields_held["d1"]["hp_next"] = "Ask Mia"
    assert run(connection, 2) == {}
    told = synced(connection, 3, sweep=True)
    assert (told.written, told.rules["overwritten_there"]) == ({"done": 1}, 1)
    assert crm.written[-1] == ("d1", {"hp_next": "Budget, by 2026-04-01"})
    crm.fields_held["d1"]["hp_next"] = "Ask Mia, really"
    told = synced(connection, 4, sweep=True)
    assert (told.written, told.rules.get("overwritten_there")) == ({}, None)
    Agreement.objects.filter(pk=budget.pk).update(needed_by=dt.date(2026, 5, 1))
    assert synced(connection, 5, sweep=True).written == {"done": 1}  # news is written all the same
    assert crm.fields_held["d1"]["hp_next"] == "Budget, by 2026-05-01"


def test_a_night_looks_at_every_deal_however_many_there_are(crm, four, connection, monkeypatch):
    monkeypatch.setattr(writing, "LOOKED_AT", 2)
    rows = [needed("budget", dt.date(2026, 4, 1), deal=key) for key in ("d1", "d2", "d3", "d4")]
    switched_on(connection, "next")
    assert run(connection, 1) == {"done": 4}
    Agreement.objects.filter(pk=rows[-1].pk).update(needed_by=dt.date(2026, 5, 1))
    assert synced(connection, 2, sweep=True).written == {"done": 1}
    assert crm.written[-1] == ("d4", {"hp_next": "Budget, by 2026-05-01"})
    assert (connection.wrote_at, connection.writing) == (LATER + dt.timedelta(days=2), {})


def test_the_deal_that_others_became_gets_all_at_once_and_their_tasks_end(crm, four, connection):
    needed("budget", dt.date(2026, 4, 1))
    needed("timeline", dt.date(2026, 3, 20), "gained", deal="d2")
    switched_on(connection, "status", "next", "task")
    run(connection, 1)
    (task,) = crm.tasks
    crm.pass_time(days=61)
    crm.merge(["d1", "d2"], into="d9")
    assert synced(connection, 2, sweep=True).problem == ""
    values = {"hp_status": "1 of 2 agreements stand", "hp_next": "Budget, by 2026-04-01"}
    assert crm.written[-1] == ("d9", values)
    assert list(crm.tasks.values()) == [("d9", "Budget", dt.date(2026, 4, 1))]
    assert task not in crm.tasks
    assert [row.external_id for row in WrittenBack.objects.all()] == ["d9"]


def activities() -> list[str]:
    return list(DealEvent.objects.filter(kind="activity").values_list("name", flat=True))


@pytest.mark.parametrize("called", ["{}", "tasks/{}", "task-{}"])
def test_a_task_that_we_made_is_no_activity_of_a_seller_when_it_is_done(crm, connection, called):
    needed("budget", dt.date(2026, 4, 1))
    switched_on(connection, "task")
    run(connection, 1)
    (task,) = crm.tasks
    crm.pass_time(days=61)
    crm.activity(called.format(task), "d1", "task")
    crm.activity("t9", "d1", "task")
    crm.activity(f"calls/{task}", "d1", "call")
    assert synced(connection, 2).rules == {"own_echo": 1}
    assert sorted(activities()) == ["call", "task"]
    later = LATER + dt.timedelta(days=2)
    Agreement.objects.update(state="gained", gained_at=later, changed_at=later)
    run(connection, 3)  # ends it
    crm.pass_time(days=1)
    crm.activity(called.format(task), "d1", "task")
    run(connection, 4)
    assert sorted(activities()) == ["call", "task"]
