"""Every page that one of the five can reach by links: complete, accessible, and fitting every screen."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from hingepoint.records.people import Role

#: Reached by links too, but files, or the same for everybody and looked at elsewhere.
NO_PAGES = {
    "security-txt",
    "export",
    "take-made-file",
    "export-run",
    "import-problems",
    "manual-file",
    "proof-file",
    "components",
    "healthz",
}
NO_PAGES |= {
    "begin-sign-on",
    "sign-on-back",
    "calendar",
    "signal-deals",
    "debts-file",
    "definitions-file",
    "deal-plan-pdf",
    "talk-plan-pdf",
    "brief-pdf",
    "handover-pdf",
    "self-assessment-codes",
    "self-assessment-pdf",
    "pressure-deals",
    "pack-pdf",
    "pack-slides",
    "rollout-card",
    "rollout-starts",
}

#: Pages whose tabs show different things.
TABBED = {"run"}

#: What nobody may have lost the way to.
WORTH_A_LINK = {
    Role.SPONSOR: {
        "deals",
        "deal",
        "matrix",
        "strategy",
        "playbook",
        "catalogue",
        "discovery",
        "people",
        "signals",
    }
    | {"trail", "pressures", "pressure", "pressure-rules"},
    Role.MANAGER: {"deals", "deal", "agreement", "matrix", "strategy", "playbook", "people", "manual"},
    Role.SELLER: {"deals", "deal", "agreement", "matrix", "strategy", "playbook", "account", "manual"},
    Role.ANALYST: {"run", "finding", "new-run", "imports", "import", "undo-import", "data-health", "person"}
    | {"teams", "trail", "new-person", "agreement-type", "add-agreement-type", "new-strategy"},
    Role.INSIDE_PARTNER: {"agreement", "catalogue", "agreement-type", "manual", "account"},
}


def name_of(path: str) -> str | None:
    """Return the name of the page at a path of ours; ``None`` for what is none."""
    try:
        return resolve(path).url_name
    except Resolver404:
        return None


def pages_by_links(window):
    """Open one page of each name that links lead to from the first one, the nearest first; yield each name
    when its page is open. Tabs are pages of their own."""
    seen, waiting = {"home"}, ["/"]
    while waiting:
        path = waiting.pop(0)
        window.open(path)
        yield name_of(urlsplit(path).path)
        for path in links(window):
            name = name_of(urlsplit(path).path)
            mark = path if name in TABBED else name
            if name and mark not in seen and name not in NO_PAGES:
                seen.add(mark)
                waiting.append(path)


def links(window) -> list[str]:
    """Return where the links of the open page lead within the product, without fragments."""
    found = window.page.eval_on_selector_all(
        "a[href]", "all => all.map((a) => new URL(a.getAttribute('href'), location).href)"
    )
    ours = (link.partition("#")[0] for link in found if link.startswith(window.server))
    return [link.removeprefix(window.server) for link in ours]


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The names of the pages that were looked at before, by whoever came by."""
    return set()


@pytest.mark.parametrize("role", WORTH_A_LINK)
def test_every_page_within_reach_is_whole(demo, shortcomings, screenshots, known, role):
    window = demo(role)
    found, seen = [], set()
    for name in pages_by_links(window):
        seen.add(name)
        screenshots(window, f"{role}-{name}")
        found += [f"{name}: {line}" for line in shortcomings(window, again=name in known)]
        screenshots(window, f"{role}-{name}-phone-dark")
        window.look(size="desktop", theme="light")
    known |= seen
    assert WORTH_A_LINK[role] - seen == set()
    assert found == []
