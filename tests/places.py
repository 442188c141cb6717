"""Where a walk has been: the rows and the template as they were there, to be put back for the next who goes that way."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from tests.snapshot import Snapshot
from wizard.models import Credential, Deployment, Operator, StepAnswer, Task

if TYPE_CHECKING:
    from tests.walk import Walk


class Place:
    """Holds in this process alone, whose database, keys and simulator it came from."""

    def __init__(self, walk: Walk, template: str) -> None:
        self._deployment = walk.deployment.pk
        self._operator = walk.operator.pk
        self._rows = Snapshot("wizard_")
        self._template = settings.TEMPLATE_DIR / template
        self._copy: Path | None = None
        if self._template.exists():
            # With its times, by which the product knows it again.
            self._copy = Path(tempfile.mkdtemp(dir=settings.VAR_DIR)) / template
            shutil.copy2(self._template, self._copy)

    def put_back(self, walk: Walk) -> None:
        self._rows.restore()
        if self._copy is not None:
            shutil.copy2(self._copy, settings.TEMPLATE_DIR / self._copy.name)
        for row, key in ((walk.operator, self._operator), (walk.deployment, self._deployment)):
            row.pk = key
            row.refresh_from_db()


def untouched(deployment: Deployment) -> bool:
    """There is this deployment and who began it, and nothing else that putting back other rows would take away."""
    alone = Deployment.objects.count() == Operator.objects.count() == 1
    return alone and not any(kind.objects.exists() for kind in (StepAnswer, Task, Credential))
