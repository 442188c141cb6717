"""Step 6: the template, and what has to be said about its contents."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.planning.digests import checksum
from wizard.planning.quoting import refusal, shown
from wizard.text import Text, _

_LONGEST_FILE_NAME = 255
# What lies beside each other in a folder template (OVF 1.1, 5); an .ova is one file, a folder may have any other name.
_PARTS = (".ovf", ".vmdk", ".mf", ".cert")
_ADDRESS_CHARACTERS = re.compile(r"[!-~]+", re.ASCII)


def _plain_file_name(value: str) -> str:
    if not value:
        return value
    if "/" in value or "\\" in value or value in (".", ".."):
        raise refusal(
            _("“%(found)s” is a path. Give only the name of a file in the folder for templates."),
            found=shown(value),
        )
    if not value.isprintable() or len(value.encode()) > _LONGEST_FILE_NAME:
        raise refusal(_("“%(found)s” cannot be the name of a file."), found=shown(value))
    if value.lower().endswith(_PARTS):
        raise refusal(
            _(
                "“%(found)s” is one file out of several. Give the name of the folder that holds the .ovf file "
                "and its disks, or that of an .ova file."
            ),
            found=shown(value),
        )
    return value


def _web_address(value: str) -> str:
    if not value:
        return value
    if "@" in value.partition("://")[2].partition("/")[0]:
        raise refusal(_("The URL contains a user name. Give a URL that needs no sign-in."))
    try:
        parts = urlsplit(value)
        complete = bool(parts.hostname) and parts.port != 0 and parts.path not in ("", "/")
    except ValueError:
        complete = False
    if not complete or parts.scheme not in ("http", "https") or not _ADDRESS_CHARACTERS.fullmatch(value):
        raise refusal(
            _("“%(found)s” is not the URL of a file. Expected is https://host/path/template.ova."),
            found=shown(value),
        )
    return value


def _accepted(value: bool) -> bool:
    if not value:
        raise refusal(_("The template cannot be deployed before its licence terms are accepted."))
    return value


class TemplateAnswers(StepAnswers):
    """Which template is deployed, from where, in which variant, and how its networks are mapped."""

    source: Annotated[
        Literal["folder", "url"],
        ask(
            _("Where the template is"),
            _("The folder is the faster one: nothing has to be downloaded first."),
            widget="radios",
            choices={"folder": _("In the folder for templates on this server"), "url": _("At a URL")},
        ),
    ] = "folder"
    file: Annotated[
        str,
        AfterValidator(_plain_file_name),
        ask(
            _("Template"),
            _("The name of an .ova file, or of a folder with an .ovf file, without a path."),
            widget="select",
        ),
    ] = ""
    url: Annotated[
        str,
        Field(max_length=2048),
        AfterValidator(_web_address),
        ask(_("URL"), _("Where the OVA can be downloaded without signing in."), autocomplete="off", width=60),
    ] = ""
    sha256: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else checksum(value)),
        ask(
            _("Checksum (SHA-256)"),
            _("Required with a URL: from the page that offers the download."),
            autocomplete="off",
            width=64,
        ),
    ] = None
    networks: Annotated[
        dict[str, str],
        Field(min_length=1),
        ask(_("Networks"), _("Which vSphere network each network of the template becomes."), widget="select"),
    ]
    deployment_option: Annotated[
        str,
        Field(max_length=255),
        ask(
            _("Deployment option"),
            _(
                "The size or variant, where the template offers several. Without an answer it is the template's default."
            ),
            widget="select",
        ),
    ] = ""
    accept_license: Annotated[
        bool,
        AfterValidator(_accepted),
        ask(
            _("I accept the licence terms"),
            _("The terms that come with the template, shown with its contents."),
            widget="confirm",
        ),
    ]
    properties: Annotated[
        dict[str, str],
        AfterValidator(lambda values: {key: value for key, value in values.items() if value}),
        ask(
            _("Properties"),
            _(
                "Values for the properties that the template offers. Host name and addresses left blank are taken from the network step."
            ),
        ),
    ] = {}

    @model_validator(mode="after")
    def _one_place_and_its_checksum(self) -> Self:
        if self.source == "folder":
            _need("file", self.file, Text(_("Choose a template, or say that it is at a URL.")))
            _refuse_other(
                "url", self.url, Text(_("A URL is given, but the template is said to be in the folder."))
            )
        else:
            _need("url", self.url, Text(_("Give the URL, or say that the template is in the folder.")))
            _need("sha256", self.sha256, Text(_("A template from a URL needs its SHA-256 checksum.")))
            _refuse_other(
                "file",
                self.file,
                Text(_("A file or folder is given, but the template is said to be at a URL.")),
            )
        return self

    @model_validator(mode="after")
    def _every_network_has_a_target(self) -> Self:
        for name, target in self.networks.items():
            if not target:
                raise FieldProblem(
                    f"networks.{name}",
                    Text(_("Choose a vSphere network for “%(name)s”."), name=shown(name)),
                    code="missing",
                )
        return self


def _need(field: str, value: str | None, message: Text) -> None:
    if not value:
        raise FieldProblem(field, message, code="missing")


def _refuse_other(field: str, value: str, message: Text) -> None:
    if value:
        raise FieldProblem(field, message, code="contradiction")
