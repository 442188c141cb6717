"""A session over WinRM: PowerShell remoting by pypsrp, on pinned or encrypted connections."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from wizard.addresses import AddressBook
from wizard.hosts.errors import Dropped, HandshakeFailed, HostError, TimedOut, Unreachable
from wizard.hosts.guard import Guard, never
from wizard.hosts.pieces import PIECE_BYTES, in_pieces
from wizard.hosts.pinned_http import Dialer, PinnedAdapter
from wizard.hosts.quiet_host import QuietHost
from wizard.hosts.remote_commands import BOOT_TIME, FINISH_FILE, RESTART, WRITE_PIECE
from wizard.hosts.restart import CLOCK_SLACK_S, wait_until_back
from wizard.hosts.session import LARGEST_OUTPUT, Output, ScriptResult, ignore
from wizard.hosts.winrm_faults import Told
from wizard.text import Text, _

POLL_S = (
    1  # what WS-Management calls OperationTimeout: the host says after this long that there is nothing yet
)
GOODBYE_S = 1.0  # a shell that cannot be closed in that time idles out at the host
LARGEST_TRAFFIC = 4 * LARGEST_OUTPUT  # bytes on the wire, where everything is packed in XML and base64
COMMAND_S = 60.0  # for each of our own few lines of PowerShell

# At DEBUG they write down scripts, tokens of the sign-in and everything that comes back.
for _name in ("pypsrp", "spnego"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class WinRMSession:
    """See HostSession. One sign-in, one runspace; after a restart another."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        auth: str,
        pinned: str | None,
        book: AddressBook,
        timeout_s: float,
    ) -> None:
        """`pinned` None means plain HTTP with encrypted messages. Nothing is sent before `open`."""
        self._guard = Guard("winrm", f"{host}:{port}", stall_s=timeout_s)
        self._timeout_s = timeout_s
        self._pinned = pinned
        self._dial = partial(Dialer, host, port, book=book, guard=self._guard, pinned=pinned)
        self._connect = partial(
            WSMan,
            host,
            port=port,
            username=username,
            password=password,
            auth=auth,
            ssl=pinned is not None,
            encryption="auto" if pinned is not None else "always",
            no_proxy=True,
        )
        self._dialer: Dialer | None = None
        self._pool: RunspacePool | None = None
        self._host = QuietHost(self._guard)
        self._broken = False

    @property
    def address(self) -> str:
        return self._guard.address

    def open(self, *, within_s: float, should_stop: Callable[[], bool] = never) -> None:
        """Sign in, with one attempt. Raises HostError."""
        try:
            with self._guard.during("login", within_s, should_stop), self._told():
                self._broken = False
                self._dialer = self._dial()
                wsman = self._connect()
                # The transport builds its session with the first message; ours has to be there before that.
                session = wsman.transport._build_session()
                session.trust_env = False
                session.proxies.clear()
                session.max_redirects = 0
                session.adapters.clear()
                session.mount(wsman.transport.endpoint, PinnedAdapter(self._dialer))
                wsman.transport.session = session
                self._pool = RunspacePool(wsman, host=self._host)
                self._pool.open()
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """End the session at the host as far as that still answers. Never raises HostError."""
        pool = self._pool
        if pool is not None and not self._broken:
            # The work is done or has failed already; an error on the way out would hide how it went.
            with (
                contextlib.suppress(HostError),
                self._guard.during("close", GOODBYE_S),
                self._told(),
            ):
                pool.close()
        self._drop()

    def run_script(
        self,
        script: str,
        *,
        deadline_s: float,
        on_line: Callable[[str], None] = ignore,
        should_stop: Callable[[], bool] = never,
    ) -> ScriptResult:
        with self._guard.during("script", deadline_s, should_stop):
            return self._run(script, {}, on_line)

    def upload(
        self, chunks: Iterable[bytes], remote_path: str, *, on_bytes: Callable[[int], None] = ignore
    ) -> None:
        part = f"{remote_path}.part"
        digest = hashlib.sha256()
        sent = 0
        for piece in in_pieces(chunks, PIECE_BYTES):
            with self._guard.during("upload", COMMAND_S):
                self._command(WRITE_PIECE, {"Path": part, "Data": piece, "Offset": sent})
            digest.update(piece)
            sent += len(piece)
            on_bytes(sent)
        # The host reads the whole file again to compare it; large ones take their time.
        with self._guard.during("upload", COMMAND_S + sent / 2**20):
            names = {"Part": part, "Path": remote_path, "Sha256": digest.hexdigest().upper()}
            self._command(FINISH_FILE, names)

    def restart(self, *, back_within_s: float, should_stop: Callable[[], bool] = never) -> None:
        with self._guard.during("restart", COMMAND_S, should_stop):
            before = int(self._command(BOOT_TIME, {}))
            # The host may be gone before it has answered.
            with contextlib.suppress(Dropped, TimedOut, Unreachable, HandshakeFailed):
                self._command(RESTART, {})
        wait_until_back(
            partial(self._boot_time, should_stop),
            lambda boot: int(boot) > before + CLOCK_SLACK_S,
            address=self.address,
            back_within_s=back_within_s,
            should_stop=should_stop,
        )

    def _boot_time(self, should_stop: Callable[[], bool], seconds: float) -> str:
        seconds = min(seconds, self._timeout_s)
        if self._pool is None or self._broken:
            self._drop()
            self.open(within_s=seconds, should_stop=should_stop)
        with self._guard.during("restart", seconds, should_stop):
            try:
                return self._command(BOOT_TIME, {})
            except HostError:
                self._broken = True
                raise

    def _command(self, script: str, parameters: dict[str, Any]) -> str:
        """One of our own commands; raises RemoteFault where it ends with an error."""
        result = self._run(script, parameters, ignore)
        if result.exit_code == 0:
            return result.stdout.strip()
        raise self._guard.refused(
            result.stderr or str(result.exit_code),
            remedy=Text(
                _("Correct what the message names, or use an account that is an administrator there.")
            ),
        )

    def _run(self, script: str, parameters: dict[str, Any], on_line: Callable[[str], None]) -> ScriptResult:
        if self._pool is None or self._broken:
            raise Dropped(
                Text(_("The session on %(address)s has ended before; sign in again."), address=self.address),
                address=self.address,
                step=self._guard.step,
            )
        output = Output(self._guard, on_line)
        heard = self._guard.received
        shell = PowerShell(self._pool)
        shell.add_script(script)
        shell.add_parameters(parameters)
        self._host.begin()
        with self._told():
            shell.begin_invoke()
        try:
            while shell.state == PSInvocationState.RUNNING:
                self._guard.ask()
                with self._told():
                    shell.poll_invoke(timeout=POLL_S)
                self._drain(shell, output)
                # Progress records and halves of objects are no output yet, and no less of a flood.
                if self._guard.received - heard > LARGEST_TRAFFIC:
                    raise output.flood()
        except BaseException:
            self._end(shell)
            raise
        with self._told():
            shell.close()
        return output.result(self._exit_code(shell))

    def _exit_code(self, shell: PowerShell) -> int | None:
        if self._host.rc is not None:
            return self._host.rc
        return {PSInvocationState.COMPLETED: 0, PSInvocationState.FAILED: 1}.get(shell.state)

    def _drain(self, shell: PowerShell, output: Output) -> None:
        """Take what has arrived out of pypsrp's hands, so that it does not gather all of it a second time."""
        for line in self._host.taken():
            output.write(line)
        for item in _taken(shell.output):
            output.write("" if item is None else str(item))
        for record in _taken(shell.streams.warning):
            output.complain(f"WARNING: {record.message}")
        for record in _taken(shell.streams.error):
            output.complain(str(record))
        for stream in (shell.streams.progress, shell.streams.verbose, shell.streams.debug):
            stream.clear()
        # What Write-Host says comes to the host, too.
        shell.streams.information.clear()

    def _end(self, shell: PowerShell) -> None:
        """Tell what runs to end, where there still is somebody to tell."""
        if self._broken or shell.state != PSInvocationState.RUNNING:
            return
        with contextlib.suppress(HostError), self._guard.during("close", GOODBYE_S), self._told():
            shell.stop()

    def _told(self) -> Told:
        return Told(self._guard, plain=self._pinned is None, on_failure=self._break)

    def _break(self) -> None:
        self._broken = True

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.connection.close()
        if self._dialer is not None:
            self._dialer.close()


def _taken(stream: list[Any]) -> Iterator[Any]:
    items = stream[:]
    stream.clear()
    return iter(items)
