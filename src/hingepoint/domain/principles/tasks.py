"""The background task of principles; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.principles import actions


@task()
def read_in_background() -> None:
    actions.read_principles(at=timezone.now())
