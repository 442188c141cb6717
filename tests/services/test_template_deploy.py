"""A folder as the template, in another variant than its default, with a password: from the step to the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vsphere_ova.archives import contents
from tests.walk import Walk
from wizard.models import InstallationSecret, StepAnswer
from wizard.services import deployments, template_passwords

pytestmark = pytest.mark.vcenter

PASSWORD = "canary-of-a-folder-5120"
OPTIONS = (
    b"<DeploymentOptionSection><Info>Sizes</Info>"
    b'<Configuration ovf:id="usual" ovf:default="true"><Label>Usual</Label></Configuration>'
    b'<Configuration ovf:id="wide"><Label>Wide</Label></Configuration></DeploymentOptionSection>'
)
SECRET = (
    b'<Property ovf:key="admin" ovf:type="string" ovf:password="true" ovf:userConfigurable="true" '
    b'ovf:qualifiers="MinLen(12)" ovf:value=""><Label>Password</Label></Property>'
)


def folder_template(walk: Walk, folder: Path) -> None:
    """The lab's template without a manifest, with two options and a password that it needs."""
    path = walk.make_template(file_mb=0.1, manifest=None)
    folder.mkdir()
    for name, content in contents(path).items():
        if name.endswith(".ovf"):
            before, section, after = content.partition(b"<VirtualSystem ")
            content = before + OPTIONS + section + after.replace(b"<Property ", SECRET + b"<Property ", 1)
        (folder / name).write_bytes(content)
    path.unlink()


def test_a_folder_with_an_option_and_a_password_becomes_a_machine(walk: Walk, settings: Any) -> None:
    walk.to("placement")
    folder_template(walk, settings.TEMPLATE_DIR / "asr-9.62")
    walk.done("inspect_template", file="asr-9.62")
    place = {"source": "folder", "file": "asr-9.62"}
    deployments.keep_draft(walk.deployment, "template", place, actor=walk.operator)
    template_passwords.give(walk.deployment, {"admin": PASSWORD}, actor=walk.operator)
    walk.answer("template", **place, deployment_option="wide")
    walk.to("checked")
    plan = walk.deployment.plans.get()
    assert plan.record["parts"]["placement"]["deployment_option"] == "wide"
    assert plan.record["parts"]["properties"]["admin"].startswith("pbkdf2-sha256:")
    assert PASSWORD not in str(plan.record)
    walk.done("deploy_ova")
    assert not InstallationSecret.objects.exists()
    assert all(PASSWORD not in str(row.data) for row in StepAnswer.objects.all())
