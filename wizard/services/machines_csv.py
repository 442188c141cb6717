"""The machines of a deployment as CSV (RFC 4180), row by row, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils import translation

from wizard.models import Deployment, Machine
from wizard.services import machines
from wizard.services.machines import POWER_WORDS, VERDICT_WORDS, Wish
from wizard.spreadsheet import csv_line
from wizard.text import Text, _

_HEADER: Final = (
    Text(_("Name")), Text(_("Kind")), Text(_("Verdict")), Text(_("Findings")), Text(_("What to do")),
    Text(_("Operating system")), Text(_("Host name")), Text(_("Addresses")), Text(_("Power")), Text(_("vCPU")),
    Text(_("Memory (MB)")), Text(_("Disks")), Text(_("Disk size (GB)")), Text(_("Firmware")),
    Text(_("Instance UUID")), Text(_("vCenter")), Text(_("Gone")),
)  # fmt: skip
_AT_ONCE: Final = 500


def stream(deployment: Deployment, wish: Wish) -> Iterator[str]:
    """A header and the machines that `wish` finds, in the reader's language and in pieces; with a BOM for spreadsheets.

    Lines end in CR LF. The language is that of the caller: when the pieces are sent, the request is over.
    """
    language = translation.get_language()
    vcenters = {row.pk: row.friendly_name for row in deployment.vcenters.all()}
    rows = machines.find(deployment, wish)

    def pieces() -> Iterator[str]:
        yield "\ufeff" + csv_line([str(title) for title in _HEADER])
        for row in rows.iterator(_AT_ONCE):
            vcenter = vcenters.get(row.vcenter_id, "") if row.vcenter_id else ""
            gone = row.gone_at.isoformat(timespec="seconds") if row.gone_at else ""
            yield csv_line([*_cells(deployment, row), vcenter, gone])

    return _in_language(language, pieces())


def _in_language(language: str | None, pieces: Iterator[str]) -> Iterator[str]:
    while True:
        with translation.override(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _cells(deployment: Deployment, row: Machine) -> list[str]:
    findings = machines.findings_of(deployment, row)
    power = POWER_WORDS.get(row.power_state)
    return [
        row.name,
        row.get_kind_display(),
        str(VERDICT_WORDS[machines.verdict_of(deployment, row)]),
        "\n".join(f"{finding.rule}: {finding.text}" for finding in findings),
        "\n".join(f"{finding.rule}: {finding.remedy}" for finding in findings),
        row.guest_full_name,
        row.host_name,
        " ".join(row.ip_addresses),
        str(power) if power else row.power_state,
        str(row.cpu_count) if row.cpu_count else "",
        str(row.memory_mb) if row.memory_mb else "",
        str(row.disk_count),
        str(row.disk_gb),
        row.firmware,
        row.instance_uuid,
    ]
