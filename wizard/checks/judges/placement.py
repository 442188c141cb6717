"""The place in vSphere: datastore, hosts, network, name. Shapes of the facts: see the functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_SPARE_SHARE = 0.10


@judge("disk_provisioning")
def judge_disk_provisioning(facts: Facts, params: Params) -> Verdict:
    """Fact placement.disk_provisioning: eagerZeroedThick, thick or thin (asr-facts HW-09)."""
    chosen = facts["placement.disk_provisioning"]
    right = chosen == params["wanted"]
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("The disks are thick and zeroed eagerly."))
        if right
        else Text(_("The disks are not zeroed eagerly, which slows the process server down.")),
        observed=Text("%(chosen)s", chosen=chosen),
        expected=Text("%(wanted)s", wanted=params["wanted"]),
    )


@judge("datastore_space")
def judge_datastore_space(facts: Facts, params: Params) -> Verdict:
    """Facts placement.datastore {name, free_gb, capacity_gb, ...} and placement.need_gb, both in GB."""
    store, need = facts["placement.datastore"], facts["placement.need_gb"]
    free, name = store["free_gb"], store["name"]
    status: VerdictStatus = "pass"
    summary = Text(_("Datastore %(name)s has room for all disks."), name=name)
    if free < need:
        status = "fail"
        summary = Text(
            _("Datastore %(name)s lacks %(short).0f GB for the disks of the machine."),
            name=name,
            short=need - free,
        )
    elif free - need < store["capacity_gb"] * _SPARE_SHARE:
        status = "warn"
        summary = Text(
            _("Datastore %(name)s will be almost full: %(left).0f GB of %(capacity).0f GB remain."),
            name=name,
            left=free - need,
            capacity=store["capacity_gb"],
        )
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(free).0f GB free"), free=free),
        expected=Text(_("at least %(need).0f GB free"), need=need),
    )


@judge("datastore_state")
def judge_datastore_state(facts: Facts, params: Params) -> Verdict:
    """Fact placement.datastore; its maintenance_mode is vSphere's word ("normal"), or false."""
    store = facts["placement.datastore"]
    in_maintenance = store["maintenance_mode"] not in (False, None, "", "normal")
    if not store["accessible"]:
        status: VerdictStatus = "fail"
        summary = Text(_("Datastore %(name)s is not accessible."), name=store["name"])
        observed = Text(_("not accessible"))
    elif in_maintenance:
        status = "fail"
        summary = Text(_("Datastore %(name)s is in maintenance mode."), name=store["name"])
        observed = Text(_("in maintenance mode"))
    else:
        status = "pass"
        summary = Text(_("Datastore %(name)s is ready."), name=store["name"])
        observed = Text(_("accessible"))
    return Verdict(
        status=status,
        summary=summary,
        observed=observed,
        expected=Text(_("accessible and not in maintenance mode")),
    )


@judge("datastore_type")
def judge_datastore_type(facts: Facts, params: Params) -> Verdict:
    """Fact placement.datastore; parameter wanted: vSphere's names of the types that a master target can use."""
    store = facts["placement.datastore"]
    right = store["type"].lower() in params["wanted"]
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("Datastore %(name)s suits a master target."), name=store["name"])
        if right
        else Text(
            _("Datastore %(name)s is of type %(type)s, which a master target cannot use for failback."),
            name=store["name"],
            type=store["type"],
        ),
        observed=Text("%(type)s", type=store["type"]),
        expected=Text(_("VMFS or vSAN")),
    )


@judge("host_state")
def judge_host_state(facts: Facts, params: Params) -> Verdict:
    """Fact placement.hosts: one usable host is enough, others only deserve a word."""
    hosts = facts["placement.hosts"]
    unusable = [host for host in hosts if not _usable(host)]
    usable = len(hosts) - len(unusable)
    if not usable:
        status: VerdictStatus = "fail"
        summary = Text(_("No host at this place can take the machine."))
    elif unusable:
        status = "warn"
        summary = Text(
            _("Hosts at this place that cannot take the machine now: %(number)s."), number=len(unusable)
        )
    else:
        status = "pass"
        summary = Text(_("Every host at this place is connected and in service."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("usable hosts: %(usable)s of %(all)s"), usable=usable, all=len(hosts)),
        expected=Text(_("connected and not in maintenance mode")),
        details=tuple(
            Text(_("%(host)s is in maintenance mode."), host=host["name"])
            if host["connected"]
            else Text(_("%(host)s is not connected to vCenter."), host=host["name"])
            for host in unusable
        ),
    )


