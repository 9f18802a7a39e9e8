"""The work of a run: read the data, compute, and say how far it is. Changes nothing by itself."""

from __future__ import annotations

import datetime as dt
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings as django_settings
from django.db import connection

import hingepoint
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import record, replay
from hingepoint.analysis.discovery.reading import money
from hingepoint.analysis.discovery.sums import kept, pieces
from hingepoint.connectors import files
from hingepoint.domain.agreements import frames as agreement_frames
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import frames as deal_frames
from hingepoint.domain.detection import sureness
from hingepoint.domain.discovery.keeping import Folder
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.discovery.reading import counted_once
from hingepoint.records import agreements
from hingepoint.records.errors import Refused
from hingepoint.records.files import RowProblem
from hingepoint.records.findings import Source

#: A worker says so often that it lives, and never more often how far it is.
BEAT_SECONDS, TELL_SECONDS = 15.0, 0.5
#: How long a run must have gone on, and how far, before the time it still takes is said.
SOON_SECONDS, SOON_SHARE = 20.0, 0.1


class Unusable(Refused):
    """The input of a run cannot be used; the message says why, ``rows`` which rows."""

    def __init__(self, message: str, rows: Sequence[RowProblem] = ()):
        self.rows = tuple(rows)
        super().__init__(message)


@dataclass(frozen=True)
class Data:
    """What a run is computed from; ``facts`` counts rows left out while reading."""

    deals: pl.DataFrame
    events: pl.DataFrame
    facts: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a run found, and by which version of the code; ``pack`` beside it where one was asked for."""

    record: record.Record
    code_version: str
    pack: dict[str, Any] | None = None


def read(run: Run) -> Data:
    """Return the data of a run: what it read before, uploaded files, or the database as it is now.

    Raises Unusable.
    """
    if kept := run.snapshot:
        return Data(from_parquet(kept.deals), from_parquet(kept.events), run.options.get("read", {}))
    data = _from_files(run) if run.source == Source.FILES else _from_database()
    segment = run.options.get("segment")
    return _limited(data, segment) if segment else data


def _from_database() -> Data:
    events = agreement_frames.events_frame(None, without=sureness.unproven_steps())
    return Data(deal_frames.deals_frame(None), events, {})


def _from_files(run: Run) -> Data:
    paths = {kept["table"]: Path(kept["path"]) for kept in run.inputs}
    try:
        mapping = files.load_mapping(paths["mapping"]) if "mapping" in paths else None
        found = files.read(
            deals=paths.get("deals"),
            events=paths.get("events"),
            mapping=mapping,
            zone=django_settings.TIME_ZONE,
            skip_bad_rows=run.options.get("skip_bad_rows", False),
            covariates=tuple(run.settings.get("covariates", ())),
            agreement_columns=tuple(run.settings.get("agreement_columns", ())),
        )
    except files.BadRows as error:
        raise Unusable(str(error), error.problems) from error
    except files.FileProblem as error:
        raise Unusable(str(error)) from error
    facts = {
        "bad_rows": found.bad_rows,
        "rules": counted_once(found.rules),
        "covariates": list(found.covariates),
        "agreement_columns": list(found.agreement_columns),
    }
    return Data(found.deals, found.events, facts)


def _limited(data: Data, segment: str) -> Data:
    if "segment" not in data.deals.columns:
        raise Unusable("The deals carry no segment to limit them to.")
    deals = data.deals.filter(pl.col("segment") == segment)
    if deals.is_empty():
        raise Unusable(f"No deal is in the segment {segment}.")
    events = data.events.join(deals.select("deal_id"), on="deal_id", how="semi")
    return Data(deals, events, data.facts)


def find(data: Data, *, settings: dict[str, Any], progress: Callable[[float, str], None]) -> Found:
    """Return what discovery finds in ``data`` with the settings of a run. Raises Unusable."""
    wanted = asked(data, settings)
    try:
        currency = money.one_currency(data.deals, wanted.metric)
        found = discovery.discover(
            data.deals,
            data.events,
            settings=wanted,
            catalogue=catalogue(),
            progress=progress,
            bad_rows=data.facts.get("bad_rows", 0),
            rules=data.facts.get("rules", {}),
            keep=kept_sums(data),
        )
        if wanted.replay:
            found = replay.added(found, data.deals, data.events, catalogue=catalogue(), progress=progress)
    except discovery.DiscoveryError as error:
        text = str(error)
        raise Unusable(text[:1].upper() + text[1:] + ".") from error
    return Found(record.of(found, currency=currency, teams=teams(data.deals)), hingepoint.__version__)


def asked(data: Data, settings: dict[str, Any]) -> discovery.Settings:
    """Return the settings of a run, with the columns that were found while reading."""
    wanted = settings_from(settings)
    covariates = tuple(dict.fromkeys((*wanted.covariates, *data.facts.get("covariates", ()))))
    undated = tuple(dict.fromkeys((*wanted.agreement_columns, *data.facts.get("agreement_columns", ()))))
    return replace(wanted, covariates=covariates, agreement_columns=undated)


def kept_sums(data: Data) -> kept.Kept | None:
    """Return where the sums of a long history are kept, for a run that goes on and for the next refresh."""
    if data.deals.height <= pieces.PIECE_DEALS:
        return None
    return kept.Kept(Folder(django_settings.KEPT_SUMS), hingepoint.__version__)


def teams(deals: pl.DataFrame) -> int:
    """Return how many teams there are that could start with an agreement one after another."""
    return deals["team"].drop_nulls().n_unique() if "team" in deals.columns else 0


def settings_from(stored: dict[str, Any]) -> discovery.Settings:
    """Return the settings of a run from their stored form."""
    known = {field.name for field in fields(discovery.Settings)}
    values: dict[str, Any] = {name: _tuples(value) for name, value in stored.items() if name in known}
    for name in ("data_end", "since"):
        if values.get(name):
            values[name] = dt.datetime.fromisoformat(values[name])
    return discovery.Settings(**values)


def _tuples(value: Any) -> Any:
    """Return lists, also those in lists, as the tuples that settings hold."""
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def catalogue() -> list[agreements.AgreementType]:
    """Return the company's agreement types as the analysis wants them: names and late steps."""
    rows = AgreementType.objects.effective().values_list("key", "shown_name", "side", "proximity")
    return [
        agreements.AgreementType(key=key, name=name, side=agreements.Side(side), proximity=proximity)
        for key, name, side, proximity in rows
    ]


