"""The background task of rollouts; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task


@task()
def read_in_background() -> None:
    """Weigh what was planned, and read what was sealed, a moment ago."""
    from hingepoint.domain.impact import actions  # it calls back

    actions.read_rollouts(at=timezone.now(), only_new=True)
