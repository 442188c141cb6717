"""How the console writes days and times: as all other pages do, in every language."""

from __future__ import annotations

DATE = "Y-m-d"
DATETIME = "Y-m-d H:i"
