"""Ways to read the same inventory: ours, its wire, plain pyVmomi, and govc."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wizard.lab import build
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.bulk_call import BulkCall
from wizard.vsphere.collector import RetrieveOptions, pages
from wizard.vsphere.discovery import PAGE_SIZE, InventoryWatch
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.inventory_spec import create_view, everything
from wizard.vsphere.machine_elements import MACHINE, machine_properties
from wizard.vsphere.session import Session, connect

TIMEOUT_S = 600.0

Way = Callable[[LabVCenter, Session], float]


@contextmanager
def signed_in(lab: LabVCenter) -> Iterator[Session]:
    login = lab.account("asr-operator")
    endpoint = Endpoint(host=lab.name, port=443, thumbprint_sha256=lab.thumbprint_sha256)
    account = Account(username=login.username, password=login.password)
    with connect(endpoint, account, book=lab.book, timeout_s=TIMEOUT_S) as session:
        yield session


def ours(_lab: LabVCenter, session: Session) -> float:
    """InventoryWatch.read_all, with the filter that later refreshes need."""
    watch = InventoryWatch(session)
    begun = time.perf_counter()
    for _batch in watch.read_all():
        pass
    seconds = time.perf_counter() - begun
    watch.close()
    return seconds


def wire(_lab: LabVCenter, session: Session) -> float:
    """The same requests for pages, one after the other; what comes back is dropped."""
    view = create_view(session)
    collector = session.content.propertyCollector
    options = RetrieveOptions(maxObjects=PAGE_SIZE)
    begun = time.perf_counter()
    token = _dropped(
        BulkCall(session, collector, "RetrievePropertiesEx", [everything(session, view)], options)
    )
    while token is not None:
        token = _dropped(BulkCall(session, collector, "ContinueRetrievePropertiesEx", token))
    seconds = time.perf_counter() - begun
    view.DestroyView()
    return seconds


def pyvmomi(_lab: LabVCenter, session: Session) -> float:
    """The same pages as objects of pyVmomi; nothing is made of them."""
    view = create_view(session)
    begun = time.perf_counter()
    for _page in pages(session, everything(session, view), page_size=PAGE_SIZE):
        pass
    seconds = time.perf_counter() - begun
    view.DestroyView()
    return seconds


def govc(lab: LabVCenter, session: Session) -> float:
    """`govc object.collect -json` of the same properties of the machines, less what it takes to start and sign in."""
    properties = machine_properties(session.about.api_version)
    collect = _run(lab, "object.collect", "-json", "-type", MACHINE, "/", *properties)
    return collect - _run(lab, "about")


def bytes_of(session: Session) -> int:
    """The size of all pages."""
    view = create_view(session)
    collector = session.content.propertyCollector
    size = 0
    call = BulkCall(
        session,
        collector,
        "RetrievePropertiesEx",
        [everything(session, view)],
        RetrieveOptions(maxObjects=PAGE_SIZE),
    )
    while True:
        start = b""
        for piece in call.pieces():
            start = start or piece
            size += len(piece)
        token = _token(start)
        if token is None:
            view.DestroyView()
            return size
        call = BulkCall(session, collector, "ContinueRetrievePropertiesEx", token)


def _dropped(call: BulkCall) -> str | None:
    start = b""
    for piece in call.pieces():
        start = start or piece
    return _token(start)


def _token(start: bytes) -> str | None:
    found = re.search(rb"<token>([^<]+)</token>", start)
    return found[1].decode() if found else None


def _run(lab: LabVCenter, *command: str) -> float:
    login = lab.account("asr-operator")
    environment: dict[str, Any] = {
        **os.environ,
        "GOVC_URL": f"https://{lab.host}:{lab.port}/sdk",
        "GOVC_USERNAME": login.username,
        "GOVC_PASSWORD": login.password,
        "GOVC_INSECURE": "1",
        "GOVC_PERSIST_SESSION": "false",
    }
    program = _govc()
    begun = time.perf_counter()
    subprocess.run(
        [program, *command], env=environment, stdout=subprocess.DEVNULL, check=True, timeout=TIMEOUT_S
    )
    return time.perf_counter() - begun


_PROGRAMS: list[Path] = []


def _govc() -> Path:
    if not _PROGRAMS:
        _PROGRAMS.append(build.govc())
    return _PROGRAMS[0]
