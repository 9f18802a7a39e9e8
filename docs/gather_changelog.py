"""Gather changelog.d/ into CHANGELOG.md for a release: ``python3 dev.py changelog 0.2.0``.

The fragments go, in the order of their names, below the first heading; then edit the text by hand: one
order by subject, one line for what belongs together, first what people must do differently.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def gather(root: Path, *, version: str, on: dt.date) -> int:
    """Move all fragments into a section of the changelog; return how many. Raises ValueError."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is not a version such as 0.2.0.")
    changelog, folder = root / "CHANGELOG.md", root / "changelog.d"
    fragments = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    text = changelog.read_text(encoding="utf-8")
    if f"## {version} " in text:
        raise ValueError(f"CHANGELOG.md holds {version} already.")
    if not fragments:
        raise ValueError("There is nothing in changelog.d/ to gather.")
    bullets = "\n".join(file.read_text(encoding="utf-8").strip() for file in fragments)
    intro, heading, older = text.partition("\n## ")
    changelog.write_text(
        f"{intro.rstrip()}\n\n## {version} ({on})\n\n{bullets}\n{heading}{older}", encoding="utf-8"
    )
    for file in fragments:
        file.unlink()
    return len(fragments)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say which version: python3 dev.py changelog 0.2.0")
    try:
        count = gather(ROOT, version=sys.argv[1], on=dt.datetime.now(dt.UTC).date())
    except ValueError as error:
        sys.exit(str(error))
    print(
        f"Gathered {count} fragments into CHANGELOG.md. Edit it, and set __version__ in src/hingepoint/__init__.py."
    )
