"""What an import brings is asked for what the strategy wants of it, and goes again with the import."""

from cast import NOW, deal
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.jobs import nightly
from playbooks import in_force

DEALS = "deal_id,created,closed,status\nI-1,2026-02-02,,open\nI-2,2026-02-02,2026-02-20,lost\n"


def bring(tmp_path, **how):
    path = tmp_path / "deals.csv"
    path.write_text(DEALS)
    return imports.import_files(by=None, at=NOW, given=imports.Files(deals=path), **how)


def asked(key: str) -> list[str]:
    return [str(row.type) for row in Agreement.objects.filter(deal__key=key, required=True)]


def test_imported_open_deals_are_asked_at_once(cast, tmp_path):
    in_force(cast)
    bring(tmp_path)
    assert asked("I-1") == ["Early access to key data"]
    assert asked("I-2") == []


def test_a_dry_run_asks_nothing(cast, tmp_path):
    in_force(cast)
    bring(tmp_path, dry_run=True)
    assert asked("I-1") == []


def test_what_was_asked_is_no_obstacle_to_taking_the_import_back(cast, tmp_path):
    in_force(cast)
    bring(tmp_path)
    imports.undo_import(by=None, at=NOW, batch_id=ImportBatch.objects.latest("pk").pk)
    assert not Deal.objects.filter(key="I-1").exists()
    assert len(asked(cast.deal.key)) == 1


def test_every_night_asks_the_deals_that_were_added_by_hand(cast):
    in_force(cast)
    deal("N-2", owner=cast.seller, team=cast.north)
    nightly.ask_what_deals_need(at=NOW)
    assert asked("N-2") == ["Early access to key data"]


def test_a_night_asks_anew_where_an_import_took_agreements_with_it(cast, tmp_path):
    in_force(cast)
    bring(tmp_path)
    Agreement.objects.filter(deal=cast.deal).delete()
    imports.undo_import(by=None, at=NOW, batch_id=ImportBatch.objects.latest("pk").pk)
    nightly.ask_what_deals_need(at=NOW)
    assert asked(cast.deal.key) == ["Early access to key data"]


def test_a_night_in_which_nothing_changed_reads_the_trail_and_no_deal(cast, django_assert_num_queries):
    in_force(cast)
    nightly.ask_what_deals_need(at=NOW)
    with django_assert_num_queries(4) as done:  # the round, the trail's end, the trail, the mark
        nightly.ask_what_deals_need(at=NOW)
    assert not [query["sql"] for query in done if "domain_deal" in query["sql"]]


def test_an_import_asks_its_own_deals_and_no_others(cast, tmp_path):
    in_force(cast)
    Agreement.objects.filter(deal=cast.deal).delete()
    bring(tmp_path)
    assert asked("I-1") == ["Early access to key data"]
    assert asked(cast.deal.key) == []


def test_an_import_that_changes_a_known_deal_asks_it_by_what_it_is_now(cast, tmp_path):
    in_force(cast, least_amount=150_000)
    assert asked(cast.deal.key) == []
    path = tmp_path / "deals.csv"
    path.write_text("deal_id,created,closed,status,amount\nN-1,2026-02-02,,open,200000\n")
    imports.import_files(by=None, at=NOW, given=imports.Files(deals=path))
    assert asked(cast.deal.key) == ["Early access to key data"]
