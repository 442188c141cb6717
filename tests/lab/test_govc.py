"""VMware's own command line against the lab's vCenter."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.tools import missing
from tests.waiting import PATIENCE_S
from wizard.lab import build
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter


@pytest.fixture(scope="module")
def govc() -> Path:
    try:
        return build.govc()
    except build.LabUnavailable as reason:
        missing(str(reason))
        raise


def run(govc: Path, vcenter: LabVCenter, tmp_path: Path, *arguments: str) -> str:
    account = vcenter.account("administrator")
    environment = {
        **os.environ,
        "GOVC_URL": f"https://{vcenter.host}:{vcenter.port}/sdk",
        "GOVC_USERNAME": account.username,
        "GOVC_PASSWORD": account.password,
        "GOVC_TLS_CA_CERTS": str(vcenter.ca_file),
        "GOVC_PERSIST_SESSION": "false",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [str(govc), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
        env=environment,
    )
    return done.stdout


def test_govc_reads_properties_of_machines(govc: Path, vcenter: LabVCenter, tmp_path: Path) -> None:
    answer = run(govc, vcenter, tmp_path, "object.collect", "-json", "/DC0/vm/Workloads/Test/sql-01", "name")
    assert '"sql-01"' in answer


def test_govc_lists_roles_and_permissions(govc: Path, vcenter: LabVCenter, tmp_path: Path) -> None:
    roles = {role["name"] for role in json.loads(run(govc, vcenter, tmp_path, "role.ls", "-json"))}
    assert {"Admin", "Azure_Site_Recovery"} <= roles
    assert "asr-operator@vsphere.local" in run(govc, vcenter, tmp_path, "permissions.ls", "/")
