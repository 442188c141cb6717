"""What an account has on each object held against what it needs there: what is missing, and what is too much.

A role is assigned at datacenters and propagates (asr-facts 5.1), so a privilege of the role that is not used on an object is
no excess there. Excess is what none of the compared levels needs anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from wizard.vsphere.placement import ObjectRef
from wizard.vsphere.rights import Level, Right, required, used_on

ROOT_PATH = "/"

# Who may give rights and has nearly all others: vCenter keeps a few even from its administrators (trusted infrastructure).
_GIVES_RIGHTS = "Authorization.ModifyPermissions"
_ADMINISTRATORS_PART = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRights:
    """One object: the privileges that the account has there, those that it lacks for each level, those beyond all levels."""

    object: ObjectRef
    granted_count: int
    missing: Mapping[Level, tuple[Right, ...]]
    excess: tuple[str, ...]
    administrator: bool

    @property
    def exact(self) -> bool:
        """Whether nothing is missing and nothing too much."""
        return not self.excess and not any(self.missing.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveRights:
    """What vCenter answered: ids of privileges by the id of the object.

    `known_count` is how many privileges this vCenter has at all; `unknown` are those of ours that it has not (older releases
    lack some, asr-facts 5.3).
    """

    objects: tuple[ObjectRef, ...]
    granted: Mapping[str, frozenset[str]]
    known_count: int
    unknown: frozenset[str]

    def compare(
        self, levels: Sequence[Level], *, no_import: Collection[str] = ()
    ) -> tuple[ObjectRights, ...]:
        """Each object in the order in which it was asked for.

        A privilege that this vCenter does not know is not missing, nor is one of the level `ova` on the objects of the ids
        `no_import`, which are datacenters into which nothing is deployed.
        """
        needed = frozenset(wanted(levels))
        return tuple(
            self._compared(item, levels, needed, item.moid not in no_import) for item in self.objects
        )

    def _compared(
        self, item: ObjectRef, levels: Sequence[Level], needed: frozenset[str], importing: bool
    ) -> ObjectRights:
        granted = self.granted[item.moid]
        return ObjectRights(
            object=item,
            granted_count=len(granted),
            missing={
                level: tuple(
                    right
                    for right in required(level)
                    if (importing or level != "ova")
                    and _used_at(right, item)
                    and right.privilege_id not in granted
                    and right.privilege_id not in self.unknown
                )
                for level in levels
            },
            excess=tuple(sorted(granted - needed)),
            administrator=_GIVES_RIGHTS in granted
            and len(granted) >= self.known_count * _ADMINISTRATORS_PART,
        )

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"objects": [{"type", "moid", "name", "path", "set"}], "sets": [[id]], "known_count", "unknown"}`.

        Most objects have the same privileges, and an administrator has hundreds: each set is written once.
        """
        sets = list(dict.fromkeys(self.granted[item.moid] for item in self.objects))
        return {
            "objects": [
                {**item.to_json(), "set": sets.index(self.granted[item.moid])} for item in self.objects
            ],
            "sets": [sorted(found) for found in sets],
            "known_count": self.known_count,
            "unknown": sorted(self.unknown),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        sets = [frozenset(found) for found in stored["sets"]]
        return cls(
            objects=tuple(
                ObjectRef.from_json({name: value for name, value in item.items() if name != "set"})
                for item in stored["objects"]
            ),
            granted={item["moid"]: sets[item["set"]] for item in stored["objects"]},
            known_count=stored["known_count"],
            unknown=frozenset(stored["unknown"]),
        )


def wanted(levels: Sequence[Level]) -> tuple[str, ...]:
    """The ids of all privileges that these levels need, each once.

    Those of discovery are among them always: every role of vSphere has them (PV-28).
    """
    needed: tuple[Level, ...] = ("discovery", *levels)
    return tuple(dict.fromkeys(right.privilege_id for level in needed for right in required(level)))


def _used_at(right: Right, item: ObjectRef) -> bool:
    # The root is only looked at, to find the datacenters; roles are assigned below (asr-facts 5.1).
    return right.scope == "any" if item.path == ROOT_PATH else used_on(right, item.type)
