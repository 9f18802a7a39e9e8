"""Where facts come from: one module or folder a source, which gives records or frames and knows no Django."""

from __future__ import annotations

#: Every source, by the name of its module here.
CONNECTORS = ("files",)
