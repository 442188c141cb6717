"""Scripts that give the account of a deployment exactly the privileges that it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment, Operator
from wizard.services import credentials, deployments, evidence
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.permissions import require
from wizard.services.privileges import Comparison, chosen_levels, comparison_for
from wizard.text import Text, _
from wizard.vsphere import role_script
from wizard.vsphere.effective_rights import ROOT_PATH, wanted
from wizard.vsphere.placement import ObjectRef
from wizard.vsphere.role_script import Form, RoleOrder

# By the end of the file's name.
FORMS: Final[Mapping[str, Form]] = {"ps1": "powercli", "sh": "govc"}
FORM_TITLES: Final[Mapping[str, str]] = {"ps1": "PowerCLI", "sh": "govc"}

_LONGEST_NAME = 80  # characters; what the vSphere Client takes
# The root has the same id everywhere; it is needed before anybody has signed in.
_VCENTER_ROOT = ObjectRef(type="Folder", moid="group-d1", name="Datacenters", path=ROOT_PATH)
_HOST_ROOT = replace(_VCENTER_ROOT, moid="ha-folder-root")
# Those whom vCenter and ESXi come with: known to administer it before anybody has looked, and whoever asks.
_BUILT_IN = ("administrator", "root")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWish:
    """What a role script is asked to be; what is empty is filled in from the deployment."""

    levels: tuple[str, ...] = ()
    role_name: str = ""
    principal: str = ""


_AS_IT_IS = ScriptWish()


def script_for(deployment: Deployment, form: Form, *, actor: Operator, wish: ScriptWish = _AS_IT_IS) -> str:
    """A script that gives the account exactly what the levels need, on the objects that are used.

    Before the first sign-in the datacenters are not known: then the role goes to the root. Raises NotReady before the vCenter
    step names a server and an account, Invalid for names that cannot be, Conflict `administrator` where the script would take
    the rights of an administrator away.
    """
    return scripts_for(deployment, comparison_for(deployment), actor=actor, wish=wish)[form]


def scripts_for(
    deployment: Deployment, comparison: Comparison | None, *, actor: Operator, wish: ScriptWish
) -> Mapping[Form, str]:
    """The same in every form, for those who have the comparison of this deployment already, of whichever levels."""
    require(actor, "privileges.see", deployment)
    order = _order(deployment, comparison, wish)
    return {"powercli": role_script.powercli(order), "govc": role_script.govc(order)}


def _order(deployment: Deployment, comparison: Comparison | None, wish: ScriptWish) -> RoleOrder:
    stored, _version = deployments.form_of(deployment, "vcenter")
    levels = chosen_levels(deployment, wish.levels)
    principal = principal_of(deployment, comparison, wish.principal)
    if not stored.get("host"):
        raise NotReady(Text(_("The script cannot be made yet.")), missing=[Text(_("the address of vCenter"))])
    if comparison is not None:
        used, instance_uuid = comparison.used, comparison.instance_uuid
    else:
        used, instance_uuid = _as_probed(deployment, {name: stored.get(name) for name in ("host", "port")})
    return RoleOrder(
        role_name=_checked("role", wish.role_name) or role_name_of(deployment),
        principal=principal,
        privileges=wanted(levels),
        grants=role_script.grants_on(used),
        host=stored["host"],
        port=int(stored["port"]),
        instance_uuid=instance_uuid,
    )


def role_name_of(deployment: Deployment) -> str:
    """A role of its own for each deployment: no script changes one that others rely on."""
    return f"Foothold_{deployment.name}"


def principal_of(deployment: Deployment, comparison: Comparison | None, wish: str = "") -> str:
    """The account that gets the role, as `DOMAIN\\user`: that of `wish`, else the one of the vCenter step."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    own = comparison.account if comparison else _username(deployment, stored.get("credential"))
    found = _windows_name(_checked("principal", wish) or own)
    if not found:
        raise NotReady(
            Text(_("The script cannot be made yet.")), missing=[Text(_("the account for vCenter"))]
        )
    is_own = found.casefold() == _windows_name(own).casefold()
    if (comparison and comparison.administrator and is_own) or _is_built_in(found):
        raise Conflict(
            Text(_("%(account)s administers this vCenter; the script would take that away."), account=found),
            remedy=Text(_("Make an account of its own for Site Recovery, and name it for the script.")),
            code="administrator",
        )
    return found


def _as_probed(deployment: Deployment, address: Mapping[str, object]) -> tuple[tuple[ObjectRef, ...], str]:
    """The root, and which vCenter that is ("" where nobody has looked), before the first sign-in."""
    task = evidence.latest(deployment, "probe_vcenter", address)
    about = ((task.result or {}).get("about") if task else None) or {}
    root = _HOST_ROOT if about.get("api_type") == "HostAgent" else _VCENTER_ROOT
    return (root,), about.get("instance_uuid", "")


def _is_built_in(account: str) -> bool:
    return account.rpartition("\\")[2].casefold() in _BUILT_IN


def _username(deployment: Deployment, credential: str | None) -> str:
    row = credentials.of_kind(Credential.Kind.VCENTER, deployment).filter(name=credential or "").first()
    return row.username if row else ""


def _windows_name(account: str) -> str:
    """vSphere's permissions are for `DOMAIN\\user`; `user@domain` is how people sign in."""
    user, at, domain = account.rpartition("@")
    return f"{domain.upper()}\\{user}" if at and "\\" not in account else account


def _checked(field: str, given: str) -> str:
    name = given.strip()
    if len(name) > _LONGEST_NAME or re.search(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffe\uffff]", name):
        text = Text(
            _("At most %(longest)s characters on one line are expected here; found %(found)s."),
            longest=_LONGEST_NAME,
            found=repr(name[:_LONGEST_NAME]),
        )
        raise Invalid([FieldError(path=field, message=text, code="unusable_name")])
    return name
