"""Numbers as people write them: decimal sign and thousands, signs, currencies, percent.

``1.234`` is one and a bit or a thousand and a bit: what a column means is decided from all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

#: What separates thousands besides the sign that is not the decimal one.
_GAPS = " \u00a0\u202f\u2009'’"
_CODE = r"(?:[A-Z]{3}|[A-Z]{0,2}\p{Sc}|kr\.?|zł|Kč|Ft|Fr\.|Rs\.?)"
_NUMBER = (
    r"^([(])?\s*([-+−])?\s*("
    + _CODE
    + r")?\s*([-+−])?([0-9.,][0-9.,"
    + _GAPS
    + r"]*?)(?:[eE]([-+]?[0-9]{1,3}))?"
    r"\s*(" + _CODE + r")?\s*(%)?(-)?\s*([)])?$"
)
_PLAIN = r"^-?[0-9]{1,300}(?:\.[0-9]+)?$"

_POINT_PROOF = (
    r",.*\.|,[0-9]{3},|^(?:0|[0-9]{4,})?\.[0-9]*$|^0[0-9]*\.[0-9]+$|^[0-9]+\.(?:[0-9]{0,2}|[0-9]{4,})$"
    r"|[" + _GAPS + r"][0-9]{3}\.[0-9]*$"
)
_COMMA_PROOF = (
    r"\..*,|\.[0-9]{3}\.|^(?:0|[0-9]{4,})?,[0-9]*$|^0[0-9]*,[0-9]+$|^[0-9]+,(?:[0-9]{0,2}|[0-9]{4,})$"
    r"|[" + _GAPS + r"][0-9]{3},[0-9]*$"
)
_PLAIN_POINT_PROOF = r"\.(?:[0-9]{1,2}|[0-9]{4,})$|^-?0[0-9]*\.|^-?[0-9]{4,}\."
_PLAIN_EITHER = r"^-?[1-9][0-9]{0,2}\.[0-9]{3}$"
_EITHER = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"


def _shape(decimal: str) -> str:
    other = "," if decimal == "." else r"\."
    gap = f"[{other}{_GAPS}]"
    mark = r"\." if decimal == "." else ","
    return (
        rf"^(?:[0-9]+|[0-9]{{1,3}}(?:{gap}[0-9]{{3}})+|[0-9]{{1,2}}(?:{other}[0-9]{{2}})+{other}[0-9]{{3}})"
        rf"(?:{mark}[0-9]*)?$|^{mark}[0-9]+$"
    )


_SHAPES = {".": _shape("."), ",": _shape(",")}

MONEY_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "₹": "INR",
    "₺": "TRY",
    "₩": "KRW",
    "₪": "ILS",
    "₴": "UAH",
    "zł": "PLN",
}


@dataclass(slots=True)
class NumberEvidence:
    """What has been seen in a column: the first rows that prove a decimal sign, that need one, and currencies."""

    point: tuple[int, str] | None = None
    comma: tuple[int, str] | None = None
    either: tuple[int, str] | None = None
    currencies: set[str] = field(default_factory=set)

    def see(self, rows: pl.Series, text: pl.Series) -> None:
        plain = text.str.contains(_PLAIN)
        self.point = self.point or _first(rows, text, plain & text.str.contains(_PLAIN_POINT_PROOF))
        self.either = self.either or _first(rows, text, plain & text.str.contains(_PLAIN_EITHER))
        odd, rows = text.filter(~plain & (text != "")), rows.filter(~plain & (text != ""))
        if odd.is_empty():
            return
        parts = odd.str.extract_groups(_NUMBER).struct.unnest()
        body, exponent = parts["5"], parts["6"].is_not_null()
        self.point = self.point or _first(
            rows, odd, body.str.contains(_POINT_PROOF) | (exponent & body.str.contains(r"\."))
        )
        self.comma = self.comma or _first(
            rows, odd, body.str.contains(_COMMA_PROOF) | (exponent & body.str.contains(","))
        )
        self.either = self.either or _first(rows, odd, body.str.contains(_EITHER) & ~exponent)
        for column in ("3", "7"):
            self.currencies.update(parts[column].drop_nulls().unique().to_list()[:10])


def _first(rows: pl.Series, text: pl.Series, mask: pl.Series) -> tuple[int, str] | None:
    at = mask.fill_null(False).arg_max() if mask.any() else None
    return None if at is None else (rows[at], text[at])


def read_numbers(text: pl.Series, decimal: str) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return ``(numbers, bad, per_cent)`` of stripped texts; ``bad`` marks what is no finite number.

    Empty texts are null and not bad. ``per_cent`` marks values that had a percent sign; they are not yet divided.
    """
    if decimal == "." and text.str.contains(rf"^$|{_PLAIN}").all():
        values = text.cast(pl.Float64, strict=False)
        none = pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
        return values, values.is_null() & (text != ""), none
    parts = text.str.extract_groups(_NUMBER).struct.unnest()
    body = parts["5"]
    fits = body.str.contains(_SHAPES[decimal]).fill_null(False)
    digits = body.str.replace_all("[" + _GAPS + ("," if decimal == "." else ".") + "]", "").str.replace(
        ",", ".", literal=True
    )
    exponent = parts["6"].fill_null("0")
    values = (digits + "e" + exponent).cast(pl.Float64, strict=False)
    opens, closes = parts["1"].is_not_null(), parts["10"].is_not_null()
    signs = [parts[each].is_in(["-", "−"]).fill_null(False) for each in ("2", "4", "9")]
    count = sum((each.cast(pl.Int8) for each in signs), opens.cast(pl.Int8))
    both = parts["2"].is_not_null() & parts["4"].is_not_null()
    bad = (text != "") & (
        ~fits | values.is_null() | values.is_infinite() | (opens != closes) | (count > 1) | both
    )
    bad = bad.fill_null(True) & (text != "")
    values = pl.select(
        pl.when(bad | (text == "")).then(None).when(count == 1).then(-values).otherwise(values)
    ).to_series()
    return values, bad, parts["8"].is_not_null()


def is_typed(column: pl.Series) -> bool:
    """Return whether a file holds this column as numbers that are the same as floats and as text."""
    return column.dtype in _TYPED


_TYPED = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64),
    *(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    pl.Float64,
)


def typed_numbers(column: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return what ``read_numbers`` returns of their texts, of numbers that a file typed."""
    values = column.cast(pl.Float64) + 0.0  # there is no minus zero in a text
    bad = (~values.is_finite()).fill_null(False)
    values = pl.select(pl.when(~bad).then(values)).to_series()
    return values, bad, pl.repeat(False, len(column), dtype=pl.Boolean, eager=True)


def currency_codes(text: pl.Series) -> pl.Series:
    """Return the ISO code that each text names by code or by a sign of one currency; null when none."""
    parts = text.str.extract_groups(_NUMBER).struct.unnest()
    sign = pl.select(pl.coalesce(parts["3"], parts["7"])).to_series()
    code = sign.replace_strict(MONEY_SIGNS, default=None, return_dtype=pl.String)
    iso = pl.select(pl.when(sign.str.contains(r"^[A-Z]{3}$")).then(sign).otherwise(code)).to_series()
    return iso.rename("currency")
