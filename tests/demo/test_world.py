"""A world file becomes a database, or says in which line it cannot."""

import datetime as dt

import pytest
import yaml

from hingepoint.demo import world
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Account, Contact, Deal
from hingepoint.domain.escalations.queries import waiting
from hingepoint.domain.involvement import queries as involvement
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.domain.people.models import Team, User
from hingepoint.records.people import Role

SMALLEST = {"world": 1, "name": "Tiny", "at": dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a world file from what differs from the smallest one."""

    def written(**parts):
        path = tmp_path / "world.yaml"
        path.write_text(yaml.safe_dump(SMALLEST | parts, sort_keys=False), "utf-8")
        return path

    return written


def picture() -> list:
    """Everything a world decides, without the salt of passwords."""
    return [
        list(User.objects.order_by("pk").values_list("key", "name", "role", "email", "is_active")),
        list(Team.objects.order_by("pk").values_list("name", "path")),
        list(Contact.objects.order_by("pk").values_list("key", "account__key", "name")),
        list(Deal.objects.order_by("pk").values()),
        list(Agreement.objects.order_by("pk").values()),
        list(AuditEvent.objects.order_by("pk").values_list("action", "subject", "at")),
    ]


@pytest.mark.django_db
def test_the_example_holds_everybody_a_test_needs():
    loaded = world.load_world(world.example())
    assert loaded.users == User.objects.count() == 9
    assert loaded.deals == Deal.objects.count() == 4
    roles = User.objects.filter(is_active=True).values_list("role", flat=True)
    assert {*roles} == {role.value for role in Role}
    assert not User.objects.get(key="dora").is_active
    assert User.objects.get(key="sanna").check_password("a hinge in the door")


@pytest.mark.django_db
def test_everybody_of_the_example_sees_what_is_theirs():
    world.load_world(world.example())
    seen = {
        user.key: set(Deal.objects.visible_to(user).values_list("key", flat=True))
        for user in User.objects.all()
    }
    every = {"D-1", "D-2", "D-3", "D-4"}
    assert seen["sanna"] == {"D-1"}
    assert seen["maud"] == {"D-1", "D-2"}
    assert seen["stig"] == seen["max"] == {"D-3", "D-4"}
    assert seen["otto"] == seen["ada"] == every
    assert seen["dora"] == seen["lee"] == set()
    asked = Agreement.objects.visible_to(User.objects.get(key="lee"))
    assert [agreement.type.key for agreement in asked] == ["int.terms_approval"]


@pytest.mark.slow
@pytest.mark.django_db
def test_the_same_file_gives_the_same_database():
    world.load_world(world.example())
    first = picture()
    world.load_world(world.example(), reset=True)
    assert picture() == first


@pytest.mark.django_db
def test_a_database_that_is_not_empty_is_left_alone(write):
    world.load_world(world.example())
    with pytest.raises(world.NotEmpty):
        world.load_world(write())
    assert Deal.objects.count() == 4


@pytest.mark.django_db
def test_what_is_confidential_is_kept_apart_and_not_in_the_trail():
    assert world.load_world(world.example()).plans == 2
    assert "116000" in str(list(Corridor.objects.values()))
    assert "116000" not in str([*Deal.objects.values(), *AuditEvent.objects.values()])


USER = {"key": "ann", "name": "Ann", "role": "seller"}
DEAL = {"key": "D-1", "created": "2026-01-05T09:00:00"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"colour": "red"}, "line 4, colour: extra inputs are not permitted"),
        ({"world": 2}, "line 1, world: input should be 1"),
        ({"users": [USER | {"wage": 1}]}, "line 8, users[0].wage"),
        ({"users": [USER | {"role": "king"}]}, "users[0].role"),
        ({"users": [USER | {"team": "North"}]}, "users[0].team: 'North' is not a team of this file"),
        ({"users": [USER, USER]}, "users[1]: 'ann' stands here for the second time"),
        ({"teams": [{"name": "A", "parent": "B"}]}, "teams[0].parent: 'B' is not a team"),
        ({"deals": [DEAL | {"owner": "ben"}]}, "deals[0].owner: 'ben' is not a user of this file"),
        ({"deals": [DEAL | {"discount": 15}]}, "deals[0].discount"),
        (
            {"deals": [DEAL | {"agreements": [{"type": "cust.wish", "state": "asked"}]}]},
            "deals[0].agreements[0].type: 'cust.wish' is not an agreement type",
        ),
        (
            {"deals": [DEAL | {"agreements": [{"type": "cust.nda", "state": "won"}]}]},
            "deals[0].agreements[0].state",
        ),
    ],
)
def test_a_mistake_in_the_file_is_said_with_its_place(write, parts, said):
    with pytest.raises(world.WorldProblem) as refused:
        world.read_world(write(**parts))
    assert said in str(refused.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"users": [USER | {"email": "a@b.example", "password": "1234"}]}, "users[0]: This password"),
        (
            {"deals": [DEAL | {"agreements": [{"type": "cust.nda", "state": "gained"}]}]},
            "deals[0].agreements[0]: Not gained yet",
        ),
        ({"deals": [DEAL | {"status": "won"}]}, "deals[0]: "),
        ({"deals": [DEAL | {"agreements": [{"type": "cust.nda", "state": "declined"}]}]}, "Say why"),
    ],
)
def test_what_an_action_refuses_is_said_with_its_place_and_nothing_is_written(write, parts, said):
    with pytest.raises(world.WorldProblem) as refused:
        world.load_world(write(accounts=[{"key": "a", "name": "A"}], **parts))
    assert said in str(refused.value)
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_a_reset_that_fails_leaves_the_database_as_it_was(write):
    world.load_world(world.example())
    before = picture()
    broken = write(deals=[DEAL | {"status": "won"}])
    with pytest.raises(world.WorldProblem):
        world.load_world(broken, reset=True)
    assert picture() == before


@pytest.mark.parametrize("text", ["", "- 1\n- 2\n", "a: [1", "\x00"])
def test_files_that_are_no_world_are_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(world.WorldProblem, match=r"odd\.yaml"):
        world.read_world(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(world.WorldProblem, match="cannot be read"):
        world.read_world(tmp_path / "nowhere.yaml")


@pytest.mark.django_db
def test_the_example_holds_what_was_negotiated():
    world.load_world(world.example())
    sanna, sofie, lee = (User.objects.get(key=key) for key in ("sanna", "sofie", "lee"))
    log = log_page.log(sofie, Deal.objects.get(key="D-2").pk)
    assert [why.by for why in log.demands[0].whys] == ["Sofie Brandt", "Maud Verhoeven"]
    assert (log.concessions[0].demand_id, log.concessions[0].in_return) == (
        log.demands[0].id,
        "a two-year term",
    )
    (asked,) = waiting.waiting_for(lee)
    assert (asked.wanted, asked.asked_by) == ("sixty days to pay, this once", "Sanna Lind")
    now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    assert (
        involvement.of_deal(sanna, Deal.objects.get(key="D-1").pk, now=now).holding[0].executive
        == "Otto Castellan"
    )


@pytest.mark.django_db
def test_an_exception_that_names_no_demand_of_its_deal_is_refused(write):
    deal = {"key": "D", "created": SMALLEST["at"], "escalations": [{"kind": "terms", "demand": "none"}]}
    with pytest.raises(
        world.WorldProblem, match=r"escalations\[0\].demand: 'none' is not a demand of this deal"
    ):
        world.load_world(write(deals=[deal]))
