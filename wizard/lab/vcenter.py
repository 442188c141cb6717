"""The lab's vCenter Server as a context manager: a simulator process of our own on loopback ports."""

from __future__ import annotations

import json
import selectors
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from wizard.addresses import AddressBook
from wizard.lab import build
from wizard.lab.accounts import ACCOUNTS, LabAccount, accounts_json
from wizard.lab.certificates import Authority, KeyPair
from wizard.lab.control import Control
from wizard.lab.inventory import DOMAIN, Data, datastore_paths, default_inventory, host_names

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
ADDRESS = "127.0.0.1"
NAME = f"vcenter.{DOMAIN}"


class Credentials(NamedTuple):
    username: str
    password: str


class LabVCenter:
    """A vCenter Server that answers on `host`:`port` while the `with` block runs.

    `directory` keeps certificates, logs and, while it runs, the datastores' files. To be used once
    started: `host`, `port`, `thumbprint_sha256`, `ca_file`, `connect_to` and `book` (how its names are
    reached), `account(key)`, `control`.
    """

    host = ADDRESS
    name = NAME

    def __init__(
        self,
        *,
        directory: Path,
        binary: Path | None = None,
        port: int = 0,
        control_port: int = 0,
        inventory: Data | None = None,
        accounts: tuple[LabAccount, ...] | None = None,
    ) -> None:
        """`accounts` are by default all of the lab whose permissions lie within the inventory.

        Port 0 takes a free one, and keeps it over a restart. Raises LabUnavailable without a simulator."""
        self._directory = directory
        self._binary = binary or build.simulator()
        self._inventory = inventory or default_inventory()
        chosen = _accounts_for(self._inventory) if accounts is None else accounts
        self._accounts = {account.key: account for account in chosen}
        self._process: subprocess.Popen[bytes] | None = None
        self.control_port = control_port
        self.port = port
        directory.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(directory / "certificates")
        self.pair = self.authority.issue("vcenter", (NAME, "localhost", ADDRESS))
        self._host_pair = self.authority.issue("esxi", host_names(self._inventory))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def thumbprint_sha256(self) -> str:
        """Of the certificate that it started with: upper-case hex with colons."""
        return self.pair.sha256

    @property
    def ca_file(self) -> Path:
        return self.authority.certificate

    @property
    def connect_to(self) -> str:
        """How the names of vCenter and its ESXi hosts are reached, in the notation of `wizard.addresses`."""
        names = (NAME, *host_names(self._inventory))
        return ",".join(f"{name}:443:{ADDRESS}:{self.port}" for name in names)

    @property
    def book(self) -> AddressBook:
        return AddressBook.parse(self.connect_to)

    @property
    def control(self) -> Control:
        return Control(ADDRESS, self.control_port)

    @property
    def log(self) -> Path:
        return self._directory / "vcsim.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("The simulator is not running.")
        return self._process.pid

    def account(self, key: str) -> Credentials:
        """User name and password, e.g. of "asr-operator"; see `wizard.lab.accounts` for the others."""
        account = self._accounts[key]
        return Credentials(account.username, account.secret)

    def accounts(self) -> dict[str, Credentials]:
        return {key: self.account(key) for key in self._accounts}

    def other_certificate(self, stem: str = "vcenter-changed") -> KeyPair:
        """Another certificate for the same names, to be shown with `control.present_certificate`."""
        return self.authority.issue(stem, (NAME, "localhost", ADDRESS))

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with the end of its log if it does not."""
        if self._process is not None:
            raise RuntimeError("The simulator is running already.")
        files = self._write_configuration()
        # Not in the directory given, which stays: this one goes with the simulator.
        self._home = tempfile.TemporaryDirectory(prefix="foothold-lab-", ignore_cleanup_errors=True)
        with self.log.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(self._binary), *files, f"-home={self._home.name}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        try:
            ready = _await_ready(self._process, self.log)
        except BaseException:
            self.stop()
            raise
        self.port = int(ready["address"].rpartition(":")[2])
        self.control_port = int(ready["control"].rpartition(":")[2])

    def stop(self) -> None:
        """End it; nothing of it stays but certificates and log. No error where it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
        if process.stdout is not None:
            process.stdout.close()
        self._home.cleanup()

    def kill(self) -> None:
        """End it as a power failure would: no goodbye on any connection."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def _write_configuration(self) -> list[str]:
        accounts = self._directory / "accounts.json"
        inventory = self._directory / "inventory.json"
        accounts.touch(mode=0o600)
        accounts.write_text(json.dumps(accounts_json(tuple(self._accounts.values()))))
        inventory.write_text(json.dumps(self._inventory))
        return [
            f"-listen={ADDRESS}:{self.port}",
            f"-control={ADDRESS}:{self.control_port}",
            f"-cert={self.pair.certificate}",
            f"-key={self.pair.key}",
            f"-host-cert={self._host_pair.certificate}",
            f"-host-key={self._host_pair.key}",
            f"-accounts={accounts}",
            f"-inventory={inventory}",
        ]


def _accounts_for(inventory: Data) -> tuple[LabAccount, ...]:
    there = {"/", *datastore_paths(inventory)}
    return tuple(account for account in ACCOUNTS if there.issuperset(path for path, _role in account.grants))


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """The line in which the simulator says where it listens."""
    if process.stdout is None:
        raise ValueError("The process has to have a pipe for its output.")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(START_TIMEOUT_S) else b""
    if line:
        return dict(json.loads(line))
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    raise RuntimeError(f"The vCenter simulator did not get ready within {START_TIMEOUT_S:.0f} s:\n{tail}")
