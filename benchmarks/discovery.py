"""How long discovery takes and what it needs, held against its wire, plain pyVmomi and govc in the same run.

    python -m benchmarks.discovery [--machines 3000] [--large 10000] [--runs 3] [--json FILE]

Every way reads the same properties of the same inventory in a lab on loopback, in turns; the best of the runs counts.
Pages hold as many objects for each; govc decides by itself. The refresh follows changes of 1 % of the machines. Memory is measured
in a process of its own. The database is a new SQLite file, and what is written is timed apart from what is read.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import ways_to_discover as ways
from benchmarks.discovery_writing import reading_and_writing
from wizard.lab.inventory import many_machines
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.discovery import InventoryWatch

# At most so much of the other, or so many MB.
GOALS = {
    "reading / pyVmomi": 0.45,
    "reading / govc": 0.85,
    "reading / wire": 1.4,
    "refresh / reading": 0.05,
    "memory above idle, MB": 64.0,
    "writing / reading": 0.5,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--machines", type=int, default=3000)
    parser.add_argument("--large", type=int, default=10_000, help="for memory and database")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    begun = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
        with _lab(Path(scratch) / "usual", options.machines) as lab:
            size, seconds = _in_turns(lab, options.runs)
            seconds |= {"refresh": _refresh(lab, options.runs)}
        # The large part takes its time, and may be given up.
        print({name: round(value, 3) for name, value in seconds.items()}, file=sys.stderr)
        with _lab(Path(scratch) / "large", options.large) as lab:
            memory = _memory(lab)
            large = reading_and_writing(lab, Path(scratch), options.runs)
    ratios = {
        "reading / pyVmomi": seconds["reading"] / seconds["pyVmomi"],
        "reading / govc": seconds["reading"] / seconds["govc"],
        "reading / wire": seconds["reading"] / seconds["wire"],
        "refresh / reading": seconds["refresh"] / seconds["reading"],
        "memory above idle, MB": memory["peak_mb"] - memory["idle_mb"],
        "writing / reading": large["writing"] / large["reading"],
    }
    figures = {
        "machines": options.machines,
        "large": options.large,
        "runs": options.runs,
        "processors": os.cpu_count(),
        "load": {"before": begun, "after": os.getloadavg()[0]},
        "bytes": size,
        "seconds": seconds,
        "memory": memory,
        "seconds_large": large,
        "ratios": ratios,
        "goals": GOALS,
    }
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


@contextmanager
def _lab(directory: Path, machines: int) -> Iterator[LabVCenter]:
    directory.mkdir()
    with LabVCenter(directory=directory, inventory=many_machines(machines)) as lab:
        yield lab


def _in_turns(lab: LabVCenter, runs: int) -> tuple[int, dict[str, float]]:
    contenders: Mapping[str, ways.Way] = {
        "wire": ways.wire,
        "reading": ways.ours,
        "govc": ways.govc,
        "pyVmomi": ways.pyvmomi,
    }
    best = dict.fromkeys(contenders, float("inf"))
    with ways.signed_in(lab) as session:
        # Also brings what is loaded at the first use out of the way.
        size = ways.bytes_of(session)
        for _run in range(runs):
            for name, way in contenders.items():
                best[name] = min(best[name], way(lab, session))
    return size, best


def _refresh(lab: LabVCenter, runs: int) -> float:
    best = float("inf")
    with ways.signed_in(lab) as session:
        watch = InventoryWatch(session)
        machines = sum(len(batch.machines) for batch in watch.read_all())
        for run in range(runs):
            changed = machines // 100
            lab.control.change_machines(changed, what=("name", "memory", "power")[run % 3])
            begun = time.perf_counter()
            seen = sum(len(batch.machines) for batch in watch.read_changes(watch.version))
            best = min(best, time.perf_counter() - begun)
            if seen != changed:
                raise SystemExit(f"{changed} machines were changed and {seen} were seen")
        watch.close()
    return best


def _memory(lab: LabVCenter) -> dict[str, float]:
    login = lab.account("asr-operator")
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.discovery_memory",
            lab.host,
            str(lab.port),
            lab.thumbprint_sha256,
            login.username,
        ],
        input=login.password,
        capture_output=True,
        text=True,
        check=True,
        timeout=ways.TIMEOUT_S,
    )
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured


def _print(figures: Mapping[str, Any]) -> None:
    load = figures["load"]
    print(
        f"{figures['machines']} machines, {figures['bytes'] / 2**20:.1f} MB of XML, best of {figures['runs']} runs, "
        f"{figures['processors']} processors, load {load['before']:.1f} before and {load['after']:.1f} after"
    )
    for name, seconds in figures["seconds"].items():
        print(f"  {seconds:8.3f} s  {name}")
    memory = figures["memory"]
    print(f"{figures['large']} machines")
    print(f"  {memory['idle_mb']:8.1f} MB idle, {memory['peak_mb']:.1f} MB at most")
    for name, seconds in figures["seconds_large"].items():
        print(f"  {seconds:8.3f} s  {name}")
    for name, ratio in figures["ratios"].items():
        goal = GOALS[name]
        print(f"{name:<24}{ratio:8.3f}  goal {goal:5.2f}  {'met' if ratio <= goal else 'MISSED'}")


if __name__ == "__main__":
    main()
