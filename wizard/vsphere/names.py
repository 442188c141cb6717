"""Names and paths of vSphere's inventory, as vSphere keeps them and as people read them.

vSphere keeps `/`, `\\` and `%` within a name as `%2f`, `%5c` and `%25`, so that a `/` in a path only ever parts names.
"""

from __future__ import annotations

import re

_ESCAPED = {"2f": "/", "5c": "\\", "25": "%"}


def escaped(name: str) -> str:
    """A name, as people typed it, as one part of an inventory path."""
    return name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")


def shown(name: str) -> str:
    """A name as people typed it, of a name or of one part of a path."""
    return re.sub("%(2f|5c|25)", lambda found: _ESCAPED[found[1].lower()], name, flags=re.IGNORECASE)


def shown_path(path: str) -> str:
    """A path to read: no escapes, and with ` › ` between names where one of them has a slash of its own."""
    names = [shown(name) for name in path.split("/")]
    return (" › " if any("/" in name for name in names) else "/").join(names)
