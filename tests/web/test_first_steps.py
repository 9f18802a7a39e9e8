"""The first steps on Home: read from what is on record, one next step, and gone when all are done."""

import re

import pytest
from django.utils import timezone

import discoveries
import importing
import letting_in
import playbooks
from cast import TODAY, deal
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.home.queries.first_steps import first_steps
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategies
from words import tie, word

ALL = ["account", "deals", "people", "words", "discovery", "strategy", "in_force"]


@pytest.fixture
def empty(cast):
    """The cast before any deal was brought in."""
    Deal.objects.all().delete()
    return cast


def steps(user):
    return first_steps(user, at=timezone.now())


def done(user) -> list[str]:
    return [step.key for step in steps(user).steps if step.done]


def home(client, user) -> str:
    client.force_login(user)
    return client.get("/").content.decode()


def ran(cast) -> None:
    """A finished run of our own deals."""
    run = discoveries.finished_run(cast)
    Run.objects.filter(pk=run.pk).update(source="database")


def primary(page: str) -> list[str]:
    """Return the addresses of the primary buttons of a page."""
    return re.findall(r'<a class="button primary" href="([^"]+)"', page)


@pytest.mark.parametrize("who", ["analyst", "sponsor"])
def test_an_empty_installation_offers_import_and_nothing_else_first(client, empty, who):
    page = home(client, getattr(empty, who))
    assert primary(page) == ["/imports/"]
    assert "1 of 7" in page
    assert "/discovery/new" not in page
    assert done(getattr(empty, who)) == ["account"]


def test_discovery_offers_no_run_without_deals(client, empty):
    client.force_login(empty.analyst)
    page = client.get("/discovery/").content.decode()
    assert primary(page) == ["/imports/"]
    deal("N-9")
    assert "/discovery/new" in primary(client.get("/discovery/").content.decode())


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_others_are_not_asked_to_set_anything_up(client, cast, who):
    assert steps(getattr(cast, who)) is None
    assert "Let us begin" not in home(client, getattr(cast, who))


def test_people_are_let_in_when_nine_of_ten_owners_have_a_way_in(empty):
    owners = [letting_in.newcomer(f"Owner{number}") for number in range(10)]
    for number, owner in enumerate(owners):
        deal(f"O-{number}", owner=owner)
    for owner in owners[:8]:
        letting_in.link_of(owner, by=empty.analyst)
    (people,) = [step for step in steps(empty.analyst).steps if step.key == "people"]
    assert (people.done, people.state) == (False, "8 of 10 owners of open deals have a way in.")
    letting_in.link_of(owners[8], by=empty.analyst)
    assert "people" in done(empty.analyst)


def test_who_is_disabled_or_owns_only_closed_deals_is_not_waited_for(empty):
    gone, old = letting_in.newcomer("Gone"), letting_in.newcomer("Old")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    deal("G-1", owner=gone)
    deal("O-1", owner=old, status="won", closed_at=timezone.now())
    assert "people" in done(empty.analyst)


def test_the_steps_are_walked_one_after_the_other(client, empty):
    ada, otto = empty.analyst, empty.sponsor
    newcomer = letting_in.newcomer("Nils")
    deal("N-1", owner=newcomer)
    assert primary(home(client, ada))[0] == "/people/let-in"
    letting_in.link_of(newcomer, by=ada)
    found = word()
    assert primary(home(client, ada))[0] == "/words/"
    assert "1 word is in question." in home(client, ada)
    tie(found)
    assert primary(home(client, ada))[0] == "/discovery/new"
    assert primary(home(client, otto))[0] == "/strategy/new"
    assert "An analyst does this" in home(client, otto)
    ran(empty)
    assert primary(home(client, ada))[0] == "/strategy/new"
    written = playbooks.written(empty)
    assert primary(home(client, ada))[0] == f"/strategy/{written.pk}/playbook/"
    playbooks.choose(written.playbooks.get(), "cust.data_access")
    strategies.publish(by=ada, at=timezone.now(), playbook=written.playbooks.get())
    assert primary(home(client, ada))[0] == f"/strategy/{written.pk}/in-force"
    strategies.put_in_force(by=otto, at=timezone.now(), strategy=written, starts_on=TODAY)
    assert done(ada) == ALL
    assert "Let us begin" not in home(client, ada)


def test_a_new_word_in_a_later_file_brings_the_list_back_with_that_one_step(client, cast):
    playbooks.in_force(cast)
    ran(cast)
    assert done(cast.analyst) == ALL
    word()
    assert [key for key in ALL if key not in done(cast.analyst)] == ["words"]
    assert primary(home(client, cast.analyst))[0] == "/words/"


def test_an_import_that_is_taken_back_takes_its_step_back(empty, tmp_path):
    batch = importing.import_deals(tmp_path).batch
    assert "deals" in done(empty.analyst)
    imports.undo_import(by=None, at=timezone.now(), batch_id=batch)
    assert done(empty.analyst) == ["account"]


def test_the_end_of_an_import_leads_to_the_next_step(client, cast, tmp_path):
    importing.import_deals(tmp_path)
    batch = importing.import_events(tmp_path).batch
    client.force_login(cast.analyst)
    page = client.get(f"/imports/{batch}/").content.decode()
    assert "What is next" in page
    assert primary(page) == ["/people/let-in"]


def test_when_all_is_done_an_import_leads_to_the_health_of_the_data(client, cast, tmp_path):
    playbooks.in_force(cast)
    ran(cast)
    batch = importing.import_deals(tmp_path).batch
    User.objects.filter(name__in=["Bo Lind", "Anna Berg", "Cy Ek"]).update(is_active=False)
    client.force_login(cast.analyst)
    assert primary(client.get(f"/imports/{batch}/").content.decode()) == ["/data-health/"]


def test_the_steps_cost_one_query(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        steps(cast.analyst)


@pytest.mark.parametrize("who", ["sponsor", "analyst"])
def test_the_demo_company_has_begun(client, cast, settings, who):
    assert "Let us begin" in home(client, getattr(cast, who))
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    assert "Let us begin" not in home(client, getattr(cast, who))
