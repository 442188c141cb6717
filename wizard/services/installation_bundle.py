"""The installation bundle of a deployment: made of its answers and its sealed secrets while it is sent, and never kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction
from django.utils import timezone, translation

from wizard.hosts.bundle import BundleContents, SecretFile, bundle_chunks
from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator
from wizard.planning import dr_installer, setup_files, unified_setup
from wizard.planning.dr_installer import ApplianceOrder
from wizard.planning.setup_files import ProxySettings
from wizard.planning.unified_setup import SetupOrder
from wizard.services import audit, deployments, installation_secrets
from wizard.services.answers import Answers, answers_in_play, circumstances_of, primary_component
from wizard.services.approval_standing import refuse_unapproved
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.facts.answered import fqdn
from wizard.services.permissions import require
from wizard.text import Text, _

SHORTEST_PASSWORD: Final = 12
_NEEDED: Final = ("source", "network", "vault", "appliance", "installation")


def missing(deployment: Deployment) -> tuple[Text, ...]:
    """What must be answered or given before there is a bundle: titles of steps, names of secrets."""
    answers = answers_in_play(deployment)
    out = journey.not_applicable(deployment.profile, answers)
    steps = [step for step in journey.journey(deployment.profile) if step.id in _NEEDED]
    found = [Text(step.title) for step in steps if step.id not in answers and step.id not in out]
    if primary_component(deployment, answers) == "ps_scaleout":
        if "installation" in answers and not answers["installation"].get("cs_address"):
            found.append(Text(_("the address of the configuration server")))
        if installation_secrets.passphrase_of(deployment) is None:
            found.append(Text(_("the passphrase of the configuration server")))
    return tuple(found)


def contents_for(deployment: Deployment) -> BundleContents:
    """Everything but the files that others make: the installer, the vault credentials file, MySQL.

    MySQL's passwords are made at the first call. Raises Conflict `no_bundle` where the template is used, NotReady with what is
    missing, Conflict `not_installable` where the answers do not work together.
    """
    answers = answers_in_play(deployment)
    if "manual" not in circumstances_of(deployment, answers) and "source" in answers:
        raise Conflict(
            Text(_("%(name)s is deployed from the template, which needs no bundle."), name=deployment.name),
            remedy=Text(_("Choose the installation by hand in the step about the source.")),
            code="no_bundle",
        )
    lacking = missing(deployment)
    if lacking:
        raise NotReady(Text(_("The installation bundle cannot be made yet.")), missing=lacking)
    try:
        if primary_component(deployment, answers) == "appliance":
            return _appliance(deployment, answers)
        return _classic(deployment, answers)
    except ValueError as refused:
        raise Conflict(
            refused.args[0] if isinstance(refused.args[0], Text) else Text(str(refused)),
            remedy=Text(_("Correct the answers of the installation, then try again.")),
            code="not_installable",
        ) from None


def stream(
    deployment: Deployment, *, actor: Operator, password: str | None = None
) -> tuple[str, Iterator[bytes]]:
    """The file name of the zip, and its content as it comes into being; with a password it is encrypted (AES-256).

    Who takes a bundle takes passwords along, so it is written down before the first byte. Raises as `contents_for` does,
    NotReady without an approval where one is needed, and Invalid for a password that is too short.
    """
    require(actor, "installation.take_bundle", deployment)
    if password is not None and len(password) < SHORTEST_PASSWORD:
        text = Text(
            _("A password for the bundle needs at least %(least)s characters."), least=SHORTEST_PASSWORD
        )
        raise Invalid([FieldError(path="password", message=text, code="too_short")])
    with transaction.atomic():
        deployments.hold_for(actor, "installation.take_bundle", deployment)
        contents = contents_for(deployment)
        refuse_unapproved(deployment, Text(_("The installation bundle cannot be taken yet.")))
        audit.record(
            "installation.bundle_taken",
            subject=deployment,
            actor=actor,
            sentence=Text(
                _("%(who)s took the installation bundle of %(name)s, encrypted.")
                if password is not None
                else _("%(who)s took the installation bundle of %(name)s, not encrypted."),
                who=actor.username,
                name=deployment.name,
            ),
            after={
                "component": contents.component,
                "encrypted": password is not None,
                "secret_files": [secret.name for secret in contents.secret_files],
            },
        )
    name = f"Foothold-{deployment.name}-{contents.component}.zip"
    return name, bundle_chunks(contents, password=password)


# --- inside -----------------------------------------------------------------------------------------------------------


def _classic(deployment: Deployment, answers: Answers) -> BundleContents:
    network, installation = answers["network"], answers["installation"]
    held = circumstances_of(deployment, answers)
    cs = "cs" in held
    order = SetupOrder(
        mode="CS" if cs else "PS",
        serves_vmware="vmware" in held,
        install_drive=installation["install_drive"],
        cs_address=None if cs else installation["cs_address"],
        data_adapter_address=installation.get("data_adapter_address"),
        data_port=network["data_port"],
        own_proxy="proxy" in held,
    )
    made = unified_setup.commands(order)
    # With private endpoints MySQL cannot be downloaded, whatever was answered (asr-facts 3.10, SW-01).
    staged = cs and (installation.get("mysql") == "staged" or "private_endpoints" in held)
    return BundleContents(
        **_common(deployment, answers),
        component="cs" if cs else "ps_scaleout",
        staging_folder=order.staging_folder,
        installer=unified_setup.INSTALLER,
        download=unified_setup.DOWNLOAD,
        commands=(made.extract, made.install),
        setup=f"{made.extraction_folder.removeprefix(order.staged(''))}\\{unified_setup.SETUP}",
        extract_arguments=made.extract_arguments,
        install_arguments=made.install_arguments,
        secret_files=_secret_files(deployment, network, made.input_files),
        vault_credentials_file=unified_setup.VAULT_FILE if cs else None,
        mysql_installer=unified_setup.MYSQL_INSTALLER if staged else None,
        mysql_folder=unified_setup.MYSQL_FOLDER if staged else None,
        mysql_download=unified_setup.MYSQL_DOWNLOAD if staged else None,
    )


def _secret_files(
    deployment: Deployment, network: dict[str, Any], names: tuple[str, ...]
) -> tuple[SecretFile, ...]:
    """Those of the files that setup reads which this wizard can write."""
    files = []
    for name in names:
        if name == unified_setup.MYSQL_FILE:
            text = setup_files.mysql_file(installation_secrets.mysql_credentials(deployment))
        elif name == unified_setup.PASSPHRASE_FILE:
            text = setup_files.passphrase_file(installation_secrets.passphrase_of(deployment) or "")
        elif name == unified_setup.PROXY_FILE:
            username, password = installation_secrets.proxy_account_of(deployment) or (None, None)
            proxy = ProxySettings(address=network["proxy"], username=username, password=password)
            text = setup_files.proxy_file(proxy)
        else:
            continue
        files.append(SecretFile(name=name, text=text))
    return tuple(files)


def _appliance(deployment: Deployment, answers: Answers) -> BundleContents:
    network, appliance = answers["network"], answers["appliance"]
    by_name = appliance["connectivity"] == "fqdn"
    order = ApplianceOrder(
        friendly_name=appliance["friendly_name"],
        connectivity=appliance["connectivity"],
        address=fqdn(network) if by_name else network["address"],
        data_port=network["data_port"],
        proxy=network["proxy"],
        vcenter=answers["vcenter"]["host"] if "vcenter" in answers else None,
    )
    return BundleContents(
        **_common(deployment, answers),
        component="appliance",
        staging_folder=order.staging_folder,
        installer=dr_installer.SCRIPT,
        download=dr_installer.DOWNLOAD,
        commands=(dr_installer.command(order),),
        answers=_answer_lines(order),
    )


def _answer_lines(order: ApplianceOrder) -> tuple[tuple[str, str], ...]:
    # The file is plain ASCII and goes with an English README.
    with translation.override("en"):
        return tuple(
            (str(answer.label), ". ".join(str(part) for part in (answer.value, answer.note) if part))
            for answer in dr_installer.answers(order)
        )


def _common(deployment: Deployment, answers: Answers) -> dict[str, Any]:
    return {
        "deployment": deployment.name,
        "machine": answers["network"]["host_name"],
        "made_at": timezone.now(),
    }
