"""The least rights in the how-tos: whatever a connector asks of its CRM, its page names the right for it, in the CRM's words."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.fakes import base
from connectors.test_all import PLAYED, fake_of, opened
from hingepoint.connectors.exchange import CrmProblem
from hingepoint.domain.sync.reading import SWEPT

HOW_TOS = Path(__file__).parents[2] / "docs/how-to"
#: What needs no right: it says who is signed in, or describes the CRM itself.
FREE = ""

DEALS, QUOTES = "View All Records on Opportunities", "View All Records on Quotes"
SALESFORCE = {
    **dict.fromkeys(
        ("read services", "create services", "read limits", "read sobjects", "read connect"), "API Enabled"
    ),
    **dict.fromkeys(("read FieldDefinition", "read OpportunityStage", "read TaskStatus"), "API Enabled"),
    **dict.fromkeys(("read Opportunity", "read OpportunityHistory", "read OpportunityFieldHistory"), DEALS),
    **dict.fromkeys(("read OpportunityContactRole", "read ProcessInstance"), DEALS),
    **dict.fromkeys(("read Account", "read Contact"), "View All Records on Accounts, Contacts"),
    **dict.fromkeys(("read Quote", "read QuoteLineItem"), QUOTES),
    "read Product2": "Read on Products",
    **dict.fromkeys(("read Task", "read Event"), "Access Activities"),
    "read User": "View All Users",
    "change Opportunity": "Edit on Opportunities",
    **dict.fromkeys(("create Task", "change Task"), "Edit Tasks"),
}
CONTACTS = "crm.objects.contacts.read"
HUBSPOT = {
    "read account-info": FREE,
    **dict.fromkeys(("read 0-3", "read deals"), "crm.objects.deals.read"),
    **dict.fromkeys(("read properties", "read pipelines"), "crm.schemas.deals.read"),
    "read owners": "crm.objects.owners.read",
    "read companies": "crm.objects.companies.read",
    **dict.fromkeys(("read contacts", "read calls", "read meetings", "read tasks", "read notes"), CONTACTS),
    "read emails": "sales-email-read",
    "read quotes": "crm.objects.quotes.read",
    "read line_items": "crm.objects.line_items.read",
    "change 0-3": "crm.objects.deals.write",
    **dict.fromkeys(("create tasks", "change tasks"), "crm.objects.contacts.write"),
}
ACTIVITY = "Read on Activity"
DYNAMICS = {
    **dict.fromkeys(("create oauth2", "read WhoAmI", "read EntityDefinitions"), FREE),
    "read opportunities": "Read on Opportunity",
    "read accounts": "Read on Account",
    "read contacts": "Read on Contact",
    "read systemusers": "Read on User",
    "read organizations": "Read on Organization",
    "read transactioncurrencies": "Read on Currency",
    "read processstages": "Read on Process",
    "read connections": "Read on Connection",
    "read connectionroles": "Read on Connection Role",
    **dict.fromkeys(("read quotes", "read quotedetails"), "Read on Quote"),
    **dict.fromkeys(("read activitypointers", "read opportunitycloses", "read tasks"), ACTIVITY),
    "read audits": "View Audit History",
    "change opportunities": "Write on Opportunity",
    "create tasks": "Create on Activity",
    "change tasks": "Write on Activity",
}
ALL, SETTINGS = "Sales / User: All Documents", "Administration / Settings"
ODOO = {
    **dict.fromkeys(("read version", "create session", "call common"), FREE),
    **{
        f"{doing} {model}": ALL
        for doing in ("read", "change", "create")
        for model in ("crm.lead", "mail.activity")
    },
    **{
        f"read {model}": ALL
        for model in (
            *("res.users", "res.company", "res.partner", "crm.stage", "crm.team", "mail.message"),
            *("mail.message.subtype", "sale.order", "sale.order.line", "product.product", "calendar.event"),
        )
    },
    **dict.fromkeys(("read mail.tracking.value", "read ir.model.fields"), SETTINGS),
}
PIPEDRIVE = {
    **dict.fromkeys(("read users", "read pipelines", "read stages", "read dealFields"), FREE),
    "read deals": "View all deals",
    "read organizations": "View all organizations",
    "read persons": "View all people",
    "read products": "View all products",
    "read activities": "View all activities",
    "change deals": "Edit deals owned by other users",
    "create activities": "Add activities",
    "change activities": "Edit activities owned by other users",
}
ESPOCRM = {
    **dict.fromkeys(("read App", "read Settings", "read Metadata"), FREE),
    **{f"read {each}": f"{word}: Read" for each, word in (
        ("Opportunity", "Opportunities"), ("Account", "Accounts"), ("Contact", "Contacts"), ("User", "Users"),
        ("Call", "Calls"), ("Meeting", "Meetings"), ("Task", "Tasks"), ("Email", "Emails"),
    )},
    **dict.fromkeys(("read Note", "read stream"), "Opportunities: Stream"),
    "change Opportunity": "Opportunities: Edit",
    "create Task": "Tasks: Create",
    "change Task": "Tasks: Edit",
}  # fmt: skip

DOING = {"GET": "read", "POST": "create", "PATCH": "change", "PUT": "change"}


def of_salesforce(request: base.Request) -> Iterator[str]:
    asked = request.query.get("q", "")
    if asked:
        yield from (f"read {name}" for name in re.findall(r"(?<!\() FROM (\w+)", asked))
        yield from ("read Product2" for _ in re.findall(r"\bProduct2\.", asked))
    elif made := re.search(r"/sobjects/(\w+)", request.path):
        yield f"{DOING[request.method]} {made[1]}"
    elif "/query/" not in request.path:
        part = request.path.partition("/v65.0/")[2].partition("/")[0] or "services"
        yield f"{DOING[request.method]} {part}"


def of_hubspot(request: base.Request) -> Iterator[str]:
    parts = request.path.strip("/").split("/")
    if "associations" in parts:  # the rights of both kinds
        yield from (
            f"read {each}"
            for each in parts
            if each in ("0-3", "contacts", "companies", "quotes", "line_items")
        )
    elif parts[0] != "crm" or parts[1] != "objects":
        yield f"read {parts[1] if parts[0] == 'crm' else parts[0]}"
    else:
        reads = parts[-1] in ("search", "read")
        yield f"{'read' if reads else DOING[request.method]} {parts[3]}"


def of_dynamics(request: base.Request) -> Iterator[str]:
    name = re.match(r".*?/(?:v9\.2/)?(\w+)", request.path.removeprefix("/api/data"))
    part = name[1] if name else request.path
    yield f"{DOING[request.method]} {'oauth2' if 'oauth2' in request.path else part}"
    yield from ("read connectionroles" for _ in re.findall("record2roleid", str(request.query)))


def of_odoo(request: base.Request) -> Iterator[str]:
    if request.path == "/jsonrpc":
        params = request.json["params"]
        model, method = params["args"][3:5] if params["method"] == "execute_kw" else ("common", "")
        doing = {"": "call", "write": "change", "unlink": "change", "activity_schedule": "change"}
        yield f"{doing.get(method, 'read')} {model}"
    else:
        yield f"{DOING[request.method]} {request.path.split('/')[2]}"


def of_pipedrive(request: base.Request) -> Iterator[str]:
    parts = request.path.strip("/").split("/")
    yield f"{DOING[request.method]} {parts[2]}"


def of_espocrm(request: base.Request) -> Iterator[str]:
    parts = request.path.strip("/").split("/")
    yield f"{DOING[request.method]} {'stream' if parts[-1] == 'stream' else parts[2]}"


ASKED: dict[str, tuple[Callable[[base.Request], Iterator[str]], dict[str, str]]] = {
    "salesforce": (of_salesforce, SALESFORCE),
    "hubspot": (of_hubspot, HUBSPOT),
    "dynamics": (of_dynamics, DYNAMICS),
    "odoo": (of_odoo, ODOO),
    "pipedrive": (of_pipedrive, PIPEDRIVE),
    "espocrm": (of_espocrm, ESPOCRM),
}


def everything(source: Any, deal: str) -> None:
    """Do all that a connection does: look, test, read, compare, write back."""
    source.describe()
    list(source.test())
    for each in source.objects:
        page = source.page(each, "")
        while page.more:
            page = source.page(each, page.mark)
    for each in SWEPT:
        source.ids(each, "")
        with contextlib.suppress(CrmProblem):
            source.fates(each, [deal])
    source.write(
        deal,
        {
            each.name: "South"
            for each in source.describe().fields
            if each.name.endswith(("egion", "egion__c"))
        },
    )
    made = source.write_task(deal, "", "Agree on access", dt.date(2026, 4, 1))
    source.write_task(deal, made.task_id, "Agree on access", dt.date(2026, 4, 8))
    source.finish_task(made.task_id)


@pytest.mark.parametrize("key", PLAYED)
def test_the_how_to_names_a_right_for_everything_that_is_asked(key):
    """A connector that asks for something more needs a line here, and a right on the page of its CRM."""
    asked_by, rights = ASKED[key]
    with fake_of(key) as fake:
        deal = fake.add()
        fake.tick(600)
        fake.reprice()
        everything(opened(key, fake, pages=50), deal)
        asked = {each for request in fake.requests for each in asked_by(request)}
    assert sorted(asked - rights.keys()) == []
    text = (HOW_TOS / f"connect-{key}.md").read_text("utf-8")
    plain = " ".join(text.replace("*", "").replace("`", "").split())
    assert {rights[each] for each in asked if rights[each] not in plain} == set()


@pytest.mark.parametrize("key", PLAYED)
def test_the_how_to_says_of_what_kind_the_fields_are_that_we_write(key):
    text = (HOW_TOS / f"connect-{key}.md").read_text("utf-8")
    written = text.partition("## Write back")[2]
    assert "connect-a-crm.md#writing-back" in written
    assert re.search(r"of the type \*[\w\- ]+\*", written)
