"""What is done every hour: one line a job, called with ``at``."""

from hingepoint.domain.discovery import actions as discovery

JOBS = (discovery.give_up_silent_runs,)
