"""Offers and what was given between two forms of one: pure functions on a deal's quotes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hingepoint.records.crm import CrmLine, CrmQuote


@dataclass(frozen=True, slots=True)
class Given:
    """Money given between two forms of a quote for the same goods."""

    quote_id: str
    at: dt.datetime
    amount: Decimal
    currency: str


def current(quotes: Sequence[CrmQuote]) -> CrmQuote | None:
    """Return the newest form of the offer that counts; of several, the one that moved last."""
    newest = [forms[-1] for forms in _forms(quotes)]
    return max((each for each in newest if each.current), key=lambda each: (each.at, each.id), default=None)


def list_price(quote: CrmQuote) -> Decimal | None:
    return _total(quote, lambda line: line.list_price)


def net_price(quote: CrmQuote) -> Decimal | None:
    """Return the price of the whole offer: its own, which knows discounts on the whole, else that of its lines."""
    return quote.net_price if quote.net_price is not None else _total(quote, lambda line: line.net_price)


def cost(quote: CrmQuote) -> Decimal | None:
    return _total(quote, lambda line: line.cost)


def concessions(quotes: Sequence[CrmQuote]) -> Iterator[Given]:
    """Yield where the price of an offer fell for the same goods.

    With list prices it is the share of discount that grew, on the list price of now: more or fewer goods, or
    another list, are no concession. Without, goods and quantities must be the same.
    """
    for forms in _forms(quotes):
        for before, after in itertools.pairwise(forms):
            given = _given(before, after)
            if given is not None and given > 0:
                yield Given(after.id, after.at, given, after.currency)


def _given(before: CrmQuote, after: CrmQuote) -> Decimal | None:
    if before.currency != after.currency:
        return None
    net_then, net_now = net_price(before), net_price(after)
    if net_then is None or net_now is None:
        return None
    list_then, list_now = list_price(before), list_price(after)
    if list_then and list_now:
        return (net_then / list_then * list_now - net_now).quantize(Decimal("0.01"))
    return net_then - net_now if _goods(before) == _goods(after) else None


def _forms(quotes: Sequence[CrmQuote]) -> list[list[CrmQuote]]:
    """Return the forms of each quote, oldest first."""
    found: dict[str, list[CrmQuote]] = defaultdict(list)
    for each in quotes:
        found[each.id].append(each)
    return [sorted(forms, key=lambda each: each.at) for forms in found.values()]


def _total(quote: CrmQuote, money: Callable[[CrmLine], Decimal | None]) -> Decimal | None:
    """Return the sum over the lines, None where a line does not say it."""
    said = [value for line in quote.lines if (value := money(line)) is not None]
    return sum(said, Decimal(0)) if said and len(said) == len(quote.lines) else None


def _goods(quote: CrmQuote) -> list[tuple[str, str]]:
    """Return what is offered, and how much of each, in an order of its own; an unknown quantity is like no other but itself."""
    return sorted(
        (line.product, "" if line.quantity is None else f"{line.quantity.normalize():f}")
        for line in quote.lines
    )
