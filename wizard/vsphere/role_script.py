"""Scripts that make a role with exactly the privileges that are needed, and assign it: for PowerCLI and for govc.

Both can be run again at any time and end at the same: the role has exactly the privileges of the list, and the account has that
role on each object of the list. Objects are named by their ids, which no special character in a name can mislead; the script
refuses another vCenter, where the same ids are other objects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from wizard.vsphere.effective_rights import ROOT_PATH
from wizard.vsphere.placement import ObjectRef
from wizard.wire.script_quoting import quote_powershell, quote_shell

Form = Literal["powercli", "govc"]

# vSphere's own role for those who only look: System.Anonymous, System.View and System.Read (asr-facts 5.1).
READ_ONLY = "ReadOnly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One assignment of the role, or of vSphere's own read-only role, to the account."""

    object: ObjectRef
    read_only: bool
    propagate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOrder:
    """What a script does. `instance_uuid` is "" where nobody has looked at this vCenter; the script cannot compare it then."""

    role_name: str
    principal: str
    privileges: tuple[str, ...]
    grants: tuple[Grant, ...]
    host: str
    port: int
    instance_uuid: str


def grants_on(objects: Sequence[ObjectRef]) -> tuple[Grant, ...]:
    """Where the role is assigned, for the objects that are used.

    The role on each datacenter, propagated (asr-facts 5.1); on the root read-only and not propagated, which is enough to find
    the datacenters. What is used below a datacenter gets the role itself, too: a permission that is nearer to an object, be it of
    a group or on a folder between, goes before one that is propagated to it. Where no datacenter is known the role goes to the
    root, propagated.
    """
    below_root = [item for item in objects if item.path != ROOT_PATH]
    return tuple(
        Grant(object=item, read_only=top, propagate=not top)
        for item in objects
        for top in [item.path == ROOT_PATH and bool(below_root)]
    )


def powercli(order: RoleOrder) -> str:
    """A script for PowerShell with VMware PowerCLI; ASCII only, so that it can be saved in any encoding."""
    grants = [
        f"    @{{ Type = {quote_powershell(grant.object.type)}; Id = {quote_powershell(grant.object.moid)}; "
        f"ReadOnly = {_truth(grant.read_only)}; Propagate = {_truth(grant.propagate)} }}"
        f"  # {_comment(grant.object.path, ascii_only=True)}"
        for grant in order.grants
    ]
    privileges = [f"    {quote_powershell(identifier)}" for identifier in order.privileges]
    return _fill(
        "role.ps1",
        {
            "server": quote_powershell(order.host),
            "port": str(order.port),
            "instance": quote_powershell(order.instance_uuid),
            "role": quote_powershell(order.role_name),
            "principal": quote_powershell(order.principal),
            "privileges": "\n".join(privileges),
            "grants": "\n".join(grants),
        },
    )


def govc(order: RoleOrder) -> str:
    """A script for a POSIX shell with govc on its path."""
    grants = []
    for grant in order.grants:
        role = READ_ONLY if grant.read_only else '"$role"'
        target = quote_shell(f"{grant.object.type}:{grant.object.moid}")
        grants += [
            f"# {_comment(grant.object.path)}",
            f"assign {role} {str(grant.propagate).lower()} {target}",
        ]
    privileges = [f"  {quote_shell(identifier)} \\" for identifier in order.privileges]
    return _fill(
        "role.sh",
        {
            "url": quote_shell(f"https://{_in_url(order.host)}:{order.port}/sdk"),
            "instance": quote_shell(order.instance_uuid),
            "role": quote_shell(order.role_name),
            "principal": quote_shell(order.principal),
            "privileges": "\n".join(privileges),
            "grants": "\n".join(grants),
        },
    )


def _truth(value: bool) -> str:
    return "$true" if value else "$false"


def _comment(text: str, *, ascii_only: bool = False) -> str:
    """A name as a comment: on one line whatever characters it has."""
    kept = (lambda c: c.isprintable() and c.isascii()) if ascii_only else str.isprintable
    return "".join(character if kept(character) else "?" for character in text)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _fill(name: str, parts: dict[str, str]) -> str:
    """The template with its places filled in one pass, so that no value can bring a place of its own."""
    template = (resources.files("wizard.vsphere") / "scripts" / name).read_text("utf-8")
    return re.sub(r"@@([a-z]+)@@", lambda found: parts[found[1]], template)
