"""What others bring is a link only where it is a web address; everything else is shown as text, or refused where it comes in."""

import datetime as dt
import re
from pathlib import Path

import polars as pl
import pytest

from cast import NOW
from fake_crm import FakeCrm, plug_in
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.proof.models import Proof
from hingepoint.domain.sync import actions as sync
from hingepoint.records import links
from hingepoint.records.agreements import AgreementState
from importing import import_deals, picture

GOOD = (
    "https://crm.example/deals/4?tab=1#top",
    "http://crm.local:8443",
    "HTTPS://CRM.EXAMPLE/Ä/é",
    "https://[2001:db8::1]/x",
    "https://crm.example/#/model/sale/7",
)
BAD = (
    "",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "JaVaScRiPt://crm.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example",
    "/deals/1",
    "www.crm.example",
    "https://",
    "https:///x",
    "https:\\\\evil.example",
    "https://crm.example\\@evil.example",
    "https://crm.example@evil.example",
    "https://crm.example/ x",
    "https://crm.example/\n",
    "https://crm.example/\x01",
)
TEMPLATES = Path(links.__file__).resolve().parents[1]
#: What a page may set as the whole of an address without a look: routes and files of ours, and names that only our code fills.
OURS = re.compile(r"(url|static|query)\(|request\.(path|get_full_path\(\))$")
OUR_NAMES = {
    "action", "address", "at", "base", "cancel_url", "card.address", "cell.url", "clear_url", "column.url", "deals_url",
    "group.more", "href or '#' ~ dialog", "item.url", "item[1]", "line.url", "look", "page", "persona.url", "place.url", "quick",
    "row.url", "save_url", "undo", "url",
}  # fmt: skip
WHOLE = re.compile(
    r"""(?:\b(?:href|src|action|formaction|poster|data)|xlink:href|hx-\w+)=["']?\{\{\s*(.*?)\s*\}\}"""
)


@pytest.mark.parametrize("text", GOOD)
def test_a_web_address_may_be_linked(text):
    assert links.may_be_linked(text)


@pytest.mark.parametrize("text", BAD)
def test_nothing_else_may(text):
    assert not links.may_be_linked(text)


def test_tables_are_read_by_the_same_rule():
    told = pl.Series([*GOOD, *BAD]).str.contains(links.PATTERN).to_list()
    assert told == [True] * len(GOOD) + [False] * len(BAD)


def whole_addresses():
    for path in sorted(TEMPLATES.rglob("*.html")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for found in WHOLE.finditer(line):
                yield path.name, found[1], line[: found.start()]


def test_every_address_in_a_template_is_ours_or_was_looked_at():
    seen = list(whole_addresses())
    assert len(seen) > 400
    unknown = [
        (name, said)
        for name, said, before in seen
        if not OURS.match(said)
        and said not in OUR_NAMES
        and f"{{% if may_be_linked({said}) %}}" not in before
    ]
    assert unknown == []
    assert {said for _, said, _ in seen} >= OUR_NAMES  # none stands here that is gone


@pytest.mark.parametrize(
    ("link", "shown"),
    [("javascript:alert(4711)", "<dd>javascript:alert(4711)</dd>"), (GOOD[0], f'<a href="{GOOD[0]}"')],
)
def test_a_deal_shows_a_bad_address_of_before_as_text(client, cast, link, shown):
    Deal.objects.filter(pk=cast.deal.pk).update(link=link)
    client.force_login(cast.seller)
    page = client.get(f"/deals/{cast.deal.pk}/").content.decode()
    assert shown in page
    assert 'href="javascript' not in page


def test_so_does_an_agreement(client, cast):
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    said = agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    Proof.objects.create(agreement=said, link="javascript:alert(4711)", strength=1, added_at=NOW)
    client.force_login(cast.seller)
    page = client.get(f"/deals/{cast.deal.pk}/agreements/{said.type_id}/").content.decode()
    assert "<p>javascript:alert(4711)</p>" in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("link", ["javascript:alert(1)", "www.crm.example"])
def test_a_file_with_a_bad_address_is_refused_and_the_cell_is_named(db, tmp_path, link):
    before = picture()
    with pytest.raises(imports.CannotImport, match="begins with https"):
        import_deals(tmp_path, f"deal_id,created,status,amount,url\nA-1,2025-01-07,open,9,{link}\n")
    assert picture() == before


def test_a_file_with_good_ones_and_empty_ones_is_taken(db, tmp_path):
    import_deals(
        tmp_path,
        f"deal_id,created,status,amount,url\nA-1,2025-01-07,open,9,{GOOD[0]}\nA-2,2025-01-07,open,9,\n",
    )
    assert dict(Deal.objects.values_list("key", "link")) == {"A-1": GOOD[0], "A-2": ""}


def test_a_bad_address_of_a_crm_gives_way_to_the_address_of_the_crm(db, monkeypatch):
    crm = FakeCrm()
    plug_in(monkeypatch, crm)
    crm.open_deal("d1", link="javascript:alert(1)")
    crm.open_deal("d2", link="https://crm.example/d2")
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = sync.connect(by=None, at=begin, crm="fake1", given={"token": "t"}, url="https://crm.example")
    assert sync.sync(at=begin + dt.timedelta(days=30), connection_id=made.pk).problem == ""
    assert dict(Deal.objects.values_list("key", "link")) == {
        "d1": "https://crm.example",
        "d2": "https://crm.example/d2",
    }
