"""What preflight looks at: one collector for each remote part, and one for what the operator answered."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from wizard.checks.endpoints import endpoints
from wizard.checks.engine import Collector
from wizard.checks.network_collectors import NetworkPlan, network_collectors
from wizard.models import Deployment
from wizard.services import evidence
from wizard.services.errors import Conflict, UserError
from wizard.services.vcenter_access import address_book, open_session
from wizard.text import Text, _
from wizard.vsphere import inventory, privileges, probe
from wizard.vsphere.errors import AccountLocked, InvalidLogin
from wizard.vsphere.session import Session

Answers = Mapping[str, Mapping[str, Any]]
Known = Mapping[str, Any]


def collectors_for(answers: Answers, deployment: Deployment, stack: ExitStack) -> list[Collector]:
    """The collectors of a deployment whose question steps are complete. `stack` closes the vCenter session."""
    here = platform.node() or "localhost"
    vcenter = f"{answers['vcenter']['host']}:{answers['vcenter']['port']}"
    own = evidence.own_machine(deployment)
    answered = _answer_facts(answers, deployment)
    visit = _VCenterVisit(answers, stack, own)
    return [
        Collector(
            name=_("Answers"),
            provides=tuple(answered),
            collect=lambda known: answered,
            deadline_s=10,
            observed_from="Foothold",
        ),
        Collector(
            name="vCenter",
            provides=("vcenter.certificate", "vcenter.about"),
            collect=visit.look,
            deadline_s=20,
            observed_from=here,
        ),
        Collector(
            name=_("vCenter sign-in"),
            provides=("vcenter.signed_in",),
            collect=visit.sign_in,
            deadline_s=45,
            observed_from=here,
            after=("vCenter",),
        ),
        *(
            Collector(
                name=name,
                provides=provides,
                collect=collect,
                deadline_s=60,
                observed_from=vcenter,
                after=(_("vCenter sign-in"),),
            )
            for name, provides, collect in visit.parts()
        ),
        *(
            replace(collector, observed_from=here)
            for collector in network_collectors(_network_plan(answers, deployment))
        ),
    ]


def _answer_facts(answers: Answers, deployment: Deployment) -> dict[str, Any]:
    sizing = evidence.sizing_of(deployment)
    inspected = evidence.inspected(deployment, answers["template"])
    if sizing is None or inspected is None or not inspected.result:
        raise UserError(
            Text(_("The capacity or the template is not known any more; open those steps again."))
        )
    network, vault = answers["network"], answers["vault"]
    return {
        "capacity.vcpu": sizing.vcpu,
        "capacity.memory_gb": sizing.memory_gb,
        "capacity.cache_gb": sizing.cache_gb,
        "capacity.needs_scaleout": sizing.needs_scaleout,
        "template.descriptor": inspected.result["descriptor"],
        "template.manifest": inspected.result["manifest"],
        "placement.disk_provisioning": answers["placement"]["disk_provisioning"],
        # The disks of a deployed appliance have their room already.
        "placement.need_gb": _need_gb(inspected.result["descriptor"]) if deployment.is_open else 0.0,
        "identity.host_name": network["host_name"],
        "identity.fqdn": _fqdn(network),
        "identity.address": network["address"],
        "identity.netmask": network["netmask"],
        "identity.gateway": network["gateway"],
        "identity.dns": network["dns"],
        "identity.ntp": network["ntp"],
        "identity.proxy": network["proxy"],
        "identity.data_port": network["data_port"],
        "vault.cloud": vault["cloud"],
        "vault.region": vault["region"],
        "today": timezone.localdate(),
    }


def _need_gb(descriptor: Mapping[str, Any]) -> float:
    """All disks at their full size: what thick provisioning takes, and what thin provisioning can grow to."""
    return float(sum(disk["capacity_bytes"] for disk in descriptor["disks"]) / 2**30)


def _network_plan(answers: Answers, deployment: Deployment) -> NetworkPlan:
    network, vcenter = answers["network"], answers["vcenter"]
    return NetworkPlan(
        fqdn=_fqdn(network),
        address=network["address"],
        dns_servers=tuple(network["dns"]),
        ntp_servers=tuple(network["ntp"]),
        proxy=network["proxy"],
        vcenter=(vcenter["host"], vcenter["port"]),
        hosts=tuple(
            (host["ref"]["name"], host["address"])
            for host in evidence.hosts_of(deployment, answers["placement"])
        ),
        endpoints=endpoints(deployment.profile, answers["vault"]["cloud"], answers["source"]["method"]),
        book=address_book(),
        ca_file=settings.PROBE_CA_FILE or None,
    )


def _fqdn(network: Mapping[str, Any]) -> str:
    return ".".join(part for part in (network["host_name"], network["dns_suffix"]) if part)


class _VCenterVisit:
    """The facts of one signed-in session, each part in a collector of its own: one that fails leaves the others."""

    def __init__(self, answers: Answers, stack: ExitStack, own: str | None) -> None:
        self._answers = answers
        self._own = own
        self._stack = stack
        self._session: Session | None = None

    def look(self, known: Known) -> dict[str, Any]:
        vcenter = self._answers["vcenter"]
        report = probe.probe(vcenter["host"], vcenter["port"], book=address_book())
        if report.certificate is None or report.about is None:
            failed = next(layer for layer in report.layers if layer.status == "fail")
            raise UserError(failed.detail, remedy=failed.remedy)
        return {"vcenter.certificate": report.certificate.to_json(), "vcenter.about": report.about.to_json()}

    def sign_in(self, known: Known) -> dict[str, Any]:
        try:
            self._session = self._stack.enter_context(open_session(self._answers["vcenter"]))
        except (InvalidLogin, AccountLocked):
            return {"vcenter.signed_in": False}
        except Conflict as error:
            if error.code == "credential_rejected":
                return {"vcenter.signed_in": False}
            raise
        finally:
            # Django gives each thread a database connection of its own, and this thread ends here.
            connection.close()
        return {"vcenter.signed_in": True}

    def parts(self) -> list[tuple[str, tuple[str, ...], Callable[[Known], Mapping[str, Any]]]]:
        return [
            (_("vCenter clock"), ("vcenter.clock_offset_s",), self._clock),
            (
                _("Placement in vSphere"),
                ("placement.vm_name_taken", "placement.datastore", "placement.network", "placement.hosts"),
                self._placement,
            ),
            (
                _("vCenter privileges"),
                tuple(f"vcenter.privileges.{level}" for level in privileges.LEVELS),
                self._privileges,
            ),
        ]

    def _signed_in(self) -> Session:
        if self._session is None:
            raise UserError(Text(_("Nobody is signed in to vCenter.")))
        return self._session

    def _clock(self, known: Known) -> dict[str, Any]:
        offset = (self._signed_in().server_time() - datetime.now(UTC)).total_seconds()
        return {"vcenter.clock_offset_s": round(offset, 1)}

    def _chosen(self) -> _Chosen:
        placement = self._answers["placement"]
        datacenter = inventory.read_placement(self._signed_in()).datacenter(placement["datacenter"])
        return _Chosen(datacenter, placement)

    def _placement(self, known: Known) -> dict[str, Any]:
        chosen = self._chosen()
        datastore, network, compute = chosen.datastore, chosen.network, chosen.compute
        hosts = {host.ref.moid for host in compute.hosts}
        existing = inventory.vm_exists(
            self._signed_in(),
            chosen.datacenter.ref,
            chosen.folder.ref.path,
            self._answers["placement"]["vm_name"],
        )
        return {
            # Once it is deployed, the appliance itself bears the name; nobody is told to remove it.
            "placement.vm_name_taken": existing is not None and existing.moid != self._own,
            "placement.datastore": {
                "name": datastore.ref.name,
                "type": datastore.type,
                "free_gb": datastore.free_gb,
                "capacity_gb": datastore.capacity_gb,
                "accessible": datastore.accessible,
                "maintenance_mode": datastore.maintenance_mode,
            },
            "placement.network": {
                "name": network.ref.name,
                "on_all_hosts": hosts <= set(network.host_moids),
            },
            "placement.hosts": [
                {
                    "name": host.ref.name,
                    "address": host.address,
                    "connected": host.connection_state == "connected",
                    "in_maintenance": host.in_maintenance,
                    "api_version": host.api_version,
                    "cpu_cores": host.cpu_cores,
                    "memory_gb": host.memory_gb,
                }
                for host in compute.hosts
            ],
        }

    def _privileges(self, known: Known) -> dict[str, Any]:
        session, objects = self._signed_in(), self._chosen().objects()
        return {
            f"vcenter.privileges.{level}": [
                {"object": gap.object.name, "privilege_id": gap.privilege_id, "name": gap.name}
                for gap in privileges.missing(session, level, objects)
            ]
            for level in privileges.LEVELS
        }


class _Chosen:
    """The inventory objects that the placement names. Raises the room's NotFound and Ambiguous."""

    def __init__(self, datacenter: inventory.DatacenterInfo, placement: Mapping[str, Any]) -> None:
        self.datacenter = datacenter
        self.folder = datacenter.find_folder(placement["folder"])
        self.compute = datacenter.find_compute(placement["compute"])
        self.datastore = datacenter.find_datastore(placement["datastore"])
        self.network = datacenter.find_network(placement["network"])

    def objects(self) -> list[inventory.ObjectRef]:
        return [
            self.datacenter.ref,
            self.folder.ref,
            self.compute.ref,
            self.datastore.ref,
            self.network.ref,
        ]
