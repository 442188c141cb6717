"""What the discovery asks for is there in the API: a server refuses the whole question for one path that is not."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from wizard.vsphere.inventory_spec import SIGNS
from wizard.vsphere.machine_elements import machine_properties
from wizard.vsphere.object_elements import TYPES, object_properties

ASKED = [
    *((kind, path) for type_, kind in TYPES.items() for path in object_properties(type_)),
    *((vim.VirtualMachine, path) for path in dict.fromkeys((*machine_properties("8.0"), *SIGNS))),
]


@pytest.mark.parametrize(("kind", "path"), ASKED, ids=lambda item: getattr(item, "_wsdlName", item))
def test_a_path_is_one_of_the_declared_types(kind: Any, path: str) -> None:
    """What only a subtype of the declared one has is none: the simulator, which looks at the values, would not mind."""
    for part in path.split("."):
        kind = kind._GetPropertyInfo(part).type
