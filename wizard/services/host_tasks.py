"""The tasks that go to target machines for facts: look before anybody trusts it, then sign in and ask."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from wizard.hosts import probe
from wizard.hosts.document import MAX_BYTES
from wizard.hosts.session import HostSession
from wizard.models import Deployment, HostFacts, Operator
from wizard.services import collector_scripts, credentials, deployments, evidence, host_facts
from wizard.services.answers import primary_component
from wizard.services.errors import Conflict, UserError
from wizard.services.host_access import TRANSPORTS, open_machine, read_address, usable_account
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import address_book
from wizard.text import Text, _
from wizard.wire.destinations import DestinationRefused

COLLECT_SECONDS: Final = 900.0
LINUX: Final = "mt_linux"
_EVIDENCE: Final = ("host", "port", "transport", "auth", "credential", "thumbprint_sha256")


# --- probe ------------------------------------------------------------------------------------------------------------


def prepare_probe(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes `host`, `port` and `transport` (https, http, ssh) from the inputs, else from what the evidence step holds.

    Raises Invalid.
    """
    given = {**_stored(deployment), **{name: value for name, value in inputs.items() if value}}
    if inputs.get("transport") and not inputs.get("port"):
        given.pop("port", None)
    return Prepared(inputs=read_address(given).model_dump(mode="json"))


def run_probe(progress: Progress) -> Done:
    inputs = progress.task.inputs
    host, port = inputs["host"], inputs["port"]
    progress.phase(Text(_("Looking at %(host)s, port %(port)s"), host=host, port=str(port)), 10)
    found = probe.probe_host(host, port, TRANSPORTS[inputs["transport"]], address_book())
    for layer in found.layers:
        if layer.status == "fail":
            progress.warning(layer.detail, layer=layer.name)
        else:
            progress.info(layer.detail, layer=layer.name)
    if not found.ok:
        failed = next(layer for layer in found.layers if layer.status == "fail")
        code = {"dns": "unreachable", "tcp": "unreachable", "tls": "tls_failed"}.get(
            failed.name, "not_a_host"
        )
        if failed.code == DestinationRefused.code:
            code = failed.code
        raise UserError(failed.detail, remedy=failed.remedy, code=code)
    summary = (
        Text(_("%(host)s answers; compare its fingerprint before you trust it."), host=host)
        if found.fingerprint_sha256
        else Text(_("%(host)s answers. Over HTTP there is no certificate to compare."), host=host)
    )
    return Done(summary=summary, result=found.to_json())


# --- collect ----------------------------------------------------------------------------------------------------------


