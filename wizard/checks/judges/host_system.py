"""Windows on the machine itself: version, edition, licence, state (asr-facts 3.2)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_WORKSTATION = 1
_LICENSED = 1
_UNLICENSED = (0, 5)
_MINUTES_A_DAY = 24 * 60
_NO_UUID = ("", "0" * 32, "f" * 32)


@judge("windows_version")
def judge_windows_version(facts: Facts, params: Params) -> Verdict:
    """Facts host.os.build, product_type and caption; parameters builds (build number to name), serviced.

    `serviced` are builds that no new machine should have and old ones may keep: a warning (OS-12).
    """
    build, caption = facts["host.os.build"], facts["host.os.caption"]
    builds: dict[str, str] = params["builds"]
    status: VerdictStatus
    if facts["host.os.product_type"] == _WORKSTATION:
        status, summary = "fail", Text(_("%(caption)s is not a server edition of Windows."), caption=caption)
    elif str(build) in builds:
        status, summary = "pass", Text(_("%(caption)s is supported."), caption=caption)
    elif build in params.get("serviced", ()):
        status = "warn"
        summary = Text(
            _("%(caption)s is serviced on machines that have it, not for new ones."), caption=caption
        )
    else:
        status, summary = "fail", Text(_("%(caption)s is not supported."), caption=caption)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(caption)s, build %(build)s"), caption=caption, build=build),
        expected=Text("%(names)s", names=list(builds.values())),
    )


@judge("desktop_experience")
def judge_desktop_experience(facts: Facts, params: Params) -> Verdict:
    """Fact host.os.installation_type: "Server" has the desktop, "Server Core" and "Nano Server" lack it (OS-02)."""
    found = facts["host.os.installation_type"]
    whole = found.strip().lower() == "server"
    return Verdict(
        status="pass" if whole else "fail",
        summary=Text(_("Windows has its desktop."))
        if whole
        else Text(_("Windows is installed as “%(kind)s”, without what setup needs."), kind=found),
        observed=Text("%(kind)s", kind=found),
        expected=Text("Server"),
    )


@judge("windows_licence")
def judge_licence(facts: Facts, params: Params) -> Verdict:
    """Fact host.os.licence; parameter warn_days. The days of a KMS activation renew themselves and do not count."""
    licence = facts["host.os.licence"]
    days = licence["grace_minutes"] // _MINUTES_A_DAY
    evaluation = "timebased" in licence["description"].lower()
    status: VerdictStatus
    if licence["status"] == _LICENSED and not evaluation:
        status, summary, observed = "pass", Text(_("Windows is activated.")), Text(_("activated"))
    elif licence["status"] in _UNLICENSED or days <= 0:
        status = "fail"
        summary = Text(_("Windows is not activated and its time is up; it shuts down again and again."))
        observed = Text(_("not activated"))
    else:
        status = "warn" if days <= params["warn_days"] else "pass"
        summary = Text.counted(
            "Windows runs for %(days)s more day without a licence.",
            "Windows runs for %(days)s more days without a licence.",
            "days",
            days=days,
        )
        observed = Text(_("days left: %(days)s"), days=days)
    return Verdict(
        status=status,
        summary=summary,
        observed=observed,
        expected=Text(_("activated, or more than %(days)s days left"), days=params["warn_days"]),
        details=(Text("%(description)s", description=licence["description"]),)
        if licence["description"]
        else (),
    )


@judge("computer_name")
def judge_computer_name(facts: Facts, params: Params) -> Verdict:
    """Facts host.identity.computer_name and fqdn; parameter longest. NetBIOS cuts what DNS knows in full (OS-08)."""
    name = facts["host.identity.fqdn"].split(".")[0] or facts["host.identity.computer_name"]
    fits = 0 < len(name) <= params["longest"]
    return Verdict(
        status="pass" if fits else "fail",
        summary=Text(_("“%(name)s” can be the computer name."), name=name)
        if fits
        else Text(
            _("“%(name)s” has %(length)s characters; Windows takes %(longest)s."),
            name=name,
            length=len(name),
            longest=params["longest"],
        ),
        observed=Text(_("%(name)s, length %(length)s"), name=name, length=len(name)),
        expected=Text(_("at most %(longest)s characters"), longest=params["longest"]),
    )


@judge("elevated_administrator")
def judge_elevated_administrator(facts: Facts, params: Params) -> Verdict:
    """Facts host.os.is_administrator, elevated and user (OS-09)."""
    administrator, elevated = facts["host.os.is_administrator"], facts["host.os.elevated"]
    user = facts["host.os.user"]
    if not administrator:
        summary = Text(_("%(user)s is not a local administrator."), user=user)
    elif not elevated:
        summary = Text(_("%(user)s is an administrator, but the window was not opened as one."), user=user)
    else:
        summary = Text(_("%(user)s works as an administrator."), user=user)
    return Verdict(
        status="pass" if administrator and elevated else "fail",
        summary=summary,
        observed=Text("%(user)s", user=user),
        expected=Text(_("a local administrator, elevated")),
    )


@judge("no_clone")
def judge_no_clone(facts: Facts, params: Params) -> Verdict:
    """Facts host.identity.bios_uuid, topology.bios_uuids (UUID to the name of its deployment, "" where it is not to be told); OS-10."""
    found = facts["host.identity.bios_uuid"]
    plain = _plain(found)
    others = {_plain(uuid): name for uuid, name in facts["topology.bios_uuids"].items()}
    status: VerdictStatus
    if plain in _NO_UUID:
        status, summary = "unknown", Text(_("The firmware has no UUID of its own to tell a clone by."))
    elif plain in others:
        status = "fail"
        summary = Text(
            _("“%(name)s” has a machine with the same UUID: one is a clone of the other."),
            name=others[plain] or Text(_("a deployment that you do not see")),
        )
    else:
        status, summary = "pass", Text(_("No other machine recorded here has this UUID."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(uuid)s", uuid=found),
        expected=Text(_("a UUID that no other machine has")),
    )


@judge("no_pending_reboot")
def judge_no_pending_reboot(facts: Facts, params: Params) -> Verdict:
    """Fact host.os.pending_reboot: the reasons, empty when there are none (OS-14)."""
    reasons = facts["host.os.pending_reboot"]
    return Verdict(
        status="fail" if reasons else "pass",
        summary=Text(_("Windows waits for a restart.")) if reasons else Text(_("No restart is pending.")),
        observed=Text("%(reasons)s", reasons=reasons) if reasons else Text(_("none pending")),
        expected=Text(_("none pending")),
    )


def _plain(uuid: str) -> str:
    return uuid.strip("{} ").replace("-", "").lower()
