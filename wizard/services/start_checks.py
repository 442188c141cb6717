"""What `manage.py check` says of keys and other secrets: who gets at them, and whether they open what is stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from wizard.config.env import secret_files
from wizard.config.keys import reach_of_others, too_open
from wizard.config.private import open_to, others_in
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


@register(Tags.security)
def the_folder_of_the_database_is_for_its_owner_alone(**_options: Any) -> list[CheckMessage]:
    """What a start does not close by itself: where something else lies, or what is somebody else's."""
    folder = settings.VAR_DIR
    mode = open_to(folder) if settings.KEPT_DATABASE else None
    if mode is None:
        return []
    hint = (
        "It holds more than what Foothold keeps: name a folder for Foothold alone with FOOTHOLD_VAR, or run: chmod 700"
        if others_in(folder)
        else "Give it to the user that runs Foothold, and run: chmod 700"
    )
    return [
        Warning(
            f"{folder}, where the database lies, is open to others than its owner (mode {mode:04o}).",
            hint=f"{hint} {folder}",
            id="foothold.W004",
        )
    ]


@register(Tags.security)
def files_of_secrets_are_not_for_everybody(**_options: Any) -> list[CheckMessage]:
    found = ((name, path, reach_of_others(path)) for name, path in secret_files().items())
    return [
        Warning(
            f"{path}, which {name} names, can be {reach[0]} by others (mode {reach[1]:04o}).",
            hint=f"Give it to the user that runs Foothold, and run: chmod 600 {path}",
            id="foothold.W003",
        )
        for name, path, reach in found
        if reach is not None
    ]


@register(Tags.database)
def stored_secrets_can_be_read(databases: Any = None, **_options: Any) -> list[CheckMessage]:
    """Asked by `manage.py check --database default`, and at every migration."""
    summary = what_is_lost() if databases else None
    return [Warning(str(summary), id="foothold.W002")] if summary else []
