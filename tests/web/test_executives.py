"""Bringing in an executive: the agreed role, its brief, the visit, and what is noticed."""

import talks
from hingepoint.domain.involvement.models import Involvement

FORM = {"purpose": "value", "aim": "hear what must be different", "not_to_say": "no dates for line two"}


def agree(client, cast, **form):
    client.force_login(cast.seller)
    told = FORM | {"executive": cast.sponsor.pk} | form
    return client.post(f"/deals/{cast.deal.pk}/executives/new", told)


def test_a_role_is_agreed_and_its_brief_says_what_to_leave_alone(client, cast):
    talks.a_demand(cast)
    brief = client.get(agree(client, cast).url).content.decode()
    for words in (
        "hear what must be different",
        "no dates for line two",
        "Price and terms",
        "10 percent off",
    ):
        assert words in brief


def test_a_role_that_may_speak_of_price_says_so(client, cast):
    brief = client.get(agree(client, cast, may_discuss_price="on").url).content.decode()
    assert "You may speak of price" in brief


def test_a_role_without_an_aim_is_refused_in_its_place(client, cast):
    answer = agree(client, cast, aim="")
    assert answer.status_code == 422
    assert "what we ask of them" in answer.content.decode()
    assert not Involvement.objects.exists()


def test_the_executive_finds_the_brief_on_home(client, cast):
    agree(client, cast)
    client.force_login(cast.sponsor)
    assert "hear what must be different" in client.get("/due/").text
    assert "hear what must be different" in client.get("/executives/").content.decode()


def test_a_first_visit_without_a_role_is_noticed_and_can_be_taken_back(client, cast):
    client.force_login(cast.seller)
    address = f"/deals/{cast.deal.pk}/executives/activity"
    client.post(address, {"executive": cast.sponsor.pk, "what": "Visit", "price_came_up": "on"})
    shown = client.get(f"/deals/{cast.deal.pk}/help").content.decode()
    assert "no role had been agreed" in shown
    assert "Price came up" in shown
    event = cast.deal.events.get()
    client.post(f"/deals/{cast.deal.pk}/executives/{event.pk}/take-back")
    assert "no role had been agreed" not in client.get(f"/deals/{cast.deal.pk}/help").content.decode()


def test_a_role_is_ended_and_stays_on_record(client, cast):
    agree(client, cast)
    role = Involvement.objects.get()
    client.post(f"/executives/{role.pk}/end")
    role.refresh_from_db()
    assert role.ended_at
    assert "This role ended" in client.get(f"/executives/{role.pk}/brief").content.decode()
