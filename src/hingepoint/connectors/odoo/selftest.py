"""The self-test: what Odoo shows to this user, how much of it there is, and which right is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotThere, Rejected
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.models import DONE_ON_DEALS, LEAD, LINE, LISTS, MESSAGE, TRACKING
from hingepoint.connectors.odoo.past import Past
from hingepoint.records.crm import Capability, CapabilityFound, CrmObject, Found

AS_A_PERSON = "Or sign in with user and password: then it is read as a person sees it, deal by deal."
NOT_TRACKED = "Odoo keeps no history of it: we compare what we read with what we read before."
HISTORIES = {
    Capability.STAGE_HISTORY: "stage_id",
    Capability.AMOUNT_HISTORY: "expected_revenue",
    Capability.OWNER_HISTORY: "user_id",
}
#: The right to ask for, in the words of Odoo's settings of a user.
RIGHTS = {
    LEAD: "Sales / User: All Documents",
    LINE: "Sales / User: All Documents",
    TRACKING: "Administration / Settings",
    MESSAGE: "Sales / User: All Documents",
}


@dataclass
class SelfTest:
    asking: Asking
    past: Past

    def found(self) -> Iterator[CapabilityFound]:
        yield self._counted(Capability.DEALS, LEAD, LISTS[CrmObject.DEALS][1])
        yield self._counted(Capability.USERS, "res.users", LISTS[CrmObject.USERS][1])
        yield from self._history_found()
        yield CapabilityFound(Capability.CLOSE_DATE_HISTORY, Found.NOT_TRACKED, detail=NOT_TRACKED)
        yield CapabilityFound(
            Capability.CONTACT_ROLES, Found.NOT_TRACKED, detail="A deal has one person, without a role."
        )
        yield self._counted(Capability.QUOTE_LINES, LINE, [["order_id.opportunity_id", "!=", False]])
        yield CapabilityFound(
            Capability.LINE_HISTORY,
            Found.NOT_TRACKED if self.asking.fields(LINE) else Found.NOT_THERE,
            detail="Odoo keeps changes of the amount of an order, not of its lines.",
        )
        yield CapabilityFound(
            Capability.APPROVALS, Found.NOT_THERE, detail="Odoo Community has no approvals."
        )
        yield self._counted(Capability.ACTIVITIES, MESSAGE, DONE_ON_DEALS)
        yield CapabilityFound(
            Capability.DELETIONS,
            Found.NOT_TRACKED,
            detail="Found by comparing lists; merges by their messages.",
        )
        yield self._may_write()

    def _counted(self, capability: Capability, model: str, domain: list[Any]) -> CapabilityFound:
        try:
            said = self.asking.call(model, "search_count", domain=domain, context={"active_test": False})
        except (NotThere, Rejected):
            return CapabilityFound(capability, Found.NOT_THERE)
        except NoRight:
            return CapabilityFound(capability, Found.NO_RIGHT, ask_for=RIGHTS.get(model, ""))
        return CapabilityFound(capability, Found.TRACKED, int(said.result or 0))

    def _history_found(self) -> Iterator[CapabilityFound]:
        if self.past.asking.may_read_tracking():
            for capability, name in HISTORIES.items():
                domain = [["field_id.model", "=", LEAD], ["field_id.name", "=", name]]
                yield self._counted(capability, TRACKING, domain)
            return
        shown = self.past.threads_open()
        for capability in HISTORIES:
            yield CapabilityFound(
                capability,
                Found.TRACKED if shown else Found.NO_RIGHT,
                ask_for="" if shown else RIGHTS[TRACKING],
                detail="Read from the thread of each deal, one request a deal." if shown else AS_A_PERSON,
            )

    def _may_write(self) -> CapabilityFound:
        context = {"active_test": False}
        for method in ("has_access", "check_access_rights"):
            named = {"ids": [], "operation": "write"} if method == "has_access" else {"operation": "write"}
            try:
                if self.asking.call(LEAD, method, **named, context=context).result:
                    custom = sum(name.startswith("x_") for name in self.asking.fields(LEAD))
                    return CapabilityFound(Capability.WRITE_BACK, Found.TRACKED, custom)
                break
            except NoRight:
                break
            except (NotThere, Rejected):
                continue
        return CapabilityFound(Capability.WRITE_BACK, Found.NO_RIGHT, ask_for=RIGHTS[LEAD])
