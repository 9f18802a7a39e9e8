"""A reader as small as can be: what a CRM gave, kept by identity, with its marks and a sweep for what is gone."""

from __future__ import annotations

from dataclasses import dataclass, field

from hingepoint.records.crm import CrmChange, CrmObject, CrmPage, Fate

#: Objects that are swept for what is gone.
SWEPT = (CrmObject.DEALS,)


@dataclass
class Kept:
    """``records`` by object and identity; those of deals that are gone are put away."""

    records: dict[CrmObject, dict[str, object]] = field(default_factory=dict)
    marks: dict[CrmObject, str] = field(default_factory=dict)
    stopped: set[CrmObject] = field(default_factory=set)  # kinds whose reading has not reached its end
    gone: dict[str, tuple[Fate, str]] = field(default_factory=dict)

    def sync(self, source) -> None:
        """Read every object to its end, page by page with its mark, then sweep. As the engine does, read once more
        where a reading was stopped before."""
        source.describe()
        for each in source.objects:
            for _ in range(2 if each in self.stopped else 1):
                self.read(source, each)
        for each in SWEPT:
            self.sweep(source, each)

    def read(self, source, object: CrmObject, most: int = 10_000) -> None:
        """Read to the end, or stop after so many pages."""
        self.stopped.add(object)
        for _ in range(most):
            page = source.page(object, self.marks.get(object, ""))
            self.take(page)
            self.marks[object] = page.mark
            if not page.more:
                self.stopped.discard(object)
                return

    def take(self, page: CrmPage) -> None:
        held = self.records.setdefault(page.object, {})
        for record in page.records:
            held[identity(record)] = record
        for fate in page.fates:
            held.pop(fate.id, None)
            self.gone[fate.id] = fate.fate, fate.into

    def sweep(self, source, object: CrmObject) -> None:
        there, mark = source.ids(object, "")
        while mark:
            some, mark = source.ids(object, mark)
            there |= some
        held = self.records.setdefault(object, {})
        for fate in source.fates(object, sorted(held.keys() - there)):
            if fate.fate is not Fate.LIVE:
                held.pop(fate.id)
                self.gone[fate.id] = fate.fate, fate.into
        if new := sorted(there - held.keys()):
            self.take(source.again(object, new))
            if CrmObject.CHANGES in source.objects:
                self.take(source.again(CrmObject.CHANGES, new))

    def settled(self) -> dict[str, dict[str, object]]:
        """Return what counts: everything of deals that are there."""
        deals = self.records.get(CrmObject.DEALS, {}).keys()
        return {
            object.value: {
                id: record
                for id, record in held.items()
                if getattr(record, "deal_id", None) is None or record.deal_id in deals
            }
            for object, held in self.records.items()
        }


def identity(record) -> str:
    if isinstance(record, CrmChange):
        return record.native_id or f"{record.deal_id}/{record.field.value}/{record.at}/{record.new}"
    return record.id


def read(source, *objects: CrmObject) -> dict[CrmObject, list]:
    """Return all records of some objects, from the beginning."""
    found: dict[CrmObject, list] = {}
    for each in objects:
        mark, more = "", True
        while more:
            page = source.page(each, mark)
            found.setdefault(each, []).extend(page.records)
            mark, more = page.mark, page.more
    return found


def changes(source, field) -> list[tuple]:
    """Return (old, new) of one field of all deals, in the order of time."""
    found = read(source, CrmObject.CHANGES)[CrmObject.CHANGES]
    unique = {identity(each): each for each in found if each.field is field}
    return [(each.old, each.new) for each in sorted(unique.values(), key=lambda each: each.at)]
