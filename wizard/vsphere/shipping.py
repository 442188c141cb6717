"""Sends all files of an import: several at once where the host allows it, each again where the way broke.

Every upload has a thread of its own, which does nothing but send. All that is told, asked and decided happens in the
caller's thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.disk_upload import UploadRefused, upload
from wizard.vsphere.errors import UploadFailed, VSphereError
from wizard.vsphere.pace import INTERVAL_S
from wizard.vsphere.payload import Payload
from wizard.vsphere.template import Template
from wizard.vsphere.transfer import Meter
from wizard.vsphere.upload_target import UploadBroken, UploadTarget
from wizard.wire import trace

# Too many at once, says a host with one of these; it takes them one after the other.
_BUSY = (429, 503)
# A thread that is still connecting, which nothing interrupts, is not waited for: it sends nothing any more.
_HALT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One file on its way: where it goes, and whether it is put rather than posted."""

    payload: Payload
    target: UploadTarget
    create: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """`at_once` uploads side by side; `tries` for each file, `pause_s` seconds apart."""

    at_once: int
    tries: int
    pause_s: float
    connect_s: float
    stall_s: float


class _Halted(Exception):
    """The import has failed, or is stopped, elsewhere."""


@dataclass(kw_only=True)
class _Job:
    number: int
    shipment: Shipment
    tries: int = 0
    not_before: float = 0.0
    sent: int = 0
    failure: BaseException | None = None
    last_status: int | None = None
    thread: threading.Thread = field(default_factory=threading.Thread)


class Shipping:
    """Sends the shipments of one import, whose files must have the `sums` (see `upload`). `run` may be called once."""

    def __init__(
        self,
        template: Template,
        shipments: Sequence[Shipment],
        meter: Meter,
        *,
        sums: Mapping[str, str],
        book: AddressBook,
        tries: Tries,
        check: Callable[[], None],
        verdict: Callable[[UploadFailed], VSphereError],
        on_phase: Callable[[Text], None],
    ) -> None:
        self._template = template
        self._sums = sums
        self._meter = meter
        self._book = book
        self._tries = tries
        self._check = check
        self._verdict = verdict
        self._on_phase = on_phase
        self._count = len(shipments)
        self._waiting = deque(
            _Job(number=number, shipment=item) for number, item in enumerate(shipments, start=1)
        )
        self._running: list[_Job] = []
        self._at_once = max(1, tries.at_once)
        self._ended: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._halt = threading.Event()

    def run(self) -> None:
        """Return when everything was taken. `check` is called five times a second; what it raises comes out.

        A file whose connection broke, or whose host stalled, begins anew; a refusal counts once it is repeated. The
        first failure that stands ends all other uploads: UploadFailed or what `verdict` makes of it, or OvaInvalid.
        """
        try:
            while self._waiting or self._running:
                self._start_what_may()
                self._take_what_ended()
                self._check()
                self._meter.tell()
        finally:
            self._halt.set()
            give_up = time.monotonic() + _HALT_S
            for job in self._running:
                job.thread.join(max(give_up - time.monotonic(), 0.0))
        self._meter.tell(at_once=True)

    def _start_what_may(self) -> None:
        while self._waiting and len(self._running) < self._at_once:
            if time.monotonic() < self._waiting[0].not_before:
                return
            job = self._waiting.popleft()
            job.tries += 1
            if job.tries == 1:
                self._on_phase(
                    Text(
                        _("Sending “%(name)s” (%(number)d of %(count)d) to host %(host)s."),
                        name=job.shipment.payload.name,
                        number=job.number,
                        count=self._count,
                        host=job.shipment.target.host,
                    )
                )
            job.thread = threading.Thread(
                target=trace.carried(self._upload), args=(job,), name=f"upload {job.number}", daemon=True
            )
            job.thread.start()
            self._running.append(job)

    def _take_what_ended(self) -> None:
        try:
            job = self._ended.get(timeout=INTERVAL_S)
        except queue.Empty:
            return
        job.thread.join()
        self._running.remove(job)
        if job.failure is None:
            return
        if not isinstance(job.failure, UploadFailed):
            raise job.failure
        # A host hangs up when vCenter gives up the lease; no further try helps then.
        failure = self._verdict(job.failure)
        if failure is not job.failure or not self._may_try_again(job, job.failure):
            raise failure
        self._meter.take_back(job.sent)
        job.sent, job.failure = 0, None
        self._waiting.appendleft(job)

    def _may_try_again(self, job: _Job, failure: UploadFailed) -> bool:
        if isinstance(failure, UploadRefused):
            if failure.status in _BUSY and self._running:
                self._at_once = 1
                job.tries -= 1
                self._on_phase(
                    Text(
                        _("Host %(host)s takes no more files at once: they are sent one after the other."),
                        host=job.shipment.target.host,
                    )
                )
                return True
            repeated, job.last_status = failure.status == job.last_status, failure.status
            if repeated or failure.status < 500:
                return False
        elif not isinstance(failure, UploadBroken):
            return False
        if job.tries >= self._tries.tries:
            return False
        job.not_before = time.monotonic() + self._tries.pause_s
        self._on_phase(
            Text(
                _("%(why)s It is sent again from its beginning (try %(number)d of %(count)d)."),
                why=failure.text,
                number=job.tries + 1,
                count=self._tries.tries,
            )
        )
        return True

    def _upload(self, job: _Job) -> None:
        def check() -> None:
            if self._halt.is_set():
                raise _Halted

        def advance(count: int) -> None:
            job.sent += count
            self._meter.advance(count)

        try:
            upload(
                self._template,
                job.shipment.payload,
                job.shipment.target,
                sums=self._sums,
                create=job.shipment.create,
                advance=advance,
                check=check,
                book=self._book,
                connect_s=self._tries.connect_s,
                stall_s=self._tries.stall_s,
            )
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the caller's thread raises it
            job.failure = failure
        self._ended.put(job)
