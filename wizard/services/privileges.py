"""Which privileges the account of a deployment has where, which it lacks, which are too many, and scripts that put it right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment, Operator, Task
from wizard.services import deployments, evidence
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.vsphere import privileges, role_script
from wizard.vsphere.effective_rights import ROOT_PATH, EffectiveRights, ObjectRights, wanted
from wizard.vsphere.errors import Ambiguous, NotFound
from wizard.vsphere.placement import DatacenterInfo, ObjectRef, PlacementInventory
from wizard.vsphere.role_script import Grant, RoleOrder
from wizard.vsphere.session import Session

LEVEL_TITLES: Final[Mapping[privileges.Level, Text]] = {
    "discovery": Text(_("Discovery only")),
    "full": Text(_("Full")),
    "appliance": Text(_("Replication appliance")),
    "ova": Text(_("Deploy the template")),
}
# What a script is called and in which form it is: by the end of its name.
FORMS: Final[Mapping[str, role_script.Form]] = {"ps1": "powercli", "sh": "govc"}

_LONGEST_NAME = 80  # characters; what the vSphere Client takes
# The root has the same id everywhere; it is needed before anybody has signed in.
_VCENTER_ROOT = ObjectRef(type="Folder", moid="group-d1", name="Datacenters", path=ROOT_PATH)
_HOST_ROOT = replace(_VCENTER_ROOT, moid="ha-folder-root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one account has on each object that is used, for `levels`.

    `unknown` are needed privileges that this vCenter does not have; `outdated` says that another placement was chosen since.
    """

    levels: tuple[privileges.Level, ...]
    objects: tuple[ObjectRights, ...]
    account: str
    asked_at: datetime | None
    unknown: tuple[str, ...]
    outdated: bool

    @property
    def missing_count(self) -> int:
        return sum(len(rights) for item in self.objects for rights in item.missing.values())

    @property
    def excess_count(self) -> int:
        """Privileges beyond the levels, each once, on however many objects."""
        return len({identifier for item in self.objects for identifier in item.excess})

    @property
    def exact(self) -> bool:
        return all(item.exact for item in self.objects)

    @property
    def administrator(self) -> bool:
        return any(item.administrator for item in self.objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWish:
    """What a role script is asked to be; what is empty is filled in from the deployment."""

    levels: tuple[str, ...] = ()
    role_name: str = ""
    principal: str = ""


# --- while somebody is signed in --------------------------------------------------------------------------------------


def look_up(session: Session, inventory: PlacementInventory, deployment: Deployment) -> dict[str, Any]:
    """What a sign-in keeps: `privileges` (gaps by level) and `rights` (all that the account has, on each object that is used)."""
    placement = answers_in_play(deployment).get("placement")
    objects = [privileges.root_of(session), *_below_root(inventory, placement)]
    rights = privileges.effective(session, objects)
    compared = rights.compare(privileges.LEVELS)
    return {
        "privileges": {
            level: [
                {"object": item.object.name, "privilege_id": right.privilege_id, "name": right.name}
                for item in compared
                for right in item.missing[level]
            ]
            for level in privileges.LEVELS
        },
        "rights": rights.to_json(),
        "user_name": session.user_name,
    }


# --- comparing --------------------------------------------------------------------------------------------------------


def levels_of(deployment: Deployment) -> tuple[privileges.Level, ...]:
    """The levels that this deployment needs: what it protects must be found, replicated and brought back (asr-facts 5.1).

    The modernized appliance asks for more (5.2, PV-26 and PV-27), and so does importing a template (5.4).
    """
    held = circumstances_of(deployment)
    out = {level for level, word in (("appliance", "appliance"), ("ova", "ova")) if word not in held}
    return tuple(level for level in privileges.LEVELS if level not in out)


def comparison_for(deployment: Deployment, levels: Sequence[str] = ()) -> Comparison | None:
    """From the newest sign-in with the answers of the vCenter step; None before there is one.

    Without `levels` those that the deployment needs. Raises Invalid for a level that there is not.
    """
    chosen = _levels(deployment, levels)
    task = _sign_in(deployment)
    if task is None:
        return None
    result = task.result or {}
    rights = EffectiveRights.from_json(result["rights"])
    used = _below_root(_inventory(task), answers_in_play(deployment).get("placement"))
    return Comparison(
        levels=chosen,
        objects=rights.compare(chosen),
        account=result["user_name"],
        asked_at=task.finished_at,
        unknown=tuple(sorted(rights.unknown.intersection(wanted(chosen)))),
        outdated={item.moid for item in used} != {item.moid for item in rights.objects[1:]},
    )


def _sign_in(deployment: Deployment) -> Task | None:
    """The newest sign-in that kept all rights; earlier releases kept what was missing only."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    task = evidence.latest(
        deployment, "sign_in_vcenter", {name: stored.get(name) for name in evidence.VCENTER_INPUTS}
    )
    return task if task is not None and "rights" in (task.result or {}) else None


def _inventory(task: Task) -> PlacementInventory:
    return PlacementInventory.from_json((task.result or {})["inventory"])


def _levels(deployment: Deployment, levels: Sequence[str]) -> tuple[privileges.Level, ...]:
    if unknown := [level for level in levels if level not in privileges.LEVELS]:
        text = Text(
            _("There is no level “%(found)s”; expected is one of: %(known)s."),
            found=unknown[0],
            known=list(privileges.LEVELS),
        )
        raise Invalid([FieldError(path="level", message=text, code="unknown_level")])
    if not levels:
        return levels_of(deployment)
    return tuple(level for level in privileges.LEVELS if level in levels)


# --- objects ----------------------------------------------------------------------------------------------------------


def _below_root(inventory: PlacementInventory, placement: Mapping[str, Any] | None) -> list[ObjectRef]:
    """Every datacenter that the account sees, and what the placement chose; with paths from the root of the inventory."""
    found = [replace(datacenter.ref, path=_path(datacenter.ref.path)) for datacenter in inventory.datacenters]
    if placement is not None:
        try:
            found += _chosen(inventory.datacenter(placement["datacenter"]), placement)
        except (NotFound, Ambiguous):
            # What was chosen is no longer there under that name: preflight says so, and here there is nothing to ask about.
            return found
    return found


def _chosen(datacenter: DatacenterInfo, placement: Mapping[str, Any]) -> Iterable[ObjectRef]:
    parts = (
        ("vm", datacenter.find_folder(placement["folder"]).ref),
        ("host", datacenter.find_compute(placement["compute"]).ref),
        ("datastore", datacenter.find_datastore(placement["datastore"]).ref),
        ("network", datacenter.find_network(placement["network"]).ref),
    )
    return [replace(ref, path=_path(datacenter.ref.path, kind, ref.path)) for kind, ref in parts]


def _path(*parts: str) -> str:
    return "/" + "/".join(part for part in parts if part)


# --- scripts ----------------------------------------------------------------------------------------------------------


def script_for(
    deployment: Deployment, form: role_script.Form, *, actor: Operator, wish: ScriptWish | None = None
) -> str:
    """A script that gives the account exactly what the levels need, on the objects that are used.

    Before the first sign-in the datacenters are not known: then the role goes to the root. Raises NotReady before the vCenter
    step names a server and an account, Invalid for names that cannot be, Conflict `administrator` where the script would take
    the rights of an administrator away.
    """
    require(actor, "view")
    order = order_for(deployment, wish or ScriptWish())
    return role_script.powercli(order) if form == "powercli" else role_script.govc(order)


def order_for(deployment: Deployment, wish: ScriptWish) -> RoleOrder:
    """What the scripts of this deployment do; raises what `script_for` raises."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    levels = _levels(deployment, wish.levels)
    principal = principal_of(deployment, wish.principal)
    if not stored.get("host"):
        raise NotReady(Text(_("The script cannot be made yet.")), missing=[Text(_("the address of vCenter"))])
    task = _sign_in(deployment)
    about = _about(deployment, stored, task)
    return RoleOrder(
        role_name=_name("role", wish.role_name) or role_name_of(deployment),
        principal=principal,
        privileges=wanted(levels),
        grants=_grants(deployment, task, about),
        host=stored["host"],
        port=int(stored["port"]),
        instance_uuid=about.get("instance_uuid", ""),
    )


def role_name_of(deployment: Deployment) -> str:
    """A role of its own for each deployment: no script changes one that others rely on."""
    return f"Foothold_{deployment.name}"


def principal_of(deployment: Deployment, wish: str = "") -> str:
    """The account that gets the role, as `DOMAIN\\user`: that of `wish`, else the one of the vCenter step."""
    comparison = comparison_for(deployment)
    stored, _version = deployments.form_of(deployment, "vcenter")
    own = comparison.account if comparison else _username(stored.get("credential"))
    found = _windows_name(_name("principal", wish) or own)
    if not found:
        raise NotReady(
            Text(_("The script cannot be made yet.")), missing=[Text(_("the account for vCenter"))]
        )
    if comparison and comparison.administrator and found.casefold() == _windows_name(own).casefold():
        raise Conflict(
            Text(_("%(account)s administers this vCenter; the script would take that away."), account=own),
            remedy=Text(_("Make an account of its own for Site Recovery, and name it for the script.")),
            code="administrator",
        )
    return found


def _grants(deployment: Deployment, task: Task | None, about: Mapping[str, Any]) -> tuple[Grant, ...]:
    if task is None:
        return role_script.grants_on([_HOST_ROOT if about.get("api_type") == "HostAgent" else _VCENTER_ROOT])
    root = EffectiveRights.from_json((task.result or {})["rights"]).objects[0]
    placement = answers_in_play(deployment).get("placement")
    return role_script.grants_on([root, *_below_root(_inventory(task), placement)])


def _about(deployment: Deployment, stored: Mapping[str, Any], task: Task | None) -> Mapping[str, Any]:
    if task is None:
        address = {name: stored.get(name) for name in ("host", "port")}
        task = evidence.latest(deployment, "probe_vcenter", address)
    return cast(Mapping[str, Any], (task.result or {}).get("about") or {}) if task else {}


def _username(credential: str | None) -> str:
    row = Credential.objects.filter(name=credential or "", kind=Credential.Kind.VCENTER).first()
    return row.username if row else ""


def _windows_name(account: str) -> str:
    """vSphere's permissions are for `DOMAIN\\user`; `user@domain` is how people sign in."""
    user, at, domain = account.rpartition("@")
    return f"{domain.upper()}\\{user}" if at and "\\" not in account else account


def _name(field: str, given: str) -> str:
    name = given.strip()
    if len(name) > _LONGEST_NAME or re.search(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffe\uffff]", name):
        text = Text(
            _("At most %(longest)s characters on one line are expected here; found %(found)s."),
            longest=_LONGEST_NAME,
            found=repr(name[:_LONGEST_NAME]),
        )
        raise Invalid([FieldError(path=field, message=text, code="unusable_name")])
    return name
