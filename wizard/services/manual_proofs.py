"""Which values of the machine's facts show that a step of the manual path was done (asr-facts 2.5 and 2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wizard.services.answers import Answers

PRODUCTS: Final = "site_recovery.products"
# Registration fails above five minutes (asr-facts 3.5).
_MOST_SECONDS_OFF: Final = 300.0


def shows(key: str, value: Any, answers: Answers) -> bool | None:
    """Whether the value of a fact shows the step done; None for a fact that tells nothing by itself."""
    look = _LOOKS.get(key)
    return look(value, answers) if look else None


def _is_true(value: Any, answers: Answers) -> bool:
    return value is True


def _is_there(value: Any, answers: Answers) -> bool:
    return bool(value)


def _is_the_vault(value: Any, answers: Answers) -> bool | None:
    wanted = answers.get("vault", {}).get("vault")
    return value is not None and str(value).casefold() == wanted.casefold() if wanted else None


def _is_the_proxy(value: Any, answers: Answers) -> bool:
    wanted = (answers.get("network", {}).get("proxy") or "").removeprefix("http://")
    if not value or not value.get("address"):
        return not wanted
    address = str(value["address"]).removeprefix("http://").rstrip("/")
    spot = address if value.get("port") is None or ":" in address else f"{address}:{value['port']}"
    return spot.casefold() == wanted.casefold()


def _all_are_reached(value: Any, answers: Answers) -> bool | None:
    return all(item["error"] is None for item in value) if value else None


def _clock_is_right(value: Any, answers: Answers) -> bool | None:
    offsets = [abs(item["offset_s"]) for item in value if item["offset_s"] is not None]
    return all(offset <= _MOST_SECONDS_OFF for offset in offsets) if offsets else None


def _drive_is_there(value: Any, answers: Answers) -> bool | None:
    drive = answers.get("installation", {}).get("install_drive")
    return any(volume["drive"] == drive for volume in value) if drive else None


def _address_is_static(value: Any, answers: Answers) -> bool | None:
    address = answers.get("network", {}).get("address")
    held = [adapter for adapter in value if address in {item["address"] for item in adapter["ipv4"]}]
    return bool(held) and not any(adapter["dhcp"] for adapter in held) if address else None


def _data_port_listens(value: Any, answers: Answers) -> bool | None:
    port = answers.get("network", {}).get("data_port")
    return any(item["port"] == port for item in value) if port else None


def _site_recovery_runs(value: Any, answers: Answers) -> bool:
    """The process server is part of every component; which others must run is for the requirements to judge."""
    names: Mapping[str, str] = {item["name"].casefold(): item["state"].casefold() for item in value}
    return names.get("processserver") == "running"


_LOOKS: Final[dict[str, Callable[[Any, Answers], bool | None]]] = {
    "os.elevated": _is_true,
    "os.is_administrator": _is_true,
    PRODUCTS: _is_there,
    "site_recovery.passphrase_file": _is_true,
    "site_recovery.registered_vault": _is_the_vault,
    "services.states": _site_recovery_runs,
    "proxy.site_recovery": _is_the_proxy,
    "reach.endpoints": _all_are_reached,
    "time.ntp": _clock_is_right,
    "time.zone": _is_there,
    "hardware.volumes": _drive_is_there,
    "network.adapters": _address_is_static,
    "network.listeners": _data_port_listens,
}
