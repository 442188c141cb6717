"""The product's own settings, with what `benchmarks.served` adds."""

from wizard.config.settings import *  # noqa: F403 - taken over whole

ROOT_URLCONF = "benchmarks.served"
MIDDLEWARE = ["benchmarks.served.CountQueries", *MIDDLEWARE]  # noqa: F405
