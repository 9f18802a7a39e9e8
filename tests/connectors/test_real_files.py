"""Real exports and logs are read with the example mappings of the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from hingepoint.connectors import files

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"


def example(name: str) -> files.Mapping:
    return files.load_mapping(EXAMPLES / f"{name}.yaml")


def counts(reading: files.Reading) -> dict[str, int]:
    return dict(reading.deals["status"].value_counts().iter_rows())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_mapping_is_sound(path):
    assert files.load_mapping(path) != files.Mapping()


@pytest.mark.slow
def test_the_bpi_challenge_2012_log(shared_data):
    found = files.read(
        events=shared_data / "bpic2012" / "bpic2012.xes.gz",
        mapping=example("bpic2012"),
        zone="Europe/Amsterdam",
    )
    assert counts(found) == {"won": 2246, "lost": 7635 + 2807, "open": 399}
    assert found.deals["initial_amount"].null_count() == 0
    assert found.events.height + found.rules["other_transition"] == 262_200
    assert found.deals["created"].min().isoformat() == "2011-10-01T00:38:44.546000"
    sent = found.events.filter(agreement="O_SENT")["deal_id"].unique()
    decided = found.deals.filter(found.deals["deal_id"].is_in(sent.implode()))["status"].value_counts()
    assert len(sent) == 5015
    assert sum(number for status, number in decided.iter_rows() if status != "open") == 4688


def test_the_maven_crm_export(shared_data):
    found = files.read(deals=shared_data / "maven_crm" / "sales_pipeline.csv", mapping=example("maven_crm"))
    assert counts(found) == {"won": 4238, "lost": 2473, "open": 1589}
    assert found.rules == {"left_out_by_mapping": 500}
    assert found.deals.select("list_price", "manager", "region").null_count().row(0) == (0, 0, 0)
    assert found.deals.filter(product="GTXPro")["list_price"].unique().to_list() == [4821.0]
    assert found.events["agreement"].unique().to_list() == ["Engaged"]
    assert found.events.height == found.deals.height


def test_the_salvirt_table_of_undated_agreements(shared_data):
    found = files.read(
        deals=shared_data / "salvirt_b2b" / "Salvirt_B2B_ML_dataset.csv", mapping=example("salvirt_b2b")
    )
    assert counts(found) == {"won": 227, "lost": 221}
    assert found.deals.group_by("Budgt_alloc").len().sort("len").rows() == [
        ("unknown", 36),
        ("no", 193),
        ("yes", 219),
    ]
    assert len(found.agreement_columns) == 9
    assert "account" not in found.deals.columns


@pytest.mark.slow
def test_the_salesforce_tables_of_fivetran(shared_data):
    path = shared_data / "fivetran_seeds" / "sf_opportunity_data.csv"
    found = files.read(deals=path, mapping=example("fivetran_salesforce"))
    assert counts(found) == {"won": 4, "lost": 4, "open": 1}
    assert found.rules == {"closed_before_created": 1, "open_with_close_date": 1}
    assert counts(files.read(deals=path)) == counts(found)  # recognised without a mapping too
