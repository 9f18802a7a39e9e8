"""The addresses of the whole product: pages, the API, where assistants ask, and what a company's directory asks."""

from django.urls import include, path

from hingepoint.api.proposing import server

urlpatterns = [
    path("api/", include("hingepoint.api.app")),
    path("scim/v2/", include("hingepoint.api.scim")),
    path("mcp", server),
    path("", include("hingepoint.web.urls")),
]
handler400 = "hingepoint.web.answers.unreadable"
handler403 = "hingepoint.web.answers.forbidden"
handler404 = "hingepoint.web.answers.not_found"
handler500 = "hingepoint.web.answers.broken"
