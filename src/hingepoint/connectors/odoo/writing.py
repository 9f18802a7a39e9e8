"""Writing into fields of our own on a deal of Odoo, and keeping one task there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.connectors.exchange import NoRight, NotThere, Rejected
from hingepoint.connectors.odoo.asking import Asking
from hingepoint.connectors.odoo.models import LEAD, NEVER_WRITTEN
from hingepoint.connectors.odoo.reading import changed_at, link
from hingepoint.connectors.values import shortened, yes_or_no
from hingepoint.records.crm import WriteResult, Written


@dataclass
class Writing:
    asking: Asking

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        if refused := sorted(NEVER_WRITTEN & set(values)):
            return WriteResult(Written.REFUSED, f"{', '.join(refused)} is never written.")
        there = self.asking.fields(LEAD)
        if missing := sorted(set(values) - set(there)):
            return WriteResult(Written.NO_FIELD, ", ".join(missing))
        try:
            return self._written(
                deal_id, {name: _typed(there[name], value) for name, value in values.items()}
            )
        except (NoRight, NotThere, Rejected, ValueError) as problem:
            return WriteResult(_refusal(problem), shortened(problem))

    def _written(self, deal_id: str, values: Mapping[str, Any]) -> WriteResult:
        names = [*values, "write_date"]
        before = self.asking.rows(LEAD, [["id", "=", int(deal_id)]], names)
        if not before:
            return WriteResult(Written.GONE)
        changed = {name: value for name, value in values.items() if before[0].get(name) != value}
        if not changed:
            return WriteResult(Written.SAME, modified_at=changed_at(before[0]))
        self.asking.call(LEAD, "write", ids=[int(deal_id)], vals=changed)
        after = self.asking.rows(LEAD, [["id", "=", int(deal_id)]], names)
        return WriteResult(Written.DONE, modified_at=changed_at(after[0]) if after else None)

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        there = self.asking.fields(LEAD)
        known = [name for name in names if name in there]
        rows = self.asking.rows(LEAD, [["id", "in", [*map(int, ids)]]], known)
        return {str(row["id"]): row for row in rows}

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        values = {"summary": subject, **({"date_deadline": due_on.isoformat()} if due_on else {})}
        try:
            return self._task_written(deal_id, task_id, values)
        except (NoRight, NotThere, Rejected) as problem:
            return WriteResult(_refusal(problem), shortened(problem))

    def _task_written(self, deal_id: str, task_id: str, values: Mapping[str, Any]) -> WriteResult:
        if task_id:
            known = [*_tasks_of(deal_id), ["id", "=", int(task_id)]]
            before = self.asking.rows("mail.activity", known, list(values))
            if before and all(before[0].get(name) == value for name, value in values.items()):
                return WriteResult(Written.SAME, task_id=task_id)
            if before:
                self.asking.call("mail.activity", "write", ids=[int(task_id)], vals=dict(values))
                return WriteResult(Written.DONE, task_id=task_id)
        lead = self.asking.rows(LEAD, [["id", "=", int(deal_id)]], ["user_id"])
        if not lead:
            return WriteResult(Written.GONE)
        owner = {"user_id": int(link(lead[0]["user_id"]))} if lead[0]["user_id"] else {}
        kind = {"act_type_xmlid": "mail.mail_activity_data_todo"}
        self.asking.call(LEAD, "activity_schedule", ids=[int(deal_id)], **kind, **values, **owner)
        return WriteResult(Written.DONE, task_id=self.find_task(deal_id, values["summary"]))

    def find_task(self, deal_id: str, subject: str) -> str:
        called = [*_tasks_of(deal_id), ["summary", "=", subject]]
        made = self.asking.rows("mail.activity", called, ["id"], "id desc", limit=1)
        return str(made[0]["id"]) if made else ""

    def finish_task(self, task_id: str) -> WriteResult:
        """Take an activity of ours away, as *Cancel* does; marked as done it would count as something that took place."""
        try:
            if not self.asking.rows("mail.activity", [["id", "=", int(task_id)]], ["id"]):
                return WriteResult(Written.GONE)
            self.asking.call("mail.activity", "unlink", ids=[int(task_id)])
        except (NoRight, NotThere, Rejected) as problem:
            return WriteResult(_refusal(problem), shortened(problem))
        return WriteResult(Written.DONE, task_id=task_id)


def _tasks_of(deal_id: str) -> list[list[Any]]:
    """Return the condition of tasks of a deal; those that are done are no more."""
    return [["res_model", "=", LEAD], ["res_id", "=", int(deal_id)]]


def _typed(what: Mapping[str, Any], value: str) -> Any:
    """Return a value as the field holds it; empty is False but for numbers."""
    kind = what.get("type")
    if kind == "integer":
        return int(value or 0)
    if kind in ("float", "monetary"):
        return float(value or 0)
    if kind == "boolean":
        return yes_or_no(value)
    return value or False


def _refusal(problem: Exception) -> Written:
    if isinstance(problem, NoRight):
        return Written.LOCKED
    return Written.GONE if isinstance(problem, NotThere) else Written.REFUSED
