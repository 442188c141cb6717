"""The answers of the template step compared with what is inside the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.services import evidence, template_contents
from wizard.text import Text, _
from wizard.vsphere.property_value import fault_of


def conflicts(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    """What the template does not have, or needs and was not given; the fields are `networks.NAME`, `deployment_option`,
    `properties.KEY` and, for what is sealed, `passwords.KEY`."""
    task = evidence.inspected(deployment, data)
    if task is None or not task.result:
        return list(_not_known_yet(data))
    return [
        *_networks(task.result["descriptor"]["networks"], data["networks"]),
        *_option(task.result["descriptor"]["deployment_options"], data["deployment_option"]),
        *_properties(task.result, data["properties"]),
        *_passwords(task.result, template_contents.passwords_of(deployment, data)),
    ]


def _not_known_yet(data: Mapping[str, Any]) -> Iterator[FieldError]:
    # A value for a password must never be stored as an answer, and which ones are is not known before.
    if data["properties"]:
        text = Text(
            _("What may be set is not known yet. Inspect the template first, then give its properties.")
        )
        yield FieldError(path="properties", message=text, code="not_inspected")


def _networks(networks: list[str], mapped: Mapping[str, str]) -> Iterator[FieldError]:
    for network in networks:
        if not mapped.get(network):
            text = Text(_("Choose the vSphere network for the template's “%(network)s”."), network=network)
            yield FieldError(path=f"networks.{network}", message=text, code="network_unmapped")
    for name in mapped:
        if name not in networks:
            text = Text(
                _("The template has no network “%(network)s”; it has: %(networks)s."),
                network=name,
                networks=networks,
            )
            yield FieldError(path="networks", message=text, code="unknown_network")


def _option(offered: list[dict[str, Any]], chosen: str) -> Iterator[FieldError]:
    known = [option["id"] for option in offered]
    if chosen and chosen not in known:
        text = (
            Text(
                _("The template has no deployment option “%(option)s”; it has: %(options)s."),
                option=chosen,
                options=known,
            )
            if known
            else Text(_("The template offers no deployment options. Leave this empty."))
        )
        yield FieldError(path="deployment_option", message=text, code="unknown_option")


def _properties(report: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[FieldError]:
    known = {item.key: item for item in template_contents.settable(report)}
    for key, value in given.items():
        if key not in known:
            text = Text(
                _("The template has no property “%(name)s” that may be set; it has: %(names)s."),
                name=key,
                names=list(known) or "–",
            )
            yield FieldError(path=f"properties.{key}", message=text, code="unknown_property")
        elif known[key].password:
            text = Text(
                _(
                    "“%(name)s” is a password, which answers do not hold. Leave it out here, and give it on the "
                    "template step's page or as a template password in the API."
                ),
                name=key,
            )
            yield FieldError(path=f"properties.{key}", message=text, code="secret")
        elif fault := fault_of(known[key], value):
            yield FieldError(path=f"properties.{key}", message=fault, code="wrong_value")
    for key, item in known.items():
        left_out = not item.password and key not in given and template_contents.network_field(key) is None
        if left_out and (fault := fault_of(item, "")):
            yield FieldError(path=f"properties.{key}", message=fault, code="missing")


def _passwords(report: Mapping[str, Any], held: Mapping[str, str]) -> Iterator[FieldError]:
    for item in template_contents.settable(report):
        if item.password and (fault := fault_of(item, held.get(item.key, ""))):
            yield FieldError(path=f"passwords.{item.key}", message=fault, code="missing")
