"""What comes from outside does nothing but be read: XML without entities, markup that stays text, cells that are no formulas,
lines of a log that stay one line."""

from __future__ import annotations

import csv
import io
import json
import logging
import pyexpat
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapter
from pyVmomi.VmomiSupport import GetVmodlType

from tests.builders import make_deployment
from tests.stories import answered
from tests.topology import sites
from tests.waiting import AT_ONCE_S
from wizard.azure.vault_file_error import VaultFileError
from wizard.azure.vault_file_xml import load
from wizard.config.logs import formatter
from wizard.hosts import probe
from wizard.models import Attestation, Operator
from wizard.services.errors import Invalid
from wizard.spreadsheet import csv_line
from wizard.topology import drawing
from wizard.topology.plan import build_classic
from wizard.vsphere import service_content, versions
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ovf_xml import load_envelope

ROOT = Path(__file__).resolve().parents[2]

# --- XML --------------------------------------------------------------------------------------------------------------

# Every file that reads XML, and who makes sure that it is read without trust.
READERS = {
    "wizard/azure/vault_file_xml.py": "a document type is refused",
    "wizard/hosts/probe.py": "entities are not resolved",
    "wizard/vsphere/bulk_answer.py": "a document type is refused (tests/vsphere/test_discovery_faults.py)",
    "wizard/vsphere/ovf_xml.py": "a document type is refused",
    "wizard/vsphere/service_content.py": "entities are not resolved",
    "wizard/vsphere/versions.py": "entities are not resolved",
}


def bomb(root: str = "a") -> bytes:
    """Three gigabytes, once it goes off."""
    entities = '<!ENTITY e0 "lollollollollollollollollollol">' + "".join(
        f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 9)
    )
    return f"<!DOCTYPE {root} [{entities}]><{root}>&e8;</{root}>".encode()


def outside(address: str, root: str = "a") -> bytes:
    return (
        f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "{address}"><!ENTITY % p SYSTEM "{address}"> %p;]><{root}>&x;</{root}>'
    ).encode()


def as_pyvmomi(document: bytes) -> Any:
    stub = SoapStubAdapter(host="127.0.0.1", port=1, version="vim.version.version9")
    return SoapResponseDeserializer(stub).Deserialize(io.BytesIO(document), GetVmodlType("string"))


