#!/usr/bin/env python3
"""The command line of Foothold: `manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")
    from django.core.management import execute_from_command_line

    from wizard.wire import trace

    # What a command sets in motion goes by one id, as what a request does.
    with trace.following(trace.new_id()):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
