"""What every view holds to."""

from __future__ import annotations

import ast
import enum
import importlib
from pathlib import Path

import hingepoint.web

VIEWS = sorted(Path(hingepoint.web.__file__).parent.glob("*.py"))


def test_no_view_imports_a_table():
    """Views read through queries and change through actions; of models they know the enumerations at most."""
    found = []
    for path in VIEWS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".models"):
                models = importlib.import_module(node.module)
                found += [
                    f"{path.name}: {one.name}"
                    for one in node.names
                    if not issubclass(getattr(models, one.name), enum.Enum)
                ]
    assert found == []


def test_no_view_catches_what_the_table_answers():
    """But for the few that go on with it: what was judged already, a link that is over or that one of us opened, which
    line of a list is wrong, a form's own checks, how often wrong addresses of cards came, who is asked
    once more, whom a company's account lets in."""
    caught = []
    for path in VIEWS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                words = ast.unparse(node.type)
                if path.name not in ("drafts.py", "negotiation.py") and any(
                    name in words for name in ("Hidden", "Stale", "Refused", "actions.")
                ):
                    caught.append(f"{path.name}: {words}")
    assert sorted(caught) == [
        "bridge.py: Refused",
        "cards.py: Hidden",
        "connections.py: Refused",
        "detection.py: actions.AlreadyJudged",
        "let_in.py: actions.WrongAddresses",
        "proof.py: actions.LinkOver",
        "proof.py: actions.LinkOver",
        "proof.py: actions.NoProof",
        "proof.py: actions.NotTheCustomer",
        "proving.py: Refused",
        "sign_in.py: actions.TooManySignIns",
        "sign_on.py: (oidc.ProviderProblem, Refused)",
        "sorting.py: actions.NotSorted",
    ]
