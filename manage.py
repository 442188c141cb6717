#!/usr/bin/env python3
"""The command line of Foothold: `manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from wizard.wire import trace

    # What a command sets in motion goes by one id, as what a request does.
    try:
        with trace.following(trace.new_id()):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting, or a place that is needed before anything else: the message says all that there is to do.
        if settings.configured or "--traceback" in sys.argv:
            raise
        sys.exit(f"Foothold cannot start. {error}")


if __name__ == "__main__":
    main()
