"""The proof of the role scripts: an administrator runs the govc form, and afterwards nothing is missing and nothing too much."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.tools import missing
from tests.vsphere.conftest import account_of, endpoint_of
from tests.waiting import PATIENCE_S
from tests.walk import Walk
from wizard.lab import build
from wizard.lab.accounts import ACCOUNTS, LabAccount
from wizard.lab.vcenter import LabVCenter
from wizard.services import privileges
from wizard.services.privileges import Comparison
from wizard.services.role_scripts import ScriptWish, script_for
from wizard.vsphere.effective_rights import wanted
from wizard.vsphere.session import connect

pytestmark = pytest.mark.vcenter

NEW = LabAccount(key="asr-new", grants=())
# Permissions of its own on a datastore that is used, and too much everywhere else.
TANGLED = LabAccount(
    key="asr-tangled",
    grants=(
        ("/", "Azure_Site_Recovery_Import"),
        ("/DC0", "No-Import"),
        ("/DC0/datastore/LocalDS_0", "ReadOnly-Discovery"),
        ("/DC0/vm/Infrastructure", "No-Space"),
    ),
)

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def lab_vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    """A simulator of its own: the scripts change roles and permissions."""
    try:
        vcenter = LabVCenter(
            directory=tmp_path_factory.mktemp("vcenter-roles"), accounts=(*ACCOUNTS, NEW, TANGLED)
        )
    except build.LabUnavailable as error:
        missing(str(error))
    with vcenter:
        yield vcenter


@pytest.fixture
def run(vcenter: LabVCenter, tmp_path: Path) -> Run:
    """Run a script as an administrator of vCenter does, with govc on the path."""
    try:
        program = build.govc()
    except build.LabUnavailable as error:
        missing(str(error))
    account = vcenter.account("administrator")
    environment = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "GOVC_URL": f"https://{vcenter.host}:{vcenter.port}/sdk",
        "GOVC_USERNAME": account.username,
        "GOVC_PASSWORD": account.password,
        "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
        "GOVC_PERSIST_SESSION": "false",
    }

    def as_administrator(script: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "role.sh"
        path.write_text(script, "utf-8")
        return subprocess.run(
            ["sh", str(path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return as_administrator


def compared(walk: Walk) -> Comparison:
    """What the account has after one more sign-in."""
    walk.done("sign_in_vcenter")
    found = privileges.comparison_for(walk.deployment)
    assert found is not None
    return found


def govc_script(walk: Walk, **wish: str) -> str:
    return script_for(walk.deployment, "govc", actor=walk.operator, wish=ScriptWish(**wish))


def roles(vcenter: LabVCenter) -> dict[str, set[str]]:
    with connect(
        endpoint_of(vcenter), account_of(vcenter, "administrator"), book=vcenter.book, timeout_s=10
    ) as session:
        manager = session.content.authorizationManager
        assert isinstance(manager, vim.AuthorizationManager)
        return {role.name: set(role.privilege) for role in manager.roleList}


@pytest.mark.parametrize("key", ["asr-tangled", "asr-partial", "asr-readonly"])
def test_after_the_script_nothing_is_missing_and_nothing_too_much_on_any_object(
    walk: Walk, run: Run, vcenter: LabVCenter, key: str
) -> None:
    walk.to("capacity").trust(key)
    walk.done("sign_in_vcenter")
    walk.to("placement")
    before = compared(walk)
    assert [item.object.path for item in before.objects] == [
        "/",
        "/DC0",
        "/DC1",
        "/DC0/vm/Infrastructure/Recovery",
        "/DC0/host/DC0_C0",
        "/DC0/datastore/LocalDS_0",
        "/DC0/network/VM Network",
    ]
    assert before.missing_count
    script = govc_script(walk)
    done = run(script)
    assert (done.returncode, done.stderr) == (0, "")
    after = compared(walk)
    assert after.exact
    assert (after.missing_count, after.excess_count) == (0, 0)
    # On the datacenter and below exactly the role; on the root no more than to look.
    root, *below = (item.granted_count for item in after.objects)
    assert root == 3
    assert set(below) == {len(wanted(after.levels))}
    assert roles(vcenter)[f"Foothold_{walk.deployment.name}"] == set(wanted(after.levels))

    again = run(script)
    assert (again.returncode, again.stderr) == (0, ""), "it can be run again"
    assert compared(walk).exact


def test_an_account_without_any_right_gets_the_role_before_it_has_signed_in(
    walk: Walk, run: Run, vcenter: LabVCenter
) -> None:
    walk.to("capacity").trust("asr-new")
    walk.run("probe_vcenter")
    script = govc_script(walk)
    assert "assign \"$role\" true 'Folder:group-d1'" in script
    done = run(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert compared(walk).exact


def test_a_role_that_has_too_much_loses_it(walk: Walk, run: Run, vcenter: LabVCenter) -> None:
    walk.to("capacity").trust("asr-operator")
    before = compared(walk)
    assert before.missing_count == 0
    assert "VApp.AssignResourcePool" in {name for item in before.objects for name in item.excess}
    assert run(govc_script(walk, role_name="Azure_Site_Recovery_Import")).returncode == 0
    assert compared(walk).exact
    assert roles(vcenter)["Azure_Site_Recovery_Import"] == set(wanted(before.levels))


@pytest.mark.parametrize(
    "name", ["o'neil", "$(touch pwned) `id`", 'a"; exit 7; "', "-n", "Zürich 🦊 ’x’", "%2f & <b>\\"]
)
def test_a_role_of_any_name_is_made_under_that_name(
    walk: Walk, run: Run, vcenter: LabVCenter, name: str
) -> None:
    walk.to("capacity").trust("asr-fragile")
    walk.done("sign_in_vcenter")
    done = run(govc_script(walk, role_name=name))
    assert (done.returncode, done.stderr) == (0, "")
    found = privileges.levels_of(walk.deployment)
    assert roles(vcenter)[name] == set(wanted(found))


def test_at_another_vcenter_the_script_changes_nothing(walk: Walk, run: Run, vcenter: LabVCenter) -> None:
    walk.to("capacity").trust("asr-readonly")
    walk.done("sign_in_vcenter")
    before = roles(vcenter)
    script = govc_script(walk).replace("instance='5f1c3c60-", "instance='00000000-")
    done = run(script)
    assert done.returncode == 1
    assert "is not the vCenter that this script was made for" in done.stderr
    assert roles(vcenter) == before


def test_a_privilege_that_vcenter_does_not_know_is_left_out_and_said(
    walk: Walk, run: Run, vcenter: LabVCenter
) -> None:
    walk.to("capacity").trust("asr-readonly")
    walk.done("sign_in_vcenter")
    script = govc_script(walk).replace("'VApp.Import'", "'VApp.Vanished'")
    done = run(script)
    assert done.returncode == 0
    assert (
        done.stderr == "This vCenter does not know the privilege VApp.Vanished; the role goes without it.\n"
    )
    made = roles(vcenter)[f"Foothold_{walk.deployment.name}"]
    assert made == set(wanted(privileges.levels_of(walk.deployment))) - {"VApp.Import"}


def test_a_wrong_password_of_the_administrator_stops_the_script_at_once(
    walk: Walk, run: Run, vcenter: LabVCenter
) -> None:
    walk.to("capacity").trust("asr-readonly")
    walk.done("sign_in_vcenter")
    before = roles(vcenter)
    done = run("GOVC_PASSWORD=wrong\nexport GOVC_PASSWORD\n" + govc_script(walk))
    assert done.returncode != 0
    assert "Login failure" in done.stderr
    assert roles(vcenter) == before
