"""What the machine of a master target must be like in vSphere, and where it stands (asr-facts 10)."""

from __future__ import annotations

from typing import Final

from wizard.planning.component_finding import ComponentFinding, found
from wizard.planning.master_target_facts import MasterTarget
from wizard.text import _

_TOOLS_UP: Final = frozenset({"guestToolsRunning", "guestToolsExecutingScripts"})
_LSI: Final = frozenset({"lsilogic", "lsilogic_sas"})
# Controllers that carry no disks of SCSI: CD drives hang there.
_OTHER_THAN_SCSI: Final = frozenset({"ide", "ahci", "usb"})
_RETURN_TYPES: Final = frozenset({"vmfs", "vsan"})


def _unseen(rule: str, target: MasterTarget) -> ComponentFinding:
    return found(
        rule,
        "unknown",
        _("vCenter shows no machine named %(name)s."),
        _("Make the machine, or correct the name, discover the machines again, then check again."),
        name=target.name,
    )


def virtual(target: MasterTarget) -> ComponentFinding:
    """MT-03."""
    if target.physical:
        return found(
            "MT-03",
            "block",
            _("A physical machine can be no master target."),
            _("Use a virtual machine on VMware."),
        )
    if target.machine is None:
        return _unseen("MT-03", target)
    if target.machine.is_template:
        return found(
            "MT-03",
            "block",
            _("%(name)s is a template."),
            _("Make a virtual machine of it."),
            name=target.name,
        )
    return found("MT-03", "pass", _("It is a virtual machine on VMware."))


def snapshots(target: MasterTarget) -> ComponentFinding:
    """MT-06."""
    if target.machine is None:
        return _unseen("MT-06", target)
    if target.machine.snapshot_count:
        return found(
            "MT-06",
            "block",
            _("It has snapshots (%(count)s)."),
            _("Delete or consolidate them, those of the machines that come home as well."),
            count=target.machine.snapshot_count,
        )
    return found("MT-06", "pass", _("It has no snapshots."))


def controllers(target: MasterTarget) -> ComponentFinding:
    """MT-07. LSI Logic only; a paravirtual controller anywhere in the machine is refused."""
    if target.machine is None:
        return _unseen("MT-07", target)
    kinds = {controller.kind for controller in target.machine.controllers} - _OTHER_THAN_SCSI
    wrong = sorted(kinds - _LSI)
    if wrong:
        return found(
            "MT-07",
            "block",
            _("It has disk controllers other than LSI Logic: %(found)s."),
            _("Turn it off, and change its controllers to LSI Logic (SAS or Parallel)."),
            found=wrong,
        )
    if not kinds:
        return found(
            "MT-07",
            "unknown",
            _("vCenter names no disk controller of it."),
            _("Discover the machines again with all details, then check again."),
        )
    return found("MT-07", "pass", _("All its disk controllers are LSI Logic."))


def disk_uuids(target: MasterTarget) -> ComponentFinding:
    """MT-08."""
    if target.machine is None:
        return _unseen("MT-08", target)
    value = (target.machine.setting("disk.EnableUUID") or "").strip().lower()
    if value in ("true", "1"):
        return found("MT-08", "pass", _("disk.EnableUUID is set."))
    return found(
        "MT-08",
        "block",
        _("disk.EnableUUID is not set to TRUE."),
        _("Turn the machine off and add disk.EnableUUID = TRUE to its advanced configuration parameters."),
    )


def tools(target: MasterTarget) -> ComponentFinding:
    """MT-09. Of a machine that is off nothing can be told."""
    if target.machine is None:
        return _unseen("MT-09", target)
    if target.machine.power_state != "poweredOn":
        return found(
            "MT-09",
            "unknown",
            _("The machine is not running, so its VMware Tools are not, either."),
            _("Start it, discover the machines again, then check again."),
        )
    if target.machine.tools_status not in _TOOLS_UP:
        return found(
            "MT-09",
            "block",
            _("VMware Tools do not run in it."),
            _("Install VMware Tools or open-vm-tools, and start their service."),
        )
    return found("MT-09", "pass", _("VMware Tools run in it."))


