"""What holds for a deployment, in one word each: the steps and requirements that apply follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wizard.planning.vocabulary import ProfileId

Answers = Mapping[str, Mapping[str, Any]]

CIRCUMSTANCES: Final = frozenset(
    {
        # what is being installed
        "cs",
        "ps_scaleout",
        "appliance",
        # how
        "ova",
        "manual",
        # what it protects
        "vmware",
        "physical",
        # what it runs on
        "vmware_host",
        "physical_host",
        # what else has a part in it
        "vcenter",
        "failback",
        "linux_failback",
        "proxy",
        "private_endpoints",
        "winrm",
    }
)


def circumstances(profile: ProfileId | str, answers: Answers) -> frozenset[str]:
    """The words of CIRCUMSTANCES that hold, as far as the answers say (step id to valid answers).

    Answers may be partial: a word whose question is not answered does not hold, except that a classic
    deployment is a configuration server, and a machine a virtual one, until the answers say otherwise.
    """
    source, capacity = answers.get("source", {}), answers.get("capacity", {})
    method, protects = source.get("method"), source.get("protects") or ()
    component = _component(profile, source)
    found = {component}
    found.update(word for word in ("ova", "manual") if word == method)
    found.update(word for word in ("vmware", "physical") if word in protects)
    if source:
        physical_host = source.get("runs_on") == "physical" and method != "ova"
        found.add("physical_host" if physical_host else "vmware_host")
    # A template needs vCenter Server to be deployed, even where no virtual machine is protected (DD15).
    if method == "ova" or ("vmware" in protects and component != "ps_scaleout"):
        found.add("vcenter")
    # The modernized appliance brings no physical server back (DD14).
    if capacity.get("failback") and (component != "appliance" or "vmware" in protects):
        found.add("failback")
        if capacity.get("linux_failback"):
            found.add("linux_failback")
    if answers.get("network", {}).get("proxy"):
        found.add("proxy")
    if answers.get("vault", {}).get("private_endpoints"):
        found.add("private_endpoints")
    if answers.get("evidence", {}).get("way") == "winrm":
        found.add("winrm")
    return frozenset(found)


def components(profile: ProfileId | str, answers: Answers) -> frozenset[str]:
    """The kinds of components in play (asr-facts 1.1), under the names that requirements use."""
    found = circumstances(profile, answers)
    parts = {"mobility", "vault", _component(profile, answers.get("source", {}))}
    if "cs" in found:
        parts.add("ps_builtin")
    if "vcenter" in found:
        parts |= {"vcenter", "esxi"}
    # What brings machines back belongs to the configuration server, not to a further process server.
    if {"cs", "failback"} <= found:
        parts.add("ps_failback")
        parts.add("mt_windows" if "physical_host" in found else "mt_builtin")
        if "linux_failback" in found:
            parts.add("mt_linux")
    return frozenset(parts)


def _component(profile: str, source: Mapping[str, Any]) -> str:
    """The component that is being installed: the primary one of the deployment."""
    if profile == "asr-modernized":
        return "appliance"
    return "ps_scaleout" if source.get("component") == "ps_scaleout" else "cs"
