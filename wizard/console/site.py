"""The admin site of the reviewers."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class ConsoleSite(admin.AdminSite):
    site_header = _("Foothold console")
    site_title = _("Foothold console")
    index_title = _("Records")
    enable_nav_sidebar = False
