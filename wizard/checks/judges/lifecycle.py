"""Whether the product is still supported on the day of the check (asr-facts 2.1 DD01, 11.1)."""

from __future__ import annotations

from datetime import date

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _


@judge("retirement")
def judge_retirement(facts: Facts, params: Params) -> Verdict:
    """Fact today; parameters enabling_ended and support_ended, ISO days."""
    today = facts["today"]
    enabling_ended, support_ended = (
        date.fromisoformat(params[name]) for name in ("enabling_ended", "support_ended")
    )
    if today > support_ended:
        summary = Text(
            _(
                "The classic architecture has been out of support since %(day)s; existing vaults alone still use it."
            ),
            day=support_ended.isoformat(),
        )
    elif today >= enabling_ended:
        summary = Text(
            _("Classic replication has not been enabled for new machines since %(day)s."),
            day=enabling_ended.isoformat(),
        )
    else:
        summary = Text(
            _("The classic architecture is supported until %(day)s."), day=support_ended.isoformat()
        )
    return Verdict(
        status="warn" if today >= enabling_ended else "pass",
        summary=summary,
        observed=Text("%(day)s", day=today.isoformat()),
        expected=Text(_("before %(day)s"), day=enabling_ended.isoformat()),
    )
