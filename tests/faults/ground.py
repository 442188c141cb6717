"""Where the table of faults is played: the deployment at its stage, the lab that breaks, and what must be left of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.test import override_settings

from tests.snapshot import Snapshot
from tests.walk import VM_NAME, Failure, Walk
from wizard.lab.control import Control
from wizard.models import Deployment, Task, TaskState
from wizard.services import appliance, tasks
from wizard.services.discovery import WATCHES
from wizard.services.vcenter_access import close_sessions
from wizard.vsphere import guest
from wizard.vsphere.import_attempt import Patience
from wizard.vsphere.removal import remove_vm
from wizard.vsphere.session_pool import SessionPool

VCENTER = "vcenter.lab.test"

PATIENT = Patience(again_s=0.02, tries=2, keep_alive_s=0.05, grace_s=0.2, removal_s=10.0)


class Ground:
    """One deployment that can be put back to a stage, and the lab's vCenter."""

    def __init__(self, walk: Walk, snapshots: dict[str, Snapshot], patch: pytest.MonkeyPatch) -> None:
        self.walk = walk
        self._snapshots = snapshots
        self._patch = patch
        self.lab = walk.vcenter
        self._settings: list[override_settings] = []

    @property
    def control(self) -> Control:
        return self.lab.control

    @property
    def deployment(self) -> Deployment:
        self.walk.deployment.refresh_from_db()
        return self.walk.deployment

    def put_back(self, stage: str) -> None:
        self._snapshots[stage].restore()
        self.walk.deployment.refresh_from_db()

    def machines(self) -> list[dict[str, Any]]:
        return self.walk.machines(VM_NAME)

    # --- what breaks --------------------------------------------------------------------------------------------------

    def unresolvable(self) -> None:
        """Nobody knows vCenter's name any more: the address book leads nowhere else."""
        self._override(CONNECT_TO="")

    def other_certificate(self, at_method: str | None = None, *, hosts: bool = False) -> None:
        names = "esxi-changed" if hosts else "vcenter-changed"
        other = self.lab.other_certificate(names)
        self.control.present_certificate(other.certificate, other.key, at_method=at_method, hosts=hosts)

    def impatient(self, *, removal_s: float = PATIENT.removal_s) -> None:
        """What does not answer is soon given up: for those faults alone that consist in waiting."""
        lend = SessionPool.lend.__wrapped__  # type: ignore[attr-defined]
        self._patch.setitem(lend.__kwdefaults__, "timeout_s", 0.5)
        self._patch.setitem(remove_vm.__kwdefaults__, "timeout_s", removal_s)
        self._patch.setattr(appliance, "PATIENCE", replace(PATIENT, stall_s=0.2, removal_s=removal_s))
        self._patch.setattr(guest, "PATIENCE_S", 0.2)
        self._override(GUEST_WAIT_SECONDS=0.2)

    def _override(self, **settings: Any) -> None:
        overriding = override_settings(**settings)
        overriding.enable()
        self._settings.append(overriding)

    def calm(self) -> None:
        """Nothing is broken any more."""
        self._patch.undo()
        while self._settings:
            self._settings.pop().disable()
        self.control.clear_faults()
        self.control.set_guests(delay_s=0, address="192.0.2.10")


Act = Callable[[Ground], object]


def nothing(ground: Ground) -> None:
    """For a piece of work that needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A task, the stage at which it is started, and what must be true after it failed and after it went well."""

    kind: str
    stage: str
    inputs: dict[str, Any] = field(default_factory=dict)
    # Right before it breaks.
    before: Act = nothing
    after_failure: Callable[[Ground, Failure], None]
    after_success: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`breaks`; then the work fails with `code`, or, where that is empty, goes well all the same.

    The message holds all that is in `says`, and the remedy holds `remedy`. `mend` is what a person has to do before the
    retry, beside waiting.
    """

    id: str
    breaks: Act
    code: str = ""
    says: tuple[str, ...] = ()
    remedy: str = ""
    mend: Act = nothing
    # What could not be removed and is therefore named; a person does it.
    left: bool = False
    # Nobody can log out a session whose key never arrived, or whose server cannot be trusted any more.
    unknown_sessions: bool = False


def play(ground: Ground, work: Work, case: Case) -> None:
    """Break the work, look at what is left, and let it go well."""
    ground.put_back(work.stage)
    work.before(ground)
    case.breaks(ground)
    walk = ground.walk
    task = walk.run(work.kind, **work.inputs)
    ground.calm()
    if not case.code:
        assert task.state == TaskState.SUCCEEDED, f"{task.state}: {task.error}"
        warnings = [str(event.message) for event in task.events.filter(level="warning")]
        for fragment in case.says:
            assert any(fragment in warning for warning in warnings), warnings
        work.after_success(ground)
    else:
        failure = fails_well(task, case)
        if case.left:
            assert len(ground.machines()) == 1
        else:
            work.after_failure(ground, failure)
        assert ground.control.open_leases() == []
        nobody_is_signed_in(ground, unless=case.unknown_sessions)
        case.mend(ground)
        again = walk.execute(tasks.retry(task, actor=walk.operator))
        assert again.state == TaskState.SUCCEEDED, f"{again.state}: {again.error}"
        work.after_success(ground)
    assert ground.control.open_leases() == []
    nobody_is_signed_in(ground, unless=case.unknown_sessions)


def fails_well(task: Task, case: Case) -> Failure:
    assert task.state == TaskState.FAILED, f"{task.state}: {task.result}"
    failure = Failure(task)
    assert failure.code == case.code, str(failure)
    for fragment in case.says:
        assert fragment in failure.message, str(failure)
    assert case.remedy in failure.remedy, str(failure)
    return failure


def nobody_is_signed_in(ground: Ground, *, unless: bool) -> None:
    """Once the process has let go of its sessions, vCenter knows of none."""
    WATCHES.close_all()
    close_sessions()
    if unless:
        ground.control.expire_sessions()
    assert ground.control.sessions() == []
