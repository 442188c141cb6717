"""Strict readers of environment variables: a typing error in a setting is said at start, by name, and never guessed at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What `secret` reads from a file where NAME_FILE names one.
SECRETS = ("SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL", "OIDC_CLIENT_SECRET")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# What may stand behind the ? of DATABASE_URL: how the connection is made, never to where.
_CONNECTION = (
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "target_session_attrs",
)
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_CERT_REQS = ("required", "optional", "none")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        return _WORDS[raw.strip().lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name} must be true or false, found {raw!r}.") from None


def number(name: str, default: int, *, least: int = 0) -> int:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if not raw.strip().isdecimal() or int(raw) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, found {raw!r}.")
    return int(raw)


def log_level(name: str) -> str:
    """One of the names of Python's `logging`, in any spelling; INFO where the name is not set."""
    found = text(name, "INFO").upper()
    if found not in _LEVELS:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(_LEVELS)}, found {found!r}.")
    return found


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas; empty entries are dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def ports(name: str, default: str = "") -> list[int]:
    """A list of TCP ports separated by commas."""
    found = words(name, default)
    for word in found:
        if not (word.isascii() and word.isdecimal() and 1 <= int(word) <= 65535):
            raise ImproperlyConfigured(f"{name} must be TCP ports separated by commas, found {word!r}.")
    return [int(word) for word in found]


def one_of(name: str, allowed: Sequence[str]) -> str:
    """The first of `allowed` where the name is not set."""
    found = text(name, allowed[0])
    if found not in allowed:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(filter(None, allowed))}, found {found!r}."
        )
    return found


def some_of(name: str, allowed: Sequence[str]) -> frozenset[str]:
    """A set of `allowed` words, separated by commas."""
    found = frozenset(words(name))
    if not found <= frozenset(allowed):
        unknown = ", ".join(sorted(found - frozenset(allowed)))
        raise ImproperlyConfigured(f"{name} may name {', '.join(allowed)}; found {unknown}.")
    return found


def pairs(name: str, allowed: Sequence[str]) -> dict[str, str]:
    """WORD=MEANING,WORD=MEANING, each meaning one of `allowed`. The last = counts, as the words are somebody else's."""
    found: dict[str, str] = {}
    for pair in words(name):
        word, sign, meaning = pair.rpartition("=")
        if not sign or not word.strip() or meaning.strip() not in allowed:
            raise ImproperlyConfigured(
                f"{name} must look like GROUP={allowed[0]},OTHER={allowed[-1]} with one of {', '.join(allowed)} "
                f"behind each =, found {pair!r}."
            )
        found[word.strip()] = meaning.strip()
    return found


def https_url(name: str) -> str:
    """An address that starts with https://, or with http:// on this machine alone; empty where the name is not set."""
    raw = text(name).rstrip("/")
    try:
        parts = urlsplit(raw)
        local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        found = bool(parts.hostname and (parts.scheme == "https" or local) and parts.port != 0)
    except ValueError:
        found = False
    if raw and not found:
        raise ImproperlyConfigured(f"{name} must start with https://, found {raw!r}.")
    return raw


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks such as 192.0.2.0/24, separated by commas."""
    found = []
    for word in words(name):
        try:
            found.append(ip_network(word))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must name addresses or networks such as 192.0.2.0/24, found {word!r}."
            ) from None
    return found


def loopback_url(name: str) -> str:
    """Where a simulator on this machine answers over plain HTTP; empty where the name is not set."""
    raw = text(name)
    if not raw:
        return ""
    try:
        parts = urlsplit(raw)
        found = parts.port is not None and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        found = False
    plain = found and parts.scheme == "http" and parts.path in ("", "/")
    if not plain or parts.username or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} must look like http://127.0.0.1:PORT/, an address of this machine alone, found {raw!r}."
        )
    return raw


def secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names; empty where neither is set.

    Raises ImproperlyConfigured for a file that is empty: whoever names one means it to be used.
    """
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return text(name)
    if name in os.environ:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    try:
        found = Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        ) from None
    if not found:
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which is empty. Put the secret in, or unset it."
        )
    return found


def secret_files() -> dict[str, Path]:
    """By the name of the setting: the files that secrets are read from."""
    named = {f"{name}_FILE": os.environ.get(f"{name}_FILE") for name in SECRETS}
    return {setting: Path(path) for setting, path in named.items() if path}


def postgresql(url: str) -> dict[str, object]:
    """Django's database settings from `postgresql://user:password@host:port/name?sslmode=verify-full&sslrootcert=/path`.

    Raises ImproperlyConfigured for what is not understood there: who asks for TLS must not be given less without a word.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Its words repeat a part of the address, and that may be of the password.
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name: host or port cannot be read. "
            "In the password, write %2F for /, %23 for #, %3F for ?, %40 for @, %5B for [ and %5D for ]."
        ) from None
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name; leave it out to use SQLite."
        )
    if parts.fragment:
        raise ImproperlyConfigured(
            "DATABASE_URL: what stands behind a # would count for nothing, sslmode as well. Write %23 for it."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _connection_options(parts.query),
    }


def redis(url: str) -> str:
    """`redis://` or, over TLS, `rediss://`, whose certificate is verified unless the address itself says otherwise.

    Cache and broker read the same address with different libraries, and that of the broker verifies nothing by itself.
    """
    try:
        parts = urlsplit(url)
        found = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:
        found = False
    if not found:
        raise ImproperlyConfigured(
            "REDIS_URL must look like redis://:password@host:6379/0, or rediss:// over TLS. "
            "In the password, write %2F for /, %23 for #, %3F for ?, %40 for @, %5B for [ and %5D for ]."
        ) from None
    if parts.scheme == "redis":
        return url
    asked = parse_qs(parts.query, keep_blank_values=True).get("ssl_cert_reqs")
    if asked is None:
        query = f"{parts.query}&ssl_cert_reqs=required".removeprefix("&")
        return parts._replace(query=query, fragment="").geturl()
    if not set(asked) <= set(_CERT_REQS):
        # Other words one of the two takes, and the other does not, or takes for none.
        raise ImproperlyConfigured(f"REDIS_URL: ssl_cert_reqs must be one of {', '.join(_CERT_REQS)}.")
    return url


def _connection_options(query: str) -> dict[str, str]:
    # Nothing of it is repeated in a message: it may be a part of a password.
    given = (pair.partition("=") for pair in query.split("&") if pair)
    found = {unquote(option): unquote(value) for option, _sign, value in given}
    if not found.keys() <= set(_CONNECTION):
        raise ImproperlyConfigured(
            f"DATABASE_URL may have {', '.join(_CONNECTION)} behind the ?, and nothing else."
        )
    if found.get("sslmode", "prefer") not in _SSL_MODES:
        raise ImproperlyConfigured(f"DATABASE_URL: sslmode must be one of {', '.join(_SSL_MODES)}.")
    if not found.get("connect_timeout", "1").isdecimal():
        raise ImproperlyConfigured("DATABASE_URL: connect_timeout must be a whole number of seconds.")
    return found
