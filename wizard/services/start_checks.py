"""What `manage.py check` says of the keys: who gets at them, and whether they open what is stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from wizard.config.keys import too_open
from wizard.services.key_rotation import what_is_lost


@register(Tags.security)
def keys_are_for_their_owner_alone(**_options: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"{path} can be read or changed by others than its owner (mode {mode:04o}).",
            hint=f"Run: chmod {'700' if path.is_dir() else '600'} {path}",
            id="foothold.W001",
        )
        for path, mode in too_open(settings.KEYS_DIR)
    ]


@register(Tags.database)
def stored_secrets_can_be_read(databases: Any = None, **_options: Any) -> list[CheckMessage]:
    """Asked by `manage.py check --database default`, and at every migration."""
    summary = what_is_lost() if databases else None
    return [Warning(str(summary), id="foothold.W002")] if summary else []
