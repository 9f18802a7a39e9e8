"""The background task of pressures; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.pressures import actions


@task()
def read_in_background() -> None:
    actions.read_on(at=timezone.now())
