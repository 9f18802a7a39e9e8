"""Files in and out: tables in any common format, event logs, and exports that are safe to open.

``read`` gives the frames of a deals table, events table or event log, ``open_reading`` the same with events that
are read from disk, as often as wanted, ``open_events`` a stream of events that is read once,
``understand`` what a file seems to be, ``write_table`` a file. What cannot be used raises ``FileProblem``.
"""

from hingepoint.connectors.files.formats.parquet import parts_of
from hingepoint.connectors.files.mapping import Mapping, load_mapping, parse_mapping, with_answer
from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.page import formats_page
from hingepoint.connectors.files.problems import BadRows, FileProblem
from hingepoint.connectors.files.reading.frames import (
    EventStream,
    Reading,
    Rows,
    open_events,
    open_reading,
    read,
    read_deals,
    read_rows,
    understand,
)
from hingepoint.connectors.files.reading.people import PeopleSheet, read_people
from hingepoint.connectors.files.reading.rules import RULES
from hingepoint.connectors.files.reading.so_far import SoFar
from hingepoint.connectors.files.reading.survey import Understood, UnderstoodColumn
from hingepoint.connectors.files.reading.telling import OpenQuestions, QuestionTold, Told, told
from hingepoint.connectors.files.reading.understanding import Question, Understanding, from_record
from hingepoint.connectors.files.writing import write_table

__all__ = [
    "RULES",
    "BadRows",
    "EventStream",
    "FileProblem",
    "Limits",
    "Mapping",
    "OpenQuestions",
    "PeopleSheet",
    "Question",
    "QuestionTold",
    "Reading",
    "Rows",
    "SoFar",
    "Told",
    "Understanding",
    "Understood",
    "UnderstoodColumn",
    "formats_page",
    "from_record",
    "load_mapping",
    "open_events",
    "open_reading",
    "parse_mapping",
    "parts_of",
    "read",
    "read_deals",
    "read_people",
    "read_rows",
    "told",
    "understand",
    "with_answer",
    "write_table",
]
