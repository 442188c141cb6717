"""What a person answered where no probe can see: yes, no, or that it does not apply."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_SAID: dict[str, tuple[VerdictStatus, Text, Text]] = {
    "yes": ("pass", Text(_("%(who)s confirmed it.")), Text(_("yes"))),
    "no": ("fail", Text(_("%(who)s answered that it is not so.")), Text(_("no"))),
    "not_applicable": (
        "pass",
        Text(_("%(who)s answered that it does not apply here.")),
        Text(_("does not apply")),
    ),
}


@judge("attested")
def judge_attested(facts: Facts, params: Params) -> Verdict:
    """The only fact, attested.<ID>: {answer, note, by, at}. A note is repeated in the details."""
    (given,) = facts.values()
    status, sentence, observed = _SAID[given["answer"]]
    note = given["note"].strip()
    return Verdict(
        status=status,
        summary=sentence.with_values(who=given["by"]),
        observed=observed,
        expected=Text(_("yes")),
        details=(Text("%(note)s", note=note),) if note else (),
    )
