"""A process that dies in mid upload tidies nothing up; whoever comes after it finds and removes what it made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.vsphere_ova.importing import PLAN, Importer
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.import_attempt import find_marked
from wizard.vsphere.inventory import read_placement
from wizard.vsphere.removal import remove_vm

pytestmark = pytest.mark.vcenter

MEGABYTE = 2**20
_IMPORT = """
import os, sys
from tests.vsphere_ova.importing import PLAN, SHORT
from wizard.addresses import AddressBook
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.ova_import import import_ova
from wizard.vsphere.session import connect
from wizard.vsphere.template import open_template

host, thumbprint, connect_to, username, template, mark = sys.argv[1:]
endpoint = Endpoint(host=host, thumbprint_sha256=thumbprint)
account = Account(username=username, password=os.environ["LAB_PASSWORD"])
with connect(endpoint, account, book=AddressBook.parse(connect_to)) as session, open_template(template) as opened:
    import_ova(
        session, opened, PLAN, mark=mark, on_phase=lambda _t: None, on_transfer=lambda _t: None,
        on_created=lambda _m: None, should_stop=lambda: False, patience=SHORT,
    )
"""


def test_a_worker_that_is_killed_with_three_uploads_under_way_leaves_what_can_be_removed(
    importer: Importer, vcenter: LabVCenter, large_template: Path
) -> None:
    importer.control.limit_uploads(bytes_per_s=MEGABYTE)
    login = vcenter.account("asr-operator")
    arguments = [vcenter.name, vcenter.thumbprint_sha256, vcenter.connect_to, login.username]
    worker = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, *arguments, str(large_template), "mark-of-the-dead"],
        env={**os.environ, "LAB_PASSWORD": login.password, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
    )
    try:
        end = time.monotonic() + 30
        while sum(item["bytes"] > 0 for item in importer.control.uploads()) < 3:
            assert time.monotonic() < end
            assert worker.poll() is None, worker.stderr and worker.stderr.read()
            time.sleep(0.05)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert PLAN.vm_name in importer.machines
    datacenter = read_placement(importer.session).datacenter(PLAN.datacenter)
    place = (importer.session, datacenter.ref, PLAN.folder, PLAN.vm_name)
    assert find_marked(*place, "another mark") is None
    moid = find_marked(*place, "mark-of-the-dead")
    assert moid is not None
    assert remove_vm(importer.session, moid)
    assert importer.left_behind == []
    importer.control.limit_uploads()
    importer.run()
    assert PLAN.vm_name in importer.machines
    # The dead worker's session idles out at the server in half an hour; not so long here.
    importer.control.expire_sessions()