def prepare_collect(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`component` in the inputs is the one whose machine is asked; left out, the one that is being installed.

    Where that machine is, and as whom to sign in, is taken from the inputs, else from the evidence step (Windows) or from the
    last collection of the same component (Linux). Raises Invalid and Conflict.
    """
    component = inputs.get("component") or primary_component(deployment)
    known = _known_of(deployment, component)
    given = {**known, **{name: inputs[name] for name in _EVIDENCE if inputs.get(name)}}
    if component == LINUX:
        given |= {"transport": "ssh", "auth": "password"}
    if not given.get("host"):
        return Prepared(missing=(Text(_("the address of the machine")),))
    missing = []
    if given.get("transport") != "http" and not given.get("thumbprint_sha256"):
        missing.append(Text(_("the confirmation of the machine's certificate or host key")))
    if not given.get("credential"):
        missing.append(Text(_("the account for the machine")))
    if missing:
        return Prepared(missing=tuple(missing))
    if component not in collector_scripts.components_to_ask(deployment):
        return Prepared(missing=(Text(_("a machine of its own that facts are collected of")),))
    if unanswered := collector_scripts.unanswered(deployment):
        return Prepared(missing=unanswered)
    where = _checked(given)
    usable_account(where, deployment)
    return Prepared(inputs={"component": component, **where})


def run_collect(progress: Progress) -> Done:
    task = progress.task
    inputs = task.inputs
    component = inputs["component"]
    with open_with_progress(progress, inputs, 5) as session:
        data = ask(progress, session, component, start=35, upto=85)
    way = HostFacts.Way.SSH if component == LINUX else HostFacts.Way.WINRM
    progress.phase(Text(_("Checking what the machine said")), 90)

    def commit() -> None:
        host_facts.receive(task.deployment, data, actor=task.requested_by, way=way)
        if component != LINUX:
            _save_evidence_answers(task.deployment, inputs, task.requested_by)

    return Done(
        summary=Text(_("The facts of %(host)s are collected."), host=inputs["host"]),
        result={"component": component, "way": way.value, "bytes": len(data)},
        commit=commit,
    )


def tidy_collect(progress: Progress) -> None:
    """Raises Conflict where the password may have been sent already."""
    if name := progress.task.inputs.get("credential"):
        credentials.refuse_second_attempt([name])


def open_with_progress(
    progress: Progress, where: dict[str, Any], percent: int
) -> AbstractContextManager[HostSession]:
    """A session on the machine, announced in the task's log; use it in a `with`."""
    progress.phase(Text(_("Signing in to %(host)s"), host=where["host"]), percent)
    return open_machine(where, progress.task.deployment)


def ask(progress: Progress, session: HostSession, component: str, *, start: int, upto: int) -> bytes:
    """Run the collector on the machine and give back what it wrote. Raises HostError and UserError."""
    task = progress.task
    progress.phase(Text(_("Asking %(host)s for its facts"), host=session.address), start)
    language = collector_scripts.language_of(component)
    issue, script = collector_scripts.order_script(
        task.deployment, component, language, actor=task.requested_by
    )
    result = session.run_script(script, deadline_s=COLLECT_SECONDS, should_stop=progress.should_stop)
    progress.percent(upto)
    written = result.stdout.strip().encode()
    if not written or len(written) > MAX_BYTES:
        said = " ".join(result.stderr.split())
        # An error may quote the line of the script that signs.
        said = said.replace(issue.key().hex(), "…")[:500]
        raise UserError(
            Text(
                _("The collector on %(host)s ended with %(code)s and wrote no document. It said: %(said)s"),
                host=session.address,
                code=str(result.exit_code),
                said=said or "–",
            ),
            remedy=Text(_("Run the script at the machine's console to see why, or upload what it writes.")),
            code="no_document",
        )
    return written


# --- inside -----------------------------------------------------------------------------------------------------------


def _stored(deployment: Deployment) -> dict[str, Any]:
    stored, _version = deployments.form_of(deployment, "evidence")
    return {name: stored[name] for name in _EVIDENCE if stored.get(name)}


def _known_of(deployment: Deployment, component: str) -> dict[str, Any]:
    if component != LINUX:
        return _stored(deployment)
    before = evidence.latest(deployment, "collect_facts", {"component": LINUX})
    return {name: before.inputs[name] for name in _EVIDENCE if before.inputs.get(name)} if before else {}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    where = {**read_address(given).model_dump(mode="json"), "auth": given.get("auth") or "negotiate"}
    where["credential"] = str(given["credential"])
    where["thumbprint_sha256"] = given.get("thumbprint_sha256") if where["transport"] != "http" else None
    if where["transport"] == "http" and where["auth"] == "basic":
        raise Conflict(
            Text(_("Basic authentication over HTTP would show the password to everybody on the way.")),
            remedy=Text(_("Choose HTTPS, or Negotiate.")),
            code="basic_over_http",
        )
    return where


def _save_evidence_answers(deployment: Deployment, where: dict[str, Any], actor: Operator) -> None:
    wanted = {"way": "winrm", **{name: where[name] for name in _EVIDENCE if where.get(name) is not None}}
    row = deployment.steps.filter(step="evidence").first()
    # To save the same once more would look like a change, to preflight and to whoever has the page open.
    if not deployment.is_open or (row and row.draft is None and row.data is not None):
        return
    stored, _version = deployments.form_of(deployment, "evidence")
    # Not where somebody has typed another address meanwhile: that one is not proven.
    if stored.get("way", "winrm") == "winrm" and stored.get("host") in (None, "", where["host"]):
        deployments.answer(deployment, "evidence", wanted, actor=actor)
