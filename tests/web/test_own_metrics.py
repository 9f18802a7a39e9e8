"""Metrics of one's own: put together in a form, tried on real deals, kept, given a target, defined anew."""

import datetime as dt

import pytest
from django.urls import reverse

import counting
from cast import NOW, TODAY, deal
from hingepoint.analysis import own_metrics
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import OwnMetric, ResultMetric
from hingepoint.records.metrics import Counted, Unit
from playbooks import in_force, written

KEY = "cust.data_access"
FORM = {
    "name": "Won at our price",
    "unit": "share",
    "better": "higher",
    "deals": "closed",
    "number": "deals",
    "over": "deals",
    "where_field_0": "status",
    "where_compare_0": "is",
    "where_values_0": "won",
    "where_field_1": "discount",
    "where_compare_1": "at_most",
    "where_values_1": "15",
    "do": "keep",
}


@pytest.fixture
def sold(cast):
    """Of four deals closed yesterday three were won, two of them with at most 15% discount; one names its seats."""
    at = dt.datetime.combine(TODAY, dt.time(9), NOW.tzinfo) - dt.timedelta(days=1)
    for n, (status, discount) in enumerate((("won", 0.1), ("won", 0.15), ("won", 0.3), ("lost", None))):
        facts = {"owner": cast.seller, "team": cast.north, "created_at": at, "closed_at": at}
        deal(f"D-{n}", status=status, discount=discount, extra={"seats": str(n)}, **facts)
    return cast


@pytest.mark.parametrize("who", ["sponsor", "analyst"])
def test_a_metric_is_put_together_and_kept(client, sold, who):
    client.force_login(getattr(sold, who))
    assert client.post(reverse("new-own-metric"), FORM).status_code == 302
    row = OwnMetric.objects.get()
    assert (row.key, row.version, row.made_by) == ("won-at-our-price", 1, getattr(sold, who))
    assert own_metrics.read(row.told).where == counting.KEPT.where
    assert "Won at our price" in client.get(reverse("own-metrics")).content.decode()


def test_the_preview_shows_it_on_real_deals_and_keeps_nothing(client, sold):
    client.force_login(sold.analyst)
    answer = client.post(reverse("new-own-metric"), FORM | {"do": "preview"})
    seen = answer.context["seen"]
    assert (seen.lately.value, seen.lately.n, seen.before.n) == (2 / 4, 4, 0)
    assert [one.number for one in seen.examples].count(1) == 2
    assert 'value="Won at our price"' in answer.content.decode()
    assert not OwnMetric.objects.exists()


def test_a_column_kept_from_a_file_can_be_summed(client, sold):
    client.force_login(sold.analyst)
    said = {"name": "Seats", "unit": "number", "number": "extra.seats", "deals": "won", "do": "preview"}
    answer = client.post(
        reverse("new-own-metric"),
        FORM
        | said
        | dict.fromkeys(
            FORM.keys() & {f"where_{name}_{n}" for name in ("field", "values") for n in (0, 1)}, ""
        ),
    )
    assert answer.context["seen"].lately.value == (0 + 1 + 2) / 3


def test_a_preview_without_a_deal_says_so(client, sold):
    client.force_login(sold.analyst)
    said = {"among_field_0": "product", "among_compare_0": "is", "among_values_0": "Robots", "do": "preview"}
    page = client.post(reverse("new-own-metric"), FORM | said).content.decode()
    assert "No closed deal fits what “Won at our price” counts." in page


def test_what_is_wrong_is_said_at_its_field(client, sold):
    client.force_login(sold.analyst)
    answer = client.post(reverse("new-own-metric"), FORM | {"where_values_1": "few"})
    assert answer.status_code == 422
    assert answer.context["problems"]["where_field_1"] == "“few” is no number."


def test_what_is_wrong_stands_beside_what_was_typed_also_after_an_empty_row(client, sold):
    client.force_login(sold.analyst)
    rows = {
        "where_field_0": "",
        "where_values_0": "",
        "where_field_2": "region",
        "where_compare_2": "is",
        "where_values_2": "North",
    }
    answer = client.post(reverse("new-own-metric"), FORM | rows | {"where_values_1": "few"})
    assert answer.context["problems"] == {"where_field_0": "“few” is no number."}
    said = answer.context["said"]
    assert [(said[f"where_field_{n}"], said[f"where_values_{n}"]) for n in range(3)] == [
        ("discount", "few"), ("region", "North"), ("", ""),
    ]  # fmt: skip


