"""Whether the server that was set up has arrived in its vault: waited for, and told why it may not."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from wizard.azure import fabrics as azure_fabrics
from wizard.azure.connection import Arm
from wizard.azure.errors import (
    AzureError,
    Busy,
    NotAzure,
    NotPermitted,
    ServiceFailed,
    Throttled,
    Unreachable,
)
from wizard.azure.vaults import CLASSIC, VaultRef, instance_type
from wizard.models import Deployment
from wizard.services import audit, azure_access, installation_secrets, vault_servers
from wizard.services.answers import circumstances_of
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_servers import Seen, Wanted
from wizard.text import Text, _

# Site Recovery itself calls a server without heartbeat for this long critical (arm-site-recovery 3).
FRESH: Final = timedelta(minutes=15)
# Every so many looks a configuration server is asked to report; more would only make jobs.
_REFRESH_EVERY: Final = 5
# What may pass by itself while there is time.
_PASSING: Final[tuple[type[AzureError], ...]] = (Unreachable, Throttled, ServiceFailed, Busy, NotAzure)

_NAMES: Final = {
    "cs": _("configuration server"),
    "ps_scaleout": _("process server"),
    "appliance": _("replication appliance"),
}


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    missing = []
    if deployment.is_open:
        missing.append(Text(_("the server, deployed or installed")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    return Prepared(missing=tuple(missing))


def run(progress: Progress) -> Done:
    deployment = progress.task.deployment
    ref, wanted = azure_access.vault_ref(deployment), vault_servers.wanted_of(deployment)
    progress.phase(Text(_("Looking into the vault %(vault)s"), vault=ref.vault), 5)
    began = time.monotonic()
    with azure_access.open_arm(deployment) as arm:
        seen = _Wait(progress, arm, ref, wanted).until_it_is_there()
    waited = round(time.monotonic() - began)

    def commit() -> None:
        # Registered for good: the key is of no use any more, and stays a secret as long as it is kept.
        installation_secrets.drop_vault_key(deployment)
        audit.record(
            "vault.registered",
            subject=deployment,
            actor=progress.task.requested_by,
            sentence=Text(
                _("%(name)s was found in the vault %(vault)s, for %(deployment)s."),
                name=seen.name,
                vault=ref.vault,
                deployment=deployment.name,
            ),
            after={"vault": ref.id, **seen.to_json()},
        )

    return Done(
        summary=Text(
            _("%(name)s is registered with %(vault)s, and its heartbeat is fresh."),
            name=seen.name,
            vault=ref.vault,
        ),
        result={"component": wanted.component, "vault": ref.id, "waited_s": waited, **seen.to_json()},
        commit=commit,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


class _Wait:
    """Looks at the vault again and again, at most once a minute, until the server is there or the time is over."""

    def __init__(self, progress: Progress, arm: Arm, ref: VaultRef, wanted: Wanted) -> None:
        self._progress, self._arm, self._ref, self._wanted = progress, arm, ref, wanted
        self._pause = vault_servers.pause(progress)
        self._patience_s = settings.VAULT_WAIT_SECONDS
        self._said: set[str] = set()
        self._may_refresh = True

    def until_it_is_there(self) -> Seen:
        began, looks = time.monotonic(), 0
        seen: Seen | None = None
        failure: AzureError | None = None
        while True:
            try:
                fabrics = vault_servers.whole_fabrics(self._arm, self._ref)
                failure = None
            except _PASSING as error:
                failure = error
                self._say(error.text, warning=True)
            else:
                seen = vault_servers.find(fabrics, self._wanted)
                if seen is not None and _fresh(seen, timezone.now()):
                    return seen
                self._tell(seen)
                if looks % _REFRESH_EVERY == 0:
                    self._have_reported(fabrics, seen)
            looks += 1
            passed = time.monotonic() - began
            if passed >= self._patience_s:
                if failure is not None:
                    raise failure
                raise self._gave_up(seen)
            self._progress.percent(5 + 90 * passed / self._patience_s)
            self._pause(min(60.0, self._patience_s - passed))

    def _tell(self, seen: Seen | None) -> None:
        what = Text(_NAMES[self._wanted.component])
        if seen is None:
            text = Text(_("No %(what)s of this name or address is in the vault yet."), what=what)
        elif seen.heartbeat is None:
            text = Text(_("%(name)s is in the vault; its first heartbeat is awaited."), name=seen.name)
        else:
            text = Text(
                _("%(name)s is in the vault; its last heartbeat was at %(at)s UTC."),
                name=seen.name,
                at=f"{seen.heartbeat:%Y-%m-%d %H:%M}",
            )
        self._say(text)

    def _have_reported(self, fabrics: list[dict[str, Any]], seen: Seen | None) -> None:
        """What a configuration server knows and has not told yet, such as a process server that joined it."""
        if not self._may_refresh:
            return
        for fabric in fabrics:
            if instance_type(fabric) != CLASSIC or (seen is not None and fabric.get("name") != seen.fabric):
                continue
            try:
                azure_fabrics.refresh_provider(
                    self._arm, self._ref, str(fabric["name"]), vault_servers.provider_of(fabric)
                )
            except NotPermitted as error:
                # Then it takes up to 15 minutes, as it does without us.
                self._may_refresh = False
                self._say(error.text)
                return
            except AzureError as error:
                self._say(error.text)
            else:
                self._say(Text(_("The configuration server was asked to report to the vault.")))

    def _say(self, text: Text, *, warning: bool = False) -> None:
        """Once: a wait of half an hour would fill the log with one sentence."""
        if str(text) in self._said:
            return
        self._said.add(str(text))
        if warning:
            self._progress.warning(text)
        else:
            self._progress.info(text)

    def _gave_up(self, seen: Seen | None) -> Conflict:
        deployment = self._progress.task.deployment
        for cause in causes(deployment, self._wanted.component, appeared=seen is not None):
            self._progress.warning(cause)
        minutes = max(1, round(self._patience_s / 60))
        what = Text(_NAMES[self._wanted.component])
        if seen is None:
            text = Text(
                _("After %(minutes)s minutes the %(what)s %(name)s has not appeared in the vault %(vault)s."),
                minutes=minutes,
                what=what,
                name=min(self._wanted.names, key=len, default="–"),
                vault=self._ref.vault,
            )
        else:
            text = Text(
                _(
                    "%(name)s is in the vault %(vault)s, but has sent no fresh heartbeat within %(minutes)s minutes."
                ),
                name=seen.name,
                vault=self._ref.vault,
                minutes=minutes,
            )
        return Conflict(
            text,
            remedy=Text(
                _(
                    "Go through the causes in the log of this task (clock, proxy, key, rights), then start it again."
                )
            ),
            code="heartbeat_lost" if seen is not None else "not_in_vault",
        )


def causes(deployment: Deployment, component: str, *, appeared: bool) -> list[Text]:
    """The documented causes, the likelier first, each with what to do (asr-facts 3.9, 7.1, 7.2, 2.2)."""
    held = circumstances_of(deployment)
    clock = Text(
        _(
            "Clock: registration fails where it is more than 5 minutes off. Compare it with a time server (w32tm /stripchart), "
            "correct time and time zone, and register again."
        )
    )
    proxy = (
        Text(
            _(
                "Proxy: the Provider, the Recovery Services agent and the SYSTEM account must use the same one. Compare netsh winhttp "
                "show proxy, Get-OBMachineSetting and the Provider's settings; let the service's hosts through without inspecting TLS."
            )
        )
        if "proxy" in held
        else Text(
            _(
                "Network: the server reaches Azure on TCP 443 directly. Look at the firewall page of this deployment, and at whether "
                "a proxy stands in between that was not answered."
            )
        )
    )
    if appeared:
        service = Text(
            _(
                "Services: on the server look whether those of Site Recovery run (dra, tmansvc, cxprocessserver), and whether the "
                "machine itself is on."
            )
        )
        return [service, clock, proxy]
    key = (
        Text(
            _(
                "Key: that of the appliance is copied from the portal, and the code to sign in with is valid for 5 minutes. Open the "
                "configuration manager on the appliance and go through it to the end."
            )
        )
        if component == "appliance"
        else Text(
            _(
                "Key: the vault credentials file ends 5 days after it was made, and is of one vault. Download a new one and register with "
                "it in cspsconfigtool.exe; a further process server takes the passphrase of its configuration server instead."
            )
        )
    )
    rights = Text(
        _(
            "Rights: who signs in on the server needs to write to the vault and to register applications in Entra, without a second "
            "factor or federation; setup itself must run as a local administrator. The logs are in C:\\ProgramData\\ASRLogs."
        )
    )
    return [key, clock, proxy, rights]


def _fresh(seen: Seen, now: datetime) -> bool:
    return seen.heartbeat is not None and now - seen.heartbeat <= FRESH
