"""What the machine may be called in Azure (asr-facts SM-16)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.quoting import shown
from wizard.text import _

NAME_LONGEST: Final = 63

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")

# error-reserved-resource-name.md, to which the support matrix points. Those with an underscore or a dot are left
# out: such a name is refused for its characters.
_RESERVED: Final = frozenset(
    [
        "access",
        "azure",
        "bing",
        "bizspark",
        "biztalk",
        "cortana",
        "directx",
        "dotnet",
        "dynamics",
        "excel",
        "exchange",
        "forefront",
        "groove",
        "hololens",
        "hyperv",
        "kinect",
        "lync",
        "msdn",
        "o365",
        "office",
        "office365",
        "onedrive",
        "onenote",
        "outlook",
        "powerpoint",
        "sharepoint",
        "skype",
        "visio",
        "visualstudio",
        "xbox",
    ]
)
_RESERVED_ANYWHERE: Final = ("microsoft", "windows")
_RESERVED_IN_FRONT: Final = "login"


def name(machine: SourceMachine) -> Iterator[MachineFinding]:
    """SM-16. A warning only: the name of the machine in Azure can be changed in its properties in Site Recovery."""
    own = machine.name
    if len(own) > NAME_LONGEST:
        yield found(
            "SM-16",
            "warn",
            _("The name has %(length)s characters; Azure allows 1 to %(longest)s."),
            _CHANGE_THE_NAME,
            length=len(own),
            longest=NAME_LONGEST,
        )
    elif not _NAME.fullmatch(own):
        yield found(
            "SM-16",
            "warn",
            _(
                "“%(name)s” cannot be the name of a machine in Azure: only letters, digits and hyphens, with a letter "
                "or a digit at both ends."
            ),
            _CHANGE_THE_NAME,
            name=shown(own),
        )
    elif word := _reserved_word(own.lower()):
        yield found(
            "SM-16",
            "warn",
            _("“%(name)s” cannot be the name of a machine in Azure: “%(word)s” is a reserved word."),
            _CHANGE_THE_NAME,
            name=own,
            word=word,
        )


_CHANGE_THE_NAME: Final = _("Choose another name for Azure in the machine's properties in Site Recovery.")


def _reserved_word(lowered: str) -> str:
    if lowered in _RESERVED:
        return lowered
    if lowered.startswith(_RESERVED_IN_FRONT):
        return _RESERVED_IN_FRONT
    return next((word for word in _RESERVED_ANYWHERE if word in lowered), "")
