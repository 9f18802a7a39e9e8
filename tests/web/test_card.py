"""The card of a deal in the page of a CRM: one deal's agreements for whoever has its address, and nothing else."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

import connecting
from cast import NOW, TODAY
from fake_crm import FakeCrm, plug_in
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.sync import actions, cards
from hingepoint.domain.sync.models import Connection, WrittenBack
from hingepoint.records.crm import CrmField, CrmObject
from hingepoint.records.errors import Hidden
from hingepoint.web import cards as page
from words import KEY, say

HOST = "https://crm.example.com"
CARD_FIELD = CrmField(CrmObject.DEALS, "hp_card", "Card", "text", custom=True, writable=True, text=True)


@pytest.fixture(autouse=True)
def fresh_limits():
    page.WRONG.passed.clear()
    page.ASKED.passed.clear()


@pytest.fixture
def token(cast) -> str:
    return connecting.a_card(cast.deal)


def shown(client, token: str):
    return client.get(reverse("card", args=[token]))


def framed_by(hosts: list[str]) -> None:
    actions.set_card_hosts(by=None, at=NOW, connection_id=Connection.objects.get().pk, hosts=hosts)


def ask_for(agreement: Agreement, **facts) -> None:
    Agreement.objects.filter(pk=agreement.pk).update(required=True, **facts)


def test_it_shows_coverage_the_next_agreement_and_how_each_stands(client, cast, token):
    ask_for(say(cast.deal, KEY))
    ask_for(say(cast.deal, "cust.problem_owner", "asked"), needed_by=TODAY)
    answer = shown(client, token)
    said = answer.content.decode()
    assert answer.status_code == 200
    assert ">1 of 2</b>" in said
    after_next = said.partition("Next</h2>")[2]
    following = str(Agreement.objects.get(type__key="cust.problem_owner").type)
    assert following in after_next.partition("</div>")[0]
    assert str(Agreement.objects.get(type__key=KEY).type) in said
    assert "Late" in said
    assert f"/deals/{cast.deal.pk}/" in said
    assert answer.cookies == {}
    assert "<script" not in said


def test_nothing_that_people_wrote_or_that_is_worth_anything_is_on_it(client, cast, token):
    secret = "canary"
    facts = {"act": f"{secret} act", "note": f"{secret} note", "person_name": f"{secret} Bo"}
    ask_for(say(cast.deal, KEY, owed_in_return=f"{secret} owed", **facts), reason=f"{secret} why")
    figures = {"opening": Decimal(976543), "target": Decimal(965432), "walk_away": Decimal(954321)}
    negotiation.set_corridor(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **figures)
    Deal.objects.filter(pk=cast.deal.pk).update(amount=987654, extra={"own": secret}, net_price=876543)
    said = shown(client, token).content.decode()
    assert secret not in said
    assert not re.search("|".join(("987.?654", "876.?543", "976.?543", "965.?432", "954.?321")), said)


def test_only_pages_of_named_hosts_may_frame_it(client, cast, token):
    closed = shown(client, token)
    assert "frame-ancestors 'none'" in closed["Content-Security-Policy"]
    assert closed["X-Frame-Options"] == "DENY"
    framed_by(["crm.example.com", "*.Force.com"])
    answer = shown(client, token)
    policy = answer["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://crm.example.com https://*.force.com")
    assert "script" not in policy
    assert "X-Frame-Options" not in answer
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "private, no-store"


def test_no_other_page_can_be_framed_when_cards_can(client, cast, token):
    framed_by([HOST])
    client.force_login(cast.analyst)
    number = Connection.objects.get().pk
    for address in (
        "/",
        reverse("connection", args=[number]),
        reverse("deal", args=[cast.deal.pk]),
        "/nowhere",
    ):
        answer = client.get(address)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
        assert answer["X-Frame-Options"] == "DENY", address


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "*.com",
        "https://crm.example.com/path",
        "javascript:alert(1)",
        "'self'",
        "a;b",
        "crm..com",
        "ftp://crm.com",
        "https://",
    ],
)
def test_a_host_that_is_none_is_refused_and_stays_as_typed(client, cast, token, host):
    client.force_login(cast.analyst)
    number = Connection.objects.get().pk
    answer = client.post(reverse("set-card-hosts", args=[number]), {"hosts": f"{HOST} {host}"})
    assert answer.status_code == 422
    assert "is no host" in answer.content.decode()
    assert HOST in answer.content.decode()
    assert Connection.objects.get().card_hosts == []


def test_an_address_opens_its_own_deal_only_and_not_after_its_day(client, cast, token):
    made = Connection.objects.get()
    number, deal, rest = token.split(".", 2)
    until, _, signature = rest.partition("~")
    forged = [
        f"{number}.{cast.foreign_deal.pk}.{until}~{signature}",
        f"{number}.{deal}.{int(until) + 1}~{signature}",
        f"{int(number) + 1}.{deal}.{until}~{signature}",
        f"{number}.{deal}.{until}~",
        "nothing",
    ]
    for each in forged:
        assert shown(client, each).status_code == 404, each
    yesterday = cards.sign(made, cast.deal.pk, until=timezone.localdate() - dt.timedelta(days=1))
    over = shown(client, yesterday)
    assert over.status_code == 410
    assert str(cast.deal) not in over.content.decode()


def test_a_renewed_key_lets_addresses_of_before_go_on_for_a_week_or_ends_them(cast, token):
    made = Connection.objects.get()
    actions.renew_card_key(by=None, at=NOW, connection_id=made.pk)
    made.refresh_from_db()
    renewed = cards.sign(made, cast.deal.pk, until=TODAY + cards.LASTS)
    assert cards.read(token, today=TODAY + cards.GRACE).deal_id == cast.deal.pk
    with pytest.raises(Hidden):
        cards.read(token, today=TODAY + cards.GRACE + dt.timedelta(days=1))
    assert cards.read(renewed, today=TODAY).deal_id == cast.deal.pk
    actions.renew_card_key(by=None, at=NOW, connection_id=made.pk, at_once=True)
    with pytest.raises(Hidden):
        cards.read(renewed, today=TODAY)
    assert AuditEvent.objects.filter(action="renew card key").count() == 2


def test_cards_end_when_they_are_switched_off(client, cast, token):
    Connection.objects.update(write_back=["status"])
    assert shown(client, token).status_code == 404


def test_who_guesses_is_stopped_and_a_card_is_not_asked_for_without_end(client, cast, token, monkeypatch):
    monkeypatch.setattr(page.ASKED, "most", 3)
    assert [shown(client, token).status_code for _ in range(4)] == [200, 200, 200, 429]
    monkeypatch.setattr(page.ASKED, "most", 100)
    for number in range(page.WRONG.most):
        assert shown(client, f"1.{number}.1~x").status_code == 404
    assert shown(client, token).status_code == 429


def test_a_turnstile_forgets_who_was_silent_longest():
    gate = page.Turnstile(most=1, seconds=60, remembered=2)
    for who in ("a", "b", "c"):
        gate.count(who)
    assert [gate.is_full(who) for who in ("a", "b", "c")] == [False, True, True]


def test_a_deal_that_is_gone_says_so(client, cast, token):
    ask_for(say(cast.deal, KEY, "asked"), needed_by=TODAY)
    Deal.every.update(gone="deleted", gone_at=NOW)
    said = shown(client, token).content.decode()
    assert "Deleted in the CRM" in said
    assert "Next</h2>" not in said


def test_addresses_are_written_onto_records_and_renewed_before_they_end(cast, monkeypatch, settings):
    crm = FakeCrm(fields=(CARD_FIELD,))
    crm.user("u1", "Sanna Sol")
    for name in ("d1", "d2"):
        crm.open_deal(name)
    (key,) = plug_in(monkeypatch, crm)
    made = actions.connect(by=None, at=NOW, crm=key, url="https://crm.example", given={"token": "t"})
    actions.sync(at=NOW, connection_id=made.pk)
    for deal in Deal.objects.filter(key__in=("d1", "d2")):
        say(deal, KEY)
    actions.set_writing_back(
        by=None, at=NOW, connection_id=made.pk, parts=["card"], fields={"card": "hp_card"}
    )

    def run(days: int) -> list[tuple[str, dt.date]]:
        crm.written.clear()
        told = actions.sync(at=NOW + dt.timedelta(days=days), connection_id=made.pk, sweep=False)
        assert told.problem == ""
        read = ((deal, values["hp_card"].rstrip("/").rpartition("/")[2]) for deal, values in crm.written)
        return [(deal, cards.read(token, today=TODAY).until) for deal, token in read]

    first = TODAY + dt.timedelta(days=1) + cards.LASTS
    assert run(1) == [("d1", first), ("d2", first)]
    assert run(2) == []
    Deal.objects.filter(key="d2").update(status="won", closed_at=NOW)
    assert run(89) == []
    again = TODAY + dt.timedelta(days=91) + cards.LASTS
    assert run(91) == [("d1", again), ("d2", again)]
    assert WrittenBack.objects.get(external_id="d2").card_until is None  # a closed deal is renewed no more
    assert run(92) == []
