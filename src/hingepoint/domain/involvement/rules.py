"""What pages and actions read in the event of an executive."""

from __future__ import annotations

#: How the note of an executive's event begins when price or terms came up.
PRICE_CAME_UP = "price"
