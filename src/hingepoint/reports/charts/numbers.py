"""Numbers in words, the same on a page, in a chart and in a printed report.

A true minus sign, one decimal for shares, and a dash for what is not known.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TypeGuard

from hingepoint.records.conventions import conventions
from hingepoint.records.languages import say, say_noun

MISSING = "–"
MINUS = "−"
Number = int | float | Decimal


def is_known(value: Number | None) -> TypeGuard[Number]:
    """Return whether there is a number to show: neither None nor NaN nor without end."""
    return value is not None and (not isinstance(value, float) or isfinite(value))


def number(value: Number | None, digits: int | None = None) -> str:
    """Return ``12,400`` or ``−3.25``; without ``digits`` whole numbers stay whole, others get one."""
    if not is_known(value):
        return MISSING
    if digits is None:
        digits = 0 if value == int(value) else 1
    text = f"{abs(value):,.{digits}f}"
    is_below = value < 0 and float(text.replace(",", ""))
    written = conventions().number(text)
    return f"{MINUS}{written}" if is_below else written


def signed(value: Number | None, digits: int | None = None) -> str:
    """Return the number with its sign always written: ``+3.2``, ``−0.4``, ``0.0``."""
    text = number(value, digits)
    is_positive = is_known(value) and value > 0 and any(c in "123456789" for c in text)
    return f"+{text}" if is_positive else text


def share(value: Number | None, digits: int = 1) -> str:
    """Return a share in [0, 1] as a percentage: ``0.123`` is ``12.3%``."""
    return _percent(number(value * 100, digits)) if is_known(value) else MISSING


def points(value: Number | None, digits: int = 1) -> str:
    """Return a difference of shares in percentage points, signed: ``0.032`` is ``+3.2 points``."""
    return say("{n} points", n=signed(value * 100, digits)) if is_known(value) else MISSING


def money(amount: Number | None, currency: str = "", digits: int = 0) -> str:
    """Return ``€12,400``; a currency without a well-known sign is written out: ``CHF 12,400``."""
    if not is_known(amount):
        return MISSING
    text = number(amount, digits)
    sign, digits_only = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}{_with_sign(digits_only, currency)}"


def signed_money(amount: Number | None, currency: str = "") -> str:
    """Return money with its sign always written: ``+€12,400``."""
    text = money(amount, currency)
    return f"+{text}" if is_known(amount) and round(amount) > 0 else text


def money_short(amount: Number | None, currency: str = "") -> str:
    """Return money to three figures for tight places: ``€1.24M``, ``$380k``."""
    if not is_known(amount):
        return MISSING
    size = abs(float(amount))
    limits = ((999_500_000, 1e9), (999_500, 1e6), (9_995, 1e3))
    for (limit, divisor), suffix in zip(limits, conventions().short, strict=True):
        if size >= limit:
            scaled = size / divisor
            digits = 0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2
            text = f"{scaled:.{digits}f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            written = _with_sign(f"{conventions().number(text)}{suffix}", currency)
            return f"{MINUS}{written}" if amount < 0 else written
    return money(amount, currency)


def effect(value: Number | None, unit: str = "points") -> str:
    """Return a signed change in its unit: ``points`` of a share, ``days``, or a currency code."""
    if not is_known(value):
        return MISSING
    if unit == "points":
        return points(value)
    if len(unit) == 3 and unit.isupper():
        text = money_short(value, unit)
        return f"+{text}" if value > 0 else text
    if unit == "days":
        return say("{n} days", n=signed(value, 1))
    return f"{signed(value, 1)} {unit}".rstrip()


def effect_bare(value: Number | None, unit: str = "points") -> str:
    """Return the signed change without the name of its unit, for columns that name it once."""
    if unit not in ("points", "days") or not is_known(value):
        return effect(value, unit)
    return signed(value * 100 if unit == "points" else value, 1)


def tick(value: float, unit: str, step: float) -> str:
    """Return a label of an axis: no more decimals than its step needs, and a plain 0."""
    if abs(value) < abs(step) * 1e-6:
        return "0"
    if unit not in ("points", "share"):
        return (
            effect_bare(value, unit) if len(unit) == 3 and unit.isupper() else number(value, _decimals(step))
        )
    digits = _decimals(step * 100)
    return _percent(number(value * 100, digits)) if unit == "share" else signed(value * 100, digits)


def interval(low: Number | None, high: Number | None, unit: str = "points") -> str:
    """Return ``+1.2 to +5.1 points``: the unit is said once, at the end."""
    if not (is_known(low) and is_known(high)):
        return MISSING
    return say("{low} to {high}", low=effect_bare(low, unit), high=effect(high, unit))


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 deal`` or ``1,204 deals``."""
    return say_noun(one, many or one + "s", count, number(count))


def _decimals(step: float) -> int:
    return next(
        (digits for digits in range(4) if abs(step * 10**digits - round(step * 10**digits)) < 1e-6), 4
    )


_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}


def _with_sign(written: str, currency: str) -> str:
    """Return an amount with the sign of its currency, on the side where the language has it."""
    if not currency:
        return written
    pattern = conventions().money
    sign = _SIGNS.get(currency) or (f"{currency} " if pattern.startswith("{sign}") else currency)
    return pattern.format(sign=sign, number=written)


def _percent(written: str) -> str:
    return conventions().percent.format(number=written)
