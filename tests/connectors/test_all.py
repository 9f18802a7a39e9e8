"""Every CRM, whatever went wrong: one more reading reaches what a clean first load gives."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fakes import base
from connectors.reading import Kept, read
from examples import examples
from hingepoint import connectors
from hingepoint.connectors import values
from hingepoint.connectors.exchange import CrmProblem
from hingepoint.connectors.source import Wanted
from hingepoint.records.crm import Capability, CrmObject, DealField, Origin, Written

#: The CRMs that are played here, with the class of their fake.
PLAYED = {
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "dynamics": "Dynamics",
    "odoo": "FakeOdoo",
    "pipedrive": "Pipedrive",
    "espocrm": "EspoCrm",
}
played = pytest.mark.parametrize("key", PLAYED)


def fake_of(key: str) -> base.Fake:
    return getattr(importlib.import_module(f"connectors.fakes.{key}"), PLAYED[key])()


def opened(key: str, fake: base.Fake, pages: int = 3):
    wanted = Wanted({"area": fake.own})
    source = connectors.crm(key).open(fake.address(), fake.exchange(), wanted)
    source.size = source.history_size = pages
    return source


edits = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 7)), max_size=6)
faults = st.lists(st.tuples(st.integers(1, 25), st.sampled_from(range(len(base.FAULTS) + 1))), max_size=3)


@pytest.mark.slow
@played
@examples(60)
@given(data=st.data())
def test_after_any_fault_one_more_reading_reaches_a_clean_first_load(key, data):
    with fake_of(key) as fake:
        for n in range(5):
            fake.add(n)
        kept = Kept()
        for _ in range(2):
            for edit, n in data.draw(edits):
                edited(fake, edit, n)
            for number, fault in data.draw(faults):
                fake.next(number, fault_of(fake, fault))
            with contextlib.suppress(CrmProblem):
                kept.sync(opened(key, fake))
            fake.calm()
            fake.tick(600)
        kept.sync(opened(key, fake))
        clean = Kept()
        clean.sync(opened(key, fake, pages=50))
        assert kept.settled() == clean.settled()


def edited(fake, edit: int, n: int) -> None:
    getattr(fake, fake.edits[edit % len(fake.edits)])(n)


def fault_of(fake, fault: int):
    if fault < len(base.FAULTS):
        return base.FAULTS[fault]
    return base.meanwhile(lambda: fake.reprice(fault))


@played
def test_every_question_asks_caches_to_let_it_pass(key):
    with fake_of(key) as fake:
        fake.add(1)
        Kept().sync(opened(key, fake))
        assert fake.requests
        assert all("no-cache" in dict(one.headers).values() for one in fake.requests)


@played
def test_a_reading_that_was_stopped_goes_on_in_mid_page(key):
    with fake_of(key) as fake:
        for n in range(7):
            fake.add(n)
        first = opened(key, fake).page(CrmObject.DEALS, "")
        assert first.more
        mark, found = first.mark, list(first.records)
        while mark:
            page = opened(key, fake).page(CrmObject.DEALS, mark)
            found += page.records
            mark = page.mark if page.more else ""
        assert len({each.id for each in found}) == 7


@played
def test_what_changes_while_a_reading_is_stopped_is_there_after_the_next(key):
    """Where a kind is several lists, the stopped reading may have had the one behind it that changed."""
    for pages in (1, 4, 6):
        with fake_of(key) as fake:
            for n in range(5):
                fake.add(n)
            kept = Kept()
            kept.read(opened(key, fake, 2), CrmObject.CHANGES, most=pages)
            fake.add(pages)
            fake.move(pages)
            fake.tick(600)
            kept.sync(opened(key, fake, 2))
            clean = Kept()
            clean.sync(opened(key, fake, 50))
            assert kept.settled() == clean.settled()


@played
def test_deals_made_before_the_first_day_stay_out_by_every_way(key):
    """A night's comparison must not bring in what the pages leave out."""
    with fake_of(key) as fake:
        fake.add(0)
        fake.tick(3 * 86_400)
        new = fake.add(1)
        fake.tick(60)
        wanted = Wanted(since=fake.now.date())
        source = connectors.crm(key).open(fake.address(), fake.exchange(), wanted)
        source.describe()
        assert {each.id for each in read(source, CrmObject.DEALS)[CrmObject.DEALS]} == {new}
        assert source.ids(CrmObject.DEALS, "")[0] == {new}


@played
def test_many_deals_of_one_moment_are_all_read(key):
    with fake_of(key) as fake:
        fake.tick = lambda seconds=0: fake.now  # as a bulk change does
        for n in range(11):
            fake.add(n)
        assert len({each.id for each in read(opened(key, fake), CrmObject.DEALS)[CrmObject.DEALS]}) == 11


