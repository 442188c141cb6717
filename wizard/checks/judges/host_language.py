"""The language of Windows on the machine itself (asr-facts OS-04, OS-13, conflict C4)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, VerdictStatus
from wizard.text import Text, _

_PRIMARY = 0x3FF
"""The part of a Windows language number that names the language; the rest names the country."""
_ENGLISH = 0x09
_US_ENGLISH = 0x0409


def grade_language(facts: Facts) -> tuple[VerdictStatus, Text, Text]:
    """Status, summary and what was observed: US English passes, other English warns, the rest fails.

    Facts host.os.system_locale, host.os.language, host.os.install_language (hexadecimal digits).
    """
    locale = facts["host.os.system_locale"]
    numbers = (facts["host.os.language"], _number(facts["host.os.install_language"]))
    observed = Text(
        _("locale %(locale)s, language %(language)s, installed as %(installed)s"),
        locale=locale,
        language=f"{facts['host.os.language']:04x}",
        installed=facts["host.os.install_language"],
    )
    english = locale.lower().split("-")[0] == "en"
    if not english or any(number is not None and number & _PRIMARY != _ENGLISH for number in numbers):
        return "fail", Text(_("Windows is not in English.")), observed
    if None in numbers:
        return "unknown", Text(_("The installation language is not a Windows language number.")), observed
    if locale.lower() == "en-us" and all(number == _US_ENGLISH for number in numbers):
        return "pass", Text(_("Windows is in US English.")), observed
    return "warn", Text(_("Windows is in English, but not in US English throughout.")), observed


def _number(digits: str) -> int | None:
    try:
        return int(digits, 16)
    except ValueError:
        return None
