"""How our advice has held: on the strategy's page, on the run, for those who see every deal."""

import pytest
from django.urls import reverse

import playbooks
from cast import NOW
from discoveries import finished_run
from hingepoint.analysis.discovery import plain_json, track_record
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Run
from hingepoint.records.findings import Grade, Held, Source

KEY = "cust.data_access"


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def advice(key, name, held, later, ci):
    return track_record.Advice(
        on="2025-01-01",
        agreement=key,
        name=name,
        grade=Grade.STRONG,
        effect=0.08,
        ci=(0.05, 0.11),
        proposed=True,
        later=later,
        later_ci=ci,
        gained=120,
        not_gained=240,
        left_out="",
        held=held,
    )


def made():
    told = (
        advice(KEY, "Early access to key data", Held.HELD, 0.07, (0.03, 0.11)),
        advice("cust.references", "References", Held.FAILED, 0.0, (-0.03, 0.03)),
    )
    return track_record.replay_of([track_record.PastDay("2025-01-01", 900, 300, 400, told)], too_early=2)


@pytest.fixture
def base(cast):
    """A run on our deals with a signed finding, behind the strategy in force; it replayed past days."""
    run = finished_run(cast, replay=plain_json.simple(made()))
    Run.objects.filter(pk=run.pk).update(source=Source.DATABASE, metric="supportive:discount<=0.15")
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=KEY, verdict="signed", note="Seen it.")
    return playbooks.in_force(cast, KEY)


def advice_page(client, user, book, **headers):
    client.force_login(user)
    return client.get(reverse("strategy-advice", args=[book.strategy_id]), headers=headers)


def test_it_says_how_many_held_and_names_those_that_did_not_first(client, cast, base):
    page = advice_page(client, cast.sponsor, base).text
    assert "Of 2 agreements called strong over one past day, 1 held, 1 did not hold." in page
    assert "2 earlier quarters had too few decided deals" in page
    assert page.index("References") < page.index("Early access to key data")


def test_the_strategys_page_fetches_it_as_a_piece(client, cast, base):
    piece = advice_page(client, cast.sponsor, base, **{"HX-Request": "true", "HX-Target": "advice-held"}).text
    assert "<html" not in piece
    assert "Did not hold" in piece
    whole = client.get(reverse("strategy", args=[base.strategy_id])).text
    assert 'id="advice-held"' in whole


def test_the_run_that_replayed_shows_it_too(client, cast, base):
    client.force_login(cast.analyst)
    page = client.get(reverse("run", args=[Run.objects.get().pk])).text
    assert "How our advice has held" in page
    assert "Did not hold" in page


def test_without_a_replay_it_says_when_there_will_be_one(client, cast, base):
    run = Run.objects.get()
    run.record["result"].pop("replay")
    run.save()
    assert "in the first night of each month" in advice_page(client, cast.sponsor, base).text


@pytest.mark.parametrize("who", ["manager", "seller"])
def test_who_does_not_see_every_deal_does_not_see_it(client, cast, base, who):
    assert advice_page(client, getattr(cast, who), base).status_code == 404


def test_it_takes_few_statements(client, cast, base, django_assert_max_num_queries):
    client.force_login(cast.sponsor)
    with django_assert_max_num_queries(12):
        client.get(reverse("strategy-advice", args=[base.strategy_id]))