@played
def test_a_mark_never_goes_past_the_clock_of_the_crm(key):
    with fake_of(key) as fake:
        for n in range(4):
            fake.add(n)
        fake.next(1, base.BEHIND)
        source = opened(key, fake)
        kept = Kept()
        kept.sync(source)
        fake.late(1)
        kept.sync(opened(key, fake))
        clean = Kept()
        clean.sync(opened(key, fake))
        assert kept.settled() == clean.settled()


#: The lines of a quote where each CRM keeps them, and what it calls how many.
LINES = {
    "salesforce": ("QuoteLineItem", "Quantity"),
    "hubspot": ("line_items", "quantity"),
    "dynamics": ("quotedetails", "quantity"),
}


@pytest.mark.parametrize("key", LINES)
@pytest.mark.parametrize(("said", "listed"), [("2", 1000), ("0", 0), (None, None)])
def test_a_quantity_that_the_crm_does_not_say_is_not_taken_as_one(key, said, listed):
    table, name = LINES[key]
    with fake_of(key) as fake:
        fake.quote(fake.add())
        (line,) = fake.all(table)
        line.get("properties", line)[name] = said
        ((of_quote,),) = (
            each.lines for each in read(opened(key, fake), CrmObject.QUOTES)[CrmObject.QUOTES][:1]
        )
        assert (of_quote.list_price, of_quote.quantity) == (listed, None if said is None else int(said))


#: Requests of a reading by kind in which nothing has changed for an hour, what describes its fields included, and those that
#: look at the CRM before it.
QUIET = {
    "salesforce": {"look": 3, "users": 2, "accounts": 1, "contacts": 1, "deals": 2, "changes": 1, "quotes": 2, "approvals": 1, "activities": 2},
    "hubspot": {"look": 3, "users": 2, "accounts": 1, "contacts": 1, "deals": 1, "changes": 1, "quotes": 2, "approvals": 1, "activities": 5},
    "dynamics": {"look": 6, "users": 1, "accounts": 1, "contacts": 1, "deals": 2, "changes": 1, "quotes": 2, "activities": 1},
    "odoo": {"look": 8, "users": 1, "accounts": 1, "contacts": 1, "deals": 1, "changes": 2, "quotes": 2, "activities": 2},
    "pipedrive": {"look": 4, "users": 1, "accounts": 1, "contacts": 1, "deals": 2, "changes": 2, "quotes": 2, "activities": 1},
    "espocrm": {"look": 4, "users": 1, "accounts": 1, "contacts": 1, "deals": 1, "changes": 2, "activities": 4},
}  # fmt: skip
#: What the hour after a change of one deal costs more: it is read again with what hangs on it, as others may be late.
LATE = {
    "salesforce": {"deals": 1, "changes": 2},
    "hubspot": {"deals": 2, "changes": 3},
    "dynamics": {},
    "odoo": {"deals": 2, "changes": 2},
    "pipedrive": {"changes": 1, "quotes": 1},
    "espocrm": {"changes": 1},
}
#: Activities that are lists of their own in the CRM, none of which can be asked for with another.
LISTS_OF_ACTIVITIES = {"hubspot": 5, "espocrm": 4}


@played
def test_a_quiet_reading_asks_once_or_twice_for_each_kind(key):
    most = {"activities": LISTS_OF_ACTIVITIES.get(key, 2)}
    kinds = {kind: asked for kind, asked in QUIET[key].items() if kind != "look"}
    assert [kind for kind, asked in kinds.items() if asked > most.get(kind, 2)] == []


@played
@pytest.mark.parametrize("deals", [3, 30])
@pytest.mark.parametrize("late", [False, True])
def test_a_reading_without_changes_asks_as_often_however_many_deals_there_are(key, deals, late):
    with fake_of(key) as fake:
        for n in range(deals):
            fake.add(n)
        fake.tick(3600)
        fake.reprice()
        fake.batch = 50
        kept, source = Kept(), opened(key, fake, pages=50)
        for _ in range(2):
            kept.sync(source)
            fake.tick(3600 if late else 3601)
        asked = {"look": asked_by(fake, source.describe)}
        asked |= {
            each.value: asked_by(fake, lambda each=each: kept.read(source, each)) for each in source.objects
        }
        more = LATE[key] if late else {}
        assert asked == {kind: said + more.get(kind, 0) for kind, said in QUIET[key].items()}


def asked_by(fake, doing) -> int:
    before = len(fake.requests)
    doing()
    return len(fake.requests) - before


