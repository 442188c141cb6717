"""A template that is named by URL: fetched whole and with the right checksum, or refused and nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.vsphere_ova import web
from tests.walk import Walk
from wizard.lab import environment
from wizard.lab.certificates import Authority
from wizard.lab.ova import make_ova, sha256_of
from wizard.lab.run import Lab
from wizard.services import evidence

pytestmark = pytest.mark.vcenter

MIRROR = "mirror.lab.test"
OTHER_SHA256 = "0" * 64


@pytest.fixture
def published(lab_network: Lab) -> dict[str, str]:
    """Where the lab offers its template, and its checksum."""
    found = lab_network.description()
    return {"source": "url", "url": found["ova_url"], "sha256": found["ova_sha256"]}


@contextmanager
def mirror(settings: Any, lab_network: Lab, pages: dict[str, web.Page]) -> Iterator[None]:
    """Another server on HTTPS that the wizard trusts, reached by its name."""
    authority = Authority(environment.certificates(lab_network.template.parents[1]))
    with web.serving(pages, pair=authority.issue("mirror", (MIRROR,))) as port:
        settings.CONNECT_TO += f",{MIRROR}:443:127.0.0.1:{port}"
        yield


def kept(settings: Any) -> list[str]:
    folder = settings.TEMPLATE_DIR / "fetched"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_template_is_fetched_inspected_and_found_again_by_its_answers(
    walk: Walk, published: dict[str, str], settings: Any
) -> None:
    walk.to("placement")
    task = walk.done("inspect_template", **published)
    assert task.result is not None
    assert [disk["capacity_bytes"] >> 30 for disk in task.result["descriptor"]["disks"]] == [80, 600, 600]
    assert kept(settings) == [f"{published['sha256']}.ova"]
    walk.answer("template", file="", **published)
    assert evidence.inspected(walk.deployment, published) == task


def test_a_template_that_was_fetched_before_is_not_fetched_again(
    walk: Walk, published: dict[str, str], settings: Any
) -> None:
    walk.done("inspect_template", **published)
    settings.CONNECT_TO = ""
    task = walk.done("inspect_template", **published)
    assert "Fetching the template" not in [str(event.message) for event in task.events.all()]


def test_a_wrong_checksum_is_told_with_both_and_nothing_is_kept(
    walk: Walk, published: dict[str, str], settings: Any
) -> None:
    failure = walk.failed("inspect_template", **{**published, "sha256": OTHER_SHA256})
    assert failure.code == "download_failed"
    assert f"SHA-256 {published['sha256']}; {OTHER_SHA256} was expected" in failure.message
    assert "templates.lab.test" in failure.message
    assert "Compare the checksum with the publisher's" in failure.remedy
    assert kept(settings) == []


def test_an_address_without_a_file_is_told_with_the_answer_of_its_server(
    walk: Walk, published: dict[str, str], lab_network: Lab, settings: Any
) -> None:
    with mirror(settings, lab_network, {"/gone.ova": lambda request: request.send_error(404)}):
        failure = walk.failed("inspect_template", **{**published, "url": f"https://{MIRROR}/gone.ova"})
    assert failure.code == "download_failed"
    assert f"{MIRROR} answered “404 Not Found” when asked for the file" in failure.message
    assert "Check the address in a browser" in failure.remedy
    assert kept(settings) == []


def test_a_server_that_sends_on_to_plain_http_is_not_followed(
    walk: Walk, published: dict[str, str], lab_network: Lab, settings: Any
) -> None:
    page = web.redirect("http://templates.lab.test/anything.ova")
    with mirror(settings, lab_network, {"/template.ova": page}):
        failure = walk.failed("inspect_template", **{**published, "url": f"https://{MIRROR}/template.ova"})
    assert f"{MIRROR} sends from https:// to http:// at templates.lab.test" in failure.message
    assert "stays with https://" in failure.remedy
    assert kept(settings) == []


def test_a_server_whose_certificate_nobody_vouches_for_is_not_trusted(
    walk: Walk, published: dict[str, str], settings: Any
) -> None:
    settings.PROBE_CA_FILE = ""
    failure = walk.failed("inspect_template", **published)
    assert "No trustworthy TLS connection to templates.lab.test" in failure.message
    assert kept(settings) == []


def test_a_file_that_is_larger_than_templates_may_be_is_not_begun(
    walk: Walk, published: dict[str, str], settings: Any
) -> None:
    settings.TEMPLATE_MAX_GB = 0
    failure = walk.failed("inspect_template", **published)
    assert "at most 0 are taken" in failure.message
    assert kept(settings) == []


def test_a_folder_that_cannot_be_made_is_named(walk: Walk, published: dict[str, str], settings: Any) -> None:
    settings.TEMPLATE_DIR = settings.TEMPLATE_DIR / "a file"
    settings.TEMPLATE_DIR.write_text("in the way")
    failure = walk.failed("inspect_template", **published)
    assert failure.code == "template_folder"
    assert f"The folder {settings.TEMPLATE_DIR / 'fetched'} cannot be made" in failure.message
    assert "may be written to" in failure.remedy


def test_what_was_fetched_is_judged_like_any_template(
    walk: Walk, lab_network: Lab, settings: Any, tmp_path: Path
) -> None:
    broken = make_ova(tmp_path / "broken.ova", flaw="wrong_checksum")
    with mirror(settings, lab_network, {"/broken.ova": web.file(broken.read_bytes())}):
        failure = walk.failed(
            "inspect_template", source="url", url=f"https://{MIRROR}/broken.ova", sha256=sha256_of(broken)
        )
    assert failure.code == "ova_invalid"
    assert "is not what the manifest promises" in failure.message
