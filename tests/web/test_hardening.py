"""What every answer carries, files of ours too; what browsers keep; and what is not answered at all."""

import re
from pathlib import Path

import pytest
from django.conf import settings as current
from django.contrib.auth.password_validation import validate_password
from django.test import Client
from django.urls import reverse

from cast import PASSWORD
from hingepoint.web import assets, proof, sign_in
from test_house import django

HERE = Path(assets.__file__).parent
PAGES = ("/sign-in", "/no/such/page", "/healthz", "/api/openapi.json", "/static/nothing.css")
FILES = ("tokens.css", "app.js", "icons/favicon.svg", "fonts/geist-latin.woff2")


@pytest.fixture
def by_https(settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    return settings


@pytest.mark.parametrize("address", [*PAGES, *(assets.address(name) for name in FILES)])
def test_every_answer_says_what_browsers_may_do_with_it(client, db, address):
    said = client.get(address).headers
    assert "object-src 'none'; base-uri 'none'" in said["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in said["Content-Security-Policy"]
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Referrer-Policy"] == "same-origin"
    assert said["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in said


@pytest.mark.parametrize("address", [*PAGES[:4], *(assets.address(name) for name in FILES)])
def test_behind_https_every_answer_says_to_come_by_it_for_a_year(by_https, db, address):
    said = Client().get(address, secure=True).headers
    assert said["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


@pytest.mark.parametrize("name", FILES[:3])
def test_texts_say_their_encoding(client, name):
    assert "charset=" in client.get(assets.address(name)).headers["Content-Type"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PROPFIND", "CONNECT"])
@pytest.mark.parametrize("address", ["/sign-in", "/api/v1/deals", "/static/tokens.css"])
def test_methods_that_nothing_answers_to_are_refused(client, db, method, address):
    answer = client.generic(method, address, HTTP_AUTHORIZATION="Bearer canary")
    assert (answer.status_code, answer.content) == (405, b"")
    assert "TRACE" not in answer.headers["Allow"]


@pytest.mark.parametrize("address", ["/api/v1/deals", "/scim/v2/Users", "/mcp"])
def test_a_program_that_asks_by_http_is_refused_and_not_led_on(by_https, db, address):
    answer = Client().get(address, headers={"authorization": "Bearer canary"})
    assert answer.status_code == 403
    assert "Ask by https" in answer.content.decode()
    assert "Location" not in answer.headers


def test_a_person_is_led_on(by_https, db):
    answer = Client().get("/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/sign-in")


def test_behind_https_the_cookies_of_session_and_forms_are_of_this_host_alone():
    names = "settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME"
    told = django(
        "shell", "-v0", "-c", f"from django.conf import settings; print({names})", HINGEPOINT_HTTPS="true"
    )
    assert told.stdout.split() == ["__Host-sessionid", "__Host-csrftoken"], told.stderr


def test_by_http_on_ones_own_machine_they_have_their_usual_names():
    assert (current.SESSION_COOKIE_NAME, current.CSRF_COOKIE_NAME) == ("sessionid", "csrftoken")


def test_behind_https_every_other_cookie_is_named_so_that_http_cannot_set_it(by_https, cast):
    client = Client()
    client.post("/sign-in", {"username": "sanna@hinge.example", "password": PASSWORD}, secure=True)
    client.post("/theme", {"theme": "dark"}, secure=True)
    client.get("/deals/?status=open", secure=True)
    ours = {name: one for name, one in client.cookies.items() if name not in ("sessionid", "csrftoken")}
    assert {"__Secure-theme", "__Secure-last-deals"} <= set(ours)
    assert [name for name in ours if not name.startswith("__Secure-")] == []
    for one in ours.values():
        assert (one["secure"], one["httponly"], one["samesite"]) == (True, True, "Lax")
    assert 'data-theme="dark"' in client.get("/", secure=True).content.decode()


def test_no_script_reads_the_cookies_of_session_and_forms(client, cast):
    client.get("/sign-in")
    client.force_login(cast.seller)
    client.get("/")
    assert current.SESSION_COOKIE_HTTPONLY
    assert client.cookies["csrftoken"]["httponly"]


def test_who_signs_out_leaves_nothing_in_the_browser(client, cast):
    client.force_login(cast.seller)
    page = client.get("/").content.decode()
    assert re.search(r'action="/sign-out" data-forgets>', page)
    assert client.post("/sign-out").headers["Clear-Site-Data"] == '"storage"'


def test_what_waits_in_the_browser_is_of_one_person():
    live = HERE / "templates" / "reviews" / "live.html"
    kept = re.findall(r'data-keep="([^"]+)"', live.read_text())
    assert len(kept) == 2
    assert all("{{ request.user.id }}" in one for one in kept)


def test_an_error_leads_back_to_no_foreign_page(client, cast):
    client.force_login(cast.seller)
    for page, led in (("https://evil.example/x", False), ("http://testserver/deals/", True)):
        answer = client.post("/deals/999999/corridor", {"opening": "a word"}, HTTP_REFERER=page)
        assert answer.status_code == 404
        assert (f'href="{page}"' in answer.content.decode()) == led


def test_the_page_of_components_is_for_those_who_work_on_it(client, cast, settings):
    client.force_login(cast.analyst)
    assert client.get(reverse("components")).status_code == 404
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    assert client.get(reverse("components")).status_code == 200


SIGNS = "".join(chr(0x4E00 + 7 * number) for number in range(93))
SENTENCE = "the old dog slept in the garden while it rained on a tin roof; 64"
LONG = (f"ä 猫{SIGNS}", SENTENCE, "correct horse battery", "9 4 7 1 0 3 8 5 2 6 1 4")


@pytest.mark.parametrize("password", LONG)
def test_a_password_may_be_long_and_of_any_signs(client, cast, password):
    validate_password(password, cast.seller)
    cast.seller.set_password(password)
    cast.seller.save()
    answer = client.post("/sign-in", {"username": cast.seller.email, "password": password})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_passwords_are_typed_unseen_and_may_be_pasted(client, cast):
    field = re.search(r'<input[^>]*name="password"[^>]*>', client.get("/sign-in").content.decode())[0]
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert [path.name for path in scripts() if re.search(r"[\"'.]on?paste", path.read_text())] == []


def test_no_script_of_ours_makes_html_of_words():
    makes = re.compile(r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function")
    assert [path.name for path in scripts() if makes.search(path.read_text())] == []


def test_no_script_of_ours_writes_to_an_object_by_a_name_from_elsewhere():
    """A name such as __proto__ would become a part of every object."""
    writes = re.compile(
        r"\w\[[^\]'\"\d][^\]]*\]\s*(\|\||&&|\?\?)?=[^=]|Object\.assign|Reflect\.set|\.\.\.JSON"
    )
    assert writes.search("known[name] = value")
    assert not writes.search("known[name] === value")
    assert [path.name for path in scripts() if writes.search(path.read_text())] == []


def scripts():
    found = [path for path in (HERE / "static").rglob("*.js") if "vendor" not in path.parts]
    assert len(found) >= 5
    return found


@pytest.mark.parametrize(
    "address",
    [
        "/static/",
        "/static",
        "/static/icons/",
        "/.git/config",
        "/.env",
        "/data/secret.key",
        "/static/%2e%2e/sent.py",
    ],
)
def test_no_folder_and_no_source_is_served(client, db, address):
    assert client.get(address).status_code == 404


def test_nothing_secret_is_a_uuid():
    named = {path.name for path in HERE.rglob("*.py") if "uuid" in path.read_text()}
    assert named == set()
    kept = [path for path in (HERE.parent / "domain").rglob("*.py") if "uuid" in path.read_text()]
    assert all("uuid.uuid4().hex" in path.read_text() and "MEDIA_ROOT" in path.read_text() for path in kept)


def test_passwords_are_kept_by_argon2():
    told = django("shell", "-v0", "-c", "from django.conf import settings; print(settings.PASSWORD_HASHERS)")
    assert told.stdout.strip() == "['django.contrib.auth.hashers.Argon2PasswordHasher']", told.stderr


@pytest.mark.parametrize("name", [sign_in.WORKS_HERE, f"__Secure-{sign_in.WORKS_HERE}"])
def test_a_browser_of_before_still_says_that_one_of_us_was_in_it(by_https, rf, name):
    asked = rf.get("/confirm/x")
    assert not proof._where_we_work(asked)
    asked.COOKIES[name] = "yes"
    assert proof._where_we_work(asked)
