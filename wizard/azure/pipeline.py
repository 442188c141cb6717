"""What stands between the SDK's clients and the network. Importing this module imports the SDK.

The token goes to the account's own Resource Manager alone: `nextLink`, `Location` and redirects are followed as the far
end gives them, and one that leads elsewhere would take the token there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from wizard.azure import status_failures
from wizard.azure.account import Account
from wizard.wire import calls, trace

# Longer waits are told, not slept: whoever asks has a deadline of their own.
LONGEST_RETRY_AFTER_S = 10.0


class LedElsewhere(ClientAuthenticationError):
    """A request would have taken the token to an address that is not the account's. This kind is not tried again."""

    def __init__(self, host: str) -> None:
        super().__init__(f"the request leads to {host}")
        self.host = host


class NoToken(ClientAuthenticationError):
    """Signing in failed with `cause`, before anything was sent to Resource Manager. This kind is not tried again."""

    def __init__(self, cause: AzureError) -> None:
        super().__init__("no token")
        self.cause = cause


class GuardedToken(ARMChallengeAuthenticationPolicy):
    """Adds the token, to requests to the account's own Resource Manager and to no other."""

    def __init__(self, account: Account, credential: Any, *scopes: str) -> None:
        super().__init__(credential, *scopes)
        self._account = account

    def on_request(self, request: PipelineRequest[Any]) -> None:
        url = request.http_request.url
        if not self._account.may_send_to(url):
            raise LedElsewhere(urlsplit(url).netloc)
        if self._account.how == "emulator":
            request.context.options.setdefault("enforce_https", False)
        super().on_request(request)

    def _request_token(self, *scopes: str, **options: Any) -> None:
        try:
            super()._request_token(*scopes, **options)
        except AzureError as error:
            raise NoToken(error) from None


class ShortRetries(RetryPolicy[Any, Any]):
    """Does not sleep for as long as the far end likes, and lets nothing be registered that nobody asked for."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = super().send(request)
        # Above, the SDK would answer this by registering the subscription for the service: a change of what was only read.
        if status_failures.lacks_registration(response.http_response):
            raise HttpResponseError(response=response.http_response)
        return response

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        wanted = self.get_retry_after(response)
        if wanted is not None and wanted > LONGEST_RETRY_AFTER_S:
            return False
        return bool(super().is_retry(settings, response))


class Traced(HTTPPolicy[Any, Any]):
    """Sends the id of what is going on with every request, which Azure keeps in its own logs, and logs how each went."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        if current := trace.current():
            request.http_request.headers["x-ms-client-request-id"] = current
        since = time.monotonic()
        step = step_of(request.http_request.method, request.http_request.url)
        try:
            response = self.next.send(request)
        except BaseException as error:
            calls.tell("azure", self._address, step, since=since, outcome=type(error).__name__)
            raise
        status = response.http_response.status_code
        outcome = calls.OK if status < 400 else f"HTTP {status}"
        calls.tell("azure", self._address, step, since=since, outcome=outcome)
        return response


def step_of(method: str, url: str) -> str:
    """Method and kind of thing, such as "GET replicationFabrics": the names in the path are nobody else's business."""
    words = [word for word in urlsplit(url).path.split("/") if word]
    kinds = words[::2] if "providers" not in words else words[words.index("providers") + 2 :: 2]
    return f"{method} {kinds[-1]}" if kinds else method


class WaitingTransport(RequestsTransport):  # type: ignore[misc] # the SDK loads it lazily, without a type
    """Lets time pass the way that the connection does."""

    def __init__(self, wait_s: Callable[[float], None], **options: Any) -> None:
        super().__init__(**options)
        self._wait_s = wait_s

    def sleep(self, duration: float) -> None:
        self._wait_s(duration)
