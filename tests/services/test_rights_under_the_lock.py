"""Who was read as allowed, and is not any more when the row is theirs to write: a team got the deployment meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import stories
from wizard.models import Deployment, Operator, Team
from wizard.services import additions, approvals, attestations, deployments, manual_steps, tasks, waivers
from wizard.services.errors import NotAllowed

TOMORROW = timezone.localdate() + timedelta(days=1)

Work = Callable[[Deployment, Operator], Any]
WORK: dict[str, Work] = {
    "waive": lambda it, who: waivers.waive(it, "TPL-02", reason="Known.", until=TOMORROW, actor=who),
    "take a waiver back": lambda it, who: waivers.take_back_waiver(it, "TPL-02", actor=who),
    "attest": lambda it, who: attestations.attest(it, "CAP-01", answer="yes", actor=who),
    "take an answer back": lambda it, who: attestations.withdraw(it, "CAP-01", actor=who),
    "plan a component": lambda it, who: additions.plan(it, "process_server", {}, actor=who),
    "confirm a step": lambda it, who: manual_steps.confirm(it, "any", actor=who),
    "ask for approval": lambda it, who: approvals.ask(it, actor=who),
    "keep a draft": lambda it, who: deployments.keep_draft(it, "capacity", {}, actor=who),
    "answer": lambda it, who: deployments.answer(it, "capacity", {"machines": 7}, actor=who),
    "launch": lambda it, who: tasks.launch("preflight", deployment=it, actor=who),
    "delete": lambda it, who: deployments.delete(it, actor=who),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_who_lost_the_deployment_meanwhile_changes_nothing_in_it(operator: Operator, work: Work) -> None:
    read_before = stories.answered(operator, "capacity")
    Deployment.objects.filter(pk=read_before.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(NotAllowed):
        work(read_before, operator)
