"""A session over SSH: paramiko on a pinned host key."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import paramiko

from wizard.addresses import AddressBook
from wizard.hosts.errors import (
    AccessDenied,
    Dropped,
    HostError,
    RemoteFault,
    TimedOut,
    WrongCertificate,
)
from wizard.hosts.fingerprint import of_host_key, same
from wizard.hosts.guard import Guard, never
from wizard.hosts.line_reader import LineReader
from wizard.hosts.pieces import PIECE_BYTES, in_pieces
from wizard.hosts.remote_commands import LINUX_BOOT_ID, LINUX_RESTART
from wizard.hosts.restart import wait_until_back
from wizard.hosts.session import Output, ScriptResult, ignore
from wizard.hosts.ssh_keys import agree_on_keys
from wizard.hosts.wire import open_tcp
from wizard.text import Text, _
from wizard.wire.destinations import Purpose

COMMAND_S = 60.0  # for each of our own few lines of shell
LOOK_S = 0.02  # between two looks at a channel on which nothing happens
READ_BYTES = 64 * 2**10
WRITE_BYTES = 32 * 2**10


class SSHSession:
    """See HostSession. One sign-in by password; after a restart another."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        pinned: str,
        book: AddressBook,
        timeout_s: float,
    ) -> None:
        """Nothing is sent before `open`."""
        self._guard = Guard("ssh", f"{host}:{port}", stall_s=timeout_s)
        self._timeout_s = timeout_s
        self._pinned = pinned
        self._dial = partial(open_tcp, host, port, Purpose.SSH, book=book, guard=self._guard)
        self._username = username
        self._password = password
        self._transport: paramiko.Transport | None = None

    @property
    def address(self) -> str:
        return self._guard.address

    def open(self, *, within_s: float, should_stop: Callable[[], bool] = never) -> None:
        """Sign in, with one attempt, once the host key was compared. Raises HostError."""
        with self._guard.during("login", within_s, should_stop):
            transport = self._transport = agree_on_keys(self._dial(), guard=self._guard)
            try:
                presented = of_host_key(transport.get_remote_server_key().asbytes())
                if not same(presented, self._pinned):
                    raise WrongCertificate(
                        address=self.address, step="host_key", pinned=self._pinned, presented=presented
                    )
                transport.auth_timeout = self._guard.left
                with self._told():
                    transport.auth_password(self._username, self._password)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def run_script(
        self,
        script: str,
        *,
        deadline_s: float,
        on_line: Callable[[str], None] = ignore,
        should_stop: Callable[[], bool] = never,
    ) -> ScriptResult:
        with self._guard.during("script", deadline_s, should_stop):
            return self._run(script, on_line)

    def upload(
        self, chunks: Iterable[bytes], remote_path: str, *, on_bytes: Callable[[int], None] = ignore
    ) -> None:
        part = f"{remote_path}.part"
        digest = hashlib.sha256()
        sent = 0
        with self._guard.during("upload", None), self._files() as files:
            with self._told():
                target = files.open(part, "wb")
            with _closing(target):
                for piece in in_pieces(chunks, PIECE_BYTES):
                    with self._told():
                        target.write(piece)
                    digest.update(piece)
                    sent += len(piece)
                    on_bytes(sent)
            with self._guard.during("upload", COMMAND_S + sent / 2**20):
                found = self._command(f"sha256sum < {shlex.quote(part)}\n").partition(" ")[0]
            if found != digest.hexdigest():
                raise RemoteFault(
                    Text(
                        _("The file arrived damaged at %(address)s: its SHA-256 is %(found)s."),
                        address=self.address,
                        found=found,
                    ),
                    remedy=Text(_("Try again; if it happens again, check the disk of the machine.")),
                    address=self.address,
                    step="upload",
                )
            with self._told():
                files.posix_rename(part, remote_path)

    def restart(self, *, back_within_s: float, should_stop: Callable[[], bool] = never) -> None:
        with self._guard.during("restart", COMMAND_S, should_stop):
            before = self._command(LINUX_BOOT_ID)
            # The host may be gone before it has answered.
            with contextlib.suppress(Dropped, TimedOut):
                self._command(LINUX_RESTART)
        wait_until_back(
            partial(self._boot_id, should_stop),
            lambda boot: boot != before,
            address=self.address,
            back_within_s=back_within_s,
            should_stop=should_stop,
        )

    def _boot_id(self, should_stop: Callable[[], bool], seconds: float) -> str:
        seconds = min(seconds, self._timeout_s)
        if self._transport is None or not self._transport.is_active():
            self.close()
            self.open(within_s=seconds, should_stop=should_stop)
        with self._guard.during("restart", seconds, should_stop):
            try:
                return self._command(LINUX_BOOT_ID)
            except HostError:
                self.close()
                raise

    def _command(self, script: str) -> str:
        """One of our own commands; raises RemoteFault where it ends with an error."""
        result = self._run(script, ignore)
        if result.exit_code == 0:
            return result.stdout.strip()
        raise self._refused(result.stderr or str(result.exit_code))

    def _run(self, script: str, on_line: Callable[[str], None]) -> ScriptResult:
        output = Output(self._guard, on_line)
        with self._told():
            channel = self._open_transport().open_session(timeout=self._guard.stall_s)
        # Closing the channel ends what runs: its input ends, and nobody reads its output.
        with _closing(channel):
            with self._told():
                channel.settimeout(self._guard.stall_s)
                channel.exec_command("sh -s")
            exit_code = self._converse(channel, script.encode(), output)
        return output.result(exit_code)

    def _converse(self, channel: paramiko.Channel, script: bytes, output: Output) -> int | None:
        """Feed the script and take what it writes, whichever is possible; the exit code at the end."""
        streams = (
            (channel.recv_ready, channel.recv, LineReader(output.write)),
            (channel.recv_stderr_ready, channel.recv_stderr, LineReader(output.complain)),
        )
        unsent = memoryview(script)
        while True:
            self._guard.ask()
            # Asked first: what was written before the end has arrived by then.
            ended = channel.exit_status_ready() or channel.closed
            busy = False
            for ready, receive, lines in streams:
                while ready():
                    lines.feed(receive(READ_BYTES))
                    busy = True
            if unsent and channel.send_ready() and not channel.closed:
                with self._told():
                    unsent = unsent[channel.send(bytes(unsent[:WRITE_BYTES])) :]
                    if not unsent:
                        channel.shutdown_write()
                busy = True
            if ended and not busy:
                break
            if not busy:
                time.sleep(LOOK_S)
        for _ready, _receive, lines in streams:
            lines.end()
        if not channel.exit_status_ready() or not self._open_transport().is_active():
            raise self._guard.dropped("closed")
        status = channel.recv_exit_status()
        return None if status < 0 else status

    @contextlib.contextmanager
    def _files(self) -> Iterator[paramiko.SFTPClient]:
        with self._told():
            channel = self._open_transport().open_session(timeout=self._guard.stall_s)
            channel.settimeout(self._guard.stall_s)
            channel.invoke_subsystem("sftp")
            files = paramiko.SFTPClient(channel)
        with _closing(files):
            yield files

    def _open_transport(self) -> paramiko.Transport:
        if self._transport is None:
            raise self._guard.dropped("closed")
        return self._transport

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Let nothing of paramiko's out of the block but HostError."""
        failure: HostError
        try:
            yield
        except paramiko.AuthenticationException as error:
            failure = self._not_signed_in(error)
        except TimeoutError:
            failure = self._guard.stalled()
        except (paramiko.SSHException, EOFError, ConnectionError) as error:
            failure = self._guard.dropped(type(error).__name__)
        except OSError as error:
            # What SFTP refuses comes as the error of the remote file system.
            failure = self._refused(error.strerror or str(error) or type(error).__name__)
        else:
            return
        raise failure from None

    def _not_signed_in(self, error: paramiko.AuthenticationException) -> HostError:
        """paramiko has one class for all that can come of a sign-in."""
        if isinstance(error, paramiko.BadAuthenticationType):
            return AccessDenied(
                Text(_("%(address)s lets nobody sign in with a password."), address=self.address),
                remedy=Text(
                    _(
                        "Allow it for this account in sshd_config (PasswordAuthentication, and PermitRootLogin for "
                        "root) for as long as it takes, or collect the facts by hand."
                    )
                ),
                address=self.address,
                step="login",
            )
        if "timeout" in str(error).lower():
            return self._guard.stalled()
        if self._transport is not None and not self._transport.is_active():
            return self._guard.dropped("closed")
        return AccessDenied(
            Text(_("%(address)s refused the user name or the password."), address=self.address),
            address=self.address,
            step="login",
        )

    def _refused(self, reason: str) -> RemoteFault:
        remedy = Text(_("Correct what the message names, or use an account that may do this."))
        return self._guard.refused(reason, remedy=remedy)


@contextlib.contextmanager
def _closing(part: paramiko.Channel | paramiko.SFTPClient | paramiko.SFTPFile) -> Iterator[None]:
    """Saying goodbye fails where nobody is there any more, and must not hide why."""
    try:
        yield
    finally:
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            part.close()
