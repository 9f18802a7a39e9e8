"""Signing in at a provider that others wrote and that is certified to be strict: oidc-provider, a process of its own, from there and
back to signing out.

It is asked for with Node 18 or newer, in a folder of its own:

    mkdir -p build && cp -r tests/strict_provider build/strict-provider && (cd build/strict-provider && npm ci --ignore-scripts)

What a provider that lies gets told: test_sign_on.py and tests/connectors/test_oidc.py.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from django.test import Client

from cast import NOW
from hingepoint.connectors import oidc
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.people.models import User
from hingepoint.domain.sign_on import actions
from hingepoint.domain.sign_on.models import CompanyAccount
from hingepoint.records.people import Role
from providers import SETTINGS, query_of

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build/strict-provider"
INSTALLED = bool(shutil.which("node")) and (HOME / "node_modules/oidc-provider").is_dir()
WHY = "oidc-provider is not installed: Node and `npm ci` in build/strict-provider (see this module)."

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not INSTALLED, reason=WHY)]

BACK = "http://testserver/sign-in/company/back"
SIGN_IN = "http://testserver/sign-in"
#: With all that a header would take for something else, were it not written as the protocol has it.
CLIENT, SECRET = "hinge:point", "kept: 100 % between + the & two/?"
FITTING = {
    "client_id": CLIENT,
    "client_secret": SECRET,
    "redirect_uris": [BACK],
    "post_logout_redirect_uris": [SIGN_IN],
    "response_types": ["code"],
    "grant_types": ["authorization_code"],
    "token_endpoint_auth_method": "client_secret_basic",
}
ADA = {"name": "Ada", "email": "ada@hinge.example", "email_verified": True, "groups": ["analysts"]}
ONE, TWO = {"kid": "one", "alg": "RS256"}, {"kid": "two", "alg": "RS256"}
USUAL = {
    "keys": [ONE],
    "hidden": [],
    "clock": 0,
    "clients": [FITTING],
    "people": {"ada": ADA},
    "ways": ["client_secret_basic"],
}


@dataclass
class Provider:
    """The process; ``told`` how it is to be from now on, else as usual."""

    process: subprocess.Popen
    place: str

    @property
    def issuer(self) -> str:
        return f"http://{self.place}"

    def told(self, **said: Any) -> None:
        self.process.stdin.write(json.dumps(USUAL | said) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ready\n", "the provider did not take it"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["node", ROOT / "tests/strict_provider/provider.mjs", HOME, str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Provider(process, f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def provider(running, settings, cast):
    """The provider as usual, and as the settings have it."""
    running.told()
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"allow_outbound": [running.place]})
    kept(cast, running)
    return running


def kept(cast, provider, **differing):
    facts = {"issuer": provider.issuer, "client_id": CLIENT, "secret": SECRET, "otherwise": Role.SELLER}
    actions.save(by=cast.sponsor, at=NOW, version=None, **SETTINGS | facts | differing)


@dataclass
class Browser:
    """Somebody's browser: ``ours`` at Hingepoint, ``theirs`` at the provider. ``seen``: what the provider asked them."""

    name: str = "ada"
    ours: Client = field(default_factory=Client)
    theirs: httpx2.Client = field(default_factory=httpx2.Client)
    seen: list[str] = field(default_factory=list)

    def follow(self, address: str) -> httpx2.Response | str:
        """Go where one is led and fill in what is asked; return the address at Hingepoint one is led back to, or the last page."""
        answer = self.theirs.get(address)
        while True:
            if answer.is_redirect:
                to = urljoin(str(answer.url), answer.headers["location"])
                if to.startswith("http://testserver"):
                    return to
                answer = self.theirs.get(to)
            elif form := re.search(r"<form[^>]*action=\"([^\"]+)\"", answer.text):
                answer = self.theirs.post(
                    urljoin(str(answer.url), unescape(form[1])), data=self._filled(answer.text)
                )
            else:
                return answer

    def _filled(self, page: str) -> dict[str, str]:
        told = dict(re.findall(r"<input type=\"hidden\" name=\"(\w+)\" value=\"(\w+)\"", page))
        self.seen.append(told.get("prompt", "sign out"))
        return told | {"login": self.name, "password": "hinge", "logout": "yes"}

    def to_the_provider(self, where: str = "/sign-in/company") -> httpx2.Response | str:
        return self.follow(self.ours.get(where).url)

    def signs_in(self, where: str = "/sign-in/company") -> str:
        """Return the words that are shown then, none where they are let in."""
        back = self.to_the_provider(where)
        assert isinstance(back, str), back.text
        return self.comes(back)

    def comes(self, back: str) -> str:
        answer = self.ours.get(back)
        return self.ours.get("/sign-in").text if answer.url == "/sign-in" else ""

    def who(self) -> str:
        page = self.ours.get("/account/")
        return page.context["page"].person.name if page.status_code == 200 else ""


def refused(provider: Provider, words: str, **meanwhile: Any) -> None:
    """Who comes back is told ``words`` and not let in; ``meanwhile``, while they are on their way, the provider changes."""
    browser = Browser()
    back = browser.to_the_provider()
    provider.told(**meanwhile)
    assert escape(words) in browser.comes(back).replace("&#39;", "&#x27;")
    assert browser.who() == ""
    assert not CompanyAccount.objects.exists()
    assert not AuditEvent.objects.filter(action="sign in").exists()


