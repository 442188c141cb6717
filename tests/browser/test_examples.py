"""The examples for programs, run as they stand against a site that is up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.site import BASE, Site
from tests.tools import missing

pytestmark = [pytest.mark.browser, pytest.mark.vcenter, pytest.mark.xdist_group("browser")]
EXAMPLES = BASE / "examples"


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    site.manage("welcome")
    return site.manage("token", "create", "operator", "--name", "examples", "--scope", "operate").split()[-1]


def run(site: Site, token: str, *command: str) -> subprocess.CompletedProcess[str]:
    vcenter = site.lab["vcenter"]
    environment = {
        **os.environ,
        "FOOTHOLD_TOKEN": token,
        "FOOTHOLD_URL": site.url,
        "VCENTER": f"{vcenter['host']}:{vcenter['port']}",
    }
    return subprocess.run(
        command, cwd=BASE, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_walk_through_with_curl_goes_from_nothing_to_an_ended_task(site: Site, token: str) -> None:
    for tool in ("curl", "bash"):
        if not any((Path(folder) / tool).exists() for folder in os.environ["PATH"].split(":")):
            missing(f"{tool} is not installed")
    done = run(site, token, "bash", str(EXAMPLES / "walk_through.sh"))
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert "\nsucceeded\n" in said, said
    # What was refused on purpose says why.
    assert '"code": "not_ready"' in said
    assert '"path": "machines"' in said
    assert said.endswith("Gone.\n")


def test_an_answer_file_is_carried_out_over_the_api(site: Site, token: str, tmp_path: Path) -> None:
    vcenter = site.lab["vcenter"]
    login = vcenter["accounts"]["asr-operator"]
    keep = ("credential", "set", "api-vcenter", "--kind", "vcenter", "--username", login["username"])
    site.manage(*keep, text=login["password"])
    file: dict[str, Any] = yaml.safe_load((EXAMPLES / "vmware-ova.yaml").read_text("utf-8"))
    file["name"] = file["answers"]["placement"]["vm_name"] = "lyon-api01"
    file["answers"]["vcenter"] |= {
        "host": vcenter["host"],
        "port": vcenter["port"],
        "credential": "api-vcenter",
    }
    file["answers"]["network"] |= {"host_name": "api01", "address": "192.0.2.20"}
    path = tmp_path / "lyon-api01.json"
    path.write_text(json.dumps(file), "utf-8")
    command = (sys.executable, str(EXAMPLES / "set_up.py"), str(path), "--url", site.url)

    # Nobody has said that this is the right vCenter.
    done = run(site, token, *command)
    assert done.returncode == 1
    assert f"--trust {vcenter['thumbprint_sha256']}" in done.stderr

    done = run(site, token, *command, "--trust", vcenter["thumbprint_sha256"])
    assert done.returncode == 0, done.stdout + done.stderr + site.log("worker")
    assert "api01" in done.stdout.split("== record_topology")[1]

    file["answers"]["capacity"]["machines"] = -1
    file["name"] = "lyon-api02"
    path.write_text(json.dumps(file), "utf-8")
    done = run(site, token, *command)
    assert done.returncode == 2
    assert "machines:" in done.stderr
