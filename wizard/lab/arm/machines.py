"""vCenters and machines beyond the API: what stands behind an address, and what is protected already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.lab.arm import vcenters
from wizard.lab.arm.orders import Described, Orders
from wizard.lab.arm.state import Item, Protection, VCenter, guid


class MachineOrders(Orders):
    """Those of vCenters and of the machines that they bring."""

    def add_vcenter(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        fabric: str | None = None,
        friendly_name: str = "",
        port: int = 443,
        account: str = "1",
    ) -> Described:
        """One that somebody added in the portal, discovered already, through the built-in process server."""
        with self._lock:
            found = self._fabric(self._vault(vault), fabric)
            row = VCenter(
                name=name,
                friendly_name=friendly_name or name,
                address=address,
                port=str(port),
                process_server_id=found.with_role("ps")[0].id,
                account_id=account,
                internal_id=address,
            )
            found.vcenters[name.lower()] = row
            vcenters.complete(self._world, found, row)
            return {"name": name, "infrastructure_id": row.infrastructure_id}

    def set_machines(self, addresses: Sequence[str], machines: Sequence[Mapping[str, Any]]) -> None:
        """What stands behind a vCenter, under each of its addresses; discovery brings it in.

        Each machine: friendly_name, os_type (LINUX, WINDOWS), addresses, and powered_on, disks_mb, bios_id if so wished.
        """
        with self._lock:
            for address in addresses:
                self._world.set_machines(address, machines)

    def add_protected_items(
        self,
        vault: str,
        fabric: str | None,
        count: int,
        process_server: str,
        *,
        kind: str | None = None,
        master_target: str = "",
        prefix: str = "machine",
        disks: int = 2,
        group: str = "",
        run_as_account: str | None = None,
    ) -> list[Described]:
        """Machines that replicate through a process server: InMageAzureV2 in a classic fabric, InMageRcm in a modernized
        one, or the `kind` that is named. `group` is their replication group, `run_as_account` that of modernized ones (by
        default there is one). Returns `name` and `friendly_name` of each."""
        with self._lock:
            found = self._fabric(self._vault(vault), fabric)
            server = self._in_fabric(found, process_server)
            target = self._in_fabric(found, master_target).id if master_target else ""
            row = next(iter(found.vcenters.values()), None)
            added = []
            first = 1 + sum(1 for item in found.items.values() if item.friendly_name.startswith(prefix))
            for number in range(first, first + count):
                label = f"{prefix}{number:03}"
                item = Item(
                    name=guid(found.id, label),
                    friendly_name=label,
                    discovery_type="vCenter" if row else "Physical",
                    os_type="WINDOWS",
                    addresses=(f"198.51.100.{number % 250 + 1}",),
                    infrastructure_id=row.infrastructure_id if row else "0",
                    disks_mb=(65536,) * disks,
                    protection=Protection(
                        name=guid(found.id, label, "protected"),
                        kind=kind or ("InMageAzureV2" if found.kind == "VMware" else "InMageRcm"),
                        process_server_id=server.id,
                        master_target_id=target,
                        group=group,
                        run_as_account=guid(found.id, "account")
                        if run_as_account is None
                        else run_as_account,
                    ),
                )
                found.items[item.name] = item
                added.append({"name": item.name, "friendly_name": label})
            return added
