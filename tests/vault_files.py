"""Vault credentials files of the vault that answers name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.walk import ANSWERS
from wizard.lab.vault_credentials_file import VaultFile


def file_of(answers: Mapping[str, Any] = ANSWERS["vault"], **changed: Any) -> VaultFile:
    """The file that the portal gives for this vault; `changed` are fields of `VaultFile`."""
    named = {name: answers[name] for name in ("subscription", "resource_group", "vault", "region")}
    return VaultFile(**{**named, **changed})


@cache
def usual_file() -> bytes:
    """The same one in all tests of a process: keys take their time."""
    return file_of().make()


def canary(content: bytes) -> str:
    """A part of the certificate with its key, to look for where it must not be."""
    return content.decode().partition("<ManagementCert>")[2][:60]
