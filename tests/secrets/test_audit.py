"""The audit of packages fails for a known weakness, and never passes over in silence what nobody looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT = f"wobbly==1.0 --hash=sha256:{'0' * 64}\nfine==2.0 --hash=sha256:{'1' * 64}\n"
WEAKNESS = {
    "id": "PYSEC-2026-1",
    "summary": "It wobbles.",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "wobbly", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


class Database(BaseHTTPRequestHandler):
    """Answers as a database of weaknesses does: an empty document where nothing is known."""

    weak: frozenset[str] = frozenset()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = {"vulns": [WEAKNESS]} if asked["package"]["name"] in self.weak else {}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def database() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Database)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()
    Database.weak = frozenset()


def audit(tmp_path: Path, url: str, **environ: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "requirements.txt").write_text(REQUIREMENT)
    return subprocess.run(
        [sys.executable, ".ci/audit.py", str(tmp_path / "requirements.txt")],
        cwd=ROOT,
        env={
            **os.environ,
            "AUDIT_SERVICES": "osv",
            "AUDIT_OSV_URL": url,
            "AUDIT_SECONDS": "30",
            "XDG_CACHE_HOME": str(tmp_path),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_known_weakness_fails_and_says_what_mends_it(tmp_path: Path, database: str) -> None:
    Database.weak = frozenset({"wobbly"})
    done = audit(tmp_path, database)
    assert done.returncode == 1, done.stderr
    assert "WEAKNESS wobbly 1.0: PYSEC-2026-1, mended in 1.1" in done.stderr


def test_nothing_known_passes_with_the_number_of_packages_that_were_asked_for(
    tmp_path: Path, database: str
) -> None:
    done = audit(tmp_path, database, AUDIT_REQUIRED="1")
    assert done.returncode == 0, done.stderr
    assert "Asked for known weaknesses: 2 packages, 0 with one." in done.stderr
    assert "NOT AUDITED" not in done.stderr


@pytest.mark.parametrize(("required", "code"), [("0", 0), ("1", 2)])
def test_a_database_that_is_not_reached_is_loud_and_an_error_only_on_demand(
    tmp_path: Path, required: str, code: int
) -> None:
    done = audit(tmp_path, "http://127.0.0.1:1/v1/query", AUDIT_REQUIRED=required)
    assert done.returncode == code
    assert "NOT AUDITED: all packages" in done.stderr
