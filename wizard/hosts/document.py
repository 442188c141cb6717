"""The document that a collector writes: read with care, since it arrives by anybody's hands.

The HMAC-SHA256 covers the text before the last member `hmac`, without carriage returns, so that a file may pass
through editors and transfers that change line ends or the encoding, and nothing else. Reading and verifying are two
steps: the nonce inside says which key to verify with.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from wizard.hosts.schema import SCHEMA, TABLES, FactKey
from wizard.hosts.shapes import WrongShape, read_moment
from wizard.hosts.strict_json import BadJson, decode, parse
from wizard.text import Text, _

MAX_BYTES: Final = 5 * 1024 * 1024
_LONGEST_REASON: Final = 500

_SEAL = re.compile(r',\s*"hmac"\s*:\s*"([0-9a-fA-F]{64})"\s*\}\s*\Z')
_NONCE = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COLLECT_AGAIN = Text(_("Run the collector again and upload the file that it writes, unchanged."))


class DocumentRefused(Exception):
    """A document that cannot be taken; `code` is stable.

    Codes: `too_big`, `wrong_encoding`, `not_json`, `wrong_schema`, `incomplete`, `tampered`.
    """

    def __init__(self, text: Text, *, remedy: Text = _COLLECT_AGAIN, code: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return str(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A fact of the shape that the schema gives it."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Unobserved:
    """A fact that is not there, and why."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDocument:
    """One machine's facts. Nothing in it can be believed before `verify`.

    `facts` has every key of the collector's table, and no other.
    """

    collector: str
    nonce: str
    deployment: str
    component: str
    host_name: str
    machine_id: str | None
    started_at: datetime
    finished_at: datetime
    facts: Mapping[str, Observed | Unobserved]
    signed: bytes = field(repr=False)
    seal: str

    def verify(self, key: bytes) -> None:
        """Compare the HMAC with the one that `key` gives. Raises DocumentRefused, code `tampered`."""
        if not hmac.compare_digest(_seal_of(self.signed, key), self.seal):
            raise DocumentRefused(
                Text(_("The facts of %(host)s were changed after they were collected."), host=self.host_name),
                code="tampered",
            )


def read(data: bytes) -> HostDocument:
    """Read what a collector wrote: UTF-8 with or without BOM, or UTF-16 with BOM; at most MAX_BYTES.

    Raises DocumentRefused. A fact of the wrong shape does not spoil the others: it becomes Unobserved.
    """
    if len(data) > MAX_BYTES:
        raise DocumentRefused(
            Text(
                _("The file has %(size)s MB; facts of one machine have at most %(limit)s MB."),
                size=f"{len(data) / 1024 / 1024:.1f}",
                limit=MAX_BYTES // 1024 // 1024,
            ),
            remedy=Text(_("Upload the file whose name begins with host-facts-.")),
            code="too_big",
        )
    text, body = _parse(data)
    table = _table(body)
    signed, seal = _split(text, body)
    host = body.get("host")
    if not isinstance(host, dict):
        raise _incomplete("host")
    return HostDocument(
        collector=body["collector"],
        nonce=_matching(body, "nonce", _NONCE),
        deployment=_deployment(body),
        component=_matching(body, "component", _NAME),
        host_name=_host_name(host),
        machine_id=_machine_id(host),
        started_at=_moment(body, "started_at"),
        finished_at=_moment(body, "finished_at"),
        facts=_facts(body, table),
        signed=signed,
        seal=seal,
    )


def sign(body: Mapping[str, Any], key: bytes) -> bytes:
    """The document of `body` (all members but `hmac`) as a collector writes it, sealed with `key`."""
    text = json.dumps(body, ensure_ascii=True)[:-1]
    return f'{text},"hmac":"{_seal_of(text.encode(), key)}"}}'.encode()


