"""Signing in with the company's account: against a strict provider and a usual one, and against whoever lies."""

from __future__ import annotations

import datetime as dt

import httpx2
import pytest
from django.test import Client

import duties
import letting_in  # noqa: F401  (its fixtures)
from cast import NOW, PASSWORD
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.directory import actions as directory
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.notices import actions as notices
from hingepoint.domain.notices.models import Digest
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people import actions as people
from hingepoint.domain.people import queries as people_queries
from hingepoint.domain.people.models import User
from hingepoint.domain.second_factors import actions as second_factors
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.sign_on import actions
from hingepoint.domain.sign_on.models import CompanyAccount, DirectoryPerson, SignOn
from hingepoint.domain.sign_on.rules import still_let_in
from hingepoint.domain.tokens import actions as tokens
from hingepoint.jobs.mails import send_digests
from hingepoint.records.errors import Refused
from hingepoint.records.people import Role, SignIn
from hingepoint.records.sign_on import Arrival
from providers import ADA, CLIENT, SECRET, SETTINGS, Strict, query_of, unsigned

BACK = "/sign-in/company/back"
LATER = NOW + dt.timedelta(days=3)
MONDAY = dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def running():
    with Strict() as provider:
        yield provider


@pytest.fixture
def provider(running, settings):
    """A strict provider that nobody changed yet, whose address inside the network is allowed."""
    running.who, running.lie, running.sign, running.about, running.said = dict(ADA), None, None, None, {}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [running.place]})
    return running


def kept(by, issuer, **differing):
    facts = {"issuer": issuer, "client_id": CLIENT, "secret": SECRET, "otherwise": None}
    actions.save(by=by, at=NOW, version=None, **SETTINGS | facts | differing)


@pytest.fixture
def known(cast, provider):
    """The provider, as the settings have it."""
    kept(cast.sponsor, provider.issuer, otherwise=Role.SELLER)
    return provider


def sent(client: Client, where: str = "/sign-in/company") -> str:
    return client.get(where).url


def come_back(client: Client, provider, where: str = "/sign-in/company", **instead):
    """Go there, sign in, and come back."""
    address = provider.sent_back(sent(client, where))
    return client.get(BACK, query_of(address) | instead)


def who(client: Client) -> str:
    """Return who is signed in there, nobody for none."""
    page = client.get("/account/")
    return page.context["page"].person.name if page.status_code == 200 else ""


def words(client: Client) -> str:
    return client.get("/sign-in").text


def gives(cast, group, role=None, team=None, manages=False):
    actions.add_group(by=cast.analyst, at=NOW, group=group, role=role, team=team, manages=manages)


def arrival(subject="x-1", mail="ada@hinge.example", groups=(), **facts) -> Arrival:
    told = {"issuer": "https://login.example", "name": "Xenia", "proofs": frozenset()} | facts
    return Arrival(subject=subject, mail=mail, groups=groups, **told)


def places(user) -> set[tuple[str, bool]]:
    rows = user.memberships.filter(until=None)
    return set(rows.values_list("team__name", "manages"))


# ---- it works ----


def test_somebody_signs_in_with_the_companys_account_and_goes_on_to_the_page_they_wanted(cast, known):
    client = Client()
    assert "Sign in with your company" in client.get("/sign-in?next=/people/").text
    answer = come_back(client, known, "/sign-in/company?next=/people/")
    assert answer.url == "/people/"
    assert who(client) == "Ada"
    assert CompanyAccount.objects.get().user == cast.analyst
    asked = known.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) > 40
    assert asked["nonce"] != asked["state"]
    assert AuditEvent.objects.filter(action="sign in", by_name="Ada").exists()


def test_it_works_with_a_usual_provider_that_tells_on_its_other_page(cast, settings):
    import oidc_provider_mock as mock

    claims = {"email": "ada@hinge.example", "email_verified": True, "name": "Ada", "groups": ["boss"]}
    with mock.run_server_in_thread(user_claims=[mock.User(sub="ada", claims=claims)]) as server:
        place = f"localhost:{server.server_port}"
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [place]})
        kept(cast.sponsor, f"http://{place}")
        client = Client()
        answer = httpx2.post(sent(client), data={"sub": "ada"})
        client.get(BACK, query_of(answer.headers["location"]))
    assert who(client) == "Ada"
    assert CompanyAccount.objects.get().groups == ["boss"]


