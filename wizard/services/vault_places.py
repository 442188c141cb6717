"""The place of a deployment in its vault (classic): the fabric of its configuration server, with accounts and process servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.azure import fabrics as azure_fabrics
from wizard.azure.connection import Arm
from wizard.azure.errors import AzureError, NotPermitted
from wizard.azure.vaults import VaultRef
from wizard.models import Deployment
from wizard.planning.quoting import shown
from wizard.services import azure_access, vault_jobs, vault_servers
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Progress
from wizard.text import Text, _

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a vCenter is registered: the fabric of a configuration server, read just now."""

    arm: Arm
    ref: VaultRef
    fabric: Record

    @property
    def name(self) -> str:
        return str(self.fabric["name"])

    @property
    def details(self) -> Record:
        return vault_servers.details_of(self.fabric)


def find_place(arm: Arm, deployment: Deployment) -> Place | None:
    ref = azure_access.vault_ref(deployment)
    fabrics = vault_servers.whole_fabrics(arm, ref)
    fabric = vault_servers.classic_fabric_of(fabrics, vault_servers.wanted_of(deployment))
    return Place(arm=arm, ref=ref, fabric=fabric) if fabric else None


def place_of(arm: Arm, deployment: Deployment) -> Place:
    """The fabric of the configuration server. Raises Conflict `not_in_vault`."""
    place = find_place(arm, deployment)
    if place is None:
        raise Conflict(
            Text(_("The configuration server of %(name)s is not in the vault."), name=deployment.name),
            remedy=Text(_("Register it first; “Wait for the server in the vault” tells when it is there.")),
            code="not_in_vault",
        )
    return place


def run_as_account(progress: Progress, place: Place, wanted: str) -> tuple[Place, Record]:
    """The account by its name, else the only one. A new one takes 15 minutes to show, or a report (dossier 2.3)."""
    found = _account(place, wanted)
    if found is None:
        progress.info(Text(_("Asking the configuration server for the accounts that it knows now.")))
        try:
            job = azure_fabrics.refresh_provider(
                place.arm, place.ref, place.name, vault_servers.provider_of(place.fabric)
            )
            vault_jobs.follow(progress, place.arm, place.ref, job)
        except NotPermitted as error:
            progress.info(error.text)
        fresh = azure_fabrics.get_fabric(place.arm, place.ref, place.name)
        place = Place(arm=place.arm, ref=place.ref, fabric=fresh)
        found = _account(place, wanted)
    if found is not None:
        return place, found
    names = run_as_accounts(place.fabric)
    if wanted and names:
        text = Text(
            _("The configuration server knows no account “%(wanted)s”; it knows: %(names)s."),
            wanted=shown(wanted),
            names=names,
        )
    elif names:
        text = Text(
            _(
                "The configuration server knows several accounts; say which one is for vCenter Server: %(names)s."
            ),
            names=names,
        )
    else:
        text = Text(_("The configuration server knows no account for vCenter Server yet."))
    raise Conflict(
        text,
        remedy=Text(
            _(
                "Choose one of them, or add the account on the configuration server (cspsconfigtool.exe, Manage Accounts); then register "
                "again."
            )
        ),
        code="unknown_run_as_account",
    )


def _account(place: Place, wanted: str) -> Record | None:
    listed: list[Record] = list(place.details.get("runAsAccounts") or ())
    if wanted:
        return next(
            (one for one in listed if str(one.get("accountName")).casefold() == wanted.casefold()), None
        )
    return listed[0] if len(listed) == 1 else None


def process_server(place: Place, wanted: str) -> Record:
    """The one that was named, else the one that is built in (arm-site-recovery 3). Raises Conflict."""
    listed: list[Record] = list(place.details.get("processServers") or ())
    if wanted:
        named = [
            one
            for one in listed
            if wanted.casefold() in (str(one.get("friendlyName")).casefold(), str(one.get("id")).casefold())
        ]
    else:
        named = _built_in(place, listed)
    if len(named) == 1:
        return named[0]
    names = [str(one.get("friendlyName")) for one in listed]
    raise Conflict(
        Text(
            _("The vault shows no process server “%(wanted)s”; it shows: %(names)s."),
            wanted=shown(wanted),
            names=names or ["–"],
        )
        if wanted
        else Text(
            _("Which process server is built in is not certain; the vault shows: %(names)s."),
            names=names or ["–"],
        ),
        remedy=Text(_("Name the process server that discovers this vCenter Server, and register again.")),
        code="unknown_process_server",
    )


def _built_in(place: Place, listed: list[Record]) -> list[Record]:
    host = str(place.details.get("hostName") or "").casefold().partition(".")[0]
    address = str(place.details.get("ipAddress") or "")
    by_name = [one for one in listed if str(one.get("friendlyName")).casefold().partition(".")[0] == host]
    if len(by_name) > 1:
        by_name = [one for one in by_name if one.get("ipAddress") == address]
    return by_name or [one for one in listed if one.get("ipAddress") == address]


def run_as_accounts(fabric: Record) -> list[str]:
    """The names of the accounts that a configuration server knows; their passwords never leave it."""
    listed = vault_servers.details_of(fabric).get("runAsAccounts") or ()
    return [str(one.get("accountName") or "") for one in listed]


def have_reported(place: Place) -> None:
    """So that the vault shows it now and not in 15 minutes (dossier, trap 9); what it must not, it does by itself later."""
    try:
        azure_fabrics.refresh_provider(
            place.arm, place.ref, place.name, vault_servers.provider_of(place.fabric)
        )
    except AzureError:
        return
