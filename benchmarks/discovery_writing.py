"""A whole discovery as a worker does it: what is read and what is written, timed apart."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wizard.lab.vcenter import LabVCenter


def reading_and_writing(lab: LabVCenter, scratch: Path, runs: int) -> dict[str, float]:
    """Seconds of the best run each; every run writes all rows into tables that hold none."""
    vcenter = _registered(lab, scratch)
    best = {"reading": float("inf"), "writing": float("inf")}
    for _run in range(runs):
        measured = _once(vcenter)
        best = {name: min(best[name], measured[name]) for name in best}
    return best


def _registered(lab: LabVCenter, scratch: Path) -> Any:
    # The settings are read when Django is imported.
    os.environ |= {"FOOTHOLD_VAR": str(scratch), "FOOTHOLD_LAB": "1", "LOG_LEVEL": "ERROR"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wizard.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from wizard.models import Credential, Operator, VCenter
    from wizard.services import credentials

    settings.CONNECT_TO = lab.connect_to
    call_command("migrate", verbosity=0)
    login = lab.account("asr-operator")
    person = Operator.objects.create(username="benchmark", role="operator")
    credential = credentials.keep(
        name="lab-vcenter",
        kind=Credential.Kind.VCENTER,
        username=login.username,
        secret=login.password,
        actor=person,
    )
    # As after somebody's first sign-in.
    Credential.objects.update(standing=Credential.Standing.ACCEPTED)
    return VCenter.objects.create(
        instance_uuid="5f1c3c60-6f1e-4c0e-9a70-f007401d0001",
        friendly_name=lab.name,
        host=lab.name,
        port=443,
        thumbprint_sha256=lab.thumbprint_sha256,
        credential=credential,
    )


def _once(vcenter: Any) -> dict[str, float]:
    from wizard.models import InventoryObject, Machine
    from wizard.services import discovery
    from wizard.vsphere.discovery import Batch, InventoryWatch

    Machine.objects.all().delete()
    InventoryObject.objects.all().delete()
    reading = 0.0
    read_all = InventoryWatch.read_all

    def clocked(watch: InventoryWatch) -> Iterator[Batch]:
        nonlocal reading
        batches = read_all(watch)
        while True:
            begun = time.perf_counter()
            batch = next(batches, None)
            reading += time.perf_counter() - begun
            if batch is None:
                return
            yield batch

    InventoryWatch.read_all = clocked  # type: ignore[method-assign, assignment]
    try:
        claim = discovery.take(vcenter.pk)
        if claim is None:
            raise SystemExit("somebody else refreshes this vCenter")
        begun = time.perf_counter()
        outcome = discovery.refresh(claim, complete=True)
        whole = time.perf_counter() - begun
    finally:
        InventoryWatch.read_all = read_all  # type: ignore[method-assign]
    if outcome.written != Machine.objects.count():
        raise SystemExit(f"{outcome.written} machines were written and {Machine.objects.count()} are there")
    return {"reading": reading, "writing": whole - reading}
