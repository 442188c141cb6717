"""All addresses of the product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from wizard.api.app import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("console/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("wizard.web.urls")),
]

handler500 = "wizard.web.views.crash.crashed"
