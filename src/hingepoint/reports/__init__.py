"""What is handed out or read in words: one module or folder a document. What several share stands beside them."""

from __future__ import annotations

#: Every document, by its module here -> what it is.
DOCUMENTS = {
    "calendars": "What stands in a person's calendar, as iCalendar",
    "discovery": "The report of a discovery run: one HTML file with its tables",
    "discovery_pdf": "The same as a tagged PDF",
    "executive_briefs": "What an executive needs on one deal, a page",
    "handovers": "The handover letter of a deal, a page",
    "notebook": "A result of discovery in a notebook",
    "packs": "The pack of a pipeline review: what changed, what did not, one to three decisions, as a PDF",
    "packs_slides": "The same as PowerPoint slides",
    "plan_sheets": "The plan of a talk or of a deal, a page",
    "self_assessment": "Where a company stands by what its people say, a page",
    "signals": "The ten early-warning signals: one JSON object, with their places, points and deals as tables",
    "trials": "A trial: how far it is and what it showed",
}
