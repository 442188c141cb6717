"""Why a vault credentials file cannot be used, in words that help."""

from __future__ import annotations

from wizard.text import Text, _

DOWNLOAD_AGAIN = Text(
    _(
        "Download the file again: in the portal, in the vault, under “Site Recovery infrastructure”, "
        "“Configuration servers”, “+ Configuration server”."
    )
)


class VaultFileError(Exception):
    """What was found in the file (`text`) and what to do (`remedy`); never anything secret.

    `code` is stable and meant for programs: too_big, not_xml, dtd, wrong_kind_backup, wrong_kind_old, unknown_root,
    missing_element, bad_guid, bad_base64, bad_certificate, no_private_key, key_mismatch, weak_key, wrong_usage,
    not_yet_valid, expired, audience_mismatch or mixed_clouds.
    """

    def __init__(self, text: Text, *, code: str, remedy: Text = DOWNLOAD_AGAIN) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return str(self.text)
