"""What is known about the machine that was not made from the template, as the evidence step shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext

from wizard.models import Credential, Deployment, HostFacts, Task, TaskState
from wizard.services import collector_scripts, credentials, evidence, host_facts
from wizard.services.answers import primary_component
from wizard.text import Text, _
from wizard.web.component_words import title_of
from wizard.web.templatetags import gb

ADDRESS: Final = ("host", "port", "transport")
_LAYERS: Final = {
    "dns": _("Name (DNS)"),
    "tcp": _("Connection (TCP)"),
    "tls": _("Encryption (TLS)"),
    "wsman": _("WinRM (WS-Management)"),
    "host_key": _("Host key (SSH)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is known about the machine whose address is in the form."""

    probe: Task | None  # the newest look at this very address, however it ended
    report: dict[str, Any] | None  # the newest that got through all layers
    collect: Task | None  # the newest collection, however it ended
    facts: HostFacts | None  # the newest facts of the machine that is set up
    pinned: str
    credential: Credential | None
    over_http: bool

    @property
    def presented(self) -> str:
        return (self.report or {}).get("fingerprint_sha256") or ""

    @property
    def changed(self) -> bool:
        return bool(self.pinned and self.presented and self.pinned != self.presented)

    @property
    def trusted(self) -> bool:
        """Whether a password may be asked for. Over HTTP the messages are encrypted, and there is no certificate to confirm."""
        if self.over_http:
            return self.report is not None
        return bool(self.pinned) and not self.changed


def find_out(deployment: Deployment, values: Mapping[str, Any]) -> Findings:
    component = primary_component(deployment)
    address = {name: values.get(name) for name in ADDRESS}
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    probe = evidence.newest(deployment, "probe_host", address)
    looked = evidence.latest(deployment, "probe_host", address)
    # A Linux master target is asked beside it, and shown by itself.
    collect = evidence.newest(deployment, "collect_facts", {"component": component})
    return Findings(
        probe=probe,
        report=looked.result if looked else None,
        collect=collect,
        facts=host_facts.latest(deployment, component),
        pinned=values.get("thumbprint_sha256") or "",
        credential=credentials.of_kind(Credential.Kind.WINDOWS, deployment)
        .filter(name=values.get("credential") or "")
        .first(),
        over_http=values.get("transport") == "http",
    )


def layers(found: Findings) -> list[dict[str, Any]]:
    """What each layer of the connection showed: from the report, or from the log of a look that did not get through."""
    return layers_of(found.probe, found.report)


