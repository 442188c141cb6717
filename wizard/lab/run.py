"""The whole lab in one process: vCenter, DNS, time, Azure and its endpoints, a proxy and target machines, on loopback alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from wizard.lab import build, environment, ova
from wizard.lab.arm import LabAzure
from wizard.lab.azure_front import AzureFront
from wizard.lab.certificates import Authority
from wizard.lab.dns_server import DnsServer
from wizard.lab.environment import TARGET_HOSTS, Ports
from wizard.lab.inventory import default_inventory
from wizard.lab.linux_host import LinuxHost
from wizard.lab.ntp_server import NtpServer
from wizard.lab.proxy import HttpProxy
from wizard.lab.registrar import Registrar, machines_behind
from wizard.lab.vcenter import ADDRESS, NAME, LabVCenter
from wizard.lab.windows_host import WindowsHost
from wizard.text import Text, _

TEMPLATE_MB = 64
# Long enough to be seen, short enough to be waited for.
JOB_SECONDS = 4.0


class Lab:
    """Runs while the `with` block lasts; `lab.json` in `var_dir`/lab tells others where everything is.

    Where the simulator cannot be built, `vcenter` is None, `unavailable` says why, and the rest runs all the same.
    """

    def __init__(
        self,
        var_dir: Path,
        *,
        ports: Ports | None = None,
        template_dir: Path | None = None,
        binary: Callable[[], Path] | None = None,
        say: Callable[[Text], None] = lambda _text: None,
    ) -> None:
        """`binary` delivers the simulator's program; `say` is told what is going on."""
        self._var_dir = var_dir
        self._directory = var_dir / "lab"
        self._ports = ports or Ports()
        self._templates = template_dir or var_dir / "templates"
        self._binary = binary or self._build
        self._say = say
        self._stack = ExitStack()
        self._inventory = default_inventory()
        self.vcenter: LabVCenter | None = None
        self.unavailable: Text | None = None
        self.hosts: dict[str, WindowsHost | LinuxHost] = {}

    @property
    def description_file(self) -> Path:
        return self._directory / "lab.json"

    @property
    def template(self) -> Path:
        return self._templates / f"{ova.NAME}.ova"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def description(self) -> dict[str, Any]:
        """What `lab.json` holds: addresses, ports, accounts with their passwords, the CA, the template.

        `hosts` are the machines to be installed: each is reached under its `name` at `service_port`, by the detours,
        and stands at `address` and `port`.
        `vcenter` is null where there is no simulator; `unavailable` says why.
        """
        ports = self._running_ports()
        return {
            "vcenter": self._describe_vcenter(),
            "unavailable": str(self.unavailable) if self.unavailable else None,
            "dns": {"host": ADDRESS, "port": ports.dns},
            "ntp": {"host": ADDRESS, "port": ports.ntp},
            "front": {"host": ADDRESS, "port": ports.front},
            "proxy": {
                "host": ADDRESS,
                "port": ports.proxy,
                "url": f"http://{environment.PROXY_NAME}:{environment.PROXY_PORT}",
            },
            "azure": {
                "url": self.azure.url,
                "subscription": self.azure.subscription,
                "vaults": self.azure.vaults,
            },
            "connect_to": environment.connect_to(ports, self._inventory),
            "ca_file": str(Authority(environment.certificates(self._var_dir)).certificate),
            "ova": str(self.template),
            "ova_url": f"https://{environment.TEMPLATES_NAME}/{self.template.name}",
            "ova_sha256": ova.sha256_of(self.template),
            "appliance": {"name": environment.APPLIANCE_NAME, "address": environment.APPLIANCE_ADDRESS},
            "hosts": [
                {**self.hosts[host.scenario].describe(), "service_port": host.service_port}
                for host in TARGET_HOSTS
            ],
        }

    def _start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        authority = Authority(environment.certificates(self._var_dir))
        names = (*environment.azure_names(), environment.TEMPLATES_NAME)
        self._dns = self._stack.enter_context(
            DnsServer(environment.dns_records(self._inventory), self._ports.dns)
        )
        self._ntp = self._stack.enter_context(NtpServer(self._ports.ntp))
        self._front = self._stack.enter_context(AzureFront(names, authority, self._ports.front))
        self._proxy = self._stack.enter_context(HttpProxy((ADDRESS, self._front.port), self._ports.proxy))
        self._start_hosts(authority)
        machines = machines_behind(self._inventory)
        addresses = (NAME, environment.dns_records(self._inventory)[NAME], ADDRESS)
        self.azure = self._stack.enter_context(
            LabAzure(self._ports.azure, machines=dict.fromkeys(addresses, machines), job_seconds=JOB_SECONDS)
        )
        # The ports are ours, so a description that lies there is not that of another lab which runs.
        self.description_file.unlink(missing_ok=True)
        if not self.template.exists():
            self._say(Text(_("Making the synthetic template ...")))
            ova.make_ova(self.template, file_mb=TEMPLATE_MB)
        appliance = self._templates / f"{ova.APPLIANCE['name']}.ova"
        if not appliance.exists():
            ova.make_ova(appliance, **ova.APPLIANCE)
        self._front.publish(f"/{self.template.name}", self.template)
        self._start_vcenter()
        self._start_registrar()
        self._stack.callback(self.description_file.unlink, missing_ok=True)
        self._write_description()

    def _start_hosts(self, authority: Authority) -> None:
        for host in TARGET_HOSTS:
            port = getattr(self._ports, host.ports)
            target: WindowsHost | LinuxHost
            if host.system == "windows":
                target = WindowsHost(
                    host.scenario, name=host.name, authority=authority, port=port, address=host.address
                )
            else:
                directory = environment.certificates(self._var_dir)
                target = LinuxHost(
                    host.scenario, name=host.name, directory=directory, port=port, address=host.address
                )
            self._stack.enter_context(target)
            self.hosts[host.scenario] = target

    def _start_vcenter(self) -> None:
        try:
            binary = self._binary()
        except build.LabUnavailable as missing:
            self.unavailable = missing.text
            return
        vcenter = LabVCenter(
            directory=self._directory,
            binary=binary,
            port=self._ports.vcenter,
            control_port=self._ports.control,
            inventory=self._inventory,
        )
        self.vcenter = self._stack.enter_context(vcenter)

    def _start_registrar(self) -> None:
        windows = [host for host in self.hosts.values() if isinstance(host, WindowsHost)]
        registrar = Registrar(self.azure.control, self.vcenter.control if self.vcenter else None, windows)
        self._stack.enter_context(registrar)

    def _build(self) -> Path:
        return build.simulator(
            on_build=lambda: self._say(Text(_("Building the vCenter simulator; it takes about a minute ...")))
        )

    def _running_ports(self) -> Ports:
        return Ports(
            vcenter=self.vcenter.port if self.vcenter else self._ports.vcenter,
            control=self.vcenter.control_port if self.vcenter else self._ports.control,
            dns=self._dns.port,
            ntp=self._ntp.port,
            front=self._front.port,
            proxy=self._proxy.port,
            azure=self.azure.port,
            **{host.ports: self.hosts[host.scenario].port for host in TARGET_HOSTS},
        )

    def _describe_vcenter(self) -> dict[str, Any] | None:
        if self.vcenter is None:
            return None
        return {
            "host": self.vcenter.host,
            "port": self.vcenter.port,
            "name": NAME,
            "thumbprint_sha256": self.vcenter.thumbprint_sha256,
            "control_port": self.vcenter.control_port,
            "instance_uuid": self._inventory["instance_uuid"],
            "accounts": {key: login._asdict() for key, login in self.vcenter.accounts().items()},
        }

    def _write_description(self) -> None:
        """All at once: whoever finds the file finds it whole, and everything in it running."""
        partial = self.description_file.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(self.description(), indent=2) + "\n")
        partial.replace(self.description_file)
