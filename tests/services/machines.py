"""Deployments on the manual path, and machines that say something of themselves as the collector's script has them do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tests.builders import make_deployment
from tests.hosts.signing import document, signed
from tests.stories import ANSWERS as OVA_ANSWERS
from wizard.lab.collector_order import reach, read_powershell
from wizard.models import Deployment, HostFacts, Operator
from wizard.services import attestations, deployments, host_facts

HOST = "cs01"
ANSWERS: dict[str, dict[str, Any]] = {
    "source": {"protects": ["physical"], "method": "manual", "runs_on": "physical"},
    "capacity": OVA_ANSWERS["capacity"],
    "network": OVA_ANSWERS["network"],
    "vault": OVA_ANSWERS["vault"],
    "installation": {"accept_third_party_license": True},
    "evidence": {"way": "by_hand"},
}


def by_hand(actor: Operator, name: str | None = None, /, **changed: dict[str, Any]) -> Deployment:
    """A physical configuration server, everything answered, its machine not heard of yet. `changed` are answers by step."""
    deployment = make_deployment(actor, name)
    for step, data in ANSWERS.items():
        deployments.answer(deployment, step, {**data, **changed.get(step, {})}, actor=actor)
    deployment.refresh_from_db()
    return deployment


def order_of(script: str) -> dict[str, Any]:
    """What a script was told: nonce, key, deployment, component."""
    found = dict(re.findall(r"^\$?(Nonce|Key|Deployment|Component) = '([^']*)'", script, re.MULTILINE))
    return {**found, "Key": bytes.fromhex(found["Key"])}


def answer_of(
    script: str,
    fixture: str = "2019",
    /,
    *,
    host: str = HOST,
    machine_id: str = "4c4c4544-0035",
    **changes: Any,
) -> bytes:
    """The document that this script writes on a machine like the fixture, from which every peer is reached."""
    order = order_of(script)
    told = read_powershell(script)
    assert told is not None
    now = datetime.now(UTC).isoformat()
    body = document(
        fixture,
        **{
            "nonce": order["Nonce"],
            "deployment": order["Deployment"],
            "component": order["Component"],
            "host": {"name": host, "machine_id": machine_id},
            "started_at": now,
            "finished_at": now,
            **changes,
        },
    )
    if "facts" not in changes:
        body["facts"]["reach.peers"] = {"value": reach(told, {})["reach.peers"]}
    return signed(body, order["Key"])


def script_for(deployment: Deployment, actor: Operator, component: str = "cs") -> str:
    language = "shell" if component == "mt_linux" else "powershell"
    _name, script = host_facts.issue_script(deployment, component, language, actor=actor)
    return script


def hear(deployment: Deployment, actor: Operator, fixture: str = "2019", /, **changes: Any) -> HostFacts:
    """Issue a script, run it, upload what it wrote."""
    data = answer_of(script_for(deployment, actor), fixture, **changes)
    return host_facts.receive(deployment, data, actor=actor)


def attest_all(deployment: Deployment, actor: Operator) -> None:
    for row in attestations.questions_for(deployment):
        attestations.attest(deployment, row.id, answer="yes", actor=actor)
