"""The clients of the SDK for one account, shared by the threads of one process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from wizard.azure.account import Account
from wizard.azure.credentials import CONNECT_S, READ_S, RETRIES, credential_for
from wizard.wire import trace

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.recoveryservices import RecoveryServicesClient
    from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient

T = TypeVar("T")
# The version of the interface in which vaults are read. Clouds get new ones a year or more after the public one (dossier 1.1);
# all that is read of a vault is in this one.
VAULTS_VERSION = "2023-04-01"
AT_ONCE = 4  # requests at the same time: far below what Azure throttles, and enough that a vault is read in a second


class Arm:
    """Azure Resource Manager as one account sees it. Safe between threads: each thread gets clients of its own.

    The SDK does not promise that one HTTP session serves several threads. `subscription` is the one that is meant where
    none is named. `wait_s` is how this connection lets time pass, between retries and between looks at a job.
    """

    def __init__(
        self,
        account: Account,
        credential: TokenCredential,
        *,
        subscription: str = "",
        polling_interval: int = 30,
        read_timeout_s: float = READ_S,
        wait_s: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account
        self.subscription = subscription
        self.polling_interval = polling_interval
        self.wait_s = wait_s
        self._read_timeout_s = read_timeout_s
        self._credential = credential
        self._process = os.getpid()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._closing = ExitStack()
        self._closed = False
        self._threads: ThreadPoolExecutor | None = None

    @property
    def address(self) -> str:
        return self.account.address

    def site_recovery(self, subscription: str = "") -> SiteRecoveryManagementClient:
        from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient

        return self._client(SiteRecoveryManagementClient, subscription or self.subscription)

    def vaults(self, subscription: str = "") -> RecoveryServicesClient:
        from azure.mgmt.recoveryservices import RecoveryServicesClient

        return self._client(
            RecoveryServicesClient, subscription or self.subscription, api_version=VAULTS_VERSION
        )

    def subscriptions(self) -> SubscriptionClient:
        from azure.mgmt.resource.subscriptions import SubscriptionClient

        return self._client(SubscriptionClient, None)

    def at_once(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """The results of `calls` in their order, several of them made at the same time. Raises what the first one raises."""
        with self._lock:
            self._check_usable()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="azure")
            futures = [self._threads.submit(trace.carried(call)) for call in calls]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """Close every connection. Calls that are under way in other threads are waited for."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(cancel_futures=True)
        self._closing.close()

    def _client(self, kind: Callable[..., T], subscription: str | None, **options: str) -> T:
        if subscription == "":
            raise ValueError("it was not said which subscription is meant")
        clients: dict[Any, Any] | None = getattr(self._own, "clients", None)
        if clients is None:
            clients = self._own.clients = {}
        key = (kind, subscription)
        if key not in clients:
            with self._lock:
                self._check_usable()
                clients[key] = self._closing.enter_context(self._made(kind, subscription, options))
        return clients[key]  # type: ignore[no-any-return]

    def _made(self, kind: Callable[..., Any], subscription: str | None, options: dict[str, str]) -> Any:
        from azure.core.pipeline.policies import SansIOHTTPPolicy

        from wizard.azure.pipeline import GuardedToken, ShortRetries, Traced, WaitingTransport

        scope = self.account.in_cloud.scope
        return kind(
            self._credential,
            *(() if subscription is None else (subscription,)),
            base_url=self.account.base_url,
            credential_scopes=[scope],
            authentication_policy=GuardedToken(self.account, self._credential, scope),
            retry_policy=ShortRetries(retry_total=RETRIES, retry_backoff_factor=0.5),
            transport=WaitingTransport(
                self.wait_s,
                connection_timeout=CONNECT_S,
                read_timeout=self._read_timeout_s,
                # The proxy of the site leads to Azure, and not to an emulator on this machine.
                use_env_settings=self.account.how != "emulator",
            ),
            # Errors are logged where they are told, with their ids; the SDK would log every header of every request.
            http_logging_policy=SansIOHTTPPolicy(),
            per_retry_policies=[Traced(self.address)],
            polling_interval=self.polling_interval,
            **options,
        )

    def _check_usable(self) -> None:
        if self._closed:
            raise RuntimeError("this connection to Azure was closed")
        if os.getpid() != self._process:
            raise RuntimeError("a connection to Azure does not survive a fork; connect again")


@contextmanager
def connect(
    account: Account,
    subscription: str = "",
    *,
    fresh: bool = False,
    polling_interval: int = 30,
    read_timeout_s: float = READ_S,
    wait_s: Callable[[float], None] = time.sleep,
) -> Iterator[Arm]:
    """Azure Resource Manager for as long as the `with` block lasts.

    Nothing is sent before the first call, which signs in. The token is kept for this process, so that the next
    connection of the same account need not sign in; with `fresh` it does, which is how an account is tested. An answer
    may stay away for `read_timeout_s` seconds, and reading is tried three times at most. Raises WrongSecret at once where a certificate cannot be read.
    """
    # The core of the SDK imports itself in circles: two threads that begin in different places of it wait for each other,
    # and Python gives one of them up. Our module has one lock, and once it is there so is the core.
    import wizard.azure.pipeline  # noqa: F401

    arm = Arm(
        account,
        credential_for(account, fresh=fresh),
        subscription=subscription,
        polling_interval=polling_interval,
        read_timeout_s=read_timeout_s,
        wait_s=wait_s,
    )
    try:
        yield arm
    finally:
        arm.close()
