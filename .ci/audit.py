"""Ask for known weaknesses of the packages in requirements files. Exit 1: one was found; 2: nothing could be said, and
AUDIT_REQUIRED=1 demands that something is.

A service that is not reached, and a package that it does not know, are said loudly: silence would read as "nothing known".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SECONDS = float(os.environ.get("AUDIT_SECONDS", "60"))
# Of one that does not answer, the next is asked.
SERVICES = ("pypi", "osv")


def ask(service: str, files: list[str], seconds: float) -> tuple[list[dict[str, Any]], str]:
    """What pip-audit found out about each package, and what kept it from finding out."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "--require-hashes",
            "--disable-pip",
            "--progress-spinner",
            "off",
        ]
        command += ["--vulnerability-service", service, "--format", "json", "--output", str(report)]
        if service == "osv" and (url := os.environ.get("AUDIT_OSV_URL")):
            command += ["--osv-url", url]
        for name in files:
            command += ["--requirement", name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return [], f"no answer within {seconds:.0f} s"
        if not report.exists():
            last = done.stderr.strip().splitlines()
            return [], last[-1][:200] if last else f"pip-audit ended with {done.returncode}"
        return json.loads(report.read_text())["dependencies"], ""


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main(files: list[str]) -> int:
    end = time.monotonic() + SECONDS
    known: dict[str, dict[str, Any]] = {}
    reasons: dict[str, str] = {}
    for service in os.environ.get("AUDIT_SERVICES", ",".join(SERVICES)).split(","):
        rows, reason = ask(service, files, max(1.0, end - time.monotonic()))
        for row in rows:
            known.setdefault(row["name"], row)
            if "skip_reason" not in row:
                known[row["name"]] = row
        skipped = [row for row in rows if "skip_reason" in row]
        if reason or skipped:
            reasons[service] = reason or f"{len(skipped)} of {len(rows)} packages are not known there"
        if rows and not skipped:
            break
    audited = [row for row in known.values() if "skip_reason" not in row]
    weak = [row for row in audited if row["vulns"]]
    for row in weak:
        for found in row["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "no version"
            say(f"WEAKNESS {row['name']} {row['version']}: {found['id']}, mended in {mended}")
    missing = len(known) - len(audited)
    if audited:
        say(f"Asked for known weaknesses: {len(audited)} packages, {len(weak)} with one.")
    if missing or not known:
        say("*" * 100)
        say(f"NOT AUDITED: {missing or 'all'} packages. Nobody has looked for known weaknesses in them.")
        for service, reason in reasons.items():
            say(f"  {service}: {reason}")
        say("  Run 'make audit' where a service can be reached; AUDIT_REQUIRED=1 makes this an error.")
        say("*" * 100)
    if weak:
        return 1
    unsaid = bool(missing or not known)
    return 2 if unsaid and os.environ.get("AUDIT_REQUIRED") == "1" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