@played
def test_a_field_of_the_companys_own_comes_with_the_history_that_the_crm_keeps(key):
    with fake_of(key) as fake:
        deal = fake.add()
        fake.tick(600)
        for said in ("North", "South"):
            fake.say_own(0, said)
            fake.tick(600)
        source = opened(key, fake, pages=50)
        assert source.describe().kept == ("area",)
        kept = Kept()
        kept.sync(source)
        told = [each for each in kept.records[CrmObject.CHANGES].values() if each.field is DealField.EXTRA]
        told.sort(key=lambda each: each.at)
        assert [(each.deal_id, each.name, each.old, each.new) for each in told] == [
            (deal, "area", "", "North"),
            (deal, "area", "North", "South"),
        ]
        assert {each.origin for each in told} == {Origin.NATIVE}
        assert told[1].at - told[0].at >= dt.timedelta(seconds=600)
        assert kept.records[CrmObject.DEALS][deal].extra == {"area": "South"}


@pytest.mark.parametrize("key", ["salesforce", "hubspot", "dynamics", "odoo", "espocrm"])
def test_a_field_whose_history_is_switched_off_there_is_not_called_kept(key):
    with fake_of(key) as fake:
        fake.add()
        not_followed(key, fake)
        fake.say_own(0, "North")
        source = opened(key, fake, pages=50)
        assert source.describe().kept == ()
        told = read(source, CrmObject.CHANGES)[CrmObject.CHANGES]
        assert [each for each in told if each.field is DealField.EXTRA] == []


def not_followed(key: str, fake) -> None:
    """Switch the history of the company's own field off, as an administrator does; HubSpot keeps all but what it works out."""
    if key == "salesforce":
        fake.own_tracked = False
    elif key == "dynamics":
        del fake.audited[fake.own]
    elif key == "hubspot":
        fake.calculated.append(fake.own)
    elif key == "espocrm":
        fake.fields[fake.own]["audited"] = False
    else:
        fake.tracked.remove(fake.own)
        fields = fake.tables["ir.model.fields"]
        next(row for row in fields.values() if row["name"] == fake.own)["tracking"] = False


@played
def test_the_self_test_answers_for_each_capability(key):
    with fake_of(key) as fake:
        fake.add()
        found = {each.capability: each for each in opened(key, fake).test()}
        assert found.keys() == set(Capability)


@played
def test_stage_and_amount_are_never_written(key):
    module = importlib.import_module(f"hingepoint.connectors.{key}")
    with fake_of(key) as fake:
        deal = fake.add()
        for name in module.NEVER_WRITTEN:
            before = len(fake.requests)
            assert opened(key, fake).write(deal, {name: "1"}).written is Written.REFUSED
            assert all(each.method == "GET" for each in fake.requests[before:])


@played
def test_a_task_that_is_done_with_is_closed_and_closing_it_again_is_no_error(key):
    with fake_of(key) as fake:
        deal = fake.add()
        source = opened(key, fake)
        made = source.write_task(deal, "", "Agree on access", dt.date(2026, 4, 1))
        assert source.finish_task(made.task_id).written is Written.DONE
        assert source.finish_task(made.task_id).written in (Written.DONE, Written.SAME, Written.GONE)
        assert not still_to_do(key, fake, made.task_id)


def still_to_do(key: str, fake, task: str) -> bool:
    """Return whether a task stands there as one that is to be done, in the words of each CRM."""
    if key == "odoo":
        return int(task) in fake.tables["mail.activity"]
    if key == "pipedrive":
        return not fake.lists["activities"][int(task)]["done"]
    if key == "espocrm":
        return fake.rows["Task"][task]["status"] != "Canceled"
    if key == "hubspot":
        return fake.records["tasks"][task]["properties"]["hs_task_status"] != "COMPLETED"
    if key == "dynamics":
        return fake.rows["tasks"][task].get("statecode") != 1
    return fake.rows["Task"][task]["Status"] != "Done with"


@played
def test_what_stands_in_our_fields_is_read_for_many_deals_at_once(key):
    with fake_of(key) as fake:
        deals = [fake.add(n) for n in range(2)]
        source = opened(key, fake, 50)
        source.describe()
        source.write(deals[0], {fake.own: "1 of 2 agreements stand"})
        before = len(fake.requests)
        there = source.held([*deals, "4711"], [fake.own])
        assert len(fake.requests) == before + 1
        assert values.means(there[deals[0]][fake.own], "1 of 2 agreements stand")
        assert values.means(there[deals[1]].get(fake.own), "")
        assert there.keys() == set(deals)
        fake.say_own(0, "Ask Mia")
        assert not values.means(source.held(deals, [fake.own])[deals[0]][fake.own], "1 of 2 agreements stand")


