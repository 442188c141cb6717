"""How long preflight of the whole catalogue takes, measured against its slowest part in the same run.

    python -m benchmarks.preflight [--latency-ms 40] [--runs 3] [--json FILE]

A deployment with the answers of examples/vmware-ova.yaml is checked against a lab whose vCenter and whose addresses in
Azure are as far away as `--latency-ms` says. Printed are what each collector takes, the makespan of all of them side by
side, the slowest single collector, the longest chain (some may begin only when others have ended), the sum one after the
other, and their ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency-ms", type=float, default=40.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
        # The settings are read when Django is imported.
        os.environ |= {"FOOTHOLD_VAR": scratch, "FOOTHOLD_LAB": "1", "LOG_LEVEL": "ERROR"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")
        django.setup()
        figures = _measure(Path(scratch), options.latency_ms / 1000, options.runs)
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measure(scratch: Path, latency_s: float, runs: int) -> dict[str, Any]:
    with _far_lab(scratch, latency_s) as described:
        deployment = _ready_deployment(described)
        rows = [_one_run(deployment) for _ in range(runs)]
        whole = _whole_task(deployment)
    best = min(rows, key=lambda row: row["makespan"])
    return {
        "latency_s": latency_s,
        "runs": runs,
        **best,
        "slowest": max(best["collectors"].values()),
        "one_after_the_other": sum(best["alone"].values()),
        "median_makespan": statistics.median(row["makespan"] for row in rows),
        "whole_task": whole,
    }


def _print(figures: Mapping[str, Any]) -> None:
    print(
        f"latency {figures['latency_s'] * 1000:.0f} ms, best of {figures['runs']} runs, "
        f"{figures['requirements']} requirements"
    )
    for name, seconds in sorted(figures["collectors"].items(), key=lambda item: -item[1]):
        print(f"  {seconds:7.3f} s  {name}")
    makespan = figures["makespan"]
    print(f"{'makespan':<28}{makespan:7.3f} s")
    for label, name in (
        ("slowest single collector", "slowest"),
        ("longest chain", "chain"),
        ("one after the other", "one_after_the_other"),
    ):
        print(f"{label:<28}{figures[name]:7.3f} s   makespan is {makespan / figures[name]:.2f} of it")
    print(f"{'median makespan':<28}{figures['median_makespan']:7.3f} s")
    print(f"{'whole task, judging too':<28}{figures['whole_task']:7.3f} s")


@contextmanager
def _far_lab(scratch: Path, latency_s: float) -> Iterator[dict[str, Any]]:
    from django.conf import settings

    from benchmarks.far_away import LongLine
    from wizard.lab.environment import Ports
    from wizard.lab.run import Lab

    with ExitStack() as stack:
        lab = stack.enter_context(Lab(scratch, ports=Ports.from_base(0)))
        described = lab.description()
        if described["vcenter"] is None:
            raise SystemExit(described["unavailable"])
        detours = described["connect_to"]
        for part in ("vcenter", "front", "proxy"):
            near = described[part]["port"]
            line = stack.enter_context(LongLine(near, latency_s))
            detours = detours.replace(f":{near}", f":{line.port}")
        settings.CONNECT_TO, settings.PROBE_CA_FILE = detours, described["ca_file"]
        settings.TEMPLATE_DIR = Path(described["ova"]).parent
        yield described


def _ready_deployment(described: Mapping[str, Any]) -> Any:
    from django.conf import settings
    from django.core.management import call_command

    from wizard.journey.answer_file import parse
    from wizard.models import Credential, Operator
    from wizard.services import automation, credentials
    from wizard.services.errands import Errand
    from wizard.services.tasks.runner import execute

    call_command("migrate", verbosity=0)
    person = Operator.objects.create(username="benchmark", role="operator")
    login = described["vcenter"]["accounts"]["asr-operator"]
    credentials.keep(
        name="lab-vcenter",
        kind=Credential.Kind.VCENTER,
        username=login["username"],
        secret=login["password"],
        actor=person,
    )
    file = parse((settings.BASE_DIR / "examples" / "vmware-ova.yaml").read_text("utf-8"))
    # Through the detours, not straight to its port: only those are long.
    file = file.with_answers({"vcenter": {"host": described["vcenter"]["name"], "port": 443}})

    def follow(task: Any) -> Any:
        execute(task.pk, "benchmark")
        task.refresh_from_db()
        return task

    trust = (described["vcenter"]["thumbprint_sha256"],)
    errand = Errand(actor=person, follow=follow, tell=lambda text: None, trust=trust)
    return automation.answer_all(file, errand=errand)


def _one_run(deployment: Any) -> dict[str, Any]:
    from wizard.checks.engine import Collector, gather
    from wizard.services.answers import answers_in_play
    from wizard.services.applicable import requirements_for
    from wizard.services.facts import collectors_for

    def clocked(collector: Collector, seconds: dict[str, float]) -> Collector:
        def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
            begun = time.perf_counter()
            try:
                return collector.collect(known)
            finally:
                seconds[collector.name] = time.perf_counter() - begun

        return replace(collector, collect=collect)

    def run(**options: Any) -> tuple[dict[str, float], float, list[Collector]]:
        seconds: dict[str, float] = {}
        with ExitStack() as stack:
            collectors = collectors_for(answers_in_play(deployment), deployment, stack)
            begun = time.perf_counter()
            gather([clocked(collector, seconds) for collector in collectors], **options)
            return seconds, time.perf_counter() - begun, collectors

    alone, _whole, _collectors = run(max_workers=1)
    together, makespan, collectors = run()
    return {
        "requirements": len(requirements_for(deployment)),
        "alone": alone,
        "collectors": together,
        "makespan": makespan,
        "chain": max(_chain(name, collectors, together) for name in together),
    }


def _chain(name: str, collectors: list[Any], seconds: Mapping[str, float]) -> float:
    before = next(collector.after for collector in collectors if collector.name == name)
    return seconds[name] + max((_chain(other, collectors, seconds) for other in before), default=0.0)


def _whole_task(deployment: Any) -> float:
    from wizard.services import tasks
    from wizard.services.tasks.runner import execute

    task = tasks.launch("preflight", deployment=deployment, actor=deployment.created_by)
    begun = time.perf_counter()
    execute(task.pk, "benchmark")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
