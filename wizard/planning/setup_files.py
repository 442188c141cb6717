"""The texts of the files that Unified Setup reads (asr-facts 6.3): MySQL credentials, proxy, passphrase.

The files know no escaping: a value ends at the next double quote and at the end of the line. A value that would not
arrive as typed is refused, and no refusal repeats a secret.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Final

from wizard.planning import addressing
from wizard.planning.quoting import refusal
from wizard.text import Text, _

SECRET_LONGEST: Final = 128

# No complexity rule is published (asr-facts 6.4). 16 characters with letters of both cases, digits and a sign satisfy
# every rule that MySQL or Windows is known to set; the signs mean nothing to the file, to cmd or to a connection string.
_GENERATED_LENGTH: Final = 16
_SIGNS: Final = "_@"
_KINDS: Final = (string.ascii_uppercase, string.ascii_lowercase, string.digits, _SIGNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MySqlCredentials:
    """The passwords of MySQL's root and of the user that Site Recovery works as. Raises ValueError with a `Text`."""

    root_password: str = field(repr=False)
    user_password: str = field(repr=False)

    def __post_init__(self) -> None:
        file_value(self.root_password, Text(_("MySQL root password")))
        file_value(self.user_password, Text(_("MySQL user password")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """A proxy as `http://host:port`, with the name and password that it asks for, or neither (asr-facts 3.9, PRX-02).

    Raises ValueError with a `Text`, also where only one of the two is given.
    """

    address: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", addressing.proxy(self.address))
        if (self.username is None) != (self.password is None):
            raise refusal(
                _("A proxy that asks who connects needs a user name and a password, not one alone.")
            )
        if self.username is not None and self.password is not None:
            file_value(self.username, Text(_("Proxy user name")))
            file_value(self.password, Text(_("Proxy password")))


def mysql_file(credentials: MySqlCredentials) -> str:
    """The text for `/MySQLCredsFilePath`."""
    return _lines(
        "[MySQLCredentials]",
        f'MySQLRootPassword = "{credentials.root_password}"',
        f'MySQLUserPassword = "{credentials.user_password}"',
    )


def proxy_file(settings: ProxySettings) -> str:
    """The text for `/ProxySettingsFilePath`. The blank in `Proxy IP` is Microsoft's."""
    host, _colon, port = settings.address.removeprefix("http://").rpartition(":")
    return _lines(
        "[ProxySettings]",
        f'ProxyAuthentication = "{"No" if settings.username is None else "Yes"}"',
        f'Proxy IP = "{host}"',
        f'ProxyPort = "{port}"',
        f'ProxyUserName="{settings.username or ""}"',
        f'ProxyPassword="{settings.password or ""}"',
    )


def passphrase_file(passphrase: str) -> str:
    """The text for `/PassphraseFilePath`: one line, as genpassphrase.exe on the configuration server prints it.

    A line end behind a pasted passphrase is dropped. The text itself has none, so that a reader that takes the whole
    file gets the passphrase and nothing else. Raises ValueError with a `Text`.
    """
    line = passphrase.strip("\r\n \t")
    file_value(line, Text(_("Passphrase")))
    return line


def file_value(value: str, name: Text) -> str:
    """`value`, if it can stand between double quotes in these files; `name` says what it is. Raises ValueError."""
    if not value:
        raise refusal(_("%(name)s: nothing was given."), name=name)
    if len(value) > SECRET_LONGEST:
        raise refusal(
            _("%(name)s: %(length)s characters are too many. At most %(longest)s are allowed."),
            name=name,
            length=len(value),
            longest=SECRET_LONGEST,
        )
    if '"' in value:
        raise refusal(
            _(
                "%(name)s: a double quote would end the value in the file that setup reads. Choose one without it."
            ),
            name=name,
        )
    if "\n" in value or "\r" in value:
        raise refusal(
            _("%(name)s: a line break would end the value in the file that setup reads. Give one line."),
            name=name,
        )
    if not (value.isascii() and value.isprintable()):
        raise refusal(
            _(
                "%(name)s: only English letters, digits and the signs of an English keyboard arrive in setup "
                "unchanged. Choose a value without others."
            ),
            name=name,
        )
    if value != value.strip():
        raise refusal(_("%(name)s: a blank at the beginning or end would get lost. Remove it."), name=name)
    return value


def new_password() -> str:
    """A random password for MySQL: 16 characters, all four kinds in it, all of them safe in the file (about 95 bits)."""
    alphabet = "".join(_KINDS)
    while True:
        candidate = "".join(secrets.choice(alphabet) for _place in range(_GENERATED_LENGTH))
        # Some programs read a leading sign as the beginning of something else.
        if candidate[0] not in _SIGNS and all(any(c in kind for c in candidate) for kind in _KINDS):
            return candidate


def new_mysql_credentials() -> MySqlCredentials:
    """Two different random passwords."""
    return MySqlCredentials(root_password=new_password(), user_password=new_password())


def _lines(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)
