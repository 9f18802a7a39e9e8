"""The bill of materials names every locked package, and is the same for the same lock."""

import re
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
