"""The bill of materials names every locked package, and is the same for the same lock."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import write_sbom

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")
SMALL = (
    "a-b==1.2 \\\n    --hash=sha256:00\nnumpy==2.4 ; python_full_version < '3.12' \\\n    --hash=sha256:11\n"
)


def test_each_package_has_its_version_and_its_address():
    made = write_sbom.bill(SMALL, version="0.1")
    assert [one["purl"] for one in made["components"]] == ["pkg:pypi/a-b@1.2", "pkg:pypi/numpy@2.4"]
    assert made["components"][1]["properties"] == [
        {"name": "marker", "value": "python_full_version < '3.12'"}
    ]
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")


def test_nothing_that_the_lock_holds_is_left_out():
    made = write_sbom.bill(LOCK, version="0.1")
    assert len(made["components"]) == sum(line[:1].isalnum() for line in LOCK.splitlines())
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(refs) == len(set(refs))
    assert made["dependencies"][0]["dependsOn"] == refs


def test_what_the_product_asks_for_is_in_it():
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    asked = {re.match(r"[\w-]+", line)[0] for line in lines}
    assert len(asked) > 20
    assert asked <= {one["name"] for one in write_sbom.bill(LOCK, version="0.1")["components"]}


def test_the_same_lock_makes_the_same_bill_and_another_one_another():
    assert write_sbom.bill(LOCK, version="0.1") == write_sbom.bill(LOCK, version="0.1")
    assert (
        write_sbom.bill(LOCK, version="0.1")["serialNumber"]
        != write_sbom.bill(SMALL, version="0.1")["serialNumber"]
    )


def told_of_holes(found: object) -> tuple[int, str]:
    """Return the verdict on what pip-audit found, and its words."""
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "holes.py"], input=json.dumps(found), capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_a_known_hole_of_what_is_locked_is_said_and_stops():
    sound = {"name": "a", "version": "1", "vulns": []}
    open_ = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}]}
    assert told_of_holes({"dependencies": [sound]}) == (0, "1 packages were asked about.\n")
    stopped, said = told_of_holes({"dependencies": [sound, open_]})
    assert stopped == 1
    assert "b 2 has a known hole: CVE-1" in said


def test_where_nobody_can_be_asked_about_holes_it_is_said():
    assert told_of_holes({}) == (
        0,
        "SKIPPED: the list of known holes cannot be reached, so nobody was asked.\n",
    )
    unasked = {"name": "a", "version": "1", "skip_reason": "not found"}
    assert told_of_holes({"dependencies": [unasked]}) == (
        0,
        "SKIPPED: nobody could be asked about 1 of 1 packages.\n",
    )
