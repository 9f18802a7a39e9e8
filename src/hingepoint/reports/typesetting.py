"""PDF by Typst, which needs no system library: a template of ours and plain data give tagged pages.

Typst comes with the extra ``reports``; without it ``NoTypesetter`` says what to install. Only Typst's own
fonts are used, so that the same data gives the same bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from importlib.util import find_spec
from typing import Any, Final

#: The standard for documents that screen readers can read: title, language, tags, alternative texts.
STANDARD: Final = "ua-1"
#: The face that charts are lettered in on paper: Typst brings it along.
FACE = "Libertinus Serif"


class NoTypesetter(RuntimeError):
    """PDF cannot be made here; the message says what to install."""

    def __init__(self) -> None:
        super().__init__("PDF needs Typst, which is not installed: pip install 'hingepoint[reports]'.")


def available() -> bool:
    """Return whether PDF can be made here."""
    return find_spec("typst") is not None


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF that a template of this package makes of ``data``, which it reads as JSON: texts
    are shown as they are and never run. Raises NoTypesetter."""
    if not available():
        raise NoTypesetter
    import typst

    source = resources.files("hingepoint.reports") / "templates" / template
    return typst.compile(
        source.read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=[STANDARD],
        timestamp=0,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


#: A picture of one chart, nothing around it.
_PICTURE = """#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.drawn), format: "svg", width: 330pt)
"""


def png(drawn: str, *, ppi: float = 220.0) -> bytes:
    """Return an SVG as a picture of points, for documents that take no SVG. Raises NoTypesetter."""
    if not available():
        raise NoTypesetter
    import typst

    return typst.compile(
        _PICTURE.encode(), format="png", ppi=ppi, ignore_system_fonts=True, sys_inputs={"drawn": drawn}
    )
