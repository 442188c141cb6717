"""Every fault against every piece of work that speaks to vCenter: it ends in the right state, with a message that says
what failed where and what to do; no machine, no lease and no session is left; and then it goes well."""

from __future__ import annotations

import pytest

from tests.faults import deploying, reading
from tests.faults.ground import Case, Ground, play

# What they begin with is prepared once, in one process.
pytestmark = [pytest.mark.vcenter, pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]


def named(cases: tuple[Case, ...]) -> list[pytest.ParameterSet]:
    return [pytest.param(case, id=case.id) for case in cases]


@pytest.mark.parametrize("case", named(deploying.IMPORT))
def test_importing(case: Case, ground: Ground) -> None:
    play(ground, deploying.DEPLOY, case)


@pytest.mark.parametrize("case", named(deploying.GUEST))
def test_starting_and_waiting_for_the_guest(case: Case, ground: Ground) -> None:
    play(ground, deploying.DEPLOY, case)


@pytest.mark.parametrize("case", named(reading.REGISTRATION))
def test_registering(case: Case, ground: Ground) -> None:
    play(ground, reading.REGISTER, case)


@pytest.mark.parametrize("case", named(reading.DISCOVERY))
def test_discovering(case: Case, ground: Ground) -> None:
    play(ground, reading.DISCOVER, case)


@pytest.mark.parametrize("case", named(reading.CHANGES))
def test_reading_what_has_changed(case: Case, ground: Ground) -> None:
    play(ground, reading.REFRESH, case)