def _seal_of(signed: bytes, key: bytes) -> str:
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def _parse(data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = decode(data)
        return text, parse(text)
    except UnicodeError:
        raise DocumentRefused(
            Text(_("The file is neither UTF-8 nor UTF-16 with a byte order mark.")), code="wrong_encoding"
        ) from None
    except BadJson as error:
        raise DocumentRefused(
            Text(_("The file is not the JSON of a collector: %(why)s."), why=error.why), code="not_json"
        ) from None


def _table(body: Mapping[str, Any]) -> Mapping[str, FactKey]:
    schema, collector = body.get("schema"), body.get("collector")
    if schema != SCHEMA:
        raise DocumentRefused(
            Text(
                _("The file says schema %(found)s; this wizard reads %(expected)s."),
                found=_shown(schema),
                expected=SCHEMA,
            ),
            remedy=Text(_("Download the collector from this wizard and run that one.")),
            code="wrong_schema",
        )
    table = TABLES.get(collector) if isinstance(collector, str) else None
    if table is None:
        raise DocumentRefused(
            Text(
                _("The file says that %(found)s wrote it; expected is one of: %(expected)s."),
                found=_shown(collector),
                expected=list(TABLES),
            ),
            remedy=Text(_("Download the collector from this wizard and run that one.")),
            code="wrong_schema",
        )
    return table


def _split(text: str, body: Mapping[str, Any]) -> tuple[bytes, str]:
    """What the HMAC covers, and the HMAC in lower case."""
    if "hmac" not in body:
        raise _incomplete("hmac")
    found = _SEAL.search(text)
    if found is None:
        raise DocumentRefused(
            Text(
                _(
                    "The member hmac is not the last one, or not 64 hexadecimal digits: another program saved the file."
                )
            ),
            code="incomplete",
        )
    return text[: found.start()].encode(), found.group(1).lower()


def _incomplete(member: str) -> DocumentRefused:
    return DocumentRefused(Text(_("The file has no usable member %(name)s."), name=member), code="incomplete")


def _matching(body: Mapping[str, Any], member: str, pattern: re.Pattern[str]) -> str:
    value = body.get(member)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _incomplete(member)
    return value


def _deployment(body: Mapping[str, Any]) -> str:
    try:
        return str(UUID(body.get("deployment")))
    except (ValueError, TypeError, AttributeError):
        raise _incomplete("deployment") from None


def _host_name(host: Mapping[str, Any]) -> str:
    name = host.get("name")
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 255:
        raise _incomplete("host.name")
    return name


def _machine_id(host: Mapping[str, Any]) -> str | None:
    found = host.get("machine_id")
    if found is None:
        return None
    if not isinstance(found, str) or not found.isprintable() or not 0 < len(found) <= 255:
        raise _incomplete("host.machine_id")
    return found


def _moment(body: Mapping[str, Any], member: str) -> datetime:
    try:
        return read_moment(body.get(member))
    except ValueError:
        raise _incomplete(member) from None


def _facts(body: Mapping[str, Any], table: Mapping[str, FactKey]) -> Mapping[str, Observed | Unobserved]:
    reported = body.get("facts")
    if not isinstance(reported, dict):
        raise _incomplete("facts")
    return MappingProxyType({key: _fact(reported.get(key), row) for key, row in table.items()})


def _fact(reported: Any, row: FactKey) -> Observed | Unobserved:
    if not isinstance(reported, dict):
        return Unobserved(reason=Text(_("The collector did not report this; it may be an older one.")))
    error = reported.get("error")
    if isinstance(error, str):
        return Unobserved(reason=Text(_("The machine could not say: %(why)s"), why=_shown(error)))
    if "value" not in reported:
        return Unobserved(reason=Text(_("The collector sent neither a value nor a reason.")))
    try:
        return Observed(value=row.shape.read(reported["value"]))
    except WrongShape as wrong:
        return Unobserved(reason=_misfit(wrong))


def _misfit(wrong: WrongShape) -> Text:
    if not wrong.place:
        return Text(
            _("The collector sent %(found)s where %(expected)s belongs."),
            found=wrong.found,
            expected=wrong.expected,
        )
    return Text(
        _("The collector sent %(found)s where %(expected)s belongs (at %(place)s)."),
        found=wrong.found,
        expected=wrong.expected,
        place=_shown(wrong.place),
    )


def _shown(value: Any) -> str:
    """A foreign word on one line, of moderate length, without control characters."""
    line = "".join(character if character.isprintable() else " " for character in str(value))
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
