"""Software of other publishers on the machine itself (asr-facts 3.10)."""

from __future__ import annotations

import re

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_NUMBERS = re.compile(r"\d+", re.ASCII)
_MYSQL_SERVER = "mysql server"


@judge("mysql_version")
def judge_mysql_version(facts: Facts, params: Params) -> Verdict:
    """Fact host.software.installed; parameters release, such as "5.7", and if_absent, the verdict without MySQL.

    Hint installation.mysql ("download" or "staged"): how setup gets it (SW-01, SW-03).
    """
    found = _mysql(facts)
    status: VerdictStatus
    details: tuple[Text, ...] = ()
    if found is None:
        status = params["if_absent"]
        summary = Text(_("MySQL is not installed."))
        if status == "pass":
            staged = facts.get("installation.mysql") == "staged"
            details = (
                Text(_("Setup takes the installer that was placed on the machine."))
                if staged
                else Text(_("Setup downloads and installs it.")),
            )
    elif _has_release(found, params["release"]):
        status, summary = "pass", Text(_("MySQL %(version)s is installed."), version=found)
    else:
        status, summary = (
            "fail",
            Text(_("MySQL %(version)s is installed, which is another release."), version=found),
        )
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("not installed")) if found is None else Text("%(version)s", version=found),
        expected=Text("MySQL %(release)s", release=params["release"]),
        details=details,
    )


@judge("mysql_untouched")
def judge_mysql_untouched(facts: Facts, params: Params) -> Verdict:
    """Fact host.software.installed; parameter version: the one that setup brings (SW-02)."""
    found = _mysql(facts)
    same = found is not None and _has_release(found, params["version"])
    status: VerdictStatus = "pass" if same else "fail"
    if found is None:
        summary = Text(_("MySQL is not installed."))
    elif same:
        summary = Text(_("MySQL is as setup installed it."))
    else:
        summary = Text(_("MySQL %(version)s is installed; setup brings another one."), version=found)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("not installed")) if found is None else Text("%(version)s", version=found),
        expected=Text("%(version)s", version=params["version"]),
    )


@judge("powercli_for_old_builds")
def judge_powercli(facts: Facts, params: Params) -> Verdict:
    """Facts host.site_recovery.products, host.software.vmware_modules; parameter since: no need from there (SW-05)."""
    since = _numbers(params["since"])
    versions = [_numbers(item["version"]) for item in facts["host.site_recovery.products"]]
    old = any(version and version < since for version in versions)
    modules = facts["host.software.vmware_modules"]
    if not old:
        summary = Text(_("Components from %(since)s on need no PowerCLI."), since=params["since"])
    elif modules:
        summary = Text(_("PowerCLI is installed, which these old components need."))
    else:
        summary = Text(
            _("Components before %(since)s need PowerCLI, which is missing."), since=params["since"]
        )
    return Verdict(
        status="fail" if old and not modules else "pass",
        summary=summary,
        observed=Text("%(names)s", names=modules) if modules else Text(_("not installed")),
        expected=Text(_("PowerCLI 6.0, or components from %(since)s on"), since=params["since"]),
    )


def _mysql(facts: Facts) -> str | None:
    installed = facts["host.software.installed"]
    return next(
        (item["version"] for item in installed if item["name"].lower().startswith(_MYSQL_SERVER)), None
    )


def _has_release(version: str, release: str) -> bool:
    wanted = _numbers(release)
    return _numbers(version)[: len(wanted)] == wanted


def _numbers(version: str) -> tuple[int, ...]:
    # A text of digits without end must not cost time: what matters is in the first few.
    return tuple(int(digits[:9]) for digits in _NUMBERS.findall(version[:60]))
