"""Whether the ESXi hosts that may take the disks can be reached from here: asked before vCenter makes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from pyVmomi import vim

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.errors import Unreachable
from wizard.vsphere.import_plan import ImportTarget
from wizard.vsphere.placement import HostInfo
from wizard.vsphere.session import Session
from wizard.vsphere.wire import Deadline, open_tcp

PORT = 443  # where hosts take disks
_AT_ONCE = 16
_MOST_NAMES = 10  # in one message


def candidates(session: Session, target: ImportTarget, named: vim.HostSystem | None) -> tuple[str, ...]:
    """The addresses of those hosts to which vCenter may send us with the disks, by name.

    A standalone ESXi host is the one that we are connected to; vCenter names a host or chooses, of those that run
    and reach the datastore, any.
    """
    if session.about.api_type != "VirtualCenter":
        return ()
    hosts = [
        host
        for host in target.compute.hosts
        if (host.ref.moid == named._moId if named is not None else _may_take(host, target))
    ]
    return tuple(sorted({host.address for host in hosts if host.address}))


def check_hosts(
    hosts: Sequence[str], *, book: AddressBook, deadline_s: float, on_phase: Callable[[Text], None]
) -> None:
    """Look up and connect to every host at once, and let go again; nothing is sent.

    `on_phase` gets a warning where only some can be reached. Raises Unreachable with step `hosts` where none can.
    """
    if not hosts:
        return
    deadline = Deadline.after(deadline_s)
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(hosts)), thread_name_prefix="reach") as pool:
        failures = [
            failure for failure in pool.map(lambda host: _failure(host, book, deadline), hosts) if failure
        ]
    if not failures:
        return
    why = [Text(_("%(host)s (%(why)s)"), host=host, why=error.text) for host, error in failures]
    shown = [*why[:_MOST_NAMES], *(["…"] if len(why) > _MOST_NAMES else [])]
    if len(failures) < len(hosts):
        on_phase(
            Text(
                _(
                    "Warning: %(count)d of the %(all)d ESXi hosts that may take the disks cannot be reached from "
                    "here: %(hosts)s. Should vCenter choose one of them, the import will fail."
                ),
                count=len(failures),
                all=len(hosts),
                hosts=shown,
            )
        )
        return
    raise Unreachable(
        Text(
            _(
                "Disks go straight to the ESXi host, not through vCenter, and none of the hosts that may take them "
                "can be reached from here: %(hosts)s. Nothing was changed in vCenter."
            ),
            hosts=shown,
        ),
        remedy=Text(
            _(
                "This server must be able to resolve these names and to reach them on TCP %(port)d: %(names)s. "
                "Have that opened, then deploy again."
            ),
            port=PORT,
            names=[host for host, _error in failures][:_MOST_NAMES],
        ),
        address=f"{failures[0][0]}:{PORT}",
        step="hosts",
    )


def _may_take(host: HostInfo, target: ImportTarget) -> bool:
    return (
        host.ref.moid in target.datastore.host_moids
        and host.connection_state == "connected"
        and not host.in_maintenance
    )


def _failure(host: str, book: AddressBook, deadline: Deadline) -> tuple[str, Unreachable] | None:
    try:
        open_tcp(host, PORT, book=book, deadline=deadline).close()
    except Unreachable as error:
        return host, error
    except TimeoutError:
        # Its turn did not come before the time was over.
        return host, Unreachable.not_connected(TimeoutError(), address=f"{host}:{PORT}")
    return None
