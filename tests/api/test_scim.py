"""SCIM 2.0: people and groups as the company's directory sends them; who may, and what follows here."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from cast import NOW, PASSWORD
from hingepoint.api import scim
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.domain.sessions.models import Session
from hingepoint.domain.sign_on import actions as sign_on
from hingepoint.domain.sign_on.models import DirectoryGroup, DirectoryPerson
from hingepoint.domain.tokens import actions as tokens
from hingepoint.records.people import Role
from hingepoint.records.tokens import SCOPES

BASE = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def token_of(cast, role=Role.ANALYST, scopes=("directory:write",), name="Directory") -> str:
    return tokens.make_for_service(by=cast.analyst, at=timezone.now(), name=name, role=role, scopes=scopes)[1]


class Directory:
    """The company's directory, as it speaks to us."""

    def __init__(self, secret: str):
        self.client, self.secret = Client(), secret

    def __call__(self, method: str, path: str, said=None, **headers):
        body = {} if said is None else {"data": json.dumps(said), "content_type": "application/scim+json"}
        more = {"Authorization": f"Bearer {self.secret}"} | headers
        return self.client.generic(method, f"{BASE}{path}", headers=more, **body)

    def add(self, user_name="nils@hinge.example", **facts) -> dict:
        answer = self("POST", "/Users", {"schemas": [USER], "userName": user_name} | facts)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def group(self, name: str, *members: str, **facts) -> dict:
        told = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]}
        answer = self("POST", "/Groups", told | facts)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def patch(self, path: str, *operations: dict, **headers):
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


@pytest.fixture
def directory(cast) -> Directory:
    return Directory(token_of(cast))


def gives(cast, group, role=None, team=None, manages=False):
    sign_on.add_group(by=cast.analyst, at=NOW, group=group, role=role, team=team, manages=manages)


def places(user) -> set[str]:
    return set(user.memberships.filter(until=None).values_list("team__name", flat=True))


# ---- it works ----


def test_somebody_the_directory_tells_of_is_here(directory):
    made = directory.add(
        displayName="Nils Berg",
        title="Seller",
        externalId="x-1",
        emails=[{"value": "n@hinge.example", "primary": True}],
    )
    user = User.objects.get(name="Nils Berg")
    assert (user.email, user.title, user.is_active, user.role) == (
        "n@hinge.example",
        "Seller",
        True,
        "inside_partner",
    )
    assert not user.has_usable_password()
    found = directory("GET", f"/Users/{made['id']}")
    assert found.json() == made
    assert found.headers["ETag"] == made["meta"]["version"] == 'W/"1"'
    assert AuditEvent.objects.filter(subject="directory person", by_name="Directory").count() == 1


def test_who_is_here_already_is_known_by_the_address_and_keeps_their_deals(cast, directory):
    directory.add("sanna@hinge.example", displayName="Sanna")
    assert DirectoryPerson.objects.get().user == cast.seller
    cast.deal.refresh_from_db()
    assert cast.deal.owner == cast.seller
    assert User.objects.filter(email="sanna@hinge.example").count() == 1


def test_groups_give_and_take_at_once(cast, directory):
    gives(cast, "north-leads", Role.MANAGER, cast.north, manages=True)
    gives(cast, "object-7", team=cast.south)
    nils = directory.add(displayName="Nils")
    leads = directory.group("north-leads", nils["id"])
    south = directory.group("The south", nils["id"], externalId="object-7")
    user = User.objects.get(name="Nils")
    assert (user.role, places(user)) == ("manager", {"North", "South"})
    assert {one["display"] for one in directory("GET", f"/Users/{nils['id']}").json()["groups"]} == {
        "north-leads",
        "The south",
    }
    directory.patch(f"/Groups/{leads['id']}", {"op": "remove", "path": f'members[value eq "{nils["id"]}"]'})
    assert places(user) == {"South"}
    assert directory("DELETE", f"/Groups/{south['id']}").status_code == 204
    assert places(user) == set()


def test_at_the_companys_sign_in_the_directorys_groups_count_and_not_the_told_ones(cast, directory):
    from hingepoint.records.sign_on import Arrival

    gives(cast, "bosses", Role.SPONSOR)
    gives(cast, "sellers", Role.SELLER)
    sanna = directory.add("sanna@hinge.example")
    directory.group("sellers", sanna["id"])
    arrival = Arrival("https://login.example", "s", "Sanna", "sanna@hinge.example", ("bosses",), frozenset())
    assert sign_on.arrive(at=NOW, arrival=arrival).role == Role.SELLER


