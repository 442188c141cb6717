"""One row of the requirement catalogue, and the words that its fields may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wizard.text import Text

Severity = Literal["block", "warn", "info"]
Phase = Literal["before", "after"]
Kind = Literal["probe", "attested", "listed"]

PROFILES = ("asr-classic", "asr-modernized")
SEVERITIES = frozenset({"block", "warn", "info"})
PHASES = frozenset({"before", "after"})
KINDS = frozenset({"probe", "attested", "listed"})
METHODS = frozenset({"ova", "manual"})
OWNERS = frozenset({"vsphere", "windows", "network", "azure", "operator"})
CLOUDS = frozenset({"public", "us_government", "china"})
COMPONENTS = frozenset(
    {
        *("vault", "cache_sa", "managed_disk", "cs", "ps_builtin", "ps_scaleout", "ps_failback"),
        *("mt_builtin", "mt_windows", "mt_linux", "mobility", "vcenter", "esxi", "s2s", "appliance"),
    }
)
WHEN = frozenset(
    {
        *("cs", "ps_scaleout", "appliance", "ova", "manual", "vmware", "physical", "vmware_host"),
        *("physical_host", "vcenter", "failback", "linux_failback", "proxy", "private_endpoints", "winrm"),
    }
)
"""The circumstances of a deployment that a row may ask for; wizard.planning.circumstances tells them."""

CATEGORIES = frozenset(
    {
        *("hardware", "operating_system", "policies", "iis", "cryptography", "placement", "network", "time"),
        *("urls", "proxy", "virtualization", "azure", "template", "identity", "software", "antivirus"),
        *("installation", "source_machines", "master_target", "operations", "lifecycle"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must be true, why, who sees to it, and which judge decides on which facts.

    An id may have several variants, one for each way of checking it; never do two of them apply at once.
    `kind` is "probe" where facts decide, "attested" where a person answers `question` (whose good answer is
    yes), "listed" where nobody can be asked: `unchecked` says why, and there is neither judge nor fact.
    `components` names whom it concerns, `when` the circumstances that must all hold. `phase` is "before" or
    "after" the machine is set up. The judge gets `facts`, all of which must be known, and those of `hints` that
    happen to be. `clouds` is empty where every cloud asks for it. `requires` names
    requirements that must have been met or be mere warnings before this one is judged.
    `source` is the file name of the document that states it, `source_date` its year and month, `conflict` the
    id of the contradiction between documents (asr-facts 14) that bears on it.
    """

    id: str
    title: Text
    why: Text
    category: str
    kind: Kind
    profiles: tuple[str, ...]
    components: tuple[str, ...]
    when: tuple[str, ...]
    methods: tuple[str, ...]
    clouds: tuple[str, ...]
    phase: Phase
    severity: Severity
    waivable: bool
    owner: str
    judge: str
    facts: tuple[str, ...]
    params: Mapping[str, Any]
    requires: tuple[str, ...]
    remedy: Text
    command: str | None
    source: str
    source_date: str
    link: str
    conflict: str | None
    question: Text | None
    unchecked: Text | None
    hints: tuple[str, ...] = ()
