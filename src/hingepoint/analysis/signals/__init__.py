"""The early-warning signals: one module each, a pure function of frames.

``SIGNALS`` lists the modules in the order of the paper. There is none yet.
"""

from __future__ import annotations

SIGNALS: tuple[str, ...] = ()