@pytest.mark.parametrize("way", ["patch", "entra", "put", "delete"])
def test_who_is_let_go_is_out_everywhere_and_what_they_noted_stays(cast, directory, way):
    made = directory.add("sanna@hinge.example", displayName="Sanna")
    browser = Client()
    browser.post("/sign-in", {"username": "sanna@hinge.example", "password": PASSWORD})
    _, secret = tokens.make(by=cast.seller, at=timezone.now(), name="script", scopes=["deals:read"])
    assert Session.objects.filter(user=cast.seller).exists()
    path = f"/Users/{made['id']}"
    {
        "patch": lambda: directory.patch(path, {"op": "replace", "path": "active", "value": False}),
        "entra": lambda: directory.patch(path, {"op": "Replace", "value": {"active": False}}),
        "put": lambda: directory(
            "PUT", path, {"schemas": [USER], "userName": "sanna@hinge.example", "active": False}
        ),
        "delete": lambda: directory("DELETE", path),
    }[way]()
    cast.seller.refresh_from_db()
    cast.deal.refresh_from_db()
    assert (cast.seller.is_active, cast.deal.owner) == (False, cast.seller)
    assert not Session.objects.filter(user=cast.seller).exists()
    people.set_active(by=None, at=timezone.now(), user=cast.seller, active=True)
    told = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/deals", headers=told).status_code == 401  # also once they are back
    assert browser.get("/").status_code == 302


def test_who_comes_back_is_the_same_person(cast, directory):
    first = directory.add(displayName="Nils")
    user = User.objects.get(name="Nils")
    directory("DELETE", f"/Users/{first['id']}")
    assert directory("GET", f"/Users/{first['id']}").status_code == 404
    again = directory.add(displayName="Nils")
    assert again["id"] != first["id"]
    assert DirectoryPerson.objects.get().user == user
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ('userName eq "Nils@Hinge.example"', 1),
        ('userName eq "else@hinge.example"', 0),
        ('externalId eq "x-1"', 1),
        ('externalId eq "X-1"', 0),
        ('emails.value co "hinge" and active eq true', 2),
        ('displayName sw "Ol"', 1),
        ('id eq "no number"', 0),
        ("nothing eq 1", 0),
    ],
)
def test_people_are_found_by_filters(directory, rule, found):
    directory.add(displayName="Nils", externalId="x-1", emails=[{"value": "nils@hinge.example"}])
    directory.add("olga@hinge.example", displayName="Olga", emails=[{"value": "olga@hinge.example"}])
    answer = directory("GET", f"/Users?filter={rule.replace(' ', '%20')}").json()
    assert (answer["totalResults"], len(answer["Resources"])) == (found, found)


def test_lists_come_in_pages(directory):
    for number in range(5):
        directory.add(f"p{number}@hinge.example")
    page = directory("GET", "/Users?startIndex=4&count=3").json()
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (5, 2, 4)
    assert directory("GET", "/Users?count=0").json()["Resources"] == []
    assert directory("GET", "/Users?count=x").status_code == 400


def test_a_group_is_told_without_its_members_where_nobody_wants_them(directory):
    made = directory.group("g", directory.add()["id"])
    assert "members" not in directory("GET", f"/Groups/{made['id']}?excludedAttributes=members").json()


def test_who_knows_an_older_version_is_told_so(directory):
    made = directory.add()
    path, change = f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Boss"}
    assert directory("GET", path, **{"If-None-Match": made["meta"]["version"]}).status_code == 304
    assert directory.patch(path, change, **{"If-Match": made["meta"]["version"]}).status_code == 200
    assert directory.patch(path, change, **{"If-Match": made["meta"]["version"]}).status_code == 412
    assert directory("DELETE", path, **{"If-Match": "nonsense"}).status_code == 412


