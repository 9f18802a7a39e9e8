"""Imports: how far one is."""

from __future__ import annotations

from hingepoint.records.words import Worded


class ImportState(Worded):
    """How far an import is."""

    UPLOADED = "uploaded", "Not checked yet"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, waiting for you"
    IMPORTING = "importing", "Being imported"
    DONE = "done", "Imported"
    REFUSED = "refused", "Refused"
    UNDONE = "undone", "Taken back"
