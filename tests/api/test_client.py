"""The small client of the manual does what the manual says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calling import secret_of
from cast import deal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-the-api.md"


@pytest.mark.django_db(transaction=True)
def test_the_client_of_the_manual_reads_a_list_to_its_end_and_sends_a_change_once(live_server, capsys):
    from cast import make_cast

    cast = make_cast()
    deal("X-1", owner=cast.seller, amount=5)
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)[1]
    code = code.replace("https://hingepoint.example", live_server.url)
    code = code.replace("hpp_YOUR-TOKEN", secret_of(cast.seller)).replace("size=500", "size=1")
    known: dict = {}
    exec(code, known)
    assert capsys.readouterr().out.splitlines() == ["N-1 100000.0000 EUR", "X-1 5.0000 EUR"]
    sent = {"topic": "price", "second": True}
    first, again = (known["api"].post(f"/deals/{cast.deal.pk}/demands", sent, key="k") for _ in range(2))
    assert first == again
    assert len(first["demands"]) == 1
