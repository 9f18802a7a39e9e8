"""The playbook: draft, choose, describe, publish, compare; who reads what; and what is refused."""

from django.urls import reverse

import rules
from cast import NOW
from forms import send
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.strategy import actions, benchmarks
from hingepoint.domain.strategy.models import Playbook
from playbooks import choose, in_force, won, written

STANDARD = {
    "needed_by": "days",
    "needed_days": "12",
    "evidence_wanted": "3",
    "recheck_days": "30",
}


def text(answer) -> str:
    return answer.content.decode()


def next_version(client, cast, book):
    client.force_login(cast.sponsor)
    client.post(reverse("draft-playbook", args=[book.strategy_id]))
    return Playbook.objects.get(published_at=None)


def test_a_change_is_drafted_previewed_published_and_compared(client, cast):
    book = in_force(cast)
    draft = next_version(client, cast, book)
    at = [book.strategy_id]
    said = {"key": "cust.nda", "judgement": "Otto: without it nobody sends data."}
    assert client.post(reverse("choose-pivotal", args=at), said).url.endswith("/cust.nda/standard")
    send(
        client,
        reverse("set-standard", args=[*at, "cust.nda"]),
        STANDARD | {"questions": "Who signs?\n\nBy when?"},
    )
    assert draft.pivotal.get(type__key="cust.nda").questions == ["Who signs?", "By when?"]
    asked = client.get(reverse("publish-playbook", args=at)).context["before"].by_type
    assert {(one.name, one.deals, one.new) for one in asked} == {
        ("Confidentiality terms", 2, 2),
        ("Early access to key data", 2, 0),
    }
    assert not Agreement.objects.filter(type__key="cust.nda").exists()
    client.post(reverse("publish-playbook", args=at), {"note": "Confidentiality first."})
    assert Agreement.objects.filter(type__key="cust.nda", required=True).count() == 2
    client.force_login(cast.seller)
    differences = client.get(reverse("compare-playbooks", args=at)).context["differences"]
    assert [(one.name, one.what) for one in differences] == [("Confidentiality terms", "added")]


def test_publishing_without_a_note_or_an_agreement_is_refused(client, cast):
    at = [written(cast).pk]
    client.force_login(cast.sponsor)
    assert "Say in a sentence" in text(client.post(reverse("publish-playbook", args=at)))
    assert "Choose at least one" in text(
        client.post(reverse("publish-playbook", args=at), {"note": "Empty."})
    )


def test_choosing_without_a_reason_is_refused_in_place(client, cast):
    at = [written(cast).pk]
    client.force_login(cast.sponsor)
    answer = client.post(reverse("choose-pivotal", args=at), {"key": "cust.nda"})
    assert answer.status_code == 422
    assert "Say why it was chosen" in text(answer)


def test_a_day_that_cannot_be_computed_is_said_beside_the_field(client, cast):
    row = written(cast)
    choose(row.playbooks.get(), "cust.nda")
    client.force_login(cast.sponsor)
    for wrong, told in (
        ({"needed_by": "stage"}, "Say which stage"),
        ({"needed_days": ""}, "Say how many days"),
    ):
        answer = client.post(reverse("set-standard", args=[row.pk, "cust.nda"]), STANDARD | wrong)
        assert told in text(answer)


def test_two_who_describe_it_at_once_both_see_what_was_written(client, cast):
    row = written(cast)
    pivotal = choose(row.playbooks.get(), "cust.nda")
    actions.set_standard(by=cast.analyst, at=NOW, pivotal=pivotal, questions=["Ada's?"])
    client.force_login(cast.sponsor)
    answer = client.post(
        reverse("set-standard", args=[row.pk, "cust.nda"]),
        STANDARD | {"version": "1", "questions": "Otto's?"},
    )
    assert answer.status_code == 409
    assert "Ada&#39;s?" in text(answer)
    assert "Otto&#39;s?" in text(answer)


def test_sellers_read_the_published_version_and_never_the_draft(client, cast):
    book = in_force(cast)
    draft = next_version(client, cast, book)
    client.force_login(cast.seller)
    page = reverse("playbook", args=[book.strategy_id])
    assert client.get(page).context["page"].number == 1
    assert client.get(f"{page}?version={draft.number}").status_code == 404


def test_the_benchmark_tells_quartiles_from_five_sellers_on_and_names_nobody(client, cast):
    book = in_force(cast)
    page = reverse("pivotal", args=[book.strategy_id, "cust.data_access"])
    client.force_login(cast.seller)
    for n in range(4):
        won(cast, n, days=10 * (n + 1))
    assert not client.get(page).context["page"].benchmark.told
    won(cast, 4, days=50)
    answer = client.get(page)
    told = answer.context["page"].benchmark
    assert (told.gained, told.early, told.middle, told.late) == (5, 20, 30, 40)
    assert "Hidden" not in text(answer)
    assert "open the logs of … to us" in text(answer)


def test_the_benchmark_says_what_it_leaves_out_because_nobody_confirmed_it(client, cast):
    book = in_force(cast)
    rules.log_arrives(cast.deal)
    rules.switched_on()
    deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, status="won", closed_at=NOW, discount=0.1)
    client.force_login(cast.seller)
    answer = client.get(reverse("pivotal", args=[book.strategy_id, "cust.data_access"]))
    told = answer.context["page"].benchmark
    assert (told.gained, told.left_out) == (0, 1)
    assert "1 more deal by what rules found and nobody confirmed: left out" in text(answer)


def test_names_are_taken_out_of_examples():
    assert (
        benchmarks.without_names("Bo of Acme Mills sends it", ["Bo Berg", "Acme Mills"])
        == "… of … … sends it"
    )
