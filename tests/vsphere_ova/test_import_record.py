"""The recorded plan: the same whenever everything is the same, and telling whatever is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.vsphere.conftest import SignIn
from tests.vsphere_ova.archives import DISK1, MF, OVF, contents, write_tar
from tests.vsphere_ova.importing import PLAN, Importer
from wizard.lab.ova import make_ova
from wizard.vsphere.content_digest import content_digest
from wizard.vsphere.errors import NameTaken, OvaInvalid, Stopped
from wizard.vsphere.import_record import ImportRecord, PlanChanged, differences
from wizard.vsphere.ova_import import prepare_import
from wizard.vsphere.session import Session
from wizard.vsphere.template import open_template

pytestmark = pytest.mark.vcenter


def prepared(session: Session, path: Path, **changes: Any) -> ImportRecord:
    with open_template(path) as template:
        return prepare_import(
            session,
            template,
            replace(PLAN, **changes),
            on_progress=lambda _done, _total: None,
            should_stop=lambda: False,
        )


def compared(importer: Importer, **changes: Any) -> list[str]:
    """What a change of the plan is told as."""
    approved = prepared(importer.session, importer.template)
    now = prepared(importer.session, importer.template, **changes)
    return [str(text) for text in differences(approved, replace(now, salt=approved.salt))]


def test_the_record_is_plain_json_that_survives_being_stored(importer: Importer) -> None:
    record = prepared(importer.session, importer.template)
    stored = json.loads(json.dumps(record.to_json()))
    assert ImportRecord.from_json(stored) == record
    assert record.parts["placement"]["datastore"]["name"] == "LocalDS_0"
    assert record.parts["networks"]["Network 1"]["name"] == "VM Network"
    assert record.parts["spec"]["_type"] == "VirtualMachineImportSpec"
    assert record.parts["spec"]["configSpec"]["name"] == "cs01"
    assert "VApp.Import" in record.parts["privileges"]["used"]
    assert record.parts["template"]["content"].startswith("manifest-sha256:")
    sent = [file["path"] for file in record.parts["template"]["sent"]]
    assert sent == [name for name in record.parts["template"]["files"] if name.endswith(".vmdk")]
    assert set(record.digests) == set(record.parts)


def test_a_record_that_was_tampered_with_is_found_out(importer: Importer) -> None:
    stored = json.loads(json.dumps(prepared(importer.session, importer.template).to_json()))
    stored["parts"]["spec"]["configSpec"]["memoryMB"] = 1
    with pytest.raises(ValueError, match="changed after it was recorded"):
        ImportRecord.from_json(stored)


def test_preparing_changes_nothing(importer: Importer) -> None:
    machines, leases = set(importer.machines), importer.control.leases()
    prepared(importer.session, importer.template)
    assert (set(importer.machines), importer.control.leases()) == (machines, leases)


def test_nothing_changed_is_no_difference(importer: Importer) -> None:
    assert compared(importer) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"datastore": "ClusterDS_0"}, "Datastore: LocalDS_0 before, ClusterDS_0 now"),
        ({"vm_name": "cs02"}, "Name of the virtual machine: cs01 before, cs02 now"),
        ({"folder": "Workloads/Test"}, "Folder: Recovery before, Test now"),
        ({"disk_provisioning": "thin"}, "Disk provisioning: eagerZeroedThick before, thin now"),
        ({"networks": {"Network 1": "DC0_DVPG0"}}, "Networks, Network 1: VM Network before, DC0_DVPG0 now"),
        ({"properties": {"hostname": "a"}}, "Properties, hostname: nothing before, a now"),
    ],
)
def test_what_was_chosen_anew_is_named(importer: Importer, change: dict[str, Any], sentence: str) -> None:
    assert compared(importer, **change) == [sentence]


def test_another_object_of_the_same_name_is_told_by_its_id(importer: Importer) -> None:
    approved = prepared(importer.session, importer.template)
    parts = json.loads(json.dumps(approved.parts))
    parts["placement"]["datastore"]["moid"] = "datastore-99"
    (told,) = differences(approved, replace(approved, parts=parts))
    own = approved.parts["placement"]["datastore"]["moid"]
    assert str(told) == f"Datastore: LocalDS_0 ({own}) before, LocalDS_0 (datastore-99) now"


def test_what_vcenter_makes_of_the_same_choices_differently_is_told(importer: Importer) -> None:
    approved = prepared(importer.session, importer.template)
    parts = json.loads(json.dumps(approved.parts))
    parts["spec"]["configSpec"]["memoryMB"] = 8192
    (told,) = differences(approved, replace(approved, parts=parts))
    assert str(told) == "Import specification, configSpec.memoryMB: 16384 before, 8192 now"


def test_another_account_is_told(importer: Importer, sign_in: SignIn) -> None:
    approved = prepared(importer.session, importer.template)
    with sign_in("administrator") as other:
        now = replace(prepared(other, importer.template), salt=approved.salt)
    (told,) = differences(approved, now)
    assert str(told).startswith("Privileges, account: ")


def with_password(path: Path) -> Path:
    """A template whose host name is a secret."""
    members = contents(make_ova(path, file_mb=0.1, manifest=None))
    xml = members[OVF].replace(b'ovf:key="hostname"', b'ovf:key="hostname" ovf:password="true"')
    assert xml != members[OVF]
    return write_tar(path, {**members, OVF: xml})


def test_passwords_are_not_in_the_record_yet_a_changed_one_is_noticed(
    importer: Importer, tmp_path: Path
) -> None:
    path = with_password(tmp_path / "secret.ova")
    record = prepared(importer.session, path, properties={"hostname": "hunter2-first"})
    assert "hunter2" not in json.dumps(record.to_json())
    assert record.parts["properties"]["hostname"].startswith("pbkdf2-sha256:")
    importer.template = path
    with pytest.raises(PlanChanged, match="Properties, hostname") as caught:
        importer.run(approved=record, properties={"hostname": "hunter2-second"})
    assert "hunter2" not in str(caught.value)
    importer.run(approved=record, properties={"hostname": "hunter2-first"})


def test_an_approved_import_runs(importer: Importer) -> None:
    importer.run(approved=ImportRecord.from_json(prepared(importer.session, importer.template).to_json()))
    assert PLAN.vm_name in importer.machines


def test_an_import_that_is_not_the_approved_one_is_refused_before_anything_is_changed(
    importer: Importer,
) -> None:
    approved = prepared(importer.session, importer.template)
    leases = importer.control.leases()
    with pytest.raises(PlanChanged, match="Datastore: LocalDS_0 before, ClusterDS_0 now") as caught:
        importer.run(approved=approved, datastore="ClusterDS_0")
    assert caught.value.code == "plan_changed"
    assert len(caught.value.differences) == 1
    assert importer.control.leases() == leases
    assert PLAN.vm_name not in importer.machines


def test_a_template_that_was_replaced_is_noticed(importer: Importer, tmp_path: Path) -> None:
    approved = prepared(importer.session, importer.template)
    importer.template = make_ova(tmp_path / importer.template.name, seed=2)
    with pytest.raises(PlanChanged, match="Template, content"):
        importer.run(approved=approved)


@pytest.mark.parametrize("manifest", [None, "sha1"])
def test_a_template_that_is_changed_after_the_comparison_is_noticed(
    importer: Importer, tmp_path: Path, manifest: str | None
) -> None:
    path = make_ova(tmp_path / "a.ova", file_mb=0.2, manifest=manifest)
    with open_template(path) as template:
        position = template.members[DISK1].offset + 4000

    def change_at(phase: str) -> None:
        if phase.startswith("Having the virtual machine"):
            with path.open("r+b") as file:
                file.seek(position)
                (byte,) = file.read(1)
                file.seek(position)
                file.write(bytes([byte ^ 1]))

    importer.template, importer.on_phase = path, change_at
    approved = prepared(importer.session, path)
    with pytest.raises(OvaInvalid, match=f"“{DISK1}” was changed while it was in use") as caught:
        importer.run(approved=approved)
    assert caught.value.reason == "changed"
    assert importer.left_behind == []


def test_a_name_that_was_taken_since_is_told_as_such(importer: Importer) -> None:
    approved = prepared(importer.session, importer.template)
    importer.run(approved=approved)
    with pytest.raises(NameTaken):
        importer.run(approved=approved)


def digest_of(path: Path, should_stop: Callable[[], bool] = lambda: False) -> str:
    with open_template(path) as template:
        return content_digest(template, on_progress=lambda _d, _t: None, should_stop=should_stop).digest


@pytest.mark.parametrize("manifest", [None, "sha1"])
def test_without_a_manifest_to_rely_on_every_byte_counts(tmp_path: Path, manifest: str | None) -> None:
    path = make_ova(tmp_path / "a.ova", file_mb=0.2, manifest=manifest)
    before = digest_of(path)
    assert before.startswith("files-sha256:")
    with open_template(path) as template:
        position = template.members[DISK1].offset + 4000
    whole = bytearray(path.read_bytes())
    whole[position] ^= 1
    path.write_bytes(bytes(whole))
    assert digest_of(path) != before


def test_with_a_manifest_its_lines_count(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    other = write_tar(tmp_path / "other.ova", {**members, MF: members[MF] + b"\n"})
    assert digest_of(template) == digest_of(template)
    assert digest_of(other) != digest_of(template)


def test_reading_a_whole_template_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        digest_of(make_ova(tmp_path / "a.ova", file_mb=0.2, manifest=None), should_stop=lambda: True)