def test_what_is_not_needed_is_taken_and_not_kept(directory):
    made = directory.add(
        phoneNumbers=[{"value": "+49 30 1", "type": "work"}], password="a secret of theirs", nickName="N"
    )
    path = f"/Users/{made['id']}"
    answer = directory.patch(
        path, {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+49 30 2"}
    )
    assert answer.status_code == 200
    kept = json.dumps(DirectoryPerson.objects.get().told) + json.dumps(answer.json())
    assert not any(word in kept for word in ("+49", "a secret of theirs", "nickName"))
    assert not User.objects.get(directory_people__isnull=False).has_usable_password()


# ---- what is refused ----


def test_two_of_one_name_are_refused(directory):
    directory.add()
    answer = directory("POST", "/Users", {"schemas": [USER], "userName": "NILS@hinge.example"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    directory.group("g")
    assert directory("POST", "/Groups", {"schemas": [GROUP], "displayName": "G"}).status_code == 409


def test_an_address_of_somebody_else_is_not_taken_over(cast, directory):
    made = directory.add()
    said = {"op": "replace", "path": "emails", "value": [{"value": "otto@hinge.example", "primary": True}]}
    assert directory.patch(f"/Users/{made['id']}", said).status_code == 409
    cast.sponsor.refresh_from_db()
    assert cast.sponsor.email == "otto@hinge.example"


def test_the_last_who_keeps_people_is_not_let_go(cast, directory):
    made = directory.add("otto@hinge.example", displayName="Otto")
    people.set_active(by=None, at=NOW, user=cast.analyst, active=False)
    assert directory("DELETE", f"/Users/{made['id']}").status_code == 403
    cast.sponsor.refresh_from_db()
    assert cast.sponsor.is_active


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'"x"', b"{}", json.dumps({"schemas": [USER]}).encode(), b"\xff\xfe"],
    ids=["empty", "list", "cut", "text", "nothing", "no name", "no text"],
)
def test_what_is_not_understood_is_refused_and_makes_nothing(directory, body):
    told = {"Authorization": f"Bearer {directory.secret}"}
    answer = Client().generic("POST", f"{BASE}/Users", body, "application/scim+json", headers=told)
    assert answer.status_code == 400
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert not DirectoryPerson.objects.exists()


def test_a_member_nobody_told_of_is_refused(directory):
    for member in ("999", "x", "-1"):
        said = {"schemas": [GROUP], "displayName": "g", "members": [{"value": member}]}
        assert directory("POST", "/Groups", said).status_code == 400
    assert not DirectoryGroup.objects.exists()


@pytest.mark.parametrize("rule", ["userName", "userName eq", '(userName eq "x"', "%00"])
def test_a_filter_that_is_none_is_refused(directory, rule):
    assert directory("GET", f"/Users?filter={rule.replace(' ', '%20')}").status_code == 400


# ---- who may ----

ADDRESSES = [
    ("GET", "/Users"),
    ("POST", "/Users"),
    ("GET", "/Users/1"),
    ("PUT", "/Users/1"),
    ("PATCH", "/Users/1"),
    ("DELETE", "/Users/1"),
    ("GET", "/Groups"),
    ("POST", "/Groups"),
    ("GET", "/Groups/1"),
    ("PUT", "/Groups/1"),
    ("PATCH", "/Groups/1"),
    ("DELETE", "/Groups/1"),
    ("GET", "/Schemas"),
    ("GET", f"/Schemas/{USER}"),
    ("GET", "/ResourceTypes/User"),
    ("GET", "/ResourceTypes"),
    ("GET", "/ServiceProviderConfig"),
    ("POST", "/.search"),
    ("POST", "/Users/.search"),
    ("POST", "/Groups/.search"),
    ("GET", "/else"),
]


def test_nobody_but_the_directorys_own_program_opens_any_of_it(cast, directory):
    directory.add(displayName="A name that nobody else reads")
    every = [one for one in SCOPES if one != "directory:write"]
    at = timezone.now()
    others = {
        "no token": "",
        "nonsense": "hps_nonsense",
        "a service without the scope": token_of(cast, scopes=every, name="Other"),
        "a service that sees less": token_of(cast, role=Role.MANAGER, name="Less"),
        **{
            f"the own token of {name}": tokens.make(by=user, at=at, name="x", scopes=list(SCOPES))[1]
            for name, user in cast.everybody().items()
            if user and user.is_active
        },
    }
    before = (User.objects.count(), DirectoryPerson.objects.count())
    for kind, secret in others.items():
        for method, path in ADDRESSES:
            answer = Directory(secret)(method, path, {"schemas": [USER], "userName": "m"})
            assert answer.status_code in (401, 403), (kind, method, path)
            assert "nobody else reads" not in answer.text
    assert (User.objects.count(), DirectoryPerson.objects.count()) == before


def test_every_address_of_it_is_among_those_that_are_tried():
    names = {resolve(f"{BASE}{path}").url_name for _, path in ADDRESSES}
    assert names == {one.name for one in scim.urlpatterns}


def test_a_session_of_a_sponsor_opens_none_of_it(cast, client):
    client.force_login(cast.sponsor)
    for method, path in ADDRESSES:
        assert client.generic(method, f"{BASE}{path}").status_code == 401


def test_who_the_directory_does_not_look_after_is_not_told(cast, directory):
    assert directory("GET", "/Users").json()["totalResults"] == 0
    for number in (cast.seller.pk, 0, "x", "9" * 40):
        assert directory("GET", f"/Users/{number}").status_code == 404


@pytest.mark.slow
def test_what_the_standards_ask_is_answered(cast, directory, oracle):
    """Every check of scim2-tester, over our own WSGI."""
    tester = oracle("scim2_tester")
    from scim2_client.engines.wsgi import WSGISCIMClient

    from hingepoint.config.wsgi import application

    told = {"Authorization": f"Bearer {directory.secret}"}
    client = WSGISCIMClient(application, base_url=f"http://localhost{BASE}", headers=told)
    found = tester.check_server(client)
    wrong = [one for one in found if one.status in (tester.Status.ERROR, tester.Status.CRITICAL)]
    assert len(found) > 50
    assert not wrong, "\n".join(f"{one.title} {one.resource_type}: {one.reason}" for one in wrong)
