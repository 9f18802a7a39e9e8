"""What goes back onto the records of a CRM: only what changed, and never against a no."""

import datetime as dt

import pytest

from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import actions, queries
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
def connection(crm):
    made = actions.connect(by=None, at=BEGIN, crm="fake1", url="https://crm.example", given={"token": "t"})
    actions.sync(at=LATER, connection_id=made.pk)
    return made


def needed(key: str, by: dt.date, state: str = "needed") -> Agreement:
    kind = AgreementType.objects.create(key=key, name=key.title(), side="customer", origin="imported")
    gained = LATER if state == "gained" else None
    return Agreement.objects.create(
        deal=Deal.objects.get(key="d1"), type=kind, state=state, required=True, needed_by=by, gained_at=gained,
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
