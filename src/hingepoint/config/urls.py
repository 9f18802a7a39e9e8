"""The addresses of the whole product: pages, later the API."""

from django.urls import include, path

urlpatterns = [path("", include("hingepoint.web.urls"))]
handler404 = "hingepoint.web.answers.not_found"
handler500 = "hingepoint.web.answers.broken"
