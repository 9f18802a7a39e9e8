"""The same work on Spark: partitions gather their events and sum their pieces, and hand back sums.

What is computed is what is computed here, by the same functions; Spark only decides where. The driver
holds the table of deals and, for each deal and type, four bytes.
"""

from __future__ import annotations

import datetime
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

import hingepoint
from hingepoint.analysis.discovery.reading import gathering
from hingepoint.analysis.discovery.settings import DiscoveryError
from hingepoint.analysis.discovery.sums.pieces import Piece, Task, Told

T = TypeVar("T")

#: Events that are sent to a partition together.
EVENTS_TOGETHER = 250_000
#: Pickled work as rows of a Spark table: its number, and its bytes.
WORK = "number long, work binary"


@dataclass
class OnSpark:
    """Runs work on a Spark session. Events may be a Spark table, whose partitions then gather them."""

    session: Any

    def gather(
        self, events: Any, index: pl.DataFrame, end: datetime.datetime | None
    ) -> Iterator[gathering.Gathered]:
        """Return what the events say, a part from each batch of a partition."""
        gathers = Gathers(self.session.sparkContext.broadcast(index.to_arrow()), end)
        if hasattr(events, "mapInArrow"):
            yield from self._results(events.mapInArrow(gathers, WORK))
            return
        for batch in gathering.batches(
            events, EVENTS_TOGETHER * self.session.sparkContext.defaultParallelism
        ):
            table = self.session.createDataFrame(batch.select(_plain(batch)).to_arrow())
            yield from self._results(table.mapInArrow(gathers, WORK))

    def fold(self, groups: Sequence[Sequence[Piece]], task: Task[T], told: Told) -> Iterator[T]:
        """Yield what ``task`` makes of each piece, in the order of the pieces."""
        pieces = [piece for group in groups for piece in group]
        sent = self.session.sparkContext.broadcast(task)
        work = self.session.sparkContext.parallelize(
            [(number, bytearray(pickle.dumps(_bare(piece)))) for number, piece in enumerate(pieces)],
            max(len(pieces), 1),
        )
        table = self.session.createDataFrame(work, WORK).mapInArrow(Does(sent), WORK)
        for piece, result in zip(pieces, self._results(table), strict=True):
            told(piece)
            yield result
        sent.unpersist()

    def _results(self, table: Any) -> Iterator[Any]:
        """Yield the results of all partitions in their order, one partition in memory at a time."""
        for row in table.toLocalIterator(prefetchPartitions=True):
            yield pickle.loads(row["work"])  # noqa: S301 - our own results


@dataclass(frozen=True)
class Gathers:
    """What a partition does with batches of its events."""

    index: Any
    end: datetime.datetime | None

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        index = pl.DataFrame(self.index.value)
        for batch in batches:
            found = gathering.gather(pl.DataFrame(pl.from_arrow(batch)), index, self.end)
            yield _row(0, found)


@dataclass(frozen=True)
class Does:
    """What a partition does with its pieces."""

    task: Any

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        task: Callable[[list[Piece]], Any] = self.task.value
        for batch in batches:
            for row in batch.to_pylist():
                piece = pickle.loads(row["work"])  # noqa: S301 - our own pieces
                yield _row(row["number"], task([piece]))


def _row(number: int, result: Any) -> Any:
    import pyarrow

    columns = {"number": [number], "work": [pickle.dumps(result)]}
    return pyarrow.RecordBatch.from_pydict(columns, schema=_schema())


def _schema() -> Any:
    import pyarrow

    return pyarrow.schema([("number", pyarrow.int64()), ("work", pyarrow.binary())])


def _bare(piece: Piece) -> Piece:
    return replace(piece, laid_out=None)


def _plain(batch: pl.DataFrame) -> list[pl.Expr]:
    """Return the columns that the analysis looks at, with moments as Spark understands them."""
    known = ("deal_id", "agreement", "at", "kind", "state", "side", "recorded_at", *gathering.LEVELS)
    return [pl.col(name) for name in known if name in batch.columns]


def _workers_find_us() -> None:
    """Let the workers of a session on this machine run this Python and find this package."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    here = str(Path(hingepoint.__file__).parents[1])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([here, *filter(None, paths)]))


def session(threads: str = "*") -> Any:
    """Return the Spark session in force, or one on this machine.

    Raises DiscoveryError if PySpark or Java is missing; the message says what to install.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DiscoveryError("Spark needs PySpark: pip install 'hingepoint[spark]'") from None
    running = SparkSession.getActiveSession()
    if running:
        return running
    _workers_find_us()
    builder = SparkSession.builder.master(f"local[{threads}]").appName("hingepoint")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "4g",
        "spark.driver.maxResultSize": "0",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(EVENTS_TOGETHER),
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise DiscoveryError(
            "Spark did not start; it needs Java 17 or later (on Debian and Ubuntu: apt install default-jre-headless)"
        ) from error
