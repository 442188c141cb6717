"""Which privileges the account of a deployment has where: which it lacks, and which are too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from wizard.journey.errors import FieldError
from wizard.models import Deployment, Task
from wizard.services import deployments, evidence
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errors import Invalid, NotReady
from wizard.services.used_objects import used_objects
from wizard.text import Text, _
from wizard.vsphere import privileges
from wizard.vsphere.effective_rights import EffectiveRights, ObjectRights, wanted
from wizard.vsphere.placement import ObjectRef, PlacementInventory
from wizard.vsphere.session import Session

LEVEL_TITLES: Final[Mapping[privileges.Level, Text]] = {
    "discovery": Text(_("Discovery only")),
    "full": Text(_("Full")),
    "appliance": Text(_("Replication appliance")),
    "ova": Text(_("Deploy the template")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one account has on each object that is used, for `levels`.

    `used` is the root and what is used today, which may be other objects than those compared: `outdated` says that another
    placement was chosen since. `unknown` are needed privileges that this vCenter does not have, `unseen` chosen objects that
    the account does not see.
    """

    levels: tuple[privileges.Level, ...]
    objects: tuple[ObjectRights, ...]
    used: tuple[ObjectRef, ...]
    account: str
    instance_uuid: str
    asked_at: datetime | None
    unknown: tuple[str, ...]
    unseen: tuple[str, ...]
    outdated: bool

    @property
    def missing_count(self) -> int:
        return sum(len(rights) for item in self.objects for rights in item.missing.values())

    @property
    def excess_count(self) -> int:
        """Privileges beyond the levels, each once, on however many objects."""
        return len({identifier for item in self.objects for identifier in item.excess})

    @property
    def blind(self) -> bool:
        """Whether the account sees no datacenter at all."""
        return len(self.objects) == 1

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, and everything that is used can be seen."""
        return not (self.missing_count or self.unseen or self.blind)

    @property
    def exact(self) -> bool:
        return self.complete and not self.excess_count

    @property
    def administrator(self) -> bool:
        return any(item.administrator for item in self.objects)


# --- while somebody is signed in --------------------------------------------------------------------------------------


def look_up(session: Session, inventory: PlacementInventory, deployment: Deployment) -> dict[str, Any]:
    """What a sign-in keeps: `privileges` (gaps by level) and `rights` (all that the account has, on each object that is used)."""
    placement = answers_in_play(deployment).get("placement")
    used = used_objects(inventory, placement)
    rights = privileges.effective(session, [privileges.root_of(session), *used.objects])
    compared = rights.compare(privileges.LEVELS, no_import=used.no_import)
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
    return tuple(level for level in privileges.LEVELS if level not in ("appliance", "ova") or level in held)


def comparison_for(deployment: Deployment, levels: Sequence[str] = ()) -> Comparison | None:
    """From the newest sign-in with the answers of the vCenter step; None before there is one.

    Without `levels` those that the deployment needs. Raises Invalid for a level that there is not.
    """
    chosen = chosen_levels(deployment, levels)
    task = _newest_sign_in(deployment)
    result = (task.result or {}) if task else {}
    if task is None or "rights" not in result:
        # Earlier releases kept what was missing only.
        return None
    rights = EffectiveRights.from_json(result["rights"])
    inventory = PlacementInventory.from_json(result["inventory"])
    used = used_objects(inventory, answers_in_play(deployment).get("placement"))
    return Comparison(
        levels=chosen,
        objects=rights.compare(chosen, no_import=used.no_import),
        used=(rights.objects[0], *used.objects),
        account=result["user_name"],
        instance_uuid=result["about"]["instance_uuid"],
        asked_at=task.finished_at,
        unknown=tuple(sorted(rights.unknown.intersection(wanted(chosen)))),
        unseen=used.unseen,
        outdated={item.moid for item in used.objects} != {item.moid for item in rights.objects[1:]},
    )


def compared(deployment: Deployment, levels: Sequence[str] = ()) -> Comparison:
    """The same, for those who cannot go on without. Raises NotReady before there is one, and Invalid."""
    found = comparison_for(deployment, levels)
    if found is None:
        raise NotReady(
            Text(_("The privileges were not compared yet.")), missing=[Text(_("a sign-in to vCenter"))]
        )
    return found


def _newest_sign_in(deployment: Deployment) -> Task | None:
    stored, _version = deployments.form_of(deployment, "vcenter")
    inputs = {name: stored.get(name) for name in evidence.VCENTER_INPUTS}
    return evidence.latest(deployment, "sign_in_vcenter", inputs)


def chosen_levels(deployment: Deployment, levels: Sequence[str]) -> tuple[privileges.Level, ...]:
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
