"""Carry out an answer file from another machine, over the task API: `manage.py apply` as a program of your own.

    FOOTHOLD_TOKEN=fht_... .venv/bin/python examples/set_up.py examples/vmware-ova.yaml --url http://localhost:8000

For a deployment from the OVA template. The file may be JSON, or YAML where PyYAML is installed. Foothold has to know the
credential that the file names. Exit codes: 0 recorded, 1 failed, 2 invalid, 3 blocked by preflight.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from foothold import Deployment, Event, Foothold, Problem, TaskFailed


def main() -> int:
    options = _options()
    token = os.environ.get("FOOTHOLD_TOKEN")
    if not token:
        print("Set FOOTHOLD_TOKEN to an API token that operates: manage.py token create", file=sys.stderr)
        return 2
    api = Foothold(options.url, token, ca_file=options.ca_file)
    try:
        deployment = set_up(api, _read(options.file), trust=options.trust)
    except Problem as problem:
        print(f"{problem} (request {problem.request_id})", file=sys.stderr)
        return 2 if problem.status == 422 else 1
    except TaskFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    if deployment.state != "recorded":
        return 3
    print(api.get(f"/deployments/{deployment.id}/topology/", format="mermaid"))
    return 0


def set_up(api: Foothold, file: dict[str, Any], *, trust: str) -> Deployment:
    """Safe to run again: what is answered and done already is not done a second time."""
    deployment = api.find(file["name"]) or api.create(file["name"], file["profile"])
    if deployment.state == "draft":
        for step in (step["id"] for step in deployment.steps if step["id"] in file["answers"]):
            deployment = _answer(api, deployment, step, dict(file["answers"][step]), trust)
        asked = {row["requirement_id"] for row in api.items(f"/deployments/{deployment.id}/attestations/")}
        for requirement_id in asked & file.get("attestations", {}).keys():
            given = file["attestations"][requirement_id]
            body = dict(given) if isinstance(given, dict) else {"answer": given}
            if isinstance(body["answer"], bool):
                # YAML reads a bare yes as true.
                body["answer"] = "yes" if body["answer"] else "no"
            api.put(f"/deployments/{deployment.id}/attestations/{requirement_id}/", body)
        _run(api, deployment, "preflight")
        deployment = api.deployment(deployment.id)
    if deployment.state == "draft":
        for row in api.items(f"/deployments/{deployment.id}/checks/", status="fail"):
            print(f"{row['requirement_id']}  {row['summary']}  {row['remedy']}", file=sys.stderr)
        return deployment
    if deployment.state == "checked":
        plan = _run(api, deployment, "plan_deployment")
        _run(api, deployment, "deploy_ova", {"plan_sha256": plan["plan_sha256"]})
        deployment = api.deployment(deployment.id)
    if deployment.state == "deployed":
        if deployment.answers["vault"].get("account"):
            _run(api, deployment, "register_vault")
        _run(api, deployment, "register_vcenter")
    _run(api, deployment, "record_topology")
    return api.deployment(deployment.id)


def _answer(
    api: Foothold, deployment: Deployment, step: str, answers: dict[str, Any], trust: str
) -> Deployment:
    if step == "vcenter" and not answers.get("thumbprint_sha256"):
        seen = _run(api, deployment, "probe_vcenter", {"host": answers["host"], "port": answers["port"]})
        found = seen["certificate"]["sha256"]
        if found != trust:
            raise SystemExit(
                f"{answers['host']} shows {found}; run again with --trust {found} if that is it."
            )
        answers["thumbprint_sha256"] = found
    if step == "template":
        _run(
            api,
            deployment,
            "inspect_template",
            {name: answers[name] for name in ("file", "url") if name in answers},
        )
    deployment = api.answer(deployment, step, answers)
    if step == "vcenter":
        _run(api, deployment, "sign_in_vcenter")
    return api.deployment(deployment.id)


def _run(
    api: Foothold, deployment: Deployment, kind: str, inputs: dict[str, Any] | None = None
) -> dict[str, Any]:
    print(f"== {kind}")
    return api.run(deployment.id, kind, inputs, tell=_tell).result or {}


def _tell(event: Event) -> None:
    print(f"   {event.message}")


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        found: dict[str, Any] = json.loads(text)
    else:
        import yaml  # only where the file asks for it

        found = yaml.safe_load(text)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument(
        "--trust", default="", help="SHA-256 thumbprint of vCenter's certificate that you have compared"
    )
    parser.add_argument("--ca-file", help="authorities of Foothold's own certificate")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
