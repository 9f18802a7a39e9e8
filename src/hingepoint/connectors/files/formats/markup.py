"""XML from strangers: no document types, no entities, bounded depth and bounded tokens."""

from __future__ import annotations

from typing import IO
from xml.parsers import expat  # nosec: guarded below as defusedxml guards it, at a third of the cost

from defusedxml import DTDForbidden, EntitiesForbidden

from hingepoint.connectors.files.opening import CHUNK
from hingepoint.connectors.files.problems import FileProblem

#: No log or sheet nests deeper, and no single tag or text in one is longer.
DEEPEST = 100
LONGEST_TOKEN = 16 << 20


def guarded_parser() -> expat.XMLParserType:
    """Return an expat parser that refuses document types and entities."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser


def feed(parser: expat.XMLParserType, file: IO[bytes], name: str) -> None:
    """Give all of ``file`` to ``parser``; raises ``FileProblem`` when it is not sound XML."""
    fed = 0
    try:
        while chunk := file.read(CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                raise FileProblem(name, f"has an endless tag or text near line {parser.CurrentLineNumber}.")
        parser.Parse(b"", True)
    except (DTDForbidden, EntitiesForbidden):
        what = "defines XML entities or a document type, as attacks do and logs do not."
        raise FileProblem(name, what, "Export it again without a DOCTYPE.") from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else "unknown encoding"
        where = f"line {parser.CurrentLineNumber}"
        raise FileProblem(name, f"is not sound XML: {reason} at {where}.", "Export it again.") from None


def _no_document_type(name: str, system: str | None, public: str | None, internal: int) -> None:
    raise DTDForbidden(name, system, public)


def _no_entity(
    name: str,
    parameter: bool,
    value: str | None,
    base: str | None,
    system: str,
    public: str | None,
    notation: str | None,
) -> None:
    raise EntitiesForbidden(name, value, base, system, public, notation)
