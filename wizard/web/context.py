"""What every template may show."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from wizard.services.permissions import may
from wizard.web.approval_panel import in_header


def product(request: HttpRequest) -> dict[str, object]:
    """`may_operate` only decides which buttons are shown; the services decide what is allowed."""
    user = getattr(request, "user", None)
    return {
        "version": settings.VERSION,
        "lab": settings.LAB,
        "may_operate": user is not None and may(user, "task.launch"),
        # Whoever reviews, and whom an administrator let in; the console itself asks again.
        "may_open_console": user is not None
        and (may(user, "console.open") or (may(user, "product.use") and user.is_staff)),
        "may_change_teams": user is not None and may(user, "team.change"),
        **in_header(user),
    }
