"""A step on several deals at once, and steps that need only a click."""

import datetime as dt

import pytest

from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.records.agreements import AgreementState, Evidence

KEY = "cust.data_access"
COMPLETE = {"act": "send it", "person_name": "Bo", "due_on": TODAY, "evidence": Evidence.TOLD}


def say(found, state, **facts):
    step = actions.Step(state=state, occurred_at=NOW, **facts)
    return actions.take_step(by=None, at=NOW, deal_id=found.pk, type_key=KEY, step=step)


def together(client, user, deals, **said):
    client.force_login(user)
    return client.post(
        "/agreements/together", {"deal": [one.pk for one in deals], "type": KEY, **said}, follow=True
    )


def quick(client, user, found, **said):
    client.force_login(user)
    kind = AgreementType.objects.get(key=KEY)
    known = found.agreements.filter(type=kind).first()
    said = {"version": known.version if known else 0} | said
    return client.post(f"/deals/{found.pk}/agreements/{kind.pk}/quick", said, follow=True)


def states() -> dict[str, str]:
    return dict(Agreement.objects.filter(type__key=KEY).values_list("deal__key", "state"))


def test_the_chosen_deals_are_asked_at_once(client, cast):
    other = deal("N-2", owner=cast.seller, team=cast.north)
    page = together(client, cast.seller, [cast.deal, other], step="asked")
    assert states() == {"N-1": "asked", "N-2": "asked"}
    assert b"asked on 2 of 2 deals" in page.content


def test_what_stands_is_left_and_named(client, cast):
    other = deal("N-2", owner=cast.seller, team=cast.north)
    say(cast.deal, AgreementState.GAINED, **COMPLETE)
    page = together(client, cast.seller, [cast.deal, other], step="not_needed", reason="they buy from stock")
    assert states() == {"N-1": "gained", "N-2": "not_needed"}
    assert b"Deal N-1 (gained)" in page.content


def test_not_needed_says_why_or_nothing_is_changed(client, cast):
    together(client, cast.seller, [cast.deal], step="not_needed")
    assert states() == {}


def test_one_foreign_deal_stops_them_all(client, cast):
    assert together(client, cast.seller, [cast.deal, cast.foreign_deal], step="asked").status_code == 404
    assert states() == {}


def test_gained_is_never_said_for_many(client, cast):
    together(client, cast.seller, [cast.deal], step="gained")
    assert states() == {}


@pytest.mark.parametrize("step", ["planned", "asked", "soft"])
def test_one_click_is_a_step(client, cast, step):
    quick(client, cast.seller, cast.deal, step=step)
    assert states() == {"N-1": step}


def test_one_click_gains_nothing(client, cast):
    assert quick(client, cast.seller, cast.deal, step="gained").status_code == 404


def test_a_click_on_what_somebody_changed_meanwhile_changes_nothing(client, cast):
    say(cast.deal, AgreementState.SOFT)
    assert (
        b"Somebody else changed this"
        in quick(client, cast.seller, cast.deal, step="asked", version=0).content
    )
    assert states() == {"N-1": "soft"}


def test_what_still_holds_counts_anew(client, cast):
    old = say(cast.deal, AgreementState.GAINED, **COMPLETE)
    quick(client, cast.seller, cast.deal, step="again", version=old.version)
    agreement = Agreement.objects.get()
    assert agreement.expires_on > old.expires_on + dt.timedelta(days=100)
    assert (agreement.state, agreement.gained_at) == ("gained", NOW)


def test_a_click_leads_back_to_our_own_pages_only(client, cast):
    client.force_login(cast.seller)
    kind = AgreementType.objects.get(key=KEY)
    page = f"/deals/{cast.deal.pk}/agreements/{kind.pk}/quick"
    assert (
        client.post(page, {"step": "asked", "version": 0, "next": "/matrix/?status=open"}).url
        == "/matrix/?status=open"
    )
    assert client.post(page, {"step": "soft", "version": 1, "next": "https://evil.example/"}).url == "/"


@pytest.mark.parametrize("who", ["stranger", "other_manager", "inside_partner"])
def test_a_stranger_clicks_in_vain(client, cast, who):
    assert quick(client, getattr(cast, who), cast.deal, step="asked").status_code == 404
    assert together(client, getattr(cast, who), [cast.deal], step="asked").status_code == 404
    assert states() == {}
