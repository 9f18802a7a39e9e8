"""What else one might run to find the agreements that matter, each as its users would.

A method takes ``Rows`` and returns ``Said``. Simple methods get one row a decided deal and what it ever
gained; double machine learning gets rows by landmark with a column a seller, which is the design of
Hingepoint handed to it, so that only the estimation differs.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hingepoint.analysis import discovery

WEEK = 7 * 86_400_000_000  # in microseconds


@dataclass(frozen=True)
class Rows:
    """What was gained (a column a type), what was known, and whether it was won."""

    types: tuple[str, ...]
    gained: np.ndarray
    known: np.ndarray
    won: np.ndarray


@dataclass(frozen=True)
class Said:
    """How high a method puts each type; with effects and standard errors where it has them."""

    score: np.ndarray
    error: np.ndarray | None = None


def ever(deals: pl.DataFrame, events: pl.DataFrame) -> Rows:
    """Return one row a decided deal."""
    decided = deals.filter(pl.col("status") != "open").sort("deal_id")
    wide = _weeks_of_gain(decided, events)
    types = tuple(sorted(set(wide.columns) - {"deal_id"}))
    gained = np.isfinite(wide.select(types).to_numpy()).astype(float)
    return Rows(types, gained, _facts(decided), _won(decided))


def by_landmark(
    deals: pl.DataFrame, events: pl.DataFrame, landmarks: tuple[float, ...], horizon: float
) -> Rows:
    """Return a row for each landmark, in weeks, that a deal reaches open with ``horizon`` weeks of data after it."""
    deals = deals.sort("deal_id")
    wide = _weeks_of_gain(deals, events)
    types = tuple(sorted(set(wide.columns) - {"deal_id"}))
    gained, facts, won = wide.select(types).to_numpy(), _facts(deals), _won(deals)
    closed = _weeks(deals, "closed")
    until = (max(deals["closed"].max(), events["at"].max()) - pl.Series(deals["created"])).cast(pl.Int64)
    until = until.to_numpy() / WEEK
    seller = deals["owner"].to_dummies(drop_first=True).to_numpy().astype(float)
    parts = []
    for number, landmark in enumerate(landmarks):
        at_risk = (closed > landmark) & (until >= landmark + horizon)
        which = np.zeros((int(at_risk.sum()), len(landmarks) - 1))
        which[:, number - 1 : number] = 1.0
        known = np.hstack([facts[at_risk], seller[at_risk], which])
        outcome = won[at_risk] * (closed[at_risk] <= landmark + horizon)
        parts.append(((gained[at_risk] <= landmark).astype(float), known, outcome))
    return Rows(types, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def without(rows: Rows, left_out: set[str]) -> Rows:
    kept = [place for place, key in enumerate(rows.types) if key not in left_out]
    return replace(rows, types=tuple(rows.types[place] for place in kept), gained=rows.gained[:, kept])


def _weeks(deals: pl.DataFrame, column: str) -> np.ndarray:
    """Return weeks since creation, infinite where there is no such moment."""
    length = (deals[column] - deals["created"]).cast(pl.Int64) / WEEK
    return length.fill_null(np.inf).to_numpy()


def _weeks_of_gain(deals: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return a row a deal, a column a type: weeks from creation to its gain, infinite if never gained."""
    dated = events.join(deals.select("deal_id", "created"), on="deal_id")
    week = (pl.col("at") - pl.col("created")).cast(pl.Int64) / WEEK
    wide = dated.with_columns(week=week).pivot(
        "agreement", index="deal_id", values="week", aggregate_function="min"
    )
    joined = deals.select("deal_id").join(wide, on="deal_id", how="left", maintain_order="left")
    return joined.fill_null(np.inf)


def _facts(deals: pl.DataFrame) -> np.ndarray:
    words = deals.select("segment", "region", "source").to_dummies(drop_first=True).to_numpy()
    created = (deals["created"] - deals["created"].min()).cast(pl.Int64).to_numpy() / WEEK / 52
    size = np.log(deals["initial_amount"].to_numpy())
    size = size - size.mean()
    return np.column_stack([size, size**2, created, words]).astype(float)


