"""The template: found in the configured folder or fetched by URL, inspected before anything is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from wizard.journey.errors import explain
from wizard.models import Deployment, DeploymentState
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, evidence, targets
from wizard.services.errors import Invalid, UserError
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import address_book
from wizard.text import Text, _
from wizard.vsphere.manifest import verify_manifest
from wizard.vsphere.ova_download import download
from wizard.vsphere.template import Template, open_template
from wizard.vsphere.template_store import changed_at, is_template, size_on_disk
from wizard.wire.destinations import Purpose

DOWNLOAD_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """`is_folder`: not an .ova, but the files that would be in it side by side."""

    name: str
    size_gb: float
    is_folder: bool


def offered() -> list[TemplateFile]:
    """The .ova files and the folders with one .ovf in the configured folder, by name."""
    folder = settings.TEMPLATE_DIR
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if is_template(path))
    return [
        TemplateFile(name=path.name, size_gb=round(size_on_disk(path) / 2**30, 2), is_folder=path.is_dir())
        for path in found
    ]


def local_path(answers: Mapping[str, Any]) -> Path:
    """Where the template lies on this machine (a fetched one after its inspection)."""
    folder: Path = settings.TEMPLATE_DIR
    if answers["source"] == "url":
        # Named by its checksum: the same template is fetched once, and never mistaken for another.
        return folder / "fetched" / f"{answers['sha256'].lower()}.ova"
    return folder / Path(answers["file"]).name


def prepare_inspect(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes where the template is from the inputs, else from what the template step holds. Raises Invalid."""
    stored, _version = deployments.form_of(deployment, "template")
    # Inputs that name another template say nothing together with half of what is stored.
    given = inputs if any(inputs.get(name) for name in ("file", "url")) else {**stored, **inputs}
    wanted = {name: given[name] for name in evidence.TEMPLATE_INPUTS if given.get(name)}
    if wanted.get("source") not in ("folder", "url"):
        wanted["source"] = "url" if "url" in wanted else "folder"
    for unused in ("url", "sha256") if wanted["source"] == "folder" else ("file",):
        wanted.pop(unused, None)
    missing: list[Text] = []
    if wanted["source"] == "folder" and "file" not in wanted:
        missing.append(Text(_("the choice of a template file")))
    if wanted["source"] == "url" and not {"url", "sha256"} <= wanted.keys():
        missing.append(Text(_("the template's URL and its SHA-256 checksum")))
    if missing:
        return Prepared(missing=tuple(missing))
    try:
        place = evidence.where_template_is(wanted)
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    if place["source"] == "url":
        targets.require_none(targets.url_refusals(place["url"], Purpose.DOWNLOAD, "url"))
    return Prepared(inputs=place)


def run_inspect(progress: Progress) -> Done:
    inputs = progress.task.inputs
    path = local_path(inputs)
    if inputs["source"] == "url" and not path.exists():
        _fetch(progress, inputs, path)
    if not path.exists():
        raise UserError(
            Text(_("There is no “%(name)s” in the template folder."), name=path.name),
            remedy=Text(
                _("Copy the template to the folder %(folder)s, or choose another."), folder=str(path.parent)
            ),
            code="template_missing",
        )
    if not is_template(path):
        raise UserError(
            Text(_("“%(name)s” is neither an .ova file nor a folder with one .ovf file."), name=path.name),
            remedy=Text(
                _("Name one of those in %(folder)s; a folder that holds several .ovf files must be divided."),
                folder=str(path.parent),
            ),
            code="no_template",
        )
    progress.phase(Text(_("Reading %(name)s"), name=path.name), 50)
    # Taken first: should the file be replaced while it is read, deploy must notice.
    judged = fingerprint(path)
    with open_template(path) as template:
        progress.info(
            Text.counted(
                "%(product)s %(version)s, %(disks)s disk.",
                "%(product)s %(version)s, %(disks)s disks.",
                "disks",
                product=template.descriptor.product or template.descriptor.name,
                version=template.descriptor.version,
                disks=len(template.descriptor.disks),
            )
        )
        result = {
            "descriptor": template.descriptor.to_json(),
            "manifest": _verify(progress, template),
            "kind": "folder" if path.is_dir() else "ova",
            **judged,
        }
    return Done(
        summary=Text(_("%(name)s was read and verified."), name=path.name),
        result=result,
        commit=lambda: _note_replaced(progress.task.deployment, inputs, judged),
    )


def _note_replaced(deployment: Deployment, inputs: dict[str, Any], judged: dict[str, Any]) -> None:
    """Another file in the place of the one that was checked is a change like that of an answer."""
    deployments.hold(deployment)
    chosen = deployments.answers_of(deployment).get("template")
    if (
        deployment.state != DeploymentState.CHECKED
        or not chosen
        or evidence.where_template_is(chosen) != inputs
    ):
        return
    before = evidence.inspected(deployment, chosen)
    same = before is not None and all((before.result or {}).get(name) == judged[name] for name in judged)
    if not same and not deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).exists():
        deployments.move_to(deployment, DeploymentState.DRAFT)


def fingerprint(path: Path) -> dict[str, Any]:
    """Enough to notice that a file was replaced since it was inspected."""
    return dict(zip(evidence.FINGERPRINT, (size_on_disk(path), changed_at(path)), strict=True))


def _fetch(progress: Progress, inputs: dict[str, Any], path: Path) -> None:
    progress.phase(Text(_("Fetching the template")), 1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            Text(
                _("The folder %(folder)s cannot be made: %(why)s."),
                folder=str(path.parent),
                why=error.strerror or type(error).__name__,
            ),
            remedy=Text(_("Check that the folder for templates exists and may be written to.")),
            code="template_folder",
        ) from None
    download(
        inputs["url"],
        inputs["sha256"],
        path,
        on_progress=lambda done, total: progress.percent(1 + 49 * done / total if total else 1),
        should_stop=progress.should_stop,
        ca_file=settings.PROBE_CA_FILE or None,
        timeout_s=DOWNLOAD_TIMEOUT_SECONDS,
        book=address_book(),
        max_bytes=settings.TEMPLATE_MAX_GB * 2**30,
    )


def _verify(progress: Progress, template: Template) -> dict[str, Any]:
    progress.phase(Text(_("Comparing every file with the manifest")), 55)
    report = verify_manifest(
        template,
        on_progress=lambda done, total: progress.percent(55 + 44 * done / total if total else 99),
        should_stop=progress.should_stop,
    )
    if not report.has_manifest:
        progress.warning(Text(_("The template has no manifest: its files cannot be verified.")))
    found: dict[str, Any] = {
        "has_manifest": report.has_manifest,
        "verified": report.has_manifest,
        "has_certificate": report.has_certificate,
        "algorithms": sorted({checksum.algorithm for checksum in template.manifest.values()}),
    }
    if report.signature is not None:
        progress.info(
            Text(_("Signed by %(subject)s; the signature is valid."), subject=report.signature.subject)
        )
        for remark in report.signature.remarks(timezone.now()):
            progress.warning(remark)
        found["signature"] = report.signature.to_json()
    return found
