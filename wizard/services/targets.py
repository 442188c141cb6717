"""Addresses that people enter: what this installation lets its server connect to, said at the field where it can be.

The rules themselves, and their enforcement when a connection is opened, are in `wizard.wire.destinations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from wizard.journey.errors import FieldError
from wizard.services.errors import Invalid
from wizard.services.vcenter_access import address_book
from wizard.wire.destinations import Destination, DestinationRefused, Purpose, Rules

_MACHINES: Final = {"https": Purpose.WINRM, "http": Purpose.WINRM, "ssh": Purpose.SSH}
_WEB_PORTS: Final = {"http": 80, "https": 443}


def allowed_targets() -> Rules:
    """The rules as the settings have them at this moment."""
    return Rules(
        loopback=settings.ALLOW_LOOPBACK_TARGETS,
        ports=frozenset(settings.PROBE_PORTS),
        webhook_ports=frozenset(settings.WEBHOOK_PORTS),
    )


def refusals(purpose: Purpose, host: str, port: int, *, host_field: str, port_field: str) -> list[FieldError]:
    """What speaks against an address before any name is looked up: the host's own form, or the port."""
    to = Destination(
        purpose=purpose, host=host, port=port, detour=address_book().locate(host, port) != (host, port)
    )
    try:
        to.check_as_entered()
    except DestinationRefused as refused:
        path = port_field if refused.field == "port" else host_field
        return [FieldError(path=path, message=refused.text, code=refused.code)]
    return []


def vcenter_refusals(data: Mapping[str, Any]) -> list[FieldError]:
    """For the fields `host` and `port` of a vCenter."""
    return refusals(Purpose.VSPHERE, data["host"], data["port"], host_field="host", port_field="port")


def machine_refusals(data: Mapping[str, Any]) -> list[FieldError]:
    """For the fields `host`, `port` and `transport` (https, http, ssh) of a machine."""
    purpose = _MACHINES[data["transport"]]
    return refusals(purpose, data["host"], data["port"], host_field="host", port_field="port")


def network_refusals(data: Mapping[str, Any]) -> list[FieldError]:
    """For the fields `dns`, `ntp` and `proxy` of the network step."""
    found: list[FieldError] = []
    for field, purpose, port in (("dns", Purpose.NAME_SERVER, 53), ("ntp", Purpose.TIME_SERVER, 123)):
        for server in data.get(field) or ():
            found += refusals(purpose, server, port, host_field=field, port_field=field)
    if data.get("proxy"):
        found += url_refusals(data["proxy"], Purpose.PROXY, "proxy")
    return found


def url_refusals(url: str, purpose: Purpose, field: str) -> list[FieldError]:
    """For a field that holds a valid http or https address."""
    parts = urlsplit(url)
    port = parts.port or _WEB_PORTS[parts.scheme]
    return refusals(purpose, parts.hostname or "", port, host_field=field, port_field=field)


def require_none(found: list[FieldError]) -> None:
    """Raises Invalid where there are any."""
    if found:
        raise Invalid(found)
