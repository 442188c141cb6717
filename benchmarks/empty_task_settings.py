"""The product's own settings, with a kind of task that does nothing."""

from wizard.config.settings import *  # noqa: F403 - taken over whole

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.empty_kind.EmptyKindConfig"]  # noqa: F405
