"""What an account may do, asked of vCenter for the very objects that will be used.

A right can be granted at the datacenter and taken away below, so asking at the root alone proves nothing.
"""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import GetWsdlType, ManagedObject

from wizard.vsphere.collector import moid, type_name
from wizard.vsphere.effective_rights import ROOT_PATH, EffectiveRights
from wizard.vsphere.placement import ObjectRef
from wizard.vsphere.rights import LEVELS as LEVELS
from wizard.vsphere.rights import PRIVILEGE_NAMES as PRIVILEGE_NAMES
from wizard.vsphere.rights import Level as Level
from wizard.vsphere.rights import Right as Right
from wizard.vsphere.rights import required as required
from wizard.vsphere.rights import used_on
from wizard.vsphere.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One privilege that the account lacks on one object."""

    object: ObjectRef
    privilege_id: str
    name: str


def missing(
    session: Session, levels: Sequence[Level], objects: Sequence[ObjectRef]
) -> dict[Level, tuple[Gap, ...]]:
    """What the signed-in account lacks of each level, object by object; two round trips, however many of either.

    Roles are assigned at datacenters and propagate, so those are asked for everything; any other object for
    what is used on its type alone. A privilege that this vCenter does not know (older releases lack some,
    asr-facts 5.3) is not missing.
    """
    if not objects:
        return dict.fromkeys(levels, ())
    authorization = cast(vim.AuthorizationManager, session.content.authorizationManager)
    known = {privilege.privId for privilege in authorization.privilegeList}
    rights = {level: [right for right in required(level) if right.privilege_id in known] for level in levels}
    asked = dict.fromkeys(right.privilege_id for level in levels for right in rights[level])
    granted = _granted(session, authorization, objects, list(asked))
    return {
        level: tuple(
            Gap(object=item, privilege_id=right.privilege_id, name=right.name)
            for item in objects
            for right in rights[level]
            if used_on(right, item.type) and (item.moid, right.privilege_id) not in granted
        )
        for level in levels
    }


def effective(session: Session, objects: Sequence[ObjectRef]) -> EffectiveRights:
    """All that the signed-in account may do on each of `objects`, needed or not; two round trips.

    Raises what `missing` raises: NotFound for an object that is gone.
    """
    authorization = cast(vim.AuthorizationManager, session.content.authorizationManager)
    known = [privilege.privId for privilege in authorization.privilegeList]
    granted = _granted(session, authorization, objects, known) if objects else set()
    return EffectiveRights(
        objects=tuple(objects),
        granted={
            item.moid: frozenset(identifier for identifier in known if (item.moid, identifier) in granted)
            for item in objects
        },
        known_count=len(known),
        unknown=frozenset(PRIVILEGE_NAMES).difference(known),
    )


def root_of(session: Session) -> ObjectRef:
    """The folder above everything; no call is made."""
    folder = session.content.rootFolder
    return ObjectRef(type=type_name(folder), moid=moid(folder), name="Datacenters", path=ROOT_PATH)


def _granted(
    session: Session,
    authorization: vim.AuthorizationManager,
    objects: Iterable[ObjectRef],
    identifiers: list[str],
) -> set[tuple[str, str]]:
    """Pairs of object id and privilege id."""
    entities = [_entity(session, item) for item in objects]
    try:
        answer = authorization.HasUserPrivilegeOnEntities(entities, session.user_name, identifiers)
    except vim.fault.NotAuthenticated:
        # A kind of NoPermission, but no other question helps a session that has ended.
        raise
    except _UNSUPPORTED:
        # Asks for the session instead of the user: every release knows it, and nobody but ourselves is meant.
        answer = authorization.HasPrivilegeOnEntities(
            cast(list[vim.ManagedEntity], entities), session.key, identifiers
        )
    return {
        (moid(item.entity), availability.privId)
        for item in answer
        for availability in item.privAvailability
        if availability.isGranted
    }


# Not there before vSphere 6.5 (which pyVmomi notices before it asks), nor on ESXi; refused to accounts with few rights, or
# for a user who signed in through a federated identity that the look-up by name does not find.
_UNSUPPORTED = (
    vmodl.fault.MethodNotFound,
    vmodl.fault.NotSupported,
    vmodl.fault.InvalidRequest,
    vim.fault.NoPermission,
    vim.fault.UserNotFound,
)


def _entity(session: Session, item: ObjectRef) -> ManagedObject:
    kind = cast(type[ManagedObject], GetWsdlType("urn:vim25", item.type))
    return session.managed(kind, item.moid)
