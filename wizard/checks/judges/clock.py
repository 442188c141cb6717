"""Clocks: how far vCenter's is from real time, and which time servers answer (asr-facts 3.5)."""

from __future__ import annotations

from statistics import median

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


def _signed(seconds: float, digits: int = 0) -> float:
    """As exact as it is said: a hair behind would be told as “-0 s”."""
    return round(seconds, digits) + 0.0


@judge("clock_offset")
def judge_clock_offset(facts: Facts, params: Params) -> Verdict:
    """Facts ntp.offsets and vcenter.clock_offset_s, seconds ahead of this server; parameters limit_s, warn_s.

    The new machine takes its first time from its host, so it is vCenter's clock that counts. Real time is what
    the time servers say, by their median. Without any the two clocks at hand can only be compared: far apart
    is wrong, close together proves nothing.
    """
    answers = [item["offset_s"] for item in facts["ntp.offsets"] if item["offset_s"] is not None]
    vcenter = facts["vcenter.clock_offset_s"]
    limit, warn = params["limit_s"], params["warn_s"]
    expected = Text(
        _("at most %(limit).0f s from real time, better below %(warn).0f s"), limit=limit, warn=warn
    )
    if not answers:
        apart = abs(vcenter) > limit
        return Verdict(
            status="fail" if apart else "unknown",
            summary=Text(_("vCenter and this server disagree about the time, and no time server settles it."))
            if apart
            else Text(_("No time server answered, so real time is not known.")),
            observed=Text(_("vCenter %(seconds)+.0f s from this server"), seconds=_signed(vcenter)),
            expected=expected,
        )
    real = median(answers)
    off, own, spread = vcenter - real, -real, max(answers) - min(answers)
    status: VerdictStatus
    if abs(off) > limit:
        status, summary = (
            "fail",
            Text(_("The clock of vCenter is %(seconds)+.0f s from real time."), seconds=_signed(off)),
        )
    elif abs(off) > warn:
        status, summary = (
            "warn",
            Text(_("The clock of vCenter is %(seconds)+.0f s from real time."), seconds=_signed(off)),
        )
    elif spread > warn:
        status, summary = "warn", Text(_("The time servers disagree by %(seconds).0f s."), seconds=spread)
    elif abs(own) > warn:
        status, summary = (
            "warn",
            Text(_("The clock of this server is %(seconds)+.0f s from real time."), seconds=_signed(own)),
        )
    else:
        status, summary = "pass", Text(_("vCenter's clock shows real time."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("vCenter %(seconds)+.0f s from real time"), seconds=_signed(off)),
        expected=expected,
        details=(
            Text(_("this server: %(seconds)+.1f s from real time"), seconds=_signed(own, 1)),
            *(
                Text(
                    _("%(server)s: %(seconds)+.1f s from this server"),
                    server=item["server"],
                    seconds=_signed(item["offset_s"], 1),
                )
                for item in facts["ntp.offsets"]
                if item["offset_s"] is not None
            ),
        ),
    )


@judge("host_clock")
def judge_host_clock(facts: Facts, params: Params) -> Verdict:
    """Fact host.time.ntp: {server, offset_s or None, error}, seconds that each server is ahead of the machine;
    parameters limit_s, warn_s. Real time is what the time servers say, by their median (asr-facts TIME-01)."""
    answers = [item["offset_s"] for item in facts["host.time.ntp"] if item["offset_s"] is not None]
    limit, warn = params["limit_s"], params["warn_s"]
    expected = Text(
        _("at most %(limit).0f s from real time, better below %(warn).0f s"), limit=limit, warn=warn
    )
    if not answers:
        return Verdict(
            status="unknown",
            summary=Text(_("No time server answered, so real time is not known.")),
            observed=Text(_("not known")),
            expected=expected,
        )
    off, spread = -median(answers), max(answers) - min(answers)
    status: VerdictStatus = "fail" if abs(off) > limit else "warn" if max(abs(off), spread) > warn else "pass"
    if abs(off) > warn:
        summary = Text(
            _("The clock of the machine is %(seconds)+.0f s from real time."), seconds=_signed(off)
        )
    elif spread > warn:
        summary = Text(_("The time servers disagree by %(seconds).0f s."), seconds=spread)
    else:
        summary = Text(_("The clock of the machine shows real time."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(seconds)+.0f s from real time"), seconds=_signed(off)),
        expected=expected,
        details=tuple(
            Text(
                _("%(server)s: %(seconds)+.1f s from the machine"),
                server=item["server"],
                seconds=_signed(item["offset_s"], 1),
            )
            for item in facts["host.time.ntp"]
            if item["offset_s"] is not None
        ),
    )


@judge("time_servers")
def judge_time_servers(facts: Facts, params: Params) -> Verdict:
    """The one fact, ntp.offsets or host.time.ntp: list of {server, offset_s or None, error or None}."""
    (servers,) = facts.values()
    silent = [item for item in servers if item["offset_s"] is None]
    answered = len(servers) - len(silent)
    if not servers:
        summary = Text(_("No time server is named."))
    elif silent:
        summary = Text(_("Time servers that do not answer: %(number)s."), number=len(silent))
    else:
        summary = Text(_("Every time server answers."))
    return Verdict(
        status="pass" if servers and not silent else "warn" if answered else "fail",
        summary=summary,
        observed=Text(_("%(answered)s of %(all)s answered"), answered=answered, all=len(servers)),
        expected=Text(_("every time server answers on UDP port 123")),
        details=tuple(
            Text("%(server)s: %(error)s", server=item["server"], error=item["error"] or Text(_("no answer")))
            for item in silent
        ),
    )
