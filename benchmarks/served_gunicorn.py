"""As the product is served, on the address of this measurement, without a word of welcome."""

from wizard.config.gunicorn import *  # noqa: F403 - taken over whole


def when_ready(server: object) -> None:
    """Nobody is there to be welcomed."""
