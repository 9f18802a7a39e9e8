"""A second factor: set up with a confirmed code, asked for at sign-in, slow to guess, taken away by a code."""

import base64
import datetime as dt
import re

import pytest
import time_machine
from click.testing import CliRunner
from django.test import Client

import letting_in
from cast import PASSWORD
from hingepoint.cli import main
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.people import actions as people
from hingepoint.domain.second_factors import actions, rules
from hingepoint.domain.second_factors.models import RecoveryCode, SecondFactor
from hingepoint.domain.second_factors.queries import secret_of
from hingepoint.records.people import Role

START = dt.datetime(2026, 3, 2, 9, 0, 10, tzinfo=dt.UTC)
OWN = "/account/second-factor"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as found:
        yield found


def shown(user, at: dt.datetime) -> str:
    """Return what the app of somebody shows at a moment."""
    secret = secret_of(SecondFactor.objects.get(user=user))
    return rules.code_at(base64.b32decode(secret), rules.step_of(at))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def wrong(user) -> str:
    """Return a code that no phone shows now."""
    near = {shown(user, now() + dt.timedelta(seconds=30 * steps)) for steps in range(-2, 3)}
    return next(code for code in map("{:06}".format, range(10)) if code not in near)


def by_password(who="sanna") -> Client:
    client = Client()
    client.post("/sign-in", {"username": f"{who}@hinge.example", "password": PASSWORD})
    return client


def with_code(client, code):
    return client.post("/sign-in/code", {"code": code})


def is_in(client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def guarded(cast, clock):
    """Sanna, with her app set up, half an hour ago; and her recovery codes."""
    actions.begin(by=cast.seller, at=now())
    codes = actions.confirm(by=cast.seller, at=now(), code=shown(cast.seller, now()))
    clock.shift(1800)
    return cast.seller, codes


def lines() -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(subject="second factor").order_by("id")
    return list(rows.values_list("by_name", "action"))


# ---- it works ----


def test_one_sets_it_up_on_the_page_and_signs_in_with_it_from_then_on(cast, clock):
    here = by_password()
    assert SecondFactor.objects.count() == 0
    here.post(f"{OWN}/begin")
    page = here.get(OWN).text
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert key == secret_of(SecondFactor.objects.get())
    assert "<svg" in page
    codes = re.findall(
        r"<code>([a-z2-7-]{34})</code>", here.post(f"{OWN}/confirm", {"code": shown(cast.seller, START)}).text
    )
    assert len(codes) == rules.RECOVERY_CODES
    clock.shift(60)
    again = by_password()
    assert not is_in(again)
    assert "The password of <b>sanna@hinge.example</b> is right" in again.get("/sign-in/code").text
    assert with_code(again, shown(cast.seller, now())).url == "/"
    assert is_in(again)
    assert lines() == [("Sanna", "begin"), ("Sanna", "set up")]


def test_it_does_not_count_before_its_code_was_typed(cast, clock):
    here = by_password()
    here.post(f"{OWN}/begin")
    assert here.post(f"{OWN}/confirm", {"code": wrong(cast.seller)}).status_code == 422
    assert is_in(by_password())


def test_setting_it_up_signs_other_browsers_out(cast, clock):
    here, there = by_password(), by_password()
    here.post(f"{OWN}/begin")
    here.post(f"{OWN}/confirm", {"code": shown(cast.seller, START)})
    assert [is_in(here), is_in(there)] == [True, False]


def test_the_secret_is_shown_to_nobody_once_it_counts(guarded):
    user, _ = guarded
    here = by_password()
    with_code(here, shown(user, now()))
    page = here.get(OWN).text
    assert secret_of(SecondFactor.objects.get()) not in page.replace(" ", "")
    assert "Recovery codes left: 10" in page


def test_the_place_one_wanted_to_see_opens_after_the_code(guarded):
    user, _ = guarded
    client = Client()
    client.post("/sign-in", {"username": user.email, "password": PASSWORD, "next": "/deals/"})
    assert with_code(client, shown(user, now())).url == "/deals/"


# ---- what does not let in ----


def test_a_password_alone_opens_no_page(guarded):
    client = by_password()
    assert client.get("/").url.startswith("/sign-in")
    assert client.get("/deals/").url.startswith("/sign-in")


def test_the_page_of_the_code_shows_nothing_without_the_password(guarded):
    assert Client().get("/sign-in/code").url == "/sign-in"
    assert with_code(Client(), shown(guarded[0], now())).url == "/sign-in"


def test_a_code_works_once(guarded):
    user, _ = guarded
    code = shown(user, now())
    assert with_code(by_password(), code).status_code == 302
    assert with_code(by_password(), code).status_code == 422


def test_the_page_waits_ten_minutes_and_no_longer(guarded, clock):
    user, _ = guarded
    client = by_password()
    clock.shift(601)
    assert with_code(client, shown(user, now())).url == "/sign-in"
    assert not is_in(client)


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_what_happens_meanwhile_counts(cast, guarded, change):
    user, _ = guarded
    client = by_password()
    if change == "password":
        people.set_password(by=user, at=now(), user=user, password="another hinge in the door")
    else:
        people.set_active(by=cast.analyst, at=now(), user=user, active=False)
    assert with_code(client, shown(user, now())).url == "/sign-in"


def test_a_link_for_a_forgotten_password_does_not_go_round_the_code(cast, guarded):
    user, _ = guarded
    client = Client()
    link = f"/welcome/{letting_in.link_of(user, by=cast.analyst)}"
    client.post(link, {"password": "chosen by the thief", "again": "chosen by the thief"})
    assert not is_in(client)
    with_code(client, shown(user, now()))
    assert is_in(client)


def test_wrong_codes_cost_more_and_more_time_even_with_the_right_one(guarded, clock):
    user, _ = guarded
    client = by_password()
    answers = [with_code(client, wrong(user)).status_code for _ in range(rules.FREE_TRIES)]
    assert answers == [422] * rules.FREE_TRIES
    blocked = with_code(client, shown(user, now()))
    assert blocked.status_code == 429
    assert "Try again in a minute." in blocked.text
    clock.shift(61)
    assert with_code(client, wrong(user)).status_code == 422
    assert "Try again in 2 minutes." in with_code(client, wrong(user)).text
    clock.shift(121)
    assert with_code(client, shown(user, now())).status_code == 302
    assert SecondFactor.objects.get().wrong == 0
    assert lines().count(("system", "refuse codes")) == 2


# ---- without the phone ----


def test_a_recovery_code_lets_in_once(guarded):
    _user, codes = guarded
    client = by_password()
    assert with_code(client, codes[0].upper()).status_code == 302
    assert with_code(by_password(), codes[0]).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9
    assert lines()[-1] == ("Sanna", "use recovery code")


def test_new_recovery_codes_end_the_old_ones(guarded):
    _user, codes = guarded
    client = by_password()
    with_code(client, codes[0])
    page = client.post(f"{OWN}/change", {"code": codes[1], "what": "codes"}).text
    fresh = re.findall(r"<code>([a-z2-7-]{34})</code>", page)
    assert not set(fresh) & set(codes)
    assert with_code(by_password(), codes[2]).status_code == 422
    assert with_code(by_password(), fresh[0]).status_code == 302


def test_one_takes_it_away_with_a_code_and_not_without(guarded, clock):
    user, codes = guarded
    client = by_password()
    with_code(client, codes[0])
    assert client.post(f"{OWN}/change", {"code": wrong(user), "what": "away"}).status_code == 422
    client.post(f"{OWN}/change", {"code": codes[1], "what": "away"})
    assert is_in(by_password())


@pytest.mark.parametrize(
    ("who", "may"), [("analyst", True), ("sponsor", True), ("manager", False), ("stranger", False)]
)
def test_who_looks_after_people_takes_it_away_on_record(client, cast, guarded, who, may):
    client.force_login(getattr(cast, who))
    client.post(f"/people/{cast.seller.pk}/second-factor/take-away")
    assert is_in(by_password()) == may
    assert (lines()[-1][1] == "take away") == may


def test_the_operator_takes_it_away_where_nobody_can_sign_in(guarded):
    done = CliRunner().invoke(
        main, ["setpassword", guarded[0].email, "--without-second-factor"], input=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert done.exit_code == 0, done.output
    assert is_in(by_password())


# ---- required ----


@pytest.fixture
def required(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"second_factor_for": [Role.SELLER]})


def test_whose_role_asks_for_it_sets_it_up_before_anything_else(cast, clock, required):
    here = by_password()
    assert here.get("/deals/").url == OWN
    assert here.post("/account/sign-out-elsewhere").url == OWN
    assert "Your role asks for a second factor" in here.get(OWN).text
    here.post(f"{OWN}/begin")
    here.post(f"{OWN}/confirm", {"code": shown(cast.seller, START)})
    assert here.get("/deals/").status_code == 200


def test_other_roles_go_on_without(cast, required):
    assert is_in(by_password("maud"))


def test_a_browser_that_was_in_before_the_setting_gives_its_code(cast, guarded, settings):
    user, _codes = guarded
    client = Client()
    client.force_login(user)
    assert is_in(client)
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"second_factor_for": [Role.SELLER]})
    assert client.get("/deals/").url == OWN
    assert "Sign in again, with your code" in client.get(OWN).text