def test_who_comes_for_the_first_time_gets_an_account_with_what_the_groups_give(cast, known):
    gives(cast, "north-leads", Role.MANAGER, cast.north, manages=True)
    known.who = ADA | {
        "sub": "n-1",
        "email": "Nils@Hinge.Example",
        "name": "Nils",
        "groups": ["north-leads", "all"],
    }
    client = Client()
    come_back(client, known)
    nils = User.objects.get(email="nils@hinge.example")
    assert (who(client), nils.role, places(nils)) == ("Nils", "manager", {("North", True)})
    assert not nils.has_usable_password()


def test_where_the_environment_says_it_the_page_does_not(cast, provider, settings):
    told = {"sign_on_issuer": provider.issuer, "sign_on_client_id": CLIENT, "sign_on_client_secret": SECRET}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
    client = Client()
    come_back(client, provider)
    assert who(client) == "Ada"
    page = client.get("/people/sign-on").text
    assert provider.issuer in page
    assert SECRET not in page
    assert 'name="issuer"' not in page


def test_the_secret_is_sealed_and_on_no_page(cast, known, client):
    assert SECRET not in SignOn.objects.get().secret
    client.force_login(cast.sponsor)
    assert SECRET not in client.get("/people/sign-on").text


def test_signing_out_says_how_to_sign_out_of_the_companys_account_too(cast, known):
    client = Client()
    come_back(client, known)
    page = client.post("/sign-out").text
    assert f"{known.issuer}/end?client_id={CLIENT}" in page.replace("&amp;", "&")
    assert who(client) == ""


# ---- a second factor ----


def with_factor(user):
    SecondFactor.objects.create(user=user, secret="x", begun_at=NOW, confirmed_at=NOW)


def test_no_code_is_asked_for_where_the_provider_asked_for_a_second_factor(cast, known, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"second_factor_for": [Role.ANALYST]})
    with_factor(cast.analyst)
    known.who["amr"] = ["pwd", "mfa"]
    client = Client()
    come_back(client, known)
    assert who(client) == "Ada"


def test_without_it_a_code_is_asked_for_as_ever(cast, known):
    with_factor(cast.analyst)
    client = Client()
    assert come_back(client, known).url == "/sign-in/code"
    assert who(client) == ""


# ---- who lies is not believed ----


def refused(client, provider, said: str, **instead):
    answer = come_back(client, provider, **instead)
    assert answer.url == "/sign-in"
    assert said in words(client)
    assert who(client) == ""
    assert not CompanyAccount.objects.exists()


NOT_BELIEVED = "so it is not believed"


@pytest.mark.parametrize(
    "lie",
    [{"nonce": "of another browser"}, {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}],
    ids=["of another browser", "another access token"],
)
def test_what_is_not_for_this_browser_is_not_believed(cast, known, lie):
    """Every other lie: tests/connectors/test_oidc.py."""
    known.lie = lambda claims: claims | lie
    refused(Client(), known, NOT_BELIEVED)


def test_what_nobody_signed_is_not_believed(cast, known):
    known.sign = unsigned
    refused(Client(), known, NOT_BELIEVED)


def test_an_answer_of_another_browser_is_not_taken(cast, known):
    mine, theirs = Client(), Client()
    address = known.sent_back(sent(mine))
    theirs.get("/sign-in/company")
    assert theirs.get(BACK, query_of(address)).url == "/sign-in"
    assert "begun elsewhere" in words(theirs)
    assert who(theirs) == ""


def test_an_answer_without_a_journey_is_not_taken(cast, known):
    address = known.sent_back(sent(Client()))
    client = Client()
    client.get(BACK, query_of(address))
    assert who(client) == ""


def test_an_answer_counts_once(cast, known):
    client = Client()
    address = known.sent_back(sent(client))
    cookie = client.cookies["sign_on"].value
    client.get(BACK, query_of(address))
    assert who(client) == "Ada"
    client.post("/sign-out")
    client.get(BACK, query_of(address))
    assert who(client) == ""
    again = Client()
    again.cookies["sign_on"] = cookie  # even with what the browser took along: the code was used
    again.get(BACK, query_of(address))
    assert who(again) == ""


