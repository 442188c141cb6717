"""Kinds of task for the tests of the task engine, known to the worker processes that tests start as well."""

from __future__ import annotations

from django.apps import AppConfig


class TestKindsConfig(AppConfig):
    name = "tests"
    label = "test_kinds"

    def ready(self) -> None:
        from tests.kinds import ALL
        from wizard.services.tasks.kinds import KINDS

        KINDS.update({kind.id: kind for kind in ALL})
