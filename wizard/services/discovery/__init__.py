"""Discovery: the machines of a vCenter and what stands around them, kept as fresh as the schedule says."""

from wizard.services.discovery.claim import take
from wizard.services.discovery.refreshing import WATCHES, Outcome, refresh
from wizard.services.discovery.schedule import (
    close_unused_watches,
    close_watches,
    keep_no_watches,
    keep_watches,
    refresh_if_due,
    send_due,
)

__all__ = [
    "WATCHES",
    "Outcome",
    "close_unused_watches",
    "close_watches",
    "keep_no_watches",
    "keep_watches",
    "refresh",
    "refresh_if_due",
    "send_due",
    "take",
]