@played
def test_a_task_that_is_to_be_done_is_found_by_what_it_is_called(key):
    with fake_of(key) as fake:
        deal, other = fake.add(), fake.add(1)
        source, called = opened(key, fake), "Agree on the buyer's access"
        assert source.find_task(deal, called) == ""
        made = source.write_task(deal, "", called, dt.date(2026, 4, 1))
        assert source.find_task(deal, called) == made.task_id
        assert (source.find_task(deal, "Agree"), source.find_task(other, called)) == ("", "")
        source.finish_task(made.task_id)
        assert source.find_task(deal, called) == ""


@played
def test_a_task_is_an_activity_when_it_is_done_and_not_before(key):
    with fake_of(key) as fake:
        deal = fake.add()
        made = opened(key, fake).write_task(deal, "", "Agree on access", dt.date(2026, 4, 1))
        assert activities_of(key, fake) == []
        done_by_somebody(key, fake, made.task_id)
        (done,) = activities_of(key, fake)
        assert (done.deal_id, done.at) == (deal, fake.now)


def activities_of(key: str, fake) -> list:
    return read(opened(key, fake, 50), CrmObject.ACTIVITIES)[CrmObject.ACTIVITIES]


def done_by_somebody(key: str, fake, task: str) -> None:
    """Let a person in the CRM say that a task is done, three weeks before it had to be."""
    fake.tick(600)
    if key == "salesforce":
        fake.set("Task", task, Status="Done with")
    elif key == "hubspot":
        at = fake.now.isoformat()
        fake.set("tasks", task, {"hs_task_status": "COMPLETED", "hs_task_completion_date": at})
        fake.now = dt.datetime.fromisoformat(at)
    elif key == "dynamics":
        fake.set("tasks", task, statecode=1)
        fake.rows["tasks"][task]["actualend"] = fake.now.isoformat()
    elif key == "odoo":
        fake.say(
            int(fake.tables["mail.activity"][int(task)]["res_id"]), "Note", mail_activity_type_id=[4, "To-Do"]
        )
        del fake.tables["mail.activity"][int(task)]
    elif key == "pipedrive":
        said = {"done": True, "marked_as_done_time": fake.stamp(), "update_time": fake.stamp()}
        fake.lists["activities"][int(task)] |= said
    else:
        fake.rows["Task"][task] |= {
            "status": "Completed",
            "modifiedAt": fake.stamp(),
            "dateEnd": fake.stamp(),
        }


#: How a field of whole numbers is described, in the words of each CRM.
NUMBERS = {
    "salesforce": {"type": "double"},
    "hubspot": {"type": "number"},
    "dynamics": {"type": "Integer"},
    "odoo": {"type": "integer"},
    "pipedrive": {"field_type": "int"},
    "espocrm": {"type": "int"},
}


@played
def test_only_into_fields_that_hold_text_words_can_be_written(key):
    with fake_of(key) as fake:

        def own():
            return next(each for each in opened(key, fake).describe().fields if each.name == fake.own)

        assert own().text
        fake.own_is = NUMBERS[key]
        if key == "espocrm":
            fake.fields[fake.own] |= NUMBERS[key]
        assert not own().text


#: Values there, and the same in another writing.
MEANT = [
    (50.0, "50", True),
    (True, "true", True),
    ("50", "50", True),
    (50.0, "51", False),
    (False, "maybe", False),
]


@pytest.mark.parametrize(("now", "said", "same"), [*MEANT, (None, "", True), ("50", "50.0", False)])
def test_a_text_means_what_is_there_by_its_kind(now, said, same):
    assert values.means(now, said) is same


@pytest.mark.parametrize("key", ["salesforce", "hubspot"])
@pytest.mark.parametrize(("there", "said"), [(50.0, "50"), (True, "true")])
def test_what_is_there_in_another_writing_is_not_written_again(key, there, said):
    with fake_of(key) as fake:
        fake.own_is = {"type": "number" if there == 50 else "bool"}
        shown = str(there).lower() if key == "hubspot" else there
        deal = fake.add(**{fake.own: shown})
        assert opened(key, fake).write(deal, {fake.own: said}).written is Written.SAME
        assert not any(each.method == "PATCH" for each in fake.requests)


@played
def test_the_how_to_names_each_right_that_the_self_test_asks_for(key):
    module = importlib.import_module(f"hingepoint.connectors.{key}")
    text = (Path(__file__).parents[2] / "docs/how-to" / f"connect-{key}.md").read_text("utf-8")
    plain = " ".join(text.replace("*", "").replace("`", "").split())
    assert [each for each in module.RIGHTS.values() if any(p not in plain for p in each.split(" and "))] == []
