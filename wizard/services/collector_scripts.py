"""Collectors made out for one machine of a deployment: what to look for, and the key that signs what was seen."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final, cast

from django.db import transaction
from django.utils import timezone

from wizard.checks.endpoints import endpoints
from wizard.hosts import collector
from wizard.hosts.collector import CollectorOrder, Peer
from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import CollectorIssue, Deployment, Operator
from wizard.services import audit, deployments, evidence
from wizard.services.answers import (
    Answers,
    answers_in_play,
    circumstances_of,
    components_of,
    primary_component,
)
from wizard.services.errors import Invalid, NotReady
from wizard.text import Text, _
from wizard.topology.graph import Kind
from wizard.topology.roles import ROLES

GOOD_FOR: Final = timedelta(days=7)
# What must be answered before a script can be told what to look for.
_NEEDED: Final = ("source", "network", "vault")
_HTTPS: Final = 443
_VMDK_DATA: Final = 902


def components_to_ask(deployment: Deployment) -> tuple[str, ...]:
    """The components whose machines say something of themselves.

    That of the deployment, as soon as its machine is there: before anything is installed by hand, or once the template is
    deployed; and the Linux master target.
    """
    answers = answers_in_play(deployment)
    there = "manual" in circumstances_of(deployment, answers) or not deployment.is_open
    found = [primary_component(deployment, answers)] if there else []
    return (*found, *(name for name in ("mt_linux",) if name in components_of(deployment, answers)))


def unanswered(deployment: Deployment) -> tuple[Text, ...]:
    """The titles of the steps without which a script would not know what to look for."""
    answers = answers_in_play(deployment)
    return tuple(
        Text(journey.step(deployment.profile, step).title) for step in _NEEDED if step not in answers
    )


def language_of(component: str) -> CollectorIssue.Language:
    return CollectorIssue.Language.SHELL if component == "mt_linux" else CollectorIssue.Language.POWERSHELL


def file_name(deployment: Deployment, component: str) -> str:
    """What the script for that machine is called when it is handed out."""
    own = f"{deployment.name}-{component}"
    powershell = language_of(component) == CollectorIssue.Language.POWERSHELL
    return f"Collect-Facts-{own}.ps1" if powershell else f"collect-facts-{own}.sh"


@transaction.atomic
def issue_script(
    deployment: Deployment, component: str, language: str, *, actor: Operator
) -> tuple[str, str]:
    """A collector for one machine, good for seven days: its file name, and the whole script.

    Raises Invalid for a component or a language that is not asked for, NotReady before source, network and vault are answered.
    """
    _issue, script = order_script(deployment, component, language, actor=actor)
    return file_name(deployment, component), script


@transaction.atomic
def order_script(
    deployment: Deployment, component: str, language: str, *, actor: Operator
) -> tuple[CollectorIssue, str]:
    """The same with the row that knows its nonce and key."""
    deployments.hold_for(actor, "facts.order_script", deployment)
    answers = answers_in_play(deployment)
    _refuse_unasked(deployment, component, language)
    if missing := unanswered(deployment):
        raise NotReady(
            Text(_("The script for %(component)s cannot be made yet."), component=component), missing=missing
        )
    key = secrets.token_bytes(32)
    issue = CollectorIssue(
        nonce=secrets.token_hex(16),
        deployment=deployment,
        component=component,
        language=language,
        issued_by=actor,
        expires_at=timezone.now() + GOOD_FOR,
    )
    issue.hold(key)
    issue.save()
    audit.record(
        "facts.script_issued",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took a script that collects the facts of %(component)s for %(name)s."),
            who=actor.username,
            component=ROLES[cast(Kind, component)].title,
            name=deployment.name,
        ),
        after={"component": component, "language": language, "expires_at": issue.expires_at.isoformat()},
    )
    order = _order(deployment, answers, issue, key)
    powershell = language == CollectorIssue.Language.POWERSHELL
    return issue, (collector.powershell(order) if powershell else collector.shell(order))


def peers_of(deployment: Deployment, answers: Answers, component: str) -> tuple[Peer, ...]:
    """The machines that must be reached from this one (asr-facts 1.3: E05 to E07, E19). `answers` are those in play."""
    found = []
    if component == "mt_linux":
        found.append(Peer(name="cs", host=answers["network"]["address"], port=_HTTPS))
    elif cs := answers.get("installation", {}).get("cs_address"):
        found.append(Peer(name="cs", host=cs, port=_HTTPS))
    if vcenter := answers.get("vcenter"):
        found.append(Peer(name="vcenter", host=vcenter["host"], port=vcenter["port"]))
    master_target = component == "mt_linux" or "mt_builtin" in components_of(deployment, answers)
    for name, address in evidence.host_addresses(deployment, answers):
        for port in (_HTTPS, _VMDK_DATA) if master_target else (_HTTPS,):
            found.append(Peer(name=f"esxi:{name}", host=address, port=port))
    return tuple(found)


# --- inside -----------------------------------------------------------------------------------------------------------


def _refuse_unasked(deployment: Deployment, component: str, language: str) -> None:
    asked = components_to_ask(deployment)
    errors = []
    if component not in asked:
        text = Text(
            _("No facts are collected for “%(found)s” here; expected is one of: %(known)s."),
            found=component,
            known=list(asked),
        )
        errors.append(FieldError(path="component", message=text, code="unknown_component"))
    elif language != language_of(component):
        text = Text(
            _("The machine of %(component)s runs %(expected)s, not “%(found)s”."),
            component=component,
            expected=str(language_of(component).label),
            found=language,
        )
        errors.append(FieldError(path="language", message=text, code="wrong_language"))
    if errors:
        raise Invalid(errors)


def _order(deployment: Deployment, answers: Answers, issue: CollectorIssue, key: bytes) -> CollectorOrder:
    network, vault = answers["network"], answers["vault"]
    held = circumstances_of(deployment, answers)
    there = endpoints(deployment.profile, vault["cloud"], answers["source"]["method"])
    return CollectorOrder(
        nonce=issue.nonce,
        key=key,
        deployment=str(deployment.pk),
        component=issue.component,
        endpoints=tuple(
            dict.fromkeys(
                (item.probe_host, item.port)
                for item in there
                if item.probe_host and item.protocol != "ntp" and held.issuperset(item.when)
            )
        ),
        peers=peers_of(deployment, answers, issue.component),
        proxy=network["proxy"],
        time_servers=tuple(network["ntp"]),
    )
