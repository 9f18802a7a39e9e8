"""The addresses of the whole product: pages and the API."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("hingepoint.api.app")),
    path("", include("hingepoint.web.urls")),
]
handler400 = "hingepoint.web.answers.unreadable"
handler403 = "hingepoint.web.answers.forbidden"
handler404 = "hingepoint.web.answers.not_found"
handler500 = "hingepoint.web.answers.broken"
