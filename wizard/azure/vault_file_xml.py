"""Reads the XML of a vault credentials file without trusting it (dossier 4.1 and 4.3)."""

from __future__ import annotations

import re

from lxml import etree

from wizard.azure.vault_file_error import DOWNLOAD_AGAIN, VaultFileError
from wizard.text import Text, _

LIMIT_BYTES = 64 * 2**10
ROOT = "RSVaultAsrCreds"
OLD_ROOT = "ASRVaultCreds"
BACKUP_ROOTS = ("RSBackupVaultAADCreds", "VaultCreds")


def load(content: bytes) -> etree._Element:
    """The root of a Site Recovery file. Raises VaultFileError: too_big, dtd, not_xml or one about the root."""
    if len(content) > LIMIT_BYTES:
        raise VaultFileError(
            Text(
                _(
                    "The file has %(found)d bytes; a vault credentials file has some thousand, at most %(limit)d are read."
                ),
                found=len(content),
                limit=LIMIT_BYTES,
            ),
            code="too_big",
        )
    root = _parsed(content)
    name = etree.QName(root).localname
    if name == ROOT:
        return root
    if name in BACKUP_ROOTS:
        raise VaultFileError(
            Text(_("This is the credentials file of Azure Backup, which has the same ending.")),
            code="wrong_kind_backup",
        )
    if name == OLD_ROOT:
        raise VaultFileError(
            Text(_("This file was made for the sign-in that Site Recovery used before Microsoft Entra.")),
            code="wrong_kind_old",
        )
    raise VaultFileError(
        Text(
            _("The file begins with <%(found)s>; <%(expected)s> was expected."),
            found=name[:60],
            expected=ROOT,
        ),
        code="unknown_root",
    )


def find(root: etree._Element, path: str) -> etree._Element | None:
    """The element at `A/B`, whatever its namespace."""
    element: etree._Element | None = root
    for name in path.split("/"):
        if element is None:
            return None
        element = next((child for child in element if etree.QName(child).localname == name), None)
    return element


def text_at(root: etree._Element, path: str) -> str:
    """Its trimmed text; empty where there is none."""
    found = find(root, path)
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()


def required(root: etree._Element, path: str) -> str:
    """Its text. Raises VaultFileError missing_element."""
    found = text_at(root, path)
    if not found:
        raise VaultFileError(
            Text(
                _("The element <%(element)s> is missing or empty: the file was cut off or changed."),
                element=path,
            ),
            code="missing_element",
        )
    return found


def _parsed(content: bytes) -> etree._Element:
    if _declares_doctype(content):
        raise VaultFileError(
            Text(_("The file declares a document type or entities; a vault credentials file has neither.")),
            code="dtd",
            remedy=Text(
                _("Do not use this file: it does not come from the portal. Download a new one there.")
            ),
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        # The parser's own message may quote the file, and the file is a secret.
        raise _not_xml() from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _not_xml()
    return root


def _declares_doctype(content: bytes) -> bool:
    """Judged before it is parsed, in each encoding that XML allows a declaration to be written in."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if re.search(r"<!DOCTYPE|<!ENTITY", content.decode(encoding, "ignore"), re.IGNORECASE):
            return True
    return False


def _not_xml() -> VaultFileError:
    return VaultFileError(
        Text(_("The file is not well-formed XML: it was cut off, or changed by an editor or on its way.")),
        code="not_xml",
        remedy=DOWNLOAD_AGAIN,
    )
