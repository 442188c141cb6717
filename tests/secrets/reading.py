"""Whoever may see everything looks at everything: every page, every record, every answer, every file."""

from __future__ import annotations

import html
import re
from collections import Counter

from tests.secrets.story import Story


def read_pages(told: Story) -> None:
    """Every page, every record of the console, every file that is handed out."""
    browser, program = told.browser, told.program
    lyon, essen = program.deployment("lyon"), program.deployment("essen-cs01")
    seen: Counter[str] = Counter()
    visited: set[str] = set()
    waiting = ["/", "/console/", "/tasks/", "/account/", f"/deployments/{lyon}/", f"/deployments/{essen}/"]
    waiting += [f"/deployments/{essen}/answers.yaml", f"/deployments/{essen}/topology.json"]
    waiting += [f"/audit/export.{form}" for form in ("csv", "json")]
    waiting += [
        f"/deployments/{essen}/checks/report.{form}" for form in ("html", "json", "junit", "markdown")
    ]
    while waiting:
        path = waiting.pop()
        path = path.partition("?")[0]
        shape = re.sub(r"/(?:[0-9a-f-]{36}|\d+|\w{64})(?=/|$)", "/…", path)
        # Two of a kind: of both deployments, and of what went well and what did not.
        if path in visited or seen[shape] == 2 or not reads(path):
            continue
        visited.add(path)
        seen[shape] += 1
        response = browser.get(path)
        if "html" in response.headers.get("Content-Type", ""):
            found = (html.unescape(one) for one in re.findall(r'href="([^"]+)"', response.text))
            here = response.url.removeprefix(told.installation.url)
            waiting += [
                one if one.startswith("/") else here.rpartition("/")[0] + "/" + one
                for one in found
                if "//" not in one and not one.startswith(("#", "?", "mailto:"))
            ]


def read_api(told: Story) -> None:
    """Every answer to a question, with the first of each list where one is asked for."""
    program = told.program
    deployment = program.deployment("essen-cs01")
    program.saw.append(("metrics", told.browser.get("/metrics").content))
    described = program.ask("GET", "/openapi.json").json()
    named = {"profile": "asr-classic", "step": "vault", "number": "1"}
    for name, path in (
        ("account_id", "azure-accounts"),
        ("credential_id", "credentials"),
        ("task_id", "tasks"),
        ("webhook_id", "webhooks"),
    ):
        named[name] = program.ask("GET", f"/{path}/").json()["items"][0]["id"]
    deliveries = program.ask("GET", f"/webhooks/{named['webhook_id']}/deliveries/").json()["items"]
    named["delivery_id"] = deliveries[0]["id"]
    for route, operations in described["paths"].items():
        if "get" not in operations or "installation-bundle" in route:
            continue
        filled = re.sub(r"{(\w+)}", lambda found: named.get(found[1], deployment), route)
        program.ask("GET", filled.removeprefix("/api/v1"))


def reads(path: str) -> bool:
    """Some hundred pages are the same whatever the secrets: of those one each will do. What signs out is left alone."""
    if path.startswith(
        ("/static/", "/sign-out", "/i18n/", "/console/logout", "/requirements/", "/api/", "/sign-in")
    ):
        return False
    if re.search(r"^/console/.*(?:/history/|/add/|/delete/|/password/)$", path):
        return False
    return "/machines/" not in path or path.endswith("/machines/")
