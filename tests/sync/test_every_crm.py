"""Every CRM that is played here, through the engine into the register: connected, read, changed, read again."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from connectors.fakes.base import Reply
from connectors.test_all import PLAYED, fake_of
from hingepoint import connectors
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import Connection, LandedChange
from hingepoint.domain.sync.rules import stages_of
from hingepoint.records.crm import Capability, DealField, Found, Origin

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=PLAYED)
def crm(request):
    """A CRM with six deals and the connection to it."""
    with fake_of(request.param) as fake:
        for n in range(6):
            fake.add(n)
            fake.tick(600)
        yield fake, connected(request.param, fake)


def connected(key: str, fake) -> Connection:
    """Connect, test, and say of each stage what it means where the CRM does not."""
    address = fake.address()
    allowed = [address.url.partition("://")[2].rstrip("/")]
    ways = connectors.crm(key).sign_ins
    sign_in = next(one.key for one in ways if set(one.secrets) <= set(address.secrets))
    how = {"crm": key, "url": address.url, "given": address.secrets, "options": address.options}
    how["sign_in"] = sign_in
    made = actions.connect(by=None, at=fake.now, allowed=allowed, **how)
    found = {
        line.capability: line.found for line in actions.test(by=None, at=fake.now, connection_id=made.pk)
    }
    assert found[Capability.DEALS] in (Found.TRACKED, Found.TRACKED_SINCE)
    made.refresh_from_db()
    unsaid = {stage.id: "open" for stage in stages_of(made) if stage.status is None}
    return actions.say(by=None, at=fake.now, connection_id=made.pk, stages=unsaid)


def read(fake, connection, **how) -> actions.Told:
    told = actions.sync(at=fake.now + HOUR, connection_id=connection.pk, **how)
    assert (told.problem, told.problems) == ("", [])
    return told


def facts() -> dict[str, tuple]:
    return {one.key: (one.name, one.status, one.amount, one.stage) for one in Deal.objects.all()}


def test_deals_come_with_their_history_and_a_second_reading_changes_nothing(crm):
    fake, connection = crm
    fake.move(1)
    fake.tick(600)
    told = read(fake, connection)
    assert told.brought["deals_created"] == Deal.objects.count() == 6
    assert all(name and stage and amount is not None for name, _, amount, stage in facts().values())
    stages = DealEvent.objects.filter(kind="stage").values_list("deal", flat=True)
    assert set(stages) == set(Deal.objects.values_list("pk", flat=True))
    assert any(list(stages).count(deal) > 1 for deal in stages)  # one of them moved
    before = (facts(), DealEvent.objects.count(), ImportBatch.objects.count())
    fake.tick(4000)
    read(fake, connection, sweep=True)
    assert (facts(), DealEvent.objects.count(), ImportBatch.objects.count()) == before


def test_what_changes_there_changes_here(crm):
    fake, connection = crm
    read(fake, connection)
    before = facts()
    fake.tick(600)
    fake.reprice(1)
    fake.tick(600)
    told = read(fake, connection)
    changed = {key for key, now in facts().items() if before[key] != now}
    assert told.brought["deals_updated"] == len(changed) == 1
    (key,) = changed
    amounts = DealEvent.objects.filter(deal__key=key, kind="field", name="amount").order_by("occurred_at")
    assert [one.value for one in amounts][-1] == Deal.objects.get(key=key).amount


def test_each_change_of_a_field_of_the_companys_own_is_one_line_of_the_history(crm):
    """What the CRM keeps is not seen a second time between two readings."""
    fake, connection = crm
    actions.say(by=None, at=fake.now, connection_id=connection.pk, fields={"area": fake.own})
    fake.say_own(0, "North")
    fake.tick(600)
    read(fake, connection)
    for said in ("South", "West"):
        fake.say_own(0, said)
        fake.tick(600)
        read(fake, connection)
    lines = DealEvent.objects.filter(kind="field", name="area").order_by("occurred_at")
    assert [one.note for one in lines] == ["North", "South", "West"]
    origins = LandedChange.objects.filter(field=DealField.EXTRA).values_list("origin", flat=True)
    assert list(origins) == [Origin.NATIVE] * 3


#: Rights that an administrator may not give, by the part of an address that is refused then, and whether a kind is told as left out.
WITHOUT = [
    ("hubspot", "/quotes", True), ("hubspot", "/owners", True), ("hubspot", "/contacts", True),
    ("dynamics", "/connections", False), ("dynamics", "/audits", True),
]  # fmt: skip
#: The same of others, which are tried in the slower checks.
WITHOUT_TOO = [
    ("hubspot", "/companies", True), ("dynamics", "/quotes", True), ("dynamics", "/contacts", True),
    ("pipedrive", "/organizations", True), ("pipedrive", "/persons", True), ("pipedrive", "/activities", True),
    ("pipedrive", "/products", True), ("espocrm", "/Account", True), ("espocrm", "/Contact", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "refused", "told_so"),
    [*WITHOUT, *(pytest.param(*each, marks=pytest.mark.slow) for each in WITHOUT_TOO)],
)
def test_without_a_right_the_rest_is_read_and_what_is_left_out_is_told_until_it_may_be_seen(
    key, refused, told_so
):
    with fake_of(key) as fake:
        fake.add()
        may = fake.before
        forbidden = Reply(403, {"message": "This user may not see that."})
        fake.before = lambda request: forbidden if refused in request.path else may(request)
        connection = connected(key, fake)
        told = read(fake, connection, sweep=True)
        assert (Deal.objects.count(), "kind_without_right" in told.rules) == (1, told_so)
        fake.before = may
        fake.tick(7200)
        assert "kind_without_right" not in read(fake, connection, sweep=True).rules


def tasks_in(fake) -> int:
    """Return how many tasks there are, where each CRM keeps them."""
    kept = [getattr(fake, name) for name in ("rows", "records", "lists", "tables") if hasattr(fake, name)]
    tables = next(each for each in kept if isinstance(each, dict))
    return sum(len(tables.get(kind, ())) for kind in ("Task", "tasks", "activities", "mail.activity"))


def cut_where_a_task_is_made(fake, request, go) -> Reply:
    done = go()
    makes = re.search(r"/(Task|tasks|activities|activity_schedule)$", request.path) or (
        b'"activity_schedule"' in request.raw
    )
    is_cut = bool(makes) and request.method == "POST"
    return Reply(done.status, done.body, done.headers, cut=is_cut)


def test_a_task_whose_answer_was_cut_off_is_there_once_after_the_next_run(crm):
    fake, connection = crm
    read(fake, connection)
    budget = AgreementType.objects.create(key="budget", name="Budget", side="customer", origin="imported")
    deal = Deal.objects.filter(status="open").first()
    facts = {"type": budget, "state": "needed", "required": True, "needed_by": dt.date(2031, 4, 1)}
    Agreement.objects.create(deal=deal, changed_at=fake.now, **facts)
    actions.set_writing_back(by=None, at=fake.now, connection_id=connection.pk, parts=["task"], fields={})
    for number in range(1, 200):
        fake.next(number, cut_where_a_task_is_made)
    assert read(fake, connection).written == {"failed": 1}
    fake.calm()
    fake.tick(7200)
    before = tasks_in(fake)
    assert read(fake, connection).written in ({"done": 1}, {"same": 1})
    assert (before, tasks_in(fake)) == (1, 1)
    fake.tick(7200)
    assert read(fake, connection).written == {}