NOT_BELIEVED = "so it is not believed"


# ---- it is strict: what follows shows something ----


def test_the_provider_takes_no_way_without_a_proof_of_the_browser(provider):
    browser = Browser()
    bare = re.sub(r"&code_challenge(_method)?=[^&]*", "", browser.ours.get("/sign-in/company").url)
    assert query_of(browser.follow(bare))["error"] == "invalid_request"


def test_the_provider_takes_no_code_from_who_did_not_begin(provider):
    browser = Browser()
    code = query_of(browser.to_the_provider())["code"]
    client = oidc.Client(provider.issuer, CLIENT, SECRET, allowed=[provider.place])
    found = oidc.discover(client)
    with pytest.raises(oidc.ProviderProblem):
        oidc.redeem(found, client, oidc.new_journey(), code=code, back=BACK)


# ---- it works ----


def test_somebody_signs_in_with_all_that_the_provider_tells(cast, provider):
    actions.add_group(
        by=cast.analyst, at=NOW, group="leads", role=Role.MANAGER, team=cast.north, manages=True
    )
    told = {"name": "Nils", "email": "nils@hinge.example", "email_verified": True, "groups": ["leads", "all"]}
    provider.told(people={"nils": told})
    browser = Browser("nils")
    assert browser.signs_in("/sign-in/company?next=/people/") == ""
    assert browser.seen == ["login", "consent"]
    nils = User.objects.get(email="nils@hinge.example")
    assert (browser.who(), nils.role) == ("Nils", "manager")
    assert set(nils.memberships.values_list("team__name", "manages")) == {("North", True)}
    account = CompanyAccount.objects.get()
    assert (account.user, account.subject, account.groups) == (nils, "nils", ["all", "leads"])


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
def test_each_way_to_sign_is_understood(cast, provider, algorithm):
    signed = FITTING | {"id_token_signed_response_alg": algorithm}
    provider.told(keys=[{"kid": algorithm, "alg": algorithm}, ONE], clients=[signed])
    browser = Browser()
    assert browser.signs_in() == ""
    assert browser.who() == "Ada"


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(cast, provider):
    way = "client_secret_post"
    provider.told(ways=[way], clients=[FITTING | {"token_endpoint_auth_method": way}])
    browser = Browser()
    assert browser.signs_in() == ""
    assert browser.who() == "Ada"


def test_who_signs_out_of_both_is_asked_again_and_who_signs_out_here_is_not(cast, provider):
    browser = Browser()
    browser.signs_in()
    browser.ours.post("/sign-out")
    assert browser.who() == ""
    browser.signs_in()
    assert browser.seen == ["login", "consent"]
    ending = browser.ours.post("/sign-out").context["ending"]
    assert browser.follow(ending) == SIGN_IN
    browser.signs_in()
    assert browser.seen == ["login", "consent", "sign out", "login", "consent"]
    assert browser.who() == "Ada"


def test_who_is_to_show_again_who_they_are_is_asked_though_signed_in_there(cast, provider):
    browser = Browser()
    browser.signs_in()
    browser.signs_in("/sign-in/company?again")
    assert browser.seen == ["login", "consent", "login"]


# ---- and where it must not, it does not ----


def test_another_address_back_than_the_one_it_knows_leads_nowhere(cast, provider):
    provider.told(clients=[FITTING | {"redirect_uris": [f"{BACK}/"]}])
    answer = Browser().to_the_provider()
    assert (answer.status_code, "invalid_redirect_uri" in answer.text) == (400, True)


def test_a_wrong_secret_lets_nobody_in(cast, provider):
    kept(cast, provider, secret="another one")
    refused(provider, oidc.NOT_TAKEN)


def test_a_code_that_was_used_lets_nobody_in(cast, provider):
    browser, thief = Browser(), Browser()
    back = browser.to_the_provider()
    thief.ours.cookies["sign_on"] = browser.ours.cookies["sign_on"].value
    browser.ours.get(back)
    assert browser.who() == "Ada"
    assert "broke off. Begin again." in thief.comes(back)
    assert thief.who() == ""


def test_another_key_counts_from_the_moment_it_is_published(cast, provider):
    for keys in ([ONE], [ONE, TWO], [TWO, ONE], [TWO]):
        provider.told(keys=keys)
        browser = Browser()
        assert browser.signs_in() == ""
        assert browser.who() == "Ada"


def test_a_key_that_changes_while_somebody_is_on_their_way_breaks_nothing(cast, provider):
    browser = Browser()
    back = browser.to_the_provider()
    provider.told(keys=[TWO])
    browser.ours.get(back)
    assert browser.who() == "Ada"


@pytest.mark.parametrize("keys", [[ONE], [ONE, TWO]], ids=["the only one", "one of two"])
def test_what_a_revoked_key_signed_is_not_believed(cast, provider, keys):
    refused(provider, NOT_BELIEVED, keys=keys, hidden=["one"])


@pytest.mark.parametrize("seconds", [-2 * 3600, 600], ids=["over", "not begun"])
def test_what_does_not_count_now_is_not_believed(cast, provider, seconds):
    refused(provider, NOT_BELIEVED, clock=seconds)


@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_clock_that_is_a_little_wrong_is_borne(cast, provider, seconds):
    browser = Browser()
    back = browser.to_the_provider()
    provider.told(clock=seconds)
    assert browser.comes(back) == ""
    assert browser.who() == "Ada"
