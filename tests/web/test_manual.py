"""The product shows its own manual."""

import pytest

from hingepoint.web import manual


@pytest.fixture
def reader(client, cast):
    client.force_login(cast.seller)
    return client


def test_every_page_of_the_manual_opens(reader):
    answers = {name: reader.get(f"/docs/{name}") for name in manual.pages()}
    assert len(answers) > 200
    assert [name for name, one in answers.items() if one.status_code != 200 or "<h1" not in one.text] == []


def test_links_between_pages_lead_to_addresses_of_the_product(reader):
    assert 'href="/docs/tutorial/first-hour"' in reader.get("/docs/").content.decode()


def test_the_pages_of_signals_stand_from_1_to_10():
    listed = [title for name, title in manual.pages().items() if name.startswith("reference/signals/")]
    assert [title.partition(":")[0] for title in listed] == [f"Signal {n}" for n in range(1, 11)]


@pytest.mark.parametrize("name", ["nowhere", "../pyproject", "index.md", "how-to/../index"])
def test_what_is_not_a_page_is_not_found(reader, name):
    assert reader.get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize("name", ["../pyproject.toml", "write_reference.py", "index.md"])
def test_only_pictures_and_examples_can_be_fetched_as_files(reader, name):
    assert reader.get(f"/docs/files/{name}").status_code == 404


def test_the_demo_tells_what_it_was_built_with(client, cast, settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"demo": True})
    client.force_login(cast.sponsor)
    page = client.get("/demo/story").content.decode()
    assert "Early access to key data" in page
    assert "<table>" in page
