"""Policies of Windows that stop an installation (asr-facts 3.3, conflict C1).

The documents contradict each other about values. Their goal is one: the policy must not be in force, which it is
not when its value is absent or 0.
"""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

_STRONGEST_FIRST = ("machinepolicy", "userpolicy", "currentuser", "localmachine")
"""Scopes of execution policies as PowerShell weighs them. That of the process ends with the process."""


@judge("policy_off")
def judge_policy_off(facts: Facts, params: Params) -> Verdict:
    """Every fact is a number, or None where nothing is set; parameter most: the largest value without effect."""
    set_to = {key.removeprefix("host.policy."): value for key, value in facts.items() if value is not None}
    in_force = [key for key, value in set_to.items() if value > params["most"]]
    return Verdict(
        status="fail" if in_force else "pass",
        summary=Text(_("The policy is in force.")) if in_force else Text(_("The policy is not in force.")),
        observed=_tell(set_to),
        expected=Text(_("not set, or at most %(most)s"), most=params["most"]),
    )


@judge("policy_value")
def judge_policy_value(facts: Facts, params: Params) -> Verdict:
    """The only fact is a number, or None where nothing is set; parameter refused: the values that harm (POL-03)."""
    ((key, value),) = facts.items()
    harms = value in params["refused"]
    return Verdict(
        status="fail" if harms else "pass",
        summary=Text(_("The policy stops what was downloaded."))
        if harms
        else Text(_("The policy lets downloads run.")),
        observed=_tell({} if value is None else {key.removeprefix("host.policy."): value}),
        expected=Text(
            _("not set, or none of %(refused)s"), refused=[str(item) for item in params["refused"]]
        ),
    )


@judge("execution_policy")
def judge_execution_policy(facts: Facts, params: Params) -> Verdict:
    """Fact host.policy.execution_policies {scope: policy}; parameters refused, default (POL-04).

    The first scope that says something counts; where none does, Windows Server has `default`.
    """
    policies = {scope.lower(): name for scope, name in facts["host.policy.execution_policies"].items()}
    said = (policies.get(scope, "Undefined") for scope in _STRONGEST_FIRST)
    effective = next((name for name in said if name.lower() != "undefined"), params["default"])
    refused = effective.lower() in {name.lower() for name in params["refused"]}
    return Verdict(
        status="fail" if refused else "pass",
        summary=Text(_("PowerShell refuses the scripts of setup."))
        if refused
        else Text(_("PowerShell runs the scripts of setup.")),
        observed=Text("%(policy)s", policy=effective),
        expected=Text(_("none of %(refused)s"), refused=params["refused"]),
    )


@judge("script_execution")
def judge_script_execution(facts: Facts, params: Params) -> Verdict:
    """Fact host.policy.script_execution {enable_scripts, execution_policy}, each None where not set (POL-05)."""
    policy = facts["host.policy.script_execution"]
    enabled, allowed = policy["enable_scripts"], policy["execution_policy"]
    if enabled == 0:
        summary = Text(_("A policy turns scripts off."))
    elif allowed is not None and allowed.lower() in {name.lower() for name in params["refused"]}:
        summary = Text(_("A policy allows signed scripts only."))
    else:
        return Verdict(
            status="pass",
            summary=Text(_("No policy stops scripts.")),
            observed=_tell({key: value for key, value in policy.items() if value is not None}),
            expected=Text(_("not set")),
        )
    return Verdict(
        status="fail",
        summary=summary,
        observed=_tell({key: value for key, value in policy.items() if value is not None}),
        expected=Text(_("not set")),
    )


def _tell(set_to: dict[str, int | str]) -> Text:
    if not set_to:
        return Text(_("not set"))
    return Text("%(values)s", values=[f"{key} = {value}" for key, value in set_to.items()])
