"""What a log line may not hold: secrets, line breaks and control characters, and no end.

Nobody logs a secret on purpose. Errors of drivers, libraries and far ends repeat what they were given, though, so whatever is
logged passes here, at the source: before it is rendered, in every process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

HIDDEN: Final = "[redacted]"
LONGEST_VALUE: Final = 4_000  # characters; a sentence of ours is far below
LONGEST_TRACEBACK: Final = 16_000
MOST_ITEMS: Final = 50
DEEPEST: Final = 4

# Words that name a secret; of a name such as db_password, X-Api-Key or clientSecret, one is enough.
_WORDS: Final = (
    r"passwor[dt]s?|passwd|pwd|passphrases?|secrets?|tokens?|authorization|cookies?|credentials?|api[-_]?keys?"
    r"|(?:private|secret|account|access|credential|integrity)[-_]?keys?|sessionid|soap[-_]session|api[-_]session[-_]id"
    r"|csrftoken|signatures?|client[-_]?assertion|management[-_]?cert|recovery[-_]?codes?"
)
_NAMES_SECRET: Final = re.compile(rf"(?:^|[^a-z])(?:{_WORDS})(?:$|[^a-z])", re.IGNORECASE)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names that hold such a word and no secret: they say which, how many or whether.
_HARMLESS: Final = re.compile(
    r"(?:_id|_ids|_name|_count|_at|_kind|_scope|_standing|_days|_file|_path)$", re.IGNORECASE
)

_PEM: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_OUR_TOKEN: Final = re.compile(r"\bfht_[A-Za-z0-9_-]{6,}")
_SCHEME: Final = re.compile(r"\b(Bearer|Basic|Negotiate|NTLM)(\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_JWT: Final = re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?")
# Also where the password has a slash, a question mark or a number sign that nobody escaped: no port is spelled like that.
_USERINFO: Final = re.compile(
    r"([a-z][a-z0-9+.-]{0,20}://)(?:[^/\s?#\"'<>]*|[^/\s?#@:\"'<>]*:(?!\d{1,5}[/?#])[^\s\"'<>]*)@",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie|x-vmware-vmdir-token)(\"?'?\s*[:=]\s*).+", re.IGNORECASE
)
# Between single quotes, also as PowerShell, SQL and shells write a single quote in there.
_QUOTED: Final = r"'(?:[^'\\]|\\.|''|'\\'')*'?"
# password=…, "client_secret": "…", how Python shows keyword arguments and dictionaries, and what stands so in an address.
_PAIR: Final = re.compile(
    rf"((?:{_WORDS})\\?[\"']?\s{{0,20}}(?:[:=]|%3[AD])\s{{0,20}})"
    rf"(?![\"']?\[redacted\])(\"(?:[^\"\\]|\\.)*\"?|{_QUOTED}|[^\s,;&)}}\]]+)",
    re.IGNORECASE,
)
# ("Authorization", "…"), as lists of headers and arguments of exceptions are shown; and --password …, as programs are called.
_BESIDE: Final = re.compile(
    rf"((?:{_WORDS})[\"']\s?,\s?b?)(\"(?:[^\"\\]|\\.)*+\"?+|'(?:[^'\\]|\\.)*+'?+)(?!\s?:)",
    re.IGNORECASE,
)
_OPTION: Final = re.compile(rf"(--?(?:{_WORDS})\s)([^\s\"']+|\"[^\"]*\"?|{_QUOTED})", re.IGNORECASE)
# What the query of an address grants: a shared access signature, the code of a sign-in.
_GRANT: Final = re.compile(r"([?&](?:sig|code)=)[^&\s\"'<>]+", re.IGNORECASE)
# The elements of SOAP in which a login travels, and those of a registration key of a vault.
_ELEMENT: Final = re.compile(
    r"(<(?:\w{1,40}:)?(?:password|managementcert|channelintegritykey)[^>]{0,400}>)[^<]*", re.IGNORECASE
)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_IN_TRACEBACK: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def names_secret(name: str) -> bool:
    """Whether the value of this name is one that nobody may read, such as `client_secret` or `Set-Cookie`."""
    spelled = _HUMP.sub("_", name)
    return _NAMES_SECRET.search(spelled) is not None and _HARMLESS.search(spelled) is None


def redacted(text: str) -> str:
    """`text` without passwords, tokens, keys and cookies, as far as they can be told by their form or by what stands before them."""
    text = _PEM.sub(HIDDEN, text)
    text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _OUR_TOKEN.sub(HIDDEN, text)
    text = _JWT.sub(HIDDEN, text)
    text = _ELEMENT.sub(rf"\1{HIDDEN}", text)
    text = _GRANT.sub(rf"\1{HIDDEN}", text)
    text = _PAIR.sub(_hide_pair, text)
    # After the pairs, and never what is a name itself: in {"kind": "token", "password": ...} nothing may hide the name alone.
    text = _BESIDE.sub(_hide_pair, text)
    return _OPTION.sub(_hide_pair, text)


def one_line(text: str) -> str:
    """No line break and nothing that a terminal obeys: what was there is written as \\n, \\x1b and the like."""
    return _CONTROL.sub(_escape, text)


def clean(value: str) -> str:
    """A value as it may be written: bounded, without secrets, on one line."""
    # Bounded first, with room for a secret at the edge to be seen whole: expressions read no more than that.
    return _bounded(one_line(redacted(value[: 2 * LONGEST_VALUE])), LONGEST_VALUE, len(value))


def clean_traceback(text: str) -> str:
    """The same for the lines of a traceback, of which the last say most."""
    kept = text if len(text) <= LONGEST_TRACEBACK else "[...]\n" + text[-LONGEST_TRACEBACK:]
    return _CONTROL_IN_TRACEBACK.sub(_escape, redacted(kept))


def processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: the values of one line, after tracebacks were made text and before rendering."""
    for name in list(event):
        value = event[name]
        if name in ("exception", "stack"):
            event[name] = clean_traceback(str(value))
        elif name == "event":
            event[name] = clean(str(value))
        else:
            event[name] = HIDDEN if names_secret(name) and value not in ("", None) else _bounded_any(value)
    return event


def _bounded_any(value: Any) -> Any:
    """Nested values are kept as they are where they are small, and as a piece of text where they are not."""
    cleaned = _clean_any(value, 0)
    if isinstance(cleaned, dict | list) and len(text := str(cleaned)) > LONGEST_VALUE:
        return clean(text)
    return cleaned


def _clean_any(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < DEEPEST:
        if isinstance(value, Mapping):
            return {
                clean(str(name)): HIDDEN if names_secret(str(name)) else _clean_any(inner, depth + 1)
                for name, inner in list(value.items())[:MOST_ITEMS]
            }
        if isinstance(value, list | tuple) and len(value) == 2 and names_secret(_name(value[0])):
            return [clean(_name(value[0])), HIDDEN]
        if isinstance(value, list | tuple | set | frozenset):
            return [_clean_any(inner, depth + 1) for inner in list(value)[:MOST_ITEMS]]
    return clean(_shown(value))


def _name(value: Any) -> str:
    """What may be the name in a pair; headers are bytes in some libraries."""
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - whatever cannot be shown must not take the line with it
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _hide_pair(match: re.Match[str]) -> str:
    value = match[2]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{match[1]}{quote}{HIDDEN}{quote}"


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _bounded(text: str, limit: int, whole: int) -> str:
    return text if len(text) <= limit and whole <= 2 * limit else f"{text[:limit]}[... {whole} characters]"
