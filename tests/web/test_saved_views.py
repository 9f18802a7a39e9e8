"""Keeping a list's address under a name."""

from hingepoint.domain.people.models import SavedView


def save(client, user, **said):
    client.force_login(user)
    return client.post("/views/save", {"page": "deals", "name": "Mine", "query": "status=won&page=3", **said})


def test_a_view_keeps_filters_and_order_without_the_page_number(client, cast):
    answer = save(client, cast.seller, query="status=won&sort=-close&page=3")
    assert answer.url == "/deals/?status=won&sort=-close"
    assert SavedView.objects.get().query == "status=won&sort=-close"
    assert b"Mine" in client.get("/deals/?status=open").content


def test_the_same_name_again_replaces_it(client, cast):
    save(client, cast.seller)
    save(client, cast.seller, query="status=lost")
    assert SavedView.objects.get().query == "status=lost"


def test_a_shared_view_shows_everybody_their_own_deals(client, cast):
    save(client, cast.seller, query="status=open", shared="on")
    client.force_login(cast.stranger)
    content = client.get("/deals/?status=open").content
    assert b"Mine" in content
    assert b"N-1" not in content


def test_a_private_view_stays_private(client, cast):
    save(client, cast.seller)
    client.force_login(cast.manager)
    assert b"Mine" not in client.get("/deals/?status=open").content


def test_a_view_needs_a_name_and_a_list(client, cast):
    save(client, cast.seller, name="")
    save(client, cast.seller, page="salaries")
    assert not SavedView.objects.exists()


def test_only_its_owner_forgets_a_view(client, cast):
    save(client, cast.seller, shared="on")
    view = SavedView.objects.get()
    client.force_login(cast.manager)
    assert client.post(f"/views/{view.pk}/drop").status_code == 404
    client.force_login(cast.seller)
    assert client.post(f"/views/{view.pk}/drop", {"page": "matrix"}).url == "/matrix/"
    assert not SavedView.objects.exists()


def test_a_view_leads_nowhere_else(client, cast):
    answer = save(client, cast.seller, query="//evil.example/?x=1")
    assert answer.url.startswith("/deals/?")
