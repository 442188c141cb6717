"""What the vault of a deployment sees: looked at again and again, compared with the record, kept where it changed."""

from wizard.services.vault_observation.schedule import look_if_due, make_due, send_due
from wizard.services.vault_observation.task import prepare, run

__all__ = ["look_if_due", "make_due", "prepare", "run", "send_due"]
