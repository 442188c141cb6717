"""The Django app of everything in this package, and the admin site that reviewers use."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WizardConfig(AppConfig):
    name = "wizard"
    verbose_name = "Foothold"

    def ready(self) -> None:
        import structlog
        from django.conf import settings
        from django.contrib.auth.signals import user_logged_in
        from django.utils.translation import gettext, ngettext

        # Celery's app must exist in every process that publishes, not in workers alone.
        from wizard.config.celery import app  # noqa: F401
        from wizard.services import start_checks  # noqa: F401 - importing it registers the checks
        from wizard.services.targets import allowed_targets
        from wizard.text import install_translator
        from wizard.web.attempts import keep_no_links
        from wizard.web.session_limits import mark_sign_in
        from wizard.wire import destinations

        install_translator(gettext, ngettext)
        keep_no_links()
        user_logged_in.connect(mark_sign_in, dispatch_uid="mark_sign_in")
        destinations.configure(allowed_targets)
        if settings.VAR_DIR_CLOSED_NOW:
            structlog.get_logger(__name__).warning("folder.closed_to_others", path=str(settings.VAR_DIR))


class ConsoleConfig(AdminConfig):
    default_site = "wizard.console.site.ConsoleSite"

    def ready(self) -> None:
        # Before all other services, which the kinds of tasks know.
        import wizard.services.tasks  # noqa: F401

        super().ready()
        # Importing them registers the pages.
        from wizard.console import (  # noqa: F401
            additions,
            azure,
            deployments,
            hand_over,
            operations,
            people,
            plans,
            records,
            reviews,
            snapshots,
            tasks,
            trail,
            vault,
            vsphere,
        )
