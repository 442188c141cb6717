"""The SDK's credentials, kept for this process: each holds its token until shortly before that ends."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from wizard.azure.account import Account
from wizard.azure.errors import WrongSecret
from wizard.text import Text, _

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, TokenCredential

CONNECT_S, READ_S, RETRIES = 5, 30, 2
# Long enough for a token's hour; a credential that was replaced is forgotten by itself.
KEEP_S, KEEP_AT_MOST = 3600.0, 32

# The SDK tells every request with its headers as information; errors are told where they are translated.
_traffic = logging.getLogger(f"{__name__}.traffic")
_traffic.setLevel(logging.WARNING)
_lock = threading.Lock()
_kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()


def credential_for(account: Account, *, fresh: bool = False) -> TokenCredential:
    """The credential of `account`, one for all threads of this process; with `fresh` a new one that has no token yet.

    Raises WrongSecret where the certificate cannot be read.
    """
    if account.how == "emulator":
        return _EmulatorCredential()
    key = _key(account)
    now = time.monotonic()
    with _lock:
        for old in [name for name, (since, _made) in _kept.items() if now - since > KEEP_S]:
            del _kept[old]
        if not fresh and key in _kept:
            return _kept[key][1]  # type: ignore[no-any-return]
        made = _made(account)
        _kept[key] = (now, made)
        while len(_kept) > KEEP_AT_MOST:
            _kept.popitem(last=False)
    return made


def forget_all() -> None:
    """Forget every credential and token of this process."""
    with _lock:
        _kept.clear()


def _after_fork() -> None:
    """A child makes its own: connections and locks are its parent's."""
    global _lock
    _lock = threading.Lock()
    _kept.clear()


os.register_at_fork(after_in_child=_after_fork)


def _key(account: Account) -> str:
    # A digest, so that the table of kept credentials does not hold the secret once more.
    fields = (account.how, account.cloud, account.tenant, account.client_id, account.secret)
    return hashlib.sha256("\0".join(fields).encode()).hexdigest()


def _made(account: Account) -> TokenCredential:
    from azure import identity

    common: dict[str, Any] = {
        "authority": account.in_cloud.authority,
        "connection_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "retry_total": RETRIES,
        "logger": _traffic,
    }
    if account.how == "client_secret":
        return identity.ClientSecretCredential(account.tenant, account.client_id, account.secret, **common)
    if account.how == "client_certificate":
        try:
            return identity.CertificateCredential(
                account.tenant, account.client_id, certificate_data=account.secret.encode(), **common
            )
        except (ValueError, TypeError):
            raise WrongSecret(
                Text(_("The certificate of the Azure account cannot be read, or has no private key.")),
                remedy=Text(_("Enter the certificate and its private key, not encrypted, both as PEM.")),
                address=account.in_cloud.authority,
                step="sign_in",
            ) from None
    if account.how == "managed_identity":
        del common["authority"]  # the machine knows where its identity comes from
        return identity.ManagedIdentityCredential(client_id=account.client_id or None, **common)
    named = {"managed_identity_client_id": account.client_id} if account.client_id else {}
    return identity.DefaultAzureCredential(**named, **common)


class _EmulatorCredential:
    """A token that is worth nothing, for an emulator on this machine."""

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken("emulator", int(time.time()) + 3600)

    def get_token_info(self, *_scopes: str, options: Any = None) -> AccessTokenInfo:
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo("emulator", int(time.time()) + 3600)
