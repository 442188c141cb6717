"""A small client of the vSphere API, written straight on pyVmomi: the lab is not judged by the code it is to test."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyVmomi import SoapStubAdapter, vim, vmodl

from tests.waiting import wait_until
from wizard.lab.vcenter import LabVCenter

PropertyCollector = vmodl.query.PropertyCollector


@contextmanager
def signed_in(vcenter: LabVCenter, user: str, password: str) -> Iterator[Any]:
    """A session, ended and with its connections closed afterwards."""
    context = ssl.create_default_context(cafile=str(vcenter.ca_file))
    stub = SoapStubAdapter(vcenter.host, vcenter.port, version="vim.version.v8_0_2_0", sslContext=context)
    try:
        si = vim.ServiceInstance("ServiceInstance", stub)
        manager = si.content.sessionManager
        manager.Login(user, password)
        yield si
        # A test may have ended the session or the connection.
        with suppress(vim.fault.VimFault, vmodl.MethodFault, OSError, http.client.HTTPException):
            manager.Logout()
    finally:
        stub.DropConnections()


class Client:
    def __init__(self, vcenter: LabVCenter, si: Any) -> None:
        self.vcenter, self.si = vcenter, si
        self.content = si.content

    @classmethod
    @contextmanager
    def connect(cls, vcenter: LabVCenter, account: str) -> Iterator[Client]:
        with signed_in(vcenter, *vcenter.account(account)) as si:
            yield cls(vcenter, si)

    def objects(self, kind: Any, below: Any = None) -> list[Any]:
        view = self.content.viewManager.CreateContainerView(below or self.content.rootFolder, [kind], True)
        try:
            return list(view.view)
        finally:
            view.Destroy()

    def find(self, kind: Any, name: str, dc: str = "DC0") -> Any:
        below = next(item for item in self.objects(vim.Datacenter) if item.name == dc)
        return next((item for item in self.objects(kind, below) if item.name == name), None)

    def read(self, item: Any, *paths: str) -> dict[str, Any]:
        """Some properties of one object, asked for as leaves."""
        spec = PropertyCollector.FilterSpec(
            objectSet=[PropertyCollector.ObjectSpec(obj=item)],
            propSet=[PropertyCollector.PropertySpec(type=type(item), pathSet=list(paths))],
        )
        found = self.content.propertyCollector.RetrieveContents([spec])
        return {prop.name: prop.val for prop in found[0].propSet}

    def granted(self, user: str, item: Any, *privileges: str) -> set[str]:
        answer = self.content.authorizationManager.HasUserPrivilegeOnEntities([item], user, list(privileges))
        return {part.privId for part in answer[0].privAvailability if part.isGranted}


class Import:
    """An import under way, step by step."""

    def __init__(
        self,
        client: Client,
        template: Path,
        name: str,
        *,
        datastore: str = "LocalDS_0",
        network: str = "VM Network",
        provisioning: str = "thick",
        properties: dict[str, str] | None = None,
    ) -> None:
        self.client, self.template, self.name = client, template, name
        cluster = client.find(vim.ClusterComputeResource, "DC0_C0")
        datacenter = next(item for item in client.objects(vim.Datacenter) if item.name == "DC0")
        with tarfile.open(template) as tar:
            members = tar.getmembers()
            source = tar.extractfile(next(item for item in members if item.name.endswith(".ovf")))
            assert source is not None
            xml = source.read().decode()
        self.members = {item.name: item for item in members}
        params = vim.OvfManager.CreateImportSpecParams(
            entityName=name,
            diskProvisioning=provisioning,
            networkMapping=[
                vim.OvfManager.NetworkMapping(name="Network 1", network=client.find(vim.Network, network))
            ],
            propertyMapping=[vim.KeyValue(key=key, value=value) for key, value in (properties or {}).items()],
        )
        self.pool = cluster.resourcePool
        self.spec = client.content.ovfManager.CreateImportSpec(
            xml, self.pool, client.find(vim.Datastore, datastore), params
        )
        self.lease = self.pool.ImportVApp(self.spec.importSpec, datacenter.vmFolder)
        wait_until(lambda: client.read(self.lease, "state")["state"] != "initializing")

    @property
    def info(self) -> Any:
        return self.client.read(self.lease, "info")["info"]

    def state(self) -> str:
        return str(self.client.read(self.lease, "state")["state"])

    def urls(self) -> dict[str, Any]:
        """Device addresses by the name of the file in the template."""
        keys = {item.importKey: item for item in self.info.deviceUrl}
        return {item.path: keys[item.deviceId] for item in self.spec.fileItem}

    def upload(self) -> dict[str, str]:
        """Send all disks; their SHA-256 by file."""
        sums = {}
        for path, device in self.urls().items():
            member = self.members[path]
            with self.template.open("rb") as file:
                file.seek(member.offset_data)
                content = file.read(member.size)
            assert self.post(device.url, content) == 200
            sums[path] = hashlib.sha256(content).hexdigest()
        return sums

    def post(self, url: str, content: bytes) -> int:
        parts = urlsplit(url)
        assert parts.hostname is not None
        context = ssl.create_default_context(cafile=str(self.client.vcenter.ca_file))
        raw = socket.create_connection((self.client.vcenter.host, self.client.vcenter.port), 10)
        connection = http.client.HTTPSConnection(parts.hostname, timeout=10)
        connection.sock = context.wrap_socket(raw, server_hostname=parts.hostname)
        try:
            connection.request(
                "POST", parts.path, content, {"Content-Type": "application/x-vnd.vmware-streamVmdk"}
            )
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()
