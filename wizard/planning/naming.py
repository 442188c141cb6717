"""Rules for names: of machines, of virtual machines, of things in Azure.

Every function gives back the name in its canonical form or raises ValueError with a `Text`.
"""

from __future__ import annotations

import re
from uuid import UUID

from wizard.planning.quoting import refusal, shown
from wizard.text import _

HOST_NAME_LONGEST = 15
VM_NAME_LONGEST = 80

_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", re.ASCII)
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DEPLOYMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_VAULT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}", re.ASCII)
_RESOURCE_GROUP = re.compile(r"[\w.()-]{1,90}")

# Words that Windows keeps for its own groups and accounts, as far as they could be a host name at all.
_RESERVED_BY_WINDOWS = frozenset(
    [
        "anonymous",
        "batch",
        "builtin",
        "dialup",
        "domain",
        "enterprise",
        "interactive",
        "internet",
        "local",
        "network",
        "null",
        "proxy",
        "restricted",
        "self",
        "server",
        "service",
        "system",
        "users",
        "world",
    ]
)


def deployment_name(value: str) -> str:
    """1 to 63 letters, digits, dots, underscores and hyphens, beginning with a letter or digit."""
    if not _DEPLOYMENT_NAME.fullmatch(value):
        raise refusal(
            _(
                "“%(found)s” cannot be the name of a deployment. Use 1 to 63 letters, digits, dots, "
                "underscores or hyphens, and begin with a letter or a digit."
            ),
            found=shown(value),
        )
    return value


def host_name(value: str) -> str:
    """A Windows computer name: at most 15 characters (asr-facts 2.4, O6), not only digits, not reserved."""
    if len(value) > HOST_NAME_LONGEST:
        raise refusal(
            _(
                "“%(found)s” has %(length)s characters; Windows allows a host name of at most %(longest)s. "
                "Choose a shorter one."
            ),
            found=shown(value),
            length=len(value),
            longest=HOST_NAME_LONGEST,
        )
    if "." in value:
        raise refusal(
            _("“%(found)s” contains a dot. Give the host name alone here, and the rest as the DNS suffix."),
            found=shown(value),
        )
    if not _HOST_NAME.fullmatch(value):
        raise refusal(
            _(
                "“%(found)s” is not a host name. Use letters, digits and hyphens, with a letter or a digit "
                "at both ends."
            ),
            found=shown(value),
        )
    if value.isdigit():
        raise refusal(
            _("“%(found)s” consists of digits only, which Windows refuses. Add at least one letter."),
            found=shown(value),
        )
    if value.lower() in _RESERVED_BY_WINDOWS:
        raise refusal(
            _("“%(found)s” is a word that Windows reserves for itself. Choose another host name."),
            found=shown(value),
        )
    return value


def dns_name(value: str) -> str:
    """A DNS name in lower case without the dot at its end: labels of 1 to 63 characters, 253 in all."""
    name = value.lower().removesuffix(".")
    labels = name.split(".")
    if not name.isascii():
        raise refusal(
            _("“%(found)s” contains characters outside ASCII. Give the name as DNS knows it (xn--…)."),
            found=shown(value),
        )
    if len(name) > 253 or not all(_DNS_LABEL.fullmatch(label) for label in labels):
        raise refusal(
            _(
                "“%(found)s” is not a DNS name. Use letters, digits and hyphens in parts of at most 63 "
                "characters, separated by dots, for example vcenter.example.net."
            ),
            found=shown(value),
        )
    return name


def vm_name(value: str) -> str:
    """The name of a virtual machine in vSphere: 1 to 80 characters.

    `/`, `\\` and `%` are refused: vSphere stores them escaped, so the name would not be found again as typed.
    """
    if not 1 <= len(value) <= VM_NAME_LONGEST:
        raise refusal(
            _(
                "The VM name has %(length)s characters; vSphere allows 1 to %(longest)s. "
                "Choose a shorter one."
            ),
            length=len(value),
            longest=VM_NAME_LONGEST,
        )
    unfit = sorted({character for character in value if character in "/\\%" or not character.isprintable()})
    if unfit:
        raise refusal(
            _(
                "“%(found)s” contains %(unfit)s. A VM name has no slash, backslash, percent sign or "
                "control character."
            ),
            found=shown(value),
            unfit=" ".join(_spelled(character) for character in unfit),
        )
    return value


def vm_name_from(name: str) -> str:
    """A VM name made of the name of a deployment, cut to what vSphere allows."""
    kept = "".join(character for character in name if character not in "/\\%" and character.isprintable())
    return kept.strip()[:VM_NAME_LONGEST].rstrip()


def vault_name(value: str) -> str:
    """A Recovery Services vault: 2 to 50 letters, digits and hyphens, beginning with a letter."""
    if not _VAULT_NAME.fullmatch(value):
        raise refusal(
            _(
                "“%(found)s” cannot be the name of a Recovery Services vault. Azure allows 2 to 50 letters, "
                "digits and hyphens, beginning with a letter."
            ),
            found=shown(value),
        )
    return value


def resource_group(value: str) -> str:
    """1 to 90 letters, digits, underscores, parentheses, hyphens and dots, without a dot at the end."""
    if not _RESOURCE_GROUP.fullmatch(value) or value.endswith("."):
        raise refusal(
            _(
                "“%(found)s” cannot be the name of a resource group. Azure allows 1 to 90 letters, digits, "
                "underscores, parentheses, hyphens and dots, without a dot at the end."
            ),
            found=shown(value),
        )
    return value


def subscription_id(value: str) -> str:
    """The UUID of a subscription, in lower case with hyphens."""
    try:
        found = UUID(value)
    except ValueError:
        found = None
    # UUID() also reads braces, "urn:uuid:" and misplaced hyphens, none of which Azure ever prints.
    if found is None or value.lower() not in (str(found), found.hex):
        raise refusal(
            _(
                "“%(found)s” is not a subscription id. Copy the id, not the name, from the Azure portal: "
                "32 hexadecimal digits such as 0a1b2c3d-1111-2222-3333-444455556666."
            ),
            found=shown(value),
        )
    return str(found)


def _spelled(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"
