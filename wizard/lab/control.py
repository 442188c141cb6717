"""Client of the simulator's control port: what happened, and what shall go wrong next."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

TIMEOUT_S = 30.0


class ControlError(Exception):
    """The control port refused a request; the message is its answer."""


class Control:
    """Speaks to one simulator. Every method is one request; nothing is kept."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    def logins(self) -> dict[str, dict[str, Any]]:
        """Per account (lower-case name): `attempts`, `failures`, `locked`."""
        return self._call("GET", "/logins")  # type: ignore[no-any-return]

    def reset_logins(self) -> None:
        """Forget all counts and unlock every account."""
        self._call("DELETE", "/logins")

    def sessions(self) -> list[dict[str, Any]]:
        """Who is signed in: `key`, `user`, `login_time`, `user_agent`."""
        return self._call("GET", "/sessions")  # type: ignore[no-any-return]

    def expire_sessions(self) -> None:
        """Sign everybody out; their next call is answered NotAuthenticated."""
        self._call("DELETE", "/sessions")

    def leases(self) -> list[dict[str, Any]]:
        """All import leases so far: `id`, `state` (open, complete, aborted, expired), `user`, `moid`, `name`,
        `percent`, `progress_calls`, `started`."""
        return self._call("GET", "/leases")  # type: ignore[no-any-return]

    def open_leases(self) -> list[dict[str, Any]]:
        return [lease for lease in self.leases() if lease["state"] == "open"]

    def expire_leases(self) -> None:
        """Let every open lease time out now: uploads break off, the machine is removed."""
        self._call("DELETE", "/leases")

    def uploads(self) -> list[dict[str, Any]]:
        """All disk uploads so far: `lease`, `vm`, `file`, `host`, `bytes`, `sha256`, `seconds`,
        `state` (running, done, broken, killed) and more."""
        return self._call("GET", "/uploads")  # type: ignore[no-any-return]

    def reset_uploads(self) -> None:
        self._call("DELETE", "/uploads")

    def limit_uploads(self, *, bytes_per_s: int = 0, kill_after: int = 0, kills: int = 0) -> None:
        """Slow uploads down, or break the connection of the next `kills` (0: of all) after so many bytes.

        Called without arguments it lifts the limits.
        """
        limits = {"upload_bytes_per_s": bytes_per_s, "upload_kill_after": kill_after, "upload_kills": kills}
        self._call("POST", "/uploads", limits)

    def machines(self) -> list[dict[str, Any]]:
        """All virtual machines: `moid`, `name`, `path`, `powered_on`, `host`, `host_name`, `addresses`."""
        return self._call("GET", "/vms")  # type: ignore[no-any-return]

    def add_machine(self, machine: dict[str, Any]) -> None:
        """Add one in the shape of `wizard.lab.inventory`, with its `datacenter`."""
        self._call("POST", "/vms", {"action": "add", **machine})

    def rename_machine(self, name: str, to: str) -> None:
        self._call("POST", "/vms", {"action": "rename", "name": name, "to": to})

    def remove_machine(self, name: str) -> None:
        self._call("POST", "/vms", {"action": "remove", "name": name})

    def set_datastore(self, datacenter: str, name: str, **changes: Any) -> None:
        """Change `capacity_gb`, `free_gb`, `type`, `accessible` or `maintenance`."""
        self._call("POST", "/datastores", {"datacenter": datacenter, "name": name, **changes})

    def set_guests(self, *, delay_s: float = 1.0, silent: bool = False, address: str = "") -> None:
        """How guests boot from now on: after how long, not at all, or with this address."""
        self._call("POST", "/guests", {"delay_s": delay_s, "silent": silent, "address": address})

    def add_fault(
        self, method: str, fault: str, *, message: str = "", count: int = 0, skip: int = 0, delay_ms: int = 0
    ) -> None:
        """Answer `method` (`*`: every) with a fault of the vSphere API, e.g. "NotAuthenticated".

        It passes the first `skip` calls and stops after `count` faults (0: never).
        """
        order = {"method": method, "fault": fault, "message": message}
        self._call("POST", "/faults", {**order, "count": count, "skip": skip, "delay_ms": delay_ms})

    def add_delay(self, method: str, delay_ms: int) -> None:
        """Hold back every call of `method` (`*`: of all others)."""
        self._call("POST", "/faults", {"method": method, "delay_ms": delay_ms})

    def clear_faults(self) -> None:
        self._call("DELETE", "/faults")

    def drop_connections(self) -> None:
        """Close every connection that is open now."""
        self._call("POST", "/network", {"drop": True})

    def set_gone(self, gone: bool) -> None:
        """Play dead: close all connections and refuse new ones, until called with False."""
        self._call("POST", "/network", {"gone": gone})

    def present_certificate(self, certificate: Path, key: Path) -> None:
        """Show another certificate to everybody who connects from now on."""
        self._call("POST", "/certificate", {"cert": str(certificate), "key": str(key)})

    def _call(self, verb: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.request(verb, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = json.load(response)
        finally:
            connection.close()
        if response.status != 200:
            raise ControlError(f"{verb} {path}: {answer['error']}")
        return answer
