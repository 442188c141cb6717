"""What the machines of the lab do by themselves once they are there: register in a vault."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

from wizard.lab.arm.control import Control as AzureControl
from wizard.lab.control import Control as VCenterControl
from wizard.lab.control import ControlError
from wizard.lab.environment import APPLIANCE_SCENARIO
from wizard.lab.inventory import Data, disk_sizes
from wizard.lab.windows_host import WindowsHost
from wizard.lab.windows_host.installed import VERSION

# Whoever waits for a server in the vault looks at most once a minute, so it is to be there before the first look.
LOOK_S: Final = 0.25
# What somebody enters on the server for the wizard to choose from.
ACCOUNTS: Final = ("vcenter",)
VAULTS: Final = {
    "ova": "lyon-vault",
    "appliance": "lyon-appliance-vault",
    "unified_setup": "essen-vault",
}
_log = logging.getLogger(__name__)


class Registrar:
    """Looks every `every_s` while the `with` block lasts: for machines that were deployed in the lab's vCenter and have an
    address, and for Windows machines on which setup was run.

    In the real world somebody gives each of them the key of a vault. Here they find the vault that the examples name:
    a configuration server from the template, an appliance, and what Unified Setup made, each in its own.
    """

    def __init__(
        self,
        azure: AzureControl,
        vcenter: VCenterControl | None,
        hosts: Iterable[WindowsHost],
        *,
        every_s: float = LOOK_S,
    ) -> None:
        self._every_s = every_s
        self._azure = azure
        self._vcenter = vcenter
        self._hosts = tuple(hosts)
        self._done: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lab registrar", daemon=True)

    def __enter__(self) -> Self:
        if self._vcenter is not None:
            # Those that were there from the beginning have nothing to do with Site Recovery.
            self._done |= {machine["moid"] for machine in self._vcenter.machines()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(5.0)

    def look(self) -> None:
        """Register what came since the last look. Raises OSError or ControlError where vCenter does not answer."""
        for machine in self._vcenter.machines() if self._vcenter else ():
            if machine["powered_on"] and machine["addresses"] and machine["moid"] not in self._done:
                self._deployed(machine)
                self._done.add(machine["moid"])
        for host in self._hosts:
            if host.machine.installed_at is not None and host.name not in self._done:
                self._installed(host)
                self._done.add(host.name)

    def _deployed(self, machine: dict[str, Any]) -> None:
        name, address = machine["host_name"] or machine["name"], machine["addresses"][0]
        if name.partition(".")[0].lower() == APPLIANCE_SCENARIO:
            self._azure.register_appliance(VAULTS["appliance"], name, address, version=VERSION)
        else:
            self._register_server(VAULTS["ova"], name, address)

    def _installed(self, host: WindowsHost) -> None:
        kind, address = host.machine.scenario.kind, host.machine.address
        if kind == "appliance":
            self._azure.register_appliance(VAULTS["appliance"], host.name, address, version=VERSION)
        elif kind == "configuration_server":
            self._register_server(VAULTS["unified_setup"], host.name, address)

    def _register_server(self, vault: str, name: str, address: str) -> None:
        """Under its NetBIOS name, as Windows knows it."""
        self._azure.register_configuration_server(
            vault, name.partition(".")[0].upper(), address, accounts=ACCOUNTS, version=VERSION
        )

    def _watch(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self.look()
            except (OSError, ControlError) as error:
                # It is about to end, or is asked again in a second.
                _log.debug("The lab's vCenter does not answer: %s", error)


def machines_behind(inventory: Data) -> list[dict[str, Any]]:
    """The machines of an inventory as the emulator's discovery brings them in; templates are none."""
    return [
        {
            "friendly_name": machine["name"],
            "os_type": "WINDOWS" if machine["guest_id"].startswith("windows") else "LINUX",
            "addresses": [address for address in machine["addresses"] if ":" not in address],
            "powered_on": machine["powered_on"],
            "disks_mb": [size * 1024 for size in disk_sizes(machine)],
        }
        for datacenter in inventory["datacenters"]
        for machine in datacenter["vms"]
        if not machine.get("template")
    ]
