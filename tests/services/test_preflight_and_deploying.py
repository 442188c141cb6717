"""What preflight means for deploying, and what it says once the appliance exists."""

from __future__ import annotations

import pytest

from tests.services.conftest import Begin
from wizard.services import preflight
from wizard.services.errors import NotReady


def test_preflight_does_not_take_the_deployed_appliance_for_a_stranger_in_its_way(begin: Begin) -> None:
    walk = begin().to("deployed")
    walk.done("preflight")
    found = {row.requirement_id: row for row in preflight.latest_results(walk.deployment)}
    assert found["PLC-06"].status == "pass", "the name is taken by the appliance itself"
    space = next(row for row in found.values() if "free" in str(row.expected) and "GB" in str(row.expected))
    assert str(space.expected) == "at least 0 GB free", "its disks are there"
    assert walk.deployment.state == "deployed"


def test_nothing_is_deployed_with_an_account_that_was_entered_after_preflight(begin: Begin) -> None:
    walk = begin().to("checked")
    walk.enter_password("asr-readonly")
    with pytest.raises(NotReady) as refused:
        walk.launch("deploy_ova")
    assert "vCenter" in str(refused.value.remedy)
