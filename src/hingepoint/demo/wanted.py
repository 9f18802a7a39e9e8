"""What the demo company's sellers note of a deal at its creation: the day that the customer asks for, the countries
they buy for, and what a competitor asks."""

from __future__ import annotations

import numpy as np
import polars as pl

from hingepoint.demo import planted, sales
from hingepoint.demo.scene import Scene
from hingepoint.records.pressures import Pressure


def columns(scene: Scene) -> list[pl.Series]:
    """Return the three columns of the deals, as text, empty where nothing was noted."""
    rng = scene.rng("wanted")
    return [
        pl.Series("requested_date", _days(scene, rng), dtype=pl.String),
        pl.Series("countries", _countries(scene, rng), dtype=pl.String),
        pl.Series("competitor_price", _prices(scene, rng), dtype=pl.String),
    ]


def _felt(scene: Scene, pressure: Pressure) -> np.ndarray:
    return scene.deals.pressures[:, sales.PRESSURES.index(pressure)].astype(bool)


def _days(scene: Scene, rng: np.random.Generator) -> list[str | None]:
    named, draw = rng.random((2, len(scene.deals)))
    pressed, easy = (low + draw * (high - low) for low, high in (planted.DAYS_PRESSED, planted.DAYS_EASY))
    ahead = np.where(_felt(scene, Pressure.TIME), pressed, easy).astype("timedelta64[D]")
    days = scene.deals.created.astype("datetime64[D]") + ahead
    return [str(day) if n < planted.DAY_NAMED else None for day, n in zip(days, named, strict=True)]


def _countries(scene: Scene, rng: np.random.Generator) -> list[str]:
    known = scene.accounts["country"].to_numpy()
    every, own = np.unique(known), known[scene.deals.account]
    least, most = planted.COUNTRIES_TOGETHER
    wanted = np.where(_felt(scene, Pressure.SOURCING), rng.integers(least, most + 1, len(own)), 1)
    ranked = every[np.argsort(rng.random((len(own), len(every))), axis=1)]
    return [
        "; ".join([home, *(one for one in others if one != home)][:number])
        for home, others, number in zip(own, ranked, wanted, strict=True)
    ]


def _prices(scene: Scene, rng: np.random.Generator) -> list[str | None]:
    deals = scene.deals
    known, spread = rng.random(len(deals)), planted.PRICE_SPREAD * rng.standard_normal(len(deals))
    newcomer = deals.competitor == sales.NEWCOMER
    below = np.where(newcomer, planted.PRICE_BELOW_OF_NEWCOMER, planted.PRICE_BELOW) + spread
    asked = np.round(deals.list_price * (1 - below), -2)
    some = (
        (known < planted.PRICE_KNOWN)
        & (deals.competitor != sales.NONE_KNOWN)
        & (deals.competitor != "own build")
    )
    return [f"{price:.0f}" if there else None for price, there in zip(asked, some, strict=True)]
