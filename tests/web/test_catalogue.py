"""Reading the catalogue, and keeping the company's own words over it."""

import html
import re

import pytest

from cast import NOW
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.records.agreements import AgreementState, Evidence

KEY = "cust.data_access"
ADDRESS = f"/catalogue/{KEY}"


def row(key=KEY) -> AgreementType:
    return AgreementType.objects.get(key=key)


def keys(answer) -> set[str]:
    return {line.key for line in answer.context["found"]}


def change(client, user, **said):
    client.force_login(user)
    return client.post(ADDRESS, {"version": row().version, **said})


def test_all_hundred_types_stand_by_stage_with_the_honest_note(client, cast):
    client.force_login(cast.seller)
    answer = client.get("/catalogue/")
    assert len(keys(answer)) == 100
    assert b"hypotheses to test" in answer.content
    assert len(answer.content) < 100_000


@pytest.mark.parametrize(
    ("query", "some", "number"),
    [
        ("only=starter", "cust.data_access", 24),
        ("side=internal", "int.price_corridor", 21),
        ("stage=close", None, None),
        ("q=cost data", "cust.data_access", None),
        ("only=hidden", None, 0),
    ],
)
def test_types_are_found_by_side_stage_and_word(client, cast, query, some, number):
    client.force_login(cast.seller)
    found = keys(client.get(f"/catalogue/?{query}"))
    assert some is None or some in found
    assert number is None or len(found) == number
    assert len(found) < 100


def folds(answer) -> list[bool]:
    """Return which stages are open."""
    return [told == " open" for told in re.findall(r'<details class="fold"( open)?>', answer.text)]


def test_stages_are_folded_but_for_the_first_until_somebody_searches(client, cast):
    client.force_login(cast.seller)
    page = client.get("/catalogue/")
    assert folds(page) == [True] + [False] * 8
    assert 'id="negotiate"' in page.text
    assert all(folds(client.get("/catalogue/?open=all")))
    assert all(folds(client.get("/catalogue/?q=price")))


def test_a_types_page_says_what_good_looks_like_and_how_it_went(client, cast):
    told = {"act": "send it", "person_name": "Bo", "due_on": NOW.date(), "evidence": Evidence.TOLD}
    for deal, state in ((cast.deal, AgreementState.GAINED), (cast.foreign_deal, AgreementState.PLANNED)):
        step = actions.Step(state=state, occurred_at=NOW, **told)
        actions.take_step(by=None, at=NOW, deal_id=deal.pk, type_key=KEY, step=step)
    client.force_login(cast.seller)
    usage = client.get(ADDRESS).context["page"].usage
    assert (usage.deals, usage.standing) == (1, 1)
    client.force_login(cast.sponsor)
    answer = client.get(ADDRESS)
    assert (answer.context["page"].usage.deals, answer.context["page"].usage.waiting) == (2, 1)
    assert b"Data, not a promise of data" in answer.content


def test_the_companys_own_words_stand_over_the_shipped_ones(client, cast):
    change(client, cast.analyst, own_name="Cost data", own_stage="shape", own_recheck_days="45")
    content = client.get(ADDRESS).content.decode()
    assert "Cost data" in content
    assert "Shipped: Early access to key data" in content
    assert (row().own_stage, row().own_recheck_days, row().own_description) == ("shape", 45, None)


def test_the_shipped_words_come_back(client, cast):
    change(client, cast.analyst, own_name="Cost data")
    change(client, cast.analyst, do="reset")
    assert str(row()) == "Early access to key data"


def test_a_hidden_type_is_offered_nowhere_and_comes_back(client, cast):
    change(client, cast.analyst, do="hide")
    assert KEY not in keys(client.get("/catalogue/"))
    assert keys(client.get("/catalogue/?only=hidden")) == {KEY}
    change(client, cast.analyst, do="show")
    assert KEY in keys(client.get("/catalogue/"))


def test_a_late_save_shows_both_and_changes_nothing(client, cast):
    change(client, cast.analyst, own_name="Cost data")
    client.force_login(cast.sponsor)
    late = client.post(ADDRESS, {"version": 1, "own_name": "Key figures"})
    assert late.status_code == 409
    assert b"Cost data" in late.content
    assert b"Key figures" in late.content
    assert row().own_name == "Cost data"


def test_a_type_of_ones_own_is_added_once(client, cast):
    client.force_login(cast.analyst)
    said = {
        "name": "Reference visit",
        "side": "customer",
        "stage": "prove",
        "good_1": "At a plant like theirs",
    }
    assert client.post("/catalogue/new", said).url == "/catalogue/own.reference_visit"
    assert row("own.reference_visit").good == ["At a plant like theirs"]
    again = client.post("/catalogue/new", said | {"name": "reference VISIT"})
    assert again.status_code == 422
    assert b"has" in again.content


@pytest.mark.parametrize("said", [{"own_stage": "nowhere"}, {"own_recheck_days": "-3"}, {"version": "x"}])
def test_what_makes_no_sense_is_refused(client, cast, said):
    assert change(client, cast.analyst, **said).status_code == 422


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_others_read_and_change_nothing(client, cast, who):
    assert change(client, getattr(cast, who), own_name="Mine").status_code == 404
    assert client.post("/catalogue/new", {"name": "X"}).status_code == 404
    assert row().own_name is None
    assert b'name="own_name"' not in client.get(ADDRESS).content


def test_an_unknown_type_is_not_found(client, cast):
    client.force_login(cast.analyst)
    assert client.get("/catalogue/no/such.type").status_code == 404


def test_what_was_changed_stands_on_the_types_page_in_words(client, cast):
    change(
        client, cast.analyst, own_name="Data first", own_stage="", own_description="", own_recheck_days="14"
    )
    page = " ".join(client.get(ADDRESS).text.split())
    assert "Ada put the company's own words over the type" in html.unescape(page)
    assert "own name nothing" in page
    assert "Data first" in page
