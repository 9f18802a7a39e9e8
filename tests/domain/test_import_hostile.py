"""A hostile or careless file ends in one message and an unchanged database, from page and command alike."""

import os

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cast import NOW
from connectors import hostile
from hingepoint import cli
from hingepoint.domain.imports import actions
from hingepoint.domain.imports.engine import Files
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.records.imports import ImportState
from importing import picture, run

pytestmark = pytest.mark.django_db


#: Every third file every day, all of them in CI: each way in reads the same bytes, which test_hostile_files does with all every day.
EVERY_THIRD = [
    pytest.param(what, marks=pytest.mark.slow if number % 3 else ())
    for number, what in enumerate(sorted(hostile.FILES))
]


@pytest.mark.parametrize("what", EVERY_THIRD)
def test_the_command_ends_in_one_message_and_changes_nothing(tmp_path, what):
    if "NUL" in what and "name" in what:
        pytest.skip("no shell can say such a name")
    before = picture()
    answer = CliRunner().invoke(cli.main, ["import", "deals", str(hostile.FILES[what][0](tmp_path))])
    assert (answer.exit_code, answer.stdout) == (cli.UNUSABLE, "")
    assert isinstance(answer.exception, SystemExit)  # it said so itself, and did not break
    assert answer.stderr.startswith("Error: ")
    assert "Nothing was imported." in answer.stderr
    assert picture() == before


@pytest.mark.parametrize("table", ["events", pytest.param("log", marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", sorted(hostile.FILES))
def test_a_hostile_file_changes_nothing(tmp_path, what, table):
    make, _ = hostile.FILES[what]
    before = picture()
    with pytest.raises(actions.CannotImport) as refused:
        run(Files(**{table: make(tmp_path)}))
    assert picture() == before
    assert not ImportBatch.objects.exists()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("what", EVERY_THIRD)
def test_a_hostile_upload_is_refused_on_its_page(client, cast, settings, tmp_path, what):
    path = hostile.FILES[what][0](tmp_path)
    if not os.path.isfile(path):
        pytest.skip("a browser cannot send what is not a file")
    settings.MEDIA_ROOT = tmp_path / "uploads"
    client.force_login(cast.analyst)
    before = picture()
    answer = client.post(reverse("imports"), {"deals": SimpleUploadedFile(path.name, path.read_bytes())})
    if answer.status_code == 302:
        batch = ImportBatch.objects.get()
        actions.work(by=cast.analyst, at=NOW, batch_id=batch.pk)
        batch.refresh_from_db()
        asked = what == "a status nobody knows"  # its owner may still say what it means
        assert batch.state == (ImportState.CHECKED if asked else ImportState.REFUSED)
        assert "stopped us" not in batch.message
        assert client.get(reverse("import", args=[batch.pk])).status_code == 200
    else:
        assert answer.status_code == 400
    assert picture() == before
