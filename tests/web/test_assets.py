"""Files of ours are kept for good by the browser, pages travel compressed, and templates are compiled once."""

from __future__ import annotations

import gzip
import re

import pytest
from django.conf import settings
from django.test import Client, override_settings

from hingepoint.web import assets, jinja

pytestmark = pytest.mark.django_db


def named(page: str) -> list[str]:
    """Return the addresses of our files that a page names."""
    return re.findall(r'(?:href|src)="(/static/[^"#]+)', page)


def test_a_page_names_each_of_our_files_by_its_content():
    found = named(Client().get("/sign-in").content.decode())
    assert "/static/tokens.css" in {one.partition("?")[0] for one in found}
    assert all(re.search(r"\?v=[0-9a-f]{10}$", one) for one in found), found


def test_a_file_asked_for_by_its_content_is_kept_for_good():
    answer = Client().get(assets.address("tokens.css"))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("asked", ["", "?v=", "?v=0123456789"])
def test_a_file_asked_for_otherwise_is_asked_for_again(asked):
    answer = Client().get(f"/static/tokens.css{asked}")
    assert answer.status_code == 200
    assert "immutable" not in answer["Cache-Control"]


def test_a_file_that_is_not_there_is_not_kept():
    assert "immutable" not in Client().get("/static/nothing.css?v=").get("Cache-Control", "")


def test_a_page_travels_compressed_and_its_length_tells_nothing():
    asked = [Client(headers={"accept-encoding": "gzip"}).get("/sign-in") for _ in range(8)]
    plain = Client().get("/sign-in")
    assert {one["Content-Encoding"] for one in asked} == {"gzip"}
    assert "Content-Encoding" not in plain
    assert b"Hingepoint" in gzip.decompress(asked[0].content)
    assert len(asked[0].content) < len(plain.content) / 2
    assert len({len(one.content) for one in asked}) > 1


def test_a_download_is_left_as_it_is(client, cast):
    client.force_login(cast.sponsor)
    answer = client.get("/export/deals.csv", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer


def test_compiled_templates_are_kept_for_the_next_start():
    jinja.warm()
    kept = list(settings.COMPILED_TEMPLATES.iterdir())
    assert len(kept) > 60
    assert settings.COMPILED_TEMPLATES.stat().st_mode & 0o777 == 0o700


def test_where_nothing_can_be_written_templates_are_compiled_anew(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with override_settings(COMPILED_TEMPLATES=tmp_path / "file" / "templates"):
        assert jinja._compiled() is None
