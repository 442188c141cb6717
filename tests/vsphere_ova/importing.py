"""Imports for tests: the plan that works, the callbacks recorded, and a look at what is left in vCenter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from wizard.lab.control import Control
from wizard.text import Text
from wizard.vsphere.import_attempt import Patience
from wizard.vsphere.import_record import ImportRecord
from wizard.vsphere.inventory import ObjectRef
from wizard.vsphere.ova_import import ImportPlan, import_ova
from wizard.vsphere.session import Session
from wizard.vsphere.template import open_template
from wizard.vsphere.transfer import Transfer

PLAN = ImportPlan(
    vm_name="cs01",
    datacenter="DC0",
    folder="Infrastructure/Recovery",
    compute="DC0_C0",
    datastore="LocalDS_0",
    networks={"Network 1": "VM Network"},
    accept_license=True,
)
SHORT = Patience(again_s=0.05, connect_s=5.0, stall_s=5.0, ready_s=5.0, grace_s=1.0, removal_s=5.0)


@dataclass(kw_only=True)
class Importer:
    control: Control
    session: Session
    template: Path
    patience: Patience = SHORT
    should_stop: Callable[[], bool] = lambda: False
    on_sent: Callable[[int], None] = lambda _sent: None
    on_phase: Callable[[str], None] = lambda _phase: None
    phases: list[str] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    created: list[str] = field(default_factory=list)

    def run(self, *, approved: ImportRecord | None = None, **changes: Any) -> ObjectRef:
        with open_template(self.template) as template:
            return import_ova(
                self.session,
                template,
                replace(PLAN, **changes),
                mark=uuid4().hex,
                on_phase=self._tell,
                on_transfer=self._note,
                on_created=self.created.append,
                should_stop=self.should_stop,
                approved=approved,
                patience=self.patience,
            )

    def when_sent(self, least: int, act: Callable[[], None]) -> None:
        """Let something happen, once, when that many bytes are on their way."""
        waiting = [act]

        def look(sent: int) -> None:
            if sent >= least and waiting:
                waiting.pop()()

        self.on_sent = look

    @property
    def progress(self) -> list[tuple[int, int]]:
        return [(transfer.sent, transfer.total) for transfer in self.transfers]

    @property
    def machines(self) -> list[str]:
        return [machine["name"] for machine in self.control.machines()]

    @property
    def left_behind(self) -> list[Any]:
        """What a failed import must not leave: its machine, an open lease."""
        machines = [machine for machine in self.control.machines() if machine["name"] == PLAN.vm_name]
        return [*machines, *self.control.open_leases()]

    def _tell(self, phase: Text) -> None:
        self.phases.append(str(phase))
        self.on_phase(str(phase))

    def _note(self, transfer: Transfer) -> None:
        self.transfers.append(transfer)
        self.on_sent(transfer.sent)
