"""The import pages: upload, what was understood, confirm, done, undo; nobody else sees them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

import discoveries
from cast import NOW
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.models import ImportBatch, SavedMapping
from hingepoint.records.findings import Source
from hingepoint.records.imports import ImportState
from importing import DEALS, EVENTS, import_deals, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, cast, settings, tmp_path):
    """The analyst at the browser; uploads go to a folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    client.force_login(cast.analyst)
    return client


def upload(desk, **texts):
    """Upload files by table, and let the background task check them; return the import."""
    sent = {
        table: SimpleUploadedFile(f"{table}.csv", text.encode() if isinstance(text, str) else text)
        for table, text in texts.items()
    }
    answer = desk.post(reverse("imports"), sent)
    assert answer.status_code == 302, answer.content.decode()
    batch = ImportBatch.objects.latest("pk")
    work(batch)
    return ImportBatch.objects.get(pk=batch.pk)


def work(batch):
    """What the background worker does."""
    actions.work(by=batch.by, at=NOW, batch_id=batch.pk)


def page(desk, batch):
    return desk.get(reverse("import", args=[batch.pk])).content.decode()


def test_an_upload_is_checked_shown_confirmed_and_imported(desk):
    batch = upload(desk, deals=DEALS, events=EVENTS)
    assert batch.state == ImportState.CHECKED
    assert not Deal.objects.filter(key="A-1").exists()
    shown = page(desk, batch)
    assert "What would change" in shown
    assert "competitor" in shown
    desk.post(reverse("confirm-import", args=[batch.pk]))
    work(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.created) == (ImportState.DONE, 9)
    assert Deal.objects.filter(key="A-1").exists()
    assert "What is next" in page(desk, batch)
    assert not list((actions.folder_of(batch)).glob("**/*.csv"))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="on PostgreSQL others write meanwhile")
@pytest.mark.parametrize(
    ("rows", "seconds"), [(100_000, ""), (200_000, "4 seconds"), (1_000_000, "20 seconds")]
)
def test_who_imports_a_large_file_is_told_for_how_long_nobody_else_can_save(desk, rows, seconds):
    batch = upload(desk, deals=DEALS)
    ImportBatch.objects.filter(pk=batch.pk).update(created=rows - 1_000, updated=1_000)
    said = "Nobody else can save for about "
    shown = page(desk, batch)
    assert f"{said}{seconds}" in shown if seconds else said not in shown


def test_while_it_works_the_page_asks_again_and_then_reloads(desk):
    batch = upload(desk, deals=DEALS)
    ImportBatch.objects.filter(pk=batch.pk).update(state="importing", phase="reading", rows_done=1200)
    assert "Reading the file" in page(desk, batch)
    piece = desk.get(reverse("import-progress", args=[batch.pk]))
    assert "1,200 rows" in piece.content.decode()
    ImportBatch.objects.filter(pk=batch.pk).update(state="checked")
    assert desk.get(reverse("import-progress", args=[batch.pk]))["HX-Refresh"] == "true"


def test_a_column_gets_another_meaning_in_place(desk):
    batch = upload(desk, deals="nr,created,status\nX,2026-01-02,open\n")
    assert batch.state == ImportState.REFUSED
    assert "deal_id" in page(desk, batch)
    said = {
        "deals-column-0": "deal_id",
        "deals-column-1": "created",
        "deals-column-2": "status",
        "mapping_text": "",
    }
    desk.post(reverse("read-import-as", args=[batch.pk]), said)
    batch.refresh_from_db()
    assert batch.mapping == {"deals": {"columns": {"deal_id": "nr"}}}
    work(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.created) == (ImportState.CHECKED, 1)


def test_a_mapping_is_kept_under_a_name_and_used_at_the_next_upload(desk):
    batch = upload(desk, deals="nr,created,status\nX,2026-01-02,open\n")
    text = "deals: {columns: {deal_id: nr}}"
    desk.post(reverse("read-import-as", args=[batch.pk]), {"mapping_text": text})
    desk.post(reverse("save-mapping", args=[batch.pk]), {"name": "Our CRM"})
    kept = SavedMapping.objects.get(name="Our CRM")
    sent = SimpleUploadedFile("deals.csv", b"nr,created,status\nY,2026-01-02,open\n")
    desk.post(reverse("imports"), {"deals": sent, "saved_mapping": kept.pk})
    fresh = ImportBatch.objects.latest("pk")
    work(fresh)
    fresh.refresh_from_db()
    assert fresh.state == ImportState.CHECKED
    desk.post(reverse("drop-mapping", args=[kept.pk]))
    assert not SavedMapping.objects.exists()


def test_bad_rows_are_listed_and_can_be_downloaded_or_left_out(desk):
    batch = upload(desk, deals=DEALS + "A-4,=1+1,,open,,,,,,,,,\n")
    assert (batch.state, batch.report["problems"][0]["row"]) == (ImportState.REFUSED, 5)
    assert "Rows that cannot be read" in page(desk, batch)
    listed = desk.get(reverse("import-problems", args=[batch.pk])).content.decode()
    assert '"deals.csv","5","created","\'=1+1"' in listed
    desk.post(reverse("read-import-as", args=[batch.pk]), {"mapping_text": "", "skip_bad_rows": "on"})
    work(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.report["bad_rows"]) == (ImportState.CHECKED, 1)
    assert "1 row will be left out" in page(desk, batch)


