"""How many threads linear algebra takes when a command runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hingepoint.cli import THREADS

SOURCE = Path(__file__).resolve().parents[2] / "src"
ASK = """
import os, sys
from hingepoint.cli import main
main(["discover", "--help"], standalone_mode=False)
assert "numpy" not in sys.modules
print("threads:", os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.parametrize(
    ("chosen", "threads"),
    [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2"), ({"OMP_NUM_THREADS": "2"}, "None")],
)
def test_a_command_calculates_on_one_thread_unless_told_otherwise(chosen, threads):
    inherited = {name: value for name, value in os.environ.items() if name not in THREADS}
    environment = {**inherited, **chosen, "PYTHONPATH": str(SOURCE)}
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    assert asked.stdout.splitlines()[-1] == f"threads: {threads}"
