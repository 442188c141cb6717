"""How fast a template becomes a machine, and in how much memory, against `govc import.ova` in the same run.

    python -m benchmarks.ova_import [--megabytes 600] [--large-megabytes 1800] [--runs 5] [--json FILE]

A template of three disks is imported into the lab over TLS, in turns by this project and by govc, each in a process
of its own. Ours includes signing in, reading the inventory and reaching the hosts, govc its start and signing in. govc
hashes nothing, unless it is given `-m`, and then lets the host do it, which the simulator cannot. So ours is measured
twice: with a template that has no manifest, which is the same work, and hashing every byte that is sent for the
comparison with a manifest. Goals: at most 0.9 of govc's time, at most 40 MB above idle at any size.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

RATIO_GOAL: Final = 0.9
MEMORY_GOAL_MB: Final = 40.0
_TIMEOUT_S: Final = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=600)
    parser.add_argument("--large-megabytes", type=int, default=1800)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_import_once(json.loads(options.one))))
        return
    found = _measure(options.megabytes, options.large_megabytes, options.runs)
    _show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def _measure(megabytes: int, large_megabytes: int, runs: int) -> dict[str, Any]:
    from wizard.lab.build import govc
    from wizard.lab.inventory import default_inventory
    from wizard.lab.ova import make_ova
    from wizard.lab.vcenter import LabVCenter

    program = govc()
    with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
        folder = Path(scratch)
        usual = make_ova(folder / "usual.ova", file_mb=megabytes, license_text="")
        bare = make_ova(folder / "bare.ova", file_mb=megabytes, license_text="", manifest=None)
        large = make_ova(folder / "large.ova", file_mb=large_megabytes, license_text="")
        # govc cannot be told where a host's name leads, so uploads go to the simulator's own address.
        inventory = {**default_inventory(), "device_urls": "server"}
        with LabVCenter(directory=folder / "vcenter", inventory=inventory) as vcenter:
            ours, same, theirs, starts = [], [], [], []
            for _number in range(runs):
                ours.append(_ours(vcenter, usual))
                theirs.append(_govc(program, vcenter, folder, bare))
                same.append(_ours(vcenter, bare))
                starts.append(_govc(program, vcenter, folder, None))
            at_size = _ours(vcenter, large)
    seconds = statistics.median(run["seconds"] for run in ours)
    same_seconds = statistics.median(run["seconds"] for run in same)
    govc_seconds = statistics.median(run["seconds"] for run in theirs)
    return {
        "megabytes": megabytes,
        "large_megabytes": large_megabytes,
        "runs": runs,
        "ours_s": seconds,
        "ours_same_work_s": same_seconds,
        "ours_peak_mb": max(run["peak_mb"] for run in ours),
        "ours_peak_large_mb": at_size["peak_mb"],
        "ours_large_s": at_size["seconds"],
        "govc_s": govc_seconds,
        "govc_start_s": statistics.median(run["seconds"] for run in starts),
        "govc_peak_mb": max(run["peak_mb"] for run in theirs),
        "ratio": same_seconds / govc_seconds,
        "ratio_hashing": seconds / govc_seconds,
        "ratio_goal": RATIO_GOAL,
        "memory_goal_mb": MEMORY_GOAL_MB,
        "load_per_core": os.getloadavg()[0] / (os.cpu_count() or 1),
    }


def _ours(vcenter: Any, template: Path) -> dict[str, float]:
    account = vcenter.account("asr-operator")
    order = {
        "host": vcenter.host,
        "port": vcenter.port,
        "thumbprint": vcenter.thumbprint_sha256,
        "connect_to": vcenter.connect_to,
        "username": account.username,
        "password": account.password,
        "template": str(template),
    }
    command = [sys.executable, "-m", "benchmarks.ova_import", "--one", json.dumps(order)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    if done.returncode:
        raise SystemExit(done.stderr)
    vcenter.control.remove_machine("measured")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _import_once(order: dict[str, Any]) -> dict[str, float]:
    from wizard.addresses import AddressBook
    from wizard.vsphere.endpoint import Account, Endpoint
    from wizard.vsphere.ova_import import ImportPlan, import_ova
    from wizard.vsphere.session import connect
    from wizard.vsphere.template import open_template
    from wizard.wire import destinations

    # The lab is on this machine, and no settings are read here that would say so.
    destinations.configure(lambda: destinations.Rules(loopback=True))
    plan = ImportPlan(
        vm_name="measured",
        datacenter="DC0",
        compute="DC0_C0",
        datastore="LocalDS_0",
        networks={"Network 1": "VM Network"},
        disk_provisioning="thin",
    )
    endpoint = Endpoint(host=order["host"], port=order["port"], thumbprint_sha256=order["thumbprint"])
    account = Account(username=order["username"], password=order["password"])
    idle = _memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    begun = time.perf_counter()
    with (
        connect(endpoint, account, book=AddressBook.parse(order["connect_to"])) as session,
        open_template(order["template"]) as template,
    ):
        import_ova(
            session,
            template,
            plan,
            mark="measured",
            on_phase=lambda _text: None,
            on_transfer=lambda _transfer: None,
            on_created=lambda _moid: None,
            should_stop=lambda: False,
        )
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "peak_mb": _memory_mb("VmHWM") - idle}


def _govc(program: Path, vcenter: Any, folder: Path, template: Path | None) -> dict[str, float]:
    """An import by govc; without a template its start and sign-in alone."""
    account = vcenter.account("asr-operator")
    mapping = {"NetworkMapping": [{"Name": "Network 1", "Network": "VM Network"}], "DiskProvisioning": "thin"}
    options = folder / "options.json"
    options.write_text(json.dumps(mapping))
    place = ["-dc=DC0", "-ds=LocalDS_0", "-pool=DC0_C0/Resources", "-folder=/DC0/vm", "-name=measured"]
    importing = ["import.ova", *place, f"-options={options}", str(template)]
    environment = {
        "HOME": str(folder),
        "GOVC_URL": f"https://{vcenter.host}:{vcenter.port}/sdk",
        "GOVC_USERNAME": account.username,
        "GOVC_PASSWORD": account.password,
        "GOVC_INSECURE": "1",
        "GOVC_PERSIST_SESSION": "false",
    }
    begun = time.perf_counter()
    process = subprocess.Popen(
        [str(program), *(importing if template else ["about"])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    # Waited for by hand, as only this call tells how much memory that one process took.
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None  # noqa: S101 - asked for above
    with process.stderr as errors:
        if process.returncode:
            raise SystemExit(errors.read().decode())
    if template:
        vcenter.control.remove_machine("measured")
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss / 1024}


def _memory_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def _show(found: dict[str, Any]) -> None:
    megabytes = found["megabytes"]
    print(f"{megabytes} MB in three disks over TLS, median of {found['runs']} runs in turns")
    for label, name in (
        ("govc import.ova, nothing hashed", "govc_s"),
        ("  of that, its start and sign-in", "govc_start_s"),
        ("ours, nothing hashed", "ours_same_work_s"),
        ("ours, every byte hashed", "ours_s"),
    ):
        print(f"{label:<38}{found[name]:8.2f} s")
    for label, name in (("ratio, same work", "ratio"), ("ratio, ours hashing", "ratio_hashing")):
        goal = found["ratio_goal"]
        print(f"{label:<38}{found[name]:8.2f}    goal {goal}: {_met(found[name] <= goal)}")
    for label, peak in (
        (f"peak above idle at {megabytes} MB", found["ours_peak_mb"]),
        (f"peak above idle at {found['large_megabytes']} MB", found["ours_peak_large_mb"]),
    ):
        goal = found["memory_goal_mb"]
        print(f"{label:<38}{peak:8.1f} MB goal {goal:.0f}: {_met(peak <= goal)}")
    print(f"{'govc, whole process':<38}{found['govc_peak_mb']:8.1f} MB")
    if found["load_per_core"] > 1.5:
        print(f"others kept the machine busy ({found['load_per_core']:.1f} per core): times say little")


def _met(goal: bool) -> str:
    return "met" if goal else "missed"


if __name__ == "__main__":
    main()
