"""Server-made charts: one module a kind, each a pure function from plain frozen data to SVG.

Every module has the same three things: frozen dataclasses for its input, ``draw(...)`` which
returns one ``<svg>`` as text, and ``table(...)`` which returns the same numbers as a ``Table`` for
those who cannot or would rather not see the picture. The SVG stands alone: colours are
presentation attributes, classes let ``charts.css`` re-colour it for the dark theme. It holds no
``style`` attribute, no script and no identifier that could clash with another chart's.
"""

from __future__ import annotations

from importlib import resources


def stylesheet() -> str:
    """Return the CSS that themes all charts, for embedding in a self-contained document."""
    return (resources.files(__name__) / "static" / "charts.css").read_text(encoding="utf-8")
