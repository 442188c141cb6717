"""The facts of one signed-in vCenter session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from wizard.checks.engine import Collector
from wizard.models import Deployment
from wizard.services.answers import Answers
from wizard.services.errors import Conflict, UserError
from wizard.services.vcenter_access import address_book, open_session
from wizard.text import Text, _
from wizard.vsphere import inventory, privileges, probe
from wizard.vsphere.errors import AccountLocked, InvalidLogin
from wizard.vsphere.session import Session

Known = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    name: str
    provides: tuple[str, ...]
    collect: Callable[[Known], Mapping[str, Any]]


class VCenterVisit:
    """Each part is a collector of its own: one that fails leaves the others.

    `own` is the managed object id of the deployed appliance; with `stack` the visit ends. Placement is looked at, and the
    privileges to deploy are compared, only where the answers have a placement.
    """

    def __init__(self, answers: Answers, deployment: Deployment, stack: ExitStack, own: str | None) -> None:
        self._answers = answers
        self._deployment = deployment
        self._own = own
        self._session: Session | None = None
        self._lending = ExitStack()
        self._over = False
        self._lock = threading.Lock()
        stack.callback(self._end)
        self._levels = tuple(level for level in privileges.LEVELS if level != "ova" or self._placed)

    def collectors(self, here: str) -> list[Collector]:
        """`here` is the name of this server."""
        address = f"{self._answers['vcenter']['host']}:{self._answers['vcenter']['port']}"
        sign_in = _("vCenter sign-in")
        return [
            Collector(
                name="vCenter",
                provides=("vcenter.certificate", "vcenter.about"),
                collect=self.look,
                deadline_s=20,
                observed_from=here,
            ),
            Collector(
                name=sign_in,
                provides=("vcenter.signed_in",),
                collect=self.sign_in,
                deadline_s=45,
                observed_from=here,
            ),
            *(
                Collector(
                    name=part.name,
                    provides=part.provides,
                    collect=part.collect,
                    deadline_s=60,
                    observed_from=address,
                    after=(sign_in,),
                )
                for part in self._parts()
            ),
        ]

    @property
    def _placed(self) -> bool:
        return "placement" in self._answers

    def look(self, known: Known) -> dict[str, Any]:
        vcenter = self._answers["vcenter"]
        report = probe.probe(vcenter["host"], vcenter["port"], book=address_book())
        if report.certificate is None or report.about is None:
            failed = next(layer for layer in report.layers if layer.status == "fail")
            raise UserError(failed.detail, remedy=failed.remedy)
        return {"vcenter.certificate": report.certificate.to_json(), "vcenter.about": report.about.to_json()}

    def sign_in(self, known: Known) -> dict[str, Any]:
        try:
            with ExitStack() as lending:
                session = lending.enter_context(open_session(self._answers["vcenter"], self._deployment))
                self._keep(session, lending)
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

    def _parts(self) -> list[_Part]:
        placement = _Part(
            name=_("Placement in vSphere"),
            provides=(
                "placement.vm_name_taken",
                "placement.datastore",
                "placement.network",
                "placement.hosts",
            ),
            collect=self._placement,
        )
        return [
            _Part(name=_("vCenter clock"), provides=("vcenter.clock_offset_s",), collect=self._clock),
            *([placement] if self._placed else []),
            _Part(
                name=_("vCenter privileges"),
                provides=tuple(f"vcenter.privileges.{level}" for level in self._levels),
                collect=self._privileges,
            ),
        ]

    def _keep(self, session: Session, lending: ExitStack) -> None:
        """Hold on to the session until the visit ends. A sign-in that took so long that it was given up leaves it to `lending`."""
        with self._lock:
            if not self._over:
                self._session, self._lending = session, lending.pop_all()

    def _end(self) -> None:
        with self._lock:
            self._over = True
        self._lending.close()

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
        session = self._signed_in()
        if self._placed:
            objects = self._chosen().objects()
        else:
            objects = [datacenter.ref for datacenter in inventory.read_placement(session).datacenters]
        return {
            f"vcenter.privileges.{level}": [
                {"object": gap.object.name, "privilege_id": gap.privilege_id, "name": gap.name}
                for gap in gaps
            ]
            for level, gaps in privileges.missing(session, self._levels, objects).items()
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
