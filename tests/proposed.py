"""What an assistant of Sanna's proposes, as its tool asks for it."""

from __future__ import annotations

import json

from django.test import Client

from calling import secret_of
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.proposals.models import Proposal
from hingepoint.records.tokens import SCOPES

DATA = "cust.data_access"
VERSION = "2025-06-18"


class Assistant:
    """An assistant that speaks by the transcript of the protocol of June 2025."""

    def __init__(self, secret: str | None):
        headers = {"MCP-Protocol-Version": VERSION} | (
            {"Authorization": f"Bearer {secret}"} if secret else {}
        )
        self.client = Client(headers=headers)

    def post(self, method: str, params: dict | None = None, **more):
        said = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}} | more
        return self.client.post("/mcp", json.dumps(said), content_type="application/json")

    def ask(self, tool: str, **arguments):
        """Return whether a tool answered, and with what."""
        result = self.post("tools/call", {"name": tool, "arguments": arguments}).json().get("result")
        if result is None or result["isError"]:
            return False, result and result["content"][0]["text"]
        return True, json.loads(result["content"][0]["text"])


def of(user, scopes=tuple(SCOPES)) -> Assistant:
    return Assistant(secret_of(user, scopes))


def arguments(deal, tool: str) -> dict:
    """Return what a tool may be asked with about a deal."""
    told = {
        "propose_step": {
            "type_id": type_id(),
            "state": "gained",
            "act": "send the log",
            "person_name": "Bo",
            "due_on": "2999-01-01",
            "evidence": 3,
            "quote": "We will send you the log.",
        },
        "propose_next_step": {"type_id": type_id(), "act": "open the log", "person_name": "Bo"},
        "propose_debrief": {
            "type_id": type_id(),
            "outcome": "soft",
            "learned": "Bo decides",
            "demand": "a discount",
        },
        "propose_demand": {
            "topic": "price",
            "words": "10 percent off",
            "asked_by": "Bo",
            "reason": "the board",
        },
        "propose_concession": {"topic": "extras", "what": "training", "value": 1200.5, "in_return": "a case"},
        "propose_event": {"kind": "activity", "name": "Call with Bo", "counterpart": "Bo"},
    }[tool]
    return {"deal_id": deal.pk, "why": "It stands in the mail of today."} | told


def type_id() -> int:
    return AgreementType.objects.get(key=DATA).pk


def proposal(user, deal, tool: str = "propose_step", **more) -> Proposal:
    """Return what an assistant of ``user`` proposed."""
    answered, told = of(user).ask(tool, **arguments(deal, tool) | more)
    assert answered, told
    return Proposal.objects.get(pk=told["proposal"])