def test_a_row_without_its_field_is_not_dropped_in_silence(client, sold):
    client.force_login(sold.analyst)
    answer = client.post(reverse("new-own-metric"), FORM | {"where_field_1": "", "among_values_0": "North"})
    assert (answer.status_code, OwnMetric.objects.count()) == (422, 0)
    assert set(answer.context["problems"]) == {"where_field_1", "among_field_0"}


def test_two_metrics_of_one_name_are_refused(client, sold):
    counting.defined(by=sold.analyst, key="other")
    client.force_login(sold.analyst)
    answer = client.post(reverse("new-own-metric"), FORM)
    assert (answer.status_code, answer.context["problems"]["name"]) == (
        422,
        "There is a metric of this name.",
    )


def test_somebody_was_faster(client, sold):
    counting.defined(by=sold.analyst)
    counting.defined(by=sold.sponsor, name="Won well")
    client.force_login(sold.analyst)
    answer = client.post(reverse("edit-own-metric", args=["kept-price"]), FORM | {"version": 1})
    assert (answer.status_code, OwnMetric.objects.count()) == (409, 2)


def targeted(cast, told: str) -> ResultMetric:
    book = in_force(cast, KEY, strategy=written(cast, metric="won"))
    facts = {"baseline": 0.2, "target": 0.6, "target_on": TODAY}
    return strategy.set_target(by=cast.sponsor, at=NOW, strategy=book.strategy, metric=told, **facts)


def test_it_is_offered_for_a_target_and_stands_on_the_strategys_page(client, sold):
    told = counting.defined(by=sold.analyst).told
    book = in_force(sold, KEY, strategy=written(sold, metric="won"))
    client.force_login(sold.sponsor)
    place = reverse("set-target", args=[book.strategy.pk])
    assert told in dict(client.get(place).context["choices"]["measures"])
    said = {"measure": told, "baseline": "20", "target": "60", "target_on": "2027-01-01"}
    assert client.post(place, said).status_code == 302
    row = ResultMetric.objects.get()
    assert (row.metric, row.baseline) == (told, 0.2)
    page = client.get(reverse("strategy", args=[book.strategy.pk])).content.decode()
    assert "Won at our price" in page


def test_defined_anew_the_old_target_stays_as_it_was_counted_and_says_so(client, sold):
    row = targeted(sold, counting.defined(by=sold.analyst).told)
    newer = counting.defined(by=sold.analyst, where=counting.KEPT.where[:1])
    (found,) = results.progress(sold.sponsor, row.strategy, today=TODAY)
    assert found.before.value == 2 / 4  # by version 1, not 3 of 4
    client.force_login(sold.sponsor)
    page = client.get(reverse("strategy-results", args=[row.strategy_id])).content.decode()
    assert "Defined anew on" in page
    assert "version 2" in page
    facts = {"baseline": 0.2, "target": 0.6, "target_on": TODAY}
    strategy.set_target(by=sold.sponsor, at=NOW, strategy=row.strategy, metric=newer.told, **facts)
    assert [one.metric for one in ResultMetric.objects.all()] == [newer.told]
    page = client.get(reverse("strategy-results", args=[row.strategy_id])).content.decode()
    assert "Defined anew on" not in page
    assert "Version 2." in page


def test_the_same_said_again_is_no_new_version(sold):
    first = counting.defined(by=sold.analyst)
    assert counting.defined(by=sold.analyst, at=NOW + dt.timedelta(days=9)).pk == first.pk


def test_discovery_offers_what_a_won_deal_brings_and_no_quotient(client, sold):
    each = counting.defined(
        by=sold.analyst, key="net", name="Net a deal", unit=Unit.MONEY, deals=Counted.WON, number="net_price", where=()
    )  # fmt: skip
    counting.defined(by=sold.analyst)
    client.force_login(sold.analyst)
    offered = [value for value, *_ in client.get(reverse("new-run")).context["metrics"]]
    assert each.told in offered
    assert sum(own_metrics.is_own(value) for value in offered) == 1
    assert client.post(reverse("new-run"), {"metric": each.told}).status_code == 302
    assert Run.objects.get().settings["metric"] == each.told
