"""Write the bill of materials of the product: ``python3 dev.py sbom`` makes build/sbom.cdx.json.

What stands in it is what ``requirements/core.txt`` locks, in the format CycloneDX 1.6 (ECMA-424), the same for the same lock.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hingepoint import __version__

ROOT = Path(__file__).resolve().parents[1]
#: A line of a lock: name, version, and the condition under which it is installed.
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*([^\\\n]*?))?\s*\\?$", re.MULTILINE)


def bill(lock: str, *, version: str) -> dict[str, Any]:
    """Return the bill of materials of what a lock names."""
    parts = list(_components(lock))
    itself = {"type": "application", "name": "hingepoint", "version": version, "bom-ref": "hingepoint"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'hingepoint {version} {lock}')}",
        "version": 1,
        "metadata": {"component": itself},
        "components": parts,
        "dependencies": [{"ref": "hingepoint", "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def _components(lock: str) -> Iterator[dict[str, Any]]:
    for name, version, condition in LOCKED.findall(lock):
        address = f"pkg:pypi/{name}@{version}"
        part = {"type": "library", "name": name, "version": version, "purl": address, "bom-ref": address}
        yield part | ({"properties": [{"name": "marker", "value": condition}]} if condition else {})


def main() -> None:
    file = ROOT / "build" / "sbom.cdx.json"
    file.parent.mkdir(exist_ok=True)
    made = bill((ROOT / "requirements" / "core.txt").read_text(encoding="utf-8"), version=__version__)
    file.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {file.relative_to(ROOT)}: {len(made['components'])} packages.")


if __name__ == "__main__":
    main()
