"""All judges, by the names that the catalogue uses. Importing this package fills the register: every module in it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from wizard.checks.verdict import find_judge

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["find_judge"]
