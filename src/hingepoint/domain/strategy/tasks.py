"""The background task of strategies; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.strategy import actions


@task()
def ask_in_background() -> None:
    actions.ask_open_deals(at=timezone.now())
