"""Which path is whose: templates in the notation of the API's documentation, matched without regard to case."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wizard.lab.arm.answers import Answer, Json, bad_request

if TYPE_CHECKING:
    from wizard.lab.arm.state import Fabric, Vault, World

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
VAULT = GROUP + "/providers/Microsoft.RecoveryServices/vaults/{vault}"
FABRICS = VAULT + "/replicationFabrics"
FABRIC = FABRICS + "/{fabric}"
CONTAINERS = FABRIC + "/replicationProtectionContainers"
CONTAINER = CONTAINERS + "/{container}"
_PROVIDER = "Microsoft.RecoveryServices/"


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as its handler sees it. `base` is the address under which the caller knows this server."""

    world: World
    method: str
    path: str
    query: Mapping[str, str]
    content: bytes
    base: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def vault(self) -> Vault:
        return self.world.find_vault(self.params["subscription"], self.params["group"], self.params["vault"])

    @property
    def fabric(self) -> Fabric:
        return self.vault.find_fabric(self.params["fabric"])

    def properties(self) -> Json:
        """`properties` of the body. Raises Refused where that is no JSON object of that shape."""
        body = self.body()
        properties = body.get("properties", {})
        if not isinstance(properties, dict):
            raise bad_request("InvalidRequestContent", "The member 'properties' is not an object.")
        return properties

    def body(self) -> Json:
        try:
            body = json.loads(self.content or b"{}")
        except ValueError:
            raise bad_request("InvalidRequestContent", "The request content was not valid JSON.") from None
        if not isinstance(body, dict):
            raise bad_request("InvalidRequestContent", "The request content is not an object.")
        return body


Handler = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    # What somebody must be allowed to do, in the words of Azure's role definitions.
    action: str
    handler: Handler


class Routes:
    """The routes of one subject."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(self, method: str, template: str, action: str) -> Callable[[Handler], Handler]:
        """Register a handler. `action` is given without its resource provider where that is Recovery Services."""
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "/?", re.IGNORECASE)
        full = action if action.startswith("Microsoft.") else _PROVIDER + action

        def register(handler: Handler) -> Handler:
            self.all.append(Route(method=method, pattern=pattern, action=full, handler=handler))
            return handler

        return register


def find(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, Any]] | None:
    for route in routes:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groupdict()
    return None