DOORS: dict[str, Callable[[bytes], Any]] = {
    "descriptor of a template": load_envelope,
    "vault credentials": load,
    "answer of a WinRM service": probe._product,
    "versions of a vCenter": versions.newest_common,
    "service content of a vCenter": service_content._find_about,
    "answer of a vCenter": as_pyvmomi,
    # What pypsrp reads answers of a machine with.
    "message over WinRM": ElementTree.fromstring,
}
# How each says no.
REFUSALS = (OvaInvalid, VaultFileError, ElementTree.ParseError, pyexpat.ExpatError)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address, and who asked there for what."""
    found: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/entity", found
    server.shutdown()
    server.server_close()


def read_by(door: str, document: bytes) -> str:
    try:
        found = DOORS[door](document)
    except REFUSALS as error:
        return str(error)
    except Exception as error:
        if type(error) is not Exception:
            raise
        # pyVmomi's own.
        return str(error)
    if isinstance(found, ElementTree.Element):
        return "".join(found.itertext())
    return str(found)


@pytest.mark.parametrize("door", DOORS)
def test_entities_that_grow_without_end_do_not(door: str) -> None:
    begun = time.thread_time()
    said = read_by(door, bomb("Envelope" if "template" in door else "a"))
    assert len(said) < 10_000
    assert "lollol" not in said
    assert time.thread_time() - begun < 10


@pytest.mark.parametrize("door", DOORS)
def test_entities_from_outside_are_not_fetched(
    door: str, asked: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, found = asked
    (tmp_path / "secret").write_text("canary-of-a-file")
    for place in (address, f"file://{tmp_path / 'secret'}", str(tmp_path / "secret")):
        assert "canary-of-a-file" not in read_by(door, outside(place))
    assert found == []


def test_no_other_file_reads_xml() -> None:
    """A new reader comes with a test above, or at the place that READERS names."""
    reading = re.compile(
        r"etree\.(?:fromstring|parse|XML|HTML|XMLParser|XMLPullParser|iterparse)|minidom|pulldom|ParserCreate|xml\.sax(?!utils)"
        r"|ElementTree\.(?:fromstring|parse|XML|iterparse)"
    )
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "wizard").rglob("*.py")
        if "lab" not in path.relative_to(ROOT).parts and reading.search(path.read_text("utf-8"))
    }
    assert found == READERS.keys()


# --- markup -----------------------------------------------------------------------------------------------------------

# Drawings, whose words are escaped where they are drawn: see below.
MARKED_SAFE = {
    "wizard/console/pictures.py",
    "wizard/web/views/observations.py",
    "wizard/web/views/topology.py",
    "wizard/web/views/work.py",
}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"


def test_no_template_trusts_what_it_shows() -> None:
    trusting = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off|escape\s+off")
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*")
        if path.is_file() and trusting.search(path.read_text("utf-8"))
    ]
    assert found == []


def test_only_drawings_are_marked_as_safe() -> None:
    trusting = re.compile(r"mark_safe\(|SafeString\(|SafeText\(|html_safe|__html__|format_html\(f[\"']")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "wizard").rglob("*.py")
        if trusting.search(path.read_text("utf-8"))
    }
    assert found == MARKED_SAFE


def test_a_drawing_shows_hostile_names_as_words() -> None:
    graph = build_classic(replace(sites.minimal(), vault=replace(sites.VAULT, name=HOSTILE)))
    drawn = drawing.svg(graph, title=HOSTILE, description=HOSTILE)
    assert "&lt;script&gt;alert(1)" in drawn
    for tag in ("<script", "<img"):
        assert tag not in drawn


# --- logs -------------------------------------------------------------------------------------------------------------

FORGED = "lyon\r\n2026-11-22T00:00:00Z [info] forged\x1b[2K\x1b[1A\x00\x85\u2028end"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    "record",
    [
        ("the name is %s", (FORGED,), None),
        (FORGED, (), None),
        ("it broke", (), ValueError(FORGED)),
    ],
)
def test_no_value_forges_a_line_of_the_log(
    as_json: bool, record: tuple[str, tuple[Any, ...], Exception | None]
) -> None:
    message, values, error = record
    raised = None
    if error is not None:
        try:
            raise error
        except ValueError:
            raised = sys.exc_info()
    line = formatter(as_json=as_json).format(
        logging.LogRecord("far.end", logging.WARNING, "file.py", 1, message, values, raised)
    )
    lines = line.splitlines()
    assert "\x1b" not in line
    assert "\x00" not in line
    if as_json:
        assert len(lines) == 1
        json.loads(line)
    else:
        # A traceback has lines of its own, all of them set in.
        assert all(one.startswith("    ") or not one for one in lines[1:]), lines
        assert error is not None or len(lines) == 1
    assert not any(one.startswith("2026-11-22T00:00:00Z [info] forged") for one in lines)


# --- files that are handed out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ['a"; filename="b', "a\r\nSet-Cookie: x=1", "a/../b", "=1+1", "a;b", "a b"])
def test_no_deployment_has_a_name_that_could_mean_something_in_a_header_or_a_path(
    operator: Operator, name: str
) -> None:
    with pytest.raises(Invalid):
        make_deployment(operator, name)


def test_the_name_of_a_file_that_somebody_gave_stays_within_its_quotes(
    client: Client, operator: Operator
) -> None:
    deployment = answered(operator, "vault")
    Attestation.objects.create(
        deployment=deployment,
        requirement_id="AZ-07",
        answer="yes",
        answered_by=operator,
        answered_at=timezone.now(),
        file=b"x",
        file_name='a"; filename="evil.html\r\nSet-Cookie: x=1;é.txt',
        file_type="text/plain",
        file_size=1,
    )
    client.force_login(operator)
    response = client.get(reverse("attested_file", args=[deployment.pk, "AZ-07"]))
    assert response.status_code == 200
    said = response.headers["Content-Disposition"]
    assert said.startswith("attachment;")
    assert "\r" not in said
    assert "\n" not in said
    assert 'filename="evil' not in said
    assert "Set-Cookie" not in response.headers


def test_every_table_is_written_by_what_knows_formulas() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "wizard").rglob("*.py")
        if re.search(r"csv\.(?:writer|DictWriter)", path.read_text("utf-8"))
    }
    # The second writes the titles of its own columns and an example.
    assert found == {"wizard/spreadsheet.py", "wizard/planning/eligibility/physical_servers.py"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "hostile",
    [
        "=1+1",
        " =1+1",
        "\u00a0@SUM(1)",
        "\uff1d1+1",
        "web;=1+1;",
        'web;"=1+1"',
        "web; \t-1+1",
        "two lines\n=1+1",
        "two lines\r\n+1+1",
        "\t=1+1",
    ],
)
def test_no_cell_is_a_formula_whatever_the_spreadsheet_takes_for_the_separator(
    hostile: str, delimiter: str
) -> None:
    line = csv_line(["first", hostile, "last"])
    cells = [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter) for cell in row]
    assert not [
        cell for cell in cells if cell.strip().strip('"').strip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
    ]


def test_a_long_cell_of_separators_is_written_at_once() -> None:
    began = time.perf_counter()
    csv_line([sign * 200_000 for sign in ("\n", ";", " ", '"', ';"', "x\n")])
    assert time.perf_counter() - began < AT_ONCE_S


@pytest.mark.parametrize("plain", ["web-01", "a@example.net", "1;2", "two\nlines", "x = y", ""])
def test_what_is_no_formula_is_written_as_it_is(plain: str) -> None:
    assert next(csv.reader(io.StringIO(csv_line([plain]), newline=""))) == ([plain] if plain else [""])
