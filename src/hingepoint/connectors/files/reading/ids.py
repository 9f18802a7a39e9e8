"""Ids of deals that lost their form on the way: damaged ones, and those that two files write differently."""

from __future__ import annotations

import polars as pl

from hingepoint.connectors.files.problems import shown

#: Forms in which two exports write one id: what they differ by, and what is left when that is taken away.
_FORMS: tuple[tuple[str, pl.Expr], ...] = (
    ("leading zeros", pl.col("id").str.strip_chars_start("0")),
    ("“.0” at the end", pl.col("id").str.replace(r"[.,]0+$", "")),
    (
        "15 and 18 characters, as Salesforce writes them",
        pl.col("id").str.extract("^([A-Za-z0-9]{15})(?:[A-Z0-9]{3})?$"),
    ),
    ("upper and lower case", pl.col("id").str.to_lowercase()),
    ("separators of thousands", pl.col("id").str.replace_all(r"[,. '\u00a0]", "")),
    ("an apostrophe or a sign before them", pl.col("id").str.replace(r"^['#\s]+", "")),
)


def damaged(ids: pl.Series) -> pl.Series:
    """Return which ids are long numbers that a spreadsheet has rounded, such as 1.23457E+17."""
    return ids.str.contains(
        r"^[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}$|^[0-9][.,][0-9]+[eE][0-9]{1,3}$"
    ).fill_null(False)


def damage_in_words(table: str, ids: pl.Series) -> str:
    """Return what is wrong with damaged ``ids``, with an example."""
    return (
        f"{table}: {len(ids):,} deal ids were rounded by a spreadsheet ({shown(ids[0])}); different deals may have "
        "become one. Export again, with the id as text."
    )


def difference(strangers: pl.Series, known: pl.Series) -> str:
    """Return by what ids that name no deal differ from those of deals, with two examples; empty when by nothing known."""
    theirs = pl.DataFrame({"id": strangers.unique(maintain_order=True)})
    ours = pl.DataFrame({"id": known.unique(maintain_order=True)})
    for words, form in _FORMS:
        left = theirs.with_columns(form.alias("form")).filter(
            pl.col("form").is_not_null() & (pl.col("form") != "")
        )
        right = ours.with_columns(form.alias("form"))
        pairs = left.join(right, on="form", how="inner", suffix="_ours", maintain_order="left")
        if pairs.height:
            examples = " and ".join(
                f"{shown(a)!r} for {shown(b)!r}" for a, b in pairs.select("id", "id_ours").head(2).rows()
            )
            return f"the ids differ by {words}: {examples}"
    return ""
