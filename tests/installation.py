"""An installation of Hingepoint in a folder, used from outside: every command is a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "rain on the tin roof"


@dataclass(frozen=True)
class Installation:
    """A data folder, and ``hingepoint`` to run on it as a person would: as a program of its own."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "hingepoint.sqlite3"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
        source = str(Path(__file__).resolve().parents[1] / "src")
        return {**kept, "HINGEPOINT_DATA_DIR": str(self.folder), "PYTHONPATH": source}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hingepoint", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=self.folder.parent, capture_output=True, text=True
        )
