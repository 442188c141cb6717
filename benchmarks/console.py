"""What the console's list of deployments costs at 10 and at 10,000, against a bare admin list of the same rows.

    python -m benchmarks.console [--rows 10000] [--runs 15] [--json FILE]

Both lists are asked for in the same process, one after the other in turn, by the same person and through the whole stack of
middleware. The bare list is Django's own `ModelAdmin` with the plain columns of the same table and as many rows on a page;
the console's has besides what it reads of tasks, findings, answers and approvals. Printed are median times, their ratio, and
queries; the overview is measured beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_LIST = "/console/wizard/deployment/"
_BARE = "/bare/wizard/deployment/"
_PLAIN = ("name", "profile", "state", "team", "created_by", "created_at", "changed_at")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
        # The settings are read when Django is imported.
        os.environ |= {"FOOTHOLD_VAR": scratch, "LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "testserver"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")
        django.setup()
        figures = _measure(options.rows, options.runs)
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measure(rows: int, runs: int) -> dict[str, Any]:
    from django.conf import settings
    from django.core.management import call_command

    # What is served besides is a file that only a collected site knows.
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    call_command("migrate", verbosity=0)
    client = _signed_in()
    _add_bare_site()
    figures: dict[str, Any] = {"runs": runs, "sizes": {}}
    have = 0
    for size in (10, rows):
        _fill(have, size)
        have = size
        figures["sizes"][str(size)] = _compare(client, runs)
    return figures


def _compare(client: Any, runs: int) -> dict[str, Any]:
    addresses = {"console": _LIST, "bare": _BARE, "overview": "/console/"}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    queries = {name: _queries(client, address) for name, address in addresses.items()}
    # In turn, so that whatever else the machine does falls on all of them.
    for _run in range(runs):
        for name, address in addresses.items():
            begun = time.perf_counter()
            _get(client, address)
            times[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(found) for name, found in times.items()}
    return {
        "seconds": medians,
        "queries": queries,
        "ratio": medians["console"] / medians["bare"],
    }


def _get(client: Any, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answers {answer.status_code}")


def _queries(client: Any, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    # Once before, for what is looked up once for all.
    _get(client, address)
    with CaptureQueriesContext(connection) as asked:
        _get(client, address)
    return len(asked)


def _signed_in() -> Any:
    from django.test import Client

    from wizard.models import Operator

    # A superuser, as the bare admin asks for Django's own permissions.
    person = Operator.objects.create(username="benchmark", role="admin", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(person)
    return client


def _add_bare_site() -> None:
    from django.contrib.admin import AdminSite, ModelAdmin
    from django.urls import clear_url_caches, path

    from wizard.config import urls
    from wizard.models import Deployment

    class Bare(ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
        list_display = _PLAIN
        list_select_related = ("team", "created_by")
        list_per_page = 50
        show_full_result_count = False

    site = AdminSite(name="bare")
    site.register(Deployment, Bare)
    urls.urlpatterns.insert(0, path("bare/", site.urls))
    clear_url_caches()


def _fill(start: int, end: int) -> None:
    """Deployments with answers, a preflight and its findings, each tenth with a request for approval."""
    from datetime import timedelta

    from django.utils import timezone

    from wizard.models import Approval, CheckResult, Deployment, Operator, StepAnswer, Task, TaskState, Team

    person = Operator.objects.get()
    team, _made = Team.objects.get_or_create(name="Lyon")
    now = timezone.now()
    deployments = Deployment.objects.bulk_create(
        [
            Deployment(
                name=f"site-{number:05}",
                profile="asr-classic",
                created_by=person,
                team=team if number % 3 else None,
                needs_approval=number % 10 == 0,
            )
            for number in range(start, end)
        ],
        batch_size=500,
    )
    # As if they had been begun over three years.
    for number, row in enumerate(deployments):
        row.created_at = now - timedelta(hours=number * 2.5)
    Deployment.objects.bulk_update(deployments, ["created_at"], batch_size=300)
    source = {"protects": ["vmware"], "component": "cs", "method": "ova", "runs_on": "vmware"}
    StepAnswer.objects.bulk_create(
        [
            StepAnswer(deployment=row, step=step, data=source if step == "source" else {}, changed_by=person)
            for row in deployments
            for step in ("source", "capacity", "vcenter", "placement", "template", "network", "vault")
        ],
        batch_size=500,
    )
    tasks = Task.objects.bulk_create(
        [
            Task(
                deployment=row,
                kind="preflight",
                changing=True,
                state=TaskState.SUCCEEDED,
                requested_by=person,
                finished_at=now,
            )
            for row in deployments
        ],
        batch_size=500,
    )
    CheckResult.objects.bulk_create(
        [
            CheckResult(
                deployment_id=task.deployment_id,
                task=task,
                requirement_id=f"REQ-{position:02}",
                position=position,
                category="network",
                severity="block",
                owner="operator",
                status="fail" if position == 0 else "warn" if position == 1 else "pass",
                observed_at=now,
            )
            for task in tasks
            for position in range(6)
        ],
        batch_size=500,
    )
    Approval.objects.bulk_create(
        [
            Approval(deployment=row, digest="d" * 64, asked_by=person)
            for row in deployments
            if row.needs_approval
        ],
        batch_size=500,
    )


def _print(figures: Mapping[str, Any]) -> None:
    print(f"{'deployments':>12}{'console':>12}{'bare':>12}{'ratio':>8}{'queries':>16}{'overview':>12}")
    for size, found in figures["sizes"].items():
        seconds, queries = found["seconds"], found["queries"]
        print(
            f"{size:>12}{seconds['console'] * 1000:>9.1f} ms{seconds['bare'] * 1000:>9.1f} ms{found['ratio']:>8.2f}"
            f"{queries['console']:>8} : {queries['bare']:<5}{seconds['overview'] * 1000:>6.1f} ms, {queries['overview']} queries"
        )


if __name__ == "__main__":
    main()