def test_a_secret_that_the_provider_does_not_take_is_said_to_be_it(cast, known):
    kept(cast.sponsor, known.issuer, secret="of last year")
    refused(Client(), known, "the secret may have run out")


def test_an_answer_that_names_another_provider_is_not_taken(cast, known):
    refused(Client(), known, "another sign-in than the company", iss="https://evil.example")


def test_what_the_other_page_tells_is_of_the_same_person(cast, known):
    known.about = {"sub": "otto-1", "email": "otto@hinge.example", "email_verified": True}
    refused(Client(), known, "tells of somebody else")


def test_a_provider_that_calls_itself_otherwise_is_not_used(cast, known):
    known.said = {"issuer": "https://login.elsewhere.example"}
    client = Client()
    assert sent(client) == "/sign-in"
    assert "gives itself another name" in words(client)


def test_an_address_that_is_not_encrypted_is_not_used(cast, known):
    known.said = {"token_endpoint": "http://login.example/token"}
    client = Client()
    assert sent(client) == "/sign-in"
    assert "not encrypted" in words(client)


def test_a_provider_inside_the_network_is_asked_only_where_that_is_allowed(cast, known, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": []})
    client = Client()
    assert sent(client) == "/sign-in"
    assert "not encrypted" in words(client)


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_afterwards(cast, known, to):
    client = Client()
    assert come_back(client, known, f"/sign-in/company?next={to}").url == "/"


def test_a_provider_that_says_no_is_a_sentence(cast, known):
    client = Client()
    state = query_of(sent(client))["state"]
    answer = {"state": state, "error": "access_denied", "iss": known.issuer}
    assert client.get(BACK, answer).url == "/sign-in"
    assert "did not let you in" in words(client)


# ---- whose account it is ----


@pytest.mark.parametrize("proof", [False, None, "false", "no", 0])
def test_an_address_that_is_not_proven_links_nobody(cast, known, proof):
    known.who |= {"sub": "mallory", "email": "otto@hinge.example", "email_verified": proof}
    refused(Client(), known, "does not say that your e-mail address is proven")


def test_a_mail_that_changed_there_makes_nobody_somebody_else(cast, known):
    come_back(Client(), known)
    known.who["email"] = "otto@hinge.example"
    client = Client()
    come_back(client, known)
    assert who(client) == "Ada"
    assert CompanyAccount.objects.get().user == cast.analyst


def test_an_address_given_to_somebody_new_does_not_open_the_old_account(cast, known):
    come_back(Client(), known)
    known.who["sub"] = "another-ada"
    client = Client()
    come_back(client, known)
    assert "Another account of your company" in words(client)
    assert who(client) == ""


def test_who_is_disabled_here_stays_out(cast, known):
    known.who |= {"sub": "d", "email": "dora@hinge.example"}
    refused(Client(), known, "is disabled")


def test_nobody_new_comes_in_where_accounts_are_made_by_hand(cast, provider):
    kept(cast.sponsor, provider.issuer, makes_people=False, otherwise=Role.SELLER)
    provider.who |= {"sub": "n", "email": "new@hinge.example"}
    refused(Client(), provider, "no account here yet")


def test_nobody_new_comes_in_by_no_group(cast, provider):
    kept(cast.sponsor, provider.issuer)
    gives(cast, "sellers", Role.SELLER)
    provider.who |= {"sub": "n", "email": "new@hinge.example"}
    refused(Client(), provider, "None of your groups lets you in")


def test_too_many_groups_to_tell_are_not_taken_for_none(cast, known):
    gives(cast, "analysts", Role.ANALYST)
    known.who |= {"_claim_names": {"groups": "src1"}}
    refused(Client(), known, "too many groups to tell")


def test_an_owner_from_files_whose_key_is_the_address_is_the_same_person(cast):
    owner = people.add_user(by=None, at=NOW, name="Olga", role=Role.SELLER, key="olga@hinge.example")
    kept(cast.sponsor, "https://login.example")
    assert actions.arrive(at=NOW, arrival=arrival(mail="olga@hinge.example")) == owner
    owner.refresh_from_db()
    assert owner.email == "olga@hinge.example"


# ---- who comes by it is somebody who can come in ----


@pytest.fixture
def nils(cast):
    """Somebody who came by the company's account and has no password."""
    kept(cast.sponsor, "https://login.example", otherwise=Role.SELLER)
    return actions.arrive(at=NOW, arrival=arrival("n-1", "nils@hinge.example", name="Nils"))


def sign_in_of(cast, person):
    found = people_queries.people(cast.analyst, at=LATER, search=person.name).people
    return next(one.sign_in for one in found if one.id == person.pk)


def test_who_came_by_it_counts_as_somebody_who_can_sign_in(cast, nils):
    waiting = {one.person.id for one in people_queries.to_let_in(cast.analyst, at=LATER)}
    can = people_queries.people(cast.analyst, at=LATER, sign_in="in").people
    assert nils.can_sign_in
    assert sign_in_of(cast, nils) == SignIn.CAN
    assert nils.pk not in waiting
    assert nils.pk in {one.id for one in can}


def test_who_came_by_it_is_told_of_changes_and_of_what_waits(cast, nils, settings):
    told = {"mail_server": "smtp+plain://localhost", "address": "https://hinge.example"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
    duties.falls_due(nils, due_at=MONDAY)
    send_digests(at=MONDAY)
    assert Digest.objects.filter(user=nils).exists()


def test_nobody_comes_by_a_sign_in_that_was_taken_away(cast, nils):
    kept(cast.sponsor, "", secret="")
    assert not nils.can_sign_in
    assert sign_in_of(cast, nils) == SignIn.NOT_INVITED
    Passkey.objects.create(user=nils, name="Phone", key="k", credential="c", made_at=NOW)
    assert nils.can_sign_in


def test_without_an_address_nobody_comes_in(cast, nils):
    people.set_address(by=None, at=NOW, user=nils, email="")
    assert not nils.can_sign_in
    assert nils not in User.objects.who_come_in()


def test_asking_many_costs_no_query_each(cast, nils, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert {one.name for one in User.objects.knowing_ways_in() if one.can_sign_in} >= {"Nils", "Ada"}


# ---- groups, at every sign-in ----


def test_a_group_that_is_gone_takes_what_it_gave(cast):
    kept(cast.sponsor, "https://login.example", otherwise=Role.SELLER)
    gives(cast, "leads", Role.MANAGER, cast.south, manages=True)
    sanna = {"subject": "s-1", "mail": "sanna@hinge.example"}
    actions.arrive(at=NOW, arrival=arrival(groups=("leads",), **sanna))
    cast.seller.refresh_from_db()
    assert (cast.seller.role, places(cast.seller)) == ("manager", {("North", False), ("South", True)})
    actions.arrive(at=LATER, arrival=arrival(groups=(), **sanna))
    cast.seller.refresh_from_db()
    assert (cast.seller.role, places(cast.seller)) == ("seller", {("North", False)})
    why = AuditEvent.objects.filter(action="change role", subject_id=cast.seller.pk).values_list(
        "reason", flat=True
    )
    assert set(why) == {actions.BY_GROUPS}


def test_who_leaves_the_last_group_is_out_in_every_browser(cast, provider):
    kept(cast.sponsor, provider.issuer)
    gives(cast, "sellers", Role.SELLER, cast.south)
    provider.who = {**ADA, "sub": "s", "name": "Sanna", "email": "sanna@hinge.example", "groups": ["sellers"]}
    here, there = Client(), Client()
    come_back(here, provider)
    assert who(here) == "Sanna"
    provider.who["groups"] = []
    come_back(there, provider)
    assert "lets you in here any more" in words(there)
    assert (who(here), who(there)) == ("", "")
    assert places(cast.seller) == {("North", False)}


def _by_signing_in_once_more(cast, sanna):
    actions.arrive(at=LATER, arrival=arrival("s-1", sanna.email))


def _by_the_directory(cast, sanna):
    row = DirectoryPerson.objects.create(user=sanna, user_name=sanna.email, made_at=NOW, changed_at=NOW)
    told = {"by": cast.analyst, "at": LATER, "name": "sellers", "external_id": ""}
    number = directory.add_group(**told, members=[row.pk])
    directory.change_group(**told, number=number, version=None, members=[])


@pytest.mark.parametrize("lose", [_by_signing_in_once_more, _by_the_directory])
def test_who_leaves_the_last_group_leaves_every_door(cast, settings, lose):
    told = {"mail_server": "smtp+plain://localhost", "address": "https://hinge.example"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
    kept(cast.sponsor, "https://login.example")
    gives(cast, "sellers", Role.SELLER)
    sanna = actions.arrive(at=NOW, arrival=arrival("s-1", "sanna@hinge.example", ("sellers",)))
    sanna.set_unusable_password()
    sanna.save()
    now = dt.datetime.now(dt.UTC)
    _, secret = tokens.make(by=sanna, at=now, name="script", scopes=["deals:read"])
    calendar = f"/calendar/{notices.renew_calendar(by=sanna, at=NOW)}.ics"
    bearer = {"Authorization": f"Bearer {secret}"}
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    def doors() -> list[int]:
        client = Client()
        mcp = client.post("/mcp", ask, content_type="application/json", headers=bearer)
        return [
            client.get("/api/deals", headers=bearer).status_code,
            mcp.status_code,
            client.get(calendar).status_code,
        ]

    assert doors() == [200, 200, 200]
    lose(cast, sanna)
    assert doors() == [401, 401, 404]
    duties.falls_due(sanna, due_at=MONDAY)
    send_digests(at=MONDAY)
    assert not Digest.objects.filter(user=sanna).exists()


def test_of_several_roles_the_widest_counts(cast):
    kept(cast.sponsor, "https://login.example")
    for group, role in (("a", Role.SELLER), ("b", Role.ANALYST), ("c", Role.MANAGER)):
        gives(cast, group, role)
    user = actions.arrive(at=NOW, arrival=arrival(mail="new@hinge.example", groups=("c", "b", "a")))
    assert user.role == Role.ANALYST


def test_the_last_who_keeps_people_keeps_their_role(cast):
    kept(cast.sponsor, "https://login.example", otherwise=Role.SELLER)
    gives(cast, "managers", Role.MANAGER)
    people.set_active(by=None, at=NOW, user=cast.sponsor, active=False)
    actions.arrive(at=NOW, arrival=arrival(groups=("managers",)))
    cast.analyst.refresh_from_db()
    assert cast.analyst.role == Role.ANALYST
    assert AuditEvent.objects.filter(action="keep last").exists()
    people.set_active(by=None, at=NOW, user=cast.sponsor, active=True)
    actions.arrive(at=NOW, arrival=arrival(groups=("managers",)))
    cast.analyst.refresh_from_db()
    assert cast.analyst.role == Role.MANAGER


def test_without_a_line_with_a_role_roles_stay_as_they_are(cast):
    kept(cast.sponsor, "https://login.example")
    gives(cast, "south", team=cast.south)
    actions.arrive(at=NOW, arrival=arrival(groups=("south",)))
    cast.analyst.refresh_from_db()
    assert (cast.analyst.role, places(cast.analyst)) == ("analyst", {("South", False)})


def test_the_preview_is_what_the_next_sign_in_does(cast, client):
    kept(cast.sponsor, "https://login.example", otherwise=Role.SELLER)
    for subject, mail, groups in (
        ("m", "maud", ("leads",)),
        ("s", "sanna", ()),
        ("a", "ada", ("leads", "x")),
    ):
        actions.arrive(at=NOW, arrival=arrival(subject, f"{mail}@hinge.example", groups))
    client.force_login(cast.sponsor)
    line = {"group": "leads", "role": "analyst", "team": cast.south.pk, "what": "try"}
    answer = client.post("/people/sign-on/groups/add", line)
    assert "csrf" not in answer.url
    seen = {one.name: one.then for one in client.get(answer.url).context["page"].people}
    assert not client.get("/people/sign-on").context["page"].lines
    client.post("/people/sign-on/groups/add", line | {"what": ""})
    for subject, mail, groups in (
        ("m", "maud", ("leads",)),
        ("s", "sanna", ()),
        ("a", "ada", ("leads", "x")),
    ):
        actions.arrive(at=LATER, arrival=arrival(subject, f"{mail}@hinge.example", groups))
    after = {one.name: one.now for one in client.get("/people/sign-on").context["page"].people}
    assert seen == after
    assert after["Maud"] == "Analyst; North (manages), South"


# ---- the company's account alone ----


@pytest.fixture
def only(cast, known):
    """The company's account alone counts; Otto is the way out."""
    come_back(Client(), known)
    with_factor(cast.sponsor)
    actions.let_only(by=cast.analyst, at=NOW, way_out=cast.sponsor)
    return known


def by_password(name: str) -> Client:
    client = Client()
    client.post("/sign-in", {"username": f"{name}@hinge.example", "password": PASSWORD})
    return client


def test_passwords_open_nothing_then_but_the_companys_account_does(cast, only):
    client = by_password("sanna")
    assert "Your company signs in with its own account here" in words(client)
    assert who(client) == ""
    come_back(client, only)
    assert who(client) == "Ada"


def test_a_link_to_choose_a_password_opens_nothing_then(cast, only):
    token = people.invite(by=None, at=dt.datetime.now(dt.UTC), users=[cast.seller])[cast.seller.pk]
    client = Client()
    client.post(f"/welcome/{token}", {"password": "another hinge 42", "again": "another hinge 42"})
    assert who(client) == ""


def test_the_way_out_works_with_a_code_is_in_the_trail_and_told_to_all_who_keep_people(
    cast, only, monkeypatch, mailoutbox, settings, django_capture_on_commit_callbacks
):
    monkeypatch.setattr("hingepoint.web.second_factor.actions.try_code", lambda **_: True)
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"mail_server": "smtp+plain://localhost"})
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    client = by_password("otto")
    assert who(client) == ""
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/sign-in/code", {"code": "123456"})
    assert who(client) == "Otto"
    assert AuditEvent.objects.filter(action="use way out", by_name="Otto").count() == 1
    assert {mail.to[0] for mail in mailoutbox} == {"otto@hinge.example", "ada@hinge.example"}
    assert "by password" in mailoutbox[0].body


def test_passwords_are_not_switched_off_without_a_way_out(cast, known):
    come_back(Client(), known)
    for nobody in (cast.seller, cast.sponsor):  # no right; no second factor
        with pytest.raises(actions.NoWayOut):
            actions.let_only(by=cast.analyst, at=NOW, way_out=nobody)


def test_passwords_are_not_switched_off_before_it_was_tried(cast, known):
    with_factor(cast.sponsor)
    with pytest.raises(actions.NotTried):
        actions.let_only(by=cast.analyst, at=NOW, way_out=cast.sponsor)


def test_passwords_count_again_when_the_companys_sign_in_is_taken_away(cast, only):
    kept(cast.analyst, "", secret="")
    assert who(by_password("sanna")) == "Sanna"


def test_passwords_count_again_when_the_environment_names_the_sign_in_no_more(cast, only, settings):
    told = {"sign_on_issuer": only.issuer, "sign_on_client_id": CLIENT, "sign_on_client_secret": SECRET}
    usual = settings.ENVIRONMENT
    SignOn.objects.update(issuer="")
    settings.ENVIRONMENT = usual.model_copy(update=told)
    assert who(by_password("sanna")) == ""
    settings.ENVIRONMENT = usual
    assert who(by_password("sanna")) == "Sanna"


def _disabled(cast):
    people.set_active(by=cast.analyst, at=LATER, user=cast.sponsor, active=False)


def _left(cast):
    escalations.let_go(by=cast.analyst, at=LATER, user=cast.sponsor)


def _with_a_smaller_role(cast):
    people.change_role(by=cast.sponsor, at=LATER, user=cast.sponsor, role=Role.MANAGER)


def _without_an_address(cast):
    people.set_address(by=cast.analyst, at=LATER, user=cast.sponsor, email="")


def _by_a_password_alone(cast):
    second_factors.take_away(by=cast.sponsor, at=LATER, user=cast.sponsor)


def _by_a_colleague_without_the_code(cast):
    second_factors.take_away(by=cast.analyst, at=LATER, user=cast.sponsor)


def _as_another_person(cast):
    merging.merge(by=cast.analyst, at=LATER, kept=cast.analyst, gone=cast.sponsor, wider=True)


LOST = [
    _disabled,
    _left,
    _with_a_smaller_role,
    _without_an_address,
    _by_a_password_alone,
    _by_a_colleague_without_the_code,
    _as_another_person,
]


@pytest.mark.parametrize("lose", LOST)
def test_the_way_out_is_lost_by_nobodys_hand_before_another_is_named(cast, only, lose):
    with pytest.raises(Refused, match="Name another one first"):
        lose(cast)
    with_factor(cast.manager)
    people.change_role(by=cast.analyst, at=NOW, user=cast.manager, role=Role.ANALYST)
    actions.let_only(by=cast.analyst, at=NOW, way_out=cast.manager)
    lose(cast)
    assert "Maud" in way_out_page(cast)


def way_out_page(cast) -> str:
    client = Client()
    client.force_login(cast.analyst)
    return client.get("/people/sign-on").context["page"].way_out


def test_the_way_out_is_not_lost_by_groups(cast, only):
    gives(cast, "sellers", Role.SELLER)
    for groups in (("sellers",), ()):
        actions.arrive(at=LATER, arrival=arrival("o-1", "otto@hinge.example", groups))
        assert User.objects.get(pk=cast.sponsor.pk).role == Role.SPONSOR
        assert still_let_in(cast.sponsor)
    assert AuditEvent.objects.filter(action="keep last").exists()


def test_the_operator_helps_whoever_lost_the_phone_of_the_way_out(cast, only):
    second_factors.take_away(by=None, at=LATER, user=cast.sponsor)
    assert not SecondFactor.objects.filter(user=cast.sponsor).exists()


def test_another_way_out_is_named_on_the_page_and_the_first_is_said_why_not(cast, only, client):
    client.force_login(cast.analyst)
    refused = client.post(f"/people/{cast.sponsor.pk}/active", {"active": "no"}, follow=True)
    assert "Name another one first" in refused.text
    with_factor(cast.analyst)
    client.post("/people/sign-on/only", {"what": "company", "way_out": cast.analyst.pk})
    assert way_out_page(cast) == "Ada"


def test_passwords_are_not_switched_off_where_the_sign_in_was_taken_away_or_is_another(cast, known):
    come_back(Client(), known)
    with_factor(cast.sponsor)
    for issuer in ("", "https://login.elsewhere.example"):
        kept(cast.sponsor, issuer)
        with pytest.raises(actions.NotTried):
            actions.let_only(by=cast.analyst, at=NOW, way_out=cast.sponsor)


# ---- who may ----


def test_settings_and_table_are_kept_from_who_does_not_keep_people(cast):
    for nobody in (cast.manager, cast.seller, cast.disabled):
        with pytest.raises(actions.Hidden):
            kept(nobody, "https://login.example")
        with pytest.raises(actions.Hidden):
            actions.let_only(by=nobody, at=NOW, way_out=None)
        with pytest.raises(actions.Hidden):
            actions.add_group(by=nobody, at=NOW, group="x", role=Role.SPONSOR, team=None, manages=False)
        with pytest.raises(actions.Hidden):
            actions.drop_group(by=nobody, at=NOW, line_id=1)


def test_an_issuer_that_nobody_answers_at_is_refused_at_once(cast, provider, client):
    client.force_login(cast.sponsor)
    said = {"issuer": f"{provider.issuer}/other", "client_id": "x", "secret": "y", "groups_claim": "groups"}
    said["version"] = "0"
    answer = client.post("/people/sign-on/save", said | {"proven_by": "email_verified"})
    assert answer.status_code == 422
    assert not SignOn.objects.exists()
    client.post("/people/sign-on/save", said | {"proven_by": "email_verified", "issuer": provider.issuer})
    assert SignOn.objects.get().issuer == provider.issuer


def test_another_issuer_needs_its_own_secret(cast, known):
    with pytest.raises(actions.SecretMissing):
        kept(cast.sponsor, "https://login.elsewhere.example", secret="")