def names() -> dict[str, str]:
    """Return the company's names of agreement types by key."""
    return dict(AgreementType.objects.effective().values_list("key", "shown_name"))


def parquet(frame: pl.DataFrame) -> bytes:
    """Return a frame as Parquet; the same frame gives the same bytes."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def from_parquet(kept: bytes | memoryview) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(bytes(kept)))


def throttled(tell: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """Return ``tell`` that is called at most twice a second, and always with a new text."""
    last_at, last_text = 0.0, ""

    def maybe(share: float, text: str) -> None:
        nonlocal last_at, last_text
        now = time.monotonic()
        if text != last_text or now - last_at >= TELL_SECONDS:
            last_at, last_text = now, text
            tell(share, text)

    return maybe


def with_time_left(tell: Callable[[float, str], None]) -> Callable[[float, str], None]:
    """Return ``tell`` that also says how long the work still takes, once that can be known."""
    began = time.monotonic()

    def more(share: float, text: str) -> None:
        gone = time.monotonic() - began
        if share >= SOON_SHARE and gone >= SOON_SECONDS:
            text += f", {time_left(gone * (1 - share) / share)}"
        tell(share, text)

    return more


def time_left(seconds: float) -> str:
    """Return how long something still takes, in words for a page."""
    return "less than a minute left" if seconds < 60 else f"about {round(seconds / 60)} min left"


@contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call ``beat`` every few seconds from another thread while the block runs, however busy it is."""
    over = threading.Event()

    def keep_beating() -> None:
        try:
            while not over.wait(BEAT_SECONDS):
                beat()
        except Exception:
            # Cancelled or given up: the work learns it when it next says how far it is.
            return
        finally:
            connection.close()

    thread = threading.Thread(target=keep_beating, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)
