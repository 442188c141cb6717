"""What people set for themselves."""

from __future__ import annotations

import zoneinfo

from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import Operator
from wizard.services import audit
from wizard.services.errors import Invalid
from wizard.text import Text, _


def time_zones() -> list[str]:
    """Every zone that this machine knows, by name."""
    return sorted(zoneinfo.available_timezones())


def choose_time_zone(user: Operator, zone: str) -> None:
    """Show this person times in `zone`; "" leaves it to the browser. Raises Invalid for a zone that nobody knows."""
    if zone and zone not in zoneinfo.available_timezones():
        text = Text(_("“%(zone)s” is not a time zone; choose one of the list."), zone=zone)
        raise Invalid([FieldError(path="time_zone", message=text, code="unknown_time_zone")])
    user.time_zone = zone
    user.save(update_fields=["time_zone"])


@transaction.atomic
def change_password(user: Operator, password: str) -> None:
    """Set a password that was judged good enough, and note that it changed."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(
        "account.password_changed",
        subject=user,
        actor=user,
        sentence=Text(_("%(who)s changed the password."), who=user.username),
    )
