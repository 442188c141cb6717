"""The installation bundle: a zip with everything that one machine needs to be installed without questions.

It is made while it is sent and never lies on this server's disk, for some of its files hold passwords. The same files
can be sent one by one to a machine that the wizard reaches over WinRM.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Any, Final, Literal

from wizard.hosts.bundle_readme import readme

Component = Literal["cs", "ps_scaleout", "appliance"]
Place = Literal["installer", "vault-credentials", "mysql"]

SETTINGS_SCHEMA: Final = "foothold.bundle/1"
MANIFEST: Final = "Manifest.sha256"
SETTINGS: Final = "Settings.json"
COMMANDS: Final = "Commands.txt"
ANSWERS: Final = "Answers.txt"
README: Final = "README.txt"

_CHUNK: Final = 1024 * 1024
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_INCLUDE: Final = "#include Install-Common.ps1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file that holds a secret, under the name that the setup command says. `text` is ASCII with its line ends."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A file that is otherwise left to the person at the machine: the installer, the vault credentials, MySQL.

    `read` gives the content in chunks, anew at each call; it is never held in memory as a whole.
    """

    place: Place
    name: str
    read: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleContents:
    """What goes into the bundle of one machine. Paths are Windows paths, texts are ASCII or become it.

    `commands`: whole lines, for a person who would rather type them. `installer`: the file that the person provides,
    `download`: where it is had. `setup`, `extract_arguments`, `install_arguments`: what Install.ps1 runs, `setup` below
    `staging_folder`. `vault_credentials_file`: the name under which the key is staged, None where none is needed.
    `mysql_installer`: its name where MySQL is not to be downloaded, and `mysql_folder` where setup looks for it.
    `answers`: for an appliance, what is asked afterwards and what to say. `made_at`: shown in the README.
    """

    component: Component
    deployment: str
    machine: str
    made_at: datetime
    staging_folder: str
    installer: str
    download: str
    commands: tuple[str, ...]
    setup: str = ""
    extract_arguments: str = ""
    install_arguments: str = ""
    secret_files: tuple[SecretFile, ...] = ()
    vault_credentials_file: str | None = None
    mysql_installer: str | None = None
    mysql_folder: str | None = None
    mysql_download: str | None = None
    answers: tuple[tuple[str, str], ...] = ()
    placed: tuple[PlacedFile, ...] = ()

    @property
    def script(self) -> str:
        """The script that the person starts."""
        return "Install-Appliance.ps1" if self.component == "appliance" else "Install.ps1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFile:
    """One file of the bundle. `name` has forward slashes. `secret`: nobody but administrators may read it.

    `large`: it may exceed 4 GiB. `listed`: it stands in the manifest, and the script refuses to run without it.
    """

    name: str
    read: Callable[[], Iterable[bytes]]
    secret: bool = False
    large: bool = False
    listed: bool = True


def install_script(component: Component) -> str:
    """The whole script for a component, as it is in the bundle: plain ASCII, one file."""
    name = "Install-Appliance.ps1" if component == "appliance" else "Install.ps1"
    return _script(name).replace(_INCLUDE, _script("Install-Common.ps1"))


def bundle_files(contents: BundleContents) -> tuple[BundleFile, ...]:
    """All files but the manifest, which is known only when they have been read: `manifest_line` makes its lines."""
    files = [
        _text(README, readme(contents)),
        _text(contents.script, install_script(contents.component)),
        _text(SETTINGS, json.dumps(settings_of(contents), indent=2, ensure_ascii=True)),
        _text(COMMANDS, "\n".join(contents.commands) + "\n"),
    ]
    if contents.answers:
        lines = [f"{question}: {answer}" for question, answer in contents.answers]
        files.append(_text(ANSWERS, "\n".join(lines) + "\n"))
    for secret in contents.secret_files:
        files.append(_bytes(secret.name, secret.text.encode("ascii"), secret=True))
    filled = {placed.place for placed in contents.placed}
    files += [
        _text(f"{place}/PUT-THE-FILE-HERE.txt", note + "\n", listed=False)
        for place, note in places(contents).items()
        # The placeholder goes without being missed: a person may well delete it.
        if place not in filled
    ]
    files += [
        BundleFile(
            name=f"{placed.place}/{placed.name}",
            read=placed.read,
            secret=placed.place == "vault-credentials",
            large=True,
        )
        for placed in contents.placed
    ]
    return tuple(files)


