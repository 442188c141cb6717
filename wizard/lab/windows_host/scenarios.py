"""How a host of the lab behaves, and what it is, chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Behaviour = Literal[
    "well", "hung", "mute", "drops", "access_denied", "not_admin", "gone", "stays", "floods", "babbles"
]
Kind = Literal["configuration_server", "process_server", "appliance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`behaviour` is how it answers, `kind` what it was set up to become; one that `needs_work` is not ready."""

    behaviour: Behaviour = "well"
    kind: Kind = "configuration_server"
    needs_work: bool = False
    pending_reboot: bool = False


SCENARIOS: Final[dict[str, Scenario]] = {
    "healthy": Scenario(),
    "needs_work": Scenario(needs_work=True),
    "process_server": Scenario(kind="process_server"),
    "appliance": Scenario(kind="appliance"),
    "reboots": Scenario(pending_reboot=True),  # a restart takes a second or two, and mends it
    "gone": Scenario(behaviour="gone"),  # a restart is its last act
    "stays": Scenario(behaviour="stays"),  # says that it restarts, and does not
    "hung": Scenario(behaviour="hung"),  # scripts begin and never end
    "mute": Scenario(behaviour="mute"),  # in the middle of a script it answers nothing any more
    "drops": Scenario(behaviour="drops"),  # in the middle of a script it closes the connection
    "access_denied": Scenario(behaviour="access_denied"),  # no password is right
    "not_admin": Scenario(
        behaviour="not_admin"
    ),  # the password is right, the account may not sign in remotely
    "floods": Scenario(behaviour="floods"),  # scripts write without end
    "babbles": Scenario(behaviour="babbles"),  # scripts report progress without end, and write nothing
}