@judge("host_capacity")
def judge_host_capacity(facts: Facts, params: Params) -> Verdict:
    """Facts placement.hosts and template.descriptor.

    A machine never starts on a host with fewer logical processors than it has virtual ones; twice the cores is
    the most that a host has. Memory may be overcommitted, so too little of it is a warning.
    """
    hosts = [host for host in facts["placement.hosts"] if _usable(host)]
    descriptor = facts["template.descriptor"]
    processors, memory = descriptor["cpu_count"], descriptor["memory_mb"] / 1024
    can_start = [host for host in hosts if host["cpu_cores"] * 2 >= processors]
    fitting = [host for host in hosts if host["cpu_cores"] >= processors and host["memory_gb"] >= memory]
    if fitting:
        status: VerdictStatus = "pass"
        summary = Text(_("Hosts with room for the machine: %(number)s."), number=len(fitting))
    elif can_start:
        status = "warn"
        summary = Text(
            _("The machine can start, but no host has as many cores and as much memory as it asks for.")
        )
    else:
        status = "fail"
        summary = Text(_("No host has enough processors to start the machine."))
    return Verdict(
        status=status,
        summary=summary,
        observed=_largest(hosts),
        expected=Text(
            _("a host with at least %(cores)s cores and %(memory)g GB of memory"),
            cores=processors,
            memory=memory,
        ),
    )


@judge("host_version")
def judge_host_version(facts: Facts, params: Params) -> Verdict:
    """Fact placement.hosts; parameters as for the version of vCenter."""
    hosts = facts["placement.hosts"]
    old = [host for host in hosts if _release(host["api_version"]) in params["older"]]
    others = [
        host
        for host in hosts
        if _release(host["api_version"]) not in (*params["supported"], *params["older"])
    ]
    status: VerdictStatus = "fail" if others else "warn" if old else "pass"
    return Verdict(
        status=status,
        summary=Text(_("Every host runs a supported version of ESXi."))
        if status == "pass"
        else Text(_("Some hosts run a version of ESXi that is not in the current support matrix.")),
        observed=Text("%(versions)s", versions=sorted({host["api_version"] for host in hosts})),
        expected=Text("%(versions)s", versions=list(params["supported"])),
        details=tuple(
            Text(_("%(host)s runs %(version)s."), host=host["name"], version=host["api_version"])
            for host in (*others, *old)
        ),
    )


@judge("vm_name_free")
def judge_vm_name(facts: Facts, params: Params) -> Verdict:
    taken = facts["placement.vm_name_taken"]
    return Verdict(
        status="fail" if taken else "pass",
        summary=Text(_("A virtual machine of that name exists already."))
        if taken
        else Text(_("The name of the virtual machine is free.")),
        observed=Text(_("taken")) if taken else Text(_("free")),
        expected=Text(_("free")),
    )


@judge("network_on_hosts")
def judge_network(facts: Facts, params: Params) -> Verdict:
    """Fact placement.network {name, on_all_hosts}."""
    network = facts["placement.network"]
    everywhere = network["on_all_hosts"]
    return Verdict(
        status="pass" if everywhere else "fail",
        summary=Text(_("Network %(name)s is present on every host at this place."), name=network["name"])
        if everywhere
        else Text(_("Network %(name)s is missing on some hosts at this place."), name=network["name"]),
        observed=Text(_("on every host")) if everywhere else Text(_("not on every host")),
        expected=Text(_("on every host")),
    )


@judge("host_reach")
def judge_host_reach(facts: Facts, params: Params) -> Verdict:
    """Fact hosts.reach: the disks are uploaded to a host directly, on its port 443."""
    hosts = facts["hosts.reach"]
    silent = [host for host in hosts if not host["reached"]]
    reached = len(hosts) - len(silent)
    if not reached:
        status: VerdictStatus = "fail"
        summary = Text(_("No host can be reached from here, so the disks could not be uploaded."))
    elif silent:
        status = "warn"
        summary = Text(
            _("Hosts that cannot be reached from here: %(number)s. An upload to one of them would fail."),
            number=len(silent),
        )
    else:
        status = "pass"
        summary = Text(_("Every host can be reached from here."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("hosts reached: %(reached)s of %(all)s"), reached=reached, all=len(hosts)),
        expected=Text(_("TCP port 443 of every host open from here")),
        details=tuple(
            Text("%(host)s: %(detail)s", host=host["name"], detail=host["detail"]) for host in silent
        ),
    )


def _usable(host: Mapping[str, Any]) -> bool:
    return bool(host["connected"] and not host["in_maintenance"])


def _largest(hosts: Sequence[Mapping[str, Any]]) -> Text:
    if not hosts:
        return Text(_("no usable host"))
    return Text(
        _("at most %(cores)s cores, at most %(memory).0f GB of memory"),
        cores=max(host["cpu_cores"] for host in hosts),
        memory=max(host["memory_gb"] for host in hosts),
    )


def _release(version: str) -> str:
    """Major and minor: "8.0" of "8.0.2.0"."""
    return ".".join(version.split(".")[:2])