def _won(deals: pl.DataFrame) -> np.ndarray:
    return (deals["status"] == "won").to_numpy().astype(float)


def lift(rows: Rows) -> Said:
    with_it = (rows.gained * rows.won[:, None]).sum(axis=0) / np.maximum(rows.gained.sum(axis=0), 1)
    lacking = 1 - rows.gained
    without_it = (lacking * rows.won[:, None]).sum(axis=0) / np.maximum(lacking.sum(axis=0), 1)
    return Said(with_it - without_it)


def logistic(rows: Rows) -> Said:
    from sklearn.linear_model import LogisticRegression

    return Said(_coefficients(LogisticRegression(C=1e4, max_iter=400), rows))


def lasso(rows: Rows) -> Said:
    """The linear LASSO, its penalty chosen by cross-validation."""
    from sklearn.linear_model import LassoCV

    return Said(_coefficients(LassoCV(cv=5, alphas=40), rows))


def _coefficients(model, rows: Rows) -> np.ndarray:
    from sklearn.preprocessing import StandardScaler

    both = StandardScaler().fit_transform(np.column_stack([rows.gained, rows.known]))
    return np.ravel(model.fit(both, rows.won).coef_)[: len(rows.types)]


def forest(rows: Rows) -> Said:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(n_estimators=60, min_samples_leaf=10, random_state=1)
    model.fit(np.column_stack([rows.gained, rows.known]), rows.won)
    return Said(model.feature_importances_[: len(rows.types)])


def regression(rows: Rows) -> Said:
    """All types at once by least squares, with heteroskedasticity-robust errors (HC1)."""
    both = np.column_stack([np.ones(rows.won.size), rows.gained, rows.known])
    inverse = np.linalg.pinv(both.T @ both)
    beta = inverse @ (both.T @ rows.won)
    moved = (both @ inverse) * (rows.won - both @ beta)[:, None]
    error = np.sqrt((moved**2).sum(axis=0) * rows.won.size / (rows.won.size - both.shape[1]))
    ours = slice(1, len(rows.types) + 1)
    return Said(beta[ours], error[ours])


def doubleml_loop(rows: Rows, places: range | None = None) -> Said:
    """The partially linear model with ridge, five folds, one type after the other."""
    import doubleml
    from sklearn.linear_model import Ridge

    said = []
    for place in places or range(len(rows.types)):
        others = np.hstack([rows.known, np.delete(rows.gained, place, axis=1)])
        data = doubleml.DoubleMLData.from_arrays(others, rows.won, rows.gained[:, place])
        fitted = doubleml.DoubleMLPLR(data, Ridge(), Ridge(), n_folds=5).fit()
        said.append((fitted.coef[0], fitted.se[0]))
    return Said(*np.array(said).T)


def econml_vector(rows: Rows) -> Said:
    """Linear double machine learning of all types at once with ridge, five folds."""
    from econml.dml import LinearDML
    from sklearn.linear_model import Ridge

    model = LinearDML(model_y=Ridge(), model_t=Ridge(), cv=5, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows.won, rows.gained, X=None, W=rows.known)
        said = model.intercept__inference()
    return Said(np.ravel(said.point_estimate), np.ravel(said.stderr))


def dml_vector(rows: Rows) -> Said:
    """The same without that library: what others leave of outcome and types by ridge in five folds, then least squares."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(5, shuffle=True, random_state=1)
    left, won = (
        values - cross_val_predict(Ridge(), rows.known, values, cv=folds)
        for values in (rows.gained, rows.won)
    )
    return regression(replace(rows, gained=left, won=won, known=np.zeros((won.size, 0))))


#: The methods on one row a deal.
ON_DEALS = {
    "lift": lift,
    "logistic": logistic,
    "LASSO": lasso,
    "forest": forest,
    "ever gained": regression,
}


def landmarks_of(found: discovery.Discovery) -> tuple[tuple[float, ...], float]:
    """Return the landmarks and the horizon of a run in weeks."""
    return tuple(discovery.weeks(label) for label in found.data.landmarks), discovery.weeks(
        found.data.horizon
    )


def has_econml() -> bool:
    return importlib.util.find_spec("econml") is not None
