"""The rows of registered vCenters: one for each vCenter, under one address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from django.db import transaction
from django.utils import timezone

from wizard.models import Credential, Deployment, VCenter
from wizard.services import account_use, credentials
from wizard.services.discovery import claim
from wizard.services.errors import Conflict
from wizard.text import Text, _
from wizard.vsphere.about import About

if TYPE_CHECKING:
    from django.db.models import QuerySet

_SIGN_IN: Final = ("host", "port", "thumbprint_sha256", "credential")


def identity_of(about: About, answers: dict[str, Any]) -> str:
    """The instance UUID; a standalone ESXi host has none, so there its address stands in for it."""
    return about.instance_uuid or str(uuid5(NAMESPACE_DNS, f"{answers['host']}:{answers['port']}"))


def refuse_second_name(about: About, answers: dict[str, Any], deployment: Deployment) -> None:
    """Raises Conflict `vcenter_registered` where this vCenter is known by another address, which is told where everybody who
    sees `deployment` may know it."""
    other = (
        VCenter.objects.filter(instance_uuid=identity_of(about, answers))
        .exclude(host=answers["host"], port=answers["port"])
        .first()
    )
    if other is None:
        return
    if _may_be_named(other, deployment):
        text = Text(
            _("This vCenter is registered already, as %(name)s at %(host)s, port %(port)s."),
            name=other.friendly_name,
            host=other.host,
            port=str(other.port),
        )
        remedy = _(
            "Use that address in the vCenter step. One vCenter under two addresses makes machines appear twice."
        )
    else:
        text = Text(_("This vCenter is registered already, under another address."))
        remedy = _(
            "Ask an administrator for that address, and use it in the vCenter step. One vCenter under two addresses makes "
            "machines appear twice."
        )
    raise Conflict(text, remedy=Text(remedy), code="vcenter_registered")


def _may_be_named(vcenter: VCenter, deployment: Deployment) -> bool:
    """Whether those who see `deployment` see this vCenter, too; see `visibility.visible_vcenters`."""
    theirs = (None, deployment.team_id)
    teams: list[UUID | None] = list(vcenter.deployments.values_list("team", flat=True))
    return any(team in theirs for team in teams or [vcenter.credential.team_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A vCenter that is being registered. `vcenter` shows it as it will be; `kept`: its machines are read with the account of
    another deployment, as before, and not with that of the answers."""

    vcenter: VCenter
    kept: bool
    answers: Mapping[str, Any]
    # What was seen of it just now, and the account that goes with it. Stored with the success, not before.
    seen: Mapping[str, Any]

    @property
    def sign_in(self) -> Mapping[str, Any]:
        """How its machines are read for this registration, where that is not how they are read yet."""
        return {} if self.kept else {name: self.seen[name] for name in _SIGN_IN}

    def settle(self, deployment: Deployment) -> bool:
        """Store it, in the transaction that registers the vCenter: a worker that dies before that has replaced nothing. Whether
        its machines go on being read with the account of another deployment; that may have come to be so since `kept`."""
        row = _locked().get(pk=self.vcenter.pk)
        changes = dict(self.seen)
        # Who registered it meanwhile comes first, as if that had been so from the start.
        kept = self.kept or _keeps_its_account(row, self.seen["credential"], self.answers, deployment)
        if kept:
            changes = {name: value for name, value in changes.items() if name not in _SIGN_IN}
        if kept and not self.kept:
            # What was read with the account of the answers may be less than what that one shows.
            changes["next_refresh_at"] = timezone.now()
        VCenter.objects.filter(pk=row.pk).update(**changes)
        return kept

    def give_up(self) -> None:
        """Nothing is registered by halves. Machines of a vCenter that others use are as true as before.

        A row that nobody has read through yet goes, also where another worker died before it came to this.
        """
        unread = VCenter.objects.filter(claim.free(timezone.now()), discovered_at=None, deployments=None)
        unread.filter(pk=self.vcenter.pk).delete()


@transaction.atomic
def save(answers: dict[str, Any], about: About, deployment: Deployment) -> Saved:
    """This vCenter as it was seen just now: a row of its own where it is new, else what its row becomes by `settle`.

    All who use a vCenter see the machines that one account shows. That stays the account of whoever registered it first, as
    long as a deployment beside this one uses it and it can sign in: else a second one would put an account into the hands of
    others, or one that shows less in the place of one that shows everything.
    """
    own = Credential.objects.get(name=answers["credential"])
    row = _locked().filter(instance_uuid=identity_of(about, answers)).first()
    kept = row is not None and _keeps_its_account(row, own, answers, deployment)
    seen = {
        "host": answers["host"],
        "port": answers["port"],
        "thumbprint_sha256": answers["thumbprint_sha256"],
        "credential": own,
        "product": about.product,
        "version": about.version,
        "build": about.build,
        "api_type": about.api_type,
        "api_version": about.api_version,
    }
    if row is None:
        # Of two that are as quick, one finds the row of the other.
        row, _new = VCenter.objects.get_or_create(
            instance_uuid=identity_of(about, answers), defaults={"friendly_name": answers["host"], **seen}
        )
    for name, value in seen.items():
        if not (kept and name in _SIGN_IN):
            setattr(row, name, value)
    return Saved(vcenter=row, kept=kept, answers=answers, seen=seen)


def _locked() -> QuerySet[VCenter]:
    return VCenter.objects.select_for_update(of=("self",)).select_related("credential")


def _keeps_its_account(
    row: VCenter, own: Credential, answers: Mapping[str, Any], deployment: Deployment
) -> bool:
    return row.credential_id != own.pk and _is_needed(row, answers, deployment)


def _is_needed(row: VCenter, answers: Mapping[str, Any], deployment: Deployment) -> bool:
    """Whether the account of this row is one that another deployment uses, and that still leads into this vCenter."""
    credential = row.credential
    if credential.standing == Credential.Standing.REJECTED:
        return False
    # Whoever registered it confirmed another certificate than the one that is there; their password is not sent to this one.
    if row.thumbprint_sha256 != answers["thumbprint_sha256"]:
        return False
    if credentials.bound_elsewhere(credential, credentials.address_of(row.host, row.port)):
        return False
    return account_use.is_used_by_any(account_use.serving(row).exclude(pk=deployment.pk), credential)
