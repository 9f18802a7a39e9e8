"""What is done every night from three o'clock on: one line a job, called with ``at``."""

import datetime as dt
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from hingepoint.connectors import passing
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.bridge import actions as bridge
from hingepoint.domain.debts import actions as debts
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.home import actions as home
from hingepoint.domain.impact import actions as impact
from hingepoint.domain.imports.touched import deals_of_import, deals_with_news_of_import
from hingepoint.domain.made_files import actions as made_files
from hingepoint.domain.premortems import actions as premortems
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.proposals import actions as proposals
from hingepoint.domain.reviews import actions as reviews
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.trials import actions as trials
from hingepoint.domain.turns import actions as turns
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.domain.upkeep import queries
from hingepoint.domain.webhooks import actions as webhooks

KEPT_DAYS = 14


def forget_finished_tasks(*, at: dt.datetime) -> None:
    """Drop background tasks that ended more than two weeks ago, so that their table stays small."""
    call_command("prune_db_task_results", queue_name="*", min_age_days=KEPT_DAYS, verbosity=0)


def clear_after_killed_programs(*, at: dt.datetime) -> None:
    """Remove what programs needed for a moment and did not take away, because they were killed."""
    for place in (settings.ENVIRONMENT.data_dir, Path(tempfile.gettempdir())):
        passing.sweep(place)


def forget_ended_sessions(*, at: dt.datetime) -> None:
    """Drop the sessions of people who have not come back in time."""
    call_command("clearsessions")


def ask_what_deals_need(*, at: dt.datetime) -> None:
    """Ask the open deals that changed for what the playbooks in force want of them."""
    strategy.ask_touched_deals(at=at, deals_of_import=deals_of_import)


def read_traces(*, at: dt.datetime) -> None:
    """Let the detection rules that are on read the deals on which something happened, and settle what people
    answered."""
    detection.read_touched(at=at, deals_of_import=deals_with_news_of_import)


def read_signals(*, at: dt.datetime) -> None:
    """Keep how the ten signals stand at the end of yesterday, and at the ends of the months that were missed."""
    signals.read_signals(at=at, kept=settings.KEPT_ROWS)


def read_debts(*, at: dt.datetime) -> None:
    """Keep what deals owe in pivotal agreements at the end of yesterday, and at the ends of months that were missed."""
    debts.read_debts(at=at)


def tag_pressures(*, at: dt.datetime) -> None:
    """Let the rules that tag deals with pressures read the deals on which something happened."""
    pressures.read_touched(at=at, deals_of_import=deals_with_news_of_import)


def read_pressures(*, at: dt.datetime) -> None:
    """Keep how the five pressures stand at the end of yesterday."""
    pressures.read_pressures(at=at)


def keep_what_pages_told(*, at: dt.datetime) -> None:
    """Keep what strategies and the first page of sponsors told of yesterday, so that the day can be read later as it was."""
    home.keep_day(at=at)


def read_rollouts(*, at: dt.datetime) -> None:
    """Weigh what planned rollouts can prove, and keep what sealed ones were worth at the end of yesterday."""
    impact.read_rollouts(at=at)


def let_old_promises_lapse(*, at: dt.datetime) -> None:
    """Rely no more on promises that nobody checked again in time, or whose person has left."""
    agreements.lapse_expired(at=at, today=timezone.localdate(at))


def prepare_reviews(*, at: dt.datetime) -> None:
    """Choose the deals of the reviews of the next working day, and ask their owners for what is missing."""
    reviews.prepare_ahead(at=at)


def begin_premortems(*, at: dt.datetime) -> None:
    """Ask of large deals that come near a landmark what could still go wrong."""
    premortems.begin_ahead(at=at)


def pass_requests_on(*, at: dt.datetime) -> None:
    """Ask somebody else where a request for an exception waits for who is not here any more."""
    escalations.pass_on(by=None, at=at)


def show_results_of_trials(*, at: dt.datetime) -> None:
    """Keep what trials showed whose planned deals have all their outcome."""
    trials.conclude(at=at)


def refresh_statistics(*, at: dt.datetime) -> None:
    """Let the database know how its tables have grown."""
    upkeep.refresh_statistics()


class Damaged(Exception):
    """The file of the database is damaged: doctor and the log say so until a backup is restored."""


def look_for_damage(*, at: dt.datetime) -> None:
    """Read the whole file of a SQLite database for damage. Raises Damaged."""
    if found := queries.damage():
        raise Damaged(f"The database is damaged: {found}")


def anchor_trail(*, at: dt.datetime) -> None:
    """Add the length and the digest of the audit trail to the file of the settings, where there is one."""
    if (file := settings.ENVIRONMENT.audit_anchors) and audit.length():
        with file.open("a", encoding="utf-8") as anchors:
            anchors.write(f"{audit.anchor(at)}\n")


JOBS = (
    anchor_trail,
    look_for_damage,
    discovery.forget_uploads,
    made_files.forget_made_files,
    forget_finished_tasks,
    forget_ended_sessions,
    clear_after_killed_programs,
    turns.forget_forms,
    tokens.forget_answers,
    webhooks.forget_old,
    proposals.forget_old,
    bridge.gather,
    let_old_promises_lapse,
    read_traces,
    tag_pressures,
    routines.let_fall_due,
    routines.take_as_done,
    read_signals,
    read_debts,
    read_pressures,
    keep_what_pages_told,
    read_rollouts,
    ask_what_deals_need,
    prepare_reviews,
    begin_premortems,
    pass_requests_on,
    show_results_of_trials,
    refresh_statistics,
)