def layers_of(probe: Task | None, report: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The same of a look and of what it found, if it got through."""
    if probe is None:
        return []
    if probe.state == TaskState.SUCCEEDED and report:
        return [
            {
                "title": gettext(_LAYERS[layer["name"]]),
                "status": layer["status"],
                "detail": Text.from_json(layer["detail"]),
                "remedy": Text.from_json(layer["remedy"]),
                "seconds": layer["seconds"],
            }
            for layer in report["layers"]
        ]
    events = [event for event in probe.events.all() if event.data.get("layer") in _LAYERS]
    bad = next((place for place, event in enumerate(events) if event.level == "warning"), len(events))
    return [
        {
            "title": gettext(_LAYERS[event.data["layer"]]),
            # What comes after the bad one was never looked at.
            "status": "pass" if place < bad else "fail" if place == bad else "skipped",
            "detail": event.message,
            "remedy": Text(""),
            "seconds": None,
        }
        for place, event in enumerate(events)
    ]


def certificate(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the machine presented, for a person to compare; None over HTTP."""
    if report is None or not report.get("fingerprint_sha256"):
        return None
    ends = datetime.fromisoformat(report["not_after"]) if report.get("not_after") else None
    return {
        "sha256": report["fingerprint_sha256"],
        "subject": report.get("subject") or "",
        "self_signed": report.get("self_signed"),
        "not_after": ends,
        "expired": ends is not None and ends < timezone.now(),
    }


# --- what the machine said of itself ----------------------------------------------------------------------------------


_POWERSHELL: Final = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine that facts are collected of, and what is known of it."""

    component: str
    title: str
    script: str
    command: str
    row: HostFacts | None
    old: bool
    seen: list[tuple[str, list[str]]]
    unread: list[tuple[str, Text]]


def machine(deployment: Deployment, component: str) -> Machine:
    row = host_facts.latest(deployment, component)
    linux = collector_scripts.language_of(component) == "shell"
    name = collector_scripts.file_name(deployment, component)
    return Machine(
        component=component,
        title=title_of(component),
        script="collect-facts.sh" if linux else "Collect-Facts.ps1",
        command=f"sudo sh {name} > host-facts.json" if linux else f"{_POWERSHELL} .\\{name}",
        row=row,
        old=row is not None and host_facts.is_old(row),
        seen=summary(row.facts) if row else [],
        unread=unread(row.facts) if row else [],
    )


def further(deployment: Deployment) -> list[Machine]:
    """The machines in play besides the one that is set up."""
    primary = primary_component(deployment)
    asked = collector_scripts.components_to_ask(deployment)
    return [machine(deployment, component) for component in asked if component != primary]


def summary(facts: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The facts by which a person knows a machine again, as label and lines; what could not be read is left out."""
    known = {key: fact["value"] for key, fact in facts.items() if "value" in fact}
    rows = [
        (gettext("Host name"), _first(known, "identity.fqdn", "identity.computer_name")),
        (gettext("Operating system"), _system(known)),
        (gettext("Hardware"), _words(known, "identity.manufacturer", "identity.model")),
        (gettext("Processors"), _first(known, "hardware.logical_processors")),
        (
            gettext("Memory"),
            [gb(known["hardware.memory_bytes"])] if known.get("hardware.memory_bytes") is not None else [],
        ),
        (gettext("Volumes"), _volumes(known)),
        (gettext("Addresses"), _addresses(known)),
        (gettext("Time zone"), _first(known, "time.zone")),
        (gettext("Collected as"), _first(known, "os.user")),
    ]
    return [(label, lines) for label, lines in rows if lines]


def unread(facts: Mapping[str, Any]) -> list[tuple[str, Text]]:
    """The facts that could not be read, each with the reason."""
    return [
        (key, Text.from_json(fact.get("reason")))
        for key, fact in sorted(facts.items())
        if "value" not in fact
    ]


def _first(known: Mapping[str, Any], *keys: str) -> list[str]:
    return [str(known[key]) for key in keys if known.get(key) not in (None, "")][:1]


def _words(known: Mapping[str, Any], *keys: str) -> list[str]:
    found = [str(known[key]) for key in keys if known.get(key)]
    return [", ".join(found)] if found else []


def _system(known: Mapping[str, Any]) -> list[str]:
    if release := known.get("os.release"):
        return [", ".join(str(part) for part in (release["pretty_name"], known.get("os.kernel")) if part)]
    parts = [
        known.get("os.caption"),
        known.get("os.version"),
        known.get("os.installation_type"),
        known.get("os.system_locale"),
    ]
    words = ", ".join(str(part) for part in parts if part)
    return [words] if words else []


def _volumes(known: Mapping[str, Any]) -> list[str]:
    volumes = known.get("hardware.volumes") or known.get("hardware.mounts") or []
    return [
        gettext("%(name)s %(size)s, %(free)s free")
        % {
            "name": volume.get("drive") or volume.get("target") or volume.get("label") or "–",
            "size": gb(volume["size_bytes"]),
            "free": gb(volume["free_bytes"]),
        }
        for volume in volumes
    ]


def _addresses(known: Mapping[str, Any]) -> list[str]:
    adapters = known.get("network.adapters")
    if adapters is None:
        return [str(address) for address in known.get("network.addresses", [])]
    return [
        f"{adapter['name']}: {address['address']}/{address['prefix']}"
        + (f" ({gettext('DHCP')})" if adapter["dhcp"] else "")
        for adapter in adapters
        for address in adapter["ipv4"]
    ]
