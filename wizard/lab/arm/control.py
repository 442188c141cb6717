"""What happens beyond the API: servers register, machines appear, time passes, and things go wrong on order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wizard.lab.arm.machines import MachineOrders
from wizard.lab.arm.orders import Described
from wizard.lab.arm.servers import ServerOrders
from wizard.lab.arm.state import SUBSCRIPTION, Vault


class Control(ServerOrders, MachineOrders):
    """Thread-safe. Vaults are named by their name or their ARM id, servers by their name; case does not matter.

    Every method raises Refused (404) for a vault, fabric or server that does not exist.
    """

    # --- vaults ------------------------------------------------------------------------------------------------------

    def vaults(self) -> list[Described]:
        with self._lock:
            return [_describe(vault) for vault in self._world.vaults.values()]

    def add_vault(
        self,
        name: str,
        region: str,
        *,
        resource_group: str = "rg-lab",
        subscription: str = SUBSCRIPTION,
        sku: str = "RS0",
        private_endpoints: bool = False,
    ) -> Described:
        """An empty one."""
        vault = Vault(
            subscription=subscription.lower(),
            group=resource_group,
            name=name,
            region=region,
            sku=sku,
            private_endpoints=private_endpoints,
        )
        with self._lock:
            self._world.add_vault(vault)
            return _describe(vault)

    # --- time and faults ---------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass: jobs end, what was pending shows, silent servers count as lost."""
        with self._lock:
            self._world.clock.advance(seconds)
            self._world.settle()

    def now(self) -> str:
        """What time it is here, as ISO 8601."""
        return self._world.clock.now().isoformat()

    def configure(
        self,
        *,
        job_seconds: float | None = None,
        retry_after_s: int | None = None,
        page_size: int | None = None,
    ) -> None:
        """How long jobs take from now on, what Retry-After says with a 202, how many rows fit on a page."""
        with self._lock:
            world = self._world
            world.job_seconds = world.job_seconds if job_seconds is None else job_seconds
            world.retry_after_s = world.retry_after_s if retry_after_s is None else retry_after_s
            world.page_size = world.page_size if page_size is None else page_size

    @property
    def job_seconds(self) -> float:
        return self._world.job_seconds

    @job_seconds.setter
    def job_seconds(self, seconds: float) -> None:
        self.configure(job_seconds=seconds)

    def fault(
        self,
        name: str,
        *,
        method: str | None = None,
        path: str | None = None,
        count: int | None = None,
        **options: Any,
    ) -> None:
        """Order one of `wizard.lab.arm.faults.NAMES` for the next `count` (0: until cleared) requests that are meant.

        `path` is a regular expression, found anywhere in the path. Options: throttled `retry_after` (None: no header);
        slow `seconds`; truncated `on_the_wire` (False: whole on the wire, half a document); forbidden `action`; html `status`; older_cloud `newest`, the newest api-version that is known; job_fails `code`, `message`, `causes`, `recommendation`,
        `provider_code`, `provider_message`; visibility_lag `seconds`. Raises ValueError for an unknown name.
        """
        with self._lock:
            self._world.faults.order(name, method=method, path=path, count=count, options=options)

    def clear_faults(self) -> None:
        with self._lock:
            self._world.faults.clear()

    def requests(self) -> list[Described]:
        """All so far, the oldest first: `method`, `path`, `query`, `status`, `fault`, `at`."""
        with self._lock:
            return list(self._world.requests)

    def clear_requests(self) -> None:
        with self._lock:
            self._world.requests.clear()

    def jobs(self, vault: str) -> list[Described]:
        """`id`, `scenario` and `state` of a vault's jobs, the oldest first."""
        with self._lock:
            self._world.settle()
            now = self._world.clock.now()
            return [
                {"id": job.id, "scenario": job.scenario, "state": job.state(now)}
                for job in self._vault(vault).jobs.values()
                if job.is_listed
            ]

    def reset(self) -> None:
        """As it was at the beginning."""
        with self._lock:
            self._world.reset()

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """One of these methods by its name, for those who come over HTTP. Raises TypeError, ValueError, Refused."""
        method: Callable[..., Any] | None = getattr(self, name, None) if name in REMOTE else None
        if method is None:
            raise ValueError(f"There is no order “{name}”; choose from: {', '.join(REMOTE)}.")
        return method(**arguments)


REMOTE = (
    *("vaults", "add_vault", "register_configuration_server", "register_process_server"),
    *("register_master_target", "register_appliance", "remove_server", "set_server", "set_accounts"),
    *("add_vcenter", "set_machines", "add_protected_items", "advance", "now", "configure"),
    *("fault", "clear_faults", "requests", "clear_requests", "jobs", "reset"),
)


def _describe(vault: Vault) -> Described:
    return {
        "name": vault.name,
        "subscription": vault.subscription,
        "resource_group": vault.group,
        "region": vault.region,
        "id": vault.path,
    }
