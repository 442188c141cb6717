"""The Celery application: broker and schedule come from the Django settings named CELERY_*."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from wizard.config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")

broker.install()
app = Celery("foothold")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["wizard"])


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Connecting at all is the point: Celery then leaves the logging that Django configured alone."""
