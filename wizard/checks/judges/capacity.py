"""What the sizing advice says about the number of servers (asr-facts 4.1 and 4.7)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _


@judge("one_server_is_enough")
def judge_one_server(facts: Facts, params: Params) -> Verdict:
    more = facts["capacity.needs_scaleout"]
    return Verdict(
        status="fail" if more else "pass",
        summary=Text(_("The machines planned need further process servers."))
        if more
        else Text(_("One configuration server carries the machines planned.")),
        observed=Text(_("further process servers needed")) if more else Text(_("one server")),
        expected=Text(_("one server, or further process servers planned")),
    )
