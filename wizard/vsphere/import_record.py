"""An import as it was approved: everything that decides what will be made, as plain JSON with digests.

Whoever runs it later makes the record anew and compares: what is not the same any more is named.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from wizard.text import Text, _
from wizard.vsphere.canonical import Canonical, digest
from wizard.vsphere.errors import ImportRefused
from wizard.vsphere.import_plan import ImportPlan, ImportTarget
from wizard.vsphere.import_spec import ImportOrder
from wizard.vsphere.placement import ObjectRef
from wizard.vsphere.rights import required
from wizard.vsphere.session import Session
from wizard.vsphere.template import Template

_MOST_DIFFERENCES = 20
# Makes guessing a short password from its digest slow; the salt makes a table of digests useless.
_ROUNDS = 200_000

_TITLES: Final[Mapping[str, str]] = {
    "vcenter": _("vCenter"),
    "template": _("Template"),
    "placement": _("Placement"),
    "networks": _("Networks"),
    "properties": _("Properties"),
    "spec": _("Import specification"),
    "privileges": _("Privileges"),
    "warnings": _("vCenter's warnings"),
}
_PLACES: Final[Mapping[str, str]] = {
    "vm_name": _("Name of the virtual machine"),
    "datacenter": _("Datacenter"),
    "folder": _("Folder"),
    "compute": _("Cluster, host or resource pool"),
    "resource_pool": _("Resource pool"),
    "host": _("Host"),
    "datastore": _("Datastore"),
    "disk_provisioning": _("Disk provisioning"),
    "deployment_option": _("Deployment option"),
}


class PlanChanged(ImportRefused):
    """What would be imported now is not what was approved; `differences` names what changed."""

    code = "plan_changed"
    default_remedy = Text(
        _("Look at what changed and approve the plan anew, or set it back; then deploy again.")
    )

    def __init__(self, differences: tuple[Text, ...], *, address: str) -> None:
        super().__init__(
            Text(
                _("The import is not the one that was approved: %(differences)s. Nothing was changed."),
                differences=list(differences),
            ),
            address=address,
            step="approval",
        )
        self.differences = differences


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """The parts by name (see `_TITLES`), a SHA-256 of each, and `sha256` over all of them.

    `salt` is random; passwords among the properties are recorded as salted digests only. `content` in the part
    `template` is the SHA-256 of everything in it: see `content_digest`.
    """

    salt: str
    parts: Mapping[str, Any]

    @property
    def digests(self) -> dict[str, str]:
        return {name: digest(part) for name, part in self.parts.items()}

    @property
    def sha256(self) -> str:
        return digest({"salt": self.salt, "parts": self.digests})

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"salt", "parts": {name: ...}, "digests": {name: hex}, "sha256": hex}`."""
        return {
            "salt": self.salt,
            "parts": dict(self.parts),
            "digests": self.digests,
            "sha256": self.sha256,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Raises ValueError where the stored parts are not those of the stored digests."""
        record = cls(salt=stored["salt"], parts=dict(stored["parts"]))
        if record.digests != stored["digests"] or record.sha256 != stored["sha256"]:
            raise ValueError("the recorded plan was changed after it was recorded")
        return record


def record_plan(
    session: Session,
    template: Template,
    plan: ImportPlan,
    target: ImportTarget,
    order: ImportOrder,
    *,
    content: str,
    salt: str | None = None,
) -> ImportRecord:
    """Record what `order` would make. `content` is `content_digest` of the template; no call is made.

    `salt` is that of the record to compare with; None makes a new one.
    """
    salt = salt or secrets.token_hex(16)

    def secret(value: str) -> str:
        derived = hashlib.pbkdf2_hmac("sha256", value.encode(), bytes.fromhex(salt), _ROUNDS)
        return f"pbkdf2-sha256:{derived.hex()}"

    passwords = {item.key for item in template.descriptor.properties if item.password}
    return ImportRecord(
        salt=salt,
        parts={
            "vcenter": {"address": session.address, "instance_uuid": session.about.instance_uuid},
            "template": _template(template, order, content),
            "placement": _placement(plan, target, order, template),
            "networks": {name: _named(network.ref) for name, network in sorted(target.networks.items())},
            "properties": {
                key: secret(value) if key in passwords else value
                for key, value in sorted(plan.properties.items())
            },
            "spec": Canonical(
                secret=secret,
                passwords=[plan.properties[key] for key in passwords & plan.properties.keys()],
                password_keys=passwords,
            ).of(order.spec),
            "privileges": {
                "account": session.user_name,
                "used": sorted({right.privilege_id for right in required("ova")}),
            },
            "warnings": list(order.warnings),
        },
    )


def differences(approved: ImportRecord, now: ImportRecord) -> tuple[Text, ...]:
    """One sentence for each thing that changed, at most twenty; none where both are the same.

    Of the specification only what nothing else explains is told: a datastore, once chosen anew, changes many lines.
    """
    if approved.sha256 == now.sha256:
        return ()
    told = [
        sentence
        for part in _TITLES
        if part != "spec"
        for sentence in _changed(part, approved.parts.get(part), now.parts.get(part))
    ]
    if not told:
        told = list(_changed("spec", approved.parts.get("spec"), now.parts.get("spec")))
    if not told:
        told = [Text(_("The records were made with different salts and cannot be compared."))]
    return tuple(told[:_MOST_DIFFERENCES])


def expect_unchanged(approved: ImportRecord, now: ImportRecord, *, address: str) -> None:
    """Raises PlanChanged."""
    found = differences(approved, now)
    if found:
        raise PlanChanged(found, address=address)


def _template(template: Template, order: ImportOrder, content: str) -> dict[str, Any]:
    return {
        "name": template.path.name,
        "product": template.descriptor.product,
        "version": template.descriptor.version,
        "files": {name: template.members[name].size for name in sorted({*template.needed_files}) if name},
        # In the order of the disks; ids of devices are vCenter's own, and others the next time.
        "sent": [{"path": file.path, "create": bool(file.create)} for file in order.files],
        "content": content,
        "signer": template.signature.sha256 if template.signature else None,
    }


def _placement(
    plan: ImportPlan, target: ImportTarget, order: ImportOrder, template: Template
) -> dict[str, Any]:
    host = next(
        (
            host.ref
            for host in target.compute.hosts
            if order.host is not None and host.ref.moid == order.host._moId
        ),
        None,
    )
    return {
        "vm_name": plan.vm_name,
        "datacenter": _named(target.datacenter),
        "folder": _named(target.folder.ref),
        "compute": _named(target.compute.ref),
        "resource_pool": target.compute.resource_pool_moid,
        "host": _named(host) if host else None,
        "datastore": _named(target.datastore.ref),
        "disk_provisioning": plan.disk_provisioning,
        "deployment_option": plan.deployment_option or template.descriptor.default_option,
    }


def _named(ref: ObjectRef) -> dict[str, str]:
    return {"type": ref.type, "moid": ref.moid, "name": ref.name, "path": ref.path}


def _changed(part: str, before: Any, now: Any) -> Iterator[Text]:
    if part == "warnings":
        if before != now:
            yield _sentence(Text(_TITLES[part]), before, now)
        return
    for path, was, becomes in _leaves(before, now, ()):
        if part == "placement":
            what: Text = Text(_PLACES[path[0]]) if path else Text(_TITLES[part])
        else:
            what = Text(_("%(part)s, %(path)s"), part=Text(_TITLES[part]), path=_spelled(path))
        yield _sentence(what, was, becomes)


def _leaves(before: Any, now: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Where two JSON values differ, as deep down as they are alike in shape; a named object is one leaf."""
    if before == now:
        return
    if isinstance(before, dict) and isinstance(now, dict) and not _is_named(before, now):
        for key in sorted({*before, *now}):
            yield from _leaves(before.get(key), now.get(key), (*path, key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (was, becomes) in enumerate(zip(before, now, strict=True)):
            yield from _leaves(was, becomes, (*path, str(number)))
    else:
        yield path, before, now


def _is_named(*values: Mapping[str, Any]) -> bool:
    return all({"moid", "name"} <= value.keys() for value in values)


def _spelled(path: Iterable[str]) -> str:
    return ".".join(path) or "–"


def _sentence(what: Text, before: Any, now: Any) -> Text:
    was, becomes = _word(before), _word(now)
    if was == becomes and isinstance(before, dict) and isinstance(now, dict):
        # Another object under the same name.
        was, becomes = f"{was} ({before['moid']})", f"{becomes} ({now['moid']})"
    return Text(_("%(what)s: %(before)s before, %(now)s now"), what=what, before=was, now=becomes)


def _word(value: Any) -> Any:
    if value is None or value == "" or value == []:
        return Text(_("nothing"))
    if isinstance(value, dict):
        return value.get("name") or value.get("_type") or value.get("_ref") or "…"
    if isinstance(value, list):
        return [str(_word(item)) for item in value][:5]
    return str(value)[:200]
