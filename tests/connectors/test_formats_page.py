"""The reference page names everything that the readers know."""

from __future__ import annotations

from hingepoint.connectors import files
from hingepoint.connectors.files import fields, mapping


def test_every_column_synonym_rule_and_mapping_key_is_on_the_page():
    page = files.formats_page()
    for role in fields.FIELDS.values():
        for field in role:
            assert all(f"`{word}`" in page for word in (field.name, *field.synonyms))
    for rule in files.RULES:
        assert f"`{rule.key}`" in page
        assert rule.sentence in page
    models = (mapping.Mapping, mapping.DealsMapping, mapping.EventsMapping, mapping.Join, mapping.Outcome)
    for model in models:
        for name, key in model.model_fields.items():
            assert f"`{name}`" in page
            assert key.description


def test_every_table_of_the_page_has_rows_of_one_width():
    widths: list[int] = []
    for line in files.formats_page().splitlines():
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(line.replace("\\|", "").count("|"))
        assert len(set(widths)) == 1
