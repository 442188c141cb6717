"""What a discovery takes of memory above an idle, signed-in process. Run in a process of its own; prints JSON.

python -m benchmarks.discovery_memory HOST PORT THUMBPRINT USER    (the password on standard input)
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

from wizard.vsphere.discovery import InventoryWatch
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.session import connect


def main() -> None:
    host, port, thumbprint, user = sys.argv[1:]
    endpoint = Endpoint(host=host, port=int(port), thumbprint_sha256=thumbprint)
    account = Account(username=user, password=sys.stdin.readline().rstrip("\n"))
    with connect(endpoint, account, timeout_s=600) as session:
        watch = InventoryWatch(session)
        gc.collect()
        idle = _status("VmRSS")
        machines = sum(len(batch.machines) for batch in watch.read_all())
        peak = _status("VmHWM")
        watch.close()
    print(json.dumps({"machines": machines, "idle_mb": idle, "peak_mb": peak}))


def _status(name: str) -> float:
    """In MB of 2^20 bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
