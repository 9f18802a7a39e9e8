"""Looking after people and teams: first it works, then who may, then what is refused."""

import pytest

import budget
import talks
from cast import NOW, PASSWORD, TODAY
from hingepoint import __version__
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.records.people import Role

NEW = {"name": "Nina", "role": "seller", "email": "nina@hinge.example", "password": "a door on two hinges"}


@pytest.fixture
def as_analyst(client, cast):
    client.force_login(cast.analyst)
    return client


def test_an_analyst_adds_a_person_who_can_sign_in(as_analyst):
    answer = as_analyst.post("/people/new", NEW)
    nina = User.objects.get(email="nina@hinge.example")
    assert answer.url == f"/people/{nina.pk}/"
    assert nina.check_password(NEW["password"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "sanna@hinge.example"}, "Sanna is here under this address."),
        ({"password": "short"}, "too short"),
        ({"email": ""}, "needs an e-mail address"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_adds_nobody(as_analyst, wrong, said):
    before = User.objects.count()
    assert said in as_analyst.post("/people/new", NEW | wrong).content.decode()
    assert User.objects.count() == before


def test_a_role_changed_holds_at_once_and_is_on_record(as_analyst, cast):
    as_analyst.post(f"/people/{cast.seller.pk}/role", {"role": "sponsor"})
    cast.seller.refresh_from_db()
    assert cast.seller.role == Role.SPONSOR
    answer = as_analyst.get(f"/people/{cast.seller.pk}/")
    (moved,) = answer.context["page"].history[0].changes
    assert (moved.field, moved.before, moved.after) == ("role", "seller", "sponsor")
    assert "Ada changed their role" in answer.text


def test_people_join_and_leave_teams(as_analyst, cast):
    where = f"/people/{cast.seller.pk}/teams"
    as_analyst.post(where, {"team": cast.south.pk, "since": "2026-03-02"})
    membership = cast.seller.memberships.get(team=cast.south)
    as_analyst.post(f"{where}/{membership.pk}/end")
    membership.refresh_from_db()
    assert membership.until is not None


def test_a_team_hangs_below_another(as_analyst, cast):
    as_analyst.post("/teams/", {"name": "Far North", "parent": cast.north.pk})
    assert Team.objects.get(name="Far North").path.startswith(cast.north.path)


def move(client, team, below):
    return client.post("/teams/move", {"team": team.pk, "below": below.pk if below else "top"}, follow=True)


def paths() -> dict[str, str]:
    """Return each team's path by names, as it follows from the parents alone."""
    named = {}
    for team in Team.objects.all():
        chain, above = [], team
        while above:
            chain.append(above.pk)
            above = above.parent
        named[team.name] = "/" + "".join(f"{pk}/" for pk in reversed(chain))
    return named


def test_a_team_moves_with_all_that_is_below_it(as_analyst, cast):
    as_analyst.post("/teams/", {"name": "Far North", "parent": cast.north.pk})
    as_analyst.post("/teams/", {"name": "Pole", "parent": Team.objects.get(name="Far North").pk})
    answer = move(as_analyst, cast.north, cast.south)
    cast.north.refresh_from_db()
    assert cast.north.parent == cast.south
    assert {team.name: team.path for team in Team.objects.all()} == paths()
    assert "North now belongs to South. Maud, Max see its deals from the next click on." in answer.text


def test_who_manages_the_new_place_sees_the_deals_and_who_managed_the_old_does_not(as_analyst, client, cast):
    person = people.add_user(by=None, at=NOW, name="Nora", role=Role.MANAGER)
    sales = Team.objects.get(name="Sales")
    people.join_team(by=None, at=NOW, user=person, team=sales, since=TODAY, manages=True)
    move(as_analyst, cast.north, cast.south)
    assert (
        Deal.objects.visible_to(User.objects.get(pk=cast.other_manager.pk)).filter(pk=cast.deal.pk).exists()
    )
    move(as_analyst, cast.north, None)
    for manager, sees in ((cast.other_manager, False), (person, False), (cast.manager, True)):
        seen = Deal.objects.visible_to(User.objects.get(pk=manager.pk)).filter(pk=cast.deal.pk)
        assert seen.exists() is sees, manager.name


@pytest.mark.parametrize("below", ["north", "far_north"])
def test_no_team_stands_below_itself(as_analyst, cast, below):
    far = people.add_team(by=None, at=NOW, name="Far North", parent=cast.north)
    before = list(Team.objects.order_by("pk").values_list("pk", "parent_id", "path"))
    answer = move(as_analyst, cast.north, far if below == "far_north" else cast.north)
    assert answer.status_code == 422
    assert "North cannot belong to" in answer.text
    assert list(Team.objects.order_by("pk").values_list("pk", "parent_id", "path")) == before


def test_without_a_choice_nothing_moves(as_analyst, cast):
    answer = as_analyst.post("/teams/move", {"team": cast.north.pk, "below": ""})
    assert answer.status_code == 422
    assert "Will belong to is needed." in answer.text
    assert Team.objects.get(name="North").parent.name == "Sales"


def test_a_move_is_on_record_once_and_a_move_to_the_same_place_is_none(as_analyst, cast):
    for _ in range(2):
        move(as_analyst, cast.north, cast.south)
    (event,) = AuditEvent.objects.filter(subject="team", action="move")
    assert (event.by_name, event.changes) == ("Ada", {"parent": ["Sales", "South"]})


def test_teams_are_not_nested_deeper_than_their_paths_can_say(as_analyst, cast):
    sales = f"{cast.south.parent_id}/"
    deep = "/" + sales * ((399 - len(f"{cast.south.pk}/")) // len(sales)) + f"{cast.south.pk}/"
    Team.objects.filter(pk=cast.south.pk).update(path=deep)
    answer = move(as_analyst, cast.north, cast.south)
    assert "deeper than teams can be nested" in answer.text
    cast.north.refresh_from_db()
    assert cast.north.parent.name == "Sales"


def test_the_list_can_be_searched(as_analyst):
    page = as_analyst.get("/people/?search=maud").content.decode()
    assert "Maud" in page
    assert "Stig" not in page


def crowd(cast, n: int) -> None:
    User.objects.bulk_create(
        User(key=f"p{i}", name=f"Person {i:03}", role=Role.SELLER, password="!") for i in range(n)
    )
    team = [
        Membership(user=user, team=cast.north, since=TODAY)
        for user in User.objects.filter(key__startswith="p")
    ]
    Membership.objects.bulk_create(team)


def test_many_people_come_in_pages_that_keep_the_filters(as_analyst, cast, django_assert_max_num_queries):
    crowd(cast, 60)
    with django_assert_max_num_queries(budget.STATEMENTS):
        first = as_analyst.get(f"/people/?search=person&team={cast.north.pk}")
    assert (first.context["found"].total, len(first.context["found"].people)) == (60, 50)
    following = f"?search=person&amp;team={cast.north.pk}&amp;page=2"
    assert following in first.content.decode()
    second = as_analyst.get("/people/" + following.replace("&amp;", "&")).context["found"]
    assert [one.name for one in second.people] == [f"Person {i:03}" for i in range(50, 60)]


@pytest.mark.parametrize(("asked", "shown"), [("99", 2), ("0", 1), ("x", 1), ("²", 1), ("", 1)])
def test_a_page_that_is_not_there_is_the_nearest(as_analyst, cast, asked, shown):
    crowd(cast, 60)
    found = as_analyst.get(f"/people/?page={asked}").context["found"]
    assert found.page == shown
    assert found.people


def test_a_team_holds_those_of_the_teams_below_it(as_analyst, cast):
    sales = Team.objects.get(name="Sales")
    found = as_analyst.get(f"/people/?team={sales.pk}").context["found"]
    assert [one.name for one in found.people] == ["Maud", "Max", "Sanna", "Stig"]


def test_nobody_disables_themselves(as_analyst, cast):
    as_analyst.post(f"/people/{cast.analyst.pk}/active", {"active": "no"})
    cast.analyst.refresh_from_db()
    assert cast.analyst.is_active


def test_what_waits_for_somebody_who_leaves_goes_on_to_somebody_else(as_analyst, client, cast):
    made = talks.an_exception(cast)
    answer = as_analyst.post(f"/people/{cast.inside_partner.pk}/active", {"active": "no"}, follow=True)
    assert "1 request that waited for them went on to somebody else." in answer.text
    client.force_login(cast.manager)
    page = client.get(f"/exceptions/{made.pk}/").text
    for words in ("Lee is not here any more. Maud is asked.", "in place of Lee", "Passed on", "Your answer"):
        assert words in page


def test_one_changes_ones_own_password(client, cast):
    client.force_login(cast.seller)
    new = "the door is open now"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/account/", form).status_code == 302
    cast.seller.refresh_from_db()
    assert cast.seller.check_password(new)


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_others_may_look_but_not_change(client, cast, who):
    client.force_login(getattr(cast, who))
    assert client.get("/people/").status_code == 200
    assert client.get("/people/new").status_code == 404
    assert client.post("/people/new", NEW).status_code == 404
    assert client.post("/teams/", {"name": "Mine"}).status_code == 404
    moved = {"team": cast.north.pk, "below": cast.south.pk}
    assert client.post("/teams/move", moved).status_code == 404
    assert "Move a team" not in client.get("/teams/").text
    for what in ("role", "active", "teams"):
        assert client.post(f"/people/{cast.stranger.pk}/{what}", {"role": "sponsor"}).status_code == 404
    assert not User.objects.filter(email=NEW["email"]).exists()


def test_the_menu_of_ones_account_says_which_version_this_is(client, cast):
    client.force_login(cast.seller)
    assert f"Hingepoint {__version__}<" in client.get("/").content.decode()