def datastores(target: MasterTarget) -> ComponentFinding:
    """MT-10."""
    if target.host is None or target.host.datastores is None:
        return found(
            "MT-10",
            "unknown",
            _("Which datastores its ESXi host has is not known."),
            _("Discover the machines again, or look whether the host has a datastore of VMFS or vSAN."),
        )
    good = [
        store.name
        for store in target.host.datastores
        if store.accessible and store.type.casefold() in _RETURN_TYPES
    ]
    if not good:
        return found(
            "MT-10",
            "block",
            _("Its host %(host)s reaches no datastore of VMFS or vSAN; machines cannot return to NFS."),
            _("Run it on a host with such a datastore."),
            host=target.host.name,
        )
    return found(
        "MT-10",
        "pass",
        _("Its host %(host)s reaches datastores that machines can return to: %(stores)s."),
        host=target.host.name,
        stores=good,
    )


def original_datastores(target: MasterTarget) -> ComponentFinding:
    """MT-11. Blocks the return to the original location alone."""
    if target.answers.location == "alternate":
        return found("MT-11", "pass", _("Machines return to another place than they came from."))
    wanted = target.answers.original_datastores
    if wanted is None or target.host is None or target.host.datastores is None:
        return found(
            "MT-11",
            "unknown",
            _("Whether its host reaches the datastores that the machines came from is not known."),
            _(
                "Enter the datastores of the machines; each must be mounted on its host for reading and writing."
            ),
        )
    seen = {store.name.casefold() for store in target.host.datastores if store.accessible}
    lacking = [name for name in wanted if name.casefold() not in seen]
    if lacking:
        return found(
            "MT-11",
            "block",
            _("Its host %(host)s does not reach the datastores that machines came from: %(names)s."),
            _("Mount them there for reading and writing, or run it on a host that has them."),
            host=target.host.name,
            names=lacking,
        )
    return found("MT-11", "pass", _("Its host reaches the datastores that the machines came from."))


def storage_moves(target: MasterTarget) -> ComponentFinding:
    """MT-12."""
    remedy = _("Take it out of Storage DRS, and do not move its disks with Storage vMotion.")
    match target.answers.storage_drs_excluded:
        case True:
            return found("MT-12", "pass", _("Storage DRS leaves its disks alone."))
        case False:
            return found("MT-12", "warn", _("Storage DRS may move its disks."), remedy)
    return found("MT-12", "unknown", _("Whether Storage DRS may move its disks was not said."), remedy)


def own_template(target: MasterTarget) -> ComponentFinding:
    """MT-13. Disks of one template share their UUIDs."""
    remedy = _(
        "Make the machine anew, from an installation medium or a template that no protected machine came from."
    )
    if target.twins:
        return found(
            "MT-13",
            "block",
            _("It has the same BIOS UUID as %(names)s: one was made from the other."),
            remedy,
            names=list(target.twins),
        )
    match target.answers.own_template:
        case True:
            return found("MT-13", "pass", _("It was not made from the template of a protected machine."))
        case False:
            return found("MT-13", "block", _("It was made from the template of a protected machine."), remedy)
    return found("MT-13", "unknown", _("What template it was made from was not said."), remedy)


def edition(target: MasterTarget) -> ComponentFinding:
    """MT-16."""
    remedy = _("Use hosts with a paid licence, or a vCenter Server.")
    match target.answers.licensed_esxi:
        case True:
            return found("MT-16", "pass", _("Its host has a paid licence of ESXi."))
        case False:
            return found(
                "MT-16", "block", _("Machines cannot return to hosts with a free edition of ESXi."), remedy
            )
    return found("MT-16", "unknown", _("Which edition of ESXi its host has was not said."), remedy)


def alternate_location(target: MasterTarget) -> ComponentFinding:
    """MT-17."""
    if target.answers.location == "original":
        return found("MT-17", "pass", _("Machines return to where they came from."))
    if target.answers.raw_device_mappings:
        return found(
            "MT-17",
            "block",
            _("Machines with raw device mappings cannot return to another place."),
            _("Leave these machines out, or return them to where they came from."),
        )
    return found(
        "MT-17",
        "info",
        _("New virtual machines are made on its host, in its datastore."),
        _("See that there is room for them."),
    )