def places(contents: BundleContents) -> dict[Place, str]:
    """The folders for what the person provides, each with a sentence that says what belongs there."""
    found: dict[Place, str] = {
        "installer": (
            f"Put the zip with {contents.installer} here, packed or unpacked. Download: {contents.download}"
            if contents.component == "appliance"
            else f"Put {contents.installer} here. Download: {contents.download}"
        )
    }
    if contents.vault_credentials_file:
        found["vault-credentials"] = (
            "Put the registration key of the vault here, a file that ends in .VaultCredentials and is not older than 5 "
            "days. Do not rename it."
        )
    if contents.mysql_installer:
        found["mysql"] = f"Put {contents.mysql_installer} here. Download: {contents.mysql_download}"
    return found


def settings_of(contents: BundleContents) -> dict[str, Any]:
    """What Install.ps1 reads; no secret is in it."""
    return {
        "schema": SETTINGS_SCHEMA,
        "role": contents.component,
        "deployment": contents.deployment,
        "staging_folder": contents.staging_folder,
        "installer": contents.installer,
        "setup": contents.setup,
        "extract_arguments": contents.extract_arguments,
        "install_arguments": contents.install_arguments,
        "secret_files": [secret.name for secret in contents.secret_files],
        "vault_credentials_file": contents.vault_credentials_file,
        "mysql_installer": contents.mysql_installer,
        "mysql_folder": contents.mysql_folder,
    }


def manifest_line(name: str, sha256: str) -> str:
    """One line of the manifest, as `sha256sum --binary` prints it, with the line end of Windows."""
    return f"{sha256} *{name}\r\n"


def bundle_chunks(contents: BundleContents, *, password: str | None = None) -> Generator[bytes, None, None]:
    """The zip in pieces, as it comes into being. With a password every file is encrypted with AES-256 (WZ_AES).

    Names and sizes of the files stay readable in an encrypted zip. Windows Explorer opens no AES zip; 7-Zip does.
    Raises ValueError for an empty password.
    """
    if password is not None and not password:
        raise ValueError("an empty password would leave the bundle open")
    # With its cryptography it is loaded by who makes a bundle: every page and command would wait for it otherwise.
    import pyzipper  # type: ignore[import-untyped]

    sink = _Sink()
    lines = []
    with pyzipper.AESZipFile(
        sink,
        "w",
        compression=pyzipper.ZIP_DEFLATED,
        encryption=pyzipper.WZ_AES if password is not None else None,
    ) as archive:
        if password is not None:
            archive.setpassword(password.encode("utf-8"))
        for file in bundle_files(contents):
            digest = hashlib.sha256()
            with archive.open(_entry(archive, file.name, contents), "w", force_zip64=file.large) as entry:
                for chunk in file.read():
                    for start in range(0, len(chunk), _CHUNK):
                        piece = chunk[start : start + _CHUNK]
                        digest.update(piece)
                        entry.write(piece)
                        yield from sink.taken()
            if file.listed:
                lines.append(manifest_line(file.name, digest.hexdigest()))
        with archive.open(_entry(archive, MANIFEST, contents), "w") as entry:
            entry.write("".join(lines).encode("ascii"))
        yield from sink.taken()
    yield from sink.taken()


class _Sink(io.RawIOBase):
    """Where the zip writer writes; what it wrote is taken away before the next piece is read."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: Any, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> Iterator[bytes]:
        written, self._written = self._written, []
        return (piece for piece in written if piece)


def _entry(archive: Any, name: str, contents: BundleContents) -> Any:
    moment = contents.made_at.timetuple()[:6]
    entry = archive.zipinfo_cls(name, max(moment, _EARLIEST))
    entry.compress_type = archive.compression
    return entry


def _text(name: str, text: str, *, listed: bool = True) -> BundleFile:
    # Line ends as Notepad of old servers needs them; and no byte that a code page could change.
    data = "\r\n".join(text.splitlines()).encode("ascii", "replace") + b"\r\n"
    return _bytes(name, data, listed=listed)


def _bytes(name: str, data: bytes, *, secret: bool = False, listed: bool = True) -> BundleFile:
    return BundleFile(name=name, read=lambda: (data,), secret=secret, listed=listed)


def _script(name: str) -> str:
    return resources.files("wizard.hosts").joinpath("scripts", name).read_text(encoding="ascii")
