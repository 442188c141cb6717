"""Whether the machine that was set up is known to a vault (asr-facts 2.6)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _


@judge("registered_vault")
def judge_registered_vault(facts: Facts, params: Params) -> Verdict:
    """Fact host.site_recovery.registered_vault: a name, or None."""
    name = facts["host.site_recovery.registered_vault"]
    return Verdict(
        status="pass" if name else "fail",
        summary=Text(_("The server is registered in the vault %(name)s."), name=name)
        if name
        else Text(_("The server is not registered in any vault.")),
        observed=Text("%(name)s", name=name) if name else Text(_("not registered")),
        expected=Text(_("registered")),
    )
