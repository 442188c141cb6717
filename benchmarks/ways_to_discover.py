"""Ways to read the same inventory: ours, its wire, plain pyVmomi, and govc."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyVmomi import vim

from wizard.lab import build
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.bulk_call import BulkCall
from wizard.vsphere.collector import FilterSpec, RetrieveOptions, moid, pages, type_name
from wizard.vsphere.discovery import PAGE_SIZE, InventoryWatch
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.inventory_spec import all_properties, create_view, in_view, some
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
    view, references = _references(session)
    begun = time.perf_counter()
    for call in _calls(session, references):
        for _piece in call.pieces():
            pass
    seconds = time.perf_counter() - begun
    view.DestroyView()
    return seconds


def pyvmomi(_lab: LabVCenter, session: Session) -> float:
    """Pages of as many objects as objects of pyVmomi; nothing is made of them."""
    view = create_view(session)
    spec = FilterSpec(propSet=all_properties(session), objectSet=in_view(session, view))
    begun = time.perf_counter()
    for _page in pages(session, spec, page_size=PAGE_SIZE):
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
    view, references = _references(session)
    size = sum(len(piece) for call in _calls(session, references) for piece in call.pieces())
    view.DestroyView()
    return size


def _references(session: Session) -> tuple[vim.view.ContainerView, dict[str, str]]:
    view = create_view(session)
    return view, {moid(found): type_name(found) for found in view.view}


def _calls(session: Session, references: dict[str, str]) -> Iterator[BulkCall]:
    moids = list(references)
    for begin in range(0, len(moids), PAGE_SIZE):
        asked = {moid: references[moid] for moid in moids[begin : begin + PAGE_SIZE]}
        yield BulkCall(
            session,
            session.content.propertyCollector,
            "RetrievePropertiesEx",
            [some(session, asked)],
            RetrieveOptions(maxObjects=PAGE_SIZE),
        )


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