# ---- what is kept ----


def test_a_dump_of_the_database_holds_neither_secret_nor_code(guarded):
    _, codes = guarded
    secret = secret_of(SecondFactor.objects.get())
    dump = repr(
        [*SecondFactor.objects.values(), *RecoveryCode.objects.values(), *AuditEvent.objects.values()]
    )
    assert not [word for word in (secret, *codes, *map(rules.plain, codes)) if word in dump]


def test_a_lost_key_is_said_and_shuts_nobody_out_for_good(client, cast, guarded, settings):
    user, _codes = guarded
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
        update={"secrets_key": "another key of at least 32 signs"}
    )
    refused = with_code(by_password(), "123456")
    assert refused.status_code == 422
    assert "encrypted with another key" in refused.text
    client.force_login(cast.analyst)
    client.post(f"/people/{user.pk}/second-factor/take-away")
    assert is_in(by_password())


def test_a_new_key_is_put_under_the_secret_by_the_command(guarded, settings):
    user, _ = guarded
    old = settings.ENVIRONMENT.effective_secrets_keys()[0]

    def put(keys):
        return setattr(settings, "ENVIRONMENT", settings.ENVIRONMENT.model_copy(update={"secrets_key": keys}))

    run = lambda what: CliRunner().invoke(main, ["secrets", what])  # noqa: E731
    new = "a new key of at least thirty-two signs"
    put(new)
    assert run("check").exit_code == 2
    assert "Nothing was changed" in run("renew").output
    put(f"{new},{old}")
    assert run("renew").exit_code == 0
    put(new)
    assert run("check").output == "1 secret in the database, none of them locked.\n"
    assert with_code(by_password(), shown(user, now())).status_code == 302


def test_of_two_who_become_one_the_factor_of_the_password_that_works_stays(cast, guarded):
    user, _ = guarded
    again = people.add_user(by=None, at=now(), name="Sanna Ek", key="0051", role=Role.SELLER)
    merging.merge(by=None, at=now(), kept=again, gone=user, wider=True)
    assert SecondFactor.objects.get().user_id == again.pk
