"""What is done every hour: one line a job, called with ``at``."""

from hingepoint.domain.detection import actions as detection
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.home import actions as home
from hingepoint.domain.people.tasks import mail_changes_again, mail_invitations
from hingepoint.domain.proof.tasks import mail_links
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.strategy import actions as strategy
from hingepoint.jobs.mails import send_digests, tell_teams

JOBS = (
    discovery.give_up_silent_runs,
    mail_invitations,
    mail_links,
    mail_changes_again,
    home.renew_answers,
    detection.read_on,
    strategy.ask_open_deals,
    routines.take_as_done,
    send_digests,
    tell_teams,
)
