"""The small client of the manual does what the manual says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from calling import secret_of
from cast import NOW, deal

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGE, NOTEBOOK = HOW_TO / "use-the-api.md", HOW_TO / "examples" / "ask-the-api.ipynb"


def code_of_the_manual() -> str:
    return re.search(r"```python\n(.*?)```", PAGE.read_text(), re.S)[1]


def cells() -> list[str]:
    """Return the code of the notebook, cell by cell."""
    told = json.loads(NOTEBOOK.read_text())
    return ["".join(one["source"]) for one in told["cells"] if one["cell_type"] == "code"]


@pytest.mark.django_db(transaction=True)
def test_the_client_of_the_manual_reads_a_list_to_its_end_and_sends_a_change_once(live_server, capsys):
    from cast import make_cast

    cast = make_cast()
    deal("X-1", owner=cast.seller, amount=5)
    code = code_of_the_manual()
    code = code.replace("https://hingepoint.example", live_server.url)
    code = code.replace("hpp_YOUR-TOKEN", secret_of(cast.seller)).replace("size=500", "size=1")
    known: dict = {}
    exec(code, known)
    assert capsys.readouterr().out.splitlines() == ["N-1 100000.0000 EUR", "X-1 5.0000 EUR"]
    sent = {"topic": "price", "second": True}
    first, again = (known["api"].post(f"/deals/{cast.deal.pk}/demands", sent, key="k") for _ in range(2))
    assert first == again
    assert len(first["demands"]) == 1


@pytest.mark.django_db(transaction=True)
def test_the_notebook_runs_from_its_first_cell_to_its_last(live_server, monkeypatch):
    from cast import make_cast

    cast = make_cast()
    deal("X-1", owner=cast.seller, amount="5.25")
    call = {"deal_id": cast.deal.pk, "kind": "activity", "name": "call", "occurred_at": NOW.isoformat()}
    monkeypatch.setenv("HINGEPOINT_API", f"{live_server.url}/api")
    monkeypatch.setenv("HINGEPOINT_TOKEN", secret_of(cast.seller))
    known: dict = {}
    exec(cells()[0], known)
    known["Hingepoint"](f"{live_server.url}/api", secret_of(cast.seller)).post("/events", {"events": [call]})
    shown = []
    for code in cells():
        *doing, last = ast.parse(code).body
        exec(compile(ast.Module(doing, []), "cell", "exec"), known)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), known))
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), known)
    name, amounts, kinds, a_year_ago = shown
    assert name == "Sanna"
    assert [(*row[:2], str(row[2])) for row in amounts.rows()] == [("EUR", 2, "100005.2500")]
    assert kinds == {"activity": 1}
    assert a_year_ago == 0


def test_the_client_in_the_notebook_is_the_one_of_the_manual_and_no_answer_is_kept_in_it():
    assert code_of_the_manual().startswith(cells()[0])
    assert not any(one.get("outputs") for one in json.loads(NOTEBOOK.read_text())["cells"])
