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
        """Who is signed in: `key`, `user`, `login_time`, `last_active`, `user_agent`."""
        return self._call("GET", "/sessions")  # type: ignore[no-any-return]

    def expire_sessions(
        self, at_method: str | None = None, *, object: str | None = None, skip: int = 0
    ) -> None:
        """Sign everybody out; their next call is answered NotAuthenticated.

        With `at_method` that happens right before its next call (about `object`) after `skip` others, once.
        """
        if at_method is None:
            self._call("DELETE", "/sessions")
        else:
            self._order(at_method, object=object, skip=skip, count=1, expire=True)

    def leases(self) -> list[dict[str, Any]]:
        """All import leases so far: `id`, `user`, `moid`, `name`, `percent`, `progress_calls`, `started`, and
        `state`: open, complete, aborted, expired, failed (by order), or ended (with its machine or session)."""
        return self._call("GET", "/leases")  # type: ignore[no-any-return]

    def open_leases(self) -> list[dict[str, Any]]:
        return [lease for lease in self.leases() if lease["state"] == "open"]

    def expire_leases(self) -> None:
        """Let every open lease time out now: uploads break off, the machine is removed."""
        self._call("DELETE", "/leases")

    def uploads(self) -> list[dict[str, Any]]:
        """All disk uploads so far: `lease`, `vm`, `file`, `host`, `bytes`, `sha256`, `seconds`,
        `state` (running, done, broken, killed, refused) and more."""
        return self._call("GET", "/uploads")  # type: ignore[no-any-return]

    def reset_uploads(self) -> None:
        self._call("DELETE", "/uploads")

    def calls(self) -> list[dict[str, Any]]:
        """The newest calls of the vSphere API, oldest first: `method`, and the `operation_id` in its header or ""."""
        return self._call("GET", "/calls")  # type: ignore[no-any-return]

    def reset_calls(self) -> None:
        self._call("DELETE", "/calls")

    def limit_uploads(
        self,
        *,
        bytes_per_s: int = 0,
        kill_after: int = 0,
        kills: int = 0,
        status: int = 0,
        reason: str = "disk full",
    ) -> None:
        """Slow uploads down, or let the next `kills` (0: all) come to a bad end after `kill_after` bytes.

        Their connection breaks; with `status` they are answered with that and `reason` instead, at once where
        `kill_after` is 0. Called without arguments it lifts the limits.
        """
        limits = {"upload_bytes_per_s": bytes_per_s, "upload_kill_after": kill_after, "upload_kills": kills}
        self._call("POST", "/uploads", {**limits, "upload_status": status, "upload_reason": reason})

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

    def change_machines(self, count: int, *, what: str = "name") -> None:
        """Change `count` machines, spread over the inventory, at once: their "name", "memory" or "power".

        Who waits for updates of them is told as by vCenter.
        """
        self._call("POST", "/vms/changes", {"count": count, "what": what})

    def set_datastore(self, datacenter: str, name: str, **changes: Any) -> None:
        """Change `capacity_gb`, `free_gb`, `type`, `accessible` or `maintenance`."""
        self._call("POST", "/datastores", {"datacenter": datacenter, "name": name, **changes})

    def restore_datastores(self) -> None:
        """Give all of them what they had at the beginning."""
        self._call("DELETE", "/datastores")

    def set_guests(self, *, delay_s: float = 1.0, silent: bool = False, address: str = "") -> None:
        """How guests boot from now on: after how long, not at all, or with this address."""
        self._call("POST", "/guests", {"delay_s": delay_s, "silent": silent, "address": address})

    def lease_error(
        self, fault: str, message: str, *, at: str = "ready", details: dict[str, Any] | None = None
    ) -> None:
        """Let the next lease fail: at "ready" (instead of becoming ready), or when "progress" is reported, an
        "upload" arrives, or it is to be "complete". A progress or completion is answered with the fault, too."""
        failure = {"fault": fault, "message": message, "at": at, "details": details}
        self._call("POST", "/leases", {"failure": failure})

    def lease_timeout(self, seconds: int) -> None:
        """Leases made from now on live this long without a word; vCenter's own are 300 seconds."""
        self._call("POST", "/leases", {"timeout_s": seconds})

    def device_host(self, name: str) -> None:
        """Upload addresses of leases made from now on name this host, e.g. one that no name server knows."""
        self._call("POST", "/leases", {"device_host": name})

    def add_fault(
        self,
        method: str,
        fault: str,
        *,
        object: str | None = None,
        message: str = "",
        details: dict[str, Any] | None = None,
        count: int = 0,
        skip: int = 0,
        delay_ms: int = 0,
    ) -> None:
        """Answer `method` (`*`: every) with a fault of the vSphere API, e.g. "NotAuthenticated".

        `object` is the id or the name of one that the call has to mention; a lease is called "lease of" its
        machine. `details` are fields of the fault in the API's spelling. It passes the first `skip` calls and stops
        after `count` faults (0: never).
        """
        order = {"fault": fault, "message": message, "details": details}
        self._order(method, object=object, skip=skip, count=count, delay_ms=delay_ms, **order)

    def add_delay(self, method: str, delay_ms: int, *, object: str | None = None, count: int = 0) -> None:
        """Hold back every call (or the next `count`) of `method` (`*`: of all); several delays add up."""
        self._order(method, object=object, count=count, delay_ms=delay_ms)

    def break_call(
        self, method: str, how: str, *, skip: int = 0, count: int = 1, object: str | None = None
    ) -> None:
        """Spoil a call: "drop" closes the connection instead of answering, "truncate" in the middle of the
        answer, "garbage" answers with the page of a proxy. All three carry the call out; "cut" does not, and
        closes the connection. `vimServiceVersions.xml`, which is no method, can be broken, too."""
        self._order(method, object=object, skip=skip, count=count, **{"break": how})

    def remove_machine_at(self, method: str, name: str, *, skip: int = 0) -> None:
        """Let somebody remove the machine of that name right before a call of `method`, once."""
        self._order(method, skip=skip, count=1, remove=name)

    def faults(self) -> list[dict[str, Any]]:
        """What was ordered of single calls, with `seen` (calls that it fits) and `hits` (times that it acted)."""
        return self._call("GET", "/faults")  # type: ignore[no-any-return]

    def clear_faults(self) -> None:
        """Take back all that was ordered to go wrong: faults, delays, limits of uploads, the plans for leases,
        other certificates, and being gone. Guests, datastores and machines stay as they were changed."""
        self._call("DELETE", "/faults")

    def drop_connections(self) -> None:
        """Close every connection that is open now."""
        self._call("POST", "/network", {"drop": True})

    def set_gone(self, gone: bool) -> None:
        """Play dead: close all connections and refuse new ones, until called with False."""
        self._call("POST", "/network", {"gone": gone})

    def present_certificate(
        self, certificate: Path, key: Path, *, at_method: str | None = None, hosts: bool = False
    ) -> None:
        """Show another certificate (with `hosts`: for the ESXi hosts) to everybody who connects from now on.

        With `at_method`, from its next call on, which itself breaks with every open connection: as when vCenter
        is started anew.
        """
        files = {"cert": str(certificate), "key": str(key), "hosts": hosts}
        if at_method is None:
            self._call("POST", "/certificate", files)
        else:
            self._order(at_method, count=1, certificate=files)

    def _order(self, method: str, **order: Any) -> None:
        wanted = {name: value for name, value in order.items() if value is not None}
        self._call("POST", "/faults", {"method": method, **wanted})

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
