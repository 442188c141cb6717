"""What FOOTHOLD_DEBUG shows of a crash: where it was, and of what kind everything was there, but no value that may be secret.

Django hides values in production alone, where it shows none of this. A developer's database has passwords of real vCenters,
and a page of errors is what is pasted into a ticket.
"""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from wizard.config import redaction

_PLAIN = (bool, int, float, type(None))


class ReportFilter(SafeExceptionReporterFilter):
    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, str]:
        """Of local variables the names; the values of numbers, and of everything else the type."""
        return {
            name: repr(value) if isinstance(value, _PLAIN) else f"<{type(value).__qualname__}>"
            for name, value in tb_frame.f_locals.items()
        }.items()

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, str]:
        """Which fields came, and nothing of what was typed there."""
        return {} if request is None else dict.fromkeys(request.POST, self.cleansed_substitute)

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Also of an address the password, whatever the setting is called."""
        if isinstance(key, str) and redaction.names_secret(key):
            return self.cleansed_substitute
        cleansed = super().cleanse_setting(key, value)
        # Some look like text and are not: what a library works out when it is read.
        return redaction.redacted(str(cleansed)) if isinstance(cleansed, str) else cleansed
