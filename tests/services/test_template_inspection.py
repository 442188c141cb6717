"""Templates that a careful person does not import: each is refused when it is inspected, and told what is wrong with it."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.walk import TEMPLATE, Walk
from wizard.models import Task
from wizard.services import deployments, evidence, templates
from wizard.services.errors import Invalid, NotReady
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.runner import claim
from wizard.text import Text

pytestmark = pytest.mark.vcenter

BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "truncated": (
        {"flaw": "truncated"},
        r"cut off inside “asr-configuration-server-lab-disk2.vmdk”: at least \d+ bytes were expected, \d+ are there",
        "compare its size with the publisher's",
    ),
    "wrong checksum": (
        {"flaw": "wrong_checksum"},
        r"disk3.vmdk” is not what the manifest promises: SHA256 \w{64} was expected, \w{64} was found",
        "Download the template again",
    ),
    "a name that climbs out": (
        {"flaw": "parent_name"},
        r"a file named “../escaped.txt”, which is refused",
        "Do not use this file",
    ),
    "an absolute name": (
        {"flaw": "absolute_name"},
        r"a file named “/tmp/escaped.txt”, which is refused",
        "Do not use this file",
    ),
    "a link": ({"flaw": "symlink"}, r"disk3.vmdk”, which is refused: it is a link", "Do not use this file"),
    "a bomb of entities": (
        {"flaw": "entity_bomb"},
        r"declares a document type or entities",
        "it was made to do harm",
    ),
    "an entity from outside": (
        {"flaw": "external_entity"},
        r"declares a document type or entities",
        "it was made to do harm",
    ),
    "a descriptor without end": (
        {"flaw": "huge_descriptor"},
        r"descriptor has \d+ bytes; at most 4194304 are read",
        "Download",
    ),
    "not an archive": (
        {"flaw": "not_a_tar"},
        r"This file is not an OVA: it does not begin with a tar header",
        "a tar archive that begins with an .ovf file",
    ),
    "no descriptor": (
        {"flaw": "no_descriptor"},
        r"holds no .ovf descriptor, only: .*disk1.vmdk",
        "publisher",
    ),
    "a disk that is missing": (
        {"flaw": "missing_disk"},
        r"disk3.vmdk”, which the template does not hold",
        "Download",
    ),
    "two systems": (
        {"systems": 2},
        r"describes 2 virtual systems; exactly one was expected",
        "it holds one virtual machine",
    ),
}


@pytest.mark.parametrize("options", BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_refused_with_what_is_wrong(
    walk: Walk, options: tuple[dict[str, Any], str, str]
) -> None:
    recipe, message, remedy = options
    walk.make_template(**recipe)
    failure = walk.failed("inspect_template", file=TEMPLATE)
    assert failure.code == "ova_invalid"
    assert re.search(message, failure.message), failure.message
    assert remedy in failure.remedy
    assert f"Reading {TEMPLATE}" in [str(event.message) for event in failure.task.events.all()]
    assert evidence.inspected(walk.deployment, {"source": "folder", "file": TEMPLATE}) is None


def test_a_template_that_is_not_there_is_named_with_the_folder(walk: Walk, settings: Any) -> None:
    failure = walk.failed("inspect_template", file="elsewhere.ova")
    assert failure.code == "template_missing"
    assert "“elsewhere.ova”" in failure.message
    assert str(settings.TEMPLATE_DIR) in failure.remedy


def test_a_template_without_manifest_is_inspected_with_a_warning(walk: Walk) -> None:
    walk.make_template(manifest=None)
    task = walk.done("inspect_template", file=TEMPLATE)
    assert task.result is not None
    assert task.result["manifest"] == {
        "has_manifest": False,
        "verified": False,
        "has_certificate": False,
        "algorithms": [],
    }
    warnings = [str(event.message) for event in task.events.filter(level="warning")]
    assert warnings == ["The template has no manifest: its files cannot be verified."]


URL = {"source": "url", "url": "https://templates.lab.test/asr.ova", "sha256": "ab" * 32}


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({**URL, "sha256": "../../elsewhere"}, "sha256"),
        ({**URL, "sha256": 5}, "sha256"),
        ({**URL, "url": "ftp://templates.lab.test/asr.ova"}, "url"),
        ({"file": "../secret.ova"}, "file"),
        ({"file": "/etc/secret.ova"}, "file"),
        ({"file": ["template.ova"]}, "file"),
    ],
)
def test_what_does_not_name_a_template_is_refused_at_its_field_before_anything_is_looked_at(
    walk: Walk, inputs: dict[str, Any], field: str, settings: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        walk.launch("inspect_template", **inputs)
    assert [error.path for error in refused.value.errors] == [field]
    assert not Task.objects.exists()
    assert list(settings.TEMPLATE_DIR.iterdir()) == []


@pytest.mark.parametrize(
    ("inputs", "missing"),
    [
        ({}, "the choice of a template file"),
        ({"source": "url", "url": URL["url"]}, "the template's URL and its SHA-256 checksum"),
        ({"source": "url", "sha256": URL["sha256"]}, "the template's URL and its SHA-256 checksum"),
    ],
)
def test_an_inspection_of_nothing_does_not_start(walk: Walk, inputs: dict[str, Any], missing: str) -> None:
    with pytest.raises(NotReady, match="cannot start yet") as refused:
        walk.launch("inspect_template", **inputs)
    assert str(refused.value.remedy) == f"Still missing: {missing}"


def test_a_checksum_is_the_same_however_it_is_written(walk: Walk) -> None:
    written = "SHA256: " + URL["sha256"].upper()
    task = walk.launch("inspect_template", **{**URL, "sha256": written})
    assert task.inputs == URL
    Task.objects.filter(pk=task.pk).update(state="succeeded", result={})
    for sha256 in (written, URL["sha256"]):
        assert evidence.inspected(walk.deployment, {**URL, "sha256": sha256}) == task


def test_inputs_that_name_a_file_are_not_mixed_with_the_url_of_the_step(walk: Walk) -> None:
    deployments.keep_draft(walk.deployment, "template", URL, actor=walk.operator)
    walk.make_template()
    assert walk.launch("inspect_template", file=TEMPLATE).inputs == {"source": "folder", "file": TEMPLATE}


def test_without_inputs_what_the_step_holds_is_inspected(walk: Walk) -> None:
    deployments.keep_draft(
        walk.deployment, "template", {"source": "folder", "file": TEMPLATE}, actor=walk.operator
    )
    walk.make_template()
    assert walk.launch("inspect_template").inputs == {"source": "folder", "file": TEMPLATE}


def test_a_file_that_is_replaced_while_it_is_read_does_not_pass_for_the_one_that_was_read(
    walk: Walk,
) -> None:
    """The fingerprint that deploy compares is that of the file which was judged."""
    path: Path = walk.make_template()
    judged = templates.fingerprint(path)
    claimed = claim(walk.launch("inspect_template", file=TEMPLATE).pk, "test")
    assert claimed is not None

    class Replacing(Progress):
        def phase(self, text: Text, percent: int | None = None) -> None:
            if "manifest" in str(text):
                walk.make_template(cpus=2, seed=2)
            super().phase(text, percent)

    with Replacing(claimed) as progress:
        result = templates.run_inspect(progress).result
    assert result["descriptor"]["cpu_count"] == 8
    assert {name: result[name] for name in judged} == judged
    assert templates.fingerprint(path) != judged


def test_the_folder_offers_its_templates_by_name_and_nothing_else(walk: Walk, settings: Any) -> None:
    for name in ("zebra.OVA", "alpha.ova", "notes.txt"):
        (settings.TEMPLATE_DIR / name).write_bytes(b"x" * 2**20)
    (settings.TEMPLATE_DIR / "folder.ova").mkdir()
    (settings.TEMPLATE_DIR / "gone.ova").symlink_to(settings.TEMPLATE_DIR / "nowhere")
    assert [file.name for file in templates.offered()] == ["alpha.ova", "zebra.OVA"]
    settings.TEMPLATE_DIR = settings.TEMPLATE_DIR / "none"
    assert templates.offered() == []


def unpacked(walk: Walk, folder: Path, **options: Any) -> Path:
    """The files of a template side by side in that folder."""
    folder.mkdir()
    with tarfile.open(walk.make_template(**options)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_a_folder_is_inspected_like_an_ova(walk: Walk, settings: Any) -> None:
    unpacked(walk, settings.TEMPLATE_DIR / "asr 9.62 (signé)", signed="authority", manifest="sha1")
    report = walk.done("inspect_template", file="asr 9.62 (signé)").result
    assert report["kind"] == "folder"
    assert report["descriptor"]["cpu_count"] == 8
    assert report["manifest"]["verified"]
    assert report["manifest"]["algorithms"] == ["sha1"]
    assert report["manifest"]["signature"]["issuer"] == "CN=Foothold lab signing CA"
    assert walk.done("inspect_template", file=TEMPLATE).result["kind"] == "ova"


def test_what_is_no_template_is_refused_before_it_is_opened(walk: Walk, settings: Any) -> None:
    (settings.TEMPLATE_DIR / "notes.txt").write_text("no template")
    both = unpacked(walk, settings.TEMPLATE_DIR / "two of them")
    (both / "other.ovf").touch()
    for name in ("notes.txt", "two of them"):
        failure = walk.failed("inspect_template", file=name)
        assert (failure.code, failure.message) == (
            "no_template",
            f"“{name}” is neither an .ova file nor a folder with one .ovf file.",
        )
        assert "several .ovf files must be divided" in failure.remedy


def test_a_folder_with_a_descriptor_is_offered_and_its_changes_are_noticed(walk: Walk, settings: Any) -> None:
    folder = unpacked(walk, settings.TEMPLATE_DIR / "extracted", signed="itself")
    assert "extracted" in [file.name for file in templates.offered()]
    before = templates.fingerprint(folder)
    next(folder.glob("*disk1.vmdk")).touch()
    assert templates.fingerprint(folder) != before


def test_the_signer_of_a_template_is_shown_with_what_speaks_against_it(walk: Walk) -> None:
    walk.make_template(signed="expired")
    task = walk.done("inspect_template", file=TEMPLATE)
    assert task.result["manifest"]["signature"]["self_signed"]
    said = [(event.level, str(event.message)) for event in task.events.all()]
    assert ("info", "Signed by CN=Foothold lab publisher; the signature is valid.") in said
    assert [text for level, text in said if level == "warning" and "was valid until" in text]