def test_an_import_is_taken_back_from_its_page(desk):
    batch = upload(desk, deals=DEALS)
    before = picture()
    desk.post(reverse("confirm-import", args=[batch.pk]))
    work(batch)
    assert "Take it back" in desk.get(reverse("undo-import", args=[batch.pk])).content.decode()
    desk.post(reverse("undo-import", args=[batch.pk]))
    assert picture() == before
    assert "This import was taken back" in page(desk, batch)


def test_what_stands_on_an_import_is_said(desk, cast, tmp_path):
    report = import_deals(tmp_path)
    Deal.objects.filter(key="A-1").update(version=2)
    answer = desk.post(reverse("undo-import", args=[report.batch]))
    assert answer.status_code == 422
    assert "1 deal changed since" in answer.content.decode()


def test_the_same_confirmation_twice_imports_once(desk):
    batch = upload(desk, deals=DEALS)
    for _ in range(2):
        desk.post(reverse("confirm-import", args=[batch.pk]))
        work(batch)
    assert Deal.objects.filter(key__startswith="A-").count() == 3


def test_an_upload_can_be_forgotten(desk, django_capture_on_commit_callbacks):
    batch = upload(desk, deals=DEALS)
    folder = actions.folder_of(batch)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse("discard-import", args=[batch.pk]))
    assert not ImportBatch.objects.filter(pk=batch.pk).exists()
    assert not folder.exists()


def test_an_upload_without_a_file_says_so(desk):
    answer = desk.post(reverse("imports"), {})
    assert (answer.status_code, "Choose a file first" in answer.content.decode()) == (422, True)


def test_a_file_above_the_limit_is_not_stored(desk, settings, monkeypatch):
    monkeypatch.setattr(settings.ENVIRONMENT, "upload_limit_mb", 1)
    answer = desk.post(reverse("imports"), {"deals": SimpleUploadedFile("d.csv", b"x" * 3_000_000)})
    assert (answer.status_code, "larger than this server takes" in answer.content.decode()) == (422, True)
    assert not (settings.MEDIA_ROOT / "imports").exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "a/b<script>.csv", ".", "x" * 300, "\u202egpj.csv"]
)
def test_a_file_name_is_never_trusted(name):
    safe = actions.safe_name(name)
    assert 0 < len(safe) <= 100
    assert not set(safe) & set("/\\<>\u202e")
    assert not safe.startswith(".")


def test_an_unexpected_fault_ends_in_a_sentence_and_an_unchanged_database(desk, monkeypatch):
    batch = upload(desk, deals=DEALS)
    before = picture()
    desk.post(reverse("confirm-import", args=[batch.pk]))
    monkeypatch.setattr("hingepoint.domain.imports.engine.write_deals", lambda **_: 1 / 0)
    work(batch)
    batch.refresh_from_db()
    assert (batch.state, picture() == before) == (ImportState.REFUSED, True)
    assert "Nothing was imported" in page(desk, batch)


def test_data_health_says_what_is_there_and_what_each_feature_needs(desk, tmp_path):
    import_deals(tmp_path)
    shown = desk.get(reverse("data-health")).content.decode()
    for words in ("Pivotal agreements", "200 closed deals and 8 such types", "Expected close"):
        assert words in shown


def test_data_health_begins_with_the_audit_of_the_last_run_on_our_deals(desk, cast, tmp_path):
    import_deals(tmp_path)
    assert "How the record was kept" not in desk.get(reverse("data-health")).content.decode()
    said = "Lost deals look closed about 13 weeks later than they died."
    audit = [
        {"check": "heaps", "state": "fine", "in_words": "Dates do not heap up."},
        {"check": "dormancy", "state": "fault", "in_words": said},
    ]
    run = discoveries.finished_run(cast, audit=audit)
    assert said not in desk.get(reverse("data-health")).content.decode()  # of files, not of our deals
    Run.objects.filter(pk=run.pk).update(source=Source.DATABASE)
    shown = desk.get(reverse("data-health")).content.decode()
    assert f"As run {run.pk} of discovery found it." in shown
    assert shown.index(said) < shown.index("In order: 1 check") < shown.index("On record")


def test_data_health_of_an_empty_company_says_where_to_begin(desk):
    Deal.objects.all().delete()
    assert "No deals yet" in desk.get(reverse("data-health")).content.decode()


@pytest.mark.parametrize("who", ["anonymous", "seller", "manager", "inside_partner", "disabled"])
@pytest.mark.parametrize("route", ["imports", "data-health"])
def test_for_everybody_else_there_is_no_such_page(client, cast, who, route):
    if user := cast.everybody()[who]:
        client.force_login(user)
    assert client.get(reverse(route)).status_code in ((302,) if who in ("anonymous", "disabled") else (404,))
    assert client.post(reverse(route)).status_code in ((302,) if who in ("anonymous", "disabled") else (404,))
