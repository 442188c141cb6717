from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vsphere.conftest import relay as relay
from tests.vsphere.conftest import session as session
from tests.vsphere.conftest import sign_in as sign_in
from tests.vsphere_ova.importing import Importer
from tests.waiting import AT_ONCE_S
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.session import Session


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's template, right in everything."""
    return make_ova(tmp_path_factory.mktemp("template") / "template.ova")


@pytest.fixture(scope="session")
def large_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose upload takes long enough for something to happen in the middle."""
    return make_ova(tmp_path_factory.mktemp("template") / "large.ova", file_mb=24)


@pytest.fixture
def stopwatch() -> Iterator[None]:
    """What is built to cost minutes or all memory must not."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < AT_ONCE_S


@pytest.fixture
def importer(vcenter: LabVCenter, session: Session, template: Path) -> Importer:
    """Imports the template as its test wants it."""
    return Importer(control=vcenter.control, session=session, template=template)
