from django.apps import AppConfig


class DomainConfig(AppConfig):
    name = "hingepoint.domain"
    label = "domain"
    verbose_name = "Hingepoint"
